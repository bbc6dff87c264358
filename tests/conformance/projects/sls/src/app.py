import os

import shared


def handler(event, context):
    return {"shared": shared.WORD, "stage": os.environ["STAGE"]}


mail = handler
