/* SPDX-License-Identifier: Apache-2.0 */
/* number.h: whether two JSON numbers are the same number, however they are spelled: 1, 1.0 and 10e-1 are. Exact: nothing is rounded, so
 * 0.1 and 0.10000000000000001 differ, as do whole numbers beyond 2^53. Runtimes spell one number in different ways, and a case is for all
 * runtimes of its matrix. */
#ifndef LRUN_NUMBER_H
#define LRUN_NUMBER_H

#include "base/json_scan.h"

#include <stdbool.h>

/* Both are numbers that json_scan() has passed. Exponents beyond 10^15 count as 10^15. */
bool number_same(struct slice a, struct slice b);
bool number_whole(struct slice v); /* 1.0 and 1e2 are, 1.5 and 1e-2 are not */

#endif
