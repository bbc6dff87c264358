/* SPDX-License-Identifier: Apache-2.0 */
/* request.c: copies of a request, and what several of its options mean together: policy under --debug, the memory limit that applies,
 * the exit status of an error. Filling it from the command line is launcher/command/cli.c's, ranges that depend on another option
 * request_check.c's. A list that is added to struct request must be added here, to lists_of(). */
#include "launcher/launch/request.h"

#include "base/own.h"
#include "launcher/launch/exit_status.h"

#include <string.h>

static void copy_list(struct strv *ret, const struct strv *v)
{
    *ret = (struct strv){0};
    for (size_t i = 0; i < v->n; i++)
        strv_add(ret, xstrdup(v->at[i]));
}

/* Its lists, in one order. */
enum { LISTS = 20 };

static void lists_of(struct request *r, struct strv *ret[LISTS])
{
    struct strv *all[LISTS] = {&r->words,      &r->layers,    &r->env,         &r->env_files,     &r->events,
                               &r->volumes,    &r->urls,      &r->allow_hosts, &r->allow_origins, &r->parameters,
                               &r->imports,    &r->allow_env, &r->part.env,    &r->part.names,    &r->sets,
                               &r->layer_maps, &r->apis,      &r->debug_ports, &r->runtimes,      &r->filters};
    memcpy(ret, all, sizeof all);
}

void request_copy(const struct request *r, struct request *ret)
{
    struct strv *from[LISTS], *to[LISTS];
    *ret = *r;
    ret->owned = (struct strv){0};
    lists_of((struct request *)(uintptr_t)r, from);
    lists_of(ret, to);
    for (size_t i = 0; i < LISTS; i++)
        copy_list(to[i], from[i]);
}

void request_done(struct request *r)
{
    struct strv *lists[LISTS];
    lists_of(r, lists);
    for (size_t i = 0; i < LISTS; i++)
        strv_done(lists[i]);
    strv_done(&r->owned);
}

int request_exit(const struct request *r, const struct err *err)
{
    return err->exit ? err->exit : err->usage ? r->kind->usage_exit : EXIT_LRUN;
}

const char *request_policy(const struct request *r)
{
    return r->debug && strcmp(r->seccomp, "lambda") == 0 ? "lambda-debug" : r->seccomp;
}

uint64_t request_limit_mb(const struct request *r)
{
    return !r->debug && (r->kind->limited_by_preset || r->memory.set) ? r->memory.value : 0;
}

uint64_t request_scratch_mb(const struct request *r)
{
    return !r->scratch ? 0 : r->scratch_size.set ? r->scratch_size.value : r->tmp_size.value;
}

uint64_t request_out_mb(const struct request *r)
{
    return r->out_size.set ? r->out_size.value : r->tmp_size.value;
}

bool request_per_tenant(const struct request *r)
{
    return r->tenancy == TENANCY_PER_TENANT;
}
