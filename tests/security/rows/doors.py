# SPDX-License-Identifier: Apache-2.0
"""Mutants: doors in the network (--net allow). The columns are described in ../mutants.py."""

DOORS, UNIT = "tests/sandbox/test_doors.py", "tests/unit/test_door.c"
INSIDE = "a_public_name_that_leads_to_this_machine_or_its_network_is_refused"
MUTANTS = {
    "doors: a public name leads to this machine": ("relay/door.c", "case ADDRESS_LOOPBACK: return d->literal || d->localhost || d->may_be_private;", "case ADDRESS_LOOPBACK: return true;",
                                                   {INSIDE, "a_name_that_changes_its_mind_is_judged_at_each_connection", "of_several_addresses_the_harmless_one_is_taken"}, (DOORS,), "public or mind or several"),
    "doors: a public name leads to the private network": ("relay/door.c", "case ADDRESS_PRIVATE: return d->literal || d->may_be_private;", "case ADDRESS_PRIVATE: return true;", {INSIDE}, (DOORS,), "public or mind or several"),
    "doors: a name leads to the metadata service": ("relay/door.c", "case ADDRESS_METADATA: return d->literal;", "case ADDRESS_METADATA: return d->literal || d->may_be_private;",
                                                    {"no_name_leads_to_the_clouds_metadata_service"}, (DOORS,), "metadata"),
    "doors: the unspecified address": ("relay/address.c", "{V4(0, 0, 0, 0), 8, ADDRESS_UNUSABLE},", "{V4(0, 0, 0, 0), 8, ADDRESS_PUBLIC},", {"no_name_leads_to_the_unspecified_address"}, (DOORS,), "unspecified"),
    "doors: what IPv6 embeds": ("relay/address.c", '{"::ffff:0:0", 96, ADDRESS_PUBLIC, 12},', '{"::ffff:0:0", 96, ADDRESS_PUBLIC, NOT_EMBEDDED},', {"has_the_kind_of_its_network"}, (UNIT,)),
    "doors: numbers as names": ("relay/door.c", " && !inet_aton(host, &number);", " && (memset(&number, 0, sizeof number), true);", {"that_is_misspelt_is_refused_with_the_reason", "bad_doors_are_refused"}, (UNIT, DOORS), "bad"),
    "doors: characters of names": ("relay/door.c", "if (!d->literal && !is_name(d->host))", "if (!d->literal && !is_name(d->host) && !strchr(d->host, '\\n'))", {"that_is_misspelt_is_refused_with_the_reason"}, (UNIT,)),
    "doors: the relay encloses itself": ("relay/relay_main.c", " || enclose(&relay.doors, &err) < 0)", ")", {"the_relay_has_next_to_nothing", "the_relay_encloses_itself_before_it_is_given_a_connection"}, (DOORS,), "relay"),
    "doors: the relay's files and ports": ("relay/enclose.c", " || landlock(doors, err) < 0)", " || (doors->n > DOORS_MAX && landlock(doors, err) < 0))", {"an_enclosed_relay_can_do_no_more", "an_enclosed_relay_connects_to_its_doors_ports_only"}, (DOORS,), "enclosed"),
    "doors: the relay writes where there is no Landlock": ("relay/enclose.c", "O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY", "O_CREAT & O_TRUNC, O_RDONLY", {"a_relay_without_landlock_writes_nothing"}, (DOORS,), "without_landlock"),
    "doors: the relay's sockets": ("relay/enclose.c", "FAMILIES[] = {AF_INET, AF_INET6}", "FAMILIES[] = {AF_INET, AF_INET6, AF_UNIX}", {"an_enclosed_relay_can_do_no_more"}, (DOORS,), "enclosed"),
    "doors: the relay outlives lrun": (("launcher/sandbox/doors.c", "relay/relay_main.c", "relay/relay_main.c"),
                                       ("prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != lrun", "prctl(PR_SET_PDEATHSIG, SIGKILL);", "if (got > 0 && p[0].revents)"),
                                       ("getppid() != lrun", "prctl(PR_SET_PDEATHSIG, 0);", "if (got > 0 && p[0].revents & POLLIN)"), {"the_relay_goes_with_lrun"}, (DOORS,), "goes"),
}
