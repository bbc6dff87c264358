# SPDX-License-Identifier: Apache-2.0
"""Runs inside: takes memory of the kind named, holds it for a while and says so. holder.py KIND MB SECONDS"""
import ctypes
import mmap
import os
import sys
import threading
import time

MB = 1 << 20
LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.shmat.restype = ctypes.c_void_p
LIBC.shmat.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_int]
BLOCK = b"x" * MB
CLONE_FILES, PR_SET_DUMPABLE, IPC_PRIVATE, SYS_EXIT = 0x400, 4, 0, 60 if os.uname().machine == "x86_64" else 93
KEPT = []


def fill(fd, mb):
    for _ in range(mb):
        os.write(fd, BLOCK)
    return fd


def touch(m, mb):
    for i in range(mb):
        m[i * MB:(i + 1) * MB] = BLOCK
    KEPT.append(m)


def anonymous(mb):
    touch(mmap.mmap(-1, mb * MB, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS), mb)


def shared_anonymous(mb):
    touch(mmap.mmap(-1, mb * MB, mmap.MAP_SHARED | mmap.MAP_ANONYMOUS), mb)


def private_file(mb):
    """What is written of a file that is mapped privately."""
    fd = os.open("/tmp/file", os.O_RDWR | os.O_CREAT)
    os.ftruncate(fd, mb * MB)
    touch(mmap.mmap(fd, mb * MB, mmap.MAP_PRIVATE), mb)


def memfd(mb):
    return fill(os.memfd_create("x"), mb)


def memfd_mapped(mb):
    """By a mapping alone."""
    fd = os.memfd_create("x")
    os.ftruncate(fd, mb * MB)
    m = mmap.mmap(fd, mb * MB)
    os.close(fd)
    for f in os.listdir("/proc/self/fd"):  # the module keeps one of its own
        try:
            if "memfd:" in os.readlink("/proc/self/fd/" + f):
                os.close(int(f))
        except OSError:
            pass
    touch(m, mb)


def memfd_held_and_mapped(mb):
    fd = os.memfd_create("x")
    os.ftruncate(fd, mb * MB)
    touch(mmap.mmap(fd, mb * MB), mb)


def memfd_of_two(mb):
    memfd(mb)
    if os.fork() == 0:
        time.sleep(60)


def memfd_of_many(mb):
    for _ in range(mb // 2):
        memfd(2)


def memfd_of_one_undumpable(mb):
    LIBC.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    memfd(mb)


def memfd_of_a_thread(mb):
    """In a table of descriptors of its own."""
    done = threading.Event()

    def own():
        if LIBC.unshare(CLONE_FILES):
            os._exit(3)
        memfd(mb)
        done.set()
        time.sleep(60)
    threading.Thread(target=own, daemon=True).start()
    done.wait()


def without_first_thread(mb):
    """Files in /proc of a process whose first thread has ended tell nothing."""
    def rest():
        time.sleep(0.1)
        anonymous(mb)
        say(mb)
    threading.Thread(target=rest).start()
    LIBC.syscall(SYS_EXIT, 0)


def segment(mb, attached=False):
    n = LIBC.shmget(IPC_PRIVATE, mb * MB, 0o1600)
    at = LIBC.shmat(n, None, 0)
    ctypes.memset(at, 1, mb * MB)
    if not attached:
        assert LIBC.shmdt(ctypes.c_void_p(at)) == 0


def segment_attached(mb):
    segment(mb, True)


def dev_shm(mb):
    os.close(fill(os.open("/dev/shm/x", os.O_WRONLY | os.O_CREAT), mb))


def tmp_written(mb):
    os.close(fill(os.open("/tmp/x", os.O_WRONLY | os.O_CREAT), mb))


def tmp_mapped(mb):
    fd = os.open("/tmp/x", os.O_RDWR | os.O_CREAT)
    os.ftruncate(fd, mb * MB)
    touch(mmap.mmap(fd, mb * MB), mb)


def tmp_deleted(mb):
    fill(os.open("/tmp/x", os.O_RDWR | os.O_CREAT), mb)
    os.unlink("/tmp/x")


def files_read(mb):
    """Page cache: the biggest files there are."""
    left = mb
    for top, _, names in os.walk("/usr/lib"):
        for n in names:
            path = os.path.join(top, n)
            if left > 0 and os.path.isfile(path) and os.path.getsize(path) > MB:
                with open(path, "rb") as f:
                    m = mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ)
                    sum(m[i] for i in range(0, len(m), 4096))
                    KEPT.append(m)
                    left -= len(m) // MB


def say(mb):
    time.sleep(float(sys.argv[3]))
    print("holds", mb, flush=True)
    os._exit(0)


if __name__ == "__main__":
    globals()[sys.argv[1]](int(sys.argv[2]))
    say(int(sys.argv[2]))
