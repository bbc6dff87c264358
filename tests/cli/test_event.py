# SPDX-License-Identifier: Apache-2.0
"""lrun event: sample events, what --set changes of them, and run --event @SERVICE/EVENT. Shapes are compared with lists that are written
down here, from AWS's pages, and with what `serve --url` gives a function."""
import base64
import gzip
import hashlib
import json
import re
import subprocess
import urllib.parse

import pytest
from conftest import LRUN, TOP

FILES = sorted((TOP / "lambda/events").glob("*/*.json"))
NAMES = [f"{f.parent.name}/{f.stem}" for f in FILES]
API_V1 = {"httpMethod", "body", "resource", "path", "pathParameters", "queryStringParameters", "multiValueQueryStringParameters", "headers", "multiValueHeaders", "stageVariables",
          "isBase64Encoded", "requestContext"}
CONTEXT_V1 = {"resourceId", "apiId", "resourcePath", "httpMethod", "requestId", "accountId", "stage", "identity", "extendedRequestId", "path", "protocol", "domainName", "domainPrefix",
              "requestTime", "requestTimeEpoch"}
API_V2 = {"version", "routeKey", "rawPath", "rawQueryString", "cookies", "headers", "queryStringParameters", "pathParameters", "stageVariables", "body", "isBase64Encoded", "requestContext"}
CONTEXT_V2 = {"accountId", "apiId", "http", "requestId", "routeKey", "stage", "time", "timeEpoch", "domainName", "domainPrefix"}
HTTP_V2 = {"method", "path", "protocol", "sourceIp", "userAgent"}


ECHO = "while True:\n    h, event = next()\n    respond(h[ID], event)\n"


def call(*args):
    return subprocess.run([LRUN, "event", *args], capture_output=True, text=True, stdin=subprocess.DEVNULL)


def event(name, *sets):
    r = call(*name.split("/"), *[w for s in sets for w in ("--set", s)])
    assert r.returncode == 0 and r.stderr == "", r
    return json.loads(r.stdout)


def refusal(*args):
    r = call(*args)
    assert r.returncode == 2 and r.stdout == "" and r.stderr.startswith("lrun: ") and r.stderr.count("\n") == 1, r
    return r.stderr[6:-1]


def at(value, path):
    for step in path.split("."):
        value = value[int(step) if isinstance(value, list) else step]
    return value


# ---- the files ----

@pytest.mark.parametrize("file", FILES, ids=NAMES)
def test_every_sample_has_the_schemas_form_and_names_its_fields(file):
    import jsonschema
    sample = json.loads(file.read_text())
    jsonschema.validate(sample, json.loads((TOP / "docs/event.schema.json").read_text()))
    text = json.dumps([sample["event"], [f["default"] for f in sample["fields"].values()]])
    assert set(re.findall(r"\$\{([^}]*)\}", text)) == set(sample["fields"]), "a field that nothing uses, or a name that is no field"
    assert set(re.findall(r'"(\$[a-z0-9-]+)": ', text)) <= {"$json", "$base64", "$gzip", "$url", "$md5", "$query", "$query-last", "$query-all"}


@pytest.mark.parametrize("name", NAMES)
def test_every_sample_is_an_event_without_anything_of_its_template(name):
    first = call(*name.split("/"))
    assert first.returncode == 0 and first.stdout == call(name).stdout and first.stdout.startswith("{\n  \"") and first.stdout.endswith("\n}\n")
    assert "${" not in first.stdout and not re.search(r'"\$(json|base64|gzip|url|md5|query[a-z-]*)"', first.stdout)
    assert first.stdout == json.dumps(json.loads(first.stdout), indent=2, ensure_ascii=False) + "\n"


@pytest.mark.parametrize("name", NAMES)
def test_every_field_changes_the_event(name):
    sample, before = json.loads((TOP / f"lambda/events/{name}.json").read_text()), event(name)
    for field, row in sample["fields"].items():
        default = row["default"]
        new = {"str": "another", "int": "77", "dict": '{"another":1}', "bool": "true", "NoneType": "another"}[type(default).__name__]
        if isinstance(default, dict) and next(iter(default)).startswith("$"):
            new = "another"
        after = event(name, f"{field}={new}")
        assert after != before, field
        assert new in json.dumps(after) or name in ("cloudwatch/logs",) or field in ("data", "key", "value") or "{" in new, field


@pytest.mark.parametrize("name", NAMES)
def test_what_is_open_takes_new_members(name):
    for path in json.loads((TOP / f"lambda/events/{name}.json").read_text()).get("open", []):
        if path.startswith("awslogs"):
            continue
        old = at(event(name), path)
        step = str(len(old)) if isinstance(old, list) else "x-new"
        like = old[-1] if isinstance(old, list) and old else "text"
        new = f'{path}.{step}:={{"it":1}}' if isinstance(like, dict) else f"{path}.{step}=it"
        assert at(event(name, new), f"{path}.{step}") == ({"it": 1} if isinstance(like, dict) else "it"), path


# ---- shapes ----

@pytest.mark.parametrize("name, top, context", [
    ("apigateway/rest", API_V1, CONTEXT_V1), ("apigateway/http-1.0", API_V1 | {"version"}, CONTEXT_V1), ("apigateway/authorizer-request", API_V1 - {"body", "isBase64Encoded"} | {"type", "methodArn"}, CONTEXT_V1),
    ("apigateway/http", API_V2, CONTEXT_V2), ("url/request", API_V2 - {"cookies", "pathParameters", "stageVariables"}, CONTEXT_V2),
    ("apigateway/authorizer-http", API_V2 - {"body", "isBase64Encoded"} | {"type", "routeArn", "identitySource"}, CONTEXT_V2)])
def test_events_of_apis_have_the_members_that_aws_documents(name, top, context):
    e = event(name)
    assert set(e) == top and set(e["requestContext"]) == context
    assert context is CONTEXT_V1 or set(e["requestContext"]["http"]) == HTTP_V2
    assert all(k == k.lower() for k in e["headers"]) == (context is CONTEXT_V2)


def test_a_functions_url_gives_the_members_of_the_sample(serve, function):
    s = serve(function(ECHO), "--url", "0")
    real = s.url("/orders/42?lang=en", "POST", '{"item":1}', Content_Type="application/json", User_Agent="x").json
    sample = event("url/request")
    assert set(real) == set(sample) and set(real["requestContext"]) == set(sample["requestContext"]) and set(real["requestContext"]["http"]) == set(sample["requestContext"]["http"])


@pytest.mark.parametrize("name, path, members", [
    ("alb/request", "", "requestContext httpMethod path queryStringParameters headers body isBase64Encoded"),
    ("alb/multi-value", "", "requestContext httpMethod path multiValueQueryStringParameters multiValueHeaders body isBase64Encoded"),
    ("s3/put", "Records.0", "eventVersion eventSource awsRegion eventTime eventName userIdentity requestParameters responseElements s3"),
    ("s3/put", "Records.0.s3", "s3SchemaVersion configurationId bucket object"), ("s3/put", "Records.0.s3.object", "key size eTag sequencer"), ("s3/delete", "Records.0.s3.object", "key sequencer"),
    ("sqs/message", "Records.0", "messageId receiptHandle body attributes messageAttributes md5OfBody eventSource eventSourceARN awsRegion"),
    ("sqs/fifo", "Records.0.attributes", "ApproximateReceiveCount SentTimestamp SenderId ApproximateFirstReceiveTimestamp SequenceNumber MessageGroupId MessageDeduplicationId"),
    ("sns/notification", "Records.0", "EventVersion EventSubscriptionArn EventSource Sns"),
    ("sns/notification", "Records.0.Sns", "Type MessageId TopicArn Subject Message Timestamp SignatureVersion Signature SigningCertUrl UnsubscribeUrl MessageAttributes"),
    ("eventbridge/event", "", "version id detail-type source account time region resources detail"), ("eventbridge/schedule", "", "version id detail-type source account time region resources detail"),
    ("dynamodb/insert", "Records.0", "eventID eventName eventVersion eventSource awsRegion dynamodb eventSourceARN"),
    ("dynamodb/modify", "Records.0.dynamodb", "ApproximateCreationDateTime Keys NewImage OldImage SequenceNumber SizeBytes StreamViewType"),
    ("kinesis/record", "Records.0", "kinesis eventSource eventVersion eventID eventName invokeIdentityArn awsRegion eventSourceARN"),
    ("kinesis/record", "Records.0.kinesis", "kinesisSchemaVersion partitionKey sequenceNumber data approximateArrivalTimestamp"),
    ("kafka/msk", "", "eventSource eventSourceArn bootstrapServers records"), ("kafka/self-managed", "", "eventSource bootstrapServers records"),
    ("kafka/msk", "records.orders-0.0", "topic partition offset timestamp timestampType key value headers"),
    ("cognito/pre-sign-up", "", "version triggerSource region userPoolId userName callerContext request response"), ("cognito/pre-sign-up", "response", "autoConfirmUser autoVerifyEmail autoVerifyPhone"),
    ("cloudwatch/logs", "awslogs", "data"), ("ses/receive", "Records.0.ses", "mail receipt"),
    ("ses/receive", "Records.0.ses.receipt", "timestamp processingTimeMillis recipients spamVerdict virusVerdict spfVerdict dkimVerdict dmarcVerdict action"),
    ("apigateway/authorizer-token", "", "type authorizationToken methodArn")])
def test_events_have_the_members_that_aws_documents(name, path, members):
    e = event(name)
    assert set(at(e, path) if path else e) == set(members.split())


# ---- --set ----

def test_a_field_is_set_wherever_it_stands(lrun):
    e = event("s3/put", "bucket=mine", "key=a b/ü&+.txt", "size=5")["Records"][0]["s3"]
    assert e["bucket"]["name"] == "mine" and e["bucket"]["arn"] == "arn:aws:s3:::mine" and e["object"]["size"] == 5
    assert e["object"]["key"] == "a+b/%C3%BC%26%2B.txt" and urllib.parse.unquote_plus(e["object"]["key"]) == "a b/ü&+.txt"
    assert list(event("kafka/msk", "topic=t")["records"]) == ["t-0"]


def test_a_path_sets_any_value_with_the_type_that_it_has():
    e = event("apigateway/rest", "requestContext.stage=dev", "isBase64Encoded=true", "requestContext.requestTimeEpoch=5", "pathParameters.id=007", "headers.x-one=1", "stageVariables.a=b",
              "queryStringParameters:=null", "requestContext.authorizer:={\"principalId\":\"me\"}", "body:=null", "path=/first", "path=/last")
    assert e["requestContext"]["stage"] == "dev" and e["isBase64Encoded"] is True and e["requestContext"]["requestTimeEpoch"] == 5 and e["pathParameters"] == {"id": "007"}
    assert e["headers"]["x-one"] == "1" and e["stageVariables"] == {"a": "b"} and e["queryStringParameters"] is None and e["requestContext"]["authorizer"] == {"principalId": "me"}
    assert e["body"] is None and e["path"] == "/last"
    assert event("apigateway/http", 'body={"a":1}')["body"] == '{"a":1}' and event("eventbridge/event", 'detail={"a":1}')["detail"] == {"a": 1}


def test_a_batch_has_further_records_as_the_last():
    records = event("sqs/message", "body=all", "Records.1.body=second", "Records.2.messageId=third", "Records.2.attributes.AWSTraceHeader=Root=1")["Records"]
    first = event("sqs/message", "body=all")["Records"][0]
    assert records[0] == first and records[1] == {**first, "body": "second"}
    assert records[2] == {**first, "messageId": "third"} | {"attributes": {**first["attributes"], "AWSTraceHeader": "Root=1"}}
    assert refusal("sqs", "message", "--set", "Records.2.body=gap").startswith("event sqs/message has no 'Records.2.body'")
    assert event("apigateway/http", "cookies.1=b=2")["cookies"] == ["session=abc", "b=2"]


def test_a_text_of_quotes_control_characters_and_other_scripts_stays_one():
    text = 'a"b\\\n\tü日${bucket}'
    assert event("sns/notification", f"message={text}")["Records"][0]["Sns"]["Message"] == text
    assert json.loads(event("sqs/sns", f"message={text}")["Records"][0]["body"])["Message"] == text
    assert event("s3/put", "bucket=${key}")["Records"][0]["s3"]["bucket"]["name"] == "${key}"


def test_what_aws_encodes_is_encoded():
    e = event("cloudwatch/logs", "message=ä", "log-group=/x", "awslogs.data.logEvents.1.message=by path", 'awslogs.data.logEvents.2:={"id":"3"}')
    data = json.loads(gzip.decompress(base64.b64decode(e["awslogs"]["data"])))
    assert data["logGroup"] == "/x" and [m.get("message") for m in data["logEvents"]] == ["ä", "by path", None] and data["messageType"] == "DATA_MESSAGE"
    for size in (0, 1, 65000, 65535, 65536, 140000):
        data = json.loads(gzip.decompress(base64.b64decode(event("cloudwatch/logs", "message=" + "x" * (size // 2), "message-2=" + "y" * (size // 2))["awslogs"]["data"])))
        assert [len(m["message"]) for m in data["logEvents"]] == [size // 2] * 2
    for body in ("", "a", "x" * 55, "x" * 56, "x" * 64, "ü" * 1000):
        assert event("sqs/message", f"body={body}")["Records"][0]["md5OfBody"] == hashlib.md5(body.encode()).hexdigest()
    assert base64.b64decode(event("kinesis/record", "data=hü")["Records"][0]["kinesis"]["data"]).decode() == "hü"
    s3 = json.loads(event("sqs/s3", "bucket=b", "queue=q")["Records"][0]["body"])
    assert s3["Records"][0]["s3"]["bucket"]["name"] == "b"


def test_a_query_is_taken_apart_as_aws_does():
    for query in ("a=1&b=x%20y+z&a=2&c", "%zz=1&ü=%C3%BC", "a=1"):
        pairs = urllib.parse.parse_qsl(query.replace("%zz", "%25zz"), keep_blank_values=True)
        names = list(dict(pairs))
        for name in ("apigateway/http", "url/request", "apigateway/authorizer-http"):
            e = event(name, f"query={query}")
            assert e["rawQueryString"] == query and e["queryStringParameters"] == {n: ",".join(v for k, v in pairs if k == n) for n in names}, (name, query)
        for name in ("apigateway/rest", "apigateway/http-1.0"):
            e = event(name, f"query={query}")
            assert e["queryStringParameters"] == dict(pairs) and e["multiValueQueryStringParameters"] == {n: [v for k, v in pairs if k == n] for n in names}
    assert "queryStringParameters" not in event("url/request", "query=") and event("url/request", "query=", "queryStringParameters.a=1")["queryStringParameters"] == {"a": "1"}
    e = event("apigateway/rest", "query=", "multiValueQueryStringParameters.a:=[\"1\"]")
    assert e["queryStringParameters"] is None and e["multiValueQueryStringParameters"] == {"a": ["1"]}
    assert event("apigateway/http", "queryStringParameters.lang=de", "queryStringParameters.x=y")["queryStringParameters"] == {"lang": "de", "x": "y"}


def test_a_name_that_is_not_there_is_refused_with_the_nearest():
    assert refusal("s3", "put", "--set", "buckt=x").startswith("event s3/put has no 'buckt' (did you mean 'bucket'?); lrun event s3 put --list lists its fields")
    assert refusal("s3", "put", "--set", "Records.0.s3.bukcet.name=x").startswith("event s3/put has no 'Records.0.s3.bukcet.name' (did you mean 'Records.0.s3.bucket'?)")
    assert refusal("s3", "put", "--set", "Records.7.x=1").startswith("event s3/put has no 'Records.7.x'; ")
    assert refusal("s3", "put", "--set", "size=big") == "--set size: must be a number; size:=JSON sets any JSON"
    assert refusal("s3", "put", "--set", "size:=nope").startswith("--set size: the text after := is not valid JSON")
    assert refusal("apigateway", "rest", "--set", "isBase64Encoded=1").startswith("--set isBase64Encoded: must be true or false")
    for word in ("x", "=x", ":=x"):
        assert refusal("s3", "put", "--set", word) == "--set takes NAME=VALUE, or NAME:=JSON"


# ---- lists and names ----

def test_services_events_and_fields_are_listed():
    lines = call().stdout.splitlines()
    assert [re.split(r"\s+", line)[1] for line in lines] == [n.split("/")[1] for n in NAMES] and len({line.split()[0] for line in lines if line[0] != " "}) == 14
    assert [line.split()[:2] for line in call("s3").stdout.splitlines()][0] == ["s3", "delete"] and len(call("s3").stdout.splitlines()) == 2
    shown = call("s3", "put", "--list").stdout
    assert shown.splitlines()[0] == "S3 notification: an object was created" and re.search(r"^  bucket +name of the bucket \(default example-bucket\)$", shown, re.M)
    assert "new ones below headers, " in call("apigateway/rest", "--list").stdout


def test_unknown_names_are_told_the_nearest_and_sams_names_are_known():
    assert refusal("s4") == "no sample events of 's4'; lrun event lists them all"
    assert refusal("kineses") == "no sample events of 'kineses' (did you mean 'kinesis'?); lrun event lists them all"
    assert refusal("s3", "pust") == "s3 has no sample event 'pust' (did you mean 'put'?); lrun event s3 lists those that it has"
    assert refusal("s3", "put", "x") == "event: unexpected argument 'x'; usage: lrun event [SERVICE [EVENT]] [--set NAME=VALUE]... [--list]"
    assert refusal("--set", "a=b").startswith("--set needs an event to change") and refusal("s3", "--set", "a=b").startswith("--set needs an event")
    for sam, name in (("apigateway/aws-proxy", "apigateway/rest"), ("sqs/receive-message", "sqs/message"), ("dynamodb/update", "dynamodb/modify")):
        assert event(sam) == event(name)


# ---- run --event @NAME ----

def test_run_takes_a_sample_by_its_name(lrun, function):
    f = function(ECHO)
    assert lrun.run("-e", "@s3/put", f).json == event("s3/put")
    r = lrun.run("-e", "@s3/put?bucket=b%26c&key=a%20b&Records.0.eventName=x", "-e", "@sqs/message", f)
    first, second = map(json.loads, r.text.splitlines())
    assert first == event("s3/put", "bucket=b&c", "key=a b", "Records.0.eventName=x") and second == event("sqs/message")
    (lrun.tmp / "@s3").mkdir()
    (lrun.tmp / "@s3/put").write_text('"a file"')
    assert lrun.run("-e", "@s3/put", f, cwd=lrun.tmp).json == "a file"


@pytest.mark.parametrize("word, says", [("@s3/pust", "s3 has no sample event 'pust' (did you mean 'put'?)"), ("@s3", "s3 has no sample event ''"), ("@nope/x", "no sample events of 'nope'"),
                                        ("@s3/put?x=1", "event s3/put has no 'x'"), ("@s3/put?key=%zz", "event @s3/put: a % in a value needs two hexadecimal digits after it")])
def test_run_refuses_a_sample_that_is_not_there(lrun, empty, word, says):
    r = lrun.run("-e", word, empty)
    assert r.code == 2 and f"lrun: {says}" in r.log, r
