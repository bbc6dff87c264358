/* SPDX-License-Identifier: Apache-2.0 */
/* version.h: of lrun, as the Makefile has it. */
#ifndef LRUN_VERSION
#define LRUN_VERSION "0" /* an editor or a linter that was not told */
#endif
