/* SPDX-License-Identifier: Apache-2.0 */
/* api_policy.c: what an authorizer answered: a policy, or isAuthorized of a simple response. A statement that denies wins over those that
 * allow, in any order; without one that allows, the request is denied. Resource and Action have * and ?. Conditions are not evaluated: a
 * statement with one allows nothing, and denies as if it were met (our choice: what lrun cannot judge must not open a door).
 *
 * The context goes into the event value by value, as it is spelled: REST makes texts of numbers and booleans [DOC] and takes no
 * object or array; 2.0 has it under "lambda", unchanged. */
#include "lambda/api_authorizer.h"

#include "base/json.h"
#include "base/own.h"

#include <ctype.h>
#include <string.h>

static bool is_same(char a, char b, bool any_case)
{
    return a == b || (any_case && tolower((unsigned char)a) == tolower((unsigned char)b));
}

/* Linear in text for each *: only the last one seen is gone back to. */
static bool glob(const char *pattern, const char *text, bool any_case)
{
    const char *star = NULL, *again = text;
    while (*text) {
        if (*pattern == '*') {
            star = pattern++;
            again = text;
        } else if (*pattern && (*pattern == '?' || is_same(*pattern, *text, any_case))) {
            pattern++, text++;
        } else if (star) {
            pattern = star + 1;
            text = ++again;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return !*pattern;
}

/* A string, or an array of which one fits. */
static bool any_fits(struct slice v, const char *text, bool any_case)
{
    struct slice none, one;
    OWN_PTR char *pattern = json_shape(v) == SHAPE_STRING ? json_plain(v) : NULL;
    if (pattern)
        return glob(pattern, text, any_case);
    for (struct json_walk w = json_walk_as(v, SHAPE_ARRAY); json_next(&w, &none, &one);) {
        OWN_PTR char *each = json_shape(one) == SHAPE_STRING ? json_plain(one) : NULL;
        if (each && glob(each, text, any_case))
            return true;
    }
    return false;
}

struct judgement {
    bool allowed, denied;
};

static void judge(struct slice statement, const char *arn, struct judgement *j)
{
    struct slice effect = json_find(statement, "Effect");
    if (!any_fits(json_find(statement, "Action"), "execute-api:Invoke", true) || !any_fits(json_find(statement, "Resource"), arn, false))
        return;
    j->allowed = j->allowed || (json_is(effect, "Allow") && !json_find(statement, "Condition").n);
    j->denied = j->denied || json_is(effect, "Deny");
}

static enum api_verdict judge_policy(struct slice policy, const char *arn, const char **why)
{
    struct slice none, one, statements = json_find(policy, "Statement");
    struct judgement j = {false, false};
    *why = "its policyDocument has no Statement";
    if (json_shape(statements) != SHAPE_ARRAY && json_shape(statements) != SHAPE_OBJECT)
        return VERDICT_UNUSABLE;
    if (json_shape(statements) == SHAPE_OBJECT)
        judge(statements, arn, &j);
    for (struct json_walk w = json_walk_as(statements, SHAPE_ARRAY); json_next(&w, &none, &one);)
        judge(one, arn, &j);
    return j.denied ? VERDICT_DENIED_EXPLICITLY : j.allowed ? VERDICT_ALLOWED : VERDICT_DENIED;
}

/* ---- the context ---- */

/* Format 1.0: members of one object, beside principalId. False: a value has a type that REST APIs do not take. */
static bool put_flat(struct slice context, struct slice principal, bool rest, struct text *out)
{
    struct json_member *all = NULL;
    size_t n = json_members(context, &all);
    bool good = true;
    for (size_t i = 0; i < n && good; i++) {
        enum json_shape shape = json_shape(all[i].value);
        if (json_is(all[i].key, "principalId"))
            continue;
        text_puts(out, out->at[out->n - 1] == '{' ? "" : ",");
        json_squeeze(all[i].key, out);
        text_puts(out, ":");
        bool quoted = rest && (shape == SHAPE_NUMBER || shape == SHAPE_TRUE || shape == SHAPE_FALSE);
        text_puts(out, quoted ? "\"" : "");
        json_squeeze(all[i].value, out);
        text_puts(out, quoted ? "\"" : "");
        good = !rest || (shape != SHAPE_OBJECT && shape != SHAPE_ARRAY);
    }
    free(all);
    if (principal.n) {
        text_puts(out, out->at[out->n - 1] == '{' ? "" : ",");
        text_puts(out, "\"principalId\":");
        json_squeeze(principal, out);
    }
    return good;
}

static bool put_context(const struct api_match *m, struct slice top, struct text *out, const char **why)
{
    struct slice context = json_find(top, "context");
    enum json_shape shape = json_shape(context);
    *why = "its context is not an object";
    if (shape != SHAPE_OBJECT && shape != SHAPE_NONE && shape != SHAPE_NULL)
        return false;
    *why = "its context has an object or an array, which REST APIs do not take";
    if (m->route->format_2) {
        text_puts(out, "\"authorizer\":{\"lambda\":");
        if (shape == SHAPE_OBJECT)
            json_squeeze(context, out);
        else
            text_puts(out, "{}");
        text_puts(out, "}");
        return true;
    }
    text_puts(out, "\"authorizer\":{");
    bool good = put_flat(context, json_find(top, "principalId"), m->api->type == API_REST, out);
    text_puts(out, "}");
    return good;
}

enum api_verdict api_verdict(const struct api_match *m, const struct api_authorizer *a, const char *arn, const char *payload, size_t n,
                             struct text *ret_context, const char **why)
{
    struct slice top;
    enum api_verdict verdict;
    *why = "it is not an object";
    if (!json_read(payload, n, &top) || json_shape(top) != SHAPE_OBJECT)
        return VERDICT_UNUSABLE;
    if (a->simple && a->format_2) {
        enum json_shape shape = json_shape(json_find(top, "isAuthorized"));
        *why = "its isAuthorized is neither true nor false";
        verdict = shape == SHAPE_TRUE ? VERDICT_ALLOWED : shape == SHAPE_FALSE ? VERDICT_DENIED : VERDICT_UNUSABLE;
    } else {
        *why = "it has no principalId";
        bool named = json_shape(json_find(top, "principalId")) == SHAPE_STRING;
        verdict = named || m->api->type == API_HTTP ? judge_policy(json_find(top, "policyDocument"), arn, why) : VERDICT_UNUSABLE;
    }
    if (verdict == VERDICT_ALLOWED && !put_context(m, top, ret_context, why))
        return VERDICT_UNUSABLE;
    return verdict;
}

/* [?] as AWS's examples raise it. */
enum api_verdict api_verdict_of_error(const struct api *api, const char *payload, size_t n)
{
    struct slice top;
    if (api->type == API_REST && json_read(payload, n, &top) && json_is(json_find(top, "errorMessage"), "Unauthorized"))
        return VERDICT_UNAUTHORIZED;
    return VERDICT_UNUSABLE;
}
