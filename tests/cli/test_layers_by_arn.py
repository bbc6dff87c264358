# SPDX-License-Identifier: Apache-2.0
"""Layers by ARN: the store of lrun layer, maps, SAM's cache, and what is told where none of them has it. What the AWS CLI fetches:
test_layer_fetch.py."""
import base64
import hashlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

import pytest
from conftest import LRUN, LRUN_UID, ROOT, make_zip

NAME = "AWSLambda-Python36-SciPy1x"
ARN = f"arn:aws:lambda:us-east-1:668099181075:layer:{NAME}:2"
OTHER = f"arn:aws:lambda:us-east-1:668099181075:layer:{NAME}:35"


class Store:
    """lrun with a store of its own. Root's is in /var/lib, which a mount namespace of each command's replaces."""

    def __init__(self, lrun, tmp):
        self.lrun, self.place, self.home = lrun, tmp / "data", tmp / "home"
        for d in (self.place, self.home):
            d.mkdir()
        self.wrap = ["unshare", "-m", "sh", "-c", 'mount --bind "$0" /var/lib && exec "$@"', str(self.place)] if ROOT else []
        self.env = {**os.environ, "XDG_DATA_HOME": str(self.place), "HOME": str(self.home)}
        self.dir = self.place / (f"lrun/{LRUN_UID}/layers" if ROOT else "lrun/layers")

    def argv(self, *args):
        return [*self.wrap, LRUN, "layer", "--cache-dir", self.lrun.cache, *map(str, args)]

    def __call__(self, *args, **more):
        return subprocess.run(self.argv(*args), env=self.env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, **more)

    def add(self, arn, source):
        p = self("add", arn, source)
        assert p.returncode == 0, p
        return p

    def run(self, *args, command="run", **more):
        return self.lrun(command, *args, wrap=self.wrap, env={**self.env, **more.pop("env", {})}, **more)

    def list(self):
        return json.loads(self("list", "--json").stdout)["layers"]

    def zips(self):
        return sorted(p.name for p in (self.dir / "zip").iterdir()) if (self.dir / "zip").exists() else []


@pytest.fixture
def store(lrun, tmp):
    return Store(lrun, tmp)


def layer(tmp, answer, name="layer.zip"):
    return make_zip(tmp / name, {"python/mylayer.py": f"ANSWER = {answer!r}\n"})


@pytest.fixture
def fn(tmp):
    return make_zip(tmp / "fn.zip", {"lambda_function.py": "import mylayer\ndef lambda_handler(event, context):\n    return [mylayer.ANSWER, mylayer.__file__]\n"})


def sams(home, arn, answer, name=NAME, version="2"):
    place = pathlib.Path(home, ".aws-sam/layers-pkg", f"{name}-{version}-{hashlib.sha256(arn.encode()).hexdigest()[:10]}")
    (place / "python").mkdir(parents=True)
    (place / "python/mylayer.py").write_text(f"ANSWER = {answer!r}\n")
    return place


# ---- the store ----

def test_a_zip_is_added_listed_used_and_removed(store, tmp, fn):
    assert store.list() == [] and store("list").stdout == ""
    file = layer(tmp, "zip")
    code = base64.b64encode(hashlib.sha256(pathlib.Path(file).read_bytes()).digest()).decode()
    p = store.add(ARN, file)
    assert p.stdout.startswith(f"added {ARN}: ") and p.stdout.endswith(f"CodeSha256 {code}\n"), p
    os.unlink(file)
    [entry] = store.list()
    assert entry["arn"] == ARN and entry["codeSha256"] == code and entry["source"] == str(file) and entry["zipBytes"] > entry["bytes"] > 0, entry
    assert json.loads(store("show", ARN, "--json").stdout) == entry and code in store("show", ARN).stdout and ARN in store("list").stdout
    r = store.run("--layers", ARN, fn)
    assert r.code == 0 and r.json == ["zip", "/opt/python/mylayer.py"], r
    assert store("remove", ARN).stdout == f"removed {ARN}\n" and store.list() == [] and store.zips() == []
    assert store("remove", ARN).returncode == 125 and store("show", ARN).returncode == 125


def test_a_directory_becomes_a_zip_with_links_and_modes_and_always_the_same(store, tmp, fn):
    place = tmp / "layer"
    (place / "python").mkdir(parents=True)
    (place / "python/mylayer.py").write_text("import os\nANSWER = [oct(os.stat('/opt/run').st_mode), os.readlink('/opt/link'), open('/opt/big').read() == 'x' * 200000]\n")
    (place / "big").write_text("x" * 200000)
    (place / "run").write_text("")
    (place / "run").chmod(0o700)
    (place / "link").symlink_to("/etc/passwd")
    (place / "empty").mkdir()
    os.mkfifo(place / "pipe")
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(os.path.relpath(place / "socket"))
        if ROOT:
            os.chown(place / "run", LRUN_UID, -1)
        first = store.add(ARN, place).stdout
    r = store.run("--layers", ARN, fn)
    assert r.json == [["0o100755", "/etc/passwd", True], "/opt/python/mylayer.py"], r
    for p in place.rglob("*.py"):
        p.chmod(0o664)
        os.utime(p, (1, 1))
    assert store.add(ARN, place).stdout == first.replace("added", "replaced") and len(store.zips()) == 1
    names = subprocess.run(["unzip", "-Z1", store.dir / "zip" / store.zips()[0]], capture_output=True, text=True, check=True).stdout.split()
    assert names == ["big", "empty/", "link", "python/", "python/mylayer.py", "run"]


def test_a_zip_that_two_arns_have_goes_with_the_second(store, tmp, fn):
    store.add(ARN, layer(tmp, "same"))
    store.add(OTHER, layer(tmp, "same"))
    assert len(store.zips()) == 1
    store("remove", ARN)
    assert store.run("--layers", OTHER, fn).json[0] == "same"
    store.add(OTHER, layer(tmp, "else"))
    assert store.run("--layers", OTHER, fn).json[0] == "else" and len(store.zips()) == 1, "the zip that no ARN has any more is removed"


def test_what_is_kept_outlives_the_cache(store, tmp, fn):
    store.add(ARN, layer(tmp, "kept"))
    p = subprocess.run([*store.wrap, LRUN, "cache", "--cache-dir", store.lrun.cache, "prune"], env=store.env, capture_output=True, text=True)
    assert p.returncode == 0, p
    r = store.run("-q", "--layers", ARN, fn)
    assert r.json[0] == "kept" and r.report["cache"]["misses"] == 2, r


@pytest.mark.parametrize("how", ["changed", "cut off", "gone"])
def test_a_damaged_layer_is_refused_and_told_by_verify(store, tmp, fn, how):
    store.add(ARN, layer(tmp, "good"))
    zip = store.dir / "zip" / store.zips()[0]
    if how == "changed":
        other = pathlib.Path(layer(tmp, "evil", "other.zip")).read_bytes()
        zip.write_bytes(other)
        assert len(other) == store.list()[0]["zipBytes"]
    elif how == "cut off":
        os.truncate(zip, 10)
    else:
        zip.unlink()
    r = store.run("--layers", ARN, fn)
    assert r.code == 125 and f"cannot use the stored layer '{ARN}'" in r.log and "add it again" in r.log, r
    p = subprocess.run([*store.wrap, LRUN, "cache", "--cache-dir", store.lrun.cache, "verify"], env=store.env, capture_output=True, text=True)
    assert p.returncode == 125 and f"damaged layer {ARN}: add it again" in p.stdout and "verify the store of layers: 1 is damaged" in p.stderr, p
    store.add(ARN, layer(tmp, "good"))
    assert store.run("--layers", ARN, fn).json[0] == "good"
    assert store.lrun("cache", "verify", wrap=store.wrap, env=store.env, report=False).text.splitlines()[-1] == f"intact  layer {ARN}"


@pytest.mark.parametrize("source, says", [
    ("nothing", "cannot open the layer"), ("text", "Could not unzip uploaded file"), ("home", "cannot mount your home directory"), ("pipe", "a layer is a zip or a directory"),
    ("climbs", "..")])
def test_what_is_no_layer_is_refused_and_nothing_is_left(store, tmp, source, says):
    (tmp / "text").write_text("no zip")
    os.mkfifo(tmp / "pipe")
    make_zip(tmp / "climbs", {"python/../../x": "x"})
    p = store("add", ARN, tmp / source)
    assert p.returncode == 125 and says in p.stderr, p
    assert store.list() == [] and store.zips() == [] and (not store.dir.exists() or os.listdir(store.dir / "tmp") == [])


@pytest.mark.parametrize("args, says", [
    (("add",), "layer add needs an ARN and a FILE or DIR"), (("add", ARN), "layer add needs"), (("show",), "layer show needs an ARN"), ((), "layer needs one of add, fetch, list, show, remove"),
    (("frob",), "layer: 'frob' is not one of"), (("list", "x"), "unexpected argument 'x'"), (("remove", ARN, "--json"), "--json is for layer list and layer show"),
    (("add", ARN[:-2], "x"), "its version is missing"), (("add", "arn:aws:lambda:us-east-1:668099181075:layer:../../x:1", "x"), "the layer's name has other characters"),
    (("fetch", "arn:aws:s3:::x"), "expected arn:aws:lambda:REGION:ACCOUNT:layer:NAME:VERSION")])
def test_bad_command_lines_are_refused(store, args, says):
    p = store(*args)
    assert p.returncode == 2 and says in p.stderr, p
    assert not store.dir.exists()


def test_a_kill_leaves_all_of_a_layer_or_nothing(store, tmp, fn):
    place = tmp / "layer"
    (place / "python").mkdir(parents=True)
    (place / "python/mylayer.py").write_text("ANSWER = 1\n")
    for i in range(60):
        (place / f"big{i}").write_bytes(os.urandom(1 << 20))
    for delay in (0.02, 0.1, 0.2, 0.3, 0.5):
        p = subprocess.Popen(store.argv("add", ARN, place), env=store.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        time.sleep(delay)
        try:
            os.killpg(p.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        p.wait()
        if store.list():
            assert store.run("-q", "--layers", ARN, fn).json[0] == 1
    store.add(ARN, place)
    assert len(store.zips()) == 1 and os.listdir(store.dir / "tmp") == []


def test_others_cannot_lay_layers_for_us(store, tmp, fn):
    store.add(ARN, layer(tmp, "ours"))
    store.dir.chmod(0o777)
    r = store.run("--layers", ARN, fn)
    assert r.code == 125 and "others may write to it" in r.log, r


# ---- maps ----

def write_map(path, rows):
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(rows))
    return path


def test_a_map_has_the_path_for_a_pattern(store, tmp, fn):
    layer(tmp, "mapped", "m.zip")
    rows = {ARN.replace(":2", ":9"): "nothing.zip", f"arn:aws:lambda:*:668099181075:layer:{NAME}:*": "../m.zip", "*": "nothing.zip"}
    for file in (write_map(tmp / "maps/map.json", rows), "maps/map.json"):
        r = store.run("--layer-map", file, "--layers", ARN, fn)
        assert r.code == 0 and r.json[0] == "mapped", r
    assert store.run("--layer-map", write_map(tmp / "abs.json", {"arn:*": str(tmp / "m.zip")}), "--layers", OTHER, fn).json[0] == "mapped"


def test_a_map_takes_a_directory_too(store, tmp, fn):
    (tmp / "dir/python").mkdir(parents=True)
    (tmp / "dir/python/mylayer.py").write_text("ANSWER = 'directory'\n")
    assert store.run("--layer-map", write_map(tmp / "map.json", {ARN: "dir"}), "--layers", ARN, fn).json[0] == "directory"


def test_maps_come_before_the_store_and_that_before_sams_cache(store, tmp, fn):
    if not ROOT:
        sams(store.home, ARN, "SAM's")
        assert store.run("--layers", ARN, fn).json == ["SAM's", "/opt/python/mylayer.py"]
    store.add(ARN, layer(tmp, "stored"))
    assert store.run("--layers", ARN, fn).json[0] == "stored"
    layer(tmp, "mapped", "m.zip")
    first, second = write_map(tmp / "1.json", {OTHER: "none.zip"}), write_map(tmp / "2.json", {ARN: "m.zip"})
    third = write_map(tmp / "3.json", {ARN: "none.zip"})
    assert store.run("--layer-map", first, "--layer-map", second, "--layer-map", third, "--layers", ARN, fn).json[0] == "mapped"


@pytest.mark.parametrize("text, says", [
    ("[]", "it is no object"), ("{", "line 1"), ('{"arn:*": 1}', "no path is given for arn:*"), ('{"arn:*": ""}', "no path is given for arn:*"), ('{"aws:*": "x"}', "no ARN begins like the pattern aws:*"),
    ('{"*": "a.zip", "*": "b.zip"}', "already")])
def test_a_bad_map_is_refused(store, tmp, fn, text, says):
    (tmp / "map.json").write_text(text)
    r = store.run("--layer-map", tmp / "map.json", "--layers", ARN, fn)
    assert r.code == 125 and says in r.log, r


def test_a_map_without_the_file_it_names_is_told_by_that_file(store, tmp, fn):
    r = store.run("--layer-map", write_map(tmp / "map.json", {"*": "gone.zip"}), "--layers", ARN, fn)
    assert r.code == 125 and f"cannot open the layer '{tmp}/gone.zip'" in r.log, r


# ---- SAM's cache ----

@pytest.mark.skipif(ROOT, reason="what root's HOME holds is not for whom root becomes")
def test_sams_cache_is_used_by_the_name_that_sam_gives(store, fn):
    place = sams(store.home, ARN, "SAM's")
    assert place.name == f"{NAME}-2-5aa29aec4e", "what SAM CLI 1.170 calls it"
    r = store.run("--layers", ARN, fn)
    assert r.json[0] == "SAM's" and any("a layer is a directory" in d for d in r.report["degraded"]), r
    assert store.run("--layers", OTHER, fn).code == 125
    shutil.rmtree(place / "python")
    assert "find in a --layer-map" in store.run("--layers", ARN, fn).log, "SAM makes the directory before it unpacks"
    place.rmdir()
    place.symlink_to("/usr")
    assert "find in a --layer-map" in store.run("--layers", ARN, fn).log


@pytest.mark.skipif(not ROOT, reason="as an ordinary user there is one uid")
def test_roots_own_cache_of_sams_is_not_shown(store, fn):
    sams(store.home, ARN, "root's")
    store.home.chmod(0o700)
    r = store.run("--layers", ARN, fn)
    assert r.code == 125 and "find in a --layer-map" in r.log, r


# ---- where none has it ----

def test_an_unknown_layer_is_refused_with_the_ways_to_have_it(store, fn):
    r = store.run("--layers", ARN, fn)
    assert r.code == 125 and r.log == (
        f"lrun: cannot find in a --layer-map, in the store or in SAM's cache the layer '{ARN}'; add its zip or directory (lrun layer add ARN FILE|DIR), have your AWS CLI fetch it "
        "(lrun layer fetch ARN), or name a file for it (--layer-map FILE)\n"), r
    assert "SciPy1x:2'; add its zip" in store.run("--layers", f"{ARN},{ARN}", fn, command="inspect", report=False).log
    assert not store.dir.exists()


@pytest.mark.parametrize("arn, says", [
    (f"arn:aws:lambda:us-east-1:668099181075:layer:{NAME}", "its version is missing"), ("arn:aws:lambda:us-east-1:1:layer:x:1", "its account has not 12 digits"),
    ("arn:aws:lambda:us-east-1:668099181075:function:f", "it is not the ARN of a layer")])
def test_an_arn_that_is_none_of_a_layers_version_is_refused(store, fn, arn, says):
    r = store.run("--layers", arn, fn)
    assert r.code == 2 and says in r.log, r


def test_aws_layers_without_region_are_taken(store, tmp, fn):
    arn = "arn:aws:lambda:::awslayer:AmazonLinux1803"
    store.add(arn, layer(tmp, "AWS's own"))
    assert store.run("--layers", arn, fn).json[0] == "AWS's own"


def test_a_file_may_be_called_like_an_arn(store, tmp, fn):
    layer(tmp, "file", ARN)
    assert store.run("--layers", f"./{ARN}", fn).json[0] == "file"


# ---- inspect and serve ----

def test_inspect_names_the_layer_by_its_arn(store, tmp, fn):
    store.add(ARN, layer(tmp, "x"))
    said = store.run("--layers", ARN, "--list", fn, command="inspect", report=False)
    assert f"/opt/python/mylayer.py  layer {ARN}" in said.text, said


def test_serve_takes_arns_from_its_configuration_and_maps_from_the_command_line(store, tmp, fn, serve):
    place = tmp / "project"
    place.mkdir()
    shutil.copy(fn, place / "fn.zip")
    layer(place, "mapped", "m.zip")
    write_map(place / "map.json", {OTHER: "m.zip"})
    (place / "lrun.json").write_text(json.dumps({"functions": {"a": {"code": "fn.zip", "layers": [OTHER]}, "b": {"code": "fn.zip", "layers": ["m.zip"]}}}))
    served = serve("--watch", "--layer-map", place / "map.json", "--config", place / "lrun.json")
    assert served.invoke("{}", "a").json[0] == served.invoke("{}", "b").json[0] == "mapped"
    (place / "lrun.json").write_text(json.dumps({"functions": {"a": {"code": "fn.zip", "layer-map": "map.json"}}}))
    r = store.run("--port", "0", "--config", place / "lrun.json", command="serve", report=False)
    assert r.code == 2 and "'layer-map' belongs on the command line" in r.log, r
