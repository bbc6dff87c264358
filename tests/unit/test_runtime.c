/* SPDX-License-Identifier: Apache-2.0 */
/* Which runtime --runtime or the package means. Nothing of this host is looked at: interpreters are looked for in an empty root. */
#include "base/fs.h"
#include "base/own.h"
#include "lambda/runtimes.h"
#include "launcher/command/commands.h"
#include "launcher/launch/exit_status.h"
#include "launcher/launch/runtime.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

Test(runtime, identifiers_are_aws)
{
    static const struct {
        const char *id;
        bool good;
        enum runtime_family family;
        unsigned version; /* 0: whatever is there */
    } ROWS[] = {
        {"provided.al2023", true, RUNTIME_PROVIDED, 2023},
        {"provided.al2", true, RUNTIME_PROVIDED, 2},
        {"python3.13", true, RUNTIME_PYTHON, 13},
        {"python3.6", true, RUNTIME_PYTHON, 6},
        {"python3", true, RUNTIME_PYTHON, 0},
        {"python", true, RUNTIME_PYTHON, 0},
        {"nodejs22.x", true, RUNTIME_NODEJS, 22},
        {"nodejs10.x", true, RUNTIME_NODEJS, 10},
        {"nodejs", true, RUNTIME_NODEJS, 0},
        {"java21", true, RUNTIME_JAVA, 21},
        {"java8.al2", true, RUNTIME_JAVA, 8},
        {"java17.al2023", true, RUNTIME_JAVA, 17},
        {"ruby3.4", true, RUNTIME_OTHER, 0},
        {"provided", true, RUNTIME_OTHER, 0},
        {"go1.x", true, RUNTIME_OTHER, 0},
        {"", false, 0, 0},
        {"provided.al", false, 0, 0},
        {"provided.al3", false, 0, 0},
        {"provided.al2024", false, 0, 0},
        {"python3.", false, 0, 0},
        {"python3.5", false, 0, 0},
        {"python3.013", false, 0, 0},
        {"python3.13 ", false, 0, 0},
        {"python3.1x", false, 0, 0},
        {"python3.99999", false, 0, 0},
        {"python3.18446744073709551616", false, 0, 0},
        {"python3.-1", false, 0, 0},
        {"Python3.13", false, 0, 0},
        {"nodejs.x", false, 0, 0},
        {"nodejs9.x", false, 0, 0},
        {"nodejs22", false, 0, 0},
        {"nodejs22.x.x", false, 0, 0},
        {"java22", false, 0, 0},
        {"php8", false, 0, 0},
    };
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        const struct request r = {.kind = &KIND_RUN, .runtime = ROWS[i].id};
        struct runtime rt;
        struct err err = {0};
        cr_expect_eq(runtime_parse(&r, &rt, &err), ROWS[i].good ? 0 : -1, "%s", ROWS[i].id);
        cr_expect(!ROWS[i].good || (rt.named && rt.family == ROWS[i].family && rt.version == ROWS[i].version), "%s: %u", ROWS[i].id,
                  rt.version);
        cr_expect(ROWS[i].good || err.exit == EXIT_USAGE, "%s", ROWS[i].id);
    }
    const struct request none = {.kind = &KIND_RUN}, exec = {.kind = &KIND_EXEC, .runtime = "x"};
    struct runtime rt;
    struct err err = {0};
    cr_expect(runtime_parse(&none, &rt, &err) == 0 && !rt.named);
    cr_expect(runtime_parse(&exec, &rt, &err) == -1 && err.exit == EXIT_LRUN, "its command's status is what usage would be");
}

Test(runtime, a_name_has_its_label_and_its_c_library)
{
    static const struct {
        struct runtime rt;
        const char *id, *label, *glibc, *handler;
    } ROWS[] = {
        {{.family = RUNTIME_PROVIDED, .version = 2023}, "provided.al2023", "provided:al2023", "2.34", "function.handler"},
        {{.family = RUNTIME_PROVIDED, .version = 2}, "provided.al2", "provided:al2", "2.26", "function.handler"},
        {{.family = RUNTIME_PYTHON, .version = 12}, "python3.12", "python:3.12", "2.34", "lambda_function.lambda_handler"},
        {{.family = RUNTIME_PYTHON, .version = 11}, "python3.11", "python:3.11", "2.26", "lambda_function.lambda_handler"},
        {{.family = RUNTIME_PYTHON}, "python3.12", "python:3.12", "2.34", "lambda_function.lambda_handler"},
        {{.family = RUNTIME_NODEJS, .version = 20}, "nodejs20.x", "nodejs:20", "2.34", "index.handler"},
        {{.family = RUNTIME_NODEJS, .version = 18}, "nodejs18.x", "nodejs:18", "2.26", "index.handler"},
        {{.family = RUNTIME_JAVA, .id = "java21", .version = 21}, "java21", "java:21", "2.34", "example.Hello::handleRequest"},
        {{.family = RUNTIME_JAVA, .id = "java8.al2", .version = 8}, "java8.al2", "java:8.al2", "2.26", "example.Hello::handleRequest"},
        {{.family = RUNTIME_OTHER, .id = "provided"}, "provided", "provided", "2.26", "function.handler"},
    };
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct runtime rt = ROWS[i].rt;
        runtime_name(&rt);
        cr_expect(strcmp(rt.id, ROWS[i].id) == 0 && strcmp(rt.label, ROWS[i].label) == 0 && strcmp(rt.glibc, ROWS[i].glibc) == 0 &&
                      strcmp(rt.handler, ROWS[i].handler) == 0,
                  "%s %s", rt.id, rt.label);
    }
}

static void put(int dir, const char *path)
{
    struct err err;
    char parent[64];
    for (const char *slash = path; (slash = strchr(slash, '/')); slash++) {
        snprintf(parent, sizeof parent, "%.*s", (int)(slash - path), path);
        mkdirat(dir, parent, 0755);
    }
    if (path[strlen(path) - 1] != '/')
        cr_expect_eq(fs_write_new(dir, path, 0755, "x", 1, &err), 0, "%s", path);
}

/* The package's files, blanks between; | begins the files of a layer. */
Test(runtime, a_package_tells_its_runtime)
{
    enum { AMBIGUOUS = -1 };
    static const struct {
        const char *files, *handler;
        int family;
        const char *found; /* the file; AMBIGUOUS: part of the hint */
    } ROWS[] = {
        {"bootstrap", NULL, RUNTIME_PROVIDED, ""},
        {"bootstrap lambda_function.py", NULL, RUNTIME_PROVIDED, ""},
        {"lambda_function.py | bootstrap", NULL, RUNTIME_PROVIDED, ""},
        {"bootstrap/ lambda_function.py", NULL, RUNTIME_PYTHON, "lambda_function.py"}, /* a directory is none */
        {"lambda_function.py", NULL, RUNTIME_PYTHON, "lambda_function.py"},
        {"lambda_function.py other.js", NULL, RUNTIME_PYTHON, "lambda_function.py"},
        {"index.js", NULL, RUNTIME_NODEJS, "index.js"},
        {"index.mjs", NULL, RUNTIME_NODEJS, "index.mjs"},
        {"index.cjs", NULL, RUNTIME_NODEJS, "index.cjs"},
        {"index.js index.mjs", NULL, RUNTIME_PROVIDED, ""},
        {"lambda_function.py index.js", NULL, RUNTIME_PROVIDED, ""},
        {"| lambda_function.py", NULL, RUNTIME_PROVIDED, ""}, /* a handler is the function's own */
        {"", NULL, RUNTIME_PROVIDED, ""},
        {"app.py", NULL, RUNTIME_PROVIDED, ""},
        {"app.py", "app.handler", RUNTIME_PYTHON, "app.py"},
        {"src/app.py", "src.app.handler", RUNTIME_PYTHON, "src/app.py"},
        {"src/app.py", "src/app.handler", RUNTIME_PYTHON, "src/app.py"},
        {"src/app.js", "src/app.handler", RUNTIME_NODEJS, "src/app.js"},
        {"src/app.js", "src.app.handler", RUNTIME_PROVIDED, ""},
        {"src/app.js", "./src/app.handler", RUNTIME_NODEJS, "./src/app.js"},
        {"src/app.mjs", "src/app.nested.handler", RUNTIME_NODEJS, "src/app.mjs"}, /* the first point, as AWS's client has it */
        {"src/app.nested.mjs", "src/app.nested.handler", RUNTIME_PROVIDED, ""},
        {"app/__init__.py", "app.handler", RUNTIME_PYTHON, "app/__init__.py"},
        {"app.js app.mjs", "app.handler", RUNTIME_NODEJS, "app.js"},
        {"app.py app.js", "app.handler", AMBIGUOUS, "both app.py and app.js"},
        {"app.py app.js index.js", "app.handler", AMBIGUOUS, "both app.py and app.js"},
        {"app.py app.cjs bootstrap", "app.handler", RUNTIME_PROVIDED, ""},
        {"app.py", "/var/task/app.handler", RUNTIME_PYTHON, "app.py"},
        {"x | python/app.py", "app.handler", RUNTIME_PYTHON, "python/app.py"},
        {"app.js | python/app.py", "app.handler", RUNTIME_NODEJS, "app.js"}, /* the function's comes first */
        {"x | nodejs/node_modules/app.js", "app.handler", RUNTIME_NODEJS, "nodejs/node_modules/app.js"},
        {"x | wrap/index.mjs", "/opt/wrap/index.handler", RUNTIME_NODEJS, "wrap/index.mjs"},
        {"wrap/index.mjs", "/opt/wrap/index.handler", RUNTIME_PROVIDED, ""},
        {"x | app.py", "app.handler", RUNTIME_PROVIDED, ""},
        {"package.json", NULL, RUNTIME_NODEJS, "package.json"},
        {"package.json index.js index.mjs", NULL, RUNTIME_NODEJS, "package.json"},
        {"package.json lambda_function.py", NULL, RUNTIME_PYTHON, "lambda_function.py"},
        {"package.json lambda_function.py index.js", NULL, RUNTIME_PROVIDED, ""},
        {"package.json bootstrap", NULL, RUNTIME_PROVIDED, ""},
        {"| package.json", NULL, RUNTIME_PROVIDED, ""},
        {"META-INF/MANIFEST.MF", NULL, RUNTIME_JAVA, "META-INF/MANIFEST.MF"},
        {"META-INF/MANIFEST.MF bootstrap", NULL, RUNTIME_PROVIDED, ""},
        {"lib/b.jar lib/a.jar", NULL, RUNTIME_JAVA, "lib/a.jar"},
        {"lib/jar.txt", NULL, RUNTIME_PROVIDED, ""},
        {"Main.class", NULL, RUNTIME_JAVA, "Main.class"},
        {"com/App.class", NULL, RUNTIME_PROVIDED, ""}, /* no whole package is searched */
        {"com/App.class", "com.App::handle", RUNTIME_JAVA, "com/App.class"},
        {"com/App.class", "com.App", RUNTIME_JAVA, "com/App.class"},
        {"com/App.class com.py", "com.App", AMBIGUOUS, "both com.py and com/App.class"},
        {"lib/a.jar lambda_function.py", NULL, RUNTIME_PYTHON, "lambda_function.py"},
        {"app.py lambda_function.py", "app.handler", RUNTIME_PYTHON, "app.py"},
        {"lambda_function.py", "none.handler", RUNTIME_PYTHON, "lambda_function.py"},
        {"app.py", "handler", RUNTIME_PROVIDED, ""},
        {"app.py", ".app", RUNTIME_PROVIDED, ""},
        {"app.py", "app.", RUNTIME_PYTHON, "app.py"},
        {"app.py", "/app.handler", RUNTIME_PROVIDED, ""},
        {"app.py", "../x/app.handler", RUNTIME_PROVIDED, ""},
        {"app.py", "", RUNTIME_PROVIDED, ""},
    };
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        char place[] = "/tmp/lrun-unit-XXXXXX";
        struct inputs in;
        struct runtime rt = {.named = false};
        struct err err = {0};
        cr_assert_not_null(mkdtemp(place));
        OWN_FD int top = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        cr_expect(mkdirat(top, "fn", 0755) == 0 && mkdirat(top, "layer", 0755) == 0 && mkdirat(top, "root", 0755) == 0);
        OWN_FD int fn = openat(top, "fn", O_PATH | O_DIRECTORY | O_CLOEXEC), layer = openat(top, "layer", O_PATH | O_DIRECTORY | O_CLOEXEC),
                   root = openat(top, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
        OWN_PTR char *words = xstrdup(ROWS[i].files);
        char *rest = words;
        int to = fn;
        for (char *word; (word = strsep(&rest, " "));)
            if (strcmp(word, "|") == 0)
                to = layer;
            else if (*word)
                put(to, word);
        inputs_none(&in);
        in.function = (struct input){.path = "fn", .is_dir = true, .fd = fn};
        in.layers[0] = (struct input){.path = "layer", .is_dir = true, .fd = layer};
        in.layer_count = 1;
        in.rootfs = (struct input){.path = "root", .is_dir = true, .fd = root};
        const int status = runtime_choose(&in, ROWS[i].handler, &rt, &err);
        fs_remove_tree(AT_FDCWD, place, &(struct err){0});
        if (ROWS[i].family == AMBIGUOUS) {
            cr_expect(status == -1 && strstr(err.hint, ROWS[i].found), "%s: %s", ROWS[i].files, err.hint);
            continue;
        }
        cr_expect(rt.family == (enum runtime_family)ROWS[i].family && strcmp(rt.found, ROWS[i].found) == 0, "%s, %s: %s", ROWS[i].files,
                  ROWS[i].handler, rt.found);
        cr_expect_eq(status, ROWS[i].family == RUNTIME_PROVIDED ? 0 : -1, "no interpreter is there");
        cr_expect(status == 0 || strstr(err.hint, "detected from"), "%s", err.hint);
    }
}

Test(runtime, a_deprecated_one_is_warned_of_half_a_year_before)
{
    enum { DAY = 24 * 3600 };
    static const time_t JULY_31_2026 = 1785456000; /* of provided.al2 */
    static const struct {
        const char *id;
        bool named;
        long days;
        const char *says; /* NULL: nothing */
    } ROWS[] = {{"provided.al2", true, -181, NULL},
                {"provided.al2", true, -180, "AWS deprecates provided.al2 on 2026-07-31"},
                {"provided.al2", true, -1, "AWS deprecates provided.al2 on 2026-07-31"},
                {"provided.al2", true, 0, "AWS deprecated provided.al2 on 2026-07-31"},
                {"provided.al2", true, 1000, "AWS deprecated provided.al2 on 2026-07-31"},
                {"provided.al2", false, 1000, NULL}, /* nobody asked for it */
                {"python3.15", true, 1000, NULL},    /* no date is known */
                {"unknown", true, 1000, NULL}};
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct runtime rt = {.named = ROWS[i].named};
        snprintf(rt.id, sizeof rt.id, "%s", ROWS[i].id);
        OWN_PTR char *warning = runtime_warning(&rt, JULY_31_2026 + ROWS[i].days * DAY);
        cr_expect(ROWS[i].says ? warning && str_begins(warning, ROWS[i].says) : !warning, "%ld: %s", ROWS[i].days, warning);
    }
}

/* Source: images-and-runtimes, B.2. */
Test(runtime, awss_image_of_an_id_is_named)
{
    static const struct {
        const char *id, *image;
    } IMAGES[] = {{"python3.13", "python:3.13"},
                  {"nodejs22.x", "nodejs:22"},
                  {"java21", "java:21"},
                  {"java8.al2", "java:8.al2"},
                  {"dotnet8", "dotnet:8"},
                  {"ruby3.4", "ruby:3.4"},
                  {"provided.al2023", "provided:al2023"},
                  {"provided", "provided:alami"},
                  {"custom", NULL}};
    for (size_t i = 0; i < COUNT(IMAGES); i++) {
        char image[80] = "";
        cr_expect_eq(runtime_image(IMAGES[i].id, image, sizeof image), IMAGES[i].image != NULL, "%s", IMAGES[i].id);
        if (IMAGES[i].image)
            cr_expect_str_eq(image + strlen("public.ecr.aws/lambda/"), IMAGES[i].image);
    }
}

Test(runtime, bootstraps_and_files_belong_to_the_family)
{
    const struct runtime provided = {.family = RUNTIME_PROVIDED},
                         node = {.family = RUNTIME_NODEJS, .version = 20, .interpreter = "/usr/bin/node"},
                         python = {.family = RUNTIME_PYTHON, .version = 12, .interpreter = "/x/bin/python3.12", .prefix = "/x"},
                         own = {.family = RUNTIME_PYTHON, .version = 12, .own_bootstrap = true};
    struct plan_runtime p;
    const char *const *paths = runtime_bootstraps(&provided);
    cr_expect(strcmp(paths[0], "/var/task/bootstrap") == 0 && strcmp(paths[1], "/opt/bootstrap") == 0 && !paths[2]);
    paths = runtime_bootstraps(&node);
    cr_expect(strcmp(paths[0], "/var/runtime/bootstrap") == 0 && !paths[1]);
    runtime_mounts(&provided, false, &p);
    cr_expect(!p.file_count && !p.interpreter && !p.prefix && !p.name[0]);
    runtime_mounts(&node, true, &p);
    cr_expect(p.file_count == 4 && strcmp(p.name, "node") == 0 && p.node_parts && strcmp(p.interpreter, "/usr/bin/node") == 0 && !p.prefix);
    runtime_mounts(&python, false, &p);
    cr_expect(p.file_count == 12 && strcmp(p.name, "python3.12") == 0 && strcmp(p.prefix, "/x") == 0);
    for (size_t i = 0; i < p.file_count; i++)
        cr_expect(str_begins(p.files[i].target, "var/runtime/") &&
                      (!p.files[i].text || p.files[i].text[0] || str_ends(p.files[i].target, ".py")),
                  "%s", p.files[i].target);
    runtime_mounts(&own, false, &p);
    cr_expect_eq(p.file_count, 0, "AWS's image has its own");
}

Test(runtime, what_lrun_has_no_client_for_is_no_language_it_knows)
{
    static const struct {
        const char *id;
        enum runtime_language language;
    } ROWS[] = {{"python3.13", LANGUAGE_PYTHON}, {"nodejs22.x", LANGUAGE_NODE}, {"provided.al2023", LANGUAGE_UNKNOWN},
                {"provided", LANGUAGE_UNKNOWN},  {"ruby3.4", LANGUAGE_UNKNOWN}, {"java21", LANGUAGE_UNKNOWN},
                {"dotnet8", LANGUAGE_UNKNOWN},   {"go1.x", LANGUAGE_UNKNOWN}};
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        const struct request r = {.kind = &KIND_RUN, .runtime = ROWS[i].id};
        struct runtime rt;
        struct err err = {0};
        cr_expect(runtime_parse(&r, &rt, &err) == 0 && runtime_language(&rt) == ROWS[i].language, "%s", ROWS[i].id);
    }
}
