# SPDX-License-Identifier: Apache-2.0
"""lrun serve --api: CORS, pages of other sites, and files of --static."""
import os

import pytest

from conftest import row
from support.apis import Api, message, route

PAGE = "http://localhost:5173"
CORS = {"AllowOrigins": [PAGE], "AllowMethods": ["GET", "PUT"], "AllowHeaders": ["x-own", "content-type"], "MaxAge": 600, "AllowCredentials": True}


@pytest.fixture
def api(serve, function, tmp):
    def make(kind, *options, routes=None, **cors):
        return Api(serve, function, tmp, {"A": {"type": kind, "routes": routes or [route(path="/x"), route("ANY", "/any"), route("OPTIONS", "/own"), route("POST", "/own")], **({"cors": cors} if cors else {})}}, *options)
    return make


def names(a):
    return {k: v for k, v in a.headers.items() if k.startswith("access-control-")}


ASKED = {"Origin": PAGE, "Access-Control-Request-Method": "PUT"}


@row("4.9 CORS of REST")
def test_rest_answers_options_only_if_cors_is_given(api):
    a = api("rest")
    assert message(a.request("/x", "OPTIONS")) == (403, {"message": "Missing Authentication Token"}) and a.event("/any", "OPTIONS")["httpMethod"] == "OPTIONS"


@row("4.9 CORS of REST")
def test_rest_answers_with_what_is_configured(api):
    a = api("rest", **CORS)
    for headers in ({}, ASKED):
        r = a.request("/x", "OPTIONS", headers=headers)
        assert (r.status, r.body) == (200, b"") and names(r) == {"access-control-allow-origin": PAGE, "access-control-allow-methods": "GET,PUT", "access-control-allow-headers": "x-own,content-type",
                                                                 "access-control-max-age": "600", "access-control-allow-credentials": "true"}
    assert a.request("/any", "OPTIONS").status == 200 and a.event("/own", "OPTIONS")["resource"] == "/own", "a route of its own is the function's"
    assert message(a.request("/none", "OPTIONS")) == (403, {"message": "Missing Authentication Token"})
    assert names(a.request("/x", headers={"Origin": PAGE})) == {} == names(a.request("/none")), "headers of other answers are the function's"


def test_rest_names_the_methods_of_the_path(api):
    a = api("rest", AllowOrigins="*")
    assert names(a.request("/x", "OPTIONS")) == {"access-control-allow-origin": "*", "access-control-allow-methods": "GET,OPTIONS"}
    assert names(a.request("/any", "OPTIONS"))["access-control-allow-methods"] == "DELETE,GET,HEAD,OPTIONS,PATCH,POST,PUT"


@row("4.9 CORS of HTTP")
def test_http_answers_preflight_requests_of_origins_it_allows(api):
    a = api("http", ExposeHeaders=["x-seen"], **CORS)
    for path in ("/x", "/any", "/none"):
        r = a.request(path, "OPTIONS", headers=ASKED)
        assert (r.status, r.body) == (204, b"") and names(r) == {"access-control-allow-origin": PAGE, "access-control-allow-methods": "GET,PUT", "access-control-allow-headers": "x-own,content-type",
                                                                 "access-control-max-age": "600", "access-control-allow-credentials": "true"}, path
    assert message(a.request("/x", "OPTIONS", headers={"Origin": PAGE})) == (404, {"message": "Not Found"}), "no preflight request"
    assert a.request("/x", "OPTIONS").status == 404 and a.event("/any", "OPTIONS")["requestContext"]["http"]["method"] == "OPTIONS"


@row("4.9 CORS of HTTP")
def test_http_adds_its_headers_to_answers_and_ignores_the_functions(api):
    a = api("http", ExposeHeaders=["x-seen"], **CORS)
    own = 'return {"statusCode":200,"headers":{"Access-Control-Allow-Origin":"http://evil.test","access-control-max-age":"1","X-Own":"v"}}'
    r = a.request("/any", "POST", own, {"Origin": PAGE, "Content-Type": "text/plain"})
    assert names(r) == {"access-control-allow-origin": PAGE, "access-control-expose-headers": "x-seen", "access-control-allow-credentials": "true"} and r.headers["x-own"] == "v" and r.headers["vary"] == "Origin"
    assert names(a.request("/any", "POST", own, {"Content-Type": "text/plain"})) == {}
    assert names(a.request("/any", "POST", "error", {"Origin": PAGE, "Content-Type": "text/plain"}))["access-control-allow-origin"] == PAGE


def test_without_cors_an_http_api_leaves_the_functions_headers(api):
    a = api("http")
    r = a.request("/any", "POST", 'return {"statusCode":200,"headers":{"Access-Control-Allow-Origin":"http://a.test"}}', {"Content-Type": "text/plain"})
    assert names(r) == {"access-control-allow-origin": "http://a.test"}


@pytest.mark.parametrize("allowed, origin, fits", [("*", "http://a.test", True), ("https://*", "https://a.test", True), ("https://*", "http://a.test", False), ("http://a.test", "http://A.test", True), ("http://a.test", "http://a.test.b", False)])
def test_which_origins_fit(api, allowed, origin, fits):
    a = api("http", AllowOrigins=[allowed], AllowMethods=["*"])
    r = a.request("/any", headers={"Origin": origin})
    assert (r.status == 200) == fits and names(r).get("access-control-allow-origin") == (None if not fits else "*" if allowed == "*" else origin)


@pytest.mark.parametrize("kind", ["rest", "http"])
def test_pages_of_other_sites_are_refused_unless_cors_allows_them(api, kind):
    a = api(kind, **CORS)
    assert a.request("/any", headers={"Origin": PAGE}).status == 200
    for headers in ({"Origin": "http://evil.test"}, {"Sec-Fetch-Site": "cross-site"}, {"Host": "evil.test"}):
        r = a.request("/any", headers=headers)
        assert r.status == 403 and names(r) == {}, r
    assert a.log.count("START RequestId") == 1
    assert a.request("/any", headers={"Origin": "http://127.0.0.1:%d" % a.port(), "Host": "127.0.0.1:%d" % a.port()}).status == 200


def test_allow_origin_and_allow_host_hold_for_apis(api):
    a = api("rest", "--allow-origin", "http://page.test", "--allow-host", "api.test")
    assert a.request("/any", headers={"Origin": "http://page.test", "Host": "api.test"}).status == 200 and a.request("/any", headers={"Origin": PAGE}).status == 403


@pytest.fixture
def public(tmp):
    top = tmp / "public"
    for name, text in {"index.html": "<p>", "app.js": "js", "sub/index.html": "sub", "sub/a b.txt": "blank", ".env": "SECRET=1", ".git/config": "git", ".well-known/x.json": "{}", "api": "file"}.items():
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_text(text)
    (tmp / "secret.txt").write_text("outside")
    (top / "out").symlink_to(tmp / "secret.txt")
    (top / "up").symlink_to("..")
    (top / "within.txt").symlink_to("app.js")
    (top / "proc").symlink_to("/proc/self/environ")
    os.mkfifo(top / "fifo")
    for p in [top, *top.rglob("*")]:
        if not p.is_symlink():
            p.chmod(0o755)
    return top


@pytest.fixture
def site(api, public):
    return lambda *options, **cors: api("rest", "--static", public, *options, routes=[route("ANY", "/api"), route(path="/items/{id}")], **cors)


@row("4.9 static")
def test_files_are_served_where_no_route_takes_the_path(site):
    a = site()
    for path, body, kind in (("/", b"<p>", "text/html; charset=utf-8"), ("/app.js?v=1", b"js", "text/javascript; charset=utf-8"), ("/sub/", b"sub", "text/html; charset=utf-8"), ("/sub/a%20b.txt", b"blank", "text/plain; charset=utf-8"),
                             ("/within.txt", b"js", "text/plain; charset=utf-8"), ("/.well-known/x.json", b"{}", "application/json")):
        r = a.request(path)
        assert (r.status, r.body, r.headers["content-type"], r.headers["cache-control"], r.headers["x-content-type-options"]) == (200, body, kind, "no-cache", "nosniff"), path
    assert a.event("/api")["resource"] == "/api" and a.request("/app.js", "HEAD").headers["content-length"] == "2"


def test_a_path_of_a_route_is_not_a_files_even_by_another_method(site):
    assert message(site().request("/items/1", "POST")) == (403, {"message": "Missing Authentication Token"})


NOTHING = ["/none", "/sub", "/out", "/up/secret.txt", "/proc", "/fifo", "/.env", "/.git/config", "/sub/../.env", "/../secret.txt", "/%2e%2e/secret.txt", "/sub/%2e%2e/%2e%2e/secret.txt", "/..%2fsecret.txt", "//etc/passwd", "/%2fetc%2fpasswd",
           "/%00", "/app.js%00.html", "/app.js/", "/.well-known/../.env", "/sub//../../secret.txt", "/%"]


@pytest.mark.parametrize("path", NOTHING)
def test_nothing_leads_out_of_the_directory(site, path):
    a = site()
    r = a.request(path)
    assert message(r) == (403, {"message": "Missing Authentication Token"})
    assert message(a.request("/app.js", "POST")) == (403, {"message": "Missing Authentication Token"}), "files are read alone"


def test_the_directory_itself_may_be_moved_while_it_is_served(site, public, tmp):
    a = site()
    public.rename(tmp / "moved")
    (tmp / "public").mkdir()
    assert a.request("/app.js").body == b"js"


def test_pages_of_other_sites_do_not_get_files(site):
    a = site(AllowOrigins="*")
    assert a.request("/api", headers={"Origin": "http://evil.test"}).status == 200 and a.request("/app.js", headers={"Origin": "http://evil.test"}).status == 403


def test_a_large_file_is_refused_and_that_is_said(site, public):
    with open(public / "large.bin", "wb") as f:
        f.truncate((16 << 20) + 1)
    (public / "large.bin").chmod(0o644)
    (public / "fits.bin").write_bytes(b"x" * 3_000_000)
    a = site()
    assert a.request("/fits.bin").body == b"x" * 3_000_000 and a.request("/large.bin").status == 403 and "lrun: --static: " in a.log
