/* SPDX-License-Identifier: Apache-2.0 */
/* model_api.h: the part of the model that APIs are: routes and authorizers. model.h includes it. */
#ifndef LRUN_MODEL_API_H
#define LRUN_MODEL_API_H

#include "project/node.h"

struct model_pair {
    const char *name, *value;
};

/* An API's routes as the documents of API Gateway have them: see docs/config.schema.json, "apis". */
struct model_route {
    const char *method;     /* GET, ..., or ANY */
    const char *path;       /* /orders/{id}, /files/{rest+}; $default */
    const char *function;   /* a model_function's id */
    const char *payload;    /* 1.0, 2.0 */
    const char *authorizer; /* its name; NULL: none */
    const char *operation;  /* operationName; NULL */
};

struct model_authorizer {
    const char *name, *function; /* function: NULL, JWT, Cognito or IAM */
    const char *kind;            /* token, request, jwt, cognito, iam */
    const char *payload;         /* 1.0, 2.0 */
    bool simple;
    const char *header;     /* of token: the one that holds it, Authorization */
    const char *expression; /* ValidationExpression */
    const char **identity;  /* of request: "header.X", "querystring.Y", "stageVariables.Z", "context.W" */
    size_t identity_count;
};

struct model_api {
    const char *id, *stage; /* logical id; Prod, $default, dev */
    bool http;              /* HTTP API, else REST */
    struct model_route *routes;
    size_t route_count;
    struct model_authorizer *authorizers;
    size_t authorizer_count;
    const char *default_authorizer;
    const char **binary_types;
    size_t binary_count;
    struct model_pair *variables;
    size_t variable_count;
    const struct node *cors; /* resolved, in CloudFormation's HTTP API form (AllowOrigins, AllowMethods, ...); NULL: none */
};

#endif
