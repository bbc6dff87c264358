# SPDX-License-Identifier: Apache-2.0
"""What programs and packages bring never acts on a terminal; a pipe gets every byte of it. A real terminal for each place that
lrun writes to; tests/unit/test_term.c has the filter itself."""
import http.client
import os
import pty
import re
import select
import signal
import struct
import subprocess
import time
import zlib

import pytest

from conftest import make_zip

SEQUENCES = {
    "clipboard": b"\x1b]52;c;QUFB\x07", "title": b"\x1b]0;title\x1b\\", "screen": b"\x1b[2J", "keys": b"\x1b[6n", "string": b"\x1bPq\x1b\\", "reset": b"\x1bc",
    "eight bits": b"\x9d52;c;QUFB\x9c", "eight bits of UTF-8": b"\xc2\x9d52;c;QUFB\xc2\x9c", "CSI of UTF-8": b"\xc2\x9b2J", "overlong": b"\xc0\x9b2J", "cut off": b"\xe2\x82\x9b2J",
    "return": b"\rlrun: a line", "back": b"\b\b\b", "bidi": "\u202egnp.exe".encode(), "isolate": "\u2066x\u2069".encode(), "no UTF-8": b"\xff\xfe\x80", "delete": b"\x7f",
    "marks": "a\u200e\u200f\u061cb".encode(), "lines": "\u2028\u2029".encode(), "unseen": "\u200b\u2060\u2064\ufeff\ufff9\U000e0041".encode(),
}
ALL = b" ".join(SEQUENCES.values())
COLOUR = re.compile(rb"\x1b\[[0-9;:]*m")
PROGRESS = re.compile(rb"\r\x1b\[K(lrun: unpacking[^\r\n]*)?")  # lrun's own, where unpacking takes long
PLAIN = "gr\u00fcn \u20ac \U0001f600 \u05e9\u05dc\u05d5\u05dd \u0646\u200c\u0645 \U0001f468\u200d\U0001f33e \u2764\ufe0f"
HIDDEN = {0x61c, 0x200e, 0x200f, *range(0x202a, 0x202f), *range(0x2066, 0x2070), 0x2028, 0x2029, 0x200b, *range(0x2060, 0x2066), 0xfeff, *range(0xfff9, 0xfffc), *range(0xe0000, 0xe0080)}


def acts(seen):
    """What of it a terminal would act on; a terminal's own driver makes \\r\\n of each newline."""
    rest = COLOUR.sub(b"", seen.replace(b"\r\n", b"\n"))
    text = rest.decode(errors="surrogateescape")
    return sorted({hex(ord(c)) for c in text if (ord(c) < 0x20 and c not in "\n\t") or 0x7f <= ord(c) < 0xa0 or 0xd800 <= ord(c) < 0xe000 or ord(c) in HIDDEN})


class Terminal:
    """A program with its output and its errors on a terminal."""

    def __init__(self, argv, env=None, **more):
        self.master, slave = pty.openpty()
        self.seen = b""
        self.process = subprocess.Popen([*map(os.fsencode, argv)], stdin=subprocess.DEVNULL, **{"stdout": slave, "stderr": slave, **more},
                                        env={**os.environ, "TERM": "xterm", "NO_COLOR": "", **(env or {})})
        os.close(slave)

    def read(self, seconds):
        """Some more, or b"" at the end: the last that held the other side is gone."""
        if not select.select([self.master], [], [], seconds)[0]:
            return None
        try:
            part = os.read(self.master, 65536)
        except OSError:
            part = b""
        self.seen += part
        return part

    def wait_for(self, mark, seconds=20):
        end = time.monotonic() + seconds
        while mark not in self.seen and time.monotonic() < end and self.read(0.5) != b"":
            pass
        assert mark in self.seen, self.seen

    def end(self, seconds=40):
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.read(0.5) != b"":
            pass
        self.process.wait(10)
        os.close(self.master)
        return PROGRESS.sub(b"", self.seen)


def shown(argv, marks=(), **more):
    """All that reached the terminal, which must not act on it, and holds the marks."""
    seen = Terminal(argv, **more).end()
    assert not acts(seen), (acts(seen), seen)
    for mark in marks:
        assert mark in seen, (mark, seen)
    return seen


SAYS = f"""
def say(data):
    while data:
        data = data[os.write(2, data):]
ALL, PLAIN = {ALL!r}, {PLAIN!r}.encode()
"""
LOGS = SAYS + f"""
for name, s in {SEQUENCES!r}.items():
    say(b'|' + name.encode() + b' ' + s + b'|\\n')
    for cut in range(1, len(s)):
        say(b'|' + s[:cut])
        time.sleep(0.005)
        say(s[cut:] + b'|\\n')
for part in (b'<\\x1b[1;3', b'1mred\\x1b[0', b'm gr\\xc3', b'\\xbcn>\\r', b'\\n'):
    say(part)
    time.sleep(0.1)
say(PLAIN + b' \\x1b[1;31mred\\x1b[0m one\\r\\ntwo\\r\\n')
headers, event = next()
respond(headers[ID], b'"' + ALL.replace(b'\\\\', b'') + PLAIN + b'"')
next()
"""


@pytest.fixture
def logs(function):
    return function(LOGS)


def test_h86_a_functions_log_and_response(lrun, logs):
    seen = shown(lrun.argv("run", "--timeout", "30", logs), [PLAIN.encode() + b" \x1b[1;31mred\x1b[0m one\r\ntwo\r\n", b"|clipboard ?]52;c;QUFB?|", b"|return \r\nlrun: a line|", b"<\x1b[1;31mred\x1b[0m gr\xc3\xbcn>\r\n", b"END RequestId"])
    assert seen.count(PLAIN.encode()) == 2, "in the log and in the response"


TRACEBACK = "def inner():\n    raise ValueError('no good')\ndef lambda_handler(event, context):\n    inner()\n"


@pytest.mark.parametrize("server", (False, True), ids=("run", "serve"))
def test_the_lines_of_a_traceback_stand_below_each_other(lrun, tmp, server):
    """Lambda's clients join them by carriage returns; on a terminal each would be printed over the one before."""
    package = make_zip(tmp / "fn.zip", {"lambda_function.py": TRACEBACK})
    if server:
        seen, _ = served(lrun.argv("serve", "--port", "0", package, report=False), wanted=b"END RequestId")
    else:
        seen = shown(lrun.argv("run", package))
    lines = [re.sub(rb"^\[fn[^]]*\] ", b"", line) for line in seen.split(b"\r\n")]
    first = lines.index(b"[ERROR] ValueError: no good")
    blank = "\u00a0".encode() * 2
    assert lines[first + 1:first + 6] == [b"Traceback (most recent call last):", blank + b'File "/var/task/lambda_function.py", line 4, in lambda_handler', blank * 2 + b"inner()",
                                          blank + b'File "/var/task/lambda_function.py", line 2, in inner', blank * 2 + b"raise ValueError('no good')"], seen
    assert b"\r\xc2\xa0" in lrun.run(package).err, "a pipe gets the bytes"


def test_h86_a_pipe_and_a_file_get_every_byte(lrun, logs):
    r = lrun.run("--timeout", "30", logs)
    assert r.out == b'"' + ALL.replace(b"\\", b"") + PLAIN.encode() + b'"'
    assert all(b"|" + name.encode() + b" " + s + b"|\n" in r.err for name, s in SEQUENCES.items()) and b"one\r\ntwo\r\n" in r.err


@pytest.mark.parametrize("events", (1, 2))
def test_h86_a_response_alone(lrun, function, events):
    answers = function("while True:\n    headers, event = next()\n    respond(headers[ID], b'[\"' + " + repr(ALL.replace(b"\\", b"") + PLAIN.encode()) + " + b'\"]')\n")
    argv = lrun.argv("run", "-q", *["-e", "1"] * events, answers)
    seen = shown(argv, [PLAIN.encode()], stderr=subprocess.DEVNULL)
    assert seen.count(PLAIN.encode()) == events


@pytest.mark.parametrize("form", ("text", "json"))
def test_h86_an_error_of_the_functions_and_the_report(lrun, function, form):
    broken = function(SAYS + "say(ALL)\nheaders, event = next()\nfail(headers[ID], json.dumps({'errorMessage': '\\u009d52;c;QUFB\\u009c\\u202e', 'errorType': 'x\\u009b2J'}, ensure_ascii=False).encode(), "
                      "{'Lambda-Runtime-Function-Error-Type': 'Unhandled'})\nos._exit(3)\n", name=os.fsdecode(b"fn\xc2\x9b2J.zip"))
    shown([*lrun.argv("run", "--log-format", form, broken, report=False), "--report", "-"], [b'"lrun.report/1"', b"REPORT" if form == "text" else b"platform.report"])


def test_h86_colours_do_not_outlast_the_function(lrun, function):
    colours = function(SAYS + "say(b'\\x1b[8;31mhidden\\n')\nheaders, event = next()\nrespond(headers[ID], b'1')\nnext()\n")
    seen = shown(lrun.argv("run", colours), [b"hidden"])
    assert re.search(rb"\x1b\[8;31mhidden\r\n(\x1b\[0m)?START|hidden\r\n\x1b\[0m", seen) and COLOUR.findall(seen)[-1] == b"\x1b[0m", seen
    for variable in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        assert not COLOUR.search(shown(lrun.argv("run", colours), [b"hidden"], env=variable))


def served(argv, wanted):
    """One invocation of fn under serve on a terminal: all that it showed, and the response."""
    read_end, write_end = os.pipe()
    t = Terminal([*argv, "--ready-fd", str(write_end)], pass_fds=[write_end])
    os.close(write_end)
    with os.fdopen(read_end) as ready:
        port = int(ready.readline().rsplit(":", 1)[1])
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=40)
    c.request("POST", "/2015-03-31/functions/fn/invocations", "{}")
    response = c.getresponse().read()
    t.wait_for(wanted)
    t.process.send_signal(signal.SIGTERM)
    return t.end(), response


def test_h86_serves_log_under_its_prefixes(lrun, logs):
    seen, response = served(lrun.argv("serve", "--port", "0", "--timeout", "30", logs, report=False), wanted=b"REPORT RequestId")
    assert response == b'"' + ALL.replace(b"\\", b"") + PLAIN.encode() + b'"'
    assert not acts(seen) and PLAIN.encode() in seen and b"stopping" in seen, seen
    lines = seen.split(b"\r\n")
    assert all(re.match(rb"\[fn|lrun: (serving|stopping)", line) for line in lines if line), "no line without the prefix of its environment"


@pytest.fixture
def named(tmp):
    """A package and a layer with names that a terminal would act on, and a new line in one of them."""
    names = [b"dir" + str(i).encode() + b"/" + s.replace(b"\\", b"") for i, s in enumerate(SEQUENCES.values())]
    return write_zip(tmp / "fn.zip", {**{n: b"x" for n in names}, b"two\nlines": b"x", b"bootstrap": b"#!/bin/sh\n"})


def write_zip(path, files):
    """Stored, with the bytes of the names as they are."""
    local, central = b"", b""
    for name, content in files.items():
        common = struct.pack("<HHHHHIIIHH", 20, 0, 0, 0, 0x5821, zlib.crc32(content), len(content), len(content), len(name), 0)
        central += b"PK\1\2" + struct.pack("<H", 20 | 3 << 8) + common + struct.pack("<HHHII", 0, 0, 0, 0o100755 << 16, len(local)) + name
        local += b"PK\3\4" + common + name + content
    path.write_bytes(local + central + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, len(files), len(files), len(central), len(local), 0))
    return path


@pytest.mark.parametrize("form", ("", "--list", "--tree", "--mounts", "--variables", "--json"))
def test_h86_names_in_what_inspect_prints(lrun, named, form):
    words = [*([form] if form else []), "--env", "MINE=" + os.fsdecode(b"\x9b2J\x1b[2J\xe2\x80\xae"), named]
    seen = shown(lrun.argv("inspect", *words, report=False), [{"": b"together", "--mounts": b"/var/task", "--variables": b"MINE="}.get(form, b"dir0")])
    if form in ("--list", "--tree"):
        assert b"two?lines" in seen, "a name makes no line of its own"
    if form == "--json":
        assert b"\xc2\x9d52;c" in subprocess.run(lrun.argv("inspect", *words, report=False), capture_output=True).stdout, "a pipe gets them as they are"


@pytest.mark.parametrize("name", list(SEQUENCES))
def test_h86_names_in_errors(lrun, tmp, name):
    path = os.fsencode(tmp) + b"/none" + SEQUENCES[name] + b"\n" + PLAIN.encode() + b".zip"
    argv = [*lrun.argv("run", report=False), path]
    seen = shown(argv, [b"cannot open the package", PLAIN.encode() + b".zip'"])
    assert seen.count(b"\r\n") == 1, seen
    err = subprocess.run(argv, capture_output=True).stderr
    assert re.sub(rb"[\0-\x1f\x7f]", b"?", path) in err and err.count(b"\n") == 1, "a pipe: all but what would make a line of its own"


def test_h86_names_in_errors_of_the_package(lrun, tmp):
    bad = write_zip(tmp / "fn.zip", {b"bootstrap": b"x", b"a/../" + ALL.replace(b"\\", b""): b"x"})
    shown(lrun.argv("run", bad, report=False), [b"lrun: cannot"])


def test_h86_names_in_why_lines(lrun, tmp):
    """A library that the package has elsewhere, in a directory whose name would forge a line."""
    script = b"#!/bin/sh\necho 'app: error while loading shared libraries: libx.so.1: cannot open shared object file: No such file or directory' >&2\nexit 127\n"
    package = write_zip(tmp / "fn.zip", {b"bootstrap": script, b"two\nlines\xc2\x9b2J\xe2\x80\xae/libx.so.1": b"x"})
    seen = shown(lrun.argv("run", package, report=False), [b"why: "])
    assert re.search(rb"why: [^\r\n]*two\?lines\?2J", seen), seen
