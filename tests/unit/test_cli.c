/* SPDX-License-Identifier: Apache-2.0 */
/* The option table, and what is made of command lines. Nothing that a word names is opened. */
#include "base/own.h"
#include "lambda/limits.h"
#include "launcher/command/cli_row.h"

#include <criterion/criterion.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

Test(cli, fills_a_request_with_lambdas_defaults)
{
    char *argv[] = {"lrun", "--layers", "a,b", "fn.zip", "--layers=c", NULL};
    struct request r;
    struct err err;
    cr_assert_eq(cli_parse(5, argv, &r, &err), 0);
    cr_expect(r.command == CMD_RUN && r.layers.n == 3 && strcmp(r.function, "fn.zip") == 0);
    cr_expect(r.memory.value == 128 && r.timeout.value == 3000 && r.tmp_size.value == 512 && r.init_limit.value == 10 && !r.memory.set);
    cr_expect_str_eq(r.region, "us-east-1");
    request_done(&r);
}

Test(cli, each_row_is_one_option_of_its_commands)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const struct option_row *row = &ROWS[i];
        cr_expect(row->name && row->help && row->set && row->commands && row->commands < 1u << CMD_COUNT, "%s", row->name);
        cr_expect(strspn(row->name, "abcdefghijklmnopqrstuvwxyz-") == strlen(row->name), "%s", row->name);
        cr_expect(row->min <= row->max && row->field < sizeof(struct request), "%s", row->name);
        cr_expect(!row->preset || row->arg, "%s: a switch has no default", row->name);
        cr_expect(!(row->flags & PATH && row->flags & PATH_OR_WORD), "%s", row->name);
        for (size_t k = 0; k < i; k++) {
            const bool same = strcmp(ROWS[k].name, row->name) == 0;
            cr_expect(!(same && ROWS[k].commands & row->commands), "%s is there twice", row->name);
            cr_expect(!same || !ROWS[k].arg == !row->arg, "%s has one shape, whichever command it is for", row->name);
            cr_expect(!row->letter || ROWS[k].letter != row->letter || same, "-%c is there twice", row->letter);
        }
    }
}

Test(cli, a_preset_is_what_the_option_takes_and_lies_within_its_range)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        struct request r = {.command = CMD_RUN};
        struct err err = {0};
        if (ROWS[i].preset)
            cr_expect_eq(ROWS[i].set(&ROWS[i], ROWS[i].preset, &r, &err), 0, "%s: %s", ROWS[i].name, err.sentence);
        request_done(&r);
        cr_expect(!ROWS[i].letter || cli_find_row(ROWS[i].commands, NULL, 0, ROWS[i].letter) == &ROWS[i], "%s", ROWS[i].name);
        cr_expect_eq(cli_find_row(ROWS[i].commands, ROWS[i].name, strlen(ROWS[i].name), 0), &ROWS[i], "%s", ROWS[i].name);
    }
    cr_expect_null(cli_find_row(~0u, "memor", 5, 0));
    cr_expect_null(cli_find_row(~0u, "memoryx", 7, 0));
    cr_expect(cli_find_row(~0u, "memoryx", 6, 0) != NULL, "of so many bytes");
}

/* Words split at blanks. NULL: good; else how the refusal begins. */
static const char *parse(const char *line, struct request *r, char *copy, size_t size)
{
    static struct err err;
    static char *argv[64];
    int argc = 0;
    snprintf(copy, size, "%s", line);
    for (char *rest = copy, *word; (word = strsep(&rest, " "));)
        argv[argc++] = word;
    argv[argc] = NULL;
    err = (struct err){0};
    return cli_parse(argc, argv, r, &err) == 0 ? NULL : err.sentence;
}

Test(cli, numbers_are_within_their_ranges)
{
    static const struct {
        const char *line, *says; /* NULL: good */
    } ROWS_OF[] = {
        {"lrun --memory 128 f", NULL},
        {"lrun --memory 127 f", "--memory 127: must be 128 to 10240 (MB)"},
        {"lrun --memory 10240 f", NULL},
        {"lrun --memory 10241 f", "--memory 10241: must be 128 to 10240 (MB)"},
        {"lrun serve --memory 32768 f", NULL},
        {"lrun exec --memory 1 f -- x", NULL},
        {"lrun exec --memory 0 f -- x", "--memory 0: must be 1 to 16777216 (MB)"},
        {"lrun --timeout 1800 f", NULL},
        {"lrun --timeout 1801 f", "--timeout 1801: must be 1 to 1800 (SECONDS)"},
        {"lrun --timeout 0.5 f", "--timeout: '0.5' is not a whole number (SECONDS, 1 to 1800)"},
        {"lrun exec --timeout 0.001 f -- x", NULL},
        {"lrun exec --timeout 0 f -- x", "--timeout 0: must be 0.001 to 1000000 (SECONDS)"},
        {"lrun exec --timeout 0.0001 f -- x", "--timeout: '0.0001' is not a number with up to three decimal places"},
        {"lrun --tmp-size 511 f", "--tmp-size 511: must be 512 to 10240 (MB)"},
        {"lrun --init-limit 901 f", "--init-limit 901: must be 1 to 900 (SECONDS)"},
        {"lrun serve --max-concurrency 1600 f", NULL},
        {"lrun serve --max-concurrency 1601 f", "--max-concurrency 1601: must be 1 to 1600 (N)"},
        {"lrun serve --port 65535 f", NULL},
        {"lrun serve --port 65536 f", "--port 65536: must be 0 to 65535 (PORT)"},
        {"lrun --memory 128x f", "--memory: '128x' is not a whole number (MB, 128 to 10240)"},
        {"lrun --memory -1 f", "--memory: '-1' is not a whole number"},
        {"lrun --memory= f", "--memory: '' is not a whole number"},
        {"lrun --shm 1 f", NULL},
        {"lrun --shm 10240 f", NULL},
        {"lrun --shm 0 f", "--shm: '0' is not one of absent|denied|MB (MB: 1 to 10240)"},
        {"lrun --shm 10241 f", "--shm: '10241' is not one of"},
    };
    char copy[256];
    for (size_t i = 0; i < COUNT(ROWS_OF); i++) {
        struct request r;
        const char *says = parse(ROWS_OF[i].line, &r, copy, sizeof copy);
        cr_expect(ROWS_OF[i].says ? says && str_begins(says, ROWS_OF[i].says) : !says, "%s: %s", ROWS_OF[i].line, says);
        request_done(&r);
    }
}

Test(cli, words_and_options_of_the_wrong_kind_are_refused)
{
    static const struct {
        const char *line, *says;
    } ROWS_OF[] = {
        {"lrun exec f", "exec needs a command after --"},
        {"lrun exec f --", "exec needs a command after --"},
        {"lrun exec -- x", "exec needs a FUNCTION"},
        {"lrun f g", "run: unexpected argument 'g'"},
        {"lrun f {\"a\":1}", "run: unexpected argument after FUNCTION"},
        {"lrun f --nope", "unknown option '--nope'"},
        {"lrun f --memroy 128", "unknown option '--memroy' (did you mean '--memory'?)"},
        {"lrun f --scratch", "option '--scratch' is not for run (it is for exec, batch and test)"},
        {"lrun f --nope=secret", "unknown option '--nope'"},
        {"lrun f -Z", "unknown option '-Z'"},
        {"lrun f --strict=yes", "--strict takes no value"},
        {"lrun f --memory", "--memory needs a value: --memory MB"},
        {"lrun f --handler=", "--handler: the value is empty"},
        {"lrun f --net lan", "--net: 'lan' is not one of none|host|user|blackhole"},
        {"lrun f --net non", "--net: 'non' is not one of"},
        {"lrun f --net none|host", "--net: 'none|host' is not one of"},
        {"lrun f --net=", "--net: '' is not one of"},
        {"lrun f --seccomp lamda", "--seccomp: 'lamda' is not one of"},
        {"lrun f --credentials none", "--credentials: 'none' is not one of fake|env|profile:NAME"},
        {"lrun f --credentials short8901234567", "--credentials: 'short8901234567' is not one of fake"},
        {"lrun f --credentials secret8901234567", "--credentials: the value (not repeated, since it may be a key) is not one of"},
        {"lrun f --layers a,,b", "--layers 'a,,b': a name is empty"},
        {"lrun f --layers a,b,c,d,e,f", "--layers: Cannot reference more than 5 layers."},
        {"lrun f --tenant a;b", "--tenant 'a;b': an id has 1 to 256 characters"},
        {"lrun exec --in 5 f -- x", "exec: unexpected argument 'f'"},
        {"lrun exec --in 5 --net host -- x", "--in and --net exclude each other"},
        {"lrun serve --allow-origin http://a/ f", "--allow-origin: 'http://a/' is not an origin"},
        {"lrun serve --allow-host http://a f", "--allow-host: 'http://a' is not a host name"},
        {"lrun doctor x", "doctor: unexpected argument 'x'"},
        {"lrun cache", "cache needs one of list, prune, verify"},
        {"lrun f -v a:/b", "-v is --verbose and takes no value"},
        {"lrun sevre f", "unknown command 'sevre' (did you mean 'serve'?)"},
    };
    char copy[256];
    for (size_t i = 0; i < COUNT(ROWS_OF); i++) {
        struct request r;
        const char *says = parse(ROWS_OF[i].line, &r, copy, sizeof copy);
        cr_expect(says && str_begins(says, ROWS_OF[i].says) && !strstr(says, "secret"), "%s: %s", ROWS_OF[i].line, says);
        request_done(&r);
    }
}

Test(cli, what_was_asked_is_in_the_request)
{
    char copy[256];
    struct request r;
    cr_assert(!parse("lrun exec --debug -tv -w /tmp --net=user --env A=1 --env B f.zip -- ls -l --memory", &r, copy, sizeof copy));
    cr_expect(r.command == CMD_EXEC && r.named && r.debug && r.tty && r.verbose && r.net == NET_USER && strcmp(r.workdir, "/tmp") == 0);
    cr_expect(r.env.n == 2 && strcmp(r.argv[0], "ls") == 0 && strcmp(r.argv[2], "--memory") == 0 && !r.argv[3] && r.tools == TOOLS_HOST);
    request_done(&r);
    cr_assert(
        !parse("lrun -e {} -e - --timeout 7 --memory 256 --shm denied --credentials profile:me -d 5678 f.zip", &r, copy, sizeof copy));
    cr_expect(r.command == CMD_RUN && !r.named && r.events.n == 2 && r.timeout.value == 7000 && r.timeout.set && r.memory.value == 256);
    cr_expect(r.shm == SHM_DENIED && r.credentials == CREDENTIALS_PROFILE && strcmp(r.profile, "me") == 0 && r.debug &&
              r.debug_port.value == 5678);
    request_done(&r);
    cr_assert(!parse("lrun serve --url 8080 --url a=8081 --cors --watch a=x.zip b=y.zip", &r, copy, sizeof copy));
    cr_expect(r.command == CMD_SERVE && r.urls.n == 2 && r.cors && r.watch && r.words.n == 2 && r.port.value == 3001 &&
              r.concurrency.value == 10);
    request_done(&r);
    cr_assert(!parse("lrun -- -odd.zip", &r, copy, sizeof copy));
    cr_expect(strcmp(r.function, "-odd.zip") == 0);
    request_done(&r);
    cr_assert(!parse("lrun --help", &r, copy, sizeof copy));
    cr_expect(r.command == CMD_HELP && r.help);
    request_done(&r);
}

Test(cli, set_and_cleared_by_name_as_a_configuration_does)
{
    struct request r = {.command = CMD_SERVE};
    struct err err = {0};
    cr_expect(cli_set(&r, "memory", "256", &err) == 0 && r.memory.value == 256);
    cr_expect(cli_set(&r, "cors", "true", &err) == 0 && r.cors);
    cr_expect(cli_set(&r, "layers", "a", &err) == 0 && cli_set(&r, "layers", "b", &err) == 0 && r.layers.n == 2);
    cli_clear(&r, "layers"), cli_clear(&r, "memory"), cli_clear(&r, "nope");
    cr_expect(r.layers.n == 0 && r.memory.value == 256);
    static const char *const BAD[][2] = {{"memory", "1"},     {"nope", "x"},   {"config", "x"}, {"help", "true"},
                                         {"scratch", "true"}, {"cors", "yes"}, {"", ""}};
    for (size_t i = 0; i < COUNT(BAD); i++)
        cr_expect_eq(cli_set(&r, BAD[i][0], BAD[i][1], &err), -1, "%s", BAD[i][0]);
    cr_expect(cli_is_path(&r, "layers", "a") && cli_is_path(&r, "seccomp", "a.json") && !cli_is_path(&r, "seccomp", "lambda"));
    cr_expect(!cli_is_path(&r, "rootfs", "host") && cli_is_path(&r, "rootfs", "hosts") && !cli_is_path(&r, "region", "a/b") &&
              !cli_is_path(&r, "nope", "/"));
    request_done(&r);
}

Test(cli, what_a_word_is_called_in_a_message_tells_no_value)
{
    static const char *const ROWS_OF[][2] = {{"--env=K=V", "--env"}, {"-eX", "-e"},    {"{\"a\"}", ""}, {"\"x", ""},  {"[1]", ""},
                                             {"a=b", "a"},           {"word", "word"}, {"-", "-"},      {"--", "--"}, {"", ""}};
    for (size_t i = 0; i < COUNT(ROWS_OF); i++) {
        OWN_PTR char *name = cli_name_of(ROWS_OF[i][0]);
        cr_expect_str_eq(name, ROWS_OF[i][1]);
    }
}

Test(cli, help_manual_and_completions_name_every_option)
{
    char *text[5] = {NULL};
    size_t sizes[COUNT(text)];
    FILE *to[COUNT(text)];
    for (size_t i = 0; i < COUNT(text); i++)
        to[i] = open_memstream(&text[i], &sizes[i]);
    for (unsigned command = 0; command < CMD_COUNT; command++)
        cli_help((enum command)command, to[0]);
    cli_man_options(to[1]), cli_bash_completion(to[2]), cli_zsh_completion(to[3]), cli_fish_completion(to[4]);
    for (size_t i = 0; i < COUNT(text); i++)
        fclose(to[i]);
    for (size_t i = 0; i < ROW_COUNT; i++) {
        OWN_PTR char *option = xasprintf("--%s", ROWS[i].name), *fish = xasprintf(" -l %s ", ROWS[i].name);
        cr_expect(strstr(text[0], option) && strstr(text[2], option) && strstr(text[3], option) && strstr(text[4], fish), "%s", option);
    }
    cr_expect(strstr(text[1], ".TP\n"), "%.200s", text[1]);
    for (size_t i = 0; i < COUNT(text); i++)
        free(text[i]);
}
