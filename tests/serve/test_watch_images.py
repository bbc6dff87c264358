# SPDX-License-Identifier: Apache-2.0
"""serve --watch of container images: archives and layouts, replaced, rewritten and half written; and of zips that run on a stored runtime."""
import os
import shutil
import subprocess
import time

import pytest
from conftest import skip, wait_until

from support.base_image import START, base, config
from support.images import layer, make

APP = "def handler(event, context):\n    return %d\n"


def tars(version):
    return [base(), layer(("var/task/app.py", (APP % version).encode()))]


def image(path, version, form):
    return make(path, tars(version), form, how="plain", configuration=config(tars(version), config={**START, "Cmd": ["app.handler"]}))


def readable(path):
    subprocess.run(["chmod", "-R", "a+rX", path], check=True)
    return path


@pytest.mark.parametrize("form", ["docker", "oci"])
def test_an_archive_is_reloaded_and_a_half_of_it_is_not(serve, tmp, form):
    s = serve("--watch", readable(image(tmp / "i.tar", 1, form)))
    assert s.invoke().json == 1
    image(tmp / "new.tar", 2, form)
    os.rename(readable(tmp / "new.tar"), tmp / "i.tar")
    assert wait_until(lambda: s.invoke().json == 2, 10), s
    whole = image(tmp / "new.tar", 3, form).read_bytes()
    with open(tmp / "i.tar", "wb") as f:  # as docker save -o or a shell's > writes it
        f.write(whole[:len(whole) // 2])
    assert wait_until(lambda: "not reloaded" in s.log, 5), s
    assert s.invoke().json == 2
    with open(tmp / "i.tar", "ab") as f:
        f.write(whole[len(whole) // 2:])
    assert wait_until(lambda: s.invoke().json == 3, 10), s


def test_a_layout_is_reloaded_once_its_index_is_written(serve, tmp):
    s = serve("--watch", f"{readable(image(tmp / 'l', 1, 'directory'))}/")
    assert s.invoke().json == 1
    image(tmp / "new", 2, "directory")
    shutil.copytree(tmp / "new/blobs", tmp / "l/blobs", dirs_exist_ok=True)
    time.sleep(0.5)
    assert s.metric("lrun_reloads_total") == 0, s
    shutil.copy(tmp / "new/index.json", tmp / "l/index.json")
    assert wait_until(lambda: s.invoke().json == 2, 10) and "not reloaded" not in s.log, s


def test_a_layout_whose_index_comes_first_is_tried_again(serve, tmp):
    s = serve("--watch", readable(image(tmp / "l", 1, "directory")))
    image(tmp / "new", 2, "directory")
    shutil.copy(tmp / "new/index.json", tmp / "l/index.json")
    assert wait_until(lambda: "not reloaded" in s.log, 5), s
    time.sleep(1.5)  # it was tried again by now
    shutil.copytree(tmp / "new/blobs", tmp / "l/blobs", dirs_exist_ok=True)
    assert wait_until(lambda: s.invoke().json == 2, 15) and s.log.count("not reloaded") == 1, s


@pytest.mark.parametrize("how", ["renamed", "removed and made"])
def test_a_layout_that_is_replaced_whole_is_watched_on(serve, tmp, how):
    s = serve("--watch", readable(image(tmp / "l", 1, "directory")))
    for version in (2, 3):
        image(tmp / "new", version, "directory")
        if how == "renamed":
            os.rename(tmp / "l", tmp / f"old-{version}")
            os.rename(tmp / "new", tmp / "l")
        else:
            shutil.rmtree(tmp / "l")
            (tmp / "l").mkdir()
            time.sleep(0.5)
            shutil.copytree(tmp / "new", tmp / "l", dirs_exist_ok=True)
            shutil.rmtree(tmp / "new")
        assert wait_until(lambda: s.invoke().json == version, 15), s
    image(tmp / "new", 4, "directory")
    time.sleep(2)
    shutil.copytree(tmp / "new/blobs", tmp / "l/blobs", dirs_exist_ok=True)
    shutil.copyfile(tmp / "new/index.json", tmp / "l/index.json")
    assert wait_until(lambda: s.invoke().json == 4, 15), s


def test_skopeo_copies_into_a_layout(serve, tmp):
    if not shutil.which("skopeo"):
        skip("skopeo is not installed")
    for version in (1, 2):
        image(tmp / f"{version}.tar", version, "docker")

    def copy(version):
        subprocess.run(["skopeo", "--insecure-policy", "copy", "-q", f"docker-archive:{tmp}/{version}.tar", f"oci:{tmp}/l:tag"], check=True)
        readable(tmp / "l")

    copy(1)
    s = serve("--watch", f"{tmp}/l:tag")
    assert s.invoke().json == 1
    copy(2)
    assert wait_until(lambda: s.invoke().json == 2, 15), s
