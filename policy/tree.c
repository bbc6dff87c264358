/* SPDX-License-Identifier: Apache-2.0 */
/* tree.c: a balanced search over call numbers as BPF. Which number has which fate is compile.c's; arguments are looked at by
 * libseccomp's code, which follows (TREE_FOLLOWS).
 *   node   one comparison: JGE bound, above, below        leaf   RET fate, or a jump to what follows
 * Leaves with the same fate are one instruction, after the nodes that lead to it. A conditional jump passes over at most 255
 * instructions (its offsets are bytes), so as many nodes as that allows are a block; larger trees are split between blocks by jumps
 * without a condition. */
#include "policy/tree.h"

#include "base/own.h"
#include "base/str.h"

#include <linux/seccomp.h>
#include <string.h>

enum { BLOCK = 200, LEAVES = 32 }; /* together below 255, the reach of a conditional jump */

struct tree {
    struct sock_filter *code;
    const uint32_t *bounds; /* the first number of each range */
    const uint32_t *fates;  /* by number */
    size_t next;            /* instruction */
    size_t leaves;          /* of the block: where they begin */
    uint32_t leaf[LEAVES];
    size_t leaf_count;
};

static size_t leaf_of(struct tree *t, size_t range)
{
    uint32_t fate = t->fates[t->bounds[range]];
    size_t i = 0;
    while (i < t->leaf_count && t->leaf[i] != fate)
        i++;
    if (i == t->leaf_count)
        t->leaf[t->leaf_count++] = fate;
    return t->leaves + i;
}

/* The search among ranges low to high - 1. Returns where it begins. */
static size_t emit_node(struct tree *t, size_t low, size_t high)
{
    if (high - low == 1)
        return leaf_of(t, low);
    size_t middle = (low + high) / 2, here = t->next++, below = emit_node(t, low, middle), from = emit_node(t, middle, high);
    t->code[here] =
        (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, t->bounds[middle], (uint8_t)(from - here - 1), (uint8_t)(below - here - 1));
    return here;
}

static void emit_block(struct tree *t, size_t low, size_t high)
{
    t->leaf_count = 0;
    t->leaves = t->next + (high - low - 1);
    emit_node(t, low, high);
    for (size_t i = 0; i < t->leaf_count; i++)
        t->code[t->next++] = t->leaf[i] == TREE_FOLLOWS
                                 ? (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, UINT32_MAX) /* patched at the end */
                                 : (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, t->leaf[i]);
}

static bool fits(const struct tree *t, size_t low, size_t high)
{
    uint32_t seen[LEAVES];
    size_t n = 0;
    for (size_t i = low; i < high && n < LEAVES; i++) {
        size_t k = 0;
        while (k < n && seen[k] != t->fates[t->bounds[i]])
            k++;
        if (k == n)
            seen[n++] = t->fates[t->bounds[i]];
    }
    return high - low <= BLOCK && n < LEAVES;
}

static void emit(struct tree *t, size_t low, size_t high)
{
    if (fits(t, low, high)) {
        emit_block(t, low, high);
        return;
    }
    size_t middle = (low + high) / 2, here = t->next;
    t->next += 2;
    emit(t, low, middle);
    t->code[here] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, t->bounds[middle], 0, 1);
    t->code[here + 1] = (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, (uint32_t)(t->next - here - 2));
    emit(t, middle, high);
}

/* TREE_ANY becomes its neighbour's. */
static void fill(uint32_t *fates, uint32_t n)
{
    uint32_t first = 0;
    while (first < n && fates[first] == TREE_ANY)
        first++;
    for (uint32_t nr = 0; nr < n; nr++)
        if (fates[nr] == TREE_ANY)
            fates[nr] = nr && nr > first ? fates[nr - 1] : first < n ? fates[first] : TREE_FOLLOWS;
}

size_t tree_emit(struct sock_filter *code, size_t at, uint32_t *fates, uint32_t n)
{
    OWN_PTR uint32_t *bounds = xcalloc(n, sizeof *bounds);
    size_t count = 0;
    fill(fates, n);
    for (uint32_t nr = 0; nr < n; nr++)
        if (nr == 0 || fates[nr] != fates[nr - 1])
            bounds[count++] = nr;
    if (count == 0 || (count == 1 && fates[0] == TREE_FOLLOWS))
        return at;
    struct tree t = {
        .code = code,
        .bounds = bounds,
        .fates = fates,
        .next = at,
    };
    emit(&t, 0, count);
    for (size_t i = at; i < t.next; i++)
        if (code[i].code == (BPF_JMP | BPF_JA) && code[i].k == UINT32_MAX)
            code[i].k = (uint32_t)(t.next - i - 1);
    return t.next;
}
