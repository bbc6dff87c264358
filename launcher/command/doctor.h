/* SPDX-License-Identifier: Apache-2.0 */
/* doctor.h: what lrun doctor tries. Each probe runs in a child process of its own: it may change the identity and leave things open. It
 * fills note, or fails with err. For cmd_doctor.c, doctor_host.c, doctor_launch.c and doctor_archives.c only. */
#ifndef LRUN_DOCTOR_H
#define LRUN_DOCTOR_H

#include "launcher/launch/request.h"

struct doctor {
    const struct request *request;
    char dir[32];    /* in it: f, an empty function; a and b, empty layers; the files of doctor_write() */
    char *function;  /* dir/f */
    char unique[64]; /* the content of f.zip and the others: no cache has it yet */
};

enum status { STATUS_OK, STATUS_FAILED, STATUS_ABSENT /* lrun works without */ };

struct finding {
    enum status status;
    struct err err;
    char note[256];
};

/* doctor_host.c: what is here. */
int probe_kernel(const struct doctor *d, struct finding *f);
int probe_container(const struct doctor *d, struct finding *f);
int probe_helpers(const struct doctor *d, struct finding *f);
int probe_cgroup(const struct doctor *d, struct finding *f);
int probe_landlock(const struct doctor *d, struct finding *f);
int probe_runtimes(const struct doctor *d, struct finding *f);

/* doctor_launch.c: parts of a launch, tried. */
int probe_cache(const struct doctor *d, struct finding *f);
int probe_sandbox(const struct doctor *d, struct finding *f);
int probe_unpack(const struct doctor *d, struct finding *f);
int probe_root(const struct doctor *d, struct finding *f);
int probe_network(const struct doctor *d, struct finding *f);
int probe_relay(const struct doctor *d, struct finding *f);
int probe_policy(const struct doctor *d, struct finding *f);
int probe_project(const struct doctor *d, struct finding *f);
int probe_python(const struct doctor *d, struct finding *f);
int probe_node(const struct doctor *d, struct finding *f);

/* doctor_archives.c: f.zip, f.tar (a root file system), f.image (as docker save makes them), policy.json, template.yaml. */
#define DOCTOR_ZIP "f.zip"
#define DOCTOR_TAR "f.tar"
#define DOCTOR_IMAGE "f.image"
#define DOCTOR_POLICY "policy.json"
#define DOCTOR_TEMPLATE "template.yaml"
#define DOCTOR_FILE "lrun-doctor" /* what each of them holds: a file of that name */

/* The bytes of one of these files. */
void doctor_archive(const struct doctor *d, const char *name, struct text *ret);

#endif
