#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs inside: tries to get out, hazard by hazard, and answers with what happened. It is a command (exec) or a bootstrap (run,
serve). plan.json beside it has what it must know of the outside. Each attempt is a child process: what one breaks is its own."""
import ctypes
import errno
import glob
import json
import os
import resource
import signal
import socket
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PLAN = json.load(open(HERE + "/plan.json"))
NR = PLAN["numbers"]
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
ATTEMPTS = {}
OWN = -1


def attempt(f):
    ATTEMPTS[f.__name__.replace("_", "-")] = f
    return f


def name(no):
    return errno.errorcode.get(no, str(no))


def call(which, *args):
    """The errno's name, or what the call returned."""
    number = NR.get(which) if isinstance(which, str) else which
    if number is None:
        return "ENOSYS"
    ctypes.set_errno(0)
    got = libc.syscall(ctypes.c_long(number), *[ctypes.c_long(a) if isinstance(a, int) else a for a in args])
    return name(ctypes.get_errno()) if got == -1 else "ok"


def tried(f, *args):
    try:
        f(*args)
        return "ok"
    except OSError as e:
        return name(e.errno)


def opened(path, flags=os.O_WRONLY):
    def go():
        os.close(os.open(path, flags))
    return tried(go)


def pids():
    return sorted(int(p) for p in os.listdir("/proc") if p.isdigit())


# ---- terminal, descriptors, the launcher ----

@attempt
def keystrokes():
    out = {}
    for request in (0x5412, 0x541C):
        for high in (0, 1 << 32, 0xFFFFFFFF << 32):
            r, w = os.pipe()  # no terminal: a refusal can only be the policy's
            c = ctypes.create_string_buffer(b"x")
            ctypes.set_errno(0)
            got = libc.syscall(ctypes.c_long(NR["ioctl"]), ctypes.c_long(r), ctypes.c_ulong(request | high), c)
            out[f"{request:#x}|{high:#x}"] = name(ctypes.get_errno()) if got == -1 else "ok"
    return out


@attempt
def terminal():
    return opened("/dev/tty", os.O_RDWR)


@attempt
def session():
    return os.getsid(0) != 0 and os.getsid(0) in pids()


@attempt
def launcher_for_writing():
    return {p: opened(f"/proc/{p}/exe") for p in pids() if p == 1}


@attempt
def descriptors():
    return sorted(os.path.basename(os.readlink(f"/proc/self/fd/{f}")) if int(f) > 2 else f for f in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{f}"))


@attempt
def directory():
    return os.getcwd()


@attempt
def parent_of_the_root():
    a, b = os.stat("/"), os.stat("/../../..")
    return (a.st_dev, a.st_ino) == (b.st_dev, b.st_ino)


@attempt
def secrets_in_proc():
    found = []
    for p in pids():
        for f in ("environ", "cmdline", "comm", "maps", "mountinfo"):
            try:
                if PLAN["canary"].encode() in open(f"/proc/{p}/{f}", "rb").read():
                    found.append(f"{p}/{f}")
            except OSError:
                pass
    return found


@attempt
def variables():
    return sorted(k for k in os.environ if k.startswith(("SSH_", "DBUS_", "XDG_", "LD_PRELOAD", "LD_AUDIT", "GLIBC_TUNABLES", "http_proxy", "SUDO_", "HOME", "USER", "LRUN_CANARY", "AWS_PROFILE")))


@attempt
def process_1():
    return {f: opened(f"/proc/1/{f}", os.O_RDONLY) for f in ("mem", "environ", "maps", "exe", "fd", "root", "cwd", "ns/user", "auxv", "map_files")}


@attempt
def other_processes():
    b = ctypes.create_string_buffer(64)
    iov = (ctypes.c_void_p * 2)(ctypes.cast(b, ctypes.c_void_p), 8)
    return {"ptrace": call("ptrace", 16, 1, 0, 0), "traceme": call("ptrace", 0, 0, 0, 0), "process_vm_readv": call("process_vm_readv", 1, iov, 1, iov, 1, 0), "process_vm_writev": call("process_vm_writev", 1, iov, 1, iov, 1, 0),
            "pidfd_getfd": call("pidfd_getfd", -1, 0, 0), "kcmp": call("kcmp", 1, 1, 0, 0, 0)}


# ---- capabilities, ids, namespaces ----

@attempt
def capabilities():
    return sorted({l.split()[1] for l in open("/proc/self/status") if l.startswith("Cap")})


@attempt
def no_new_privileges():
    return [l.split()[1] for l in open("/proc/self/status") if l.startswith(("NoNewPrivs", "Seccomp:"))]


@attempt
def groups():
    return open("/proc/self/setgroups").read().strip()


@attempt
def outer_uid():
    return [int(w) for w in open("/proc/self/uid_map").read().split()]


@attempt
def become_root():
    return {"setuid": call("setuid", 0), "setresuid": call("setresuid", 0, 0, 0), "setgid": call("setgid", 0), "setgroups": call("setgroups", 0, 0), "setfsuid": tried(os.chown, "/tmp", 0, 0)}


@attempt
def roots_files():
    return {p: opened(p, os.O_RDONLY) for p in ("/etc/shadow", "/etc/gshadow", "/root/.ssh", "/etc/sudoers", "/etc/machine-id", "/var/lib/dpkg/status", "/boot/vmlinuz", "/var/log", "/home/" + PLAN["user"])}


@attempt
def sysctls():
    return {p: opened("/proc/sys/" + p) for p in ("kernel/core_pattern", "kernel/modprobe", "vm/overcommit_memory", "user/max_user_namespaces", "net/ipv4/ip_forward", "fs/binfmt_misc/register", "kernel/hostname")}


@attempt
def namespaces():
    out = {}
    for flag in (0x80, 0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000):
        out[f"unshare {flag:#x}"] = call("unshare", flag)
        if flag != 0x80:
            for high in (0, 1 << 33):
                pid = libc.syscall(ctypes.c_long(NR["clone"]), ctypes.c_ulong(flag | high | signal.SIGCHLD), None, None, None, None)
                if pid == 0:
                    os._exit(0)
                out[f"clone {flag | high:#x}"] = name(ctypes.get_errno()) if pid == -1 else "ok"
    args = (ctypes.c_uint64 * 11)(0x10000000, 0, 0, 0, signal.SIGCHLD)
    pid = libc.syscall(ctypes.c_long(NR["clone3"]), args, ctypes.c_long(88))
    if pid == 0:
        os._exit(0)
    out["clone3"] = name(ctypes.get_errno()) if pid == -1 else "ok"
    return out


@attempt
def joining():
    out = {}
    for p in pids():
        for ns in ("user", "mnt", "pid", "net", "ipc", "uts", "cgroup"):
            try:
                fd = os.open(f"/proc/{p}/ns/{ns}", os.O_RDONLY)
            except OSError:
                continue
            out[f"{p == 1 and 1 or 'other'} {ns}"] = call("setns", fd, 0)
            os.close(fd)
    return sorted(set(out.values()))


@attempt
def threads():
    import threading
    done = []
    t = threading.Thread(target=done.append, args=(1,))
    t.start()
    t.join()
    return done == [1]


# ---- mounts ----

@attempt
def mounting():
    out = {n: call(n, -1, 0, 0, 0, 0) for n in ("umount2", "pivot_root", "chroot", "open_tree", "move_mount", "fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr")}
    for kind in (b"tmpfs", b"proc", b"sysfs", b"cgroup", b"cgroup2", b"overlay", b"devpts", b"mqueue"):
        out["mount " + kind.decode()] = call("mount", kind, b"/tmp", kind, 0, 0)
    out["remount"] = call("mount", b"none", b"/var/task", b"", 32, 0)
    out["bind"] = call("mount", b"/tmp", b"/var/task", b"", 4096, 0)
    return out


def mounts():
    for line in open("/proc/self/mountinfo"):
        w = line.split()
        yield w[4].encode().decode("unicode_escape"), w[5].split(",")


@attempt
def unmounting():
    return sorted({call("umount2", p.encode(), flags) for p, _ in mounts() for flags in (0, 2)})


@attempt
def mount_flags():
    """Mounts that are not nosuid, and writable ones."""
    return {"suid": sorted(p for p, f in mounts() if "nosuid" not in f), "rw": sorted(p for p, f in mounts() if "rw" in f), "dev": sorted(p for p, f in mounts() if "nodev" not in f)}


@attempt
def writing():
    out = {}
    for place in ("/", "/usr", "/usr/bin", "/etc", "/var", "/var/task", "/opt", "/dev", "/home", "/sys", "/proc/sys", "/run", "/root", "/var/tmp"):
        out[place] = tried(os.mkdir, place + "/made")
    tried(os.chmod, "/dev", 0o777)  # it is ours, since there is one uid
    out["/dev by chmod"] = tried(os.mkdir, "/dev/made")
    for place in ("/usr/bin/env", "/etc/passwd", "/etc/resolv.conf", HERE + "/plan.json"):
        out[place] = opened(place)
    return out


@attempt
def traces_of_the_host():
    text = open("/proc/self/mountinfo").read() + open("/proc/self/mounts").read()
    return [w for w in PLAN["host_words"] if w in text]


@attempt
def devices():
    return sorted(os.listdir("/dev"))


@attempt
def device_nodes():
    return {"null": tried(os.mknod, "/tmp/null", 0o20666, os.makedev(1, 3)), "whiteout": tried(os.mknod, "/tmp/w", 0o20666, 0), "disk": tried(os.mknod, "/tmp/disk", 0o60666, os.makedev(8, 0))}


@attempt
def set_user_id():
    with open("/tmp/suid", "wb") as f:
        f.write(open("/usr/bin/env", "rb").read())
    os.chmod("/tmp/suid", 0o4755)
    r = os.popen("/tmp/suid id -u").read().strip()
    return r


@attempt
def kernel_tables():
    masked = {p: len(open("/proc/" + p, "rb").read()) for p in ("interrupts", "kcore", "keys", "timer_list", "sched_debug", "latency_stats") if os.path.exists("/proc/" + p)}
    listed = {p: len(os.listdir("/proc/" + p)) for p in ("acpi", "asound", "scsi") if os.path.exists("/proc/" + p)}
    return {**{k: v for k, v in {**masked, **listed}.items() if v}, **{p: opened("/proc/" + p) for p in ("sysrq-trigger", "kmsg", "irq/default_smp_affinity", "bus/pci/00/00.0") if os.path.exists("/proc/" + p)}}


@attempt
def handles():
    return call("open_by_handle_at", -100, 0, 0)


# ---- system calls ----

@attempt
def surface():
    return {n: call(n, -1, 0, 0, 0, 0, 0) for n in PLAN["surface"]}


@attempt
def keyrings():
    return {"keyctl": call("keyctl", 10, -3, b"user", b"lrun-canary", 0), "add_key": call("add_key", b"user", b"x", b"y", 1, -3), "request_key": call("request_key", b"user", b"x", 0, 0)}


@attempt
def rings():
    p = ctypes.create_string_buffer(120)
    return {n: call(n, 1, p, 0, 0, 0, 0) for n in ("io_uring_setup", "io_uring_enter", "io_uring_register")}


@attempt
def families():
    out = {}
    for family in range(0, 46):
        for kind in (1, 2, 3, 5):
            r = tried(lambda: socket.socket(family, kind, 0).close())
            if r == "ok":
                out[f"{family}/{kind}"] = r
    out["high bits"] = call("socket", 38 | 1 << 32, 5, 0)
    out["high raw"] = call("socket", 2, 3 | 1 << 32, 1)
    out["netlink 9"] = call("socket", 16, 3, 9)
    return out


@attempt
def foreign_calls():
    return {"x32": call(0x40000000 | NR["getpid"]), "int80": os.popen(HERE + "/probe int80").read().strip()}


@attempt
def personality():
    return {"no randomness": call("personality", 0x40000), "read implies exec": call("personality", 0x400000)}


# ---- reaching others ----

@attempt
def abstract_socket():
    s = socket.socket(socket.AF_UNIX)
    return tried(s.connect, "\0" + PLAN["abstract"])


@attempt
def pathname_sockets():
    out = {p: os.path.exists(p) for p in ("/run/docker.sock", "/var/run/docker.sock", "/run/user", "/run/dbus", "/tmp/.X11-unix", "/run/systemd", PLAN["socket"])}
    return sorted(k for k, v in out.items() if v)


@attempt
def loopback_of_the_host():
    out = {}
    for address in ("127.0.0.1", *PLAN["addresses"]):
        s = socket.socket()
        s.settimeout(2)
        out[address] = tried(s.connect, (address, PLAN["port"]))
    return "reached" if "ok" in out.values() else "not reached"


@attempt
def metadata_address():
    """Whether there is a way to it; a datagram socket's connect sends nothing."""
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    return tried(s.connect, ("169.254.169.254", 80))


@attempt
def shared_memory():
    ctypes.set_errno(0)
    libc.shmget(PLAN["shm_key"], 10, 0)
    return name(ctypes.get_errno())


@attempt
def shm_directory():
    return os.path.exists("/dev/shm")


@attempt
def processes():
    text = " ".join(open(f"/proc/{p}/comm").read() for p in pids())
    return [w for w in ("lrun", "systemd", "dockerd", "pasta", "pytest") if w in text.split()]


@attempt
def host_identity():
    return {"boot": open("/proc/sys/kernel/random/boot_id").read().strip() == PLAN["boot_id"], "machine": os.path.exists("/etc/machine-id"), "name": socket.gethostname() == PLAN["hostname"],
            "user": PLAN["user"] in open("/etc/passwd").read()}


@attempt
def cache():
    return os.path.exists(PLAN["cache"])


# ---- limits ----

@attempt
def limits():
    return {k: resource.getrlimit(getattr(resource, "RLIMIT_" + k)) for k in ("CORE", "NOFILE", "NPROC", "MEMLOCK")}


@attempt
def crash():
    pid = os.fork()
    if pid == 0:
        os.chdir("/tmp")
        os.kill(os.getpid(), signal.SIGSEGV)
        time.sleep(5)
        os._exit(0)
    status = os.waitpid(pid, 0)[1]
    return {"dumped": os.WCOREDUMP(status), "files": [f for f in os.listdir("/tmp") if "core" in f]}


@attempt
def fill_tmp():
    def fill():
        with open("/tmp/full", "wb") as f:
            while True:
                f.write(bytes(16 << 20))
    got = tried(fill)
    tried(os.remove, "/tmp/full")
    return got


@attempt
def fill_inodes():
    os.mkdir("/tmp/many")

    def fill():
        for i in range(2000000):
            os.close(os.open(f"/tmp/many/{i}", os.O_CREAT | os.O_WRONLY))
    got = tried(fill)
    os.system("rm -rf /tmp/many")
    return got


@attempt
def report_descriptor():
    """Forging: words into every descriptor there is, but this program's own pipe and its connection to the Runtime API."""
    for f in os.listdir("/proc/self/fd"):
        if int(f) > 2 and int(f) != OWN and os.path.exists(f"/proc/self/fd/{f}") and not os.readlink(f"/proc/self/fd/{f}").startswith("socket:"):
            tried(os.write, int(f), b'{"schema":"lrun.report/1","exit":0,"reason":"success"}\n')
    return "written"


@attempt
def other_mounts_binaries():
    """What is executable and writable at once is /tmp, as on Lambda."""
    return sorted(p for p, f in mounts() if "rw" in f and "noexec" not in f and not p.startswith("/dev/"))


def results():
    out = {}
    for key, f in ATTEMPTS.items():
        r, w = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(r)
            global OWN
            OWN = w
            try:
                text = json.dumps(f())
            except BaseException as e:  # noqa: BLE001: an attack that breaks is a result too
                text = json.dumps(f"broke: {type(e).__name__}: {e}")
            with os.fdopen(w, "w") as pipe:
                pipe.write(text)
            os._exit(0)
        os.close(w)
        with os.fdopen(r) as pipe:
            out[key] = json.loads(pipe.read() or '"died"')
        os.waitpid(pid, 0)
    return out


def main():
    if "AWS_LAMBDA_RUNTIME_API" not in os.environ:
        print(json.dumps(results()))
        return
    import http.client
    c = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    while True:
        c.request("GET", "/2018-06-01/runtime/invocation/next")
        r = c.getresponse()
        r.read()
        c.request("POST", f"/2018-06-01/runtime/invocation/{r.getheader('Lambda-Runtime-Aws-Request-Id')}/response", json.dumps(results()))
        c.getresponse().read()


if __name__ == "__main__":
    main()
