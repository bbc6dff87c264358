"""A durable function: its first half runs once, also if the second half is tried again. docs/doors.md has how to run it."""
from aws_durable_execution_sdk_python import DurableContext, durable_execution, durable_step
from aws_durable_execution_sdk_python.config import Duration


@durable_step
def greet(step, name):
    return f"hello {name}"


@durable_execution
def lambda_handler(event, context: DurableContext):
    greeting = context.step(greet(event["name"]))
    context.wait(Duration.from_seconds(2))
    return greeting + ", and again"
