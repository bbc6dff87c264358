# SPDX-License-Identifier: Apache-2.0
"""X-Lrun-Environment: a client has an environment of his own, for a test, say, in a server that others use too."""
import threading

import pytest

from conftest import wait_until
from test_tenants import COUNT

TAKEN = "X-Lrun-Environment takes 1 to 256 letters, digits, spaces and ._:/=+-@, once"


def of(s, name=None, **more):
    """Which environment answers, and how many invocations it has had."""
    headers = {"X_Lrun_Environment": name} if name is not None else {}
    a = s.invoke("1", **headers, **more)
    assert a.status == 200, a
    return a.json[1], len(a.json[0])


def test_who_names_an_environment_has_it_alone(serve, function):
    s = serve(function(COUNT))
    shared, one, other = of(s), of(s, "test 1"), of(s, "test 2")
    assert len({shared[0], one[0], other[0]}) == 3
    assert of(s, "test 1") == (one[0], 2) and of(s, "test 2") == (other[0], 2), "each keeps its own"
    assert of(s) == (shared[0], 2), "who names none gets none that is somebody's"


def test_an_environment_that_has_served_somebody_is_not_given_to_a_keeper(serve, function):
    s = serve("--concurrency", 1, function(COUNT))
    shared = of(s)
    assert of(s, "mine")[1] == 1 and of(s)[1] == 1, "the only place is emptied for each"
    assert shared[1] == 1


def test_many_keepers_one_after_the_other_need_no_more_places(serve, function):
    s = serve("--concurrency", 2, "--queue", 0, function(COUNT))
    assert len({of(s, f"test-{i}") for i in range(8)}) == 8 and s.metric("lrun_environments") <= 2


def test_events_are_kept_apart_too(serve, function):
    s = serve(function(COUNT))
    first = of(s, "mine")
    assert s.invoke("1", Invocation_Type="Event", X_Lrun_Environment="mine").status == 202
    assert wait_until(lambda: s.metric("lrun_invocations_total") == 2), s
    assert of(s, "mine") == (first[0], 3)


def test_a_tenants_clients_may_name_environments_too(serve, function):
    s = serve("--tenancy", "per-tenant", function(COUNT))
    blue, red = of(s, "mine", Tenant_Id="blue"), of(s, "mine", Tenant_Id="red")
    assert blue[0] != red[0] and of(s, Tenant_Id="blue")[0] not in {blue[0], red[0]}
    assert of(s, "mine", Tenant_Id="blue") == (blue[0], 2)


@pytest.mark.parametrize("name", ["", "a" * 257, "a;b", "é"])
def test_a_name_of_another_form_is_refused(serve, function, name):
    s = serve(function(COUNT))
    a = s.invoke("1", X_Lrun_Environment=name)
    assert a.status == 400 and a.json["message"] == TAKEN, a


def test_keepers_at_the_same_time(serve, function):
    s = serve(function(COUNT))
    found = {}
    threads = [threading.Thread(target=lambda i=i: found.__setitem__(i, [of(s, f"t{i % 4}") for _ in range(3)])) for i in range(4)]
    for t in threads: t.start()
    for t in threads: t.join()
    assert all([n for _, n in runs] == [1, 2, 3] and len({e for e, _ in runs}) == 1 for runs in found.values()), found
