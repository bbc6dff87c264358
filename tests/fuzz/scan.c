/* SPDX-License-Identifier: Apache-2.0 */
/* scan.c: any bytes as JSON: passed where jansson passes them, read as jansson reads them; every slice is JSON of its own. */
#include "base/json_scan.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
    if (!good)
        abort();
}

static void same(struct slice v, const json_t *tree)
{
    struct slice key, value, again;
    struct json_fault f;
    uint64_t u;
    int64_t i;
    size_t n = 0;
    char *room = malloc(v.n);
    check(json_scan(v.at, v.n, &again, &f) && again.at == v.at && again.n == v.n);
    switch (json_shape(v)) {
    case SHAPE_STRING:
        n = json_decode(v, room);
        check(n <= v.n && json_is_n(v, room, n) && json_compare(v, v) == 0);
        check(!tree || (json_is_string(tree) && json_string_length(tree) == n && memcmp(json_string_value(tree), room, n) == 0));
        break;
    case SHAPE_NUMBER:
        json_unsigned(v, 0, UINT64_MAX, &u);
        check(!json_is_integer(tree) || (json_signed(v, INT64_MIN, INT64_MAX, &i) == JSON_WHOLE && i == json_integer_value(tree)));
        check(!json_is_real(tree) || json_signed(v, INT64_MIN, INT64_MAX, &i) == JSON_NOT_WHOLE);
        break;
    default:
        for (struct json_walk w = json_walk(v); json_next(&w, &key, &value); n++) {
            struct slice found = value;
            if (key.at) {
                char *name = malloc(key.n);
                found = json_find_n(v, name, json_decode(key, name));
                free(name);
                same(key, NULL);
            }
            const json_t *below = NULL;
            if (key.at && tree) {
                char *name = calloc(key.n + 1, 1);
                json_decode(key, name);
                below = found.at == value.at ? json_object_get(tree, name) : NULL;
                check(found.at != value.at || below);
                free(name);
            } else if (tree) {
                check((below = json_array_get(tree, n)) != NULL);
            }
            same(value, below);
        }
        check(!json_is_array(tree) || n == json_array_size(tree));
    }
    free(room);
}

/* What the grammar has and jansson has not: halves of surrogate pairs, numbers that no double holds, NUL in names. */
static bool jansson_cannot(const json_error_t *e, const char *text, size_t n)
{
    enum json_error_code code = json_error_code(e);
    return code == json_error_numeric_overflow || code == json_error_null_byte_in_key || (code == json_error_invalid_syntax && n >= 6 && (memmem(text, n, "\\ud", 3) || memmem(text, n, "\\uD", 3)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice v, doubled;
    struct json_fault f = {size + 1, NULL};
    struct text squeezed = {0}, again = {0}, why = {0};
    json_error_t e;
    char *copy = malloc(size ? size : 1); /* exactly as long: a sanitizer sees a byte too many */
    memcpy(copy, data, size);
    json_t *tree = json_loadb(copy, size, JSON_DECODE_ANY | JSON_ALLOW_NUL, &e);
    if (json_scan(copy, size, &v, &f)) {
        check(tree || jansson_cannot(&e, copy, size));
        same(v, tree);
        json_squeeze(v, &squeezed);
        check(json_scan(squeezed.at, squeezed.n, &v, &f));
        json_squeeze(v, &again);
        check(again.n == squeezed.n && memcmp(again.at, squeezed.at, again.n) == 0);
        doubled = json_duplicate(v);
        json_t *strict = tree ? json_loadb(squeezed.at, squeezed.n, JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &e) : NULL;
        check(!tree || (strict == NULL) == (doubled.at != NULL));
        json_decref(strict);
    } else {
        check(f.at <= size && f.expected && f.expected[0]);
        check(!tree || (f.at < size && copy[f.at] == 0)); /* jansson takes NUL for the end */
        json_fault_text(copy, &f, &why);
    }
    json_decref(tree);
    text_done(&squeezed);
    text_done(&again);
    text_done(&why);
    free(copy);
    return 0;
}
