/* SPDX-License-Identifier: Apache-2.0 */
/* forget.c: copies what init still needs and gives the rest of the heap back to the kernel. What init does is init.c. MADV_DONTNEED on
 * private anonymous pages frees init's copies; lrun's own are untouched, since a fork shares them only until either writes. From then
 * on malloc()'s own books are gone: init may not allocate, and calls nothing that does. The area is measured and filled by the same
 * functions, so both passes agree. */
#include "launcher/sandbox/forget.h"

#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

extern char **environ;
static char *heap;

void forget_from_here(void)
{
    heap = malloc(PATH_MAX); /* too large for a gap: it is where the heap grows from */
    free(heap);
}

/* Called twice: with no area to measure, then with one to copy into. */
struct area {
    char *at; /* NULL: only measure */
    size_t used;
};

static void *keep(struct area *a, const void *bytes, size_t n)
{
    const size_t align = _Alignof(max_align_t);
    void *copy = a->at ? a->at + a->used : NULL;
    if (copy && n)
        memcpy(copy, bytes, n);
    a->used += (n + align - 1) & ~(align - 1);
    return copy;
}

static char *keep_string(struct area *a, const char *s)
{
    return s ? keep(a, s, strlen(s) + 1) : NULL;
}

static char **keep_strings(struct area *a, char *const *list)
{
    size_t n = 0;
    while (list && list[n])
        n++;
    if (!list)
        return NULL;
    char **copy = keep(a, list, (n + 1) * sizeof *list);
    for (size_t i = 0; i < n; i++) {
        char *s = keep_string(a, list[i]);
        if (copy)
            copy[i] = s;
    }
    return copy;
}

/* Init has done its set-up: plan, cgroup, doors and caller_argv are not read again. */
static struct sandbox_spec *keep_spec(struct area *a, const struct sandbox_spec *spec)
{
    struct sandbox_spec s = *spec, *copy = keep(a, spec, sizeof *spec);
    s.plan = NULL;
    s.cgroup = NULL;
    s.doors = NULL;
    s.caller_argv = NULL;
    s.policy.code = keep(a, spec->policy.code, spec->policy.n * sizeof *spec->policy.code);
    s.argv = keep_strings(a, spec->argv);
    s.bootstraps = (const char *const *)keep_strings(a, (char *const *)spec->bootstraps);
    s.direct = keep_strings(a, spec->direct);
    s.envp = keep_strings(a, spec->envp);
    s.workdir = keep_string(a, spec->workdir);
    s.extension_envp = keep_strings(a, spec->extension_envp);
    s.framed_envp = keep_strings(a, spec->framed_envp);
    if (copy)
        *copy = s;
    return copy;
}

const struct sandbox_spec *forget_all_but(const struct sandbox_spec *spec)
{
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    struct area a = {0};
    keep_spec(&a, spec);
    void *p = mmap(NULL, a.used, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (!heap || p == MAP_FAILED)
        return spec;
    a = (struct area){.at = p};
    const struct sandbox_spec *kept = keep_spec(&a, spec);
    /* The heap is one piece up to the break, brk(2). */
    char *end = sbrk(0), *start = heap + (page - (uintptr_t)heap % page) % page;
    if (start < end)
        madvise(start, (size_t)(end - start), MADV_DONTNEED);
    return kept;
}

static void wipe(char **strings)
{
    for (; strings && *strings; strings++)
        explicit_bzero(*strings, strlen(*strings));
}

/* /proc/PID/cmdline can be read by anyone inside, and /proc/PID/environ by anyone who gets past dumpable: clearenv() would
 * forget the pointers and leave the bytes. */
void forget_caller(char **args)
{
    wipe(environ);
    environ = NULL;
    wipe(args);
}
