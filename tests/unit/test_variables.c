/* SPDX-License-Identifier: Apache-2.0 */
#include "base/own.h"
#include "lambda/limits.h"
#include "lambda/variables.h"

#include <criterion/criterion.h>
#include <string.h>

Test(variables, nothing_but_lambdas_is_set)
{
    static const char *const absent[] = {"HOME=",
                                         "USER=",
                                         "LOGNAME=",
                                         "HOSTNAME=",
                                         "SHELL=",
                                         "TERM=",
                                         "TMPDIR=",
                                         "PWD=",
                                         "SHLVL=",
                                         "AWS_EXECUTION_ENV=",
                                         "_X_AMZN_TRACE_ID=",
                                         "_LAMBDA_TELEMETRY_LOG_FD=",
                                         "AWS_LAMBDA_METADATA_API=",
                                         "AWS_LAMBDA_RUNTIME_API="};
    struct variables_input in = {.handler = "h", .name = "n", .region = "r", .log_stream = "s", .memory = 128};
    struct strv v = {0};
    variables_make(&in, &v);
    for (size_t i = 0; i < v.n; i++)
        for (size_t j = 0; j < COUNT(absent); j++)
            cr_expect(!str_begins(v.at[i], absent[j]), "%s", v.at[i]);
    strv_done(&v);
}

Test(variables, a_later_value_replaces_an_earlier_one)
{
    struct strv v = {0};
    variables_set(&v, xstrdup("AA=1"));
    variables_set(&v, xstrdup("AAB=2"));
    variables_set(&v, xstrdup("AA=3"));
    cr_expect_eq(v.n, 2);
    cr_expect_str_eq(v.at[0], "AA=3");
    strv_done(&v);
}

Test(variables, what_create_function_takes)
{
    static const char *const GOOD[] = {"AA=", "a1=x", "A_=y=z", "ABC", "A0123456789_=1"};
    static const char *const BAD[] = {"", "=x", "A=x", "1A=x", "_A=x", "A-B=x", "A B=x", "A.B=x", "\xc3\x84X=y", "A\n=x"};
    static const char *const RESERVED[] = {
        "_HANDLER=x", "AWS_REGION=x", "AWS_LAMBDA_RUNTIME_API=", "LAMBDA_TASK_ROOT", "AWS_SESSION_TOKEN=x", "AWS_LAMBDA_MAX_CONCURRENCY=2"};
    struct err err;
    for (size_t i = 0; i < COUNT(GOOD); i++)
        cr_expect_eq(variables_check(GOOD[i], "--env", &err), 0, "%s", GOOD[i]);
    for (size_t i = 0; i < COUNT(BAD); i++) {
        cr_expect_eq(variables_check(BAD[i], "--env", &err), -1, "%s", BAD[i]);
        cr_expect(err.usage && strcmp(err.sentence, "--env: a variable's name must match Lambda's pattern [a-zA-Z]([a-zA-Z0-9_])+") == 0,
                  "%s", err.sentence);
    }
    for (size_t i = 0; i < COUNT(RESERVED); i++) {
        cr_expect_eq(variables_check(RESERVED[i], "--env", &err), -1, "%s", RESERVED[i]);
        cr_expect(strstr(err.hint, "contains reserved keys") != NULL, "%s", err.hint);
    }
    cr_expect_eq(variables_check("AWS_REGIONS=x", "--env", &err), 0, "a longer name is another");
}

/* 4 KB of the map as JSON: {"K0":"..."}. */
Test(variables, all_together_have_a_greatest_size)
{
    for (size_t n = VARIABLES_MAX; n <= VARIABLES_MAX + 1; n++) {
        struct strv v = {0};
        struct err err = {0};
        OWN_PTR char *value = xcalloc(n, 1);
        memset(value, 'x', n - strlen("{\"K0\":\"\"}"));
        strv_add(&v, xasprintf("K0=%s", value));
        cr_expect_eq(variables_check_size(&v, &err), n == VARIABLES_MAX ? 0 : -1, "%zu", n);
        cr_expect(n == VARIABLES_MAX || strcmp(err.sentence, "the 1 variables measure 4097 bytes as JSON") == 0, "%s", err.sentence);
        strv_done(&v);
    }
    struct strv none = {0};
    struct err err;
    cr_expect_eq(variables_check_size(&none, &err), 0);
}

static const char *value_of(const struct strv *v, const char *name)
{
    const size_t n = strlen(name);
    for (size_t i = 0; i < v->n; i++)
        if (strncmp(v->at[i], name, n) == 0 && v->at[i][n] == '=')
            return v->at[i] + n + 1;
    return NULL;
}

Test(variables, are_those_of_the_runtime)
{
    static const struct {
        struct variables_input in;
        const char *name, *value; /* NULL: not set */
    } ROWS[] = {
        {{.al2 = false}, "PATH", "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin"},
        {{.al2 = true}, "PATH", "/usr/local/bin:/usr/bin/:/bin:/opt/bin"},
        {{.al2 = true}, "LD_LIBRARY_PATH", "/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib"},
        {{.managed = true, .runtime = "python3.13"}, "AWS_EXECUTION_ENV", "AWS_Lambda_python3.13"},
        {{.managed = false}, "AWS_EXECUTION_ENV", NULL},
        {{.java = true, .version = 11, .access_key_id = "id", .secret_access_key = "s"}, "AWS_ACCESS_KEY", "id"},
        {{.java = true, .version = 8, .access_key_id = "id", .secret_access_key = "s"}, "AWS_SECRET_KEY", "s"},
        {{.java = true, .version = 17, .access_key_id = "id", .secret_access_key = "s"}, "AWS_ACCESS_KEY", NULL},
        {{.version = 8, .access_key_id = "id", .secret_access_key = "s"}, "AWS_SECRET_KEY", NULL},
        {{.nodejs = true, .version = 22},
         "NODE_PATH",
         "/opt/nodejs/node22/node_modules:/opt/nodejs/node_modules:/var/runtime/node_modules:/var/runtime:/var/task"},
        {{.nodejs = false}, "NODE_PATH", NULL},
        {{.python = true, .version = 13, .api = "127.0.0.1:9001"}, "PYTHONPATH", NULL},
        {{.python = true, .version = 13},
         "PYTHONPATH",
         "/var/task:/opt/python/lib/python3.13/site-packages:/opt/python:/var/lang/lib/python3.13/site-packages:/var/runtime"},
        {{.api = "127.0.0.1:9001"}, "AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001"},
        {{.memory = 512}, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512"},
        {{.max_concurrency = 1}, "AWS_LAMBDA_MAX_CONCURRENCY", NULL},
        {{.max_concurrency = 1}, "AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"},
        {{.max_concurrency = 2}, "AWS_LAMBDA_MAX_CONCURRENCY", "2"},
        {{.max_concurrency = 2}, "AWS_LAMBDA_INITIALIZATION_TYPE", "lambda-managed-instances"},
        {{.json_logs = true}, "AWS_LAMBDA_LOG_FORMAT", "JSON"},
        {{.json_logs = false}, "AWS_LAMBDA_LOG_LEVEL", NULL},
        {{.debug_port = 5678, .api = "a", .python = true}, "LRUN_DEBUG_PORT", "5678"},
        {{.debug_port = 5678, .api = "a"}, "LRUN_DEBUG_PORT", NULL},
        {{.debug_port = 5678, .api = "a", .python = true}, "LRUN_DEBUG_WAITS", NULL},
        {{.debug_port = 5678, .api = "a", .python = true, .debug_waits = true}, "LRUN_DEBUG_WAITS", "5678"},
        {{.api = "a", .python = true, .debug_waits = true}, "LRUN_DEBUG_WAITS", NULL},
        {{.access_key_id = NULL}, "AWS_ACCESS_KEY_ID", NULL},
        {{.access_key_id = "AKIA"}, "AWS_ACCESS_KEY_ID", "AKIA"},
    };
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct variables_input in = ROWS[i].in;
        struct strv v = {0};
        in.handler = "h", in.name = "n", in.region = "r", in.log_stream = "s";
        variables_make(&in, &v);
        const char *got = value_of(&v, ROWS[i].name);
        cr_expect(ROWS[i].value ? got && strcmp(got, ROWS[i].value) == 0 : !got, "%s: %s", ROWS[i].name, got);
        strv_done(&v);
    }
}

Test(variables, the_user_has_his_way_with_defaults_alone)
{
    static char TZ[] = "TZ=Europe/Paris", LANG[] = "LANG=C", MINE[] = "MINE=1";
    static char *of_user[] = {TZ, LANG, MINE, NULL};
    const struct strv user = {of_user, 3};
    const struct variables_input in = {.handler = "h", .name = "n", .region = "r", .log_stream = "s", .user = &user};
    struct strv v = {0};
    unsigned zones = 0;
    variables_make(&in, &v);
    for (size_t i = 0; i < v.n; i++)
        zones += str_begins(v.at[i], "TZ=");
    cr_expect_eq(zones, 1);
    cr_expect(strcmp(value_of(&v, "TZ"), "Europe/Paris") == 0 && strcmp(value_of(&v, "LANG"), "C") == 0 &&
              strcmp(value_of(&v, "MINE"), "1") == 0);
    strv_done(&v);
}

/* Of an image: below Lambda's own and the user's, above defaults; the last of a name counts, and what is no variable is left out. */
Test(variables, of_an_image_lie_between)
{
    char *of_image[] =
        {"PATH=/i", "AWS_REGION=i", "AWS_LAMBDA_RUNTIME_API=i", "MINE=i", "OWN=1", "_HANDLER=i", "OWN=2", "=x", "novalue", "",
         "EMPTY=",  "LANG=i",       "LAMBDA_TASK_ROOT=/i"},
         *of_user[] = {"MINE=u", "LANG=u"};
    static const char *const wanted[] = {"PATH=/i", "AWS_REGION=r", "AWS_LAMBDA_RUNTIME_API=a:1", "MINE=u",     "OWN=2",
                                         "EMPTY=",  "LANG=u",       "LAMBDA_TASK_ROOT=/var/task", "_HANDLER=i", "TZ=:UTC"};
    const struct strv image = {.at = of_image, .n = COUNT(of_image)}, user = {.at = of_user, .n = COUNT(of_user)};
    struct variables_input in = {
        .name = "n", .region = "r", .api = "a:1", .log_stream = "s", .memory = 128, .user = &user, .image = &image};
    struct strv v = {0};
    variables_make(&in, &v);
    for (size_t i = 0; i < COUNT(wanted); i++) {
        size_t found = 0, n = strcspn(wanted[i], "=") + 1;
        for (size_t k = 0; k < v.n; k++)
            if (strncmp(v.at[k], wanted[i], n) == 0 && ++found)
                cr_expect_str_eq(v.at[k], wanted[i]);
        cr_expect_eq(found, 1, "%s: %zu", wanted[i], found);
    }
    for (size_t k = 0; k < v.n; k++)
        cr_expect(strchr(v.at[k], '=') && v.at[k][0] != '=', "%s", v.at[k]);
    strv_done(&v);
}

Test(variables, extensions_see_fewer_and_runtimes_that_know_frames_one_more)
{
    static const char *const HIDDEN[] = {"_HANDLER",          "LAMBDA_TASK_ROOT",          "LAMBDA_RUNTIME_DIR",
                                         "AWS_EXECUTION_ENV", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_XRAY_DAEMON_ADDRESS",
                                         "LRUN_DEBUG_PORT",   "LRUN_DEBUG_WAITS"};
    static const char *const SHOWN[] = {"AWS_REGION", "AWS_LAMBDA_RUNTIME_API", "PATH", "AWS_LAMBDA_FUNCTION_NAME"};
    const struct variables_input in = {.handler = "h",
                                       .name = "n",
                                       .region = "r",
                                       .log_stream = "s",
                                       .api = "a",
                                       .managed = true,
                                       .python = true,
                                       .runtime = "python3.13",
                                       .debug_port = 5,
                                       .debug_waits = true};
    struct strv all = {0}, seen = {0}, framed = {0};
    variables_make(&in, &all);
    variables_for_extensions(&all, &seen);
    for (size_t i = 0; i < COUNT(HIDDEN); i++)
        cr_expect(value_of(&all, HIDDEN[i]) && !value_of(&seen, HIDDEN[i]), "%s", HIDDEN[i]);
    for (size_t i = 0; i < COUNT(SHOWN); i++)
        cr_expect(value_of(&seen, SHOWN[i]) != NULL, "%s", SHOWN[i]);
    variables_for_frames(&all, 7, &framed);
    cr_expect(framed.n == all.n + 1 && strcmp(value_of(&framed, "_LAMBDA_TELEMETRY_LOG_FD"), "7") == 0);
    strv_done(&all), strv_done(&seen), strv_done(&framed);
}
