# SPDX-License-Identifier: Apache-2.0
"""lrun layer fetch: the user's own AWS CLI and curl, against a server that takes AWS's place on the loopback (support/aws.py)."""
import json
import os
import pathlib
import subprocess
import time

import pytest
from conftest import LRUN, LRUN_UID, ROOT, make_zip
from support.aws import ACCOUNT, SECRET, Aws, aws_cli, code_sha256

ARN = f"arn:aws:lambda:us-east-1:{ACCOUNT}:layer:my-layer:3"


class Fetching:
    """lrun with a store and a home of its own; root's store is in /var/lib, which a mount namespace of each command's replaces."""

    def __init__(self, lrun, tmp, aws):
        self.lrun, self.aws, self.place, self.home = lrun, aws, tmp / "data", tmp / "home"
        for d in (self.place, self.home):
            d.mkdir()
        self.wrap = ["unshare", "-m", "sh", "-c", 'mount --bind "$0" /var/lib && exec "$@"', str(self.place)] if ROOT else []
        path = aws_cli(tmp / "cli", aws)
        self.env = {**aws.environment(self.home), "XDG_DATA_HOME": str(self.place), "PATH": f"{path}:{os.environ['PATH']}"}
        self.dir = self.place / (f"lrun/{LRUN_UID}/layers" if ROOT else "lrun/layers")

    def argv(self, *args):
        return [*self.wrap, LRUN, "layer", "--cache-dir", self.lrun.cache, *map(str, args)]

    def __call__(self, *args, env=(), **more):
        return subprocess.run(self.argv(*args), env={**self.env, **dict(env)}, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, **more)

    def start(self, *args):
        return subprocess.Popen(self.argv(*args), env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def list(self):
        return json.loads(self("list", "--json").stdout)["layers"]

    def left(self):
        """What lies in the store but what is kept."""
        return os.listdir(self.dir / "tmp") if self.dir.exists() else []


@pytest.fixture
def aws():
    made = Aws()
    yield made
    made.stop()


@pytest.fixture
def fetching(lrun, tmp, aws):
    return Fetching(lrun, tmp, aws)


def running(tmp):
    """Processes with this test's PATH: lrun, and what it has started."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if f"{tmp}/cli:".encode() in pathlib.Path("/proc", pid, "environ").read_bytes():
                found.append(pathlib.Path("/proc", pid, "cmdline").read_bytes())
        except OSError:
            pass
    return found


def zip_of(tmp, answer):
    return pathlib.Path(make_zip(tmp / "of.zip", {"python/mylayer.py": f"ANSWER = {answer!r}\n", "filler": os.urandom(200000)})).read_bytes()


def test_a_layer_is_fetched_checked_and_used(fetching, tmp, aws):
    data = aws.layers[ARN] = zip_of(tmp, "fetched")
    p = fetching("fetch", ARN)
    assert p.returncode == 0 and p.stderr == f"lrun: fetching {ARN}: 0.2 MB\n" and p.stdout.startswith(f"added {ARN}: "), p
    assert p.stdout.endswith(f"CodeSha256 {code_sha256(data)}\n") and len(aws.asked) == 2 and "find=LayerVersion" in aws.asked[0], (p, aws.asked)
    [entry] = fetching.list()
    assert entry["source"] == "AWS" and entry["codeSha256"] == code_sha256(data) and fetching.left() == []
    aws.stop()
    fn = make_zip(tmp / "fn.zip", {"lambda_function.py": "import mylayer\ndef lambda_handler(event, context):\n    return mylayer.ANSWER\n"})
    assert fetching.lrun.run("--layers", ARN, fn, wrap=fetching.wrap, env=fetching.env).json == "fetched"


def test_the_address_is_in_no_argument_no_variable_and_no_log(fetching, tmp, aws):
    aws.layers[ARN] = zip_of(tmp, "x")
    aws.hold.clear()
    p = fetching.start("fetch", "-q", ARN)
    for _ in range(600):
        if any(path.startswith("/code/") for path in aws.asked):
            break
        time.sleep(0.02)
    seen = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        for name in ("cmdline", "environ"):
            try:
                seen.append(pathlib.Path("/proc", pid, name).read_bytes())
            except OSError:
                pass
    assert any(b"curl\0-q\0-K\0-\0" == s for s in seen) and not any(SECRET.encode() in s for s in seen)
    assert not [f for f in tmp.rglob("*") if f.is_file() and SECRET.encode() in f.read_bytes()]
    aws.hold.set()
    out, err = p.communicate(timeout=60)
    assert p.returncode == 0 and SECRET not in out + err and err == "", (out, err)


def test_nothing_is_fetched_by_a_launch(fetching, tmp, aws):
    aws.layers[ARN] = zip_of(tmp, "x")
    fn = make_zip(tmp / "fn.zip", {"lambda_function.py": "def lambda_handler(event, context):\n    return 1\n"})
    r = fetching.lrun.run("--layers", ARN, fn, wrap=fetching.wrap, env=fetching.env)
    assert r.code == 125 and "lrun layer fetch ARN" in r.log and aws.asked == [], (r, aws.asked)


@pytest.mark.parametrize("wrong, says", [
    ({"CodeSha256": code_sha256(b"other")}, "not what AWS says"), ({"CodeSize": 1000}, "it is larger than AWS says"), ({"CodeSize": 1 << 40}, "AWS says that it has 1099511627776 bytes"),
    ({"Location": "ftp://127.0.0.1/x"}, "an address that lrun does not take"), ({"Location": "http://192.0.2.1/x"}, "an address that lrun does not take"),
    ({"Location": 'https://127.0.0.1/x"\noutput = "/tmp/lrun-injected'}, "an address that lrun does not take"), ({"Location": "file:///etc/passwd"}, "an address that lrun does not take"),
    ({"Location": "http://127.0.0.1.example/x"}, "an address that lrun does not take"), ({"Location": "http://127.0.0.1:1/x"}, "the host cannot be reached"), ({"Location": None}, "no Content with Location")],
    ids=["hash", "size", "huge", "scheme", "clear", "quote", "file", "host", "unreachable", "none"])
def test_what_is_not_as_aws_says_is_refused_and_nothing_is_left(fetching, tmp, aws, wrong, says):
    aws.layers[ARN] = zip_of(tmp, "x")
    aws.wrong = wrong
    p = fetching("fetch", ARN)
    assert p.returncode == 125 and says in p.stderr and SECRET not in p.stderr, p
    assert fetching.list() == [] and fetching.left() == [] and not (fetching.dir / "zip").exists()


def test_what_was_fetched_is_looked_through_as_any_layer(fetching, aws):
    aws.layers[ARN] = b"no zip at all"
    p = fetching("fetch", ARN)
    assert p.returncode == 125 and f"Could not unzip uploaded file. Please check your file, then try to upload again. '{ARN}'" in p.stderr and fetching.list() == [] and fetching.left() == [], p


def test_awss_reason_is_told_with_what_to_do(fetching, aws):
    p = fetching("fetch", ARN)
    assert p.returncode == 125 and f"cannot ask AWS for '{ARN}'" in p.stderr and "check name, version and region" in p.stderr and "ResourceNotFoundException" in p.stderr, p
    p = fetching("fetch", ARN, env={"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_PROFILE": "none"})
    assert p.returncode == 125 and "AWS_PROFILE names a profile that ~/.aws/config does not have" in p.stderr, p
    assert len(p.stderr.splitlines()) == 1


def test_a_missing_program_is_named(fetching, tmp, aws):
    aws.layers[ARN] = zip_of(tmp, "x")
    (tmp / "bin").mkdir()
    for name in ("unshare", "sh", "mount"):
        (tmp / "bin" / name).symlink_to(f"/usr/bin/{name}")
    p = fetching("fetch", ARN, env={"PATH": str(tmp / "bin")})
    assert p.returncode == 125 and "cannot find in PATH the AWS CLI 'aws'" in p.stderr and "lrun layer add ARN FILE" in p.stderr and aws.asked == [], p


def test_the_region_is_the_arns(fetching, tmp, aws):
    (tmp / "bin").mkdir()
    tool = tmp / "bin/aws"
    tool.write_text(f"#!/bin/sh\necho \"$@\" >{fetching.place}/said\necho 'An error occurred (AccessDeniedException) when calling it' >&2\necho '{SECRET}' >&2\nexit 254\n")
    tool.chmod(0o755)
    if ROOT:
        fetching.place.chmod(0o777)
    p = fetching("fetch", ARN, env={"PATH": f"{tmp}/bin:{fetching.env['PATH']}"})
    assert (fetching.place / "said").read_text().split() == ["lambda", "get-layer-version-by-arn", "--arn", ARN, "--output=json", "--region=us-east-1"]
    assert p.returncode == 125 and "it must be shared with your account" in p.stderr and SECRET not in p.stderr, p


@pytest.mark.skipif(not ROOT, reason="an ordinary user's program sees what it would if started by hand")
def test_roots_program_sees_copies_of_roots_files(fetching, tmp, aws):
    (fetching.home / ".aws").mkdir()
    (fetching.home / ".aws/credentials").write_text("[mine]\naws_access_key_id = AKIAROOT\naws_secret_access_key = secret\n")
    fetching.home.chmod(0o700)
    aws.layers[ARN] = zip_of(tmp, "x")
    p = fetching("fetch", ARN, env={"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_PROFILE": "mine"})
    assert p.returncode == 0, p


@pytest.mark.parametrize("number", [15, 2, 9])
def test_a_signal_while_it_is_fetched_leaves_neither_files_nor_processes(fetching, tmp, aws, number):
    aws.layers[ARN] = zip_of(tmp, "x")
    aws.hold.clear()
    p = fetching.start("fetch", ARN)
    for _ in range(600):
        if any(path.startswith("/code/") for path in aws.asked):
            break
        time.sleep(0.02)
    assert len(running(tmp)) == 2
    p.send_signal(number)
    p.communicate(timeout=30)
    assert p.returncode == -number
    time.sleep(0.2)
    assert not running(tmp)
    assert fetching.list() == [] and fetching.left() == [], "what SIGKILL leaves is swept by the next lrun that opens the store"
