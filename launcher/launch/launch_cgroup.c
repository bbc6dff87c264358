/* SPDX-License-Identifier: Apache-2.0 */
/* launch_cgroup.c: the cgroups of a launch's environments, and whose part process 1 takes where they lack it. What a cgroup is:
 * policy/cgroup.c. */
#include "launcher/launch/launch.h"

#include "base/own.h"

/* Root's launch would have to move a process into the cgroup, which costs milliseconds: only with --cgroup. */
int launch_cgroup(const struct launch *l, struct cgroup *ret, struct err *err)
{
    const struct request *r = l->request;
    *ret = (struct cgroup)CGROUP_NONE;
    if (!r->cgroup && (l->identity.from_root || !request_limit_mb(r)))
        return 0;
    return cgroup_make(r->cgroup, request_limit_mb(r), r->tmp_size.value + request_scratch_mb(r), l->identity.uid, ret, err);
}

int launch_cgroups(const struct launch *l, size_t n, struct cgroup **ret, struct err *err)
{
    struct cgroup first;
    *ret = NULL;
    if (launch_cgroup(l, &first, err) < 0)
        return -1;
    if (first.dir < 0)
        return 0;
    *ret = xcalloc(n, sizeof **ret);
    (*ret)[0] = first;
    for (size_t i = 1; i < n; i++)
        (*ret)[i] = (struct cgroup)CGROUP_NONE;
    for (size_t i = 1; i < n; i++)
        if (launch_cgroup(l, &(*ret)[i], err) < 0)
            return -1;
    return 0;
}

void launch_cgroups_done(struct cgroup *cgroups, size_t n)
{
    for (size_t i = 0; cgroups && i < n; i++)
        cgroup_done(&cgroups[i]);
    free(cgroups);
}

int launch_share(const struct launch *l, const struct cgroup *c)
{
    return l->request->cpu == CPU_ENFORCE && !c->cpu ? (int)request_limit_mb(l->request) : 0;
}
