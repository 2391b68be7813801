// Processes: what Glibc's module hides behind _GNU_SOURCE.
#ifndef CLINUX_PROCESS_H
#define CLINUX_PROCESS_H

#include <malloc.h>
#include <spawn.h>
#include <sys/types.h>

/// Starts `program` with descriptors 0 to count - 1 and no other, so that nothing of this process stays open in it; 0, or an error
/// number. Each of `descriptors` must be at least `count`.
int clinux_spawn(const char *program, char *const *arguments, char *const *environment, const int *descriptors, int count, pid_t *id);

/// Gives large blocks back to the system as soon as they are freed, for good.
///
/// By default the bound rises with what is freed, and blocks of up to 32 MiB stay behind in the heaps of many threads.
static inline void clinux_return_large_blocks(void) { mallopt(M_MMAP_THRESHOLD, 256 << 10); }

/// Gives what is free in the heaps of all threads back to the system, those that have ended too: after work that took much
/// more than what goes on.
static inline void clinux_return_free_memory(void) { malloc_trim(0); }

#endif
