# SPDX-License-Identifier: Apache-2.0
"""Java's runtimes on a JVM of the host's or of the store's: how it is found and started, and what is said where something is missing. The
client is the one in java/, which answers with what it was started with; make conformance has AWS's."""
import os
import pathlib
import re
import shutil
import socket
import struct
import subprocess

import pytest

from cli.test_runtime_store import Store
from conftest import ROOT, TESTS, make_zip, skip, wait_until

JAVAC = shutil.which("javac")
HOME = pathlib.Path(os.path.realpath(JAVAC)).parents[1] if JAVAC else None  # /usr/lib/jvm/java-17-openjdk-amd64
VERSION = int(re.search(r'^JAVA_VERSION="(?:1\.)?([0-9]+)', (HOME / "release").read_text(), re.M)[1]) if HOME else 0
ID = {8: "java8.al2"}.get(VERSION, f"java{VERSION}")
OTHER = 25 if VERSION == 21 else 21  # what the release file of copies says
JARS = ("aws-lambda-java-core-1.0.jar", "aws-lambda-java-runtime-interface-client-1.0.jar", "aws-lambda-java-serialization-1.0.jar")
CLASS = "com/amazonaws/services/lambda/runtime/api/client/AWSLambda.class"


@pytest.fixture(scope="session")
def compiled(tmp_path_factory):
    """The class of the client."""
    if not JAVAC:
        skip("no JDK here")
    place = tmp_path_factory.mktemp("java")
    subprocess.run([JAVAC, "-Xlint:-options", "-source", "8", "-target", "8", "-d", place, TESTS / "runtimes/java/AWSLambda.java"], check=True, capture_output=True)
    return (place / CLASS).read_bytes()


@pytest.fixture(scope="session")
def runtime_image(tmp_path_factory):
    """A JRE of jlink's, whose release file says that it is of another version."""
    if not JAVAC:
        skip("no JDK here")
    place = tmp_path_factory.mktemp("jre") / "jre"
    subprocess.run([HOME / "bin/jlink", "--add-modules", "java.base,java.management", "--output", place], check=True, capture_output=True)
    (place / "release").chmod(0o644)
    (place / "release").write_text(re.sub('JAVA_VERSION="[^"]*"', f'JAVA_VERSION="{OTHER}.0.1"', (place / "release").read_text()))
    return place


@pytest.fixture
def jars(tmp, compiled):
    """A directory as Maven fills it."""
    place = tmp / "jars"
    place.mkdir()
    for name in JARS:
        make_zip(place / name, {CLASS: compiled} if "interface-client" in name else {"META-INF/x": ""})
    (place / "junit-4.jar").write_text("")
    return place


@pytest.fixture
def layer(tmp, jars):
    return make_zip(tmp / "client.zip", {f"java/lib/{name}": (jars / name).read_bytes() for name in JARS})


@pytest.fixture
def package(tmp):
    return make_zip(tmp / "fn.jar", {"example/App.class": "x"})


@pytest.fixture
def jre(tmp, runtime_image):
    """A copy of it, as a version manager has one."""
    place = tmp / "home/.sdkman/candidates/java/other"
    shutil.copytree(runtime_image, place, symlinks=True)
    return place


@pytest.fixture
def store(lrun, tmp):
    return Store(lrun, tmp)


def flags_of(version, megabytes, share=("-Xshare:auto",)):
    flags = [f"-XX:MaxHeapSize={megabytes}k", "-XX:+UseSerialGC", *share, "-XX:+TieredCompilation", "-XX:TieredStopAtLevel=1"]
    if version >= 11:
        flags += ["--add-opens=java.base/java.io=ALL-UNNAMED", "-Dorg.crac.Core.Compat=com.amazonaws.services.lambda.crac"]
    if version >= 17:
        flags += ["-XX:+ErrorFileToStderr"]
    return flags + (["--enable-native-access=ALL-UNNAMED"] if version >= 24 else [])


def invoke(lrun, *args, id=ID, **more):
    return lrun.run("--runtime", id, "--memory", 512, "--timeout", 20, *args, "--handler", "example.App::handle", **more)


def env(tmp, **more):
    return {"PATH": "/usr/bin:/bin", "HOME": str(tmp / "home"), **more}


# ---- how it starts ----

@pytest.mark.parametrize("memory, heap", [(512, 445645), (1769, 1539738), (10240, 8912896)])
def test_the_jvm_is_started_as_on_lambda(lrun, layer, package, memory, heap):
    r = invoke(lrun, "--memory", memory, "--layers", layer, package)
    assert r.code == 0, r
    seen = r.json
    assert seen["flags"] == flags_of(VERSION, heap) and seen["handler"] == "example.App::handle" and seen["home"] == "/var/lang", r
    assert not {"PWD", "OLDPWD", "SHLVL", "_", "LRUN_DEBUG_PORT"} & set(seen["variables"]) and "AWS_EXECUTION_ENV" in seen["variables"], r
    assert f"INIT_START Runtime Version: java:{ID[4:]}" in r.log and r.report["runtime"] == ID and r.report["runtimeSource"]["from"] == "host", r


def test_al2023_is_the_same_jvm(lrun, layer, package):
    if VERSION not in (8, 11, 17):
        skip("AWS has this version on one system only")
    r = invoke(lrun, "--layers", layer, package, id=f"java{VERSION}.al2023")
    assert r.code == 0 and r.json["flags"] == flags_of(VERSION, 445645), r


def test_the_jvm_has_its_configuration_and_certificates(lrun, layer, package):
    seen = invoke(lrun, "--layers", layer, package).json
    conf = os.path.realpath(HOME / "conf/security/java.security")
    assert seen["etc"] == ([conf.split("/")[2]] if conf.startswith("/etc/") else []), "its own, and no other's"
    if os.path.exists("/etc/ssl/certs/java/cacerts"):
        assert seen["authorities"] > 50


def test_an_archive_of_classes_is_shared_as_on_lambda(lrun, tmp, layer, package, jre):
    archive = jre / "lib/server/runtime.jsa"
    subprocess.run([jre / "bin/java", "-Xshare:dump", "-XX:+UseSerialGC", f"-XX:SharedArchiveFile={archive}"], check=True, capture_output=True)
    archive.chmod(0o644)
    r = invoke(lrun, "--layers", layer, package, id=f"java{OTHER}", env=env(tmp))
    assert r.json["flags"][2:4] == ["-Xshare:on", "-XX:SharedArchiveFile=/var/lang/lib/server/runtime.jsa"], r


def test_the_wrapper_starts_it_instead(lrun, tmp, layer, package):
    wrapper = make_zip(tmp / "wrapper.zip", {"wrap": ("#!/bin/bash\ncommand=$1; shift\nexec $command -Dmark=wrapped \"$@\"\n", 0o755)})
    assert invoke(lrun, "--layers", f"{layer},{wrapper}", "--env", "AWS_LAMBDA_EXEC_WRAPPER=/opt/wrap", package).json["mark"] == "wrapped"
    r = invoke(lrun, "--layers", layer, "--env", "AWS_LAMBDA_EXEC_WRAPPER=/opt/none", package)
    assert r.code == 1 and "/opt/none: does not exist" in r.log, r


def test_options_of_the_jvm_come_by_its_own_variable(lrun, layer, package):
    r = invoke(lrun, "--layers", layer, "--env", "JAVA_TOOL_OPTIONS=-Dmark=option", package)
    assert r.json["mark"] == "option" and "Picked up JAVA_TOOL_OPTIONS: -Dmark=option" in r.log, r


def test_a_debugger_finds_the_jvm_waiting(lrun, layer, package):
    """The handshake of Java's debuggers, then their command that lets the JVM go on."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    p = subprocess.Popen(lrun.argv("run", "--runtime", ID, "-d", port, "--layers", layer, package), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def greeted():
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as c:
                c.sendall(b"JDWP-Handshake")
                if c.recv(14) != b"JDWP-Handshake":
                    return False
                c.sendall(struct.pack(">IIBBB", 11, 1, 0, 1, 9))
                return p.wait(20) == 0
        except OSError:
            return False
    try:
        wait_until(greeted, 20)
        out, log = p.communicate(timeout=20)
    finally:
        p.kill()
    assert "-agentlib:jdwp=transport=dt_socket,server=y,suspend=y,address=127.0.0.1:" in out and '"LRUN_DEBUG_PORT"' not in out, (out, log)


# ---- the client ----

def test_the_clients_jars_are_the_packages_too(lrun, tmp, jars):
    package = make_zip(tmp / "fn.zip", {"example/App.class": "x", **{f"lib/{name}": (jars / name).read_bytes() for name in JARS}})
    assert invoke(lrun, package).json["path"] == ":".join(f"/var/task/lib/{name}" for name in JARS)


def test_a_jar_is_the_layers_before_the_packages(lrun, tmp, jars):
    content = {name: (jars / name).read_bytes() for name in JARS}
    layer = make_zip(tmp / "layer.zip", {f"java/lib/{name}": content[name] for name in JARS[1:]})
    package = make_zip(tmp / "fn.zip", {f"lib/{name}": content[name] for name in JARS[:2]})
    assert invoke(lrun, "--layers", layer, package).json["path"] == f"/var/task/lib/{JARS[0]}:/opt/java/lib/{JARS[1]}:/opt/java/lib/{JARS[2]}"


def test_a_jar_of_all_classes_has_the_client_itself(lrun, tmp, compiled):
    assert invoke(lrun, make_zip(tmp / "fn.jar", {CLASS: compiled})).json["path"] == "/var/task/"


def test_a_client_of_the_store_is_where_awss_is(lrun, tmp, package, jars, store):
    p = store("add", ID, "--client", jars)
    assert p.returncode == 0 and p.stdout.startswith(f"added {ID}.client: AWS's client, "), p
    r = store.run("run", "--runtime", ID, "--memory", 512, "--timeout", 20, package)
    assert r.json["path"] == ":".join(f"/var/runtime/lib/{name}" for name in JARS), r
    listed = store.list()
    assert [(e["id"], e["kind"], e["program"]) for e in listed] == [(f"{ID}.client", "client", None)], listed
    assert "junit" not in str(list(store.dir.glob("tree/*/tree/*"))) and store("show", f"{ID}.client").returncode == 0, "nothing else is kept"
    assert store("remove", ID).returncode == 0 and store.list() == [] and store.trees() == []


def test_a_client_of_the_store_serves_every_java(lrun, tmp, package, jars, store):
    assert store("add", f"java{OTHER}", "--client", jars).returncode == 0
    r = store.run("run", "--runtime", ID, "--memory", 512, "--timeout", 20, package)
    assert r.code == 0 and "/var/runtime/lib/" in r.json["path"], r


def test_a_jvm_is_added_with_its_client(lrun, tmp, package, jars, store, runtime_image):
    p = store("add", f"java{OTHER}", runtime_image, "--client", jars)
    assert p.returncode == 0 and f"added java{OTHER}: java {OTHER}, " in p.stdout and f"added java{OTHER}.client: " in p.stdout, p
    r = store.run("run", "--runtime", f"java{OTHER}", "--memory", 512, "--timeout", 20, package)
    assert r.code == 0 and r.json["home"] == "/var/lang" and r.report["runtimeSource"]["from"] == "store", r
    assert store("remove", f"java{OTHER}").returncode == 0 and store.trees() == []


def link(place):
    jar = place / JARS[0]
    jar.rename(place / "core")
    jar.symlink_to(place / "core")


BAD_CLIENTS = {
    "no client": (lambda place: (place / JARS[1]).unlink(), "aws-lambda-java-runtime-interface-client-*.jar is missing"),
    "no core": (lambda place: (place / JARS[0]).unlink(), "aws-lambda-java-core-*.jar is missing"),
    "a link": (link, "aws-lambda-java-core-*.jar is missing"),
    "a client of 2.8 without what it needs": (lambda place: (place / JARS[1]).rename(place / JARS[1].replace("1.0", "2.10.1")), "utils-lite-*.jar is missing"),
}


@pytest.mark.parametrize("name", BAD_CLIENTS)
def test_a_directory_that_holds_no_client_is_refused_by_name(jars, store, name):
    change, says = BAD_CLIENTS[name]
    change(jars)
    p = store("add", "java21", "--client", jars)
    assert p.returncode == 125 and f"cannot use as AWS's client of java21 '{jars}'; {says}; expected a directory with the jars of Maven's" in p.stderr, p
    assert store.list() == []


def test_what_takes_no_client_says_so(jars, store):
    assert "--client takes a directory with the jars" in store("add", "java21", "--client", jars / JARS[0]).stderr
    p = store("add", "ruby3.4", "--client", jars)
    assert p.returncode == 2 and "--client is for Java's runtimes, not for ruby3.4" in p.stderr, p
    p = store("list", "--client", jars)
    assert p.returncode == 2 and "--client is for runtime add" in p.stderr, p


def test_a_damaged_client_is_added_again(lrun, tmp, package, jars, store):
    store("add", ID, "--client", jars)
    shutil.rmtree(next((store.dir / "tree").iterdir()))
    r = store.run("run", "--runtime", ID, package)
    assert r.code == 125 and f"add it again by lrun runtime add {ID} --client DIR" in r.log, r


# ---- where a JVM is found ----

PLACES = {
    "JAVA_HOME": lambda home, place: {"JAVA_HOME": str(place)},
    "PATH": lambda home, place: {"PATH": f"{place}/bin:/usr/bin:/bin"},
    "a link of PATH": lambda home, place: {"PATH": f"{linked(home, place)}:/usr/bin:/bin"},
    "sdkman": lambda home, place: moved(place, home / ".sdkman/candidates/java/21-tem"),
    "sdkman elsewhere": lambda home, place: {**moved(place, home / "sdk/candidates/java/21-tem"), "SDKMAN_DIR": str(home / "sdk")},
    "asdf": lambda home, place: moved(place, home / ".asdf/installs/java/temurin-21"),
    "mise": lambda home, place: moved(place, home / ".local/share/mise/installs/java/21"),
    "an IDE": lambda home, place: moved(place, home / ".jdks/temurin-21"),
}


def linked(home, place):
    (home / "links").mkdir()
    (home / "links/java").symlink_to(place / "bin/java")
    return home / "links"


def moved(place, to):
    to.parent.mkdir(parents=True, exist_ok=True)
    place.rename(to)
    return {}


@pytest.mark.parametrize("name", PLACES)
def test_a_jvm_is_found_where_people_keep_it(lrun, tmp, layer, package, jre, name):
    place = tmp / "home/elsewhere"
    jre.rename(place)
    r = invoke(lrun, "--layers", layer, package, id=f"java{OTHER}", env=env(tmp, **PLACES[name](tmp / "home", place)))
    assert r.code == 0 and r.json["home"] == "/var/lang" and r.json["etc"] == [] and r.json["flags"] == flags_of(OTHER, 445645), r


def test_a_jvm_is_shown_without_telling_where_it_lies(lrun, tmp, layer, jre):
    fn = make_zip(tmp / "fn.zip", {"x": "y"})
    r = lrun.exec(fn, "/bin/sh", "-c", "ls /var/lang; grep ' /var/lang ' /proc/self/mountinfo | cut -d' ' -f4", options=("--runtime", f"java{OTHER}"), env=env(tmp))
    assert r.text.split() == [*sorted(p.name for p in jre.iterdir()), "/"], r


def test_a_command_needs_no_client(lrun, tmp, package):
    if not JAVAC:
        skip("no JDK here")
    r = lrun.exec(package, "java", "-XshowSettings:properties", "-version", options=("--runtime", ID))
    assert r.code == 0 and "java.home = /var/lang" in r.log, r


@pytest.mark.skipif(not ROOT, reason="only root has what its later uid cannot reach")
def test_what_is_found_is_what_the_later_uid_can_reach(lrun, tmp, layer, package, jre):
    (tmp / "closed").mkdir()
    shutil.move(jre, tmp / "closed/jre")
    (tmp / "closed").chmod(0o700)
    r = invoke(lrun, "--layers", layer, package, id=f"java{OTHER}", env=env(tmp, JAVA_HOME=str(tmp / "closed/jre")))
    assert r.code == 125 and "there is no JVM of its version" in r.log, r
    r = invoke(lrun, "--layers", layer, "--interpreter", tmp / "closed/jre/bin/java", package, id=f"java{OTHER}", env=env(tmp))
    assert r.code == 0 and r.json["home"] == "/var/lang", f"what the command line names is opened as root: {r}"


def test_interpreter_names_a_jvm(lrun, tmp, layer, package, jre):
    r = invoke(lrun, "--layers", layer, "--interpreter", jre / "bin/java", package, id=f"java{OTHER}")
    assert r.code == 0 and r.json["home"] == "/var/lang" and r.report["runtimeSource"]["path"] == str(jre / "bin/java"), r
    r = invoke(lrun, "--layers", layer, "--interpreter", jre / "bin/java", package)
    assert r.code == 125 and f"cannot run Java by --interpreter '{jre}/bin/java'; it is Java {OTHER}, not {VERSION}" in r.log, r
    r = invoke(lrun, "--layers", layer, "--interpreter", "/usr/bin/python3", package)
    assert r.code == 125 and "expected bin/java of a JDK or JRE with a directory of its own" in r.log, r


def test_a_jvm_in_a_root_file_system_needs_no_bootstrap_there(lrun, tmp, layer, package, runtime_image):
    root = tmp / "root"
    for d in ("usr/bin", "usr/lib", "usr/lib64", "var"):
        (root / d).mkdir(parents=True)
    for name in ("bin", "lib", "lib64"):
        (root / name).symlink_to(f"usr/{name}")
    programs = ["/bin/bash", "/usr/bin/env", "/usr/bin/uname"]
    for program in programs:
        shutil.copy2(program, root / "usr/bin")
    shutil.copytree(runtime_image, root / "var/lang", symlinks=True)
    text = subprocess.run(["ldd", *programs, runtime_image / "bin/java", runtime_image / "lib/server/libjvm.so"], capture_output=True, text=True, check=True).stdout
    for library in set(re.findall(r"(?:=> |^\s)(/lib\S*)", text, re.M)):
        to = root / library.lstrip("/")
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(library, to)
    r = invoke(lrun, "--rootfs", root, "--layers", layer, package, id=f"java{OTHER}")
    assert r.code == 0 and r.json["home"] == "/var/lang", r


# ---- what is said where something is missing ----

def missing(lrun, tmp, *args, id):
    r = lrun.run("--runtime", id, *args, make_zip(tmp / "none.zip", {"x": "y"}), env=env(tmp))
    assert r.code == 125 and len(r.log.splitlines()) == 1, r
    return r.log


def test_one_message_names_all_that_is_missing(lrun, tmp, layer):
    log = missing(lrun, tmp, id="java8")
    assert "cannot run on java8: there is no JVM of its version, and no runtime interface client of AWS's; add both: lrun runtime add java8 JDK --client DIR (Maven's com.amazonaws:" in log
    assert f"or AWS's image: lrun runtime add java8; found java{VERSION} ({HOME}/bin/java)" in log, log
    log = missing(lrun, tmp, "--layers", layer, id="java8")
    assert "cannot run on java8: there is no JVM of its version; add a JDK: lrun runtime add java8 DIR|FILE, or AWS's image: lrun runtime add java8; found java" in log
    log = missing(lrun, tmp, id=ID)
    assert f"cannot run on {ID}: there is no runtime interface client of AWS's; add it: lrun runtime add {ID} --client DIR, or copy it into java/lib of a layer or lib of the package" in log


def test_a_part_of_the_client_that_is_missing_is_named(lrun, tmp, jars):
    layer = make_zip(tmp / "layer.zip", {f"java/lib/{name}": (jars / name).read_bytes() for name in JARS[1:]})
    assert f"cannot run on {ID}: there is no aws-lambda-java-core; add it:" in missing(lrun, tmp, "--layers", layer, id=ID)


def test_a_jvm_without_a_release_file_is_not_started_to_ask(lrun, tmp, layer, jre):
    """What a directory of the user's says of itself is read, not run."""
    (jre / "release").unlink()
    (jre / "bin/java").rename(jre / "bin/real")
    (tmp / "spy.c").write_text(f'#include <stdio.h>\nint main(void) {{ fclose(fopen("{tmp}/started", "w")); return 0; }}\n')
    subprocess.run(["cc", "-static", "-o", jre / "bin/java", tmp / "spy.c"], check=True)
    tmp.chmod(0o777)
    assert "there is no JVM of its version" in missing(lrun, tmp, "--layers", layer, id=f"java{OTHER}")
    assert not (tmp / "started").exists()


def test_a_jvm_beside_other_data_is_passed_over(lrun, tmp, layer, jre):
    """What is found is shown whole: nothing else may lie in it."""
    place = tmp / "home/.local"
    jre.rename(place)
    (place / "share/keyrings").mkdir(parents=True)
    r = lrun.run("--runtime", f"java{OTHER}", "--layers", layer, make_zip(tmp / "none.zip", {"x": "y"}), env=env(tmp, PATH=f"{place}/bin:/usr/bin:/bin"))
    assert r.code == 125 and f"java{OTHER} ({place}/bin/java, beside whose bin other data lie)" in r.log, r


@pytest.mark.skipif(not ROOT, reason="only root has what its later uid cannot reach")
def test_a_directory_that_the_later_uid_cannot_list_is_said_so(jars, store):
    jars.chmod(0o700)
    p = store("add", "java21", "--client", jars)
    assert p.returncode == 125 and f"cannot open the directory '{jars}': Permission denied" in p.stderr, p


def test_a_root_file_system_without_java_is_not_added(store, tmp):
    (tmp / "root/usr/bin").mkdir(parents=True)
    p = store("add", "java21", tmp / "root")
    assert p.returncode == 125 and "it is a root file system without /var/runtime/bootstrap and without java in /var/lang/bin" in p.stderr, p


def test_a_jvm_of_another_version_is_not_added(store, tmp, runtime_image):
    p = store("add", ID, runtime_image)
    assert p.returncode == 125 and f"it holds Java {OTHER}, not {VERSION}" in p.stderr, p
