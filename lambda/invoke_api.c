/* SPDX-License-Identifier: Apache-2.0 */
/* invoke_api.c: the Invoke API's requests: checking them in AWS's order, and AWS's texts for each refusal. Which pool runs the
 * function, and what the answer carries, is launcher/serve/serve_invoke.c's.
 *   name and qualifier  ->  kind and log type  ->  client context  ->  payload
 * A request is refused for the first that is wrong. Texts are AWS's ([AWS]) but those marked: the SDKs raise exceptions by
 * x-amzn-ErrorType and show the message. Values that become headers for the runtime (qualifier, context) may not hold a line end. */
#include "lambda/invoke_api.h"

#include "base/base64.h"
#include "base/json.h"
#include "base/json_scan.h"
#include "base/own.h"
#include "lambda/routes.h"
#include "lambda/tenant.h"

#include <regex.h>
#include <string.h>
#include <strings.h>

#define PATTERN \
    "(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:)?(\\d{12}:)?(function:)?([a-zA-Z0-9-_\\.]+)(" \
    ":(\\$LATEST(\\.PUBLISHED)?|[a-zA-Z0-9-_]+))?"
/* The same pattern in POSIX syntax. */
static const char NAME_REGEX[] =
    "^(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-[0-9]:)?([0-9]{12}:)?(function:)?([a-zA-Z0-9_.-]+)"
    "(:([$]LATEST([.]PUBLISHED)?|[a-zA-Z0-9_-]+))?$";
enum { GROUP_REGION = 3, GROUP_NAME = 11, GROUP_QUALIFIER = 13, GROUPS = 15, NAME_MAX_LENGTH = 170 };

#define ONE "1 validation error detected: "
/* [AWS] texts but those marked: service, path and method have no equal there. */
const struct invoke_error_row INVOKE_ERROR_ROWS[INVOKE_ERRORS] = {
    [ERROR_NOT_FOUND] = {404, "ResourceNotFoundException", "User", "Message", NULL, "Function not found: %s"},
    [ERROR_OTHER_REGION] = {404, "ResourceNotFoundException", "User", "Message", NULL, "Functions from %s"},
    [ERROR_BAD_NAME] =
        {400, "ValidationException", NULL, "message", NULL,
         ONE "Value '%s' at 'functionName' failed to satisfy constraint: Member must satisfy regular expression pattern: " PATTERN},
    [ERROR_QUALIFIER] = {400, "InvalidParameterValueException", "User", "message", NULL,
                         "The derived qualifier from the function name does not match the specified qualifier."},
    [ERROR_QUALIFIER_LONG] = {400, "ValidationException", NULL, "message", NULL,
                              ONE "Value '%s' at 'qualifier' failed to satisfy constraint: " QUALIFIER_LONG_TEXT},
    [ERROR_QUALIFIER_PATTERN] = {400, "ValidationException", NULL, "message", NULL,
                                 ONE "Value '%s' at 'qualifier' failed to satisfy constraint: Member must satisfy regular expression "
                                     "pattern: " QUALIFIER_PATTERN},
    [ERROR_BAD_JSON] = {400, "InvalidRequestContentException", "User", "message", NULL,
                        "Could not parse request body into json: Could not parse payload into json: %s"},
    [ERROR_BAD_KIND] = {400, "ValidationException", NULL, "message", NULL,
                        ONE "Value '%s' at 'invocationType' failed to satisfy constraint: Member must satisfy enum value set: [Event, "
                            "RequestResponse, DryRun]"},
    [ERROR_BAD_LOG_TYPE] = {400, "ValidationException", NULL, "message", NULL,
                            ONE "Value '%s' at 'logType' failed to satisfy constraint: Member must satisfy enum value set: [None, Tail]"},
    [ERROR_BAD_CONTEXT] = {400, "InvalidRequestContentException", "User", "message", NULL, CLIENT_CONTEXT_TEXT},
    [ERROR_TOO_LARGE] = {413, "RequestEntityTooLargeException", "User", "message", NULL, REQUEST_TEXT},
    [ERROR_EVENT_TOO_LARGE] = {413, "RequestEntityTooLargeException", "User", "message", NULL, EVENT_TEXT},
    [ERROR_THROTTLED] = {429, "TooManyRequestsException", "User", "message", "ReservedFunctionConcurrentInvocationLimitExceeded",
                         "Rate Exceeded."},
    [ERROR_THROTTLED_EVENTS] = {429, "TooManyRequestsException", "User", "message", "FunctionInvocationRateLimitExceeded",
                                "Rate Exceeded."},
    [ERROR_SERVICE] = {500, "ServiceException", "Service", "Message", NULL, "%s"},
    [ERROR_TENANT_MISSING] =
        {400, "InvalidParameterValueException", "User", "message", NULL,
         "The invoked function is enabled with tenancy configuration. Add a valid tenant ID in your request and try again."},
    [ERROR_TENANT_UNWANTED] =
        {400, "InvalidParameterValueException", "User", "message", NULL,
         "The invoked function is not enabled with tenancy configuration. Remove the tenant ID from your request and try again."},
    /* Our choice: the form of AWS's errors for other members that the model does not allow. */
    [ERROR_TENANT_LONG] = {400, "ValidationException", NULL, "message", NULL,
                           ONE "Value '%s' at 'tenantId' failed to satisfy constraint: " TENANT_LONG_TEXT},
    [ERROR_TENANT_PATTERN] =
        {400, "ValidationException", NULL, "message", NULL,
         ONE "Value '%s' at 'tenantId' failed to satisfy constraint: Member must satisfy regular expression pattern: " TENANT_ID_PATTERN},
    /* Ours, as the header is. */
    [ERROR_KEEPER] = {400, "InvalidParameterValueException", "User", "message", NULL,
                      "X-Lrun-Environment takes 1 to " DIGITS(TENANT_ID_MAX) " letters, digits, spaces and ._:/=+-@, once"},
    [ERROR_PATH] = {404, "PathNotFoundLocally", "LocalService", "Message", NULL, "PathNotFoundException"}, /* SAM's */
    [ERROR_METHOD] = {405, "MethodNotAllowedLocally", "LocalService", "Message", NULL, "MethodNotAllowedException"},
    [ERROR_CROSS_SITE] = {403, "AccessDeniedException", NULL, "Message", NULL, "%s"}, /* our words: Lambda asks for a signature */
};

static void add_message(const char *form, const char *detail, struct text *out)
{
    const char *mark = strstr(form, "%s");
    if (!mark) {
        text_puts(out, form);
        return;
    }
    text_add(out, form, (size_t)(mark - form));
    text_puts(out, detail ? detail : "");
    text_puts(out, mark + 2);
}

void invoke_refuse(struct http_request *r, enum invoke_error error, const char *detail)
{
    const struct invoke_error_row *row = &INVOKE_ERROR_ROWS[error];
    struct text body = {0}, message = {0}, headers = {0};
    char id[UUID_SIZE];
    random_uuid(id);
    add_message(row->text, detail, &message);
    json_open(&body, '{');
    if (row->reason)
        json_put(&body, "Reason", row->reason);
    if (row->type)
        json_put(&body, "Type", row->type);
    json_put(&body, row->message_key, message.at);
    json_close(&body, '}');
    text_printf(&headers, "Content-Type: application/json\r\nx-amzn-ErrorType: %s\r\nx-amzn-RequestId: %s\r\n%s", row->exception, id,
                error == ERROR_METHOD ? "Allow: POST\r\n" : "");
    http_answer(r, row->status, headers.at, body.at, body.n);
    text_done(&body);
    text_done(&message);
    text_done(&headers);
}

void invoke_done(struct invoke *i)
{
    struct text *all[] = {&i->name, &i->qualifier, &i->payload, &i->client_context};
    for (size_t k = 0; k < COUNT(all); k++)
        text_done(all[k]);
}

static void group(const char *text, const regmatch_t *m, struct text *out)
{
    if (m->rm_so >= 0)
        text_add(out, text + m->rm_so, (size_t)(m->rm_eo - m->rm_so));
}

/* The value of a parameter of the query, decoded; n 0 if it is not there. What cannot be decoded stays as it is. */
static void query_value(const struct http_request *r, const char *name, struct text *out)
{
    size_t length = strlen(name);
    for (const char *c = r->head.query.at; c && *c; c = strchr(c, '&') ? strchr(c, '&') + 1 : NULL)
        if (strncmp(c, name, length) == 0 && c[length] == '=') {
            const char *value = c + length + 1;
            size_t n = strcspn(value, "&");
            if (!route_decode(value, n, out)) {
                out->n = 0;
                text_add(out, value, n);
            }
            return;
        }
}

/* The qualifier becomes part of the ARN, a header for the runtime: a line end in it would begin another header. Returns INVOKE_ERRORS if
 * Lambda's model allows it. */
static enum invoke_error check_qualifier(const struct text *q)
{
    static const char TAKEN[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789$_-";
    if (q->n > QUALIFIER_MAX)
        return ERROR_QUALIFIER_LONG;
    bool good = !q->n || strspn(q->at, TAKEN) == q->n || strcmp(q->at, "$LATEST.PUBLISHED") == 0;
    return good ? INVOKE_ERRORS : ERROR_QUALIFIER_PATTERN;
}

static bool parse_name(struct http_request *r, const char *word, const char *region, struct invoke *ret)
{
    static regex_t regex;
    static bool compiled;
    regmatch_t m[GROUPS];
    struct text whole = {0}, where = {0}, query = {0};
    enum invoke_error error = INVOKE_ERRORS;
    OWN_PTR char *detail = NULL;
    if (!compiled)
        compiled = regcomp(&regex, NAME_REGEX, REG_EXTENDED) == 0;
    text_puts(&whole, "");
    query_value(r, "Qualifier", &query);
    if (!route_decode(word, strlen(word), &whole) || whole.n > NAME_MAX_LENGTH || regexec(&regex, whole.at, GROUPS, m, 0) != 0) {
        error = ERROR_BAD_NAME;
        detail = xstrdup(whole.at);
    } else {
        group(whole.at, &m[GROUP_NAME], &ret->name);
        group(whole.at, &m[GROUP_QUALIFIER], &ret->qualifier);
        group(whole.at, &m[GROUP_REGION], &where);
        if (where.n && (where.n - 1 != strlen(region) || strncmp(where.at, region, where.n - 1) != 0)) {
            error = ERROR_OTHER_REGION;
            detail = xasprintf("'%.*s' are not reachable in this region ('%s')", (int)where.n - 1, where.at, region);
        } else if ((error = check_qualifier(&query)) != INVOKE_ERRORS) {
            detail = xstrdup(query.at);
        } else if (query.n && ret->qualifier.n && strcmp(query.at, ret->qualifier.at) != 0) {
            error = ERROR_QUALIFIER;
        } else if (query.n && !ret->qualifier.n) {
            text_add(&ret->qualifier, query.at, query.n);
        }
    }
    text_done(&whole);
    text_done(&where);
    text_done(&query);
    if (error != INVOKE_ERRORS)
        invoke_refuse(r, error, detail);
    return error == INVOKE_ERRORS;
}

static bool parse_kind(struct http_request *r, struct invoke *ret)
{
    static const char *const KINDS[] = {
        [INVOKE_REQUEST_RESPONSE] = "RequestResponse", [INVOKE_EVENT] = "Event", [INVOKE_DRY_RUN] = "DryRun"};
    const char *kind = http_header(r, "X-Amz-Invocation-Type"), *log = http_header(r, "X-Amz-Log-Type");
    bool found = !kind || !*kind;
    for (size_t i = 0; !found && i < COUNT(KINDS); i++)
        if (strcmp(kind, KINDS[i]) == 0 && !(ret->stream && i == INVOKE_EVENT)) {
            ret->kind = (enum invoke_kind)i;
            found = true;
        }
    if (!found) {
        invoke_refuse(r, ERROR_BAD_KIND, kind);
        return false;
    }
    ret->tail = log && strcmp(log, "Tail") == 0;
    if (log && *log && !ret->tail && strcmp(log, "None") != 0) {
        invoke_refuse(r, ERROR_BAD_LOG_TYPE, log);
        return false;
    }
    return true;
}

/* Its JSON goes to the function in a header: without line ends. */
static bool parse_context(struct http_request *r, struct invoke *ret)
{
    const char *encoded = http_header(r, "X-Amz-Client-Context");
    struct text decoded = {0};
    struct slice top;
    if (!encoded || !*encoded || ret->kind != INVOKE_REQUEST_RESPONSE)
        return true;
    size_t n = strlen(encoded);
    bool good = n <= CLIENT_CONTEXT_MAX && base64_decode(encoded, n, &decoded) && json_read(decoded.at, decoded.n, &top);
    if (good)
        json_squeeze(top, &ret->client_context);
    else
        invoke_refuse(r, ERROR_BAD_CONTEXT, NULL);
    text_done(&decoded);
    return good;
}

static bool parse_payload(struct http_request *r, struct invoke *ret)
{
    char size[24];
    struct text why = {0};
    struct slice top;
    struct json_fault fault;
    snprintf(size, sizeof size, "%ju", (uintmax_t)r->body_size);
    if (r->too_large || (ret->kind == INVOKE_EVENT && r->body_size > EVENT_MAX)) {
        invoke_refuse(r, ret->kind == INVOKE_EVENT ? ERROR_EVENT_TOO_LARGE : ERROR_TOO_LARGE, size);
        return false;
    }
    if (!r->body.n)
        text_puts(&r->body, "{}");
    if (!json_scan(r->body.at, r->body.n, &top, &fault)) {
        json_fault_text(r->body.at, &fault, &why);
        invoke_refuse(r, ERROR_BAD_JSON, why.at);
        text_done(&why);
        return false;
    }
    ret->payload = r->body;
    r->body = (struct text){0};
    return true;
}

bool invoke_parse(struct http_request *r, const char *word, const char *region, struct invoke *ret)
{
    return parse_name(r, word, region, ret) && parse_kind(r, ret) && parse_context(r, ret) && parse_payload(r, ret);
}

/* A proxy may have looked at any of several headers: RFC 9110 makes them one list, and a list is no id. */
static enum tenant_fault check_id(const struct http_request *r, const char *header, const char *id)
{
    unsigned times = 0;
    for (size_t i = 0; i + 1 < r->head.headers.n; i += 2)
        times += strcasecmp(r->head.headers.at[i], header) == 0;
    return times > 1 ? TENANT_BAD_CHARACTER : tenant_check(id);
}

bool invoke_tenant(struct http_request *r, bool per_tenant, const char **ret)
{
    const char *id = http_header(r, "X-Amz-Tenant-Id");
    bool given = id && *id;
    enum tenant_fault fault = given ? check_id(r, "X-Amz-Tenant-Id", id) : TENANT_GOOD;
    *ret = given ? id : NULL;
    if (fault == TENANT_GOOD && given == per_tenant)
        return true;
    invoke_refuse(r,
                  fault == TENANT_TOO_LONG ? ERROR_TENANT_LONG
                  : fault != TENANT_GOOD   ? ERROR_TENANT_PATTERN
                  : given                  ? ERROR_TENANT_UNWANTED
                                           : ERROR_TENANT_MISSING,
                  id);
    return false;
}

bool invoke_keeper(struct http_request *r, const char **ret)
{
    *ret = http_header(r, "X-Lrun-Environment");
    if (!*ret || check_id(r, "X-Lrun-Environment", *ret) == TENANT_GOOD)
        return true;
    invoke_refuse(r, ERROR_KEEPER, NULL);
    return false;
}

/* The Parent of the trace is the function's own segment: the client gets the rest. */
void invoke_ids(const struct invocation *inv, struct text *headers)
{
    const char *parent = strstr(inv->trace, ";Parent="), *rest = parent ? strchr(parent + 1, ';') : NULL;
    text_printf(headers, "x-amzn-RequestId: %s\r\nX-Amzn-Trace-Id: %.*s%s\r\n", inv->id,
                (int)(parent ? parent - inv->trace : (long)strlen(inv->trace)), inv->trace, rest ? rest : "");
}

void invoke_log(const char *tail, size_t n, struct text *headers)
{
    text_puts(headers, "X-Amz-Log-Result: ");
    base64_encode(tail, n, headers);
    text_puts(headers, "\r\n");
}
