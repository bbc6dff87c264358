/* SPDX-License-Identifier: Apache-2.0 */
/* stored_id.c: which of AWS's runtimes a tree is, where the user does not say. Whether it may be added as that is stored.c's. AWS's images
 * set no variable that names their runtime, so files are the evidence: of the first place of PLACES that has a language's. There a
 * program's own name (python3.13), a directory of its version, its headers or its release file tell; nothing is started. Two languages
 * in one place, or two versions of one, tell nothing. */
#include "launcher/launch/stored.h"

#include "base/fs.h"
#include "base/own.h"

#include <ctype.h>
#include <fcntl.h>
#include <string.h>

/* /var/lang is AWS's; /usr/local is where Docker Hub's images of languages have them, beside the distribution's own in /usr. */
static const char *const PLACES[] = {"var/lang/", "", "usr/local/", "usr/"};

struct search {
    int tree;
    const char *place;
    char id[STORE_ID], *evidence;
    struct text seen; /* all that was found, for a message */
    unsigned n;
};

static void found(struct search *s, const char *file, const char *id)
{
    text_printf(&s->seen, "%s%s", s->n ? ", " : "", id);
    s->n++;
    snprintf(s->id, sizeof s->id, "%s", id);
    snprintf(s->evidence, STORED_EVIDENCE, "%s%s", s->place, file);
}

static char *path_of(const struct search *s, const char *file)
{
    return xasprintf("%s%s", s->place, file);
}

/* A small file's text; false: there is none. */
static bool text_of(const struct search *s, const char *path, char *text, size_t size)
{
    OWN_FD int fd = stored_look(s->tree, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    ssize_t n = fd < 0 ? -1 : read(fd, text, size - 1);
    text[n > 0 ? n : 0] = 0;
    return n > 0;
}

/* What follows words in text, if that is a number; 0: it is not there. */
static unsigned number_after(const char *text, const char *words)
{
    const char *at = strstr(text, words);
    return at && isdigit((unsigned char)at[strlen(words)]) ? (unsigned)strtoul(at + strlen(words), NULL, 10) : 0;
}

static bool on_al2023(const struct search *s)
{
    char text[1024];
    return text_of(s, "etc/os-release", text, sizeof text) && strstr(text, "VERSION_ID=\"2023\"");
}

static void find_python(struct search *s)
{
    for (unsigned minor = 6; minor < 40; minor++) {
        char file[32], id[STORE_ID];
        snprintf(file, sizeof file, "bin/python3.%u", minor);
        snprintf(id, sizeof id, "python3.%u", minor);
        OWN_PTR char *path = path_of(s, file);
        if (stored_has(s->tree, path, S_IFREG))
            found(s, file, id);
    }
}

static void find_node(struct search *s)
{
    static const char FILE_NAME[] = "include/node/node_version.h";
    char text[8192], id[STORE_ID];
    OWN_PTR char *path = path_of(s, FILE_NAME);
    unsigned major = text_of(s, path, text, sizeof text) ? number_after(text, "#define NODE_MAJOR_VERSION ") : 0;
    snprintf(id, sizeof id, "nodejs%u.x", major);
    if (major && major < 1000)
        found(s, FILE_NAME, id);
}

/* Since Java 9 a version begins with its major; 8's is 1.8. The older ones are on Amazon Linux 2, or have it in their names. */
static void find_java(struct search *s)
{
    char text[2048], id[STORE_ID];
    OWN_PTR char *path = path_of(s, "release"), *program = path_of(s, "bin/java");
    unsigned major = text_of(s, path, text, sizeof text) ? number_after(text, "JAVA_VERSION=\"") : 0;
    if (!major || major > 1000 || !stored_has(s->tree, program, S_IFREG))
        return;
    bool old = major < 21, al2023 = old && on_al2023(s);
    major = major == 1 ? 8 : major;
    snprintf(id, sizeof id, "java%u%s", major, al2023 ? ".al2023" : major == 8 ? ".al2" : "");
    found(s, "release", id);
}

/* Directories that versions are named after. */
static void find_versions(struct search *s, const char *dir, const char *name, bool with_minor)
{
    OWN_PTR char *path = path_of(s, dir);
    OWN_FD int fd = stored_look(s->tree, path, O_RDONLY | O_DIRECTORY);
    OWN_DIR DIR *d = fd < 0 ? NULL : fs_open_dir(fd, ".");
    for (struct dirent *e; d && s->n < 8 && (e = readdir(d));) {
        unsigned major, minor;
        char id[STORE_ID], file[64];
        if (sscanf(e->d_name, "%3u.%3u.", &major, &minor) != 2)
            continue;
        if (with_minor)
            snprintf(id, sizeof id, "%s%u.%u", name, major, minor);
        else
            snprintf(id, sizeof id, "%s%u", name, major);
        snprintf(file, sizeof file, "%s/%.20s", dir, e->d_name);
        found(s, file, id);
    }
}

static void find_ruby(struct search *s)
{
    OWN_PTR char *program = path_of(s, "bin/ruby");
    if (stored_has(s->tree, program, S_IFREG))
        find_versions(s, "lib/ruby", "ruby", true);
}

static void find_dotnet(struct search *s)
{
    find_versions(s, "bin/shared/Microsoft.NETCore.App", "dotnet", false); /* AWS's; a release has it at the top */
    find_versions(s, "shared/Microsoft.NETCore.App", "dotnet", false);
}

static void find_provided(struct search *s)
{
    char text[1024];
    if (stored_has(s->tree, "var/runtime", S_IFDIR) && text_of(s, "etc/os-release", text, sizeof text) && strstr(text, "ID=\"amzn\""))
        found(s, "etc/os-release", on_al2023(s) ? "provided.al2023" : "provided.al2");
}

static int choose(struct search *s, const char *source, char id[STORE_ID], struct err *err)
{
    struct runtime rt;
    struct err unknown;
    if (s->n == 1 && runtime_by_id(s->id, &rt, &unknown) == 0) {
        snprintf(id, STORE_ID, "%s", s->id);
        return 0;
    }
    fail(err, 0, source, "detect the runtime in");
    return fail_hint(err, "%s%.160s; name it: lrun runtime add ID SOURCE",
                     s->n ? "it may be any of " : "it has no file that tells a version", s->n ? s->seen.at : "");
}

int stored_identify(int tree, bool is_image, const char *source, char id[STORE_ID], char evidence[STORED_EVIDENCE], struct err *err)
{
    static void (*const FINDERS[])(struct search *) = {find_python, find_node, find_java, find_ruby, find_dotnet};
    char below[STORE_BELOW];
    OWN_FD int dir = is_image ? fcntl(tree, F_DUPFD_CLOEXEC, 3) : stored_enter(tree, source, below, err);
    if (dir < 0)
        return -1;
    struct search s = {.tree = dir, .evidence = evidence};
    for (size_t i = 0; i < COUNT(PLACES) && !s.n; i++) {
        s.place = PLACES[i];
        for (size_t f = 0; f < COUNT(FINDERS); f++)
            FINDERS[f](&s);
    }
    s.place = "";
    if (!s.n)
        find_provided(&s);
    int status = choose(&s, source, id, err);
    text_done(&s.seen);
    return status;
}
