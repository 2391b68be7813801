// Processes: what Glibc's module hides behind _GNU_SOURCE.
#ifndef CLINUX_PROCESS_H
#define CLINUX_PROCESS_H

#include <malloc.h>
#include <spawn.h>
#include <sys/types.h>

/// Starts `program` with descriptors 0 to count - 1 and no other, so that nothing of this process stays open in it; 0, or an error
/// number. Each of `descriptors` must be at least `count`.
int clinux_spawn(const char *program, char *const *arguments, char *const *environment, const int *descriptors, int count, pid_t *id);

/// Gives memory that was freed back to the system.
static inline void clinux_return_memory(void) { malloc_trim(0); }

#endif
