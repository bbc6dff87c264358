/* SPDX-License-Identifier: Apache-2.0 */
/* shortages.c: what an environment ran short of while its runtime went on: /tmp, processes, memory of a child. explain_state.c
 * words it; policy/memory.c watches memory. A program often hides the errno that would tell (a library's own
 * message, an exit status), so the state is looked at from outside before the environment goes: statfs(2) for blocks and inodes, links
 * of /proc/PID/task for threads. */
#include "launcher/diagnose/shortages.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/num.h"
#include "base/own.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

void shortages_look_at_tmp(struct shortages *s, int tmp, int proc, pid_t pid)
{
    struct statfs st;
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d/%d/root/tmp", proc, (int)pid);
    bool known = (tmp >= 0 ? fstatfs(tmp, &st) : statfs(path, &st)) == 0;
    s->no_inode = known && st.f_ffree == 0;
    s->tmp_inodes = known ? st.f_files : 0;
    s->tmp_full = s->no_inode || (known && st.f_bavail == 0);
}

/* A task directory has a link for each thread, and two. */
static unsigned count_tasks(int proc)
{
    OWN_DIR DIR *all = fs_open_dir(proc, ".");
    unsigned n = 0;
    struct stat st;
    for (const struct dirent *e; all && (e = readdir(all));) {
        char path[280];
        uint64_t pid;
        snprintf(path, sizeof path, "%s/task", e->d_name);
        if (num_plain(e->d_name, 10, &pid) == 0 && fstatat(proc, path, &st, 0) == 0 && st.st_nlink > 2)
            n += (unsigned)st.st_nlink - 2;
    }
    return n;
}

void shortages_note_tasks(struct shortages *s, unsigned n, const struct limits *l)
{
    s->tasks_most = n && n + 1 > s->tasks_most ? n + 1 : s->tasks_most;
    for (unsigned i = 0; i < LIMIT_COUNT; i++)
        if (LIMITS[i].resource == RLIMIT_NPROC)
            s->tasks_max = (unsigned)l->at[i].rlim_cur;
}

void shortages_look_at_tasks(struct shortages *s, int proc, const struct limits *l)
{
    s->tasks = count_tasks(proc);
    shortages_note_tasks(s, s->tasks ? s->tasks - 1 : 0, l);
}

/* Some processes that met the limit may have given up. */
static bool is_all(const struct shortages *s, unsigned n)
{
    return s->tasks_max && n >= s->tasks_max - s->tasks_max / 64;
}

bool shortages_of_tasks(const struct shortages *s)
{
    return is_all(s, s->tasks);
}

bool shortages_had_all_tasks(const struct shortages *s)
{
    return is_all(s, s->tasks_most);
}

void shortages_keep_kill(struct shortages *s, const char *name)
{
    snprintf(s->killed, sizeof s->killed, "a process that the function started%s%s%s", name ? " (" : "", name ? name : "", name ? ")" : "");
    s->killed_ms = clock_ms();
    s->told_kill = false;
}

void shortages_forget_kill(struct shortages *s)
{
    s->killed[0] = 0;
}

void shortages_note_kill(struct shortages *s, int proc, pid_t pid)
{
    char path[32], name[24] = "";
    snprintf(path, sizeof path, "%d/comm", (int)pid);
    OWN_FD int fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, name, sizeof name - 1) : 0;
    name[n > 0 ? n : 0] = 0;
    name[strcspn(name, "\n")] = 0;
    for (char *c = name; *c; c++)
        *c = *c < ' ' || *c > '~' ? '?' : *c; /* it names itself */
    shortages_keep_kill(s, *name ? name : "?");
}
