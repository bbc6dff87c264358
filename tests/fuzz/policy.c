/* SPDX-License-Identifier: Apache-2.0 */
/* policy.c: any bytes as a seccomp policy in the OCI's JSON: read, its rules walked as for a filter of either architecture, and
 * printed. What is refused is refused with words. */
#include "policy/oci.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int each(const struct oci_rule *rule, void *to, struct err *err)
{
    (void)err;
    if (!rule->name_count || rule->arg_count > 6)
        abort();
    for (unsigned i = 0; i < rule->name_count; i++)
        *(size_t *)to += strlen(rule->names[i]);
    for (unsigned i = 0; i < rule->arg_count; i++)
        if (rule->args[i].arg > 5)
            abort();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int null = -1;
    if (null < 0)
        null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    struct err err = {0};
    struct oci_policy *p = NULL;
    size_t sum = 0;
    char *text = malloc(size ? size : 1);
    memcpy(text, data, size);
    if (oci_read(text, size, "policy", &p, &err) == 0) {
        int first = oci_each(p, SCMP_ARCH_X86_64, each, &sum, &err), second = oci_each(p, SCMP_ARCH_AARCH64, each, &sum, &err);
        if (first != second) /* a mistake is one whether or not the rule holds */
            abort();
        if ((oci_print(&p, 1, SCMP_ARCH_X86_64, null, &err) == 0) != (first == 0))
            abort();
        oci_last_call(p);
        if (first < 0 && !err.what[0])
            abort();
        oci_done(p);
    } else if (!err.what[0]) {
        abort();
    }
    free(text);
    return 0;
}
