/* SPDX-License-Identifier: Apache-2.0 */
/* inline_code.h: a function whose code stands in its template (CloudFormation's Code.ZipFile, SAM's InlineCode). */
#ifndef LRUN_INLINE_CODE_H
#define LRUN_INLINE_CODE_H

#include "launcher/launch/inputs.h"

/* Makes the package that CloudFormation makes of it: a zip with one file, index.js or index.py by the runtime, in memory. name: for
 * messages, borrowed. -1 with err. */
int inline_code_open(const struct request *r, const char *name, struct input *ret, struct err *err);

#endif
