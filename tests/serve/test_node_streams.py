# SPDX-License-Identifier: Apache-2.0
"""Function URLs of Node.js functions that stream: what clients see of what a handler does with its stream."""
import http.client
import shutil

import pytest

from conftest import make_zip, skip

HANDLER = """
const { pipeline } = require('node:stream/promises'), { Readable } = require('node:stream');
const ways = {
  async write(s) { s = awslambda.HttpResponseStream.from(s, { statusCode: 201, headers: { 'X-Own': 'v' }, cookies: ['a=1'] }); s.write('body'); s.end(); },
  async empty(s) { awslambda.HttpResponseStream.from(s, { statusCode: 201, headers: { 'X-Own': 'v' } }).end(); },
  async nothing(s) { s.end(); },
  async text(s) { s.setContentType('text/x'); s.write('te'); s.end('xt'); },
  async end(s) { awslambda.HttpResponseStream.from(s, { statusCode: 201 }).end('all'); },
  async object(s) { s.write({ a: 1 }); s.end(); },
  async early(s) { awslambda.HttpResponseStream.from(s, { statusCode: 201 }); throw new Error('early'); },
  async changed(s) { const m = { statusCode: 201 }; s = awslambda.HttpResponseStream.from(s, m); m.statusCode = 404; s.write('body'); s.end(); },
  async twice(s) { s.end('a'); s.end('b'); },
  async destroyed(s) { s.write('a'); s.destroy(new Error('gone')); },
  async uncaught(s) { setTimeout(() => { throw new Error('outside'); }, 10); await new Promise((r) => setTimeout(r, 500)); s.end(); },
  async late(s) { s = awslambda.HttpResponseStream.from(s, { statusCode: 201 }); s.write('begun'); throw new Error('late'); },
  async piped(s) { await pipeline(Readable.from(['pip', 'ed']), awslambda.HttpResponseStream.from(s, { statusCode: 202 })); },
};
exports.handler = awslambda.streamifyResponse(async (event, stream) => { await ways[(event.rawPath ?? event).replace('/', '')](stream); });
"""


@pytest.fixture
def node(serve, tmp):
    if not shutil.which("node", path="/usr/bin:/usr/local/bin"):
        skip("node is not installed")
    return serve("--runtime", "nodejs", "--url", 0, "--url-mode", "stream", make_zip(tmp / "fn.zip", {"index.js": HANDLER}))


@pytest.mark.parametrize("way, status, kind, body", [
    ("write", 201, "application/octet-stream", b"body"), ("empty", 200, "application/octet-stream", b""), ("nothing", 200, "application/octet-stream", b""), ("text", 200, "text/x", b"text"),
    ("end", 502, "application/json", b"Internal Server Error"), ("object", 200, "application/octet-stream", b'{"a":1}'), ("early", 502, "application/json", b"Internal Server Error"),
    ("piped", 202, "application/octet-stream", b"piped")])
def test_what_a_client_sees(node, way, status, kind, body):
    a = node.url("/" + way)
    assert (a.status, a.headers["content-type"], a.body) == (status, kind, body)
    assert ("x-own" in a.headers) == (way == "write") and a.headers.get("set-cookie") == ("a=1" if way == "write" else None)


def test_an_error_after_the_first_byte_cuts_the_body_off(node):
    with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
        node.url("/late")
    assert node.url("/write").body == b"body", "the environment goes on"


def test_the_metadata_is_what_it_was_when_it_was_given(node):
    assert node.url("/changed").status == 201


@pytest.mark.parametrize("way, said", [("twice", b"write after end"), ("destroyed", b"gone"), ("uncaught", b"outside")])
def test_a_stream_that_fails_or_is_overtaken_by_an_error_ends_the_runtime(node, way, said):
    a = node.invoke(b'"%s"' % way.encode())
    assert a.headers.get("x-amz-function-error") == "Unhandled", a
    assert said in a.body or b"exit status 1" in a.body, a  # AWS's client for Node.js 24 exits without a word
