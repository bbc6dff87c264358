/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox.h: one sandbox: its description, starting it, exchanging messages with its init, ending it.
 *
 *   sandbox_start()   clone3 with all namespaces; the child walks the step table in steps.c and becomes init
 *   sandbox_tell()    START, FREEZE, THAW, SIGNAL, KILL
 *   sandbox_hear()    what init reports
 *   sandbox_kill()    SIGKILL from outside, for an init that does not answer
 *   sandbox_done()    the same, waits until it is gone, and reaps it; a loop that has other work asks sandbox_gone() before
 *
 * Init has the payload's uid, and where no policy forbids it the payload may stop it: nothing here waits for it longer than ANSWER_MS. */
#ifndef LRUN_SANDBOX_H
#define LRUN_SANDBOX_H

#include "launcher/sandbox/doors.h"
#include "launcher/sandbox/enter.h"
#include "launcher/sandbox/message.h"
#include "launcher/sandbox/network.h"
#include "mounts/plan.h"
#include "policy/cgroup.h"
#include "policy/limits.h"
#include "policy/memory.h"
#include "policy/seccomp.h"

#include <sys/types.h>

enum {
    INSIDE_UID = 993, /* sbx_user1051 */
    INSIDE_GID = 990,
};
#define API_ADDRESS "169.254.100.1" /* as Lambda's newer sandboxes; 127.0.0.1 stays free for the function */
#define API_PORT 9001
enum {
    /* For GONE, the answer to KILL: as long as Lambda's longest shutdown phase. Seen: some ms; 0.4 s beside 140 busy processes with
     * init at SCHED_IDLE. One that is late is killed with all that is inside, and what was in /tmp is lost. */
    ANSWER_MS = 2000,
    DEATH_MS = 10000, /* for a SIGKILL to end all processes: more, and one hangs in the kernel (a file system that does not answer) */
};
#define EXTENSIONS_DIR "/opt/extensions"
#define EXTENSIONS_OFF "/opt/disable-extensions-jwigqn8j" /* Lambda's own switch */
enum { FRAMES_FD = 62 };                                  /* as in Lambda's _LAMBDA_TELEMETRY_LOG_FD */

/* What shall run inside. const once given to sandbox_start(): init is a fork and reads it in its own copy. */
struct sandbox_spec {
    const struct plan *plan;
    bool (*is_whole)(void *of); /* whether the plan's prepared skeleton is as it was made; asked by lrun while the sandbox is made */
    void *of;
    struct limits limits;
    struct seccomp_program policy;
    enum net net;
    const struct doorway *doors; /* of NET_ALLOW, else NULL */
    bool network_aside;          /* may be made by a child of lrun's meanwhile: for one sandbox shorter, for many at once longer */
    bool api;                    /* make the Runtime API's socket inside */
    const struct cgroup *cgroup; /* to be made in, or NULL */
    bool keep;                   /* others may enter: keep its namespaces and variables for them */
    bool tty;                    /* stdio[0] becomes the controlling terminal */
    bool tethered;               /* the payload dies with its starter, which is not init */
    bool one_shot;               /* the sandbox is over with its first payload */
    bool heard_at_end;           /* nothing is asked of it: what it says is read when it is over, so that lrun need not wake up before */
    bool wants_tmp;              /* hand out a descriptor of /tmp */
    bool metered, watched; /* hand out its /proc in any case, and count what is written; hand out what memory_watch_new() reads from */
    bool tells_refused;    /* the payload's refused calls are answered by refused_answer() on FD_REFUSED */
    bool tells_memory;     /* its sysinfo(2) too */
    int stdio[3];          /* become the payload's 0, 1 and 2 */
    char *const *argv;     /* exec: the command, looked up in envp's PATH; NULL: the first of bootstraps that is there */
    const char *const *bootstraps;
    const struct placed_files *placed; /* what /tmp begins with; NULL: nothing */
    char *const *direct;               /* the program that the bootstrap, a script of bash, would only exec: tried first; NULL: none */
    char *const *envp;
    const char *workdir;
    bool or_root;                /* where there is no workdir, / serves */
    char *const *extension_envp; /* NULL: no extensions are looked for */
    int extension_log;           /* becomes their 1 and 2 */
    char *const *framed_envp;    /* the payload's, when there are extensions; its FRAMES_FD is then frames */
    int frames;                  /* -1: none */
    char **caller_argv;          /* lrun's own arguments, scrubbed in init: nothing above may point into them */
};

struct sandbox {
    pid_t pid;          /* of init, seen from here */
    pid_t pasta;        /* --net user; 0: none */
    struct relay relay; /* --net allow */
    pid_t aside;        /* made its network namespace; 0: none, or reaped */
    double killed_ms;   /* when SIGKILL was first sent; 0: not yet */
    int pidfd, control;
    int fds[FD_COUNT];
    struct enterable kept;
    bool heard_at_end;      /* as spec's, and so it is: sandbox_start() has waited for nothing, and READY or FAILED come with the rest */
    struct use_at_end *use; /* for sandbox_done(); NULL: nobody asks */
    int without;            /* WITHOUT_... of mounts/apply.h */
};
// clang-format off
#define ENTERABLE_NONE {{-1, -1, -1, -1, -1, -1, -1}, -1}
#define SANDBOX_NONE {.relay = RELAY_NONE, .pidfd = -1, .control = -1, .fds = FDS_NONE, .kept = ENTERABLE_NONE}
// clang-format on

/* On failure the err has its step and the hint for this host. */
int sandbox_start(const struct sandbox_spec *spec, struct sandbox *ret, struct err *err);
/* sandbox_tell() sends to init and never waits: -1 with errno if init is gone or reads nothing, and then it is killed. program: PROGRAM_...
 * sandbox_hear() returns 1 with a message, 0 if none is there and wait is false, -1 with errno. Descriptors go to s->fds. */
int sandbox_tell(struct sandbox *s, enum message_type type, int value);
int sandbox_tell_program(struct sandbox *s, enum message_type type, int program, int value);
int sandbox_hear(struct sandbox *s, struct message *ret, bool wait);

/* KILL, and waits for GONE, or for ANSWER_MS; then no process of it runs any more. False: it had to be killed from outside. */
bool sandbox_kill_programs(struct sandbox *s);

/* Init and all that is inside get SIGKILL from the kernel. A hang-up follows; sandbox_dead(): they are all gone. */
void sandbox_kill(struct sandbox *s);
bool sandbox_dead(const struct sandbox *s);
bool sandbox_gone(const struct sandbox *s);       /* does not wait. True: dead, or DEATH_MS after SIGKILL, and given up */
bool sandbox_was_killed(const struct sandbox *s); /* after a hang-up: by a signal, and not by an end of its own */

/* SIGKILL to one process, by its pid inside; also from outside, since init may be kept from hearing of it. */
void sandbox_kill_one(const struct sandbox *s, pid_t inside);
void sandbox_done(struct sandbox *s);

/* Describes a watched sandbox's memory; must not be used after sandbox_done(). limit: bytes, 0: none. */
struct memory_watch *sandbox_watch_memory(const struct sandbox *s, uint64_t limit);

#endif
