import os

import idna
import words


def handler(event, context):
    return {"order": idna.encode("bücher").decode(), "word": words.WORD, "stage": os.environ["STAGE"]}
