# SPDX-License-Identifier: Apache-2.0
"""Suites of test frameworks, compiled and run inside with what --tools dev shows; their reports come back. Each suite has a test that
passes and one that fails. docs/test-frameworks.md has these commands; Go's and Rust's are in tests/conformance/frameworks.sh."""
import glob
import os
import re
import shutil
import xml.etree.ElementTree as xml

import pytest

from conftest import TOP, make_zip, skip

ADDER = (TOP / "examples/exec-tests/adder.c").read_text()


def directory(place, files):
    for name, text in files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(text)
    return place


def suite(lrun, fn, script, out, *options):
    r = lrun.sh(fn, script, options=("--tools", "dev", "--out", out, *options), timeout=120)
    reports = sorted(p for p in out.iterdir()) if out.exists() else []
    return r, reports


def verdicts(report):
    """By name: did it pass?"""
    return {c.get("name").removesuffix("()"): c.find("failure") is None and c.get("status") != "fail" for c in xml.parse(report).iter("testcase")}


def need(*programs):
    for program in programs:
        if not shutil.which(program, path="/usr/bin:/bin"):
            skip(f"{program} is not installed: make deps")


def test_pytest(lrun, tmp):
    if not os.path.isdir("/usr/lib/python3/dist-packages/_pytest"):
        skip("python3-pytest is not installed: make deps")
    fn = make_zip(tmp / "fn.zip", {"app.py": "def add(a, b):\n    return a + b\n", "tests/test_app.py": "import app\n\ndef test_adds(tmp_path):\n    assert app.add(1, 2) == 3 and str(tmp_path).startswith('/tmp/')\n\ndef test_fails():\n    assert app.add(1, 2) == 4\n"})
    r, [report] = suite(lrun, fn, "python3 -m pytest -q -p no:cacheprovider tests --junitxml /tmp/out/junit.xml", tmp / "out", "--runtime", "python3")
    assert r.code == 1 and verdicts(report) == {"test_adds": True, "test_fails": False} and "Warning" not in r.text, r


def test_unittest_needs_nothing_of_the_hosts(lrun, tmp):
    fn = make_zip(tmp / "fn.zip", {"test_app.py": "import unittest\n\nclass T(unittest.TestCase):\n    def test_adds(self):\n        self.assertEqual(1 + 2, 3)\n"})
    r = lrun.sh(fn, "python3 -m unittest", options=("--runtime", "python3", "--tools", "lambda"))
    assert r.code == 0 and "Ran 1 test" in r.log, r


CMAKE = """
cmake_minimum_required(VERSION 3.21)
project(adder C)
enable_testing()
add_executable(adder adder.c)
add_test(NAME adds COMMAND adder 1 2)
add_test(NAME fails COMMAND adder 1 3)
set_tests_properties(adds fails PROPERTIES PASS_REGULAR_EXPRESSION "^3")
"""
CTEST = "cmake -S . -B /tmp/build {} && cmake --build /tmp/build -j 2 && ctest --test-dir /tmp/build --output-junit /tmp/out/junit.xml"


@pytest.mark.parametrize("generator,program,policy", [("-G Ninja", "ninja", "lambda"), ("-G 'Unix Makefiles'", "make", "core")], ids=["ninja", "make"])
def test_ctest(lrun, tmp, generator, program, policy):
    need("cmake", "cc", program)
    if tuple(map(int, re.search(r"(\d+)\.(\d+)", os.popen("/usr/bin/cmake --version").read()).groups())) < (3, 21):
        skip("CTest has no JUnit report before CMake 3.21")
    fn = directory(tmp / "fn", {"CMakeLists.txt": CMAKE, "adder.c": ADDER})
    r, [report] = suite(lrun, fn, CTEST.format(generator), tmp / "out", "--seccomp", policy)
    assert r.code == 8 and verdicts(report) == {"adds": True, "fails": False}, r
    assert sorted(os.listdir(fn)) == ["CMakeLists.txt", "adder.c"]


def test_make_needs_another_policy_than_lambdas(lrun, tmp):
    """Debian's make takes its own user id before each command, which Lambda refuses: a change here is one for docs/test-frameworks.md."""
    need("make")
    fn = directory(tmp / "fn", {"Makefile": "all:\n\t@echo made\n"})
    assert lrun.exec(fn, "make", options=("--tools", "dev", "--seccomp", "core")).text == "made\n"
    r = lrun.exec(fn, "make", options=("--tools", "dev"))
    if r.code == 0:
        pytest.skip("not every make takes back an ordinary user's id before it starts a command")
    assert r.code == 2 and "make: echo: Operation not permitted" in r.log, r


JUNIT = [f"/usr/share/java/{name}.jar" for name in (
    "junit-platform-console", "junit-platform-launcher", "junit-platform-engine", "junit-platform-commons", "junit-platform-reporting", "junit-jupiter-api", "junit-jupiter-engine",
    "picocli", "opentest4j", "opentest4j-reporting-events", "opentest4j-reporting-schema", "apiguardian-api", "univocity-parsers")]
CALC_TEST = """
import org.junit.jupiter.api.Test;
import static org.junit.jupiter.api.Assertions.assertEquals;

class CalcTest {
    @Test void adds() { assertEquals(3, Calc.add(1, 2)); }
    @Test void fails() { assertEquals(4, Calc.add(1, 2)); }
}
"""


@pytest.mark.parametrize("jars", ["the host's", "a volume's"])
def test_junit(lrun, tmp, jars):
    need("javac", "java")
    there = [j for j in JUNIT if os.path.exists(j)]
    if JUNIT[0] not in there:
        skip("junit5 is not installed: make deps")
    fn = directory(tmp / "fn", {"Calc.java": "class Calc { static int add(int a, int b) { return a + b; } }\n", "CalcTest.java": CALC_TEST})
    options, path = (), ":".join(there)
    if jars == "a volume's":
        (tmp / "jars").mkdir()
        for j in there:
            shutil.copy(j, tmp / "jars")
        options, path = ("--volume", f"{tmp}/jars:/mnt/jars"), "/mnt/jars/*"
    script = f"javac -cp '{path}' -d /tmp/classes *.java && java -cp '{path}' org.junit.platform.console.ConsoleLauncher -cp /tmp/classes --scan-classpath --reports-dir /tmp/out --disable-banner"
    r, reports = suite(lrun, fn, script, tmp / "out", *options)
    [report] = [p for p in reports if "jupiter" in p.name]
    assert r.code == 1 and verdicts(report) == {"adds": True, "fails": False}, r


def test_nodes_own_runner(lrun, tmp):
    need("node")
    if int(re.search(r"\d+", os.popen("/usr/bin/node --version").read()).group()) < 18:
        skip("Node.js has a test runner since 18")
    fn = make_zip(tmp / "fn.zip", {"index.js": "exports.add = (a, b) => a + b;\n", "test/add.test.js": """
const test = require("node:test"), assert = require("node:assert"), { add } = require("/var/task/index.js");
test("adds", () => assert.strictEqual(add(1, 2), 3));
test("fails", () => assert.strictEqual(add(1, 2), 4));
"""})
    r, [report] = suite(lrun, fn, "node --test test > /tmp/out/results.tap", tmp / "out", "--runtime", "nodejs")
    text = report.read_text()
    assert r.code == 1 and re.search(r"^# pass 1$|pass 1$", text, re.M) and re.search(r"fail 1$", text, re.M), text


def test_a_toolchain_outside_usr_is_mounted_by_name(lrun, tmp):
    """As Go in /usr/local/go, rustup's in ~/.rustup and a JDK in /opt are."""
    need("javac", "java")
    [home, *_] = glob.glob("/usr/lib/jvm/*-openjdk-*/bin/javac") or [skip("no JDK of Debian's")]
    fn = directory(tmp / "fn", {"Calc.java": "class Calc { public static void main(String[] a) { System.out.println(1 + 2); } }\n"})
    r = lrun.sh(fn, "command -v javac; javac -d /tmp/classes Calc.java && java -cp /tmp/classes Calc", timeout=120,
                options=("--volume", f"{os.path.dirname(os.path.dirname(home))}:/mnt/jdk", "--env", "PATH=/mnt/jdk/bin:/usr/bin:/bin", "--tools", "dev"))
    assert r.code == 0 and r.text == "/mnt/jdk/bin/javac\n3\n", r


def test_home_is_not_set_and_a_build_finds_its_cache_in_tmp_if_it_is(lrun, empty):
    assert lrun.sh(empty, 'echo "[$HOME]"; touch ~/x', options=("--tools", "dev")).text == "[]\n"
    r = lrun.sh(empty, "mkdir -p ~/.cache/go-build && cd && pwd", options=("--tools", "dev", "--env", "HOME=/tmp"))
    assert r.code == 0 and r.text == "/tmp\n", r


def test_tools_dev_opens_nothing_for_writing(lrun, empty):
    script = "for d in /usr /usr/include /usr/lib/python3/dist-packages /usr/lib/python3/dist-packages/_pytest /usr/src /var/lang/lib; do touch $d/x && echo wrote $d; done; true"
    r = lrun.sh(empty, script, options=("--tools", "dev", "--runtime", "python3"))
    assert r.text == "" and r.log.count("Read-only file system") >= 4, r
