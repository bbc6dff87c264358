/* SPDX-License-Identifier: Apache-2.0 */
/* limits.h: Lambda's limits as of November 2026, each once, with AWS's sentence and where it stands. What a process may use
 * (RLIMIT_NOFILE and its like) is policy/limits.c's. Sources, where a row names no other:
 *   model    CreateFunction and Invoke in the service model of botocore 1.44.8
 *   quotas   the developer guide's page of quotas */
#ifndef LRUN_LAMBDA_LIMITS_H
#define LRUN_LAMBDA_LIMITS_H

#include <stdint.h>

enum {
    /* Timeout, seconds. "The default is 3 seconds, and the maximum allowed value is 1,800 seconds. For functions using Lambda
     * Managed Instances, asynchronous invocations ... support a maximum allowed value of 5,400 seconds" (model). */
    TIMEOUT_DEFAULT_S = 3,
    TIMEOUT_MAX_S = 1800,
    TIMEOUT_MANAGED_MAX_S = 5400,

    /* MemorySize, MB. "The default value is 128 MB. The value can be any multiple of 1 MB." 128 to 32768 (model); above 10240 only,
     * and from 2048 on, for Managed Instances. */
    MEMORY_MIN_MB = 128,
    MEMORY_MAX_MB = 10240,
    MEMORY_MANAGED_MIN_MB = 2048,
    MEMORY_MANAGED_MAX_MB = 32768,

    /* EphemeralStorage, MB: "512 MB to 10,240 MB" (quotas); 32768 (model) is for functions with an accelerator. */
    TMP_MIN_MB = 512,
    TMP_MAX_MB = 10240,

    /* The init phase, seconds: "limited to 10 seconds"; provisioned concurrency and Managed Instances have up to 15 minutes. */
    INIT_DEFAULT_S = 10,
    INIT_MAX_S = 900,

    /* PerExecutionEnvironmentMaxConcurrency: 1 to 1600 (model), for Managed Instances alone. */
    MAX_CONCURRENCY_MAX = 1600,

    /* "five layers" (quotas). LAYERS_TEXT is CreateFunction's InvalidParameterValueException. */
    LAYERS_MAX = 5,

    /* "250 MB ... the contents of a deployment package, including layers and custom runtimes (unzipped)" (quotas), which are
     * 262144000 bytes in the refusals of CreateFunction. */
    UNZIPPED_MAX = 262144000,

    /* "4 KB, for all environment variables associated with the function, in aggregate" (quotas), as JSON. */
    VARIABLES_MAX = 4096,

    /* "6 MB each for request and response (synchronous), 1 MB (asynchronous)" (quotas). The Runtime API's own limit has
     * 100 bytes more: "Exceeded maximum allowed payload size (6291556 bytes)." */
    INVOKE_MAX = 6 * 1024 * 1024,
    EVENT_MAX = 1024 * 1024,
    PAYLOAD_MAX = INVOKE_MAX + 100,

    /* "200 MB for each streamed response" (quotas). */
    STREAM_MAX = 200 << 20,

    /* "1 MB for the total combined size of request line and header values" (quotas). The clients for Go and Python send up to that in
     * one header of an error: ours has room for the rest beside it. */
    HEADER_MAX = (1 << 20) + (64 << 10),

    /* ClientContext: "Up to 3,583 bytes of base64-encoded data" (model). */
    CLIENT_CONTEXT_MAX = 3583,

    /* LogType Tail: "the last 4 KB of the execution log" (model). */
    LOG_TAIL = 4096,

    /* TenantId: 1 to 256 of TENANT_ID_PATTERN (model). */
    TENANT_ID_MAX = 256,
};

#define LAYERS_TEXT "Cannot reference more than 5 layers."
#define REQUEST_TEXT "Request must be smaller than 6291456 bytes for the InvokeFunction operation"
#define RESPONSE_TEXT "Response payload size exceeded maximum allowed payload size (6291556 bytes)."
#define PAYLOAD_TEXT "Exceeded maximum allowed payload size (6291556 bytes)."
#define TENANT_ID_PATTERN "[a-zA-Z0-9\\._:\\/=+\\-@ ]+"

#endif
