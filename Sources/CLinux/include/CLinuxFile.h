// Files: what Glibc's module hides behind _GNU_SOURCE.
#ifndef CLINUX_FILE_H
#define CLINUX_FILE_H

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

/// Renames within one file system and fails with EEXIST where `to` exists; 0, or -1 with errno.
static inline int clinux_rename_new(const char *from, const char *to) {
#ifdef SYS_renameat2
    // AT_FDCWD and RENAME_NOREPLACE; the system call, since glibc has a wrapper only with _GNU_SOURCE.
    return (int)syscall(SYS_renameat2, -100, from, -100, to, 1U);
#else
    errno = ENOSYS;
    return -1;
#endif
}

#endif
