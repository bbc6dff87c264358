/* SPDX-License-Identifier: Apache-2.0 */
/* cli_values.c: options whose values are numbers or ids. */
#include "launcher/cli_row.h"

#include "base/num.h"
#include "lambda/limits.h"
#include "lambda/tenant.h"

#include <string.h>

void *field_of(const struct row *row, struct request *r)
{
    return (char *)r + row->field;
}

/* Which option it was, before what the number's reader says. */
static int fail_more(const struct row *row, struct err *err)
{
    char why[sizeof err->hint];
    memcpy(why, err->hint, sizeof why);
    return fail_hint(err, "--%s takes %s%s%s", row->name, row->arg, *why ? "; " : "", why);
}

int set_num(const struct row *row, const char *value, struct request *r, struct err *err)
{
    struct number *n = field_of(row, r);
    n->set = num_parse(value, row->min, row->max, &n->value, err) == 0;
    return n->set ? 0 : fail_more(row, err);
}

/* Kept in milliseconds: exec's may be a fraction, Lambda's are whole. */
int set_seconds(const struct row *row, const char *value, struct request *r, struct err *err)
{
    struct number *n = field_of(row, r);
    if (set_num(row, value, r, err) < 0)
        return -1;
    n->value *= 1000;
    return 0;
}

int set_fraction(const struct row *row, const char *value, struct request *r, struct err *err)
{
    struct number *n = field_of(row, r);
    n->set = num_parse_milli(value, row->min, row->max, &n->value, err) == 0;
    return n->set ? 0 : fail_more(row, err);
}

int set_tenant(const struct row *row, const char *value, struct request *r, struct err *err)
{
    if (tenant_check(value) == TENANT_GOOD)
        return *(const char **)field_of(row, r) = value, 0;
    fail(err, 0, value, "use the id for --%s", row->name);
    return fail_hint(err, "it has 1 to %d characters: letters, digits, blanks and . _ : / = + - @", TENANT_ID_MAX);
}
