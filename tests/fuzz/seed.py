# SPDX-License-Identifier: Apache-2.0
"""Writes the first inputs of the fuzzers: seed.py DIR."""
import io
import json
import pathlib
import subprocess
import sys
import tempfile
import zipfile

out = pathlib.Path(sys.argv[1])
ID = "00000000-0000-4000-8000-000000000000"
NEXT = "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n"
REQUESTS = [
    NEXT,
    NEXT + f"POST /2018-06-01/runtime/invocation/{ID}/response HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{{}}",
    NEXT + f"POST /2018-06-01/runtime/invocation/{ID}/error HTTP/1.1\r\nLambda-Runtime-Function-Error-Type: Function.X\r\nContent-Length: 2\r\n\r\n{{}}",
    NEXT + f"POST /2018-06-01/runtime/invocation/{ID}/response HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTrailer: A\r\n\r\n3\r\nabc\r\n0\r\n"
           "Lambda-Runtime-Function-Error-Type: Runtime.X\r\nLambda-Runtime-Function-Error-Body: e30=\r\n\r\n",
    NEXT + f"POST /2018-06-01/runtime/invocation/{ID}/error HTTP/1.1\r\nContent-Type: application/vnd.aws.lambda.error.cause+json\r\nContent-Length: 16\r\n\r\n{{\"errorType\":\"\"}}",
    "POST /2018-06-01/runtime/init/error HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n{}",
    "GET /ping HTTP/1.1\r\nConnection: close\r\n\r\n", "GET /ping HTTP/1.0\r\n\r\n", "GET /x HTTP/1.1\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n" + NEXT,
]
REGISTER = 'POST /2020-01-01/extension/register HTTP/1.1\r\nLambda-Extension-Name: x\r\nContent-Length: 31\r\n\r\n{"events":["INVOKE","SHUTDOWN"]}'
REQUESTS += [
    REGISTER, REGISTER + REGISTER, "GET /2020-01-01/extension/event/next HTTP/1.1\r\nLambda-Extension-Identifier: " + ID + "\r\n\r\n",
    'PUT /2022-07-01/telemetry HTTP/1.1\r\nLambda-Extension-Identifier: ' + ID + '\r\nContent-Length: 2\r\n\r\n{}',
]
HERE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(HERE / "tests"))
from support.images import OCI, directory, hard, layer, link, make, pack  # noqa: E402


def seed(target, name, data):
    (out / target).mkdir(parents=True, exist_ok=True)
    (out / target / f"seed-{name}").write_bytes(data if isinstance(data, bytes) else data.encode())


for i, text in enumerate(['[18446744073709551616, 1e400, -0.0, 100000000000000000000000000000.10]', '"\\ud83d a\\u0000b \\uD83D\\uDE00"', '{"a":1,"\\u0061":[{"b":"c"} ],"b" : {}, "a\\u0000":[]}',
                         '[' * 50 + '{"":' * 50 + '"\u00e9\u20ac\U0001f600"' + '}' * 50 + ']' * 50, ' [ true , false,null ] ']):
    seed("scan", f"own{i}", text.encode())
EXPECTED = {"result": {"a": [1, 2.0, {"$any": "string"}], "b": {"$json": {"c": {"$match": "^x{1,3}$"}}}, "d": {"$absent": True}, "e": {"$literal": {"$x": 1}}}, "exact": True,
            "log": ["seen", {"$match": "^a.c$"}], "no-log": "Error", "max-ms": 5, "status": "success"}
CASES = [{"name": "one", "event": {"a": 1}, "env": {"A": "b"}, "expect": EXPECTED},
         {"sample": "@s3/put?bucket=b", "skip": "later", "expect": {"error": {"type": "X", "message": {"$match": "y"}}, "why": "LR-001"}}]
ANSWER = {"a": [1.0, 2, "s"], "b": '{"c": "xx"}', "e": {"$x": 1}}
for i, document in enumerate([CASES, CASES[0], {"expect": {"result": {"$has": [1, {"a": 1}]}}}]):
    seed("case", f"own{i}", json.dumps(document).encode() + b"\0" + json.dumps(ANSWER if i < 2 else [1.0, {"a": 1, "b": 2}]).encode())
seed("batch", "jobs", '{"id":"a","command":["/bin/sh","-c","x"],"event":{"a" : [1]},"files":{"a/b":{"text":"\\u00e9"},"c":"d/e"}}\n\n{"stdin":"x"}\r\n' + '{"stdin":"' + "x" * 300 + '"}\n{}')
seed("batch", "names", '{"files":{"..":{"text":""}}}\n{"files":{"a":{"text":""},"a/b":"x"}}\n{"files":{"/a":"b"}}\n{"event":1,"stdin":""}\n{"net":"host"}')
DOCUMENTS = (
    ['{"Resources": {"F": {"Type": "AWS::Lambda::Function", "Properties": {"MemorySize": 128, "Timeout": 1.50, "A": [true, null, -1e3]}}}}', '{"a": 1, "a": {"\\u0061": "\\ud83d\\ude00"}}'],
    ["Resources:\n  F: &f\n    Type: AWS::Serverless::Function\n    Properties:\n      CodeUri: src/\n      Environment: {Variables: {A: !Sub '${AWS::Region}', B: !GetAtt T.Arn, YES: on}}\n  G:\n    <<: *f\n    Timeout: 0123\n",
     "a: &a [1:30, 0x1f, .5, ~, !!str 1]\nb: &b {<<: [{c: 1}, *a]}\n? d\n: |-\n  x\n   y\ne: >+\n  z\n\n*a : 1\n", "a: &a [x, x]\nb: &b [*a, *a]\nc: &c {<<: {k: *b}, k: *b}\n"],
    ['version = 0.1\n[default.local_invoke.parameters]\nenv_vars = "env.json"\nparameter_overrides = ["A=b", \'C=d\']\n', 'a.b = {c = 1_0, d.e = [0x1f, 1e3, true, # x\n]}\n"q" = """\nx\\\n  y"""\nr = \'\'\'z\'\'\'\n[a2]\nu = "\\u00e9\\t"\n'])
for language, texts in enumerate(DOCUMENTS):
    for i, text in enumerate(texts):
        seed("documents", f"{language}-{i}", bytes([language]) + text.encode())
# Projects: a byte for the tool, then the files that tests/fuzz/project.c names.
PLACES = HERE / "tests/project/fixtures"
PROJECTS = {0: [], 1: [], 2: [["cdk-app/cdk.out/manifest.json", "cdk-app/cdk.out/Shop.template.json", "cdk-app/cdk.out/Shop.assets.json"]],
            3: [[f"{s}/.serverless/serverless-state.json", f"{s}/.serverless/cloudformation-template-update-stack.json"] for s in ("sls", "sls-app")],
            4: [[f"{s}/serverless.yml"] for s in ("sls", "sls-app")], 5: [["terraform/plan.json"]]}
for tool, places in PROJECTS.items():
    for i, names in enumerate(places):
        seed("project", f"{tool}-{i}", bytes([tool]) + b"\0".join((PLACES / n).read_bytes() for n in names))
SAM = """Transform: [AWS::Serverless-2016-10-31, AWS::LanguageExtensions]
Parameters: {Stage: {Type: String, Default: dev}, L: {Type: CommaDelimitedList, Default: 'a,b'}}
Mappings: {M: {a: {b: c}}}
Conditions: {C: !Equals [!Ref Stage, prod], D: !Not [!Condition C]}
Globals: {Function: {Runtime: python3.11, Timeout: 5, Layers: [!Ref Y], Environment: {Variables: {G: !FindInMap [M, a, b]}}}}
Resources:
  F:
    Type: AWS::Serverless::Function
    Condition: C
    Properties:
      CodeUri: src
      Handler: !Join ['.', [app, !Select [0, !Ref L]]]
      FunctionUrlConfig: {AuthType: NONE, Cors: {AllowOrigins: ['*']}, InvokeMode: RESPONSE_STREAM}
      Environment: {Variables: {A: !Sub '${AWS::Region}-${Y}', B: !If [C, !GetAtt T.Arn, !Ref AWS::NoValue], I: !ImportValue shared, K: !Base64 x}}
      Events: {A: {Type: Api, Properties: {Path: '/a/{id}', Method: get}}, H: {Type: HttpApi, Properties: {Path: '/b/{p+}', Method: any}}}
  G: {Type: AWS::Lambda::Function, Properties: {Code: {ZipFile: 'x = 1'}, Handler: index.f, Runtime: python3.12, MemorySize: '256'}}
  Y: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: fn.zip}}
  T: {Type: AWS::DynamoDB::Table}
  N: {Type: AWS::Serverless::Application, Properties: {Location: child.yaml, Parameters: {P: !Ref Stage}}}
"""
CONFIG = 'version = 0.1\n[default.global.parameters]\nparameter_overrides = "Stage=dev L=x"\n'
CHILD = "Parameters: {P: {Type: String}}\nResources: {F: {Type: AWS::Lambda::Function, Properties: {Code: src, Handler: !Ref P, Runtime: nodejs22.x}}}\nOutputs: {O: {Value: !Ref F}}\n"
API = """{"Resources": {"A": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "x"}}, "R": {"Type": "AWS::ApiGateway::Resource", "Properties": {"ParentId": {"Fn::GetAtt": ["A", "RootResourceId"]}, "PathPart": "{id}", "RestApiId": {"Ref": "A"}}},
"M": {"Type": "AWS::ApiGateway::Method", "Properties": {"HttpMethod": "GET", "ResourceId": {"Ref": "R"}, "RestApiId": {"Ref": "A"}, "Integration": {"Type": "AWS_PROXY", "Uri": {"Fn::Sub": "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${F.Arn}/invocations"}}}},
"F": {"Type": "AWS::Lambda::Function", "Properties": {"Code": "src", "Handler": "a.b", "Runtime": "python3.11"}}}}"""
TERRAFORM = {"terraform_version": "1.9", "planned_values": {"root_module": {"resources": [{"type": "aws_lambda_function", "name": "f", "address": "aws_lambda_function.f", "values": {"filename": "fn.zip", "function_name": "x", "handler": "a.b", "runtime": "python3.11", "memory_size": 128, "environment": [{"variables": {"A": "b"}}]}}],
             "child_modules": [{"address": "module.m", "resources": []}]}}, "configuration": {"root_module": {"resources": [{"type": "aws_lambda_function", "name": "f", "address": "aws_lambda_function.f", "expressions": {"layers": {"references": ["aws_lambda_layer_version.l"]}}}]}}}
for name, data in {"0-sam": b"\0" + "\0".join((SAM, CONFIG, CHILD)).encode(), "1-built": b"\1" + "\0".join((SAM, CONFIG, SAM)).encode(), "0-api": b"\0" + API.encode(), "5-plan": b"\5" + json.dumps(TERRAFORM).encode(),
                   "4-own": b"\4service: shop\nprovider: {name: aws, runtime: python3.11, stage: \"${opt:stage, 'dev'}\", environment: {A: \"${env:NAME}\"}}\ncustom: ${file(config.yml):x}\nfunctions: {f: {handler: app.h, events: [{httpApi: 'GET /a'}, {http: 'get b/{id}'}]}}\n\0x: {y: \"${self:service}\"}\n"}.items():
    seed("project", name, data)
SERVICE = """service: {name: shop}
custom: {base: '${file(config.yml)}', list: [a, {b: c}], d: 2020-01-02, n: 1.50, o: 0o17, loop: '${self:custom.loop2}', loop2: "${self:custom.loop, 'end'}"}
params: {default: {size: small}, dev: {size: 'x-${self:custom.n}'}}
provider:
  name: aws
  region: ${opt:region, 'eu-west-1'}
  environment: {A: '${param:size}', B: "${self:custom.gone, \\"q}\\"}", C: '\\${x} $${sls:stage}'}
  httpApi: {payload: '1.0', cors: {allowedOrigins: [x]}, authorizers: {checks: {type: request, functionName: f-1, identitySource: [$request.header.X]}}}
  apiGateway: {binaryMediaTypes: [image/png]}
  layers: [arn:aws:lambda:us-east-1:123456789012:layer:l:1]
layers: {x: {path: src}}
functions:
  - f-1: {handler: app.h, url: {cors: true, invokeMode: RESPONSE_STREAM}, layers: [{Ref: XLambdaLayer}], environment: {T: {Ref: T}, F: '${file(config.json):${sls:stage}.x}'},
      events: [{http: {path: 'a/{b+}', method: any, cors: true, authorizer: g_2}}, {httpApi: {method: '*', path: /x, authorizer: {name: checks}}}, {httpApi: '*'}]}
  - g_2: {image: {name: i, command: [a]}, package: {artifact: fn.zip}, fileSystemConfig: {localMountPath: /mnt/a}, logs: {logFormat: JSON}, ephemeralStorageSize: 1024}
resources: [{Resources: {T: {Type: AWS::SNS::Topic}}}]
"""
seed("project", "4-service", b"\4" + "\0".join((SERVICE, "x: {y: '${self:custom.list.1.b}'}\n", '{"dev": {"x": 1}}')).encode())
TEMPLATES = [p.read_text() for p in sorted((HERE / "tests/project/fixtures").rglob("*.yaml"))] + [
    "Transform: [AWS::Serverless-2016-10-31, AWS::LanguageExtensions]\nParameters: {P: {Type: CommaDelimitedList, Default: 'a,b', AllowedValues: [a, b]}, N: {Type: Number, Default: 1, MinValue: 0}}\n"
    "Mappings: {M: {a: {b: [c]}}}\nConditions: {C: !And [!Equals [!Ref N, '1'], !Not [!Condition D]], D: !Or [!Equals [a, b], !Equals [c, d]]}\nResources:\n"
    "  F: {Type: AWS::Serverless::Function, Condition: C, Properties: {InlineCode: !Join ['', [a, !Select ['0', !Split [',', 'a,b']]]], Handler: !Sub ['${x}${AWS::Region}', {x: !FindInMap [M, a, b, {DefaultValue: z}]}],\n"
    "    Environment: {Variables: {A: !Base64 x, B: !Join [',', !Cidr ['10.0.0.0/16', 2, 8]], C: {Fn::Length: !Ref P}, D: {Fn::ToJsonString: {a: [1]}}, E: !If [C, !GetAtt Q.Arn, !Ref AWS::NoValue], F: !ImportValue x, G: '{{resolve:ssm:a:1}}', H: !Join ['', !GetAZs '']}},\n"
    "    Layers: !If [C, [!Ref L, !GetAtt S.Outputs.L], []], FunctionUrlConfig: {AuthType: NONE, Cors: {AllowOrigins: ['*']}}, Events: {A: {Type: Api, Properties: {Path: /a, Method: get, Auth: {Authorizer: T}}}, H: {Type: HttpApi}}}}\n"
    "  L: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: .}}\n  Q: {Type: AWS::SQS::Queue}\n  S: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: template.yaml, Parameters: {P: !Ref L}}}\n"
    "Globals: {Function: {Timeout: 3, Layers: [!Ref L]}, Api: {Auth: {DefaultAuthorizer: T, Authorizers: {T: {FunctionArn: !GetAtt F.Arn}}}, Cors: \"'*'\", BinaryMediaTypes: [image~1png]}}\nOutputs: {L: {Value: !Ref L}}\n",
    "Transform: AWS::LanguageExtensions\nParameters: {P: {Type: CommaDelimitedList, Default: 'a,b'}}\nResources:\n"
    "  Fn::ForEach::L: [N, !Ref P, {'F&{N}': {Type: AWS::Lambda::Function, Properties: {Code: src, Handler: !Sub '${N}'}}, Fn::ForEach::M: [O, [x], {'G${N}${O}': {Type: X}}]}]\n",
    "Resources:\n  F: {Type: AWS::Lambda::Function, Properties: {Code: {ZipFile: x}}}\n  R: {Type: AWS::ApiGateway::RestApi}\n  P: {Type: AWS::ApiGateway::Resource, Properties: {RestApiId: !Ref R, ParentId: !GetAtt R.RootResourceId, PathPart: '{a+}'}}\n"
    "  M: {Type: AWS::ApiGateway::Method, Properties: {RestApiId: !Ref R, ResourceId: !Ref P, HttpMethod: ANY, Integration: {Type: AWS_PROXY, Uri: !Sub 'x/${F.Arn}/invocations'}}}\n"
    "  V: {Type: AWS::ApiGatewayV2::Api, Properties: {ProtocolType: HTTP, Target: !GetAtt F.Arn, Body: {openapi: 3.0.1, paths: {/a: {get: {x-amazon-apigateway-integration: {type: aws_proxy, uri: !GetAtt F.Arn}}}}}}}\n"]
for i, text in enumerate(TEMPLATES):
    seed("project", f"0-template-{i}", b"\0" + text.encode())
for path in sorted((HERE / "policy").glob("*.json")):
    seed("policy", path.stem, path.read_bytes())
    seed("scan", path.stem, path.read_bytes())
seed("policy", "includes", '{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":38,"archMap":[{"architecture":"SCMP_ARCH_X86_64","subArchitectures":["SCMP_ARCH_X86"]}],"syscalls":[{"name":"read","action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":1,"valueTwo":2,"op":"SCMP_CMP_MASKED_EQ"}],"includes":{"arches":["amd64"],"minKernel":"4.8","caps":["CAP_X"]},"excludes":{"arches":["arm64"],"minKernel":"9.9"}}]}')
for name, text in {"all": {"code": "fn.zip", "layers": ["a.zip", "/b.zip"], "memory": 256, "timeout": 5, "env": {"KEY_A": "V", "N": 1, "B": True}, "url": 8080, "cors": True, "handler": "a.b", "region": "eu-west-1", "net": "none"}, "two": {"code": "x"}}.items():
    seed("config", name, json.dumps({"functions": {"name-1": text, "other": {"code": "dir/", "seccomp": "./p.json", "rootfs": "host", "watch": False}}}))
apis = {"R": {"type": "rest", "stage": "dev", "routes": [{"method": "GET", "path": "/a/{id}/{b+}", "function": "name-1", "authorizer": "A", "timeout": 50, "operation": "o"}],
              "authorizers": {"A": {"type": "token", "function": "f", "header": "X", "expression": "^(?:B|b)\\d{1,3}[\\w.-]+"}, "B": {"type": "request", "function": "f", "identity": ["$request.header.X", "context.y"]}},
              "default-authorizer": "B", "binary": ["image/png"], "variables": {"k": "v"}, "cors": {"AllowOrigins": ["*"], "AllowMethods": ["GET"], "AllowHeaders": "x", "ExposeHeaders": [], "MaxAge": 5, "AllowCredentials": True}},
        "H": {"type": "http", "routes": [{"path": "$default", "function": "g", "payload": "2.0"}]}}
seed("config", "apis", json.dumps({"functions": {"f": {"code": "x"}}, "apis": apis}))
for i, answer in enumerate(({"statusCode": 200, "headers": {"A": "b"}, "multiValueHeaders": {"C": ["d", 1]}, "isBase64Encoded": True, "body": "YQ=="}, {"isAuthorized": True, "context": {"a": 1, "b": [{}]}},
                            {"principalId": "p", "context": {"a": 1.5, "b": "c", "principalId": 1}, "policyDocument": {"Statement": [{"Effect": "Allow", "Action": ["execute-api:*"], "Resource": "arn:*/GET/?"}]}},
                            {"errorMessage": "Unauthorized"}, "text")):
    seed("api", str(i), f"/Prod/a/%41b\n^Bearer (?:[-\\w.]+|\\d{{2,3}})$\n{json.dumps(answer)}")
for i, words in enumerate((["run", "--layers", "a,b", "-e", "{}", "--memory=256", "fn.zip"], ["exec", "--volume", "a:/mnt/b:rw", "--scratch", "-t", "fn.zip", "--", "ls", "-l"], ["serve", "-p", "0", "--url", "x=3002", "n=fn.zip", "-qv"],
                           ["inspect", "--json", "--seccomp", "lambda"], ["cache", "list"], ["explain", "LR-001"], ["doctor", "--json"], ["--help"], ["--timeout", "900", "--", "fn"], ["--memory", "18446744073709551616", "x"])):
    seed("options", str(i), "\0".join(words))
for i, data in enumerate((b"", b"{}", b"x" * 300, bytes(range(256)))):
    seed("stream", str(i), data)
    seed("frames", str(i), data)
    seed("frames", f"frame{i}", b"\xa5\x5a\x00\x03" + len(data).to_bytes(4, "big") + bytes(8) + data + b"tail\x1b[31m\x1b]52;c\x07")
for name in ("hello-c/bootstrap",):
    path = out.parent / "examples" / name
    if path.exists():
        seed("elf", path.parent.name, path.read_bytes()[:8192])
# A small shared object with all that is read: dynamic section, needed libraries, versions, interpreter.
with tempfile.TemporaryDirectory() as place:
    source = pathlib.Path(place) / "x.c"
    source.write_text("#include <stdio.h>\nint main(void) { return puts(\"\"); }\n")
    for flags in (["-Wl,-z,norelro", "-nostartfiles", "-Wl,-e,main"], ["-shared", "-fPIC", "-nostartfiles"]):
        if subprocess.run(["cc", "-s", "-Os", "-Wl,--build-id=none", "-Wl,-z,noseparate-code", *flags, "-o", f"{place}/x", source], capture_output=True).returncode == 0:
            seed("elf", flags[0].strip("-"), (pathlib.Path(place) / "x").read_bytes())
for path in sorted((HERE / "tests/archives").iterdir()):
    if path.suffix in (".zip", ".jar", ".whl", ".zipx") and path.stat().st_size < 8000:
        seed("zip", path.name, path.read_bytes())
        seed("unpack", path.name, path.read_bytes())
for i, r in enumerate(REQUESTS):
    for first in (0, 1, 2, 6, 33):
        seed("http", f"{i}-{first}", bytes([first]) + r.encode())
for i, files in enumerate(({"a": b"x"}, {"d/": b"", "d/f": b"y" * 300}, {"a": b"", "b/c/d": b"z", "b/e": b"q" * 50})):
    for kind in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w", kind) as z:
            for name, content in files.items():
                z.writestr(name, content)
        seed("zip", f"{i}-{kind}", data.getvalue())
        seed("unpack", f"{i}-{kind}", data.getvalue())

# Images: whole ones, and layers alone with what decides about names, links and whiteouts.
LAYERS = [
    [[("d/", directory()), ("d/f", b"x"), ("l", link("../outside")), ("m", link("/d"))], [("m/g", b"y"), ("l/keep", b"y"), ("d/.wh.f", b"")], [("h", hard("d/g")), (".wh..wh..opq", b"")]],
    [[("l", link("../outside")), ("l/.wh.keep", b""), ("h", hard("l/keep"))], [("l/", directory(0o711)), (".wh.l", b""), ("a/b/c", {"data": b"z", "mode": 0o4755})]],
    [[("n" * 120 + "/" + "n" * 120, b"long"), ("s", {"data": b"1\n0\n1\n".ljust(512, b"\0") + b"x", "pax_headers": {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "s", "GNU.sparse.realsize": "9"}})]],
]
for i, layers in enumerate(LAYERS):
    tars = [layer(*entries).rstrip(b"\0") for entries in layers]
    for how in ("plain", "gzip"):
        packed = [pack(t, how) for t in tars]
        seed("image", f"layers{i}-{how}", b"\x01" + b"".join(len(p).to_bytes(2, "little") + p for p in packed))
with tempfile.TemporaryDirectory() as place:
    for form in ("oci", "docker"):
        path = make(pathlib.Path(place) / form, [layer(("a", b"x")).rstrip(b"\0"), layer((".wh.a", b"")).rstrip(b"\0")], form)
        seed("image", form, b"\x00" + path.read_bytes().rstrip(b"\0"))
one = layer(("a", b"x")).rstrip(b"\0")
starts = {"architecture": "amd64", "os": "linux", "config": {"Entrypoint": ["/a", "\u00e9"], "Cmd": None, "WorkingDir": "/", "Env": ["A=b"]}, "rootfs": {"type": "layers", "diff_ids": ["sha256:" + "d" * 64]}}
media = lambda kind, digit, n: {"mediaType": OCI + kind, "digest": "sha256:" + digit * 64, "size": n}  # noqa: E731
manifest = {"schemaVersion": 2, "mediaType": OCI + "manifest.v1+json", "config": media("config.v1+json", "c", 1), "layers": [media("layer.v1.tar", "l", len(one))]}
platform = {"platform": {"os": "linux", "architecture": "amd64"}, "annotations": {"org.opencontainers.image.ref.name": "t"}}
indexes = [{"schemaVersion": 2, "manifests": [{**media("manifest.v1+json", "m", 1), **platform}, {**media("manifest.v1+json", "0", 1), "platform": {"os": "unknown", "architecture": "unknown"}}]},
           {"manifests": [media("index.v1+json", "m", 1)]}, [{"Config": "blobs/sha256/" + "c" * 64, "RepoTags": ["x:1"], "Layers": ["blobs/sha256/" + "l" * 64]}]]
for i, index in enumerate(indexes):
    pieces = [json.dumps(index).encode(), json.dumps(manifest).encode(), json.dumps(starts).encode(), one]
    seed("image", f"documents{i}", b"\x02" + b"".join(len(p).to_bytes(2, "little") + p for p in pieces))
