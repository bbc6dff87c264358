/* SPDX-License-Identifier: Apache-2.0 */
/* extensions_api.h: the Extensions API 2020-01-01 of one environment. Source: lambda-apis, section 2.
 *
 *   1. extensions_api_expect() names each external extension before it is started; internal ones come by themselves.
 *   2. They register, until the runtime first asks for an event, and ask for events. on_change() tells of each step.
 *   3. extensions_api_invoke() and extensions_api_shutdown() give events to those who subscribed. */
#ifndef LRUN_EXTENSIONS_API_H
#define LRUN_EXTENSIONS_API_H

#include "lambda/invocation.h"
#include "lambda/limits.h"
#include "lambda/routes.h"

enum extension_events { ON_INVOKE = 1, ON_SHUTDOWN = 2 };
enum extension_state {
    EXT_STARTED,
    EXT_REGISTERED,
    EXT_READY,
    EXT_RUNNING,
    EXT_INIT_ERROR,
    EXT_EXIT_ERROR,
    EXT_SHUTDOWN_FAILED,
    EXT_EXITED,
    EXT_LAUNCH_ERROR
};
extern const char *const EXTENSION_STATES[]; /* as platform.extension names them */

struct extension {
    char name[256], id[UUID_SIZE];
    bool external;
    enum extension_state state;
    unsigned events;              /* enum extension_events */
    struct http_request *waiting; /* in next */
    bool shutting_down;           /* SHUTDOWN is due, and was not fetched yet */
};

struct extensions_owner {
    void *to;
    void (*on_change)(void *to);                                    /* one registered, or waits for an event */
    void (*on_fatal)(void *to, const char *type, const char *name); /* Extension.InitError, Extension.ExitError */
    const char *function, *handler;
    bool many; /* several invocations at once: nobody may subscribe to INVOKE */
};

struct extensions_api {
    struct extensions_owner owner;
    struct extension at[EXTENSIONS_MAX];
    size_t n;
    bool closed;   /* no more may register */
    bool disabled; /* all routes are 404 */
    int64_t shutdown_deadline_ms;
    const char *shutdown_reason;
};

void extensions_api_init(struct extensions_api *api, const struct extensions_owner *owner);
struct route_table extensions_api_routes(struct extensions_api *api);
void extensions_api_gone(struct extensions_api *api, struct http_request *request); /* its connection ended before the answer */

/* Forgets all of them: the environment starts afresh. */
void extensions_api_reset(struct extensions_api *api);
/* name: of the file in /opt/extensions. NULL: there are EXTENSIONS_MAX already. */
struct extension *extensions_api_expect(struct extensions_api *api, const char *name);

bool extensions_api_registered(const struct extensions_api *api); /* all that are external */
bool extensions_api_ready(const struct extensions_api *api,
                          unsigned events);                     /* those who subscribed to one of them (0: all) wait in next */
bool extensions_api_external(const struct extensions_api *api); /* is there one? */

void extensions_api_invoke(struct extensions_api *api, const struct invocation *inv); /* to all who subscribed to INVOKE and wait */
/* reason: spindown, timeout or failure. */
void extensions_api_shutdown(struct extensions_api *api, const char *reason, int64_t deadline_ms);

/* Finds the caller by its identifier; NULL: the request is answered with the reason. */
struct extension *extensions_api_caller(struct extensions_api *api, struct http_request *r, const char *unknown);

#endif
