# SPDX-License-Identifier: Apache-2.0
"""Mutants: networks. The columns are described in ../mutants.py."""

MUTANTS = {
    "the gateway stands for the host": ("launcher/sandbox/network.c", '"--no-map-gw", ', "", {"user_does_not_reach_the_hosts_loopback"}, ("tests/sandbox/test_network.py",), "loopback", "network"),
    "the metadata service": ("launcher/sandbox/steps.c", "return in->spec->net == NET_USER ? network_hide_metadata(err) : 0;", "return 0;", {"the_machines_metadata_service"}, (), None, "network"),
    "--net host does not say who reaches the Runtime API": ("launcher/launch/launch.c", ', and others on "\n                                            "this machine can reach its Runtime API', "", {"host_warns"}, ("tests/sandbox/test_network.py",), "host_warns"),
    "the network aside on a busy machine": ("launcher/sandbox/network.c", "|| !network_aside_pays(load, CPU_COUNT(&cpus)) ||", "||", {"is_made_aside_if_a_processor_is_free", "the_runtime_api_is_there_either_way"}, ("tests/sandbox/test_network_aside.py",)),
    "a server's networks aside": ("launcher/launch/launch.c", ".network_aside = !r->kind->many_at_once && ", ".network_aside = true,", {"a_server_starts_many_and_makes_none_aside"}, ("tests/sandbox/test_network_aside.py",)),
}
