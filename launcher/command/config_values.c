/* SPDX-License-Identifier: Apache-2.0 */
/* config_values.c: from a member of a file of JSON to an option's values: a string or number as it is spelled, true for a switch, an array
 * for what repeats, an object for variables. What each text means is its row's to say (cli_set). */
#include "launcher/command/config_values.h"

#include "base/own.h"
#include "launcher/command/cli.h"

#include <string.h>

static int set_plain(const struct config_values *x, const char *option, struct slice value)
{
    OWN_PTR char *text = json_plain(value);
    return text ? x->set(x->of, option, text) : x->wrong(x->of, option, "it holds NUL");
}

static int set_variables(const struct config_values *x, struct slice object)
{
    struct slice key, value;
    int status = 0;
    for (struct json_walk w = json_walk(object); status == 0 && json_next(&w, &key, &value);) {
        OWN_PTR char *name = json_plain(key), *text = json_plain(value);
        OWN_PTR char *entry = name && text ? xasprintf("%s=%s", name, text) : NULL;
        status = entry ? x->set(x->of, "env", entry) : x->wrong(x->of, "env", "it holds NUL");
    }
    return status;
}

static int set_each(const struct config_values *x, const char *option, struct slice array)
{
    struct slice none, value;
    int status = 0;
    for (struct json_walk w = json_walk(array); status == 0 && json_next(&w, &none, &value);)
        status =
            json_shape(value) == SHAPE_STRING ? set_plain(x, option, value) : x->wrong(x->of, option, "its array may contain strings only");
    return status;
}

int config_values(const struct config_values *x, const char *option, struct slice value)
{
    enum json_shape shape = json_shape(value);
    if (shape == SHAPE_OBJECT && strcmp(option, "env") == 0)
        return set_variables(x, value);
    if (shape == SHAPE_ARRAY && cli_takes_array(x->request, option)) {
        OWN_PTR char *array = xasprintf("%.*s", (int)value.n, value.at);
        return x->set(x->of, option, array);
    }
    if (shape == SHAPE_ARRAY)
        return set_each(x, option, value);
    if (shape == SHAPE_OBJECT || shape == SHAPE_NULL)
        return x->wrong(x->of, option, "wrong type");
    return shape == SHAPE_FALSE ? 0 : set_plain(x, option, value); /* false: as if the member were absent */
}

char *config_path(const struct request *r, const char *option, const char *value, const char *dir)
{
    bool is_path = cli_is_path(r, option, value) && !str_begins(value, "arn:");
    return is_path && value[0] != '/' ? xasprintf("%s%s", dir, value) : xstrdup(value);
}
