/* SPDX-License-Identifier: Apache-2.0 */
/* profile.h: --profile NAME|FILE: options that were reviewed once and have a name.
 *
 *   {"timeout": 10, "memory": 256, "net": "none", "env": {"LANG": "C.UTF-8"}, "volume": ["words:/mnt/words"]}
 *
 * Members are options of the command, as in docs/config.schema.json; paths are relative to the file. NAME stands for NAME.json in
 * $XDG_CONFIG_HOME/lrun/profiles (default ~/.config/lrun/profiles) or /etc/lrun/profiles. */
#ifndef LRUN_PROFILE_H
#define LRUN_PROFILE_H

#include "base/err.h"
#include "launcher/launch/request.h"

/* After cli_parse(), where r->options names a profile: r becomes what both say: a value of the command line takes precedence,
 * lists are the profile's and then the command line's. Says with --verbose which file it was; a note, unless quiet, where others can
 * change it. -1 with err. */
int profile_use(int argc, char **argv, struct request *r, struct err *err);

#endif
