/* SPDX-License-Identifier: Apache-2.0 */
/* pull.h: images from registries and from other tools' stores, fetched by skopeo: only those that the command line names.
 *
 *   1. pull_check()      is it such a name, and a proper one
 *   2. pull_prepare()    root opens its own files for skopeo; before identity_take()
 *   3. pull_fetch()      into a temporary directory of the cache or store, which is locked and removed in 4, or, if lrun is killed, by the
 *                        next lrun's sweep. From here on SIGINT, SIGTERM and SIGHUP end skopeo, and lrun in 4.
 *   4. pull_done() */
#ifndef LRUN_PULL_H
#define LRUN_PULL_H

#include "base/str.h"
#include "cache/cache.h"
#include "launcher/launch/identity.h"
#include "launcher/launch/outside.h"

enum pull_file { PULL_AUTH, PULL_POLICY, PULL_REGISTRIES, PULL_FILES };

struct pull {
    const char *ref;                               /* "docker://public.ecr.aws/lambda/python:3.13", as it was named */
    bool insecure, quiet;                          /* insecure: a registry without TLS, or with a certificate that nobody vouches for */
    bool (*is_here)(void *to, const char *config); /* asked before anything of a registry's image is copied: true: copy nothing; NULL */
    void *to;
    bool indexed;          /* an index led to the image */
    bool left;             /* is_here was true: there is no dir to read */
    bool from_root;        /* the rest is pull's own */
    int files[PULL_FILES]; /* copies of root's, or -1 */
    char name[64];         /* of the directory, below the cache's */
    int dir;               /* it, or -1; an OCI layout with one image when pull_fetch() is done */
    struct outside outside;
};
// clang-format off
#define PULL_NONE {.files = {-1, -1, -1}, .dir = -1, .outside = OUTSIDE_NONE}
// clang-format on

/* True: it is for skopeo. With err.usage set: it is, but names nothing that skopeo could take. */
bool pull_check(const char *source, struct err *err);

int pull_prepare(struct pull *p, const struct identity *id, struct err *err);

/* architecture: in Go's words. Says what is fetched, and how much of it. To be called as the uid that c belongs to. */
int pull_fetch(struct pull *p, struct cache *c, const char *architecture, struct err *err);

/* Whether a signal came since. */
bool pull_stopped(struct pull *p);

/* c: as above; its dir may be -1 if nothing was fetched. Does not return if a signal came that ends lrun. */
void pull_done(struct pull *p, struct cache *c);

/* ---- For pull*.c only ---- */

struct pull_job {
    const char *const *words; /* skopeo's, after its global options; NULL at their end */
    const char *architecture;
    uint64_t largest;                                    /* bytes of a file that it may write */
    void (*said)(void *to, const char *bytes, size_t n); /* called with each piece of its output */
    void (*wait)(void *to);                              /* called several times a second, or NULL */
    void *to;
};

/* Runs it in the pull's directory. -1 with an err in skopeo's words and a remedy. */
int pull_run(struct pull *p, const struct pull_job *job, struct err *err);

struct pull_size {
    char digest[72]; /* of an index: "sha256:..." of the manifest for this architecture; else "" */
    uint64_t bytes;  /* of layers and config, compressed */
    unsigned layers;
    char config[DIGEST_HEX + 1]; /* SHA-256 of the config; "" of an index */
};

/* Reads a manifest or an index as a registry sent it: hostile bytes. */
int pull_read_manifest(const char *ref, const struct text *raw, const char *architecture, struct pull_size *ret, struct err *err);

#endif
