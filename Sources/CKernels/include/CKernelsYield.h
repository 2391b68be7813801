#ifndef CKERNELS_YIELD_H
#define CKERNELS_YIELD_H

#include <stddef.h>

// A thread that computes for long without a system call keeps its processor from one tick of the kernel's clock to the next,
// whoever else wants it by then: Linux lets a thread at idle priority run now and then among others, and it runs until it
// is looked at again (4 ms at 250 ticks a second). A thread that yields is looked at more often. But it gives up more than the
// rest of its turn, and gets behind other work at idle priority, so that it should yield only while somebody may gain by it.

/// Says whether the calling thread is to yield its processor while it computes, as long as others serve.
void ck_set_yielding(int is_yielding);

/// Notes that a thread serves somebody: those that yield do so for the next two seconds.
void ck_serves(void);

/// Counts multiply-adds that the calling thread has done, and yields its processor where it is to and enough have come together.
void ck_worked(size_t multiply_adds);

#endif
