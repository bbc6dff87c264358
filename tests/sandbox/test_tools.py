# SPDX-License-Identifier: Apache-2.0
"""Which of the host's programs are seen (--tools), and which system it says it is."""
import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest

from conftest import Lrun, make_zip, processes_of, skip, wait_until

LOOK = """
import platform, shutil, subprocess
def spawn(name):
    try:
        return subprocess.run([name, "--version"], capture_output=True).returncode
    except OSError as e:
        return -e.errno
names = %r
while True:
    headers, event = next()
    respond(headers[ID], json.dumps({
        "which": {n: shutil.which(n) for n in names["programs"]}, "there": {p: os.path.exists(p) for p in names["paths"]}, "git": spawn("git"),
        "sh": os.path.realpath("/bin/sh"), "awk": os.path.realpath("/usr/bin/awk"), "release": platform.freedesktop_os_release().get("ID"),
        "share": os.listdir("/usr/share"), "local": os.listdir("/usr/local"), "uid": os.stat("/usr/bin").st_uid}))
"""
ABSENT = ("git", "wget", "tar", "find", "gcc", "cc", "make", "perl", "which", "dpkg", "apt", "vim", "less", "ps", "hostname", "xargs", "file", "gzip", "zip", "unzip", "ssh", "su", "mount", "dash")
THERE = ("bash", "sh", "cat", "ls", "cp", "env", "sed", "grep", "awk", "curl", "timeout", "date", "getent", "ldd", "python3")
PATHS = ("/usr/lib/git-core", "/usr/lib/gcc", "/usr/lib/jvm", "/usr/lib/openssh", "/usr/lib/dpkg", "/usr/share/perl", "/usr/share/fonts", "/usr/include", "/usr/src", "/usr/games",
         "/usr/lib/python3/dist-packages", "/usr/lib/python3.11/sitecustomize.py", "/usr/lib/node_modules", "/usr/local/lib", "/usr/share/base-files", "/usr/share/doc")


@pytest.fixture
def look(lrun, function):
    def make(*options):
        r = lrun.run("--memory", "256", *options, function(LOOK % {"programs": ABSENT + THERE, "paths": PATHS}, name="look.zip"))
        assert r.code == 0, r
        return r, r.json
    return make


def test_programs_that_lambda_has_not_are_not_there(look):
    r, seen = look()
    assert [n for n in ABSENT if seen["which"][n]] == [] and seen["git"] == -2
    assert [n for n in THERE if not seen["which"][n] and shutil.which(n)] == []
    assert [p for p in PATHS if seen["there"][p]] == [], "programs and modules are hidden wherever they lie"
    assert seen["local"] == ["bin"] and "zoneinfo" in seen["share"] and seen["uid"] == 993


def test_the_images_of_amazon_linux_2_have_more(look):
    seen = look("--runtime", "provided.al2")[1]["which"]
    assert seen["find"] and seen["xargs"] and not seen["git"] and not seen["tar"]


def test_a_runtime_has_its_own_language(lrun, tmp):
    code = "import shutil\ndef lambda_handler(*_):\n    return [bool(shutil.which(n)) for n in ('python3', 'node', 'nodejs')]\n"
    assert lrun.run(make_zip(tmp / "py.zip", {"lambda_function.py": code})).json == [True, False, False]
    code = "exports.handler = async () => { const p = require('child_process').spawnSync('python3', ['--version']); return p.error.code; };"
    assert lrun.run("--memory", "512", make_zip(tmp / "js.zip", {"index.js": code})).json == "ENOENT"


def test_a_shell_says_command_not_found(lrun, tmp):
    r = lrun.run(make_zip(tmp / "fn.zip", {"bootstrap": "#!/bin/bash\ngit --version\nexit 3\n"}))
    assert r.code == 1 and "git: command not found" in r.log, r


def test_sh_is_bash_and_awk_is_gawk_or_it_is_said(look):
    r, seen = look()
    assert seen["sh"] == "/usr/bin/bash" and not any("sh is not bash" in d for d in r.report["degraded"])
    told = any("awk is not gawk" in d for d in r.report["degraded"])
    assert seen["awk"].endswith("/gawk") if os.path.exists("/usr/bin/gawk") else told and seen["which"]["awk"], r


def test_exec_sees_all_programs_and_run_does_if_asked(lrun, look, empty):
    r, seen = look("--tools", "host")
    for name in ABSENT:
        path = shutil.which(name, path="/usr/bin:/bin")
        assert bool(seen["which"][name]) == bool(path), name
    assert any("programs that Lambda does not have are visible" in d for d in r.report["degraded"])
    assert not seen["there"]["/usr/lib/python3/dist-packages"] and not seen["there"]["/usr/include"]
    assert lrun.sh(empty, "command -v find").text.strip().endswith("find") and lrun.sh(empty, "command -v find", options=("--tools", "lambda")).code


JAVAS = sorted(name for name in os.listdir("/etc") if name.startswith("java-") and name.endswith("-openjdk"))


@pytest.mark.parametrize("tools", ["lambda", "host", "dev"])
def test_a_jvm_that_run_sees_has_its_configuration(lrun, tmp, tools):
    """Debian's has java.security in /etc: without it the JVM starts, and fails at the first class that needs it."""
    if not JAVAS:
        skip("no JVM of Debian's here")
    r = lrun.run("--tools", tools, make_zip(tmp / "fn.zip", {"bootstrap": "#!/bin/bash\necho etc: /etc/java*\nexit 3\n"}))
    seen = r.log.split("etc: ")[1].split("\n")[0].split()
    assert seen == (["/etc/java*"] if tools == "lambda" else [f"/etc/{name}" for name in JAVAS]), r


def test_dev_brings_what_a_build_needs(lrun, tmp):
    if not os.path.exists("/usr/include/stdio.h") or not shutil.which("cc"):
        skip("no C compiler is installed: make deps")
    fn = make_zip(tmp / "fn.zip", {"hello.c": '#include <stdio.h>\nint main(void) { puts("built"); return 0; }\n'})
    build = "cc -o /tmp/hello hello.c && /tmp/hello"
    assert lrun.sh(fn, build, options=("--tools", "dev")).text == "built\n"
    assert lrun.sh(fn, build).code, "exec shows no headers of itself"


IMPORTS = """
import importlib.util, sys
print(*[name for name in sys.argv[1:] if importlib.util.find_spec(name)])
"""
HOSTS_OWN = ("requests", "yaml", "boto3", "botocore", "setuptools", "pkg_resources", "_distutils_hack", "pip", "xdist", "execnet", "pytest_rerunfailures", "jsonschema", "six", "toml", "pyparsing", "apt_pkg")


def imports(lrun, fn, tools, python, *names, **more):
    return lrun.exec(fn, python, "-c", IMPORTS, *names, options=("--runtime", "python3", "--tools", tools), **more)


@pytest.fixture
def pytest_of_debian():
    if not os.path.isdir("/usr/lib/python3/dist-packages/_pytest"):
        skip("python3-pytest is not installed: make deps")


@pytest.mark.parametrize("python", ["python3", "/usr/bin/python3"], ids=["lambdas", "hosts"])
def test_dev_shows_pytest_and_what_it_imports_and_no_other_module(lrun, empty, pytest_of_debian, python):
    assert imports(lrun, empty, "dev", python, "pytest", "pluggy", "iniconfig", "packaging", *HOSTS_OWN).text == "pytest pluggy iniconfig packaging\n"
    for tools in ("host", "lambda"):
        assert imports(lrun, empty, tools, python, "pytest", "pluggy", *HOSTS_OWN).text == "\n"
    listed = lrun.sh(empty, "ls -A /usr/lib/python3/dist-packages", options=("--tools", "dev")).text.split()
    assert not any(name.endswith((".pth", ".so")) or name == "__pycache__" for name in listed), listed


def test_dev_runs_pytest_as_a_program_and_as_a_module_of_the_runtime(lrun, tmp, pytest_of_debian):
    fn = make_zip(tmp / "fn.zip", {"app.py": "def handler(*_):\n    return 1\n", "tests/test_app.py": "import app\n\ndef test_it():\n    assert app.handler() == 1\n"})
    for program in ("pytest-3", "python3 -m pytest"):
        r = lrun.sh(fn, f"{program} -q -p no:cacheprovider tests", options=("--runtime", "python3", "--tools", "dev"))
        assert r.code == 0 and "1 passed" in r.text, r


def test_an_import_that_lambda_refuses_fails_the_tests_too(lrun, tmp, pytest_of_debian):
    """The host has setuptools, pip's and pytest's kin; the package brings nothing."""
    fn = make_zip(tmp / "fn.zip", {"app.py": "import xdist\n", "test_app.py": "import app\n"})
    r = lrun.sh(fn, "python3 -m pytest -q -p no:cacheprovider", options=("--runtime", "python3", "--tools", "dev"))
    assert r.code == 2 and "No module named 'xdist'" in r.text, r


def test_where_usr_cannot_be_overlaid_no_module_is_seen_and_it_is_said(lrun, empty, tmp):
    stage = tmp / "stage"
    stage.mkdir()
    (stage / "added.py").write_text("")
    inside = ("/usr/bin/unshare", "-m") if os.geteuid() == 0 else ("/usr/bin/unshare", "-Urm")
    mount = f"mount -t overlay -o lowerdir={stage}:/usr/lib/python3/dist-packages overlay /usr/lib/python3/dist-packages"
    r = imports(lrun, empty, "dev", "python3", "added", "pytest", wrap=(*inside, "/bin/sh", "-c", f'{mount} && exec "$@"', "sh"))
    assert r.text == "\n" and any("pytest is hidden, with all other modules" in d for d in r.report["degraded"]), r


def test_dev_brings_headers_where_usr_cannot_be_overlaid(lrun, empty):
    if not os.path.exists("/usr/include/stdio.h"):
        skip("no C compiler is installed: make deps")
    inside = ("/usr/bin/unshare", "-m") if os.geteuid() == 0 else ("/usr/bin/unshare", "-Urm")
    for tools, there in (("dev", True), ("host", False)):
        r = lrun.sh(empty, "test -e /usr/include/stdio.h", options=("--tools", tools), wrap=(*inside, "/bin/sh", "-c", 'mount -t tmpfs none /usr/share/man && exec "$@"', "sh"))
        assert (r.code == 0) == there and any("the kernel refuses an overlay over /usr" in d for d in r.report["degraded"]), r


RELEASE = ". /etc/os-release; echo $ID $VERSION_ID; . /usr/lib/os-release; echo $ID $VERSION_ID; cat /etc/system-release /etc/system-release-cpe /etc/amazon-linux-release"


@pytest.mark.parametrize("tools", ["lambda", "host", "dev"])
@pytest.mark.parametrize("runtime,version,name", [("provided.al2023", "2023", "Amazon Linux release 2023."), ("provided.al2", "2", "Amazon Linux release 2 (Karoo)")])
def test_the_system_is_amazon_linux_of_the_runtime(lrun, empty, tools, runtime, version, name):
    r = lrun.sh(empty, RELEASE, options=("--tools", tools, "--runtime", runtime))
    lines = r.text.splitlines()
    assert lines[:2] == [f"amzn {version}"] * 2 and lines[2].startswith(name) and lines[3].endswith(f":amazon:amazon_linux:{version}") and lines[4] == lines[2], r


@pytest.mark.parametrize("tools", ["lambda", "host"])
def test_nothing_else_says_which_system_it_is(lrun, empty, tools):
    """Whatever file has a name that such files have on the distributions known."""
    names = r"os-release|.*-release(-cpe)?|lsb-release|debian_version|issue(\.net)?|motd|os\.release\.d|swidtag|dpkg|base-files|distro-info"
    r = lrun.exec(empty, "/usr/bin/python3", "-c", "import os\nfor d in ('/etc', '/usr/lib', '/usr/share', '/usr/lib/lsb', '/var/lib'):\n print(*[d + '/' + n for n in (os.listdir(d) if os.path.isdir(d) else [])], sep='\\n')",
                  options=("--tools", tools))
    found = {p for p in r.text.split() if re.fullmatch(names, p.rsplit("/", 1)[1])}
    ours = {"/etc/os-release", "/etc/system-release", "/etc/system-release-cpe", "/etc/amazon-linux-release", "/usr/lib/os-release"}
    programs = {"/usr/lib/dpkg", "/usr/share/dpkg"} if tools == "host" else set()  # of the package manager, which is seen then
    assert ours <= found and found - programs == ours, found


def test_where_usr_cannot_be_overlaid_it_runs_and_says_so(lrun, tmp):
    """Something is mounted below /usr, as in some containers: the kernel then refuses /usr as part of an overlay."""
    fn = make_zip(tmp / "fn.zip", {"bootstrap": "#!/bin/sh\ncat /usr/lib/os-release\ncommand -v find\nexit 3\n"})
    inside = ("/usr/bin/unshare", "-m") if os.geteuid() == 0 else ("/usr/bin/unshare", "-Urm")
    r = lrun.run(fn, wrap=(*inside, "/bin/sh", "-c", 'mount -t tmpfs none /usr/share/man && exec "$@"', "sh"))
    assert r.code == 1 and any("the kernel refuses an overlay over /usr" in d for d in r.report["degraded"]), r
    assert 'ID="amzn"' in r.log and "bin//find" in r.log, r


def test_where_no_tree_can_be_kept_it_runs_and_says_so(lrun, tmp, empty):
    lrun("cache", "prune", report=False)  # makes the cache
    lrun.sh(empty, "true")
    cache = tmp / "cache"
    shutil.rmtree(cache / "tools")
    (cache / "tools").write_text("")
    r = lrun.sh(empty, "command -v find; cat /etc/os-release", options=("--tools", "lambda"))
    assert r.code == 0 and "/find" in r.text and 'ID="amzn"' in r.text and any(d.startswith("all programs of the host are visible: ") for d in r.report["degraded"]), r


@pytest.fixture
def lrun(tmp):
    return Lrun(tmp, own_tools=True)


def trees(lrun):
    return sorted(os.listdir(lrun.cache + "/tools"))


def test_a_tree_is_made_once_and_pruned_when_nobody_uses_it(lrun, tmp, empty):
    options = ("--tools", "lambda")
    lrun.sh(empty, "true", options=options)
    first = trees(lrun)
    lrun.sh(empty, "true", options=options)
    lrun.sh(empty, "true")
    assert len(first) == 1 and len(trees(lrun)) == 2 and set(first) < set(trees(lrun)), "one for each level"
    p = subprocess.Popen(lrun.argv("exec", *options, str(empty), "--", "/bin/sleep", "61.7", report=False), stdin=subprocess.DEVNULL)
    try:
        assert wait_until(lambda: processes_of("61.7", below=p.pid))
        assert lrun("cache", "prune", report=False).code == 0 and trees(lrun) == first, "the one in use stays"
    
    finally:
        p.terminate()
        p.wait()
    assert lrun("cache", "prune", report=False).code == 0 and trees(lrun) == []


def test_a_tree_of_an_earlier_boot_is_not_used_and_goes(lrun, empty):
    lrun.sh(empty, "true")
    (tree,) = trees(lrun)
    os.rename(f"{lrun.cache}/tools/{tree}", f"{lrun.cache}/tools/{'0' * 8}{tree[8:]}")
    lrun.sh(empty, "true")
    assert trees(lrun) == [tree]


CHANGES = {
    "a whiteout is gone": lambda tree: os.unlink(next(p for p in (tree / "usr/bin").iterdir() if p.is_char_device())),
    "a program more": lambda tree: (tree / "usr/bin/sl").write_text("#!/bin/sh\n"),
    "another system": lambda tree: (tree / "usr/lib/os-release").write_text('ID="debian"\n'),
    "a whole directory": lambda tree: shutil.rmtree(tree / "usr/bin"),
    "no seal": lambda tree: os.unlink(tree / "seal"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_tree_that_was_changed_is_made_anew(lrun, look, change):
    tools = pathlib.Path(lrun.cache, "tools")
    before = look()[1]
    [tree] = tools.iterdir()
    CHANGES[change](tree)
    assert look()[1] == before and not before["which"]["git"]
    assert [t.name for t in tools.iterdir()] == [tree.name] and (tree / "seal").exists()


def test_a_tree_that_never_stays_as_it_was_made_is_named(lrun, empty):
    """Each of them is found without its seal."""
    if not shutil.which("strace") or subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True).returncode:
        skip("strace cannot trace here")
    r = lrun.exec(empty, "/bin/true", wrap=("strace", "-o", "/dev/null", "-P", "seal", "-e", "trace=openat", "-e", "inject=openat:error=EIO:when=2+2"))
    said = rf"all programs of the host are visible: cannot use the tree in the cache '{re.escape(lrun.cache)}/tools/[0-9a-f-]+/usr'; 6 times it was not as lrun had just made it; end what changes it, or choose another cache \(--cache-dir\)"
    assert r.code == 0 and any(re.fullmatch(said, d) for d in r.report["degraded"]), r.report


def test_the_hosts_path_of_the_tree_is_not_shown(lrun, empty):
    r = lrun.sh(empty, "cat /proc/self/mountinfo", options=("--tools", "lambda"))
    assert lrun.cache not in r.text and "/tools/" not in r.text, r


def test_another_level_is_refused(lrun, empty):
    r = lrun.exec(empty, "/bin/sh", "-c", "true", options=("--tools", "nothing"))
    assert r.code == 125 and "is not one of lambda|host|dev" in r.log, r


def test_a_server_has_lambdas_tools_and_its_configuration_may_say_otherwise(serve, tmp):
    code = {"lambda_function.py": "import shutil\ndef lambda_handler(*_):\n    return bool(shutil.which('tar'))\n"}
    config = tmp / "lrun.json"
    config.write_text(json.dumps({"functions": {"a": {"code": str(make_zip(tmp / "a.zip", code))}, "b": {"code": str(make_zip(tmp / "b.zip", code)), "tools": "host"}}}))
    s = serve("--config", config)
    assert s.invoke(name="a").body == b"false" and s.invoke(name="b").body == b"true"


@pytest.mark.parametrize("name,code", [("lambda_function.py", "def lambda_handler(*_):\n    return open('/proc/sys/kernel/random/boot_id').read()\n"),
                                       ("index.js", "exports.handler = async () => require('fs').readFileSync('/proc/sys/kernel/random/boot_id', 'utf8');")], ids=["python", "node"])
def test_the_boot_id_is_one_under_every_runtime(lrun, tmp, name, code):
    r = lrun.run("--memory", "256", make_zip(tmp / "fn.zip", {name: code}))
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\n", r.json) and r.json != open("/proc/sys/kernel/random/boot_id").read(), r
