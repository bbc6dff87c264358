/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/command/exec_explain.h"

#include "launcher/diagnose/explain.h"
#include "launcher/environment/outcome.h"

#include <string.h>

/* A relative name is one of the package's only where it was looked for there. */
void exec_explain(struct launch *l, struct report *report, struct err *err)
{
    char text[640];
    struct cause causes[CAUSES_MAX];
    if (report->reason != BECAUSE_NOT_STARTED || err->step[0] || (err->path[0] != '/' && strcmp(l->workdir, "/var/task") != 0))
        return;
    outcome_start_text(err->path, err->no, text, sizeof text);
    struct evidence ev = {.launch = l, .reason = BECAUSE_NOT_STARTED, .log = text, .log_size = strlen(text), .tmp = -1};
    size_t n = explain(&ev, causes);
    for (size_t i = 0; i < n; i++)
        report_why(report, causes[i].id, causes[i].text);
    if (n)
        fail_hint(err, "%s (%s)", causes[0].text, causes[0].id);
    causes_done(causes, n);
}
