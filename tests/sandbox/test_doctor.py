# SPDX-License-Identifier: Apache-2.0
"""lrun doctor: each probe is the real thing, so refusing its calls must show, with what to do about it."""
import json
import os
import re
import shutil
import subprocess

import pytest

from conftest import BUILD, HELPERS, LRUN, ROOT, TOP, helper, skip

ERRNOS = ["EPERM", "EACCES", "ENOSYS", "EINVAL", "ENOSPC"]
SCHEMA = json.loads((TOP / "docs/doctor.schema.json").read_text())
# What would switch a protection off instead of allowing lrun what it needs.
BYPASS = re.compile(r"--privileged|aa-exec|busybox|LD_PRELOAD|setenforce|chmod u\+s|--cap-add|apparmor_parser -R|teardown", re.I)


def doctor(tmp, *wrap, options=("--json",)):
    p = subprocess.run([*map(str, wrap), LRUN, "doctor", "--cache-dir", str(tmp / "cache"), *options], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)
    if "--json" not in options:
        return p
    import jsonschema
    report = json.loads(p.stdout)
    jsonschema.validate(report, SCHEMA)
    assert p.returncode == (0 if report["works"] else 1) and "lrun:" not in p.stderr, p
    return {probe["name"]: probe for probe in report["probes"]}


def test_it_works_here(tmp):
    found = doctor(tmp)
    assert [n for n, p in found.items() if p["needed"]] == ["kernel", "helpers", "cache", "sandbox", "unpack"] and all(p["status"] == "ok" for p in found.values() if p["needed"]), found
    assert all(p["note"] for p in found.values() if p["status"] == "ok") and all(p["what"] for p in found.values() if p["status"] != "ok")


@pytest.mark.serial  # it looks for what any doctor leaves
def test_it_can_be_read_and_leaves_nothing(tmp):
    before = set(os.listdir("/tmp"))
    p = doctor(tmp, options=())
    assert p.returncode == 0 and p.stdout.endswith("lrun works here.\n") and re.search(r"^ok +sandbox +", p.stdout, re.M), p
    assert not [n for n in set(os.listdir("/tmp")) - before if n.startswith("lrun-doctor")]


@pytest.mark.parametrize("errno", ERRNOS)
@pytest.mark.parametrize("call, step", [
    ("clone3", "clone"), ("mount", "private"), ("fsopen", "root"), ("fsconfig", "root"), ("fsmount", "root"), ("open_tree", "root"), ("mount_setattr", "root"), ("move_mount", "root"), ("pivot_root", "pivot"),
    ("sethostname", "hostname"), ("capset", "caps"), ("seccomp", "payload"),
])
def test_what_the_sandbox_needs(tmp, call, step, errno):
    if call == "capset":  # root makes the cache as another user, which needs it too
        doctor(tmp)
    found = doctor(tmp, helper("refuse"), call, errno, "--")["sandbox"]
    trees = ("trees", step) if call == "open_tree" else (step,)  # root clones directories before it gives up its uid
    assert found["status"] == "failed" and found["step"] in trees and found["errno"] == getattr(__import__("errno"), errno), found
    assert found["what"] and found["remedy"] and not BYPASS.search(json.dumps(found)), found


def test_a_cache_that_no_root_can_be_kept_in_is_said(tmp):
    """An overlay of an overlay cannot lie below a third one."""
    place = tmp / "place"
    place.mkdir()
    nested = "m=$0 && mount -t tmpfs none $m && cd $m && mkdir a b u v w x one two && mount -t overlay none -o lowerdir=a:b,upperdir=u,workdir=w one " \
             "&& mount -t overlay none -o lowerdir=one,upperdir=v,workdir=x two && chmod 777 two && exec \"$@\""
    wrap = ("unshare", *((), ("-U", "--map-root-user"))[not ROOT], "-m", "/bin/sh", "-c", nested, place)
    if subprocess.run([*map(str, wrap), "true"], capture_output=True).returncode:
        skip("no overlay of an overlay can be made here")
    p = subprocess.run([*map(str, wrap), LRUN, "doctor", "--json", "--cache-dir", place / "two/cache"], capture_output=True, text=True)
    found = {probe["name"]: probe for probe in json.loads(p.stdout)["probes"]}
    root = found["root"]
    assert found["sandbox"]["status"] == "ok" and found["unpack"]["status"] == "failed" and "try --cache-dir on another one" in found["unpack"]["remedy"], found["unpack"]  # as each zip there
    assert p.returncode == 1 and root["status"] == "absent" and root["what"] == "lay an overlay over the root that is kept in" and root["path"] == f"{place}/two/cache", p
    assert root["remedy"] == "each launch makes its own, which takes some 0.5 ms: try a cache on another file system (--cache-dir)"


def test_why_no_root_is_kept_is_said(tmp, lrun, empty):
    def said(*options):
        return re.findall("^lrun: the root is made for this launch alone, which takes some 0.5 ms: (.*)", lrun("exec", *options, empty, "--", "/bin/true").log, re.M)
    found = doctor(tmp)["root"]
    assert found["status"] == "ok" and found["note"] and said("-v") == [] and said("-v", "--volume", f"{tmp}:/mnt/x") == ["--volume names a place in it"], found
    shutil.rmtree(tmp / "cache/skeleton")
    (tmp / "cache/skeleton").write_text("in the way")
    found = doctor(tmp)["root"]
    assert found["status"] == "absent" and found["remedy"].startswith("cannot use in the cache the directory 'skeleton': Not a directory; each launch makes its own, which takes "), found
    assert said() == [] and said("-v") == ["cannot use in the cache the directory 'skeleton': Not a directory"]


@pytest.mark.parametrize("command", ["exec", "run"])
def test_an_overlay_of_the_kept_root_that_is_refused_is_said(lrun, function, command):
    """The second file system that the child makes is that overlay."""
    if not shutil.which("strace"):
        skip("strace is missing")
    package = function("respond(next()[0][ID], str(open('/proc/self/mountinfo').read().count(' - overlay ')))")
    words = ["exec", "-v", package, "--", "/bin/sh", "-c", "grep -c ' - overlay ' /proc/self/mountinfo"] if command == "exec" else ["run", "-v", package]
    plain = lrun(*words)
    refused = lrun(*words, wrap=("strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsopen", "-e", "inject=fsopen:error=EINVAL:when=2"))
    said = "lrun: the root is made for this launch alone, which takes some 0.5 ms: the kernel refuses an overlay of what the cache holds: try a cache on another file system (--cache-dir)\n"
    assert plain.code == refused.code == 0 and said not in plain.log and refused.log.count(said) == 1, (plain, refused)
    assert int(plain.text) <= int(refused.text), (plain.text, refused.text)


@pytest.mark.parametrize("errno", ERRNOS)
@pytest.mark.parametrize("call, probe", [("landlock_create_ruleset", "landlock")])
def test_the_other_probes(tmp, call, probe, errno):
    found = doctor(tmp, helper("refuse"), call, errno, "--")[probe]
    assert found["status"] == ("failed" if found["needed"] else "absent") and found["errno"] == getattr(__import__("errno"), errno) and found["what"], found
    assert found["remedy"] and not BYPASS.search(json.dumps(found)), found


def test_a_cache_that_cannot_be_made(tmp):
    (tmp / "file").write_text("")
    p = subprocess.run([LRUN, "doctor", "--json", "--cache-dir", str(tmp / "file" / "x")], capture_output=True, text=True)
    found = {x["name"]: x for x in json.loads(p.stdout)["probes"]}
    assert p.returncode == 1 and found["cache"]["status"] == "failed" and "/file" in found["cache"]["path"], found


def test_a_cgroup_that_is_none(tmp):
    found = doctor(tmp, options=("--json", "--cgroup", str(tmp)))["cgroup"]
    assert found["status"] == "absent" and found["remedy"], found


def test_masked_proc_is_said(tmp):
    """As in Docker."""
    found = doctor(tmp, "unshare", "-Urm", "/bin/sh", "-c", 'mount --bind /dev/null /proc/keys && exec "$@"', "sh")["sandbox"]
    assert found["status"] == "failed" and "systempaths" in found["remedy"] and not BYPASS.search(json.dumps(found)), found


# ---- what a sandbox alone does not show ----

@pytest.mark.parametrize("call, errno, probe, says", [
    ("chroot", "EACCES", "landlock", None), ("openat2", "ENOSYS", "project", None), ("linkat", "EPERM", "unpack", None)])
def test_a_call_that_another_part_needs(tmp, call, errno, probe, says):
    """Some parts do without: then all is well."""
    found = doctor(tmp, helper("refuse"), call, errno, "--")[probe]
    assert found["status"] in ("ok", "absent") and (found["status"] == "ok" or found["what"]), found


@pytest.mark.parametrize("call, errno, where", [("landlock_restrict_self", "EPERM", ("unpack", "project", "relay")), ("memfd_create", "EPERM", ("project",))])
def test_what_the_other_programs_need(tmp, call, errno, where):
    """A sandbox of directories would be made all the same."""
    doctor(tmp)
    found = doctor(tmp, helper("refuse"), call, errno, "--")
    assert found["sandbox"]["status"] == "ok", found
    for probe in where:
        assert found[probe]["status"] == ("failed" if found[probe]["needed"] else "absent") and found[probe]["what"], found[probe]


def test_it_unpacks_each_time_and_keeps_nothing(tmp):
    for _ in range(2):
        assert doctor(tmp)["unpack"]["status"] == "ok"
    assert os.listdir(tmp / "cache/tree") == [] and os.listdir(tmp / "cache/tmp") == []


@pytest.mark.parametrize("name", ["lrun-unpack", "lrun-relay"])
def test_a_program_whose_library_is_in_the_callers_path_only(tmp, name):
    """lrun starts it without variables, so it would not start."""
    place = tmp / "programs"
    place.mkdir()
    for program in ("lrun", *HELPERS):
        shutil.copy(BUILD / program, place)
    (tmp / "library.c").write_text("int nothing(void) { return 0; }\n")
    (tmp / "program.c").write_text("int nothing(void);\nint main(void) { return nothing(); }\n")
    subprocess.run(["cc", "-shared", "-fPIC", "-o", tmp / "libnothing.so", tmp / "library.c"], check=True)
    subprocess.run(["cc", "-o", place / name, tmp / "program.c", "-L", tmp, "-lnothing"], check=True)
    env = {**os.environ, "LD_LIBRARY_PATH": str(tmp)}
    assert subprocess.run([place / name], env=env).returncode == 0
    p = subprocess.run([place / "lrun", "doctor", "--json", "--cache-dir", tmp / "cache"], capture_output=True, text=True, env=env)
    found = {probe["name"]: probe for probe in json.loads(p.stdout)["probes"]}["helpers"]
    assert p.returncode == 1 and found["status"] == "failed" and found["path"] == name and "libnothing.so" in found["remedy"] and "LD_LIBRARY_PATH" in found["remedy"], found


def test_what_surrounds_it_is_said_with_its_marks(tmp):
    plain, inside = doctor(tmp)["container"], doctor(tmp, "env", "KUBERNETES_SERVICE_HOST=10.0.0.1", helper("refuse"), "acct", "EPERM", "--")["container"]
    assert plain["status"] == inside["status"] == "ok" and "marks of Kubernetes are here: $KUBERNETES_SERVICE_HOST; seccomp filter: yes" in inside["note"], (plain, inside)


def test_words_beside_it_are_refused():
    p = subprocess.run([LRUN, "doctor", "me"], capture_output=True, text=True)
    assert p.returncode == 2 and "usage: lrun doctor [OPTIONS]" in p.stderr
