/* SPDX-License-Identifier: Apache-2.0 */
/* choices.h: values of options that are words of a list. Each enum has the order in which the option table (launcher/command/cli_options.c)
 * spells its words: set_choice() stores the place in the list. */
#ifndef LRUN_CHOICES_H
#define LRUN_CHOICES_H

#include <stdbool.h>
#include <stdint.h>

struct number { /* that an option gives */
    uint64_t value; /* the default until set */
    bool set;
};

enum credentials { CREDENTIALS_FAKE, CREDENTIALS_ENV, CREDENTIALS_PROFILE };
enum passwd { PASSWD_PRESENT, PASSWD_ABSENT };
enum cpu { CPU_ALL, CPU_ENFORCE };
enum log_format { FORMAT_TEXT, FORMAT_JSON };
enum log_level { LEVEL_TRACE, LEVEL_DEBUG, LEVEL_INFO, LEVEL_WARN, LEVEL_ERROR, LEVEL_FATAL };
enum url_mode { URL_BUFFERED, URL_STREAM };
enum tenancy { TENANCY_NONE, TENANCY_PER_TENANT };

#endif
