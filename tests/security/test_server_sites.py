# SPDX-License-Identifier: Apache-2.0
"""serve and web pages: who may send requests is told by Origin, Sec-Fetch-Site and Host, which browsers set and pages cannot."""
import socket

import pytest

from conftest import row

ECHO = """
while True:
    headers, event = next()
    respond(headers[ID], b'"ran"')
"""
INVOKE = "/2015-03-31/functions/fn/invocations"
ROUTES = {
    "invoke": ("POST", INVOKE), "stream": ("POST", "/2021-11-15/functions/fn/response-streaming-invocations"), "async": ("POST", "/2014-11-13/functions/fn/invoke-async"),
    "ping": ("GET", "/ping"), "metrics": ("GET", "/metrics"), "unknown": ("GET", "/nothing"), "unknown-delete": ("DELETE", INVOKE), "unknown-put": ("PUT", INVOKE),
    "url-get": ("GET", "/x"), "url-post": ("POST", "/"), "url-put": ("PUT", "/"), "url-delete": ("DELETE", "/"), "url-options": ("OPTIONS", "/"), "url-head": ("HEAD", "/"),
}
FOREIGN = {
    "origin": b"Host: 127.0.0.1\r\nOrigin: http://evil.example\r\n",
    "origin-null": b"Host: 127.0.0.1\r\nOrigin: null\r\n",
    "origin-beside-own": b"Host: 127.0.0.1\r\nOrigin: http://evil.example\r\nOrigin: http://127.0.0.1\r\n",
    "cross-site": b"Host: 127.0.0.1\r\nSec-Fetch-Site: cross-site\r\n",
    "same-site": b"Host: localhost\r\nSec-Fetch-Site: same-site\r\n",
    "host": b"Host: rebound.evil.example\r\nSec-Fetch-Site: same-origin\r\nOrigin: http://rebound.evil.example\r\n",
    "unspecified": b"Host: 0.0.0.0\r\n",  # leads here, but browsers tell nothing
    "unspecified-6": b"Host: [::]:3001\r\n",
    "mapped": b"Host: [::ffff:127.0.0.1]:3001\r\n",
    "mapped-in-hexadecimal": b"Host: [::ffff:7f00:1]\r\n",
    "host-beside-own": b"Host: rebound.evil.example\r\nHost: 127.0.0.1\r\n",
}


def status(port, method, path, headers, version=b"1.1"):
    c = socket.create_connection(("127.0.0.1", port), timeout=20)
    c.sendall(b"%s %s HTTP/%s\r\n%sConnection: close\r\nContent-Length: 2\r\n\r\n{}" % (method.encode(), path.encode(), version, headers))
    got = b""
    while part := c.recv(65536):
        got += part
    c.close()
    return int(got.split()[1]), got


def port_of(s, route):
    return s.url_port if route.startswith("url") else s.port


@pytest.mark.parametrize("route", ROUTES)
def test_every_door_is_closed_to_pages_of_other_sites(serve, function, route):
    s = serve("--url", 0, function(ECHO))
    for what, headers in FOREIGN.items():
        code, got = status(port_of(s, route), *ROUTES[route], headers)
        assert code == 403 and b"x-amzn-ErrorType: AccessDeniedException\r\n" in got, (what, got)
        assert route == "url-head" or b"--allow-" in got, got
    code, got = status(port_of(s, route), *ROUTES[route], b"Host: 127.0.0.1\r\n")
    assert code != 403, got
    assert s.log.count("START RequestId") <= 1, s.log


@pytest.mark.parametrize("headers", [
    b"", b"Host: 127.0.0.1:3001\r\n", b"Host: localhost:3001\r\n", b"Host: LocalHost.\r\n", b"Host: fn.localhost\r\n", b"Host: [::1]:3001\r\n", b"Host: 192.0.2.7\r\n",
    b"Host: 127.0.0.1:9\r\nOrigin: http://127.0.0.1:9\r\nSec-Fetch-Site: same-origin\r\n", b"Host: localhost\r\nSec-Fetch-Site: none\r\n",
], ids=lambda h: h.decode().replace("\r\n", " ").strip() or "none")
def test_programs_and_pages_of_its_own_are_answered(serve, function, headers):
    s = serve("--url", 0, function(ECHO))
    for route in ("ping", "url-get"):
        assert status(port_of(s, route), *ROUTES[route], headers)[0] == 200
        assert status(port_of(s, route), *ROUTES[route], headers, b"1.0")[0] == 200


def test_hosts_that_only_look_like_addresses_are_refused(serve, function):
    s = serve(function(ECHO))
    for host in (b"127.0.0.1.evil.example", b"localhost.evil.example", b"notlocalhost", b"127.1", b"2130706433", b"0x7f000001", b"[evil.example]", b"evil.example:127.0.0.1", b""):
        assert status(s.port, "GET", "/ping", b"Host: %s\r\n" % host)[0] == 403, host


def test_names_and_origins_that_the_user_allows(serve, function):
    s = serve("--url", 0, "--allow-host", "lambda.test", "--allow-host", "*.proxy.test", "--allow-origin", "http://localhost:5173", function(ECHO))
    for port in (s.port, s.url_port):
        for host, code in ((b"lambda.test", 200), (b"LAMBDA.test:443", 200), (b"a.b.proxy.test", 200), (b"proxy.test", 403), (b"xproxy.test", 403), (b"other.test", 403)):
            assert status(port, "GET", "/ping", b"Host: %s\r\n" % host)[0] == code, host
        assert status(port, "GET", "/ping", b"Host: lambda.test\r\nOrigin: https://lambda.test\r\nSec-Fetch-Site: same-origin\r\n")[0] == 200, "by a proxy"
        assert status(port, "GET", "/ping", b"Host: 127.0.0.1\r\nOrigin: http://localhost:5173\r\nSec-Fetch-Site: cross-site\r\n")[0] == 200
        assert status(port, "GET", "/ping", b"Host: 127.0.0.1\r\nOrigin: http://localhost:5174\r\nSec-Fetch-Site: cross-site\r\n")[0] == 403
        assert status(port, "GET", "/ping", b"Host: 127.0.0.1\r\nSec-Fetch-Site: cross-site\r\n")[0] == 403, "an image or a link tells no origin"
    got = status(s.url_port, "GET", "/", b"Host: 127.0.0.1\r\nOrigin: http://localhost:5173\r\n")[1]
    assert b"Access-Control" not in got, "without --cors that is the function's business"


def test_the_address_that_is_listened_at_is_its_own(serve, function):
    s = serve("--host", "0.0.0.0", "--url", 0, function(ECHO))
    assert "--endpoint-url=http://0.0.0.0:" in s.log
    for route in ("ping", "url-get"):
        assert status(port_of(s, route), *ROUTES[route], b"Host: 0.0.0.0:3001\r\n")[0] == 200
        assert status(port_of(s, route), *ROUTES[route], b"Host: [::]\r\n")[0] == 403
        assert status(port_of(s, route), *ROUTES[route], b"Host: 0.0.0.0\r\nOrigin: http://evil.example\r\n")[0] == 403


@row("4.8 CORS")
def test_cors_opens_function_urls_alone(serve, function):
    s = serve("--url", 0, "--cors", function(ECHO))
    page = b"Host: 127.0.0.1\r\nOrigin: http://any.example\r\nSec-Fetch-Site: cross-site\r\n"
    assert status(s.url_port, "POST", "/", page)[0] == 200
    assert status(s.port, "POST", INVOKE, page)[0] == 403
    assert status(s.url_port, "POST", "/", page.replace(b"127.0.0.1", b"evil.example"))[0] == 403
    listed = serve("--url", 0, "--cors", "--allow-origin", "http://one.test", function(ECHO, "listed.zip"))
    code, got = status(listed.url_port, "OPTIONS", "/", b"Host: 127.0.0.1\r\nOrigin: http://one.test\r\nAccess-Control-Request-Method: PUT\r\n")
    assert code == 200 and b"Access-Control-Allow-Origin: http://one.test\r\nVary: Origin\r\n" in got
    assert status(listed.url_port, "OPTIONS", "/", b"Host: 127.0.0.1\r\nOrigin: http://two.test\r\nAccess-Control-Request-Method: PUT\r\n")[0] == 403


@pytest.mark.parametrize("option, value", [("--allow-host", "http://x"), ("--allow-host", "x:80"), ("--allow-host", ""), ("--allow-origin", "localhost"),
                                           ("--allow-origin", "http://x/"), ("--allow-origin", "null"), ("--allow-origin", "")], ids=lambda v: v or "empty")
def test_values_that_could_never_match_are_refused(lrun, empty, option, value):
    r = lrun("serve", option, value, empty, report=False)
    assert r.code == 2 and option in r.log, r
