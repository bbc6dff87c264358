/* SPDX-License-Identifier: Apache-2.0 */
#include "lambda/invocation.h"

#include <inttypes.h>
#include <stdio.h>

void invocation_begin(struct invocation *inv)
{
    char random[UUID_SIZE];
    random_uuid(inv->id);
    random_uuid(random);
    /* Root: the time and 96 random bits; Parent: 64 more. */
    snprintf(inv->trace, sizeof inv->trace, "Root=1-%08jx-%.8s%.4s%.4s%.4s%.4s;Parent=%.8s%.4s%.4s;Sampled=0",
             (uintmax_t)(clock_epoch_ms() / 1000), random, random + 9, random + 14, random + 19, random + 24, inv->id, inv->id + 9,
             random + 28);
}

void invocation_arn(const char *region, const char *name, const char *qualifier, char *arn, size_t size)
{
    snprintf(arn, size, "arn:aws:lambda:%.64s:123456789012:function:%s%s%s", region, name, qualifier ? ":" : "",
             qualifier ? qualifier : "");
}
