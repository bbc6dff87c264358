# SPDX-License-Identifier: Apache-2.0
"""Bugs that are not of the catalogue, found when real packages were run: causes that lrun knows and must name."""
import http.server
import os
import threading

from harness import NODE, PYTHON, PLAIN_PYTHON, Run, bug, launch, plain, verdict
from listed import EXTENSION, js, py
from more import ECHO, ok

RUN = "import subprocess\np = subprocess.run({}, capture_output=True, text=True)\nif p.returncode: raise RuntimeError(p.stderr)\nreturn p.stdout"


def run(*command):
    return py(RUN.format(list(command)))


# ---- the network ----
V6 = "import socket\nsocket.create_server(('{}', 0), family=socket.{}).close()"
bug("J1", "alternat#87", "IPv6", why=("LR-058",), text=r"\[Errno 97\] Address family not supported", plain=ok(), bad=Run(py(V6.format("::1", "AF_INET6"))), fixed=Run(py(V6.format("127.0.0.1", "AF_INET"))))
LISTEN = "await new Promise((done, failed) => {{ const s = require('net').createServer().on('error', failed).listen(0, '{}', () => {{ s.close(); done(); }}); }});"
bug("J1-node", "steampipe#3264", "IPv6 from Node.js", why=("LR-058",), text="EAFNOSUPPORT", plain=Run(js("return 1;")), bad=Run(js(LISTEN.format("::1"))), fixed=Run(js(LISTEN.format("127.0.0.1"))))


def a_server_on_the_host(bad, node):
    def check(lrun, tmp):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
        server.RequestHandlerClass.log_message = lambda *a: None
        threading.Thread(target=server.serve_forever, daemon=True).start()
        files = js(bad % server.server_address[1]) if node else py(bad % server.server_address[1])
        try:
            passed, out = plain(Run(files), tmp, lrun)
            r, f = launch(Run(files), tmp, lrun), launch(Run(files, options=("--net", "host")), tmp, lrun)
        finally:
            server.shutdown()
            server.server_close()
        return passed, not r.good and ("refused" in r.log.lower() or "fetch failed" in r.log), f.good and not f.why, verdict(("LR-062",), r.why), f"{out}\n{r}\n{f}"
    return check


bug("J2", "aws-sam-cli#510", "a server on the laptop's localhost", checks=a_server_on_the_host("import urllib.request\nreturn urllib.request.urlopen('http://localhost:%d/').status", False), why=("LR-062",))
if NODE:
    bug("J2-node", "aws-sam-cli#510", "a server on the laptop's localhost, with fetch()", checks=a_server_on_the_host("return (await fetch('http://127.0.0.1:%d/')).status;", True), why=("LR-062",))

# ---- files of other systems ----
bug("J3", "aws-lambda-base-images#132", "a process substitution of bash", why=("LR-059",), text=r"/dev/fd/63: No such file or directory", bad=Run(run("bash", "-c", "cat <(echo x)")), fixed=Run(run("bash", "-c", "echo x | cat")))
CPUS = "cat {} 2>/dev/null || {{ echo 'failed to parse the list of possible processors in {}' >&2; exit 1; }}"
bug("J4", "pytorch#113568", "a file of /sys, in words without an errno", why=("LR-047",), text="processors in /sys/devices", plain=ok(), bad=Run(run("sh", "-c", CPUS.format(*["/sys/devices/system/cpu/possible"] * 2))), fixed=Run(run("sh", "-c", CPUS.format(*["/proc/stat"] * 2))))
bug("J5", "pexpect#654", "a pseudo-terminal", why=("LR-048",), text="out of pty devices", plain=ok(), bad=Run(py("import pty\nreturn len(pty.openpty())")), fixed=Run(py("return len(os.pipe())")))
SQL = "import sqlite3\nsqlite3.connect({}).execute('create table if not exists t (x)')"
bug("J6", "localstack#7115", "a new SQLite database in the working directory", why=("LR-061",), text="unable to open database file", bad=Run(py(SQL.format("'state.db'"))), fixed=Run(py(SQL.format("tempfile.gettempdir() + '/state.db'"))))
LOCK = "import ctypes\nlibc, n = ctypes.CDLL(None, use_errno=True), {}\nb = ctypes.create_string_buffer(n)\nif libc.mlock(b, n) < 0: raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), 'mlock')"
bug("J7", "aws-lambda-dotnet#701", "1 MB of locked memory", why=("LR-060",), text=r"\[Errno 12\] Cannot allocate memory: 'mlock'", plain=ok(), bad=Run(py(LOCK.format(1 << 20))), fixed=Run(py(LOCK.format(4096))))

# ---- home ----
SSH = """#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
int main(int n, char **v) { char path[256]; struct passwd *p = getpwuid(getuid()); if (!p && n < 2) return 0;
  snprintf(path, 256, "%s/.ssh", n > 1 ? v[1] : p->pw_dir); if (mkdir(path, 0700) == 0 || errno == EEXIST) return 0;
  fprintf(stderr, "Could not create directory '%s' (%s).\\n", path, strerror(errno)); return 255; }
"""
bug("J8", "bash-lambda-layer#16", "ssh makes ~/.ssh of the user's entry, not of HOME", why=("LR-029",), text="Could not create directory '/home/sbx_user1051/.ssh'", native=True, plain=ok(), bad=Run(py(RUN.format("['./ssh']"), ssh=("cc", SSH))),
    fixed=Run(py(RUN.format("['./ssh', '/tmp']"), ssh=("cc", SSH))))
bug("J9", "docker-lambda#115", "HOME by os.environ", why=("LR-030",), text="KeyError", bad=Run(py("return os.environ['HOME']")), fixed=Run(py("return os.environ['HOME']"), options=("--env", "HOME=/tmp")))
bug("J9-node", "docker-lambda#115", "HOME by process.env", why=("LR-030",), text="Received undefined", bad=Run(js("return path.join(process.env.HOME, 'x');")), fixed=Run(js("return path.join(process.env.HOME, 'x');"), options=("--env", "HOME=/tmp")))

# ---- the handler ----
APP = {"app.py": py("return 1")["lambda_function.py"]}
HANDLER = ("--runtime", "python3", "--handler")
bug("J10", "serverless#7378", "the handler names another file", why=("LR-055",), text="Unable to import module 'main'", plain=ok(), bad=Run(APP, options=(*HANDLER, "main.lambda_handler")), fixed=Run(APP, options=(*HANDLER, "app.lambda_handler")))
bug("J11", "serverless#7378", "the handler names another function", why=("LR-064",), text="Handler 'handler' missing on module 'app'", plain=ok(), bad=Run(APP, options=(*HANDLER, "app.handler")), fixed=Run(APP, options=(*HANDLER, "app.lambda_handler")))
bug("J12", "serverless#7378", "the handler names no function", why=("LR-065",), text="Bad handler 'app'", plain=ok(), bad=Run(APP, options=(*HANDLER, "app")), fixed=Run(APP, options=(*HANDLER, "app.lambda_handler")))
INDEX = js("return 1;")
NODEJS = ("--runtime", "nodejs", "--handler")
bug("J10-node", "serverless#7378", "the handler names another file", why=("LR-055",), text="Cannot find module 'main'", plain=Run(INDEX), bad=Run(INDEX, options=(*NODEJS, "main.handler")), fixed=Run(INDEX))
bug("J10-folder", "serverless#7378", "the handler names a folder that is not there", why=("LR-055",), text="Cannot find module 'app'", plain=Run(INDEX), bad=Run({**INDEX, "lib/app.js": INDEX["index.js"]}, options=(*NODEJS, "src/app.handler")), fixed=Run(INDEX))
bug("J11-node", "serverless#7378", "the handler names another function", why=("LR-064",), text="index.lambda_handler is undefined or not exported", plain=Run(INDEX), bad=Run(INDEX, options=(*NODEJS, "index.lambda_handler")), fixed=Run(INDEX))
for number, name in enumerate(("./app.lambda_handler", ".app.lambda_handler", "/var/task/app.lambda_handler")):
    bug(f"J12-relative-{number}", "serverless#7378", "a handler's name that Python takes for a relative import", why=("LR-065",), text="'package' argument is required to perform a relative import", plain=ok(),
        bad=Run(APP, options=(*HANDLER, name)), fixed=Run(APP, options=(*HANDLER, "app.lambda_handler")))
bug("J12-node", "serverless#7378", "the handler names no function", why=("LR-065",), text="Bad handler", plain=Run(INDEX), bad=Run(INDEX, options=(*NODEJS, "index")), fixed=Run(INDEX))

# ---- layers ----
IMPORT = py("import foo\nreturn 1")
bug("J13", "opentelemetry-lambda#1714", "a PYTHONPATH of the function's own", why=("LR-063",), text="No module named '?foo'?", bad=Run(IMPORT, layers=({"python/foo.py": ""},), options=("--env", "PYTHONPATH=/var/task/lib")),
    fixed=Run(IMPORT, layers=({"python/foo.py": ""},), options=("--env", "PYTHONPATH=/var/task/lib:/opt/python")))
REQUIRE, LAYER = js("return require('foo');"), {"nodejs/node_modules/foo/index.js": "module.exports = 1;\n"}
bug("J13-node", "opentelemetry-lambda#1714", "a NODE_PATH of the function's own", why=("LR-063",), text="Cannot find module 'foo'", bad=Run(REQUIRE, layers=(LAYER,), options=("--env", "NODE_PATH=/var/task/lib")),
    fixed=Run(REQUIRE, layers=(LAYER,), options=("--env", "NODE_PATH=/var/task/lib:/opt/nodejs/node_modules")))
AGENT = {"extensions/agent": (EXTENSION, 0o755)}
bug("J14", "aws-lambda-extensions#38", "macOS metadata among the extensions", why=("LR-069",), text=r"fork/exec /opt/extensions/\._agent", plain=ok(), bad=Run(py("return 1"), layers=({**AGENT, "extensions/._agent": b"\0\5\x16\7" + bytes(100)},)), fixed=Run(py("return 1"), layers=(AGENT,)))
WRAP = ("--env", "AWS_LAMBDA_EXEC_WRAPPER=/opt/wrapper")
bug("J15", "aws-lambda-base-images#15", "a wrapper that no layer brings", why=("LR-070",), text="/opt/wrapper: does not exist", plain=ok(), bad=Run(py("return 1"), options=WRAP), fixed=Run(py("return 1"), layers=({"wrapper": ("#!/bin/sh\nexec \"$@\"\n", 0o755)},), options=WRAP))
bug("J15-mode", "aws-lambda-base-images#15", "a wrapper without its execute bit", why=("LR-070",), text="/opt/wrapper: is not an executable", plain=ok(), bad=Run(py("return 1"), layers=({"wrapper": ("#!/bin/sh\nexec \"$@\"\n", 0o644)},), options=WRAP),
    fixed=Run(py("return 1"), layers=({"wrapper": ("#!/bin/sh\nexec \"$@\"\n", 0o755)},), options=WRAP))

# ---- programs ----
TOOL = ("#!/bin/sh\necho done\n", 0o755)
BESIDE = ("/usr/bin/env", "PATH=.:/usr/bin:/bin", PYTHON, "-c", PLAIN_PYTHON, "{}")  # installed, on a laptop


def program(command, name="lrun-tool"):
    return dict(why=("LR-066",), plain=Run({**py(command), name: TOOL}, plain=BESIDE), bad=Run(py(command)), fixed=Run(py(command), layers=({f"bin/{name}": TOOL},)))


START = "import subprocess\nreturn subprocess.check_output(['lrun-tool'], text=True)"
bug("J16", "aws-lambda-base-images#3", "a program that is not in Lambda's image", text=r"No such file or directory: 'lrun-tool'", **program(START))
bug("J16-sh", "lambda-git#14", "the same, by a shell", text="lrun-tool: not found|lrun-tool: command not found", **program(RUN.format("'lrun-tool', shell=True")))
STATUS = "import subprocess\nreturn subprocess.run('lrun-tool', shell=True, check=True, stdout=subprocess.PIPE, text=True).stdout"
bug("J16-status", "lambda-git#14", "the same, by a shell's status", text="lrun-tool: (command )?not found(.|\n)*returned non-zero exit status 127", **program(STATUS))
bug("J16-env", "jeff#10", "the same, by env", text="env: .lrun-tool.: No such file", **program(RUN.format("['env', 'lrun-tool']")))
bug("J16-bash", "lambda-git#14", "the same, by a bootstrap", why=("LR-066",), text="exit status 127", plain=ok(), bad=Run({"bootstrap": "#!/bin/bash\nset -e\nlrun-tool\n"}), fixed=Run({"bootstrap": ECHO}))
bug("J16-exec", "lambda-git#14", "the same, by a bootstrap that becomes it", why=("LR-066",), text="exec: lrun-tool: not found", plain=ok(), bad=Run({"bootstrap": "#!/bin/bash\nexec lrun-tool\n"}), fixed=Run({"bootstrap": ECHO}))
bug("J16-path", "lambda-git#14", "a program in the package, but not on PATH", text=r"No such file or directory: 'lrun-tool'", why=("LR-066",), plain=Run({**py(START), "lrun-tool": TOOL}, plain=BESIDE), bad=Run({**py(START), "lrun-tool": TOOL}),
    fixed=Run({**py(START.replace("lrun-tool", "/var/task/lrun-tool")), "lrun-tool": TOOL}))
EXEC = js("return require('child_process').execFileSync('lrun-tool').toString();")
bug("J16-node", "aws-lambda-base-images#3", "the same, by Node.js", why=("LR-066",), text="spawnSync lrun-tool ENOENT", plain=Run({**EXEC, "lrun-tool": TOOL}, plain=("/usr/bin/env", "PATH=.:/usr/bin:/bin", NODE or "node", "-e", "require('./index.js').handler()")), bad=Run(EXEC),
    fixed=Run(EXEC, layers=({"bin/lrun-tool": TOOL},)))


def a_root_without_bash(lrun, tmp):
    """A root file system with an interpreter and nothing else."""
    root = tmp / "root"
    (root / "usr/bin").mkdir(parents=True)
    (root / "usr/bin/python3.12").write_text("#!/bin/sh\n")
    for p in (root, root / "usr", root / "usr/bin", root / "usr/bin/python3.12"):
        os.chmod(p, 0o755)
    good = py("return 1")
    passed, out = plain(Run(good), tmp, lrun)
    r, f = launch(Run(good, options=("--rootfs", str(root), "--runtime", "python3.12")), tmp, lrun), launch(Run(good), tmp, lrun)
    return passed, "fork/exec /var/runtime/bootstrap: no such file or directory" in r.text, f.good, verdict(("LR-067",), r.why), f"{out}\n{r}\n{f}"


bug("J17", "aws-sam-cli#4364", "a root file system without bash", checks=a_root_without_bash, why=("LR-067",))
