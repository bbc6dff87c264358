# SPDX-License-Identifier: Apache-2.0
"""What SAM CLI itself makes of a template, as one JSON document: sam_says.py TEMPLATE ROOT [PARAMETER=VALUE...]. Functions and routes come
from the classes that `sam local` asks, variables from the class that its containers get them from."""

import json
import os
import sys

from samcli.lib.providers.api_provider import ApiProvider
from samcli.lib.providers.sam_function_provider import SamFunctionProvider
from samcli.lib.providers.sam_stack_provider import SamLocalStackProvider
from samcli.local.lambdafn.env_vars import EnvironmentVariables

template, root = sys.argv[1], os.path.realpath(sys.argv[2])
overrides = dict(pair.split("=", 1) for pair in sys.argv[3:])


def below(path, base):
    if not isinstance(path, str):
        return path
    return os.path.relpath(os.path.realpath(os.path.join(base, path)), root)


def variables(function):
    made = EnvironmentVariables(function.functionname, variables=(function.environment or {}).get("Variables"))
    return {k: v for k, v in made.resolve().items() if k in (function.environment or {}).get("Variables", {})}


def layer(one, base):
    return below(one.codeuri, base) if one.codeuri else one._arn


def authorizer(one):
    kinds = {"HeaderIdentitySource": "header", "QueryIdentitySource": "querystring"}
    identity = [f"{kinds[type(i).__name__]}.{i.identity_source}" for i in one.identity_sources]
    return {"type": one.type, "function": one.lambda_name, "payload": one.payload_version, "simple": one.use_simple_response,
            "identity": identity, "expression": one.validation_string}


stacks, _ = SamLocalStackProvider.get_stacks(template, parameter_overrides=overrides)
functions = {}
for f in SamFunctionProvider(stacks, use_raw_codeuri=False).get_all():
    functions[f.full_path] = {
        "code": None if f.inlinecode else below(f.codeuri, root), "inline": f.inlinecode, "handler": f.handler, "runtime": f.runtime,
        "memory": f.memory, "timeout": f.timeout, "env": variables(f), "name": f.functionname,
        "layers": [layer(one, root) for one in f.layers], "architecture": (f.architectures or ["x86_64"])[0],
        "url": bool(f.function_url_config), "url-cors": (f.function_url_config or {}).get("Cors"),
        "logging": f.logging_config}
routes, authorizers = [], {}
for r in ApiProvider(stacks, cwd=os.path.dirname(template)).routes:
    every = set(r.methods) >= set(r.ANY_HTTP_METHODS) or r.methods == ["X-AMAZON-APIGATEWAY-ANY-METHOD"]
    methods = ["ANY"] if every else sorted(r.methods)
    routes += [{"type": "http" if r.event_type == r.HTTP else "rest", "method": m, "path": r.path, "function": os.path.join(r.stack_path, r.function_name),
                "payload": r.payload_format_version, "authorizer": r.authorizer_name} for m in methods]
    if r.authorizer_object:
        authorizers[r.authorizer_name] = authorizer(r.authorizer_object)
json.dump({"authorizers": authorizers, "functions": functions, "routes": routes}, sys.stdout, indent=1)
