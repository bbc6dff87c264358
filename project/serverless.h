/* SPDX-License-Identifier: Apache-2.0 */
/* serverless.h: the variables of a raw serverless.yml, ${self:custom.a, 'b'}, in the subset that lrun states: self, env, opt (stage,
 * region), param, file (yml, yaml, json), sls:stage, fallbacks, one within another. What stands for another source is refused by name.
 * For read_serverless.c, serverless_*.c only. */
#ifndef LRUN_SERVERLESS_H
#define LRUN_SERVERLESS_H

#include "project/model.h"

struct variables {
    struct arena *arena;
    const struct ask *ask;
    struct files *files;
    struct model *model; /* for notes */
    const struct node *top;
    const char *dir;
    const char *stage;           /* sls:stage; NULL: being found out */
    const char *region;          /* opt:region; NULL: not told */
    const char *remedy;          /* of the source that was asked last and has no value */
    struct variables_kept *kept; /* open addressing by the node's address */
    size_t kept_n, kept_room;
    size_t steps;
    unsigned depth;
};

/* Begins with a document; finds out the stage. -1 with why. */
int variables_begin(struct variables *v, struct refusal *why);

/* The node with its variables resolved: shallow where it is a list or map, whose items keep theirs. NULL with why. A NODE_NULL is a null.
 */
const struct node *variables_value(struct variables *v, const struct node *n, struct refusal *why);
/* The same, and all that is in it. */
const struct node *variables_deep(struct variables *v, const struct node *n, struct refusal *why);
/* What lies at an address (a.b.0) below a node: shallow; &VARIABLES_NONE: nothing. NULL with why. */
const struct node *variables_at(struct variables *v, const struct node *n, const char *address, struct refusal *why);
/* The same, where nothing and null are alike: NULL with why->what NULL. */
const struct node *variables_find(struct variables *v, const struct node *n, const char *address, struct refusal *why);

/* A scalar without quotes as YAML 1.2 has it, which Serverless reads: yes and on are texts, 0123 is 123, 1e3 a thousand. */
const struct node *variables_plain(struct arena *a, const struct node *n);

extern const struct node VARIABLES_NONE; /* no value: the fallback's turn */

/* A source: at is the text node, expression "file(x.yml):a" without its ${} and fallbacks, parameter what stands in (), address what
 * follows the colon. NULL with why; &VARIABLES_NONE with v->remedy. */
struct expression {
    const struct node *at;
    const char *text, *source, *parameter, *address;
};
const struct node *variables_source(struct variables *v, const struct expression *e, struct refusal *why);

const struct node *variables_refuse(struct variables *v, struct refusal *why, const struct node *at, const char *remedy, const char *format,
                                    ...) __attribute__((format(printf, 5, 6)));

#endif
