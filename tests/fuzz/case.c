/* SPDX-License-Identifier: Apache-2.0 */
/* case.c: any bytes as a file of test cases, and what follows a NUL as the response and the log of their function: judged, and written in
 * every form of results. */
#include "base/json.h"
#include "launcher/test/match.h"
#include "launcher/test/output.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void judge(const struct test_case *t, const char *seen, size_t n)
{
    static const char *runtimes[] = {"python3.11"};
    struct strv why = {0};
    const struct seen all = {.status = n % 3, .response = seen, .response_size = n, .log = seen, .log_size = n, .ms = 5, .why = &why};
    struct result result = {.of = t, .runtime = runtimes[0], .reason = "success", .done = true};
    struct test_run run = {.at = &result, .n = 1, .function = "fn", .runtimes = runtimes, .runtime_n = 1, .case_n = 1, .jobs = 1};
    struct text out = {0};
    verdict_of(t, &all, &result.differences);
    result.verdict = result.differences.n ? VERDICT_FAILED : VERDICT_PASSED;
    text_add(&result.log, seen, n);
    junit_write(&run, &out);
    for (size_t i = 0; i < out.n; i++)
        if ((unsigned char)out.at[i] < ' ' && !strchr("\t\n\r", out.at[i]))
            abort(); /* no XML */
    out.n = 0;
    github_summary(&run, &out);
    out.n = 0;
    github_line(seen, n, &out);
    if (memmem(out.at, out.n, "##[", 3) || memchr(out.at, '\n', out.n) || memchr(out.at, '\r', out.n))
        abort(); /* a command */
    if (t->expect.result.at && t->expect.exact && !match_json(t->expect.result, t->expect.result, true, "$", NULL)) {
        struct text whole = {0};
        json_squeeze(t->expect.result, &whole);
        if (!memmem(whole.at, whole.n, "\"$", 2) && !memmem(whole.at, whole.n, "\\u", 2))
            abort(); /* JSON without matchers does not match itself */
        text_done(&whole);
    }
    text_done(&out);
    result_done(&result);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct identity id;
    const char *bytes = (const char *)data, *end = size ? memchr(bytes, 0, size) : NULL;
    size_t n = end ? (size_t)(end - bytes) : size;
    struct cases cases = {0};
    struct err err = {0};
    setenv("GITHUB_ACTIONS", "true", 1);
    struct text seen = {0}; /* with a 0 behind it, as what lrun reads has: the sanitizer reads strings to their end */
    text_add(&seen, end ? end + 1 : "", end ? size - n - 1 : 0);
    int status = cases_add("c.json", bytes ? bytes : "", n, -1, &id, &cases, &err);
    if (status < 0 && (!err.usage || !err.sentence[0]))
        abort();
    for (size_t i = 0; status == 0 && i < cases.n; i++)
        judge(&cases.at[i], seen.at, seen.n);
    text_done(&seen);
    cases_done(&cases);
    return 0;
}
