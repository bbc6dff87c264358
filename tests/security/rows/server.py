# SPDX-License-Identifier: Apache-2.0
"""Mutants: the servers, their memory, their clients. The columns are described in ../mutants.py."""
ROOM = ("tests/security/test_server_room.py",)
SITES = ("tests/security/test_server_sites.py",)
URL = ("tests/serve/test_url.py",)
SLOW = ("tests/security/test_slow_clients.py",)
CLIENTS, INSIDE = "clients_do_not_fill_memory", "a_function_does_not_fill_the_memory_of_lrun"

MUTANTS = {
    "serve: what is half written is given up": ("launcher/serve/watch.c", "else if (w->again < AGAIN_MAX)", "else if (0)", {"a_layout_whose_index_comes_first_is_tried_again"}, ("tests/serve/test_watch_images.py",), "first"),
    "serve: a layout is watched once": ("launcher/serve/watch.c", "at && at->is_layout && comes", "0 && at->is_layout && comes", {"a_layout_that_is_replaced_whole_is_watched_on"}, ("tests/serve/test_watch_images.py",), "replaced"),
    "serve: each try is told": ("launcher/command/cmd_serve.c", "        if (!again)\n            err_say", "        (void)again, err_say", {"a_layout_whose_index_comes_first_is_tried_again"}, ("tests/serve/test_watch_images.py",), "first"),
    "serve: a reload has the later user's store": ("launcher/command/cmd_serve.c", "    l->inputs.added.dir = before->inputs.added.dir ? xstrdup(before->inputs.added.dir) : NULL;", "    l->inputs.added.dir = identity_store_dir(&id);", {"a_zip_that_is_reloaded_finds_the_store_again"}, ("tests/runtimes/test_image_runtimes_seen.py",), "reloaded"),
    "requests are read on behind one that is answered": (("lambda/http_server.c",) * 2, ("EV_READ, 0, much ? READ_MAX : AHEAD_MAX", "bufferevent_setwatermark(c->io, EV_READ, 0, READ_MAX)"), ("EV_READ, 0, much ? 0 : 0", "bufferevent_setwatermark(c->io, EV_READ, 0, 0)"), {CLIENTS, INSIDE}, ROOM, "fill and behind"),
    "requests are begun before the answer is taken": ("lambda/http_server.c", "(c->request || evbuffer_get_length(bufferevent_get_output(c->io)) == 0)", "1", {"no_request_is_begun_before_the_last_answer_is_taken"}, ROOM, "begun"),
    "bodies that drip keep their room": (("lambda/http_room.c",) * 2, ("bool slow = ", "if (!best || here > most)"), ("bool slow = since < 0 && ", "if (!best || here > most + 9)"), {"a_large_request_does_not_wait_for_bodies_that_drip"}, ROOM, "drip"),
    "bodies without a bound for all": ("lambda/http_room.c", "if (n > c->n && room->bodies && ", "if (0 && ", {CLIENTS, INSIDE}, ROOM, "fill and bodies"),
    "answers without a bound for all": ("lambda/http_room.c", "|| room->unsent <= room->limits.unsent)", "|| room->unsent)", {"answers_that_nobody_reads_do_not_fill_memory", INSIDE}, ROOM, "fill and answers"),
    "headers cost what they say": ("lambda/http_parse.c", "COST = 2 * (16 + sizeof(char *))", "COST = 0", {CLIENTS, INSIDE}, ROOM, "fill and headers"),
    "events without a bound of bytes": ("launcher/serve/serve_events.c", "!quota_has(&f->server->event_bytes, f->event_bytes, payload->n)", "EVENTS_MAX == 0", {"events_in_the_queue_do_not_fill_memory"}, ROOM, "fill and events"),
    "bodies that do not go on keep their room": ("launcher/serve/server.c", ".hurry = true", ".hurry = false", {"a_large_request_does_not_wait_for_bodies_that_do_not_go_on", "a_large_request_does_not_wait_for_bodies_that_drip"}, ROOM, "large_request"),
    "nesting without a bound": ("base/json_scan.c", "if (s->depth == JSON_DEPTH_MAX)", "if (s->depth == 2 * JSON_DEPTH_MAX)", {"the_depth_has_a_bound_that_is_said"}, ("tests/serve/test_payloads.py",), "depth"),
    "header lines without a bound": ("lambda/function_url_answer.c", " || headers.n + cookies.n > URL_HEAD_MAX)", ")", {"large_answers"}, URL, "large or shapes"),
    "line ends in headers": ("lambda/function_url_answer.c", '!strpbrk(value->at, "\\r\\n")', "true", {"failures_and_wrong_shapes_are_502"}, URL, "shapes or base64"),
    "headers that end at a NUL": ("lambda/function_url_answer.c", "!memchr(value->at, 0, value->n) && ", "", {"failures_and_wrong_shapes_are_502"}, URL, "shapes or base64"),
    "a stream of nothing is no answer": ("launcher/serve/serve_url.c", "if (u->in_prelude && u->prelude.n) {", "if (u->in_prelude) {", {"a_stream_of_nothing_is_an_empty_body"}, URL, "stream"),
    "a stream begins before its first byte": ("launcher/serve/serve_url.c", "u->in_prelude = content_type && strcasecmp(content_type, PRELUDE_TYPE) == 0;", "u->in_prelude = content_type && strcasecmp(content_type, PRELUDE_TYPE) == 0;\n    if (!u->in_prelude) begin_plain(u, u->content_type);", {"a_failure_before_the_first_byte_is_502"}, URL, "stream or failure_before"),
    "url: statuses below 200": ("lambda/function_url_answer.c", "digits.n}, 200, 599", "digits.n}, 100, 599", {"failures_and_wrong_shapes_are_502"}, URL, "shapes or base64"),
    "base64 as far as it goes": ("lambda/function_url_answer.c", "bool good = !encoded || base64_decode(text.at, text.n, out);", "bool good = !encoded || base64_decode(text.at, text.n, out) || true;", {"an_answer_that_is_not_base64_though_it_says_so_is_502"}, URL, "shapes or base64"),
    "text that is no UTF-8": ("lambda/request_event.c", " && is_utf8(r->body.at, r->body.n)", " && (true || is_utf8(r->body.at, r->body.n))", {"what_is_no_text_arrives_byte_by_byte"}, URL, "text or base64"),
    "answers that no subscriber was asked for": (("lambda/http_client.c",) * 2, ("c->on_reply(c->to, waited ? status : 0);", "bufferevent_setwatermark(c->io, EV_READ, 0, READ_MAX);"), ("if (waited || status == 0) c->on_reply(c->to, status);", ""), {INSIDE}, ROOM, "fill and subscriber"),
    "nobody gives way": ("lambda/http_room.c", "|| http_room_make_place(room)", "|| 0", {"whoever_waits_longest_gives_way_to_a_new_client", "idle_connections_give_way_before_half_requests"}, ROOM, "longest or idle_connections"),
    "the idle do not go first": ("lambda/http_room.c", "(c->idle ? 1e12 : 0)", "0", {"idle_connections_give_way_before_half_requests"}, ROOM, "idle_connections"),
    "accepting does not pause": ("lambda/http_server.c", "    event_del(s->accept);\n    event_add(s->again", "    event_add(s->again", {"accepting_pauses_where_nobody_can_give_way"}, ROOM, "accepting"),
    "all descriptors for clients": ("launcher/serve/server.c", "fds.rlim_cur / 2 < limits.connections)", "fds.rlim_cur == 0)", {"without_descriptors_lrun_does_not_spin"}, ROOM, "spin"),
    "descriptors that did not arrive": ("launcher/sandbox/sandbox.c", "return check_descriptors(s, &m, err);", "return check_descriptors(s, &m, err), 0;", {"an_environment_without_descriptors_is_an_error_in_words"}, ROOM, "an_environment_without"),
    "any Host": ("lambda/cross_site.c", 'strcasecmp(name, "Host") == 0 && !is_ours(value, rules)', 'strcasecmp(name, "Host") == 99 && !is_ours(value, rules)', {"the_address_that_is_listened_at_is_its_own", "every_door_is_closed_to_pages_of_other_sites", "hosts_that_only_look_like_addresses_are_refused", "names_and_origins_that_the_user_allows", "cors_opens_function_urls_alone"}, SITES, None),
    "any address": ("lambda/cross_site.c", "return four.s_addr != INADDR_ANY;", "return true;", {"every_door_is_closed_to_pages_of_other_sites"}, SITES, None),
    "any address within another": ("lambda/cross_site.c", " && !IN6_IS_ADDR_UNSPECIFIED(&six) && !IN6_IS_ADDR_V4MAPPED(&six)", "", {"every_door_is_closed_to_pages_of_other_sites", "the_address_that_is_listened_at_is_its_own"}, SITES, None),
    "the address that is listened at is refused": ("lambda/cross_site.c", " || strcmp(name, rules->address) == 0", "", {"the_address_that_is_listened_at_is_its_own"}, SITES, None),
    "any Origin": ("lambda/cross_site.c", "if (!allowed && !is_own(value, host))", "if (!allowed && !is_own(value, host) && !value)", {"the_address_that_is_listened_at_is_its_own", "every_door_is_closed_to_pages_of_other_sites", "cors_opens_function_urls_alone"}, SITES, None),
    "any Sec-Fetch-Site": ("lambda/cross_site.c", "if (!allowed && site && ", "if (0 && ", {"every_door_is_closed_to_pages_of_other_sites", "names_and_origins_that_the_user_allows"}, SITES, None),
    "function URLs are for any page": ("launcher/serve/serve_url.c", "if (server_refuses(", "if (0 && server_refuses(", {"the_address_that_is_listened_at_is_its_own", "every_door_is_closed_to_pages_of_other_sites", "names_and_origins_that_the_user_allows", "cors_opens_function_urls_alone"}, SITES, None),
    "the Invoke API is for any page": ("launcher/serve/server.c", "if (server_refuses(s->request, false, r))", "if (server_refuses(s->request, true, r))", {"the_address_that_is_listened_at_is_its_own", "every_door_is_closed_to_pages_of_other_sites", "names_and_origins_that_the_user_allows", "cors_opens_function_urls_alone"}, SITES, None),
    "a request has all the time": ("launcher/serve/server.c", ".request_s = REQUEST_S", ".request_s = 1000", {"a_client_that_is_too_slow_is_let_go"}, SLOW),
    "the next request has all the time": ("launcher/serve/server.c", ".idle_s = IDLE_S", ".idle_s = 1000", {"a_client_that_is_too_slow_is_let_go"}, SLOW),
    "what a failed call said is kept": ("launcher/serve/pool_slot.c", "    report_done(&s->report);\n    j->owner", "    j->owner", {"failures_do_not_add_up_in_the_memory_of_lrun"},
                                        ("tests/security/test_server_room.py",), "add_up"),
    "a qualifier of any form": ("lambda/invoke_api.c", "strspn(q->at, TAKEN) == q->n", "strspn(q->at, TAKEN) <= q->n", {"a_qualifier_is_one_that_the_model_allows"}, ("tests/serve/test_invoke.py",), "qualifier"),
}
