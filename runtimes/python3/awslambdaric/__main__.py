# SPDX-License-Identifier: Apache-2.0
import os
import sys

from . import bootstrap
from .lambda_runtime_client import LambdaRuntimeClient


def main(args):
    if len(args) < 2:
        raise ValueError("Handler not set")
    bootstrap.run(args[1], LambdaRuntimeClient(os.environ["AWS_LAMBDA_RUNTIME_API"]))


if __name__ == "__main__":
    main(sys.argv)
