/* SPDX-License-Identifier: Apache-2.0 */
/* Policies in the OCI's JSON: rules, numbers, conditions. What filters do is in tests/sandbox/test_filters.py. */
#include "base/own.h"
#include "base/str.h"
#include "policy/oci.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

static int note(const struct oci_rule *rule, void *to, struct err *err)
{
    (void)err;
    text_printf(to, "%s/%u:%x", rule->names[0], rule->name_count, rule->action);
    for (unsigned i = 0; i < rule->arg_count; i++)
        text_printf(to, "[%u %d %ju %ju]", rule->args[i].arg, (int)rule->args[i].op, (uintmax_t)rule->args[i].datum_a,
                    (uintmax_t)rule->args[i].datum_b);
    text_puts(to, ";");
    return 0;
}

/* What the rules are on x86-64; NULL: refused. */
static char *rules_of(const char *json, struct err *err)
{
    struct oci_policy *p = NULL;
    struct text out = {0};
    *err = (struct err){.no = 0};
    text_puts(&out, "");
    if (oci_read(json, strlen(json), "p.json", &p, err) < 0 || oci_each(p, SCMP_ARCH_X86_64, note, &out, err) < 0)
        text_done(&out);
    if (p)
        oci_done(p);
    return out.at;
}

#define POLICY(rules) "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[" rules "]}"
#define RULE(more) POLICY("{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ERRNO\"" more "}")

Test(oci, rules_are_those_that_hold)
{
    static const char *const ROWS[][2] = {
        {POLICY(""), ""},
        {RULE(""), "read/1:50001;"}, /* EPERM where no errno is given */
        {RULE(",\"errnoRet\":38"), "read/1:50026;"},
        {RULE(",\"errnoRet\":65535"), "read/1:5ffff;"},
        {RULE(",\"errnoRet\":null"), "read/1:50001;"},
        {POLICY("{\"name\":\"write\",\"action\":\"SCMP_ACT_KILL_PROCESS\"}"), "write/1:80000000;"},
        {POLICY("{\"names\":[\"a\",\"b\"],\"action\":\"SCMP_ACT_ALLOW\"}"), "a/2:7fff0000;"},
        {RULE(",\"args\":[{\"index\":5,\"value\":18446744073709551615,\"valueTwo\":9007199254740993,\"op\":\"SCMP_CMP_MASKED_EQ\"}]"),
         "read/1:50001[5 7 18446744073709551615 9007199254740993];"},
        {RULE(",\"includes\":{\"arches\":[\"amd64\"]}"), "read/1:50001;"},
        {RULE(",\"includes\":{\"arches\":[\"arm64\"]}"), ""},
        {RULE(",\"excludes\":{\"arches\":[\"amd64\"]}"), ""},
        {RULE(",\"includes\":{\"caps\":[\"CAP_SYS_ADMIN\"]}"), ""},
        {RULE(",\"excludes\":{\"caps\":[\"CAP_SYS_ADMIN\"]}"), "read/1:50001;"},
        {RULE(",\"includes\":{\"minKernel\":\"2.6\"}"), "read/1:50001;"},
        {RULE(",\"includes\":{\"minKernel\":\"999.0\"}"), ""},
        {RULE(",\"excludes\":{\"minKernel\":\"2.6\"}"), ""},
    };
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct err err;
        OWN_PTR char *got = rules_of(ROWS[i][0], &err);
        cr_expect(got && strcmp(got, ROWS[i][1]) == 0, "%s: %s %s", ROWS[i][0], got, err.what);
    }
}

Test(oci, what_is_none_is_refused_with_its_rule)
{
    static const char *const BAD[] = {
        "",
        "[]",
        "{}",
        "{\"defaultAction\":\"SCMP_ACT_NOTHING\"}",
        "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":{}}",
        "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"defaultAction\":\"SCMP_ACT_ERRNO\"}",
        "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"listenerPath\":\"/x\"}",
        "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"lastSyscall\":1073741824}",
        "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"lastSyscall\":-1}",
        POLICY("1"),
        POLICY("{}"),
        POLICY("{\"names\":[1],\"action\":\"SCMP_ACT_ALLOW\"}"),
        POLICY("{\"names\":[],\"action\":\"SCMP_ACT_ALLOW\"}"),
        POLICY("{\"names\":[\"read\"]}"),
        POLICY("{\"names\":[\"re\\u0000ad\"],\"action\":\"SCMP_ACT_ALLOW\"}"),
        RULE(",\"errnoRet\":65536"),
        RULE(",\"errnoRet\":-1"),
        RULE(",\"errnoRet\":1.0"),
        RULE(",\"errnoRet\":\"1\""),
        RULE(",\"args\":[{\"index\":6,\"value\":0,\"op\":\"SCMP_CMP_EQ\"}]"),
        RULE(",\"args\":[{\"value\":0,\"op\":\"SCMP_CMP_EQ\"}]"),
        RULE(",\"args\":[{\"index\":0,\"value\":18446744073709551616,\"op\":\"SCMP_CMP_EQ\"}]"),
        RULE(",\"args\":[{\"index\":0,\"value\":0,\"op\":\"SCMP_CMP_ALMOST\"}]"),
        RULE(",\"args\":[{\"index\":0,\"value\":0}]"),
        RULE(",\"includes\":{\"arches\":[\"arm64\"]},\"errnoRet\":-1"), /* also where it does not hold */
    };
    for (size_t i = 0; i < COUNT(BAD); i++) {
        struct err err;
        OWN_PTR char *got = rules_of(BAD[i], &err);
        cr_expect(!got && err.what[0], "%s: %s", BAD[i], got);
    }
    struct err err;
    OWN_PTR char *none = rules_of(POLICY("{\"names\":[\"a\"],\"action\":\"SCMP_ACT_ALLOW\"},\n{\"names\":[]}"), &err);
    cr_expect(!none && strstr(err.what, "rule 2 (line 2)"), "%s", err.what);
}

Test(oci, defaults_and_the_last_call)
{
    static const char TEXT[] = "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38,\"lastSyscall\":1073741823}";
    struct oci_policy *p;
    struct err err;
    cr_assert_eq(oci_read(TEXT, sizeof TEXT - 1, "p", &p, &err), 0, "%s", err.what);
    cr_expect(oci_default(p) == SCMP_ACT_ERRNO(ENOSYS) && oci_last_call(p) == 1073741823);
    oci_done(p);
}
