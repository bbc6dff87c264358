/* SPDX-License-Identifier: Apache-2.0 */
#include "base/own.h"
#include "lambda/http_parse.h"
#include "lambda/http_status.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

enum { HEADER_MAX = 400, MESSAGES = 4 };

struct seen {
    struct http_head heads[MESSAGES];
    struct text bodies[MESSAGES];
    unsigned begun, headers;
    size_t body_max;
};

static struct http_head *on_begin(void *to)
{
    struct seen *s = to;
    return &s->heads[s->begun++];
}
static void on_headers(void *to)
{
    ((struct seen *)to)->headers++;
}
static int on_body(void *to, const char *bytes, size_t n)
{
    struct seen *s = to;
    struct text *body = &s->bodies[s->begun - 1];
    text_add(body, bytes, n);
    return s->body_max && body->n > s->body_max ? -1 : 0;
}

static void done(struct seen *s)
{
    for (unsigned i = 0; i < MESSAGES; i++) {
        http_head_done(&s->heads[i]);
        text_done(&s->bodies[i]);
    }
    *s = (struct seen){.begun = 0};
}

/* Feeds the bytes in pieces of this size; counts the messages that are complete. */
static enum http_parsed feed(struct http_parser *p, const char *bytes, size_t n, size_t piece, unsigned *ret_messages)
{
    *ret_messages = 0;
    for (size_t at = 0; at < n;) {
        size_t used = 0, more = n - at < piece ? n - at : piece;
        enum http_parsed parsed = http_parser_feed(p, bytes + at, more, &used);
        if (parsed != HTTP_MORE && parsed != HTTP_MESSAGE)
            return parsed;
        *ret_messages += parsed == HTTP_MESSAGE;
        if (parsed == HTTP_MORE && used != more)
            return HTTP_BROKEN;
        at += used;
    }
    return HTTP_MORE;
}

static const char TWO[] = "POST /a/b?x=1&y=%20 HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nx-a:  2 \r\nContent-Length: 3\r\n\r\nabc"
                          "PUT /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nde\r\n1\r\nf\r\n0\r\nX-Trail: t\r\nx-trail: u\r\n\r\n";

Test(http_parse, messages_are_the_same_in_whatever_pieces_they_come)
{
    for (size_t piece = 1; piece < sizeof TWO; piece++) {
        struct seen s = {.begun = 0};
        const struct http_parser_calls calls = {&s, on_begin, on_headers, on_body};
        struct http_parser *p = http_parser_new(false, HEADER_MAX, &calls);
        unsigned messages;
        cr_assert(feed(p, TWO, sizeof TWO - 1, piece, &messages) == HTTP_MORE && messages == 2 && s.begun == 2 && s.headers == 2, "%zu",
                  piece);
        const struct http_head *a = &s.heads[0], *b = &s.heads[1];
        cr_expect(strcmp(a->method, "POST") == 0 && strcmp(a->path.at, "/a/b") == 0 && strcmp(a->query.at, "x=1&y=%20") == 0);
        cr_expect(a->length == 3 && strcmp(s.bodies[0].at, "abc") == 0 && a->keep_alive && a->chunks && a->complete && !a->trailers.n);
        cr_expect(strcmp(http_head_value(a, "X-a"), "2") == 0 && !http_head_value(a, "none") && a->headers.n == 8);
        cr_expect(b->length == -1 && strcmp(s.bodies[1].at, "def") == 0 && strcmp(b->path.at, "/c") == 0 && !b->query.n);
        cr_expect(strcmp(http_head_trailer(b, "x-trail"), "u") == 0 && !http_head_value(b, "x-trail") && b->trailers.n == 4);
        http_parser_free(p);
        done(&s);
    }
}

Test(http_parse, what_two_readers_could_read_differently_is_broken)
{
    static const char *const ROWS[] = {
        "POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        "POST / HTTP/1.1\r\nContent-Length: +3\r\n\r\nabc",
        "POST / HTTP/1.1\r\nContent-Length: 3x\r\n\r\nabc",
        "POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: identity, x\r\n\r\nabc",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n11111111111111111\r\n",
        "GET / HTTP/1.1\r\nA B: c\r\n\r\n",
        "GET / HTTP/1.1\r\nA : c\r\n\r\n",
        "GET / HTTP/1.1\r\n: c\r\n\r\n",
        "GET / HTTP/1.1\r\nA: b\x01\r\n\r\n",
        "GET /\x01 HTTP/1.1\r\n\r\n",
        "get / HTTP/1.1\r\n\r\n",
        "GET / HTTP/7.1\r\n\r\n",
        "GET  HTTP/1.1\r\n\r\n",
        "\x16\x03\x01",
    };
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct seen s = {.begun = 0};
        const struct http_parser_calls calls = {&s, on_begin, on_headers, on_body};
        struct http_parser *p = http_parser_new(false, HEADER_MAX, &calls);
        unsigned messages;
        cr_expect_eq(feed(p, ROWS[i], strlen(ROWS[i]), 4096, &messages), HTTP_BROKEN, "%s", ROWS[i]);
        cr_expect_eq(messages, 0, "%s", ROWS[i]);
        http_parser_free(p);
        done(&s);
    }
}

/* The path's bytes, and names and values of headers, with what each costs: up to HEADER_MAX, and one byte more. */
Test(http_parse, a_request_has_a_greatest_head)
{
    enum { COST = 2 * (16 + sizeof(char *)) };
    char head[1000];
    for (unsigned where = 0; where < 3; where++)
        for (int more = 0; more <= 1; more++) {
            struct seen s = {.begun = 0};
            const struct http_parser_calls calls = {&s, on_begin, on_headers, on_body};
            struct http_parser *p = http_parser_new(false, HEADER_MAX, &calls);
            char filler[HEADER_MAX + 1] = "";
            unsigned messages;
            memset(filler, 'x', (size_t)(HEADER_MAX - 2 - COST - (where == 2) + more)); /* besides /, a name of one byte and its value */
            if (where == 0)
                snprintf(head, sizeof head, "GET /%s HTTP/1.1\r\nA:\r\n\r\n", filler);
            else
                snprintf(head, sizeof head, where == 1 ? "GET / HTTP/1.1\r\nA%s:\r\n\r\n" : "GET / HTTP/1.1\r\nA:b%s\r\n\r\n", filler);
            cr_expect_eq(feed(p, head, strlen(head), 7, &messages), more ? HTTP_HEAD_TOO_LARGE : HTTP_MORE, "%u %d", where, more);
            cr_expect_eq(messages, !more);
            http_parser_free(p);
            done(&s);
        }
}

Test(http_parse, trailers_count_as_the_head_does)
{
    struct seen s = {.begun = 0};
    const struct http_parser_calls calls = {&s, on_begin, on_headers, on_body};
    struct http_parser *p = http_parser_new(false, HEADER_MAX, &calls);
    struct text all = {0};
    unsigned messages;
    text_puts(&all, "PUT /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n");
    for (int i = 0; i < 20; i++)
        text_puts(&all, "X: y\r\n");
    cr_expect_eq(feed(p, all.at, all.n, 4096, &messages), HTTP_HEAD_TOO_LARGE);
    http_parser_free(p);
    done(&s);
    text_done(&all);
}

Test(http_parse, a_body_that_is_not_wanted_ends_it)
{
    struct seen s = {.body_max = 2};
    const struct http_parser_calls calls = {&s, on_begin, NULL, on_body};
    struct http_parser *p = http_parser_new(false, HEADER_MAX, &calls);
    unsigned messages;
    cr_expect_eq(feed(p, TWO, sizeof TWO - 1, 4096, &messages), HTTP_BROKEN);
    http_parser_free(p);
    done(&s);
    http_parser_free(NULL);
}

Test(http_parse, responses_end_by_length_chunks_or_the_end)
{
    static const struct {
        const char *bytes;
        unsigned messages;
        bool ends; /* with the connection */
        int status;
        const char *body;
        bool keep_alive;
    } ROWS[] = {{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", 1, false, 200, "hi", true},
                {"HTTP/1.0 404 No\r\n\r\nhi", 0, true, 404, "hi", false},
                {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi", 0, false, 200, "hi", true},
                {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n", 0, false, 200, "hi", true}};
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct seen s = {.begun = 0};
        const struct http_parser_calls calls = {&s, on_begin, on_headers, on_body};
        struct http_parser *p = http_parser_new(true, HEADER_MAX, &calls);
        unsigned messages;
        cr_expect(feed(p, ROWS[i].bytes, strlen(ROWS[i].bytes), 3, &messages) == HTTP_MORE && messages == ROWS[i].messages, "%zu", i);
        cr_expect_eq(http_parser_end(p) == HTTP_MESSAGE, ROWS[i].ends, "%zu", i);
        cr_expect(s.heads[0].status == ROWS[i].status && strcmp(s.bodies[0].at, ROWS[i].body) == 0 &&
                      s.heads[0].keep_alive == ROWS[i].keep_alive,
                  "%zu", i);
        http_parser_free(p);
        done(&s);
    }
}

Test(http_parse, an_offer_to_upgrade_is_declined)
{
    static const char OFFER[] = "POST / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 2\r\n\r\nhi";
    struct seen s = {.begun = 0};
    const struct http_parser_calls calls = {&s, on_begin, on_headers, on_body};
    struct http_parser *p = http_parser_new(false, HEADER_MAX, &calls);
    unsigned messages;
    cr_expect(feed(p, OFFER, sizeof OFFER - 1, 4096, &messages) == HTTP_MORE && messages == 1);
    http_parser_free(p);
    done(&s);
}

Test(http_parse, versions_and_reasons_have_words)
{
    cr_expect(strchr("0123456789", http_parser_version()[0]) && strchr(http_parser_version(), '.'));
    cr_expect(strcmp(http_reason(200), "OK") == 0 && strcmp(http_reason(502), "Bad Gateway") == 0 &&
              strcmp(http_reason(299), "Unknown") == 0);
}
