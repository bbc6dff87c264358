/* SPDX-License-Identifier: Apache-2.0 */
/* variables.c: the function's environment variables as a table, the keys that are Lambda's own, and Lambda's limit of 4 KB. Where the
 * user's variables come from (--env, files, a template) is launcher/launch/inputs_text.c's. Order of what counts: rows that only
 * Lambda sets, then the user's, then an image's, then defaults (default_only). Extensions get the same list without what AWS keeps
 * from them. The environment is exactly this list: nothing of the caller's goes in. */
#include "lambda/variables.h"

#include "base/json.h"
#include "base/own.h"
#include "lambda/limits.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

// clang-format off
static const char *const RESERVED[] = {
    "_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV", "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
    "AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR", "AWS_LAMBDA_MAX_CONCURRENCY", "AWS_LAMBDA_METADATA_API",
    "AWS_LAMBDA_METADATA_TOKEN",
};
// clang-format on

static bool key_is(const char *entry, const char *key)
{
    size_t n = strlen(key);
    return strncmp(entry, key, n) == 0 && entry[n] == '=';
}

int variables_check(const char *entry, const char *where, struct err *err)
{
    size_t n = strcspn(entry, "=");
    OWN_PTR char *key = xasprintf("%.*s", (int)n, entry);
    for (size_t i = 0; i < COUNT(RESERVED); i++)
        if (strcmp(RESERVED[i], key) == 0) {
            fail_usage(err, "%.160s: %.64s cannot be set", where, key);
            return fail_hint(err,
                             "Lambda was unable to configure your environment variables because the environment variables you have "
                             "provided contains reserved keys that are currently not supported for modification. Reserved keys used "
                             "in this request: %s",
                             key);
        }
    bool good = n >= 2 && isalpha((unsigned char)key[0]);
    for (size_t i = 0; i < n; i++)
        good = good && (isalnum((unsigned char)key[i]) || key[i] == '_');
    if (good)
        return 0;
    return fail_usage(err, "%.160s: a variable's name must match Lambda's pattern [a-zA-Z]([a-zA-Z0-9_])+", where);
}

void variables_set(struct strv *list, char *entry)
{
    OWN_PTR char *key = xasprintf("%.*s", (int)strcspn(entry, "="), entry);
    for (size_t i = 0; i < list->n; i++)
        if (key_is(list->at[i], key)) {
            free(list->at[i]);
            list->at[i] = entry;
            return;
        }
    strv_add(list, entry);
}

int variables_check_size(const struct strv *list, struct err *err)
{
    struct text json = {0};
    json_open(&json, '{');
    for (size_t i = 0; i < list->n; i++) {
        const char *equals = strchr(list->at[i], '=');
        OWN_PTR char *key = xasprintf("%.*s", (int)(equals - list->at[i]), list->at[i]);
        json_put(&json, key, equals + 1);
    }
    json_close(&json, '}');
    int status = 0;
    if (json.n > VARIABLES_MAX) {
        fail_usage(err, "the %zu variables measure %zu bytes as JSON", list->n, json.n);
        status = fail_hint(err, VARIABLES_TEXT);
    }
    text_done(&json);
    return status;
}

/* How a row's value is found. A row that gives NULL is not set. */
typedef const char *(*value_fn)(const struct variables_input *in, char *scratch, size_t size);

// clang-format off
#define VALUE(name, field)                                                                  \
    static const char *name(const struct variables_input *in, char *scratch, size_t size)  \
    {                                                                                       \
        (void)scratch, (void)size;                                                          \
        return in->field;                                                                   \
    }
// clang-format on
VALUE(v_handler, handler)
VALUE(v_name, name)
VALUE(v_region, region)
VALUE(v_api, api)
VALUE(v_stream, log_stream)
VALUE(v_key_id, access_key_id)
VALUE(v_secret, secret_access_key)
VALUE(v_token, session_token)
VALUE(v_term, term)

static const char *v_memory(const struct variables_input *in, char *scratch, size_t size)
{
    snprintf(scratch, size, "%u", in->memory);
    return scratch;
}
static const char *v_group(const struct variables_input *in, char *scratch, size_t size)
{
    if (in->log_group)
        return in->log_group;
    snprintf(scratch, size, "/aws/lambda/%s", in->name);
    return scratch;
}
static const char *v_path(const struct variables_input *in, char *scratch, size_t size)
{
    (void)scratch, (void)size;
    return in->al2 ? "/usr/local/bin:/usr/bin/:/bin:/opt/bin" : "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin";
}
static const char *v_library_path(const struct variables_input *in, char *scratch, size_t size)
{
    static const char ALL[] = "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib";
    (void)scratch, (void)size;
    return in->al2 ? ALL + sizeof "/var/lang/lib:" - 1 : ALL;
}
static const char *v_execution_env(const struct variables_input *in, char *scratch, size_t size)
{
    if (!in->managed)
        return NULL;
    snprintf(scratch, size, "AWS_Lambda_%s", in->runtime);
    return scratch;
}
static const char *v_node_path(const struct variables_input *in, char *scratch, size_t size)
{
    if (!in->nodejs)
        return NULL;
    snprintf(scratch, size, "/opt/nodejs/node%u/node_modules:/opt/nodejs/node_modules:/var/runtime/node_modules:/var/runtime:/var/task",
             in->version);
    return scratch;
}
/* Under run the bootstrap makes the search path, as on Lambda; a command has no bootstrap, and finds the layers by this. */
static const char *v_python_path(const struct variables_input *in, char *scratch, size_t size)
{
    if (!in->python || in->api)
        return NULL;
    snprintf(scratch, size,
             "/var/task:/opt/python/lib/python3.%u/site-packages:/opt/python:/var/lang/lib/python3.%u/site-packages:/var/runtime",
             in->version, in->version);
    return scratch;
}
static const char *v_debug_port(const struct variables_input *in, char *scratch, size_t size)
{
    if (!in->debug_port || !in->api || !(in->python || in->nodejs || in->java))
        return NULL;
    snprintf(scratch, size, "%u", in->debug_port);
    return scratch;
}
static const char *v_debug_waits(const struct variables_input *in, char *scratch, size_t size)
{
    return in->debug_waits ? v_debug_port(in, scratch, size) : NULL;
}
static const char *v_node_version(const struct variables_input *in, char *scratch, size_t size)
{
    if (!in->nodejs || !in->api || !in->minor)
        return NULL;
    snprintf(scratch, size, "%u.%u", in->version, in->minor);
    return scratch;
}
/* Of java8 and java11: names that the first version of AWS's SDK for Java knew. */
static bool has_old_names(const struct variables_input *in)
{
    return in->java && in->version <= 11;
}
static const char *v_old_key_id(const struct variables_input *in, char *scratch, size_t size)
{
    (void)scratch, (void)size;
    return has_old_names(in) ? in->access_key_id : NULL;
}
static const char *v_old_secret(const struct variables_input *in, char *scratch, size_t size)
{
    (void)scratch, (void)size;
    return has_old_names(in) ? in->secret_access_key : NULL;
}
static const char *v_json(const struct variables_input *in, char *scratch, size_t size)
{
    (void)scratch, (void)size;
    return in->json_logs ? "JSON" : NULL;
}
static const char *v_level(const struct variables_input *in, char *scratch, size_t size)
{
    (void)scratch, (void)size;
    return !in->json_logs ? NULL : in->log_level ? in->log_level : "INFO";
}

static const char *v_initialization(const struct variables_input *in, char *scratch, size_t size)
{
    (void)scratch, (void)size;
    return in->max_concurrency > 1 ? "lambda-managed-instances" : "on-demand";
}

static const char *v_max_concurrency(const struct variables_input *in, char *scratch, size_t size)
{
    if (in->max_concurrency <= 1)
        return NULL;
    snprintf(scratch, size, "%u", in->max_concurrency);
    return scratch;
}

/* default_only: the user's value wins. Not set, as on Lambda: HOME USER LOGNAME HOSTNAME SHELL TERM TMPDIR; for provided.*
 * AWS_EXECUTION_ENV PWD SHLVL _X_AMZN_TRACE_ID, which managed runtimes' bootstraps and clients set but for the first. Our
 * choice: _LAMBDA_TELEMETRY_LOG_FD only where there are extensions, which alone could tell; without it clients log to stdout, in
 * order with what else they print. No metadata API, which lrun does not serve. */
static const struct variable {
    const char *name, *fixed; /* fixed, or found by value */
    value_fn value;
    bool default_only;
} TABLE[] = {
    {"AWS_LAMBDA_FUNCTION_NAME", NULL, v_name, false},
    {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE", NULL, v_memory, false},
    {"AWS_LAMBDA_FUNCTION_VERSION", "$LATEST", NULL, false},
    {"AWS_LAMBDA_INITIALIZATION_TYPE", NULL, v_initialization, false},
    {"AWS_LAMBDA_MAX_CONCURRENCY", NULL, v_max_concurrency, false},
    {"AWS_LAMBDA_LOG_GROUP_NAME", NULL, v_group, false},
    {"AWS_LAMBDA_LOG_STREAM_NAME", NULL, v_stream, false},
    {"AWS_LAMBDA_LOG_FORMAT", NULL, v_json, false},
    {"AWS_LAMBDA_LOG_LEVEL", NULL, v_level, false},
    {"AWS_LAMBDA_RUNTIME_API", NULL, v_api, false},
    {"AWS_REGION", NULL, v_region, false},
    {"AWS_DEFAULT_REGION", NULL, v_region, false},
    {"AWS_ACCESS_KEY_ID", NULL, v_key_id, false},
    {"AWS_SECRET_ACCESS_KEY", NULL, v_secret, false},
    {"AWS_SESSION_TOKEN", NULL, v_token, false},
    {"AWS_ACCESS_KEY", NULL, v_old_key_id, false},
    {"AWS_SECRET_KEY", NULL, v_old_secret, true}, /* a key that users may set */
    {"AWS_XRAY_CONTEXT_MISSING", "LOG_ERROR", NULL, true},
    {"AWS_XRAY_DAEMON_ADDRESS", "169.254.100.1:2000", NULL, true},
    {"_AWS_XRAY_DAEMON_ADDRESS", "169.254.100.1", NULL, false},
    {"_AWS_XRAY_DAEMON_PORT", "2000", NULL, false},
    {"LAMBDA_TASK_ROOT", "/var/task", NULL, false},
    {"LAMBDA_RUNTIME_DIR", "/var/runtime", NULL, false},
    {"_HANDLER", NULL, v_handler, false},
    {"AWS_EXECUTION_ENV", NULL, v_execution_env, false},
    {"NODE_PATH", NULL, v_node_path, true},
    {"PYTHONPATH", NULL, v_python_path, true},
    {"LRUN_DEBUG_PORT", NULL, v_debug_port, false},
    {"LRUN_DEBUG_WAITS", NULL, v_debug_waits, false},
    {"LRUN_NODE_VERSION", NULL, v_node_version, false},
    {"TERM", NULL, v_term, true},
    {"LANG", "en_US.UTF-8", NULL, true},
    {"TZ", ":UTC", NULL, true},
    {"PATH", NULL, v_path, true},
    {"LD_LIBRARY_PATH", NULL, v_library_path, true},
};

static bool has(const struct strv *list, const char *name)
{
    for (size_t i = 0; list && i < list->n; i++)
        if (key_is(list->at[i], name))
            return true;
    return false;
}

/* Of an image what neither Lambda nor the user sets; of several of one name the last, as Docker has it. What is no K=V is left out. */
static void add_image(const struct variables_input *in, struct strv *ret)
{
    size_t before = ret->n;
    for (size_t i = in->image ? in->image->n : 0; i-- > 0;) {
        const char *entry = in->image->at[i];
        size_t n = strcspn(entry, "=");
        OWN_PTR char *key = xasprintf("%.*s", (int)n, entry);
        if (n && entry[n] && !has(in->user, key) && !has(ret, key))
            strv_add(ret, xstrdup(entry));
    }
    for (size_t i = before, k = ret->n; i + 1 < k; i++) { /* in its own order */
        char *last = ret->at[--k];
        ret->at[k] = ret->at[i];
        ret->at[i] = last;
    }
}

void variables_make(const struct variables_input *in, struct strv *ret)
{
    for (size_t i = 0; i < COUNT(TABLE); i++) {
        char scratch[300];
        const char *value = TABLE[i].fixed ? TABLE[i].fixed : TABLE[i].value(in, scratch, sizeof scratch);
        if (value && !(TABLE[i].default_only && (has(in->user, TABLE[i].name) || has(in->image, TABLE[i].name))))
            strv_add(ret, xasprintf("%s=%s", TABLE[i].name, value));
    }
    add_image(in, ret);
    for (size_t i = 0; in->user && i < in->user->n; i++)
        strv_add(ret, xstrdup(in->user->at[i]));
}

/* lambda-environment, section 1.3. */
void variables_for_extensions(const struct strv *all, struct strv *ret)
{
    static const char *const HIDDEN[] = {
        "AWS_EXECUTION_ENV",        "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_XRAY_CONTEXT_MISSING",
        "AWS_XRAY_DAEMON_ADDRESS",  "LAMBDA_RUNTIME_DIR",        "LAMBDA_TASK_ROOT",           "_HANDLER",
        "_AWS_XRAY_DAEMON_ADDRESS", "_AWS_XRAY_DAEMON_PORT",     "_LAMBDA_TELEMETRY_LOG_FD",   "LRUN_DEBUG_PORT",
        "LRUN_NODE_VERSION",        "LRUN_DEBUG_WAITS",
    };
    for (size_t i = 0; i < all->n; i++) {
        bool hidden = false;
        for (size_t k = 0; k < COUNT(HIDDEN); k++)
            hidden = hidden || key_is(all->at[i], HIDDEN[k]);
        if (!hidden)
            strv_add(ret, xstrdup(all->at[i]));
    }
}

void variables_for_frames(const struct strv *all, int fd, struct strv *ret)
{
    for (size_t i = 0; i < all->n; i++)
        strv_add(ret, xstrdup(all->at[i]));
    strv_add(ret, xasprintf("_LAMBDA_TELEMETRY_LOG_FD=%d", fd));
}
