def handler(event, context):
    return "greetings"
