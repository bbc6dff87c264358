/* SPDX-License-Identifier: Apache-2.0 */
/* invocation.h: one event on its way to a function. */
#ifndef LRUN_INVOCATION_H
#define LRUN_INVOCATION_H

#include "base/clock.h"

#include <stdbool.h>
#include <stddef.h>

struct invocation { /* what next hands to the runtime; texts are borrowed until the invocation is over */
    char id[UUID_SIZE];
    char trace[256];
    char arn[320];
    int64_t deadline_ms; /* since 1970 */
    const char *event;
    size_t event_size;
    const char *content_type, *client_context /* JSON */, *cognito, *tenant; /* NULL: JSON; not there */
    bool streaming;                                                          /* the invoker wants the response as it comes */
    bool marked; /* of these only what its runtime marks as a stream, by Lambda-Runtime-Function-Response-Mode */
};

/* Gives it a new id and a new trace. */
void invocation_begin(struct invocation *inv);

/* arn: of the function, for the region and name. */
void invocation_arn(const char *region, const char *name, const char *qualifier, char *arn, size_t size);

#endif
