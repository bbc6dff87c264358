/* SPDX-License-Identifier: Apache-2.0 */
/* environment_tell.c: writes a statement on an environment: as a line of its log, as an event of its telemetry, as a note of
 * lrun's. environment_report.c alone calls it, and decides what is said and when; nothing here changes anything or calls back. The
 * lines' form is lambda/events.c's, where they go log.c's. */
#include "launcher/environment/environment_parts.h"

#include <stdarg.h>
#include <stdio.h>

const char *environment_request_id(const struct environment *e)
{
    return e->call_count ? e->calls[0]->invocation.id : "";
}

void environment_label(struct environment *e, const struct call *c)
{
    const struct request *r = e->launch->request;
    e->log.prefix[0] = 0;
    if (e->label && r->log_format != FORMAT_JSON)
        snprintf(e->log.prefix, sizeof e->log.prefix, c && e->capacity == 1 ? "[%s %s] " : "[%s] ", e->label, c ? c->invocation.id : "");
}

void environment_note(struct environment *e, const char *format, ...)
{
    char text[1024];
    va_list ap;
    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    if (e->log.kept) {
        struct text line = {0};
        text_printf(&line, "lrun: %s\n", str_line(text));
        log_note(&e->log, &line);
        text_done(&line);
        return;
    }
    launch_note(e->launch, "%s%s%s", e->label ? e->label : "", e->label ? ": " : "", text);
}

void environment_on_line(void *to, enum log_source source, const char *line, size_t n)
{
    struct environment *e = to;
    if (n)
        telemetry_line(e->telemetry, source == LOG_EXTENSION ? TYPE_EXTENSION : TYPE_FUNCTION, line, n,
                       e->launch->request->log_format == FORMAT_JSON);
}

void environment_tell(struct environment *e, const struct call *c, struct event event)
{
    struct text line = {0};
    bool shown = !event_is_debug(&event);
    if (!shown && !telemetry_wants(e->telemetry, TYPE_PLATFORM))
        return;
    event.time_ms = clock_epoch_ms();
    event.request_id = c ? c->invocation.id : environment_request_id(e);
    event.trace = c ? c->invocation.trace : NULL;
    event.memory_mb = e->launch->request->memory.value;
    if (shown) {
        if (e->launch->request->log_format == FORMAT_JSON) {
            event_json(&event, FORM_TELEMETRY, &line);
            if (line.n)
                text_puts(&line, "\n");
        } else {
            event_text(&event, &line);
        }
    }
    if (event.type != EVENT_REPORT) /* that one follows END at once */
        log_drain(&e->log);
    log_platform(&e->log, &line, !e->launch->request->quiet);
    telemetry_event(e->telemetry, &event);
    text_done(&line);
}

const char *environment_tail(struct environment *e, size_t *ret_n)
{
    const struct text *tail = &e->log.tail;
    *ret_n = tail->n > LOG_TAIL ? LOG_TAIL : tail->n;
    return tail->n ? tail->at + tail->n - *ret_n : "";
}
