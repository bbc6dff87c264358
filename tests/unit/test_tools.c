/* SPDX-License-Identifier: Apache-2.0 */
/* Which of a made-up host's /usr is seen. */
#include "base/fs.h"
#include "base/own.h"
#include "cache/cache.h"
#include "cache/tools.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

static char place[32], host[64];
static struct cache cache;

static void make(const char *path, const char *link)
{
    char name[256];
    snprintf(name, sizeof name, "%s/usr/%s", host, path);
    for (char *slash = strchr(name + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        mkdir(name, 0755);
        *slash = '/';
    }
    if (link)
        cr_assert(symlink(link, name) == 0 || access(name, F_OK) == 0);
    else if (name[strlen(name) - 1] != '/')
        close(open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0755));
}

static void start(void)
{
    static const char *const FILES[] = {"bin/bash",
                                        "bin/dash",
                                        "bin/git",
                                        "bin/sed",
                                        "bin/python3.12",
                                        "bin/perl",
                                        "sbin/ldconfig",
                                        "sbin/useradd",
                                        "lib/git-core/git",
                                        "lib/x86_64-linux-gnu/libc.so.6",
                                        "lib/python3.12/os.py",
                                        "lib/python3.12/site-packages/x.py",
                                        "lib/os-release",
                                        "lib/python3/dist-packages/yaml/x.py",
                                        "lib/python3/dist-packages/pytest/x.py",
                                        "lib/python3/dist-packages/attr/x.py",
                                        "lib/python3/dist-packages/py/x.py",
                                        "lib/python3/dist-packages/pytest_xdist-3.1.0.dist-info/METADATA",
                                        "lib/python3/dist-packages/x.pth",
                                        "share/zoneinfo/UTC",
                                        "share/fonts/x",
                                        "include/stdio.h",
                                        "local/bin/python3.12",
                                        "local/bin/tool",
                                        "local/lib/python3.12/os.py",
                                        "local/lib/libpython3.12.so.1.0",
                                        "local/lib/libz.so",
                                        "local/lib/node_modules/x.js",
                                        "games/rogue"};
    struct err err;
    snprintf(place, sizeof place, "/tmp/lrun-tools.XXXXXX");
    cr_assert(mkdtemp(place) != NULL);
    snprintf(host, sizeof host, "%s/host", place);
    for (size_t i = 0; i < COUNT(FILES); i++)
        make(FILES[i], NULL);
    make("bin/sh", "dash");
    make("bin/awk", "mawk");
    make("bin/mawk", NULL);
    make("bin/python3", "python3.12");
    char path[80];
    snprintf(path, sizeof path, "%s/cache", place);
    cr_assert_eq(cache_open(path, -1, -1, &cache, &err), 0);
}

static void end(void)
{
    struct err ignored;
    cache_done(&cache);
    fs_remove_tree(AT_FDCWD, place, &ignored);
}

/* As the overlay shows it: the tree's, or else the host's. */
static bool seen(const struct tools_tree *t, const char *path)
{
    char whole[256], part[128];
    struct stat st;
    for (size_t n = 0; path[n]; n++) {
        n += strcspn(path + n, "/");
        snprintf(part, sizeof part, "%.*s", (int)n, path);
        snprintf(whole, sizeof whole, "%s/%s", t->tree.path, part);
        if (lstat(whole, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == 0)
            return false;
        if (!path[n])
            break;
    }
    if (lstat(whole, &st) == 0)
        return true;
    snprintf(whole, sizeof whole, "%s/usr/%s", host, path);
    return lstat(whole, &st) == 0;
}

static void get(const struct tools_input *in, struct tools_tree *ret)
{
    struct err err = {0};
    cr_assert_eq(tools_get(&cache, host, in, ret, &err), 0, "%s: %s", err.what, err.hint);
}

static void expect(const struct tools_tree *t, const char *words, bool shown)
{
    char *all = xstrdup(words), *rest = all;
    for (char *word; (word = strsep(&rest, " "));)
        cr_expect_eq(seen(t, word), shown, "%s is %sseen", word, shown ? "not " : "");
    free(all);
}

Test(tools, lambda_has_what_amazon_linux_has)
{
    struct tools_tree t;
    start();
    get(&(struct tools_input){.tools = TOOLS_LAMBDA, .al2023 = true, .python = true}, &t);
    expect(&t,
           "bin/bash bin/sed bin/sh bin/awk bin/mawk bin/python3 bin/python3.12 sbin/ldconfig lib/x86_64-linux-gnu/libc.so.6 "
           "lib/python3.12/os.py lib/os-release share/zoneinfo/UTC local/bin",
           true);
    expect(&t,
           "bin/git bin/perl bin/dash sbin/useradd lib/git-core/git lib/python3.12/site-packages/x.py share/fonts/x include/stdio.h "
           "local/bin/tool local/lib games",
           false);
    cr_expect(t.sh_is_bash && !t.awk_is_gawk, "the host has bash and no gawk");
    tools_done(&t);
    get(&(struct tools_input){.tools = TOOLS_LAMBDA, .al2023 = true}, &t);
    expect(&t, "bin/python3 bin/python3.12", false);
    tools_done(&t);
    end();
}

Test(tools, awk_is_gawk_where_the_host_has_it)
{
    struct tools_tree t;
    char to[16] = "", path[256];
    start();
    make("bin/gawk", NULL);
    get(&(struct tools_input){.tools = TOOLS_LAMBDA, .al2023 = true}, &t);
    snprintf(path, sizeof path, "%s/bin/awk", t.tree.path);
    cr_expect(readlink(path, to, sizeof to - 1) == 4 && strcmp(to, "gawk") == 0 && t.awk_is_gawk);
    expect(&t, "bin/mawk", false);
    tools_done(&t);
    end();
}

Test(tools, host_has_all_programs_and_dev_headers_too)
{
    struct tools_tree t;
    start();
    get(&(struct tools_input){.tools = TOOLS_HOST, .al2023 = true}, &t);
    expect(&t, "bin/git bin/perl bin/dash sbin/useradd lib/git-core/git share/fonts/x", true);
    expect(&t, "include/stdio.h games/rogue lib/python3.12/site-packages/x.py local/bin/tool local/lib", false);
    tools_done(&t);
    get(&(struct tools_input){.tools = TOOLS_DEV, .al2023 = true}, &t);
    expect(&t, "bin/git include/stdio.h", true);
    expect(&t, "games/rogue lib/python3.12/site-packages/x.py", false);
    tools_done(&t);
    end();
}

/* Which modules pytest needs depends on its version: Ubuntu 22.04 has 6, Debian 12 has 7.2, later ones need none of these. */
Test(tools, dev_has_pytest_and_the_modules_that_its_version_imports)
{
    static const struct {
        const char *metadata, *seen, *hidden;
    } CASES[] = {
        {"pytest-6.2.5.egg-info", "pytest attr py", "yaml x.pth pytest_xdist-3.1.0.dist-info"},
        {"pytest-7.2.1.dist-info", "pytest attr", "yaml py x.pth"},
        {"pytest-7.4.4.dist-info", "pytest", "attr yaml py x.pth"},
        {"pytest_xdist-3.1.0.dist-info", "pytest", "attr yaml py x.pth"},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct tools_tree t;
        char path[128];
        start();
        snprintf(path, sizeof path, "lib/python3/dist-packages/%s/METADATA", CASES[i].metadata);
        make(path, NULL);
        for (unsigned level = 0; level < TOOLS_COUNT; level++) {
            get(&(struct tools_input){.tools = level, .al2023 = true}, &t);
            char *seen_names = xstrdup(CASES[i].seen), *rest = seen_names;
            for (char *word; (word = strsep(&rest, " "));) {
                snprintf(path, sizeof path, "lib/python3/dist-packages/%s", word);
                expect(&t, path, level == TOOLS_DEV);
            }
            free(seen_names);
            char *hidden_names = rest = xstrdup(CASES[i].hidden);
            for (char *word; (word = strsep(&rest, " "));) {
                snprintf(path, sizeof path, "lib/python3/dist-packages/%s", word);
                expect(&t, path, false);
            }
            free(hidden_names);
            tools_done(&t);
        }
        end();
    }
}

Test(tools, dev_is_made_anew_when_a_module_is_installed)
{
    struct tools_tree one, two;
    const struct tools_input in = {.tools = TOOLS_DEV, .al2023 = true};
    start();
    get(&in, &one);
    make("lib/python3/dist-packages/new.py", NULL);
    get(&in, &two);
    cr_expect(strcmp(one.tree.path, two.tree.path) != 0);
    expect(&two, "lib/python3/dist-packages/new.py", false);
    tools_done(&one), tools_done(&two);
    end();
}

Test(tools, an_interpreter_of_usr_local_has_its_libraries)
{
    struct tools_tree t;
    start();
    get(&(struct tools_input){.tools = TOOLS_LAMBDA, .al2023 = true, .python = true, .local = true}, &t);
    expect(&t, "local/lib/python3.12/os.py local/lib/libpython3.12.so.1.0 local/lib/libz.so", true);
    expect(&t, "local/lib/node_modules local/bin/tool", false);
    tools_done(&t);
    end();
}

Test(tools, a_tree_is_used_again_until_the_host_changes)
{
    struct tools_tree one, two, three;
    const struct tools_input in = {.tools = TOOLS_LAMBDA, .al2023 = true};
    start();
    get(&in, &one);
    get(&in, &two);
    cr_expect_str_eq(one.tree.path, two.tree.path);
    make("bin/nmap", NULL);
    get(&in, &three);
    cr_expect(strcmp(one.tree.path, three.tree.path) != 0);
    expect(&three, "bin/nmap", false);
    cr_expect(tools_release(true)->os_release && strstr(tools_release(false)->os_release, "VERSION_ID=\"2\""));
    tools_done(&one), tools_done(&two), tools_done(&three);
    end();
}

/* Links into it are not changed when another alternative is chosen: what it leads to now must be seen. */
Test(tools, a_tree_is_made_anew_when_another_alternative_is_chosen)
{
    struct tools_tree one, two;
    const struct tools_input in = {.tools = TOOLS_LAMBDA, .al2023 = true};
    char alternative[128];
    start();
    make("bin/original-awk", NULL);
    snprintf(alternative, sizeof alternative, "%s/usr/bin/awk", host);
    unlink(alternative);
    make("bin/awk", "/etc/alternatives/awk");
    make("../etc/alternatives/awk", "/usr/bin/mawk");
    get(&in, &one);
    expect(&one, "bin/original-awk", false);
    snprintf(alternative, sizeof alternative, "%s/etc/alternatives/awk", host);
    unlink(alternative);
    make("../etc/alternatives/awk", "/usr/bin/original-awk");
    get(&in, &two);
    expect(&two, "bin/awk bin/original-awk", true);
    tools_done(&one), tools_done(&two);
    end();
}
