/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/environment/share_watch.h"

#define WORTH_MS 100
#define MORE 1.2 /* times: less is chance */

void share_watch_begin(struct share_watch *w, double cpu_ms)
{
    w->busy_ms = 0;
    w->cpu_ms = cpu_ms;
}

bool share_watch_due(struct share_watch *w, double busy_ms)
{
    w->busy_ms += busy_ms;
    return w->cpu_ms >= 0 && w->busy_ms >= WORTH_MS;
}

struct share_used share_watch_count(struct share_watch *w, double cpu_ms, double share)
{
    double used = cpu_ms - w->cpu_ms, times = used / (share * w->busy_ms);
    struct share_used ret = {used / w->busy_ms, cpu_ms >= 0 && used >= WORTH_MS && times > MORE ? times : 0};
    share_watch_begin(w, cpu_ms);
    return ret;
}
