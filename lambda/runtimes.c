/* SPDX-License-Identifier: Apache-2.0 */
/* runtimes.c: AWS's runtimes by id, with the date of deprecation and whether Amazon Linux 2023 is beneath. What lrun does for a
 * runtime is launcher/launch/runtime.c. Ids: the enumeration Runtime in the service model of botocore 1.44.8. Dates: cfn-lint 1.58.0,
 * which reads the developer guide's page of runtimes. They were moved more than once: nothing but a warning may follow from them. */
#include "lambda/runtimes.h"

#include "base/own.h"

#include <stdio.h>
#include <string.h>

static const struct runtime_fact FACTS[] = {
    /* without pointers, which each start would have to relocate */
    {"provided.al2023", "2029-06-30", true},
    {"provided.al2", "2026-07-31", false},
    {"provided", "2024-01-08", false},
    {"python3.15", "", true},
    {"python3.14", "2029-06-30", true},
    {"python3.13", "2029-06-30", true},
    {"python3.12", "2028-10-31", true},
    {"python3.11", "2027-06-30", false},
    {"python3.10", "2026-10-31", false},
    {"python3.9", "2025-12-15", false},
    {"python3.8", "2024-10-14", false},
    {"python3.7", "2023-12-04", false},
    {"python3.6", "2022-07-18", false},
    {"python2.7", "2021-07-15", false},
    {"nodejs26.x", "", true},
    {"nodejs24.x", "2028-04-30", true},
    {"nodejs22.x", "2027-04-30", true},
    {"nodejs20.x", "2026-04-30", true},
    {"nodejs18.x", "2025-09-01", false},
    {"nodejs16.x", "2024-06-12", false},
    {"nodejs14.x", "2023-12-04", false},
    {"nodejs12.x", "2023-03-31", false},
    {"nodejs10.x", "2021-07-30", false},
    {"nodejs8.10", "2020-03-06", false},
    {"nodejs6.10", "2019-08-12", false},
    {"nodejs4.3", "2020-03-05", false},
    {"nodejs4.3-edge", "2020-03-05", false},
    {"java25", "2029-06-30", true},
    {"java21", "2029-06-30", true},
    {"java17.al2023", "", true},
    {"java11.al2023", "", true},
    {"java8.al2023", "", true},
    {"java17", "2027-06-30", false},
    {"java11", "2027-06-30", false},
    {"java8.al2", "2027-06-30", false},
    {"java8", "2024-01-08", false},
    {"dotnet10", "2028-11-14", true},
    {"dotnet8", "2026-11-10", true},
    {"dotnet6", "2024-12-20", false},
    {"dotnetcore3.1", "2023-04-03", false},
    {"dotnetcore2.1", "2022-01-05", false},
    {"dotnetcore2.0", "2019-05-30", false},
    {"dotnetcore1.0", "2019-06-27", false},
    {"ruby4.0", "2029-03-31", true},
    {"ruby3.4", "2028-03-31", true},
    {"ruby3.3", "2027-03-31", true},
    {"ruby3.2", "2026-03-31", false},
    {"ruby2.7", "2023-12-07", false},
    {"ruby2.5", "2021-07-30", false},
    {"go1.x", "2024-01-08", false},
    {"custom", "", true},
};

const struct runtime_fact *runtime_fact(const char *id)
{
    for (size_t i = 0; i < COUNT(FACTS); i++)
        if (strcmp(FACTS[i].id, id) == 0)
            return &FACTS[i];
    return NULL;
}

/* A repository for each language, and a tag for each version. Source: images-and-runtimes, B.2; that it holds for java8.al2023 and the
 * like, and for ids that are newer than lrun, is our choice. */
bool runtime_image(const char *id, char *ret, unsigned long size)
{
    static const char *const LANGUAGES[] = {"python", "nodejs", "java", "dotnet", "ruby", "provided", "go"};
    for (size_t i = 0; i < COUNT(LANGUAGES); i++) {
        size_t n = strlen(LANGUAGES[i]);
        if (strncmp(id, LANGUAGES[i], n) != 0)
            continue;
        const char *tag = strcmp(id, "provided") == 0 ? "alami" : id + n + (id[n] == '.');
        size_t end = strlen(tag);
        end -= end > 2 && strcmp(tag + end - 2, ".x") == 0 ? 2 : 0;
        return end && (unsigned long)snprintf(ret, size, "public.ecr.aws/lambda/%s:%.*s", LANGUAGES[i], (int)end, tag) < size;
    }
    return false;
}
