// Threads: what Glibc's module hides behind _GNU_SOURCE.
#ifndef CLINUX_THREAD_H
#define CLINUX_THREAD_H

#include <sched.h>
#include <string.h>

/// Lets the calling thread run only when no other thread wants its processor; 0, or -1 with errno.
static inline int clinux_make_thread_idle(void) {
    struct sched_param parameters;
    memset(&parameters, 0, sizeof parameters);
    // SCHED_IDLE; of Linux's scheduling calls, 0 means the calling thread alone.
    return sched_setscheduler(0, 5, &parameters);
}

#endif
