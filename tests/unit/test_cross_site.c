/* SPDX-License-Identifier: Apache-2.0 */
#include "base/own.h"
#include "lambda/cross_site.h"

#include <criterion/criterion.h>
#include <string.h>

enum { PAIRS = 3 };

struct row {
    const char *headers[2 * PAIRS]; /* name, value, ... */
    bool refused;
};

static void check(const struct row *rows, size_t n, const struct site_rules *rules)
{
    for (size_t i = 0; i < n; i++) {
        struct http_request r = {.too_large = false};
        for (size_t k = 0; k < 2 * PAIRS && rows[i].headers[k]; k++)
            strv_add(&r.head.headers, xstrdup(rows[i].headers[k]));
        OWN_PTR char *why = cross_site_refusal(&r, rules);
        cr_expect_eq(why != NULL, rows[i].refused, "%zu: %s %s", i, rows[i].headers[1], why);
        strv_done(&r.head.headers);
    }
}

static const struct strv NONE;

Test(cross_site, a_host_is_an_address_or_a_name_of_ours)
{
    static const struct row ROWS[] = {
        {{NULL}, false},
        {{"Host", "127.0.0.1:9000"}, false},
        {{"Host", "192.168.1.7"}, false},
        {{"Host", "localhost:9000"}, false},
        {{"Host", "LOCALHOST."}, false},
        {{"Host", "fn.localhost"}, false},
        {{"Host", "[::1]:9000"}, false},
        {{"Host", "[fe80::1]"}, false},
        {{"Host", "evil.example"}, true},
        {{"Host", "localhost.evil.example"}, true},
        {{"Host", "evillocalhost"}, true},
        {{"Host", ".localhost"}, true},
        {{"Host", "127.0.0.1.evil.example"}, true},
        {{"Host", "0.0.0.0:9000"}, true},
        {{"Host", "0"}, true},
        {{"Host", "2130706433"}, true},
        {{"Host", "[::]"}, true},
        {{"Host", "[::ffff:127.0.0.1]:9000"}, true},
        {{"Host", ""}, true},
        {{"Host", "127.0.0.1", "Host", "evil.example"}, true},
        {{"host", "evil.example", "Host", "127.0.0.1"}, true},
    };
    const struct site_rules rules = {.address = "127.0.0.1", .hosts = &NONE, .origins = &NONE};
    check(ROWS, COUNT(ROWS), &rules);
}

Test(cross_site, hosts_that_were_allowed_are_ours)
{
    static char NAME[] = "dev.example", WILD[] = "*.test.example", ANY[] = "*";
    static char *both[] = {NAME, WILD, NULL}, *any[] = {ANY, NULL};
    const struct strv hosts = {both, 2}, all = {any, 1};
    static const struct row ROWS[] = {{{"Host", "dev.example"}, false},        {{"Host", "DEV.example:80"}, false},
                                      {{"Host", "a.test.example"}, false},     {{"Host", "a.b.test.example."}, false},
                                      {{"Host", "test.example"}, true},        {{"Host", ".test.example"}, true},
                                      {{"Host", "eviltest.example"}, true},    {{"Host", "x.dev.example"}, true},
                                      {{"Host", "a.test.example.evil"}, true}, {{"Host", "0.0.0.0"}, false}};
    static const struct row ALL[] = {{{"Host", "evil.example"}, false}};
    const struct site_rules rules = {.address = "0.0.0.0", .hosts = &hosts, .origins = &NONE},
                            open = {.address = "127.0.0.1", .hosts = &all, .origins = &NONE};
    check(ROWS, COUNT(ROWS), &rules);
    check(ALL, COUNT(ALL), &open);
}

Test(cross_site, a_page_is_of_the_same_origin_or_allowed)
{
    static char PAGE[] = "https://app.example";
    static char *one[] = {PAGE, NULL};
    const struct strv origins = {one, 1};
    static const struct row ROWS[] = {
        {{"Host", "127.0.0.1:9000", "Origin", "http://127.0.0.1:9000"}, false},
        {{"Host", "127.0.0.1:9000", "Origin", "https://127.0.0.1:9000"}, false},
        {{"Host", "127.0.0.1:9000", "Origin", "http://127.0.0.1:9001"}, true},
        {{"Host", "127.0.0.1:9000", "Origin", "http://127.0.0.1"}, true},
        {{"Host", "127.0.0.1:9000", "Origin", "http://evil.example"}, true},
        {{"Host", "127.0.0.1:9000", "Origin", "null"}, true},
        {{"Host", "127.0.0.1:9000", "Origin", ""}, true},
        {{"Origin", "http://127.0.0.1:9000"}, true},
        {{"Host", "127.0.0.1", "Origin", "https://app.example"}, false},
        {{"Host", "127.0.0.1", "Origin", "https://APP.example"}, false},
        {{"Host", "127.0.0.1", "Origin", "https://app.example.evil"}, true},
        {{"Host", "127.0.0.1", "Origin", "https://app.example", "Origin", "http://evil.example"}, true},
        {{"Host", "127.0.0.1", "Sec-Fetch-Site", "cross-site"}, true},
        {{"Host", "127.0.0.1", "Sec-Fetch-Site", "same-site"}, true},
        {{"Host", "127.0.0.1", "Sec-Fetch-Site", ""}, true},
        {{"Host", "127.0.0.1", "Sec-Fetch-Site", "Same-Origin"}, false},
        {{"Host", "127.0.0.1", "Sec-Fetch-Site", "none"}, false},
        {{"Host", "127.0.0.1", "Origin", "https://app.example", "Sec-Fetch-Site", "cross-site"}, false},
    };
    const struct site_rules rules = {.address = "127.0.0.1", .hosts = &NONE, .origins = &origins};
    check(ROWS, COUNT(ROWS), &rules);
}

Test(cross_site, with_any_origin_the_host_counts_still)
{
    static const struct row ROWS[] = {{{"Host", "127.0.0.1", "Origin", "http://evil.example", "Sec-Fetch-Site", "cross-site"}, false},
                                      {{"Host", "evil.example", "Origin", "http://evil.example"}, true}};
    const struct site_rules rules = {.address = "127.0.0.1", .hosts = &NONE, .origins = &NONE, .any_origin = true};
    check(ROWS, COUNT(ROWS), &rules);
}
