# SPDX-License-Identifier: Apache-2.0
"""attack.py tries to get out, as a command, as an invoked function and as a served one, with every network, started by root and
by an ordinary user; this says what must have happened. One test a hazard, so that a mutant shows which."""
import hashlib
import json
import os
import pathlib
import pwd
import random
import socket
import subprocess
import sys
import threading

import pytest
from conftest import LRUN, ROOT, TESTS, TOP, helper, make_zip

sys.path.insert(0, str(TESTS / "tools"))
import bpf  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
SURFACE = """bpf perf_event_open userfaultfd kexec_load kexec_file_load init_module finit_module delete_module swapon swapoff reboot quotactl lookup_dcookie acct
    open_by_handle_at syslog settimeofday clock_settime iopl ioperm vhangup fanotify_init sethostname setdomainname move_pages migrate_pages nfsservctl""".split()
CANARY = "CANARY-5d0c7b"
MODES = [(command, net) for command in ("exec", "run", "serve") for net in ("none", "host", "user", "blackhole", "allow")]
TUN = os.access("/dev/net/tun", os.R_OK | os.W_OK) and os.stat("/dev/net/tun").st_mode & 0o006 == 0o006
if os.environ.get("LRUN_ESCAPE_MODES"):  # a few, for mutants.py
    MODES = [tuple(m.split("-")) for m in os.environ["LRUN_ESCAPE_MODES"].split(",")]
if not TUN or not os.path.exists("/usr/bin/pasta"):
    MODES = [m for m in MODES if m[1] != "user"]  # test_network.py says so


def addresses():
    out = subprocess.run(["hostname", "-I"], capture_output=True, text=True).stdout.split()
    return [a for a in out if "." in a][:3]  # this machine's own: nothing is sent elsewhere


class Outside:
    """What the host has that must not be reached."""

    def __init__(self, tmp):
        self.abstract = f"lrun-escape-{os.getpid()}"
        self.unix, self.path, self.tcp = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX), socket.socket()
        self.unix.bind("\0" + self.abstract)
        self.path.bind(str(tmp / "host.sock"))
        self.tcp.bind(("127.0.0.1", 0))
        for s in (self.unix, self.path, self.tcp):
            s.listen(64)
        import ctypes
        self.key = random.randrange(1 << 20, 1 << 30)
        self.shm = ctypes.CDLL(None).shmget(self.key, 4096, 0o1666)

    def close(self):
        import ctypes
        for s in (self.unix, self.path, self.tcp):
            s.close()
        ctypes.CDLL(None).shmctl(self.shm, 0, None)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    tmp = tmp_path_factory.mktemp("escape")
    for p in (tmp, *tmp.parents):
        if str(p).startswith("/tmp/") and p.stat().st_uid == os.geteuid():
            p.chmod(p.stat().st_mode | 0o055)
    outside = Outside(tmp)
    yield tmp, outside
    outside.close()


def attack(tmp, outside, command, net):
    plan = {"numbers": bpf.numbers(os.uname().machine), "canary": CANARY, "user": pwd.getpwuid(os.geteuid()).pw_name if ROOT else "no-such-user", "host_words": [str(tmp), f"{TOP}/", os.uname().nodename + "/"],
            "surface": SURFACE, "abstract": outside.abstract, "socket": str(tmp / "host.sock"), "addresses": addresses(), "port": outside.tcp.getsockname()[1], "shm_key": outside.key,
            "boot_id": open("/proc/sys/kernel/random/boot_id").read().strip(), "hostname": os.uname().nodename, "cache": str(tmp / "cache")}
    code = (HERE / "attack.py").read_text()
    package = make_zip(tmp / f"{command}-{net}.zip", {"bootstrap": (code, 0o755), "plan.json": json.dumps(plan), "probe": (pathlib.Path(helper("probe")).read_bytes(), 0o755)})
    env = {"PATH": os.environ["PATH"], "AWS_SECRET_ACCESS_KEY": CANARY, "LRUN_CANARY": CANARY, "SSH_AUTH_SOCK": CANARY, "DBUS_SESSION_BUS_ADDRESS": CANARY, "XDG_RUNTIME_DIR": "/run/user/0", "HOME": str(tmp),
           "http_proxy": CANARY, "LD_AUDIT": "", "GLIBC_TUNABLES": "", "TERM": "xterm", **({"SUDO_X": "1"} if ROOT else {})}
    options = ["--net", "allow=localhost:9" if net == "allow" else net,  # the discard service: nobody listens there
               "--cache-dir", str(tmp / "cache"), "--tmp-size", "512"]
    report = tmp / f"report-{command}-{net}"
    leak = "exec 5</ 6</etc/passwd 77</; exec \"$@\""
    if command == "serve":
        return served(tmp, package, options, env)
    argv = [LRUN, command, *options, "--report", report, *(["--memory", "3008", "--timeout", "120"] if command == "run" else []), package, *(["--", "/var/task/bootstrap"] if command == "exec" else [])]
    p = subprocess.run(["/bin/bash", "-c", leak, "sh", *map(str, argv)], env=env, capture_output=True, text=True, timeout=240, stdin=subprocess.DEVNULL)
    assert p.returncode == 0, p.stderr[-2000:]
    lines = report.read_text().splitlines()
    return {**json.loads(p.stdout), "report": json.loads(lines[-1]), "report-lines": lines}


def served(tmp, package, options, env):
    import http.client
    r, w = os.pipe()
    with open(tmp / "serve.log", "wb") as log:
        p = subprocess.Popen([LRUN, "serve", "--port", "0", "--ready-fd", str(w), "--timeout", "120", "--memory", "3008", *options, f"attack={package}"], env=env, pass_fds=[w], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    os.close(w)
    try:
        with os.fdopen(r) as ready:
            port = int(ready.readline().rsplit(":", 1)[1])
        c = http.client.HTTPConnection("127.0.0.1", port, timeout=200)
        c.request("POST", "/2015-03-31/functions/attack/invocations", "{}")
        a = c.getresponse()
        body = a.read()
        assert a.status == 200 and not a.getheader("X-Amz-Function-Error"), body
        return {**json.loads(body), "report": None, "report-lines": []}
    finally:
        p.terminate()
        p.wait(30)


RESULTS = {}
LOCK = threading.Lock()


# The attack runs once a mode, in one process: a mode's tests stay together.
@pytest.fixture(params=[pytest.param(m, id="-".join(m), marks=pytest.mark.xdist_group("escape-" + "-".join(m))) for m in MODES])
def seen(request, place):
    with LOCK:
        if request.param not in RESULTS:
            try:
                RESULTS[request.param] = attack(*place, *request.param)
            except Exception as e:  # noqa: BLE001: told by each test, as text: an exception raised again and again grows with each
                RESULTS[request.param] = f"{type(e).__name__}: {e}"[:4000]
    if isinstance(RESULTS[request.param], str):
        pytest.fail(f"the attack did not come to its end: {RESULTS[request.param]}", pytrace=False)
    return {**RESULTS[request.param], "command": request.param[0], "net": request.param[1]}


def only(values, *allowed):
    return set(values.values() if isinstance(values, dict) else values) <= set(allowed)


def test_h1_h2_h3_no_keystrokes_are_pushed(seen):
    assert only(seen["keystrokes"], "EPERM"), seen["keystrokes"]


def test_h1_there_is_no_terminal(seen):
    assert seen["terminal"] in ("ENOENT", "ENXIO") and seen["session"]


def test_h5_the_launcher_cannot_be_written(seen):
    before = hashlib.sha256(open(LRUN, "rb").read()).digest()
    assert only(seen["launcher-for-writing"], "EACCES", "EPERM"), seen["launcher-for-writing"]
    assert hashlib.sha256(open(LRUN, "rb").read()).digest() == before


def test_h6_no_descriptor_and_no_directory_of_the_callers(seen):
    extra = [f for f in seen["descriptors"] if f not in ("0", "1", "2") and not f.startswith(("pipe:", "socket:"))]
    assert not extra and seen["directory"] == "/var/task" and seen["parent-of-the-root"], seen["descriptors"]


def test_h8_h89_no_secret_of_the_callers(seen):
    assert seen["secrets-in-proc"] == [] and seen["variables"] == [], (seen["secrets-in-proc"], seen["variables"])


def test_h9_process_1_cannot_be_read(seen):
    assert only(seen["process-1"], "EACCES", "EPERM"), seen["process-1"]


def test_h9_h37_no_process_reaches_into_another(seen):
    assert only(seen["other-processes"], "EPERM"), seen["other-processes"]


def test_h22_capabilities_are_empty(seen):
    assert seen["capabilities"] == ["0" * 16] and seen["no-new-privileges"] == ["1", "2"], (seen["capabilities"], seen["no-new-privileges"])


def test_h28_the_kernels_uid_is_not_root(seen):
    inside, outside, n = seen["outer-uid"]
    assert (inside, n) == (993, 1) and outside != 0


def test_h28_roots_files_and_sysctls(seen):
    assert only(seen["roots-files"], "ENOENT", "EACCES"), seen["roots-files"]
    assert only(seen["sysctls"], "EROFS", "EACCES", "ENOENT", "EPERM"), seen["sysctls"]


def test_h29_groups_are_given_up_for_good(seen):
    assert seen["groups"] == "deny"


def test_no_other_user_can_be_become(seen):
    assert only(seen["become-root"], "EPERM"), seen["become-root"]


def test_h30_h31_h32_h40_h57_nothing_is_mounted(seen):
    assert only(seen["mounting"], "EPERM", "ENOSYS"), seen["mounting"]


def test_h33_h34_no_namespace_is_made(seen):
    made = {k: v for k, v in seen["namespaces"].items() if k != "clone3"}
    assert only(made, "EPERM") and seen["namespaces"]["clone3"] == "ENOSYS" and seen["threads"] is True, seen["namespaces"]


def test_h35_no_other_abi(seen):
    assert only(seen["foreign-calls"], "ENOSYS"), seen["foreign-calls"]


def test_h36_no_rings(seen):
    assert only(seen["rings"], "EPERM"), seen["rings"]


def test_h38_no_keys(seen):
    assert only(seen["keyrings"], "EPERM"), seen["keyrings"]


def test_h39_socket_families(seen):
    families = {int(k.split("/")[0]) for k in seen["families"] if "/" in k}
    assert families <= {1, 2, 16} and "2/3" not in seen["families"], seen["families"]
    assert seen["families"]["high bits"] == "EAFNOSUPPORT" and seen["families"]["high raw"] == "EPERM" and seen["families"]["netlink 9"] == "EAFNOSUPPORT", seen["families"]


def test_h41_nothing_is_unmounted(seen):
    assert seen["unmounting"] == ["EPERM"]


def test_h42_flags_of_mounts(seen):
    flags = seen["mount-flags"]
    devices = [f"/dev/{d}" for d in ("full", "null", "random", "urandom", "zero")]
    assert flags["suid"] == [] and set(flags["rw"]) <= {"/dev", "/tmp", *devices} and set(flags["dev"]) == set(devices), flags
    assert seen["other-mounts-binaries"] == ["/tmp"], seen["other-mounts-binaries"]


def test_h42_only_tmp_is_written(seen):
    assert only(seen["writing"], "EROFS", "EACCES", "ENOENT", "EPERM", "ENOSPC"), seen["writing"]


def test_h12_h43_h94_the_mount_table_tells_nothing_of_the_host(seen):
    assert seen["traces-of-the-host"] == [] and seen["cache"] is False


def test_h10_h11_h14_devices(seen):
    assert seen["devices"] == ["full", "null", "random", "stderr", "stdin", "stdout", "urandom", "zero"]
    assert only({k: v for k, v in seen["device-nodes"].items() if k != "whiteout"}, "EPERM"), seen["device-nodes"]


def test_h25_set_user_id_bits_do_nothing(seen):
    assert seen["set-user-id"] == "993"


def test_h44_the_kernels_tables(seen):
    assert only(seen["kernel-tables"], "EROFS", "EACCES", "EPERM"), seen["kernel-tables"]


def test_h45_no_core_is_dumped(seen):
    assert seen["limits"]["CORE"] == [0, 0] and seen["crash"] == {"dumped": False, "files": []}, seen["crash"]


def test_h47_abstract_sockets(seen):
    assert seen["abstract-socket"] == ("ok" if seen["net"] == "host" else "ECONNREFUSED")
    if seen["net"] == "host" and seen["report"]:
        assert any("abstract sockets" in d for d in seen["report"]["degraded"]), "it is said"


def test_h48_sockets_by_name(seen):
    assert seen["pathname-sockets"] == []


def test_h49_no_namespace_is_joined(seen):
    assert seen["joining"] in (["EPERM"], []), seen["joining"]


def test_h55_the_kernels_surface(seen):
    assert only(seen["surface"], "EPERM", "ENOSYS"), seen["surface"]
    assert only(seen["personality"], "EPERM") and seen["handles"] == "EPERM", seen["personality"]


def test_h81_h82_limits(seen):
    assert seen["limits"]["NOFILE"] == [1024, 1024] and seen["limits"]["NPROC"] == [1024, 1024] and seen["limits"]["MEMLOCK"] == [65536, 65536], seen["limits"]


def test_h84_tmp_is_full_at_its_size(seen):
    assert seen["fill-tmp"] == "ENOSPC" and seen["fill-inodes"] == "ENOSPC", (seen["fill-tmp"], seen["fill-inodes"])


def test_h92_h93_a_report_is_not_forged(seen):
    assert seen["report-descriptor"] == "written" and len(seen["report-lines"]) == (seen["command"] != "serve"), seen["report-lines"]
    assert not seen["report"] or (seen["report"]["schema"] == "lrun.report/1" and seen["report"]["version"]), "the report is lrun's own"


def test_h97_no_memory_of_others(seen):
    assert seen["shared-memory"] == "ENOENT" and seen["shm-directory"] is False


def test_h98_the_hosts_loopback(seen):
    assert seen["loopback-of-the-host"] == ("reached" if seen["net"] == "host" else "not reached")


def test_the_machines_metadata_service(seen):
    if seen["net"] != "host":  # which is the host's own; blackhole takes it and drops it
        assert seen["metadata-address"] == {"none": "ENETUNREACH", "allow": "ENETUNREACH", "user": "EHOSTUNREACH", "blackhole": "ok"}[seen["net"]]


def test_h50_no_process_of_others(seen):
    assert seen["processes"] == [], seen["processes"]


def test_h100_nothing_identifies_the_host(seen):
    identity = seen["host-identity"]
    assert identity["boot"] is False and identity["machine"] is False and identity["name"] is False and (identity["user"] is False or not ROOT or pwd.getpwuid(0).pw_name == "root"), identity
