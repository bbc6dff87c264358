# SPDX-License-Identifier: Apache-2.0
"""Tells which agent the layer brings. To import it takes the botocore of 2019, which Python 3.6 had."""
from importlib import metadata


def handler(event, context):
    agent = metadata.distribution("iopipe")
    return {"agent": f"{agent.metadata['Name']} {agent.version}", "from": str(agent.locate_file("iopipe")), "event": event}
