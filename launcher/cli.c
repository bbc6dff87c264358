/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/cli_row.h"

#include "base/own.h"
#include "lambda/limits.h"

#include <errno.h>
#include <string.h>

enum { RUN = 1 << CMD_RUN, EXEC = 1 << CMD_EXEC, SERVE = 1 << CMD_SERVE, CACHE = 1 << CMD_CACHE, EXPLAIN = 1 << CMD_EXPLAIN, DOCTOR = 1 << CMD_DOCTOR, INSPECT = 1 << CMD_INSPECT,
       SANDBOX_MAX_MB = 1 << 24 /* exec is a sandbox for tests: what a machine may have */, SANDBOX_MAX_MS = 1000000000,
       BOTH = RUN | EXEC, INVOKES = RUN | SERVE, ANY = BOTH | SERVE, LOOKS = ANY | INSPECT, STORES = LOOKS | CACHE | DOCTOR, ALL = STORES | EXPLAIN };

const struct command_row COMMANDS[CMD_COUNT] = {
    [CMD_RUN] = {"run", "lrun [run] [OPTIONS] FUNCTION", "invoke the function: response on stdout, log on stderr"},
    [CMD_EXEC] = {"exec", "lrun exec [OPTIONS] FUNCTION -- CMD...", "run any command in the function's environment"},
    [CMD_SERVE] = {"serve", "lrun serve [OPTIONS] [NAME=]FUNCTION...", "keep functions warm behind Lambda's Invoke API and function URLs"},
    [CMD_EXPLAIN] = {"explain", "lrun explain [LR-NNN...]", "say more about a cause that a why: line names"},
    [CMD_INSPECT] = {"inspect", "lrun inspect [OPTIONS] FUNCTION", "show what function and layers bring, and what will not work, before anything runs"},
    [CMD_DOCTOR] = {"doctor", "lrun doctor [--json]", "try on this host what lrun needs, and say what to do about what fails"},
    [CMD_CACHE] = {"cache", "lrun cache [OPTIONS] list|prune|verify", "look after the cache of unpacked archives"},
};

static int set_flag(const struct row *row, const char *value, struct request *r, struct err *err)
{
    (void)value, (void)err;
    *(bool *)field_of(row, r) = true;
    return 0;
}

static int set_text(const struct row *row, const char *value, struct request *r, struct err *err)
{
    if (!*value) {
        fail(err, 0, row->name, "use an empty value for --%s", row->name);
        return fail_hint(err, "give it as --%s %s", row->name, row->arg);
    }
    *(const char **)field_of(row, r) = value;
    return 0;
}

static int set_choice(const struct row *row, const char *value, struct request *r, struct err *err)
{
    size_t n = strlen(value);
    for (const char *c = row->arg; n && c; c = strchr(c, '|') ? strchr(c, '|') + 1 : NULL)
        if (strncmp(c, value, n) == 0 && (c[n] == '|' || c[n] == 0))
            return set_text(row, value, r, err);
    fail(err, 0, value, "use the value for --%s", row->name);
    return fail_hint(err, "it is one of %s", row->arg);
}

/* A word without dot and slash is no file: more likely one of the others, misspelt. */
static int set_choice_or_file(const struct row *row, const char *value, struct request *r, struct err *err)
{
    return strpbrk(value, "./") ? set_text(row, value, r, err) : set_choice(row, value, r, err);
}

static int set_shown_policy(const struct row *row, const char *value, struct request *r, struct err *err)
{
    r->show_policy = true;
    return set_choice_or_file(row, value, r, err);
}

static int set_debug_port(const struct row *row, const char *value, struct request *r, struct err *err)
{
    r->debug = true;
    return set_num(row, value, r, err);
}

static int add_text(const struct row *row, const char *value, struct request *r, struct err *err)
{
    (void)err;
    strv_add(field_of(row, r), xstrdup(value));
    return 0;
}

static int add_host(const struct row *row, const char *value, struct request *r, struct err *err)
{
    if (*value && !strpbrk(value, ":/"))
        return add_text(row, value, r, err);
    fail(err, 0, value, "use the name for --%s", row->name);
    return fail_hint(err, "it is a host's name alone, without http:// and without a port");
}

/* As browsers spell it: a slash at its end would never be equal. */
static int add_origin(const struct row *row, const char *value, struct request *r, struct err *err)
{
    const char *host = strstr(value, "://");
    if (strcmp(value, "*") == 0 || (host && host != value && host[3] && !strchr(host + 3, '/')))
        return add_text(row, value, r, err);
    fail(err, 0, value, "use the origin for --%s", row->name);
    return fail_hint(err, "it is scheme, host and port, as http://localhost:5173, without a path");
}

static int add_layers(const struct row *row, const char *value, struct request *r, struct err *err)
{
    for (const char *c = value; c;) {
        const char *end = strchrnul(c, ',');
        if (end == c) {
            fail(err, 0, value, "use an empty layer name");
            return fail_hint(err, "--layers takes A.zip,B.zip without empty parts");
        }
        strv_add(field_of(row, r), xasprintf("%.*s", (int)(end - c), c));
        c = *end ? end + 1 : NULL;
    }
    return 0;
}

#define FIELD(name) offsetof(struct request, name)
const struct row ROWS[] = {
    {0, LOOKS, "layers", "A.zip,B.zip", "layers merged into /opt, the later one wins; repeats; at most 5", add_layers, FIELD(layers), 0, 0},
    {'e', RUN, "event", "FILE|JSON|-", "the event: a file, JSON text, or - for stdin; repeats (default {})", add_text, FIELD(events), 0, 0},
    {0, RUN, "pause", "MS", "wait this long between events, frozen (default 0)", set_num, FIELD(pause), 0, 3600000},
    {0, LOOKS, "handler", "NAME", "what _HANDLER says (default: the runtime's, as lambda_function.lambda_handler)", set_text, FIELD(handler), 0, 0},
    {0, RUN | INSPECT, "memory", "MB", "memory of the function (default 128)", set_num, FIELD(memory), MEMORY_MIN_MB, MEMORY_MAX_MB},
    {0, SERVE, "memory", "MB", "memory of the function (default 128; with --max-concurrency 2048)", set_num, FIELD(memory), MEMORY_MIN_MB, MEMORY_MANAGED_MAX_MB},
    {0, EXEC, "memory", "MB", "memory of all that the command starts; any size (default: no limit)", set_num, FIELD(memory), 1, SANDBOX_MAX_MB},
    {0, RUN, "timeout", "SECONDS", "stop it after this long (default 3)", set_seconds, FIELD(timeout), 1, TIMEOUT_MAX_S},
    {0, SERVE, "timeout", "SECONDS", "stop it after this long (default 3; at most 1800, with --max-concurrency 5400)", set_seconds, FIELD(timeout), 1, TIMEOUT_MANAGED_MAX_S},
    {0, EXEC, "timeout", "SECONDS", "stop it after this long; a fraction too, as 0.5 (default: never)", set_fraction, FIELD(timeout), 1, SANDBOX_MAX_MS},
    {0, INVOKES | INSPECT, "tmp-size", "MB", "size of /tmp (default 512)", set_num, FIELD(tmp_size), TMP_MIN_MB, TMP_MAX_MB},
    {0, EXEC, "tmp-size", "MB", "size of /tmp; any size (default 512)", set_num, FIELD(tmp_size), 1, SANDBOX_MAX_MB},
    {0, INVOKES, "init-limit", "SECONDS", "how long the init phase may take (default 10)", set_num, FIELD(init_limit), 1, INIT_MAX_S},
    {0, LOOKS, "env", "K=V", "set a variable; K alone copies the caller's; repeats", add_text, FIELD(env), 0, 0},
    {0, LOOKS, "env-file", "FILE", "variables from KEY=VALUE lines or SAM's JSON; repeats", add_text, FIELD(env_files), 0, 0},
    {0, BOTH | INSPECT, "name", "NAME", "name of the function (default: that of the file)", set_text, FIELD(name), 0, 0},
    {0, LOOKS, "region", "REGION", "AWS region it believes in (default us-east-1)", set_text, FIELD(region), 0, 0},
    {0, LOOKS, "credentials", "fake|env|profile:NAME", "AWS credentials it sees (default fake)", set_text, FIELD(credentials), 0, 0},
    {0, LOOKS, "runtime", "ID", "the runtime it claims to be: python3.11, nodejs20.x, provided.al2023, ... (default: the package tells)", set_text, FIELD(runtime), 0, 0},
    {0, ANY, "strict", NULL, "refuse a package that needs a newer C library than the named runtime has", set_flag, FIELD(strict), 0, 0},
    {0, LOOKS, "rootfs", "DIR|FILE|host", "the root file system it runs on: a directory, a tarball or the host's (default)", set_text, FIELD(rootfs), 0, 0},
    {0, LOOKS, "sdk", "DIR|ZIP", "AWS's SDK of the runtime, laid out as a layer: python/, nodejs/node_modules/ (default: none, see the manual)", set_text, FIELD(sdk), 0, 0},
    {0, LOOKS, "net", "none|host|user|blackhole", "its network: a loopback (default), the host's, outwards by pasta, or one where connections hang", set_choice, FIELD(net), 0, 0},
    {0, ANY | DOCTOR, "cgroup", "DIR", "cgroup v2 directory to limit it in (default: the one around lrun's own, if it may be divided)", set_text, FIELD(cgroup), 0, 0},
    {0, ANY, "cpu", "all|enforce", "processor time: all there is (default), or by stopping it the share that goes with its memory, where no cgroup does", set_choice, FIELD(cpu), 0, 0},
    {0, ANY, "seccomp", "lambda|lambda-legacy|core|unconfined|FILE", "system calls it may use: built in, or OCI JSON as Docker's (default lambda)", set_choice_or_file, FIELD(seccomp), 0, 0},
    {0, INSPECT, "seccomp", "lambda|lambda-legacy|core|unconfined|FILE", "what this policy comes to, with all that lrun adds, as OCI JSON; needs no function", set_shown_policy, FIELD(seccomp), 0, 0},
    {0, LOOKS, "shm", "absent|denied|MB", "/dev/shm: as on Lambda, unwritable, or of a size", set_text, FIELD(shm), 0, 0},
    {0, LOOKS, "passwd", "present|absent", "whether /etc/passwd knows the function's user: on some of Lambda's hosts it does not", set_choice, FIELD(passwd), 0, 0},
    {0, ANY, "tools", "lambda|host|dev", "programs of the host's it sees: Amazon Linux's, all, or all with headers (default lambda; exec: host)", set_choice, FIELD(tools), 0, 0},
    {0, BOTH, "debug", NULL, "for debuggers: ptrace is allowed, no timeouts, no freeze, the terminal is the function's", set_flag, FIELD(debug), 0, 0},
    {'d', BOTH, "debug-port", "PORT", "--debug, with 127.0.0.1:PORT led to the function's debugger; node and debugpy listen there", set_debug_port, FIELD(debug_port), 1, 65535},
    {0, BOTH, "hold", NULL, "keep the environment of a failure, and say how to enter it", set_flag, FIELD(hold), 0, 0},
    {'t', EXEC, "tty", NULL, "give the command a terminal of its own", set_flag, FIELD(tty), 0, 0},
    {0, EXEC, "in", "PID", "run the command in the environment that another lrun keeps, instead of a function's", set_num, FIELD(in), 1, 4194304},
    {'w', EXEC, "workdir", "DIR", "directory to start in (default /var/task)", set_text, FIELD(workdir), 0, 0},
    {'v', EXEC, "volume", "SRC:DST[:ro|rw]", "show a file or directory of the host, read-only by default; repeats", add_text, FIELD(volumes), 0, 0},
    {0, EXEC, "scratch", NULL, "make /var/task writable; what is written is discarded", set_flag, FIELD(scratch), 0, 0},
    {0, EXEC, "out", "DIR", "copy the regular files of /tmp/out here afterwards, over nothing that was there before", set_text, FIELD(out), 0, 0},
    {0, EXEC, "out-replace", NULL, "let them replace files that are there; those that --out brought they may", set_flag, FIELD(out_replace), 0, 0},
    {0, INVOKES, "log-format", "text|json", "form of the platform's log lines (default text)", set_choice, FIELD(log_format), 0, 0},
    {0, SERVE, "host", "ADDRESS", "where to listen (default 127.0.0.1)", set_text, FIELD(host), 0, 0},
    {'p', SERVE, "port", "PORT", "the Invoke API's port; 0 takes a free one (default 3001)", set_num, FIELD(port), 0, 65535},
    {0, SERVE, "url", "[NAME=]PORT", "a function URL: HTTP requests there are events of payload format 2.0; repeats", add_text, FIELD(urls), 0, 0},
    {0, SERVE, "url-mode", "buffered|stream", "how function URLs answer: as a whole, or as the function sends it (default buffered)", set_choice, FIELD(url_mode), 0, 0},
    {0, SERVE, "cors", NULL, "let web pages use the function URLs: of any origin, or of those allowed; answers preflight requests", set_flag, FIELD(cors), 0, 0},
    {0, SERVE, "allow-origin", "ORIGIN", "pages of this web origin may send requests, as http://localhost:5173; * for any; repeats", add_origin, FIELD(allow_origins), 0, 0},
    {0, SERVE, "allow-host", "NAME", "a name that clients reach it by, beside addresses and localhost; *.NAME, or * for any; repeats", add_host, FIELD(allow_hosts), 0, 0},
    {0, SERVE, "concurrency", "N", "environments a function may have (default 10)", set_num, FIELD(concurrency), 1, 1000},
    {0, SERVE, "queue", "N", "requests that may wait for an environment; beyond it they get 429 (default 100)", set_num, FIELD(queue), 0, 100000},
    {0, SERVE, "max-concurrency", "N", "invocations an environment takes at once, as on Lambda Managed Instances (default 1)", set_num, FIELD(max_concurrency), 1, MAX_CONCURRENCY_MAX},
    {0, SERVE, "tenancy", "none|per-tenant", "whether two tenants (X-Amz-Tenant-Id) never share an environment (default none: no tenants)", set_choice, FIELD(tenancy), 0, 0},
    {0, RUN, "tenant", "ID", "the tenant it is invoked for, as context.tenant_id", set_tenant, FIELD(tenant), 0, 0},
    {0, SERVE, "idle-timeout", "SECONDS", "shut an environment down after so long without work; 0: never (default 600)", set_num, FIELD(idle_timeout), 0, 86400},
    {0, SERVE, "stream-shape", NULL, "stream as slowly as Lambda: 2 MB/s after the first 6 MB", set_flag, FIELD(stream_shape), 0, 0},
    {0, SERVE, "watch", NULL, "when a package changes, go on with the new one; no request is dropped", set_flag, FIELD(watch), 0, 0},
    {0, SERVE, "config", "FILE", "functions and their options from JSON (see lrun.json in the manual)", set_text, FIELD(config), 0, 0},
    {0, SERVE, "ready-fd", "N", "write a line to this descriptor once requests can come", set_num, FIELD(ready_fd), 0, 1u << 20},
    {0, BOTH, "report", "FILE|-|fd:N", "append one JSON line that says how it went", set_text, FIELD(report), 0, 0},
    {0, STORES, "cache-dir", "DIR", "where unpacked archives are kept", set_text, FIELD(cache_dir), 0, 0},
    {0, INSPECT, "list", NULL, "every path, who provides it, and what is hidden", set_flag, FIELD(list), 0, 0},
    {0, INSPECT, "tree", NULL, "what is seen, as a tree with sizes", set_flag, FIELD(tree), 0, 0},
    {0, INSPECT, "variables", NULL, "the environment variables it will see", set_flag, FIELD(variables), 0, 0},
    {0, INSPECT, "mounts", NULL, "its file system: what is mounted where, and why", set_flag, FIELD(mounts), 0, 0},
    {0, INSPECT, "graph", "FILE.svg", "draw who provides what, and what is hidden", set_text, FIELD(graph), 0, 0},
    {0, DOCTOR | INSPECT, "json", NULL, "as JSON", set_flag, FIELD(json), 0, 0},
    {'q', LOOKS, "quiet", NULL, "no platform log lines and no notes", set_flag, FIELD(quiet), 0, 0},
    {'v', INVOKES, "verbose", NULL, "say what is done, mount by mount", set_flag, FIELD(verbose), 0, 0},
    {0, EXEC, "verbose", NULL, "say what is done, mount by mount", set_flag, FIELD(verbose), 0, 0},
    {'h', ALL, "help", NULL, "this text", set_flag, FIELD(help), 0, 0},
    {0, ALL, "version", NULL, "the version", set_flag, FIELD(version), 0, 0},
};

const size_t ROW_COUNT = COUNT(ROWS);

enum command cli_command(int argc, char **argv)
{
    for (unsigned i = 0; argc > 1 && i < CMD_COUNT; i++)
        if (strcmp(argv[1], COMMANDS[i].name) == 0)
            return (enum command)i;
    return CMD_RUN;
}

static const struct row *find_row(enum command command, const char *name, size_t n, char letter)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const struct row *row = &ROWS[i];
        if (!(row->commands & 1u << command))
            continue;
        if (name ? strlen(row->name) == n && strncmp(row->name, name, n) == 0 : row->letter == letter)
            return row;
    }
    return NULL;
}

/* What a word of the command line may be called in a message: JSON is an event, and what follows a name is its value; neither is
 * repeated. "": nothing. The caller frees it. */
static char *name_of(const char *word)
{
    if (strchr("{[\"", word[0]))
        return xstrdup("");
    bool letter = word[0] == '-' && word[1] && word[1] != '-';
    return xasprintf("%.*s", letter ? 2 : (int)strcspn(word, "="), word);
}

static int unknown_option(enum command command, const char *word, struct err *err)
{
    OWN_PTR char *name = name_of(word);
    fail(err, 0, name, "use the option");
    return fail_hint(err, "see lrun %s --help%s", COMMANDS[command].name, word[0] == '-' ? "; a name that begins with a dash goes after --" : "");
}

static int need_value(const struct row *row, const char *word, struct err *err)
{
    fail(err, 0, word, "use the option without its value");
    return fail_hint(err, "give it as --%s %s", row->name, row->arg);
}

/* One option at argv[*at]; moves *at over a value of its own. */
static int parse_option(int argc, char **argv, int *at, struct request *r, struct err *err)
{
    const char *word = argv[*at], *value = NULL;
    const struct row *row;
    if (word[1] == '-') {
        const char *equals = strchr(word, '=');
        row = find_row(r->command, word + 2, equals ? (size_t)(equals - word - 2) : strlen(word + 2), 0);
        value = equals ? equals + 1 : NULL;
        if (row && !row->arg && value)
            return fail(err, 0, NULL, "give a value to the switch --%s", row->name);
    } else {
        row = find_row(r->command, NULL, 0, word[1]);
        value = row && row->arg && word[2] ? word + 2 : NULL;
        for (const char *more = word + 2; row && !row->arg && *more; more++) { /* -qv */
            const struct row *next = find_row(r->command, NULL, 0, *more);
            if (!next || next->arg)
                return unknown_option(r->command, (const char[]){'-', *more, 0}, err);
            next->set(next, NULL, r, err);
        }
    }
    if (!row)
        return unknown_option(r->command, word, err);
    if (row->arg && !value) {
        if (*at + 1 >= argc)
            return need_value(row, word, err);
        value = argv[++*at];
    }
    return row->set(row, value, r, err);
}

static int too_many_layers(struct err *err)
{
    return fail(err, 0, NULL, "use these layers: " LAYERS_TEXT); /* CreateFunction's InvalidParameterValueException */
}

static int check_serve(const struct request *r, struct err *err)
{
    if (r->layers.n > LAYERS_MAX)
        return too_many_layers(err);
    if (r->words.n || r->config)
        return 0;
    fail(err, 0, NULL, "serve without a function");
    return fail_hint(err, "usage: %s", COMMANDS[CMD_SERVE].synopsis);
}

int cli_set(struct request *r, const char *option, const char *value, struct err *err)
{
    const struct row *row = find_row(r->command, option, strlen(option), 0);
    if (!row || row->field == FIELD(config) || row->field == FIELD(help) || row->field == FIELD(version))
        return unknown_option(r->command, option, err);
    if (!row->arg && strcmp(value, "true") != 0) {
        fail(err, 0, option, "use a value for the switch");
        return fail_hint(err, "it is true, or not there");
    }
    char *kept = xstrdup(value);
    strv_add(&r->owned, kept);
    return row->set(row, kept, r, err);
}

static int check_words(struct request *r, bool saw_dashes, struct err *err)
{
    if (r->help || r->version)
        return 0;
    if (r->command == CMD_CACHE) {
        if (r->words.n == 1)
            return 0;
        fail(err, 0, NULL, "tell what to do with the cache");
        return fail_hint(err, "usage: %s", COMMANDS[CMD_CACHE].synopsis);
    }
    if (r->command == CMD_EXPLAIN)
        return 0;
    if (r->command == CMD_DOCTOR && r->words.n) {
        OWN_PTR char *name = name_of(r->words.at[0]);
        fail(err, 0, name, "use a word beside doctor");
        return fail_hint(err, "usage: %s", COMMANDS[CMD_DOCTOR].synopsis);
    }
    if (r->command == CMD_DOCTOR)
        return 0;
    if (r->command == CMD_SERVE)
        return check_serve(r, err);
    if (r->show_policy && !r->words.n)
        return r->layers.n > LAYERS_MAX ? too_many_layers(err) : 0;
    size_t functions = r->in.set ? 0 : 1;
    if (r->words.n > functions && r->in.set) {
        OWN_PTR char *name = name_of(r->words.at[0]);
        fail(err, 0, name, "use a function beside --in");
        return fail_hint(err, "the environment that is entered has its own");
    }
    if (r->words.n != functions) {
        OWN_PTR char *second = name_of(r->words.n ? r->words.at[1] : "");
        fail(err, 0, second, r->words.n ? "take a second function" : "run without a function");
        if (r->words.n && !*second)
            return fail_hint(err, "an event goes after --event");
        return fail_hint(err, "usage: %s", COMMANDS[r->command].synopsis);
    }
    if (r->command == CMD_EXEC && (!saw_dashes || !r->argv || !r->argv[0])) {
        fail(err, 0, NULL, "run without a command");
        return fail_hint(err, "usage: %s; the -- is required", COMMANDS[CMD_EXEC].synopsis);
    }
    r->function = functions ? r->words.at[0] : "";
    return r->layers.n > LAYERS_MAX ? too_many_layers(err) : 0;
}

int cli_parse(int argc, char **argv, struct request *ret, struct err *err)
{
    *ret = (struct request){
        .command = cli_command(argc, argv), .args = argv, .region = "us-east-1", .credentials = "fake",
        .rootfs = "host", .net = "none", .seccomp = "lambda", .shm = "absent", .passwd = "present", .cpu = "all", .log_format = "text",
        .memory = {MEMORY_MIN_MB, false}, .timeout = {TIMEOUT_DEFAULT_S * 1000, false}, .tmp_size = {TMP_MIN_MB, false}, .init_limit = {INIT_DEFAULT_S, false}, .workdir = "/var/task",
        .host = "127.0.0.1", .url_mode = "buffered", .tenancy = "none", .port = {3001, false}, .concurrency = {10, false}, .queue = {100, false}, .max_concurrency = {1, false},
        .idle_timeout = {600, false},
    };
    bool named = argc > 1 && strcmp(argv[1], COMMANDS[ret->command].name) == 0, dashes = false;
    for (int i = named ? 2 : 1; i < argc; i++) {
        if (strcmp(argv[i], "--") == 0) {
            dashes = true;
            if (ret->command == CMD_EXEC) {
                ret->argv = argv + i + 1;
                break;
            }
            while (++i < argc)
                strv_add(&ret->words, xstrdup(argv[i]));
        } else if (argv[i][0] == '-' && argv[i][1]) {
            if (parse_option(argc, argv, &i, ret, err) < 0)
                return -1;
        } else {
            strv_add(&ret->words, xstrdup(argv[i]));
        }
    }
    return check_words(ret, dashes, err);
}
