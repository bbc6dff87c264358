# SPDX-License-Identifier: Apache-2.0
"""A container image as the runtime beneath a zip (AWS: customer-managed runtimes): its own bootstrap, variables, certificates and time
zone, with lrun's directories, the function and its layers over it."""
import os
import re
import subprocess

import pytest
from conftest import LRUN, LRUN_UID, ROOT, helper, make_zip

from support.base_image import ENV, OTHER, START, base, executable
from support.images import config, directory, layer, link, make

LOOKS = """
import os, sys, time
def lambda_handler(event, context):
    read = lambda path: open(path).read() if os.path.exists(path) else None
    return {"env": dict(os.environ), "cwd": os.getcwd(), "executable": sys.executable, "zone": time.tzname[0], "opt": sorted(os.listdir("/opt")), "task": sorted(os.listdir("/var/task")),
            "ca": read("/etc/pki/tls/certs/ca-bundle.crt"), "passwd": read("/etc/passwd").count("image"), "home": os.listdir("/home")}
"""


class Runtimes:
    """lrun with a store of its own, in which images are runtimes. Root's is in /var/lib, which a mount namespace of each command's replaces."""

    def __init__(self, lrun, tmp, place):
        self.lrun, self.tmp, self.place = lrun, tmp, place
        self.wrap = ["unshare", "-m", "sh", "-c", 'mount --bind "$0" /var/lib && exec "$@"', str(self.place)] if ROOT else []
        self.env = {**os.environ, "XDG_DATA_HOME": str(self.place)}
        self.dir = self.place / (f"lrun/{LRUN_UID}/runtimes" if ROOT else "lrun/runtimes")

    def try_to_add(self, id, tars, **start):
        image = make(self.tmp / f"{id}.tar", tars, "docker", how="plain", configuration=config(tars, config=start))
        return subprocess.run([*self.wrap, LRUN, "runtime", "add", id, str(image)], env=self.env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)

    def add(self, id, tars, **start):
        p = self.try_to_add(id, tars, **start)
        assert p.returncode == 0, p

    def __call__(self, command, *args, wrap=(), **more):
        return self.lrun(command, *args, wrap=[*self.wrap, *wrap], env=self.env, **more)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Of the stores: trees that several tests have are unpacked once."""
    made = tmp_path_factory.mktemp("data")
    for p in [made, made.parent, made.parent.parent]:
        if ROOT and str(p).startswith("/tmp/"):
            p.chmod(p.stat().st_mode | 0o055)
    return made


@pytest.fixture
def runtimes(lrun, tmp, place):
    return Runtimes(lrun, tmp, place)


def package(tmp, **more):
    return make_zip(tmp / "fn.zip", {"lambda_function.py": LOOKS, **more})


def extra(*entries):
    return layer(("home", directory()), ("home/file", b""), ("opt/of-the-image", b""), ("var/task/of-the-image", b""), *entries)


def own_values():
    return dict(e.split("=", 1) for e in ENV)


def test_python_of_the_image_runs_a_zip(runtimes, tmp):
    runtimes.add(OTHER, [base(), extra()], **START)
    r = runtimes("run", "--runtime", OTHER, "--layers", make_zip(tmp / "l.zip", {"of-the-layer": ""}), "--env", "FROM_IMAGE=2", package(tmp))
    assert r.code == 0, r
    env, own = r.json["env"], own_values()
    assert env["IMAGE_BOOTSTRAP"] == "1" and env["_HANDLER"] == "lambda_function.lambda_handler" and env["AWS_EXECUTION_ENV"] == "AWS_Lambda_" + OTHER, env
    assert all(env[k] == own[k] for k in ("PATH", "LD_LIBRARY_PATH", "LANG", "TZ")) and env["FROM_IMAGE"] == "2" and env["AWS_REGION"] == "us-east-1", env
    assert r.json["cwd"] == "/var/task" and r.json["executable"] == f"/var/lang/bin/{OTHER}" and r.json["zone"] == "JST" and r.json["ca"] == "the image's\n", r
    assert r.json["opt"] == ["of-the-layer"] and r.json["task"] == ["lambda_function.py"] and r.json["passwd"] == 0 and r.json["home"] == [], r
    assert f"INIT_START Runtime Version: python:{OTHER[6:]}." in r.log and r.report["runtimeSource"]["from"] == "store", r
    r = runtimes("run", "-q", "--runtime", OTHER, package(tmp))
    assert r.json["opt"] == [] and r.json["env"]["FROM_IMAGE"] == "1", r
    r = runtimes("exec", "--runtime", OTHER, tmp / "fn.zip", "--", "/bin/sh", "-c", "pwd; echo $FROM_IMAGE $PATH")
    assert r.text == f"/var/task\n1 {own['PATH']}\n", r


@pytest.mark.parametrize("id", ["java21", "ruby3.4", "dotnet8", "provided.al2023", "provided.al2"])
def test_other_ids_run_the_images_bootstrap(runtimes, tmp, id):
    runtimes.add(id, [base()], **START)
    r = runtimes("run", "--runtime", id, "--handler", "lambda_function.lambda_handler", package(tmp))
    assert r.code == 0 and r.json["env"]["IMAGE_BOOTSTRAP"] == "1" and r.json["cwd"] == "/var/task", r


@pytest.mark.parametrize("where", ["function", "layer"])
def test_a_bootstrap_of_the_package_goes_before_an_os_only_images(runtimes, tmp, where):
    runtimes.add("provided.al2023", [base()], Entrypoint=["/none"], **{k: v for k, v in START.items() if k != "Entrypoint"})
    mine = {"bootstrap": f"#!/bin/bash\nexport MINE=1\nexec /var/lang/bin/{OTHER} /var/runtime/bootstrap.py\n"}
    layers = ("--layers", make_zip(tmp / "l.zip", mine)) if where == "layer" else ()
    r = runtimes("run", "--runtime", "provided.al2023", "--handler", "lambda_function.lambda_handler", *layers, package(tmp, **(mine if where == "function" else {})))
    assert r.code == 0 and r.json["env"]["MINE"] == "1" and "IMAGE_BOOTSTRAP" not in r.json["env"], r


STARTER = f"""#!/bin/bash
echo started: "$@" >&2
export BY_ENTRYPOINT=1 _HANDLER=${{2:-$1}}
exec /var/lang/bin/{OTHER} /var/runtime/bootstrap.py
"""


@pytest.mark.parametrize("id", ["java21", "dotnet8", "nodejs22.x", "provided.al2023"])
@pytest.mark.parametrize("cmd, handler, given", [(None, "lambda_function.lambda_handler", "one lambda_function.lambda_handler"), (["lambda_function.lambda_handler"], None, "one lambda_function.lambda_handler"),
                                                (["of.image"], "lambda_function.lambda_handler", "one lambda_function.lambda_handler")])
def test_without_a_bootstrap_its_entrypoint_starts(runtimes, tmp, id, cmd, handler, given):
    runtimes.add(id, [base(bootstrap=None), layer(("start", executable(STARTER)))], Entrypoint=["/start", "one"], Env=ENV, WorkingDir="/opt", **({"Cmd": cmd} if cmd else {}))
    r = runtimes("run", "--runtime", id, *(("--handler", handler) if handler else ()), package(tmp))
    assert r.code == 0 and r.json["env"]["BY_ENTRYPOINT"] == "1" and f"started: {given}\n" in r.log and r.json["cwd"] == "/var/task", r


@pytest.mark.parametrize("start", [START, {}])
def test_an_image_that_starts_nothing_is_said(runtimes, tmp, start):
    image = [base(bootstrap=None, lang=False), layer(("x", str(start).encode()))]
    p = runtimes.try_to_add("ruby3.4", image, **start)
    assert p.returncode == 125 and "without /var/runtime/bootstrap, which ruby3.4 needs" in p.stderr, p
    runtimes.add("provided.al2023", image, **start)
    r = runtimes("run", "--runtime", "provided.al2023", package(tmp))
    assert r.code == 1 and r.json["errorType"] == "Runtime.InvalidEntrypoint" and "[/var/task/bootstrap /opt/bootstrap]" in r.json["errorMessage"], r


def test_an_image_with_an_interpreter_only_runs_lruns_client(runtimes, tmp):
    runtimes.add(OTHER, [base(bootstrap=None)], Env=ENV, Cmd=["python3"])
    r = runtimes("run", "--runtime", OTHER, package(tmp))
    assert r.code == 0 and r.json["env"]["AWS_EXECUTION_ENV"] == "AWS_Lambda_" + OTHER and "IMAGE_BOOTSTRAP" not in r.json["env"] and r.json["env"]["FROM_IMAGE"] == "1", r


@pytest.mark.parametrize("link_at", ["etc", "proc", "dev", "tmp", "var/task", "opt", "home", "etc/passwd", "var/runtime"])
def test_hostile_links_of_a_runtime_lead_nowhere(runtimes, tmp, link_at):
    canary = tmp / "canary"
    canary.mkdir()
    (canary / "secret").write_text("secret")
    canary.chmod(0o777)
    parents = [(p, directory()) for p in ("bin", "etc" if link_at.startswith("etc/") else "usr", "var")]
    tars = [layer(*parents, ("bin/probe", executable(open(helper("probe"), "rb").read())), (link_at, link(str(canary))))]
    runtimes.add("provided.al2023", tars, Entrypoint=["/bin/probe"])
    ask = lambda path, flags="0": runtimes("exec", "--runtime", "provided.al2023", package(tmp), "--", "/bin/probe", "open", path, flags).text.strip()
    for path in (f"/{link_at}/secret", f"{canary}/secret"):
        assert ask(path) in ("ENOENT", "ENOTDIR"), path
    for path in ("/etc/passwd", "/etc/hosts", "/dev/null", "/proc/self/status", "/var/task/lambda_function.py"):
        assert ask(path) == "ok", path
    ask(f"/{link_at}/made", str(os.O_CREAT | os.O_WRONLY))
    assert os.listdir(canary) == ["secret"]


def test_how_a_stored_image_is_started_must_be_known(runtimes, tmp):
    runtimes.add(OTHER, [base()], **START)
    name = runtimes.dir / "name" / OTHER
    name.write_text(re.sub("config .*", "config " + "0" * 64, name.read_text()))
    r = runtimes("run", "--runtime", OTHER, package(tmp))
    assert r.code == 125 and "files are missing or damaged" in r.log and f"lrun runtime add {OTHER}" in r.log, r
