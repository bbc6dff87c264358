/* SPDX-License-Identifier: Apache-2.0 */
/* layer_arn.h: names of layers' versions, as AWS's LayerVersionArn has them:
 *   arn:PARTITION:lambda:REGION:ACCOUNT:layer:NAME:VERSION
 *   arn:PARTITION:lambda:::awslayer:NAME */
#ifndef LRUN_LAYER_ARN_H
#define LRUN_LAYER_ARN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum { LAYER_ARN_SIZE = 256, LAYER_REGION_SIZE = 32, LAYER_NAME_SIZE = 141, LAYER_VERSION_SIZE = 20 };

struct layer_arn {
    char region[LAYER_REGION_SIZE]; /* "": an AWS layer, which has none */
    char name[LAYER_NAME_SIZE];
    char version[LAYER_VERSION_SIZE]; /* "": an AWS layer, which has none */
};

/* Whether the word is meant as an ARN: no file's path begins so, unless with ./ before it. */
static inline bool layer_is_arn(const char *word)
{
    return strncmp(word, "arn:", 4) == 0;
}

/* Takes it apart. NULL: it is good; else what is wrong with it, in words. Letters, digits, - and _ are all that a good one has beside
 * its colons: it may be a file's name. */
const char *layer_arn_parse(const char *arn, struct layer_arn *ret);

/* * in the pattern is any text; all else is itself. */
bool layer_arn_fits(const char *pattern, const char *arn);

#endif
