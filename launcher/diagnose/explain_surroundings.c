/* SPDX-License-Identifier: Apache-2.0 */
/* explain_surroundings.c: what a function expects around it and Lambda lacks: IPv6, /sys, a terminal, variables, a server on
 * localhost, a place for a database. Limits and leftovers are explain_state.c. Several of these are only lrun's defaults (no network,
 * fake credentials): then the sentence says so, or somebody would look for the fault in his function. */
#include "launcher/diagnose/explain_rule.h"

#include "base/fs.h"
#include "base/own.h"
#include "launcher/diagnose/handler.h"
#include "launcher/sandbox/network.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Lines that Lambda itself logs, not the function. */
static bool is_platforms(const char *line, size_t n)
{
    static const char *const STARTS[] = {"START RequestId: ", "END RequestId: ", "REPORT RequestId: ", "INIT_START ",
                                         "INIT_REPORT ",      "EXTENSION\t",     "{\"time\":"};
    for (size_t i = 0; i < COUNT(STARTS); i++)
        if (str_begins(line, STARTS[i]))
            return true;
    return n == 0;
}

/* Whether the line is the last that the program printed, and so not a warning after which it went on. */
bool tell_last_words(const struct evidence *ev, const struct match *m, struct text *out)
{
    const char *last = "";
    size_t last_n = 0;
    (void)out;
    if (explain_by_payload(ev))
        return true;
    for (const char *line = ev->text, *end; *line; line = *end ? end + 1 : end) {
        end = strchrnul(line, '\n');
        if (!is_platforms(line, (size_t)(end - line))) {
            last = line;
            last_n = (size_t)(end - line);
        }
    }
    size_t known = strlen(m->line);
    return last_n >= known && known > 0 && strncmp(last, m->line, known) == 0;
}

/* The error does not name the address family: an address or the name of a constant must show that it was IPv6. */
bool tell_ipv6(const struct evidence *ev, const struct match *m, struct text *out)
{
    static const char *const SIGNS[] = {"AF_INET6", "IPv6", "InterNetworkV6", "tcp6", "udp6",  "::1",
                                        "[::",      "'::",  "\"::",           " :::", " ::\n", NULL};
    (void)m, (void)out;
    return explain_says(ev, SIGNS);
}

bool tell_mlock(const struct evidence *ev, const struct match *m, struct text *out)
{
    static const char *const ERRORS[] = {
        "annot allocate memory", "ENOMEM", "esource temporarily unavailable", "EAGAIN", "peration not permitted", "EPERM", NULL};
    (void)m, (void)out;
    return explain_says(ev, ERRORS);
}

bool tell_no_login(const struct evidence *ev, const struct match *m, struct text *out)
{
    static const char *const ERRORS[] = {"[Errno 6]", "[Errno 25]", "[Errno 2]", NULL};
    (void)m, (void)out;
    return explain_says(ev, ERRORS);
}

/* ---- variables that other systems set ---- */

static bool say_unset(const struct evidence *ev, const char *name, struct text *out)
{
    if (handler_variable(ev->launch, name))
        return false;
    text_printf(out, "%s is not set on Lambda: set it in the function's variables%s, or do without it", name,
                strcmp(name, "HOME") == 0 ? ", to a directory in /tmp" : "");
    return true;
}

bool tell_unset(const struct evidence *ev, const struct match *m, struct text *out)
{
    static const char *const ERROR[] = {"KeyError", NULL}, *const PLACE[] = {"<frozen os>", "/os.py\"", NULL};
    return explain_says(ev, ERROR) && explain_says(ev, PLACE) && say_unset(ev, m->groups[0], out);
}

/* In Node.js an unset variable is undefined, and its use fails: the line of the source names the variable. */
bool tell_unset_in_node(const struct evidence *ev, const struct match *m, struct text *out)
{
    static const char *const NAMES[] = {"HOME", "USER", "LOGNAME", "HOSTNAME", "SHELL"};
    char line[1024];
    (void)m;
    bool found = explain_source_line(ev, line, sizeof line);
    for (size_t i = 0; found && i < COUNT(NAMES); i++) {
        OWN_PTR char *use = xasprintf("process.env.%s", NAMES[i]);
        const char *at = strstr(line, use), *end = at ? at + strlen(use) : NULL;
        if (at && !((*end >= 'A' && *end <= 'Z') || *end == '_'))
            return say_unset(ev, NAMES[i], out);
    }
    return false;
}

/* ---- SQLite, whose words name no file: the call in the trace does ---- */

bool tell_new_database(const struct evidence *ev, const struct match *m, struct text *out)
{
    char line[1024], name[OBJECT_MAX], path[OBJECT_MAX + 16];
    (void)m;
    if (ev->told)
        return false;
    if (!explain_find(ev->text, "connect\\( *['\"]([^'\":?]+)['\"]", 1, name, sizeof name) &&
        !(explain_source_line(ev, line, sizeof line) &&
          explain_find(line, "(Database|DatabaseSync|connect|open)\\( *['\"`]([^'\"`:?$]+)['\"`]", 2, name, sizeof name)))
        return false;
    explain_path(name, path, sizeof path);
    if (!(str_begins(path, "/var/task/") || str_begins(path, "/opt/")) || merged_find(&ev->package.merged, path))
        return false;
    text_printf(out,
                "SQLite cannot create %s: on Lambda everything but /tmp is read-only; open the database in /tmp, or pack it with the "
                "function and open it read-only",
                path);
    return true;
}

/* ---- localhost ---- */

/* The kernel's list of sockets of lrun's own network namespace, which is the host's: an address in hexadecimal, its words in the
 * machine's order. A program that listens there on all addresses or on a loopback address could have been reached. */
static bool host_listens(const char *list, unsigned wanted)
{
    FILE *f = fopen(list, "re");
    char line[512], address[33];
    unsigned port, state;
    bool found = false;
    while (f && !found && fgets(line, sizeof line, f)) {
        if (sscanf(line, " %*u: %32[0-9A-F]:%X %*[0-9A-F]:%*X %X", address, &port, &state) != 3 || port != wanted || state != 0x0a)
            continue;
        size_t n = strlen(address);
        bool all = strspn(address, "0") == n, four = n == 8 && (str_ends(address, "7F") || str_begins(address, "7F"));
        found = all || four || (n == 32 && strspn(address, "0") >= 24 && strspn(address + 24, "01") == 8);
    }
    if (f)
        fclose(f);
    return found;
}

/* The address first, as in: server at "localhost" (127.0.0.1), port 5432. No port is what follows a bracket: [Errno 111]. */
static bool names_port(const char *line, char *port, size_t size)
{
    return explain_find(line, "127\\.0\\.0\\.1[^0-9[]{1,12}([0-9]{2,5})", 1, port, size) ||
           explain_find(line, "localhost[^0-9[]{1,12}([0-9]{2,5})", 1, port, size);
}

static bool names_host_port(const char *text, char *port, size_t size)
{
    for (const char *line = text; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
        OWN_PTR char *one = xasprintf("%.*s", (int)strcspn(line, "\n"), line);
        if (!names_port(one, port, size))
            continue;
        unsigned n = (unsigned)strtoul(port, NULL, 10);
        if (host_listens("/proc/net/tcp", n) || host_listens("/proc/net/tcp6", n))
            return true;
    }
    return false;
}

/* Names only a port that a program on this host listens on: other refused connections may be the function's own fault. */
bool tell_localhost(const struct evidence *ev, const struct match *m, struct text *out)
{
    char port[8], line[1024];
    (void)m;
    if (ev->launch->request->net == NET_HOST || ev->told)
        return false;
    if (!names_host_port(ev->text, port, sizeof port) &&
        !(explain_source_line(ev, line, sizeof line) && names_host_port(line, port, sizeof port)))
        return false;
    text_printf(out,
                "localhost is the sandbox itself, here as on Lambda, and nothing in it listens on port %s; the server on this host's port "
                "%s is reached with --net allow=localhost:%s",
                port, port, port);
    return true;
}

/* Lambda does not report the cause of an error of fetch() in Node.js. The line that calls fetch() shows whether the host was outside. */
bool tell_fetch_outside(const struct evidence *ev, const struct match *m, struct text *out)
{
    char line[1024], host[128];
    if (!explain_source_line(ev, line, sizeof line) || !explain_find(line, "https?://([A-Za-z0-9.-]+)", 1, host, sizeof host))
        return false;
    bool inside = strcmp(host, "localhost") == 0 || str_begins(host, "127.") || strcmp(host, "0.0.0.0") == 0;
    return !inside && tell_no_network(ev, m, out);
}

/* ---- sockets in /tmp ---- */

bool tell_old_socket(const struct evidence *ev, const struct match *m, struct text *out)
{
    enum { LOOKED_AT = 4096 };
    OWN_DIR DIR *d = ev->tmp >= 0 && ev->earlier_calls && !ev->told ? fs_open_dir(ev->tmp, ".") : NULL;
    bool told = false;
    (void)m;
    struct dirent *e;
    for (int i = 0; d && !told && i < LOOKED_AT && (e = readdir(d)); i++) {
        OWN_PTR char *path = xasprintf("/tmp/%s", e->d_name);
        int64_t made;
        told = e->d_type == DT_SOCK && strstr(ev->text, e->d_name) && explain_tmp(ev, path, &made) && made < ev->began_ms;
        if (told)
            text_printf(out,
                        "the socket %s was left by an earlier invocation, and bind() does not replace it: unlink it before bind(), or use "
                        "a name of its own (mkdtemp)",
                        path);
    }
    return told;
}
