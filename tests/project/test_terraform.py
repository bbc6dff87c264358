# SPDX-License-Identifier: Apache-2.0
"""terraform show -json. UNVERIFIED: the plan here was written by hand from the published schema, not by Terraform; what these tests show
is that the reader takes that schema as it is published."""
import json
import os

import pytest
from support.projects import FIXTURES, read, write

PLAN = json.loads((FIXTURES / "terraform/plan.json").read_text())
ZIP = b"PK\x05\x06" + bytes(18)


@pytest.fixture
def plan(tmp):
    return write(tmp, {"plan.json": PLAN, "build/orders.zip": ZIP, "build/report.zip": ZIP, "layer.zip": ZIP, "layer-b.zip": ZIP})


def model(lrun, root, *options):
    return read(lrun, root, "--project", "plan.json", *options)


def test_a_planned_function_has_what_the_plan_says(lrun, plan):
    m = model(lrun, plan)
    assert m.project["reader"] == "terraform"
    f = m.functions["orders"]
    assert (f["code"], f["handler"], f["runtime"], f["memory"], f["timeout"], f["tmp-size"]) == ("build/orders.zip", "app.handler", "python3.11", 256, 7, 1024)
    assert f["env"] == {"STAGE": "dev"} and f["log-format"] == "json"
    assert (f["url-mode"], f["cors"]) == ("stream", True)
    assert {"orders", "orders-dev", "aws_lambda_function.orders", "arn:aws:lambda:us-east-1:123456789012:function:orders-dev"} <= {"orders", *m.names("orders")}


def test_a_layer_that_only_apply_would_name_is_found_by_its_reference(lrun, plan):
    assert model(lrun, plan).functions["orders"]["layers"] == ["layer.zip", "arn:aws:lambda:us-east-1:017000801446:layer:Powertools:7"]


def test_layers_pass_through_variables_and_outputs_of_modules(lrun, plan):
    m = model(lrun, plan)
    assert m.functions["worker_eu_this_0"]["layers"] == ["layer.zip", "layer-b.zip"]
    assert 'module.worker["eu"].aws_lambda_function.this[0]' in m.names("worker_eu_this_0")


def test_a_layer_of_a_state_is_found_by_its_arn(lrun, tmp):
    arn = "arn:aws:lambda:us-east-1:123456789012:layer:shared:3"
    resources = [
        {"address": "aws_lambda_layer_version.shared", "mode": "managed", "type": "aws_lambda_layer_version", "name": "shared", "values": {"arn": arn, "filename": "layer.zip"}},
        {"address": "aws_lambda_function.f", "mode": "managed", "type": "aws_lambda_function", "name": "f",
         "values": {"arn": "arn:aws:lambda:eu-west-1:1:function:f-live", "function_name": "f-live", "filename": "./f.zip", "handler": "a.b", "runtime": "python3.11", "layers": [arn]}}]
    state = {"format_version": "1.0", "terraform_version": "1.9.8", "values": {"root_module": {"resources": resources}}}
    m = model(lrun, write(tmp, {"plan.json": state, "layer.zip": ZIP, "f.zip": ZIP}))
    assert m.functions["f"]["layers"] == ["layer.zip"]
    assert "arn:aws:lambda:eu-west-1:1:function:f-live" in m.names("f")


def test_variables_that_are_not_known_are_refused_by_name_and_can_be_imported(lrun, plan):
    what, remedy, place = model(lrun, plan).refused("table")
    assert "TABLE_ARN, QUEUE" in what and remedy == "--import aws_lambda_function.table.environment.NAME=VALUE for each" and place.startswith("plan.json:")
    given = [f"--import=aws_lambda_function.table.environment.{name}=x" for name in ("TABLE_ARN", "QUEUE")]
    assert model(lrun, plan, *given).functions["table"]["env"] == {"STAGE": "dev", "TABLE_ARN": "x", "QUEUE": "x"}


def test_code_that_the_project_itself_uploads_is_the_uploaded_file(lrun, plan):
    m = model(lrun, plan)
    assert m.functions["report"]["code"] == "build/report.zip"
    what, remedy, _ = m.refused("away")
    assert "in S3 (v1/away.zip)" in what and remedy == "--import aws_lambda_function.away.filename=FILE"
    assert model(lrun, plan, "--import", "aws_lambda_function.away.filename=layer.zip").functions["away"]["code"] == "layer.zip"


def test_an_image_is_never_pulled(lrun, plan):
    assert "image" in model(lrun, plan).project["refused"]


@pytest.mark.parametrize("region", [{"constant_value": "eu-west-1"}, {"references": ["var.region"]}])
def test_the_region_is_the_providers_unless_another_is_told(lrun, plan, region):
    document = json.loads(json.dumps(PLAN))
    document["configuration"]["provider_config"] = {"aws": {"name": "aws", "expressions": {"region": region}}}
    document["variables"] = {"region": {"value": "eu-west-1"}}
    m = model(lrun, write(plan, {"plan.json": document}))
    assert m.functions["orders"]["region"] == "eu-west-1" and "arn:aws:lambda:eu-west-1:123456789012:function:orders-dev" in m.names("orders")
    m = model(lrun, plan, "--region", "eu-north-1")
    assert "region" not in m.functions["orders"] and "arn:aws:lambda:eu-north-1:123456789012:function:orders-dev" in m.names("orders")


def test_each_model_says_that_the_reader_is_unverified(lrun, plan):
    assert "was not verified with Terraform" in model(lrun, plan).notes


def test_an_archive_that_is_not_there_is_refused(lrun, plan):
    os.unlink(plan / "build/orders.zip")
    what, remedy, _ = model(lrun, plan).refused("orders")
    assert "./build/orders.zip of orders does not exist" in what and "archive_file" in remedy


@pytest.mark.parametrize("path", ["../x.zip", "/etc/passwd"])
def test_a_file_outside_of_the_project_is_refused(lrun, plan, path):
    document = json.loads(json.dumps(PLAN))
    document["planned_values"]["root_module"]["resources"][0]["values"]["filename"] = path
    write(plan, {"plan.json": document})
    what, remedy, _ = model(lrun, plan).refused("orders")
    assert f"{path} of orders lies outside" in what and remedy == "--project-root DIR"


def test_an_absolute_path_beneath_the_project_is_taken(lrun, plan):
    document = json.loads(json.dumps(PLAN))
    document["planned_values"]["root_module"]["resources"][0]["values"]["filename"] = f"{plan.resolve()}/build/orders.zip"
    assert model(lrun, write(plan, {"plan.json": document})).functions["orders"]["code"] == "build/orders.zip"


def test_sources_newer_than_the_plan_are_said_once(lrun, plan):
    write(plan, {"main.tf": "", "layers.tf": ""})
    for file in ("main.tf", "layers.tf"):
        os.utime(plan / file, (4e9, 4e9))
    loud = model(lrun, plan).loud
    assert len(loud) == 1 and "is newer than plan.json" in loud[0]


def test_layers_whose_references_lead_nowhere_are_refused(lrun, plan):
    document = json.loads(json.dumps(PLAN))
    document["configuration"]["root_module"]["resources"][0]["expressions"]["layers"]["references"] = ["local.layers"]
    what, remedy, _ = model(lrun, write(plan, {"plan.json": document})).refused("orders")
    assert "layers of aws_lambda_function.orders" in what and "applied state" in remedy


def test_modules_that_refer_to_one_another_end(lrun, plan):
    document = json.loads(json.dumps(PLAN))
    calls = document["configuration"]["root_module"]["module_calls"]
    calls["layers"]["module"]["outputs"]["arns"]["expression"]["references"] = ["var.loop"] * 30
    calls["layers"]["expressions"] = {"loop": {"references": ["module.layers.arns"] * 30}}
    assert "this" in str(model(lrun, write(plan, {"plan.json": document})).refused("worker_eu_this_0"))


@pytest.mark.parametrize("document, says", [
    ({"terraform_version": "1.9.8", "format_version": "2.0", "planned_values": {"root_module": {}}}, "format_version is 2.0"),
    ({"terraform_version": "1.9.8", "format_version": "1.0"}, "neither planned_values nor values")])
def test_another_format_is_refused(lrun, tmp, document, says):
    write(tmp, {"plan.json": document})
    r = lrun("project", "--json", "--project", "plan.json", cwd=tmp, report=False)
    assert r.code != 0 and says in r.log, r


@pytest.mark.parametrize("wrong", [None, 7, "text", [], [[]], [None], {"x": None}, [{"variables": 7}]])
def test_wrong_types_everywhere_are_survived(lrun, plan, wrong):
    for name in PLAN["planned_values"]["root_module"]["resources"][0]["values"]:
        document = json.loads(json.dumps(PLAN))
        document["planned_values"]["root_module"]["resources"][0]["values"][name] = wrong
        document["configuration"]["root_module"]["module_calls"]["layers"]["module"] = wrong
        document["resource_changes"][2]["change"] = wrong
        model(lrun, write(plan, {"plan.json": document}))
