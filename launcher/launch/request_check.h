/* SPDX-License-Identifier: Apache-2.0 */
/* request_check.h: what follows of a request that no field says alone. Comes with request.h.
 */
#ifndef LRUN_REQUEST_CHECK_H
#define LRUN_REQUEST_CHECK_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct request;

/* serve: what no option says alone, of one function with all that it was given. Managed Instances (--max-concurrency above 1) have
 * ranges of their own, and another default of memory. */
int request_check(struct request *r, struct err *err);

/* serve: does each environment serve one tenant alone? */
bool request_per_tenant(const struct request *r);
/* The exit status that the err leads to. */
int request_exit(const struct request *r, const struct err *err);

uint64_t request_scratch_mb(const struct request *r); /* size of the tmpfs of --scratch, MiB; 0: there is none */
uint64_t request_out_mb(const struct request *r);     /* how much --out brings back */

/* The memory limit; 0: none, as for exec unless it is asked for. */
uint64_t request_limit_mb(const struct request *r);

/* The policy's name or file: --debug has one of its own in place of the default. */
const char *request_policy(const struct request *r);

#endif
