/* SPDX-License-Identifier: Apache-2.0 */
/* make.h: making what is not a mount in a new root. For apply.c and skeleton.c only. */
#ifndef LRUN_MAKE_H
#define LRUN_MAKE_H

#include "mounts/plan.h"

#include <stdbool.h>

struct place { /* where rows are carried out */
    int work, root;
    int cwd;          /* where lrun was started: relative names of sources are meant from there */
    unsigned names;   /* counts attached trees: their names in the work place */
    unsigned without; /* WITHOUT_... of apply.h */
    bool prepared;    /* the skeleton is: nothing can be made in root */
    bool ours;        /* all of root is our own making so far: its paths can be used as they are */
};

/* An err about the row's target, with errno no. Returns -1. */
int row_fail(int no, const struct row *row, const char *what, struct err *err);

/* A descriptor (O_PATH) of a target, or -1 with errno. */
int make_open_target(const struct place *p, const char *target);

/* A directory, or an empty file, whose parent is there; there already is fine. -1 with errno. */
int make_one(const struct place *p, const char *target, bool file);

/* The target of a mount and the directories to it. */
int make_target(const struct place *p, const struct row *row, struct err *err);

/* Rows of these kinds. */
int make_dir(const struct place *p, const struct row *row, struct err *err);
int make_file(const struct place *p, const struct row *row, struct err *err);
int make_link(const struct place *p, const struct row *row, struct err *err);

#endif
