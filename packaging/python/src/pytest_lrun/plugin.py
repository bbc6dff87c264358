# SPDX-License-Identifier: Apache-2.0
"""The fixtures. README.md has what they are for."""
import os

import pytest

from .server import Server, ServerError

SHARED = "shared"  # the environment of tests that are marked warm


def pytest_addoption(parser):
    parser.addini("lrun_functions", "functions for the fixture lrun: NAME=PACKAGE", type="args")
    parser.addini("lrun_options", "further options of lrun serve", type="args")
    parser.addini("lrun_config", "a file for lrun serve --config, relative to the ini file")
    parser.addini("lrun_program", "which lrun (default: the variable LRUN, else lrun of PATH)")


def pytest_configure(config):
    config.addinivalue_line("markers", "lrun(function=NAME, warm=False): which function the fixture lrun calls; warm: share its environment with other tests")


def placed(config, word):
    """A package's path is relative to the ini file, where it is one."""
    name, mark, path = word.rpartition("=")
    found = os.path.join(str(config.rootpath), path)
    return name + mark + (found if os.path.exists(found) else path)


@pytest.fixture(scope="session")
def lrun_arguments(pytestconfig):
    config = pytestconfig.getini("lrun_config")
    functions = [placed(pytestconfig, f) for f in pytestconfig.getini("lrun_functions")]
    if not config and not functions:
        raise pytest.UsageError("lrun: name a function: lrun_functions = NAME=PACKAGE in pytest.ini, or override the fixture lrun_arguments")
    return [*pytestconfig.getini("lrun_options"), *(["--config", os.path.join(str(pytestconfig.rootpath), config)] if config else []), *functions]


@pytest.fixture(scope="session")
def lrun_server(lrun_arguments, pytestconfig, tmp_path_factory):
    program = pytestconfig.getini("lrun_program") or os.environ.get("LRUN") or "lrun"
    server, why = None, None
    try:
        server = Server(lrun_arguments, program, tmp_path_factory.mktemp("lrun"))
    except ServerError as e:
        why = str(e)
    if why:
        pytest.fail(why, pytrace=False)
    with server:
        yield server


@pytest.fixture
def lrun(request, lrun_server):
    marker = request.node.get_closest_marker("lrun")
    said = marker.kwargs if marker else {}
    environment = lrun_server.environment(SHARED if said.get("warm") else None, said.get("function"))
    request.node.lrun_environment = environment
    return environment


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    environment = getattr(item, "lrun_environment", None)
    if call.when == "call" and report.failed and environment:
        report.sections.extend((f"log of invocation {r.request_id}", r.log) for r in environment.results)
