# SPDX-License-Identifier: Apache-2.0
"""Further bugs of the catalogue that need neither a network nor an image of AWS's. Named as it names them."""
from listed import EXTENSION, js, py
from conftest import CLIENT, skip
from harness import NODE, Run, bug, compiled, is_node

ECHO = CLIENT + "while True:\n    headers, event = next()\n    respond(headers[ID], event)\n"


def ok(body="return 1"):
    return Run(py(body))


# ---- a read-only file system, no home ----
bug("F2", "zappa_boilerplate#3", "an asset cache under the application", why=("LR-032",), text=r"\[Errno 30\]", bad=Run(py("os.mkdir('.webassets-cache')")), fixed=Run(py("os.mkdir(tempfile.gettempdir() + '/.webassets-cache')")))
PACKAGE = {"pkg/__init__.py": "", "pkg/library.json": "{}"}
bug("F5", "run-llama/llama-hub#178", "a library rewrites a file of its own", why=("LR-032",), text=r"\[Errno 30\].*library\.json",
    bad=Run(py("import pkg\nopen(os.path.dirname(pkg.__file__) + '/library.json', 'w').close()", **PACKAGE)), fixed=Run(py("open(tempfile.gettempdir() + '/library.json', 'w').close()", **PACKAGE)))
bug("F6", "rubygems/rubygems#4176", "a lock file is opened for writing", why=("LR-032",), text=r"\[Errno 30\].*Gemfile\.lock",
    bad=Run(py("open('Gemfile.lock', 'r+').close()", **{"Gemfile.lock": "GEM\n"})), fixed=Run(py("open('Gemfile.lock').close()", **{"Gemfile.lock": "GEM\n"})))
bug("F9", "realm/realm-js#5631", "a database directory beside the code", why=("LR-032",), text="EROFS.*mongodb-realm", bad=Run(js("fs.mkdirSync(process.cwd() + '/mongodb-realm');")),
    fixed=Run(js("fs.mkdirSync(os.tmpdir() + '/mongodb-realm');")))
bug("F12", "localstack#7115", "nothing but /tmp is writable", why=("LR-032",), text="Read-only file system|Permission denied",
    plain=ok("open('x', 'w').close()"), bad=Run(py("open('/opt/x', 'w').close()")), fixed=Run(py("open(tempfile.gettempdir() + '/x', 'w').close()")))
bug("H3", "kigster/sym#25", "the home directory of nobody", why=("LR-030",), text="Could not determine home directory",
    bad=Run(py("import pathlib\nreturn str(pathlib.Path.home())"), options=("--passwd", "absent")), fixed=Run(py("import pathlib\nreturn str(pathlib.Path.home())"), options=("--env", "HOME=/tmp")))
bug("H12", "shelfio/libreoffice-lambda-base-image#1", "a profile in the home directory", why=("LR-029",), text=r"\[Errno 30\].*sbx_user1051",
    bad=Run(py("os.mkdir(os.path.expanduser('~'), 0o700) if not os.path.isdir(os.path.expanduser('~')) else None")),
    fixed=Run(py("os.makedirs(os.path.expanduser('~'), exist_ok=True)"), options=("--env", "HOME=/tmp")))

# ---- shared memory ----
bug("M5", "DataDog/dd-trace-py#7251", "a library makes a lock at import", why=("LR-033",), text=r"\[Errno (38|2)\]", bad=Run(py("import tracer", **{"tracer.py": "import multiprocessing\nlock = multiprocessing.RLock()\n"})),
    fixed=Run(py("import tracer", **{"tracer.py": "import threading\nlock = threading.RLock()\n"})))
bug("M8", "ansible/ansible#74641", "a queue of multiprocessing", why=("LR-033",), text=r"\[Errno (38|2)\]", bad=Run(py("import multiprocessing\nmultiprocessing.Queue()")), fixed=Run(py("import queue\nqueue.Queue()")))

# ---- users ----
bug("U2", "firdaus/cadence-python#8", "getlogin() without a terminal", why=("LR-048",), text=r"\[Errno (6|25|2)\]", plain=ok("import getpass\nreturn os.environ.get('LOGNAME', 'somebody')"), bad=Run(py("return os.getlogin()")), fixed=Run(py("return os.getuid()")))
bug("U4", "localstack#12812", "a resource of mode 0600", why=("LR-013",), text=r"\[Errno 13\].*conf/x", bad=Run(py("open('conf/x').read()", **{"conf/x": ("1", 0o600)})), fixed=Run(py("open('conf/x').read()", **{"conf/x": "1"})))
KEY = "p = os.path.abspath({}); m = os.stat(p).st_mode & 0o777; assert not m & 0o077, f\"UNPROTECTED PRIVATE KEY FILE! Permissions {{m:04o}} for '{{p}}' are too open.\""
bug("U5", "lambci/git-lambda-layer#8", "a key that others can read", why=("LR-071",), text="UNPROTECTED PRIVATE KEY FILE", plain=Run(py(KEY.format("'key'"), key=("x", 0o600))), bad=Run(py(KEY.format("'key'"), key=("x", 0o644))),
    fixed=Run(py("import shutil\np = shutil.copy('key', tempfile.gettempdir()); os.chmod(p, 0o600)\n" + KEY.format("p"), key=("x", 0o644))))
bug("U7", "lambci/lambci#104", "chown", why=("LR-041",), text="Operation not permitted", plain=Run(py("p = tempfile.gettempdir() + '/x'; open(p, 'w').close()\nos.chown(p, os.getuid(), os.getgid())")),
    bad=Run(py("p = tempfile.gettempdir() + '/x'; open(p, 'w').close()\nos.chown(p, 482, 482)")), fixed=ok())

# ---- time ----
bug("I4", "lambda-local#128", "a callback waits for the event loop", why=("LR-003",), text="Task timed out after 1.00 seconds",
    plain=Run({"index.js": "exports.handler = (event, context) => 1;"}), bad=Run({"index.js": "exports.handler = (event, context, callback) => { setInterval(() => {}, 100); callback(null, 1); };"}, options=("--timeout", "1")),
    fixed=Run({"index.js": "exports.handler = (event, context, callback) => { context.callbackWaitsForEmptyEventLoop = false; setInterval(() => {}, 100); callback(null, 1); };"}, options=("--timeout", "1")))
bug("I6", "aws-lambda-runtime-interface-emulator#27", "the default timeout of 3 seconds", why=("LR-003",), text="Task timed out after 3.00 seconds", bad=Run(py("import time\ntime.sleep(3.5)"), options=("--timeout", "3")), fixed=Run(py("return 1")))
COUNT = js("if (event === 1) { globalThis.t = []; setInterval(() => t.push(1), 100); return 0; } return t.length;")
bug("FZ3", "ably/ably-js#632", "timers stand still while it is frozen", works=r"0\n[01]\n", plain=Run(js("return 1;")), bad=Run(COUNT, events=("1", "2"), options=("--pause", "1500")))
PIPE = "import subprocess\nreturn subprocess.check_output('sleep 4 & echo hi', shell=True, timeout={}, text=True)"
bug("C1", "lambci/docker-lambda#72", "a child holds the pipe", text="TimeoutExpired|timed out after 1", plain=ok("import subprocess\nreturn subprocess.check_output('echo hi', shell=True, text=True)"),
    bad=Run(py(PIPE.format(1))), fixed=Run(py("import subprocess\nreturn subprocess.check_output('sleep 4 >/dev/null & echo hi', shell=True, timeout=2, text=True)")))
bug("C2-node", "cargo-lambda#572", "process.exit(0) in a handler", why=("LR-005",), text="Runtime exited without providing a reason", bad=Run(js("process.exit(0);")), fixed=Run(js("return 1;")))
CHILD = "import subprocess\nreturn subprocess.run([sys.executable, '-c', 'import beside'], cwd='/', check=True, capture_output=True, env={}).returncode"
bug("C4", "pyexasol#67", "a child lacks the modules of the package", text="CalledProcessError|non-zero exit", plain=Run(py("import beside", **{"beside.py": ""})), bad=Run(py(CHILD.replace("env={}", "env={'PATH': os.environ['PATH']}"), **{"beside.py": ""})),
    fixed=Run(py(CHILD.replace("env={}", "env={**os.environ, 'PYTHONPATH': '/var/task'}"), **{"beside.py": ""})))

# ---- layers, the package ----
FOO = js("return require('foo').name;")
PRIVATE = {"nodejs/node_modules/foo/index.js": "exports.name = 'layer';\n"}
bug("L7", "tobilg/duckdb-nodejs-layer#3", "the function's module before the layer's", works='"task"', bad=Run({**FOO, "node_modules/foo/index.js": "exports.name = 'task';\n"}, layers=(PRIVATE,)), plain=Run({**FOO, "node_modules/foo/index.js": "exports.name = 'task';\n"}))
bug("L16", "aws/aws-sam-cli#1481", "a package that is linked, not copied", why=("LR-022",), text="Cannot find module 'foo'", plain=Run({**FOO, "node_modules/foo/index.js": "exports.name = 1;\n"}),
    bad=Run({**FOO, "node_modules/foo": ("../vendor/foo", 0o120777)}), fixed=Run({**FOO, "node_modules/foo": ("../vendor/foo", 0o120777), "vendor/foo/index.js": "exports.name = 1;\n"}))
bug("B3", "serverless/serverless#3557", "a tool without its execute bit", why=("LR-012",), text=r"\[Errno 13\] Permission denied: './tool'", plain=Run(py("import subprocess\nsubprocess.run(['./tool'], check=True)", tool=("#!/bin/sh\n", 0o755))),
    bad=Run(py("import subprocess\nsubprocess.run(['./tool'], check=True)", tool=("#!/bin/sh\n", 0o644))), fixed=Run(py("import subprocess\nsubprocess.run(['./tool'], check=True)", tool=("#!/bin/sh\n", 0o755))))
bug("B6", "everynode#6", "an interpreter that is not there", why=("LR-009",), text="fork/exec /var/task/bootstrap: no such file or directory", bad=Run({"bootstrap": "#!/no/such/interpreter\nexit 0\n"}, plain=("/bin/sh", "bootstrap")), fixed=Run({"bootstrap": ECHO}))
bug("B8", "julia#2", "a script without #!", why=("LR-011",), text="exec format error", bad=Run({"bootstrap": "exit 0\n"}, plain=("/bin/sh", "bootstrap")), fixed=Run({"bootstrap": ECHO}))
bug("B9", "aws/aws-sam-cli#389", "the execute bit of a layer's tool is kept", works='"done', plain=ok(), bad=Run(py("import subprocess\nreturn subprocess.check_output(['/opt/tool'], text=True)"), layers=({"tool": ("#!/bin/sh\necho done\n", 0o755)},)))
bug("S2", "awslabs/aws-lambda-rust-runtime#683", "a library that newer runtimes lack", why=("LR-018",), text=r"libssl\.so\.9\.9: cannot open shared object file", plain=ok(), bad=Run(py("import ctypes\nctypes.CDLL('libssl.so.9.9')")), fixed=ok())
bug("S6", "pyca/cryptography#5845", "built for Alpine", why=("LR-018",), text=r"libc\.musl-other\.so\.1: cannot open", native=True, plain=Run(py("import ctypes\nreturn ctypes.CDLL('./x.so').two()", **{"x.so": ("cc", "int two(void) { return 2; }", "-shared", "-fPIC")})),
    bad=Run(py("import ctypes\nreturn ctypes.CDLL('./x.so').two()", **{"x.so": lambda tmp: musl(tmp)})), fixed=Run(py("import ctypes\nreturn ctypes.CDLL('./x.so').two()", **{"x.so": ("cc", "int two(void) { return 2; }", "-shared", "-fPIC")})))


def musl(tmp):
    (tmp / "libc.so").write_bytes(compiled("int one(void) { return 1; }", ("-shared", "-fPIC", "-Wl,-soname,libc.musl-other.so.1"), tmp))
    return compiled("int one(void);\nint two(void) { return one() + 1; }", ("-shared", "-fPIC", "@/libc.so"), tmp)


bug("Z3", "nficano/python-lambda#57", "a folder was left out of the archive", text="No module named '?pkg'?", plain=Run(py("import pkg.x", **{"pkg/__init__.py": "", "pkg/x.py": ""})), bad=Run(py("import pkg.x")), fixed=Run(py("import pkg.x", **{"pkg/__init__.py": "", "pkg/x.py": ""})))
bug("Z5", "aws/aws-sam-cli#4364", "a link into /opt", works="1", plain=Run({**js("return require('foo');"), "node_modules/foo/index.js": "module.exports = 1;\n"}),
    bad=Run({**js("return require('/var/task/modules/foo');"), "modules": ("/opt/nodejs/node_modules", 0o120777)}, layers=({"nodejs/node_modules/foo/index.js": "module.exports = 1;\n"},)))
LONG = "d" * 60 + "/" + "e" * 60 + "/x.py"
bug("Z11", "floci#232", "long paths are kept whole", works="1", plain=ok(), bad=Run(py(f"return len(open('{LONG}').read())", **{LONG: "1"})))
bug("K1", "CodeGenieApp/serverless-express#53", "the handler's name in another case", why=("LR-021",), text="Unable to import module 'lambda'", plain=Run(py("return 1")),
    bad=Run({"Lambda.py": py("return 1")["lambda_function.py"]}, options=("--runtime", "python3", "--handler", "lambda.lambda_handler")), fixed=Run({"Lambda.py": py("return 1")["lambda_function.py"]}, options=("--runtime", "python3", "--handler", "Lambda.lambda_handler")))
bug("K3", "rsvg-convert-aws-lambda-binary#3", "a relative path, used from elsewhere", text="non-zero exit status", plain=Run(py("return open('cfg').read()", cfg="1")),
    bad=Run(py("import subprocess\nreturn subprocess.check_output(['cat', './cfg'], cwd='/tmp', text=True)", cfg="1")), fixed=Run(py("return open('/var/task/cfg').read()", cfg="1")))

# ---- what it may ----
bug("X1", "alixaxel/chrome-aws-lambda#148", "no user namespaces", why=("LR-043",), text="unshare failed: Operation not permitted", plain=Run(py("import subprocess\nsubprocess.run(['unshare', '-U', 'true'], check=True)")),
    bad=Run(py("import subprocess\np = subprocess.run(['unshare', '-U', 'true'], capture_output=True, text=True)\nif p.returncode: raise RuntimeError(p.stderr)"), options=("--tools", "host")), fixed=ok())
ALLOCATE = "with open(tempfile.gettempdir() + '/x', 'wb') as f: os.posix_fallocate(f.fileno(), 0, 4096)"
bug("X3", "realm/realm-core#4957", "fallocate (dated reports)", why=("LR-072",), text=r"\[Errno 1\] Operation not permitted", bad=Run(py(ALLOCATE), options=("--seccomp", "lambda-legacy")), fixed=Run(py(ALLOCATE)))
TRACE = "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\nif libc.ptrace(0, 0, 0, 0) < 0: raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), 'PTRACE_TRACEME')"
bug("X4", "getsentry/sentry-native#925", "ptrace", why=("LR-044",), text=r"Operation not permitted: 'PTRACE_TRACEME'", bad=Run(py(TRACE)), fixed=ok())
# The error does not name the call: that it was refused has been seen.
DEATH = "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\nif libc.prctl(1, 15, 0, 0, 0) < 0: raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), 'fork/exec /opt/terraform')"
bug("X4-deathsig", "hashicorp/terraform-exec#172", "a child tied to its parent's death", why=("LR-056",), text=r"Operation not permitted: 'fork/exec", bad=Run(py(DEATH)), fixed=ok())
OWNER = "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\nif libc.setresuid(-1, os.getuid(), -1) < 0: raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))"
bug("U7-unnamed", "lambci/lambci#104", "setresuid, by an error that names nothing", why=("LR-041",), text=r"\[Errno 1\] Operation not permitted", bad=Run(py(OWNER)), fixed=ok())

# ---- programs that Amazon Linux has not ----
SPAWN = "import subprocess\nreturn subprocess.run([%r, *%r], check=True, capture_output=True, text=True).stdout"
bug("D2", "Blosc/python-blosc2#501", "lscpu", why=("LR-066",), text=r"\[Errno (2|13)\].*'lscpu'", bad=Run(py(SPAWN % ("lscpu", []))), fixed=Run(py("return os.cpu_count()")))
bug("D4", "DataDog/dogapi-rb#179", "hostname", why=("LR-066",), text=r"\[Errno 2\].*'hostname'", bad=Run(py(SPAWN % ("hostname", []))), fixed=Run(py("import socket\nreturn socket.gethostname()")))
bug("D5", "steveukx/git-js#457", "git", why=("LR-066",), text="spawn git ENOENT", bad=Run(js("await new Promise((ok, no) => require('child_process').spawn('git', ['--version']).on('error', no).on('close', ok));")), fixed=Run(js("return 1;")))
bug("D6", "aws-lambda-base-images#3", "tar", why=("LR-066",), text=r"tar: (command )?not found", bad=Run(py("import subprocess\np = subprocess.run('tar --version', shell=True, capture_output=True, text=True)\nif p.returncode: raise RuntimeError(p.stderr)")),
    fixed=Run(py("import tarfile\nreturn tarfile.is_tarfile(__file__)")))

# ---- limits, ports ----
bug("P5", "tmokmss/deploy-time-build#3", "2,000 files at once", why=("LR-038",), text="Too many open files", plain=ok("import resource\nreturn resource.getrlimit(resource.RLIMIT_NOFILE)[1]"), bad=Run(py("return len([open(__file__) for i in range(2000)])")),
    fixed=Run(py("return len([open(__file__) for i in range(500)])")))
bug("P2", "aws/aws-sdk-js-v3#4345", "a misleading error once descriptors are gone", why=("LR-038",), text="EMFILE", plain=Run(js("return os.homedir();")),
    bad=Run(js("try { for (;;) fs.openSync(__filename); } catch (e) { } return os.homedir();")), fixed=Run(js("return os.homedir();"), options=("--env", "HOME=/tmp")))
SOCKET = "import socket\ns = socket.socket(socket.AF_UNIX); s.bind(tempfile.gettempdir() + '/server0.sock')\nif event == 1: os._exit(1)"
bug("Q1", "serverless-express#5", "a socket file of an earlier invocation", why=("LR-036",), text="Address already in use", plain=Run(py(SOCKET), events=("2",)), bad=Run(py(SOCKET), events=("1", "2")),
    fixed=Run(py("p = tempfile.gettempdir() + '/server0.sock'\nif os.path.exists(p): os.unlink(p)\n" + SOCKET), events=("1", "2")))

# ---- variables ----
bug("E5", "aws/aws-lambda-base-images#167", "a locale that is not installed", why=("LR-046",), text="unsupported locale setting", plain=ok("import locale\nlocale.setlocale(locale.LC_ALL, 'C')"), bad=Run(py("import locale\nlocale.setlocale(locale.LC_ALL, '')")),
    fixed=Run(py("import locale\nlocale.setlocale(locale.LC_ALL, 'C.UTF-8')")))
bug("E3", "moment/moment#6079", "local time is UTC", works='"2022-01-01T00:00:00.000Z"', bad=Run(js("return new Date(2022, 0, 1).toISOString();")))
bug("D1", "aws/aws-lambda-base-images#355", "no files of a cgroup", why=("LR-047",), text="ENOENT.*/sys/fs/cgroup", plain=Run(js("return fs.existsSync('/sys/fs/cgroup');")), bad=Run(js("return fs.readFileSync('/sys/fs/cgroup/memory/memory.stat');")), fixed=Run(js("return process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE;")))
bug("D7", "wellcomecollection/catalogue-pipeline#2806", "no terminal", why=("LR-048",), text="/dev/tty", plain=ok(), bad=Run(py("open('/dev/tty').close()")), fixed=ok())
bug("D8", "penkow/llama-lambda#1", "an illegal instruction", why=("LR-006",), text="signal: illegal instruction", native=True, plain=ok(), bad=Run(py("import ctypes\nctypes.CDLL('./x.so').stop()", **{"x.so": ("cc", "void stop(void) { __builtin_trap(); }", "-shared", "-fPIC")})), fixed=ok())

# ---- extensions, logs ----
LAYER = "extensions/agent"
bug("V2", "aws/aws-lambda-extensions#38", "an extension without its execute bit", why=("LR-012",), text=r"fork/exec /opt/extensions/agent: permission denied", plain=ok(), bad=Run(py("return 1"), layers=({LAYER: (EXTENSION, 0o644)},)), fixed=Run(py("return 1"), layers=({LAYER: (EXTENSION, 0o755)},)))
bug("V3", "DataDog/datadog-lambda-extension#263", "an extension that ends", why=("LR-068",), text=r"Extension\.Crash|exit status 0", plain=ok(), bad=Run(py("return 1"), layers=({LAYER: ("#!/bin/sh\nexit 0\n", 0o755)},)), fixed=Run(py("return 1"), layers=({LAYER: (EXTENSION, 0o755)},)))
bug("V4", "DataDog/datadog-lambda-extension#613", "an extension that aborts", why=("LR-068",), text="signal: aborted", plain=ok(), bad=Run(py("return 1"), layers=({LAYER: ("#!/bin/sh\nkill -ABRT $$\n", 0o755)},)), fixed=Run(py("return 1"), layers=({LAYER: (EXTENSION, 0o755)},)))
bug("Y4", "llrt#255", "what is not flushed is lost", native=True, text="lost", plain=ok(),
    bad=Run(py("import subprocess\nout = subprocess.check_output(['./tool'])\nif not out: raise RuntimeError('lost')", tool=("cc", "#include <stdio.h>\n#include <unistd.h>\nint main(void) { printf(\"kept\"); _exit(0); }"))),
    fixed=Run(py("import subprocess\nout = subprocess.check_output(['./tool'])\nif not out: raise RuntimeError('lost')", tool=("cc", "#include <stdio.h>\n#include <unistd.h>\nint main(void) { printf(\"kept\"); fflush(stdout); _exit(0); }"))))
bug("Y2", "localstack#12470", "a carriage return does not end a line", works=r"\na\rb\n", bad=Run(py("print('\\na\\rb')")))


def no_date(lrun, tmp):
    """An entry of DOS date 0, month 0: packers refuse to write it, Lambda takes it."""
    from conftest import make_zip
    path = make_zip(tmp / "date.zip", {"bootstrap": ECHO})
    data = path.read_bytes()
    stamp = ((2024 - 1980) << 9 | 2 << 5 | 3).to_bytes(2, "little")
    assert data.count(stamp) == 2
    path.write_bytes(data.replace(stamp, b"\0\0"))
    r = lrun.run("-e", "7", path)
    return True, r.code == 0 and r.text == "7", True, "-", repr(r)


bug("Z8", "cloudfront-authorization-at-edge#87", "a date before 1980", checks=no_date)


# ---- function URLs ----
def answer(lrun, tmp, run, stream, **request):
    """Status, headers and body of what a client gets from the function's URL."""
    from conftest import Server, make_zip
    lrun.count += 1
    options = ("--url-mode", "stream") if stream else ()
    s = Server(lrun, "--runtime", "nodejs" if is_node(run.files) else "python3", "--url", 0, *options, make_zip(tmp / f"fn-{lrun.count}.zip", run.files))
    try:
        a = s.url("/", **request)
        return a.status, a.headers, a.body
    finally:
        s.stop()


def over_a_url(bad, good, want, fixed, stream=False, **request):
    """want: status and body of Lambda's answer; good, fixed: the same of the mended function."""
    def check(lrun, tmp):
        if is_node(bad.files) and not NODE:
            skip("node is not installed")
        first, second = answer(lrun, tmp, bad, stream, **request), answer(lrun, tmp, good, stream, **request)
        return True, (first[0], first[2]) == want, (second[0], second[2]) == fixed, "-", f"{first} {second}"
    return check


FORM = "import base64, urllib.parse\nbody = event['body']\n%sreturn urllib.parse.parse_qs(body)['token'][0]"
bug("URL1", "LeanerCloud/CUDly#1483", "a form's body is base64", checks=over_a_url(
    Run(py(FORM % "")), Run(py(FORM % "if event['isBase64Encoded']: body = base64.b64decode(body).decode()\n")), (502, b"Internal Server Error"), (200, b"x y"),
    method="POST", body="token=x+y", Content_Type="application/x-www-form-urlencoded"))
COOKIES = Run(py("return event['headers'].get('cookie', 'none') + '|' + ','.join(event['cookies'])"))
bug("URL2", "aws/aws-lambda-go#597", "cookies are in the headers, too", checks=over_a_url(COOKIES, COOKIES, (200, b"a=1; b=2|a=1,b=2"), (200, b"a=1; b=2|a=1,b=2"), Cookie="a=1; b=2"))
NOT_BASE64 = "return {'statusCode': 200, 'isBase64Encoded': True, 'body': %s}"
bug("URL3", "aws/aws-lambda-roadmap#79", "a text that is said to be base64", checks=over_a_url(
    Run(py(NOT_BASE64 % "'plain text!'")), Run(py("import base64\n" + NOT_BASE64 % "base64.b64encode(b'plain text!').decode()")), (502, b"Internal Server Error"), (200, b"plain text!")))


def streaming(body):
    return Run({"index.js": "exports.handler = awslambda.streamifyResponse(async (event, stream) => { const s = awslambda.HttpResponseStream.from(stream, { statusCode: 404 }); " + body + " });"})


bug("URL4", "middyjs/middy#1189", "a stream without a body loses its status", checks=over_a_url(streaming("s.end();"), streaming("s.write(''); s.end();"), (200, b""), (404, b""), stream=True))
bug("URL5", "aws-lambda-nodejs-runtime-interface-client#97", "a stream whose end brings all", checks=over_a_url(
    streaming("s.end('none');"), streaming("s.write('none'); s.end();"), (502, b"Internal Server Error"), (404, b"none"), stream=True))
