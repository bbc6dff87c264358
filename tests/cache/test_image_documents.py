# SPDX-License-Identifier: Apache-2.0
"""An image's documents and digests: which image is meant, what is checked before a tree counts, and what lrun learns of it."""
import gzip
import json
import os
import random
import tarfile
import time

import pytest

from support.images import OCI, Layout, by_cache, chain, config, docker, layer, make, sha, unpack
from support.where import ROOT

ONE = layer(("a", b"one"))
TWO = layer(("a", b"two"), ("b", b"x"))
UNSUPPORTED = "The image manifest, config or layer media type for the source image is not supported"


def test_what_lrun_learns(tmp):
    tars = [ONE, TWO, ONE]
    start = {"Entrypoint": ["/usr/bin/p\u00fcthon", "-m", ""], "Cmd": None, "WorkingDir": "", "Env": ["PATH=/bin", "X=\ud83d\ude00", "EMPTY="], "User": "1000"}
    for form in ("directory", "oci", "docker"):
        path = make(tmp / form, tars, form, configuration=config(tars, config=start))
        stopped = unpack(tmp, path, stop=True)
        done = unpack(tmp, path)
        for said in (stopped, done):
            assert said.ok and said.chain == chain(tars) and said.architecture == "amd64" and said.whole, said
            assert said.workdir == "" and len(said.entrypoint) == 3 and said.entrypoint[1:] == ["-m", ""] and said.cmd == [] and len(said.env) == 3
        assert os.listdir(stopped.tree.parent) == [] and done.names() == {"a", "b"}


def test_no_config_at_all(tmp):
    for start in (None, {}):
        made = config([ONE])
        made.pop("config") if start is None else made.update(config=start)
        done = unpack(tmp, make(tmp / f"image{start}", [ONE], configuration=made))
        assert done.ok and done.entrypoint == done.cmd == done.env == [] and done.workdir == "", done


def test_two_images_with_the_same_layers_have_one_chain(tmp):
    one, other = (unpack(tmp, make(tmp / n, [ONE, TWO], configuration=config([ONE, TWO], config={"Cmd": [n]})), stop=True) for n in "xy")
    assert one.chain == other.chain and one.manifest != other.manifest and one.config != other.config


# ---- which one is meant ----

def two(path, form):
    made = Layout()
    made.add(made.image([ONE], annotations={"org.opencontainers.image.ref.name": "first"}))
    made.add(made.image([TWO], annotations={"org.opencontainers.image.ref.name": "second", "io.containerd.image.name": "docker.io/library/x:second"}))
    return made.write(path, form)


@pytest.mark.parametrize("form", ["directory", "oci"])
def test_one_of_several_by_its_name(tmp, form):
    path = two(tmp / "image", form)
    assert unpack(tmp, path, name="first").chain == chain([ONE]) and unpack(tmp, path, name="second").chain == chain([TWO])
    assert unpack(tmp, path, name="docker.io/library/x:second").chain == chain([TWO])
    none, several = unpack(tmp, path, name="third"), unpack(tmp, path)
    assert not none.ok and "there is none for linux/amd64 named third" in none.words and "first, docker.io/library/x:second" in none.words, none
    assert not several.ok and "there are several" in several.words and "first" in several.words, several


def test_one_of_several_in_a_docker_archive(tmp):
    path = tmp / "image.tar"
    documents = [json.dumps(config([t])).encode() for t in (ONE, TWO)]
    entries = [{"Config": sha(d) + ".json", "RepoTags": tags, "Layers": [sha(t) + "/layer.tar"]} for d, t, tags in zip(documents, (ONE, TWO), (["repo/x:1"], ["host:5000/x:2", "x:3"]))]
    path.write_bytes(layer(*[(sha(d) + ".json", d) for d in documents], *[(sha(t) + "/layer.tar", t) for t in (ONE, TWO)], ("manifest.json", json.dumps(entries).encode())))
    for name, tar in (("1", ONE), ("repo/x:1", ONE), ("host:5000/x:2", TWO), ("3", TWO)):
        assert unpack(tmp, path, name=name).chain == chain([tar])
    assert "several" in unpack(tmp, path).words and "none" in unpack(tmp, path, name="4").words


def test_an_index_chooses_by_platform_and_passes_over_attestations(tmp):
    """As buildx writes it: an index in the index, with an image for each platform and what attests them."""
    made = Layout()
    inner = [made.image([t], configuration=config([t], architecture=a), platform={"os": "linux", "architecture": a}) for t, a in ((ONE, "amd64"), (TWO, "arm64"))]
    inner.append(made.image([ONE], configuration=config([ONE], architecture="unknown"), platform={"os": "unknown", "architecture": "unknown"}))
    nested = made.blob({"schemaVersion": 2, "manifests": inner}, OCI + "index.v1+json")
    path = made.add(nested).write(tmp / "image")
    amd, arm, none = (unpack(tmp, path, a) for a in ("amd64", "arm64", "riscv64"))
    assert amd.ok and amd.chain == chain([ONE]) and amd.indexed and arm.ok and arm.chain == chain([TWO]) and arm.architecture == "arm64", (amd, arm)
    assert not none.ok and "amd64, arm64" in none.words and "unknown" not in none.words, none
    plain = Layout()
    assert unpack(tmp, plain.add(plain.image([ONE])).write(tmp / "plain")).indexed is False


@pytest.mark.parametrize("form", ["directory", "docker"])
def test_the_architecture_is_the_configs(tmp, form):
    """skopeo copies a single manifest of another architecture without a word."""
    for i, more in enumerate(({"architecture": "arm64"}, {"os": "windows"}, {"architecture": None}, {"os": ["linux"]})):
        done = unpack(tmp, make(tmp / f"image{i}", [ONE], form, configuration=config([ONE], **more)))
        assert not done.ok and "not for linux/amd64" in done.words, done
    assert "it is for linux/arm64" in unpack(tmp, make(tmp / "x", [ONE], form, configuration=config([ONE], architecture="arm64"))).words


# ---- media types, in AWS's words ----

@pytest.mark.parametrize("change", [
    {"schemaVersion": 1}, {"schemaVersion": "2"}, {"mediaType": "application/vnd.docker.distribution.manifest.v1+prettyjws"}, {"mediaType": OCI + "index.v1+json"},
    {"config": "application/vnd.oci.empty.v1+json"}, {"config": None}, {"layers": OCI + "layer.nondistributable.v1.tar+gzip"}, {"layers": OCI + "layer.v1.tar+encrypted"}, {"layers": None},
])
def test_media_types(tmp, change):
    def manifest(m):
        for key, value in change.items():
            if key in ("config", "layers"):
                (m[key] if key == "config" else m[key][0])["mediaType"] = value
            else:
                m[key] = value
        return m
    done = unpack(tmp, make(tmp / "image", [ONE], manifest=manifest))
    assert not done.ok and UNSUPPORTED in done.words, done


def test_media_types_of_the_index_and_of_docker(tmp):
    made = Layout()
    assert UNSUPPORTED in unpack(tmp, made.add({**made.image([ONE]), "mediaType": "application/vnd.docker.distribution.manifest.v1+json"}).write(tmp / "a")).words

    def dockers(m):
        m["mediaType"] = "application/vnd.docker.distribution.manifest.v2+json"
        m["config"]["mediaType"] = "application/vnd.docker.container.image.v1+json"
        m["layers"][0]["mediaType"] = "application/vnd.docker.image.rootfs.diff.tar.gzip"
        return m
    made = Layout()
    assert unpack(tmp, made.add({**made.image([ONE], manifest=dockers), "mediaType": "application/vnd.docker.distribution.manifest.v2+json"}).write(tmp / "b")).ok


# ---- digests ----

def damage(path, name, change):
    data = (path / name).read_bytes()
    (path / name).write_bytes(change(data))


@pytest.mark.parametrize("which", ["manifest", "config", "layer"])
@pytest.mark.parametrize("change", [lambda d: d[:-1], lambda d: d + b" ", lambda d: d[:len(d) // 2] + bytes([d[len(d) // 2] ^ 1]) + d[len(d) // 2 + 1:]], ids=["short", "long", "one bit"])
def test_a_blob_that_is_not_what_its_digest_says(tmp, which, change):
    path = make(tmp / "image", [ONE, TWO])
    manifest = json.loads((path / "index.json").read_text())["manifests"][0]["digest"][7:]
    document = json.loads((path / "blobs/sha256" / manifest).read_text())
    digest = {"manifest": manifest, "config": document["config"]["digest"][7:], "layer": document["layers"][1]["digest"][7:]}[which]
    damage(path, f"blobs/sha256/{digest}", change)
    done = unpack(tmp, path)
    assert not done.ok and digest in done.words and ("SHA-256" in done.words or "size" in done.words), done


@pytest.mark.parametrize("form", ["directory", "oci", "docker"])
def test_a_layer_whose_content_is_not_what_the_config_says(tmp, form):
    """Its blob is right; the digest of what it uncompresses to is another's: nothing counts as done."""
    made = config([ONE, TWO])
    made["rootfs"]["diff_ids"][1] = "sha256:" + sha(b"other")
    done = unpack(tmp, make(tmp / "image", [ONE, TWO], form, configuration=made))
    assert not done.ok and "is not the one that the config says" in done.words, done


@pytest.mark.parametrize("change, said", [
    (lambda m: m["layers"][0].update(size=1), "its size is not"), (lambda m: m["layers"][0].update(size=-1), "no whole number"), (lambda m: m["layers"][0].update(size="9"), "no whole number"),
    (lambda m: m["layers"][0].update(digest="sha512:" + "0" * 128), "not sha256"), (lambda m: m["layers"][0].update(digest="sha256:../../../../etc/passwd"), "not sha256"),
    (lambda m: m["layers"][0].update(digest="sha256:" + "A" * 64), "not sha256"), (lambda m: m["layers"][0].update(digest="sha256:" + "0" * 64), "it is missing"), (lambda m: m["config"].update(digest="sha256:" + "0" * 64), "config is missing"),
    (lambda m: m["layers"].append(m["layers"][0]), "disagree on the number"), (lambda m: m.update(layers=[]), "no layers"), (lambda m: m.update(layers={}), "no layers"),
    (lambda m: m.update(layers=m["layers"] * 1200), "more than 1000"),
])
def test_manifests_that_lie(tmp, change, said):
    def manifest(m):
        change(m)
        return m
    done = unpack(tmp, make(tmp / "image", [ONE], manifest=manifest))
    assert not done.ok and said in done.words, done


@pytest.mark.parametrize("more, said", [
    ({"rootfs": {"type": "layers", "diff_ids": []}}, "disagree on the number"), ({"rootfs": {"type": "other", "diff_ids": ["sha256:" + sha(ONE)]}}, "not made of layers"), ({"rootfs": None}, "disagree"),
    ({"rootfs": {"type": "layers", "diff_ids": ["md5:x"]}}, "not sha256"), ({"config": {"Entrypoint": "sh -c x"}}, "no list"), ({"config": {"Cmd": [1]}}, "where a string is due"), ({"config": {"Env": ["A=\0"]}}, "NUL"),
    ({"config": {"Env": ["A=" + "x" * 140000]}}, "128 KB"), ({"config": {"Cmd": ["x"] * 1501}}, "1500"), ({"config": {"WorkingDir": "/" + "x" * 1001}}, "1000 characters"), ({"config": {"WorkingDir": 1}}, "where a string is due"),
])
def test_configs_that_are_refused(tmp, more, said):
    for form in ("directory", "docker"):
        done = unpack(tmp, make(tmp / form, [ONE], form, configuration=config([ONE], **more)))
        assert not done.ok and said in done.words, done


# ---- documents that are no documents ----

@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"null", b"{}", b'"x"', b"\xff", b'{"manifests":{}}', b'{"manifests":[null]}', b'{"manifests":[{}]}', b'{"a":1,"a":2}', b"[" * 100000, b" " * (5 << 20)], ids=range(13))
@pytest.mark.parametrize("name", ["index.json", "manifest.json"])
def test_what_is_no_index(tmp, name, text):
    (tmp / "image").mkdir()
    (tmp / "image" / name).write_bytes(text)
    done = unpack(tmp, tmp / "image")
    assert done.code == 1 and done.what, done
    path = tmp / "image.tar"
    path.write_bytes(layer((name, text)))
    assert unpack(tmp, path).code == 1


def test_names_that_an_object_has_twice_are_refused(tmp):
    made = Layout()
    document = json.dumps(config([ONE]))[:-1].encode() + b',"architecture":"arm64"}'
    path = made.add(made.image([ONE], configuration=document)).write(tmp / "image")
    done = unpack(tmp, path)
    assert not done.ok and "one name twice" in done.words and "architecture" in done.words, done


def test_indexes_in_circles_and_in_crowds_end(tmp):
    made = Layout()
    at = made.image([ONE])
    for _ in range(5):
        at = made.blob({"schemaVersion": 2, "manifests": [at]}, OCI + "index.v1+json")
    assert "too many indexes, or too deep" in unpack(tmp, made.add(at).write(tmp / "deep")).words
    made = Layout()
    nested = [made.blob({"schemaVersion": 2, "manifests": [], "n": i}, OCI + "index.v1+json") for i in range(2)]
    for _ in range(2):
        nested = [made.blob({"schemaVersion": 2, "manifests": nested * 50, "n": i}, OCI + "index.v1+json") for i in range(2)]
    made.manifests = nested
    assert "too many indexes, or too deep" in unpack(tmp, made.write(tmp / "wide")).words


def test_what_is_no_image(tmp):
    (tmp / "empty").mkdir()
    for name, data in {"empty.tar": layer(), "zeros": bytes(10240), "nothing": b"", "text": b"not an image", "rootfs.tar": layer(("usr/bin/p", b"x"))}.items():
        (tmp / name).write_bytes(data)
        done = unpack(tmp, tmp / name)
        assert done.code == 1, (name, done)
    assert "neither an index.json" in unpack(tmp, tmp / "empty").words and "neither an index.json" in unpack(tmp, tmp / "rootfs.tar").words
    make(tmp / "image.tar", [ONE], "oci")
    (tmp / "image.tar.gz").write_bytes(gzip.compress((tmp / "image.tar").read_bytes()))
    assert "uncompress it first" in unpack(tmp, tmp / "image.tar.gz").words
    data = (tmp / "image.tar").read_bytes()
    for n in (600, 2000):
        (tmp / "cut.tar").write_bytes(data[:n])
        assert unpack(tmp, tmp / "cut.tar").code == 1


def test_files_of_a_layout_that_are_no_files(tmp):
    """A pipe would hang, a link may lead out of the directory."""
    for i, do in enumerate((lambda p: os.mkfifo(p), lambda p: p.mkdir(), lambda p: p.symlink_to("/etc/passwd"), lambda p: p.symlink_to("../outside"))):
        path = make(tmp / f"image{i}", [ONE])
        (tmp / "outside").write_bytes((path / "index.json").read_bytes())
        (path / "index.json").unlink()
        do(path / "index.json")
        done = unpack(tmp, path)
        assert done.code == 1 and ("a link leads out of the image's directory" if i > 1 else "no regular file") in done.words, (i, done)
    path = make(tmp / "linked", [ONE])
    (path / "index.json").rename(path / "real.json")
    (path / "index.json").symlink_to("real.json")
    assert unpack(tmp, path).ok


# ---- docker-archives ----

def test_links_between_layers_and_names_in_circles(tmp):
    """Old docker save makes id/layer.tar a link to the one that another image has, or to the file at the top."""
    document = json.dumps(config([ONE, TWO])).encode()
    names = ["x/layer.tar", "y/layer.tar"]
    manifest = ("manifest.json", json.dumps([{"Config": "c.json", "RepoTags": None, "Layers": names}]).encode())
    link = lambda to, kind=tarfile.SYMTYPE: {"type": kind, "linkname": to}  # noqa: E731
    path = tmp / "image.tar"
    path.write_bytes(layer(("./c.json", document), ("x/layer.tar", link("../z/layer.tar")), ("z/layer.tar", link("../one.tar")), ("one.tar", ONE), ("two", TWO), ("y/layer.tar", link("two", tarfile.LNKTYPE)), manifest))
    done = unpack(tmp, path)
    assert done.ok and done.chain == chain([ONE, TWO]) and (done.tree / "a").read_bytes() == b"two", done
    for to, said in (("../x/layer.tar", "circle"), ("../../../etc/passwd", "missing"), ("/etc/passwd", "missing"), ("", "missing")):
        path.write_bytes(layer(("c.json", document), ("x/layer.tar", link(to)), ("y/layer.tar", TWO), manifest))
        done = unpack(tmp, path)
        assert not done.ok and (said in done.words or "circle" in done.words), (to, done)


def test_a_document_with_holes_is_refused(tmp):
    """What lies behind its data in the archive is not its own."""
    tar = layer(("a", b"x"))
    docker(tmp / "good", [tar])
    with tarfile.open(tmp / "good") as t:
        files = [(m.name, t.extractfile(m).read()) for m in t]
    text = files[-1][1]
    headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "manifest.json", "GNU.sparse.realsize": str(len(text))}
    files[-1] = ("manifest.json", {"data": f"1\n0\n{len(text) - 1}\n".encode().ljust(512, b"\0") + text, "pax_headers": headers})
    (tmp / "bad").write_bytes(layer(*files))
    done = unpack(tmp, tmp / "bad")
    assert not done.ok and "lies there in pieces" in done.words, done


def test_a_configs_name_is_its_digest(tmp):
    document = json.dumps(config([ONE])).encode()
    for i, name in enumerate((sha(b"other") + ".json", "blobs/sha256/" + sha(b"other"))):
        path = tmp / f"image{i}"
        path.write_bytes(layer((name, document), ("l", ONE), ("manifest.json", json.dumps([{"Config": name, "RepoTags": [], "Layers": ["l"]}]).encode())))
        done = unpack(tmp, path)
        assert not done.ok and "SHA-256" in done.words, done


def test_docker_save_that_writes_both(tmp):
    """Docker 25 and later: an OCI layout, and a manifest.json whose paths lead into its blobs."""
    made = Layout()
    descriptor = made.image([ONE], "plain")
    document = json.dumps(config([ONE])).encode()
    made.files["manifest.json"] = json.dumps([{"Config": "blobs/sha256/" + sha(document), "RepoTags": ["x:1"], "Layers": ["blobs/sha256/" + sha(ONE)]}]).encode()
    done = unpack(tmp, made.add(descriptor).write(tmp / "image.tar", "oci"))
    assert done.ok and done.manifest and done.config == sha(document), done


def test_names_in_the_tarball_are_never_opened(tmp):
    path = docker(tmp / "image.tar", [ONE])
    document = json.dumps(config([ONE])).encode()
    for name in ("/etc/passwd", "../../../../etc/passwd", "manifest.json/x"):
        path.write_bytes(layer(("c.json", document), ("manifest.json", json.dumps([{"Config": "c.json", "RepoTags": [], "Layers": [name]}]).encode())))
        assert "it is missing" in unpack(tmp, path).words


# ---- damage ----

def test_damage_anywhere_ends_in_words(tmp):
    """Each byte in turn of a small archive is changed: it is refused, or what was changed does not matter; the worker never dies."""
    rng = random.Random(5)
    whole = make(tmp / "image.tar", [ONE, TWO], "oci").read_bytes()
    for _ in range(150):
        data = bytearray(whole)
        for _ in range(rng.choice([1, 1, 3])):
            data[rng.randrange(len(data))] = rng.randrange(256)
        (tmp / "bad.tar").write_bytes(data)
        done = unpack(tmp, tmp / "bad.tar")
        assert done.code in (0, 1) and (done.ok or done.what), done
        if done.ok:
            assert (done.tree / "a").read_bytes() == b"two", done


# ---- the cache ----

def test_images_with_the_same_layers_share_one_entry(tmp, lrun):
    """Whatever their form, and though they are started differently; it is listed, verified and pruned like any other."""
    cache = tmp / "images"
    lrun.cache = str(cache)
    paths = [make(tmp / "one", [ONE, TWO]), make(tmp / "two.tar", [ONE, TWO], "docker", configuration=config([ONE, TWO], config={"Cmd": ["other"]})), make(tmp / "three", [TWO])]
    said = [by_cache(cache, p) for p in paths]
    assert [code for code, _ in said] == [0, 0, 0], said
    one, two, three = (s for _, s in said)
    assert not one["hit"] and two["hit"] and one["tree"] == two["tree"] and one["cmd"] == ["app.handler"] and two["cmd"] == ["other"] and three["tree"] != one["tree"]
    assert sorted(os.listdir(one["tree"])) == ["a", "b"] and one["chain"] in one["tree"] and os.listdir(cache / "tmp") == [] and one["size"] == two["size"] == 7
    if ROOT:  # lrun would be another user, whose cache this is not
        return
    assert lrun("cache", "verify", report=False).code == 0 and len(os.listdir(cache / "tree")) == 2
    assert lrun("cache", "prune", report=False).code == 0 and os.listdir(cache / "tree") == []


def settle():
    """Until a file's time of change is older than the clock's tick: only then is it remembered."""
    time.sleep(0.2)


@pytest.mark.parametrize("form", ["directory", "oci", "docker"])
def test_a_known_image_needs_no_worker(tmp, form):
    """And what it is started by is the same; another name, another architecture or a changed file is not known."""
    path = make(tmp / "image", [ONE, TWO], form)
    settle()
    code, first = by_cache(tmp / "cache", path)
    again, second = by_cache(tmp / "cache", path, worker="/bin/false")
    assert (code, again) == (0, 0) and second["hit"] and not first["hit"] and {**first, "hit": 0} == {**second, "hit": 0}, (first, second)
    for architecture, name in (("arm64", ""), ("amd64", "another")):
        assert by_cache(tmp / "cache", path, architecture, name, worker="/bin/false")[0] == 1
    os.utime(path / "index.json" if form == "directory" else path)
    assert by_cache(tmp / "cache", path, worker="/bin/false")[0] == 1
    settle()
    assert by_cache(tmp / "cache", path)[1]["hit"] and by_cache(tmp / "cache", path, worker="/bin/false")[0] == 0


def test_an_image_that_somebody_may_write_to_is_not_remembered(tmp):
    path = make(tmp / "image", [ONE], "oci")
    settle()
    with open(path, "r+b"):
        assert by_cache(tmp / "cache", path)[0] == 0 and by_cache(tmp / "cache", path, worker="/bin/false")[0] == 1


def test_how_an_image_is_started_is_read_again_where_it_was_lost(tmp):
    path = make(tmp / "image", [ONE], "oci")
    settle()
    said = by_cache(tmp / "cache", path)[1]
    [kept] = (tmp / "cache").glob("tree/*/image-*")
    for damage in (b"", b"x\n", kept.read_bytes()[:-1], kept.read_bytes() + b"y\0"):
        kept.write_bytes(damage)
        assert by_cache(tmp / "cache", path, worker="/bin/false")[0] == 1, damage
        assert by_cache(tmp / "cache", path)[1]["cmd"] == said["cmd"] and by_cache(tmp / "cache", path, worker="/bin/false")[0] == 0


def test_a_refused_image_leaves_nothing_in_the_cache(tmp):
    made = config([ONE, TWO])
    made["rootfs"]["diff_ids"][1] = "sha256:" + sha(b"other")
    for i, (path, architecture, said) in enumerate(((make(tmp / "bad", [ONE, TWO], configuration=made), "amd64", "is not the one"), (make(tmp / "good", [ONE]), "arm64", "arm64"))):
        code, words = by_cache(tmp / f"cache{i}", path, architecture)
        assert code == 1 and said in words["what"] and str(path) in words["path"] + words["hint"], words
        assert os.listdir(tmp / f"cache{i}/tree") == os.listdir(tmp / f"cache{i}/tmp") == []
