/* SPDX-License-Identifier: Apache-2.0 */
/* config_apis.h: the APIs of a configuration file. For config.c and project.c only. */
#ifndef LRUN_CONFIG_APIS_H
#define LRUN_CONFIG_APIS_H

#include "base/err.h"
#include "base/json_scan.h"
#include "lambda/api_gateway.h"

/* apis: the file's member of that name, an object of API names. Adds to ret, of which each is the caller's (api_done), also on -1. */
int config_read_apis(struct slice apis, struct api **ret, size_t *ret_n, struct err *err);

#endif
