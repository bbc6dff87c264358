/* SPDX-License-Identifier: Apache-2.0 */
/* oci.c: reads and prints policies in the OCI's JSON. Groups, stacking and the filter are compile.c's; nothing here knows BPF. A
 * policy is text that a stranger may have written: it is read by lrun's own scanner first (json_document: no duplicate names), and
 * cJSON's tree is compared with it, so that what was checked is what is used. Errors name the rule and its line. A rule that does not
 * hold here is checked all the same: a mistake is one on every host. */
#include "policy/oci.h"

#include "base/arch.h"
#include "base/fs.h"
#include "base/json_scan.h"
#include "base/own.h"
#include "base/str.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

struct oci_policy {
    const char *text; /* borrowed */
    size_t n;
    struct slice top; /* of text */
    cJSON *root;      /* numbers are raw items: their spelling */
    char *path;
    uint32_t fallback;
    uint64_t last; /* lastSyscall */
};

static const struct {
    const char *name;
    uint32_t action;
    bool takes_errno;
} ACTIONS[] = {{"SCMP_ACT_ALLOW", SCMP_ACT_ALLOW, false},
               {"SCMP_ACT_ERRNO", SCMP_ACT_ERRNO(0), true},
               {"SCMP_ACT_KILL", SCMP_ACT_KILL_THREAD, false},
               {"SCMP_ACT_KILL_THREAD", SCMP_ACT_KILL_THREAD, false},
               {"SCMP_ACT_KILL_PROCESS", SCMP_ACT_KILL_PROCESS, false},
               {"SCMP_ACT_TRAP", SCMP_ACT_TRAP, false},
               {"SCMP_ACT_LOG", SCMP_ACT_LOG, false},
               {"SCMP_ACT_TRACE", SCMP_ACT_TRACE(0), true}};

static const struct {
    const char *name;
    enum scmp_compare op;
} OPS[] = {{"SCMP_CMP_EQ", SCMP_CMP_EQ},
           {"SCMP_CMP_NE", SCMP_CMP_NE},
           {"SCMP_CMP_GT", SCMP_CMP_GT},
           {"SCMP_CMP_GE", SCMP_CMP_GE},
           {"SCMP_CMP_LT", SCMP_CMP_LT},
           {"SCMP_CMP_LE", SCMP_CMP_LE},
           {"SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ}};

static int line_at(const struct oci_policy *p, const char *at)
{
    int line = 1;
    for (const char *c = p->text; at && c < at; c++)
        line += *c == '\n';
    return line;
}

/* Rule number n of the list "syscalls", as it is spelled: cJSON keeps no places. */
static struct slice spelled_rule(const struct oci_policy *p, int n)
{
    struct slice key, rule = {NULL, 0};
    for (struct json_walk w = json_walk(json_find(p->top, "syscalls")); n >= 0 && json_next(&w, &key, &rule); n--)
        ;
    return rule;
}

/* number: of the rule, from 0; -1: the policy as a whole. object: what is wrong with it, or NULL. */
static int wrong(const struct oci_policy *p, int number, const char *what, const char *object, struct err *err)
{
    if (number < 0)
        fail(err, 0, p->path, "use the policy: %s", what);
    else
        fail(err, 0, p->path, "use rule %d (line %d) of the policy: %s", number + 1, line_at(p, spelled_rule(p, number).at), what);
    return object ? fail_hint(err, "it says %s", object) : -1;
}

static const char *string_of(const cJSON *o, const char *key)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, key));
}

/* A whole number from 0 to max, by its spelling; absent or null: otherwise. */
static int read_number(const struct oci_policy *p, int number, const cJSON *o, const char *key, uint64_t otherwise, uint64_t max,
                       uint64_t *ret, struct err *err)
{
    const cJSON *n = cJSON_GetObjectItemCaseSensitive(o, key);
    const char *spelling = cJSON_IsRaw(n) ? n->valuestring : "";
    *ret = otherwise;
    if (!n || cJSON_IsNull(n) || json_unsigned((struct slice){spelling, strlen(spelling)}, 0, max, ret) == JSON_WHOLE)
        return 0;
    wrong(p, number, "a number in it is negative, too large or none", NULL, err);
    return fail_hint(err, "%s must be a whole number of at most %ju, in digits", key, (uintmax_t)max);
}

/* EPERM where no errno is given, as the OCI says. */
static int read_action(const struct oci_policy *p, int number, const cJSON *o, const char *key, const char *errno_key, uint32_t *ret,
                       struct err *err)
{
    const char *name = string_of(o, key);
    for (size_t i = 0; name && i < COUNT(ACTIONS); i++)
        if (strcmp(ACTIONS[i].name, name) == 0) {
            uint64_t no = 0;
            if (read_number(p, number, o, errno_key, EPERM, 0xffff, &no, err) < 0)
                return -1;
            *ret = ACTIONS[i].action | (ACTIONS[i].takes_errno ? (uint32_t)no : 0);
            return 0;
        }
    return wrong(p, number, name ? "its action is unknown or cannot be had here" : "it has no action", name, err);
}

static int read_args(const struct oci_policy *p, int number, const cJSON *rule, struct oci_rule *ret, struct err *err)
{
    const cJSON *arg;
    cJSON_ArrayForEach(arg, cJSON_GetObjectItemCaseSensitive(rule, "args"))
    {
        const char *op = string_of(arg, "op");
        size_t i = 0;
        while (i < COUNT(OPS) && strcmp(OPS[i].name, op ? op : "") != 0)
            i++;
        if (i == COUNT(OPS))
            return wrong(p, number, "the comparison of an argument is unknown", op, err);
        uint64_t index, a, b;
        if (ret->arg_count == 6 || read_number(p, number, arg, "index", UINT64_MAX, 5, &index, err) < 0 || index > 5)
            return wrong(p, number, "a call has the arguments 0 to 5", NULL, err);
        if (read_number(p, number, arg, "value", 0, UINT64_MAX, &a, err) < 0 ||
            read_number(p, number, arg, "valueTwo", 0, UINT64_MAX, &b, err) < 0)
            return -1;
        ret->args[ret->arg_count++] = (struct scmp_arg_cmp){
            .arg = (unsigned)index,
            .op = OPS[i].op,
            .datum_a = a,
            .datum_b = b,
        };
    }
    return 0;
}

static bool list_has(const cJSON *list, const char *text)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, list) if (item->valuestring && strcmp(item->valuestring, text) == 0) return true;
    return false;
}

static bool kernel_is(const char *minimum)
{
    struct utsname u;
    unsigned have[2] = {0}, want[2] = {0};
    if (uname(&u) < 0 || sscanf(u.release, "%u.%u", &have[0], &have[1]) != 2 || sscanf(minimum, "%u.%u", &want[0], &want[1]) != 2)
        return false;
    return have[0] != want[0] ? have[0] > want[0] : have[1] >= want[1];
}

/* includes: all conditions must hold. excludes: none may hold. Nothing has capabilities here. */
static bool holds(const cJSON *rule, const char *arch)
{
    const cJSON *in = cJSON_GetObjectItemCaseSensitive(rule, "includes"), *out = cJSON_GetObjectItemCaseSensitive(rule, "excludes");
    const cJSON *arches = cJSON_GetObjectItemCaseSensitive(in, "arches");
    const char *kernel = string_of(in, "minKernel"), *not_kernel = string_of(out, "minKernel");
    if (cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(in, "caps")) > 0)
        return false;
    if (cJSON_GetArraySize(arches) > 0 && !list_has(arches, arch))
        return false;
    if (kernel && !kernel_is(kernel))
        return false;
    return !list_has(cJSON_GetObjectItemCaseSensitive(out, "arches"), arch) && !(not_kernel && kernel_is(not_kernel));
}

static int read_rule(const struct oci_policy *p, int number, const cJSON *rule, struct oci_rule *ret, struct strv *names, struct err *err)
{
    const cJSON *name, *list = cJSON_GetObjectItemCaseSensitive(rule, "names");
    *ret = (struct oci_rule){0};
    if (string_of(rule, "name")) /* the form of old Docker files */
        strv_add(names, xstrdup(string_of(rule, "name")));
    cJSON_ArrayForEach(name, list)
    {
        if (!cJSON_IsString(name))
            return wrong(p, number, "a name is not a string", NULL, err);
        strv_add(names, xstrdup(name->valuestring));
    }
    if (!names->n)
        return wrong(p, number, "it names no call", NULL, err);
    if (read_action(p, number, rule, "action", "errnoRet", &ret->action, err) < 0 || read_args(p, number, rule, ret, err) < 0)
        return -1;
    ret->names = (const char *const *)names->at;
    ret->name_count = (unsigned)names->n;
    return 0;
}

/* Walks cJSON's tree and the text side by side: numbers become raw items with their spelling, since cJSON rounds them to doubles, and
 * prints raw items as they are. Strings and names must mean the same in both, or one would be checked and another used: cJSON ends
 * them at a NUL. cJSON nests at most 1,000 deep. */
static bool keep_spelling(cJSON *item, struct slice v)
{
    struct slice key, value;
    cJSON *child = item->child;
    if (cJSON_IsString(item))
        return json_is(v, item->valuestring);
    if (cJSON_IsNumber(item)) {
        item->valuestring = strndup(v.at, v.n);
        item->type = (item->type & ~0xff) | cJSON_Raw;
        return item->valuestring != NULL;
    }
    for (struct json_walk w = json_walk(v); json_next(&w, &key, &value); child = child->next)
        if (!child || (key.at && !json_is(key, child->string)) || !keep_spelling(child, value))
            return false;
    return !child;
}

static int read_text(struct oci_policy *p, struct err *err)
{
    if (json_document(p->text, p->n, p->path, &p->top, err) < 0)
        return -1;
    p->root = cJSON_ParseWithLength(p->text, p->n);
    if (!p->root || !keep_spelling(p->root, p->top))
        return fail(err, 0, p->path, "use the policy: it nests too deep, or a text in it holds NUL or half a surrogate pair");
    return 0;
}

int oci_read(const char *text, size_t n, const char *path, struct oci_policy **ret, struct err *err)
{
    struct oci_policy *p = xcalloc(1, sizeof *p);
    *p = (struct oci_policy){.text = text, .n = n, .path = xstrdup(path)};
    int status = read_text(p, err);
    const cJSON *rules = cJSON_GetObjectItemCaseSensitive(p->root, "syscalls");
    if (status < 0)
        ;
    else if (string_of(p->root, "listenerPath"))
        status = wrong(p, -1, "no process listens for calls here (listenerPath)", NULL, err);
    else if (!cJSON_IsObject(p->root) || (rules && !cJSON_IsArray(rules)))
        status = wrong(p, -1, "it must be an object with a list of syscalls", NULL, err);
    else if ((status = read_action(p, -1, p->root, "defaultAction", "defaultErrnoRet", &p->fallback, err)) == 0)
        status = read_number(p, -1, p->root, "lastSyscall", 0, UINT32_MAX >> 2, &p->last, err);
    if (status < 0)
        oci_done(p);
    else
        *ret = p;
    return status;
}

uint32_t oci_default(const struct oci_policy *p)
{
    return p->fallback;
}

unsigned oci_last_call(const struct oci_policy *p)
{
    return (unsigned)p->last;
}

int oci_each(const struct oci_policy *p, uint32_t arch, int (*each)(const struct oci_rule *rule, void *to, struct err *err), void *to,
             struct err *err)
{
    const char *name = ARCHES[arch_by_audit(arch)].go;
    const cJSON *rule;
    int number = 0, status = 0;
    cJSON_ArrayForEach(rule, cJSON_GetObjectItemCaseSensitive(p->root, "syscalls"))
    {
        struct strv names = {0};
        struct oci_rule r;
        status = read_rule(p, number, rule, &r, &names, err); /* also of rules that do not hold: a mistake is one anywhere */
        if (status == 0 && holds(rule, name) && each(&r, to, err) < 0) {
            char why[sizeof err->what];
            memcpy(why, err->what, sizeof why);
            status = wrong(p, number, why, NULL, err);
        }
        strv_done(&names);
        number++;
        if (status < 0)
            break;
    }
    return status;
}

/* Checks each rule as if it were compiled; its includes and excludes are not printed. */
static int add_rules(const struct oci_policy *p, const char *arch, cJSON *to, struct err *err)
{
    const cJSON *rule;
    int number = 0;
    cJSON_ArrayForEach(rule, cJSON_GetObjectItemCaseSensitive(p->root, "syscalls"))
    {
        struct strv names = {0};
        struct oci_rule r;
        int status = read_rule(p, number++, rule, &r, &names, err);
        strv_done(&names);
        if (status < 0)
            return -1;
        if (!holds(rule, arch))
            continue;
        cJSON *copy = cJSON_Duplicate(rule, true);
        cJSON_DeleteItemFromObjectCaseSensitive(copy, "includes");
        cJSON_DeleteItemFromObjectCaseSensitive(copy, "excludes");
        cJSON_AddItemToArray(to, copy);
    }
    return 0;
}

int oci_print(struct oci_policy *const *policies, size_t n, uint32_t arch, int to, struct err *err)
{
    static const char *const TOP[] = {"defaultAction", "defaultErrnoRet", "lastSyscall"};
    cJSON *all = cJSON_CreateObject(), *rules = cJSON_CreateArray();
    int status = 0;
    const struct arch_names *a = &ARCHES[arch_by_audit(arch)];
    for (size_t i = 0; i < n && status == 0; i++) {
        for (size_t k = 0; k < COUNT(TOP); k++) {
            const cJSON *item = cJSON_GetObjectItemCaseSensitive(policies[i]->root, TOP[k]);
            cJSON_DeleteItemFromObjectCaseSensitive(all, item ? TOP[k] : "");
            if (item)
                cJSON_AddItemToObject(all, TOP[k], cJSON_Duplicate(item, true));
        }
        status = add_rules(policies[i], a->go, rules, err);
    }
    if (n == 0)
        cJSON_AddStringToObject(all, "defaultAction", ACTIONS[0].name);
    cJSON *list = cJSON_AddArrayToObject(all, "architectures");
    cJSON_AddItemToArray(list, cJSON_CreateString(a->seccomp));
    cJSON_AddItemToObject(all, "syscalls", rules);
    char *text = cJSON_Print(all);
    if (status == 0 && (!text || fs_write_all(to, text, strlen(text)) < 0 || fs_write_all(to, "\n", 1) < 0))
        status = fail(err, errno, "standard output", "write the policy to");
    free(text);
    cJSON_Delete(all);
    return status;
}

void oci_done(struct oci_policy *p)
{
    cJSON_Delete(p->root);
    free(p->path);
    free(p);
}
