/* SPDX-License-Identifier: Apache-2.0 */
/* cli_values.c: options whose values are numbers or ids. */
#include "launcher/cli_row.h"

#include "base/num.h"
#include "lambda/limits.h"
#include "lambda/tenant.h"

#include <errno.h>
#include <string.h>

void *field_of(const struct row *row, struct request *r)
{
    return (char *)r + row->field;
}

/* min and max are in thousandths. After num_parse_milli(), whose err says which of the two it is. */
static int bad_fraction(const struct row *row, const char *value, struct err *err)
{
    double min = (double)row->min / 1000, max = (double)row->max / 1000;
    if (err->no == ERANGE)
        return fail_usage(err, "--%s %.40s: must be %.15g to %.15g (%s)", row->name, value, min, max, row->arg);
    return fail_usage(err, "--%s: '%.40s' is not a number with up to three decimal places (%s, %.15g to %.15g)", row->name, value, row->arg, min, max);
}

int set_num(const struct row *row, const char *value, struct request *r, struct err *err)
{
    struct number *n = field_of(row, r);
    n->set = num_parse(value, row->min, row->max, &n->value, err) == 0;
    return n->set ? 0 : cli_bad_number(row, value, err);
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
    return n->set ? 0 : bad_fraction(row, value, err);
}

int set_tenant(const struct row *row, const char *value, struct request *r, struct err *err)
{
    if (tenant_check(value) == TENANT_GOOD)
        return *(const char **)field_of(row, r) = value, 0;
    return fail_usage(err, "--%s '%.80s': an id has 1 to %d characters: letters, digits, blanks and . _ : / = + - @", row->name, value, TENANT_ID_MAX);
}
