# SPDX-License-Identifier: Apache-2.0
"""Where a project meets the rest of lrun: what a stranger's file can make it print, hold or open."""
import re
import shutil
import subprocess
import time

import pytest
from conftest import BUILD
from support.projects import write

APP = "def handler(event, context):\n    import os\n    return sorted(os.listdir('/opt'))\n"
F = {"code": "src", "runtime": "python3", "handler": "app.handler"}


def own(root, more=None, **members):
    """A lrun.json of one function, F."""
    return write(root, {"lrun.json": {"functions": {"F": {**F, **members}}, **(more or {})}, "src/app.py": APP})


def until(fact, seconds=10):
    end = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < end
        time.sleep(0.1)


def clean(*texts):
    return not any(c < 32 and c not in b"\n\t\r" or c == 127 for text in texts for c in text)


@pytest.mark.parametrize("n", [6, 12, 2000])
def test_a_project_has_no_more_layers_than_lambda(lrun, tmp, n):
    own(tmp / "p", layers=[f"l{i % 3}" for i in range(n)])
    write(tmp / "p", {f"l{i}/x": "" for i in range(3)})
    for words in ["run", "F"], ["exec", "F", "--", "true"], ["serve", "F"], ["serve", "--config", "lrun.json"]:
        r = lrun(*words, report=False, cwd=tmp / "p")
        assert r.code in (2, 125) and b"Cannot reference more than 5 layers." in r.err, (words, r)


def test_a_template_has_no_more_layers_than_lambda(lrun, tmp):
    write(tmp / "p", {"src/app.py": APP, "l/x": "", "template.yaml": """
Transform: AWS::Serverless-2016-10-31
Resources:
  L: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: l}}
  F: {Type: AWS::Serverless::Function, Properties: {CodeUri: src, Handler: app.handler, Runtime: python3.11, Layers: [%s]}}
""" % ", ".join(["!Ref L"] * 40)})
    r = lrun("run", "F", cwd=tmp / "p")
    assert r.code in (2, 125) and b"Cannot reference more than 5 layers." in r.err, r


def test_a_layer_s_path_may_hold_a_comma(lrun, tmp):
    write(own(tmp / "a,b", layers=["la,yer"]), {"la,yer/inside": ""})
    assert lrun("run", "-q", "F", cwd=tmp / "a,b").json == ["inside"]
    s = lrun("run", "-q", "--project", tmp / "a,b/lrun.json", "F", cwd=tmp)
    assert s.json == ["inside"], s


def test_what_a_project_says_does_not_steer_a_terminal(lrun, tmp):
    bad = "\x1b]0;title\a\x1b[2J\nlrun: forged"
    own(tmp / "p", handler=bad, env={"AB" + bad: "x"}, more={"project": {
        "reader": bad, "names": {"F": [bad]}, "facts": {"F": {"architecture": bad, "mounts": [bad]}},
        "notes": [{"text": bad, "loud": True, "source": bad, "line": 3}],
        "refused": {"G": {"what": bad, "remedy": bad, "source": bad, "line": 1}}}, "apis": {bad: {"type": "http", "stage": bad, "routes": [
            {"method": bad, "path": bad, "function": bad}]}}})
    for words in ["run", "F"], ["run", "G"], ["run"], ["run", bad], ["project"], ["serve"], ["serve", "F"], ["inspect", "F"]:
        r = lrun(*words, report=False, cwd=tmp / "p")
        assert clean(r.out, r.err) and b"\nlrun: forged" not in r.out + r.err, (words, r)


def test_notes_are_one_line_each(lrun, tmp):
    own(tmp / "p", more={"project": {"facts": {"F": {"architecture": "\x1b[31mx", "mounts": ["/mnt/\x1b[31m\nlrun: forged"]}}}})
    r = lrun("run", "F", cwd=tmp / "p")
    assert clean(r.err) and b"\nlrun: forged" not in r.err and b"no directory stands" in r.err, r


READER = """
#include <unistd.h>
int main(void)
{
    static const char ANSWER[] = "{\\"functions\\":{\\"F\\":{\\"code\\":\\"gone\\"}},\\"project\\":{\\"files\\":[[\\"x\\",\\"absent\\",0]]}}";
    return write(1, ANSWER, sizeof ANSWER - 1) < 0;
}
"""


def test_an_answer_that_depends_on_no_file_is_not_remembered(lrun, tmp):
    """A reader that a template has taken over could else decide what is read ever after."""
    tools = tmp / "tools"
    shutil.copytree(BUILD, tools, ignore=lambda d, names: [n for n in names if not (n == "lrun" or n.startswith("lrun-"))])
    write(tmp, {"reader.c": READER})
    subprocess.run(["cc", "-static", "-o", tools / "lrun-project", tmp / "reader.c"], check=True)
    write(tmp / "p", {"src/app.py": APP, "template.yaml": "Transform: AWS::Serverless-2016-10-31\nResources:\n  F: {Type: AWS::Serverless::Function, "
                      "Properties: {CodeUri: src, Handler: app.handler, Runtime: python3.11}}\n"})
    for _ in range(2):
        r = subprocess.run([tools / "lrun", "run", "--cache-dir", tmp / "cache", "F"], cwd=tmp / "p", stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
        assert r.returncode == 125 and b"'gone'" in r.stderr, r
    assert not list(tmp.glob("cache/**/project/*"))


def build(root, text):
    """As sam build: away with all, then piece by piece."""
    shutil.rmtree(root / ".aws-sam", ignore_errors=True)
    time.sleep(0.4)
    write(root, {".aws-sam/build/template.yaml": "Transform: AWS::Serverless-2016-10-31\nResources:\n" + "".join(
        f"  {name}: {{Type: AWS::Serverless::Function, Properties: {{CodeUri: {name}, Handler: app.handler, Runtime: python3.11}}}}\n" for name in "FG")})
    for name in "FG":
        time.sleep(0.4)
        write(root, {f".aws-sam/build/{name}/app.py": f"def handler(event, context):\n    return '{text}'\n"})


@pytest.mark.parametrize("called", [True, False])
def test_what_sam_builds_anew_is_watched_on(serve, tmp, called):
    build(tmp / "p", "one")
    s = serve("--watch", "--project", tmp / "p")
    if called:
        assert s.invoke(name="F").json == "one"
    for text in "two", "three":
        build(tmp / "p", text)
        for name in "FG":
            until(lambda: s.invoke(name=name).json == text)
        for name in "FG":
            write(tmp / "p", {f".aws-sam/build/{name}/app.py": f"def handler(event, context):\n    return 'again {text}'\n"})
            until(lambda: s.invoke(name=name).json == "again " + text)


def test_more_functions_are_watched_than_a_user_has_inotify_instances(serve, tmp):
    most = int(open("/proc/sys/fs/inotify/max_user_instances").read())
    if most > 900:
        pytest.skip("the kernel has no limit that a project reaches")
    write(tmp / "p", {"lrun.json": {"functions": {f"F{i}": F for i in range(most + 20)}}, "src/app.py": "def handler(event, context):\n    return 1\n"})
    s = serve("--watch", "--project", tmp / "p")
    assert s.invoke(name=f"F{most + 10}").json == 1
    write(tmp / "p", {"src/app.py": "def handler(event, context):\n    return 2\n"})
    until(lambda: s.invoke(name=f"F{most + 10}").json == 2)
    until(lambda: s.invoke(name="F0").json == 2)


WHO = "def handler(event, context):\n    return context.invoked_function_arn.rsplit(':')[-1] + ' ' + __import__('os').environ['WHO']\n"


def test_functions_of_one_name_are_served_by_their_logical_ids(serve, tmp):
    functions = {"Eu": "hello", "Us": "hello", "Other": "Third", "Third": "third-name", "Alone": "alone"}
    write(tmp / "p", {"src/app.py": WHO, "template.json": {"Transform": "AWS::Serverless-2016-10-31", "Resources": {name: {
        "Type": "AWS::Serverless::Function", "Properties": {
            "CodeUri": "src", "Handler": "app.handler", "Runtime": "python3.11", "FunctionName": other, "Environment": {"Variables": {"WHO": name}},
            "Events": {"Get": {"Type": "HttpApi", "Properties": {"Path": f"/{name}", "Method": "get"}}}}} for name, other in functions.items()}}})
    s = serve("--project", tmp / "p", "--api", "0")
    for name, who in ("Eu", "Eu"), ("Us", "Us"), ("Third", "Third"), ("third-name", "Third"), ("Other", "Other"), ("alone", "Alone"), ("Alone", "Alone"):
        assert s.invoke(name=name).json.split()[1] == who, (name, s.log)
    assert "Us: served by this name, since another function has the name hello too" in s.log
    port = int(re.search(r"API ServerlessHttpApi: http://[\d.]+:(\d+)/", s.log)[1])
    for name in functions:
        assert s.http("GET", f"/{name}", port=port).body.decode().split()[1].strip('"') == name
