# SPDX-License-Identifier: Apache-2.0
"""lrun project fetch: a deployed function as a folder, by the AWS CLI and curl, against a server that takes AWS's place (support/aws.py)."""
import json
import os
import pathlib
import stat
import subprocess
import time

import pytest
from conftest import LRUN, LRUN_UID, ROOT, make_zip
from support.aws import ACCOUNT, SECRET, Aws, aws_cli

LAYER = f"arn:aws:lambda:eu-central-1:{ACCOUNT}:layer:my-layer:3"
CODE = "import os, mylayer\ndef main(event, context):\n    return [mylayer.ANSWER, os.environ['PASSWORD'], os.environ['AWS_REGION'], context.memory_limit_in_mb, context.function_name]\n"
CONFIGURATION = {"Runtime": "python3.11", "Handler": "app.main", "MemorySize": 256, "Timeout": 7, "PackageType": "Zip", "EphemeralStorage": {"Size": 1024},
                 "Environment": {"Variables": {"PASSWORD": "geheim\u00fc"}}, "Layers": [{"Arn": LAYER, "CodeSize": 1}], "LoggingConfig": {"LogFormat": "Text"}}


class Fetching:
    def __init__(self, lrun, tmp, aws):
        self.lrun, self.aws, self.tmp, self.home = lrun, aws, tmp, tmp / "home"
        self.home.mkdir()
        path = aws_cli(tmp / "cli", aws)
        self.env = {**aws.environment(self.home), "PATH": f"{path}:{os.environ['PATH']}"}

    def argv(self, *args):
        return [LRUN, "project", "fetch", "--cache-dir", self.lrun.cache, *map(str, args)]

    def __call__(self, *args):
        return subprocess.run(self.argv(*args), env=self.env, cwd=self.tmp, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)

    def start(self, *args):
        return subprocess.Popen(self.argv(*args), env=self.env, cwd=self.tmp, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def left(self):
        return os.listdir(os.path.join(self.lrun.cache, "tmp")) if os.path.exists(os.path.join(self.lrun.cache, "tmp")) else []


@pytest.fixture
def fetching(lrun, tmp):
    aws = Aws()
    aws.functions["orders"] = pathlib.Path(make_zip(tmp / "orders-made.zip", {"app.py": CODE})).read_bytes(), CONFIGURATION
    aws.layers[LAYER] = pathlib.Path(make_zip(tmp / "layer-made.zip", {"python/mylayer.py": "ANSWER = 'layer'\n"})).read_bytes()
    yield Fetching(lrun, tmp, aws)
    aws.stop()


def test_a_function_becomes_a_folder_that_runs(fetching, tmp):
    p = fetching("orders")
    assert p.returncode == 0 and p.stdout == "fetched orders into orders: try it by (cd orders && lrun --region eu-west-1 orders -e event.json)\n", p
    folder = tmp / "orders"
    assert sorted(str(f.relative_to(folder)) for f in folder.rglob("*")) == ["layers", "layers/my-layer-3.zip", "lrun.json", "orders.zip"]
    said = json.loads((folder / "lrun.json").read_text())
    assert said == {"functions": {"orders": {"code": "orders.zip", "handler": "app.main", "runtime": "python3.11", "memory": 256, "timeout": 7, "tmp-size": 1024,
                                             "env": {"PASSWORD": "geheim\u00fc"}, "layers": ["layers/my-layer-3.zip"]}}}
    assert stat.S_IMODE((folder / "lrun.json").stat().st_mode) == 0o600 and (folder / "lrun.json").stat().st_uid == LRUN_UID
    assert "geheim" not in p.stdout + p.stderr and SECRET not in p.stdout + p.stderr and fetching.left() == []
    assert (folder / "orders.zip").read_bytes() == fetching.aws.functions["orders"][0] and (folder / "layers/my-layer-3.zip").read_bytes() == fetching.aws.layers[LAYER]
    r = fetching.lrun.run("--region", "eu-west-1", "orders", cwd=folder)
    assert r.code == 0 and r.json == ["layer", "geheim\u00fc", "eu-west-1", "256", "orders"], r


def test_the_folder_and_an_arn_may_be_named(fetching, tmp):
    arn = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:orders:$LATEST"
    fetching.aws.functions[arn] = fetching.aws.functions["orders"]
    p = fetching("-q", arn, "--out", tmp / "a b")
    assert p.returncode == 0 and p.stderr == "" and "(cd '" in p.stdout and (tmp / "a b/orders.zip").exists(), p


@pytest.mark.parametrize("file", ["lrun.json", "orders.zip", "layers/my-layer-3.zip"])
def test_what_is_there_is_never_overwritten(fetching, tmp, file):
    folder = tmp / "mine"
    for d in (folder, folder / "layers"):
        d.mkdir()
        if ROOT:
            os.chown(d, LRUN_UID, LRUN_UID)
    (folder / "notes.txt").write_text("mine")
    (folder / file).write_text("mine")
    p = fetching("orders", "--out", folder)
    assert p.returncode == 125 and f"where there is '{file}'" in p.stderr and "nothing is overwritten" in p.stderr, p
    assert sorted(str(f.relative_to(folder)) for f in folder.rglob("*") if f.is_file()) == sorted(["notes.txt", file]) and (folder / file).read_text() == "mine"
    assert file != "lrun.json" or fetching.aws.asked == []


def test_a_link_in_the_folder_is_not_written_through(fetching, tmp):
    folder = tmp / "mine"
    folder.mkdir()
    if ROOT:
        os.chown(folder, LRUN_UID, LRUN_UID)
    (folder / "orders.zip").symlink_to("elsewhere")
    assert fetching("orders", "--out", folder).returncode == 125 and not (folder / "elsewhere").exists()


def test_a_layer_that_aws_does_not_give_keeps_its_arn(fetching, tmp):
    del fetching.aws.layers[LAYER]
    p = fetching("orders")
    assert p.returncode == 0 and f"a layer that is not fetched: cannot ask AWS for '{LAYER}'" in p.stderr, p
    assert json.loads((tmp / "orders/lrun.json").read_text())["functions"]["orders"]["layers"] == [LAYER]


@pytest.mark.parametrize("wrong", [{"CodeSha256": "AAAA"}, {"CodeSize": 1}, {"Location": "http://192.0.2.1/x"}], ids=["hash", "size", "clear"])
def test_what_is_not_as_aws_says_leaves_nothing(fetching, tmp, wrong):
    fetching.aws.wrong = wrong
    p = fetching("orders")
    assert p.returncode == 125 and SECRET not in p.stderr, p
    assert not [f for f in (tmp / "orders").rglob("*")] and fetching.left() == []


def test_an_image_is_for_skopeo(fetching, tmp):
    fetching.aws.functions["orders"] = b"", {"PackageType": "Image"}
    answer = fetching.aws.function
    fetching.aws.function = lambda name: (200, {**answer(name)[1], "Code": {"RepositoryType": "ECR", "ImageUri": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/orders:1"}})
    p = fetching("orders")
    assert p.returncode == 125 and "lrun docker://123456789012.dkr.ecr.eu-west-1.amazonaws.com/orders:1" in p.stderr, p


def test_variables_that_aws_does_not_give_are_said(fetching, tmp):
    data, configuration = fetching.aws.functions["orders"]
    fetching.aws.functions["orders"] = data, {**configuration, "Environment": {"Error": {"ErrorCode": "AccessDeniedException", "Message": "no"}}}
    p = fetching("orders")
    assert p.returncode == 0 and "AWS does not give the function's variables" in p.stderr and "env" not in json.loads((tmp / "orders/lrun.json").read_text())["functions"]["orders"], p


@pytest.mark.parametrize("args, says", [
    (("--", "-x"), "expected a function's name or ARN"), (("a b",), "expected a function's name"), (("../x",), "expected a function's name"), ((f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:",), "expected a function's"),
    ((), "project fetch needs a function's name or ARN"), (("a", "b"), "unexpected argument 'b'"), (("a", "--json"), "--json is for project show")])
def test_odd_names_reach_no_program(fetching, args, says):
    p = fetching(*args)
    assert p.returncode == 2 and says in p.stderr and fetching.aws.asked == [], p


def test_awss_reason_is_told(fetching):
    p = fetching("other")
    assert p.returncode == 125 and "cannot ask AWS for 'other'" in p.stderr and "Function not found" in p.stderr, p


@pytest.mark.parametrize("number", [15, 9])
def test_a_signal_leaves_neither_files_nor_processes(fetching, tmp, number):
    fetching.aws.hold.clear()
    p = fetching.start("orders")
    for _ in range(600):
        if any(path.startswith("/code/") for path in fetching.aws.asked):
            break
        time.sleep(0.02)
    p.send_signal(number)
    p.communicate(timeout=30)
    assert p.returncode == -number and not [f for f in (tmp / "orders").rglob("*")]
    fetching.lrun("cache", "list", report=False)
    assert fetching.left() == []
