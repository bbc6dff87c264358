# SPDX-License-Identifier: Apache-2.0
"""Three ways to run one bug: as on a laptop (passes), under lrun (fails with Lambda's words), under lrun with the fix (passes)."""
import dataclasses
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import zipfile

from conftest import CLIENT, LRUN, make_zip, skip

HERE = pathlib.Path(__file__).resolve().parent
PYTHON = "/usr/bin/python3"
NODE = shutil.which("node", path="/usr/bin:/usr/local/bin")

# The laptop: the handler in an ordinary process, in a directory that can be written to, with the user's own variables.
PLAIN_PYTHON = """
import importlib, json, sys
sys.path.insert(0, ".")
events = [json.loads(e) for e in sys.argv[1:]]
handler = importlib.import_module("lambda_function").lambda_handler
for e in events: print(json.dumps(handler(e, None)))
"""
PLAIN_NODE = """
const events = process.argv.slice(1).map(e => JSON.parse(e));
(async () => { const m = await import(process.cwd() + "/" + (require("fs").existsSync("index.mjs") ? "index.mjs" : "index.js"));
  for (const e of events) console.log(JSON.stringify(await m.handler(e, {}))); process.exit(0); })().catch(e => { console.error(e); process.exit(1); });
"""


@dataclasses.dataclass
class Run:
    """One way: files of the function, layers (in order), options of lrun, events, how to run it without lrun."""
    files: dict
    layers: tuple = ()
    options: tuple = ()
    events: tuple = ("{}",)
    plain: tuple = ()  # a command in the package's directory, instead of the handler


@dataclasses.dataclass
class Bug:
    id: str
    source: str          # where it was reported
    title: str
    bad: Run
    text: str            # regular expression: the words it must fail with
    fixed: Run = None    # None: see works
    why: tuple = ()      # causes that explain it; empty: none is established
    works: str = None    # where lrun must not fail but do as Lambda does: what it prints
    plain: Run = None    # what runs on the laptop, if that is not bad
    native: bool = False # the package holds compiled programs: cc must be there
    checks: object = None  # fn(lrun, tmp) -> (plain, lrun, fixed) in place of all that


ALL = {}


def bug(id, source, title, bad=None, text="", fixed=None, **more):
    assert id not in ALL, id
    ALL[id] = Bug(id, source, title, bad, text, fixed, **more)


def is_node(files):
    return any(f in files for f in ("index.js", "index.mjs"))


def content(files, tmp):
    """Compiles what is given as ("cc", source, arguments...)."""
    made = {}
    for name, value in files.items():
        if isinstance(value, tuple) and value[0] == "cc":
            made[name] = (compiled(value[1], value[2:], tmp), 0o755)
        elif callable(value):
            made[name] = value(tmp)
        else:
            made[name] = value
    return made


def compiled(source, arguments, tmp):
    c, out = tmp / "program.c", tmp / "program"
    c.write_text(source)
    subprocess.run(["cc", "-o", str(out), str(c), *[a.replace("@", str(tmp)) for a in arguments]], check=True, capture_output=True)
    return out.read_bytes()


def unpack(path, files):
    """As a laptop has it: what the archive holds, by Python's own zipfile, but with modes and links."""
    path.mkdir()
    for name, value in files.items():
        data, mode = value if isinstance(value, tuple) else (value, 0o755 if name == "bootstrap" else 0o644)
        target = path / name
        if name.endswith("/"):
            target.mkdir(parents=True, exist_ok=True)
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        data = data.encode() if isinstance(data, str) else data
        if mode & 0o170000 == 0o120000:
            os.symlink(data, target)
            continue
        target.write_bytes(data)
        target.chmod(mode & 0o777)
    return path


def plain(run, tmp, lrun):
    """Layers are what a laptop has installed: beside the handler."""
    files = {}
    for layer in run.layers:
        for name, value in content(layer, tmp).items():
            files[re.sub(r"^(python|nodejs/node_modules|nodejs|lib|node_modules)/", "node_modules/" if is_node(run.files) else "", name)] = value
    files.update(content(run.files, tmp))
    lrun.count += 1
    place = unpack(tmp / f"plain-{lrun.count}", files)
    home = tmp / f"home-{lrun.count}"
    (home / "tmp").mkdir(parents=True)
    argv = run.plain or ([NODE, "-e", PLAIN_NODE, *run.events] if is_node(files) else [PYTHON, "-c", PLAIN_PYTHON, *run.events])
    env = {**os.environ, "HOME": str(home), "TMPDIR": str(home / "tmp"), "TZ": "UTC", "PYTHONDONTWRITEBYTECODE": "1", "LD_LIBRARY_PATH": str(place / "lib")}
    p = subprocess.run([str(a) for a in argv], cwd=place, env=env, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    return p.returncode == 0, p.stdout + p.stderr


def launch(run, tmp, lrun):
    """Under lrun. Returns its result; the report's causes are in .why."""
    lrun.count += 1
    n = lrun.count
    package = make_zip(tmp / f"fn-{n}.zip", content(run.files, tmp))
    layers = [make_zip(tmp / f"layer-{n}-{i}.zip", content(layer, tmp)) for i, layer in enumerate(run.layers)]
    options = [*(("--layers", ",".join(map(str, layers))) if layers else ()), *run.options]
    r = lrun.run("--timeout", 20, *options, *[a for e in run.events for a in ("-e", e)], package)
    last = r.log.rsplit("START RequestId", 1)[-1]
    r.why = re.findall(r"^why: .* \((LR-\d{3})\)$", last, re.M)
    assert not r.report or {w["id"] for w in r.report["why"]} >= set(r.why), r
    r.good = bool(r.report and r.report["invocations"] and r.report["invocations"][-1]["status"] == "success")  # of several the last counts
    return r


def judge(b, tmp, lrun):
    """(plain passes, lrun fails so, fixed passes, right|wrong|none|-, details)"""
    if is_node((b.bad or b.fixed or Run({})).files) and not NODE:
        skip("node is not installed")
    if b.checks:
        return b.checks(lrun, tmp)
    passed, out = plain(b.plain or b.bad, tmp, lrun)
    details = "" if passed else f"plain failed: {out[-800:]}\n"
    r = launch(b.bad, tmp, lrun)
    said = r.text + r.log
    failed = r.good == (b.works is not None) and bool(re.search(b.works if b.works is not None else b.text, said, re.S))
    if not failed:
        details += f"under lrun: {r}\n"
    good = True
    if b.fixed:
        f = launch(b.fixed, tmp, lrun)
        good = f.good and not f.why
        if not good:
            details += f"with the fix: {f}\n"
    why = "-" if b.works is not None and not r.why else verdict(b.why, r.why)
    if why == "wrong":
        details += f"explained by {r.why}, not {b.why}: {r.log[-1500:]}\n"
    return passed, failed, good, why, details


def verdict(wanted, got):
    """Of several causes the first must be right, and none may be wrong."""
    if not got:
        return "none"
    return "right" if got[0] in wanted and all(w in wanted for w in got) else "wrong"
