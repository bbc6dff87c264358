# SPDX-License-Identifier: Apache-2.0
"""Which runtime a package is for, where nobody names one: what run, exec and inspect make of it. The table of file names is
tests/unit/test_runtime.c's."""
import json
import re
import subprocess
import zipfile

import pytest

from conftest import BUILD, LRUN, make_zip

PYTHON = "def handler(e, c):\n    return 'python'\nlambda_handler = handler\n"
COMMONJS = "exports.handler = async () => 'commonjs'\n"
MODULE = "export const handler = async () => 'module'\n"

WORKING = {
    "a handler of Python's": ({"app.py": PYTHON}, (), "app.lambda_handler", "python"),
    "a handler in a folder": ({"src/app.py": PYTHON}, (), "src.app.handler", "python"),
    "a handler in a folder, with a slash": ({"src/app.py": PYTHON}, (), "src/app.handler", "python"),
    "a handler of a layer": ({"x.txt": ""}, ({"python/wrap.py": PYTHON},), "wrap.handler", "python"),
    "a handler of Node.js's": ({"src/app.js": COMMONJS}, (), "src/app.handler", "commonjs"),
    "a handler of a layer for Node.js": ({"x.txt": ""}, ({"wrap/app.mjs": MODULE},), "/opt/wrap/app.handler", "module"),
    "a handler nested in an object": ({"app.cjs": "exports.a = {handler: async () => 'nested'}\n"}, (), "app.a.handler", "nested"),
    "package.json and two kinds of modules": ({"package.json": "{}", "index.js": COMMONJS, "index.mjs": MODULE}, (), None, "commonjs"),
    "package.json says the kind of modules": ({"package.json": '{"type": "module"}', "index.js": MODULE}, (), None, "module"),
}


def inspect(cache, *options):
    p = subprocess.run([str(c) for c in (LRUN, "inspect", "--json", "--cache-dir", cache, *options)], capture_output=True, text=True)
    return json.loads(p.stdout)


@pytest.mark.parametrize("packed", [True, False], ids=["zip", "directory"])
@pytest.mark.parametrize("case", WORKING)
def test_the_package_selects_its_runtime_and_inspect_says_the_same(lrun, tmp, case, packed):
    files, layers, handler, answer = WORKING[case]
    fn = make_zip(tmp / "fn.zip", files) if packed else tmp / "fn"
    for name, text in () if packed else files.items():
        (fn / name).parent.mkdir(parents=True, exist_ok=True)
        (fn / name).write_text(text)
    options = ["--layers", ",".join(str(make_zip(tmp / f"layer{i}.zip", layer)) for i, layer in enumerate(layers))] if layers else []
    options += ["--handler", handler] if handler else []
    r = lrun.run(*options, fn)
    assert r.json == answer and "running as " + r.report["runtime"] in r.log, r
    said = inspect(lrun.cache, *options, fn)
    assert said["runtime"].startswith("python3." if answer == "python" else "nodejs") and said["runtime"] == r.report["runtime"], said


def test_a_handler_that_means_two_languages_names_both_files(lrun, tmp):
    fn = make_zip(tmp / "fn.zip", {"app.py": PYTHON, "app.js": COMMONJS})
    r = lrun.run("--handler", "app.handler", fn)
    assert r.code == 125 and "'app.handler'; it means both app.py and app.js: name the runtime (--runtime python3 or nodejs)" in r.log, r
    assert "it means both app.py and app.js" in json.dumps(inspect(lrun.cache, "--handler", "app.handler", fn)["findings"])
    assert lrun.run("--handler", "app.handler", "--runtime", "nodejs", fn).json == "commonjs"


def test_what_was_looked_for_is_said(lrun, tmp):
    r = lrun.run("--handler", "app.handler", make_zip(tmp / "fn.zip", {"main.py": PYTHON}))
    assert "looked for a bootstrap in the function and its layers, for the file of the handler app.handler (app.py, app.js, app/handler.class), for exactly one of lambda_function.py" in r.log, r
    assert "for package.json, and for Java's META-INF/MANIFEST.MF, lib/*.jar, *.class; name the handler" in r.log, r


@pytest.mark.parametrize("files, handler, found", [
    ({"META-INF/MANIFEST.MF": "x", "com/App.class": "x"}, None, "META-INF/MANIFEST.MF"), ({"lib/a.jar": "x", "com/App.class": "x"}, None, "lib/a.jar"), ({"com/App.class": "x"}, "com.App::handle", "com/App.class")])
def test_java_is_detected(lrun, tmp, files, handler, found):
    fn = make_zip(tmp / "fn.jar", files)
    options = ["--handler", handler] if handler else []
    r = lrun.run(*options, fn)
    assert r.code == 125 and f"detected from {found}" in r.log and "lrun runtime add java" in r.log, r
    assert re.fullmatch("java(8.al2|11|17|21|25)", inspect(lrun.cache, *options, fn)["runtime"]), "as the host's JVM has it, else java21"
    assert lrun.exec(fn, "/bin/echo", "here", options=options).text == "here\n", "a command of the user's needs no Java"


def test_a_compiled_bootstrap_is_provided_whatever_else_is_there(lrun, tmp):
    """Go's and Rust's packages may hold scripts too, and the handler's name means nothing to them."""
    with zipfile.ZipFile(BUILD / "examples/hello-c.zip") as z:
        fn = make_zip(tmp / "fn.zip", {"bootstrap": (z.read("bootstrap"), 0o755), "app.py": PYTHON, "package.json": "{}"})
    r = lrun.run("--handler", "app.handler", fn)
    assert r.code == 0 and r.report["runtime"] == "provided.al2023", r
    assert inspect(lrun.cache, "--handler", "app.handler", fn)["runtime"] == "provided.al2023"
