/* SPDX-License-Identifier: Apache-2.0 */
/* own.h: ownership that can be read off a declaration.
 *
 *   OWN_FD int fd        this scope closes it
 *   OWN_PTR char *p      this scope frees it
 *   OWN_DIR DIR *d       this scope closes it
 *   take_fd(&fd)         given away: the scope no longer owns it
 *   ret_x                an out-parameter the caller owns; untouched on failure
 *   const T *            borrowed for the length of the call */
#ifndef LRUN_OWN_H
#define LRUN_OWN_H

#include <dirent.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static inline void own_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static inline void own_free(void *p)
{
    free(*(void **)p);
}

static inline void own_closedir(DIR **d)
{
    if (*d)
        closedir(*d);
}

#define OWN_FD __attribute__((cleanup(own_close)))
#define OWN_PTR __attribute__((cleanup(own_free)))
#define OWN_DIR __attribute__((cleanup(own_closedir)))

static inline int take_fd(int *fd)
{
    int given = *fd;
    *fd = -1;
    return given;
}

static inline void *take_ptr(void *p)
{
    void *given = *(void **)p;
    *(void **)p = NULL;
    return given;
}

#endif
