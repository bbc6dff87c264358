/* SPDX-License-Identifier: Apache-2.0 */
/* serverless_id.h: the logical id of a function or layer of serverless.yml. */
#ifndef LRUN_SERVERLESS_ID_H
#define LRUN_SERVERLESS_ID_H

#include "project/arena.h"

/* MyDashfnLambdaFunction for my-fn. end: LambdaFunction, LambdaLayer, LambdaFunctionUrl. */
const char *serverless_logical_id(struct arena *a, const char *key, const char *end);

#endif
