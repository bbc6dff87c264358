/* SPDX-License-Identifier: Apache-2.0 */
/* unpack.h: the protocol between lrun and lrun-unpack.
 *
 * lrun-unpack is its own executable so that no launch loads libarchive, libelf or libcrypto, and so that the code that
 * reads hostile bytes runs confined. It is started with
 *     fd 3  the archive (unpack, untar) or the entry's directory (verify)
 *     fd 4  an empty directory of its own, where it makes tree/ and manifest (unpack, untar)
 *     argv  the verb, and where the files are below tree/: "var/task", "opt", or "" for tree/ itself
 *     fd 5  a socket: 1. its struct unpack_digest  2. one byte from lrun, 'g' go or anything else: stop
 *           3. its struct unpack_result. verify sends the result only.
 *     fd 6  memory for its struct unpack_progress, which lrun reads as it likes
 * It unpacks while it hashes. If it is told to stop, lrun removes what it has made. */
#ifndef LRUN_UNPACK_H
#define LRUN_UNPACK_H

#include "base/err.h"
#include "unpack/elf_need.h"

#include <stdatomic.h>
#include <stdint.h>

#define UNPACKER_VERSION "4" /* part of an entry's key: raise it when the same archive would be unpacked differently */

#define UNPACK_TREE "tree"

enum { UNPACK_INPUT = 3, UNPACK_INTO = 4, UNPACK_SOCKET = 5, UNPACK_SHARED = 6, DIGEST_HEX = 64 };

struct unpack_progress { /* bytes of files; total is 0 until it is known */
    _Atomic uint64_t total, done;
};

struct unpack_digest {
    int32_t ok;
    char hex[DIGEST_HEX + 1]; /* SHA-256 of the whole archive */
    struct err err;
};

struct unpack_result {
    int32_t ok;
    uint64_t size;    /* bytes as AWS counts them: all entries, replaced ones too */
    uint64_t entries; /* of the central directory */
    uint64_t replaced;
    struct elf_need need; /* of the whole archive */
    struct err err;
};

#endif
