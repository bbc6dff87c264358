/* SPDX-License-Identifier: Apache-2.0 */
/* expression.c: the C library's regular expressions, within bounds. It expands a{1,1000} to a thousand copies, and copies of copies where
 * such are nested: a case file of thirty bytes could take all memory. Back-references take it exponential time. Both are refused when the
 * case is read. Expressions are compiled without submatches, which matching is linear for. */
#include "launcher/test/expression.h"

#include "base/own.h"

#include <ctype.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

/* The product of the largest counts of all {n,m}, wherever they stand. */
static bool repeats_too_much(const char *text)
{
    unsigned long all = 1;
    for (const char *c = strchr(text, '{'); c; c = strchr(c + 1, '{')) {
        unsigned long most = 1;
        for (const char *d = c + 1; *d && *d != '}'; d++)
            if (isdigit((unsigned char)*d)) {
                char *end;
                unsigned long n = strtoul(d, &end, 10);
                most = n > most ? n : most;
                d = end - 1;
            }
        if (most > REPETITIONS_MAX || (all *= most) > REPETITIONS_MAX)
            return true;
    }
    return false;
}

static bool refers_back(const char *text)
{
    for (const char *c = text; *c; c++)
        if (*c == '\\' && c[1] && isdigit((unsigned char)*++c))
            return true;
    return false;
}

int expression_check(struct slice text, struct err *err)
{
    OWN_PTR char *plain = json_plain(text);
    char why[128];
    regex_t compiled;
    if (!plain)
        return fail_usage(err, "a regular expression holds no NUL");
    if (!*plain || strlen(plain) > EXPRESSION_MAX)
        return fail_usage(err, "a regular expression has 1 to %d bytes", EXPRESSION_MAX);
    if (refers_back(plain))
        return fail_usage(err, "'%.80s': no back-references", plain);
    if (repeats_too_much(plain))
        return fail_usage(err, "'%.80s': its repetitions {n,m}, multiplied, exceed %d", plain, REPETITIONS_MAX);
    int no = regcomp(&compiled, plain, REG_EXTENDED | REG_NOSUB);
    if (no) {
        regerror(no, &compiled, why, sizeof why);
        return fail_usage(err, "'%.80s': %s", plain, why);
    }
    regfree(&compiled);
    return 0;
}

bool expression_finds(struct slice text, const char *bytes, size_t n, bool by_line)
{
    OWN_PTR char *plain = json_plain(text);
    regex_t compiled;
    regmatch_t whole = {.rm_so = 0, .rm_eo = (regoff_t)n};
    if (!plain || regcomp(&compiled, plain, REG_EXTENDED | REG_NOSUB | (by_line ? REG_NEWLINE : 0)) != 0)
        return false;
    bool found = regexec(&compiled, bytes ? bytes : "", 1, &whole, REG_STARTEND) == 0;
    regfree(&compiled);
    return found;
}
