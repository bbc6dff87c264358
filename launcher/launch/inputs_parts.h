/* SPDX-License-Identifier: Apache-2.0 */
/* inputs_parts.h: the parts of inputs_open() that have files of their own. For inputs*.c only. All return -1 with err. */
#ifndef LRUN_INPUTS_PARTS_H
#define LRUN_INPUTS_PARTS_H

#include "launcher/launch/inputs.h"

/* inputs_source.c. A directory as a source of mounts; root clones the tree now. EPERM means root of a container without CAP_SYS_ADMIN: then
 * the child opens the path again. */
int inputs_source(const char *path, int fd, const struct identity *id, struct source *ret, struct err *err);
int inputs_interpreter(const struct request *r, const struct identity *id, struct inputs *in, struct err *err);

/* inputs_network.c: the debugger's port, and the doors. */
int inputs_network(const struct request *r, struct inputs *in, struct err *err);
void inputs_network_done(struct inputs *in);

/* inputs_output.c: the report and the graph; the directory of results. */
int inputs_open_outputs(const struct request *r, struct inputs *in, struct err *err);
int inputs_open_out(const struct request *r, const struct identity *id, struct inputs *in, struct err *err);

/* inputs_streams.c: files in place of standard streams; last, since output files are emptied. */
int inputs_open_streams(const struct request *r, const struct identity *id, struct inputs *in, struct err *err);

/* inputs_text.c: variables, events, credentials and the name. */
int inputs_read_texts(const struct request *r, struct inputs *in, struct err *err);

#endif
