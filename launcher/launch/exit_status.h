/* SPDX-License-Identifier: Apache-2.0 */
/* exit_status.h: lrun's exit statuses; exec returns its command's otherwise. 124 to 127 as timeout(1) and env(1) have them. */
#ifndef LRUN_EXIT_STATUS_H
#define LRUN_EXIT_STATUS_H

enum { EXIT_FUNCTION_ERROR = 1, EXIT_USAGE = 2, EXIT_TIME = 124, EXIT_LRUN = 125, EXIT_NOT_EXECUTABLE = 126, EXIT_NOT_FOUND = 127 };

#endif
