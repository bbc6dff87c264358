/* SPDX-License-Identifier: Apache-2.0 */
/* runtime.h: the function's runtime, by AWS's identifier, e.g. python3.13, and what follows from it here.
 * Source: lambda-environment, sections 1.2, 3.1, 3.3 and 9. */
#ifndef LRUN_RUNTIME_H
#define LRUN_RUNTIME_H

#include "launcher/launch/inputs.h"
#include "launcher/launch/interpreter.h"
#include "launcher/launch/report.h"

#include <time.h>

enum runtime_family {
    RUNTIME_PROVIDED,
    RUNTIME_PYTHON,
    RUNTIME_NODEJS,
    RUNTIME_JAVA,
    RUNTIME_OTHER /* managed, and lrun has no bootstrap for it: a root file system brings AWS's */
};

/* Files of the default handlers: where none is named, one of them in the package's root, and no bootstrap, tells its runtime. */
#define RUNTIME_DEFAULT_FILES "lambda_function.py", "index.js", "index.mjs", "index.cjs"

/* What a function is written in as far as lrun knows it: its imports, its handler, its layers' folders. A managed runtime that lrun has no
 * client for (Ruby, .NET, the old provided), a bootstrap of the user's, and Java, whose handlers are classes, are neither. */
enum runtime_language { LANGUAGE_UNKNOWN, LANGUAGE_PYTHON, LANGUAGE_NODE };

struct runtime {
    enum runtime_family family;
    bool named;                         /* by the user */
    bool open;                          /* its version: python3, nodejs, java */
    bool commanded;                     /* a command takes the place of its bootstrap */
    char id[24];                        /* as AWS names it: "python3.11", "nodejs20.x", "provided.al2023" */
    char label[24];                     /* as INIT_START has it, without the release: "python:3.11", "nodejs:20" */
    unsigned version;                   /* python: the minor; nodejs, java: the major */
    unsigned minor;                     /* of nodejs, on the host; 0: not known */
    const char *glibc;                  /* the newest symbol version its C library has: "2.34" */
    const char *handler;                /* AWS's default */
    char found[256];                    /* the file of the package that decided it; "": none */
    char interpreter[INTERPRETER_PATH]; /* absolute, on the host or in the user's root file system; "" for provided.* */
    char prefix[INTERPRETER_PATH];      /* shown whole as /var/lang, or "" */
    bool own_bootstrap;                 /* the user's root file system brings AWS's /var/runtime/bootstrap: ours stays away */
    bool image;                         /* the function is an image, which has its own runtime: id is "" */
    bool by_entrypoint;                 /* the runtime is an image without bootstrap: its Entrypoint starts it */
};

/* Reads --runtime, if it was given: before anything is opened, since a wrong one is an error of usage. */
int runtime_parse(const struct request *r, struct runtime *ret, struct err *err);

/* An identifier with its version, by itself. */
int runtime_by_id(const char *id, struct runtime *ret, struct err *err);

/* Those that Python's runtime consists of, in the order that they are made in. */
const struct plan_file *runtime_python_files(size_t *ret_count);

/* After the archives are unpacked, which tell if nobody did. handler: --handler's, or NULL. Refuses an interpreter that is not there, or is
 * of another version, naming both. */
int runtime_choose(struct inputs *in, const char *handler, struct runtime *rt, struct err *err);

/* After runtime_choose() has failed: a command of the user's in a package whose runtime was only detected, and which lrun has no client
 * for, runs on provided.al2023. False: the failure counts. */
bool runtime_give_up(struct runtime *rt, const struct request *r);

/* Where its files are from, once it was chosen; texts are in's and rt's. */
void runtime_origin(const struct runtime *rt, const struct inputs *in, struct report_origin *ret);

enum runtime_language runtime_language(const struct runtime *rt);

/* Fills what follows from family and version alone, where no interpreter was found. A version that was left open becomes the
 * first that runs on Amazon Linux 2023. */
void runtime_name(struct runtime *rt);

/* A warning that AWS has deprecated it, or will within half a year; only what the user named is warned of. NULL: none. The caller frees it.
 */
char *runtime_warning(const struct runtime *rt, time_t now);

/* The paths that are tried as bootstraps, NULL at the end. */
const char *const *runtime_bootstraps(const struct runtime *rt);

/* The file system's part of it: files of /var/runtime, the interpreter in /var/lang, what of the host is hidden. */
void runtime_mounts(const struct runtime *rt, bool node_parts, struct plan_runtime *ret);

#endif
