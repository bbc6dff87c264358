# SPDX-License-Identifier: Apache-2.0
"""Python's client is compiled once by the interpreter that runs it, and kept. What is damaged, half made, another interpreter's or of
another client is not used, and nothing that it misses keeps a function from running."""
import os
import pathlib
import re
import shutil
import subprocess

import pytest

from conftest import BUILD, HELPERS, TOP, make_zip, skip

HOST = pathlib.Path(os.path.realpath("/usr/bin/python3"))
NUMBERED_MOUNTS = tuple(int(n) for n in os.uname().release.split("-")[0].split(".")[:2]) >= (6, 8)
OTHER = "python3.8" if HOST.name != "python3.8" else "python3.9"
CODE = "def lambda_handler(event, context):\n    return 7\n"
SEEN = """
import importlib.util, marshal, os, sys
def lambda_handler(event, context):
    seen = {}
    for name in sorted(n for n in sys.modules if n.startswith("awslambdaric")):
        module = sys.modules[name]
        with open(module.__cached__, "rb") as f, open(module.__file__) as source:
            data, code = f.read(), compile(source.read(), module.__file__, "exec", dont_inherit=True)
        kept = marshal.loads(data[16:])
        seen[name] = [data[:4] == importlib.util.MAGIC_NUMBER, data[4:8].hex(), kept == code, kept.co_filename == module.__file__, os.stat(module.__cached__).st_mode & 0o777]
    return seen
"""


@pytest.fixture(autouse=True)
def keeps(lrun):
    place = pathlib.Path(lrun.cache)
    place = place if place.exists() else place.parent
    if not NUMBERED_MOUNTS and os.stat(place).st_dev != os.stat(HOST).st_dev:
        skip("nothing can be remembered of another file system before Linux 6.8")


def kept(lrun, part="bytecode", start=""):
    return sorted(pathlib.Path(lrun.cache, part).glob(start + "*"))


def memos(lrun):
    return kept(lrun, "memo", "client-")


def run(lrun, tmp, *options, code=CODE, **more):
    return lrun.run(*options, make_zip(tmp / "fn.zip", {"lambda_function.py": code}), **more)


def compiled_loaded(r):
    """What the interpreter says that it took, in place of the source, of the client's loop."""
    return re.findall(r"code object from '?/var/runtime/awslambdaric/(\S*?bootstrap\.\S+?py?c?)'?\n", r.log)


def test_it_is_what_this_interpreter_makes_of_the_source(lrun, tmp):
    seen = run(lrun, tmp, code=SEEN).json
    assert len(seen) > 6 and all(of == [True, "01000000", True, True, 0o644] for of in seen.values()), seen


def test_it_is_made_once(lrun, tmp):
    def traced(name, *options):
        r = run(lrun, tmp, *options, wrap=("strace", "-f", "-o", tmp / name, "-e", "trace=execve,execveat"))
        assert r.json == 7, r
        return (tmp / name).read_text().count('"-I", "-S"'), r

    first, _ = traced("first")
    before = [os.stat(p).st_ino for p in kept(lrun) + memos(lrun)]
    assert first == 1 and len(before) == 2
    second, r = traced("second", "--env", "PYTHONVERBOSE=1")
    assert second == 0 and [os.stat(p).st_ino for p in kept(lrun) + memos(lrun)] == before
    assert [name.partition("/")[0] for name in compiled_loaded(r)] == ["__pycache__"], compiled_loaded(r)


DAMAGES = {
    "a byte": lambda b: b[:5000] + bytes([b[5000] ^ 1]) + b[5001:], "the first byte": lambda b: b"V" + b[1:], "the last byte": lambda b: b[:-1] + bytes([b[-1] ^ 0x80]),
    "two bytes in turn": lambda b: b[:4096] + b[4104:4112] + b[4096:4104] + b[4112:], "half": lambda b: b[:len(b) // 2], "one byte less": lambda b: b[:-1], "nothing": lambda b: b"", "one byte more": lambda b: b + b"\0",
    "more than there can be": lambda b: b + bytes(1 << 20), "no first line": lambda b: b[b.index(b"\n") + 1:], "zeros": lambda b: bytes(len(b)),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_was_damaged_is_made_again(lrun, tmp, damage):
    run(lrun, tmp)
    (entry,) = kept(lrun)
    good = entry.read_bytes()
    bad = DAMAGES[damage](good)
    assert bad != good
    entry.write_bytes(bad)
    r = run(lrun, tmp, "--env", "PYTHONVERBOSE=1")
    assert r.json == 7 and [name.partition("/")[0] for name in compiled_loaded(r)] == ["__pycache__"], r.log[-2000:]
    assert kept(lrun) == [entry] and entry.read_bytes() == good


@pytest.mark.parametrize("kind", ["fifo", "link", "directory", "gone"])
def test_what_is_no_file_is_not_used(lrun, tmp, kind):
    run(lrun, tmp)
    (entry,) = kept(lrun)
    good = entry.read_bytes()
    entry.unlink()
    if kind == "fifo":
        os.mkfifo(entry)
    elif kind == "link":
        (tmp / "elsewhere").write_bytes(good)
        entry.symlink_to(tmp / "elsewhere")
    elif kind == "directory":
        entry.mkdir(mode=0o700)
    assert run(lrun, tmp).json == 7
    assert kind == "directory" or (not entry.is_symlink() and entry.read_bytes() == good), "made again"


def hash_of(data):
    """As bytecode.c names an entry."""
    value = len(data)
    for i in range(0, len(data), 8):
        value = ((value ^ int.from_bytes(data[i:i + 8], "little")) * 1099511628211) % 2 ** 64
        value ^= value >> 32
    return "%016x" % value


@pytest.mark.parametrize("what", ["boot", "size", "mtime", "ctime", "another client", "another interpreter", "none of these"])
def test_another_ones_is_not_used(lrun, tmp, what):
    """A memo leads to an entry that is whole and right by its name, and in which one word of the client's is another one: it is used by whom
    it was made for, and by nobody else."""
    run(lrun, tmp)
    (entry,), (memo,) = kept(lrun), memos(lrun)
    good = entry.read_bytes()
    assert hash_of(good) == entry.name and good.count(b"Bad handler '") == 1
    other = good.replace(b"Bad handler '", b"BAD HANDLER '")
    entry.write_bytes(other)
    entry.rename(entry.with_name(hash_of(other)))
    words = memo.read_text().split(" ")
    assert words[0] == "boot" and words[-1] == entry.name, words
    words[-1] = hash_of(other)
    at = {"boot": 1, "size": -4, "mtime": -3, "ctime": -2}.get(what)
    if at:
        words[at] = words[at].translate(str.maketrans("0123456789", "1234567890"))
    memo.write_text(" ".join(words))
    name = memo.name.split("-")
    name[1] = "0" * 16 if what == "another client" else name[1]
    name[3] = "1" if what == "another interpreter" else name[3]
    memo.rename(memo.with_name("-".join(name)))
    r = run(lrun, tmp, "--handler", "none", "--runtime", HOST.name)
    assert r.json["errorMessage"].startswith("BAD HANDLER" if what == "none of these" else "Bad handler"), r
    assert what == "none of these" or (entry.read_bytes() == good and memo.read_text().split(" ")[-1] == entry.name), "made again"


def test_another_lruns_client_is_not_used(lrun, tmp):
    """The same interpreter and cache, and an lrun in which one word of the client is another."""
    other = tmp / "other"
    other.mkdir()
    for name in ("lrun", *HELPERS):
        shutil.copy2(BUILD / name, other)
    image = (other / "lrun").read_bytes()
    assert image.count(b"Bad handler '%s'") == 1
    (other / "lrun").write_bytes(image.replace(b"Bad handler '%s'", b"BAD HANDLER '%s'"))
    package = make_zip(tmp / "fn.zip", {"lambda_function.py": CODE})
    for _ in range(2):
        assert lrun.run("--handler", "none", "--runtime", HOST.name, package).json["errorMessage"].startswith("Bad handler 'none'")
        argv = lrun.argv("run", "--handler", "none", "--runtime", HOST.name, package)
        assert b"BAD HANDLER 'none'" in subprocess.run([other / "lrun", *argv[1:]], capture_output=True, cwd=tmp, timeout=60).stdout
    assert len(kept(lrun)) == len(memos(lrun)) == 2


def test_an_interpreter_that_is_exchanged_compiles_again(lrun, tmp):
    """The same file under the same name, which another program has become."""
    place = prefix(tmp)
    shutil.copy2(HOST, place / "bin" / OTHER)
    environment = {**os.environ, "PATH": f"{place}/bin:{os.environ['PATH']}"}
    options = ("--runtime", OTHER)
    settled(place / "bin" / OTHER)
    assert run(lrun, tmp, *options, env=environment).json == 7 and len(memos(lrun)) == 1
    before = memos(lrun)[0].read_text()
    with open(place / "bin" / OTHER, "ab") as f:
        f.write(b"\0")
    settled(place / "bin" / OTHER)
    assert run(lrun, tmp, *options, env=environment).json == 7
    assert memos(lrun)[0].read_text() != before and len(kept(lrun)) == 1


def prefix(tmp):
    place = tmp / "versions/3.8.19"
    (place / "bin").mkdir(parents=True)
    (place / "lib").mkdir()
    library = place / "lib" / HOST.name
    library.mkdir()
    for entry in pathlib.Path("/usr/lib", HOST.name).iterdir():
        if entry.name not in ("sitecustomize.py", "dist-packages", "site-packages"):
            (library / entry.name).symlink_to(entry)
    (place / "lib" / OTHER).symlink_to(HOST.name)
    return place


def settled(path):
    """What was changed less than 100 ms ago is not remembered."""
    subprocess.run(["sleep", "0.3"], check=True)
    assert os.stat(path).st_mode & 0o111


def files(names):
    return "".join(f"var/runtime/awslambdaric/{name} 1\nx" for name in names)


SOURCES = len(list((TOP / "runtimes/python3/awslambdaric").glob("*.py")))
LIES = {
    "as many elsewhere": files(f"{'x' * 30}{i}.pyc" for i in range(SOURCES)), "as many that lead away": files(f"__pycache__/../{i}.pyc" for i in range(SOURCES)),
    "nothing": "", "words": "no bytecode here\n", "a file that it does not own": "var/runtime/bootstrap.py 1\nx", "a path that leads away": "var/runtime/awslambdaric/__pycache__/../../bootstrap 1\nx",
    "more than it has": "var/runtime/awslambdaric/__pycache__/a.pyc 9\nx", "a size that is none": "var/runtime/awslambdaric/__pycache__/a.pyc x\nx", "too few": files(["__pycache__/a.pyc"]),
    "too many": files(f"__pycache__/{i}.pyc" for i in range(40)), "one too many": files(f"__pycache__/{i}.pyc" for i in range(SOURCES + 1)),
}


@pytest.mark.parametrize("lie", LIES)
def test_an_interpreter_that_does_not_compile_is_asked_once(lrun, tmp, lie):
    place = prefix(tmp)
    (tmp / "said").write_text(LIES[lie])
    (tmp / "asked").write_text("")
    (tmp / "asked").chmod(0o666)
    (tmp / "p.c").write_text('#include <stdio.h>\n#include <string.h>\nint main(int n, char **argv) {\n    FILE *f;\n    int c;\n    if (n < 2 || strcmp(argv[1], "-I") != 0) return 3;\n'
                             f'    if ((f = fopen("{tmp}/asked", "a"))) fputs("asked\\n", f), fclose(f);\n    for (f = fopen("{tmp}/said", "r"); f && (c = getc(f)) != EOF;) putchar(c);\n    return 0;\n}}\n')
    subprocess.run(["cc", "-static", "-o", place / "bin" / OTHER, tmp / "p.c"], check=True)
    settled(place / "bin" / OTHER)
    for _ in range(2):
        r = run(lrun, tmp, "--runtime", OTHER, env={**os.environ, "PATH": f"{place}/bin:{os.environ['PATH']}"})
        assert r.json["errorMessage"].endswith("exit status 3"), r
    assert (tmp / "asked").read_text() == "asked\n" and kept(lrun) == [] and memos(lrun)[0].read_text().endswith(" none")


@pytest.mark.parametrize("signal, asked", [("SIGKILL", 2), ("SIGINT", 2), ("SIGSEGV", 1), ("SIGALRM", 1)])
def test_an_interpreter_that_was_interrupted_is_asked_again(lrun, tmp, signal, asked):
    place = prefix(tmp)
    (tmp / "asked").write_text("")
    (tmp / "asked").chmod(0o666)
    (tmp / "p.c").write_text('#include <signal.h>\n#include <stdio.h>\n#include <string.h>\n#include <unistd.h>\nint main(int n, char **argv) {\n    FILE *f;\n    if (n < 2 || strcmp(argv[1], "-I") != 0) return 3;\n'
                             f'    if ((f = fopen("{tmp}/asked", "a"))) fputs("asked\\n", f), fclose(f);\n    kill(getpid(), {signal});\n    return 0;\n}}\n')
    subprocess.run(["cc", "-static", "-o", place / "bin" / OTHER, tmp / "p.c"], check=True)
    settled(place / "bin" / OTHER)
    for _ in range(2):
        r = run(lrun, tmp, "--runtime", OTHER, env={**os.environ, "PATH": f"{place}/bin:{os.environ['PATH']}"})
        assert r.json["errorMessage"].endswith("exit status 3"), r
    assert (tmp / "asked").read_text() == "asked\n" * asked


def test_what_an_interpreter_is_given(lrun, tmp):
    """None of the caller's variables, descriptors or modules, outside any sandbox as it is; nor a terminal to write to."""
    place = prefix(tmp)
    (tmp / "asked").write_text("")
    (tmp / "asked").chmod(0o666)
    (tmp / "p.c").write_text('#include <dirent.h>\n#include <stdio.h>\n#include <string.h>\nextern char **environ;\nint main(int n, char **argv) {\n    FILE *f;\n    if (n < 2 || strcmp(argv[1], "-I") != 0) return 3;\n'
                             f'    f = fopen("{tmp}/asked", "a");\n    for (char **e = environ; *e; e++) fprintf(f, "variable %s\\n", *e);\n    DIR *d = opendir("/proc/self/fd");\n'
                             '    for (struct dirent *e; (e = readdir(d));) if (strlen(e->d_name) > 1 || e->d_name[0] > \'4\') fprintf(f, "descriptor %s\\n", e->d_name);\n'
                             '    fprintf(f, "%s %s\\n", argv[1], argv[2]);\n    fputs("not for people\\n", stderr);\n    return 1;\n}\n')
    subprocess.run(["cc", "-static", "-o", place / "bin" / OTHER, tmp / "p.c"], check=True)
    settled(place / "bin" / OTHER)
    r = run(lrun, tmp, "--runtime", OTHER, env={**os.environ, "PATH": f"{place}/bin:{os.environ['PATH']}", "PYTHONSTARTUP": "/x", "SECRET": "s"})
    assert (tmp / "asked").read_text() == "descriptor ..\n-I -S\n" and "not for people" not in r.log, (tmp / "asked").read_text()


def test_a_root_file_systems_interpreter_is_not_run_here(lrun, tmp):
    root = tmp / "root"
    (root / "usr/bin").mkdir(parents=True)
    (root / "usr/bin" / HOST.name).write_bytes(HOST.read_bytes())
    for p in (root, root / "usr", root / "usr/bin", root / "usr/bin" / HOST.name):
        p.chmod(0o755)
    run(lrun, tmp, "--rootfs", root, "--runtime", HOST.name)
    assert kept(lrun) == [] and memos(lrun) == []


def test_a_function_cannot_change_it(lrun, tmp):
    code = ("import os\ndef lambda_handler(event, context):\n    place, said = '/var/runtime/awslambdaric/__pycache__', []\n    names = sorted(os.listdir(place))\n"
            "    for act in (lambda: open(f'{place}/{names[0]}', 'ab'), lambda: os.unlink(f'{place}/{names[0]}'), lambda: open(f'{place}/x', 'w'), lambda: os.rename(place, place + '2')):\n"
            "        try:\n            act()\n            said.append('done')\n        except OSError as e:\n            said.append(e.errno)\n    return said\n")
    assert run(lrun, tmp, code=code).json == [30, 30, 30, 30]


def test_prune_takes_it_away(lrun, tmp):
    run(lrun, tmp)
    assert len(kept(lrun)) == len(memos(lrun)) == 1
    assert lrun("cache", "prune", report=False).code == 0
    assert kept(lrun) == memos(lrun) == [], r
