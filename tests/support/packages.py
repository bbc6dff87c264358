# SPDX-License-Identifier: Apache-2.0
"""Making packages, and clients of the APIs inside in a few lines of Python."""
import stat
import zipfile


def make_zip(path, files):
    """files: name -> bytes, str, or (content, mode) with mode a whole st_mode or permission bits."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
        for name, content in files.items():
            mode = 0o755 if name in ("bootstrap",) else 0o644
            if isinstance(content, tuple):
                content, mode = content
            if stat.S_IFMT(mode) == 0:
                mode |= stat.S_IFDIR if name.endswith("/") else stat.S_IFREG
            info = zipfile.ZipInfo(name, (2024, 2, 3, 4, 5, 6))
            info.create_system = 3
            info.external_attr = mode << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            z.writestr(info, content)
    return path


CLIENT = '''#!/usr/bin/python3
import http.client, json, os, signal, socket, sys, time
API = os.environ["AWS_LAMBDA_RUNTIME_API"]
BASE = "/2018-06-01/runtime"
def connect():
    return http.client.HTTPConnection(API)
connection = connect()
def request(method, path, body=None, headers={}, c=None):
    c = c or connection
    c.request(method, path, body, headers)
    r = c.getresponse()
    data = r.read()
    return r.status, dict(r.getheaders()), data
def next(c=None):
    status, headers, body = request("GET", BASE + "/invocation/next", c=c)
    assert status == 200, (status, body)
    return {k.lower(): v for k, v in headers.items()}, body
def respond(id, body, headers={}):
    return request("POST", BASE + "/invocation/" + id + "/response", body, headers)
def fail(id, body, headers={}):
    return request("POST", BASE + "/invocation/" + id + "/error", body, headers)
def log(*words):
    print(*words, file=sys.stderr, flush=True)
ID = "lambda-runtime-aws-request-id"
'''
# An extension's client, likewise.
AGENT = '''#!/usr/bin/python3
import http.client, json, os, signal, socket, sys, threading, time
API, NAME = os.environ["AWS_LAMBDA_RUNTIME_API"], os.path.basename(sys.argv[0])
BASE = "/2020-01-01/extension"
def call(method, path, body=None, headers={}):
    c = http.client.HTTPConnection(API)
    c.request(method, path, body, headers)
    r = c.getresponse()
    return r.status, {k.lower(): v for k, v in r.getheaders()}, r.read().decode()
def register(name=NAME, events=("INVOKE", "SHUTDOWN"), headers={}):
    return call("POST", BASE + "/register", json.dumps({"events": list(events)}), {"Lambda-Extension-Name": name, **headers})
def event(id):
    return call("GET", BASE + "/event/next", None, {"Lambda-Extension-Identifier": id})
def say(*words):
    print(NAME, *words, flush=True)
def loop(id):
    while True:
        status, headers, body = event(id)
        say(status, body)
        if '"SHUTDOWN"' in body: return
'''
