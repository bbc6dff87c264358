# SPDX-License-Identifier: Apache-2.0
"""A container image of a registry as FUNCTION: skopeo fetches what is not here yet, and only what the command line names."""
import json
import os

import pytest
from conftest import make_zip

from support.base_image import START, base
from support.images import Layout, config, layer
from support.registry import registry  # noqa: F401

INSECURE = "--insecure-registry"
BASE = base()


def push(registry, answer, tag="1"):
    """Returns how lrun names it."""
    tars = [BASE, layer(("var/task/app.py", f"def handler(event, context):\n    return {answer!r}\n".encode()))]
    made = Layout()
    made.add(made.image(tars, configuration=config(tars, config={**START, "Cmd": ["app.handler"]})))
    return registry.add(made, "apps/orders", tag)


def blobs(registry):
    return [path for path in registry.asked if "/blobs/" in path]


def test_it_runs_and_is_fetched_once(lrun, registry):
    name = push(registry, "one")
    r = lrun.run(INSECURE, name)
    assert r.code == 0 and r.json == "one" and f"lrun: fetching {name}: 2 layers" in r.log and len(blobs(registry)) == 3, (r, registry.asked)
    assert r.report["name"] == "orders" and r.report["runtimeSource"]["from"] == "image" and r.report["cache"]["misses"] == 1, r.report
    registry.asked.clear()
    r = lrun.run(INSECURE, name)
    assert r.json == "one" and "fetching" not in r.log and blobs(registry) == [] and r.report["cache"] == {"hits": 1, "misses": 0, "unpackedBytes": 0}, (r, registry.asked)
    push(registry, "two")  # the tag moves
    assert lrun.run(INSECURE, "-q", name).json == "two"
    assert lrun.exec(name, "/bin/sh", "-c", "while read l; do echo $l; done <app.py", options=(INSECURE, "-q")).text.endswith("'two'\n")
    assert os.listdir(os.path.join(lrun.cache, "tmp")) == []


def test_it_is_served_and_inspected(lrun, registry, serve):
    name = push(registry, "one")
    said = lrun("inspect", INSECURE, "--json", name, report=False)
    assert said.code == 0 and '"as":"function"' in said.text.replace(" ", ""), said
    assert serve(INSECURE, "--watch", f"orders={name}").invoke("{}", "orders").json == "one"


def test_a_registry_without_tls_must_be_accepted_by_name(lrun, registry):
    r = lrun.run(push(registry, "one"))
    assert r.code == 125 and "--insecure-registry accepts that" in r.log and registry.manifests and os.listdir(os.path.join(lrun.cache, "tmp")) == [], r


def test_what_is_not_there_is_told_in_the_registrys_words(lrun, registry):
    r = lrun.run(INSECURE, push(registry, "one") + "23")
    assert r.code == 125 and "manifest unknown" in r.log, r


@pytest.mark.parametrize("name", ["docker://", "docker://-x", "docker://a b", "docker://a\nb", "dir:relative", "docker-daemon:"])
def test_names_that_skopeo_must_not_get(lrun, name):
    assert lrun.run(name, report=False).code == 2


@pytest.mark.parametrize("inside", [True, False])
def test_what_a_file_names_is_not_fetched(lrun, tmp, registry, inside):
    (tmp / "c.json").write_text(json.dumps({"functions": {"a": {"code": push(registry, "one")}}}))
    r = lrun("serve", INSECURE, "--port", "0", "--config", "c.json" if inside else tmp / "c.json", report=False)
    assert r.code == 2 and "only the command line names images that are fetched" in r.log and registry.asked == [], r


def test_nothing_is_fetched_for_what_is_no_registrys(lrun, tmp):
    fn = make_zip(tmp / "fn.zip", {"bootstrap": "#!/bin/sh\n"})
    r = lrun.run(INSECURE, fn, report=False)
    assert r.code == 2 and "--insecure-registry is for images of registries" in r.log, r

