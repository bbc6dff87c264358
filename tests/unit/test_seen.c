/* SPDX-License-Identifier: Apache-2.0 */
#include "base/own.h"
#include "unpack/seen.h"

#include <criterion/criterion.h>
#include <string.h>

enum { MANY = 3000 }; /* the table grows twice */

Test(seen, an_entry_is_found_by_its_name_and_the_last_one_of_a_name)
{
    struct seen s = {.n = 0};
    struct err err;
    cr_assert_eq(seen_start(&s, &err), 0);
    cr_expect_null(seen_find(&s, ""));
    for (unsigned i = 0; i < MANY; i++) {
        struct zip_entry e = {.name = xasprintf("d/%u", i % (MANY / 2)), .size = i};
        struct zip_entry *earlier = seen_find(&s, e.name);
        cr_assert(i < MANY / 2 ? !earlier : earlier && earlier->size == i - MANY / 2, "%u", i);
        cr_assert_eq(seen_add(&s, &e)->size, i);
        cr_assert_eq(seen_find(&s, e.name)->size, i);
    }
    cr_expect_eq(s.n, MANY);
    for (unsigned i = 0; i < MANY; i++) {
        OWN_PTR char *name = xasprintf("d/%u", i);
        struct zip_entry *e = seen_find(&s, name);
        cr_assert(i < MANY / 2 ? e && e->size == i + MANY / 2 : !e, "%u", i);
        cr_assert_eq(s.at[i].size, i, "the archive's order stays");
    }
    seen_done(&s);
    cr_expect(!s.at && !s.slots);
}

Test(seen, who_makes_an_archive_cannot_know_where_a_name_goes)
{
    struct seen a = {.n = 0}, b = {.n = 0};
    struct err err;
    cr_assert(seen_start(&a, &err) == 0 && seen_start(&b, &err) == 0);
    cr_expect(a.secret != b.secret && a.secret > 255 && b.secret > 255);
    seen_done(&a), seen_done(&b);
}
