/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of the command line and of a configuration file. No package is opened. */
#include "base/fs.h"
#include "base/own.h"
#include "launcher/command/cli.h"
#include "launcher/command/config.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

static char place[32], file[48];

/* Reads this text as the file of "serve --memory 256 --layers /l.zip --env A=1 --config FILE". */
static int read_config(const char *text, struct request *r, struct config *ret, struct err *err)
{
    char *argv[] = {"lrun", "serve", "--memory", "256", "--layers", "/l.zip", "--env", "A=1", "--config", file, NULL};
    snprintf(place, sizeof place, "/tmp/lrun-unit-XXXXXX");
    cr_expect(mkdtemp(place) != NULL);
    snprintf(file, sizeof file, "%s/c.json", place);
    cr_expect_eq(fs_write_new(AT_FDCWD, file, 0644, text, strlen(text), err), 0);
    *err = (struct err){.no = 0};
    cr_expect_eq(cli_parse(10, argv, r, err), 0);
    return config_read(r, ret, err);
}

static void done(struct request *r, struct config *c)
{
    struct err ignored;
    config_done(c);
    request_done(r);
    fs_remove_tree(AT_FDCWD, place, &ignored);
}

Test(config, members_are_options_and_paths_are_beside_the_file)
{
    struct request r;
    struct config c;
    struct err err;
    cr_assert_eq(
        read_config(
            "{\"functions\":{\"a\":{\"code\":\"fn.zip\",\"timeout\":7,\"layers\":[\"x.zip\",\"/y.zip\"],\"env\":{\"B\":\"2\",\"C\":3}},"
            "\"b\":{\"code\":\"/abs\",\"memory\":\"512\",\"cors\":true,\"strict\":false,\"url\":8080,\"seccomp\":\"core\"}}}",
            &r, &c, &err),
        0, "%s %s", err_what(&err), err.hint);
    cr_assert_eq(c.n, 2);
    const struct request *a = &c.at[0].request, *b = &c.at[1].request;
    OWN_PTR char *code = xasprintf("%s/fn.zip", place), *layer = xasprintf("%s/x.zip", place);
    cr_expect(strcmp(a->name, "a") == 0 && c.at[0].named && strcmp(a->function, code) == 0 && a->timeout.value == 7000 &&
              a->memory.value == 256);
    cr_expect(a->layers.n == 2 && strcmp(a->layers.at[0], layer) == 0 && strcmp(a->layers.at[1], "/y.zip") == 0,
              "its own replace those of all");
    cr_expect(a->env.n == 3 && strcmp(a->env.at[0], "A=1") == 0 && strcmp(a->env.at[2], "C=3") == 0, "variables are added");
    cr_expect(strcmp(b->function, "/abs") == 0 && b->memory.value == 512 && b->cors && !b->strict && b->urls.n == 1 && b->layers.n == 1);
    cr_expect_str_eq(b->seccomp, "core");
    done(&r, &c);
}

Test(config, what_is_wrong_is_refused)
{
    static char long_name[66 + 40];
    static const char *const BAD[] = {
        "",
        "[]",
        "{}",
        "{\"functions\":[]}",
        "{\"functions\":{}}",
        "{\"functions\":{\"a\":{\"code\":\"x\"}},\"memory\":128}",
        "{\"functions\":{\"a\":{}}}",
        "{\"functions\":{\"a\":[]}}",
        "{\"functions\":{\"a\":{\"code\":\"x\"},\"a\":{\"code\":\"x\"}}}",
        "{\"functions\":{\"a\":{\"code\":\"x\",\"code\":\"y\"}}}",
        "{\"functions\":{\"\":{\"code\":\"x\"}}}",
        "{\"functions\":{\"a b\":{\"code\":\"x\"}}}",
        "{\"functions\":{\"a\\u0000\":{\"code\":\"x\"}}}",
        "{\"functions\":{\"a\":{\"code\":\"\\u0000\"}}}",
        "{\"functions\":{\"a\":{\"code\":\"x\",\"nope\":1}}}",
        "{\"functions\":{\"a\":{\"code\":\"x\",\"memory\":1}}}",
        "{\"functions\":{\"a\":{\"code\":\"x\",\"memory\":20000}}}", /* of Managed Instances alone */
        "{\"functions\":{\"a\":{\"code\":\"x\",\"memory\":null}}}",
        "{\"functions\":{\"a\":{\"code\":\"x\",\"memory\":{}}}}",
        "{\"functions\":{\"a\":{\"code\":\"x\",\"layers\":[1]}}}",
        "{\"functions\":{\"a\":{\"code\":\"x\",\"cors\":\"yes\"}}}",
        "{\"functions\":{\"a\":{\"code\":\"x\",\"config\":\"y\"}}}",
        "{\"functions\":{\"a\":{\"code\":\"x\",\"scratch\":true}}}",
        "{\"functions\":{\"a\":{\"code\":\"x\",\"env\":{\"A\":\"\\u0000\"}}}}",
        long_name,
    };
    snprintf(long_name, sizeof long_name, "{\"functions\":{\"%065d\":{\"code\":\"x\"}}}", 1);
    for (size_t i = 0; i < COUNT(BAD); i++) {
        struct request r;
        struct config c;
        struct err err;
        cr_expect_eq(read_config(BAD[i], &r, &c, &err), -1, "%s", BAD[i]);
        cr_expect(err_what(&err)[0], "%s", BAD[i]);
        done(&r, &c);
    }
}

Test(config, words_are_names_and_packages)
{
    static const struct {
        const char *word, *name, *function; /* name NULL: not named; function NULL: refused */
    } ROWS[] = {{"a=x.zip", "a", "x.zip"},     {"x.zip", NULL, "x.zip"},   {"./a=b.zip", NULL, "./a=b.zip"},
                {"a=b=c.zip", "a", "b=c.zip"}, {"=x.zip", NULL, "=x.zip"}, {"a=", NULL, NULL},
                {"-_9=x", "-_9", "x"}};
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        char word[32];
        char *argv[] = {"lrun", "serve", "--", word, NULL};
        struct request r;
        struct config c;
        struct err err;
        snprintf(word, sizeof word, "%s", ROWS[i].word);
        cr_expect_eq(cli_parse(4, argv, &r, &err), 0);
        cr_expect_eq(config_read(&r, &c, &err), ROWS[i].function ? 0 : -1, "%s", word);
        cr_expect(!ROWS[i].function ||
                      (c.n == 1 && c.at[0].named == (ROWS[i].name != NULL) && strcmp(c.at[0].request.function, ROWS[i].function) == 0 &&
                       (!ROWS[i].name || strcmp(c.at[0].request.name, ROWS[i].name) == 0)),
                  "%s", word);
        config_done(&c);
        request_done(&r);
    }
}
