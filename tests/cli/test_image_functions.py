# SPDX-License-Identifier: Apache-2.0
"""A container image as FUNCTION: in every form, started as on Lambda, with its own root file system beneath lrun's own directories."""
import json
import os
import pathlib
import re
import subprocess
import time

import pytest
from conftest import LRUN, ROOT, helper, make_zip

from support.base_image import ENV, OTHER, START, base, executable, function
from support.images import Layout, config, directory, layer, link, make

PROBE = open(helper("probe"), "rb").read()


def small(path, *entries, start=None, form="docker", **more):
    """An image of one static program."""
    tars = [layer(("bin", directory()), ("bin/probe", executable(PROBE)), *entries)]
    return make(path, tars, form, how="plain", configuration=config(tars, config=start if start is not None else {"Cmd": ["/bin/probe"]}), **more)


def kept(root):
    return sorted((str(p.relative_to(root)), p.lstat().st_mode, p.lstat().st_mtime_ns) for p in pathlib.Path(root).rglob("*"))


@pytest.mark.parametrize("form", ["docker", "oci", "directory"])
def test_every_form_runs_as_on_lambda(lrun, tmp, form):
    r = lrun.run("--env", "FROM_IMAGE=2", "--env", "MINE=3", function(tmp / "image.tar", form=form))
    assert r.code == 0, r
    env = r.json["env"]
    assert r.json["cwd"] == "/var/task" and r.json["executable"] == f"/var/lang/bin/{OTHER}" and r.json["name"] == "image", r
    assert env["FROM_IMAGE"] == "2" and env["MINE"] == "3" and env["AWS_REGION"] == "us-east-1" and env["AWS_LAMBDA_FUNCTION_NAME"] == "image", env
    own = dict(e.split("=", 1) for e in ENV)
    assert all(env[k] == own[k] for k in ("PATH", "LD_LIBRARY_PATH", "LANG", "TZ")) and env["_HANDLER"] == "app.handler" and env["IMAGE_BOOTSTRAP"] == "1", env
    assert r.json["zone"] == "JST" and r.json["files"]["/var/task"] == ["app.py"], r
    assert "INIT_START" not in r.log and re.search(r"^START RequestId: .*\nEND RequestId: .*\nREPORT .*Init Duration: ", r.log), r
    assert r.report["runtime"] is None and r.report["runtimeSource"]["from"] == "image" and len(r.report["runtimeSource"]["sha256"]) == 64, r.report
    assert r.report["cache"]["misses"] == 1 and lrun.run("-q", tmp / "image.tar").report["cache"] == {"hits": 1, "misses": 0, "unpackedBytes": 0}


def test_one_of_several_is_named_by_its_tag(lrun, tmp):
    layout, where = Layout(), "import os\ndef handler(event, context):\n    return '%s'\n"
    for tag in ("one", "name:two"):
        tars = [base(), layer(("var/task/app.py", (where % tag).encode()))]
        layout.add(layout.image(tars, "plain", config(tars, config={**START, "Cmd": ["app.handler"]}), annotations={"org.opencontainers.image.ref.name": tag}))
    layout.write(tmp / "l")
    assert [lrun.run("-q", f"{tmp}/l:{tag}").json for tag in ("one", "name:two")] == ["one", "name:two"]
    assert lrun.run("-q", f"oci:{tmp}/l:one").json == "one" and lrun.run("-q", "oci:l:name:two", cwd=tmp).report["name"] == "l"
    r = lrun.run(tmp / "l")
    assert r.code == 125 and "there are several" in r.log and "it holds: one, name:two" in r.log, r
    r = lrun.run(f"{tmp}/l:three")
    assert r.code == 125 and "named three" in r.log, r
    make_zip(tmp / "fn.zip", {"bootstrap": "#!/bin/sh\n"})
    r = lrun.run(f"{tmp}/fn.zip:latest", report=False)
    assert r.code == 125 and "No such file" in r.log, r


def test_words_of_skopeo_name_files(lrun, tmp):
    function(tmp / "d.tar", app="def handler(event, context):\n    return 'docker'\n", tags=("a/b:c",))
    function(tmp / "o.tar", app="def handler(event, context):\n    return 'oci'\n", form="oci")
    assert [lrun.run("-q", name, cwd=tmp).json for name in ("docker-archive:d.tar", "docker-archive:d.tar:a/b:c", "d.tar:a/b:c", "oci-archive:o.tar")] == ["docker", "docker", "docker", "oci"]


def test_an_image_of_another_architecture_is_refused(lrun, tmp):
    tars = [base(lang=False)]
    image = make(tmp / "i.tar", tars, "docker", configuration=config(tars, architecture="riscv64", config=START))
    r = lrun.run(image)
    assert r.code == 125 and "it is for linux/riscv64, not for linux/" in r.log and "pull or build it for linux/" in r.log, r


def test_the_root_is_its_own_and_read_only_but_for_tmp(lrun, tmp):
    image = small(tmp / "i.tar", ("home", directory()), ("home/app", directory()), ("home/app/x", b"x"), ("opt", directory()), ("opt/y", b"y"), ("app", directory()), ("app/f", b"f"),
                  ("var", directory()), ("var/task", link("../app")), ("sys", directory()), ("sys/z", b"z"), ("tmp", directory()), ("tmp/old", b""), ("etc", directory()), ("etc/own", b""), ("etc/passwd", b"evil:x:0:0::/:/bin/sh\n"))
    ask = lambda *w: lrun.exec(image, "/bin/probe", "open", *w, options=("-w", "/")).text.strip()
    for path in ("/home/app/x", "/opt/y", "/var/task/f", "/etc/own", "/etc/hosts", "/dev/null", "/proc/self/status"):
        assert ask(path, "0") == "ok", path
    assert ask("/sys/z", "0") == ask("/tmp/old", "0") == ask("/usr/bin/env", "0") == "ENOENT"
    create = str(os.O_CREAT | os.O_WRONLY)
    assert ask("/app/new", create) == ask("/var/task/new", create) == ask("/opt/new", create) == ask("/etc/new", create) == "EROFS" and ask("/tmp/new", create) == "ok"
    image = small(tmp / "nothing.tar")
    for path in ("/var/task", "/opt", "/home", "/var/runtime"):
        assert lrun.exec(image, "/bin/probe", "open", path, "0", options=("-w", "/")).text == "ENOENT\n", path


LINKS = ["etc", "proc", "dev", "tmp", "sys", "var", "var/task", "opt", "home", "opt/extensions", "etc/passwd", "etc/resolv.conf", "dev/null"]


@pytest.mark.parametrize("link_at", LINKS)
@pytest.mark.parametrize("absolute", [True, False])
def test_hostile_links_lead_nowhere(lrun, tmp, link_at, absolute):
    canary = tmp / "canary"
    (canary / "extensions").mkdir(parents=True)
    (canary / "secret").write_text("secret")
    (canary / "extensions/secret").write_text("secret")
    canary.chmod(0o777)
    before = kept(canary)
    parents = [(str(p), directory()) for p in list(pathlib.Path(link_at).parents)[-2::-1]]
    image = small(tmp / "i.tar", *parents, (link_at, link(str(canary) if absolute else "../" * 20 + str(canary)[1:])))
    for path in (f"/{link_at}/secret", f"{canary}/secret"):
        r = lrun.exec(image, "/bin/probe", "open", path, "0", options=("-w", "/"))
        assert r.text in ("ENOENT\n", "ENOTDIR\n"), (path, r)
    for path in ("/etc/passwd", "/etc/hosts", "/dev/null", "/proc/self/status"):
        assert lrun.exec(image, "/bin/probe", "open", path, "0", options=("-w", "/")).text == "ok\n", path
    assert lrun.exec(image, "/bin/probe", "open", f"/{link_at}/made", str(os.O_CREAT | os.O_WRONLY), options=("-w", "/")).text in ("ok\n" if link_at == "tmp" else "", "EROFS\n", "ENOENT\n", "ENOTDIR\n", "EACCES\n", "ENOSPC\n")
    assert kept(canary) == before


def test_exec_has_its_variables_and_directory(lrun, tmp):
    image = function(tmp / "i.tar", start={"WorkingDir": "opt"})
    r = lrun.sh(image, "pwd; echo $FROM_IMAGE $PATH; echo ${_HANDLER-none} $AWS_REGION; read x < /etc/pki/tls/certs/ca-bundle.crt; echo $x; read x < /etc/passwd; echo $x")
    assert r.text.splitlines() == ["/opt", "1 " + dict(e.split("=", 1) for e in ENV)["PATH"], "none us-east-1", "the image's", "root:x:0:0:root:/root:/bin/bash"], r
    assert lrun.sh(image, "pwd", ("-w", "/etc")).text == "/etc\n"
    r = lrun.exec(image, "/bin/true", options=("--scratch",))
    assert r.code == 125 and "--scratch: the function is an image" in r.log, r


def test_volumes_and_results_work_in_an_image_too(lrun, tmp):
    image = small(tmp / "i.tar", ("opt", directory()), ("opt/own", b""), start={"Cmd": ["/bin/probe"], "WorkingDir": "/"})
    (tmp / "v").mkdir()
    (tmp / "v/f").write_text("")
    options = [word for at in ("/mnt/deep/v", "/opt/v", "/var/task/v", "/tmp/v") for word in ("--volume", f"{tmp}/v:{at}")]
    for path in ("/mnt/deep/v/f", "/opt/v/f", "/opt/own", "/var/task/v/f", "/tmp/v/f"):
        assert lrun.exec(image, "/bin/probe", "open", path, "0", options=options).text == "ok\n", path
    create = str(os.O_CREAT | os.O_WRONLY)
    assert lrun.exec(image, "/bin/probe", "open", "/mnt/new", create, options=options).text == "EROFS\n"
    assert lrun.exec(image, "/bin/probe", "open", "/tmp/out/new", create, options=("--out", tmp / "out")).text == "ok\n" and os.listdir(tmp / "out") == ["new"]


def test_init_start_names_no_runtime(lrun, tmp):
    r = lrun.run("--log-format", "json", function(tmp / "i.tar"))
    record = next(line["record"] for line in map(json.loads, r.log.splitlines()) if line.get("type") == "platform.initStart")
    assert "runtimeVersion" not in record and record["functionName"] == "i", r


WHYS = [  # what it starts, what else is in it, what is said
    ("LR-021", None, "import App2\ndef handler(event, context): pass\n", {"var/task/app2.py": b""}, "/var/task/app2.py, but file names are case-sensitive"),
    ("LR-013", None, "def handler(event, context): open('/var/task/secret')\n", {"var/task/secret": {"data": b"", "mode": 0o600}}, "/var/task/secret was packed with mode 0600"),
    ("LR-018", None, "import ctypes\ndef handler(event, context): ctypes.CDLL('libnone.so.1')\n", {}, "install it in the image"),
    ("LR-066", None, "import os\ndef handler(event, context):\n    if os.system('ffmpeg'): os._exit(127)\n", {}, "add it to the image"),
    ("LR-007", "/start", "", {"start": executable("#!/bin/sh\r\n")}, "CR LF"), ("LR-009", "/start", "", {"start": executable("#!/none\n")}, "/none, which is not in the image"),
    ("LR-009", "/start", "", {"start": executable("#!/bin/sh\n"), "usr/bin/.wh.sh": b""}, "/bin/sh, which is not in the image"), ("LR-012", "/start", "", {"start": executable("#!/bin/sh\n", 0o644)}, "chmod")]


@pytest.mark.parametrize("id, program, app, files, says", WHYS)
def test_why_it_failed_is_said_of_the_images_own_files(lrun, tmp, id, program, app, files, says):
    r = lrun.run(function(tmp / "i.tar", *files.items(), app=app, start={"Entrypoint": [program]} if program else None))
    assert r.code == 1 and [w["id"] for w in r.report["why"]] == [id] and says in r.report["why"][0]["text"] and "layer" not in r.report["why"][0]["text"], r


SAYS = "import os, sys\ndef handler(event, context):\n    return [os.getcwd(), sys.argv, open('/proc/self/cmdline').read().split('\\0')[:-1]]\ndef other(event, context):\n    return ['other', os.getcwd()]\n"


def test_entrypoint_command_and_workdir_can_be_overridden(lrun, tmp):
    image = function(tmp / "i.tar", app=SAYS)
    assert lrun.run("-q", "--command", "app.other", image).json == ["other", "/var/task"]
    assert lrun.run("-q", "--command", '["app.other"]', "--workdir", "/opt", image).json == ["other", "/opt"]
    program = ["--entrypoint", f'["/bin/sh","-c","_HANDLER=app.handler exec /var/lang/bin/{OTHER} /var/runtime/bootstrap.py"]']
    assert lrun.run("-q", *program, "--command", "[]", image).json[2] == [f"/var/lang/bin/{OTHER}", "/var/runtime/bootstrap.py"]
    r = lrun.run("--command", "app.other,more", image)
    assert r.json["errorType"] == "Runtime.ExitError" and "exit status 142" in r.json["errorMessage"] and "entrypoint requires the handler name" in r.log, r
    for option, value, says in (("--command", "a,", "expected words with commas"), ("--entrypoint", "[1]", "a JSON array of strings"), ("--entrypoint", '["a"', "a JSON array"),
                                ("--command", json.dumps(["a"] * 1501), "1501 words: Lambda takes at most 1500"), ("--workdir", "x", "an absolute path"), ("--workdir", "/" + "x" * 1000, "at most 1000 characters")):
        r = lrun.run(option, value, image, report=False)
        assert r.code == 2 and r.log.startswith(f"lrun: {option}") and says in r.log, r


@pytest.mark.parametrize("start, options, type, says", [
    ({}, (), "Runtime.InvalidEntrypoint", "Couldn't find valid bootstrap(s): []"),
    ({"Entrypoint": ["/none"]}, (), "Runtime.InvalidEntrypoint", "fork/exec /none: no such file or directory"),
    ({"Cmd": ["none"]}, (), "Runtime.InvalidEntrypoint", 'exec: "none": executable file not found in $PATH'),
    ({"Cmd": ["/bin/data"]}, (), "Runtime.InvalidEntrypoint", "fork/exec /bin/data: permission denied"),
    ({"Cmd": ["/bin/probe"], "WorkingDir": "/none"}, (), "Runtime.InvalidWorkingDir", "chdir /none: no such file or directory"),
    ({"Cmd": ["/bin/probe"]}, ("--workdir", "/bin/data"), "Runtime.InvalidWorkingDir", "chdir /bin/data: not a directory"),
    ({"Cmd": ["/bin/probe"]}, (), "Runtime.ExitError", "Runtime exited")])
def test_what_does_not_start_is_said_in_awss_words(lrun, tmp, start, options, type, says):
    r = lrun.run(*options, small(tmp / "i.tar", ("bin/data", b"x"), start=start))
    assert r.code == 1 and r.json["errorType"] == type and says in r.json["errorMessage"], r
    assert r.log.count("Error Type: " + type) >= 2, r
    assert ("there is no program none in the image's PATH: add it to the image (LR-066)" in r.log) == ("exec:" in says), r
    assert ("name its program with --entrypoint or --command" in r.log) == (not start) and ("the image has no directory /none" in r.log) == ("/none" in says and "chdir" in says), r


@pytest.mark.parametrize("command", ["run", "exec", "serve"])
@pytest.mark.parametrize("option, value, says", [
    ("--layers", "l.zip", "Please don't provide Handler or Runtime or Layer when the intended function PackageType is Image."), ("--handler", "app.x", "--command overrides it"),
    ("--runtime", "python3.13", "Please don't provide"), ("--sdk", "sdk", "the function is an image"), ("--rootfs", "root", "the function is an image"), ("--interpreter", "/usr/bin/python3", "the function is an image")])
def test_options_that_images_do_not_take_are_refused(lrun, tmp, command, option, value, says):
    r = lrun(command, *(["--port", "0"] if command == "serve" else []), option, value, small(tmp / "i.tar"), *(["--", "/bin/probe"] if command == "exec" else []), report=False)
    assert r.code == (125 if command == "exec" else 2) and r.log.startswith(f"lrun: {option}: the function is an image") and says in r.log, r


@pytest.mark.parametrize("option, value", [("--entrypoint", "a"), ("--command", "a"), ("--workdir", "/x")])
def test_options_of_images_are_refused_for_zips(lrun, empty, option, value):
    r = lrun.run(option, value, empty, report=False)
    assert r.code == 2 and f"{option}: the function is not an image" in r.log and "--handler" in r.log, r


def test_its_extensions_run(lrun, tmp):
    image = function(tmp / "i.tar", ("opt/extensions", directory()), ("opt/extensions/watcher", executable(open(helper("extension"), "rb").read())))
    r = lrun.run(image)
    assert r.code == 0 and re.search(r"EXTENSION\tName: watcher\tState: Ready", r.log), r


def test_an_index_is_noted_in_awss_words(lrun, tmp):
    layout = Layout()
    tars = [base(), layer(("var/task/app.py", SAYS.encode()))]
    layout.image(tars, "plain", config(tars, config={**START, "Cmd": ["app.other"]}))
    manifest = layout.image(tars, "plain", config(tars, config={**START, "Cmd": ["app.other"]}), platform={"os": "linux", "architecture": "amd64"})
    layout.add(manifest)
    inner = layout.index()
    layout.manifests = [inner]
    layout.write(tmp / "l")
    r = lrun.run(tmp / "l")
    assert r.json == ["other", "/var/task"] and r.log.count("The image manifest, config or layer media type for the source image") == 1, r
    assert "media type" not in lrun.run("-q", tmp / "l").log


def test_a_known_image_starts_no_worker(lrun, tmp):
    image = small(tmp / "i.tar")
    time.sleep(0.3)  # a file that was just written may change without a trace
    command = ["-w", "/", image, "--", "/bin/probe", "open", "/bin/probe", "0"]
    assert lrun("exec", *command).text == "ok\n"
    r = lrun("exec", *command, wrap=["strace", "-f", "-e", "trace=execve,execveat", "-o", tmp / "trace"])
    assert r.text == "ok\n" and "lrun-unpack" not in (tmp / "trace").read_text(), (tmp / "trace").read_text()


def test_a_layout_that_cannot_be_read_is_said(lrun, tmp):
    image = small(tmp / "l", form="directory")
    (image / "index.json").chmod(0o600 if ROOT else 0)
    r = lrun.exec(image, "/bin/probe")
    assert r.code == 125 and "Permission denied" in r.log and "readable for others, or give it as an archive" in r.log, r


def test_root_may_name_what_its_later_uid_cannot_walk_to(lrun, tmp):
    closed = tmp / "closed"
    closed.mkdir()
    images = [small(closed / "l", form="directory"), small(closed / "i.tar")]
    images[1].chmod(0o600)
    closed.chmod(0o700)
    for image in images:
        assert lrun.exec(image, "/bin/probe", "open", "/bin/probe", "0").text == "ok\n"


def test_who_enters_is_in_the_root_where_there_is_no_task(lrun, tmp):
    tars = [base(), layer(("var/.wh.task", b""))]
    image = make(tmp / "i.tar", tars, "docker", how="plain", configuration=config(tars, config={"Env": ENV}))
    inside = subprocess.Popen(lrun.argv("exec", image, "--", "/bin/sh", "-c", "echo up; read line", report=False), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert inside.stdout.readline() == b"up\n"
    enter = lambda *options: subprocess.run([LRUN, "exec", "--in", str(inside.pid), *options, "--", "/bin/sh", "-c", "pwd"], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert enter().stdout == "/\n" and enter("-w", "/etc").stdout == "/etc\n"
    p = enter("-w", "/none")
    assert p.returncode == 125 and "cannot enter the working directory '/none'" in p.stderr, p
    inside.communicate(b"\n", timeout=20)


def test_a_directory_that_is_no_whole_layout_is_a_function(lrun, tmp):
    folder = tmp / "fn"
    (folder / "blobs").mkdir(parents=True)
    (folder / "index.json").write_text("{}")
    (folder / "bootstrap").write_text("#!/bin/sh\n")
    (folder / "bootstrap").chmod(0o755)
    assert lrun.exec(folder, "/bin/sh", "-c", "ls").text.split() == ["blobs", "bootstrap", "index.json"]


def test_serve_takes_images_by_word_and_from_a_file(serve, tmp):
    function(tmp / "i.tar", app=SAYS)
    make_zip(tmp / "z.zip", {"lambda_function.py": "def lambda_handler(event, context):\n    return 'zip'\n"})
    (tmp / "c.json").write_text(json.dumps({"functions": {
        "b": {"code": "i.tar", "command": ["app.other"], "workdir": "/opt"}, "c": {"code": "z.zip"},
        "d": {"code": "i.tar", "entrypoint": ["/bin/sh", "-c", f"_HANDLER=app.other exec /var/lang/bin/{OTHER} /var/runtime/bootstrap.py"], "command": []}}}))
    s = serve("--config", tmp / "c.json", f"a={tmp}/i.tar")
    assert s.invoke("{}", "a").json[0] == "/var/task" and s.invoke("{}", "b").json == ["other", "/opt"] and s.invoke("{}", "c").json == "zip" and s.invoke("{}", "d").json == ["other", "/var/task"]
    assert s.invoke("{}", "b").json == ["other", "/opt"]
