# SPDX-License-Identifier: Apache-2.0
"""What the function sees: files, modes, mounts, devices, /proc."""
import os
import re
import shutil
import stat
import subprocess

import pytest
from conftest import ROOT, helper, make_zip, skip


@pytest.fixture
def probe(tmp):
    """A package that holds the probe, and a way to ask it."""
    package = make_zip(tmp / "probe.zip", {"probe": (open(helper("probe"), "rb").read(), 0o755), "f": "x"})

    def ask(lrun, *words, options=(), **more):
        r = lrun.exec(package, "/var/task/probe", *words, options=options, **more)
        return r.text.strip() or repr(r)
    ask.package = package
    return ask


def test_the_root_has_lambdas_directories_and_nothing_of_the_hosts(lrun, empty):
    names = set(lrun.sh(empty, "ls -A /").text.split())
    assert {"dev", "etc", "home", "opt", "proc", "sys", "tmp", "usr", "var", "bin"} <= names
    assert not names & {"oldroot", "newroot", "work", "skel", "host", "root.old", "lost+found"}
    for path in ("/home", "/sys", "/opt", "/run", "/mnt", "/srv", "/var/runtime", "/usr/local/bin"):
        assert lrun.sh(empty, f"ls -A {path}").text == "", path


def test_secrets_of_the_host_cannot_be_named(lrun, empty):
    for path in ("/etc/shadow", "/etc/ssh", "/root/.bashrc", "/etc/machine-id", "/etc/hostname", "/var/lib/dpkg", "/usr/local/lib", "/usr/src", "/usr/include", "/var/cache"):
        assert lrun.sh(empty, f"test -e {path}").code == 1, path


def test_etc_is_an_allow_list(lrun, empty):
    javas = {name for name in os.listdir("/etc") if name.startswith("java-") and name.endswith("-openjdk")}
    allowed = javas | {"alternatives", "amazon-linux-release", "group", "hosts", "ld.so.cache", "nsswitch.conf", "os-release", "passwd", "pki", "protocols", "resolv.conf",
               "services", "ssl", "system-release", "system-release-cpe"}
    assert set(lrun.sh(empty, "ls -A /etc").text.split()) <= allowed
    assert set(lrun.sh(empty, "ls -A /etc/ssl").text.split()) <= {"certs"}


@pytest.mark.parametrize("path", ["/x", "/var/task/x", "/opt/x", "/usr/bin/x", "/etc/x", "/home/x", "/var/x", "/lib/x"])
def test_nothing_but_tmp_can_be_written(lrun, empty, path):
    r = lrun.sh(empty, f"echo x > {path}")
    assert r.code and "Read-only file system" in r.log, r


def test_changing_code_is_erofs_before_it_is_eacces(lrun, tmp, probe):
    package = make_zip(tmp / "m.zip", {"probe": (open(helper("probe"), "rb").read(), 0o755), "secret": ("s", 0o600), "f": "x"})
    assert lrun.exec(package, "./probe", "open", "/var/task/f", str(os.O_WRONLY)).text == "EROFS\n"
    assert lrun.exec(package, "./probe", "open", "/var/task/secret", "0").text == "EACCES\n"


def test_tmp_is_writable_executable_sized_and_private(lrun, empty):
    r = lrun.sh(empty, "stat -c '%a %U' /tmp; cp /bin/true /tmp/t && /tmp/t && echo ran; df -B1 --output=size /tmp | tail -1; echo left > /tmp/left")
    assert r.text.split() == ["1777", "sbx_user1051", "ran", str(512 << 20)], r
    assert lrun.sh(empty, "ls -A /tmp").text == ""
    assert lrun.sh(empty, "df -B1 --output=size /tmp | tail -1", ("--tmp-size", "1024")).text.strip() == str(1 << 30)


def test_a_full_tmp_is_enospc_in_bytes_and_in_inodes(lrun, empty):
    r = lrun.sh(empty, "head -c 600M /dev/zero > /tmp/big; stat -c %s /tmp/big")
    assert "No space left on device" in r.log and int(r.text) <= 512 << 20, r
    r = lrun.exec(empty, "/usr/bin/python3", "-c", "import os\ntry:\n for i in range(10**6): open(f'/tmp/{i}', 'w')\nexcept OSError as e: print(e.errno, i)")
    assert r.text.split()[0] == "28" and 30000 < int(r.text.split()[1]) < 33000, r


def test_files_are_the_functions_as_other_saw_them(lrun, tmp):
    package = make_zip(tmp / "m.zip", {
        "a": ("", 0o644), "b": ("", 0o755), "c": ("", 0o600), "d": ("", 0o640), "e": ("", 0o4755), "f": ("", 0o777), "g": ("", 0o000),
        "open/": ("", 0o755), "shut/": ("", 0o700), "shut/x": "", "w/": ("", 0o1777)})
    r = lrun.sh(package, "cd /var/task; stat -c '%n %a' *")
    got = dict(l.split() for l in r.text.splitlines())
    assert got == {"a": "644", "b": "755", "c": "200", "d": "240", "e": "755", "f": "777", "g": "200", "open": "755", "shut": "755", "w": "777"}, r


def test_a_zip_without_unix_modes_is_0644_and_0755(lrun, tmp):
    import zipfile
    with zipfile.ZipFile(tmp / "win.zip", "w") as z:
        for name in ("bootstrap", "dir/file", "back\\slash"):
            info = zipfile.ZipInfo("x")
            info.filename = name
            info.create_system = 0
            z.writestr(info, "x")
    r = lrun.sh(tmp / "win.zip", "stat -c '%n %a' bootstrap dir dir/file 'back\\slash'")
    assert r.text.splitlines() == ["bootstrap 644", "dir 755", "dir/file 644", "back\\slash 644"], r


def test_times_come_from_the_archive_as_utc(lrun, empty):
    assert lrun.sh(empty, "stat -c %Y handler.txt", env={"TZ": "Asia/Tokyo", "PATH": "/usr/bin"}).text.strip() == "1706933106"


@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_layers_are_merged_in_order_and_the_later_one_wins(lrun, empty, tmp, count):
    layers = [make_zip(tmp / f"l{i}.zip", {"same": f"{i}\n", f"own{i}": str(i), f"dir/{i}": "", "kind" + ("/x" if i % 2 else ""): ""}) for i in range(count)]
    options = [w for l in layers for w in ("--layers", l)]
    r = lrun.sh(empty, "cd /opt; ls; cat same 2>/dev/null; ls dir 2>/dev/null | wc -l", options)
    lines = r.text.split()
    assert lines[-1] == str(count), r
    if count:
        assert lines[-2] == str(count - 1) and all(f"own{i}" in lines for i in range(count)), r


def test_layers_may_be_directories_and_named_with_commas(lrun, empty, tmp):
    (tmp / "d").mkdir()
    (tmp / "d/f").write_text("dir")
    zipped = make_zip(tmp / "z.zip", {"f": "zip", "g": "zip"})
    assert lrun.sh(empty, "cat /opt/f /opt/g", ("--layers", f"{zipped},{tmp / 'd'}")).text == "dirzip"
    assert lrun.sh(empty, "cat /opt/f /opt/g", ("--layers", f"{tmp / 'd'},{zipped}")).text == "zipzip"


def test_an_opaque_attribute_in_one_layer_hides_nothing_of_another(lrun, empty, tmp):
    for name, file in (("low", "a"), ("high", "b")):
        (tmp / name / "dir").mkdir(parents=True)
        (tmp / name / "dir" / file).write_text("")
    try:
        os.setxattr(tmp / "high/dir", "user.overlay.opaque", b"y")
    except OSError:
        skip("no user attributes on this file system")
    assert lrun.sh(empty, "ls /opt/dir", ("--layers", f"{tmp}/low,{tmp}/high")).text.split() == ["a", "b"]


def test_paths_full_of_overlay_and_shell_characters_work(lrun, tmp):
    d = tmp / 'a:b,c\\d "e" f'
    d.mkdir()
    package, layer = make_zip(d / "fn.zip", {"f": "code"}), make_zip(d / "l.zip", {"f": "layer"})
    shutil.copy(layer, tmp / "l.zip")
    r = lrun("exec", "--cache-dir", d / "cache:1,2", "--layers", tmp / "l.zip", package, "--", "/bin/cat", "f", "/opt/f")
    assert r.text == "codelayer", r


def test_mountinfo_tells_no_path_of_the_host(lrun, empty, tmp):
    layers = f"{make_zip(tmp / 'l1.zip', {'a': ''})},{make_zip(tmp / 'l2.zip', {'b': ''})}"
    text = lrun.sh(empty, "cat /proc/self/mountinfo /proc/mounts", ("--layers", layers)).text
    assert "cache" not in text.replace("/etc/ld.so.cache", "") and str(tmp) not in text and "/home" not in text, text


def test_every_mount_is_nosuid_and_all_but_dev_nodev(lrun, empty):
    for line in lrun.sh(empty, "cat /proc/mounts").text.splitlines():
        device, where, kind, options = line.split()[:4]
        options = options.split(",")
        assert "nosuid" in options, line
        assert "nodev" in options or where == "/dev" or where.startswith("/dev/"), line
        assert "ro" in options or where in ("/tmp", "/dev") or where.startswith("/dev/"), line


def test_submounts_of_a_volume_are_read_only_too(lrun, empty, tmp):
    d = tmp / "with space"
    (d / "sub").mkdir(parents=True)
    d.chmod(0o777)
    (d / "sub").chmod(0o777)
    r = lrun.sh(empty, "echo x > /mnt/v/f; echo x > /mnt/v/sub/f", ("--volume", f"{d}:/mnt/v"))
    assert r.log.count("Read-only file system") == 2, r
    if ROOT:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=777", "none", str(d / "sub")], check=True)
        try:
            r = lrun.sh(empty, "echo x > /mnt/v/sub/f", ("--volume", f"{d}:/mnt/v"))
            assert "Read-only file system" in r.log, r
        finally:
            subprocess.run(["umount", str(d / "sub")], check=True)


def test_dev_has_five_devices_and_three_links(lrun, empty):
    r = lrun.sh(empty, "ls /dev; cat /dev/null; head -c 3 /dev/zero | od -An -tx1; head -c 1 /dev/zero > /dev/full; head -c 4 /dev/urandom | wc -c")
    assert r.text.split() == ["full", "null", "random", "stderr", "stdin", "stdout", "urandom", "zero", "00", "00", "00", "4"], r
    assert "No space left on device" in r.log


def test_making_something_in_dev_is_eacces_as_on_lambda(lrun, empty):
    r = lrun.sh(empty, "ln -s /x /dev/fd")
    assert "Permission denied" in r.log, r
    r = lrun.sh(empty, "chmod 755 /dev; ln -s /x /dev/fd")
    assert "No space left on device" in r.log, r


def test_process_substitution_fails_as_on_lambda(lrun, empty):
    r = lrun.exec(empty, "/bin/bash", "-c", "cat <(echo hi)")
    assert "/dev/fd/63: No such file or directory" in r.log, r


@pytest.mark.parametrize("shm, errno", [("absent", "2"), ("denied", "13"), ("64", None)])
def test_shm_is_absent_or_as_asked(lrun, empty, shm, errno):
    r = lrun.exec(empty, "/usr/bin/python3", "-c", "import multiprocessing as m\ntry:\n m.Lock(); print('ok')\nexcept OSError as e: print(e.errno)", options=("--shm", shm))
    assert r.text.strip() in ((errno, "38") if errno == "2" else (errno or "ok",)), r
    if shm == "64":
        assert lrun.sh(empty, "df -m --output=size /dev/shm | tail -1; stat -c %a /dev/shm", ("--shm", shm)).text.split() == ["64", "1777"]
    assert "is not one of absent|denied|MB (MB: 1 to 10240)" in lrun.sh(empty, "true", ("--shm", "lots")).log


def test_there_is_no_terminal_and_no_pty(lrun, probe):
    assert probe(lrun, "openpty") in ("ENOENT", "EPERM")
    assert probe(lrun, "open", "/dev/tty", "0") == "ENOENT"


def test_proc_is_the_sandboxs_own(lrun, empty):
    r = lrun.sh(empty, "ls /proc | grep -c '^[0-9]'; cat /proc/1/comm; readlink /proc/1/exe; cat /proc/1/environ; tr '\\0' ' ' < /proc/1/cmdline; echo; id")
    assert r.text.split("\n")[1] == "init" and r.log.count("Permission denied") >= 1 and int(r.text.split()[0]) <= 6, r
    assert "lrun" not in r.text.replace("lrun-", ""), r


@pytest.mark.parametrize("path", ["/proc/sys/kernel/core_pattern", "/proc/sys/kernel/hostname", "/proc/sysrq-trigger", "/proc/sys/vm/drop_caches", "/proc/sys/user/max_user_namespaces", "/proc/irq/default_smp_affinity", "/proc/sys/net/ipv4/ip_forward"])
def test_settings_of_the_kernel_cannot_be_written(lrun, probe, path):
    if os.path.exists(path):
        assert probe(lrun, "open", path, str(os.O_WRONLY)) in ("EROFS", "EACCES")


@pytest.mark.parametrize("path", ["/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/interrupts", "/proc/acpi", "/proc/scsi", "/proc/latency_stats"])
def test_what_tells_of_the_host_is_empty(lrun, empty, path):
    assert lrun.sh(empty, f"test ! -e {path} || test -d {path} && ls -A {path} || cat {path}").text == "", path


def test_boot_id_hostname_and_user_are_not_the_hosts(lrun, empty):
    boot = lrun.sh(empty, "cat /proc/sys/kernel/random/boot_id; uname -n; id -un; getent hosts sandbox.localdomain | cut -d' ' -f1; cat /proc/sys/kernel/random/boot_id").text.split()
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", boot[0]) and boot[0] != open("/proc/sys/kernel/random/boot_id").read().strip()
    assert boot[1:4] == ["169.254.100.6", "sbx_user1051", "127.0.0.1"] and boot[4] == boot[0]
    assert lrun.sh(empty, "cat /proc/sys/kernel/random/boot_id").text.strip() != boot[0]
    for runtime in ("python3", "provided.al2"):
        assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", lrun.sh(empty, "cat /proc/sys/kernel/random/boot_id", ("--runtime", runtime)).text.strip())


def test_the_user_is_lambdas(lrun, empty):
    assert lrun.exec(empty, "/usr/bin/id").text == "uid=993(sbx_user1051) gid=990 groups=990\n" or not ROOT
    assert lrun.sh(empty, "id -u; id -g; umask; pwd").text.split() == ["993", "990", "0022", "/var/task"]


def test_the_hosts_tree_is_not_a_parent_of_the_root(lrun, empty):
    r = lrun.sh(empty, "cd /..; cd ../../..; pwd; ls -A | head -1; stat -c %i / /.. /../..")
    assert r.text.split()[0] == "/" and len(set(r.text.split()[-3:])) == 1, r


def test_mounts_cannot_be_taken_away(lrun, probe):
    for where in ("/proc/keys", "/proc/sys", "/var/task", "/"):
        assert probe(lrun, "umount", where) == "EPERM"


def test_the_hosts_own_mounts_do_not_change(lrun, empty):
    before = open("/proc/self/mountinfo").read()
    lrun.sh(empty, "true")
    assert open("/proc/self/mountinfo").read() == before
