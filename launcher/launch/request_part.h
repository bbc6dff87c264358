/* SPDX-License-Identifier: Apache-2.0 */
/* request_part.h: what a request has of a project, where its function is one of a project's: launcher/command/project.h fills it, the files
 * of launcher/launch that open inputs read it. */
#ifndef LRUN_REQUEST_PART_H
#define LRUN_REQUEST_PART_H

#include "base/str.h"

#include <stdbool.h>

/* A function of a project. What the project names lies beneath its root, and is opened there with the rights of the uid that will run. */
struct request_part {
    bool is_one;
    int root;              /* -1, or borrowed */
    const char *root_path; /* its absolute path */
    bool optional;         /* serve: without it, the others are served */
    bool function, layers; /* these are the project's: beneath root; else the command line's */
    const char *code;      /* inline: the text of the function's one file; NULL: none */
    const char *log_group; /* NULL: the function's own */
    struct strv env;       /* K=V: before those of files and options */
    struct strv names;     /* others it answers to */
};

#endif
