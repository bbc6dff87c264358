/* SPDX-License-Identifier: Apache-2.0 */
/* sample.c: which sample events there are, and what is listed of them. All are one JSON text, which the build makes of the files in
 * lambda/events/ and which is part of the program: one text without pointers, of which a launch reads nothing. How an event is written is
 * sample_render.c's. */
#include "launcher/launch/sample.h"

#include "base/embed.h"
#include "base/json.h"
#include "base/own.h"
#include "lambda/routes.h"
#include "launcher/launch/names.h"

#include <string.h>

EMBED(SAMPLES, "samples.json");

/* Of one walk: its samples, one after the other. */
static struct json_walk all_samples(void)
{
    struct slice top = {0};
    (void)json_read(SAMPLES, strlen(SAMPLES), &top); /* the build's own: tests/cli/test_event.py */
    return json_walk(top);
}

/* The next one. service: of this alone; NULL: any. */
static bool next_sample(struct json_walk *w, const char *service, struct sample *ret)
{
    struct slice key;
    size_t n = service ? strlen(service) : 0;
    while (json_next(w, &key, &ret->header)) {
        snprintf(ret->name, sizeof ret->name, "%.*s", (int)key.n - 2, key.at + 1);
        if (!service || (strncmp(ret->name, service, n) == 0 && ret->name[n] == '/'))
            return true;
    }
    return false;
}

static bool is_also(const struct sample *s, const char *event)
{
    struct slice key, other;
    for (struct json_walk w = json_walk(json_find(s->header, "also")); json_next(&w, &key, &other);)
        if (json_is(other, event))
            return true;
    return false;
}

/* The nearest of the services, or of a service's events. "": none is near. */
static void nearest(const char *service, const char *word, char found[64])
{
    struct sample s;
    unsigned best = NAME_UNLIKE;
    *found = 0;
    for (struct json_walk w = all_samples(); next_sample(&w, service, &s);) {
        char *slash = strchr(s.name, '/');
        *slash = 0;
        const char *name = service ? slash + 1 : s.name;
        unsigned d = name_unlikeness(word, name);
        if (d < best) {
            best = d;
            snprintf(found, 64, "%s", name);
        }
    }
}

static int no_service(const char *service, struct err *err)
{
    char near[64];
    nearest(NULL, service, near);
    if (*near)
        fail_usage(err, "no sample events of '%.40s' (did you mean '%s'?)", service, near);
    else
        fail_usage(err, "no sample events of '%.40s'", service);
    return fail_hint(err, "lrun event lists them all");
}

int sample_find(const char *name, struct sample *ret, struct err *err)
{
    OWN_PTR char *service = xasprintf("%.*s", (int)strcspn(name, "/"), name);
    const char *event = strchr(name, '/') ? strchr(name, '/') + 1 : "";
    bool known = false;
    char near[64];
    for (struct json_walk w = all_samples(); next_sample(&w, service, ret); known = true)
        if (strcmp(strchr(ret->name, '/') + 1, event) == 0 || is_also(ret, event))
            return 0;
    if (!known)
        return no_service(service, err);
    nearest(service, event, near);
    if (*near)
        fail_usage(err, "%s has no sample event '%.40s' (did you mean '%s'?)", service, event, near);
    else
        fail_usage(err, "%s has no sample event '%.40s'", service, event);
    return fail_hint(err, "lrun event %s lists those that it has", service);
}

int sample_of_word(const char *word, struct text *ret, struct err *err)
{
    struct sample s;
    struct strv sets = {0};
    OWN_PTR char *name = xasprintf("%.*s", (int)strcspn(word, "?"), word);
    if (sample_find(name, &s, err) < 0)
        return -1;
    int status = 0;
    for (const char *c = word + strlen(name); status == 0 && *c;) { /* at ? or & */
        size_t n = strcspn(++c, "&");
        struct text one = {0};
        if (n && url_decode(c, n, &one) && !memchr(one.at, 0, one.n))
            strv_add(&sets, xstrdup(one.at));
        else if (n)
            status = fail_usage(err, "event @%s: a %% in a value needs two hexadecimal digits after it (%%25 is a %%)", s.name);
        text_done(&one);
        c += n;
    }
    if (status == 0)
        status = sample_render(&s, &sets, ret, err);
    strv_done(&sets);
    return status;
}

/* ---- lists ---- */

static void print_text(struct slice v, FILE *to)
{
    struct text plain = json_plain_text(v);
    fputs(plain.at ? plain.at : "", to);
    text_done(&plain);
}

int sample_list(const char *service, FILE *to, struct err *err)
{
    struct sample s;
    size_t n = 0;
    char before[64] = "";
    for (struct json_walk w = all_samples(); next_sample(&w, service, &s); n++) {
        char *slash = strchr(s.name, '/');
        *slash = 0;
        fprintf(to, "%-13s %-31s ", strcmp(before, s.name) == 0 ? "" : s.name, slash + 1);
        print_text(json_find(s.header, "title"), to);
        fputs("\n", to);
        strcpy(before, s.name);
    }
    return n ? 0 : no_service(service, err);
}

void sample_list_fields(const struct sample *s, FILE *to)
{
    struct slice key, field, path;
    print_text(json_find(s->header, "title"), to);
    fputs("\n", to);
    for (struct json_walk w = json_walk(json_find(s->header, "fields")); json_next(&w, &key, &field);) {
        struct slice value = json_find(field, "default");
        OWN_PTR char *name = json_plain(key);
        fprintf(to, "  %-16s ", name);
        print_text(json_find(field, "help"), to);
        if (json_shape(value) != SHAPE_OBJECT) {
            fputs(" (default ", to);
            print_text(value, to);
            fputs(")", to);
        }
        fputs("\n", to);
    }
    fputs("any other value by its path in the event: names and indices, with dots between them", to);
    bool first = true;
    for (struct json_walk w = json_walk(json_find(s->header, "open")); json_next(&w, &key, &path); first = false) {
        fputs(first ? "; new ones below " : ", ", to);
        print_text(path, to);
    }
    fputs("\n", to);
}
