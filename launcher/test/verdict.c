/* SPDX-License-Identifier: Apache-2.0 */
/* verdict.c: the expectations of a case, one after the other, against what was seen. All of them are looked at, so that one run shows all
 * that is wrong. A log that was too long to be kept cannot prove that a text is not in it.
 * What a pattern matches is match.c's. */
#include "launcher/test/verdict.h"

#include "base/json.h"
#include "base/own.h"
#include "launcher/test/expression.h"

#include <string.h>

const char *const VERDICT_NAMES[VERDICT_COUNT] = {"not run", "passed", "failed", "broken", "skipped"};

static void add(struct differences *d, const char *where, char *expected, char *got)
{
    differences_add(d, xstrdup(where), expected, got);
}

static char *shown_response(const struct seen *s)
{
    struct slice top;
    if (s->response_size && json_read(s->response, s->response_size, &top))
        return match_shown(top);
    return s->response_size ? match_shown_bytes(s->response, s->response_size) : xstrdup("an empty response");
}

static void judge_status(const struct test_case *t, const struct seen *s, struct differences *ret)
{
    int wanted = t->expect.status >= 0 ? t->expect.status : t->expect.any_status ? -1 : STATUS_SUCCESS;
    if (wanted >= 0 && wanted != (int)s->status) {
        OWN_PTR char *response = shown_response(s);
        add(ret, "status", xstrdup(EVENT_STATUS_NAMES[wanted]), xasprintf("%s: %s", EVENT_STATUS_NAMES[s->status], response));
    }
}

static void judge_result(const struct test_case *t, const struct seen *s, struct differences *ret)
{
    struct slice top;
    if (!t->expect.result.at || (s->status != STATUS_SUCCESS && !t->expect.any_status))
        return; /* that it failed is said already */
    if (s->response_size && json_read(s->response, s->response_size, &top))
        match_json(t->expect.result, top, t->expect.exact, "$", ret);
    else
        add(ret, "$", xstrdup("JSON"), shown_response(s));
}

static void judge_error(const struct test_case *t, const struct seen *s, struct differences *ret)
{
    struct slice top = {0};
    if (!t->expect.error)
        return;
    if (s->status == STATUS_SUCCESS) {
        add(ret, "error", xstrdup("an error"), shown_response(s));
        return;
    }
    json_read(s->response ? s->response : "", s->response_size, &top);
    if (t->expect.type.at)
        match_json(t->expect.type, json_find(top, "errorType"), false, "error.type", ret);
    if (t->expect.message.at)
        match_json(t->expect.message, json_find(top, "errorMessage"), false, "error.message", ret);
}

static bool finds(struct slice one, const struct seen *s)
{
    struct slice of = json_find(one, "$match");
    struct text text = {0};
    if (of.at)
        return expression_finds(of, s->log, s->log_size, true);
    json_decode_add(one, &text);
    bool found = !text.n || memmem(s->log ? s->log : "", s->log_size, text.at, text.n);
    text_done(&text);
    return found;
}

static void judge_text(struct slice one, bool wanted, const struct seen *s, struct differences *ret)
{
    bool found = finds(one, s);
    OWN_PTR char *shown = match_shown(one);
    if (wanted && !found)
        add(ret, "log", xstrdup(shown), s->log_cut ? xstrdup("not in the part of the log that was kept") : xstrdup("not in the log"));
    else if (!wanted && found)
        add(ret, "log", xasprintf("no %s", shown), xstrdup("in the log"));
    else if (!wanted && s->log_cut)
        add(ret, "log", xasprintf("no %s", shown), xasprintf("a log that is too long to tell: %zu bytes were not kept", s->log_cut));
}

static void judge_log(struct slice texts, bool wanted, const struct seen *s, struct differences *ret)
{
    struct slice none, one;
    if (texts.at && json_shape(texts) != SHAPE_ARRAY)
        judge_text(texts, wanted, s, ret);
    for (struct json_walk w = json_walk_as(texts, SHAPE_ARRAY); json_next(&w, &none, &one);)
        judge_text(one, wanted, s, ret);
}

static void judge_why(const struct test_case *t, const struct seen *s, struct differences *ret)
{
    struct text ids = {0};
    if (!t->expect.why)
        return;
    for (size_t i = 0; i < s->why->n; i += 2) {
        if (strcmp(s->why->at[i], t->expect.why) == 0) {
            text_done(&ids);
            return;
        }
        text_printf(&ids, "%s%s", ids.n ? ", " : "", s->why->at[i]);
    }
    add(ret, "why", xstrdup(t->expect.why), ids.at ? ids.at : xstrdup("no why: line"));
}

void verdict_of(const struct test_case *t, const struct seen *seen, struct differences *ret)
{
    judge_status(t, seen, ret);
    judge_result(t, seen, ret);
    judge_error(t, seen, ret);
    judge_why(t, seen, ret);
    judge_log(t->expect.log, true, seen, ret);
    judge_log(t->expect.no_log, false, seen, ret);
    if (t->expect.max_ms && seen->ms > (double)t->expect.max_ms)
        add(ret, "duration", xasprintf("at most %ju ms", (uintmax_t)t->expect.max_ms), xasprintf("%.2f ms", seen->ms));
}

void result_done(struct result *r)
{
    differences_done(&r->differences);
    strv_done(&r->why);
    text_done(&r->log);
    free(r->broken);
}
