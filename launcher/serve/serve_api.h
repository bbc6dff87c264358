/* SPDX-License-Identifier: Apache-2.0 */
/* serve_api.h: a request to an API on its way: to its authorizer, then to its function. For serve_api*.c only. */
#ifndef LRUN_SERVE_API_H
#define LRUN_SERVE_API_H

#include "lambda/api_authorizer.h"
#include "launcher/serve/server.h"

struct api_ask { /* what is asked; moves from the authorizer's job to the function's */
    struct api_door *door;
    struct api_match match;
    struct text authorizer; /* its result, for the event */
};
void api_ask_done(struct api_ask *a);

struct api_job {
    struct client client; /* first */
    struct api_ask ask;
    struct event *deadline; /* the API's, not the function's: that one goes on, as on AWS */
    struct event *later;
    bool submitted;
    char *tenant;
};

struct api_job *api_job_new(struct api_ask *taken, struct served *f, const struct job_owner *owner, struct http_request *r);
void api_job_free(struct api_job *j);

/* Gives it to its function's pool, with its payload as the event. */
void api_job_submit(struct api_job *j);
/* The same in the loop's next turn: within another job's answer a pool must not be asked. */
void api_job_submit_later(struct api_job *j);

/* Answers the client, if it is still there, with the API's error. */
void api_job_fail(struct api_job *j, enum api_error error);
void api_job_note(const struct api_job *j, const char *whose, const char *why);
void api_place_of(const struct api_door *door, struct api_place *ret);

/* serve_api.c, serve_api_authorizer.c: the two kinds of job. Both take the ask; request: waits for them. */
void api_ask_function(struct api_ask *taken, struct http_request *r, bool later);
void api_ask_authorizer(struct api_ask *taken, struct http_request *r);

#endif
