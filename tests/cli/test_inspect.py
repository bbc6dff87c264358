# SPDX-License-Identifier: Apache-2.0
"""lrun inspect: what function and layers bring, and what will not work."""
import base64
import hashlib
import json
import os
import subprocess

import pytest

from conftest import BUILD, LRUN, TOP, make_zip

SCHEMA = json.loads((TOP / "docs/inspect.schema.json").read_text())
HANDLER = "def lambda_handler(event, context): return 1\n"
LINK = 0o120777


def inspect(tmp, *words, form="--json"):
    p = subprocess.run([LRUN, "inspect", "-q", "--cache-dir", str(tmp / "cache"), *([form] if form else []), *map(str, words)], capture_output=True, stdin=subprocess.DEVNULL, timeout=60)
    if form != "--json" or p.returncode == 125 or not p.stdout:
        return p
    import jsonschema
    d = json.loads(p.stdout)
    jsonschema.validate(d, SCHEMA)
    severities = {f["severity"] for f in d["findings"]}
    assert p.returncode == (2 if "error" in severities else 1 if severities else 0) and b"lrun:" not in p.stderr, p
    return d


def elf(machine=None, **more):
    """A real program, or one of another machine."""
    data = bytearray((BUILD / "examples/hello-c/bootstrap").read_bytes())
    if machine:
        data[18:20] = machine.to_bytes(2, "little")
    return bytes(data)


def found(tmp, files, layers=(), options=("--runtime", "python3")):
    function = make_zip(tmp / "fn.zip", files)
    zips = [make_zip(tmp / f"layer{i}.zip", layer) for i, layer in enumerate(layers)]
    d = inspect(tmp, *options, *(("--layers", ",".join(map(str, zips))) if zips else ()), function)
    return [(f["severity"], f["id"], f["path"]) for f in d["findings"]], d


PY = {"lambda_function.py": HANDLER}


@pytest.mark.parametrize("files, layers, options, wanted", [
    (PY, (), (), []),
    ({"bootstrap": "#!/bin/sh\n"}, (), (), []),
    ({"bootstrap": ("#!/bin/sh\n", 0o644)}, (), (), [("error", "LR-012", "/var/task/bootstrap")]),
    ({"bootstrap": ("#!/bin/sh\n", 0o700)}, (), (), [("error", "LR-013", "/var/task/bootstrap")]),
    ({"bootstrap": "#!/bin/sh\r\necho\r\n"}, (), (), [("error", "LR-007", "/var/task/bootstrap")]),
    ({"bootstrap": "echo\n"}, (), (), [("error", "LR-011", "/var/task/bootstrap")]),
    ({"bootstrap": "#!/opt/bin/node\n"}, (), (), [("error", "LR-009", "/var/task/bootstrap")]),
    ({"bootstrap": "#!/opt/bin/node\n"}, ({"bin/node": ("x", 0o755)},), (), []),
    ({"bootstrap": "#!/bin/sh\n", "run.sh": ("#!/usr/bin/perl\n", 0o755)}, (), (), [("warning", "LR-009", "/var/task/run.sh")]),
    ({"bootstrap": "#!/bin/sh\n", "run.sh": ("#!/bin/sh\r\n", 0o755)}, (), (), [("warning", "LR-007", "/var/task/run.sh")]),
    ({"readme": "x"}, (), ("--runtime", "provided.al2023"), [("error", "LR-014", None)]),
    ({"fn/bootstrap": ("#!/bin/sh\n", 0o755)}, (), ("--runtime", "provided.al2023"), [("error", "LR-015", None)]),
    ({"fn/lambda_function.py": HANDLER}, (), ("--runtime", "python3"), [("error", "LR-015", None)]),
    ({"other.py": HANDLER}, (), ("--runtime", "python3"), [("error", "LR-055", None)]),
    ({"other.py": HANDLER}, (), ("--runtime", "python3", "--handler", "other.lambda_handler"), []),
    ({"pkg/mod.py": HANDLER}, (), ("--runtime", "python3", "--handler", "pkg.mod.lambda_handler"), []),
    ({"app/main.js": "x"}, (), ("--runtime", "nodejs", "--handler", "app/main.handler"), []),
    ({**PY, "data": ("x", 0o600)}, (), (), [("warning", "LR-013", "/var/task/data")]),
    ({**PY, "d/": ("", 0o700), "d/x": "x"}, (), (), []),  # Lambda makes it 755
    ({**PY, "lib\\x.py": ""}, (), (), [("warning", "LR-020", "/var/task/lib\\x.py")]),
    ({**PY, "Readme": "", "README": ""}, (), (), [("warning", "LR-021", "/var/task/README")]),
    ({**PY, "foo": ("/Users/me/foo", LINK)}, (), (), [("warning", "LR-022", "/var/task/foo")]),
    ({**PY, "foo": ("../nothing", LINK), "bar": ("lib/x", LINK), "lib/x": ""}, (), (), []),
    ({**PY, "foo": ("lib", LINK), "lib/x": ""}, (), (), []),
    ({**PY, "foo": ("missing", LINK)}, (), (), [("warning", "LR-022", "/var/task/foo")]),
    (PY, ({"foo.py": ""},), (), [("warning", "LR-024", "/opt/foo.py")]),
    (PY, ({"python/foo.py": ""},), (), []),
    ({"index.js": "x"}, ({"node_modules/foo/index.js": ""},), (), [("warning", "LR-024", "/opt/node_modules/foo/index.js")]),
    ({**PY, "pkg/_core.cpython-37m-x86_64-linux-gnu.so": ""}, (), (), [("warning", "LR-025", "/var/task/pkg/_core.cpython-37m-x86_64-linux-gnu.so")]),
    (PY, ({"extensions/agent": ("#!/bin/sh\n", 0o644)},), (), [("error", "LR-012", "/opt/extensions/agent")]),
    ({"bootstrap": lambda: elf(0xF3)}, (), (), [("error", "LR-010", "/var/task/bootstrap")]),
    ({**PY, "x.so": lambda: elf(0xF3)}, (), (), [("warning", "LR-016", "/var/task/x.so")]),
])
def test_finding(tmp, files, layers, options, wanted):
    files = {k: v() if callable(v) else v for k, v in files.items()}
    got, d = found(tmp, files, layers, options)
    assert got == wanted, d["findings"]


def compiled(tmp, *arguments):
    (tmp / "x.c").write_text("int two(void); int main(void) { return two(); }\n")
    (tmp / "two.c").write_text("int two(void) { return 2; }\n")
    subprocess.run(["cc", "-shared", "-fPIC", "-Wl,-soname,libtwo.so.1", "-o", tmp / "libtwo.so.1", tmp / "two.c"], check=True)
    subprocess.run(["cc", "-o", tmp / "x", tmp / "x.c", tmp / "libtwo.so.1", *arguments], check=True)
    return (tmp / "x").read_bytes(), (tmp / "libtwo.so.1").read_bytes()


def test_libraries_that_are_missing_and_a_loader_that_is_not_there(tmp):
    program, library = compiled(tmp)
    got, d = found(tmp, {**PY, "x": (program, 0o755)}, options=("--runtime", "provided.al2023"))
    assert ("warning", "LR-018", "/var/task/x") in got and any("libtwo.so.1" in f["text"] for f in d["findings"]), d["findings"]
    got, _ = found(tmp, {**PY, "x": (program, 0o755), "lib/libtwo.so.1": library})
    assert "LR-018" not in [g[1] for g in got]
    program, _ = compiled(tmp, "-Wl,--dynamic-linker=/no/ld.so")
    assert ("warning", "LR-008", "/var/task/x") in found(tmp, {**PY, "x": (program, 0o755)})[0]
    assert ("warning", "LR-012", "/var/task/x") in found(tmp, {**PY, "x": (program, 0o644)})[0]


def test_who_provides_what_and_what_is_hidden(tmp):
    layers = ({"python/a.py": "1", "python/same.py": "s", "d/x": "1", "d/y": "2"}, {"python/a.py": "2", "python/same.py": "s", "d": "a file"})
    _, d = found(tmp, PY, layers)
    assert {(s["path"], s["seen"], s["hides"], s["same"]) for s in d["shadows"]} == {("/opt/python/a.py", 2, 1, False), ("/opt/python/same.py", 2, 1, True), ("/opt/d", 2, 1, False)}
    hidden = {(f["path"], f["part"]) for f in d["files"] if f["hidden"]}
    assert hidden == {("/opt/python/a.py", 1), ("/opt/python/same.py", 1), ("/opt/d/x", 1), ("/opt/d/y", 1), ("/opt/d", 1)}
    assert [p["files"] for p in d["parts"]] == [1, 4, 3] and d["runtime"].startswith("python3.") and d["handler"] == "lambda_function.lambda_handler"


def test_modules_in_several_versions(tmp):
    meta = "python/{}-{}.dist-info/METADATA"
    _, d = found(tmp, {**PY, "Urllib3-2.0.dist-info/METADATA": ""}, ({meta.format("urllib3", "1.26"): "", meta.format("six", "1.0"): ""}, {meta.format("six", "1.0"): ""}))
    assert [(m["name"], m["version"], m["part"]) for m in d["modules"]] == [("urllib3", "2.0", 0), ("urllib3", "1.26", 1)]
    package = lambda v: json.dumps({"name": "foo", "version": v})  # noqa: E731
    _, d = found(tmp, {"index.js": "x", "node_modules/@a/foo/package.json": package("1.0.0")}, ({"nodejs/node_modules/@a/foo/package.json": package("2.0.0")},), ())
    assert [(m["name"], m["version"], m["part"]) for m in d["modules"]] == [("@a/foo", "1.0.0", 0), ("@a/foo", "2.0.0", 1)]


def test_the_digest_is_aws_code_sha256(tmp):
    _, d = found(tmp, PY)
    assert d["parts"][0]["codeSha256"] == base64.b64encode(hashlib.sha256((tmp / "fn.zip").read_bytes()).digest()).decode()


def test_a_directory_is_looked_at_as_it_is(tmp):
    place = tmp / "fn"
    place.mkdir()
    (place / "lambda_function.py").write_text(HANDLER)
    (place / "bin").mkdir()
    (place / "bin/x").write_text("#!/bin/sh\r\n")
    (place / "bin/x").chmod(0o755)
    for p in (place, place / "bin"):
        p.chmod(0o755)
    d = inspect(tmp, place)
    assert d["parts"][0]["codeSha256"] is None and [(f["id"], f["path"]) for f in d["findings"]] == [("LR-007", "/var/task/bin/x")]


def test_the_forms_for_people(tmp):
    function = make_zip(tmp / "fn.zip", {**PY, "lib\\x\x1b[2J": ""})
    layer = make_zip(tmp / "layer.zip", {"python/pkg/a.py": "x" * 100, "python/b.py": "y"})
    p = inspect(tmp, "--layers", layer, function, form="")
    text = p.stdout.decode()
    assert p.returncode == 1 and "the function" in text and "layer layer.zip" in text and "of 262144000" in text and "\x1b" not in text and "LR-020" in text, text
    p = inspect(tmp, "--layers", layer, function, form="--list")
    assert any(line.split() == ["f", "0644", "100", "/opt/python/pkg/a.py", "layer", "layer.zip"] for line in p.stdout.decode().splitlines()), p.stdout
    tree = inspect(tmp, "--layers", layer, function, form="--tree").stdout.decode()
    assert any(line.split() == ["python/", "101"] for line in tree.splitlines()) and any(line.split()[:2] == ["a.py", "100"] for line in tree.splitlines()), tree


@pytest.mark.parametrize("names, said", [(("a",), "1 path is provided more than once, 0 of them"), (("a", "b"), "2 paths are provided more than once, 0 of them")], ids=["one", "two"])
def test_paths_are_counted_as_english_counts(tmp, names, said):
    zips = [make_zip(tmp / f"{i}.zip", {name: str(i) for name in names}) for i in range(2)]
    p = inspect(tmp, "--layers", ",".join(map(str, zips)), make_zip(tmp / "fn.zip", PY), form=None)
    assert said in p.stdout.decode(), p


def test_a_directory_that_an_archive_only_implies_hides_a_file_too(tmp, lrun):
    layers = ({"d": "a file"}, {"d/x/y": "1"})
    _, d = found(tmp, PY, layers)
    assert [(s["path"], s["seen"], s["hides"]) for s in d["shadows"]] == [("/opt/d", 2, 1)]
    assert {(f["path"], f["type"], f["mode"], f["part"], f["hidden"]) for f in d["files"] if f["path"].startswith("/opt/d")} == {
        ("/opt/d", "file", "0644", 1, True), ("/opt/d", "directory", None, 2, False), ("/opt/d/x", "directory", None, 2, False), ("/opt/d/x/y", "file", "0644", 2, False)}
    r = lrun.sh(tmp / "fn.zip", "cat /opt/d/x/y", options=("--layers", f"{tmp}/layer0.zip,{tmp}/layer1.zip"))
    assert r.code == 0 and r.text == "1", "as it is mounted"


def test_the_variables_are_those_that_it_will_see(tmp, lrun):
    function = make_zip(tmp / "fn.zip", {"lambda_function.py": "import os\ndef lambda_handler(event, context): return dict(os.environ)\n"})
    options = ("--env", "AB=b=c", "--memory", 256, "--name", "other", "--region", "eu-west-1")
    shown = inspect(tmp, *options, function)["variables"]
    seen = lrun.run(*options, function).json
    # made anew for each environment, or set by the interpreter and its start within it
    own = {"AWS_LAMBDA_LOG_STREAM_NAME", "_X_AMZN_TRACE_ID", "LC_CTYPE", "PYTHONPATH", "PWD", "SHLVL"}
    assert {k: v for k, v in shown.items() if k not in own} == {k: v for k, v in seen.items() if k not in own}
    assert shown["AB"] == "b=c" and shown["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "256" and shown["AWS_LAMBDA_RUNTIME_API"] == "169.254.100.1:9001"
    text = inspect(tmp, *options, function, form="--variables").stdout.decode()
    assert "AB=b=c\n" in text and "AWS_REGION=eu-west-1\n" in text


@pytest.mark.parametrize("runtime", ["python3", "java8.al2"])
def test_credentials_of_the_users_own_are_not_shown(tmp, monkeypatch, runtime):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, "mine-" + name)
    function = make_zip(tmp / "fn.zip", PY)
    for form in ("--json", "--variables"):
        p = subprocess.run([LRUN, "inspect", "--cache-dir", tmp / "cache", form, "--runtime", runtime, "--credentials", "env", function], capture_output=True)
        assert p.returncode == 0 and b"mine-AWS_SECRET" not in p.stdout and b"mine-AWS_SESSION" not in p.stdout and b"(not shown)" in p.stdout, p


def test_the_mounts_are_those_that_are_made(tmp, lrun):
    function, layer = make_zip(tmp / "fn.zip", {**PY, "bootstrap": ""}), make_zip(tmp / "layer.zip", {"x": ""})
    options = ("--layers", layer, "--shm", "64")
    shown = {m["path"]: m for m in inspect(tmp, *options, function)["mounts"]}
    table = lrun.sh(function, "cat /proc/self/mountinfo", options=options).text.splitlines()
    made = {line.split()[4]: line.split()[5] for line in table}
    for path in ("/var/task", "/opt", "/tmp", "/proc", "/dev", "/dev/null", "/dev/shm", "/usr"):
        there = made.get(path) or path in ("/var/task", "/opt") and made["/"]  # the one overlay shows them
        assert there and shown[path]["writable"] == there.startswith("rw"), (path, shown[path], made)
    assert not [p for p in made if p not in shown and p != "/"], "nothing is mounted that was not shown"
    text = inspect(tmp, *options, function, form="--mounts").stdout.decode()
    assert any(line.startswith("overlay   ro  /opt ") for line in text.splitlines())


def test_the_graph_shows_who_provides_what_and_what_is_hidden(tmp):
    import xml.dom.minidom
    layers = [make_zip(tmp / f"{n}.zip", f) for n, f in (("one", {"python/a.py": "1" * 3000, "python/b.py": "2", "meta/x": ""}), ("two", {"python/a.py": "22", "<script>&\"'\x07": "x"}))]
    out = tmp / "graph.svg"
    out.write_text("what was there before " * 10000)
    out.chmod(0o666)
    p = inspect(tmp, "--graph", out, "--layers", ",".join(map(str, layers)), make_zip(tmp / "fn.zip", PY), form="")
    assert p.returncode == 0, p
    svg = xml.dom.minidom.parse(str(out))
    texts = ["".join(n.data for n in t.childNodes) for t in svg.getElementsByTagName("text")]
    assert {"the function", "layer one.zip", "layer two.zip", "/opt", "/var/task", "a.py", "1 hidden", "<script>&\"'?"} <= set(texts), texts
    assert "before" not in out.read_text(), "the file is emptied first"
    large = {f"python/{'x' * 200}{i}.py": "1" for i in range(3000)}
    p = inspect(tmp, "--graph", out, "--layers", make_zip(tmp / "large.zip", {**large, **{f"d{i}/e/f{i}": "" for i in range(300)}}), tmp / "fn.zip", form="")
    svg = xml.dom.minidom.parse(str(out))
    assert p.returncode == 0 and int(svg.documentElement.getAttribute("height")) < 2000 and any("more" in "".join(n.data for n in t.childNodes) for t in svg.getElementsByTagName("text"))
    p = inspect(tmp, "--graph", tmp / "no/where.svg", tmp / "fn.zip", form="")
    assert p.returncode == 125 and b"open for the graph" in p.stderr and b"No such file" in p.stderr, p


def test_a_policy_needs_no_function_and_a_wrong_one_says_why(tmp):
    (tmp / "bad.json").write_text('{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_NOTHING"}]}')
    p = subprocess.run([LRUN, "inspect", "--seccomp", tmp / "bad.json"], capture_output=True)
    assert p.returncode == 125 and b"rule 1 (line 1)" in p.stderr and b"SCMP_ACT_NOTHING" in p.stderr and b"bad.json" in p.stderr and not p.stdout, p
    p = subprocess.run([LRUN, "inspect", "--seccomp", "lamda"], capture_output=True)
    assert p.returncode == 2 and b"is not one of lambda|" in p.stderr, p
    p = subprocess.run([LRUN, "inspect", "--seccomp", "unconfined"], capture_output=True)
    assert p.returncode == 0 and json.loads(p.stdout)["defaultAction"] == "SCMP_ACT_ALLOW", p
    p = subprocess.run([LRUN, "inspect", "--seccomp", tmp / "none.json"], capture_output=True)
    assert p.returncode == 125 and b"No such file" in p.stderr, p


def test_what_lambda_refuses_is_an_error_and_what_the_host_refuses_is_not(tmp):
    (tmp / "bad.zip").write_bytes(b"PK\5\6" + bytes(18))
    p = inspect(tmp, tmp / "bad.zip")
    assert p.returncode == 2 and b"non-empty zip" in p.stderr, p
    p = inspect(tmp, tmp / "never.zip")
    assert p.returncode == 125 and b"No such file" in p.stderr, p


def test_a_runtime_that_this_host_does_not_have_can_be_looked_at(tmp):
    got, d = found(tmp, PY, options=("--runtime", "python3.8"))
    assert d["runtime"] == "python3.8" and got == [], d


def test_nor_need_it_have_any(tmp):
    (tmp / "root").mkdir(mode=0o755)
    got, d = found(tmp, PY, options=("--runtime", "python3", "--rootfs", tmp / "root"))
    assert d["runtime"] == "python3.12" and got == [], d


@pytest.mark.parametrize("name", ["hello-c", "shell", "function", "python", "node"])
def test_the_examples_have_no_errors(tmp, name):
    layers = ("--layers", f"{BUILD}/examples/first.zip,{BUILD}/examples/second.zip") if name == "function" else ()
    d = inspect(tmp, *layers, BUILD / f"examples/{name}.zip")
    assert [f for f in d["findings"] if f["severity"] == "error"] == [], d["findings"]


def test_published_layers_have_no_errors(tmp):
    layers = [p for n in ("awscli", "kubectl", "proxy-agent") if (p := BUILD / f"conformance/{n}.zip").exists()]
    if not layers:
        pytest.skip("make conformance fetches them")
    for layer in layers:
        d = inspect(tmp, "--layers", layer, BUILD / "examples/python.zip")
        assert [f for f in d["findings"] if f["severity"] == "error"] == [], d["findings"]
