/* SPDX-License-Identifier: Apache-2.0 */
/* pull_name.c: which names are for skopeo: its transports that are no files of lrun's own kinds. Each launch asks of its FUNCTION. What a
 * name may hold is checked here, since it becomes a word of skopeo's, a line of lrun's log, and a source that the store remembers; whether
 * there is such an image is skopeo's to say (pull.c). */
#include "launcher/launch/pull.h"

#include "base/own.h"

#include <string.h>

#define REF_MOST 480 /* as much as is remembered of a source */

/* Those for files of lrun's own kinds (oci:, docker-archive:) are no different from the file itself. skopeo runs in another directory. */
static const struct {
    char name[20];
    bool path;
} TRANSPORTS[] = {{"docker://", false}, {"docker-daemon:", false}, {"containers-storage:", false},
                  {"dir:", true},       {"ostree:", true},         {"sif:", true}};

static int refuse_name(const char *source, const char *why, struct err *err)
{
    OWN_PTR char *shown = xasprintf("%.200s", source);
    return fail_usage(err, "'%s': %s", str_line(shown), why);
}

static int check_name(const char *source, size_t transport, bool path, struct err *err)
{
    const char *rest = source + transport;
    if (strlen(source) > REF_MOST)
        return refuse_name(source, "the name of an image has at most 480 characters", err);
    for (const char *c = source; *c; c++)
        if (*c <= ' ' || *c >= 0x7f)
            return refuse_name(source, "the name of an image has neither blanks nor other characters than ASCII", err);
    if (path && *rest != '/')
        return refuse_name(source, "expected an absolute path after the colon", err);
    return *rest && *rest != '-' ? 0 : refuse_name(source, "the name of an image is missing", err);
}

bool pull_check(const char *source, struct err *err)
{
    *err = (struct err){0};
    for (size_t i = 0; i < COUNT(TRANSPORTS); i++)
        if (str_begins(source, TRANSPORTS[i].name)) {
            check_name(source, strlen(TRANSPORTS[i].name), TRANSPORTS[i].path, err);
            return true;
        }
    return false;
}
