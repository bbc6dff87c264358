/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_archives.c: the smallest zip, tarball and image that lrun unpacks, for doctor to unpack: each way has calls and rules of its own.
 * Their one file has a content that no cache has seen, or nothing would be unpacked. What is written where is cmd_doctor.c's; who reads it
 * is unpack/, which takes nothing on trust. */
#include "base/arch.h"
#include "base/own.h"
#include "base/sha256.h"
#include "launcher/command/doctor.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

static uint32_t crc32_of(const char *bytes, size_t n)
{
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < n; i++) {
        crc ^= (unsigned char)bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ UINT32_C(0xedb88320) : crc >> 1;
    }
    return ~crc;
}

static void put(struct text *t, unsigned bytes, uint64_t value)
{
    for (; bytes > 0; bytes--, value >>= 8)
        text_add(t, (const char[]){(char)(value & 0xff)}, 1);
}

/* What a local header and the directory have in common: version, flags, method (stored), time and date, sums, sizes, length of the name. */
static void put_zip_entry(struct text *t, const char *name, const char *content)
{
    enum { VERSION = 20, STORED = 0, DATE_1980 = 0x21 };
    const size_t n = strlen(content);
    put(t, 2, VERSION);
    put(t, 2, 0);
    put(t, 2, STORED);
    put(t, 4, (uint32_t)DATE_1980 << 16);
    put(t, 4, crc32_of(content, n));
    put(t, 4, n);
    put(t, 4, n);
    put(t, 2, strlen(name));
    put(t, 2, 0);
}

static void put_zip(struct text *t, const char *name, const char *content)
{
    enum { UNIX = 3 << 8 | 20, MODE = 0100644 };
    const size_t start = t->n;
    text_add(t, "PK\3\4", 4);
    put_zip_entry(t, name, content);
    text_puts(t, name);
    text_puts(t, content);
    const size_t directory = t->n;
    text_add(t, "PK\1\2", 4);
    put(t, 2, UNIX);
    put_zip_entry(t, name, content);
    put(t, 6, 0); /* comment, disk, internal attributes */
    put(t, 4, (uint64_t)MODE << 16);
    put(t, 4, start);
    text_puts(t, name);
    const size_t end = t->n;
    text_add(t, "PK\5\6", 4);
    put(t, 4, 0);
    put(t, 2, 1);
    put(t, 2, 1);
    put(t, 4, end - directory);
    put(t, 4, directory);
    put(t, 2, 0);
}

enum { BLOCK = 512 };

static void put_tar_file(struct text *t, const char *name, const void *bytes, size_t n)
{
    static const char NOTHING[BLOCK], MAGIC[8] = {'u', 's', 't', 'a', 'r', 0, '0', '0'};
    char head[BLOCK] = "";
    unsigned sum = 0;
    snprintf(head, 100, "%s", name);
    memcpy(head + 100, "0000644\0000000000\0000000000", 24);
    snprintf(head + 124, 12, "%011zo", n);
    memcpy(head + 136, "00000000000", 12);
    memset(head + 148, ' ', 8);
    head[156] = '0';
    memcpy(head + 257, MAGIC, sizeof MAGIC);
    for (size_t i = 0; i < BLOCK; i++)
        sum += (unsigned char)head[i];
    snprintf(head + 148, 8, "%06o", sum);
    text_add(t, head, BLOCK);
    text_add(t, bytes, n);
    text_add(t, NOTHING, (BLOCK - n % BLOCK) % BLOCK);
}

static void end_tar(struct text *t)
{
    static const char NOTHING[2 * BLOCK];
    text_add(t, NOTHING, sizeof NOTHING);
}

static void put_image(struct text *t, const char *content)
{
    struct text layer = {0}, config = {0};
    unsigned char digest[SHA256_BYTES];
    char hex[SHA256_HEX + 1];
    struct sha256 sum;
    static const char MANIFEST[] = "[{\"Config\":\"config.json\",\"RepoTags\":[\"lrun:doctor\"],\"Layers\":[\"layer.tar\"]}]";
    put_tar_file(&layer, DOCTOR_FILE, content, strlen(content));
    end_tar(&layer);
    sha256_begin(&sum);
    sha256_add(&sum, layer.at, layer.n);
    sha256_end(&sum, digest);
    sha256_hex(digest, hex);
    text_printf(&config,
                "{\"architecture\":\"%s\",\"os\":\"linux\",\"config\":{\"Cmd\":[\"true\"]},"
                "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:%s\"]}}",
                ARCHES[ARCH_OURS].go, hex);
    put_tar_file(t, "manifest.json", MANIFEST, sizeof MANIFEST - 1);
    put_tar_file(t, "config.json", config.at, config.n);
    put_tar_file(t, "layer.tar", layer.at, layer.n);
    end_tar(t);
    text_done(&layer);
    text_done(&config);
}

void doctor_archive(const struct doctor *d, const char *name, struct text *ret)
{
    if (strcmp(name, DOCTOR_ZIP) == 0) {
        put_zip(ret, DOCTOR_FILE, d->unique);
    } else if (strcmp(name, DOCTOR_TAR) == 0) {
        put_tar_file(ret, DOCTOR_FILE, d->unique, strlen(d->unique));
        end_tar(ret);
    } else if (strcmp(name, DOCTOR_IMAGE) == 0) {
        put_image(ret, d->unique);
    } else if (strcmp(name, DOCTOR_POLICY) == 0) {
        text_puts(ret, "{\"defaultAction\": \"SCMP_ACT_ALLOW\"}\n");
    } else {
        text_puts(ret, "Resources:\n  Doctor:\n    Type: AWS::Serverless::Function\n"
                       "    Properties: {CodeUri: f, Handler: a.b, Runtime: provided.al2023}\n");
    }
}
