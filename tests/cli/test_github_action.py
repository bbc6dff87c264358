# SPDX-License-Identifier: Apache-2.0
"""packaging/github: the action's file, and its steps, run as a runner of GitHub's runs them. What they would change on this machine (AppArmor's
profiles, its switch) is written down by programs of the same names instead."""
import hashlib
import os
import re
import shutil
import subprocess
import tarfile

import pytest
from yaml import safe_load

from conftest import BUILD, HELPERS, LRUN, ROOT, TOP, helper, make_zip, skip

PLACE = TOP / "packaging/github"
SCRIPTS = sorted(PLACE.glob("*.sh"))


def yaml(path):
    return safe_load(path.read_text())


@pytest.fixture
def action():
    return yaml(PLACE / "action.yml")


class Runner:
    def __init__(self, tmp):
        self.tmp, self.fakes = tmp, tmp / "fakes"
        self.fakes.mkdir()
        for name in ("output", "path", "summary"):
            (tmp / name).write_text("")
        self.environ = {"PATH": f"{self.fakes}:{os.environ['PATH']}", "HOME": str(tmp), "RUNNER_TEMP": str(tmp), "GITHUB_OUTPUT": str(tmp / "output"), "GITHUB_PATH": str(tmp / "path"),
                        "GITHUB_STEP_SUMMARY": str(tmp / "summary"), "GITHUB_ACTION_PATH": str(PLACE)}

    def fake(self, *names):
        """Programs that write down what they were told."""
        for name in names:
            (self.fakes / name).write_text(f'#!/bin/sh\necho {name} "$@" >>{self.tmp}/told\n' + ('[ "$1" = -m ] && cp "$3" ' + str(self.tmp) + '/installed\n' if name == "install" else '[ "$1" ] && exec "$@"\n' if name == "sudo" else "") + "exit 0\n")
            (self.fakes / name).chmod(0o755)

    def step(self, name, **variables):
        p = subprocess.run(["bash", "-eo", "pipefail", "-c", f'"$GITHUB_ACTION_PATH/{name}.sh"'], env={**self.environ, **{k: str(v) for k, v in variables.items()}}, capture_output=True, text=True, timeout=120)
        return p

    def told(self):
        return (self.tmp / "told").read_text() if (self.tmp / "told").exists() else ""

    def outputs(self):
        return dict(line.split("=", 1) for line in (self.tmp / "output").read_text().splitlines())


@pytest.fixture
def runner(tmp):
    return Runner(tmp)


@pytest.fixture
def release(tmp):
    """As make dist names and fills it."""
    place = tmp / "release.tar.gz"
    with tarfile.open(place, "w:gz", compresslevel=1) as t:
        t.add(LRUN, "lrun-0.0-linux-x/bin/lrun")
        for name in HELPERS:
            t.add(BUILD / name, f"lrun-0.0-linux-x/libexec/lrun/{name}")
    return place


# ---- the file ----

def test_the_file_is_a_composite_action_of_steps_that_are_there(action):
    steps = action["runs"]["steps"]
    assert action["runs"]["using"] == "composite" and all(i["description"] for i in action["inputs"].values())
    scripts = [re.fullmatch(r'"\$GITHUB_ACTION_PATH/(\w+\.sh)"', s["run"])[1] for s in steps if "run" in s]
    assert scripts == ["install.sh", "userns.sh", "doctor.sh"] and all(os.access(PLACE / s, os.X_OK) for s in scripts) and sorted(scripts) == [s.name for s in SCRIPTS]
    assert all(s["shell"] == "bash" for s in steps if "run" in s) and [s["uses"] for s in steps if "uses" in s] == ["actions/cache@v4"]


def test_what_it_names_is_declared_and_what_its_scripts_read_is_given(action):
    text = (PLACE / "action.yml").read_text()
    assert set(re.findall(r"inputs\.([\w-]+)", text)) == set(action["inputs"])
    ids = {s["id"] for s in action["runs"]["steps"] if "id" in s}
    assert set(re.findall(r"steps\.([\w-]+)\.outputs", text)) == ids
    written = set(re.findall(r"echo \"(\w+)=", (PLACE / "install.sh").read_text()))
    assert set(re.findall(r"outputs\.(\w+)", text)) <= written
    for step in action["runs"]["steps"]:
        if "run" in step:
            script = (PLACE / step["run"].strip('"').split("/")[1]).read_text()
            used = {v for v in re.findall(r"\$\{?([A-Z][A-Z0-9_]*)", script) if not v.startswith(("GITHUB_", "RUNNER_", "BASH_"))} - {"RESTRICTS"}
            assert used == set(step["env"]), (step, used)


def test_no_input_is_pasted_into_a_script(action):
    """An expression inside of run would be a way to run whatever an input says."""
    assert not any("${{" in s["run"] for s in action["runs"]["steps"] if "run" in s)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda s: s.name)
def test_the_scripts_are_bash(script):
    assert subprocess.run(["bash", "-n", script]).returncode == 0
    if not shutil.which("shellcheck"):
        skip("shellcheck is not installed")
    p = subprocess.run(["shellcheck", "-x", script], capture_output=True, text=True)
    assert p.returncode == 0, p.stdout


def test_the_example_uses_it_as_documented():
    page, example = (TOP / "docs/hosts.md").read_text(), yaml(TOP / "examples/github/tests.yml")
    (uses,) = [s for s in example["jobs"]["tests"]["steps"] if "lrun" in s.get("uses", "")]
    inputs = yaml(PLACE / "action.yml")["inputs"]
    assert uses["uses"] == "OWNER/lrun/packaging/github@REF" and uses["uses"] in page and set(uses.get("with", {})) <= set(inputs)
    for block in re.findall(r"```yaml\n(.*?)```", page, re.S):
        safe_load(block)


# ---- installing ----

def test_a_release_is_installed_and_its_place_is_told(runner, release, tmp):
    p = runner.step("install", TARBALL=release, SHA256=hashlib.sha256(release.read_bytes()).hexdigest(), PREFIX=tmp / "prefix")
    assert p.returncode == 0, p
    lrun = tmp / "prefix/bin/lrun"
    assert runner.outputs() == {"lrun": str(lrun), "version": subprocess.check_output([lrun, "--version"], text=True).splitlines()[0]} and (tmp / "path").read_text() == f"{lrun.parent}\n"
    assert (tmp / "prefix/libexec/lrun/lrun-unpack").exists() and not list(tmp.glob("lrun-install.*"))


@pytest.mark.parametrize("change, says", [
    ({"SHA256": "0" * 64}, "the tarball is another one"), ({"TARBALL": "https://localhost:1/x.tar.gz"}, "needs its digest"), ({"TARBALL": "http://localhost:1/x.tar.gz", "SHA256": "0" * 64}, "neither a path nor an https address"),
    ({"PREFIX": "relative"}, "not an absolute path")])
def test_what_is_not_sure_is_not_installed(runner, release, tmp, change, says):
    p = runner.step("install", **{"TARBALL": release, "SHA256": "", "PREFIX": tmp / "prefix", **change})
    assert p.returncode != 0 and says in p.stdout and p.stdout.startswith("::error title=lrun::") and not (tmp / "prefix/bin").exists(), p


def test_something_else_is_no_release(runner, tmp):
    with tarfile.open(tmp / "other.tar.gz", "w:gz", compresslevel=1) as t:
        t.add(LRUN, "lrun-0.0/lrun")
    p = runner.step("install", TARBALL=tmp / "other.tar.gz", SHA256="", PREFIX=tmp / "prefix")
    assert p.returncode != 0 and "it has no bin/lrun" in p.stdout, p


def test_without_a_release_it_is_built(runner, tmp):
    runner.fake("apt-get")
    if BUILD != TOP / "build" or subprocess.run(["make", "-q", "-C", TOP, "all"], capture_output=True).returncode:
        (skip if ROOT else pytest.skip)("the tree's own build is not up to date, and only root of this tree makes it so")
    p = runner.step("install", TARBALL="", SHA256="", PREFIX=tmp / "prefix")
    if "apt-get" in runner.told():
        skip("what building needs is not all there: make deps")
    assert p.returncode == 0 and subprocess.run([tmp / "prefix/bin/lrun", "--version"], capture_output=True).returncode == 0 and (tmp / "prefix/libexec/lrun/lrun-policy").exists(), p


# ---- user namespaces ----

@pytest.mark.parametrize("restricts", [None, "0\n"])
def test_where_nothing_restricts_nothing_is_changed(runner, tmp, restricts):
    runner.fake("install", "apparmor_parser", "sysctl", "sudo")
    if restricts:
        (tmp / "switch").write_text(restricts)
    p = runner.step("userns", USERNS="profile", LRUN=LRUN, RESTRICTS=tmp / "switch")
    assert p.returncode == 0 and "does not restrict" in p.stdout and runner.told() == "", p


def test_the_profile_is_for_this_program(runner, tmp):
    runner.fake("install", "apparmor_parser", "sysctl", "sudo")
    (tmp / "switch").write_text("1\n")
    (tmp / "link").symlink_to(LRUN)
    p = runner.step("userns", USERNS="profile", LRUN=tmp / "link", RESTRICTS=tmp / "switch")
    told = [line for line in runner.told().splitlines() if not line.startswith("sudo")]
    assert p.returncode == 0 and [t.split()[0] for t in told] == ["install", "apparmor_parser"] and told[0].endswith("/etc/apparmor.d/lrun") and told[1] == "apparmor_parser -r /etc/apparmor.d/lrun", (p, told)
    installed = (tmp / "installed").read_text()
    assert re.search(rf"^profile lrun {re.escape(os.path.realpath(LRUN))} flags=", installed, re.M) and "userns," in installed, installed
    assert ("sudo" in runner.told()) == (not ROOT)


@pytest.mark.parametrize("mode, told, says", [("sysctl", "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0\n", ""), ("none", "", "::warning"), ("all", "", "is not one of profile, sysctl, none")])
def test_the_other_ways(runner, tmp, mode, told, says):
    runner.fake("install", "apparmor_parser", "sysctl", "sudo")
    (tmp / "switch").write_text("1\n")
    p = runner.step("userns", USERNS=mode, LRUN=LRUN, RESTRICTS=tmp / "switch")
    assert (p.returncode == 0) == (mode != "all") and says in p.stdout and runner.told().endswith(told) and bool(runner.told()) == bool(told), p


# ---- doctor, and what is kept ----

def test_doctor_is_told(runner, tmp):
    p = runner.step("doctor", LRUN=LRUN, XDG_CACHE_HOME=tmp / "c")
    assert p.returncode == 0 and "lrun works here." in p.stdout and "::error" not in p.stdout, p
    assert "lrun works here." in (tmp / "summary").read_text()


def test_what_fails_is_an_error_of_the_step(runner, tmp):
    wrapped = tmp / "lrun"
    wrapped.write_text(f'#!/bin/sh\nexec {helper("refuse")} clone3 EPERM -- {LRUN} "$@"\n')
    wrapped.chmod(0o755)
    p = runner.step("doctor", LRUN=wrapped, XDG_CACHE_HOME=tmp / "c")
    errors = [line for line in p.stdout.splitlines() if line.startswith("::error title=lrun doctor::")]
    assert p.returncode == 1 and any("sandbox" in e and "the system refuses user namespaces" in e for e in errors), p
    assert "lrun does not work here" in (tmp / "summary").read_text()


def test_what_the_action_keeps_is_good_on_another_machine(lrun, tmp, action):
    """Trees and policies are packed as the cache action packs them; the memory of files is left behind, and another boot's tree is verified."""
    (step,) = [s for s in action["runs"]["steps"] if "uses" in s]
    parts = [line.removeprefix("~/.cache/lrun/v1/") for line in step["with"]["path"].split()]
    package = make_zip(tmp / "fn.zip", {"f": "kept\n", "sub/program": ("x", 0o755)})
    cache = tmp / "cache"
    lrun.exec(package, "/bin/cat", "f")
    (cache / "policy").mkdir(exist_ok=True)
    subprocess.run(["tar", "--posix", "-cf", tmp / "kept.tar", "-P", "-C", cache, *parts], check=True)
    shutil.rmtree(cache)
    cache.mkdir(mode=0o700)
    subprocess.run(["tar", "-xf", tmp / "kept.tar", "-P", "-C", cache], check=True)
    for facts in cache.glob("tree/*/facts"):
        text = facts.read_text()
        facts.write_text(re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "00000000-0000-4000-8000-000000000000", text))
    if ROOT:
        subprocess.run(["chown", "-R", "60993:60993", cache], check=True)
    before = {p.name: p.stat().st_ino for p in cache.glob("tree/*")}
    r = lrun.exec(package, "/bin/cat", "f")
    assert r.code == 0 and r.out == b"kept\n" and {p.name: p.stat().st_ino for p in cache.glob("tree/*")} == before, r
    assert "damaged" not in subprocess.run(lrun.argv("cache", "verify", report=False), capture_output=True, text=True).stdout
