/* SPDX-License-Identifier: Apache-2.0 */
/* layer_arn.c: ARNs of layers, part by part. Lengths and letters are those of AWS's model of the API (LayerVersionArn, LayerName).
 * The region is not looked up in a list, which would be old some day.
 * A good ARN has no slash and no dot, and so may be the name of a file in the store. */
#include "lambda/layer_arn.h"

#include "base/own.h"
#include "lambda/function_name.h"

#include <ctype.h>
#include <string.h>

enum { ACCOUNT_DIGITS = 12 };

/* The next part goes on to a colon or the end. */
struct part {
    const char *at;
    size_t n;
};

static struct part next_part(const char **rest)
{
    struct part p = {*rest, strcspn(*rest, ":")};
    *rest = p.at[p.n] ? p.at + p.n + 1 : p.at + p.n;
    return p;
}

static bool is(struct part p, const char *word)
{
    return p.n == strlen(word) && memcmp(p.at, word, p.n) == 0;
}

static bool digits(struct part p)
{
    for (size_t i = 0; i < p.n; i++)
        if (!isdigit((unsigned char)p.at[i]))
            return false;
    return p.n > 0;
}

static bool letters(struct part p, size_t size)
{
    for (size_t i = 0; i < p.n; i++)
        if (!function_name_takes(p.at[i]))
            return false;
    return p.n > 0 && p.n < size;
}

static void keep(struct part p, char *ret)
{
    memcpy(ret, p.at, p.n);
    ret[p.n] = 0;
}

static const char *parse_version(const char *rest, struct layer_arn *ret)
{
    if (!*rest)
        return "its version is missing: a function uses one version of a layer (...:layer:NAME:VERSION)";
    struct part version = next_part(&rest);
    if (!digits(version) || version.n >= sizeof ret->version)
        return "its version is no number";
    keep(version, ret->version);
    return *rest ? "something follows its version" : NULL;
}

const char *layer_arn_parse(const char *arn, struct layer_arn *ret)
{
    const char *rest = arn;
    struct part parts[7];
    *ret = (struct layer_arn){.region = ""};
    for (size_t i = 0; i < COUNT(parts); i++)
        parts[i] = next_part(&rest);
    if (strlen(arn) >= LAYER_ARN_SIZE || !is(parts[0], "arn") || !letters(parts[1], LAYER_REGION_SIZE) || !is(parts[2], "lambda"))
        return "expected arn:aws:lambda:REGION:ACCOUNT:layer:NAME:VERSION";
    bool of_aws = is(parts[5], "awslayer");
    if (!of_aws && !is(parts[5], "layer"))
        return "it is not the ARN of a layer: expected arn:aws:lambda:REGION:ACCOUNT:layer:NAME:VERSION";
    if (of_aws ? parts[3].n || parts[4].n : !letters(parts[3], sizeof ret->region))
        return of_aws ? "a layer of AWS's has neither region nor account: arn:aws:lambda:::awslayer:NAME" : "its region is no name";
    if (!of_aws && (!digits(parts[4]) || parts[4].n != ACCOUNT_DIGITS))
        return "its account has not 12 digits";
    if (!letters(parts[6], sizeof ret->name))
        return "the layer's name has other characters than letters, digits, - and _, or more than 140";
    keep(parts[3], ret->region);
    keep(parts[6], ret->name);
    return !of_aws ? parse_version(rest, ret) : *rest ? "something follows its name" : NULL;
}

bool layer_arn_fits(const char *pattern, const char *arn)
{
    const char *star = NULL, *from = arn;
    while (*arn) {
        if (*pattern == '*') {
            star = ++pattern;
            from = arn;
        } else if (*pattern == *arn) {
            pattern++;
            arn++;
        } else if (star) {
            pattern = star;
            arn = ++from;
        } else {
            return false;
        }
    }
    return pattern[strspn(pattern, "*")] == 0;
}
