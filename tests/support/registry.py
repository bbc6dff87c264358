# SPDX-License-Identifier: Apache-2.0
"""Registries for images: Debian's own (docker-registry), and one in Python that can be slow, closed, and lie."""
import base64
import hashlib
import http.server
import json
import os
import shutil
import socket
import subprocess
import threading
import time

import pytest

from conftest import skip


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class DebianRegistry:
    """docker-registry on the loopback, with its blobs in place."""

    def __init__(self, place):
        for program in ("docker-registry", "skopeo"):
            if not shutil.which(program):
                skip(f"{program} is not installed")
        self.at, self.place = f"127.0.0.1:{free_port()}", place
        place.mkdir()
        (place / "config.yml").write_text(f"version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {place}/blobs}}}}\nhttp: {{addr: '{self.at}'}}\n")
        environment = {**os.environ, "OTEL_TRACES_EXPORTER": "none"}
        self.process = subprocess.Popen(["docker-registry", "serve", str(place / "config.yml")], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        host, port = self.at.split(":")
        for _ in range(400):
            try:
                socket.create_connection((host, int(port)), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise AssertionError("docker-registry does not listen")

    def push(self, source, name, *options):
        """Returns how lrun names it."""
        env = {**os.environ, "XDG_RUNTIME_DIR": str(self.place)}  # else it looks in /run/containers, which root's Podman closes to others
        subprocess.run(["skopeo", "--insecure-policy", "copy", "-q", "--dest-tls-verify=false", *options, source, f"docker://{self.at}/{name}"], check=True, stdout=subprocess.DEVNULL, env=env)
        return f"docker://{self.at}/{name}"

    def stop(self):
        self.process.kill()
        self.process.wait()


class Registry:
    """Serves manifests by (repository, reference) and blobs by digest. A blob may be a generator of pieces: it is sent without a length."""

    def __init__(self, login=None):
        self.manifests, self.blobs, self.asked, self.login = {}, {}, [], login
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_HEAD(self):
                self.do_GET()

            def do_GET(self):
                try:
                    outer.answer(self)
                except OSError:
                    self.close_connection = True

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.at = f"127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def add(self, layout, name, tag):
        """All of a support.images.Layout; the tag names its first manifest. Returns how lrun names it."""
        for path, data in layout.files.items():
            if path.startswith("blobs/"):
                self.blobs["sha256:" + path.split("/")[-1]] = data
        first = layout.manifests[0]
        for digest, data in self.blobs.items():
            self.manifests[name, digest] = (data, self.type_of(data))
        self.manifests[name, tag] = (self.blobs[first["digest"]], first["mediaType"])
        return f"docker://{self.at}/{name}:{tag}"

    @staticmethod
    def type_of(data):
        try:
            return json.loads(data).get("mediaType", "application/vnd.oci.image.index.v1+json")
        except (ValueError, AttributeError):
            return "application/octet-stream"

    def answer(self, handler):
        self.asked.append(handler.path)
        if self.login and handler.headers.get("Authorization") != "Basic " + base64.b64encode(self.login.encode()).decode():
            handler.send_response(401)
            handler.send_header("WWW-Authenticate", 'Basic realm="here"')
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        parts = handler.path.split("/")
        kind, reference = parts[-2:] if len(parts) > 3 else ("", "")
        found = self.manifests.get(("/".join(parts[2:-2]), reference)) if kind == "manifests" else None
        if kind == "blobs" and reference in self.blobs:
            found = (self.blobs[reference], "application/octet-stream")
        body, media = found or ((b"{}", "application/json") if handler.path == "/v2/" else (b'{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}', "application/json"))
        handler.send_response(200 if found or handler.path == "/v2/" else 404)
        handler.send_header("Docker-Distribution-Api-Version", "registry/2.0")
        handler.send_header("Content-Type", media)
        whole = isinstance(body, bytes)
        if whole:
            handler.send_header("Content-Length", str(len(body)))
            handler.send_header("Docker-Content-Digest", "sha256:" + hashlib.sha256(body).hexdigest())
        else:
            handler.send_header("Connection", "close")
        handler.end_headers()
        if handler.command != "HEAD":
            for piece in [body] if whole else body():
                handler.wfile.write(piece)

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def registry():
    if not shutil.which("skopeo"):
        skip("skopeo is not installed")
    made = Registry()
    yield made
    made.stop()
