# SPDX-License-Identifier: Apache-2.0
"""What a cdk.out says, read straight from what CDK synthesised, as one JSON document: cdk_says.py CDK.OUT ROOT. Nothing of lrun is in it; only
the few functions that CDK writes are resolved, the way that a deployment to 123456789012 in us-east-1 resolves them, where no account is
needed. What only an account knows is None."""

import json
import os
import re
import sys

out, root = os.path.realpath(sys.argv[1]), os.path.realpath(sys.argv[2])
PSEUDO = {"AWS::Region": "us-east-1", "AWS::AccountId": "123456789012", "AWS::Partition": "aws", "AWS::URLSuffix": "amazonaws.com"}


def load(name):
    with open(os.path.join(out, name)) as f:
        return json.load(f)


class Stack:
    def __init__(self, template, assets, given, exports):
        self.resources, self.assets, self.given, self.exports = load(template)["Resources"], assets, given, exports
        for value in load(template).get("Outputs", {}).values():
            if "Export" in value:
                exports[value["Export"]["Name"]] = (self, value["Value"])

    def of(self, *types):
        return [(id, r["Properties"]) for id, r in self.resources.items() if r["Type"] in types]

    def text(self, v):
        """A value as text; None: only an account knows it."""
        if not isinstance(v, dict):
            return v
        (function, argument), = v.items()
        if function == "Ref":
            return PSEUDO.get(argument) or self.name(argument)
        if function == "Fn::Sub":
            return re.sub(r"\$\{([\w:]+)\}", lambda m: PSEUDO[m[1]], argument)
        if function == "Fn::Join":
            parts = [self.text(p) for p in argument[1]]
            return None if None in parts else argument[0].join(parts)
        if function == "Fn::GetAtt" and argument[1] == "Arn" and self.type(argument[0]) == "AWS::Lambda::Function":
            return f"arn:aws:lambda:us-east-1:123456789012:function:{self.name(argument[0])}"
        if function == "Fn::ImportValue":
            stack, value = self.exports[argument]
            return stack.text(value)
        return None

    def type(self, id):
        return self.resources.get(id, {}).get("Type")

    def name(self, id):
        return self.resources[id]["Properties"].get("FunctionName", id) if self.type(id) == "AWS::Lambda::Function" else None

    def meant(self, v):
        """The logical id that a reference is about."""
        found = [a if f == "Ref" else a[0] for f, a in references(v) if (a if f == "Ref" else a[0]) not in PSEUDO]
        return found[0] if found else None

    def file(self, where):
        source = self.assets["files"][re.sub(r"\.(zip|json)$", "", where["S3Key"].rsplit("/")[-1])]["source"]
        return os.path.relpath(os.path.join(out, source["path"]), root)

    def layer(self, v):
        stack, id = self.given.get(v["Ref"], (self, v["Ref"]))
        return stack.file(stack.resources[id]["Properties"]["Content"])

    def nested(self):
        for id, p in self.of("AWS::CloudFormation::Stack"):
            key = p["TemplateURL"]["Fn::Join"][1][-1].strip("/").removesuffix(".json")
            given = {k: (self, v["Ref"]) for k, v in p.get("Parameters", {}).items()}
            child = Stack(self.assets["files"][key]["source"]["path"], self.assets, given, self.exports)
            yield child
            yield from child.nested()


def references(v):
    if isinstance(v, dict):
        for f, a in v.items():
            if f in ("Ref", "Fn::GetAtt"):
                yield f, a
            else:
                yield from references(a)
    elif isinstance(v, list):
        for item in v:
            yield from references(item)


def function(stack, id, p):
    code = p["Code"]
    urls = [u for _, u in stack.of("AWS::Lambda::Url") if stack.meant(u["TargetFunctionArn"]) == id]
    return {"code": None if "ZipFile" in code else stack.file(code), "inline": code.get("ZipFile"), "handler": p["Handler"],
            "runtime": p["Runtime"], "memory": p.get("MemorySize"), "timeout": p.get("Timeout"), "name": p.get("FunctionName", id),
            "layers": [stack.layer(v) for v in p.get("Layers", [])], "architecture": p.get("Architectures", [None])[0], "url": bool(urls),
            "url-mode": "stream" if urls and urls[0].get("InvokeMode") == "RESPONSE_STREAM" else None,
            "logging": p.get("LoggingConfig"),
            "url-cors": urls[0].get("Cors") if urls else None,
            "tmp-size": p.get("EphemeralStorage", {}).get("Size"),
            "env": {k: stack.text(v) for k, v in p.get("Environment", {}).get("Variables", {}).items()}}


def routes(stack):
    for _, p in stack.of("AWS::ApiGatewayV2::Route"):
        integration = stack.resources[stack.meant(p["Target"])]["Properties"]
        method, path = p["RouteKey"].split(" ") if " " in p["RouteKey"] else ("ANY", p["RouteKey"])
        yield {"type": "http", "method": method, "path": path, "function": stack.meant(integration["IntegrationUri"]),
               "payload": integration["PayloadFormatVersion"], "authorizer": p.get("AuthorizerId", {}).get("Ref")}
    for _, p in stack.of("AWS::ApiGateway::Method"):
        if p["Integration"]["Type"] == "AWS_PROXY":
            path, at = "", stack.meant(p["ResourceId"])
            while stack.type(at) == "AWS::ApiGateway::Resource":
                path = "/" + stack.resources[at]["Properties"]["PathPart"] + path
                at = stack.meant(stack.resources[at]["Properties"]["ParentId"])
            yield {"type": "rest", "method": p["HttpMethod"], "path": path or "/", "function": stack.meant(p["Integration"]["Uri"])}


def authorizers(stack):
    for id, p in stack.of("AWS::ApiGatewayV2::Authorizer"):
        identity = [source.removeprefix("$request.") for source in p["IdentitySource"]]
        yield id, {"type": p["AuthorizerType"].lower(), "function": stack.meant(p["AuthorizerUri"]), "payload": p["AuthorizerPayloadFormatVersion"],
                   "simple": p["EnableSimpleResponses"], "identity": identity}


functions, found, guards, exports, stacks = {}, [], {}, {}, []
for name, artifact in load("manifest.json")["artifacts"].items():
    if artifact["type"] == "aws:cloudformation:stack":
        top = Stack(artifact["properties"]["templateFile"], load(f"{name}.assets.json"), {}, exports)
        stacks += [top, *top.nested()]
for stack in stacks:
    functions.update({id: function(stack, id, p) for id, p in stack.of("AWS::Lambda::Function")})
    found += routes(stack)
    guards.update(authorizers(stack))
json.dump({"authorizers": guards, "functions": functions, "routes": found}, sys.stdout, indent=1)
