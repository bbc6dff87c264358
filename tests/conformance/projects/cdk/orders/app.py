import os

import shared


def handler(event, context):
    return {"shared": shared.WORD, "stage": os.environ.get("STAGE")}


caller = inner = handler
