/* SPDX-License-Identifier: Apache-2.0 */
/* inspect.h: what can be found in function and layers before anything runs. */
#ifndef LRUN_INSPECT_H
#define LRUN_INSPECT_H

#include "launcher/diagnose/package.h"
#include "launcher/launch/launch.h"

struct shadow { /* a path that several provide */
    const struct merged_file *seen, *below;
    bool same; /* content; false for directories, and where it is not known */
};

struct module { /* a module that several parts bring in different versions, by its metadata */
    char *name, *version;
    unsigned part;
};

struct lint {
    bool error;     /* Lambda would certainly refuse the package, or fail; else a warning */
    const char *id; /* of the cause that explains it: docs/why/ */
    char *path;     /* "": of the whole */
    char *text;
};

struct build_place { /* a directory, up to its slash, in which a name means this platform */
    const char *path;
    size_t n;
};

struct ending { /* a path that is seen, and its length */
    const char *path;
    size_t n;
};

struct image_layer_left { /* what of a layer of an image is in its tree */
    unsigned entries, files;
    uint64_t bytes;
};

struct inspection {
    const struct launch *launch;
    struct package package;
    uint64_t bytes[MAX_LAYERS + 1];
    unsigned files[MAX_LAYERS + 1];
    struct shadow *shadows;
    size_t shadow_count;
    struct module *modules; /* by name; neighbours of one name */
    size_t module_count;
    struct lint *lints;
    size_t lint_count, errors;
    size_t headers_only;               /* ELF files of directories: their libraries, versions and loaders are not looked at */
    const struct merged_file *handler; /* of the function's own files; NULL: none */
    struct build_place *builds;        /* sorted */
    size_t build_count;
    struct ending *endings; /* sorted by their ends */
    size_t ending_count;
    struct image_layer_left *image_layers; /* of a function that is an image, by number */
    size_t image_layer_count;
};

/* package is read already. inspection_done() either way. */
void inspection_make(struct inspection *i);
void inspection_done(struct inspection *i);

uint64_t inspection_bytes(const struct inspection *i); /* of all parts, as AWS counts */

/* inspect_lint.c */
void inspection_lint(struct inspection *i);
void lint_add(struct inspection *i, bool error, const char *id, const char *path, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

bool inspection_starts(const struct inspection *i, const struct merged_file *f); /* Lambda itself executes it */

/* inspect_layout.c, inspect_sdk.c, inspect_layers.c, inspect_elf.c */
void inspection_lint_layout(struct inspection *i);
void inspection_lint_sdk(struct inspection *i);
void inspection_lint_layers(struct inspection *i);
void inspection_lint_elf(struct inspection *i, const struct merged_file *f);
void inspection_lint_abi(struct inspection *i, const struct merged_file *f);

/* inspect_builds.c. Whether the path names another platform and a build for this one lies beside it. */
void inspection_find_builds(struct inspection *i);
bool inspection_is_choice(const struct inspection *i, const char *path);

/* inspect_endings.c. Whether a path that is seen ends in this. */
void inspection_find_endings(struct inspection *i);
bool inspection_has_ending(const struct inspection *i, const char *end);

/* inspect_image.c, inspect_image_lint.c */
const struct launch_image *inspection_image(const struct inspection *i); /* NULL: the function is none */
void inspection_count_layers(struct inspection *i);
void inspection_lint_image(struct inspection *i);
bool inspection_is_extension(const struct merged_file *f); /* of an image */
bool inspection_is_aws(const struct inspection *i);        /* started by the script of AWS's base images */
void inspect_image_text(const struct inspection *i, FILE *to);
void inspect_image_runtime(const struct inspection *i, FILE *to); /* beneath a zip; nothing if it is none */
void inspect_image_json(const struct inspection *i, struct text *out);
const char *inspect_giver(const struct inspection *i, const struct merged_file *f, char *text, size_t size);

/* inspect_modules.c */
void inspection_modules(struct inspection *i);

/* inspect_text.c: the forms that the request asks for, else a summary. */
void inspect_text(const struct inspection *i, FILE *to);
/* inspect_sizes.c: the directories that take most of the room, once the limit is near. */
void inspect_largest(const struct inspection *i, FILE *to);
void inspect_json(const struct inspection *i, FILE *to);
/* A variable's value as it may be shown: the user's own credentials are not. */
const char *inspect_value(const struct inspection *i, const char *variable);
/* inspect_graph.c: into an SVG file, which is emptied first. */
int inspect_graph(const struct inspection *i, int fd, struct err *err);
/* AWS's CodeSha256: base64 of the archive's digest; "" of a directory. ret: 45 bytes. */
void inspect_code_sha256(const struct inspection *i, unsigned part, char *ret);

#endif
