/* SPDX-License-Identifier: Apache-2.0 */
/* config_values.h: the value of an option in a file of JSON, taken apart into the texts that the command line would have. For config.c and
 * profile.c. */
#ifndef LRUN_CONFIG_VALUES_H
#define LRUN_CONFIG_VALUES_H

#include "base/json_scan.h"
#include "launcher/launch/request.h"

struct config_values {
    const struct request *request; /* its command has the option */
    int (*set)(void *of, const char *option, const char *text);
    int (*wrong)(void *of, const char *option, const char *why); /* fills the err; -1 */
    void *of;
};

/* Calls set for each text of the value: one, for an array of a repeatable option its strings, for an object of env NAME=VALUE. false: none.
 * Returns what set or wrong has returned. */
int config_values(const struct config_values *x, const char *option, struct slice value);

/* The text of a path in a file whose directory is dir ("" or with its slash); of any other value, the value. The caller's. */
char *config_path(const struct request *r, const char *option, const char *value, const char *dir);

#endif
