/* SPDX-License-Identifier: Apache-2.0 */
/* config.h: several functions, from the command line and from --config FILE.
 *
 *   {"functions": {"NAME": {"code": "fn.zip", "layers": ["a.zip"], "memory": 256, "env": {"K": "V"}, "url": 8080, "cors": true}}}
 *
 * Members are named as options are, and go the same way: a switch is true, an option that repeats takes an array, env an
 * object. Paths are relative to the file. "apis" are those of API Gateway. docs/config.schema.json
 * says it in full. */
#ifndef LRUN_CONFIG_H
#define LRUN_CONFIG_H

#include "base/err.h"
#include "base/json_scan.h"
#include "lambda/api_gateway.h"
#include "launcher/launch/request.h"

struct config_function {
    struct request request; /* a copy of the command line's, with function, name and what is the function's own */
    bool named;
};

struct config {
    struct config_function *at;
    size_t n;
    struct api *apis;
    size_t api_n;
};

/* Adds a function of a project, from its object in what the project says. part: where its files are, dir: what its paths are relative to;
 * part must live as long as ret. r: options of the command line, which come before those of the project. -1 with err. */
int config_add_part(const struct request *r, const struct request_part *part, const char *dir, const char *name, struct slice object,
                    struct config *ret, struct err *err);

/* Sets an option of a project's function, if its command has it and the command line does not give it. The value is copied. */
int config_set_part(const struct request *line, struct request *r, const char *option, const char *value, struct err *err);

/* r: the command line's, with at least a word or --config. -1 with err; config_done() either way. */
int config_read(const struct request *r, struct config *ret, struct err *err);
void config_done(struct config *c);

#endif
