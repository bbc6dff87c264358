/* SPDX-License-Identifier: Apache-2.0 */
/* num.h: the one way from text to a number. */
#ifndef LRUN_NUM_H
#define LRUN_NUM_H

#include "base/err.h"

#include <stdint.h>

/* Reads a whole decimal number of digits only (no sign, no space, no suffix) within min..max, both included. */
int num_parse(const char *text, uint64_t min, uint64_t max, uint64_t *ret, struct err *err);

/* Reads a decimal number with up to three places behind its point, 0.25, as thousandths; min and max are thousandths too. */
int num_parse_milli(const char *text, uint64_t min, uint64_t max, uint64_t *ret, struct err *err);

/* Reads digits of base 8, 10 or 16 up to the end of the text; for our own files. Returns -1 without an err. */
int num_plain(const char *text, unsigned radix, uint64_t *ret);

#endif
