/* SPDX-License-Identifier: Apache-2.0 */
/* sanitizer.c: linked into sanitized builds only. lrun-unpack gets no environment, so its options are built in; leaks
 * are not looked for, since that needs ptrace, which confined processes do not have. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
    return "detect_leaks=0:abort_on_error=1";
}
