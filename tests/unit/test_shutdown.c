/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/environment/shutdown.h"

#include <criterion/criterion.h>

/* lambda-apis, section 2.5 */
Test(shutdown, has_lambdas_durations)
{
    struct shutdown s = {.ticks = 7};
    shutdown_begin(&s, 5000);
    cr_expect(s.ticks == 0);
    cr_expect(shutdown_runtime_ms(false) == 500 && shutdown_runtime_ms(true) == 300);
    cr_expect(shutdown_extensions_ms(&s, 5000) == 2000);
    cr_expect(shutdown_extensions_ms(&s, 5300) == 1700, "what the runtime took is theirs no more");
}

/* Internal extensions are in the runtime, and end with it. */
Test(shutdown, tells_who_is_left)
{
    enum { RUNTIME = 1, EXTENSION = 2, BOTH = 3 };
    cr_expect(shutdown_left(BOTH, true) == LEFT_RUNTIME && shutdown_left(RUNTIME, false) == LEFT_RUNTIME);
    cr_expect(shutdown_left(EXTENSION, true) == LEFT_EXTENSIONS);
    cr_expect(shutdown_left(0, true) == LEFT_NOBODY && shutdown_left(0, false) == LEFT_NOBODY);
    cr_expect(shutdown_left(EXTENSION, false) == LEFT_NOBODY, "none has registered: nobody is told");
}

Test(shutdown, does_not_wait_for_ever)
{
    struct shutdown s = {.ticks = 0};
    int looks = 0;
    while (shutdown_waits(&s, 300))
        looks++;
    cr_expect(looks == 299);
}
