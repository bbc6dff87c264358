/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <criterion/criterion.h>
#include <ctype.h>
#include <string.h>

enum { MANY = 200 }; /* more than one store of random bytes holds */

Test(clock, ids_are_of_version_4_and_all_differ)
{
    static char ids[MANY][UUID_SIZE];
    for (int i = 0; i < MANY; i++) {
        random_uuid(ids[i]);
        cr_assert_eq(strlen(ids[i]), UUID_SIZE - 1);
        for (size_t k = 0; k < UUID_SIZE - 1; k++) {
            const char c = ids[i][k];
            cr_assert(k == 8 || k == 13 || k == 18 || k == 23 ? c == '-' : isdigit((unsigned char)c) || (c >= 'a' && c <= 'f'), "%s",
                      ids[i]);
        }
        cr_expect(ids[i][14] == '4' && strchr("89ab", ids[i][19]), "%s", ids[i]);
        for (int k = 0; k < i; k++)
            cr_assert(strcmp(ids[i], ids[k]) != 0, "%s", ids[i]);
    }
}

Test(clock, counts_in_milliseconds)
{
    const double began = clock_ms();
    nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    cr_expect(clock_ms() - began >= 20);
    const int64_t now = clock_epoch_ms(), files = clock_files_ms();
    cr_expect(now / 1000 >= time(NULL) - 2 && now / 1000 <= time(NULL) + 2);
    cr_expect(files <= now + 1 && now - files < 2000);
}

Test(clock, a_timer_takes_seconds_and_whole_microseconds)
{
    static const struct {
        double ms;
        long s, us;
    } ROWS[] = {{0, 0, 0},    {0.001, 0, 1},     {0.0009, 0, 0},   {1, 0, 1000}, {999.999, 0, 999999},
                {1000, 1, 0}, {1500, 1, 500000}, {1e9, 1000000, 0}};
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        const struct timeval t = clock_timeval(ROWS[i].ms);
        cr_expect(t.tv_sec == ROWS[i].s && t.tv_usec == ROWS[i].us, "%g ms: %ld s, %ld us", ROWS[i].ms, (long)t.tv_sec, (long)t.tv_usec);
    }
}
