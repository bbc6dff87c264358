/* SPDX-License-Identifier: Apache-2.0 */
/* tree.h: a search tree over system call numbers, as instructions of a filter: a range of numbers with one fate is one leaf.
 * Neighbours in number are mostly neighbours in fate, and the time to load a filter goes by its length; libseccomp makes a leaf
 * of each call. Part of lrun-policy. */
#ifndef LRUN_TREE_H
#define LRUN_TREE_H

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>

/* A fate: a SECCOMP_RET_ value, or */
#define TREE_FOLLOWS UINT32_MAX   /* decided by the instructions that follow the tree */
#define TREE_ANY (UINT32_MAX - 1) /* never looked up: takes its neighbour's fate, so that it costs nothing */

/* Adds the tree for the numbers 0 to n - 1 at code[at]; fates is changed where it says TREE_ANY. The number is in the accumulator,
 * and is below n. Returns where the next instruction belongs; nothing is added if all is TREE_FOLLOWS. */
size_t tree_emit(struct sock_filter *code, size_t at, uint32_t *fates, uint32_t n);

#endif
