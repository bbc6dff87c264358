/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/cli_row.h"

#include "base/own.h"
#include "lambda/limits.h"

#include <errno.h>
#include <string.h>

enum { RUN = 1 << CMD_RUN, EXEC = 1 << CMD_EXEC, SERVE = 1 << CMD_SERVE, CACHE = 1 << CMD_CACHE, EXPLAIN = 1 << CMD_EXPLAIN, DOCTOR = 1 << CMD_DOCTOR, INSPECT = 1 << CMD_INSPECT,
       SANDBOX_MAX_MB = 1 << 24 /* exec is a sandbox for tests: what a machine may have */, SANDBOX_MAX_MS = 1000000000,
       BOTH = RUN | EXEC, INVOKES = RUN | SERVE, ANY = BOTH | SERVE, LOOKS = ANY | INSPECT, STORES = LOOKS | CACHE | DOCTOR, HELP = 1 << CMD_HELP, ALL = STORES | EXPLAIN | HELP };

const struct command_row COMMANDS[CMD_COUNT] = {
    [CMD_RUN] = {"run", "lrun [run] [OPTIONS] FUNCTION", "invoke a function; the response goes to standard output, the log to standard error"},
    [CMD_EXEC] = {"exec", "lrun exec [OPTIONS] FUNCTION -- CMD...", "run a command in a function's environment"},
    [CMD_SERVE] = {"serve", "lrun serve [OPTIONS] [NAME=]FUNCTION...", "serve Lambda's Invoke API and function URLs, with warm environments"},
    [CMD_EXPLAIN] = {"explain", "lrun explain [ID...]", "explain the cause of a failure by the ID in a why: line"},
    [CMD_INSPECT] = {"inspect", "lrun inspect [OPTIONS] FUNCTION", "check a function and its layers without running them"},
    [CMD_DOCTOR] = {"doctor", "lrun doctor [--json]", "check whether lrun works on this host, and how to fix what does not"},
    [CMD_CACHE] = {"cache", "lrun cache [OPTIONS] list|prune|verify", "list, empty or check the cache of unpacked archives"},
    [CMD_HELP] = {"help", "lrun help [COMMAND]", "list the commands, or the options of one"},
};

static int set_flag(const struct row *row, const char *value, struct request *r, struct err *err)
{
    (void)value, (void)err;
    *(bool *)field_of(row, r) = true;
    return 0;
}

static int set_text(const struct row *row, const char *value, struct request *r, struct err *err)
{
    if (!*value)
        return fail_usage(err, "--%s: the value is empty (--%s %s)", row->name, row->name, row->arg);
    *(const char **)field_of(row, r) = value;
    return 0;
}

static int set_choice(const struct row *row, const char *value, struct request *r, struct err *err)
{
    size_t n = strlen(value);
    for (const char *c = row->arg; n && c; c = strchr(c, '|') ? strchr(c, '|') + 1 : NULL)
        if (strncmp(c, value, n) == 0 && (c[n] == '|' || c[n] == 0))
            return set_text(row, value, r, err);
    return fail_usage(err, "--%s: '%.80s' is not one of %s", row->name, value, row->arg);
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
    return fail_usage(err, "--%s: '%.120s' is not a host name (give it without http:// and port)", row->name, value);
}

/* As browsers spell it: a slash at its end would never be equal. */
static int add_origin(const struct row *row, const char *value, struct request *r, struct err *err)
{
    const char *host = strstr(value, "://");
    if (strcmp(value, "*") == 0 || (host && host != value && host[3] && !strchr(host + 3, '/')))
        return add_text(row, value, r, err);
    return fail_usage(err, "--%s: '%.120s' is not an origin (scheme, host and port without a path, e.g. http://localhost:5173)", row->name, value);
}

static int add_layers(const struct row *row, const char *value, struct request *r, struct err *err)
{
    for (const char *c = value; c;) {
        const char *end = strchrnul(c, ',');
        if (end == c)
            return fail_usage(err, "--layers '%.120s': a name is empty (--layers A.zip,B.zip)", value);
        strv_add(field_of(row, r), xasprintf("%.*s", (int)(end - c), c));
        c = *end ? end + 1 : NULL;
    }
    return 0;
}

#define FIELD(name) offsetof(struct request, name)
const struct row ROWS[] = {
    {0, LOOKS, "layers", "A.zip,B.zip", "layers, merged into /opt; later ones take precedence; repeatable; at most 5", add_layers, FIELD(layers), 0, 0},
    {'e', RUN, "event", "FILE|JSON|-", "event: a file, JSON text, or - for standard input; repeatable (default {})", add_text, FIELD(events), 0, 0},
    {0, RUN, "pause", "MS", "pause between events, with the environment frozen (default 0)", set_num, FIELD(pause), 0, 3600000},
    {0, LOOKS, "handler", "NAME", "handler, e.g. app.lambda_handler (default: the runtime's, e.g. lambda_function.lambda_handler)", set_text, FIELD(handler), 0, 0},
    {0, RUN | INSPECT, "memory", "MB", "memory size of the function (default 128)", set_num, FIELD(memory), MEMORY_MIN_MB, MEMORY_MAX_MB},
    {0, SERVE, "memory", "MB", "memory size of the function (default 128; 2048 with --max-concurrency above 1)", set_num, FIELD(memory), MEMORY_MIN_MB, MEMORY_MANAGED_MAX_MB},
    {0, EXEC, "memory", "MB", "memory limit of the command and all processes it starts (default: none)", set_num, FIELD(memory), 1, SANDBOX_MAX_MB},
    {0, RUN, "timeout", "SECONDS", "timeout of an invocation (default 3)", set_seconds, FIELD(timeout), 1, TIMEOUT_MAX_S},
    {0, SERVE, "timeout", "SECONDS", "timeout of an invocation (default 3; at most 1800, or 5400 with --max-concurrency above 1)", set_seconds, FIELD(timeout), 1, TIMEOUT_MANAGED_MAX_S},
    {0, EXEC, "timeout", "SECONDS", "timeout of the command, e.g. 0.5 (default: none)", set_fraction, FIELD(timeout), 1, SANDBOX_MAX_MS},
    {0, INVOKES | INSPECT, "tmp-size", "MB", "size of /tmp (default 512)", set_num, FIELD(tmp_size), TMP_MIN_MB, TMP_MAX_MB},
    {0, EXEC, "tmp-size", "MB", "size of /tmp; not limited to Lambda's range (default 512)", set_num, FIELD(tmp_size), 1, SANDBOX_MAX_MB},
    {0, INVOKES, "init-limit", "SECONDS", "timeout of the init phase (default 10)", set_num, FIELD(init_limit), 1, INIT_MAX_S},
    {0, LOOKS, "env", "K=V", "set an environment variable; K alone copies the caller's value; repeatable", add_text, FIELD(env), 0, 0},
    {0, LOOKS, "env-file", "FILE", "read environment variables from KEY=VALUE lines or SAM's JSON; repeatable", add_text, FIELD(env_files), 0, 0},
    {0, BOTH | INSPECT, "name", "NAME", "function name (default: the file's name)", set_text, FIELD(name), 0, 0},
    {0, LOOKS, "region", "REGION", "value of AWS_REGION (default us-east-1)", set_text, FIELD(region), 0, 0},
    {0, LOOKS, "credentials", "fake|env|profile:NAME", "AWS credentials in the function's environment (default fake)", set_text, FIELD(credentials), 0, 0},
    {0, LOOKS, "runtime", "ID", "runtime identifier, e.g. python3.11, nodejs20.x, provided.al2023 (default: detected from the package)", set_text, FIELD(runtime), 0, 0},
    {0, ANY, "strict", NULL, "reject a package that needs a newer C library than the runtime provides", set_flag, FIELD(strict), 0, 0},
    {0, LOOKS, "rootfs", "DIR|FILE|host", "root file system: a directory, a tarball, or the host's (default host)", set_text, FIELD(rootfs), 0, 0},
    {0, LOOKS, "sdk", "DIR|ZIP", "AWS SDK of the runtime, laid out as a layer: python/, nodejs/node_modules/ (default: none; see man lrun, RUNTIMES)", set_text, FIELD(sdk), 0, 0},
    {0, LOOKS, "net", "none|host|user|blackhole", "network. none: loopback only (default); host: the host's; user: outbound through pasta; blackhole: connections hang", set_choice, FIELD(net), 0, 0},
    {0, ANY | DOCTOR, "cgroup", "DIR", "cgroup v2 directory for its limits (default: lrun's own cgroup, if it is delegated)", set_text, FIELD(cgroup), 0, 0},
    {0, ANY, "cpu", "all|enforce", "CPU time. all: no limit (default); enforce: the memory size's share, kept by stopping processes where no cgroup limits it", set_choice, FIELD(cpu), 0, 0},
    {0, ANY, "seccomp", "lambda|lambda-legacy|core|unconfined|FILE", "system call policy: a built-in one, or a file in OCI JSON, as Docker takes (default lambda)", set_choice_or_file, FIELD(seccomp), 0, 0},
    {0, INSPECT, "seccomp", "lambda|lambda-legacy|core|unconfined|FILE", "print the effective policy, including lrun's own rules, as OCI JSON; needs no FUNCTION", set_shown_policy, FIELD(seccomp), 0, 0},
    {0, LOOKS, "shm", "absent|denied|MB", "/dev/shm. absent: as on Lambda (default); denied: not writable; or its size in MB", set_text, FIELD(shm), 0, 0},
    {0, LOOKS, "passwd", "present|absent", "whether /etc/passwd has an entry for the user (some Lambda hosts have none)", set_choice, FIELD(passwd), 0, 0},
    {0, ANY, "tools", "lambda|host|dev", "visible programs of the host. lambda: those of Amazon Linux; host: all; dev: all, and headers (default lambda; exec: host)", set_choice, FIELD(tools), 0, 0},
    {0, BOTH, "debug", NULL, "allow ptrace, disable timeouts and freezing, and give the function the terminal", set_flag, FIELD(debug), 0, 0},
    {'d', BOTH, "debug-port", "PORT", "like --debug; forwards 127.0.0.1:PORT to the debugger (Node's inspector, debugpy)", set_debug_port, FIELD(debug_port), 1, 65535},
    {0, BOTH, "hold", NULL, "keep a failed environment, and print the command that enters it", set_flag, FIELD(hold), 0, 0},
    {'t', EXEC, "tty", NULL, "run the command in a pseudo-terminal", set_flag, FIELD(tty), 0, 0},
    {0, EXEC, "in", "PID", "run the command in the environment of another lrun (its process ID); takes no FUNCTION", set_num, FIELD(in), 1, 4194304},
    {'w', EXEC, "workdir", "DIR", "working directory of the command (default /var/task)", set_text, FIELD(workdir), 0, 0},
    {0, EXEC, "volume", "SRC:DST[:ro|rw]", "mount a file or directory of the host, read-only by default; repeatable", add_text, FIELD(volumes), 0, 0},
    {0, EXEC, "scratch", NULL, "make /var/task writable; changes are discarded", set_flag, FIELD(scratch), 0, 0},
    {0, EXEC, "out", "DIR", "copy the regular files of /tmp/out here afterwards; existing files are kept", set_text, FIELD(out), 0, 0},
    {0, EXEC, "out-replace", NULL, "let --out replace existing files (without it, only files from an earlier --out)", set_flag, FIELD(out_replace), 0, 0},
    {0, INVOKES, "log-format", "text|json", "format of the platform's log lines (default text)", set_choice, FIELD(log_format), 0, 0},
    {0, SERVE, "host", "ADDRESS", "IPv4 address to listen on (default 127.0.0.1)", set_text, FIELD(host), 0, 0},
    {'p', SERVE, "port", "PORT", "port of the Invoke API; 0: any free port (default 3001)", set_num, FIELD(port), 0, 65535},
    {0, SERVE, "url", "[NAME=]PORT", "serve a function URL on this port: HTTP requests become events of payload format 2.0; repeatable", add_text, FIELD(urls), 0, 0},
    {0, SERVE, "url-mode", "buffered|stream", "invoke mode of function URLs. buffered: send the whole response at once (default); stream: as it is produced", set_choice, FIELD(url_mode), 0, 0},
    {0, SERVE, "cors", NULL, "allow web pages of any origin, or of --allow-origin, to use function URLs; answers preflight requests", set_flag, FIELD(cors), 0, 0},
    {0, SERVE, "allow-origin", "ORIGIN", "allow requests from web pages of this origin, e.g. http://localhost:5173; *: any; repeatable", add_origin, FIELD(allow_origins), 0, 0},
    {0, SERVE, "allow-host", "NAME", "accept this host name beside IP addresses and localhost; *.NAME: its subdomains; *: any; repeatable", add_host, FIELD(allow_hosts), 0, 0},
    {0, SERVE, "concurrency", "N", "maximum number of environments per function (default 10)", set_num, FIELD(concurrency), 1, 1000},
    {0, SERVE, "queue", "N", "maximum number of requests waiting for an environment; further ones get 429 (default 100)", set_num, FIELD(queue), 0, 100000},
    {0, SERVE, "max-concurrency", "N", "concurrent invocations per environment, as on Lambda Managed Instances (default 1)", set_num, FIELD(max_concurrency), 1, MAX_CONCURRENCY_MAX},
    {0, SERVE, "tenancy", "none|per-tenant", "tenant isolation. per-tenant: each tenant (X-Amz-Tenant-Id) has its own environments (default none)", set_choice, FIELD(tenancy), 0, 0},
    {0, RUN, "tenant", "ID", "tenant ID of the invocations, as in context.tenant_id", set_tenant, FIELD(tenant), 0, 0},
    {0, SERVE, "idle-timeout", "SECONDS", "shut down an environment that was idle for this long; 0: never (default 600)", set_num, FIELD(idle_timeout), 0, 86400},
    {0, SERVE, "stream-shape", NULL, "limit response streams as Lambda does: 2 MB/s after the first 6 MB", set_flag, FIELD(stream_shape), 0, 0},
    {0, SERVE, "watch", NULL, "reload a package when it changes, without dropping requests", set_flag, FIELD(watch), 0, 0},
    {0, SERVE, "config", "FILE", "read functions and their options from a JSON file (format: man lrun, SERVING)", set_text, FIELD(config), 0, 0},
    {0, SERVE, "ready-fd", "N", "write a line to this file descriptor when the server is ready", set_num, FIELD(ready_fd), 0, 1u << 20},
    {0, BOTH, "report", "FILE|-|fd:N", "append a one-line JSON report", set_text, FIELD(report), 0, 0},
    {0, STORES, "cache-dir", "DIR", "directory of the cache of unpacked archives", set_text, FIELD(cache_dir), 0, 0},
    {0, INSPECT, "list", NULL, "list every path, what provides it, and what it hides", set_flag, FIELD(list), 0, 0},
    {0, INSPECT, "tree", NULL, "show the merged tree with sizes", set_flag, FIELD(tree), 0, 0},
    {0, INSPECT, "variables", NULL, "show the function's environment variables", set_flag, FIELD(variables), 0, 0},
    {0, INSPECT, "mounts", NULL, "show every mount, and the reason for it", set_flag, FIELD(mounts), 0, 0},
    {0, INSPECT, "graph", "FILE.svg", "draw which layer provides and hides which paths", set_text, FIELD(graph), 0, 0},
    {0, DOCTOR | INSPECT, "json", NULL, "print JSON", set_flag, FIELD(json), 0, 0},
    {'q', LOOKS, "quiet", NULL, "omit the platform's log lines and lrun's notes", set_flag, FIELD(quiet), 0, 0},
    {'v', ANY, "verbose", NULL, "log each step, including every mount", set_flag, FIELD(verbose), 0, 0},
    {'h', ALL, "help", NULL, "show this help", set_flag, FIELD(help), 0, 0},
    {0, ALL, "version", NULL, "show the version", set_flag, FIELD(version), 0, 0},
};

const size_t ROW_COUNT = COUNT(ROWS);

enum command cli_command(int argc, char **argv)
{
    int at = cli_command_word(argc, argv);
    for (unsigned i = 0; at && i < CMD_COUNT; i++)
        if (strcmp(argv[at], COMMANDS[i].name) == 0)
            return (enum command)i;
    return CMD_RUN;
}

int cli_command_named(const char *name, enum command *ret, struct err *err)
{
    for (unsigned i = 0; i < CMD_COUNT; i++)
        if (strcmp(name, COMMANDS[i].name) == 0)
            return *ret = (enum command)i, 0;
    return cli_unknown_command(name, err);
}

static const struct row *find_row(enum command command, const char *name, size_t n, char letter)
{
    return cli_find_row(1u << command, name, n, letter);
}

static int need_value(const struct row *row, struct err *err)
{
    return fail_usage(err, "--%s needs a value: --%s %s", row->name, row->name, row->arg);
}

/* -q, or several as -qv; of the last, row->arg tells whether a value must follow. */
static int parse_letters(const char *word, const char *next, struct request *r, const struct row **ret, struct err *err)
{
    const struct row *row = find_row(r->command, NULL, 0, word[1]);
    if (cli_check_volume(word, next, err) < 0)
        return -1;
    for (const char *more = word + 2; row && !row->arg && *more; more++) {
        const struct row *joined = find_row(r->command, NULL, 0, *more);
        if (!joined || joined->arg)
            return cli_unknown_option(r->command, (const char[]){'-', *more, 0}, err);
        joined->set(joined, NULL, r, err);
    }
    *ret = row;
    return 0;
}

/* One option at argv[*at]; moves *at over a value of its own. */
static int parse_option(int argc, char **argv, int *at, struct request *r, struct err *err)
{
    const char *word = argv[*at], *next = *at + 1 < argc ? argv[*at + 1] : NULL, *value = NULL;
    const struct row *row = NULL;
    if (word[1] == '-') {
        const char *equals = strchr(word, '=');
        row = find_row(r->command, word + 2, equals ? (size_t)(equals - word - 2) : strlen(word + 2), 0);
        value = equals ? equals + 1 : NULL;
        if (row && !row->arg && value)
            return fail_usage(err, "--%s takes no value", row->name);
    } else {
        if (parse_letters(word, next, r, &row, err) < 0)
            return -1;
        value = row && row->arg && word[2] ? word + 2 : NULL;
    }
    if (!row)
        return cli_unknown_option(r->command, word, err);
    if (row->arg && !value) {
        if (!next)
            return need_value(row, err);
        value = next;
        ++*at;
    }
    return row->set(row, value, r, err);
}

static int too_many_layers(struct err *err)
{
    return fail_usage(err, "--layers: " LAYERS_TEXT); /* CreateFunction's InvalidParameterValueException */
}

static int no_function(const struct request *r, struct err *err)
{
    fail_usage(err, "%s needs a FUNCTION", COMMANDS[r->command].name);
    return fail_hint(err, "usage: %s", COMMANDS[r->command].synopsis);
}

/* A word where none is taken. */
static int unexpected(const struct request *r, const char *word, const char *hint, struct err *err)
{
    OWN_PTR char *name = cli_name_of(word);
    if (*name)
        fail_usage(err, "%s: unexpected argument '%.120s'", COMMANDS[r->command].name, name);
    else /* JSON is the user's own affair */
        fail_usage(err, "%s: unexpected argument after FUNCTION", COMMANDS[r->command].name);
    if (!*name || str_ends(name, ".json"))
        return fail_hint(err, "an event is given by --event");
    return fail_hint(err, hint ? "%s" : "usage: %s", hint ? hint : COMMANDS[r->command].synopsis);
}

int cli_set(struct request *r, const char *option, const char *value, struct err *err)
{
    const struct row *row = find_row(r->command, option, strlen(option), 0);
    if (!row || row->field == FIELD(config) || row->field == FIELD(help) || row->field == FIELD(version))
        return cli_unknown_option(r->command, option, err);
    if (!row->arg && strcmp(value, "true") != 0)
        return fail_usage(err, "%s: expected true, or no such member: it is a switch", option);
    char *kept = xstrdup(value);
    strv_add(&r->owned, kept);
    return row->set(row, kept, r, err);
}

static int check_serve(struct request *r, struct err *err)
{
    return r->words.n || r->config ? 0 : no_function(r, err);
}

/* run, exec and inspect: one function. */
static int check_function(struct request *r, struct err *err)
{
    size_t functions = r->in.set || (r->show_policy && !r->words.n) ? 0 : 1;
    if (r->words.n > functions && r->in.set)
        return unexpected(r, r->words.at[0], "--in enters an environment, which has its function", err);
    if (r->words.n < functions)
        return no_function(r, err);
    if (r->words.n > functions)
        return unexpected(r, r->words.at[1], r->command == CMD_EXEC && !r->argv ? "the command goes after --" : NULL, err);
    if (r->command == CMD_EXEC && (!r->argv || !r->argv[0])) {
        fail_usage(err, "exec needs a command after --");
        return fail_hint(err, "usage: %s", COMMANDS[CMD_EXEC].synopsis);
    }
    r->function = functions ? r->words.at[0] : "";
    return 0;
}

static int check_cache(struct request *r, struct err *err)
{
    if (r->words.n == 1)
        return 0;
    if (r->words.n)
        return unexpected(r, r->words.at[1], NULL, err);
    fail_usage(err, "cache needs one of list, prune, verify");
    return fail_hint(err, "usage: %s", COMMANDS[CMD_CACHE].synopsis);
}

static int check_no_words(struct request *r, struct err *err)
{
    return r->words.n ? unexpected(r, r->words.at[0], NULL, err) : 0;
}

static int check_help(struct request *r, struct err *err)
{
    return r->words.n > 1 ? unexpected(r, r->words.at[1], NULL, err) : 0;
}

/* By command; NULL: any words. */
static int (*const CHECKS[CMD_COUNT])(struct request *, struct err *) = {
    [CMD_RUN] = check_function, [CMD_EXEC] = check_function, [CMD_INSPECT] = check_function, [CMD_SERVE] = check_serve,
    [CMD_CACHE] = check_cache, [CMD_DOCTOR] = check_no_words, [CMD_HELP] = check_help};

static int check_words(struct request *r, struct err *err)
{
    if (r->help || r->version)
        return 0;
    if (CHECKS[r->command] && CHECKS[r->command](r, err) < 0)
        return -1;
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
    int at = cli_command_word(argc, argv);
    bool named = at && strcmp(argv[at], COMMANDS[ret->command].name) == 0;
    if (!named && cli_check_command(argc, argv, err) < 0)
        return -1;
    for (int i = 1; i < argc; i++) {
        if (named && i == at)
            continue;
        if (strcmp(argv[i], "--") == 0) {
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
    if (ret->help && !named)
        ret->command = CMD_HELP;
    return check_words(ret, err);
}
