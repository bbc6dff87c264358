/* SPDX-License-Identifier: Apache-2.0 */
/* cli_key.h: what of a batch's command line decides the results of its jobs, hashed: with other options a job is another job. */
#ifndef LRUN_CLI_KEY_H
#define LRUN_CLI_KEY_H

#include "base/sha256.h"
#include "launcher/launch/launch.h"

/* Begins ret: a job's key continues a copy of it. l is prepared. */
void cli_key_base(const struct request *r, const struct launch *l, struct sha256 *ret);

#endif
