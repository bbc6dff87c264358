/* SPDX-License-Identifier: Apache-2.0 */
/* criterion.h: as much of Criterion as the unit tests use, in one process, for where Criterion cannot start processes of its own:
 * user emulation. Each test registers itself; PLAIN_MAIN is defined by one file of the program. */
#ifndef PLAIN_CRITERION_H
#define PLAIN_CRITERION_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct plain_test {
    const char *suite, *name;
    void (*run)(void);
    struct plain_test *next;
};
extern struct plain_test *plain_tests;
extern int plain_failed, plain_bad;

// clang-format off
#define Test(suite, name, ...)                                                        \
    static void suite##_##name(void);                                                 \
    __attribute__((constructor)) static void suite##_##name##_register(void)          \
    {                                                                                 \
        static struct plain_test t = {#suite, #name, suite##_##name, NULL};           \
        t.next = plain_tests;                                                         \
        plain_tests = &t;                                                             \
    }                                                                                 \
    static void suite##_##name(void)
// clang-format on

// clang-format off
#define PLAIN_EXPECT(ok, text, ...)                                                   \
    do {                                                                              \
        if (!(ok)) {                                                                  \
            fprintf(stderr, "%s:%d: %s", __FILE__, __LINE__, text);                   \
            fprintf(stderr, " " __VA_ARGS__);                                         \
            fputs("\n", stderr);                                                      \
            plain_bad = 1;                                                            \
        }                                                                             \
    } while (0)
#define PLAIN_ASSERT(ok, text, ...)                                                   \
    do {                                                                              \
        const int plain_ok = !!(ok);                                                  \
        PLAIN_EXPECT(plain_ok, text, __VA_ARGS__);                                    \
        if (!plain_ok)                                                                \
            return;                                                                   \
    } while (0)
// clang-format on
#define cr_expect(x, ...) PLAIN_EXPECT(x, #x, __VA_ARGS__)
#define cr_expect_not(x, ...) PLAIN_EXPECT(!(x), "not " #x, __VA_ARGS__)
#define cr_expect_eq(a, b, ...) PLAIN_EXPECT((a) == (b), #a " == " #b, __VA_ARGS__)
#define cr_expect_null(x, ...) PLAIN_EXPECT((x) == NULL, #x " is NULL", __VA_ARGS__)
#define cr_expect_str_eq(a, b, ...) PLAIN_EXPECT(strcmp(a, b) == 0, #a " is " #b, __VA_ARGS__)
#define cr_expect_not_null(x, ...) PLAIN_EXPECT((x) != NULL, #x " is not NULL", __VA_ARGS__)
#define cr_assert(x, ...) PLAIN_ASSERT(x, #x, __VA_ARGS__)
#define cr_assert_not(x, ...) PLAIN_ASSERT(!(x), "not " #x, __VA_ARGS__)
#define cr_assert_eq(a, b, ...) PLAIN_ASSERT((a) == (b), #a " == " #b, __VA_ARGS__)
#define cr_assert_not_null(x, ...) PLAIN_ASSERT((x) != NULL, #x " is not NULL", __VA_ARGS__)
#define cr_assert_null(x, ...) PLAIN_ASSERT((x) == NULL, #x " is NULL", __VA_ARGS__)
#define cr_assert_neq(a, b, ...) PLAIN_ASSERT((a) != (b), #a " != " #b, __VA_ARGS__)
#define cr_assert_lt(a, b, ...) PLAIN_ASSERT((a) < (b), #a " < " #b, __VA_ARGS__)
#define cr_assert_str_eq(a, b, ...) PLAIN_ASSERT(strcmp(a, b) == 0, #a " is " #b, __VA_ARGS__)

#ifdef PLAIN_MAIN
struct plain_test *plain_tests;
int plain_failed, plain_bad;

int main(void)
{
    int n = 0;
    for (struct plain_test *t = plain_tests; t; t = t->next, n++) {
        plain_bad = 0;
        t->run();
        plain_failed += plain_bad;
        if (plain_bad)
            fprintf(stderr, "failed: %s::%s\n", t->suite, t->name);
    }
    printf("%d passed, %d failed\n", n - plain_failed, plain_failed);
    return plain_failed != 0;
}
#endif

#endif
