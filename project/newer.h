/* SPDX-License-Identifier: Apache-2.0 */
/* newer.h: whether what a build was made from has changed since. One loud note for a project, however many files are newer. */
#ifndef LRUN_NEWER_H
#define LRUN_NEWER_H

#include "project/model.h"

/* Compares a built file with the files of a directory whose names end in one of the suffixes, which NULL ends. */
void newer_note(struct files *files, struct model *m, const char *built, const char *dir, const char *const *suffixes, const char *remedy);
/* The same with one file. */
void newer_note_file(struct files *files, struct model *m, const char *built, const char *source, const char *remedy);

#endif
