# SPDX-License-Identifier: Apache-2.0
"""R01 to R40. Handlers speak of the temporary directory as tempfile does, so that a laptop run leaves nothing in its /tmp."""
import re
import sqlite3
import subprocess

from conftest import CLIENT, make_zip
from harness import ALL, NODE, PYTHON, PLAIN_PYTHON, Run, bug, compiled, launch, plain, verdict


def py(body, head="", **files):
    code = head + "\nimport os, sys, tempfile\ndef lambda_handler(event, context):\n" + "".join(f"    {l}\n" for l in body.strip("\n").splitlines())
    return {"lambda_function.py": code, **files}


def js(body, head="", name="index.js"):
    start = 'const fs = require("fs"), os = require("os"), path = require("path");\n' if name == "index.js" else ""
    return {name: start + head + ("exports.handler = " if name == "index.js" else "export const handler = ") + "async event => {\n" + body + "\n};\n"}


# ---- shared memory ----
bug("R01", "ecederstrand/exchangelib#997", "multiprocessing.Lock() at import", why=("LR-033",), text=r"\[Errno (38|2|13)\]",
    bad=Run(py("return 1", "import multiprocessing\nlock = multiprocessing.Lock()")), fixed=Run(py("return 1", "import threading\nlock = threading.Lock()")))
bug("R01-denied", "Pyomo/pyomo#3977", "the same, /dev/shm there but not writable", why=("LR-034",), text=r"\[Errno 13\]",
    bad=Run(py("return 1", "import multiprocessing\nlock = multiprocessing.Lock()"), options=("--shm", "denied")), fixed=Run(py("return 1", "import threading\nlock = threading.Lock()"), options=("--shm", "denied")))
bug("R02", "punk-security/dnsReaper#180", "ThreadPool takes a lock of multiprocessing", why=("LR-033",), text=r"\[Errno (38|2|13)\]",
    bad=Run(py("from multiprocessing.pool import ThreadPool\nreturn ThreadPool(2).map(abs, [-1])")),
    fixed=Run(py("from concurrent.futures import ThreadPoolExecutor\nreturn list(ThreadPoolExecutor(2).map(abs, [-1]))")))
bug("R03", "nalepae/pandarallel#128", "ProcessPoolExecutor", why=("LR-033",), text=r"\[Errno (38|2|13)\]",
    bad=Run(py("from concurrent.futures import ProcessPoolExecutor\nreturn ProcessPoolExecutor(2).submit(int).result()")),
    fixed=Run(py("""
from multiprocessing import Pipe, Process
mine, theirs = Pipe()
p = Process(target=theirs.send, args=(0,)); p.start(); n = mine.recv(); p.join()
return n""")))
bug("R03-shared", "arachnys/athenapdf#218", "SharedMemory", why=("LR-033",), text=r"/psm_",
    bad=Run(py("from multiprocessing.shared_memory import SharedMemory\nm = SharedMemory(create=True, size=10); m.close(); m.unlink()")),
    fixed=Run(py("import mmap\nmmap.mmap(-1, 10).close()")))
OMP = """#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
void start(void) { char name[64]; snprintf(name, 64, "/lrun-bug-%d", getpid());
  int fd = SHM; if (fd >= 0) { unlink(name); shm_unlink(name); return; }
  fprintf(stderr, "OMP: Error #179: Function Can't open SHM2 failed:\\nOMP: System error #%d: %s\\n", errno, strerror(errno)); abort(); }
"""
LOAD = "import ctypes\nctypes.CDLL('./libomp.so').start()"
bug("R04", "exaloop/codon#461", "OpenMP's runtime aborts", why=("LR-033",), text=r"(?=.*SHM2 failed)(?=.*signal: aborted)", native=True,
    bad=Run(py(LOAD, **{"libomp.so": ("cc", OMP.replace("SHM", "shm_open(name, O_RDWR | O_CREAT, 0600)", 1), "-shared", "-fPIC")})),
    fixed=Run(py(LOAD, **{"libomp.so": ("cc", OMP.replace("SHM", "open(strcpy(name, \"/tmp/lrun-bug\"), O_RDWR | O_CREAT, 0600)", 1), "-shared", "-fPIC")})))

# ---- a read-only file system ----
bug("R05", "sachin-sankar/swiftshadow#17", "state beside the code", why=("LR-032",), text=r"\[Errno 30\] Read-only file system: 'state\.json'",
    bad=Run(py("open('state.json', 'w').close()")), fixed=Run(py("open(tempfile.gettempdir() + '/state.json', 'w').close()")))
bug("R05-node", "lovell/sharp#1511", "output beside the source", why=("LR-032",), text=r"EROFS: read-only file system, open '/var/task/o'",
    bad=Run(js("fs.writeFileSync(__dirname + '/o', 'x');")), fixed=Run(js("fs.writeFileSync(os.tmpdir() + '/o', 'x');")))
TOOL = ("#!/bin/sh\necho done\n", 0o644)
bug("R06", "nateshmbhat/webbot#70", "chmod of a packed binary", why=("LR-032",), text=r"\[Errno 30\] Read-only file system: 'tool'",
    bad=Run(py("os.chmod('tool', 0o755)", tool=TOOL)),
    fixed=Run(py("import shutil, subprocess\np = shutil.copy('tool', tempfile.gettempdir()); os.chmod(p, 0o755)\nreturn subprocess.check_output([p], text=True)", tool=TOOL)))


def database(wal=False):
    def make(tmp):
        path = tmp / f"made-{wal}.db"
        path.unlink(missing_ok=True)
        db = sqlite3.connect(path)
        if wal:
            db.execute("pragma journal_mode=wal")
        db.execute("create table t (x)")
        db.execute("insert into t values (1)")
        db.commit()
        db.close()
        return path.read_bytes()
    return make


SQL = "import sqlite3\ndb = sqlite3.connect({})\n"
bug("R07", "Zappa#1785", "SQLite database in the package, written", why=("LR-027",), text="attempt to write a readonly database",
    bad=Run(py(SQL.format("'data.db'") + "db.execute('insert into t values (2)')", **{"data.db": database()})),
    fixed=Run(py("import shutil\np = shutil.copy('data.db', tempfile.gettempdir())\n" + SQL.format("p") + "db.execute('insert into t values (2)')", **{"data.db": database()})))
bug("R08", "nuxt/content#3095", "SQLite database in WAL mode, only read", why=("LR-028",), text="unable to open database file",
    bad=Run(py(SQL.format("'data.db'") + "return db.execute('select x from t').fetchall()", **{"data.db": database(True)})),
    fixed=Run(py(SQL.format("'file:data.db?immutable=1', uri=True") + "return db.execute('select x from t').fetchall()", **{"data.db": database(True)})))
bug("R09", "danielgatis/rembg#323", "numba looks for a place for its cache", why=("LR-031",), text="no locator available",
    bad=Run(py("""
for place in (os.environ.get("NUMBA_CACHE_DIR"), os.path.join(os.path.dirname(os.path.abspath(__file__)), "__pycache__"), os.path.expanduser("~/.cache/numba")):
    try:
        os.makedirs(place, exist_ok=True); tempfile.TemporaryFile(dir=place).close(); return place
    except (OSError, TypeError): pass
raise RuntimeError(f"cannot cache function 'f': no locator available for file {__file__!r}")""")), fixed=None)
ALL["R09"].fixed = Run(ALL["R09"].bad.files, options=("--env", "NUMBA_CACHE_DIR=/tmp/numba"))

# ---- home ----
HOME = ("--env", "HOME=/tmp")
bug("R10", "soda-core#664", "a cache in the home directory", why=("LR-029",), text=r"\[Errno 30\].*sbx_user1051",
    bad=Run(py("os.makedirs(os.path.expanduser('~/.cache/x'))")), fixed=Run(py("os.makedirs(os.path.expanduser('~/.cache/x'))"), options=HOME))
bug("R10-node", "aws/aws-lambda-nodejs-runtime-interface-client#56", "npm makes its home", why=("LR-029",), text=r"(EROFS|ENOENT).*sbx_user1051",
    bad=Run(js("fs.mkdirSync(os.homedir() + '/.npm');")), fixed=Run(js("fs.mkdirSync(os.homedir() + '/.npm');"), options=HOME))
SHELL = "import subprocess\np = subprocess.run({}, capture_output=True, text=True)\nif p.returncode: raise RuntimeError(p.stderr)"
bug("R11", "lambci/docker-lambda#115", "HOME is not set", why=("LR-030",), text="HOME: (unbound variable|parameter not set)",
    bad=Run(py(SHELL.format("['/bin/sh', '-uc', 'echo $HOME']"))), fixed=Run(py(SHELL.format("['/bin/sh', '-uc', 'echo $HOME']")), options=HOME))

# ---- users and modes ----
NAME = "import pwd\nreturn pwd.getpwuid(event.get('uid', os.getuid())).pw_name"
bug("R12", "piskvorky/smart_open#200", "no entry in /etc/passwd", why=("LR-042",), text="uid not found",
    plain=Run(py(NAME), events=('{"uid": 0}',)),  # a laptop's user has an entry; whoever runs this test may not
    bad=Run(py(NAME), options=("--passwd", "absent")), fixed=Run(py(NAME)))
bug("R13", "lambci/docker-lambda#159", "handler of mode 0600", why=("LR-013",), text="Permission denied",
    bad=Run({"lambda_function.py": (py("return 1")["lambda_function.py"], 0o600)}), fixed=Run(py("return 1")))
bug("R13-node", "claudia#151", "handler of mode 0640", why=("LR-013",), text="EACCES",
    bad=Run({"index.js": (js("return 1;")["index.js"], 0o640)}), fixed=Run(js("return 1;")))
CONTAINER = ("/usr/bin/unshare", "-r", PYTHON, "-c", PLAIN_PYTHON, "{}")  # where people are root: a container
bug("R14", "gkrizek/bash-lambda-layer#16", "seteuid(0)", why=("LR-041",), text="Operation not permitted",
    bad=Run(py("os.seteuid(0)"), plain=CONTAINER), fixed=Run(py("return 1")))

# ---- /tmp ----
BIG = "with open(tempfile.gettempdir() + '/big', 'wb') as f: os.posix_fallocate(f.fileno(), 0, 520 << 20)\nos.unlink(f.name)"
bug("R15", "linter-bot#158", "/tmp is full", why=("LR-035",), text="Errno 28", bad=Run(py(BIG)), fixed=Run(py(BIG), options=("--tmp-size", "1024")))
WORK = "os.mkdir(tempfile.gettempdir() + '/work')"
bug("R16", "Esri/OptimizeRasters#78", "files of the invocation before", why=("LR-036",), text="FileExistsError", plain=Run(py(WORK)),
    bad=Run(py(WORK), events=("1", "2"), options=("--pause", "30")), fixed=Run(py("os.makedirs(tempfile.gettempdir() + '/work', exist_ok=True)"), events=("1", "2")))
UNPACK = """
import time
place = tempfile.gettempdir() + '/tool'
if not os.path.exists(place):
    os.mkdir({0})
    if event.get('slow'): time.sleep(3)
    open({0} + '/lib', 'w').close()
    {1}
return open(place + '/lib').read()"""
SLOW = ('{"slow": true}', "{}")
bug("R17", "shelfio/libreoffice-lambda-layer#37", "half unpacked, then stopped", why=("LR-037",), text=r"No such file or directory: '/tmp/tool/lib'",
    plain=Run(py(UNPACK.format("place", "")), events=SLOW),
    bad=Run(py(UNPACK.format("place", "")), events=SLOW, options=("--timeout", "1")),
    fixed=Run(py(UNPACK.format("(place + '.new%d' % os.getpid())", "os.rename(place + '.new%d' % os.getpid(), place)").replace("os.getpid()", "event.get('slow', 0)")), events=SLOW, options=("--timeout", "1")))

# ---- starting ----
ECHO = CLIENT + "while True:\n    headers, event = next()\n    respond(headers[ID], event)\n"
bug("R18", "aws-lambda-web-adapter#611", "CRLF bootstrap", why=("LR-007",), text="fork/exec /var/task/bootstrap: no such file or directory",
    bad=Run({"bootstrap": "#!/bin/sh\r\nexit 0 #\r\n"}, plain=("/bin/sh", "bootstrap")), fixed=Run({"bootstrap": ECHO}))
EXTENSION = """#!/usr/bin/python3
import http.client, os
c = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
c.request("POST", "/2020-01-01/extension/register", b'{"events": ["INVOKE"]}', {"Lambda-Extension-Name": "agent"})
r = c.getresponse(); r.read()
while True:
    c.request("GET", "/2020-01-01/extension/event/next", headers={"Lambda-Extension-Identifier": r.headers["Lambda-Extension-Identifier"]})
    c.getresponse().read()
"""
bug("R18-extension", "aws/aws-lambda-extensions#54", "CRLF extension", why=("LR-007",), text=r"Extension\.LaunchError.*fork/exec /opt/extensions/agent: no such file or directory",
    plain=Run(py("return 1")), bad=Run(py("return 1"), layers=({"extensions/agent": ("#!/bin/sh\r\nexit 0 #\r\n", 0o755)},)),
    fixed=Run(py("return 1"), layers=({"extensions/agent": (EXTENSION, 0o755)},)))
bug("R19", "aws/aws-lambda-go#13", "bootstrap of mode 0644", why=("LR-012",), text="fork/exec /var/task/bootstrap: permission denied",
    bad=Run({"bootstrap": ("#!/bin/sh\nexit 0\n", 0o644)}, plain=("/bin/sh", "bootstrap")), fixed=Run({"bootstrap": ECHO}))
SPAWN = js("return require('child_process').execFileSync('/var/task/tool').toString();")
SPAWN_PLAIN = {"index.js": SPAWN["index.js"].replace("/var/task/", "./")}
bug("R19-helper", "serverless/serverless#504", "helper of mode 0644", why=("LR-012",), text="spawnSync /var/task/tool EACCES", plain=Run({**SPAWN_PLAIN, "tool": ("#!/bin/sh\n", 0o755)}),
    bad=Run({**SPAWN, "tool": ("#!/bin/sh\n", 0o644)}), fixed=Run({**SPAWN, "tool": ("#!/bin/sh\n", 0o755)}))
bug("R20", "serverless-image-resizing#57", "the folder is in the archive", why=("LR-015",), text="Unable to import module 'lambda_function'", plain=Run(py("return 1")),
    bad=Run({"fn/lambda_function.py": py("return 1")["lambda_function.py"]}, options=("--runtime", "python3")), fixed=Run(py("return 1")))
bug("R20-bootstrap", "aws/aws-lambda-dotnet#1671", "no bootstrap at the top", why=("LR-015",), text=r"Couldn't find valid bootstrap\(s\): \[/var/task/bootstrap /opt/bootstrap\]",
    bad=Run({"fn/bootstrap": (ECHO, 0o755)}, plain=("/usr/bin/test", "-x", "fn/bootstrap")), fixed=Run({"bootstrap": ECHO}))

# ---- programs and libraries ----
MAIN = "#include <stdio.h>\nint main(void) { puts(\"done\"); return 0; }\n"
NATIVE = ("cc", MAIN)


def foreign(source, *arguments):
    def make(tmp):
        bytes = bytearray(compiled(source, arguments, tmp))
        bytes[18:20] = (183 if bytes[18] == 62 else 62).to_bytes(2, "little")
        return (bytes, 0o755)
    return make


CALL = "import subprocess\np = subprocess.run(['./tool'], capture_output=True, text=True)\nif p.returncode: raise RuntimeError(p.stdout + p.stderr)\nreturn p.stdout"
bug("R21", "awslabs/aws-lambda-powershell-runtime#23", "built for the other architecture", why=("LR-010",), text="Exec format error", native=True,
    plain=Run(py(CALL, tool=NATIVE)), bad=Run(py(CALL, tool=foreign(MAIN))), fixed=Run(py(CALL, tool=NATIVE)))
bug("R21-bootstrap", "awslabs/aws-lambda-powershell-runtime#23", "bootstrap for the other architecture", why=("LR-010",), text="fork/exec /var/task/bootstrap: exec format error", native=True,
    plain=Run(py(CALL, tool=NATIVE)), bad=Run({"bootstrap": foreign(MAIN)}), fixed=Run({"bootstrap": ECHO}))
DLOPEN = "import ctypes\nreturn ctypes.CDLL('./addon.so').two()"
TWO = "int two(void) { return 2; }\n"
SO = ("cc", TWO, "-shared", "-fPIC")
bug("R21-library", "ewfian/faiss-node#36", "a library for the other architecture", why=("LR-016", "LR-010"), text="cannot open shared object file: No such file or directory", native=True,
    plain=Run(py(DLOPEN, **{"addon.so": SO})), bad=Run(py(DLOPEN, **{"addon.so": foreign(TWO, "-shared", "-fPIC")})), fixed=Run(py(DLOPEN, **{"addon.so": SO})))
bug("R21-macos", "lovell/sharp#800", "a library for macOS", why=("LR-010",), text="invalid ELF header", native=True,
    plain=Run(py(DLOPEN, **{"addon.so": SO})), bad=Run(py(DLOPEN, **{"addon.so": b"\xcf\xfa\xed\xfe" + bytes(4096)})), fixed=Run(py(DLOPEN, **{"addon.so": SO})))
bug("R22", "softprops/serverless-rust#98", "linked for a loader that is not there", why=("LR-008",), text=r"No such file or directory: './tool'", native=True,
    plain=Run(py(CALL, tool=NATIVE)), bad=Run(py(CALL, tool=("cc", MAIN, "-Wl,--dynamic-linker=/no/ld.so"))), fixed=Run(py(CALL, tool=NATIVE)))


def newer(tmp):
    """Asks for a version of the C library that there is not, by way of a stand-in for it."""
    (tmp / "stub.c").write_text("int from_the_future(void) { return 0; }\n")
    (tmp / "stub.map").write_text("GLIBC_2.99 { global: from_the_future; };\n")
    subprocess.run(["cc", "-shared", "-fPIC", "-nostdlib", "-Wl,-soname,libc.so.6", f"-Wl,--version-script={tmp}/stub.map", "-o", f"{tmp}/stub.so", f"{tmp}/stub.c"], check=True)
    return (compiled("int from_the_future(void);\nvoid _start(void) { from_the_future(); }\n", ("-nostdlib", "-nostartfiles", "@/stub.so"), tmp), 0o755)


bug("R23", "aws/aws-lambda-base-images#74", "built on a newer distribution", why=("LR-017",), text="version `GLIBC_2.99' not found", native=True,
    plain=Run(py(CALL, tool=NATIVE)), bad=Run(py(CALL, tool=newer)), fixed=Run(py(CALL, tool=NATIVE)))


def library(name="libfoo.so.1", source=TWO):
    return ("cc", source, "-shared", "-fPIC", f"-Wl,-soname,{name}")


def linked(tmp, call="two", source=TWO, *more):
    (tmp / "libfoo.so.1").write_bytes(compiled(source, ("-shared", "-fPIC", "-Wl,-soname,libfoo.so.1"), tmp))
    return (compiled(f"int {call}(void);\n#include <stdio.h>\nint main(void) {{ printf(\"%d\\n\", {call}()); return 0; }}\n", ("@/libfoo.so.1", *more), tmp), 0o755)


bug("R24", "lumigo/lambda-log-shipper#6", "a library was left out", why=("LR-018",), text=r"libfoo\.so\.1: cannot open shared object file", native=True,
    plain=Run(py(CALL, tool=linked, **{"lib/libfoo.so.1": library()})), bad=Run(py(CALL, tool=linked)), fixed=Run(py(CALL, tool=linked, **{"lib/libfoo.so.1": library()})))
bug("R24-layer", "lumigo/lambda-log-shipper#6", "a library in the wrong folder of a layer", why=("LR-018",), text=r"libfoo\.so\.1: cannot open shared object file", native=True,
    plain=Run(py(CALL, tool=linked, **{"lib/libfoo.so.1": library()})), bad=Run(py(CALL, tool=linked), layers=({"lib64/libfoo.so.1": library()},)),
    fixed=Run(py(CALL, tool=linked), layers=({"lib/libfoo.so.1": library()},)))
THREE = TWO + "int three(void) { return 3; }\n"
OWN = {"tool": lambda tmp: linked(tmp, "three", THREE, "-Wl,-rpath,$ORIGIN/own", "-Wl,--enable-new-dtags"), "own/libfoo.so.1": library(source=THREE)}
bug("R25", "aws/aws-lambda-base-images#137", "a layer's library takes the place of the program's own", why=("LR-019",), text="undefined symbol: three", native=True,
    plain=Run(py(CALL, **OWN)), bad=Run(py(CALL, **OWN), layers=({"lib/libfoo.so.1": library()},)),
    fixed=Run(py(CALL.replace("text=True", "text=True, env={}"), **OWN), layers=({"lib/libfoo.so.1": library()},)))
bug("R26", "pydantic/pydantic#6557", "a compiled module for another Python", why=("LR-025",), text=r"No module named '?pkg\._core'?",
    plain=Run(py("from pkg._core import x\nreturn x", **{"pkg/__init__.py": "", "pkg/_core.py": "x = 1\n"})),
    bad=Run(py("from pkg._core import x\nreturn x", **{"pkg/__init__.py": "", "pkg/_core.cpython-37m-x86_64-linux-gnu.so": b"\x7fELF"})),
    fixed=Run(py("from pkg._core import x\nreturn x", **{"pkg/__init__.py": "", "pkg/_core.py": "x = 1\n"})))
LINK = 0o120777
bug("R27", "lambci/git-lambda-layer#3", "a link as soname works", works=r'"2\\n"', native=True, plain=Run(py(CALL, tool=linked, **{"lib/libfoo.so.1": library()})),
    bad=Run(py(CALL, tool=linked), layers=({"lib/libfoo.so.1.0": library(), "lib/libfoo.so.1": ("libfoo.so.1.0", LINK)},)))
BIN = {**js("return require('child_process').execFileSync(process.execPath, [__dirname + '/node_modules/.bin/x']).toString();"),
       "node_modules/.bin/x": ("../x/cli.js", LINK), "node_modules/x/cli.js": "console.log(require('./lib/i'));\n", "node_modules/x/lib/i.js": "module.exports = 'linked';\n"}
bug("R27-bin", "pnpm#6166", "a link in .bin works", works="linked", bad=Run(BIN))

# ---- the package and its layers ----
FOO = js("return require('foo');")
REAL = {"node_modules/foo/index.js": "module.exports = 1;\n"}
bug("R28", "serverless-layers#133", "a link to a path of the build machine", why=("LR-022",), text="Cannot find module 'foo'",
    plain=Run({**FOO, **REAL}), bad=Run({**FOO, "node_modules/foo": ("/Users/me/foo", LINK)}), fixed=Run({**FOO, **REAL}))


def below_a_link(lrun, tmp):
    """An entry beneath a link would be written where the link leads."""
    outside = tmp / "outside"
    outside.mkdir()
    package = make_zip(tmp / "link.zip", {"bootstrap": ECHO, "d": (str(outside), LINK), "d/x": "escaped"})
    r = lrun.run(package)
    f = lrun.run(make_zip(tmp / "real.zip", {"bootstrap": ECHO, "d/x": "kept"}))
    return True, r.code == 125 and "d/x" in r.log and not list(outside.iterdir()), f.code == 0, "-", f"{r}\n{f}"


bug("R28-below", "serverless/serverless#896", "an entry beneath a link", checks=below_a_link)
bug("R29", "aws/aws-cli#8501", "names with backslashes", why=("LR-020",), text="No module named '?lib'?",
    plain=Run(py("from lib import x", **{"lib/__init__.py": "", "lib/x.py": ""})), bad=Run(py("from lib import x", **{"lib\\__init__.py": "", "lib\\x.py": ""})),
    fixed=Run(py("from lib import x", **{"lib/__init__.py": "", "lib/x.py": ""})))
bug("R30", "aws-dynamodb-encryption-python#132", "a layer without python/", why=("LR-024",), text="No module named '?foo'?", bad=Run(py("import foo"), layers=({"foo.py": ""},)),
    fixed=Run(py("import foo"), layers=({"python/foo.py": ""},)))
bug("R30-node", "aws/aws-cdk#11417", "a layer without nodejs/", why=("LR-024",), text="Cannot find module 'foo'", bad=Run(FOO, layers=(REAL,)),
    fixed=Run(FOO, layers=({"nodejs/node_modules/foo/index.js": "module.exports = 1;\n"},)))


def last_layer_wins(lrun, tmp):
    def layer(word):
        return {"nodejs/node_modules/foo/index.js": f"module.exports = '{word}';\n"}
    got = [launch(Run(FOO, layers=l), tmp, lrun).text for l in ((layer("a"), layer("b")), (layer("b"), layer("a")))]
    task = launch(Run({**FOO, "node_modules/foo/index.js": "module.exports = 'task';\n"}, layers=(layer("a"),)), tmp, lrun).text
    return plain(Run({**FOO, **REAL}), tmp, lrun)[0], got == ['"b"', '"a"'], task == '"task"', "-", f"{got} {task}"


bug("R31", "tobilg/duckdb-nodejs-layer#3", "the last layer wins, and the function before all", checks=last_layer_wins)
CIPHERS = "from urllib3.util.ssl_ import DEFAULT_CIPHERS"
OLD = {"python/urllib3/__init__.py": "", "python/urllib3/util/__init__.py": "", "python/urllib3/util/ssl_.py": "DEFAULT_CIPHERS = 1\n"}
NEW = {**OLD, "python/urllib3/util/ssl_.py": ""}
bug("R32", "psf/requests#6438", "a layer hides the version that is needed", why=("LR-026",), text=r"cannot import name 'DEFAULT_CIPHERS' from 'urllib3\.util\.ssl_' \(/opt/python/",
    plain=Run(py(CIPHERS), layers=(OLD,)), bad=Run(py(CIPHERS), layers=(NEW,)), fixed=Run(py(CIPHERS), layers=(OLD,)))
ESM = js("return foo;", 'import foo from "foo";\n', "index.mjs")
FOO_LAYER = {"nodejs/node_modules/foo/index.js": "module.exports = 'foo';\n"}
# A custom runtime of plain Node.js, which does not search NODE_PATH for import; Lambda's own does since nodejs18.x.
CUSTOM = """const api = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation/`;
for (;;) {
  const next = await fetch(api + "next"), id = next.headers.get("lambda-runtime-aws-request-id");
  await fetch(`${api}${id}/response`, { method: "POST", body: JSON.stringify(await load("foo")) });
}
"""
STARTS_NODE = "#!/bin/sh\nNODE_PATH=/opt/nodejs/node_modules exec node main.mjs\n"
BY_IMPORT, BY_REQUIRE = "const load = async (name) => (await import(name)).default;\n", 'import { createRequire } from "node:module";\nconst load = createRequire(import.meta.url);\n'
bug("R33", "aws/aws-sdk-js-v3#3386", "import from a layer, in plain Node.js", why=("LR-023",), text="ERR_MODULE_NOT_FOUND|Cannot find package 'foo'",
    plain=Run({**ESM, **REAL}), bad=Run({"bootstrap": STARTS_NODE, "main.mjs": BY_IMPORT + CUSTOM}, layers=(FOO_LAYER,)), fixed=Run({"bootstrap": STARTS_NODE, "main.mjs": BY_REQUIRE + CUSTOM}, layers=(FOO_LAYER,)))
bug("R33-managed", "aws/aws-sdk-js#4431", "import from a layer, in Lambda's own runtime", works='"foo"', plain=Run({**ESM, **REAL}), bad=Run(ESM, layers=(FOO_LAYER,)))
bug("R33-prefix", "aws/aws-cdk#11417", "import from a layer without its prefix", why=("LR-024",), text="Cannot find package 'foo'", plain=Run({**ESM, **REAL}), bad=Run(ESM, layers=({"node_modules/foo/index.js": "module.exports = 1;\n"},)),
    fixed=Run(ESM, layers=(FOO_LAYER,)))

# ---- limits of a warm environment ----
TWELVE = ("{}",) * 12
LEAK = "for (let i = 0; i < 100; i++) open.push(fs.openSync(__filename));"
bug("R34", "aws/aws-sdk-js-v3#3279", "descriptors run out", why=("LR-038",), text="EMFILE", plain=Run(js(LEAK, "const open = [];\n")),
    bad=Run(js(LEAK, "const open = [];\n"), events=TWELVE), fixed=Run(js(LEAK + "\nopen.splice(0).forEach(fd => fs.closeSync(fd));", "const open = [];\n"), events=TWELVE))
TIMERS = "import threading\nfor i in range(100):\n    t = threading.Timer(290, print); t.daemon = True; t.start(){}"
bug("R35", "getsentry/raven-python-lambda#38", "threads run out", why=("LR-039",), text="can't start new thread", plain=Run(py(TIMERS.format(""))),
    bad=Run(py(TIMERS.format("")), events=TWELVE, options=("--memory", "512")), fixed=Run(py(TIMERS.format("; t.cancel()")), events=TWELVE, options=("--memory", "512")))
bug("R36", "ProgressiveCoders/Spoke#1627", "a time zone with a colon", why=("LR-045",), text="Invalid time zone specified: :UTC",
    bad=Run(js("return new Intl.DateTimeFormat('en', {timeZone: process.env.TZ}).format(0);")),
    fixed=Run(js("return new Intl.DateTimeFormat('en', {timeZone: process.env.TZ.replace(/^:/, '')}).format(0);")))

# ---- the freeze ----
LATER = "if (event === 1) START setTimeout(() => { console.log('done by', event); WAKE }, 500) END"
BACKGROUND = js(LATER.replace("START", "").replace("WAKE", "").replace("END", ";"))
AWAITED = js(LATER.replace("START", "await new Promise(wake =>").replace("WAKE", "wake();").replace("END", ");"))
TWICE = "const h = require(process.cwd() + '/index.js').handler; let log = ''; console.log = (...w) => log += w.join(' '); h(1).then(() => setTimeout(() => process.exit(log === 'done by 1' ? 0 : 1), 1500));"
bug("R37", "alexa/alexa-skills-kit-sdk-for-nodejs#368", "work left over goes on in the next invocation", works=r"END RequestId.*START RequestId.*done by 1",
    bad=Run(BACKGROUND, events=("1", "2"), options=("--pause", "2000"), plain=(NODE, "-e", TWICE)), fixed=Run(AWAITED, events=("1", "2"), options=("--pause", "2000")))

KEPT = """
import http.client, socket, threading, time
global s, lock
def ask():
    s.sendall(b"GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
    if not s.recv(4096): raise http.client.RemoteDisconnected("Remote end closed connection without response")
def beat():
    while True:
        time.sleep(0.1)
        with lock:
            try: ask()
            except OSError: return
if not s:
    s, lock = socket.create_connection(("127.0.0.1", {port})), threading.Lock()
    threading.Thread(target=beat, daemon=True).start()
with lock: ask()"""


def stale_connection(lrun, tmp):
    """A server outside closes a connection that is idle for 0.7 s; a heartbeat keeps it, unless it is frozen."""
    import http.server
    import threading

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version, timeout = "HTTP/1.1", 0.7

        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args):
            pass
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    bad = py(KEPT.replace("{port}", str(server.server_address[1])), "s = None")
    fixed = py("import http.client\nc = http.client.HTTPConnection('127.0.0.1', %d)\nc.request('GET', '/')\nreturn c.getresponse().status" % server.server_address[1])
    options = ("--net", "host", "--pause", "2000")
    wait = PLAIN_PYTHON.replace("for e in events:", "import time\nfor e in events:\n  time.sleep(1.5);")
    passed, out = plain(Run(bad, events=("1", "2"), plain=(PYTHON, "-c", wait, "1", "2")), tmp, lrun)
    r, f = launch(Run(bad, events=("1", "2"), options=options), tmp, lrun), launch(Run(fixed, events=("1", "2"), options=options), tmp, lrun)
    server.shutdown()
    failed = r.code == 1 and re.search("RemoteDisconnected|ConnectionResetError|BrokenPipe", r.text + r.log)
    return passed, bool(failed), f.good and not f.why, verdict(("LR-040",), r.why), f"{out}\n{r}\n{f}"


bug("R38", "aws/aws-sdk-js-v3#1196", "a kept connection is dead after the freeze", why=("LR-040",), checks=stale_connection)

# ---- how it ends ----
bug("R39", "aws-lambda-web-adapter#35", "init takes too long", why=("LR-003",), text=r"(?=.*INIT_REPORT [^\n]*Phase: init\tStatus: timeout)(?=.*Task timed out after 2\.00 seconds)",
    bad=Run(py("return 1", "import time\ntime.sleep(3)"), options=("--init-limit", "1", "--timeout", "2")), fixed=Run(py("return 1"), options=("--init-limit", "1", "--timeout", "2")))
bug("R39-timeout", "bluebird#1341", "past the timeout", why=("LR-003",), text="Task timed out after 1.00 seconds",
    bad=Run(py("import time\ntime.sleep(3)"), options=("--timeout", "1")), fixed=Run(py("return 1"), options=("--timeout", "1")))
bug("R39-memory", "aws/aws-lambda-dotnet#480", "300 MB under 256", why=("LR-001",), text="signal: killed",
    bad=Run(py("import time\nkeep = []\nfor i in range(300):\n    keep.append(os.urandom(1 << 20)); time.sleep(0.002)"), options=("--memory", "256")),
    fixed=Run(py("return len(os.urandom(100 << 20))"), options=("--memory", "256")))
bug("R39-exit", "rebuy-de/aws-nuke#806", "exit 0 is a failure", why=("LR-005",), text="Runtime exited without providing a reason", bad=Run(py("os._exit(0)")), fixed=Run(py("return 1")))


def starts_afresh(lrun, tmp):
    count = py("global n\nn += 1\nif event == 'exit': os._exit(0)\nreturn n", "n = 0")
    r = launch(Run(count, events=("1", "2", '"exit"', "3")), tmp, lrun)
    return plain(Run(count), tmp, lrun)[0], [l for l in r.text.splitlines() if l.isdigit()] == ["1", "2", "1"], r.code == 1, "-", repr(r)


bug("R39-afresh", "aws/aws-nuke#806", "after the end of the runtime its state is fresh", checks=starts_afresh)


def refused(words, *options, files=None, layers=()):
    def check(lrun, tmp):
        r = launch(Run(files or py("return 1"), layers=layers, options=options), tmp, lrun)
        return plain(Run(py("return 1")), tmp, lrun)[0], r.code in (2, 125) and bool(re.search(words, r.log)), launch(Run(py("return 1")), tmp, lrun).code == 0, "-", repr(r)
    return check


bug("R40", "DataBiosphere/azul#8258", "a response of 6,291,557 bytes", why=("LR-004",), text=r"Response payload size exceeded maximum allowed payload size \(6291556 bytes\)",
    bad=Run(py("return 'x' * (6291557 - 2)")), fixed=Run(py("return 'x' * (6291556 - 2)")))
HALF = 131072000
bug("R40-size", "lambci/git-lambda-layer#27", "function and layers beyond 250 MiB", checks=refused(
    r"Function code combined with layers exceeds the maximum allowed size of 262144000 bytes\. The actual size is 2621\d+ bytes", files={"lambda_function.py": "", "zeros": bytes(HALF)}, layers=({"zeros": bytes(HALF + 1)},)))
bug("R40-name", "trek10inc/serverless-secrets#39", "a variable with a name of one letter", checks=refused(r"\[a-zA-Z\]\(\[a-zA-Z0-9_\]\)\+", "--env", "A=1"))
LISTEN = "import socket\ns = socket.create_server(('{}', {}))\ns.close()"
bug("R40-9001", "localstack#1777", "port 9001 is the Runtime API's", why=("LR-049",), text=r"Address already in use.*9001",
    bad=Run(py(LISTEN.format("0.0.0.0", 9001))), fixed=Run(py(LISTEN.format("0.0.0.0", 9002))))


def same_port_twice(lrun, tmp):
    import threading
    files = py("import socket, time\ns = socket.create_server(('127.0.0.1', 8080)); time.sleep(1); s.close()\nreturn 1")
    package = make_zip(tmp / "port.zip", files)
    both = []
    threads = [threading.Thread(target=lambda: both.append(lrun("run", "--timeout", "10", package, report=False).code)) for _ in range(2)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    return True, both == [0, 0], True, "-", str(both)


bug("R40-8080", "serverless-express#22", "two environments listen on one port", checks=same_port_twice)
