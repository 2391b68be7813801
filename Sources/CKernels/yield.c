#include "CKernels.h"

#include <sched.h>

// About 0.3 ms at 100 GFLOP/s: well below a tick, and long beside the half microsecond that a yield takes.
static const size_t enough = (size_t)1 << 24;

static _Thread_local int yields;
static _Thread_local size_t done;

void ck_set_yielding(int is_yielding) { yields = is_yielding; }

void ck_worked(size_t multiply_adds) {
    if (!yields) return;
    done += multiply_adds;
    if (done < enough) return;
    done = 0;
    sched_yield();
}
