/* SPDX-License-Identifier: Apache-2.0 */
/* crew.c: the workers, seen from the process that reads the list: started when they are first needed, one job each, and one result for each
 * job whatever becomes of its worker. A worker that dies (the kernel's OOM killer may choose it) fails its job alone, and its
 * place gets another one. Descriptors that belong to the batch (the list, the results, the other workers) are closed in each. */
#include "launcher/batch/batch_parts.h"

#include "base/own.h"
#include "launcher/batch/result.h"
#include "launcher/launch/exit_status.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

int crew_start(struct batch *b, struct hand *h, struct err *err)
{
    const struct batch_spec *spec = b->spec;
    if (h->socket >= 0)
        return 0;
    const size_t at = (size_t)(h - b->hands);
    enum { OWN = 4 };
    int *others = xcalloc(OWN + b->hand_count, sizeof *others);
    size_t n = 0;
    others[n++] = b->lines->fd;
    others[n++] = b->journal->fd;
    others[n++] = b->signals;
    others[n++] = spec->files_root;
    for (size_t i = 0; i < b->hand_count; i++)
        others[n++] = b->hands[i].socket;
    h->pid = worker_start(&spec->worker, spec->cgroups ? &spec->cgroups[at] : NULL, others, n, &h->socket, err);
    free(others);
    return h->pid < 0 ? -1 : 0;
}

static void put_down(struct batch *b, struct hand *h)
{
    text_done(&h->answer);
    free(h->id);
    h->id = NULL;
    b->running -= !h->over;
    h->busy = h->over = false;
    b->busy--;
}

static int count(struct batch *b, enum outcome outcome, const char *line, size_t n, struct err *err)
{
    if (journal_add(b->journal, line, n, err) < 0)
        return -1;
    struct batch_counts *c = b->counts;
    ++*(outcome == OUTCOME_GOOD ? &c->good : outcome == OUTCOME_BAD ? &c->bad : &c->lrun_failed);
    return 0;
}

static void bury(struct hand *h)
{
    own_close(&h->socket);
    while (waitpid(h->pid, NULL, 0) < 0 && errno == EINTR)
        ;
}

/* Its worker is gone: what is known of the job is that it has no result. */
static int give_up(struct batch *b, struct hand *h, struct err *err)
{
    struct err why;
    struct text line = {0};
    const struct report report = {.reason = BECAUSE_LRUN_FAILED};
    const struct result r = {.key = h->key, .id = h->id, .line = h->line, .report = &report, .exit = EXIT_LRUN, .err = &why};
    fail(&why, 0, NULL, "run the job: the process that ran it was killed");
    bury(h);
    result_put(&r, &line);
    int status = count(b, OUTCOME_LRUN_FAILED, line.at, line.n, err);
    text_done(&line);
    put_down(b, h);
    return status;
}

int crew_give(struct batch *b, struct hand *h, struct order *o, const char *line, struct job *j, struct err *err)
{
    h->busy = true;
    b->busy++;
    b->running++;
    h->line = o->line;
    memcpy(h->key, o->key, sizeof h->key);
    h->id = take_ptr(&j->id);
    if (order_send(h->socket, o, line, j) == 0)
        return 0;
    bury(h); /* it died while it had no job: that is no fault of this one, which another worker takes */
    if (crew_start(b, h, err) < 0)
        return -1;
    return order_send(h->socket, o, line, j) < 0 ? give_up(b, h, err) : 0;
}

int crew_hear(struct batch *b, struct hand *h, struct err *err)
{
    struct answer head;
    enum { PIECE = 65536 };
    text_room(&h->answer, PIECE);
    ssize_t n = recv(h->socket, h->answer.at + h->answer.n, PIECE, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (n <= 0)
        return give_up(b, h, err);
    h->answer.n += (size_t)n;
    if (h->answer.n < sizeof head)
        return 0;
    memcpy(&head, h->answer.at, sizeof head);
    if (head.outcome == OUTCOME_OVER && !h->over) {
        h->over = true;
        b->running--;
        h->answer.n -= sizeof head;
        memmove(h->answer.at, h->answer.at + sizeof head, h->answer.n);
        if (h->answer.n < sizeof head)
            return 0;
        memcpy(&head, h->answer.at, sizeof head);
    }
    if (h->answer.n < sizeof head + head.n)
        return 0;
    int status = count(b, head.outcome, h->answer.at + sizeof head, head.n, err);
    put_down(b, h);
    return status;
}

void crew_done(struct batch *b, bool kill_all)
{
    for (size_t i = 0; i < b->hand_count; i++) {
        struct hand *h = &b->hands[i];
        if (h->socket < 0)
            continue;
        if (kill_all)
            kill(h->pid, SIGKILL);
        own_close(&h->socket);
    }
    for (size_t i = 0; i < b->hand_count; i++) {
        struct hand *h = &b->hands[i];
        while (h->pid > 0 && waitpid(h->pid, NULL, 0) < 0 && errno == EINTR)
            ;
        if (h->busy)
            put_down(b, h);
    }
    free(b->hands);
    b->hands = NULL;
}
