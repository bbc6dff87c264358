/* SPDX-License-Identifier: Apache-2.0 */
#include "base/own.h"
#include "lambda/telemetry.h"

#include <criterion/criterion.h>
#include <string.h>

#define TYPES "\"types\":[\"platform\"]"
#define AT "\"destination\":{\"protocol\":\"HTTP\",\"URI\":\"http://sandbox.localdomain:8080/x\"}"

static bool parse(const char *body, bool logs, struct subscription_request *ret, struct text *why)
{
    text_puts(why, "");
    return telemetry_parse(body, strlen(body), logs, ret, why);
}

Test(telemetry_parse, defaults_are_aws)
{
    struct subscription_request s;
    struct text why = {0};
    cr_assert(parse("{" TYPES "," AT "}", false, &s, &why), "%s", why.at);
    cr_expect(s.form == FORM_TELEMETRY && s.types == TYPE_PLATFORM && s.protocol == DESTINATION_HTTP && s.port == 8080 && !s.put);
    cr_expect(strcmp(s.path, "/x") == 0 && strcmp(s.host, "sandbox.localdomain") == 0);
    cr_expect(s.max_items == 10000 && s.max_bytes == 262144 && s.timeout_ms == 1000);
    cr_assert(parse("{" TYPES "," AT "}", true, &s, &why), "%s", why.at);
    cr_expect_eq(s.form, FORM_LOGS_2020);
    text_done(&why);
}

Test(telemetry_parse, schemas_belong_to_their_api)
{
    static const struct {
        const char *version;
        bool logs, good;
        enum event_form form;
    } ROWS[] = {{"\"2022-07-01\"", false, true, FORM_TELEMETRY},
                {"\"2022-12-13\"", false, true, FORM_TELEMETRY},
                {"\"2025-01-29\"", false, true, FORM_TELEMETRY},
                {"\"2020-08-15\"", true, true, FORM_LOGS_2020},
                {"\"2021-03-18\"", true, true, FORM_LOGS_2021},
                {"\"2021-03-18\"", false, false, 0},
                {"\"2022-07-01\"", true, false, 0},
                {"\"2022-07-1\"", false, false, 0},
                {"\"\"", false, false, 0},
                {"20220701", false, false, 0},
                {"null", false, false, 0}};
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        OWN_PTR char *body = xasprintf("{\"schemaVersion\":%s," TYPES "," AT "}", ROWS[i].version);
        struct subscription_request s;
        struct text why = {0};
        cr_expect_eq(parse(body, ROWS[i].logs, &s, &why), ROWS[i].good, "%s", ROWS[i].version);
        cr_expect(ROWS[i].good ? s.form == ROWS[i].form : strcmp(why.at, "schemaVersion is not supported") == 0, "%s", why.at);
        text_done(&why);
    }
}

Test(telemetry_parse, destinations)
{
    static const struct {
        const char *destination, *why; /* NULL: good */
        int protocol;
        uint16_t port;
        const char *path;
    } ROWS[] = {
        {"{\"protocol\":\"HTTP\",\"URI\":\"http://sandbox:1\"}", NULL, DESTINATION_HTTP, 1, "/"},
        {"{\"protocol\":\"HTTP\",\"URI\":\"http://localhost:65535/a?b\"}", NULL, DESTINATION_HTTP, 65535, "/a?b"},
        {"{\"protocol\":\"HTTP\",\"URI\":\"http://127.0.0.1:80/\"}", NULL, DESTINATION_HTTP, 80, "/"},
        {"{\"protocol\":\"TCP\",\"port\":1}", NULL, DESTINATION_TCP, 1, ""},
        {"{\"protocol\":\"TCP\",\"port\":65535}", NULL, DESTINATION_TCP, 65535, ""},
        {"{\"protocol\":\"TCP\",\"port\":0}", "port is not provided", 0, 0, NULL},
        {"{\"protocol\":\"TCP\",\"port\":65536}", "port is not provided", 0, 0, NULL},
        {"{\"protocol\":\"TCP\",\"port\":\"80\"}", "port is not provided", 0, 0, NULL},
        {"{\"protocol\":\"TCP\"}", "port is not provided", 0, 0, NULL},
        {"{\"protocol\":\"TCP\",\"port\":9001}", "port 9001 is reserved", 0, 0, NULL},
        {"{\"protocol\":\"HTTP\",\"URI\":\"http://sandbox:9001/\"}", "port 9001 is reserved", 0, 0, NULL},
        {"{\"protocol\":\"HTTP\",\"URI\":\"http://sandbox/\"}", "URI port is not provided", 0, 0, NULL},
        {"{\"protocol\":\"HTTP\",\"URI\":\"http://sandbox:/\"}", "URI is not valid", 0, 0, NULL},
        {"{\"protocol\":\"HTTP\",\"URI\":\"http://sandbox:0/\"}", "URI is not valid", 0, 0, NULL},
        {"{\"protocol\":\"HTTP\",\"URI\":\"http://sandbox:65536/\"}", "URI is not valid", 0, 0, NULL},
        {"{\"protocol\":\"HTTP\",\"URI\":\"http://sandbox:+80/\"}", "URI is not valid", 0, 0, NULL},
        {"{\"protocol\":\"HTTP\",\"URI\":\"http://sandbox: 80/\"}", "URI is not valid", 0, 0, NULL},
        {"{\"protocol\":\"HTTP\",\"URI\":\"http://sandbox:-18446744073709551536/\"}", "URI is not valid", 0, 0, NULL},
        {"{\"protocol\":\"HTTP\",\"URI\":\"http://sandbox:80x\"}", "URI is not valid", 0, 0, NULL},
        {"{\"protocol\":\"HTTP\",\"URI\":\"http://sandbox:80/a b\"}", "URI is not valid", 0, 0, NULL},
        {"{\"protocol\":\"HTTP\",\"URI\":\"http://sandbox:80/\\r\\nX: y\"}", "URI is not valid", 0, 0, NULL},
        {"{\"protocol\":\"HTTP\",\"URI\":\"http://sandbox:80/\\u0000\"}", "URI is not valid", 0, 0, NULL},
        {"{\"protocol\":\"HTTP\",\"URI\":\"https://sandbox:80/\"}", "URI is not valid", 0, 0, NULL},
        {"{\"protocol\":\"HTTP\",\"URI\":\"http://:80/\"}", "URI is not valid", 0, 0, NULL},
        {"{\"protocol\":\"HTTP\",\"URI\":\"\"}", "URI is not valid", 0, 0, NULL},
        {"{\"protocol\":\"HTTP\",\"URI\":\"http://example.com:80/\"}", "URI host should be sandbox.localdomain", 0, 0, NULL},
        {"{\"protocol\":\"HTTP\",\"URI\":\"http://sandbox@evil:80/\"}", "URI host should be sandbox.localdomain", 0, 0, NULL},
        {"{\"protocol\":\"HTTP\",\"URI\":1}", "URI is not provided", 0, 0, NULL},
        {"{\"protocol\":\"HTTP\"}", "URI is not provided", 0, 0, NULL},
        {"{\"protocol\":\"UDP\",\"port\":80}", "protocol should be HTTP or TCP", 0, 0, NULL},
        {"{}", "protocol should be HTTP or TCP", 0, 0, NULL},
        {"[]", "protocol should be HTTP or TCP", 0, 0, NULL},
    };
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        OWN_PTR char *body = xasprintf("{" TYPES ",\"destination\":%s}", ROWS[i].destination);
        struct subscription_request s;
        struct text why = {0};
        cr_expect_eq(parse(body, false, &s, &why), !ROWS[i].why, "%s: %s", ROWS[i].destination, why.at);
        cr_expect_str_eq(why.at, ROWS[i].why ? ROWS[i].why : "");
        cr_expect(ROWS[i].why || (s.protocol == ROWS[i].protocol && s.port == ROWS[i].port && strcmp(s.path, ROWS[i].path) == 0), "%s",
                  s.path);
        text_done(&why);
    }
}

Test(telemetry_parse, a_path_has_a_greatest_length)
{
    struct subscription_request s;
    for (size_t n = sizeof s.path - 1; n <= sizeof s.path; n++) { /* with its slash */
        OWN_PTR char *path = xcalloc(n + 1, 1);
        memset(path, 'x', n);
        path[0] = '/';
        OWN_PTR char *body = xasprintf("{" TYPES ",\"destination\":{\"protocol\":\"HTTP\",\"URI\":\"http://sandbox:80%s\"}}", path);
        struct text why = {0};
        cr_expect_eq(parse(body, false, &s, &why), n < sizeof s.path, "%zu", n);
        text_done(&why);
    }
}

Test(telemetry_parse, buffers_are_of_aws_ranges_and_all_that_is_wrong_is_said)
{
    static const struct {
        const char *buffering, *why;
    } ROWS[] = {{"{\"maxItems\":1000,\"maxBytes\":262144,\"timeoutMs\":25}", ""},
                {"{\"maxItems\":10000,\"maxBytes\":1048576,\"timeoutMs\":30000}", ""},
                {"{\"maxItems\":999}", "maxItems should be between 1000 and 10000"},
                {"{\"maxItems\":10001}", "maxItems should be between 1000 and 10000"},
                {"{\"maxBytes\":262143}", "maxBytes should be between 262144 and 1048576"},
                {"{\"maxBytes\":1048577}", "maxBytes should be between 262144 and 1048576"},
                {"{\"timeoutMs\":24}", "timeoutMs should be between 25 and 30000"},
                {"{\"timeoutMs\":30001}", "timeoutMs should be between 25 and 30000"},
                {"{\"timeoutMs\":\"100\",\"maxItems\":1e4}",
                 "maxItems should be between 1000 and 10000; timeoutMs should be between 25 and 30000"}};
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        OWN_PTR char *body = xasprintf("{" TYPES "," AT ",\"buffering\":%s}", ROWS[i].buffering);
        struct subscription_request s;
        struct text why = {0};
        cr_expect_eq(parse(body, false, &s, &why), !*ROWS[i].why, "%s", ROWS[i].buffering);
        cr_expect_str_eq(why.at, ROWS[i].why);
        text_done(&why);
    }
}

Test(telemetry_parse, types_and_shapes)
{
    static const struct {
        const char *body, *why;
        unsigned types;
    } ROWS[] = {
        {"{\"types\":[\"platform\",\"function\",\"extension\",\"function\"]," AT "}", "", TYPE_PLATFORM | TYPE_FUNCTION | TYPE_EXTENSION},
        {"{\"types\":[]," AT "}", "types should not be empty", 0},
        {"{\"types\":\"platform\"," AT "}", "types should not be empty", 0},
        {"{" AT "}", "types should not be empty", 0},
        {"{\"types\":[\"platform\",\"other\",\"more\"]," AT "}", "types should only contain platform, function and extension", 0},
        {"[]", "the body should be a JSON object", 0},
        {"", "the body should be a JSON object", 0},
        {"{", "the body should be a JSON object", 0},
        {"{}", "protocol should be HTTP or TCP; types should not be empty", 0}};
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct subscription_request s;
        struct text why = {0};
        cr_expect_eq(parse(ROWS[i].body, false, &s, &why), !*ROWS[i].why, "%s", ROWS[i].body);
        cr_expect_str_eq(why.at, ROWS[i].why);
        cr_expect(*ROWS[i].why || s.types == ROWS[i].types);
        text_done(&why);
    }
}

Test(telemetry_parse, only_the_logs_api_puts)
{
    static const char PUT[] = "{" TYPES ",\"destination\":{\"protocol\":\"HTTP\",\"URI\":\"http://sandbox:80\",\"method\":\"PUT\"}}";
    struct subscription_request s;
    struct text why = {0};
    cr_expect(parse(PUT, true, &s, &why) && s.put);
    cr_expect(parse(PUT, false, &s, &why) && !s.put);
    text_done(&why);
}
