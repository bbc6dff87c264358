/* SPDX-License-Identifier: Apache-2.0 */
/* calls.c: the table of system calls, parsed from calls.tsv when lrun-policy starts: by name, by number and architecture, and what the
 * core policy decides. What a rule's arguments mean is oci.c's, the filter is made in compile.c. The file is part of the program and
 * was checked when it was built: a line that cannot be read is a defect of lrun's and ends it. Numbers differ between x86-64 and
 * arm64, and some calls exist on one of them alone. */
#include "policy/calls.h"

#include "base/arch.h"
#include "base/embed.h"
#include "base/own.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

EMBED(calls_tsv, "policy/calls.tsv");

enum { ROWS_MAX = 512 };

struct call {
    char name[32];
    int nr[ARCH_COUNT]; /* CALL_ELSEWHERE: none */
    uint32_t core;
};

static struct {
    struct call rows[ROWS_MAX];
    size_t n;
    const struct call *by_number[ARCH_COUNT][CALL_NUMBERS];
    int last[ARCH_COUNT];
} table;

static const struct {
    const char *word;
    uint32_t fate;
} DECISIONS[] = {
    {"allow", SECCOMP_RET_ALLOW}, {"EPERM", SECCOMP_RET_ERRNO | EPERM}, {"ENOSYS", SECCOMP_RET_ERRNO | ENOSYS}, {"rule", CALL_BY_RULES}};

static bool read_number(const char *word, int *ret)
{
    char rest;
    *ret = CALL_ELSEWHERE;
    return strcmp(word, "-") == 0 || (sscanf(word, "%d%c", ret, &rest) == 1 && *ret >= 0 && *ret < CALL_NUMBERS);
}

/* Returns whether the line has exactly n words, each of which fits. */
static bool split(const char *line, size_t n, char words[][sizeof table.rows->name])
{
    static const char BLANKS[] = " \t";
    for (size_t i = 0; i < n; i++) {
        line += strspn(line, BLANKS);
        size_t length = strcspn(line, " \t\n");
        if (!length || length >= sizeof words[i])
            return false;
        memcpy(words[i], line, length);
        words[i][length] = 0;
        line += length;
    }
    line += strspn(line, BLANKS);
    return !*line || *line == '\n';
}

/* A line's columns are the name, a number for each architecture in the order of enum arch, and the decision. */
static bool add(const char *line)
{
    enum { NAME, NUMBERS, CORE = NUMBERS + ARCH_COUNT, COLUMNS };
    char words[COLUMNS][sizeof table.rows->name];
    struct call *c = &table.rows[table.n];
    if (table.n == ROWS_MAX || !split(line, COLUMNS, words))
        return false;
    memcpy(c->name, words[NAME], sizeof c->name);
    size_t d = 0;
    while (d < COUNT(DECISIONS) && strcmp(DECISIONS[d].word, words[CORE]) != 0)
        d++;
    if (d == COUNT(DECISIONS) || call_number(c->name, SCMP_ARCH_X86_64) != CALL_UNKNOWN)
        return false;
    c->core = DECISIONS[d].fate;
    for (int a = 0; a < ARCH_COUNT; a++) {
        if (!read_number(words[NUMBERS + a], &c->nr[a]) || (c->nr[a] >= 0 && table.by_number[a][c->nr[a]]))
            return false;
        if (c->nr[a] >= 0)
            table.by_number[a][c->nr[a]] = c;
        if (c->nr[a] > table.last[a])
            table.last[a] = c->nr[a];
    }
    table.n++;
    return true;
}

int calls_load(struct err *err)
{
    int number = 1;
    for (const char *line = calls_tsv; *line; line++, number++) {
        if (*line != '#' && !add(line))
            return fail(err, 0, "calls.tsv", "read line %d of", number);
        line += strcspn(line, "\n");
        if (!*line)
            break;
    }
    return 0;
}

int call_number(const char *name, uint32_t arch)
{
    for (size_t i = 0; i < table.n; i++)
        if (strcmp(table.rows[i].name, name) == 0)
            return table.rows[i].nr[arch_by_audit(arch)];
    return CALL_UNKNOWN;
}

const char *call_name(int nr, uint32_t arch)
{
    const struct call *c = nr >= 0 && nr < CALL_NUMBERS ? table.by_number[arch_by_audit(arch)][nr] : NULL;
    return c ? c->name : NULL;
}

int call_last(uint32_t arch)
{
    return table.last[arch_by_audit(arch)];
}

uint32_t call_decision(int nr, uint32_t arch)
{
    const struct call *c = nr >= 0 && nr < CALL_NUMBERS ? table.by_number[arch_by_audit(arch)][nr] : NULL;
    return c ? c->core : SECCOMP_RET_ERRNO | ENOSYS;
}
