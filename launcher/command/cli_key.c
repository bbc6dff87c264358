/* SPDX-License-Identifier: Apache-2.0 */
/* cli_key.c: the part of a job's key that all jobs of a batch share. Every option counts but those of THE LIST, which say how a batch is
 * run and not what its jobs do, so that one which comes later counts too. What an option names counts by its name (a volume, a directory),
 * what lrun has unpacked by its digest, and variables by their values. */
#include "launcher/command/cli_key.h"

#include "base/own.h"
#include "base/version.h"
#include "launcher/command/cli_row.h"

#include <string.h>

static const char *const LIST[] = {"jobs",   "results", "shard",   "files-root",   "cache-dir", "quiet",    "verbose",
                                   "cgroup", "profile", "project", "project-root", "env",       "env-file", "env-vars"};

static void put_text(struct sha256 *s, const char *text)
{
    sha256_add(s, text ? text : "", text ? strlen(text) + 1 : 1);
}

static void put_list(struct sha256 *s, const struct strv *list)
{
    for (size_t i = 0; i < list->n; i++)
        put_text(s, list->at[i]);
    put_text(s, NULL);
}

static bool counts(const struct option_row *row)
{
    for (size_t i = 0; i < COUNT(LIST); i++)
        if (strcmp(row->name, LIST[i]) == 0)
            return false;
    return row->commands & 1u << CMD_BATCH;
}

/* A field's kind is known by what fills it. */
static void put_field(struct sha256 *s, const struct option_row *row, struct request *r)
{
    const void *field = field_of(row, r);
    put_text(s, row->name);
    if (row->flags & REPEATED)
        put_list(s, field);
    else if (!row->arg)
        sha256_add(s, field, sizeof(bool));
    else if (row->set == set_choice || row->set == set_net || row->set == set_credentials || row->set == set_shm)
        sha256_add(s, field, sizeof(int));
    else if (row->set == set_cpus)
        sha256_add(s, field, sizeof(cpu_set_t));
    else if (row->set == set_text || row->set == set_policy || row->set == set_rootfs)
        put_text(s, *(const char *const *)field);
    else
        sha256_add(s, field, sizeof(uint64_t)); /* a number */
}

/* Of an archive its place in the cache, which is named by its digest; of a directory its path. */
static void put_input(struct sha256 *s, const struct inputs *all, const struct input *in)
{
    const bool cached = !in->is_dir && in->source.path && str_begins(in->source.path, all->cache_dir);
    put_text(s, cached ? in->source.path + strlen(all->cache_dir) : in->path);
}

void cli_key_base(const struct request *r, const struct launch *l, struct sha256 *ret)
{
    struct request copy;
    request_copy(r, &copy);
    sha256_begin(ret);
    put_text(ret, "lrun.batch/1");
    for (size_t i = 0; i < ROW_COUNT; i++)
        if (counts(&ROWS[i]))
            put_field(ret, &ROWS[i], &copy);
    put_text(ret, r->doors);
    put_text(ret, r->profile);
    sha256_add(ret, &r->shm_mb, sizeof r->shm_mb);
    put_list(ret, &l->inputs.variables);
    put_list(ret, &l->argv);
    put_text(ret, r->function);
    put_text(ret, l->inputs.image.facts.chain);
    put_input(ret, &l->inputs, &l->inputs.function);
    for (size_t i = 0; i < l->inputs.layer_count; i++)
        put_input(ret, &l->inputs, &l->inputs.layers[i]);
    request_done(&copy);
}
