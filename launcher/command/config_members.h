/* SPDX-License-Identifier: Apache-2.0 */
/* config_members.h: objects of a configuration file by tables of their members. For config_apis.c only. */
#ifndef LRUN_CONFIG_MEMBERS_H
#define LRUN_CONFIG_MEMBERS_H

#include "base/err.h"
#include "base/json_scan.h"
#include "lambda/api_gateway.h"

struct reader {
    struct api *api;
    const char *object; /* that is read, for messages: "Api: GET /x" */
    struct err *err;
};

/* How a member of an object is read: as a value of its field, or by a function of its own; neither: elsewhere. */
struct member {
    char name[20];
    enum { ELSEWHERE, TEXT, FLAG, TEXTS, JOINED /* with commas, as in a header */, FORMAT } kind;
    size_t field;
    int (*read)(struct reader *x, struct slice value, void *to);
};

/* Each returns -1 with err, which member_wrong() fills. Texts are of one line. */
int member_wrong(struct reader *x, const char *name, const char *expected);
char *member_plain(struct slice v); /* NULL: it is no string, or has more than one line */
int member_text(struct reader *x, struct slice v, char **ret, const char *name);
int member_texts(struct reader *x, struct slice v, struct strv *ret, const char *name); /* a string, or an array of them */
int member_number(struct reader *x, struct slice v, uint64_t min, uint64_t max, uint64_t *ret, const char *name);

/* Reads each member of the object into to by its row; absent ones leave what is there. what: the object's own name. */
int members_read(struct reader *x, struct slice object, const struct member *rows, size_t n, void *to, const char *what);

#endif
