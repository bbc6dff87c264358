/* SPDX-License-Identifier: Apache-2.0 */
/* limits.h: Lambda's limits as of November 2026, each once, with AWS's sentence and where it stands. What a process may use
 * (RLIMIT_NOFILE and its like) is policy/limits.c's; how long a shutdown takes, launcher/environment/shutdown.h's.
 * Sources, where a row names no other:
 *   model    CreateFunction and Invoke in the service model of botocore 1.44.8
 *   quotas   the developer guide's page of quotas
 * A limit that stands in a text too is a macro, which DIGITS() puts there. */
#ifndef LRUN_LAMBDA_LIMITS_H
#define LRUN_LAMBDA_LIMITS_H

#include <stdint.h>

#define DIGITS(limit) DIGITS_OF(limit)
#define DIGITS_OF(digits) #digits

/* Timeout, seconds. "The default is 3 seconds, and the maximum allowed value is 1,800 seconds. For functions using Lambda Managed
 * Instances, asynchronous invocations ... support a maximum allowed value of 5,400 seconds" (model). */
#define TIMEOUT_DEFAULT_S 3
#define TIMEOUT_MAX_S 1800
#define TIMEOUT_MANAGED_MAX_S 5400

/* MemorySize, MB. "The default value is 128 MB. The value can be any multiple of 1 MB." 128 to 32768 (model); above 10240 only, and from
 * 2048 on, for Managed Instances. The least is the default of both. */
#define MEMORY_MIN_MB 128
#define MEMORY_MAX_MB 10240
#define MEMORY_MANAGED_MIN_MB 2048
#define MEMORY_MANAGED_MAX_MB 32768

/* EphemeralStorage, MB: "512 MB to 10,240 MB" (quotas), of which the least is the default; 32768 (model) is for functions with an
 * accelerator. */
#define TMP_MIN_MB 512
#define TMP_MAX_MB 10240

/* The init phase, seconds: "limited to 10 seconds"; provisioned concurrency and Managed Instances have up to 15 minutes. */
#define INIT_DEFAULT_S 10
#define INIT_MAX_S 900

/* "five layers" (quotas); the text is CreateFunction's InvalidParameterValueException. */
#define LAYERS_MAX 5
#define LAYERS_TEXT "Cannot reference more than " DIGITS(LAYERS_MAX) " layers."

/* "250 MB ... the contents of a deployment package, including layers and custom runtimes (unzipped)" (quotas), which are 262144000 bytes
 * in the refusals of CreateFunction. %ju: bytes. */
#define UNZIPPED_MAX 262144000
#define UNZIPPED_TEXT \
    "Function code combined with layers exceeds the maximum allowed size of " DIGITS(UNZIPPED_MAX) " bytes. The actual size is %ju bytes"
#define IMAGE_BYTES_MAX (UINT64_C(10) << 30) /* of an image, uncompressed; unpack/layer.c refuses more */
#define IMAGE_WORDS_MAX 1500                 /* of EntryPoint, and of Command, in an ImageConfig */
#define IMAGE_WORKDIR_MAX 1000               /* characters of its WorkingDirectory */

/* "4 KB, for all environment variables associated with the function, in aggregate" (quotas), as JSON. AWS's text goes on: the values. */
#define VARIABLES_MAX 4096
#define VARIABLES_TEXT \
    "Lambda was unable to configure your environment variables because the environment variables you have provided exceeded" \
    " the 4KB limit."

/* "6 MB each for request and response (synchronous), 1 MB (asynchronous)" (quotas). The Runtime API's own limit has 100 bytes more. */
#define INVOKE_MAX 6291456
#define EVENT_MAX 1048576
#define PAYLOAD_MAX 6291556
#define REQUEST_TEXT "Request must be smaller than " DIGITS(INVOKE_MAX) " bytes for the InvokeFunction operation"
#define EVENT_TEXT "%s byte payload is too large for the Event invocation type (limit " DIGITS(EVENT_MAX) " bytes)"
#define PAYLOAD_TEXT "Exceeded maximum allowed payload size (" DIGITS(PAYLOAD_MAX) " bytes)."
#define RESPONSE_TEXT "Response payload size exceeded maximum allowed payload size (" DIGITS(PAYLOAD_MAX) " bytes)."

/* "You can register up to 10 extensions for a function" (the developer guide, Configuring Lambda extensions). */
#define EXTENSIONS_MAX 10
#define EXTENSIONS_TEXT "Extension limit (" DIGITS(EXTENSIONS_MAX) ") reached"

/* FunctionName: "If you specify only the function name, it is limited to 64 characters in length" (model). */
#define FUNCTION_NAME_MAX 64

/* ClientContext: "Up to 3,583 bytes of base64-encoded data" (model). */
#define CLIENT_CONTEXT_MAX 3583
#define CLIENT_CONTEXT_TEXT /* our words */ \
    "Client context must be a valid Base64-encoded JSON object of at most " DIGITS(CLIENT_CONTEXT_MAX) " bytes."

/* Qualifier: 1 to 128 of QUALIFIER_PATTERN (model). */
#define QUALIFIER_MAX 128
#define QUALIFIER_LONG_TEXT "Member must have length less than or equal to " DIGITS(QUALIFIER_MAX)
#define QUALIFIER_PATTERN "(|[a-zA-Z0-9$_-]+)"

/* TenantId: 1 to 256 of TENANT_ID_PATTERN (model). */
#define TENANT_ID_MAX 256
#define TENANT_LONG_TEXT "Member must have length less than or equal to " DIGITS(TENANT_ID_MAX)
#define TENANT_ID_PATTERN "[a-zA-Z0-9\\._:\\/=+\\-@ ]+"

/* "The first 6 MB of your function's response payload has uncapped bandwidth. After this initial burst, Lambda streams your response at a
 * maximum rate of 2 MBps" (the developer guide, Bandwidth limits for response streaming). */
#define STREAM_FREE_MB 6
#define STREAM_MB_A_SECOND 2

enum {
    /* "200 MB for each streamed response" (quotas). */
    STREAM_MAX = 200 << 20,

    /* PerExecutionEnvironmentMaxConcurrency: 1 to 1600 (model), for Managed Instances alone. */
    MAX_CONCURRENCY_MAX = 1600,

    /* "1 MB for the total combined size of request line and header values" (quotas). The clients for Go and Python send up to that in
     * one header of an error: ours has room for the rest beside it. */
    HEADER_MAX = (1 << 20) + (64 << 10),

    /* LogType Tail: "the last 4 KB of the execution log" (model). */
    LOG_TAIL = 4096,

    /* What a telemetry subscriber may ask to have gathered for it, and gets if it asks for nothing: maxItems, maxBytes and timeoutMs of the
     * Telemetry API's reference. */
    GATHER_ITEMS_MIN = 1000,
    GATHER_ITEMS_MAX = 10000,
    GATHER_ITEMS_DEFAULT = 10000,
    GATHER_BYTES_MIN = 262144,
    GATHER_BYTES_MAX = 1048576,
    GATHER_BYTES_DEFAULT = 262144,
    GATHER_MS_MIN = 25,
    GATHER_MS_MAX = 30000,
    GATHER_MS_DEFAULT = 1000,
};

#endif
