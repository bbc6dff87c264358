/* SPDX-License-Identifier: Apache-2.0 */
#include "base/own.h"
#include "lambda/routes.h"

#include <criterion/criterion.h>
#include <string.h>

Test(routes, a_star_is_one_segment)
{
    static const struct route table[] = {{"POST", "/a/*/b", NULL}, {"GET", "/a/x/b", NULL}, {"GET", "/c", NULL}};
    const struct route_table t = {table, COUNT(table), NULL};
    static const struct {
        const char *method, *path, *word, *allow;
        int found;
    } rows[] = {{"POST", "/a/1/b", "1", NULL, 0},  {"GET", "/a/x/b", NULL, "POST", 1},   {"GET", "/a/y/b", NULL, "POST", -1},
                {"POST", "/a//b", NULL, NULL, -1}, {"POST", "/a/1/2/b", NULL, NULL, -1}, {"GET", "/c", NULL, NULL, 2},
                {"GET", "/c/", NULL, NULL, -1},    {"PUT", "/c", NULL, "GET", -1}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        void *service;
        OWN_PTR char *word = NULL;
        const char *allow;
        const struct route *got = route_find(&t, 1, rows[i].method, rows[i].path, &service, &word, &allow);
        cr_expect_eq(got ? (int)(got - table) : -1, rows[i].found, "%s", rows[i].path);
        cr_expect(rows[i].word ? word && strcmp(word, rows[i].word) == 0 : !word);
        cr_expect(rows[i].found >= 0 || (rows[i].allow ? allow && strcmp(allow, rows[i].allow) == 0 : !allow));
    }
}
