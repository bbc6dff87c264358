/* SPDX-License-Identifier: Apache-2.0 */
/* oci.h: reading seccomp policies in the OCI's JSON, so that Docker's and Podman's own files load unchanged. The only
 * includer of cJSON; part of lrun-policy, which no launch loads.
 *
 * A rule holds if its includes hold and its excludes do not: for this architecture and kernel, and for no capabilities,
 * since the function has none. Names that libseccomp does not know are left out: newer policies name newer calls. */
#ifndef LRUN_OCI_H
#define LRUN_OCI_H

#include "base/err.h"

#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>

struct oci_rule {
    const char *const *names;
    unsigned name_count;
    uint32_t action;
    struct scmp_arg_cmp args[6];
    unsigned arg_count;
};

struct oci_policy;

/* Reads n bytes that are one JSON object, and nothing else; names must differ within each object. path: for messages. Errors name the
 * rule and its line. text is borrowed until oci_done(). Whole numbers are read and printed by their spelling, exactly. */
int oci_read(const char *text, size_t n, const char *path, struct oci_policy **ret, struct err *err);
uint32_t oci_default(const struct oci_policy *p);
unsigned oci_last_call(const struct oci_policy *p); /* ours: numbers above are answered with ENOSYS; 0: none */

/* Calls each for every rule that holds on arch, in their order, until one returns -1. */
int oci_each(const struct oci_policy *p, uint32_t arch, int (*each)(const struct oci_rule *rule, void *to, struct err *err), void *to,
             struct err *err);

/* Writes the policies as one: the rules that hold on arch, the default action of the last. None: everything is allowed. */
int oci_print(struct oci_policy *const *policies, size_t n, uint32_t arch, int to, struct err *err);
void oci_done(struct oci_policy *p);

#endif
