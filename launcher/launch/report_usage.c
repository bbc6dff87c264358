/* SPDX-License-Identifier: Apache-2.0 */
/* report_usage.c: the members usage, limit and output of a report. THE LIST of limits is closed: docs/report.schema.json has the same
 * names. */
#include "launcher/launch/report.h"

#include "base/json.h"

static const char *const LIMIT_NAMES[] = {
    [LIMIT_NONE] = NULL,       [LIMIT_TIMEOUT] = "timeout",     [LIMIT_INIT_TIMEOUT] = "init-timeout",   [LIMIT_CPU_TIME] = "cpu-time",
    [LIMIT_MEMORY] = "memory", [LIMIT_FILE_SIZE] = "file-size", [LIMIT_RESPONSE_SIZE] = "response-size", [LIMIT_OUTPUT] = "output"};
/* Of reasons that are the end by a limit. The others: LIMIT_NONE. */
static const enum report_limit LIMIT_OF[BECAUSE_LRUN_FAILED + 1] = {[BECAUSE_TIMEOUT] = LIMIT_TIMEOUT,
                                                                    [BECAUSE_INIT_TIMEOUT] = LIMIT_INIT_TIMEOUT,
                                                                    [BECAUSE_CPU_TIME] = LIMIT_CPU_TIME,
                                                                    [BECAUSE_OUT_OF_MEMORY] = LIMIT_MEMORY,
                                                                    [BECAUSE_RESPONSE_TOO_LARGE] = LIMIT_RESPONSE_SIZE};

/* What ended it comes before what cut its output. */
const char *report_limit(const struct report *r)
{
    if (LIMIT_OF[r->reason])
        return LIMIT_NAMES[LIMIT_OF[r->reason]];
    return LIMIT_NAMES[!r->limit && (r->output.cut[0] || r->output.cut[1]) ? LIMIT_OUTPUT : r->limit];
}

static void put_known(struct text *out, const char *key, double value)
{
    if (value >= 0)
        json_num(out, key, value);
    else
        json_put(out, key, NULL);
}

void report_put_usage(struct text *out, const struct report *r)
{
    const struct report_usage none = {false, -1, -1, -1, -1, r->usage.processes}, u = r->usage.known ? r->usage : none;
    json_open_key(out, "usage", '{');
    put_known(out, "userMs", u.user_ms);
    put_known(out, "systemMs", u.system_ms);
    put_known(out, "wallMs", u.wall_ms);
    put_known(out, "peakBytes", r->peak_bytes ? (double)r->peak_bytes : -1);
    put_known(out, "processes", u.processes ? (double)u.processes : -1);
    put_known(out, "bytesWritten", (double)u.written);
    json_close(out, '}');
}

void report_put_output(struct text *out, const struct report *r)
{
    json_key(out, "output");
    if (!r->output.limited) {
        text_puts(out, "null");
        return;
    }
    json_open(out, '{');
    json_num(out, "stdoutBytes", (double)r->output.bytes[0]);
    json_flag(out, "stdoutCut", r->output.cut[0]);
    json_num(out, "stderrBytes", (double)r->output.bytes[1]);
    json_flag(out, "stderrCut", r->output.cut[1]);
    json_close(out, '}');
}
