/* SPDX-License-Identifier: Apache-2.0 */
/* seccomp.h: system call policies as filters: the built-in ones, which the build compiles from the JSON files in policy/, and those that
 * lrun-policy compiles at run time. */
#ifndef LRUN_SECCOMP_H
#define LRUN_SECCOMP_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct seccomp_program { /* all zero: no filter */
    unsigned short n;
    const struct sock_filter *code;
};

/* name: as --seccomp takes it. False for one that is not built in. */
bool seccomp_builtin(const char *name, struct seccomp_program *ret);

/* Installs the filter in this thread; no_new_privs must be set. Returns -1 with errno set. Async-signal-safe: called
 * between clone and exec. */
int seccomp_install(const struct seccomp_program *program);

/* The same, but calls that the filter would answer with EPERM, and with sysinfo that call, wait for refused_answer() on the descriptor
 * that is returned.
 * -1 with errno set, and nothing is installed: EBUSY where a container's manager listens already. Who holds the descriptor
 * decides nothing: once it is closed such calls get ENOSYS. */
int seccomp_install_told(const struct seccomp_program *program, bool sysinfo);

struct refused_call {
    int nr;
    uint64_t first; /* argument */
    double at_ms;   /* clock_ms(); set by whoever keeps it */
    uint64_t id;    /* for sysinfo_answer() */
    pid_t pid;
};

/* Answers one call with EPERM, without waiting; sysinfo(2) is not answered yet. 1: ret is filled; 0: none is there; -1: none will come
 * any more. */
int refused_answer(int listener, struct refused_call *ret);

/* sysinfo.c. Answers sysinfo(2) with a machine of so much memory; 0: with the host's. May wait for ever for a page of the caller's, as of a
 * file whose file system does not answer: to be called in a process of its own. */
void sysinfo_answer(int listener, const struct refused_call *call, uint64_t memory);
const char *seccomp_call_name(int nr); /* "": not known */

#endif
