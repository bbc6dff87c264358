/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/memory_sums.h"

#include "base/num.h"

static void add_files(struct sums *s, uint64_t program, uint64_t files)
{
    unsigned k = 0;
    while (k + 1 < PROGRAMS && s->programs[k].files && s->programs[k].program != program)
        k++;
    s->programs[k].program = program;
    if (s->programs[k].files < files) {
        s->use.files += files - s->programs[k].files;
        s->programs[k].files = files;
    }
}

void sums_add(struct sums *s, const char *pid, struct use u)
{
    uint64_t number;
    s->use.own += u.own;
    s->use.shared += u.shared;
    s->use.peak += u.peak;
    s->processes++;
    s->threads += u.threads;
    s->most_own = u.own > s->most_own ? u.own : s->most_own;
    if (u.own + u.shared >= s->most && num_plain(pid, 10, &number) == 0) {
        s->most = u.own + u.shared;
        s->biggest = (pid_t)number;
    }
    if (u.files)
        add_files(s, u.program, u.files);
}
