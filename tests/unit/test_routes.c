/* SPDX-License-Identifier: Apache-2.0 */
#include "base/own.h"
#include "lambda/api_error.h"
#include "lambda/routes.h"
#include "tests/unit/wire.h"

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
                {"GET", "/c/", NULL, NULL, -1},    {"PUT", "/c", NULL, "GET", -1},       {"GET", "", NULL, NULL, -1},
                {"POST", "/a/b", NULL, NULL, -1},  {"POST", "/a/*/b", "*", NULL, 0},     {"post", "/a/1/b", NULL, "POST", -1}};
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

Test(routes, escapes_are_decoded_strictly)
{
    static const struct {
        const char *encoded, *decoded; /* NULL: broken */
        size_t n;
        bool nul;
    } ROWS[] = {{"", "", 0, false},
                {"a+b", "a+b", 3, false},
                {"%41%7a%2F%2f", "Az//", 4, false},
                {"%25%32%35", "%25", 3, false},
                {"%C3%A9", "\xc3\xa9", 2, false},
                {"a%00b", "a\0b", 3, true},
                {"%", NULL, 0, false},
                {"%4", NULL, 0, false},
                {"a%4", NULL, 0, false},
                {"%4g", NULL, 0, false},
                {"%g4", NULL, 0, false},
                {"%%41", NULL, 0, false},
                {"% 41", NULL, 0, false},
                {"%-1", NULL, 0, false}};
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct text t = {0}, before = {0};
        text_puts(&before, "\xff");
        cr_expect_eq(url_decode(ROWS[i].encoded, strlen(ROWS[i].encoded), &t), ROWS[i].decoded != NULL, "%s", ROWS[i].encoded);
        cr_expect(!ROWS[i].decoded || (t.n == ROWS[i].n && (!t.n || memcmp(t.at, ROWS[i].decoded, t.n) == 0)), "%s", ROWS[i].encoded);
        cr_expect_eq(route_decode(ROWS[i].encoded, strlen(ROWS[i].encoded), &before), ROWS[i].decoded && !ROWS[i].nul, "%s",
                     ROWS[i].encoded);
        text_done(&t), text_done(&before);
    }
    struct text t = {0};
    cr_expect_not(url_decode("%41", 2, &t), "no byte behind its end is read");
    text_done(&t);
}

static void pong(void *service, struct http_request *r, const char *word)
{
    (void)service;
    http_answer(r, 200, "", word ? word : "none", word ? strlen(word) : 4);
}

static void on_request(void *to, struct http_request *r)
{
    static const struct route TABLE[] = {{"GET", "/ping/*", pong}, {"POST", "/only", pong}};
    const struct route_table t = {TABLE, COUNT(TABLE), NULL};
    (void)to;
    api_route(&t, 1, r);
}

Test(routes, what_has_none_is_404_and_what_has_another_method_is_405)
{
    static const struct {
        const char *request, *head, *body;
    } ROWS[] = {{"GET /ping/x HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK", "x"},
                {"GET /none HTTP/1.1\r\n\r\n", "HTTP/1.1 404 Not Found", "404 page not found\n"},
                {"GET /only HTTP/1.1\r\n\r\n", "HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\nAllow: POST\r\n", ""}};
    const struct http_handler handler = {.on_request = on_request, .body_max = 100, .header_max = 1000};
    struct wire w;
    wire_open(&w, &handler);
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct text answer = {0};
        wire_say(&w, ROWS[i].request, &answer);
        cr_expect(str_begins(answer.at, ROWS[i].head), "%s", answer.at);
        cr_expect_str_eq(wire_body(&answer), ROWS[i].body);
        text_done(&answer);
    }
    wire_close(&w);
}
