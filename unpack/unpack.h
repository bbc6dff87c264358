/* SPDX-License-Identifier: Apache-2.0 */
/* unpack.h: the protocol between lrun and lrun-unpack.
 *
 * lrun-unpack is its own executable so that no launch loads libarchive, libelf or libcrypto, and so that the code that
 * reads hostile bytes runs confined. It is started with
 *     fd 3  the archive (unpack, unpack-hashed, untar), the entry's directory (verify), or an image: an archive or a directory (image)
 *     fd 4  an empty directory of its own, where it makes tree/ and manifest (all but verify)
 *     argv  the verb, and where the files are below tree/: "var/task", "opt", or "" for tree/ itself; image: then the architecture
 *           in Go's words ("amd64"), and the name of one of several images in the archive, or ""; verify: then "", or who besides root
 *           and the caller may own files of an entry that others share, a number
 *     fd 5  a socket: 1. its struct unpack_digest  2. one byte from lrun, 'g' go or anything else: stop
 *           3. its struct unpack_result. verify sends the result only; image sends a struct unpack_image first.
 *     fd 6  memory for its struct unpack_progress, which lrun reads as it likes
 * unpack unpacks while it hashes. If it is told to stop, lrun removes what it has made. */
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

enum { IMAGE_STRINGS_MAX = 128 << 10 };
#define IMAGE_NONE "no image" /* step of an err: the archive does not look like an image, and may be another tarball */

struct unpack_image {
    int32_t ok;
    char chain[DIGEST_HEX + 1];    /* ChainID: SHA-256 over the digests of all layers, uncompressed; of the tree */
    char manifest[DIGEST_HEX + 1]; /* "" if it has none: a docker-archive's */
    char config[DIGEST_HEX + 1];   /* the image's id */
    char architecture[16];
    int32_t indexed; /* an index led to the manifest, which AWS does not take for a function */
    uint32_t entrypoint_n, cmd_n, env_n;
    uint32_t strings_n; /* bytes of: WorkingDir, Entrypoint, Cmd, Env, each string with a 0 at its end */
    char strings[IMAGE_STRINGS_MAX];
    struct err err;
};

struct unpack_result {
    int32_t ok;
    uint64_t size;    /* bytes as AWS counts them: all entries, replaced ones too */
    uint64_t entries; /* of the central directory */
    uint64_t replaced;
    struct elf_need need;          /* of the whole archive */
    char manifest[DIGEST_HEX + 1]; /* SHA-256 of the manifest; of verify too */
    struct err err;
};

#endif
