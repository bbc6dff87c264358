/* SPDX-License-Identifier: Apache-2.0 */
/* model.h: what a project says, whichever tool wrote it: functions, layers, APIs. Readers fill it (read_*.c), model_print.c writes it as
 * lrun.json. What a function needs and what could not be resolved is a refusal of that function alone: the others run. All memory is the
 * arena's; NULL or 0 means that the project does not say. */
#ifndef LRUN_MODEL_H
#define LRUN_MODEL_H

#include "project/ask.h"
#include "project/model_api.h"

struct refusal {        /* why something cannot be used */
    const char *source; /* file beneath the root */
    unsigned line;
    const char *what;   /* a clause: "Layers of Hello: Fn::ImportValue shared-layer is not known" */
    const char *remedy; /* what supplies it: "--import shared-layer=VALUE"; NULL: nothing does */
};

struct note { /* what was not understood, or differs; said by lrun project and, where loud, at each launch */
    const char *source;
    unsigned line;
    const char *text;
    bool loud, api; /* api: of routes, and loud only where those are served */
};

struct model_layer {  /* in the order of the function's list */
    const char *path; /* beneath the root; NULL: by its ARN */
    const char *arn;  /* with its version; NULL: by its path */
    const char *id;   /* logical id, for messages; NULL: none */
};

struct model_mount { /* a file system at /mnt/NAME; which directory stands for it the user says (--mount) */
    const char *target;
};

struct model_url {
    bool given, stream, iam, cors;
    const struct node *cors_config; /* resolved: AllowOrigins and so on; NULL: none */
};

struct model_function {
    const char *id;     /* logical id: the name in lrun.json, unless another stack has the same (then PATH with _ for /) */
    const char **names; /* others it answers to: construct id, FunctionName, full path, ARN */
    size_t name_count;
    const char *name;   /* FunctionName, for AWS_LAMBDA_FUNCTION_NAME; NULL: id */
    const char *region; /* AWS_REGION, where the service or the stack has its own */
    const char *source;
    unsigned line;

    const char *code; /* beneath the root: directory, zip, jar, image; NULL: inline */
    const char *inline_code;
    const char *image;                            /* ImageUri as it stands, when it is no path: never pulled */
    const char *handler, *runtime, *architecture; /* x86_64, arm64 */
    uint64_t memory_mb, timeout_s, tmp_mb;
    struct model_pair *variables;
    size_t variable_count;
    struct index variable_index; /* for model.c only */
    struct model_layer *layers;
    size_t layer_count;
    const char *log_format; /* text, json */
    const char *application_log_level, *system_log_level, *log_group;
    const char **entrypoint, **command; /* of an image; NULL: its own */
    size_t entrypoint_count, command_count;
    const char *workdir;
    bool per_tenant;
    uint64_t max_concurrency;
    struct model_url url;
    struct model_mount *mounts;
    size_t mount_count;
    struct refusal *refused; /* NULL: it can run */
};

struct model {
    struct arena *arena;
    const char *reader; /* sam-built, sam, cloudformation, cdk, serverless-package, serverless, terraform */
    const char *source; /* the file it was read from */
    struct model_function *functions;
    size_t function_count;
    struct model_api *apis;
    size_t api_count;
    struct note *notes;
    size_t note_count;
};

/* The pointer holds till the next call. */
struct model_function *model_add_function(struct model *m, const char *id, const struct node *at);
void model_add_name(struct model *m, struct model_function *f, const char *name);                        /* once each; NULL is ignored */
void model_add_variable(struct model *m, struct model_function *f, const char *name, const char *value); /* in place of an earlier one */
struct model_layer *model_add_layer(struct model *m, struct model_function *f);
struct model_api *model_add_api(struct model *m, const char *id);
void model_note(struct model *m, const struct node *at, bool loud, const char *format, ...) __attribute__((format(printf, 4, 5)));
/* The first refusal of a function stays. remedy may be NULL. */
void model_refuse(struct model *m, struct model_function *f, const struct node *at, const char *remedy, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* A reader fills the model from one file. 0; -1 with err if the project as a whole cannot be read. */
typedef int model_reader(const struct ask *ask, struct files *files, const char *path, struct model *m, struct err *err);
model_reader read_sam;                /* SAM's and CloudFormation's templates, built or raw; samconfig.toml beside it */
model_reader read_cdk;                /* path: cdk.out/manifest.json */
model_reader read_serverless_package; /* path: .serverless/serverless-state.json, or a template in .serverless */
model_reader read_serverless;         /* path: serverless.yml: the stated subset */
model_reader read_terraform;          /* path: the output of terraform show -json */

#endif
