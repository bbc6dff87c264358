# SPDX-License-Identifier: Apache-2.0
"""A runtime of the store that is an image, under a zip: what inspect says of it, and serve --watch, which finds it again."""
import json
import os
import types

from conftest import make_zip, wait_until

from support.base_image import OTHER, START, base
from support.serving import Server
from test_image_runtimes import place, runtimes  # noqa: F401, fixtures

APP = "def lambda_handler(event, context):\n    return %d\n"


def test_inspect_says_that_the_runtime_is_an_image(runtimes, tmp):
    runtimes.add(OTHER, [base()], **START)
    z = make_zip(tmp / "fn.zip", {"lambda_function.py": APP % 1})
    d = json.loads(runtimes("inspect", "-q", "--json", "--runtime", OTHER, z, report=False).out)
    i = d["image"]
    assert d["runtime"] == OTHER and d["runtimeSource"]["from"] == "store" and i["as"] == "runtime" and i["awsBase"] and i["layers"] == [] and i["indexed"] is None, d
    assert i["entrypoint"] == ["/lambda-entrypoint.sh"] and i["environment"]["FROM_IMAGE"] == "1" and d["variables"]["FROM_IMAGE"] == "1", i
    assert [f["path"] for f in d["files"]] == ["/var/task/lambda_function.py"] and d["files"][0]["part"] == 0 and "layer" not in d["files"][0], d
    text = runtimes("inspect", "-q", "--runtime", OTHER, z, report=False).text
    assert f"an image, config sha256:{i['config'][:12]}: its own /var/runtime/bootstrap is started; 9 variables of its own\n" in text, text


def test_a_zip_that_is_reloaded_finds_the_store_again(runtimes, tmp):
    runtimes.add(OTHER, [base()], **START)
    z = make_zip(tmp / "function.zip", {"lambda_function.py": APP % 1})
    lrun = types.SimpleNamespace(tmp=tmp, argv=lambda *args, **more: [*runtimes.wrap, *runtimes.lrun.argv(*args, **more)])
    s = Server(lrun, "--watch", "--runtime", OTHER, z, env=runtimes.env)
    assert s.invoke().json == 1
    make_zip(tmp / "new.zip", {"lambda_function.py": APP % 2})
    os.rename(tmp / "new.zip", z)
    assert wait_until(lambda: s.invoke().json == 2, 5), s.log
    assert s.stop() == 0, s.log
