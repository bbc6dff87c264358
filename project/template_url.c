/* SPDX-License-Identifier: Apache-2.0 */
/* template_url.c: function URLs: FunctionUrlConfig and AWS::Lambda::Url have the same properties. */
#include "project/template_parts.h"

#include <string.h>

static const char *text_of(struct reading *r, const char *property, const struct node *config, const char *name)
{
    const struct node *v = node_find(config, name);
    return v ? reading_text(r, property, v) : NULL;
}

void reading_url_config(struct reading *r, const char *property, const struct node *config)
{
    const char *auth = text_of(r, property, config, "AuthType"), *mode = text_of(r, property, config, "InvokeMode");
    const struct node *cors = node_find(config, "Cors");
    r->f->url.given = true;
    r->f->url.iam = auth && strcmp(auth, "AWS_IAM") == 0;
    r->f->url.stream = mode && strcmp(mode, "RESPONSE_STREAM") == 0;
    r->f->url.cors_config = cors ? reading_value(r, property, cors) : NULL;
    r->f->url.cors = r->f->url.cors_config && r->f->url.cors_config->kind == NODE_MAP;
    if (!r->f->url.cors)
        r->f->url.cors_config = NULL;
}

void reading_url(struct reading *r, const char *property, const struct node *v)
{
    struct refusal why = {0};
    const struct node *config = value_chosen(r->s, v, &why);
    if (!config && why.what)
        reading_refuse(r, property, &why);
    if (config && config->kind == NODE_MAP)
        reading_url_config(r, property, config);
}
