# SPDX-License-Identifier: Apache-2.0
"""What happens outside the sandbox: the programs that lrun starts there, and what could be swapped under its hands."""
import os
import pathlib
import re
import shutil
import subprocess

import pytest
from conftest import LRUN, ROOT, make_zip, skip, wait_until


@pytest.fixture(autouse=True)
def strace():
    if not shutil.which("strace") or subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True).returncode:
        skip("strace cannot trace here")


def traced(tmp, calls, argv, *more, env=None):
    trace = tmp / "trace"
    p = subprocess.run(["strace", "-f", "-qq", "-v", "-s", "500", "-o", trace, "-e", "trace=" + calls, *more, *map(str, argv)], capture_output=True, text=True, env=env)
    return p, trace.read_text(errors="replace")


def test_h27_h90_a_program_that_lrun_starts_has_an_empty_environment(lrun, tmp):
    package = make_zip(tmp / "fn.zip", {"x": "1"})
    env = {**os.environ, "LD_PRELOAD": "/nowhere/evil.so", "GLIBC_TUNABLES": "glibc.malloc.check=3", "SECRET": "canary"}
    p, text = traced(tmp, "execveat", lrun.argv("exec", package, "--", "/bin/true", report=False), env=env)
    calls = [line for line in text.splitlines() if "execveat(" in line]
    assert calls and all(re.search(r'execveat\(\d+, "", \["lrun-unpack", "unpack", "var/task"\], \[\], AT_EMPTY_PATH\)', c) for c in calls), text
    assert p.returncode == 0 and "canary" not in text


def test_h72_the_unpacker_is_confined_before_it_reads_the_archive(lrun, tmp):
    """Landlock, no new privileges, a call list and limits, all before the first look at the archive's bytes."""
    package = make_zip(tmp / "fn.zip", {"x": "1"})
    p, text = traced(tmp, "execveat,landlock_create_ruleset,landlock_add_rule,landlock_restrict_self,seccomp,prctl,prlimit64,mmap", lrun.argv("exec", package, "--", "/bin/true", report=False))
    assert p.returncode == 0, p
    pid = re.search(r"^(\d+)\s+execveat\(", text, re.M)[1]
    own = [line.split(None, 1)[1] for line in text.splitlines() if line.startswith(pid + " ")]
    own = own[next(i for i, l in enumerate(own) if l.startswith("execveat")):]

    def at(pattern):
        return next((i for i, l in enumerate(own) if re.search(pattern, l)), None)
    archive = at(r"^mmap\(NULL, \d+, PROT_READ, MAP_PRIVATE, 3, 0\)")
    steps = {"no new privileges": at(r"^prctl\(PR_SET_NO_NEW_PRIVS, 1.* = 0"), "size of files": at(r"^prlimit64\(0, RLIMIT_FSIZE, \{rlim_cur=\d+"), "time": at(r"^prlimit64\(0, RLIMIT_CPU, \{rlim_cur=300, rlim_max=300\}"),
             "core": at(r"^prlimit64\(0, RLIMIT_CORE, \{rlim_cur=0, rlim_max=0\}"), "Landlock": at(r"^landlock_restrict_self\(\d+, 0\)\s+= 0"), "calls": at(r"^seccomp\(SECCOMP_SET_MODE_FILTER, .* = 0")}
    if at(r"^landlock_create_ruleset.*(ENOSYS|EOPNOTSUPP)"):
        steps.pop("Landlock")
    assert archive is not None and all(v is not None and v < archive for v in steps.values()), (steps, archive, own)


def test_h19_what_is_swapped_after_it_was_named_is_not_shown(lrun, tmp, empty):
    """strace holds lrun for a moment before the sandbox is made; meanwhile another directory takes the volume's name."""
    for name in ("named", "other"):
        (tmp / name).mkdir(mode=0o755)
        (tmp / name / "which").write_text(name)
    argv = lrun.argv("exec", "--volume", f"{tmp}/named:/mnt/v", empty, "--", "/bin/cat", "/mnt/v/which", report=False)
    lrun.exec(empty, "/bin/true")
    trace = tmp / "trace"
    p = subprocess.Popen(["strace", "-f", "-qq", "-o", trace, "-e", "trace=clone3", "-e", "inject=clone3:delay_enter=400000", *argv], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert wait_until(lambda: trace.exists() and "clone3" in trace.read_text(), 10)
    (tmp / "named").rename(tmp / "away")
    (tmp / "named").symlink_to(tmp / "other")
    out, err = p.communicate(timeout=30)
    if ROOT:  # its tree was cloned as it was named
        assert p.returncode == 0 and out == "named", (out, err)
    else:
        assert p.returncode == 125 and "it was replaced meanwhile" in err and out == "", (out, err)


@pytest.mark.parametrize("absolute", [True, False])
def test_h17_h18_a_volumes_place_behind_a_link_of_the_package(lrun, tmp, absolute):
    """The package's link leads out; the place is looked for beneath the new root alone, and nothing is made on the host."""
    canary, volume = tmp / "canary", tmp / "volume"
    for d in (canary, volume):
        d.mkdir()
        d.chmod(0o777)
    package = make_zip(tmp / "fn.zip", {"f": "", "d": (str(canary) if absolute else "../" * 20 + str(canary)[1:], 0o120777)})
    r = lrun.exec(package, "/bin/true", options=("--volume", f"{volume}:/var/task/d/x"))
    assert r.code == 125 and "/var/task/d/x" in r.log and os.listdir(canary) == [], r


@pytest.mark.parametrize("absolute", [True, False])
def test_h15_what_lies_on_the_host_is_no_place_inside(lrun, tmp, absolute):
    """As above, but behind the link the place is there: on the host alone, and so it is not found."""
    canary, volume = tmp / "canary", tmp / "volume"
    for d in (canary, volume, canary / "x"):
        d.mkdir()
        d.chmod(0o777)
    package = make_zip(tmp / "fn.zip", {"d": (str(canary) if absolute else "../" * 20 + str(canary)[1:], 0o120777)})
    r = lrun.exec(package, "/bin/true", options=("--volume", f"{volume}:/var/task/d/x"))
    assert r.code == 125 and "/var/task/d/x" in r.log, r


@pytest.mark.parametrize("to", ["real", "/var/task/real", "../../var/task/real"])
def test_h18_a_link_that_stays_inside_leads_to_a_volumes_place(lrun, tmp, to):
    """Links are resolved beneath the new root, not refused."""
    volume = tmp / "volume"
    volume.mkdir()
    volume.chmod(0o755)
    (volume / "f").write_text("shown")
    package = make_zip(tmp / "fn.zip", {"real/x/": ("", 0o755), "d": (to, 0o120777)})
    r = lrun.exec(package, "/bin/cat", "/var/task/real/x/f", options=("--volume", f"{volume}:/var/task/d/x"))
    assert r.text == "shown", r


def test_h63_links_of_an_archive_are_made_after_its_files(lrun, tmp):
    """So that none can be written through, whatever else is overlooked. In the archive they come first."""
    package = make_zip(tmp / "fn.zip", {"a-link": ("d", 0o120777), "d/b-link": ("/etc", 0o120777), "file": "x", "d/file": "y"})
    p, text = traced(tmp, "openat,symlinkat", lrun.argv("exec", package, "--", "/bin/true", report=False))
    assert p.returncode == 0, p
    calls = [re.search(r'\d+, "(file|d/file|a-link|d/b-link)"', line) for line in text.splitlines() if "symlinkat(" in line or "O_CREAT" in line]
    names = [c[1] for c in calls if c]
    assert len(names) == 4 and {*names[:2]} == {"file", "d/file"}, names


def test_h26_h94_nothing_is_made_in_the_hosts_tmp(lrun, tmp, function):
    """By its calls, not by a look into /tmp, where other programs make things too: names below it are the test's own directory, and
    what the function makes in a /tmp of its own."""
    package = function("headers, e = next()\nopen('/tmp/x', 'w').write('x')\nrespond(headers[ID], '1')\nnext()")
    p, text = traced(tmp, "open,openat,creat,mkdir,mkdirat,mknod,mknodat,symlink,symlinkat,link,linkat,rename,renameat,renameat2", lrun.argv("run", package, report=False))
    assert p.returncode == 0 and '"/tmp/x", ' in text, p
    made = [line for line in text.splitlines() if " = -1 " not in line and ("O_CREAT" in line or not re.search(r"\b(open|openat)\(", line))]
    named = {n for line in made for n in re.findall(r'"(/(?:var/|dev/)?(?:tmp|shm)/[^"]*)"', line)}
    assert all(n == "/tmp/x" or n.startswith(f"{tmp}/") for n in named), named


@pytest.mark.skipif(b"__asan_init" in pathlib.Path(LRUN).read_bytes(), reason="a sanitizer needs the loader")
def test_h90_the_launcher_has_no_loader_that_could_be_told_what_to_load():
    headers = subprocess.run(["readelf", "-lW", LRUN], capture_output=True, text=True, check=True).stdout
    assert "LOAD" in headers and "INTERP" not in headers, headers


def test_h25_the_launcher_needs_no_set_user_id_bit():
    mode = os.stat(LRUN).st_mode
    assert not mode & 0o6000
    assert "security.capability" not in (os.listxattr(LRUN) if hasattr(os, "listxattr") else [])
