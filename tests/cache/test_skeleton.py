# SPDX-License-Identifier: Apache-2.0
"""The root's directories, links and generated files are made once and kept. What was changed, half made or is of another boot is not
used, and no launch needs it."""
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest

from conftest import LRUN_UID, ROOT, make_zip, skip, wait_until

# All of the root that is no mount of its own: names, kinds, modes, where links lead, and contents.
LOOK = """
import os, stat
seen, mounts = [], {"/var/task", "/opt"} | {line.split()[4] for line in open("/proc/self/mountinfo")}
for top, dirs, files in os.walk("/"):
    dirs[:] = [d for d in dirs if os.path.join(top, d) not in mounts]
    for path in (os.path.join(top, name) for name in dirs + files):
        st = os.lstat(path)
        if path not in mounts:
            seen.append([path, oct(st.st_mode), st.st_uid, os.readlink(path) if stat.S_ISLNK(st.st_mode) else open(path).read() if stat.S_ISREG(st.st_mode) else ""])
print(*sorted(seen), sep="\\n")
"""


def kept(lrun):
    place = pathlib.Path(lrun.cache, "skeleton")
    return sorted(place.iterdir()) if place.is_dir() else []


def look(lrun, package, *options):
    r = lrun.exec(package, "/usr/bin/python3", "-c", LOOK, options=options)
    assert r.code == 0, r
    return r.text


def test_it_is_made_once_and_shows_no_path_of_the_host(lrun, empty):
    first = lrun.exec(empty, "/bin/cat", "/proc/self/mountinfo")
    made = kept(lrun)
    inode = os.stat(made[0]).st_ino
    second = lrun.exec(empty, "/bin/cat", "/proc/self/mountinfo")
    root = [line for line in second.text.splitlines() if line.split()[4] == "/"]
    assert len(made) == 1 and kept(lrun) == made and os.stat(made[0]).st_ino == inode and first.code == 0
    assert len(root) == 1 and re.search(r" - overlay none ro,(\S+,)?lowerdir=0:1:empty\b", root[0]) and root[0].split()[5].startswith("ro,nosuid,nodev"), root


def test_the_same_is_seen_as_without_it(lrun, empty, tmp):
    (tmp / "file").write_text("x")
    of_each_launch = look(lrun, empty, "--volume", f"{tmp}/file:/mnt/file")
    assert not kept(lrun), "a place that a user chose is made in each launch"
    prepared = look(lrun, empty)
    assert kept(lrun) and "etc/passwd" in prepared and "'/var/run'" in prepared
    assert [line for line in of_each_launch.splitlines() if "/mnt/file" not in line] == prepared.splitlines()


def mounted(lrun, package, *options):
    """{place: type}"""
    r = lrun.exec(package, "/bin/cat", "/proc/self/mountinfo", options=options)
    assert r.code == 0, r
    return {line.split()[4]: line.split(" - ")[1].split()[0] for line in r.text.splitlines()}


def test_function_and_layers_are_in_the_overlay_that_is_the_root(lrun, tmp):
    """Each of their files at its own place, whatever it is called: one called etc/passwd is none of the root's."""
    names = ("etc/passwd", "var/task/x", "opt/x", "tmp/x", "own")
    fn, one, two = (make_zip(tmp / f"{n}.zip", {**{name: f"{n} " for name in names}, n: "only "}) for n in ("fn", "one", "two"))
    layers = ("--layers", f"{one},{two}")
    command = "cat /var/task/fn /opt/one /opt/two " + " ".join(f"/var/task/{n} /opt/{n}" for n in names) + "; echo; ls -m /opt; ls -m /var/task; ls /tmp; grep -c fn /etc/passwd"
    assert lrun.exec(fn, "/bin/sh", "-c", command, options=layers).text.splitlines() == [
        "only " * 3 + "fn two " * 5, "etc, one, opt, own, tmp, two, var", "etc, fn, opt, own, tmp, var", "0"]
    assert not {"/opt", "/var/task"} & set(mounted(lrun, fn, *layers))


def test_one_archive_is_a_function_and_a_layer(lrun, tmp):
    both = make_zip(tmp / "a.zip", {"a": "content", "unreadable": ("x", 0o600)})
    for _ in range(2):
        assert lrun.exec(both, "/bin/cat", "/var/task/a", "/opt/a", options=("--layers", both)).text == "content" * 2
    verified = lrun("cache", "verify", report=False)
    assert verified.code == 0 and verified.text.count("intact") == 2, verified


def test_a_directory_has_a_mount_of_its_own(lrun, tmp, empty):
    (tmp / "d").mkdir()
    (tmp / "d/f").write_text("x")
    zipped = make_zip(tmp / "layer.zip", {"g": "y"})
    assert mounted(lrun, tmp / "d", "--layers", zipped).get("/var/task") and "/opt" not in mounted(lrun, tmp / "d", "--layers", zipped)
    of_a_layer = mounted(lrun, empty, "--layers", f"{zipped},{tmp}/d")
    assert of_a_layer.get("/opt") == "overlay" and "/var/task" not in of_a_layer
    assert mounted(lrun, empty, "--layers", zipped, "--scratch").get("/var/task") == "overlay"


LIST = """
#include <dirent.h>
#include <stdio.h>
int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        DIR *d = opendir(argv[i]);
        for (struct dirent *e; d && (e = readdir(d));)
            if (e->d_name[0] != '.')
                printf("%s/%s\\n", argv[i], e->d_name);
    }
}
"""


def test_an_images_own_code_and_layers_are_not_seen(lrun, tmp, empty):
    image = tmp / "image"
    for name in ("var/task/theirs", "opt/theirs", "opt/deep/theirs"):
        (image / name).parent.mkdir(parents=True, exist_ok=True)
        (image / name).write_text("x")
    subprocess.run(["cc", "-static", "-x", "c", "-", "-o", image / "list"], input=LIST.encode(), check=True)
    layer = make_zip(tmp / "layer.zip", {"deep/ours": "y"})
    for way, seen in (((), ""), (("--layers", layer), "/opt/deep\n/opt/deep/ours\n")):
        r = lrun.exec(empty, "/list", "/var/task", "/opt", "/opt/deep", options=("--rootfs", image, *way))
        assert r.code == 0 and "theirs" not in r.text and r.text.endswith(seen), r


def test_nothing_can_be_written_into_it(lrun, empty):
    r = lrun.exec(empty, "/bin/sh", "-c", "for f in /etc/passwd /etc/new /srv/new /new /var/runtime/new; do echo x >>$f; done; chmod 777 /etc /etc/passwd; rm -f /etc/hosts; mv /etc/hosts /etc/h; touch /etc/passwd")
    assert r.log.count("Read-only file system") == 10, r
    assert look(lrun, empty).count("root:x:0:0:root") == 1


def replace_by_link(path, to):
    path.unlink() if path.is_symlink() or path.is_file() else shutil.rmtree(path)
    path.symlink_to(to)


def copy(entry):
    """As a backup would: the same names, modes and times."""
    subprocess.run(["cp", "-a", entry, f"{entry}.new"], check=True)
    shutil.rmtree(entry)
    os.rename(f"{entry}.new", entry)


CHANGES = {
    "a file is longer": lambda e: (e / "root/etc/passwd").open("a").write("evil:x:0:0::/:/bin/sh\n"),
    "a file is another": lambda e: (os.unlink(e / "root/etc/hosts"), (e / "root/etc/hosts").write_text("127.0.0.1 localhost localhost.localdomain\n127.0.0.1 sandbox.localdomain sandbox\n")),
    "a file is gone": lambda e: os.unlink(e / "root/etc/nsswitch.conf"),
    "a file is a link": lambda e: replace_by_link(e / "root/etc/passwd", "/etc/shadow"),
    "a file is open to all": lambda e: os.chmod(e / "root/etc/passwd", 0o666),
    "a file more": lambda e: (e / "root/srv/new").write_text("x"),
    "a directory more": lambda e: os.mkdir(e / "root/opt/new"),
    "a directory less": lambda e: os.rmdir(e / "root/mnt"),
    "a directory is a link": lambda e: replace_by_link(e / "root/srv", "/"),
    "a directory is closed": lambda e: os.chmod(e / "root/etc", 0o700),
    "a link leads elsewhere": lambda e: replace_by_link(e / "root/var/run", "/proc"),
    "a place of a mount is gone": lambda e: os.rmdir(e / "root/proc"),
    "the root is gone": lambda e: shutil.rmtree(e / "root"),
    "the root is empty": lambda e: (shutil.rmtree(e / "root"), os.mkdir(e / "root")),
    "the root is a link": lambda e: replace_by_link(e / "root", "/"),
    "no seal": lambda e: os.unlink(e / "seal"),
    "an empty seal": lambda e: (e / "seal").write_text(""),
    "half a seal": lambda e: os.truncate(e / "seal", os.stat(e / "seal").st_size // 2),
    "a seal of nothing": lambda e: os.truncate(e / "seal", 17),
    "a seal without an end": lambda e: (e / "seal").write_bytes(b"x" * 40000),
    "only its name": lambda e: (shutil.rmtree(e), os.mkdir(e)),
    "half made": lambda e: (shutil.rmtree(e), os.makedirs(e / "root/etc")),
    "a file": lambda e: (shutil.rmtree(e), e.write_text("x")),
    "a link": lambda e: replace_by_link(e, "/"),
    "a copy": copy,
    "another boot's": lambda e: os.rename(e, e.with_name("0" * 8 + e.name[8:])),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_not_as_it_was_made_is_not_used(lrun, empty, change):
    before = look(lrun, empty)
    [entry] = kept(lrun)
    CHANGES[change](entry)
    for top, dirs, files in os.walk(pathlib.Path(lrun.cache, "skeleton")) if ROOT else ():
        for name in dirs + files:  # as if its own user had done it
            os.lchown(os.path.join(top, name), LRUN_UID, LRUN_UID)
    assert look(lrun, empty) == before
    assert look(lrun, empty) == before, "the next launch has one again"
    assert change == "a file" or (len(kept(lrun)) == 1 and (kept(lrun)[0] / "seal").stat().st_size > 400)


def test_no_program_starts_before_it_is_found_whole(lrun, empty):
    """Process 1 is ready long before lrun has looked through it: each look is held up."""
    if not shutil.which("strace") or subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True).returncode:
        skip("strace cannot trace here")
    slow = ("strace", "-o", "/dev/null", "-e", "trace=newfstatat", "-e", "inject=newfstatat:delay_enter=5000")
    assert lrun.exec(empty, "/bin/echo", "ran").text == "ran\n"
    [entry] = kept(lrun)
    (entry / "root/srv/new").write_text("x")
    assert lrun.exec(empty, "/bin/sh", "-c", "ls /srv; echo ran", wrap=slow).text == "ran\n", "once, and in a root that is as it should be"


def test_who_uses_it_goes_on_when_it_is_changed_and_made_anew(lrun, empty, tmp):
    p = subprocess.Popen(lrun.argv("exec", empty, "--", "/bin/sh", "-c", "echo up; read x; cat /etc/passwd", report=False), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert p.stdout.readline() == "up\n"
    [entry] = kept(lrun)
    (entry / "root/srv/new").write_text("x")
    assert "/srv/new" not in look(lrun, empty) + look(lrun, empty)
    assert kept(lrun) == [entry] and p.communicate("\n")[0].startswith("root:x:0:0:root") and p.returncode == 0
    assert "/srv/new" not in look(lrun, empty) + look(lrun, empty) and not (entry / "root/srv/new").exists()


def test_a_server_goes_on_when_it_is_changed_and_leaves_that_of_others(serve, lrun, function):
    code = "while True:\n    headers, event = next()\n    time.sleep(int(event))\n    respond(headers[ID], json.dumps(os.listdir('/srv')))"
    s = serve("--concurrency", 3, function(code))

    def at_once(n):
        with concurrent.futures.ThreadPoolExecutor(n) as pool:
            return sorted(json.loads(a.body) for a in pool.map(lambda _: s.invoke("1"), range(n)))
    assert at_once(1) == [[]]
    for entry in kept(lrun):
        (entry / "root/srv/new").write_text("x")
    assert at_once(2) == [[], ["new"]], "who runs shows what is there; the environment that starts does not"
    assert lrun.run("-e", "0", function(code, name="other.zip")).json == [] and lrun.run("-e", "0", function(code, name="other.zip")).json == []
    inodes = {os.stat(e).st_ino for e in kept(lrun)}
    assert at_once(3) == [[], [], ["new"]] and {os.stat(e).st_ino for e in kept(lrun)} == inodes


def test_of_many_that_make_it_at_once_one_is_kept(lrun, empty):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(lambda i: look(lrun, empty), range(8)))
    assert len(set(seen)) == 1 and len(kept(lrun)) == 1
    assert wait_until(lambda: not any(pathlib.Path(lrun.cache, "tmp").iterdir()))


def test_no_launch_needs_it(lrun, empty):
    before = look(lrun, empty)
    shutil.rmtree(pathlib.Path(lrun.cache, "skeleton"))
    pathlib.Path(lrun.cache, "skeleton").write_text("in the way")
    assert look(lrun, empty) == before


def test_another_client_another_skeleton(lrun, tmp):
    """What runs in it is part of what it is made from."""
    code = make_zip(tmp / "py.zip", {"lambda_function.py": "def lambda_handler(event, context):\n    return open('/etc/passwd').read()\n"})
    assert all(lrun.run(*more, code).code == 0 for more in ((), ("--passwd", "absent"), ()))
    assert "sbx_user1051" not in lrun.run("--passwd", "absent", code).json and "sbx_user1051" in lrun.run(code).json
    assert len(kept(lrun)) == 2


def test_prune_takes_it_away(lrun, empty):
    look(lrun, empty)
    assert lrun("cache", "prune", report=False).code == 0 and not kept(lrun)
