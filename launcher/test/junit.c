/* SPDX-License-Identifier: Apache-2.0 */
/* junit.c: results as JUnit's XML, in the form that Jenkins, GitLab and GitHub's actions read: a suite for each runtime, a testcase for
 * each case. There is no one schema: the attributes are those of Jenkins's junit-10.xsd, and file and line of a testcase, which GitLab and
 * pytest have. Text from functions may hold what XML cannot: such characters, and bytes that are no UTF-8, become U+FFFD. */
#include "launcher/test/output.h"

#include "base/own.h"
#include "base/utf8.h"

#include <string.h>

static bool fits_xml(uint32_t code)
{
    return code == '\t' || code == '\n' || code == '\r' || (code >= 0x20 && code != 0xfffe && code != 0xffff);
}

/* Of an attribute white space is escaped too, which a reader would make blanks of. */
static void escape(const char *bytes, size_t n, bool attribute, struct text *out)
{
    for (size_t i = 0; i < n;) {
        const unsigned char *c = (const unsigned char *)bytes + i;
        int length = utf8_length(c, n - i);
        uint32_t code = length > 0 ? utf8_code(c, length) : 0xfffd;
        if (length <= 0 || !fits_xml(code))
            text_puts(out, "\xef\xbf\xbd");
        else if (strchr("<>&\"'", (int)code) && code < 0x80)
            text_printf(out, "&#%u;", code);
        else if (code == '\r' || (attribute && (code == '\n' || code == '\t')))
            text_printf(out, "&#%u;", code);
        else
            text_add(out, bytes + i, (size_t)length);
        i += length > 0 ? (size_t)length : 1;
    }
}

static void attribute(struct text *out, const char *name, const char *value)
{
    text_printf(out, " %s=\"", name);
    escape(value, strlen(value), true, out);
    text_puts(out, "\"");
}

static void put_fault(const struct result *r, struct text *out)
{
    const char *element = r->verdict == VERDICT_BROKEN ? "error" : "failure";
    struct text reasons = {0};
    output_reasons(r, "", &reasons);
    char *end = reasons.at ? strchrnul(reasons.at, '\n') : NULL;
    OWN_PTR char *first = xasprintf("%.*s", end ? (int)(end - reasons.at) : 0, reasons.at ? reasons.at : "");
    text_printf(out, "      <%s", element);
    attribute(out, "message", first);
    attribute(out, "type", r->verdict == VERDICT_BROKEN ? "lrun-failed" : r->reason ? r->reason : "");
    text_puts(out, ">");
    escape(reasons.at ? reasons.at : "", reasons.n, false, out);
    text_printf(out, "</%s>\n", element);
    text_done(&reasons);
}

static void put_case(const struct result *r, const char *class, struct text *out)
{
    text_puts(out, "    <testcase");
    attribute(out, "name", r->of->name);
    attribute(out, "classname", class);
    attribute(out, "file", r->of->file);
    text_printf(out, " line=\"%u\" time=\"%.3f\"", r->of->line, r->ms / 1000);
    if (r->verdict == VERDICT_PASSED) {
        text_puts(out, "/>\n");
        return;
    }
    text_puts(out, ">\n");
    if (r->verdict == VERDICT_FAILED || r->verdict == VERDICT_BROKEN) {
        put_fault(r, out);
    } else {
        text_puts(out, "      <skipped");
        attribute(out, "message", r->verdict == VERDICT_SKIPPED ? r->of->skip : "not run");
        text_puts(out, "/>\n");
    }
    if (r->log.n) {
        text_puts(out, "      <system-err>");
        escape(r->log.at, r->log.n, false, out);
        text_puts(out, "</system-err>\n");
    }
    text_puts(out, "    </testcase>\n");
}

struct sums {
    size_t n, failures, errors, skipped;
    double ms;
};

/* Of one runtime, or of all (NULL). */
static struct sums sums_of(const struct test_run *run, const char *runtime)
{
    struct sums s = {0};
    for (size_t i = 0; i < run->n; i++) {
        const struct result *r = &run->at[i];
        if (runtime && r->runtime != runtime)
            continue;
        s.n++;
        s.failures += r->verdict == VERDICT_FAILED;
        s.errors += r->verdict == VERDICT_BROKEN;
        s.skipped += r->verdict == VERDICT_SKIPPED || r->verdict == VERDICT_NONE;
        s.ms += r->ms;
    }
    return s;
}

static void put_sums(const struct sums *s, struct text *out)
{
    text_printf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" time=\"%.3f\"", s->n, s->failures, s->errors,
                s->skipped, s->ms / 1000);
}

static void put_suite(const struct test_run *run, const char *runtime, struct text *out)
{
    char time[32];
    struct tm tm;
    const struct sums sums = sums_of(run, runtime);
    OWN_PTR char *name = *runtime ? xasprintf("%s.%s", run->function, runtime) : xstrdup(run->function);
    strftime(time, sizeof time, "%Y-%m-%dT%H:%M:%S", gmtime_r(&run->began, &tm));
    text_puts(out, "  <testsuite");
    attribute(out, "name", name);
    put_sums(&sums, out);
    attribute(out, "timestamp", time);
    text_puts(out, ">\n    <properties>\n      <property name=\"runtime\"");
    attribute(out, "value", runtime);
    text_puts(out, "/>\n");
    if (run->shuffled)
        text_printf(out, "      <property name=\"seed\" value=\"%ju\"/>\n", (uintmax_t)run->seed);
    text_puts(out, "    </properties>\n");
    for (size_t i = 0; i < run->n; i++)
        if (run->at[i].runtime == runtime)
            put_case(&run->at[i], name, out);
    text_puts(out, "  </testsuite>\n");
}

void junit_write(const struct test_run *run, struct text *out)
{
    const struct sums all = sums_of(run, NULL);
    text_puts(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
    attribute(out, "name", run->function);
    put_sums(&all, out);
    text_puts(out, ">\n");
    for (size_t i = 0; i < run->runtime_n; i++)
        put_suite(run, run->runtimes[i], out);
    text_puts(out, "</testsuites>\n");
}
