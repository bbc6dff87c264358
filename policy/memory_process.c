/* SPDX-License-Identifier: Apache-2.0 */
/* memory_process.c: what one process maps, from /proc/PID: status (cheap, a bound from above), smaps_rollup (proportional shares),
 * smaps (mapping by mapping). When which is read is memory.c's. What is read was written by the kernel, but holds names that the
 * program chose: a field is looked for with the newline before it. A process whose first thread has ended shows nothing under its own
 * number: then a living thread's file is read. */
#include "policy/memory_process.h"

#include "base/fs.h"
#include "base/own.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

/* name begins with the newline before it: a process may call itself "RssAnon: 0", and its name comes first. */
static uint64_t field_kb(const char *text, const char *name)
{
    const char *at = strstr(text, name);
    uintmax_t kb = 0;
    if (at)
        sscanf(at + strlen(name), "%ju", &kb);
    return (uint64_t)kb * 1024;
}

/* Reads a file of /proc/PID about its memory. Once the first thread has ended that file is empty, although others go on: then the file
 * of another thread is read. has: text that a usable file contains. */
static ssize_t read_living(int proc, const char *pid, const char *file, const char *has, char *text, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "%s/%s", pid, file);
    ssize_t n = fs_read_small(proc, path, text, size);
    if (n > 0 && strstr(text, has))
        return n;
    OWN_DIR DIR *tasks = held_tasks(proc, pid);
    for (struct dirent *e; tasks && (e = readdir(tasks));) {
        char name[300];
        snprintf(name, sizeof name, "%s/%s", e->d_name, file);
        if (e->d_name[0] != '.' && strcmp(e->d_name, pid) != 0 && (n = fs_read_small(dirfd(tasks), name, text, size)) > 0 &&
            strstr(text, has))
            return n;
    }
    return -1;
}

static unsigned thread_count(const char *status)
{
    const char *at = strstr(status, "\nThreads:");
    return at ? (unsigned)strtoul(at + strlen("\nThreads:"), NULL, 10) : 0;
}

/* RssAnon + RssShmem + VmSwap and RssFile now, and VmHWM as a peak. */
struct use process_status(int proc, const char *pid)
{
    char text[4096];
    if (read_living(proc, pid, "status", "\nRssAnon:", text, sizeof text) < 0)
        return (struct use){0};
    uint64_t files = field_kb(text, "\nRssFile:"), high = field_kb(text, "\nVmHWM:");
    struct use u = {field_kb(text, "\nRssAnon:") + field_kb(text, "\nVmSwap:") + field_kb(text, "\nHugetlbPages:"),
                    field_kb(text, "\nRssShmem:"),
                    files,
                    high,
                    field_kb(text, "\nVmExe:"),
                    thread_count(text)};
    if (u.peak < u.own + u.shared + u.files) /* swap and huge pages are not part of the mark */
        u.peak = u.own + u.shared + u.files;
    return u;
}

/* smaps_rollup may not be read of a program whose file its user may not read: that is the kernel's rule for all who look. */
struct use process_exact(int proc, const char *pid)
{
    char text[2048];
    if (read_living(proc, pid, "smaps_rollup", "\nPss_Anon:", text, sizeof text) < 0)
        return process_status(proc, pid);
    return (struct use){field_kb(text, "\nPss_Anon:") + field_kb(text, "\nSwapPss:") + field_kb(text, "\nShared_Hugetlb:") +
                            field_kb(text, "\nPrivate_Hugetlb:"),
                        field_kb(text, "\nPss_Shmem:"),
                        0,
                        0,
                        0,
                        0};
}

/* Once the first thread has ended its smaps is empty; the task directory then has another thread's. */
FILE *process_open_maps(int proc, const char *pid)
{
    OWN_DIR DIR *tasks = held_tasks(proc, pid);
    for (struct dirent *e; tasks && (e = readdir(tasks));) {
        char name[300];
        snprintf(name, sizeof name, "%s/smaps", e->d_name);
        int maps = e->d_name[0] == '.' ? -1 : openat(dirfd(tasks), name, O_RDONLY | O_CLOEXEC);
        FILE *f = maps < 0 ? NULL : fdopen(maps, "r");
        int c = f ? fgetc(f) : EOF;
        if (c != EOF && ungetc(c, f) == c)
            return f;
        if (f)
            fclose(f);
    }
    return NULL;
}

/* "begin-end perms offset major:minor inode   name"; then lines of fields, of which "Pss:" comes before "Anonymous:". Segments,
 * whose inodes are their ids, are held in any case. What is written privately is not shared any more, and was counted. */
bool process_mapped(FILE *maps, const struct held *held, uint64_t device, bool *skip, uint64_t *ret)
{
    char line[512];
    unsigned major, minor;
    uintmax_t inode, kb;
    int name = 0;
    if (!fgets(line, sizeof line, maps))
        return false;
    for (int c = strchr(line, '\n') ? '\n' : 0; c != '\n' && c != EOF;) /* the rest of a long name */
        c = fgetc(maps);
    if (sscanf(line, "%*x-%*x %*s %*x %x:%x %ju %n", &major, &minor, &inode, &name) == 3)
        *skip = makedev(major, minor) != device || strncmp(line + name, "/SYSV", 5) == 0 || held_has(held, inode);
    else if (!*skip && sscanf(line, "Pss: %ju kB", &kb) == 1)
        *ret += (uint64_t)kb * 1024;
    else if (!*skip && sscanf(line, "Anonymous: %ju kB", &kb) == 1)
        *ret -= (uint64_t)kb * 1024 < *ret ? (uint64_t)kb * 1024 : *ret;
    return true;
}
