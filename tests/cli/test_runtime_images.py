# SPDX-License-Identifier: Apache-2.0
"""lrun runtime add with container images: files, OCI layouts, and those that skopeo fetches from a registry."""
import json
import os
import pathlib
import platform
import random
import re
import shutil
import signal
import subprocess
import threading
import time

import pytest

from conftest import LRUN, ROOT
from support import images
from support.registry import DebianRegistry, Registry, registry  # noqa: F401
from test_runtime_store import HOST, OTHER, Store, package, root, store  # noqa: F401 (fixtures)

ARCH = {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()]
PROGRAM = {"data": b"\x7fELF", "mode": 0o755}
BASE = images.layer(("usr/bin/env", PROGRAM), ("etc/os-release", b'ID="amzn"\nVERSION_ID="2023"\n'), ("var/runtime/bootstrap", PROGRAM))
PYTHON = images.layer(("var/lang/bin/python3.13", PROGRAM), ("var/lang/bin/python3", images.link("python3.13")))
FORMS = ["docker", "oci", "directory"]


def config(tars, architecture=ARCH, **more):
    return {**images.config(tars, **more), "architecture": architecture}


def image(path, tars=(BASE, PYTHON), form="docker", **more):
    return images.make(path, list(tars), form, configuration=config(list(tars), **more))


def id_of(tars):
    return images.sha(json.dumps(config(list(tars))).encode())


def files(store):
    """Of the one tree of the store."""
    [tree] = (store.dir / "tree").iterdir()
    return tree / "tree"


# ---- files and layouts ----

@pytest.mark.parametrize("form", FORMS)
def test_an_image_is_added_listed_shown_and_removed(store, tmp, form):
    source = image(tmp / "image", form=form)
    p = store.add("python3.13", source)
    [entry] = store.list()
    layouts = form != "docker"
    assert entry["kind"] == entry["is"] == "image" and entry["program"] is None and entry["source"] == str(source), entry
    assert entry["image"] == id_of([BASE, PYTHON]) and (entry["sha256"] != entry["image"]) == layouts, entry
    if form == "directory":
        assert (source / "blobs/sha256" / entry["sha256"]).exists(), "the manifest's digest"
    assert p.stdout.startswith("added python3.13: image, ") and entry["sha256"] in p.stdout, p
    assert entry["sha256"][:12] in store("list").stdout and f"image    {entry['image']}" in store("show", "python3.13").stdout
    shown = json.loads(store("show", "python3.13", "--json").stdout)
    assert shown["tree"].endswith("/tree") and shown["image"] == entry["image"], shown
    assert store.trees() == [images.chain([BASE, PYTHON]) + "-4i"] and os.readlink(files(store) / "var/lang/bin/python3") == "python3.13"
    assert store.run("cache", "verify", report=False).text == "intact  runtime python3.13\n"
    store("remove", "python3.13")
    assert store.list() == [] and store.trees() == []


def test_one_of_several_images_is_named_after_a_colon(store, tmp):
    layout, others = images.Layout(), {"3.13": [BASE, PYTHON], "al": [BASE]}
    for name, tars in others.items():
        layout.add(layout.image(tars, configuration=config(tars), annotations={"org.opencontainers.image.ref.name": name}))
    source = layout.write(tmp / "several", "oci")
    p = store("add", "provided.al2023", source)
    assert p.returncode == 125 and "there are several" in p.stderr and "3.13, al" in p.stderr, p
    p = store("add", "provided.al2023", f"{source}:12")
    assert p.returncode == 125 and "there is none" in p.stderr and "named 12" in p.stderr and "3.13, al" in p.stderr, p
    for tag, tars in others.items():
        store.add("provided.al2023", f"{source}:{tag}")
        [entry] = store.list()
        assert entry["image"] == id_of(tars) and entry["source"] == f"{source}:{tag}", entry
    saved = image(tmp / "saved.tar")
    for tag in ("tag", "repo/name:tag"):
        store.add("python3.13", f"{saved}:{tag}")
    (tmp / "saved.tar:tag").write_text("a file of that whole name comes first")
    assert "Unrecognized archive format" in store("add", "python3.13", f"{saved}:tag").stderr


@pytest.mark.parametrize("form, transport", [("docker", "docker-archive"), ("oci", "oci-archive"), ("directory", "oci")])
def test_files_may_be_named_as_skopeo_names_them(store, tmp, form, transport):
    source = image(tmp / "image", form=form)
    store.add("python3.13", f"{transport}:{source}")
    assert store.list()[0]["source"] == f"{transport}:{source}"
    p = store("add", "python3.13", f"{transport}:{source}:none")
    assert p.returncode == 125 and "there is none" in p.stderr, p


NODE = b"#define NODE_MAJOR_VERSION 22\n#define NODE_MINOR_VERSION 11\n"
AL2 = ("etc/os-release", b'ID="amzn"\nVERSION_ID="2"\n')
IDS = {
    "python3.13": [PYTHON],
    "python3.12": [images.layer(("usr/local/bin/python3.12", PROGRAM), ("usr/bin/python3.11", PROGRAM))],
    "nodejs22.x": [images.layer(("var/lang/bin/node", PROGRAM), ("var/lang/include/node/node_version.h", NODE), ("usr/bin/python3.9", PROGRAM))],
    "java21": [images.layer(("var/lang/bin/java", PROGRAM), ("var/lang/release", b'IMPLEMENTOR="Amazon"\nJAVA_VERSION="21.0.5"\n'))],
    "java17.al2023": [images.layer(("var/lang/bin/java", PROGRAM), ("var/lang/release", b'JAVA_VERSION="17.0.13"\n'))],
    "java17": [images.layer(AL2, ("var/lang/bin/java", PROGRAM), ("var/lang/release", b'JAVA_VERSION="17.0.13"\n'))],
    "java8.al2": [images.layer(AL2, ("var/lang/bin/java", PROGRAM), ("var/lang/release", b'JAVA_VERSION="1.8.0_432"\n'))],
    "ruby3.4": [images.layer(("var/lang/bin/ruby", PROGRAM), ("var/lang/lib/ruby/3.4.0/set.rb", b""), ("var/lang/lib/ruby/gems/3.4.0/x", b""))],
    "dotnet8": [images.layer(("var/lang/bin/dotnet", PROGRAM), ("var/lang/bin/shared/Microsoft.NETCore.App/8.0.11/x.dll", b""))],
    "provided.al2023": [],
    "provided.al2": [images.layer(AL2)],
}


@pytest.mark.parametrize("id", IDS)
def test_the_id_may_be_left_out_where_the_image_tells_it(store, tmp, id):
    p = store("add", image(tmp / "image", [BASE, *IDS[id]]))
    assert p.returncode == 0 and f"adding as {id} " in p.stderr and "lrun: found " in p.stderr, p
    assert [e["id"] for e in store.list()] == [id]


UNTOLD = {
    "no version": ([images.layer(("usr/bin/env", PROGRAM))], "no file that tells a version"),
    "two languages": ([BASE, PYTHON, images.layer(("var/lang/include/node/node_version.h", NODE))], "any of python3.13, nodejs22.x"),
    "two versions": ([BASE, PYTHON, images.layer(("var/lang/bin/python3.12", PROGRAM))], "any of python3.12, python3.13"),
    "no version of AWS's": ([BASE, images.layer(("var/lang/bin/ruby", PROGRAM), ("var/lang/lib/ruby/9.9.0/x", b""))], "any of ruby9.9"),
}


@pytest.mark.parametrize("case", UNTOLD)
def test_an_image_that_tells_no_id_needs_one(store, tmp, case):
    tars, says = UNTOLD[case]
    p = store("add", image(tmp / "image", tars))
    assert p.returncode == 125 and says in p.stderr and "lrun runtime add ID SOURCE" in p.stderr, p
    assert store.list() == [] and store.trees() == []


def test_a_distribution_tells_its_id_too(store, tmp):
    for what, id in (({"bin/node": PROGRAM["data"], "include/node/node_version.h": NODE}, "nodejs22.x"),):
        place = tmp / "node-v22.11.0"
        shutil.copytree(images.write(tmp / "files", what, "directory"), place)
        shutil.copy2("/bin/true", place / "bin/node")
        for source in (place, subprocess.run(["tar", "-czf", tmp / "n.tgz", "-C", tmp, place.name], check=True) and tmp / "n.tgz"):
            p = store("add", source)
            assert p.returncode == 0 and f"found include/node/node_version.h: adding as {id}" in p.stderr, p
            assert [e["id"] for e in store.list()] == [id]


REFUSED = {
    "another architecture": ("python3.13", [BASE, PYTHON], {"architecture": "s390x"}, f"it is for linux/s390x, not for linux/{ARCH}"),
    "another version": ("python3.12", [BASE, PYTHON], {}, "without python3.12 in its /var/lang/bin"),
    "no bootstrap": ("ruby3.4", [PYTHON, images.layer(("usr/x", b""))], {}, "without /var/runtime/bootstrap, which ruby3.4 needs"),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("case", REFUSED)
def test_an_image_that_would_not_run_is_refused_by_name(store, tmp, case, form):
    id, tars, more, says = REFUSED[case]
    source = image(tmp / "image", tars, form, **more)
    p = store("add", id, source)
    assert p.returncode == 125 and f"'{source}'" in p.stderr and says in p.stderr, p
    assert store.list() == [] and store.trees() == [] and list((store.dir / "tmp").iterdir()) == []


def test_a_tarball_of_a_root_file_system_is_no_image_whatever_it_holds(store, tmp):
    entries = [("manifest.json", b"[]"), ("index.json", b"{}"), ("usr/bin/env", PROGRAM)]
    for n, order in enumerate((entries, entries[::-1])):
        (tmp / f"rootfs-{n}.tar").write_bytes(images.layer(*order))
        store.add("provided.al2023", tmp / f"rootfs-{n}.tar")
        assert store.list()[0]["kind"] == "rootfs" and store.list()[0]["image"] is None and (files(store) / "manifest.json").exists()
    p = store("add", "provided.al2023", f"{tmp}/rootfs-0.tar:tag")
    assert p.returncode == 125 and "rootfs-0.tar'" in p.stderr, p
    (tmp / "text").write_text("x" * 1000)
    p = store("add", "provided.al2023", f"{tmp}/text:tag")
    assert p.returncode == 125 and "only an image's file" in p.stderr, p


def test_an_image_whose_tree_is_there_is_not_unpacked_again(store, tmp):
    store.add("python3.13", image(tmp / "saved.tar"))
    before = files(store).stat().st_ino
    for form in ("oci", "directory"):
        p = store.add("python3.13", image(tmp / form, form=form))
        assert p.stdout.startswith("replaced ") and files(store).stat().st_ino == before, p
    tars = [BASE, PYTHON]
    other = images.make(tmp / "other.tar", tars, "docker", configuration={**config(tars), "config": {"Env": ["OTHER=1"]}})
    store.add("provided.al2023", other)
    assert [e["image"] == id_of(tars) for e in store.list()] == [False, True] and files(store).stat().st_ino == before
    store("remove", "python3.13")
    assert len(store.trees()) == 1, "another image has the same layers"


def test_an_image_replaces_what_was_added_before(store, tmp, root):
    store.add(OTHER, root)
    tars = [BASE, images.layer((f"var/lang/bin/{OTHER}", PROGRAM))]
    assert store.add(OTHER, image(tmp / "image", tars)).stdout.startswith("replaced ")
    assert [e["kind"] for e in store.list()] == ["image"] and store.trees() == [images.chain(tars) + "-4i"]


@pytest.mark.skipif(not ROOT, reason="an ordinary user's lrun reads with the rights that its user has")
@pytest.mark.parametrize("closed", ["blobs/sha256", "index.json", ""])
def test_a_layout_that_only_root_can_read_is_refused_with_what_to_do(store, tmp, closed):
    source = image(tmp / "image", form="directory")
    (source / closed).chmod(0o700 if (source / closed).is_dir() else 0o600)
    p = store("add", "python3.13", source)
    assert p.returncode == 125 and "Permission denied" in p.stderr and "make it readable, or name an archive of it" in p.stderr, p
    subprocess.run(["tar", "-C", source, "-cf", tmp / "image.tar", "."], check=True)
    (tmp / "image.tar").chmod(0o600)
    store.add("python3.13", tmp / "image.tar")


def test_a_function_runs_on_an_image(store, tmp, root):
    """It has /var/runtime/bootstrap in AWS's own, and here lrun's client."""
    tar = tmp / "root.tar"
    subprocess.run(["tar", "-cf", tar, "-C", root, "."], check=True)
    store.add(OTHER, image(tmp / "image", [tar.read_bytes()]))
    r = store.run("run", "--runtime", OTHER, package(tmp))
    assert r.json[1:3] == ["/usr", f"/usr/lib/{HOST.name}"] and r.json[4] == f"AWS_Lambda_{OTHER}", r
    digest = store.list()[0]["sha256"]
    added = {"from": "store", "path": str(tmp / "image"), "sha256": digest}
    assert r.report["runtimeSource"] == added
    assert f"{tmp}/image (added, sha256:{digest[:12]})" in store.run("inspect", "--runtime", OTHER, package(tmp), report=False).text
    p = subprocess.run([*store.wrap, LRUN, "doctor", "--cache-dir", store.lrun.cache, "--json"], env=store.env, capture_output=True, text=True)
    assert [x["note"] for x in json.loads(p.stdout)["probes"] if x["name"] == "runtimes"] == [f"added: {OTHER}"], p
    assert store.run("cache", "prune", report=False).code == 0 and store.run("run", "--runtime", OTHER, package(tmp)).code == 0


# ---- whole or not at all ----

def large(tmp, form="docker"):
    return image(tmp / "large", [BASE, PYTHON, images.layer(*[(f"opt/{i}", random.Random(i).randbytes(20000)) for i in range(600)])], form)


def test_a_kill_at_any_moment_leaves_all_or_nothing(store, tmp):
    source, chance = large(tmp), random.Random(7)
    began = time.monotonic()
    store.add("python3.13", source)
    whole = time.monotonic() - began
    store("remove", "python3.13")
    for attempt in range(10):
        p = subprocess.Popen(store.argv("add", "python3.13", source), env=store.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        time.sleep(chance.random() * whole * 1.2)
        os.killpg(p.pid, signal.SIGKILL)
        p.wait()
        if store.list():
            assert store.run("cache", "verify", report=False).code == 0
            store("remove", "python3.13")
    store.add("python3.13", source)
    assert len(store.trees()) == 1 and list((store.dir / "tmp").iterdir()) == []


def test_several_adds_at_once_are_fine(store, tmp):
    sources = [large(tmp), image(tmp / "small"), tmp / "large", tmp / "small"]
    jobs = [subprocess.Popen(store.argv("add", "python3.13", s), env=store.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) for s in sources]
    for job in jobs:
        said = job.communicate(timeout=60)[0]
        assert job.returncode == 0, said
    assert len(store.list()) == len(store.trees()) == 1 and store.run("cache", "verify", report=False).code == 0


@pytest.mark.skipif(not ROOT, reason="only root can mount a small file system")
@pytest.mark.parametrize("form", FORMS)
def test_a_full_disk_is_told_and_nothing_is_left(tmp, form):
    small = tmp / "small"
    small.mkdir()
    script = 'mount -t tmpfs -o size=4m,mode=0777 small "$0" && mount --bind "$0" /var/lib && { "$@"; echo "status $?"; find "$0" -type f; }'
    p = subprocess.run(["unshare", "-m", "sh", "-c", script, small, LRUN, "runtime", "add", "python3.13", large(tmp, form)], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    assert "No space left on device" in p.stderr and p.stdout == "status 125\n", p


# ---- from a registry ----

INSECURE = "--insecure-registry"


@pytest.fixture(scope="module")
def debian(tmp_path_factory):
    registry = DebianRegistry(tmp_path_factory.mktemp("debian") / "registry")
    yield registry
    registry.stop()


@pytest.fixture
def home(store, tmp):
    """HOME of lrun's own caller."""
    (tmp / "home").mkdir()
    store.env["HOME"] = str(tmp / "home")
    for name in ("XDG_CONFIG_HOME", "XDG_RUNTIME_DIR", "REGISTRY_AUTH_FILE", "DOCKER_CONFIG"):
        store.env.pop(name, None)
    return tmp / "home"


def layout(tars=(BASE, PYTHON), **more):
    made = images.Layout()
    return made.add(made.image(list(tars), configuration=config(list(tars), **more)))


def nothing_left(store):
    return list((store.dir / "tmp").iterdir()) == [] and (store.list() != [] or store.trees() == [])


@pytest.mark.parametrize("format", ["oci", "v2s2"])
def test_an_image_is_fetched_and_known_by_the_registrys_digest(store, tmp, debian, home, format):
    source = debian.push(f"oci:{image(tmp / 'image', form='directory')}", f"fetched/{format}:1", "--format", format)
    raw = subprocess.run(["skopeo", "inspect", "--raw", "--tls-verify=false", source], stdout=subprocess.PIPE, check=True, env={**os.environ, "XDG_RUNTIME_DIR": str(tmp)}).stdout
    p = store("add", INSECURE, source)
    assert p.returncode == 0 and f"added python3.13: image, 5 entries, 0.0 MB, sha256:{images.sha(raw)}\n" == p.stdout, p
    lines = p.stderr.splitlines()
    assert lines[0] == f"lrun: fetching {source}: 2 layers, 0.0 MB" and "lrun: found var/lang/bin/python3.13: adding as python3.13" in lines[-1], p
    assert sorted(line.split(":")[-1] for line in lines[1:-1]) == sorted(layer["digest"][7:] for layer in json.loads(raw)["layers"]), p
    [entry] = store.list()
    assert entry["source"] == source and entry["image"] == id_of([BASE, PYTHON]) and nothing_left(store), entry
    assert list(home.iterdir()) == [], "skopeo keeps nothing in HOME"
    assert store("add", INSECURE, "-q", source).stderr == ""


def test_of_an_index_the_image_for_this_machine_is_fetched(store, tmp, debian, home):
    made = images.Layout()
    both = {"s390x": [BASE], ARCH: [BASE, PYTHON]}
    inner = images.Layout()
    for architecture, tars in both.items():
        inner.add(inner.image(tars, configuration=config(tars, architecture), platform={"os": "linux", "architecture": architecture}))
    made.files.update(inner.files)
    made.add(made.blob({"schemaVersion": 2, "mediaType": images.OCI + "index.v1+json", "manifests": inner.manifests}, images.OCI + "index.v1+json"))
    source = debian.push(f"oci:{made.write(tmp / 'index', 'directory')}", "index:1", "--all")
    p = store("add", INSECURE, source)
    assert p.returncode == 0 and inner.manifests[1]["digest"] in p.stdout and ": 2 layers" in p.stderr, p


@pytest.mark.parametrize("how", ["alone", "in an index"])
def test_an_image_for_another_machine_is_refused(store, registry, home, how):
    """skopeo copies the one without an index, and says nothing."""
    made = layout(architecture="s390x")
    if how == "in an index":
        made.manifests = [made.blob({"schemaVersion": 2, "mediaType": images.OCI + "index.v1+json", "manifests": [
            {**made.manifests[0], "platform": {"os": "linux", "architecture": "s390x"}}]}, images.OCI + "index.v1+json")]
    source = registry.add(made, "other", "1")
    p = store("add", INSECURE, "python3.13", source)
    says = f"it is for linux/s390x, not for linux/{ARCH}" if how == "alone" else f"it has no image for linux/{ARCH} '{source}'; it has: s390x"
    assert p.returncode == 125 and f"'{source}'" in p.stderr and says in p.stderr and nothing_left(store), p


def test_an_id_alone_is_awss_own_image(store, tmp, registry, home):
    """public.ecr.aws is a name that registries.conf sends elsewhere here."""
    registry.add(layout(), "aws/lambda/python", "3.13")
    conf = home / ".config/containers/registries.conf"
    conf.parent.mkdir(parents=True)
    conf.write_text(f'unqualified-search-registries = []\n[[registry]]\nprefix = "public.ecr.aws/lambda"\nlocation = "{registry.at}/aws/lambda"\ninsecure = true\n')
    conf.chmod(0o600)
    p = store("add", "python3.13")
    assert p.returncode == 0 and "lrun: fetching docker://public.ecr.aws/lambda/python:3.13: 2 layers" in p.stderr and "found" not in p.stderr, p
    [entry] = store.list()
    assert entry["id"] == "python3.13" and entry["source"] == "docker://public.ecr.aws/lambda/python:3.13" and "/v2/aws/lambda/python/manifests/3.13" in registry.asked, entry
    p = store("add", "python3.12")
    assert p.returncode == 125 and "manifest unknown; there is no such repository or tag" in p.stderr, p
    registry.asked.clear()
    (tmp / "python3.13").mkdir()
    p = store("add", "python3.13", cwd=tmp)
    assert p.returncode == 2 and "there is a file of that name here" in p.stderr and "./python3.13" in p.stderr and registry.asked == [], p
    p = store("add", "custom")
    assert p.returncode == 2 and "AWS publishes no image" in p.stderr, p


FAILURES = {
    "no such tag": ("{at}/fn:2", "manifest unknown; there is no such repository or tag: check the name"),
    "no such repository": ("{at}/none:1", "manifest unknown; there is no such repository or tag: check the name"),
    "nobody listens": ("127.0.0.1:1/fn:1", "connection refused; the registry cannot be reached: check its name and the network"),
}


@pytest.mark.parametrize("case", FAILURES)
def test_what_cannot_be_fetched_is_said_with_skopeos_word_and_a_remedy(store, registry, home, case):
    registry.add(layout(), "fn", "1")
    name, says = FAILURES[case]
    source = "docker://" + name.format(at=registry.at)
    p = store("add", INSECURE, "python3.13", source)
    assert p.returncode == 125 and f"cannot fetch '{source}'; skopeo says: " in p.stderr and says in p.stderr and nothing_left(store), p


def test_plain_http_needs_the_option_on_the_loopback_too(store, registry, home):
    source = registry.add(layout(), "fn", "1")
    p = store("add", source)
    assert p.returncode == 125 and "--insecure-registry accepts that" in p.stderr and nothing_left(store), p
    assert store("add", INSECURE, source).returncode == 0
    for words in (("list", INSECURE), ("add", INSECURE, "python3.13", "/nowhere")):
        p = store(*words)
        assert p.returncode == 2 and INSECURE in p.stderr, p


@pytest.mark.parametrize("name", ["docker://", "docker://-x", "docker://a b", "docker://a\nb:1", "docker://\x1b[2J", "docker://" + "a" * 500, "docker-daemon:", "containers-storage:--help",
                                  "dir:x", "dir:../x", "docker://ü"])
def test_odd_names_of_images_reach_no_program(store, name):
    p = store("add", "python3.13", name)
    assert p.returncode == 2 and "the name of an image" in p.stderr or "expected an absolute path" in p.stderr, p
    assert "\x1b" not in p.stderr and p.stderr.count("\n") <= 2 and not store.dir.exists(), p


@pytest.mark.parametrize("where", ["REGISTRY_AUTH_FILE", ".docker/config.json", ".config/containers/auth.json"])
def test_the_users_own_login_is_used(store, tmp, home, where):
    registry = Registry(login="me:secret")
    source = registry.add(layout(), "fn", "1")
    p = store("add", INSECURE, source)
    assert p.returncode == 125 and "log in first: skopeo login HOST" in p.stderr, p
    file = tmp / "auth.json" if where.isupper() else home / where
    if where == ".config/containers/auth.json" and not ROOT:
        store.env["XDG_RUNTIME_DIR"], file = str(home / "run"), home / "run/containers/auth.json"
    if where.isupper():
        store.env[where] = str(file)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"auths": {registry.at: {"auth": "bWU6c2VjcmV0"}}}))
    file.chmod(0o600)
    p = store("add", INSECURE, source)
    registry.stop()
    assert p.returncode == 0 and "secret" not in p.stderr + p.stdout and nothing_left(store), p
    assert b"bWU6c2VjcmV0" not in b"".join(f.read_bytes() for f in store.dir.rglob("*") if f.is_file())


def test_skopeos_policy_is_respected(store, registry, home):
    source = registry.add(layout(), "fn", "1")
    policy = home / ".config/containers/policy.json"
    policy.parent.mkdir(parents=True)
    policy.write_text('{"default":[{"type":"reject"}]}')
    policy.chmod(0o600)
    p = store("add", INSECURE, source)
    assert p.returncode == 125 and "rejected by policy" in p.stderr and "policy.json, in ~/.config/containers or /etc/containers, forbids it" in p.stderr and nothing_left(store), p
    policy.write_text(json.dumps({"default": [{"type": "reject"}], "transports": {"docker": {registry.at: [{"type": "insecureAcceptAnything"}]}}}))
    assert store("add", INSECURE, source).returncode == 0


@pytest.mark.skipif(not ROOT, reason="only root can hide /etc/containers")
@pytest.mark.parametrize("user", ["root", "ordinary user"])
def test_without_a_policy_no_signature_is_asked_for(store, tmp, registry, home, user):
    source = registry.add(layout(), "fn", "1")
    os.makedirs("/etc/containers", exist_ok=True)
    place = tmp / "place"
    place.mkdir()
    place.chmod(0o777)
    become = ["setpriv", "--reuid", "60994", "--regid", "60994", "--clear-groups"] if user != "root" else []
    script = 'mount -t tmpfs x /etc/containers && mount --bind "$0" /var/lib && exec "$@"'
    p = subprocess.run(["unshare", "-m", "sh", "-c", script, place, *become, LRUN, "runtime", "add", INSECURE, source], env={**store.env, "XDG_DATA_HOME": str(place)},
                       stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    assert p.returncode == 0 and p.stdout.startswith("added python3.13"), p


@pytest.mark.skipif(not ROOT, reason="only root can close /run/containers")
@pytest.mark.parametrize("user", ["root", "ordinary user"])
def test_a_place_of_logins_that_roots_podman_has_closed_is_no_hindrance(store, tmp, registry, home, user):
    source = registry.add(layout(), "fn", "1")
    place = tmp / "place"
    place.mkdir()
    place.chmod(0o777)
    become = ["setpriv", "--reuid", "60994", "--regid", "60994", "--clear-groups"] if user != "root" else []
    script = 'mount -t tmpfs x /run && mkdir -m 0700 /run/containers && mount --bind "$0" /var/lib && exec "$@"'
    env = {k: v for k, v in store.env.items() if k != "XDG_RUNTIME_DIR"}
    p = subprocess.run(["unshare", "-m", "sh", "-c", script, place, *become, LRUN, "runtime", "add", INSECURE, source], env={**env, "XDG_DATA_HOME": str(place)},
                       stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    assert p.returncode == 0 and p.stdout.startswith("added python3.13"), p


@pytest.mark.skipif(not ROOT, reason="only root can hide a program")
@pytest.mark.parametrize("user", ["root", "ordinary user"])
def test_without_skopeo_it_is_said_what_to_install(store, tmp, user):
    place = tmp / "place"
    place.mkdir()
    place.chmod(0o777)
    become = ["setpriv", "--reuid", "60994", "--regid", "60994", "--clear-groups"] if user != "root" else []
    script = 'mount --bind "$0" /var/lib; for p in /usr/bin/skopeo /usr/local/bin/skopeo; do [ ! -e $p ] || mount --bind /dev/null $p; done; exec "$@"'
    p = subprocess.run(["unshare", "-m", "sh", "-c", script, place, *become, LRUN, "runtime", "add", "docker://127.0.0.1:1/x"], env={**store.env, "XDG_DATA_HOME": str(place)},
                       stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    assert p.returncode == 125 and "find the program that fetches images 'skopeo'" in p.stderr and "apt install skopeo" in p.stderr, p


# ---- what a registry can do ----

def slowly(event):
    def pieces():
        event.set()
        for _ in range(600):
            yield b"x" * 1000
            time.sleep(0.1)
    return pieces


def slow(registry):
    """An image with a layer that takes a minute, and an event that it has begun."""
    made, begun = layout([BASE, PYTHON, images.layer(("opt/x", bytes(3_000_000)))]), threading.Event()
    source = registry.add(made, "slow", "1")
    last = json.loads(registry.blobs[made.manifests[0]["digest"]])["layers"][2]["digest"]
    registry.blobs[last] = slowly(begun)
    return source, begun


def of_group(group):
    """The processes that are alive in it."""
    found = []
    for stat_file in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat_file.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[2]) == group and fields[0] not in "ZX":
            found.append(stat_file.parent.name)
    return found


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_a_signal_while_it_is_fetched_leaves_neither_files_nor_processes(store, registry, home, sent):
    source, begun = slow(registry)
    p = subprocess.Popen(store.argv("add", INSECURE, "python3.13", source), env=store.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                         start_new_session=True)
    assert begun.wait(30)
    assert len(of_group(p.pid)) == 2 and len(list((store.dir / "tmp").iterdir())) == 1
    os.kill(p.pid, sent)
    p.communicate(timeout=20)
    assert p.returncode == -sent
    for _ in range(100):
        if not of_group(p.pid):
            break
        time.sleep(0.05)
    assert of_group(p.pid) == []
    if sent == signal.SIGKILL:
        assert len(list((store.dir / "tmp").iterdir())) == 1
        store("list")  # the next lrun with this store
    assert nothing_left(store) and store.list() == []


def test_another_lrun_leaves_what_is_being_fetched(store, registry, home):
    source, begun = slow(registry)
    p = subprocess.Popen(store.argv("add", INSECURE, "python3.13", source), env=store.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    assert begun.wait(30)
    assert store("list").returncode == 0 and len(list((store.dir / "tmp").iterdir())) == 1
    os.kill(p.pid, signal.SIGTERM)
    p.wait()


def endless():
    """As far as a disk should bear it, if nobody stops it."""
    for _ in range(200):
        yield bytes(1 << 20)


LIES = {
    "a blob without end": lambda r, blob, manifest: r.blobs.__setitem__(blob, endless),
    "another blob": lambda r, blob, manifest: r.blobs.__setitem__(blob, b"x" * len(r.blobs[blob])),
    "a blob is missing": lambda r, blob, manifest: r.blobs.pop(blob),
    "no JSON": lambda r, blob, manifest: r.manifests.__setitem__(("fn", "1"), (b"{", images.OCI + "manifest.v1+json")),
    "a manifest of 100 GB": lambda r, blob, manifest: r.manifests.__setitem__(("fn", "1"), (json.dumps({**manifest, "layers": [{**manifest["layers"][0], "size": 10**11}]}).encode(), images.OCI + "manifest.v1+json")),
    "a manifest without layers": lambda r, blob, manifest: r.manifests.__setitem__(("fn", "1"), (json.dumps({**manifest, "layers": []}).encode(), images.OCI + "manifest.v1+json")),
    "a manifest without end": lambda r, blob, manifest: r.manifests.__setitem__(("fn", "1"), (endless, images.OCI + "manifest.v1+json")),
    "escape sequences": lambda r, blob, manifest: r.manifests.__setitem__(("fn", "1"), (b'{"errors":[{"code":"\\u001b[2J"}],"schemaVersion":2,"manifests":[{"platform":{"os":"linux","architecture":"\\u001b[2J\\n"}}]}',
                                                                                        images.OCI + "index.v1+json")),
}


@pytest.mark.parametrize("case", LIES)
def test_a_registry_that_lies_is_refused_and_nothing_is_left(store, registry, home, case):
    made = layout()
    source = registry.add(made, "fn", "1")
    manifest = json.loads(registry.blobs[made.manifests[0]["digest"]])
    LIES[case](registry, manifest["layers"][0]["digest"], manifest)
    p = store("add", INSECURE, "python3.13", source)
    assert p.returncode == 125 and f"'{source}'" in p.stderr and p.stderr.count("\n") <= 4 and "\x1b" not in p.stderr and nothing_left(store) and store.list() == [], p
    assert case != "a blob without end" or "the registry sends more than the manifest says" in p.stderr, p


@pytest.mark.skipif(not ROOT, reason="only root can mount a small file system")
def test_a_disk_that_is_full_while_it_is_fetched_is_told(tmp, registry):
    small = tmp / "small"
    small.mkdir()
    source = registry.add(layout([BASE, PYTHON, images.layer(("opt/x", random.Random(1).randbytes(8_000_000)))]), "fn", "1")
    script = 'mount -t tmpfs -o size=4m,mode=0777 small "$0" && mount --bind "$0" /var/lib && { "$@"; echo "status $?"; find "$0" -type f; }'
    p = subprocess.run(["unshare", "-m", "sh", "-c", script, small, LRUN, "runtime", "add", INSECURE, source], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    assert "no space left on device; make room" in p.stderr and p.stdout == "status 125\n", p


def test_a_terminal_shows_how_much_is_there(store, registry, home):
    source, begun = slow(registry)
    ours, its = os.openpty()
    p = subprocess.Popen(store.argv("add", INSECURE, "python3.13", source), env=store.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=its, start_new_session=True)
    os.close(its)
    said = b""
    while b"lrun: fetching [" not in said and len(said) < 10000:
        said += os.read(ours, 1000)
    os.kill(p.pid, signal.SIGTERM)
    p.wait()
    os.close(ours)
    assert re.search(rb"lrun: fetching docker://\S+: 3 layers, 0\.0 MB", said) and re.search(rb"fetching \[[#.]{30}\] +\d+% of 0 MB", said), said
