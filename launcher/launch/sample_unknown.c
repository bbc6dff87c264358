/* SPDX-License-Identifier: Apache-2.0 */
/* sample_unknown.c: what is said of a --set whose name an event does not have. The name is followed through the event that was made (which
 * has what other names have added) as far as it leads: the nearest member there is suggested, at the top the nearest field too. */
#include "launcher/launch/sample.h"

#include "base/own.h"
#include "launcher/launch/names.h"

#include <string.h>

static void nearer(const char *word, const char *name, unsigned *best, char found[64])
{
    unsigned d = name_unlikeness(word, name);
    if (d < *best && strlen(name) < 64) {
        *best = d;
        strcpy(found, name);
    }
}

/* Goes down the event that was made, as far as the name leads; there the nearest member is suggested. */
int sample_unknown(const struct sample *s, const char *name, struct slice at, struct err *err)
{
    const char *rest = name;
    unsigned best = NAME_UNLIKE;
    char found[64] = "", step[64] = "";
    struct slice key, value;
    for (;;) {
        size_t i = 0, n = strcspn(rest, ".");
        struct slice next = {0};
        snprintf(step, sizeof step, "%.*s", (int)n, rest);
        for (struct json_walk w = json_walk(at); json_next(&w, &key, &value); i++) {
            OWN_PTR char *one = key.at ? json_plain(key) : xasprintf("%zu", i);
            if (one && strcmp(one, step) == 0)
                next = value;
        }
        if (!next.at || !rest[n])
            break;
        at = next;
        rest += n + 1;
    }
    if (rest == name)
        for (struct json_walk w = json_walk(json_find(s->header, "fields")); json_next(&w, &key, &value);) {
            OWN_PTR char *one = json_plain(key);
            nearer(step, one, &best, found);
        }
    for (struct json_walk w = json_walk_as(at, SHAPE_OBJECT); json_next(&w, &key, &value);) {
        OWN_PTR char *one = json_plain(key);
        if (one)
            nearer(step, one, &best, found);
    }
    const char *slash = strchr(s->name, '/');
    if (*found)
        fail_usage(err, "event %s has no '%.160s' (did you mean '%.*s%s'?)", s->name, name, (int)(rest - name), name, found);
    else
        fail_usage(err, "event %s has no '%.160s'", s->name, name);
    return fail_hint(err, "lrun event %.*s %s --list lists its fields; a path such as requestContext.stage sets any other value",
                     (int)(slash - s->name), s->name, slash + 1);
}
