/* SPDX-License-Identifier: Apache-2.0 */
#include "unpack/digest.h"

#include <openssl/evp.h>
#include <stdio.h>

static int refused(struct err *err)
{
    return fail(err, 0, NULL, "hash the archive: libcrypto refused");
}

struct digest *digest_start(struct err *err)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1)
        return (struct digest *)context;
    EVP_MD_CTX_free(context);
    refused(err);
    return NULL;
}

int digest_more(struct digest *d, const void *bytes, size_t n, struct err *err)
{
    return EVP_DigestUpdate((EVP_MD_CTX *)d, bytes, n) == 1 ? 0 : refused(err);
}

int digest_end(struct digest *d, char hex[DIGEST_HEX + 1], struct err *err)
{
    unsigned char raw[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    if (EVP_DigestFinal_ex((EVP_MD_CTX *)d, raw, &length) != 1 || 2 * length != DIGEST_HEX)
        return refused(err);
    for (unsigned i = 0; i < length; i++)
        snprintf(hex + 2 * i, 3, "%02x", raw[i]);
    return 0;
}

void digest_done(struct digest *d)
{
    EVP_MD_CTX_free((EVP_MD_CTX *)d);
}

int digest_of(const void *bytes, size_t n, char hex[DIGEST_HEX + 1], struct err *err)
{
    struct digest *d = digest_start(err);
    int status = d && digest_more(d, bytes, n, err) == 0 ? digest_end(d, hex, err) : -1;
    digest_done(d);
    return status;
}
