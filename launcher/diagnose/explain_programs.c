/* SPDX-License-Identifier: Apache-2.0 */
/* explain_programs.c: programs that are not found in PATH, interpreters that this host lacks and Lambda has, and what Lambda itself
 * starts: bootstrap, wrapper, extensions. Programs that are there and do not start are explain_files.c's. A program counts as the
 * cause only if nothing was said after it: a program that looks for several and uses the first it finds prints such lines and goes on. */
#include "launcher/diagnose/explain_rule.h"

#include "base/own.h"
#include "launcher/diagnose/handler.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- programs that are looked for in PATH ---- */

static const char *root_of(const struct evidence *ev) /* the file system that the sandbox's own is made of */
{
    const struct input *root = &ev->launch->inputs.rootfs;
    return root->path ? root->source.path ? root->source.path : root->path : "";
}

/* Whether --tools hides the host's program: by a whiteout in the tree over /usr, of it or of a directory above it. */
static bool is_hidden(const struct evidence *ev, const char *program)
{
    struct stat st;
    const char *tree = ev->launch->tools.tree.path;
    OWN_PTR char *path = tree ? xasprintf("%s%s", tree, str_begins(program, "/usr/") ? program + strlen("/usr") : program) : NULL;
    bool hidden = false;
    for (char *slash = path ? path + strlen(tree) : NULL; slash && !hidden; slash = strchr(slash + 1, '/')) {
        char *end = strchrnul(slash + 1, '/'), was = *end;
        *end = 0;
        hidden = lstat(path, &st) == 0 && S_ISCHR(st.st_mode);
        *end = was;
    }
    return hidden;
}

/* Whether a program of this name is in PATH: then the missing file was not the program. */
static bool is_on_path(const struct evidence *ev, const char *name)
{
    static const char *const DIRS[] = {"/usr/local/bin", "/usr/bin", "/bin"};
    OWN_PTR char *own = xasprintf("/opt/bin/%s", name);
    bool found = merged_find(&ev->package.merged, own) || strcmp(name, "node") == 0 || str_begins(name, "python");
    for (size_t i = 0; i < COUNT(DIRS) && !found; i++) {
        OWN_PTR char *path = xasprintf("%s%s/%s", root_of(ev), DIRS[i], name);
        found = access(path, F_OK) == 0 && !is_hidden(ev, path + strlen(root_of(ev)));
    }
    return found;
}

/* Lambda has one, unlike other programs that are hidden, but not in this runtime. */
static bool say_hidden_java(const struct evidence *ev, const char *program, struct text *out)
{
    if (access(program, X_OK) < 0 || !is_hidden(ev, program))
        return false;
    if (ev->launch->runtime.family == RUNTIME_JAVA) {
        text_printf(out, "%s is this host's, and hidden: Lambda's Java runtimes have their JVM at /var/lang/bin/java, first in PATH",
                    program);
        return true;
    }
    text_printf(out,
                "%s is this host's, and hidden, since on Lambda only the Java runtimes have a JVM: show the host's programs with "
                "--tools host, or give a root file system that has one (--rootfs)",
                program);
    return true;
}

static bool say_missing(const struct evidence *ev, const char *name, struct text *out)
{
    OWN_PTR char *end = xasprintf("/%s", name);
    const struct merged_file *f = NULL;
    while ((f = merged_ending(&ev->package.merged, end, f)) && f->type == 'd')
        ;
    if (f && str_begins(f->path, "/opt/bin/"))
        return false; /* the program exists: a file that it needs does not */
    if (!f && strcmp(name, "java") == 0 && say_hidden_java(ev, "/usr/bin/java", out))
        return true;
    if (f)
        text_printf(out, "%s is not in a directory of PATH: start it by this path%s", f->path,
                    ev->launch->runtime.image ? "" : ", or pack it into bin/ of a layer");
    else if (ev->launch->runtime.image)
        text_printf(out, "there is no program %s in the image's PATH: add it to the image", name);
    else
        text_printf(out,
                    "there is no program %s, neither in the runtime nor in bin/ of a layer: pack one that is built for Lambda into bin/ of "
                    "a layer (/opt/bin is in PATH)",
                    name);
    return true;
}

/* A printed error may have been handled: then it is not the last line. */
bool tell_program(const struct evidence *ev, const struct match *m, struct text *out)
{
    return !ev->told && m->groups[0][0] && tell_last_words(ev, m, out) && say_missing(ev, m->groups[0], out);
}

bool tell_program_of_python(const struct evidence *ev, const struct match *m, struct text *out)
{
    static const char *const STARTS[] = {"in _execute_child", "in posix_spawnp", NULL};
    return explain_says(ev, STARTS) && tell_program(ev, m, out);
}

bool tell_program_of_shell(const struct evidence *ev, const struct match *m, struct text *out)
{
    return !ev->told && tell_last_words(ev, m, out) && say_missing(ev, m->groups[2], out);
}

/* 127, a shell's status for a program that it did not find. Its last lines name the program. */
bool tell_program_of_status(const struct evidence *ev, const struct match *m, struct text *out)
{
    struct text log = {0};
    char name[OBJECT_MAX] = "";
    (void)m;
    explain_add_log(ev, &log);
    for (const char *line = log.at; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
        explain_find(line, "^[^ \n]*: (line )?[0-9]+: ([^ :/\n]+): (command )?not found", 2, name, sizeof name);
    text_done(&log);
    return !ev->told && name[0] && say_missing(ev, name, out);
}

/* Node.js says the same of a working directory that does not exist. */
bool tell_program_of_node(const struct evidence *ev, const struct match *m, struct text *out)
{
    return !is_on_path(ev, m->groups[0]) && tell_program(ev, m, out);
}

bool tell_hidden_java(const struct evidence *ev, const struct match *m, struct text *out)
{
    return !ev->told && tell_last_words(ev, m, out) && say_hidden_java(ev, m->groups[0], out);
}

/* ---- interpreters that Lambda has ---- */

static void say_lacks(const struct evidence *ev, const char *what, const char *interpreter, struct text *out)
{
    const char *root = ev->launch->inputs.rootfs.path;
    text_printf(out, "%s needs %s, which Lambda has and %s%s lacks (or the ELF loader that it is linked for): %s", what, interpreter,
                root ? "the root file system " : "this host", root ? root : "",
                root ? "add it there" : "install it, or give a root file system that has it (--rootfs)");
}

/* lrun's bootstraps for managed runtimes are bash scripts, as AWS's are. */
bool tell_bootstrap_interpreter(const struct evidence *ev, const struct match *m, struct text *out)
{
    if (ev->launch->runtime.own_bootstrap || ev->launch->runtime.family == RUNTIME_PROVIDED)
        return false;
    say_lacks(ev, m->groups[0], "/bin/bash", out);
    return true;
}

static bool asks_for_lambdas(const struct evidence *ev, const struct merged_file *f, struct text *out)
{
    char line[256];
    const char *name = explain_interpreter(ev, f, line, sizeof line);
    if (!name || ev->launch->runtime.image || !explain_on_lambda(name) || (!ev->launch->inputs.rootfs.path && access(name, X_OK) == 0))
        return false;
    say_lacks(ev, f->path, name, out);
    return true;
}

bool tell_host_interpreter(const struct evidence *ev, const struct match *m, struct text *out)
{
    return explain_started(ev, m, asks_for_lambdas, out);
}

/* ---- what Lambda starts besides ---- */

bool tell_wrapper(const struct evidence *ev, const struct match *m, struct text *out)
{
    const char *wrapper = handler_variable(ev->launch, "AWS_LAMBDA_EXEC_WRAPPER");
    if (!wrapper || strcmp(wrapper, m->groups[0]) != 0)
        return false;
    bool there = merged_find(&ev->package.merged, wrapper) != NULL;
    text_printf(out, "AWS_LAMBDA_EXEC_WRAPPER names %s, which %s: %s", wrapper,
                there ? "is not executable" : "neither the function nor a layer has",
                there ? "chmod 755 it before it is packed" : "add the layer that has it, or unset the variable");
    return true;
}

bool tell_extension_ended(const struct evidence *ev, const struct match *m, struct text *out)
{
    (void)m;
    if (ev->reason != BECAUSE_EXTENSION)
        return false;
    text_puts(out, "an extension ended, and Lambda ends the environment with it: an extension must register and then wait for events until "
                   "SHUTDOWN; what it printed says why it ended");
    return true;
}

bool tell_mac_extension(const struct evidence *ev, const struct match *m, struct text *out)
{
    if (!explain_is_metadata(m->groups[0]))
        return false;
    (void)ev;
    text_printf(out,
                "%s is macOS metadata, and Lambda starts every file in extensions/: pack without it (zip -X, COPYFILE_DISABLE=1 tar, or "
                "zip -d LAYER.zip '*/._*' '__MACOSX/*' '*.DS_Store')",
                m->groups[0]);
    return true;
}
