# SPDX-License-Identifier: Apache-2.0
"""What a runtime claims to be, which one a package gets, and that the host's own modules stay outside."""
import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

from conftest import BUILD, MUST_WORK, helper, make_zip, skip

VERSION = pathlib.Path(os.path.realpath("/usr/bin/python3")).name  # python3.11
OTHER = "python3.8" if VERSION != "python3.8" else "python3.9"
PY = "def lambda_handler(event, context):\n    return 'python'\n"
JS = "exports.handler = async () => 'node';\n"


@pytest.fixture
def node():
    path = shutil.which("node", path="/usr/bin:/usr/local/bin")
    if not path:
        skip("node is not installed")
    return "nodejs%s.x" % subprocess.run([path, "--version"], capture_output=True, text=True).stdout[1:].split(".")[0]


def test_a_package_with_the_default_handlers_file_needs_no_option(lrun, tmp):
    r = lrun.run(make_zip(tmp / "fn.zip", {"lambda_function.py": PY}))
    assert r.json == "python" and r.report["runtime"] == VERSION and r.report["client"].startswith("lrun-python/"), r
    assert f"lambda_function.py: running as {VERSION}, handler lambda_function.lambda_handler" in r.log
    assert "INIT_START Runtime Version: python:" + VERSION[6:] + ".lrun\t" in r.log


@pytest.mark.parametrize("name, code", [("index.js", JS), ("index.cjs", JS), ("index.mjs", "export const handler = async () => 'node';\n")])
def test_node_packages_need_no_option(lrun, tmp, node, name, code):
    r = lrun.run(make_zip(tmp / "fn.zip", {name: code}))
    assert r.json == "node" and r.report["runtime"] == node and r.report["client"].startswith("lrun-nodejs/"), r


def test_a_bootstrap_comes_before_such_files(lrun, function):
    r = lrun.run(function("i, e = next()\nrespond(i[ID], b'1')\nnext()\n", **{"lambda_function.py": PY}))
    assert r.json == 1 and r.report["runtime"] == "provided.al2023", r


def test_a_bootstrap_in_a_layer_does_too(lrun, tmp, function):
    layer = function("i, e = next()\nrespond(i[ID], b'2')\nnext()\n", name="layer.zip")
    r = lrun.run("--layers", layer, make_zip(tmp / "fn.zip", {"lambda_function.py": PY}))
    assert r.json == 2, r


def test_two_such_files_decide_nothing(lrun, tmp):
    r = lrun.run(make_zip(tmp / "fn.zip", {"lambda_function.py": PY, "index.js": JS}))
    assert r.json["errorType"] == "Runtime.InvalidEntrypoint" and "or the runtime (--runtime)" in r.log, r


@pytest.mark.parametrize("handler, file", [("app.lambda_handler", "app.py"), ("src.api.app.lambda_handler", "src/api/app.py")])
def test_the_file_that_the_handler_names_decides(lrun, tmp, handler, file):
    r = lrun.run("--handler", handler, make_zip(tmp / "fn.zip", {file: PY, "index.js": JS}))
    assert r.json == "python" and f"found {file}: running as {VERSION}, handler {handler} " in r.log, r


@pytest.mark.parametrize("file", ["app.js", "src/app.cjs"])
def test_so_does_one_of_node(lrun, tmp, node, file):
    r = lrun.run("--handler", file.rpartition(".")[0] + ".handler", make_zip(tmp / "fn.zip", {file: JS, "lambda_function.py": PY}))
    assert r.json == "node" and r.report["runtime"] == node and f"found {file}: " in r.log, r


@pytest.mark.parametrize("handler, files", [("other.handler", {"app.py": PY}), ("app", {"app.py": PY}), ("../app.handler", {"app.py": PY})])
def test_a_handler_that_names_no_file_decides_nothing(lrun, tmp, handler, files):
    r = lrun.run("--handler", handler, make_zip(tmp / "fn.zip", files))
    assert r.json["errorType"] == "Runtime.InvalidEntrypoint" and "name the handler (--handler FILE.FUNCTION)" in r.log, r


def test_a_handlers_file_is_looked_for_in_the_function_alone(lrun, tmp):
    """Nothing outside it is opened: not what an absolute handler names on the host."""
    (tmp / "host.py").write_text(PY)
    r = lrun.run("--handler", f"{tmp}/host.lambda_handler", make_zip(tmp / "fn.zip", {"x": ""}))
    assert r.json["errorType"] == "Runtime.InvalidEntrypoint" and "host.py" not in r.log.replace("host.lambda_handler", ""), r


def test_a_managed_runtime_ignores_the_packages_bootstrap(lrun, tmp):
    r = lrun.run("--runtime", "python3", make_zip(tmp / "fn.zip", {"bootstrap": "#!/bin/sh\nexit 9\n", "lambda_function.py": PY}))
    assert r.json == "python", r


def test_another_version_is_refused_naming_both(lrun, tmp):
    r = lrun.run("--runtime", OTHER, make_zip(tmp / "fn.zip", {"lambda_function.py": PY}))
    assert r.code == 125 and OTHER in r.log and VERSION in r.log and r.report["reason"] == "lrun-failed", r


def test_another_node_is_refused_naming_both(lrun, tmp, node):
    r = lrun.run("--runtime", "nodejs12.x", make_zip(tmp / "fn.zip", {"index.js": JS}))
    assert r.code == 125 and "nodejs12" in r.log and node[:-2] in r.log, r


@pytest.mark.parametrize("bad", ["python", "python2.8", "python3.", "python3.x", "nodejs20", "nodejs.x", "provided.al", "provided.al3", "java22", "python3.011"])
def test_unknown_ids_are_errors_of_usage(lrun, tmp, bad):
    if bad == "python":
        return
    r = lrun.run("--runtime", bad, tmp / "none.zip")
    assert r.code == 2 and "cannot use the runtime" in r.log, r


def test_variables_of_the_managed_runtimes(lrun, tmp, node):
    package = make_zip(tmp / "fn.zip", {"lambda_function.py": "import os\ndef lambda_handler(e, c):\n    return dict(os.environ)\n",
                                        "index.js": "exports.handler = async () => process.env;\n"})
    py, js = lrun.run("--runtime", VERSION, package).json, lrun.run("--runtime", node, package).json
    for seen, id in ((py, VERSION), (js, node)):
        assert seen["AWS_EXECUTION_ENV"] == "AWS_Lambda_" + id and seen["PWD"] == "/var/task" and seen["SHLVL"] == "0", seen
        assert not {"HOME", "USER", "TERM", "LRUN_DEBUG_PORT"} & set(seen), seen
    assert py["PYTHONPATH"] == "/var/runtime" and "NODE_PATH" not in py
    assert js["NODE_PATH"] == f"/opt/nodejs/node{node[6:-2]}/node_modules:/opt/nodejs/node_modules:/var/runtime/node_modules:/var/runtime:/var/task"


def test_the_search_path_is_lambdas(lrun, tmp):
    code = "import sys\ndef lambda_handler(e, c):\n    return [sys.path, sys.prefix, sys.executable]\n"
    paths, prefix, executable = lrun.run(make_zip(tmp / "fn.zip", {"lambda_function.py": code})).json
    site = f"lib/{VERSION}/site-packages"
    assert paths[:5] == ["/var/task", f"/opt/python/{site}", "/opt/python", f"/var/lang/{site}", "/var/runtime"], paths
    assert all(p.startswith("/var/lang/") for p in paths[5:]) and prefix == "/var/lang" and executable == f"/var/lang/bin/{VERSION}"


def test_a_pythonpath_of_the_users_replaces_the_layers(lrun, tmp):
    code = "import sys, os\ndef lambda_handler(e, c):\n    return [sys.path[:3], os.environ['PYTHONPATH']]\n"
    paths, value = lrun.run("--env", "PYTHONPATH=/var/task/lib", make_zip(tmp / "fn.zip", {"lambda_function.py": code})).json
    assert paths == ["/var/task", "/var/runtime", "/var/task/lib"] and value == "/var/task/lib"


def test_layers_order_and_pth_files(lrun, tmp):
    layer = make_zip(tmp / "l.zip", {f"python/lib/{VERSION}/site-packages/m.py": "x = 'versioned'", "python/m.py": "x = 'general'", "python/n.py": "x = 'n'",
                                     "python/more.pth": "/opt/python/added\n", "python/added/o.py": "x = 'by pth'"})
    package = make_zip(tmp / "fn.zip", {"lambda_function.py": "import m, n, o, p\ndef lambda_handler(e, c):\n    return [m.x, n.x, o.x, p.x]\n",
                                        "own.pth": "/var/task/vendored\n", "vendored/p.py": "x = 'own pth'"})
    assert lrun.run("--layers", layer, package).json == ["versioned", "n", "by pth", "own pth"]


def test_a_node_layer(lrun, tmp, node):
    major = node[6:-2]
    layer = make_zip(tmp / "l.zip", {f"nodejs/node{major}/node_modules/a/index.js": "module.exports = 'versioned';", "nodejs/node_modules/a/index.js": "module.exports = 'general';",
                                     "nodejs/node_modules/b/index.js": "module.exports = 'b';"})
    package = make_zip(tmp / "fn.zip", {"index.js": "exports.handler = async () => [require('a'), require('b'), require('c')];\n", "node_modules/c/index.js": "module.exports = 'own';"})
    r = lrun.run("--layers", layer, package)
    assert r.json == ["versioned", "b", "own"], r


ESM_LAYER = {
    "nodejs/node_modules/a/index.js": "module.exports = 'general';", "nodejs/node_modules/own/index.js": "module.exports = 'of the layer';",
    "nodejs/node_modules/both/package.json": '{"exports": {".": {"import": "./import.mjs", "require": "./require.cjs"}, "./sub": "./sub.mjs"}}',
    "nodejs/node_modules/both/import.mjs": "import deep from 'a'; export default 'imported ' + deep;", "nodejs/node_modules/both/require.cjs": "module.exports = 'required';",
    "nodejs/node_modules/both/sub.mjs": "export default import.meta.url;", "nodejs/node_modules/@scope/name/index.js": "exports.named = 'scoped';",
}


def test_import_finds_layers_through_node_path(lrun, tmp, node):
    """As Lambda's own runtimes do since nodejs18.x, after all places that import looks into by itself."""
    layer = make_zip(tmp / "l.zip", {f"nodejs/node{node[6:-2]}/node_modules/a/index.js": "module.exports = 'versioned';", **ESM_LAYER})
    code = ("import a from 'a'; import own from 'own'; import both from 'both'; import sub from 'both/sub'; import { named } from '@scope/name'; import fs from 'fs'; import lib from '/var/task/lib.mjs';\n"
            "export const handler = async () => [a, own, both, sub, named, typeof fs.readFileSync, lib, (await import('a')).default];\n")
    files = {"index.mjs": code, "node_modules/own/index.js": "module.exports = 'own';", "lib.mjs": "import a from 'a'; export default a;"}
    r = lrun.run("--layers", layer, make_zip(tmp / "fn.zip", files))
    assert r.json == ["versioned", "own", "imported general", "file:///opt/nodejs/node_modules/both/sub.mjs", "scoped", "function", "versioned", "versioned"], r


def test_import_within_commonjs_finds_layers_too(lrun, tmp, node):
    code = "exports.handler = async () => [(await import('both')).default, require('both')];\n"
    r = lrun.run("--layers", make_zip(tmp / "l.zip", ESM_LAYER), make_zip(tmp / "fn.zip", {"index.js": code}))
    assert r.json == ["imported general", "required"], r


@pytest.mark.parametrize("what", ["'none'", "'both/none'", "'./none.mjs'"])
def test_an_import_that_finds_nothing_fails_as_before(lrun, tmp, node, what):
    code = "exports.handler = async () => { try { await import(%s); } catch (e) { return [e.code, e.message]; } };\n" % what
    with_layer = lrun.run("--layers", make_zip(tmp / "l.zip", ESM_LAYER), make_zip(tmp / "fn.zip", {"index.js": code}))
    without = lrun.run(tmp / "fn.zip")
    assert with_layer.json == without.json or what == "'both/none'", (with_layer, without)
    assert with_layer.json[0] == "ERR_MODULE_NOT_FOUND", with_layer


def test_a_node_path_of_the_functions_own_counts_for_import(lrun, tmp, node):
    files = {"index.mjs": "import x from 'x';\nexport const handler = async () => x;\n", "lib/x/index.js": "module.exports = 'by NODE_PATH';"}
    assert lrun.run("--env", "NODE_PATH=/var/task/lib", make_zip(tmp / "fn.zip", files)).json == "by NODE_PATH"


def test_no_hook_without_layers(lrun, tmp, node):
    """In Node.js 20 it is a thread."""
    code = "exports.handler = async () => require('fs').readdirSync('/proc/self/task').length;\n"
    package = make_zip(tmp / "fn.zip", {"index.js": code})
    assert lrun.run(package).json <= lrun.run("--layers", make_zip(tmp / "l.zip", {"data": "x"}), package).json


LOADER_FLAGS = {"nodejs20.x": ["--no-experimental-require-module"], "nodejs22.x": ["--no-experimental-require-module", "--no-experimental-detect-module"]}


def test_the_loaders_flags_are_lambdas(lrun, tmp, node):
    """require() of an ES module fails there, unless NODE_OPTIONS asks for it."""
    files = {"index.js": "exports.handler = async () => { const flags = process.execArgv.filter((a) => a.includes('experimental'));\n"
                         "  try { return [flags, require('./esm.mjs').x]; } catch (e) { return [flags, e.code]; } };\n", "esm.mjs": "export const x = 'loaded';\n"}
    wanted = LOADER_FLAGS.get(node, [])
    r = lrun.run(make_zip(tmp / "fn.zip", files))
    assert r.json[0] == wanted and (not wanted or r.json[1] == "ERR_REQUIRE_ESM"), r
    r = lrun.run("--env", "NODE_OPTIONS=--experimental-require-module", tmp / "fn.zip")
    assert r.json == [wanted[1:], "loaded"], r


@pytest.mark.parametrize("memory", [128, 1769])
def test_heap_flags_follow_memory(lrun, tmp, node, memory):
    r = lrun.run("--memory", memory, make_zip(tmp / "fn.zip", {"index.js": "exports.handler = async () => process.execArgv;\n"}))
    young = memory // 10
    assert f"--max-semi-space-size={young // 2}" in r.json and f"--max-old-space-size={memory - young}" in r.json and "--expose-gc" in r.json, r


# ---- the host stays outside ----

HOST_MODULES = [m for m in ("yaml", "pytest", "jsonschema") if subprocess.run(["/usr/bin/python3", "-c", f"import {m}"], capture_output=True).returncode == 0]


@pytest.mark.parametrize("module", HOST_MODULES or ["pytest"])
def test_the_hosts_python_modules_are_not_seen(lrun, tmp, module):
    assert module in HOST_MODULES, "make deps installs it on the host, or this shows nothing"
    package = make_zip(tmp / "fn.zip", {"lambda_function.py": f"import {module}\ndef lambda_handler(e, c): pass\n"})
    assert lrun.run(package).json["errorMessage"] == f"Unable to import module 'lambda_function': No module named '{module}'"
    r = lrun.exec(package, "python3", "-c", f"import {module}", options=("--runtime", VERSION))
    assert r.code == 1 and f"No module named '{module}'" in r.log, r
    r = lrun.exec(package, "/usr/bin/python3", "-c", f"import {module}", options=("--runtime", "provided.al2023"))
    assert r.code == 1 and f"No module named '{module}'" in r.log, r


def test_the_hosts_node_modules_are_not_seen(lrun, tmp, node):
    there = [d for d in ("/usr/lib/node_modules", "/usr/share/nodejs") if os.path.isdir(d) and os.listdir(d)]
    if not there:
        skip("the host has no node module of its own")
    parts = {"acorn", "acorn-walk", "cjs-module-lexer", "undici"}  # of Debian's node itself, which does not start without
    name = sorted(set(os.listdir(there[0])) - parts)[0]
    code = f"exports.handler = async () => {{ const seen = []; for (const p of ['{name}', '{there[0]}/{name}']) {{ try {{ require.resolve(p); seen.push(p); }} catch {{}} }} return seen; }};\n"
    r = lrun.run(make_zip(tmp / "fn.zip", {"index.js": code}))
    assert r.json == [], r
    assert set(lrun.exec(tmp / "fn.zip", "ls", "-A", *there).text.replace(":", "").split()) <= set(there) | parts


def test_the_languages_places_exist_for_shebangs(lrun, tmp, node):
    package = make_zip(tmp / "fn.zip", {"lambda_function.py": PY, "tool": ("#!/var/lang/bin/python3\nimport sys; print(sys.version_info[0])\n", 0o755)})
    r = lrun.sh(package, "./tool; /var/lang/bin/python -c 'print(2)'; ls /var/lang/bin", options=("--runtime", VERSION))
    assert r.text.split() == ["3", "2", "python", "python3", VERSION], r
    r = lrun.sh(package, "ls /var/lang/bin; ls /var/runtime", options=("--runtime", node))
    assert r.text.split() == ["node", "bootstrap", "index.mjs", "lambda_client.cjs", "node_path.mjs"], r


def test_provided_has_neither(lrun, empty):
    assert lrun.sh(empty, "ls -d /var/lang").code != 0 and lrun.sh(empty, "ls -A /var/runtime").text == ""


# ---- AWS_LAMBDA_EXEC_WRAPPER ----

@pytest.mark.parametrize("wrapper, said, status", [("/opt/none", "/opt/none: does not exist", 127), ("/var/task/data", "/var/task/data: is not an executable", 126)])
def test_wrappers_that_cannot_be_started(lrun, tmp, wrapper, said, status):
    r = lrun.run("--env", "AWS_LAMBDA_EXEC_WRAPPER=" + wrapper, make_zip(tmp / "fn.zip", {"lambda_function.py": PY, "data": "x"}))
    assert said in r.log and r.json["errorMessage"].endswith(f"Runtime exited with error: exit status {status}"), r


@pytest.mark.parametrize("name, code", [("lambda_function.py", "import os\ndef lambda_handler(e, c):\n    return os.environ['WRAPPED']\n"),
                                        ("index.js", "exports.handler = async () => process.env.WRAPPED;\n")])
def test_a_wrapper_is_given_the_command(lrun, tmp, node, name, code):
    wrapper = ("#!/bin/bash\nexport WRAPPED=\"$1 ${@: -1}\"\nexec \"$@\"\n", 0o755)
    r = lrun.run("--env", "AWS_LAMBDA_EXEC_WRAPPER=/var/task/wrap", make_zip(tmp / "fn.zip", {name: code, "wrap": wrapper}))
    assert r.json == (f"/var/lang/bin/{VERSION} /var/runtime/bootstrap.py" if name.endswith("py") else "/var/lang/bin/node /var/runtime/index.mjs"), r


# ---- a newer C library than the named runtime's ----

@pytest.fixture
def newer(tmp):
    """A program that asks for a symbol version of the host's own, newer than Amazon Linux 2's."""
    source = tmp / "p.c"
    source.write_text("#include <dlfcn.h>\n#include <stdio.h>\nint main(void) { puts(dlsym(0, \"x\") ? \"y\" : \"ran\"); return 0; }\n")
    subprocess.run(["gcc", "-o", str(tmp / "program"), str(source)], check=True)
    return make_zip(tmp / "fn.zip", {"bootstrap": "#!/bin/sh\n", "bin/program": ((tmp / "program").read_bytes(), 0o755)})


def test_a_newer_c_library_is_one_line(lrun, newer):
    r = lrun.exec(newer, "bin/program", options=("--runtime", "provided.al2"))
    assert r.text == "ran\n" and r.log.count("\n") == 1, r
    assert re.search(r"/var/task/bin/program needs GLIBC_2\.34, but provided\.al2 has GLIBC_2\.26: it will not load on Lambda", r.log), r
    assert "GLIBC" not in lrun.exec(newer, "bin/program", options=("--runtime", "provided.al2023")).log


def test_strict_refuses_it_with_the_loaders_words(lrun, newer):
    r = lrun.exec(newer, "bin/program", options=("--runtime", "provided.al2", "--strict"))
    assert r.code == 125 and "/var/task/bin/program: /lib64/libc.so.6: version `GLIBC_2.34' not found (required by /var/task/bin/program)" in r.log, r
    assert r.text == "" and r.report["reason"] == "lrun-failed"


# ---- real layers ----

def real(name):
    path = BUILD / "real" / name
    if not path.exists():
        skip(f"{path} could not be built: tests/real/layers.sh")
    return path


def test_numpy_and_scipy_from_a_layer(lrun, tmp):
    code = """
import numpy, scipy, scipy.linalg
def lambda_handler(event, context):
    a = numpy.array(event["a"], dtype=float)
    return {"from": numpy.__file__.rsplit("/", 2)[0], "solved": scipy.linalg.solve(a, numpy.array(event["b"])).round(6).tolist(), "det": round(float(numpy.linalg.det(a)), 6)}
"""
    r = lrun.run("--layers", real("numpy.zip"), "--memory", "512", "--timeout", "30", "--init-limit", "60", "-e", '{"a": [[3, 1], [1, 2]], "b": [9, 8]}',
                 make_zip(tmp / "fn.zip", {"lambda_function.py": code}))
    assert r.json == {"from": f"/opt/python/lib/{VERSION}/site-packages", "solved": [2.0, 3.0], "det": 5.0}, r


TESTS = {"lambda_function.py": "def lambda_handler(event, context):\n    return event['n'] + 1\n",
         "test_it.py": "import unittest, lambda_function\nclass T(unittest.TestCase):\n    def test_good(self):\n        self.assertEqual(lambda_function.lambda_handler({'n': 1}, None), 2)\n"
                       "    def test_bad(self):\n        open('/var/task/x', 'w')\n"}


def test_unittest_inside(lrun, tmp):
    r = lrun.exec(make_zip(tmp / "fn.zip", TESTS), "python3", "-m", "unittest", "-v")
    assert r.code == 1 and "test_good (test_it.T.test_good) ... ok" in r.log and "OSError: [Errno 30] Read-only file system: '/var/task/x'" in r.log, r


def test_pytest_inside_from_a_layer(lrun, tmp):
    r = lrun.exec(make_zip(tmp / "fn.zip", TESTS), "python3", "-m", "pytest", "-q", "-p", "no:cacheprovider", options=("--layers", real("pytest.zip")))
    assert r.code == 1 and "1 failed, 1 passed" in r.text and "Read-only file system" in r.text, r
