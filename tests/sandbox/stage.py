# SPDX-License-Identifier: Apache-2.0
"""A small internet for tests of --net allow, in namespaces of its own: addresses on its loopback, servers, names, a resolver.

    stage.py PLAN COMMAND...     runs the command there, in namespaces that the caller has made (unshare), and ends with its status

PLAN is JSON:
    addresses  that the loopback has beside its own
    servers    "address:port": what the server says to each connection. How many came to each is written to "counts", a file
    hosts      lines of /etc/hosts
    names      {name: [answers]}: of a resolver on 127.0.0.1:53, which gives one list of addresses after the other, the last for ever"""
import collections
import fcntl
import json
import pathlib
import socket
import struct
import subprocess
import sys
import tempfile
import threading

PLAN = json.loads(sys.argv[1])
COUNTS = collections.Counter()
LOCK = threading.Lock()


def loopback():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, 0x8914, struct.pack("16sh14x", b"lo", 0x49))  # SIOCSIFFLAGS: up
    for address in PLAN.get("addresses", []):
        subprocess.run(["ip", "address", "add", address + ("/128" if ":" in address else "/32"), "dev", "lo"], check=True)


def write_counts():
    pathlib.Path(PLAN["counts"]).write_text(json.dumps(COUNTS))


def serve(where, text):
    host, port = where.rsplit(":", 1)
    s = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((host.strip("[]"), int(port)))
    s.listen(64)

    def loop():
        while True:
            c, _ = s.accept()
            with LOCK:
                COUNTS[where] += 1
                write_counts()
            c.sendall(text.encode())
            c.close()
    threading.Thread(target=loop, daemon=True).start()


def resolver(names):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(("127.0.0.1", 53))
    asked = collections.Counter()

    def answer(query):
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode())
            at += 1 + query[at]
        (kind,) = struct.unpack(">H", query[at + 1:at + 3])
        name, records = ".".join(labels), []
        if kind == 1 and name in names:
            records = names[name][min(asked[name], len(names[name]) - 1)]
            asked[name] += 1
        head = query[:2] + struct.pack(">HHHHH", 0x8580 if name in names else 0x8583, 1, len(records), 0, 0)
        return head + query[12:at + 5] + b"".join(b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 0, 4) + socket.inet_aton(r) for r in records)

    def loop():
        while True:
            query, client = s.recvfrom(2048)
            s.sendto(answer(query), client)
    threading.Thread(target=loop, daemon=True).start()


def bind_file(text, over):
    with tempfile.NamedTemporaryFile("w", delete=False) as f:
        f.write(text)
    pathlib.Path(f.name).chmod(0o644)
    subprocess.run(["mount", "--bind", f.name, str(pathlib.Path(over).resolve())], check=True)


loopback()
bind_file("127.0.0.1 localhost\n" + PLAN.get("hosts", ""), "/etc/hosts")
bind_file("nameserver 127.0.0.1\noptions timeout:2 attempts:1\n", "/etc/resolv.conf")
bind_file("hosts: files dns\npasswd: files\ngroup: files\n", "/etc/nsswitch.conf")
for where, text in PLAN.get("servers", {}).items():
    serve(where, text)
write_counts()
resolver(PLAN.get("names", {}))
sys.exit(subprocess.run(sys.argv[2:]).returncode)
