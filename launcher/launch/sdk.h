/* SPDX-License-Identifier: Apache-2.0 */
/* sdk.h: AWS's SDKs, which are part of its managed runtimes and not of lrun's. --sdk names one, laid out as a layer. */
#ifndef LRUN_SDK_H
#define LRUN_SDK_H

#include "launcher/launch/inputs.h"
#include "launcher/launch/runtime.h"

/* Whether the named SDK, if there is one, has what this runtime takes of it. Adds a note where it takes nothing. */
int sdk_check(struct inputs *in, const struct runtime *rt, struct err *err);

/* Whether AWS's runtime of this kind brings the module: "boto3.session", "@aws-sdk/client-s3". */
bool sdk_has(const struct runtime *rt, const char *module);

/* Whether the root file system, being AWS's own, has it. */
bool sdk_is_there(const struct runtime *rt);

/* The command that makes an SDK with this module in the directory sdk: for messages. */
void sdk_command(const struct runtime *rt, const char *module, char *ret, size_t size);

#endif
