# SPDX-License-Identifier: Apache-2.0
"""AWS's place, taken by a server on the loopback: what the AWS CLI asks Lambda's API for, and the addresses that it answers with."""
import base64
import hashlib
import http.server
import json
import os
import shutil
import threading
import urllib.parse

from conftest import skip

SECRET = "X-Amz-Signature=5ec2e7a1"  # of an address: nobody may see it but curl
ACCOUNT = "123456789012"


def code_sha256(data):
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


class Aws:
    """Layers by ARN and functions by name, each with the bytes of its zip; what is asked for is written down."""

    def __init__(self):
        self.layers, self.functions, self.asked, self.sent, self.wrong, self.paths = {}, {}, [], [], {}, {}
        self.hold = threading.Event()  # while it is not set, no download ends
        self.hold.set()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_GET(self):
                try:
                    outer.answer(self)
                except OSError:
                    self.close_connection = True

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.at = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def environment(self, home):
        """What the AWS CLI needs to come here; no setting of whoever tests."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
        return {**kept, "HOME": str(home), "AWS_ACCESS_KEY_ID": "AKIATEST", "AWS_SECRET_ACCESS_KEY": "secret",
                "AWS_REGION": "eu-west-1", "AWS_EC2_METADATA_DISABLED": "true", "AWS_MAX_ATTEMPTS": "1", "no_proxy": "127.0.0.1"}

    def address(self, data):
        path = f"/code/{len(self.paths)}"
        self.paths[path] = data
        return f"{self.at}{path}?{SECRET}&X-Amz-Expires=600"

    def content(self, data):
        return {"CodeSha256": code_sha256(data), "CodeSize": len(data), **({"Location": self.address(data)} if data else {}), **self.wrong}

    def layer(self, arn):
        if arn not in self.layers:
            return 404, {"Type": "User", "Message": "The resource you requested does not exist."}
        return 200, {"Content": self.content(self.layers[arn]), "LayerVersionArn": arn, "Version": int(arn.rsplit(":", 1)[1]), "LayerArn": arn.rsplit(":", 1)[0],
                     "CreatedDate": "2026-11-25T13:00:00.000+0000"}

    def function(self, name):
        if name not in self.functions:
            return 404, {"Type": "User", "Message": f"Function not found: arn:aws:lambda:eu-west-1:{ACCOUNT}:function:{name}"}
        data, configuration = self.functions[name]
        content = self.content(data)
        location = content.pop("Location", None)
        return 200, {"Configuration": {"FunctionName": name, "FunctionArn": f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:{name}", **content, **configuration},
                     "Code": {"RepositoryType": "S3", "Location": location}}

    def answer(self, h):
        url = urllib.parse.urlsplit(h.path)
        self.asked.append(h.path)
        if url.path in self.paths:
            return self.send_code(h, self.paths[url.path])
        if url.path == "/2018-10-31/layers":
            status, body = self.layer(urllib.parse.parse_qs(url.query)["Arn"][0])
        elif url.path.startswith("/2015-03-31/functions/"):
            status, body = self.function(urllib.parse.unquote(url.path.split("/")[3]))
        else:
            status, body = 404, {"Message": "no such operation"}
        data = json.dumps(body).encode()
        h.send_response(status)
        if status != 200:
            h.send_header("X-Amzn-ErrorType", "ResourceNotFoundException")
        h.send_header("Content-Type", "application/json")
        h.send_header("Content-Length", str(len(data)))
        h.end_headers()
        h.wfile.write(data)

    def send_code(self, h, data):
        h.send_response(200)
        h.send_header("Content-Length", str(len(data)))
        h.end_headers()
        h.wfile.write(data[:len(data) // 2])
        h.wfile.flush()
        self.hold.wait(60)
        h.wfile.write(data[len(data) // 2:])

    def stop(self):
        self.hold.set()
        self.server.shutdown()
        self.server.server_close()


def aws_cli(place, aws):
    """Debian's AWS CLI, which comes here whatever it is asked: newer ones take AWS_ENDPOINT_URL, this one may not. Returns its directory."""
    if not os.path.exists("/usr/bin/aws") or not shutil.which("curl", path="/usr/bin"):
        skip("awscli is installed by make deps, where there is a package of it")
    place.mkdir()
    program = place / "aws"
    program.write_text(f'#!/bin/sh\nexec /usr/bin/aws "$@" --endpoint-url {aws.at}\n')
    program.chmod(0o755)
    return place
