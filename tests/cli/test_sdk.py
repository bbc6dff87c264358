# SPDX-License-Identifier: Apache-2.0
"""AWS's SDKs are part of its runtimes and not of lrun's: that is said, and --sdk brings one. The ones here are small; make
conformance has the real ones."""
import json
import os
import pathlib
import shutil
import subprocess
import zipfile

import pytest

from conftest import BUILD, LRUN, ROOT, make_zip, skip

VERSION = pathlib.Path(os.path.realpath("/usr/bin/python3")).name
SITE = f"/var/lang/lib/{VERSION}/site-packages"
FILES = {"python/boto3/__init__.py": "import botocore\nname = 'sdk'\n", "python/botocore/__init__.py": "", "python/six.py": "name = 'sdk'\n",
         "nodejs/node_modules/@aws-sdk/client-s3/package.json": '{"name": "@aws-sdk/client-s3", "exports": {"import": "./esm.mjs", "require": "./cjs.cjs"}}',
         "nodejs/node_modules/@aws-sdk/client-s3/esm.mjs": "export const name = 'sdk', url = import.meta.url;\n",
         "nodejs/node_modules/@aws-sdk/client-s3/cjs.cjs": "exports.name = 'sdk';\n"}
PY = "import boto3, six\ndef lambda_handler(event, context):\n    return [boto3.__file__, boto3.name, six.name]\n"
JS = "const { name } = require('@aws-sdk/client-s3');\nexports.handler = async () => [name, require.resolve('@aws-sdk/client-s3')];\n"
ESM = "import { name, url } from '@aws-sdk/client-s3';\nexport const handler = async () => [name, url];\n"
CASES = {"python": ("lambda_function.py", PY, "boto3", "pip install --target sdk/python boto3"),
         "require": ("index.js", JS, "@aws-sdk/client-s3", "npm install --prefix sdk/nodejs @aws-sdk/client-s3"),
         "import": ("index.mjs", ESM, "@aws-sdk/client-s3", "npm install --prefix sdk/nodejs @aws-sdk/client-s3")}


@pytest.fixture(params=("zip", "directory"))
def sdk(request, tmp):
    if request.param == "zip":
        return make_zip(tmp / "sdk.zip", FILES)
    for name, text in FILES.items():
        (tmp / "sdk" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp / "sdk" / name).write_text(text)
    return tmp / "sdk"


def packed(tmp, case, **more):
    if case != "python" and not shutil.which("node", path="/usr/bin:/usr/local/bin"):
        skip("node is not installed")
    return make_zip(tmp / "fn.zip", {CASES[case][0]: CASES[case][1], **more})


@pytest.mark.parametrize("case", CASES)
def test_without_it_the_failure_says_that_it_is_lruns_own(lrun, tmp, case):
    r = lrun.run(packed(tmp, case))
    name, command = CASES[case][2:]
    why = [line for line in r.log.splitlines() if line.startswith("why: ")]
    assert r.code == 1 and why and why[0].startswith("why: AWS's ") and f"includes {name}, but lrun's does not: {command}, then --sdk sdk" in why[0] and why[0].endswith("(LR-073)"), r


@pytest.mark.parametrize("case", CASES)
def test_inspect_says_it_before(lrun, tmp, sdk, case):
    package = packed(tmp, case)
    r = lrun("inspect", package, report=False)
    assert r.code == 1 and f"imports {CASES[case][2]}, which AWS's" in r.text and CASES[case][3] in r.text and r.text.count("LR-073") == 1, r
    assert "LR-073" not in lrun("inspect", "--sdk", sdk, package, report=False).text


@pytest.mark.parametrize("case", CASES)
def test_it_is_where_aws_has_it(lrun, tmp, sdk, case):
    r = lrun.run("--sdk", sdk, packed(tmp, case))
    assert r.json == {"python": [SITE + "/boto3/__init__.py", "sdk", "sdk"], "require": ["sdk", "/var/runtime/node_modules/@aws-sdk/client-s3/cjs.cjs"],
                      "import": ["sdk", "file:///var/runtime/node_modules/@aws-sdk/client-s3/esm.mjs"]}[case], r


def test_layers_and_the_function_come_before_it(lrun, tmp, sdk):
    layer = make_zip(tmp / "l.zip", {"python/boto3/__init__.py": "name = 'layer'\n"})
    r = lrun.run("--sdk", sdk, "--layers", layer, packed(tmp, "python", **{"six.py": "name = 'function'\n"}))
    assert r.json == ["/opt/python/boto3/__init__.py", "layer", "function"], r


def test_layers_and_the_function_come_before_it_in_node(lrun, tmp, sdk):
    layer = make_zip(tmp / "l.zip", {"nodejs/node_modules/@aws-sdk/client-s3/index.js": "exports.name = 'layer';\n"})
    assert lrun.run("--sdk", sdk, "--layers", layer, packed(tmp, "require")).json == ["layer", "/opt/nodejs/node_modules/@aws-sdk/client-s3/index.js"]
    assert lrun.run("--sdk", sdk, "--layers", layer, packed(tmp, "require", **{"node_modules/@aws-sdk/client-s3/index.js": "exports.name = 'own';\n"})).json[0] == "own"


def test_exec_and_its_children_find_it(lrun, tmp, sdk):
    package = packed(tmp, "python")
    assert lrun.exec(package, "python3", "-c", "import boto3; print(boto3.name)", options=("--sdk", sdk, "--runtime", VERSION)).text == "sdk\n"


def test_the_standard_library_stays_whole_and_the_hosts_modules_hidden(lrun, tmp, sdk):
    code = ("import json, ssl, sqlite3, sys, boto3\ndef lambda_handler(e, c):\n    seen = []\n    for m in ('pytest', 'yaml', 'apt', 'sitecustomize_of_the_host'):\n"
            "        try:\n            seen.append(__import__(m).__file__)\n        except ImportError:\n            pass\n    return [json.__file__, sys.prefix, seen]\n")
    assert lrun.run("--sdk", sdk, make_zip(tmp / "fn.zip", {"lambda_function.py": code})).json == [f"/var/lang/lib/{VERSION}/json/__init__.py", "/var/lang", []]


def test_it_is_read_only_and_its_place_on_the_host_is_not_told(lrun, tmp, sdk):
    code = ("def lambda_handler(e, c):\n    try:\n        open('%s/boto3/x', 'w')\n    except OSError as error:\n        return [error.errno, [l.split()[3] for l in open('/proc/self/mountinfo') if 'site-packages' in l]]\n" % SITE)
    assert lrun.run("--sdk", sdk, make_zip(tmp / "fn.zip", {"lambda_function.py": code})).json == [30, ["/"]]


def test_a_module_that_it_lacks(lrun, tmp, sdk):
    r = lrun.run("--sdk", sdk, make_zip(tmp / "fn.zip", {"lambda_function.py": "import simplejson\ndef lambda_handler(e, c): pass\n"}))
    assert "includes simplejson, but lrun's is given an SDK without it: pip install --target sdk/python simplejson" in r.log, r


@pytest.mark.parametrize("module, command", [("dateutil.parser", "python-dateutil"), ("botocore.exceptions", "boto3"), ("urllib3", "urllib3")])
def test_what_pip_calls_otherwise(lrun, tmp, module, command):
    r = lrun.run(make_zip(tmp / "fn.zip", {"lambda_function.py": f"import {module}\ndef lambda_handler(e, c): pass\n"}))
    assert f"pip install --target sdk/python {command}, then" in r.log, r


@pytest.mark.parametrize("module", ["requests", "numpy", "boto", "yaml"])
def test_what_lambda_does_not_bring_either_is_not_blamed_on_lrun(lrun, tmp, module):
    package = make_zip(tmp / "fn.zip", {"lambda_function.py": f"import {module}\ndef lambda_handler(e, c): pass\n"})
    assert "LR-073" not in lrun.run(package).log and "LR-073" not in lrun("inspect", package, report=False).text


def test_version_2_for_javascript_is_not_on_lambda_either(lrun, tmp):
    packed(tmp, "require")
    r = lrun.run(make_zip(tmp / "fn.zip", {"index.js": "require('aws-sdk');\nexports.handler = async () => 1;\n"}))
    assert "(LR-074)" in r.log and "LR-073" not in r.log, r


@pytest.mark.parametrize("code, found", [("import json, boto3 as b\n", True), ("def f():\n    from boto3.session import Session\n", True), ("# import boto3\n", False), ("x = 'import boto3'\n", False),
                                         ("import boto3x\n", False), ("import json  # boto3\n", False)])
def test_what_counts_as_an_import(lrun, tmp, code, found):
    package = make_zip(tmp / "fn.zip", {"lambda_function.py": code + "def lambda_handler(e, c): pass\n"})
    assert ("LR-073" in lrun("inspect", package, report=False).text) == found


def test_a_package_that_brings_its_own_has_no_finding(lrun, tmp):
    package = packed(tmp, "python", **{"boto3/__init__.py": "", "six.py": ""})
    assert "LR-073" not in lrun("inspect", package, report=False).text
    layer = make_zip(tmp / "l.zip", {"python/boto3/__init__.py": "", f"python/lib/{VERSION}/site-packages/six/__init__.py": ""})
    assert "LR-073" not in lrun("inspect", "--layers", layer, packed(tmp, "python"), report=False).text


@pytest.mark.parametrize("case", ("python", "require"))
def test_another_layout_is_refused_with_the_command_that_makes_it(lrun, tmp, case):
    package = packed(tmp, case)
    for wrong in (make_zip(tmp / "flat.zip", {"boto3/__init__.py": ""}), tmp):
        r = lrun.run("--sdk", wrong, package)
        assert r.code == 2 and "no directory " + ("python" if case == "python" else "nodejs/node_modules") + ", which " in r.log and "an SDK is laid out as a layer: " in r.log and r.report["reason"] == "lrun-failed", r
        assert lrun.exec(package, "/bin/true", options=("--sdk", wrong)).code == 125


@pytest.mark.parametrize("link", ["python", "nodejs", "nodejs/node_modules"])
def test_a_link_in_its_place_is_not_followed(lrun, tmp, link):
    """An archive of others could name any directory of the host by it."""
    package = packed(tmp, "python" if link == "python" else "require")
    files = {name: text for name, text in FILES.items() if not name.startswith(link + "/")}
    hostile = make_zip(tmp / "hostile.zip", {**files, link: (str(tmp), 0o120777)})
    (tmp / "node_modules").mkdir()
    r = lrun.run("--sdk", hostile, package)
    assert r.code == (125 if link == "nodejs" else 2) and r.text == "", r


def test_os_only_runtimes_ignore_it_and_say_so(lrun, tmp, sdk, function):
    r = lrun.run("--sdk", sdk, function("i, e = next()\nrespond(i[ID], b'1')\nnext()\n"))
    assert r.json == 1 and "--sdk is ignored: only managed runtimes have one" in r.log, r


def test_it_does_not_count_for_lambdas_limit_of_size(lrun, tmp):
    big = make_zip(tmp / "sdk.zip", {**FILES, "python/large.bin": b"\0" * (200 << 20)})
    r = lrun.run("--sdk", big, packed(tmp, "python", **{"data": b"\0" * (100 << 20)}))
    assert r.code == 0, r


def test_serve_and_its_configuration_take_it(serve, lrun, tmp, sdk):
    package = packed(tmp, "python")
    assert serve("--sdk", sdk, package).invoke(name="fn").json[1] == "sdk"
    (tmp / "lrun.json").write_text(json.dumps({"functions": {"a": {"code": "fn.zip", "sdk": sdk.name}, "b": {"code": "fn.zip"}}}))
    s = serve("--config", tmp / "lrun.json")
    assert s.invoke(name="a").json[1] == "sdk" and "No module named" in s.invoke(name="b").json["errorMessage"]


def test_a_prefix_of_its_own_has_it_in_place_of_its_site_packages(lrun, tmp, sdk):
    prefix = tmp / "prefix"
    (prefix / "bin").mkdir(parents=True)
    (prefix / "lib").mkdir()
    other = "python3.8" if VERSION != "python3.8" else "python3.9"
    shutil.copy2(os.path.realpath("/usr/bin/python3"), prefix / "bin" / other)
    (prefix / "lib" / VERSION).symlink_to(other)
    library = prefix / "lib" / other
    library.mkdir()
    for entry in pathlib.Path("/usr/lib", VERSION).iterdir():
        if entry.name not in ("sitecustomize.py", "dist-packages", "site-packages"):
            (library / entry.name).symlink_to(entry)
    r = lrun.run("--runtime", other, "--sdk", sdk, packed(tmp, "python"), env={"PATH": f"{prefix}/bin:/usr/bin:/bin"})
    assert r.json[1:] == ["sdk", "sdk"], r


# ---- with each way to bring a runtime ----

def stored(lrun, tmp, id, prefix):
    """lrun with the distribution in a store of its own. Root's store is in /var/lib, which a mount namespace replaces."""
    place = tmp / "data"
    place.mkdir()
    wrap = ["unshare", "-m", "sh", "-c", 'mount --bind "$0" /var/lib && exec "$@"', str(place)] if ROOT else []
    env = {**os.environ, "XDG_DATA_HOME": str(place), "PATH": "/usr/bin:/bin"}
    p = subprocess.run([*wrap, LRUN, "runtime", "add", id, prefix], env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert p.returncode == 0, p
    return lambda *args: lrun("run", *args, wrap=wrap, env=env)


def python_prefix(tmp):
    """The host's Python in a prefix of its own, with modules that somebody installed there."""
    prefix = tmp / "distribution"
    (prefix / "bin").mkdir(parents=True)
    other = "python3.8" if VERSION != "python3.8" else "python3.9"
    shutil.copy2(os.path.realpath("/usr/bin/python3"), prefix / "bin" / other)
    shutil.copytree(f"/usr/lib/{VERSION}", prefix / "lib" / other, symlinks=True, ignore=shutil.ignore_patterns("dist-packages", "site-packages", "sitecustomize.py", "test", "__pycache__", "config-*"))
    (prefix / "lib" / VERSION).symlink_to(other)
    (prefix / "lib" / other / "site-packages/boto3").mkdir(parents=True)
    (prefix / "lib" / other / "site-packages/boto3/__init__.py").write_text("name = 'the distribution'\n")
    return other, prefix


@pytest.mark.parametrize("places", [True, False], ids=["with site-packages", "without"])
def test_an_added_python_has_it(lrun, tmp, sdk, places):
    other, prefix = python_prefix(tmp)
    if not places:
        shutil.rmtree(prefix / "lib" / other / "site-packages")
    run = stored(lrun, tmp, other, prefix)
    r = run("--runtime", other, "--sdk", sdk, packed(tmp, "python"))
    assert r.json == [f"{SITE}/boto3/__init__.py", "sdk", "sdk"] and r.report["runtimeSource"]["from"] == "store", r
    r = run("--runtime", other, packed(tmp, "python"))
    assert r.code == 1 and "then --sdk sdk" in r.log, "what is installed in the distribution is not Lambda's"


@pytest.mark.parametrize("case", ["require", "import"])
def test_an_added_nodejs_has_it(lrun, tmp, sdk, case):
    package = packed(tmp, case)
    (tmp / "distribution/bin").mkdir(parents=True)
    node = os.path.realpath(shutil.which("node", path="/usr/bin:/usr/local/bin"))
    shutil.copy2(node, tmp / "distribution/bin/node")
    id = "nodejs%s.x" % subprocess.run([node, "--version"], capture_output=True, text=True).stdout.strip("v\n").partition(".")[0]
    r = stored(lrun, tmp, id, tmp / "distribution")("--runtime", id, "--sdk", sdk, package)
    assert r.json[0] == "sdk" and "/var/runtime/node_modules/@aws-sdk/client-s3/" in r.json[1] and r.report["runtimeSource"]["from"] == "store", r


@pytest.mark.parametrize("id", ["python3.13", "nodejs22.x", "java21"])
def test_an_image_of_awss_has_its_own_and_that_is_said(lrun, tmp, sdk, id):
    root = tmp / "root"
    for d in ("var/runtime", "var/lang/bin", "usr"):
        (root / d).mkdir(parents=True)
    with zipfile.ZipFile(BUILD / "examples/hello-c.zip") as z:
        (root / "var/runtime/bootstrap").write_bytes(z.read("bootstrap"))
    for program in ("var/runtime/bootstrap", "var/lang/bin/python3.13", "var/lang/bin/node"):
        (root / program).touch()
        (root / program).chmod(0o755)
    r = lrun.run("--runtime", id, "--rootfs", root, "--sdk", sdk, make_zip(tmp / "fn.zip", {"x": "y"}), "-e", '{"name": "n"}')
    assert r.code == 0 and "--sdk is ignored: the root file system has AWS's own" in r.log, r
