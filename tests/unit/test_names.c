/* SPDX-License-Identifier: Apache-2.0 */
#include "base/own.h"
#include "launcher/launch/names.h"

#include <criterion/criterion.h>
#include <string.h>

Test(names, every_command_has_its_row)
{
    for (unsigned c = 0; c < CMD_COUNT; c++) {
        cr_assert(COMMANDS[c].name && COMMANDS[c].synopsis && COMMANDS[c].help, "%u", c);
        cr_expect(strstr(COMMANDS[c].synopsis, COMMANDS[c].name) != NULL, "%s", COMMANDS[c].synopsis);
        cr_expect_str_eq(name_near_command(COMMANDS[c].name), COMMANDS[c].name);
    }
}

Test(names, the_nearest_command_is_meant)
{
    static const char *const ROWS[][2] = {{"serv", "serve"},
                                          {"sevre", "serve"},
                                          {"servee", "serve"},
                                          {"exce", "exec"},
                                          {"inspekt", "inspect"},
                                          {"insp", "inspect"},
                                          {"doc", "doctor"},
                                          {"invoke", "run"},
                                          {"lint", "inspect"},
                                          {"why", "explain"},
                                          {"evnt", "event"},
                                          {"ru", NULL},
                                          {"r", NULL},
                                          {"", NULL},
                                          {"xyz", NULL},
                                          {"function.zip", NULL},
                                          {"explain-everything-there-is", NULL}};
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        const char *near = name_near_command(ROWS[i][0]);
        cr_expect(ROWS[i][1] ? near && strcmp(near, ROWS[i][1]) == 0 : !near, "%s: %s", ROWS[i][0], near);
    }
}

Test(names, one_letter_more_less_other_or_swapped_is_one_apart)
{
    static const struct {
        const char *word;
        unsigned apart;
    } ROWS[] = {{"memory", 0},
                {"memry", 1},
                {"memoory", 1},
                {"memary", 1},
                {"meomry", 1},
                {"mmeroy", 2},
                {"mem", 2},
                {"me", NAME_UNLIKE},
                {"m", NAME_UNLIKE},
                {"", NAME_UNLIKE},
                {"timeout", NAME_UNLIKE},
                {"memorymemorymemorymemory", NAME_UNLIKE},
                {"memorymemorymemorymemorym", NAME_UNLIKE}};
    for (size_t i = 0; i < COUNT(ROWS); i++)
        cr_expect_eq(name_unlikeness(ROWS[i].word, "memory"), ROWS[i].apart, "%s: %u", ROWS[i].word,
                     name_unlikeness(ROWS[i].word, "memory"));
}

Test(names, an_unknown_command_is_refused_with_the_nearest)
{
    static char huge[300];
    struct err err;
    cr_expect_eq(name_unknown_command("serv", &err), -1);
    cr_expect_str_eq(err.sentence, "unknown command 'serv' (did you mean 'serve'?)");
    cr_expect_eq(name_unknown_command("xyzzy", &err), -1);
    cr_expect(err.usage && strcmp(err.sentence, "unknown command 'xyzzy'") == 0 && strcmp(err.hint, "see lrun help") == 0);
    memset(huge, 'x', sizeof huge - 1);
    cr_expect_eq(name_unknown_command(huge, &err), -1);
    cr_expect_eq(strlen(err.sentence), strlen("unknown command ''") + 40);
}
