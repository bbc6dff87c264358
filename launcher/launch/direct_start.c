/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/launch/direct_start.h"

#include "base/own.h"

#include <string.h>

/* With one of these variables, bash or its loader acts before the interpreter starts, or passes on other variables than it was given.
 * A name ends at its '=', or is the beginning of several. */
static const char *const FOR_A_SHELL[] = {
    "AWS_LAMBDA_EXEC_WRAPPER=", /* a program that is to be started instead */
    "BASH",                     /* BASH_ENV is read as a script, BASHOPTS and SHELLOPTS are options, the others are bash's own */
    "SHELLOPTS=",
    "POSIXLY_CORRECT=",
    "LC_ALL=", /* bash tells of a locale that is not there */
    "LD_PRELOAD=",
    "LD_AUDIT=",
    "LD_DEBUG=", /* so does the loader, once for each program */
    "PWD=",
    "OLDPWD=",
    "SHLVL=",
    "IFS=",
    "PS1=",
    "PS2=",
    "PS4=",
    "OPTIND=",
    "OPTERR=",
    "HISTCMD=",
    "LINENO=",
    "PPID=",
    "UID=",
    "EUID=",
    "RANDOM=",
    "SRANDOM=",
    "EPOCH",
    "COMP_WORDBREAKS=",
};

void direct_start(const struct runtime *rt, const struct strv *user, struct strv *ret)
{
    if (runtime_language(rt) != LANGUAGE_PYTHON || rt->own_bootstrap)
        return;
    for (size_t i = 0; i < user->n; i++)
        for (size_t k = 0; k < COUNT(FOR_A_SHELL); k++)
            if (str_begins(user->at[i], FOR_A_SHELL[k]))
                return;
    strv_add(ret, xasprintf("/var/lang/bin/%s", rt->id)); /* as runtimes/python3/bootstrap has it */
    strv_add(ret, xstrdup("/var/runtime/bootstrap.py"));
}
