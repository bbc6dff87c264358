/* SPDX-License-Identifier: Apache-2.0 */
/* conditions.c: the section Conditions, each evaluated once and only if it is asked for; Fn::If, Fn::And, Fn::Or, Fn::Not, Fn::Equals.
 * An operand that cannot be resolved matters only where it decides: CloudFormation would refuse the whole stack, but here one function
 * is run, and what it does not need is not asked of its user. A condition that refers to itself is refused by name. */
#include "project/values_parts.h"

#include <string.h>

enum { OPERANDS_MAX = 10 }; /* of Fn::And and Fn::Or, as in CloudFormation */

struct scope_condition {
    const char *name;
    int value; /* 1, 0, -1: why says why not, -2: being evaluated */
    struct refusal why;
    struct scope_condition *next;
};

static int decide(struct scope *s, const struct node *v, struct refusal *why);

/* Both resolved: CloudFormation compares texts; lists are compared item by item. */
static bool equal(const struct node *a, const struct node *b)
{
    const char *x = node_text(a), *y = node_text(b);
    if (x || y)
        return x && y && strcmp(x, y) == 0;
    if (a->kind != b->kind || a->n != b->n)
        return false;
    for (size_t i = 0; i < a->n; i++)
        if (a->kind == NODE_LIST ? !equal(a->items[i], b->items[i])
                                 : strcmp(a->members[i].name, b->members[i].name) != 0 || !equal(a->members[i].value, b->members[i].value))
            return false;
    return true;
}

static int decide_equals(struct scope *s, const struct node *arg, struct refusal *why)
{
    if (arg->kind != NODE_LIST || arg->n != 2) {
        value_refuse(s, why, arg, NULL, "Fn::Equals takes a list of 2");
        return -1;
    }
    const struct node *a = value_eval(s, arg->items[0], why), *b = a ? value_eval(s, arg->items[1], why) : NULL;
    return b ? equal(a, b) : -1;
}

/* Stops at the first that decides, so that an operand that cannot be resolved matters only where it does. */
static int decide_all(struct scope *s, const char *name, const struct node *arg, struct refusal *why)
{
    int stop = strcmp(name, "Fn::Or") == 0;
    if (arg->kind != NODE_LIST || arg->n < 2 || arg->n > OPERANDS_MAX) {
        value_refuse(s, why, arg, NULL, "%s takes a list of 2 to %d", name, OPERANDS_MAX);
        return -1;
    }
    for (size_t i = 0; i < arg->n; i++) {
        int one = decide(s, arg->items[i], why);
        if (one < 0 || one == stop)
            return one;
    }
    return !stop;
}

static int decide_not(struct scope *s, const struct node *arg, struct refusal *why)
{
    if (arg->kind != NODE_LIST || arg->n != 1) {
        value_refuse(s, why, arg, NULL, "Fn::Not takes a list of 1");
        return -1;
    }
    int one = decide(s, arg->items[0], why);
    return one < 0 ? -1 : !one;
}

static int decide_function(struct scope *s, const char *name, const struct node *arg, struct refusal *why)
{
    if (strcmp(name, "Fn::Equals") == 0)
        return decide_equals(s, arg, why);
    if (strcmp(name, "Fn::Not") == 0)
        return decide_not(s, arg, why);
    if (strcmp(name, "Fn::And") == 0 || strcmp(name, "Fn::Or") == 0)
        return decide_all(s, name, arg, why);
    value_refuse(s, why, arg, NULL, "a condition consists of Condition, Fn::Equals, Fn::And, Fn::Or and Fn::Not, not of %s", name);
    return -1;
}

static int decide_kind(struct scope *s, const struct node *v, struct refusal *why)
{
    const char *name = NULL, *text = node_text(v);
    const struct node *arg = NULL;
    if (value_is_function(v, &name, &arg))
        return decide_function(s, name, arg, why);
    if (v->kind == NODE_MAP && v->n == 1 && strcmp(v->members[0].name, "Condition") == 0 && node_text(v->members[0].value))
        return value_condition(s, node_text(v->members[0].value), why);
    if (text && (strcmp(text, "true") == 0 || strcmp(text, "false") == 0))
        return text[0] == 't';
    value_refuse(s, why, v, NULL, "it is no condition");
    return -1;
}

static int decide(struct scope *s, const struct node *v, struct refusal *why)
{
    struct scope *top = scope_top(s);
    if (++top->steps > VALUE_STEPS_MAX || top->depth >= VALUE_DEPTH_MAX) {
        value_refuse(s, why, v, NULL, "the conditions take too many steps to resolve");
        return -1;
    }
    top->depth++;
    int ret = decide_kind(s, v, why);
    top->depth--;
    return ret;
}

int value_condition(struct scope *s, const char *name, struct refusal *why)
{
    const struct node *v = node_at(s->top, "Conditions", name, NULL);
    for (struct scope_condition *c = s->conditions; c; c = c->next)
        if (strcmp(c->name, name) == 0) {
            if (c->value == -2)
                value_refuse(s, why, v, NULL, "condition %s refers to itself", name);
            else
                *why = c->why;
            return c->value < 0 ? -1 : c->value;
        }
    *why = (struct refusal){0};
    if (!v) {
        value_refuse(s, why, NULL, NULL, "the template has no condition %s", name);
        return -1;
    }
    struct scope_condition *c = arena_zeroed(s->arena, 1, sizeof(*c));
    *c = (struct scope_condition){.name = name, .value = -2, .next = s->conditions};
    s->conditions = c;
    c->value = decide(s, v, why);
    if (c->value < 0)
        why->what = arena_printf(s->arena, "condition %s: %s", name, why->what);
    c->why = *why;
    return c->value;
}

const struct node *value_decide(struct scope *s, const char *name, const struct node *arg, struct refusal *why)
{
    int ret = decide_function(s, name, arg, why);
    if (ret < 0)
        return NULL;
    struct node *made = node_new(s->arena, NODE_BOOL, arg);
    made->text = ret ? "true" : "false";
    made->length = strlen(made->text);
    return made;
}

/* The branch that holds, not resolved. */
static const struct node *branch(struct scope *s, const struct node *arg, struct refusal *why)
{
    const char *name = arg->kind == NODE_LIST && arg->n == 3 ? node_text(arg->items[0]) : NULL;
    if (!name)
        return value_refuse(s, why, arg, NULL, "Fn::If takes a condition's name and two values");
    int holds = value_condition(s, name, why);
    if (holds < 0 && !why->line) {
        why->line = arg->line;
        why->source = arg->source ? arg->source : s->file;
    }
    return holds < 0 ? NULL : arg->items[holds ? 1 : 2];
}

const struct node *value_if(struct scope *s, const char *name, const struct node *arg, struct refusal *why)
{
    (void)name;
    const struct node *chosen = branch(s, arg, why);
    return chosen ? value_eval(s, chosen, why) : NULL;
}

const struct node *value_chosen(struct scope *s, const struct node *v, struct refusal *why)
{
    const char *name = NULL;
    const struct node *arg = NULL;
    *why = (struct refusal){0};
    for (unsigned i = 0; v && value_is_function(v, &name, &arg); i++) {
        if (node_is(arg, "AWS::NoValue") && strcmp(name, "Ref") == 0)
            return NULL;
        if (strcmp(name, "Fn::If") != 0)
            break;
        if (i == VALUE_DEPTH_MAX) /* aliases can make no circle, but no reader has to trust in that */
            return value_refuse(s, why, v, NULL, "it is nested too deeply");
        v = branch(s, arg, why);
    }
    return v;
}

int scope_made(struct scope *s, const struct node *resource, struct refusal *why)
{
    *why = (struct refusal){0};
    const struct node *condition = node_find(resource, "Condition");
    if (!condition)
        return 1;
    const char *name = node_text(condition);
    if (!name) {
        value_refuse(s, why, condition, NULL, "Condition is not a condition's name");
        return -1;
    }
    int made = value_condition(s, name, why);
    if (made < 0 && !why->line) {
        why->line = condition->line;
        why->source = condition->source;
    }
    return made;
}
