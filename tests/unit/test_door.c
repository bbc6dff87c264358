/* SPDX-License-Identifier: Apache-2.0 */
/* How doors are spelled, which address each has inside, and which addresses it leads to. */
#include "base/own.h"
#include "relay/address.h"
#include "relay/door.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static enum address_kind kind_of(const char *address)
{
    struct sockaddr_storage a;
    cr_expect(door_address(address, 1, &a) > 0, "%s", address);
    return address_kind((const struct sockaddr *)&a);
}

Test(address, has_the_kind_of_its_network)
{
    static const struct {
        enum address_kind kind;
        const char *addresses[24];
    } ROWS[] = {
        {ADDRESS_PUBLIC, {"1.1.1.1",         "8.8.8.8",          "9.255.255.255",   "11.0.0.0",      "100.63.255.255",  "100.128.0.0",
                          "126.255.255.255", "128.0.0.0",        "169.253.255.255", "169.255.0.0",   "172.15.255.255",  "172.32.0.0",
                          "192.167.255.255", "192.169.0.0",      "198.17.255.255",  "198.20.0.0",    "223.255.255.255", "2606:4700::1111",
                          "2001:4860::8888", "64:ff9b::808:808", "2002:808:808::1", "::ffff:8.8.8.8"}},
        {ADDRESS_LOOPBACK,
         {"127.0.0.1", "127.0.0.0", "127.255.255.255", "::1", "::ffff:127.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::"}},
        {ADDRESS_PRIVATE, {"10.0.0.0",        "10.255.255.255",  "172.16.0.0",
                           "172.31.255.255",  "192.168.0.0",     "192.168.255.255",
                           "100.64.0.0",      "100.127.255.255", "169.254.0.1",
                           "169.254.255.255", "192.0.0.8",       "198.18.0.0",
                           "198.19.255.255",  "fc00::1",         "fdff::1",
                           "fe80::1",         "febf::1",         "fec0::1",
                           "::ffff:10.0.0.1", "64:ff9b::a00:1",  "64:ff9b:1::808:808",
                           "2002:a00:1::",    "2001::1"}},
        {ADDRESS_METADATA,
         {"169.254.169.254", "169.254.170.2", "169.254.170.23", "100.100.100.200", "168.63.129.16", "fd00:ec2::254", "fd00:ec2::23",
          "fd20:ce::254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::"}},
        {ADDRESS_UNUSABLE,
         {"0.0.0.0", "0.1.2.3", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "::", "ff02::1", "::ffff:0.0.0.0",
          "::ffff:224.0.0.1", "100::1"}},
    };
    for (size_t i = 0; i < COUNT(ROWS); i++)
        for (size_t k = 0; k < COUNT(ROWS[i].addresses) && ROWS[i].addresses[k]; k++)
            cr_expect_eq(kind_of(ROWS[i].addresses[k]), ROWS[i].kind, "%s: %s", ROWS[i].addresses[k],
                         address_kind_text(kind_of(ROWS[i].addresses[k])));
    cr_expect_eq(address_kind(&(struct sockaddr){.sa_family = AF_UNIX}), ADDRESS_UNUSABLE);
}

static struct doors parse(const char *text)
{
    struct doors doors;
    struct err err;
    cr_expect(doors_parse(text, &doors, &err) == 0, "%s: %s", text, err_what(&err));
    return doors;
}

Test(door, has_an_address_of_its_own_inside)
{
    struct doors d =
        parse("Db.Internal:5432,localhost:1,cache_1:6379,db.internal:5433,10.1.2.3:80,[::1]:8080,other.test.:5432/private,127.0.0.1:2");
    static const struct {
        const char *host, *inside;
        uint16_t port;
    } ROWS[] = {{"db.internal", "127.64.0.1", 5432}, {"localhost", "127.0.0.1", 1}, {"cache_1", "127.64.0.2", 6379},
                {"db.internal", "127.64.0.1", 5433}, {"10.1.2.3", "10.1.2.3", 80},  {"::1", "::1", 8080},
                {"other.test", "127.64.0.3", 5432},  {"127.0.0.1", "127.0.0.1", 2}};
    cr_assert_eq(d.n, COUNT(ROWS));
    for (size_t i = 0; i < COUNT(ROWS); i++)
        cr_expect(strcmp(d.at[i].host, ROWS[i].host) == 0 && strcmp(d.at[i].inside, ROWS[i].inside) == 0 && d.at[i].port == ROWS[i].port,
                  "%s at %s", d.at[i].host, d.at[i].inside);
    cr_expect(d.at[6].may_be_private && !d.at[0].may_be_private && d.at[4].literal && d.at[5].literal && d.at[1].localhost);
}

static bool leads(const char *door, const char *address)
{
    struct doors d = parse(door);
    struct sockaddr_storage a;
    door_address(address, d.at[0].port, &a);
    return door_leads_to(&d.at[0], (const struct sockaddr *)&a);
}

Test(door, leads_to_public_addresses_or_to_what_it_names)
{
    static const char *const TARGETS[] = {"8.8.8.8", "127.0.0.1", "10.0.0.1", "169.254.169.254", "0.0.0.0", "::1", "fd00::1", "ff02::1"};
    static const struct {
        const char *door, *leads; /* to each of TARGETS */
    } ROWS[] = {
        {"public.test:80", "y-------"},
        {"db.test:80/private", "yyy--yy-"},
        {"localhost:80", "yy---y--"}, /* and is only ever tried at 127.0.0.1 and ::1 */
        {"169.254.169.254:80", "yyyy-yy-"},
    };
    for (size_t i = 0; i < COUNT(ROWS); i++)
        for (size_t k = 0; k < COUNT(TARGETS); k++)
            cr_expect_eq(leads(ROWS[i].door, TARGETS[k]), ROWS[i].leads[k] == 'y', "%s to %s", ROWS[i].door, TARGETS[k]);
}

Test(door, that_is_misspelt_is_refused_with_the_reason)
{
    static const struct {
        const char *text, *why;
    } ROWS[] = {
        {"", "the port is missing"},
        {"db", "the port is missing"},
        {"db:", "a port is 1 to 65535"},
        {"db:0", "a port is 1 to 65535"},
        {"db:65536", "a port is 1 to 65535"},
        {"db:+1", "a port is 1 to 65535"},
        {"db:http", "a port is 1 to 65535"},
        {":80", "the host is missing"},
        {"a:1,", "the port is missing"},
        {"a:1,,b:2", "the port is missing"},
        {"db:53/udp", "only TCP passes"},
        {"db:53/tcp", "only be /private"},
        {"db:53/", "only be /private"},
        {"::1:80", "[ADDRESS]:PORT"},
        {"[::1]80", "[ADDRESS]:PORT"},
        {"[::1:80", "[ADDRESS]:PORT"},
        {"[db]:80", "[ADDRESS]:PORT"},
        {"[1.2.3.4]:80", "[ADDRESS]:PORT"},
        {"a b:80", "neither a name nor an address"},
        {"a\n1.2.3.4 b:80", "neither a name nor an address"},
        {"a#b:80", "neither a name nor an address"},
        {"-a:80", "neither a name nor an address"},
        {"a..b:80", "neither a name nor an address"},
        {".a:80", "neither a name nor an address"},
        {"*.a:80", "neither a name nor an address"},
        {"http://a:80", "a port is 1 to 65535"},
        {"2130706433:80", "neither a name nor an address"}, /* 127.0.0.1 to the resolver */
        {"0x7f.1:80", "neither a name nor an address"},
        {"127.1:80", "neither a name nor an address"},
        {"0177.0.0.1:80", "neither a name nor an address"},
        {"0.0.0.0:80", "no host's address"},
        {"255.255.255.255:80", "no host's address"},
        {"[ff02::1]:80", "no host's address"},
        {"sandbox:80", "the sandbox's own"},
        {"a:80,a:80", "another door"},
        {"a:80,A.:80/private", "another door"},
        {"localhost:80,127.0.0.1:80", "another door"},
        {"[::1]:80,[0::1]:80", "another door"},
    };
    struct doors doors;
    struct err err;
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        cr_expect(doors_parse(ROWS[i].text, &doors, &err) == -1 && err.usage, "'%s'", ROWS[i].text);
        cr_expect(strstr(err_what(&err), "--net allow: ") && strstr(err_what(&err), ROWS[i].why), "'%s': %s", ROWS[i].text, err_what(&err));
    }
}

Test(door, are_32_at_most_and_have_names_of_253_characters)
{
    char text[800] = "", label[300];
    struct doors doors;
    struct err err;
    for (unsigned i = 0; i < DOORS_MAX; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%sa:%u", i ? "," : "", i + 1);
    cr_expect(doors_parse(text, &doors, &err) == 0 && doors.n == DOORS_MAX);
    snprintf(text + strlen(text), sizeof text - strlen(text), ",a:99");
    cr_expect(doors_parse(text, &doors, &err) == -1 && strstr(err_what(&err), "more than 32"));
    for (size_t n = 250; n < 258; n++) {
        for (size_t i = 0; i < n; i++)
            label[i] = i % 50 == 49 && i + 1 < n ? '.' : 'a';
        snprintf(text, sizeof text, "%.*s:80", (int)n, label);
        cr_expect_eq(doors_parse(text, &doors, &err) == 0, n <= DOOR_HOST_MAX, "%zu", n);
    }
    memset(label, 'a', 64);
    snprintf(text, sizeof text, "%.64s:80", label);
    cr_expect(doors_parse(text, &doors, &err) == -1);
}
