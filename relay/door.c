/* SPDX-License-Identifier: Apache-2.0 */
/* door.c: the spelling of doors, and where each may lead. A name goes into the sandbox's /etc/hosts, so it has the characters of names
 * only; and it is no number, since the resolver would take 2130706433 and 0x7f.1 for 127.0.0.1. Addresses of
 * names are 127.64.0.1 and on, in the order of the names: sixteen million are the sandbox's own, and 127.0.0.x is the function's. */
#include "relay/door.h"

#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "relay/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#define SPELLING "--net allow=HOST:PORT[/private],..."
enum { SHOWN = 80 /* characters of a wrong door in its message */, ITEM_MAX = DOOR_HOST_MAX + 24 };

socklen_t door_address(const char *address, uint16_t port, struct sockaddr_storage *ret)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    memset(ret, 0, sizeof *ret);
    if (inet_pton(AF_INET, address, &v4.sin_addr) == 1) {
        memcpy(ret, &v4, sizeof v4);
        return sizeof v4;
    }
    if (inet_pton(AF_INET6, address, &v6.sin6_addr) != 1)
        return 0;
    memcpy(ret, &v6, sizeof v6);
    return sizeof v6;
}

bool door_leads_to(const struct door *d, const struct sockaddr *to)
{
    switch (address_kind(to)) {
    case ADDRESS_PUBLIC: return true;
    case ADDRESS_LOOPBACK: return d->literal || d->localhost || d->may_be_private;
    case ADDRESS_PRIVATE: return d->literal || d->may_be_private;
    case ADDRESS_METADATA: return d->literal;
    default: return false;
    }
}

/* The parts of one door: each is cut out of the item. */
struct item {
    char text[ITEM_MAX]; /* as written, for messages */
    char cut[ITEM_MAX];
    char *host, *port, *word;
    bool brackets;
};

static int bad(const struct item *i, struct err *err, const char *why)
{
    return fail_usage(err, "--net allow: '%.*s': %s (" SPELLING ")", SHOWN, i->text, why);
}

static int cut(struct item *i, struct err *err)
{
    i->host = i->cut;
    i->word = strchr(i->cut, '/');
    if (i->word)
        *i->word++ = 0;
    i->port = strrchr(i->cut, ':');
    if (i->cut[0] == '[') {
        char *end = strchr(i->cut, ']');
        if (!end || end[1] != ':')
            return bad(i, err, "an IPv6 address is written [ADDRESS]:PORT");
        *end = 0;
        i->brackets = true;
        i->host = i->cut + 1;
        i->port = end + 1;
    }
    if (!i->port)
        return bad(i, err, "the port is missing");
    *i->port++ = 0;
    if (!i->brackets && strchr(i->host, ':'))
        return bad(i, err, "an IPv6 address is written [ADDRESS]:PORT");
    return 0;
}

static bool is_label(const char *label, size_t n)
{
    enum { LABEL_MAX = 63 };
    for (size_t i = 0; i < n; i++) /* _ too: names of containers have it */
        if (!(label[i] >= 'a' && label[i] <= 'z') && !(label[i] >= '0' && label[i] <= '9') && label[i] != '-' && label[i] != '_')
            return false;
    return n > 0 && n <= LABEL_MAX && label[0] != '-' && label[n - 1] != '-';
}

static bool is_name(const char *host)
{
    struct in_addr number;
    const char *label = host;
    for (const char *end; (end = strchr(label, '.')); label = end + 1)
        if (!is_label(label, (size_t)(end - label)))
            return false;
    return is_label(label, strlen(label)) && !inet_aton(host, &number);
}

static int take_host(struct item *i, struct door *d, struct err *err)
{
    struct sockaddr_storage own;
    size_t n = strlen(i->host);
    if (n > 1 && !i->brackets && i->host[n - 1] == '.') /* a name that ends at the root */
        n--;
    if (n == 0 || n > DOOR_HOST_MAX)
        return bad(i, err, n ? "the host's name is too long" : "the host is missing");
    for (size_t k = 0; k < n; k++)
        d->host[k] = i->host[k] >= 'A' && i->host[k] <= 'Z' ? (char)(i->host[k] + ('a' - 'A')) : i->host[k];
    d->literal = door_address(d->host, d->port, &own) > 0;
    d->localhost = strcmp(d->host, "localhost") == 0;
    if (d->literal ? (own.ss_family == AF_INET6) != i->brackets : i->brackets)
        return bad(i, err, "an IPv6 address is written [ADDRESS]:PORT, all else without brackets");
    if (d->literal && !door_leads_to(d, (const struct sockaddr *)&own))
        return bad(i, err, "this is no host's address");
    if (!d->literal && !is_name(d->host))
        return bad(i, err, "the host is neither a name nor an address in its usual form");
    if (strcmp(d->host, "sandbox") == 0 || strcmp(d->host, "sandbox.localdomain") == 0 || strcmp(d->host, "localhost.localdomain") == 0)
        return bad(i, err, "this name is the sandbox's own");
    return 0;
}

static int take_word(const struct item *i, struct door *d, struct err *err)
{
    if (!i->word)
        return 0;
    if (strcmp(i->word, "udp") == 0)
        return bad(i, err, "only TCP passes");
    if (strcmp(i->word, "private") != 0)
        return bad(i, err, "after the port there can only be /private");
    d->may_be_private = true;
    return 0;
}

/* An address that the sandbox has anyway, or one of the 16 million of its loopback; the same for a host's further ports. */
static void place_inside(struct doors *all, struct door *d, unsigned *names)
{
    const char *inside = d->localhost ? "127.0.0.1" : d->host;
    for (size_t i = 0; i < all->n; i++)
        if (strcmp(all->at[i].host, d->host) == 0)
            inside = all->at[i].inside;
    if (d->literal || inside != d->host)
        snprintf(d->inside, sizeof d->inside, "%.45s", inside);
    else
        snprintf(d->inside, sizeof d->inside, "127.64.0.%u", ++*names);
}

static int check_unlike(const struct doors *all, const struct item *i, const struct door *d, struct err *err)
{
    struct sockaddr_storage a, b;
    socklen_t n = door_address(d->inside, d->port, &a);
    for (size_t k = 0; k < all->n; k++)
        if (door_address(all->at[k].inside, all->at[k].port, &b) == n && memcmp(&a, &b, n) == 0)
            return bad(i, err, "another door has the same address and port inside");
    return 0;
}

static int add(struct doors *all, const char *text, size_t n, unsigned *names, struct err *err)
{
    struct item i = {0};
    struct door d = {0};
    uint64_t port;
    snprintf(i.text, sizeof i.text, "%.*s", (int)(n < ITEM_MAX ? n : ITEM_MAX - 1), text);
    if (n >= ITEM_MAX)
        return bad(&i, err, "the host's name is too long");
    if (all->n == DOORS_MAX)
        return fail_usage(err, "--net allow: more than %d doors", DOORS_MAX);
    memcpy(i.cut, i.text, sizeof i.cut);
    if (cut(&i, err) < 0)
        return -1;
    if (num_parse(i.port, 1, 65535, &port, err) < 0)
        return bad(&i, err, "a port is 1 to 65535");
    d.port = (uint16_t)port;
    if (take_host(&i, &d, err) < 0 || take_word(&i, &d, err) < 0)
        return -1;
    place_inside(all, &d, names);
    if (check_unlike(all, &i, &d, err) < 0)
        return -1;
    all->at[all->n++] = d;
    return 0;
}

int doors_parse(const char *text, struct doors *ret, struct err *err)
{
    unsigned names = 0;
    memset(ret, 0, sizeof *ret);
    for (const char *c = text; c;) {
        const char *end = strchrnul(c, ',');
        if (add(ret, c, (size_t)(end - c), &names, err) < 0)
            return -1;
        c = *end ? end + 1 : NULL;
    }
    return 0;
}
