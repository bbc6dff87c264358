/* SPDX-License-Identifier: Apache-2.0 */
/* node.h: a value of a document, in whichever language it was written: JSON, YAML or TOML. YAML's short tags are long already
 * (!Sub x is {Fn::Sub: x}), its aliases point to the same node, merge keys are merged. Nodes are never changed once they are read. */
#ifndef LRUN_NODE_H
#define LRUN_NODE_H

#include "project/index.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum node_kind { NODE_NULL, NODE_BOOL, NODE_NUMBER, NODE_TEXT, NODE_LIST, NODE_MAP };

struct node {
    enum node_kind kind;
    unsigned line;      /* where it begins, from 1; 0: it is in no file */
    const char *source; /* the file's path beneath the project's root, for messages */
    const char *text;   /* of all but lists and maps, with a 0 at its end: as CloudFormation makes a string of it ("true", "0.5") */
    size_t length;      /* of text: it holds no 0 */
    const char *plain;  /* of a scalar of YAML without quotes and tag: as it is spelled; else NULL */
    size_t n;           /* of items or members */
    unsigned height;    /* of YAML's lists and maps: how deep they nest, themselves included; for document_yaml.c only */
    const struct node **items;
    struct node_member *members; /* in the order of the document; a name occurs once */
    struct index index;          /* of members; for node.c only */
};

struct node_member {
    const char *name;
    unsigned line;
    const struct node *value;
};

/* The value of the member, or NULL: it has none, or map is NULL or no map. */
const struct node *node_find(const struct node *map, const char *name);
/* The same along several names, which NULL ends. */
const struct node *node_at(const struct node *map, ...) __attribute__((sentinel));
/* The text of a text, number or bool; else NULL. */
const char *node_text(const struct node *v);
bool node_is(const struct node *v, const char *text);  /* a text that reads so */
bool node_true(const struct node *v);                  /* the bool true, or the text "true", as CloudFormation takes it */
bool node_number(const struct node *v, uint64_t *ret); /* a whole number, or a text that is one */

/* Made by readers, not by a document. like: NULL, or whose line and source the new one has. */
struct node *node_new(struct arena *a, enum node_kind kind, const struct node *like);
struct node *node_new_text(struct arena *a, const char *text, const struct node *like);
void node_add(struct arena *a, struct node *list, const struct node *item);
void node_set(struct arena *a, struct node *map, const char *name, const struct node *value); /* in place of an earlier one */

#endif
