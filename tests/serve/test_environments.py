# SPDX-License-Identifier: Apache-2.0
"""Environments under serve: how many there are, who gets one, freezing, re-initialising, going away."""
import json
import os
import re
import threading
import time

import pytest

from conftest import AGENT, inits_below, make_zip, processes_of, row, skip, wait_until

COUNT = """
n = 0
while True:
    headers, event = next()
    n += 1
    do = json.loads(event)
    if isinstance(do, dict) and "sleep" in do: time.sleep(do["sleep"])
    if do == "exit": os._exit(1)
    if do == "hang": time.sleep(60)
    if do == "file": open("/tmp/kept", "w").write("kept")
    respond(headers[ID], json.dumps({"n": n, "stream": os.environ["AWS_LAMBDA_LOG_STREAM_NAME"], "kept": os.path.exists("/tmp/kept")}).encode())
"""


def together(s, payloads):
    answers = [None] * len(payloads)

    def one(i):
        answers[i] = s.invoke(json.dumps(payloads[i]))
    threads = [threading.Thread(target=one, args=(i,)) for i in range(len(payloads))]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return answers


@row("7.1 concurrent requests")
def test_requests_at_once_get_environments_of_their_own(serve, function):
    s = serve("--concurrency", 3, function(COUNT))
    answers = together(s, [{"sleep": 0.4}] * 6)
    assert all(a.status == 200 for a in answers) and len({a.json["stream"] for a in answers}) == 3
    assert sorted(a.json["n"] for a in answers) == [1, 1, 1, 2, 2, 2]
    assert s.metric("lrun_environments") == 3 and s.metric("lrun_cold_starts_total") == 3
    assert [s.invoke().json["n"] for _ in range(3)] == [3, 4, 5], "the one used last is used again"


def test_an_environment_is_there_before_the_first_request(serve, function):
    s = serve(function(COUNT))
    assert s.log.count("INIT_START") == 1 and s.metric("lrun_environments_idle") == 1
    s.invoke()
    assert wait_until(lambda: "Init Duration" in s.log) and s.log.count("INIT_START") == 1


def test_the_line_is_first_come_first_served(serve, function):
    s = serve("--concurrency", 1, function("""
        while True:
            headers, event = next()
            log("had", event.decode())
            time.sleep(0.15)
            respond(headers[ID], event)
    """))
    threads = []
    for i in range(5):
        threads.append(threading.Thread(target=lambda i=i: s.invoke(str(i))))
        threads[-1].start()
        time.sleep(0.05)
    for t in threads:
        t.join()
    had = [line.split()[-1] for line in s.log.splitlines() if " had " in line]
    assert had == ["0", "1", "2", "3", "4"]


@row("1.4 freeze", "7.12 re-init")
def test_a_frozen_environment_does_nothing_and_wakes_for_the_next(serve, function):
    s = serve(function("""
        import threading
        ticks = 0
        def tick():
            global ticks
            while True:
                ticks += 1
                time.sleep(0.01)
        threading.Thread(target=tick, daemon=True).start()
        while True:
            headers, event = next()
            respond(headers[ID], str(ticks).encode())
    """))
    first = s.invoke().json
    time.sleep(1)
    assert s.invoke().json - first < 40


@pytest.mark.parametrize("do", ["exit", "hang"])
def test_after_a_failure_memory_is_new_and_tmp_is_kept(serve, function, do):
    s = serve("--timeout", 1, function(COUNT))
    assert s.invoke('"file"').json["n"] == 1
    assert s.invoke(json.dumps(do)).headers["x-amz-function-error"] == "Unhandled"
    a = s.invoke('"x"').json
    assert a["n"] == 1 and a["kept"] is True and s.log.count("INIT_START") == 1, "a suppressed init says nothing"


def test_a_crash_touches_no_other(serve, function):
    s = serve("--concurrency", 2, function(COUNT))
    answers = together(s, [{"sleep": 1}, "exit"])
    assert answers[0].json["n"] == 1 and "x-amz-function-error" in answers[1].headers


@row("1.4 exit while idle")
def test_a_runtime_that_ends_while_idle_is_started_anew(serve, function):
    s = serve(function("""
        import threading
        while True:
            headers, event = next()
            respond(headers[ID], str(os.getpid()).encode())
            if event == b"1": os._exit(0)
    """))
    assert s.invoke("1").status == 200
    for _ in range(3):
        a = s.invoke("2")
        assert a.status == 200 and "x-amz-function-error" not in a.headers, a


def holds(pid, secret):
    """Whether a process has this in what it may write."""
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            start, end = (int(x, 16) for x in line.split()[0].split("-"))
            if line.split()[1].startswith("rw"):
                memory.seek(start)
                if secret in memory.read(end - start):
                    return True
    return False


def test_init_keeps_nothing_of_other_environments(serve, function):
    """Each init is a fork of a server that has other functions' requests in its memory."""
    if os.geteuid() != 0:
        pytest.skip("only root may look into an init")
    s = serve("--concurrency", 2, function(COUNT))
    secret = os.urandom(20).hex()
    first = threading.Thread(target=s.invoke, args=(json.dumps({"sleep": 2, "secret": secret}),))
    first.start()
    assert wait_until(lambda: "START RequestId" in s.log)
    s.invoke(json.dumps({"sleep": 0.1}))
    inits = inits_below(s.process.pid)  # not what answers sysinfo(2), which is no sandbox's
    assert len(inits) == 2 and holds(s.process.pid, secret.encode()), "this look finds what is there"
    assert not any(holds(p, secret.encode()) for p in inits)
    first.join()
    s.invoke("\"exit\"")
    assert s.invoke("1").status == 200, "and it still starts what it is told to"


def test_init_killed_is_not_the_end_of_the_server(serve, function):
    from conftest import init_of
    s = serve(function(COUNT))
    os.kill(init_of(s.process), 9)
    assert wait_until(lambda: "its process 1 was killed" in s.log)
    assert s.invoke().json["n"] == 1


def test_an_idle_environment_goes(serve, function):
    s = serve("--idle-timeout", 1, function(COUNT))
    s.invoke()
    assert wait_until(lambda: s.metric("lrun_environments") == 0, 6)
    assert s.invoke().json["n"] == 1 and s.metric("lrun_cold_starts_total") == 2


def test_memory_is_limited_and_told(serve, function):
    s = serve("--memory", 128, "--timeout", 10, function("""
        while True:
            headers, event = next()
            x = bytearray(json.loads(event) << 20)
            for i in range(0, len(x), 4096): x[i] = 1
            time.sleep(0.2)
            respond(headers[ID], b"1")
    """))
    assert s.invoke("60").json == 1
    a = s.invoke("400")
    assert a.json["errorType"] == "Runtime.ExitError" and a.json["errorMessage"].endswith("signal: killed"), a
    assert s.invoke("1").json == 1 and 60 << 20 < s.metric("lrun_max_memory_used_bytes") <= 128 << 20


MANY = """
import threading
def worker():
    c = connect()
    def post(path, body):
        return request("POST", BASE + "/invocation/" + path, body, c=c)
    while True:
        headers, event = next(c)
        do = json.loads(event)
        if isinstance(do, (int, float)): time.sleep(do)
        if do == "exit": os._exit(3)
        if do == "refused":
            try: os.chroot("/tmp")
            except OSError as e: text = str(e)
            log("refused")
            time.sleep(1)
            log("error", post(headers[ID] + "/error", json.dumps({"errorType": "PermissionError", "errorMessage": text}).encode())[0]); continue
        if do == "fail": log("fail", post(headers[ID] + "/error", b'{"errorType":"Mine"}')[0]); continue
        log("answer", post(headers[ID] + "/response", json.dumps([os.getpid(), os.environ["AWS_LAMBDA_MAX_CONCURRENCY"], os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"]]).encode()))
for i in range(3): threading.Thread(target=worker, daemon=True).start()
worker()
"""


@row("1.9 several next", "1.9 variables", "1.9 by id", "1.9 init by one worker")
def test_one_environment_takes_several_at_once(serve, function):
    s = serve("--max-concurrency", 4, "--concurrency", 1, function(MANY))
    start = time.monotonic()
    answers = together(s, [0.8, 0.6, 0.4, 0.2])
    assert time.monotonic() - start < 1.8
    assert all(a.json[1:] == ["4", "lambda-managed-instances"] for a in answers) and len({a.json[0] for a in answers}) == 1
    assert len({a.headers["x-amzn-requestid"] for a in answers}) == 4
    assert s.metric("lrun_environments") == 1
    assert s.invoke('"fail"').json == {"errorType": "Mine"}


@row("1.9 timeout", "1.3 410")
def test_a_timeout_of_one_leaves_the_others_alone(serve, function):
    s = serve("--max-concurrency", 4, "--concurrency", 1, "--timeout", 1, function(MANY))
    answers = together(s, [1.5, 0.6])
    assert answers[0].json["errorType"] == "Sandbox.Timedout" and answers[1].status == 200 and "x-amz-function-error" not in answers[1].headers
    pid = answers[1].json[0]
    assert wait_until(lambda: "answer (410" in s.log and '"errorType":"InvokeTimeout"' in s.log, 4), s
    assert s.invoke("0").json[0] == pid, "it was not ended"


@row("1.9 crash")
def test_a_crash_ends_all_that_were_with_it(serve, function):
    s = serve("--max-concurrency", 4, "--concurrency", 1, function(MANY))
    answers = []
    first = threading.Thread(target=lambda: answers.append(s.invoke("2")))
    first.start()
    assert wait_until(lambda: "START RequestId" in s.log), "it runs before the other crashes"
    answers.append(s.invoke('"exit"'))
    first.join()
    assert [a.json["errorType"] for a in answers] == ["Runtime.ExitError"] * 2
    assert s.invoke("0").status == 200


def test_the_first_call_after_a_cold_start_has_its_duration(serve, function):
    """Whichever ends first."""
    s = serve("--max-concurrency", 4, "--concurrency", 1, function(MANY))
    first = threading.Thread(target=lambda: s.invoke("1"))
    first.start()
    assert wait_until(lambda: "START RequestId" in s.log)
    assert s.invoke("0").status == 200 and s.log.count("REPORT RequestId") == 1
    first.join()
    assert wait_until(lambda: s.log.count("REPORT RequestId") == 2)
    started, reports = re.findall("START RequestId: (\\S+)", s.log), dict(re.findall("REPORT RequestId: (\\S+)(.*)", s.log))
    assert ["Init Duration" in reports[i] for i in started] == [True, False], s.log


@pytest.mark.parametrize("meanwhile, said", [(["0"], True), (["3", "2.5"], False)], ids=["still runs", "has ended"])
def test_a_kill_for_memory_is_known_while_a_call_runs_that_saw_it(serve, function, meanwhile, said):
    """A call that comes does not make it forgotten; what comes after the end of the last that saw it is another thing."""
    if os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") < 4 << 30:
        skip("2 GB of memory are used up")
    eat = """        if do == "eat":
            if not (child := os.fork()):
                kept = [bytearray(b"x" * (16 << 20)) for i in range(200)]
                os._exit(0)
            log("eaten", os.waitpid(child, 0)[1])
            time.sleep(2)
        if do == "kill": os.kill(os.getpid(), 9)
"""
    s = serve("--max-concurrency", 4, "--concurrency", 1, "--timeout", 30, function(MANY.replace('        if do == "exit"', eat + '        if do == "exit"')))
    calls = [threading.Thread(target=s.invoke, args=(event,)) for event in ('"eat"', *meanwhile[:-1])]
    calls[0].start()
    assert wait_until(lambda: "eaten 9" in s.log, 20), s.log
    for call in calls[1:]:
        call.start()
    assert s.invoke(meanwhile[-1]).status == 200
    assert s.invoke('"kill"').json["errorMessage"].endswith("signal: killed")
    for call in calls:
        call.join()
    assert wait_until(lambda: "why:" in s.log or not said)
    assert ("the function exceeded its 2048 MB of memory" in s.log) == said and (said or "why:" not in s.log.split("START RequestId")[-1]), s.log


@row("1.9 extensions")
def test_extensions_hear_of_no_invocations_then(serve, function, tmp):
    layer = make_zip(tmp / "l.zip", {"extensions/agent": (AGENT + "say('A', register()[2])\nid = register(events=['SHUTDOWN'])[1]['lambda-extension-identifier']\nsay('B', register('in', ['INVOKE'])[2])\nloop(id)\n", 0o755)})
    s = serve("--max-concurrency", 2, "--layers", layer, function(MANY))
    assert s.invoke("0").status == 200
    assert "INVOKE: ErrorInvalidEventType" in s.log and "No events allowed for internal extensions" in s.log


def test_what_ends_meanwhile_takes_no_evidence_from_those_that_run(serve, function):
    s = serve("--max-concurrency", 4, "--concurrency", 1, function(MANY))
    answers = []
    first = threading.Thread(target=lambda: answers.append(s.invoke('"refused"')))
    first.start()
    assert wait_until(lambda: "refused" in s.log)
    assert s.invoke("0").status == 200 and not answers
    first.join()
    assert answers[0].json["errorType"] == "PermissionError" and wait_until(lambda: "why:" in s.log), s.log
    assert re.search(r"^.*why: .*chroot.*\(LR-057\)$", s.log, re.M), s.log


def test_nothing_is_left_behind(lrun, function):
    from conftest import Server
    marker = f"marker-{os.urandom(6).hex()}"
    s = Server(lrun, "--concurrency", 3, "--env", f"MARK={marker}", function("import subprocess\nsubprocess.Popen(['/bin/sleep', '1234.5'])\n" + COUNT))
    together(s, [{"sleep": 0.3}] * 3)
    assert s.stop() == 0
    assert wait_until(lambda: not [p for p in processes_of("1234.5")])
    s = Server(lrun, "--concurrency", 3, function("import subprocess\nsubprocess.Popen(['/bin/sleep', '1234.6'])\n" + COUNT, "b.zip"))
    together(s, [{"sleep": 0.3}] * 3)
    s.process.kill()
    s.wait()
    assert wait_until(lambda: not [p for p in processes_of("1234.6")])
