/* SPDX-License-Identifier: Apache-2.0 */
/* explain.c: applies the rules of explain_rules.c to the evidence of a failure: which text is searched, how a pattern's match is
 * handed to a check, and what checks have in common. The checks are explain_*.c by subject; the evidence comes from
 * environment_explain.c and cmd_exec.c.
 *   payload and log  ->  text  ->  each rule in order: pattern, then its check (tell_...)  ->  at most CAUSES_MAX causes
 * A pattern alone proves nothing, since programs print errors that they handle: a rule speaks only if its check establishes the cause,
 * by the package's files, the limits, or the call that the policy refused. */
#include "launcher/diagnose/explain_rule.h"

#include "base/json.h"
#include "base/own.h"

#include <fcntl.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>

enum { LOG_LINES = 24 /* what Node.js prints of an error has 22 */, TRIES = 16 };

/* ---- the text that is searched ---- */

/* All texts of the error, a line each: message, type, trace. */
static void add_texts(const struct evidence *ev, struct text *out)
{
    struct slice rest, one;
    if (!ev->payload || !json_read(ev->payload, ev->payload_size, &rest))
        return;
    while (json_next_text(&rest, &one)) {
        json_decode_add(one, out);
        text_puts(out, "\n");
    }
}

/* A managed runtime reports the error itself, with its trace; other printed errors may have been handled long before.
 * Other runtimes, and deaths, leave only the last lines. */
bool explain_by_payload(const struct evidence *ev)
{
    return (ev->reason == BECAUSE_FUNCTION_ERROR || ev->reason == BECAUSE_INIT_ERROR) && ev->launch->runtime.family != RUNTIME_PROVIDED;
}

void explain_add_log(const struct evidence *ev, struct text *out)
{
    const char *start = ev->log + ev->log_size;
    for (int lines = 0; start > ev->log && lines <= LOG_LINES; start--)
        if (start[-1] == '\n' && ++lines > LOG_LINES)
            break;
    text_add(out, start, (size_t)(ev->log + ev->log_size - start));
}

static void collect_text(const struct evidence *ev, struct text *out)
{
    text_puts(out, "");
    add_texts(ev, out);
    if (!explain_by_payload(ev))
        explain_add_log(ev, out);
    for (size_t i = 0; i < out->n; i++)
        if (out->at[i] == '\r' || !out->at[i]) /* a traceback is one record, joined by carriage returns */
            out->at[i] = '\n';
}

bool explain_find(const char *text, const char *pattern, size_t group, char *ret, size_t size)
{
    regex_t regex;
    regmatch_t g[4];
    if (regcomp(&regex, pattern, REG_EXTENDED | REG_NEWLINE) != 0)
        return false;
    bool found = regexec(&regex, text, COUNT(g), g, 0) == 0;
    if (found)
        snprintf(ret, size, "%.*s", (int)(g[group].rm_eo - g[group].rm_so), text + g[group].rm_so);
    regfree(&regex);
    return found;
}

void explain_path(const char *word, char *ret, size_t size)
{
    while (str_begins(word, "./"))
        word += 2;
    snprintf(ret, size, word[0] == '/' ? "%s" : "/var/task/%s", word);
}

bool explain_behind_link(const struct merged *m, const char *path)
{
    OWN_PTR char *part = xstrdup(path);
    for (char *slash = strrchr(part, '/'); slash && slash > part; slash = strrchr(part, '/')) {
        *slash = 0;
        const struct merged_file *f = merged_find(m, part);
        if (f && f->type == 'l')
            return true;
    }
    return false;
}

/* "/var/task/bootstrap: line 3: " is bash's, ": 3: " dash's way to say whose line failed: that script was started. */
static const char *after_script(const char *line)
{
    const char *c = line + strcspn(line, ":");
    if (!str_begins(c, ": "))
        return line;
    c += str_begins(c, ": line ") ? 7 : 2;
    size_t digits = strspn(c, "0123456789");
    return digits && c[digits] == ':' ? c + digits : line;
}

static bool walk(const struct evidence *ev, const struct match *m, bool bare, path_fn fn, struct text *out)
{
    static const char ENDS[] = " '\"`:,;()[]<>";
    for (const char *c = after_script(m->line); *c;) {
        size_t n = strcspn(c, ENDS);
        char word[OBJECT_MAX], path[OBJECT_MAX + 16];
        snprintf(word, sizeof word, "%.*s", (int)n, c);
        explain_path(word, path, sizeof path);
        const struct merged_file *f =
            n > 1 && n < sizeof word && (bare || strchr(word, '/')) ? merged_find(&ev->package.merged, path) : NULL;
        if (f && f->type != 'd' && fn(ev, f, out))
            return true;
        c += n;
        c += strspn(c, ENDS);
    }
    return false;
}

bool explain_paths(const struct evidence *ev, const struct match *m, path_fn fn, struct text *out)
{
    return walk(ev, m, true, fn, out);
}

bool explain_started(const struct evidence *ev, const struct match *m, path_fn fn, struct text *out)
{
    return walk(ev, m, false, fn, out);
}

bool explain_tmp(const struct evidence *ev, const char *path, int64_t *ret_made_ms)
{
    struct statx st;
    if (ev->tmp < 0 || !str_begins(path, "/tmp/") || statx(ev->tmp, path + 5, AT_SYMLINK_NOFOLLOW, STATX_BTIME | STATX_CTIME, &st) < 0)
        return false;
    const struct statx_timestamp *t = st.stx_mask & STATX_BTIME ? &st.stx_btime : &st.stx_ctime;
    *ret_made_ms = t->tv_sec * 1000 + t->tv_nsec / 1000000;
    return true;
}

/* "    at handler (/var/task/index.js:3:33)": the first frame in the package. */
bool explain_source_line(const struct evidence *ev, char *ret, size_t size)
{
    static char source[65536];
    for (const char *at = ev->text; (at = strpbrk(at, "/")); at++) {
        char path[OBJECT_MAX];
        size_t n = strcspn(at, ":\n)\"");
        if (!(str_begins(at, "/var/task/") || str_begins(at, "/opt/")) || at[n] != ':' || at[n + 1] < '1' || at[n + 1] > '9' ||
            n >= sizeof path)
            continue;
        snprintf(path, sizeof path, "%.*s", (int)n, at);
        unsigned long line = strtoul(at + n + 1, NULL, 10);
        const struct merged_file *f = merged_find(&ev->package.merged, path);
        if (!f || merged_head(&ev->package.merged, f, source, sizeof source) < 1)
            continue;
        const char *c = source;
        while (--line && (c = strchr(c, '\n')))
            c++;
        if (c)
            snprintf(ret, size, "%.*s", (int)strcspn(c, "\n"), c);
        return c != NULL;
    }
    return false;
}

/* ---- the rules ---- */

static void take_group(const char *text, const regmatch_t *g, char *ret, size_t size)
{
    int n = g->rm_so < 0 ? 0 : (int)(g->rm_eo - g->rm_so);
    snprintf(ret, size, "%.*s", n, g->rm_so < 0 ? "" : text + g->rm_so);
}

static void fill_match(const char *text, const char *from, const regmatch_t *groups, struct match *m)
{
    const char *start = from + groups[0].rm_so, *end = strchrnul(start, '\n');
    while (start > text && start[-1] != '\n')
        start--;
    snprintf(m->line, sizeof m->line, "%.*s", (int)(end - start), start);
    for (int i = 1; i <= GROUPS_MAX; i++)
        take_group(from, &groups[i], m->groups[i - 1], sizeof m->groups[i - 1]);
}

/* The latest of the rule's calls that was refused; NULL: none was. prctl is many calls: the result names the option. */
static const char *refused_call(const struct rule *rule, const struct evidence *ev)
{
    static const struct {
        uint64_t option;
        const char *name;
    } OPTIONS[] = {{PR_SET_PDEATHSIG, "prctl(PR_SET_PDEATHSIG)"},
                   {PR_SET_SECCOMP, "prctl(PR_SET_SECCOMP)"},
                   {PR_SET_NO_NEW_PRIVS, "prctl(PR_SET_NO_NEW_PRIVS)"}};
    for (size_t i = ev->refused_count; i-- > 0;) {
        const char *name = seccomp_call_name(ev->refused[i].nr);
        OWN_PTR char *word = xasprintf(" %s ", name);
        if (!*name || !strstr(rule->refused, word))
            continue;
        for (size_t k = 0; k < COUNT(OPTIONS); k++)
            if (strcmp(name, "prctl") == 0 && (uint32_t)ev->refused[i].first == OPTIONS[k].option)
                return OPTIONS[k].name;
        return name;
    }
    return NULL;
}

static bool tell(const struct rule *rule, const struct evidence *ev, const struct match *m, struct text *out)
{
    const char *call = rule->refused ? refused_call(rule, ev) : NULL;
    if ((rule->refused && !call) || (rule->tell && !rule->tell(ev, m, out)))
        return false;
    if (!rule->says)
        return true;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    text_printf(out, rule->says, call ? call : m->groups[0]); /* from the table: at most one %s */
#pragma GCC diagnostic pop
    return true;
}

/* Tries each place where the pattern is found, until one is established. */
static bool apply(const struct rule *rule, const struct evidence *ev, struct text *out)
{
    static struct match m; /* large */
    regex_t regex;
    regmatch_t groups[GROUPS_MAX + 1];
    bool told = false;
    m = (struct match){0};
    if (!rule->pattern)
        return tell(rule, ev, &m, out);
    if (regcomp(&regex, rule->pattern, REG_EXTENDED | REG_NEWLINE) != 0)
        return false;
    const char *from = ev->text;
    for (int i = 0; i < TRIES && !told && regexec(&regex, from, COUNT(groups), groups, from == ev->text ? 0 : REG_NOTBOL) == 0; i++) {
        fill_match(ev->text, from, groups, &m);
        told = tell(rule, ev, &m, out);
        from += groups[0].rm_eo > groups[0].rm_so ? groups[0].rm_eo : groups[0].rm_so + 1;
    }
    regfree(&regex);
    return told;
}

size_t explain(struct evidence *ev, struct cause ret[CAUSES_MAX])
{
    struct text text = {0};
    size_t n = 0;
    collect_text(ev, &text);
    ev->text = text.at;
    package_read(&ev->launch->inputs, &ev->package);
    for (size_t i = 0; i < RULE_COUNT && n < CAUSES_MAX; i++) {
        struct text sentence = {0};
        ev->told = n;
        bool known = false; /* several rules may lead to one cause */
        for (size_t k = 0; k < n; k++)
            known = known || strcmp(ret[k].id, RULES[i].id) == 0;
        if (!known && apply(&RULES[i], ev, &sentence))
            ret[n++] = (struct cause){RULES[i].id, sentence.at};
        else
            text_done(&sentence);
    }
    package_done(&ev->package);
    text_done(&text);
    return n;
}

void causes_done(struct cause *causes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(causes[i].text);
}
