# SPDX-License-Identifier: Apache-2.0
"""lrun inspect on packages as people build them: those that work have no errors, those that cannot have one, and what is only
likely is a warning."""
import json
import struct
import subprocess
import sys

import pytest

from conftest import LRUN, make_zip
from test_inspect import HANDLER, LINK, PY, elf, found, inspect

PYTHON3 = f"python3.{sys.version_info.minor}"
SITE = f"python/lib/{PYTHON3}/site-packages"
NODE = ("--runtime", "nodejs")
WRAPPER = ("--env", "AWS_LAMBDA_EXEC_WRAPPER=/opt/wrapper")
ARM64, X86_64, RISCV, ARM, I386 = 0xB7, 0x3E, 0xF3, 0x28, 0x03
OTHER = ARM64 if elf()[18] == X86_64 else X86_64
NATIVE = {X86_64: "x64", ARM64: "arm64"}[elf()[18]]
CONSOLE = ("#!/home/me/venv/bin/python3\nimport x\n", 0o755)


def narrow():
    """A program of 32 bits, and nothing in it."""
    return struct.pack("<16sHHIIIIIHHHHHH", b"\x7fELF\1\1\1", 2, I386, 1, 0, 0, 0, 0, 52, 32, 0, 40, 0, 0).ljust(4096, b"\0")


def handler(name):
    return ("--handler", name)


WORKING = {
    "an absolute handler in a layer": ({"index.js": "x"}, ({"nodejs/node_modules/datadog-lambda-js/handler.js": "x"},), (*NODE, *handler("/opt/nodejs/node_modules/datadog-lambda-js/handler.handler"))),
    "an absolute handler as an ES module": ({"index.js": "x"}, ({"nodejs/node_modules/datadog-lambda-js/handler.mjs": "x"},), (*NODE, *handler("/opt/nodejs/node_modules/datadog-lambda-js/handler.handler"))),
    "a handler's path with a dot": ({"dist/index.js": "x"}, (), (*NODE, *handler("./dist/index.handler"))),
    "a handler's path with a dot and slashes within": ({"index.js": "x", "dist/app.js": "x"}, (), (*NODE, *handler("dist/.//app.handler"))),
    "an absolute handler of the runtime's own": ({"index.js": "x"}, (), (*NODE, *handler("/var/runtime/x.handler"))),
    "a handler's package in a layer": ({"app.py": "x"}, ({f"{SITE}/datadog_lambda/handler.py": ""},), ("--runtime", "python3", *handler("datadog_lambda.handler.handler"))),
    "a handler's file in a layer": ({"app.py": "x"}, ({"python/wrapped.py": ""},), ("--runtime", "python3", *handler("wrapped.handler"))),
    "a handler's package of a layer, by node": ({"index.js": "x"}, ({"nodejs/node_modules/mine/index.js": "x"},), (*NODE, *handler("mine.handler"))),
    "a compiled handler": ({"app.abi3.so": elf()}, (), ("--runtime", "python3", *handler("app.handler"))),
    "a handler on a path of its own": ({"src/app.py": HANDLER}, (), ("--runtime", "python3", "--env", "PYTHONPATH=/var/task/src", *handler("app.handler"))),
    "a wrapper that starts something else": ({"app.py": "x"}, ({"wrapper": ("#!/bin/sh\nexec /var/task/own\n", 0o755)},), ("--runtime", "python3", *WRAPPER)),
    "a wrapper that an OS-only runtime ignores": ({"bootstrap": ("#!/bin/sh\n", 0o755)}, (), ("--runtime", "provided.al2023", *WRAPPER)),
    "a bootstrap that a managed runtime ignores": ({**PY, "bootstrap": ("nothing", 0o644)}, ({"bootstrap": ("#!/opt/none\n", 0o644)},), ()),
    "prebuilt binaries by platform": ({"index.js": "x", **{f"node_modules/a/prebuilds/{p}/a.node": elf(m) for p, m in
                                       {f"linux-{NATIVE}": None, "darwin-arm64": RISCV, "linux-arm": RISCV, "win32-x64": RISCV, "linux-riscv64": RISCV}.items()}}, (), NODE),
    "prebuilt binaries by package": ({"index.js": "x", f"node_modules/@esbuild/linux-{NATIVE}/bin/esbuild": (elf(), 0o755), "node_modules/@esbuild/linux-riscv64/bin/esbuild": (elf(RISCV), 0o755)}, (), NODE),
    "builds for musl beside": ({"index.js": "x", f"node_modules/@a/b-linux-{NATIVE}-gnu/b.node": elf(), f"node_modules/@a/b-linux-{NATIVE}-musl/b.node": elf(RISCV)}, (), NODE),
    "console scripts beside the modules": ({**PY, "bin/x": CONSOLE}, (), ()),
    "console scripts in a layer": (PY, ({"python/bin/x": CONSOLE, "python/x/__init__.py": ""},), ()),
    "console scripts of Windows": (PY, ({"python/bin/x": ("#!C:\\Python\\python.exe\r\n", 0o755), "python/x/__init__.py": "", "python/x/tool.py": ("#!/usr/bin/env python\r\n", 0o755)},), ()),
    "modules with a first line of their own": ({"index.js": ("#!/usr/local/bin/node\n", 0o755)}, (), NODE),
    "compiled modules for several versions": ({**PY, f"a/_c.cpython-3{sys.version_info.minor}-{'x86_64' if NATIVE == 'x64' else 'aarch64'}-linux-gnu.so": elf(), "a/_c.cpython-37m-darwin.so": "x"}, (), ()),
    "a layer of data": (PY, ({"models/words.bin": "x"},), ()),
    "a layer for its own paths": ({"index.js": "x"}, ({"nodejs/shared.js": "x"},), NODE),
    "a layer of two languages": ({"index.js": "x"}, ({"python/a.py": "", "nodejs/node_modules/a/index.js": "x"},), NODE),
    "a folder that the code adds": ({"lambda_function.py": "import sys\nsys.path.insert(0, 'vendored')\n" + HANDLER, "vendored/six-1.0.dist-info/METADATA": "", "vendored/six.py": ""}, (), ()),
    "a jar whose runtime is named": ({"META-INF/MANIFEST.MF": "Manifest-Version: 1.0\n", "com/example/App.class": "x"}, (), ("--runtime", "java21", "--handler", "com.example.App::handle")),
    "a package's own copies": ({**PY, "pip/__init__.py": "", "pip/_vendor/six-1.0.dist-info/METADATA": "", "pip/_vendor/six.py": ""}, (), ()),
}


@pytest.mark.parametrize("case", WORKING)
def test_what_works_is_no_finding(tmp, case):
    files, layers, options = WORKING[case]
    got, d = found(tmp, files, layers, options or ("--runtime", "python3"))
    assert got == [], d["findings"]


@pytest.mark.parametrize("name", ("handler.handler", "app.handler"))
def test_what_only_the_code_knows_is_no_error(tmp, name):
    """A .pth file names further directories, a link leads anywhere, a preloaded module changes the search."""
    assert found(tmp, {"x.pth": "import own\n"}, (), ("--runtime", "python3", *handler(name)))[0] == []
    assert found(tmp, {"lib": ("/opt/lib", LINK)}, ({"lib/x": ""},), ("--runtime", "python3", *handler("lib." + name)))[0] == []
    assert found(tmp, {"x.js": ""}, (), (*NODE, "--env", "NODE_OPTIONS=--require /opt/x.js", *handler(name)))[0] == []


LIKELY = {
    "a program for the other architecture": ({"bootstrap": (elf(OTHER), 0o755)}, (), ("--runtime", "provided.al2023"), "LR-010", "/var/task/bootstrap", "it works only if the function's architecture is"),
    "a library for the other architecture": ({**PY, "x.so": elf(OTHER)}, (), (), "LR-016", "/var/task/x.so", "it works only if"),
    "only another platform's binary": ({"index.js": "x", "node_modules/a/prebuilds/linux-riscv64/a.node": elf(RISCV)}, (), NODE, "LR-016", "/var/task/node_modules/a/prebuilds/linux-riscv64/a.node", "Lambda has only x86_64 and arm64"),
    "a script for an interpreter that may be there": ({"bootstrap": ("#!/usr/bin/perl\n", 0o755)}, (), ("--runtime", "provided.al2023"), "LR-009", "/var/task/bootstrap", "is not known to be in the runtime"),
    "a runtime that nothing tells": ({"main.py": HANDLER}, (), ("--no-runtime",), "LR-014", None, "cannot detect the runtime"),
    "a jar": ({"META-INF/MANIFEST.MF": "Manifest-Version: 1.0\n", "com/example/App.class": "x"}, (), ("--no-runtime",), "LR-014", None, "this is a Java package: name its runtime, e.g. --runtime java21, and its handler"),
    "a Java package as Gradle builds it": ({"com/example/App.class": "x", "lib/gson.jar": "x"}, (), ("--no-runtime",), "LR-014", None, "this is a Java package"),
    "Java's libraries alone": ({"lib/app.jar": "x"}, (), ("--no-runtime",), "LR-014", None, "this is a Java package"),
    "a folder too deep, and no runtime named": ({"my-function/lambda_function.py": HANDLER}, (), ("--no-runtime",), "LR-015", None, "lambda_function.py is in the folder my-function of the package: zip the folder's content, not the folder"),
    "dependencies a folder too deep": ({**PY, "package/six-1.0.dist-info/METADATA": "", "package/six.py": ""}, (), (), "LR-015", "/var/task/package", "dependencies are installed here, which Python does not search"),
    "a layer that holds only a zip": (PY, ({"layer.zip": "PK"},), (), "LR-075", "/opt/layer.zip", "contains only this archive, which nothing unpacks"),
    "a layer that holds only a zip, in a folder": ({"index.js": "x"}, ({"out/layer.zip": "PK", "README.md": "x"},), NODE, "LR-075", "/opt/out/layer.zip", "contains only this archive"),
    "a layer that was not built": (PY, ({"requirements.txt": "six\n", "Makefile": "x"},), (), "LR-075", "/opt/Makefile", "lists dependencies but does not contain them"),
    "a layer of directories": (PY, ({"python/": ""},), (), "LR-075", None, "has no files that a function could use"),
    "a layer of metadata": (PY, ({"__MACOSX/._python": "", ".DS_Store": ""},), (), "LR-075", None, "has no files that a function could use"),
    "modules at a layer's top": (PY, ({"foo/__init__.py": ""},), (), "LR-024", "/opt/foo/__init__.py", "they belong in python/"),
    "a layer a folder too deep": (PY, ({"my-layer/python/foo.py": ""},), (), "LR-024", "/opt/my-layer/python/foo.py", "they belong in python/"),
    "python twice": (PY, ({"python/python/foo.py": ""},), (), "LR-024", "/opt/python/python/foo.py", "they belong in python/"),
    "a virtual environment in a layer": (PY, ({"python/.venv/lib/x.py": ""},), (), "LR-024", "/opt/python/.venv/lib/x.py", "they belong in python/"),
    "another version's modules": (PY, ({"python/lib/python3.6/site-packages/foo.py": ""},), (), "LR-024", "/opt/python/lib/python3.6/site-packages/foo.py", "has modules for another version"),
    "node_modules at a layer's top": ({"index.js": "x"}, ({"node_modules/a/index.js": "x"},), NODE, "LR-024", "/opt/node_modules/a/index.js", "they belong in nodejs/node_modules/"),
    "a SAM layer that was not built": ({"index.js": "x"}, ({"my-layer/nodejs/node_modules/a/index.js": "x"},), NODE, "LR-024", "/opt/my-layer/nodejs/node_modules/a/index.js", "they belong in nodejs/node_modules/"),
    "a directory that others cannot list": ({**PY, "d/": ("", 0o711), "d/x": "x"}, (), (), "LR-013", "/var/task/d", "does not let others list the directory"),
}


@pytest.mark.parametrize("case", LIKELY)
def test_what_is_likely_wrong_is_a_warning(tmp, case):
    files, layers, options, cause, path, text = LIKELY[case]
    options = () if options == ("--no-runtime",) else options or ("--runtime", "python3")
    got, d = found(tmp, files, layers, options)
    assert got == [("warning", cause, path)] and text in d["findings"][0]["text"], d["findings"]


CERTAIN = {
    "macOS's metadata in extensions": (PY, ({"extensions/agent": ("#!/bin/sh\n", 0o755), "extensions/._agent": "\0\5\x16\7"},), (), "LR-069", "/opt/extensions/._agent", "macOS metadata, but Lambda starts every file in extensions/"),
    "an extension for no architecture of Lambda's": (PY, ({"extensions/agent": (elf(RISCV), 0o755)},), (), "LR-010", "/opt/extensions/agent", "Lambda has only x86_64 and arm64"),
    "a bootstrap of 32 bits": ({"bootstrap": (narrow(), 0o755)}, (), ("--runtime", "provided.al2023"), "LR-010", "/var/task/bootstrap", "Lambda has only x86_64 and arm64"),
    "an empty bootstrap": ({"bootstrap": ("", 0o755)}, (), ("--runtime", "provided.al2023"), "LR-011", "/var/task/bootstrap", "neither an ELF program nor a script"),
    "a wrapper that is not there": (PY, (), WRAPPER, "LR-070", "/opt/wrapper", "neither the function nor a layer contains it"),
    "a wrapper that cannot be executed": (PY, ({"wrapper": ("#!/bin/sh\n", 0o644)},), WRAPPER, "LR-012", "/opt/wrapper", "Lambda has to execute it"),
    "a handler that others cannot read": ({"lambda_function.py": (HANDLER, 0o600)}, (), (), "LR-013", "/var/task/lambda_function.py", "does not let others read the file"),
    "an absolute handler that is not there": ({"index.js": "x"}, (), (*NODE, *handler("/opt/nodejs/handler.handler")), "LR-055", None, "which is not in the package"),
    "a relative handler in Python": (PY, (), ("--runtime", "python3", *handler("./lambda_function.lambda_handler")), "LR-065", None, "name it from /var/task, as in lambda_function.lambda_handler"),
    "an absolute handler in Python": (PY, ({"python/ddtool/handler.py": HANDLER},), ("--runtime", "python3", *handler("/opt/python/ddtool/handler.handler")), "LR-065", None, "as in ddtool/handler.handler"),
    "a handler without a function": (PY, (), ("--runtime", "python3", *handler("lambda_function")), "LR-065", None, "does not have the form FILE.FUNCTION"),
    "a SAM project for a function": ({"template.yaml": "", "hello_world/app.py": HANDLER}, (), ("--runtime", "python3", *handler("app.lambda_handler")), "LR-015", None,
                                     "app.py is in the folder hello_world of a SAM project: after sam build, the function is the folder of its name in .aws-sam/build"),
    "a Python function one folder too deep": ({"my-function/app.py": HANDLER, "my-function/six.py": ""}, (), ("--runtime", "python3", *handler("app.lambda_handler")), "LR-015", None, "zip the folder's content, not the folder"),
}


@pytest.mark.parametrize("case", CERTAIN)
def test_what_lambda_certainly_refuses_is_an_error(tmp, case):
    files, layers, options, cause, path, text = CERTAIN[case]
    got, d = found(tmp, files, layers, options if "--runtime" in options else ("--runtime", "python3", *options))
    assert got == [("error", cause, path)] and text in d["findings"][0]["text"], d["findings"]


def test_an_empty_directory_as_a_layer_is_an_error(tmp):
    """Lambda refuses an empty zip; an archive with an entry it takes."""
    (tmp / "layer").mkdir(mode=0o755)
    d = inspect(tmp, "--runtime", "python3", "--layers", tmp / "layer", make_zip(tmp / "fn.zip", PY))
    assert [(f["severity"], f["id"]) for f in d["findings"]] == [("error", "LR-075")] and "Lambda refuses an empty zip" in d["findings"][0]["text"], d["findings"]


def test_equal_findings_are_one_in_the_text(tmp):
    """Each with its path in JSON; in the text five paths and how many more."""
    function = make_zip(tmp / "fn.zip", {**PY, **{f"d/{i}": ("x", 0o600) for i in range(7)}, "e.so": elf(RISCV)})
    d = inspect(tmp, "--runtime", "python3", function)
    assert sum(f["id"] == "LR-013" for f in d["findings"]) == 7 and len(d["findings"]) == 8, d["findings"]
    p = inspect(tmp, "--runtime", "python3", function, form=None)
    lines = p.stdout.decode().splitlines()
    start = next(i for i, line in enumerate(lines) if "LR-013" in line)
    assert p.returncode == 1 and p.stdout.count(b"LR-013") == 1 and "7 files: mode 0600" in lines[start], p
    assert [line.strip() for line in lines[start + 1:start + 7]] == [f"/var/task/d/{i}" for i in range(5)] + ["and 2 more: --json has them"], lines
    assert "0 errors, 8 warnings; lrun explain LR-NNN says more" in lines and any("/var/task/e.so: is built for" in line for line in lines)
    assert inspect(tmp, "--runtime", "python3", make_zip(tmp / "good.zip", PY), form=None).stdout.decode().splitlines()[-1] == "no findings"


def sparse(path, mb):
    path.parent.mkdir(parents=True, exist_ok=True)
    for directory in (path.parent, path.parent.parent):
        directory.chmod(0o755)
    with open(path, "wb") as f:
        f.truncate(mb << 20)
    path.chmod(0o644)


def test_beyond_the_size_limit_the_largest_are_shown(tmp):
    function = tmp / "fn"
    sparse(function / "node_modules/small/x", 20)
    sparse(function / "node_modules/large/lib/deep/x", 220)
    sparse(function / "data/words", 40)
    (function / "index.js").write_text("x")
    for directory in function.rglob("*/"):
        directory.chmod(0o755)
    p = inspect(tmp, "--runtime", "nodejs", function, form=None)
    shown = [line.split() for line in p.stdout.decode().partition("the largest directories:\n")[2].split("\n\n")[0].splitlines()]
    assert p.returncode == 2 and "LR-054" in p.stdout.decode() and [(s[0], s[6]) for s in shown[:3]] == [
        (str(220 << 20), "/var/task/node_modules/large/lib"), (str(40 << 20), "/var/task/data"), (str(20 << 20), "/var/task/node_modules/small")], p
    assert "the largest directories" not in inspect(tmp, "--runtime", "python3", make_zip(tmp / "fn.zip", PY), form=None).stdout.decode()


def test_archives_beyond_the_size_limit_are_shown_too(tmp, lrun):
    """Each is within it: together they are not, and lrun refuses to run them as Lambda refuses to create the function."""
    zeros = bytes(140 << 20)
    function, layer = make_zip(tmp / "fn.zip", {**PY, "data/words": zeros}), make_zip(tmp / "layer.zip", {"python/words/x": zeros})
    d = inspect(tmp, "--runtime", "python3", "--layers", layer, function)
    assert [(f["severity"], f["id"]) for f in d["findings"]] == [("error", "LR-054")] and len(d["files"]) >= 3, d["findings"]
    text = inspect(tmp, "--runtime", "python3", "--layers", layer, function, form=None).stdout.decode()
    assert "the largest directories:" in text and "/opt/python/words" in text and "/var/task/data" in text, text
    r = lrun("run", "--layers", layer, function)
    assert r.code == 125 and "Function code combined with layers exceeds the maximum allowed size of 262144000 bytes" in r.log and "lrun inspect shows what takes the room" in r.log, r


def test_one_archive_beyond_the_size_limit_names_its_largest(tmp):
    """It is not unpacked: its directory alone tells."""
    p = subprocess.run([LRUN, "inspect", "-q", "--cache-dir", tmp / "cache", make_zip(tmp / "fn.zip", {**PY, "node_modules/@a/large/x": bytes(200 << 20), "data\x1b[31m/words": bytes(70 << 20)})], capture_output=True)
    assert p.returncode == 2 and b"Unzipped size must be smaller than 262144000 bytes" in p.stderr, p
    assert b"the largest are node_modules/@a/large (209.7 MB), data" in p.stderr and b"(73.4 MB)" in p.stderr and b"\x1b" not in p.stderr, p


def test_json_of_findings_names_the_cause_once_each(tmp):
    p = inspect(tmp, "--runtime", "python3", make_zip(tmp / "fn.zip", {"x.py": ""}), form="--json")
    assert json.dumps(p["findings"]).count("LR-055") == 1
