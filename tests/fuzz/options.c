/* SPDX-License-Identifier: Apache-2.0 */
/* options.c: any words as the command line, and each as a number. Words end at a zero byte. */
#include "base/num.h"
#include "launcher/command/cli.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The number reader against the C library's, told to be as strict. */
static void number(const char *word)
{
    struct err err;
    uint64_t got = 0;
    size_t zeros = strspn(word, "0"), digits = strspn(word, "0123456789");
    bool plain = digits > 0 && !word[digits] && digits - zeros < 19;
    int status = num_parse(word, 5, 1000000, &got, &err);
    unsigned long long value = plain ? strtoull(word, NULL, 10) : 0;
    bool good = plain && value >= 5 && value <= 1000000;
    if ((status == 0) != good || (good && got != value))
        abort();
    if (num_plain(word, 10, &got) == 0 && plain && got != value)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { WORDS = 32 };
    char *text = malloc(size + 1), *argv[WORDS + 2] = {(char *)(uintptr_t) "lrun"};
    int argc = 1;
    memcpy(text, data, size);
    text[size] = 0;
    for (size_t at = 0; at < size && argc <= WORDS; at += strlen(text + at) + 1) {
        argv[argc++] = text + at;
        number(text + at);
    }
    struct request r;
    struct err err = {0};
    int status = cli_parse(argc, argv, &r, &err);
    if (status < 0 ? !err.what[0] : r.layers.n > 5 && r.command != CMD_CACHE && r.command != CMD_EXPLAIN && !r.help && !r.version)
        abort();
    if (status == 0 && r.command == CMD_EXEC && !r.project && !r.help && !r.version && !r.function)
        abort();
    if (status == 0 && (r.memory.value < 1 || r.memory.value > 1 << 24 || r.timeout.value < 1 || r.timeout.value > 1000000000))
        abort();
    request_done(&r);
    free(text);
    return 0;
}
