/* SPDX-License-Identifier: Apache-2.0 */
#include "base/own.h"
#include "launcher/command/cli.h"
#include "launcher/environment/log.h"
#include "launcher/environment/outcome.h"
#include "launcher/sandbox/hints.h"
#include "policy/limits.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <string.h>

static const char *fake_file, *fake_value;

static bool fake(const char *path, char *text, unsigned long size)
{
    if (!fake_file || strcmp(path, fake_file) != 0)
        return false;
    snprintf(text, size, "%s", fake_value);
    return true;
}

Test(hints, name_the_switch_that_was_read_and_no_other)
{
    static const struct {
        const char *step;
        int no;
        const char *file, *value, *says;
    } rows[] = {
        {"map", EACCES, "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1", "packaging/apparmor/lrun"},
        {"map", EPERM, "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1", "packaging/apparmor/lrun"},
        {"private", EACCES, "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1", "packaging/apparmor/lrun"},
        {"root", EACCES, "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1", "packaging/apparmor/lrun"},
        {"loopback", EPERM, "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1", "packaging/apparmor/lrun"},
        {"map", EACCES, "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "0", "a security module may do so"},
        {"clone", EPERM, "/proc/sys/kernel/unprivileged_userns_clone", "0", "kernel.unprivileged_userns_clone=1"},
        {"clone", EPERM, "/proc/sys/kernel/unprivileged_userns_clone", "1", "the system refuses user namespaces"},
        {"clone", ENOSPC, "/proc/sys/user/max_user_namespaces", "0", "user.max_user_namespaces=10000"},
        {"clone", ENOSPC, "/proc/sys/user/max_user_namespaces", "1000", "a limit on namespaces is reached"},
        {"clone", EPERM, "/.dockerenv", "", "seccomp=unconfined"},
        {"clone", EPERM, NULL, NULL, "the system refuses user namespaces"},
        {"clone", EIO, NULL, NULL, NULL},
        {"caps", EPERM, NULL, NULL, "something around lrun refuses this call"},
        {"caps", EIO, NULL, NULL, NULL},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        fake_file = rows[i].file;
        fake_value = rows[i].value;
        const char *got = hints_find(rows[i].step, rows[i].no, fake);
        cr_expect(rows[i].says ? got && strstr(got, rows[i].says) : !got, "%s %d %s: %s", rows[i].step, rows[i].no, rows[i].file, got);
    }
}

Test(outcome, statuses_are_told_in_gos_words)
{
    char text[64];
    cr_expect_str_eq(outcome_status_text(1 << 8, text, sizeof text), "exit status 1");
    cr_expect_null(outcome_status_text(0, text, sizeof text));
    cr_expect_str_eq(outcome_status_text(SIGKILL, text, sizeof text), "signal: killed");
    cr_expect_str_eq(outcome_status_text(SIGSEGV | 0x80, text, sizeof text), "signal: segmentation fault (core dumped)");
    cr_expect_str_eq(outcome_status_text(40, text, sizeof text), "signal: signal 40");
}

Test(cli, fills_a_request_with_lambdas_defaults)
{
    char *argv[] = {"lrun", "--layers", "a,b", "fn.zip", "--layers=c", NULL};
    struct request r;
    struct err err;
    cr_assert_eq(cli_parse(5, argv, &r, &err), 0);
    cr_expect(r.command == CMD_RUN && r.layers.n == 3 && strcmp(r.function, "fn.zip") == 0);
    cr_expect(r.memory.value == 128 && r.timeout.value == 3000 && r.tmp_size.value == 512 && r.init_limit.value == 10 && !r.memory.set);
    cr_expect_str_eq(r.region, "us-east-1");
    request_done(&r);
}

Test(limits, never_ask_for_more_than_the_caller_has)
{
    struct limits l;
    limits_plan(128, false, &l);
    for (unsigned i = 0; i < LIMIT_COUNT; i++) {
        struct rlimit now;
        getrlimit((__rlimit_resource_t)LIMITS[i].resource, &now);
        cr_expect(l.at[i].rlim_max <= now.rlim_max && l.at[i].rlim_cur <= l.at[i].rlim_max, "%s", LIMITS[i].name);
    }
    cr_expect(l.cpu_count >= 1 && l.cpu_count <= 2);
}

struct messages {
    struct text all;
    unsigned n;
};

static void take_message(void *to, const char *message, size_t n)
{
    struct messages *m = to;
    m->n++;
    text_add(&m->all, message, n);
    text_puts(&m->all, "|");
}

Test(log, frames_are_messages_and_the_rest_is_passed_on)
{
    static const char FRAME[] = "\xa5\x5a\x00\x03\x00\x00\x00\x05\0\0\0\0\0\0\0\0he\nlo";
    enum { WHOLE = sizeof FRAME - 1 };
    static const char TEXT[] = "plain\n";
    struct messages m = {{0}, 0};
    cr_expect_eq(log_frames(FRAME, WHOLE, take_message, &m), WHOLE);
    cr_expect(m.n == 1 && strcmp(m.all.at, "he\nlo|") == 0);
    for (size_t i = 1; i < WHOLE; i++)
        cr_expect_eq(log_frames(FRAME, i, take_message, &m), 0, "%zu bytes of a frame", i);
    cr_expect_eq(log_frames(TEXT, sizeof TEXT - 1, take_message, &m), sizeof TEXT - 1);
    cr_expect(m.n == 2 && strcmp(m.all.at, "he\nlo|plain\n|") == 0);
    text_done(&m.all);
}
