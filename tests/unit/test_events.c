/* SPDX-License-Identifier: Apache-2.0 */
#include "base/own.h"
#include "lambda/events.h"

#include <criterion/criterion.h>
#include <string.h>

static char *text_of(const struct event *e)
{
    struct text t = {0};
    text_puts(&t, "");
    event_text(e, &t);
    return t.at;
}

Test(events, text_lines_are_lambdas)
{
    const struct {
        struct event e;
        const char *line;
    } rows[] = {
        {{.type = EVENT_START, .request_id = "ID"}, "START RequestId: ID Version: $LATEST\n"},
        {{.type = EVENT_END, .request_id = "ID"}, "END RequestId: ID\n"},
        {{.type = EVENT_REPORT,
          .request_id = "ID",
          .duration_ms = 1.294,
          .billed_ms = 69,
          .memory_mb = 128,
          .used_mb = 35,
          .init_ms = 67.49},
         "REPORT RequestId: ID\tDuration: 1.29 ms\tBilled Duration: 69 ms\tMemory Size: 128 MB\tMax Memory Used: 35 MB\tInit Duration: "
         "67.49 ms\t\n"},
        {{.type = EVENT_REPORT, .request_id = "ID", .duration_ms = 1.294, .billed_ms = 2, .memory_mb = 128, .used_mb = 35, .init_ms = -1},
         "REPORT RequestId: ID\tDuration: 1.29 ms\tBilled Duration: 2 ms\tMemory Size: 128 MB\tMax Memory Used: 35 MB\t\n"},
        {{.type = EVENT_REPORT,
          .request_id = "ID",
          .duration_ms = 3000,
          .billed_ms = 3068,
          .memory_mb = 128,
          .used_mb = 35,
          .init_ms = 67.49,
          .status = STATUS_TIMEOUT},
         "REPORT RequestId: ID\tDuration: 3000.00 ms\tBilled Duration: 3068 ms\tMemory Size: 128 MB\tMax Memory Used: 35 MB\tInit "
         "Duration: 67.49 ms\tStatus: timeout\n"},
        {{.type = EVENT_INIT_REPORT, .duration_ms = 10007.31, .status = STATUS_TIMEOUT},
         "INIT_REPORT Init Duration: 10007.31 ms\tPhase: init\tStatus: timeout\n"},
        {{.type = EVENT_INIT_REPORT,
          .duration_ms = 1.57,
          .status = STATUS_ERROR,
          .phase = PHASE_INVOKE,
          .error_type = "Runtime.InvalidEntrypoint"},
         "INIT_REPORT Init Duration: 1.57 ms\tPhase: invoke\tStatus: error\tError Type: Runtime.InvalidEntrypoint\n"},
        {{.type = EVENT_RUNTIME_DONE}, ""},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        OWN_PTR char *got = text_of(&rows[i].e);
        cr_expect_str_eq(got, rows[i].line);
    }
}
