/* SPDX-License-Identifier: Apache-2.0 */
/* cli_values.c: how the value of an option is checked and kept: a function for each kind of value, which rows of cli_options.c name.
 * Ranges that depend on another option are launcher/launch/request_check.c's. A refusal names the option, the value and what would do.
 * A value that may be a secret (--credentials) is not repeated: error messages end up in logs of CI systems. */
#include "launcher/command/cli_row.h"

#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "lambda/limits.h"
#include "lambda/tenant.h"
#include "policy/limits.h"
#include "relay/door.h"

#include <errno.h>
#include <string.h>

void *field_of(const struct option_row *row, struct request *r)
{
    return (char *)r + row->field;
}

int set_flag(const struct option_row *row, const char *value, struct request *r, struct err *err)
{
    (void)value, (void)err;
    *(bool *)field_of(row, r) = true;
    return 0;
}

int set_text(const struct option_row *row, const char *value, struct request *r, struct err *err)
{
    if (!*value)
        return fail_usage(err, "--%s: the value is empty (--%s %s)", row->name, row->name, row->arg);
    *(const char **)field_of(row, r) = value;
    return 0;
}

/* Returns the index of the word in "a|b|c"; -1: not found. */
static int choice_of(const char *words, const char *value)
{
    size_t n = strlen(value), length;
    int at = 0;
    for (const char *c = words; *c; c += length + (c[length] == '|'), at++) {
        length = strcspn(c, "|");
        if (length == n && strncmp(c, value, n) == 0)
            return at;
    }
    return -1;
}

/* Rejects a value that is none of the words in the option's row. With a range, the last word stands for a number. */
static int no_choice(const struct option_row *row, const char *value, struct err *err)
{
    const char *last = strrchr(row->arg, '|');
    if (!row->max || !last)
        return fail_usage(err, "--%s: '%.80s' is not one of %s", row->name, value, row->arg);
    return fail_usage(err, "--%s: '%.80s' is not one of %s (%s: %u to %u)", row->name, value, row->arg, last + 1, row->min, row->max);
}

int set_choice(const struct option_row *row, const char *value, struct request *r, struct err *err)
{
    int at = choice_of(row->arg, value);
    if (at < 0)
        return no_choice(row, value, err);
    *(unsigned *)field_of(row, r) = (unsigned)at;
    return 0;
}

/* A word without dot and slash is no file: more likely one of the others, misspelt. */
int set_policy(const struct option_row *row, const char *value, struct request *r, struct err *err)
{
    if (!strpbrk(value, "./") && choice_of(row->arg, value) < 0)
        return no_choice(row, value, err);
    return set_text(row, value, r, err);
}

int set_rootfs(const struct option_row *row, const char *value, struct request *r, struct err *err)
{
    if (strcmp(value, "host") != 0)
        return set_text(row, value, r, err);
    r->rootfs = NULL;
    return 0;
}

/* A user who takes this option for one that holds a key must not find the key in a log: AWS's keys have 16 characters or more. */
int set_credentials(const struct option_row *row, const char *value, struct request *r, struct err *err)
{
    enum { KEY_MIN = 16 };
    static const char PROFILE[] = "profile:";
    bool profile = str_begins(value, PROFILE);
    r->profile = profile ? value + strlen(PROFILE) : NULL;
    if (!profile && strlen(value) >= KEY_MIN)
        return fail_usage(err, "--%s: the value (not repeated, since it may be a key) is not one of %s", row->name, row->arg);
    if (!profile)
        return set_choice(row, value, r, err);
    r->credentials = CREDENTIALS_PROFILE;
    return 0;
}

int set_shm(const struct option_row *row, const char *value, struct request *r, struct err *err)
{
    int at = choice_of(row->arg, value);
    r->shm_mb = 0;
    r->shm = at < 0 ? SHM_SIZED : (enum shm)at;
    return r->shm != SHM_SIZED || num_parse(value, row->min, row->max, &r->shm_mb, err) == 0 ? 0 : no_choice(row, value, err);
}

int set_shown_policy(const struct option_row *row, const char *value, struct request *r, struct err *err)
{
    r->show_policy = true;
    return set_policy(row, value, r, err);
}

/* min and max are in thousandths. After num_parse_milli(), whose err says which of the two it is. */
static int bad_fraction(const struct option_row *row, const char *value, struct err *err)
{
    double min = (double)row->min / 1000, max = (double)row->max / 1000;
    if (err->no == ERANGE)
        return fail_usage(err, "--%s %.40s: must be %.15g to %.15g (%s)", row->name, value, min, max, row->arg);
    return fail_usage(err, "--%s: '%.40s' is not a number with up to three decimal places (%s, %.15g to %.15g)", row->name, value, row->arg,
                      min, max);
}

int set_num(const struct option_row *row, const char *value, struct request *r, struct err *err)
{
    struct number *n = field_of(row, r);
    n->set = num_parse(value, row->min, row->max, &n->value, err) == 0;
    return n->set ? 0 : cli_bad_number(row, value, err);
}

/* Kept in milliseconds: exec's may be a fraction, Lambda's are whole. */
int set_seconds(const struct option_row *row, const char *value, struct request *r, struct err *err)
{
    struct number *n = field_of(row, r);
    if (set_num(row, value, r, err) < 0)
        return -1;
    n->value *= 1000;
    return 0;
}

int set_fraction(const struct option_row *row, const char *value, struct request *r, struct err *err)
{
    struct number *n = field_of(row, r);
    n->set = num_parse_milli(value, row->min, row->max, &n->value, err) == 0;
    return n->set ? 0 : bad_fraction(row, value, err);
}

/* K and M are binary, as MB of other options. */
int set_bytes(const struct option_row *row, const char *value, struct request *r, struct err *err)
{
    struct number *n = field_of(row, r);
    char digits[24];
    const size_t length = strlen(value);
    const char unit = length ? value[length - 1] : 0;
    const unsigned shift = unit == 'K' ? 10 : unit == 'M' ? 20 : 0;
    struct err ignored;
    if (length < sizeof digits) {
        memcpy(digits, value, length + 1);
        digits[length - (shift ? 1 : 0)] = 0;
        n->set = num_parse(digits, 0, row->max >> shift, &n->value, &ignored) == 0 && n->value << shift >= row->min;
        n->value <<= shift;
        if (n->set)
            return 0;
    }
    return fail_usage(err, "--%s: '%.40s' is not a number of bytes, %u to %u (K and M mean 1024 and 1048576 of them)", row->name, value,
                      row->min, row->max);
}

int set_cpus(const struct option_row *row, const char *value, struct request *r, struct err *err)
{
    return limits_cpus(value, field_of(row, r), err);
}

int set_tenant(const struct option_row *row, const char *value, struct request *r, struct err *err)
{
    if (tenant_check(value) == TENANT_GOOD)
        return *(const char **)field_of(row, r) = value, 0;
    return fail_usage(err, "--%s '%.80s': an id has 1 to %d characters: letters, digits, blanks and . _ : / = + - @", row->name, value,
                      TENANT_ID_MAX);
}

int set_net(const struct option_row *row, const char *value, struct request *r, struct err *err)
{
    static const char ALLOW[] = "allow=";
    struct doors doors;
    r->doors = NULL;
    if (!str_begins(value, ALLOW))
        return strcmp(value, "allow") == 0
                   ? fail_usage(err, "--%s allow: the doors are missing (--%s allow=HOST:PORT,...)", row->name, row->name)
                   : set_choice(row, value, r, err);
    if (doors_parse(value + strlen(ALLOW), &doors, err) < 0)
        return -1;
    r->net = NET_ALLOW;
    r->doors = value + strlen(ALLOW);
    return 0;
}

int set_debug_port(const struct option_row *row, const char *value, struct request *r, struct err *err)
{
    r->debug = true;
    return set_num(row, value, r, err);
}

int add_text(const struct option_row *row, const char *value, struct request *r, struct err *err)
{
    (void)err;
    strv_add(field_of(row, r), xstrdup(value));
    return 0;
}

int add_pair(const struct option_row *row, const char *value, struct request *r, struct err *err)
{
    const char *equals = strchr(value, '=');
    if (equals && equals != value)
        return add_text(row, value, r, err);
    return fail_usage(err, "--%s: expected %s", row->name, row->arg); /* not the text: it may be a secret */
}

/* Its directory stands for a file system, and so is writable unless told otherwise. */
int add_mount(const struct option_row *row, const char *value, struct request *r, struct err *err)
{
    const char *colon = strchr(value, ':'), *name = colon && str_begins(colon + 1, "/mnt/") ? colon + 1 + strlen("/mnt/") : "";
    if (!colon || colon == value || !*name || *name == ':' || str_begins(name, ".."))
        return fail_usage(err, "--%s '%.160s': expected %s (Lambda mounts file systems below /mnt only)", row->name, value, row->arg);
    strv_add(field_of(row, r), xasprintf("%s%s", value, strchr(name, ':') ? "" : ":rw"));
    return 0;
}

int add_host(const struct option_row *row, const char *value, struct request *r, struct err *err)
{
    if (*value && !strpbrk(value, ":/"))
        return add_text(row, value, r, err);
    return fail_usage(err, "--%s: '%.120s' is not a host name (give it without http:// and port)", row->name, value);
}

/* As browsers spell it: a slash at its end would never be equal. */
int add_origin(const struct option_row *row, const char *value, struct request *r, struct err *err)
{
    const char *host = strstr(value, "://");
    if (strcmp(value, "*") == 0 || (host && host != value && host[3] && !strchr(host + 3, '/')))
        return add_text(row, value, r, err);
    return fail_usage(err, "--%s: '%.120s' is not an origin (scheme, host and port without a path, e.g. http://localhost:5173)", row->name,
                      value);
}

int add_words(const struct option_row *row, const char *value, struct request *r, struct err *err)
{
    for (const char *c = value; c;) {
        const char *end = strchrnul(c, ',');
        if (end == c)
            return fail_usage(err, "--%s '%.120s': a name is empty (--%s %s)", row->name, value, row->name, row->arg);
        strv_add(field_of(row, r), xasprintf("%.*s", (int)(end - c), c));
        c = *end ? end + 1 : NULL;
    }
    return 0;
}
