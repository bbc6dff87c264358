# SPDX-License-Identifier: Apache-2.0
"""Tenants: with --tenancy per-tenant two of them never share an environment. Source: TenancyConfig, images-and-runtimes part 0."""
import json
import socket
import threading
import time

import pytest

from conftest import row, wait_until

COUNT = """
tenants, RUN = [], os.urandom(8).hex()
if os.path.exists("/tmp/mark"): tenants.append("left: " + open("/tmp/mark").read())
while True:
    headers, event = next()
    tenants.append(headers.get("lambda-runtime-aws-tenant-id"))
    open("/tmp/mark", "w").write(tenants[-1] or "nobody")
    do = json.loads(event)
    if isinstance(do, (int, float)): time.sleep(do)
    if do == "exit": os._exit(3)
    log("serves", tenants[-1])
    respond(headers[ID], json.dumps([tenants, RUN]))
"""
MISSING = "The invoked function is enabled with tenancy configuration. Add a valid tenant ID in your request and try again."
UNWANTED = "The invoked function is not enabled with tenancy configuration. Remove the tenant ID from your request and try again."
WAYS = {"request": lambda s, **h: s.invoke("1", **h), "event": lambda s, **h: s.invoke("1", Invocation_Type="Event", **h), "dry run": lambda s, **h: s.invoke("1", Invocation_Type="DryRun", **h),
        "stream": lambda s, **h: s.stream("1", **h)}


def alone(s, tenant, do=0):
    """One invocation of the tenant's: its environment has served nobody else."""
    a = s.invoke(json.dumps(do), Tenant_Id=tenant)
    assert a.status == 200 and set(a.json[0]) <= {tenant, "left: " + tenant}, a
    return a.json[1]


@row("1.2 Aws-Tenant-Id", "4.1 Tenant-Id")
def test_tenants_have_environments_of_their_own(serve, function):
    s = serve("--tenancy", "per-tenant", function(COUNT))
    first = [alone(s, t) for t in ("blue", "red", "blue", "red", "green", "blue")]
    assert first[0] == first[2] == first[5] and first[1] == first[3] and len(set(first)) == 3, "each is reused for its own tenant"
    assert s.metric("lrun_environments") == 3 and s.metric("lrun_cold_starts_total") == 3, "the one that was made before anybody asked is somebody's now"


def test_a_tenant_may_have_several(serve, function):
    s = serve("--tenancy", "per-tenant", function(COUNT))
    found = {}
    threads = [threading.Thread(target=lambda t=t, i=i: found.__setitem__((t, i), alone(s, t, 0.5))) for t in ("blue", "red") for i in range(3)]
    for t in threads: t.start()
    for t in threads: t.join()
    assert len(found) == len(set(found.values())) == 6


def test_a_tenant_for_whom_no_place_is_left_gets_anothers_place_and_not_his_environment(serve, function):
    """More tenants than environments, one after the other: what is idle is ended for them."""
    s = serve("--tenancy", "per-tenant", "--concurrency", 2, "--queue", 0, function(COUNT))
    seen = [alone(s, f"tenant-{i % 5}") for i in range(15)]
    assert len(set(seen)) == 15 and s.metric("lrun_environments") <= 2
    busy = threading.Thread(target=lambda: alone(s, "busy", 1.5))
    busy.start()
    assert wait_until(lambda: s.metric("lrun_environments_busy") == 1), s
    start = time.monotonic()
    alone(s, "other"), alone(s, "third")
    assert busy.is_alive() or time.monotonic() - start > 1.5, "they do not wait for one that works"
    busy.join()


def test_who_waits_for_his_own_environment_holds_up_nobody(serve, function):
    """Two places: one works for long and another request of its tenant waits, others' go on in the second."""
    s = serve("--tenancy", "per-tenant", "--concurrency", 2, "--timeout", 20, function(COUNT))
    alone(s, "fast")
    order = []
    def one(tenant, do):
        alone(s, tenant, do)
        order.append(tenant)
    threads = [threading.Thread(target=one, args=("slow", 2))]
    threads[0].start()
    assert wait_until(lambda: s.metric("lrun_environments_busy") == 1), s
    for tenant, do in [("fast", 0.3)] + [("slow", 0)] * 2 + [("fast", 0)] * 3:
        threads.append(threading.Thread(target=one, args=(tenant, do)))
        threads[-1].start()
        time.sleep(0.05)
    for t in threads: t.join()
    assert sorted(order) == ["fast"] * 4 + ["slow"] * 3


def test_too_many_at_once_are_refused(serve, function):
    s = serve("--tenancy", "per-tenant", "--concurrency", 1, "--queue", 0, function(COUNT))
    t = threading.Thread(target=lambda: alone(s, "blue", 1))
    t.start()
    assert wait_until(lambda: s.metric("lrun_environments_busy") == 1), s
    assert s.invoke("0", Tenant_Id="red").status == 429 and s.invoke("0", Tenant_Id="blue").status == 429
    t.join()
    alone(s, "red")


@pytest.mark.parametrize("do, status", [("exit", "Runtime.ExitError"), (3, "Sandbox.Timedout")])
def test_an_environment_that_was_reset_stays_its_tenants(serve, function, do, status):
    """/tmp is kept, and with it what the tenant wrote."""
    s = serve("--tenancy", "per-tenant", "--timeout", 1, "--concurrency", 2, function(COUNT))
    assert s.invoke(json.dumps(do), Tenant_Id="blue").json["errorType"] == status
    alone(s, "red")
    assert s.invoke("0", Tenant_Id="blue").json[0] == ["left: blue", "blue"]


def test_events_are_their_tenants_too(serve, function):
    s = serve("--tenancy", "per-tenant", "--concurrency", 2, function(COUNT))
    for t in ("blue", "red", "blue"):
        assert s.invoke("0.1", Invocation_Type="Event", Tenant_Id=t).status == 202
    assert wait_until(lambda: s.log.count("serves blue") == 2 and s.log.count("serves red") == 1, 10), s
    alone(s, "blue"), alone(s, "red")


def test_streams_are_their_tenants_too(serve, function):
    s = serve("--tenancy", "per-tenant", function(COUNT))
    assert b"blue" in s.stream("0", Tenant_Id="blue").body
    body = s.stream("0", Tenant_Id="red").body
    assert b"red" in body and b"blue" not in body


def test_a_reload_shares_nothing_either(serve, function):
    package = function(COUNT)
    s = serve("--tenancy", "per-tenant", "--watch", package)
    before = alone(s, "blue")
    function(COUNT + "\n# changed")
    assert wait_until(lambda: "reloaded; new invocations" in s.log), s
    assert alone(s, "red") != before and alone(s, "blue") != before


def test_several_at_once_are_of_one_tenant(serve, function):
    """Managed Instances: an environment takes many, all of its own tenant."""
    s = serve("--tenancy", "per-tenant", "--max-concurrency", 4, "--concurrency", 4, function("""
        import threading
        tenants = set()
        def worker():
            c = connect()
            while True:
                headers, event = next(c)
                tenants.add(headers["lambda-runtime-aws-tenant-id"])
                time.sleep(0.2)
                request("POST", BASE + "/invocation/" + headers[ID] + "/response", json.dumps([sorted(tenants), os.getpid()]), c=c)
        for i in range(4): threading.Thread(target=worker, daemon=True).start()
        time.sleep(600)
    """))
    answers = {}
    threads = [threading.Thread(target=lambda t=t, i=i: answers.__setitem__((t, i), s.invoke("1", Tenant_Id=t))) for i in range(4) for t in ("blue", "red")]
    for t in threads: t.start()
    for t in threads: t.join()
    assert all(a.json[0] == [t] for (t, _), a in answers.items()), answers
    assert s.metric("lrun_environments") <= 3


# ---- what is refused ----

@pytest.mark.parametrize("way", list(WAYS))
def test_a_request_without_a_tenant_is_refused(serve, function, way):
    s = serve("--tenancy", "per-tenant", function(COUNT))
    for headers in ({}, {"Tenant_Id": ""}):
        a = WAYS[way](s, **headers)
        assert (a.status, a.error, a.json) == (400, "InvalidParameterValueException", {"Type": "User", "message": MISSING}), a


@pytest.mark.parametrize("way", list(WAYS))
def test_a_tenant_of_a_function_that_has_none_is_refused(serve, function, way):
    a = WAYS[way](serve(function(COUNT)), Tenant_Id="blue")
    assert (a.status, a.error, a.json) == (400, "InvalidParameterValueException", {"Type": "User", "message": UNWANTED}), a


@pytest.mark.parametrize("tenancy", ["none", "per-tenant"])
def test_ids_that_aws_does_not_take(serve, function, tenancy):
    s = serve("--tenancy", tenancy, function(COUNT))
    for id in ("a*b", "a,b", "a\tb", "caf\u00e9".encode().decode("latin-1"), "a;b", "{}"):
        a = s.invoke("1", Tenant_Id=id)
        assert (a.status, a.error) == (400, "ValidationException") and "at 'tenantId' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9\\._:\\/=+\\-@ ]+" in a.json["message"], (id, a)
    a = s.invoke("1", Tenant_Id="x" * 257)
    assert (a.status, a.error) == (400, "ValidationException") and "Member must have length less than or equal to 256" in a.json["message"], a


def sent(s, headers, body):
    """What lrun answers to a request as it is written here."""
    with socket.create_connection(("127.0.0.1", s.port), timeout=20) as c:
        c.sendall(b"POST /2015-03-31/functions/function/invocations HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + headers + b"\r\n" + body)
        return b"".join(iter(lambda: c.recv(65536), b""))


CHUNKS = b"Transfer-Encoding: chunked\r\n"


def test_a_trailer_names_no_tenant(serve, function):
    """A program on the way that sets the header, and lets nobody else do so, passes on what comes behind the body."""
    s = serve("--tenancy", "per-tenant", function(COUNT))
    body = b"1\r\n0\r\n0\r\nX-Amz-Tenant-Id: green\r\n\r\n"
    assert b'[["blue"],' in sent(s, b"X-Amz-Tenant-Id: blue\r\n" + CHUNKS, body)
    assert MISSING.encode() in sent(s, CHUNKS, body)


def test_two_tenants_are_none(serve, function):
    s = serve("--tenancy", "per-tenant", function(COUNT))
    for second in (b"X-Amz-Tenant-Id", b"x-amz-tenant-id"):
        a = sent(s, b"X-Amz-Tenant-Id: blue\r\n" + second + b": green\r\nContent-Length: 1\r\n", b"0")
        assert a.startswith(b"HTTP/1.1 400 ") and b"'tenantId' failed to satisfy constraint" in a, a


def test_ids_that_aws_takes(serve, function):
    s = serve("--tenancy", "per-tenant", "--concurrency", 3, function(COUNT))
    seen = [alone(s, id) for id in ("x" * 256, "a b", "._:/=+-@", "Aa0", "aA0", "x" * 255)]
    assert len(set(seen)) == 6


def test_options_and_their_file(lrun, serve, function, tmp):
    package = function(COUNT)
    r = lrun("serve", "--port", 0, "--tenancy", "per-tenant", "--url", 0, package, report=False)
    assert r.code == 2 and "function URL" in r.log and "per-tenant" in r.log, r
    assert lrun("serve", "--port", 0, "--tenancy", "each", package, report=False).code == 2
    (tmp / "lrun.json").write_text(json.dumps({"functions": {"own": {"code": str(package), "tenancy": "per-tenant"}, "all": {"code": str(package), "url": 0}}}))
    s = serve("--config", tmp / "lrun.json")
    assert s.invoke("0", "own", Tenant_Id="blue").json[0] == ["blue"] and s.invoke("0", "all").json[0] == [None]
    assert s.invoke("0", "own").json["message"] == MISSING and s.invoke("0", "all", Tenant_Id="blue").json["message"] == UNWANTED


def test_run_has_one_tenant(lrun, function):
    r = lrun.run("--tenant", "blue", "-e", "0", "-e", "0", function(COUNT))
    assert [json.loads(line)[0] for line in r.text.splitlines()] == [["blue"], ["blue", "blue"]], r
    assert lrun.run(function(COUNT)).json[0] == [None]
    for bad in ("a*b", "x" * 257, "\u00e9"):
        r = lrun.run("--tenant", bad, function(COUNT))
        assert r.code == 2 and "--tenant" in r.log, r
