/* SPDX-License-Identifier: Apache-2.0 */
/* request_check.c: checks that need more than one option. */
#include "launcher/launch/request.h"

#include "lambda/limits.h"

#include <stdint.h>

/* A range that Lambda has for standard functions, or for Managed Instances alone. */
static int out_of_range(const char *option, uint64_t value, uint64_t min, uint64_t max, const char *unit, const char *when, struct err *err)
{
    return fail_usage(err, "--%s %ju: must be %ju to %ju (%s) %s", option, (uintmax_t)value, (uintmax_t)min, (uintmax_t)max, unit, when);
}

static int check_managed(struct request *r, struct err *err)
{
    static const char WHEN[] = "with --max-concurrency above 1 (Lambda Managed Instances)";
    if (!r->memory.set)
        r->memory.value = MEMORY_MANAGED_MIN_MB;
    if (r->memory.value < MEMORY_MANAGED_MIN_MB)
        return out_of_range("memory", r->memory.value, MEMORY_MANAGED_MIN_MB, MEMORY_MANAGED_MAX_MB, "MB", WHEN, err);
    return 0;
}

static int check_standard(struct request *r, struct err *err)
{
    static const char WHEN[] = "for environments with one invocation at a time (see --max-concurrency)";
    if (!r->memory.set)
        r->memory.value = MEMORY_MIN_MB;
    if (r->memory.value > MEMORY_MAX_MB)
        return out_of_range("memory", r->memory.value, MEMORY_MIN_MB, MEMORY_MAX_MB, "MB", WHEN, err);
    if (r->timeout.value > TIMEOUT_MAX_S * 1000)
        return out_of_range("timeout", r->timeout.value / 1000, 1, TIMEOUT_MAX_S, "SECONDS", WHEN, err);
    return 0;
}

int request_check(struct request *r, struct err *err)
{
    if (r->layers.n > LAYERS_MAX)
        return fail_usage(err, "--layers: " LAYERS_TEXT); /* CreateFunction's InvalidParameterValueException */
    return r->max_concurrency.value > 1 ? check_managed(r, err) : check_standard(r, err);
}
