# SPDX-License-Identifier: Apache-2.0
"""lrun runtime: what is added is kept whole or not at all, serves --runtime, and is never trusted more than a package."""
import functools
import json
import os
import pathlib
import platform
import random
import re
import shutil
import signal
import stat
import subprocess
import time
import urllib.request

import pytest

from conftest import LRUN, LRUN_UID, ROOT, SANITIZED, make_zip

HOST = pathlib.Path(os.path.realpath("/usr/bin/python3"))  # /usr/bin/python3.11
OTHER = "python3.8" if HOST.name != "python3.8" else "python3.9"  # what the copy is called; the host has none
LOOKS = """
import json, os, sys
def lambda_handler(event, context):
    try:
        import someones_module
    except ImportError:
        someones_module = None
    mounts = [line.split()[3] for line in open("/proc/self/mountinfo") if line.split()[4] == "/var/lang"]
    return [sys.executable, sys.prefix, json.__file__.split("/json/")[0], someones_module is None, os.environ["AWS_EXECUTION_ENV"], mounts]
"""
LIBRARY = ("collections", "concurrent", "ctypes", "email", "encodings", "html", "http", "importlib", "json", "lib-dynload", "logging", "re", "urllib")


class Store:
    """lrun with a store of its own. Root's is in /var/lib, which a mount namespace of each command's replaces."""

    def __init__(self, lrun, tmp):
        self.lrun, self.place = lrun, tmp / "data"
        self.place.mkdir()
        self.wrap = ["unshare", "-m", "sh", "-c", 'mount --bind "$0" /var/lib && exec "$@"', str(self.place)] if ROOT else []
        self.env = {**os.environ, "XDG_DATA_HOME": str(self.place)}
        self.dir = self.place / (f"lrun/{LRUN_UID}/runtimes" if ROOT else "lrun/runtimes")

    def argv(self, *args):
        return [*self.wrap, LRUN, "runtime", *map(str, args)]

    def __call__(self, *args, **more):
        return subprocess.run(self.argv(*args), env=self.env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, **more)

    def add(self, id, source):
        p = self("add", id, source)
        assert p.returncode == 0, p
        return p

    def run(self, command, *args, wrap=(), **more):
        return self.lrun(command, *args, wrap=[*self.wrap, *wrap], env=self.env, **more)

    def list(self):
        return json.loads(self("list", "--json").stdout)["runtimes"]

    def trees(self):
        return sorted(p.name for p in (self.dir / "tree").iterdir())


@pytest.fixture
def store(lrun, tmp):
    return Store(lrun, tmp)


def copy_library(to):
    """As much of the host's standard library as a function needs."""
    to.mkdir(parents=True)
    for entry in pathlib.Path("/usr/lib", HOST.name).iterdir():
        if entry.is_file() and entry.suffix == ".py" and entry.name != "sitecustomize.py":
            shutil.copy2(entry, to)
        elif entry.name in LIBRARY:
            shutil.copytree(entry, to / entry.name, ignore=shutil.ignore_patterns("__pycache__"))


@pytest.fixture
def prefix(tmp):
    """A Python of another version, as python-build-standalone and version managers lay one out."""
    place = tmp / "python"
    copy_library(place / "lib" / HOST.name)
    (place / "bin").mkdir()
    shutil.copy2(HOST, place / "bin" / OTHER)
    (place / "bin/python3").symlink_to(OTHER)
    (place / "lib" / OTHER).symlink_to(HOST.name)
    (place / "lib" / HOST.name / "site-packages").mkdir()
    (place / "lib" / HOST.name / "site-packages/someones_module.py").write_text("")
    return place


def needed(*programs):
    """The loader and libraries of programs."""
    text = subprocess.run(["ldd", *programs], capture_output=True, text=True, check=True).stdout
    return sorted(set(re.findall(r"(?:=> |^\s)(/lib\S*)", text, re.M)))


@pytest.fixture
def root(tmp):
    """A root file system with that Python and a shell."""
    place = tmp / "rootfs"
    (place / "usr/bin").mkdir(parents=True)
    for name in ("bin", "lib", "lib64"):
        (place / "usr" / name).mkdir(exist_ok=True)
        (place / name).symlink_to(f"usr/{name}")
    copy_library(place / "usr/lib" / HOST.name)
    shutil.copy2(HOST, place / "usr/bin" / OTHER)
    shutil.copy2("/bin/bash", place / "usr/bin/bash")
    (place / "usr/bin/sh").symlink_to("bash")
    for library in needed(HOST, "/bin/bash"):
        to = place / library.lstrip("/")
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(library, to)
    return place


@functools.cache
def static_program():
    """Tells on the host that it was started; text of the program's file."""
    return 'int mkdir(const char *, unsigned); int main(void) { return mkdir("%s", 0777) != 0; }\n'


def compile_to(path, source, *options):
    path.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["gcc", "-x", "c", "-o", str(path), *options, "-"], input=source, text=True, check=True)


def package(tmp):
    return make_zip(tmp / "fn.zip", {"lambda_function.py": LOOKS})


def names_of(tree):
    return {str(p.relative_to(tree)) for p in tree.rglob("*")}


# ---- adding ----

def test_a_directory_is_added_listed_shown_and_removed(store, prefix):
    assert store.list() == [] and store("list").stdout == ""
    p = store.add(OTHER, prefix)
    assert p.stdout.startswith(f"added {OTHER}: python 3."), p
    [entry] = store.list()
    assert entry["id"] == OTHER and entry["kind"] == "language" and entry["program"] == f"bin/{OTHER}" and entry["source"] == str(prefix), entry
    shown = json.loads(store("show", OTHER, "--json").stdout)
    assert shown["sha256"] == entry["sha256"] in p.stdout and shown["tree"].endswith("/tree"), shown
    assert entry["sha256"][:12] in store("list").stdout and entry["sha256"] in store("show", OTHER).stdout
    assert store("remove", OTHER).stdout == f"removed {OTHER}\n"
    assert store.list() == [] and store.trees() == []
    assert store("remove", OTHER).returncode == 125 and store("show", OTHER).returncode == 125


@pytest.mark.parametrize("form", ["", "gz", "xz", "zst"])
@pytest.mark.parametrize("top", ["python", ""])
def test_a_tarball_is_added_with_or_without_a_top_directory(store, tmp, prefix, form, top):
    file = tmp / f"python.tar{'.' + form if form else ''}"
    how = ["-a"] if form != "zst" else ["--zstd"]
    subprocess.run(["tar", "-c", *how, "-f", file, "-C", *([prefix.parent, "python"] if top else [prefix, "."])], check=True)
    store.add(OTHER, file)
    [entry] = store.list()
    assert entry["sha256"] == subprocess.run(["sha256sum", file], capture_output=True, text=True, check=True).stdout.split()[0]
    assert json.loads(store("show", "--json", OTHER).stdout)["tree"].endswith(f"/tree/{top}" if top else "/tree")
    assert store.run("run", "--runtime", OTHER, package(tmp)).json[0] == f"/var/lang/bin/{OTHER}"


def test_equal_directories_have_one_digest_and_one_tree_whatever_their_modes(store, tmp, prefix):
    store.add(OTHER, prefix)
    first = store.list()[0]["sha256"]
    copy = tmp / "copy"
    subprocess.run(["cp", "-a", prefix, copy], check=True)
    for p in copy.rglob("*"):
        if not p.is_symlink():
            p.chmod(p.stat().st_mode | 0o022 if ROOT else p.stat().st_mode & 0o700)
    p = store.add(OTHER, copy)
    assert p.stdout.startswith("replaced ") and store.list()[0]["sha256"] == first and len(store.trees()) == 1
    (copy / "lib" / HOST.name / "json/decoder.py").write_text("")
    store.add(OTHER, copy)
    assert store.list()[0]["sha256"] != first and len(store.trees()) == 1, "the tree that no name has any more is removed"


def test_modules_that_were_installed_into_a_directory_are_not_copied(store, prefix):
    store.add(OTHER, prefix)
    tree = pathlib.Path(json.loads(store("show", "--json", OTHER).stdout)["tree"])
    tree = store.place / tree.relative_to("/var/lib") if ROOT else tree
    assert (tree / "lib" / HOST.name / "site-packages").is_dir() and not list((tree / "lib" / HOST.name / "site-packages").iterdir())
    assert names_of(tree) == {n for n in names_of(prefix) if "someones" not in n}


def test_a_name_keeps_the_tree_that_another_names_too(store, tmp, root):
    store.add(OTHER, root)
    store.add("provided.al2023", root)
    assert len(store.trees()) == 1
    store("remove", OTHER)
    assert len(store.trees()) == 1
    assert store.run("exec", "--runtime", "provided.al2023", package(tmp), "--", "/bin/bash", "-c", "echo /usr/bin/*").text.split()[-1] == "/usr/bin/sh"


REFUSED = {
    "another version": (OTHER, lambda p: (p / "bin" / OTHER).rename(p / "bin/python3.7"), f"it holds python3.7, not {OTHER}"),
    "no library": (OTHER, lambda p: (p / "lib" / HOST.name / "os.py").unlink(), f"lib/{OTHER}/os.py, of the standard library, is missing"),
    "a script": (OTHER, lambda p: (p / "bin" / OTHER).write_text("#!/bin/sh\n" + "#" * 100), "not a 64-bit ELF program"),
    "not executable": (OTHER, lambda p: (p / "bin" / OTHER).chmod(0o644), "is not executable"),
    "another machine": (OTHER, lambda p: patch(p / "bin" / OTHER, 18, b"\x08\x00"), f"is not for this machine's architecture, {platform.machine()}"),
    "another loader": (OTHER, lambda p: compile_to(p / "bin" / OTHER, "int main(void) { return 0; }", "-Wl,--dynamic-linker=/lib/ld-nowhere.so.1"), "needs the loader /lib/ld-nowhere.so.1"),
    "another language": ("nodejs22.x", lambda p: None, "bin/node is missing"),
    "no Java": ("java21", lambda p: None, "bin/java is missing"),
    "a language that lrun has no client for": ("ruby3.4", lambda p: (p / "bin" / OTHER).rename(p / "bin/ruby"), "lrun has no client for its language: only AWS's image can be added for it"),
    "provided": ("provided.al2023", lambda p: None, "only a root file system can be added for it"),
    "nothing of it": (OTHER, lambda p: shutil.rmtree(p / "bin"), "neither bin/ of a language nor usr/ of a root file system"),
}


def patch(path, at, to):
    with open(path, "r+b") as f:
        f.seek(at)
        f.write(to)


@pytest.mark.parametrize("form", ["directory", "tarball"])
@pytest.mark.parametrize("case", REFUSED)
def test_a_source_that_would_not_run_is_refused_by_name(store, tmp, prefix, case, form):
    id, spoil, says = REFUSED[case]
    spoil(prefix)
    source = prefix
    if form == "tarball":
        source = tmp / "python.tar"
        subprocess.run(["tar", "-cf", source, "-C", prefix, "."], check=True)
    p = store("add", id, source)
    assert p.returncode == 125 and f"'{source}'" in p.stderr and says in p.stderr and "expected a directory, or a tarball" in p.stderr, p
    assert store.list() == [] and (not store.dir.exists() or store.trees() == []), "nothing is left of it"


def test_nodes_version_is_read_from_its_headers(store, tmp):
    place = tmp / "node"
    compile_to(place / "bin/node", "int main(void) { return 0; }", "-static")
    (place / "include/node").mkdir(parents=True)
    (place / "include/node/node_version.h").write_text("#define NODE_MAJOR_VERSION 22\n#define NODE_MINOR_VERSION 11\n")
    p = store("add", "nodejs24.x", place)
    assert p.returncode == 125 and "it holds Node.js 22, not 24" in p.stderr, p
    assert "node 22" in store.add("nodejs22.x", place).stdout


def test_what_is_no_source_is_refused_by_name(store, tmp, prefix):
    (tmp / "text").write_text("text\n")
    os.mkfifo(tmp / "pipe")
    sources = {tmp / "none": "No such file", tmp / "text": "Unrecognized archive format", tmp / "pipe": "expected", "/usr": "the host's own /usr", "/": "the host's own /"}
    for source, says in sources.items():
        p = store("add", OTHER, source)
        assert p.returncode == 125 and f"'{source}'" in p.stderr and says in p.stderr and "expected a directory, or a tarball" in p.stderr, p
    for id in ("python3", "nodejs", "nonsense", "python3.99999", "../x"):
        p = store("add", id, prefix)
        assert p.returncode == 2 and f"'{id}'" in p.stderr and "AWS's identifier" in p.stderr, p
    assert store.list() == []


def test_the_home_directory_is_no_source(store, prefix):
    store.env["HOME"] = str(prefix)
    p = store("add", OTHER, prefix)
    assert p.returncode == 125 and f"'{prefix}'" in p.stderr and "home" in p.stderr, p


@pytest.mark.parametrize("words, says", [((), "runtime needs one of"), (("add",), "runtime add needs"), (("add", "a", "b", "c"), "unexpected argument 'c'"), (("frob",), "'frob' is not one of"),
                                         (("list", "x"), "unexpected argument 'x'"), (("show",), "runtime show needs"), (("remove",), "runtime remove needs"), (("remove", "x", "--json"), "--json is for")])
def test_usage(store, words, says):
    p = store(*words)
    assert p.returncode == 2 and says in p.stderr, p


# ---- what a hostile or odd source can do ----

def test_links_of_a_directory_are_kept_and_never_followed(store, tmp, prefix):
    (tmp / "secret").write_text("secret")
    (tmp / "secrets").mkdir()
    (tmp / "secrets/one").write_text("secret")
    (prefix / "a-file").symlink_to(tmp / "secret")
    (prefix / "a-directory").symlink_to(tmp / "secrets")
    (prefix / "dangling").symlink_to("nowhere")
    store.add(OTHER, prefix)
    tree = next((store.dir / "tree").iterdir()) / "tree"
    assert {n: os.readlink(tree / n) for n in ("a-file", "a-directory", "dangling")} == {"a-file": str(tmp / "secret"), "a-directory": str(tmp / "secrets"), "dangling": "nowhere"}


def test_pipes_and_sockets_are_left_out_and_block_nothing(store, prefix):
    os.mkfifo(prefix / "lib/pipe")
    store.add(OTHER, prefix)
    assert "lib/pipe" not in names_of(next((store.dir / "tree").iterdir()) / "tree")


def test_a_file_that_cannot_be_read_is_named(store, prefix):
    (prefix / "lib/closed").write_text("x")
    (prefix / "lib/closed").chmod(0o600 if ROOT else 0)  # root's lrun is another user by then
    p = store("add", OTHER, prefix)
    assert p.returncode == 125 and f"'{prefix}/lib/closed': Permission denied" in p.stderr, p
    assert store.list() == [] and store.trees() == []


def test_long_names_and_any_bytes_come_through(store, prefix):
    deep = prefix / "lib" / ("d" * 120) / ("e" * 120)
    deep.mkdir(parents=True)
    (deep / "f").write_text("content")
    (deep / "link").symlink_to("x" * 200)
    odd = os.fsencode(prefix) + b"/lib/\xff\xfe name"
    open(odd, "w").close()
    (prefix / "lib" / HOST.name / "site-packages/someones_module.py").unlink()
    store.add(OTHER, prefix)
    tree = next((store.dir / "tree").iterdir()) / "tree"
    assert names_of(tree) == names_of(prefix)
    assert os.readlink(tree / deep.relative_to(prefix) / "link") == "x" * 200 and (tree / deep.relative_to(prefix) / "f").read_text() == "content"


def test_what_was_added_is_never_started_outside_a_sandbox(store, tmp):
    """An interpreter is asked for its version and compiles lrun's client if it is the host's; a tarball may come from anywhere."""
    ran = tmp / "open" / "ran"
    ran.parent.mkdir(mode=0o777)
    ran.parent.chmod(0o777)
    compile_to(tmp / "n/bin/node", static_program() % ran, "-static")
    compile_to(tmp / "p/bin" / OTHER, static_program() % ran, "-static")
    (tmp / "p/lib" / OTHER).mkdir(parents=True)
    (tmp / "p/lib" / OTHER / "os.py").write_text("")
    store.add(OTHER, tmp / "p")
    store.add("nodejs99.x", tmp / "n")
    time.sleep(0.3)  # what has just been written is not remembered, and so not compiled
    fn = make_zip(tmp / "f.zip", {"lambda_function.py": LOOKS, "index.js": ""})
    for id in (OTHER, "nodejs99.x"):
        assert store.run("run", "--runtime", id, fn).code == 1, "it is no interpreter"
        store.run("inspect", "--runtime", id, fn, report=False)
    store("list"), store("show", OTHER)
    assert not ran.exists()


def compiled(store):
    return sorted(p.name for p in pathlib.Path(store.lrun.cache, "bytecode").glob("*"))


def test_an_added_python_compiles_the_client_once_and_in_a_sandbox(store, tmp, prefix):
    store.add(OTHER, prefix)
    time.sleep(0.3)
    fn = package(tmp)
    assert store.run("run", "--runtime", OTHER, "--env", "NAME=b", fn).code == 0
    [kept] = compiled(store)
    assert kept.startswith(store.list()[0]["sha256"][:32] + "-"), "apart from what others' interpreters make"
    r = store.run("run", "-v", "--runtime", OTHER, fn)
    assert r.code == 0 and "compiled by the interpreter" in r.log and compiled(store) == [kept], r
    assert store.run("run", fn).code == 0 and kept.split("-")[1] in compiled(store), "the host's interpreter makes the same"


@pytest.mark.parametrize("does", ["while (write(1, words, sizeof words) > 0);", "for (;;) pause();", 'puts("var/runtime/awslambdaric/__pycache__/../../../../etc/passwd 1\\nx");', "abort();"])
def test_what_an_added_interpreter_makes_of_the_client_is_bounded_and_checked(store, tmp, does):
    source = '#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n#include <unistd.h>\nchar words[65536];\n' \
             'int main(int n, char **a) { if (n > 2 && strcmp(a[1], "-I") == 0) { %s } return 3; }\n' % does
    compile_to(tmp / "p/bin" / OTHER, source, "-static")
    (tmp / "p/lib" / OTHER).mkdir(parents=True)
    (tmp / "p/lib" / OTHER / "os.py").write_text("")
    store.add(OTHER, tmp / "p")
    time.sleep(0.3)  # what has just been written is not remembered
    for time_limit in (40, 8):  # it is asked once
        little = () if SANITIZED else ("prlimit", f"--data={256 << 20}")  # lrun has no memory for all of it; a sanitizer's is terabytes
        r = store.run("run", "--runtime", OTHER, package(tmp), timeout=time_limit, wrap=little)
        assert r.code == 1 and "exit status 3" in r.text, r
        assert [p.read_text().split()[-1] for p in pathlib.Path(store.lrun.cache, "memo").glob("client-*")] == ["none"]
    assert compiled(store) == []


@pytest.mark.parametrize("how", ["others may write", pytest.param("another user's", marks=pytest.mark.skipif(not ROOT, reason="an ordinary user gives nothing away"))])
def test_a_store_that_others_can_write_to_is_refused(store, tmp, prefix, how):
    store.add(OTHER, prefix)
    if how == "others may write":
        store.dir.chmod(0o777)
    else:
        shutil.chown(store.dir, 1234)
    for p in (store("list"), store("add", OTHER, prefix)):
        assert p.returncode == 125 and ("others may write to it" if how == "others may write" else "") in p.stderr and str(store.dir.name) in p.stderr, p
    r = store.run("run", "--runtime", OTHER, package(tmp))
    assert r.code == 125, r


# ---- whole or not at all ----

def test_a_kill_at_any_moment_leaves_all_or_nothing(store, tmp, prefix):
    began = time.monotonic()
    store.add(OTHER, prefix)
    whole = time.monotonic() - began
    entries, chance = store.list()[0]["entries"], random.Random(7)
    store("remove", OTHER)
    for attempt in range(12):
        p = subprocess.Popen(store.argv("add", OTHER, prefix), env=store.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        time.sleep(chance.random() * whole * 1.2)
        os.killpg(p.pid, signal.SIGKILL)
        p.wait()
        for entry in store.list():
            assert entry["entries"] == entries and store.run("cache", "verify", report=False).code == 0
            store("remove", OTHER)
    store.add(OTHER, prefix)
    assert len(store.trees()) == 1 and list((store.dir / "tmp").iterdir()) == [] and [p.name for p in (store.dir / "name").iterdir()] == [OTHER]
    assert store.run("run", "--runtime", OTHER, package(tmp)).code == 0


def test_several_adds_at_once_are_fine(store, tmp, prefix, root):
    tar = tmp / "python.tar"
    subprocess.run(["tar", "-cf", tar, "-C", prefix, "."], check=True)
    jobs = [subprocess.Popen(store.argv("add", id, source), env=store.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            for id, source in [(OTHER, prefix), (OTHER, prefix), (OTHER, tar), ("provided.al2023", root), (OTHER, prefix)]]
    for job in jobs:
        said = job.communicate(timeout=60)[0]
        assert job.returncode == 0, said
    assert [e["id"] for e in store.list()] == ["provided.al2023", OTHER] and store.run("cache", "verify", report=False).code == 0
    store.add(OTHER, prefix)
    assert len(store.trees()) == 2


def test_a_runtime_in_use_is_not_taken_away(store, tmp, prefix):
    store.add(OTHER, prefix)
    r = store.lrun("exec", "--runtime", OTHER, package(tmp), "--", "/bin/sh", "-c", f'read x; /var/lang/bin/{OTHER} -c "import json; print(json.dumps([1]))"', wrap=store.wrap,
                   env=store.env, stdin=subprocess.DEVNULL)
    assert r.text == "[1]\n", r
    argv = [*store.wrap, *store.lrun.argv("exec", "--runtime", OTHER, package(tmp), "--", "/bin/sh", "-c", f'echo up; read x; /var/lang/bin/{OTHER} -c "import json; print(json.dumps([1]))"', report=False)]
    p = subprocess.Popen(argv, env=store.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert p.stdout.readline() == "up\n"
    assert store("remove", OTHER).returncode == 0 and len(store.trees()) == 1, "its name is gone, its tree is in use"
    assert p.communicate("\n", timeout=60)[0] == "[1]\n"
    store.add(OTHER, prefix), store("remove", OTHER)
    assert store.trees() == []


@pytest.mark.skipif(not ROOT, reason="only root can mount a small file system")
@pytest.mark.parametrize("user", ["root", "ordinary user"])
@pytest.mark.parametrize("form", ["directory", "tarball"])
def test_a_full_disk_is_told_and_nothing_is_left(tmp, prefix, user, form):
    small, source = tmp / "small", prefix
    small.mkdir()
    if form == "tarball":
        source = tmp / "python.tar.gz"
        subprocess.run(["tar", "-czf", source, "-C", prefix, "."], check=True)
    become = ["setpriv", "--reuid", "60994", "--regid", "60994", "--clear-groups"] if user != "root" else []
    script = 'mount -t tmpfs -o size=4m,mode=0777 small "$0" && mount --bind "$0" /var/lib && { "$@"; echo "status $?"; find "$0" -type f; }'
    p = subprocess.run(["unshare", "-m", "sh", "-c", script, small, *become, LRUN, "runtime", "add", OTHER, source], env={**os.environ, "XDG_DATA_HOME": str(small)},
                       stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    assert "No space left on device" in p.stderr and p.stdout == "status 125\n", p


# ---- using ----

def test_runtime_looks_in_the_store_before_the_host(store, tmp, prefix):
    store.add(OTHER, prefix)
    r = store.run("run", "--runtime", OTHER, package(tmp))
    assert r.json == [f"/var/lang/bin/{OTHER}", "/var/lang", f"/var/lang/lib/{HOST.name}", True, f"AWS_Lambda_{OTHER}", ["/"]], r
    r = store.run("run", package(tmp))
    assert r.json[4] == f"AWS_Lambda_{HOST.name}", "a version that is left open is the host's"


def test_report_inspect_and_doctor_say_which_runtime_is_used_and_from_where(store, tmp, prefix, root):
    fn = package(tmp)
    digest = re.search(r"sha256:(\w+)", store.add(OTHER, prefix).stdout)[1]
    added = {"from": "store", "path": str(prefix), "sha256": digest}
    assert store.run("run", "--runtime", OTHER, fn).report["runtimeSource"] == added
    assert store.run("inspect", "--runtime", OTHER, "--json", fn, report=False).json["runtimeSource"] == added
    assert f"{prefix} (added, sha256:{digest[:12]})" in store.run("inspect", "--runtime", OTHER, fn, report=False).text
    assert store.run("run", fn).report["runtimeSource"] == {"from": "host", "path": "/usr/bin/python3", "sha256": None}
    assert store.run("run", "--runtime", OTHER, "--rootfs", root, fn).report["runtimeSource"] == {"from": "rootfs", "path": str(root), "sha256": None}
    assert store.run("exec", make_zip(tmp / "b.zip", {"bootstrap": ""}), "--", "/bin/true").report["runtimeSource"] == {"from": "package", "path": None, "sha256": None}
    p = subprocess.run([*store.wrap, LRUN, "doctor", "--cache-dir", store.lrun.cache, "--json"], env=store.env, capture_output=True, text=True)
    assert [x["note"] for x in json.loads(p.stdout)["probes"] if x["name"] == "runtimes"] == [f"added: {OTHER}"], p


def test_a_stored_root_file_system_serves_as_one_of_rootfs(store, tmp, root):
    store.add(OTHER, root)
    r = store.run("run", "--runtime", OTHER, package(tmp))
    assert r.json[1:5] == ["/usr", f"/usr/lib/{HOST.name}", True, f"AWS_Lambda_{OTHER}"], r


def test_rootfs_goes_before_the_store(store, tmp, prefix, root):
    store.add(OTHER, prefix)
    assert store.run("run", "--runtime", OTHER, "--rootfs", root, package(tmp)).json[1] == "/usr"


def test_the_cache_is_pruned_and_the_store_is_not(store, tmp, prefix):
    store.add(OTHER, prefix)
    store.run("run", "--runtime", OTHER, package(tmp))
    assert store.run("cache", "prune", report=False).code == 0
    assert f"intact  runtime {OTHER}\n" in store.run("cache", "verify", report=False).text
    assert store.run("run", "--runtime", OTHER, package(tmp)).code == 0


def test_a_damaged_runtime_is_found_and_said(store, tmp, prefix):
    store.add(OTHER, prefix)
    file = next((store.dir / "tree").iterdir()) / "tree/lib" / HOST.name / "json/__init__.py"
    mode = stat.S_IMODE(file.stat().st_mode)
    file.write_text("raise SystemExit\n")
    file.chmod(mode)
    r = store.run("cache", "verify", report=False)
    assert r.code == 125 and f"damaged runtime {OTHER}" in r.text and "add them again" in r.log, r
    r = store.run("run", "--runtime", OTHER, package(tmp))
    assert r.code == 125 and f"cannot use the stored runtime '{OTHER}'" in r.log and f"lrun runtime add {OTHER} SOURCE" in r.log, r
    store.add(OTHER, prefix)
    assert store.run("run", "--runtime", OTHER, package(tmp)).code == 0


def test_a_runtime_outlives_the_version_of_the_unpacker_that_made_it(store, tmp, prefix):
    store.add(OTHER, prefix)
    [tree], file = store.trees(), store.dir / "name" / OTHER
    older = tree[:65] + "1t"
    (store.dir / "tree" / tree).rename(store.dir / "tree" / older)
    file.write_text(file.read_text().replace(tree, older))
    assert store.run("run", "--runtime", OTHER, package(tmp)).code == 0 and store.run("cache", "verify", report=False).code == 0
    assert store.add(OTHER, prefix).stdout.startswith("replaced") and store.trees() == [tree], "the older tree goes when it has no name any more"


@pytest.mark.parametrize("text", ["", "key x\n", "key ../../x\nbelow \nprogram \nsource x\n"])
def test_a_damaged_name_is_said_and_can_be_put_right(store, tmp, prefix, text):
    store.add(OTHER, prefix)
    (store.dir / "name" / OTHER).write_text(text)
    r = store.run("run", "--runtime", OTHER, package(tmp))
    assert r.code == 125 and f"'{OTHER}'" in r.log and f"lrun runtime remove {OTHER}" in r.log, r
    p = store("list")
    assert p.returncode == 0 and p.stdout == "" and f"'{OTHER}'" in p.stderr, p
    assert store("remove", OTHER).returncode == 0
    store.add(OTHER, prefix)
    assert store.run("run", "--runtime", OTHER, package(tmp)).code == 0


def test_a_runtime_of_an_earlier_boot_is_verified_once_before_it_is_used(store, tmp, prefix):
    store.add(OTHER, prefix)
    entry = next((store.dir / "tree").iterdir())
    (entry / "facts").write_text(re.sub(r"^boot \S+", "boot 00000000-0000-0000-0000-000000000000", (entry / "facts").read_text()))
    assert store.run("run", "--runtime", OTHER, package(tmp)).code == 0
    assert "00000000-0000" not in (entry / "facts").read_text()


def test_a_miss_says_where_it_looked_what_is_there_and_what_helps(store, tmp, prefix):
    store.add(OTHER, prefix)
    r = store.run("run", "--runtime", "python3.7", package(tmp))
    assert r.code == 125 and "cannot run on python3.7" in r.log and "lrun runtime add python3.7 [DIR|FILE]" in r.log, r
    assert "looked in the store of runtimes, /usr/bin" in r.log and f"{HOST.name} (/usr/bin/python3)" in r.log and f"{OTHER} (added)" in r.log, r
    r = store.run("run", "--runtime", "java21", package(tmp))
    assert r.code == 125 and "or AWS's image: lrun runtime add java21" in r.log, r


def test_serve_takes_a_stored_runtime(store, tmp, prefix):
    store.add(OTHER, prefix)
    ready, end = os.pipe()
    argv = [*store.wrap, LRUN, "serve", "-p", "0", "--cache-dir", store.lrun.cache, "--ready-fd", str(end), "--runtime", OTHER, package(tmp)]
    p = subprocess.Popen(argv, env=store.env, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, pass_fds=[end])
    os.close(end)
    line = os.read(ready, 1000).decode()
    os.close(ready)
    port = re.search(r":(\d+)", line)[1]
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/2015-03-31/functions/function/invocations", b"{}", timeout=30) as answer:
        assert json.load(answer)[4] == f"AWS_Lambda_{OTHER}"
    p.terminate()
    p.communicate(timeout=30)
