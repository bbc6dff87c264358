# SPDX-License-Identifier: Apache-2.0
"""cdk.out as it is: stacks, assets, nested stacks, stages, constructs' names."""
import json
import os

import pytest
from support.projects import copy, read, write

ORDERS = "OrdersA9B65338"
CODE = "cdk.out/asset.813c0a5a52e2a44ca562c8457ac5733dedbea4c2054f17c3a363fa6a9400fc95"
LAYER = "cdk.out/asset.7f6c9206dfde8cfd8bb66e00a06bf1e328b0885b1e5b8cfd4ba45aa4917ec7db"


@pytest.fixture
def app(tmp):
    return copy("cdk-app", tmp)


def test_a_function_is_read_with_its_asset_and_layer(lrun, app):
    m = read(lrun, app)
    assert m.project["reader"] == "cdk"
    f = m.functions[ORDERS]
    assert (f["code"], f["layers"]) == (CODE, [LAYER])
    assert (f["handler"], f["runtime"], f["memory"], f["timeout"]) == ("app.handler", "python3.11", 256, 7)
    assert f["env"] == {"REGION": "us-east-1", "STAGE": "dev"}
    assert "url" in f and not m.loud


@pytest.mark.parametrize("name", ["Orders", "Shop/Orders", ORDERS, "arn:aws:lambda:us-east-1:123456789012:function:" + ORDERS])
def test_a_function_runs_by_each_of_its_names(lrun, app, name):
    r = lrun("run", "-e", '{"order":"ab"}', name, cwd=app)
    assert r.code == 0, r
    assert r.json == {"price": 20, "stage": "dev", "region": "us-east-1"}


def test_a_template_made_without_the_cli_has_its_names_from_the_tree(lrun, tmp):
    m = read(lrun, copy("cdk", tmp))
    assert {"Fn", "My-Stack/Fn"} <= set(m.names("Fn9270CBC0"))
    assert {"Inl", "My-Stack/Inl"} <= set(m.names("Inl29923B13"))
    assert m.functions["Fn9270CBC0"]["tmp-size"] == 1024
    assert m.functions["Inl29923B13"]["inline"] == "exports.handler=async()=>1"


# ---- assemblies that are written here ----

def function(key, **properties):
    return {"Type": "AWS::Lambda::Function", "Properties": {
        "Code": {"S3Bucket": {"Fn::Sub": "assets-${AWS::AccountId}"}, "S3Key": key}, "Handler": "app.handler", "Runtime": "python3.11", **properties}}


def assembly(root, resources, files=None, images=None, at="cdk.out", stack="Shop", more=None, artifacts=None):
    """One stack, whose assets are FILES: hash, path."""
    assets = {"version": "55.0.0", "files": {h: {"source": {"path": p, "packaging": "zip"}} for h, p in (files or {}).items()}, "dockerImages": images or {}}
    for h, e in (more or {}).items():
        assets["files"][h] = e
    return write(root, {
        f"{at}/manifest.json": {"version": "55.0.0", "artifacts": {
            stack: {"type": "aws:cloudformation:stack", "properties": {"templateFile": f"{stack}.template.json"}, "displayName": stack},
            f"{stack}.assets": {"type": "cdk:asset-manifest", "properties": {"file": f"{stack}.assets.json"}}, **(artifacts or {})}},
        f"{at}/{stack}.assets.json": assets,
        f"{at}/{stack}.template.json": {"Resources": resources}})


def test_a_nested_stack_is_an_asset_and_its_layer_its_parents(lrun, tmp):
    url = {"Fn::Join": ["", ["https://s3.", {"Ref": "AWS::Region"}, ".", {"Ref": "AWS::URLSuffix"}, "/", {"Fn::Sub": "assets-${AWS::AccountId}"}, "/aa.json"]]}
    layer = {"Type": "AWS::Lambda::LayerVersion", "Properties": {"Content": {"S3Bucket": "b", "S3Key": "bb.zip"}}}
    assembly(tmp, {"Shared1": layer, "Nested1": {"Type": "AWS::CloudFormation::Stack", "Properties": {
        "TemplateURL": url, "Parameters": {"refShared": {"Ref": "Shared1"}, "word": "hello"}}}},
        {"aa": "Nested.template.json", "bb": "asset.bb", "cc": "asset.cc"})
    write(tmp, {"cdk.out/asset.bb/python/shared.py": "", "cdk.out/asset.cc/app.py": "", "cdk.out/Nested.template.json": {
        "Parameters": {"refShared": {"Type": "String"}, "word": {"Type": "String"}},
        "Resources": {"Inner1": {**function("cc.zip", Layers=[{"Ref": "refShared"}], Environment={"Variables": {"WORD": {"Ref": "word"}}}),
                                 "Metadata": {"aws:cdk:path": "Shop/Nested/Inner/Resource"}}}}})
    m = read(lrun, tmp)
    f = m.functions["Inner1"]
    assert (f["code"], f["layers"], f["env"]) == ("cdk.out/asset.cc", ["cdk.out/asset.bb"], {"WORD": "hello"})
    assert {"Inner", "Shop/Nested/Inner"} <= set(m.names("Inner1"))


def test_a_stage_is_an_assembly_in_the_assembly(lrun, tmp):
    assembly(tmp, {}, artifacts={"assembly-Prod": {"type": "cdk:cloud-assembly", "properties": {"directoryName": "assembly-Prod"}}})
    assembly(tmp, {"Fn1": function("aa.zip")}, {"aa": "../asset.aa"}, at="cdk.out/assembly-Prod", stack="ProdShop")
    write(tmp, {"cdk.out/asset.aa/app.py": ""})
    assert read(lrun, tmp).functions["Fn1"]["code"] == "cdk.out/asset.aa"


def test_two_stacks_may_have_functions_of_one_id(lrun, tmp):
    api = {"Api1": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"ProtocolType": "HTTP", "Target": {"Fn::GetAtt": ["Fn1", "Arn"]}}}}
    assembly(tmp, {"Fn1": function("aa.zip"), **api}, {"aa": "asset.aa"}, artifacts={
        "Other": {"type": "aws:cloudformation:stack", "properties": {"templateFile": "Other.template.json"}, "displayName": "Other"}})
    tree = {"path": "", "children": {s: {"path": s, "children": {"Fn": {"path": f"{s}/Fn", "children": {"Resource": {"path": f"{s}/Fn/Resource", "attributes": {
        "aws:cdk:cloudformation:type": "AWS::Lambda::Function", "aws:cdk:cloudformation:logicalId": "Fn1"}}}}}} for s in ("Shop", "Other")}}
    manifest = json.loads((tmp / "cdk.out/manifest.json").read_text())
    manifest["artifacts"]["Tree"] = {"type": "cdk:tree", "properties": {"file": "tree.json"}}
    write(tmp, {"cdk.out/asset.aa/app.py": "", "cdk.out/manifest.json": manifest, "cdk.out/tree.json": {"tree": tree},
                "cdk.out/Other.template.json": {"Resources": {"Fn1": function("aa.zip", Timeout=9), **api}}})
    m = read(lrun, tmp)
    assert {id: f.get("timeout") for id, f in m.functions.items()} == {"Fn1": None, "Fn1_2": 9}
    assert "Shop/Fn" in m.names("Fn1") and "Other/Fn" in m.names("Fn1_2")
    assert [a["routes"][0]["function"] for a in m.apis.values()] == ["Fn1", "Fn1_2"]


def test_functions_of_nested_stacks_have_their_names_from_the_tree(lrun, tmp):
    """Constructs that are alike in two nested stacks have one logical id."""
    def nested(name):
        return {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": f"https://s3/bucket/{name}.json"}}

    def node(path, type, id):
        return {"path": path, "attributes": {"aws:cdk:cloudformation:type": type, "aws:cdk:cloudformation:logicalId": id}}
    assembly(tmp, {"N1": nested("aa"), "N2": nested("bb")}, {"aa": "One.template.json", "bb": "Two.template.json", "cc": "asset.cc"},
             artifacts={"Tree": {"type": "cdk:tree", "properties": {"file": "tree.json"}}})
    write(tmp, {"cdk.out/asset.cc/app.py": "", "cdk.out/tree.json": {"tree": {"path": "", "children": {
        "a": node("Shop/One/Inner/Resource", "AWS::Lambda::Function", "Inner1"), "b": node("Shop/Two/Inner/Resource", "AWS::Lambda::Function", "Inner1"),
        "c": node("Shop/One.NestedStack/One.NestedStackResource", "AWS::CloudFormation::Stack", "N1"),
        "d": node("Shop/Two.NestedStack/Two.NestedStackResource", "AWS::CloudFormation::Stack", "N2")}}},
        **{f"cdk.out/{n}.template.json": {"Resources": {"Inner1": function("cc.zip", Timeout=t)}} for n, t in (("One", 1), ("Two", 2))}})
    m = read(lrun, tmp)
    found = {name: m.functions[id]["timeout"] for id in m.functions for name in m.names(id) if name.startswith("Shop/")}
    assert found == {"Shop/One/Inner": 1, "Shop/Two/Inner": 2}


def test_a_stacks_own_region_and_account_hold_unless_others_are_told(lrun, tmp):
    assembly(tmp, {"Fn1": function("aa.zip", Environment={"Variables": {"R": {"Fn::Sub": "${AWS::Region} ${AWS::AccountId}"}}})}, {"aa": "asset.aa"})
    manifest = json.loads((tmp / "cdk.out/manifest.json").read_text())
    manifest["artifacts"]["Shop"]["environment"] = "aws://111111111111/eu-west-1"
    write(tmp, {"cdk.out/asset.aa/app.py": "", "cdk.out/manifest.json": manifest})
    m = read(lrun, tmp)
    assert m.functions["Fn1"]["env"] == {"R": "eu-west-1 111111111111"} and m.functions["Fn1"]["region"] == "eu-west-1"
    assert read(lrun, tmp, "--region", "eu-north-1").functions["Fn1"]["env"] == {"R": "eu-north-1 111111111111"}


def test_references_to_other_stacks_are_what_those_export(lrun, tmp):
    """CDK makes an export and an import of each reference between stacks."""
    def imported(name):
        return {"Fn::ImportValue": f"Shop:{name}"}

    def exported(name, value):
        return {"Value": value, "Export": {"Name": f"Shop:{name}"}}
    layer = {"Type": "AWS::Lambda::LayerVersion", "Properties": {"Content": {"S3Bucket": "b", "S3Key": "bb.zip"}}}
    table = {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": "orders"}}
    uri = {"Fn::Join": ["", ["arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/", imported("Arn"), "/invocations"]]}
    assembly(tmp, {"Shared1": layer, "Fn1": function("aa.zip"), "Table1": table}, {"aa": "asset.aa", "bb": "asset.bb"}, artifacts={
        "Other": {"type": "aws:cloudformation:stack", "properties": {"templateFile": "Other.template.json"}, "displayName": "Other"}})
    shop = json.loads((tmp / "cdk.out/Shop.template.json").read_text())
    shop["Outputs"] = {"A": exported("Arn", {"Fn::GetAtt": ["Fn1", "Arn"]}), "B": exported("Layer", {"Ref": "Shared1"}), "C": exported("Table", {"Ref": "Table1"}),
                       "D": exported("Circle", imported("Circle")), "E": {"Value": 7}, "F": 7}
    other = {"Fn2": function("aa.zip", Layers=[imported("Layer")], Environment={"Variables": {"ORDERS": imported("Arn"), "TABLE": imported("Table")}}),
             "Fn3": function("aa.zip", Environment={"Variables": {"X": imported("Circle")}}), "Fn4": function("aa.zip", Environment={"Variables": {"X": imported("Gone")}}),
             "Api2": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"ProtocolType": "HTTP"}},
             "I2": {"Type": "AWS::ApiGatewayV2::Integration", "Properties": {"ApiId": {"Ref": "Api2"}, "IntegrationType": "AWS_PROXY", "IntegrationUri": uri}},
             "R2": {"Type": "AWS::ApiGatewayV2::Route", "Properties": {"ApiId": {"Ref": "Api2"}, "RouteKey": "GET /x", "Target": {"Fn::Join": ["/", ["integrations", {"Ref": "I2"}]]}}}}
    write(tmp, {"cdk.out/asset.aa/app.py": "", "cdk.out/asset.bb/python/x.py": "", "cdk.out/Shop.template.json": shop, "cdk.out/Other.template.json": {"Resources": other}})
    m = read(lrun, tmp)
    assert m.functions["Fn2"]["env"] == {"ORDERS": "arn:aws:lambda:us-east-1:123456789012:function:Fn1", "TABLE": "orders"}
    assert m.functions["Fn2"]["layers"] == ["cdk.out/asset.bb"]
    assert m.apis["Api2"]["routes"][0]["function"] == "Fn1"
    assert set(m.project["refused"]) == {"Fn3", "Fn4"} and "--import Shop:Gone=VALUE" in m.refused("Fn4")[1]
    assert read(lrun, tmp, "--import", "Shop:Arn=told").functions["Fn2"]["env"]["ORDERS"] == "told"


def test_an_asset_with_a_key_of_its_own_is_found(lrun, tmp):
    assembly(tmp, {"Fn1": function("fixed/orders.zip")}, more={"aa": {"source": {"path": "orders.zip", "packaging": "file"}, "destinations": {
        "x": {"objectKey": "fixed/orders.zip"}}}})
    write(tmp, {"cdk.out/orders.zip": b"PK"})
    assert read(lrun, tmp).functions["Fn1"]["code"] == "cdk.out/orders.zip"


def test_cdks_own_functions_are_left_out_and_said(lrun, tmp):
    assembly(tmp, {"Fn1": function("aa.zip"), "CustomS3AutoDeleteObjectsCustomResourceProviderHandler9D90184F": function("aa.zip", Handler="__entrypoint__.handler"),
                   "AWS679f53fac002430cb0da5b7982bd22872D164C4C": function("aa.zip"), "ProviderframeworkonEvent1": function("aa.zip", Handler="framework.onEvent")},
             {"aa": "asset.aa"})
    write(tmp, {"cdk.out/asset.aa/app.py": ""})
    m = read(lrun, tmp)
    assert list(m.functions) == ["Fn1"]
    assert m.notes.count("CDK's function for deployments") == 3


def test_an_asset_that_is_not_there_is_refused_with_the_way_to_it(lrun, tmp):
    assembly(tmp, {"Fn1": function("aa.zip"), "Fn2": function("bb.zip")}, {"aa": "asset.aa", "bb": "asset.bb"})
    write(tmp, {"cdk.out/asset.bb/app.py": ""})
    m = read(lrun, tmp)
    what, remedy, _ = m.refused("Fn1")
    assert "there is no cdk.out/asset.aa" in what and remedy == "cdk synth"
    assert list(m.functions) == ["Fn2"]


@pytest.mark.parametrize("path", ["/etc", "../../etc", "../../../../../etc"])
def test_an_asset_outside_of_the_project_is_refused(lrun, tmp, path):
    root = tmp / "project"
    assembly(root, {"Fn1": function("aa.zip")}, {"aa": path})
    what, remedy, _ = read(lrun, root).refused("Fn1")
    assert f"{path} lies outside" in what and remedy == "--project-root DIR"


def test_a_link_that_leads_out_of_the_project_is_not_followed(lrun, tmp):
    root = assembly(tmp / "project", {"Fn1": function("aa.zip")}, {"aa": "asset.aa"})
    os.symlink("/etc", root / "cdk.out/asset.aa")
    assert "there is no" in read(lrun, root).refused("Fn1")[0]


def test_an_image_is_never_pulled_and_says_what_it_is_built_from(lrun, tmp):
    uri = {"Fn::Sub": "${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}/assets-${AWS::AccountId}:dd"}
    fn = {"Type": "AWS::Lambda::Function", "Properties": {"PackageType": "Image", "Code": {"ImageUri": uri}}}
    assembly(tmp, {"Fn1": fn}, images={"dd": {"source": {"directory": "asset.dd", "dockerFile": "Dockerfile.x"}}})
    m = read(lrun, tmp)
    assert "Fn1" in m.project["refused"] and not m.functions
    assert "docker build" in m.notes and "cdk.out/asset.dd/Dockerfile.x" in m.notes


def test_an_application_newer_than_its_synthesis_is_said_once(lrun, app):
    for file in ("app.js", "cdk.json"):
        os.utime(app / file)
    m = read(lrun, app)
    assert len(m.loud) == 1 and "app.js is newer than cdk.out/manifest.json" in m.loud[0] and "cdk synth" in m.loud[0]


@pytest.mark.parametrize("manifest, says", [
    ({"version": "1", "artifacts": []}, "it has no artifacts"),
    ({"version": "1", "artifacts": {"S": {"type": "aws:cloudformation:stack", "properties": {}}}}, "read a stack"),
    ({"version": "1", "artifacts": {"S": {"type": "aws:cloudformation:stack", "properties": {"templateFile": "../../../x"}}}}, "outside of the project"),
    ({"version": "1", "artifacts": {"S": {"type": "aws:cloudformation:stack", "properties": {"templateFile": "gone.json"}}}}, "gone.json"),
    ({"version": "1", "artifacts": {"S": {"type": "cdk:cloud-assembly", "properties": {"directoryName": "."}}}}, "too many")])
def test_a_broken_manifest_is_refused(lrun, tmp, manifest, says):
    write(tmp, {"cdk.out/manifest.json": manifest})
    r = lrun("project", "--json", cwd=tmp, report=False)
    assert r.code != 0 and says in r.log, r


def test_wrong_types_everywhere_are_survived(lrun, tmp):
    for wrong in (None, 7, "text", [], [[]], {"x": None}, {"Fn::If": []}):
        assembly(tmp, {"Fn1": {"Type": "AWS::Lambda::Function", "Properties": wrong}, "Fn2": function(wrong), "Fn3": wrong})
        document = json.loads((tmp / "cdk.out/Shop.assets.json").read_text())
        document["files"] = {"aa": wrong, "bb": {"source": wrong}, "cc": {"destinations": {"d": wrong}}}
        document["dockerImages"] = wrong
        write(tmp, {"cdk.out/Shop.assets.json": document, "cdk.out/tree.json": {"tree": wrong}})
        r = lrun("project", "--json", cwd=tmp, report=False)
        assert r.code in (0, 125) and "signal" not in r.log, (wrong, r)
