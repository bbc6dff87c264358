"""Runs as it is: lrun --runtime python3 examples/python, or zipped. The handler is Lambda's default."""
import json
import logging

log = logging.getLogger()
log.setLevel("INFO")


def lambda_handler(event, context):
    log.info("got %s, %d ms are left", json.dumps(event), context.get_remaining_time_in_millis())
    return {"hello": event.get("name", "Python"), "request": context.aws_request_id}
