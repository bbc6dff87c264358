# SPDX-License-Identifier: Apache-2.0
"""lrun inspect of container images: which layer gives what, how they are started, and what Lambda would refuse; and of zips that run on one."""
import pytest
from conftest import helper, make_zip

from support.base_image import START, base, executable, function
from support.images import OCI, Layout, config, directory, layer, link, make
from test_inspect import inspect

PROBE = open(helper("probe"), "rb").read()
RUNS = {"Entrypoint": ["/bin/probe"], "Cmd": ["app.handler"]}


def small(tmp, *layers, start=RUNS, form="docker", **more):
    """An image of one static program, and layers over it."""
    tars = [layer(("bin", directory()), ("bin/probe", executable(PROBE))), *(layer(*entries) for entries in layers)]
    path = tmp / f"image-{len(list(tmp.glob('image-*')))}"
    return make(path, tars, form, how="plain", configuration=config(tars, config=start), **more)


def findings(d):
    return [(f["severity"], f["id"], f["path"]) for f in d["findings"]]


@pytest.mark.parametrize("form", ["docker", "oci", "directory"])
def test_what_it_is_and_which_layer_gives_what(tmp, form):
    start = {**RUNS, "WorkingDir": "/app", "Env": ["A=1", "B=x y"]}
    image = small(tmp, [("app/", directory()), ("app/a", b"1234"), ("app/b", b"12"), ("app/c", b"1")], [("app/a", b"123"), ("app/.wh.b", b"")], form=form, start=start)
    d = inspect(tmp, image)
    assert d["findings"] == [] and d["runtime"] is None and d["handler"] is None and d["runtimeSource"]["from"] == "image", d
    i = d["image"]
    assert i["as"] == "function" and i["architecture"] == "amd64" and not i["indexed"] and not i["awsBase"] and (i["manifest"] is None) == (form == "docker"), i
    assert (i["entrypoint"], i["command"], i["workdir"], i["environment"]) == (["/bin/probe"], ["app.handler"], "/app", {"A": "1", "B": "x y"}), i
    assert i["layers"] == [{"files": 1, "bytes": len(PROBE), "broughtBytes": len(PROBE)}, {"files": 1, "bytes": 1, "broughtBytes": 7}, {"files": 1, "bytes": 3, "broughtBytes": 3}], i
    assert {f["path"]: (f["layer"], f["size"]) for f in d["files"] if f["type"] == "file"} == {"/bin/probe": (0, len(PROBE)), "/app/a": (2, 3), "/app/c": (1, 1)}, d
    assert d["parts"] == [{"path": str(image), "at": "/", "codeSha256": None, "files": 3, "bytes": len(PROBE) + 4}] and d["variables"]["A"] == "1", d
    again = inspect(tmp, image)  # by the memo, without the worker
    assert again["image"] == i and again["files"] == d["files"], again


def test_text_list_tree_and_graph(tmp):
    image = small(tmp, [("app/a\nb", b"1234"), ("app/b", b"12")], [("app/b", b"123")], start={**RUNS, "Env": ["A=1", "B=2"]})
    p = inspect(tmp, "--graph", tmp / "g.svg", image, form=None)
    lines = p.stdout.decode().splitlines()
    assert p.returncode == 0 and lines[1].split() == ["starts", "/bin/probe", "app.handler,", "in", "/"] and "variables of its own         A B" in lines, p
    assert any(x.split()[:6] == ["image", "layer", "1", "1", "file", "4"] and x.endswith("of 6; later layers replaced or removed the rest") for x in lines), p
    assert any(x.startswith("together ") and x.endswith("% of 10737418240") for x in lines) and "no findings" in lines, p
    listed = inspect(tmp, image, form="--list").stdout.decode().splitlines()
    assert [x.split(maxsplit=3)[3] for x in listed if x[0] == "f"] == ["/app/a?b  image layer 1", "/app/b  image layer 2", "/bin/probe  image layer 0"], listed
    tree = inspect(tmp, image, form="--tree").stdout.decode()
    assert tree.startswith("/\n  app/ ") and [x.split() for x in tree.splitlines()][3] == ["b", "3", "image", "layer", "2"], tree
    svg = (tmp / "g.svg").read_text()
    assert "image layer 2" in svg and "<title>/app/b</title>" in svg and 'class="open">/</text>' in svg, svg


def test_a_graph_of_many_layers_joins_the_lowest(tmp):
    small(tmp, *([(f"f{n}", b"x" * n)] for n in range(1, 12)))
    inspect(tmp, "--graph", tmp / "g.svg", tmp / "image-0")
    svg = (tmp / "g.svg").read_text()
    assert "layers 0 to 6" in svg and "image layer 7" in svg and "image layer 11" in svg and "image layer 6" not in svg, svg


def test_mounts_variables_and_policy(tmp):
    image = small(tmp, start={**RUNS, "Env": ["MINE=image", "OTHER=image"]})
    p = inspect(tmp, "--mounts", "--variables", "--env", "OTHER=option", image, form=None)
    text = p.stdout.decode()
    assert p.returncode == 0 and "\nMINE=image\n" in text and "\nOTHER=option\n" in text and "_HANDLER" not in text, p
    assert "rw  /tmp" in text and "ro  /var/task" not in text, p
    assert inspect(tmp, "--seccomp", "lambda", form=None).returncode == 0


BAD = {
    "no program": ({}, (), [("error", "LR-077", None)], "neither Entrypoint nor Cmd"),
    "a program that is not there": ({"Cmd": ["/bin/none"]}, (), [("error", "LR-077", None)], "its program /bin/none is not in the image"),
    "a word that PATH does not have": ({"Cmd": ["none"], "Env": ["PATH=/bin:/usr/bin"]}, (), [("error", "LR-077", None)], "no directory of its PATH has one"),
    "a word that PATH has": ({"Cmd": ["probe"], "Env": ["PATH=/usr/bin:/bin"]}, (), [], None),
    "a relative program": ({"Cmd": ["bin/probe"]}, (), [], None),
    "a link that would lead out": ({"Cmd": ["/x"]}, [("x", link("../../../../bin/probe"))], [], None),
    "a link to what only the host has": ({"Cmd": ["/x"]}, [("x", link("/usr/bin/env"))], [("error", "LR-077", None)], "/x is not in the image"),
    "no working directory": ({**RUNS, "WorkingDir": "/none"}, (), [("error", "LR-077", None)], "its working directory /none is not in the image"),
    "not executable": ({"Cmd": ["/p"]}, [("p", executable(PROBE, 0o644))], [("error", "LR-012", "/p")], "chmod 755"),
    "a directory": ({"Cmd": ["/bin"]}, (), [("error", "LR-012", "/bin")], "is not a file"),
    "another architecture": ({"Cmd": ["/p"]}, [("p", executable(PROBE[:18] + b"\xb7\0" + PROBE[20:]))], [("error", "LR-010", "/p")], "the image says amd64"),
    "a script without its interpreter": ({"Cmd": ["/p"]}, [("p", executable("#!/bin/sh\n"))], [("error", "LR-009", "/p")], "names the interpreter /bin/sh, which is not in the image"),
    "a script of Windows": ({"Cmd": ["/p"]}, [("p", executable("#!/bin/probe\r\n"))], [("error", "LR-007", "/p")], "CR LF"),
    "neither": ({"Cmd": ["/p"]}, [("p", executable("echo\n"))], [("error", "LR-011", "/p")], "neither an ELF program"),
    "an extension that cannot start": (RUNS, [("opt/extensions/e", executable("#!/bin/probe\n", 0o644))], [("error", "LR-012", "/opt/extensions/e")], "chmod 755"),
    "an extension of macOS": (RUNS, [("opt/extensions/._e", b"x")], [("error", "LR-069", "/opt/extensions/._e")], "macOS"),
    "no extension": (RUNS, [("opt/extensions/d/e", b"x")], [], None),
    "files of the function that others cannot read": (RUNS, [("var/task/f", {"data": b"x", "mode": 0o600}), ("etc/shadow", {"data": b"x", "mode": 0})], [("warning", "LR-013", "/var/task/f")], "Lambda ignores USER"),
    "files in the working directory": ({**RUNS, "WorkingDir": "/app"}, [("app/f", {"data": b"x", "mode": 0o600}), ("apple", {"data": b"x", "mode": 0o600})], [("warning", "LR-013", "/app/f")], "mode 0600"),
    "a directory of the function's": (RUNS, [("opt/d", directory(0o700))], [("warning", "LR-013", "/opt/d")], "enter and list"),
    "files in /tmp": (RUNS, [("tmp/f", b"x")], [("warning", "LR-078", "/tmp/f")], "is not seen"),
}


@pytest.mark.parametrize("name", BAD)
def test_findings(tmp, name):
    start, entries, wanted, text = BAD[name]
    d = inspect(tmp, small(tmp, *([entries] if entries else []), start=start))
    assert findings(d) == wanted and (not text or text in d["findings"][0]["text"]), d["findings"]


@pytest.mark.parametrize("form", ["directory", "oci"])
def test_an_index_is_an_error(tmp, form):
    layout, tars = Layout(), [layer(("bin/probe", executable(PROBE)))]
    layout.add(layout.image(tars, "plain", config(tars, config=RUNS), platform={"os": "linux", "architecture": "amd64"}))
    outer = Layout()
    outer.files.update(layout.files)
    outer.add({**layout.index(), "mediaType": OCI + "index.v1+json"})
    outer.files.update(layout.files)
    d = inspect(tmp, outer.write(tmp / "image", form))
    assert findings(d) == [("error", "LR-076", None)] and "docker build --provenance=false" in d["findings"][0]["text"] and d["image"]["indexed"], d


def test_an_image_of_awss(tmp):
    d = inspect(tmp, function(tmp / "i", ("opt/extensions/lambda-adapter", executable(PROBE))))
    assert d["findings"] == [] and d["image"]["awsBase"] and d["image"]["extensions"] == ["lambda-adapter"], d["findings"]
    text = inspect(tmp, tmp / "i", form=None).stdout.decode()
    assert "lambda-adapter (Lambda Web Adapter)" in text and "AWS's: /lambda-entrypoint.sh starts /var/runtime/bootstrap" in text, text
    d = inspect(tmp, function(tmp / "two", start={"Cmd": ["app.handler", "more"]}))
    assert findings(d) == [("error", "LR-077", None)] and "takes one word, the handler, and Cmd has 2" in d["findings"][0]["text"], d["findings"]
    tars = [base(bootstrap=None, lang=False)]
    d = inspect(tmp, make(tmp / "none", tars, "docker", how="plain", configuration=config(tars, config={**START, "Cmd": ["x"]})))
    assert findings(d) == [("error", "LR-014", "/var/runtime/bootstrap")], d["findings"]


def test_options_that_an_image_does_not_take(tmp):
    z = make_zip(tmp / "layer.zip", {"x": "1"})
    p = inspect(tmp, "--layers", z, small(tmp), form=None)
    assert p.returncode == 2 and b"Please don't provide Handler or Runtime or Layer when the intended function PackageType is Image." in p.stderr, p
