/* SPDX-License-Identifier: Apache-2.0 */
/* layer_pack.h: a directory as a layer's zip, of which the same files make the same bytes. */
#ifndef LRUN_LAYER_PACK_H
#define LRUN_LAYER_PACK_H

#include "base/err.h"

/* Writes the directory's content to to, an empty file. name: the directory's, for messages. */
int layer_pack(int dir, const char *name, int to, struct err *err);

#endif
