/* SPDX-License-Identifier: Apache-2.0 */
/* main.c: lrun-project: reads what a project's tools have written, and prints it as lrun.json. lrun starts it with
 *   descriptor 0   the question (ask_read.h)
 *   descriptor 1   the answer: lrun.json with status 0, a struct err with status 1
 *   descriptor 3   the project's root, a directory: nothing above it is ever looked at
 * It encloses itself first (enclose.h), and is gone before the function's sandbox is made. */
#include "base/fs.h"
#include "base/own.h"
#include "project/ask_read.h"
#include "project/enclose.h"
#include "project/kind.h"
#include "project/model_print.h"

#include <string.h>

enum { ROOT = 3 };

static int read_project(struct arena *a, struct text *ret, struct err *err)
{
    struct ask ask;
    if (ask_read(STDIN_FILENO, a, &ask, err) < 0 || enclose(ROOT, err) < 0)
        return -1;
    struct files files = {.arena = a, .root = ROOT};
    struct model model = {.arena = a, .source = ask.template};
    model_reader *reader = kind_reader(&files, ask.template, &model, err);
    if (!reader || reader(&ask, &files, ask.template, &model, err) < 0)
        return -1;
    model_print(&model, &files, ret);
    return 0;
}

int main(void)
{
    struct arena arena = {0};
    struct text answer = {0};
    struct err err;
    memset(&err, 0, sizeof err); /* it is written whole */
    int status = read_project(&arena, &answer, &err);
    if (status < 0)
        status = fs_write_all(STDOUT_FILENO, (const char *)&err, sizeof err) < 0 ? 2 : 1;
    else
        status = fs_write_all(STDOUT_FILENO, answer.at, answer.n) < 0 ? 2 : 0;
    text_done(&answer);
    arena_done(&arena);
    return status;
}
