# SPDX-License-Identifier: Apache-2.0
"""lrun's model of a project against what the project's own tool makes of it, value by value: compare.py RUN THEIRS OURS. RUN names the tool
and what it read. A difference has to stand in known.py with its reason; a row of known.py that meets none is stale. Both fail."""

import json
import re
import sys

from known import KNOWN

DEFAULTS = {"memory": 128, "timeout": 3, "architecture": "x86_64", "url": False, "layers": [], "env": {}, "tmp-size": 512}
MEMBERS = ("code", "inline", "handler", "runtime", "memory", "timeout", "layers", "architecture", "url", "tmp-size", "url-mode", "url-cors", "log-format", "application-log-level", "system-log-level")
LOGGING = {"LogFormat": "log-format", "ApplicationLogLevel": "application-log-level", "SystemLogLevel": "system-log-level"}


def full_names(model, run):
    """lrun's names of functions; SAM knows those in nested stacks by their paths, the others by logical ids as lrun does."""
    paths = {id: next((n for n in names if "/" in n), id) for id, names in model["project"]["names"].items()}
    return paths if run.startswith("sam") else {id: id for id in paths}


def guard(name):
    """NONE opens a route whose API has an authorizer for all others."""
    return None if name == "NONE" else name


def ours_as_theirs(model, run):
    full, facts = full_names(model, run), model["project"].get("facts", {})
    functions = {}
    for id, path in full.items():
        refusal = model["project"].get("refused", {}).get(id)
        if refusal:
            functions[path] = {"refused": f"{refusal['what']} ({refusal.get('remedy')})"}
            continue
        said = dict(model["functions"][id])
        said["url"], said["name"] = "url" in said, facts[id].get("name", id)
        said.update({member: facts[id].get(member) for member in ("architecture", "url-cors", "application-log-level", "system-log-level")})
        functions[path] = said
    routes = [dict(r, type=api["type"], stage=api.get("stage"), function=full.get(r.get("function"), r.get("function")),
                   authorizer=guard(r.get("authorizer", api.get("default-authorizer"))))
              for api in model.get("apis", {}).values() for r in api["routes"]]
    guards = {name: a for api in model.get("apis", {}).values() for name, a in api.get("authorizers", {}).items()}
    for a in guards.values():
        a.setdefault("identity", ["header." + a["header"]] if "header" in a else [])
    return {"functions": functions, "routes": routes, "authorizers": guards}


def values(said):
    """Each value with its place."""
    found = {}
    for name, f in said["functions"].items():
        found[name] = "refused" if "refused" in f else "a function"
        if "refused" in f:
            found[f"{name}: refused"] = f["refused"]
            continue
        f.update({LOGGING[k]: v for k, v in (f.get("logging") or {}).items() if k in LOGGING})
        f.update({m: f[m].lower() for m in LOGGING.values() if f.get(m)})
        for member in MEMBERS + ("name",):
            value = f.get(member)
            value = DEFAULTS.get(member) if value is None else value
            value = {k: sorted(v) if isinstance(v, list) else v for k, v in value.items()} if member == "url-cors" and value else value
            found[f"{name}: {member}"] = int(value) if member in ("memory", "timeout") else value
        for variable, value in (f.get("env") or {}).items():
            found[f"{name}: env {variable}"] = value
    for r in said["routes"]:
        place = f"route {r['type']} {r['method'].upper()} {r['path']}"
        payload = r.get("payload") or ("2.0" if r["type"] == "http" else "1.0")
        found.setdefault(place, []).append([r["function"], payload, r.get("authorizer")])
        found[place].sort(key=str)
    for name, a in said.get("authorizers", {}).items():
        found[f"authorizer {name}"] = [a["type"], a["function"], a.get("payload") or "1.0", a.get("simple", False), sorted(a["identity"]), a.get("expression")]
    return found


def main():
    run = sys.argv[1]
    with open(sys.argv[2]) as theirs, open(sys.argv[3]) as ours:
        theirs, ours = values(json.load(theirs)), values(ours_as_theirs(json.load(ours), run))
    rows = [row for row in KNOWN if re.fullmatch(row[0], run)]
    met, bad = set(), []
    refused = {place.split(":")[0] for place in ours if place.endswith(": refused")}
    for place in sorted(theirs.keys() | ours.keys()):
        a, b = theirs.get(place, "-"), ours.get(place, "-")
        if a == b or (place.split(":")[0] in refused and b == "-"):
            continue
        text = f"{place} = {json.dumps(a)} | {json.dumps(b)}"
        fits = [row for row in rows if re.fullmatch(row[1], text)]
        met.update(fits)
        if not fits:
            bad.append(f"differs: {place}: theirs {json.dumps(a)}, lrun's {json.dumps(b)}")
    bad += [f"stale in known.py: {row[1]}" for row in rows if row not in met]
    compared = len(theirs.keys() | ours.keys())
    count = sum(1 for place in theirs if ":" not in place and not place.startswith(("route ", "authorizer ")))
    print(f"{run}: {count} functions, {compared} values, {len(met)} differences explained" + "".join(f"\n  {line}" for line in bad))
    sys.exit(bool(bad))


main()
