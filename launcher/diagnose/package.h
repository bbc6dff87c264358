/* SPDX-License-Identifier: Apache-2.0 */
/* package.h: function and layers together, as explain and inspect look at them. */
#ifndef LRUN_PACKAGE_H
#define LRUN_PACKAGE_H

#include "cache/merged.h"
#include "launcher/launch/inputs.h"

struct package {
    const struct inputs *inputs;
    struct merged_part parts[MAX_LAYERS + 1]; /* 0: the function; then the layers */
    struct merged merged;
};

/* After inputs_unpack(). What cannot be read is left out: merged.n is then 0. */
void package_read(const struct inputs *in, struct package *ret);
/* Of a function that is an image: all its files, in one part. */
void package_read_image(const struct inputs *in, struct package *ret);
void package_done(struct package *p);

/* "the function", "layer b.zip". */
const char *package_provider(const struct package *p, unsigned part, char *text, size_t size);
const struct input *package_input(const struct package *p, unsigned part);
const struct cache_entry *package_entry(const struct package *p, unsigned part); /* NULL: a directory */

#endif
