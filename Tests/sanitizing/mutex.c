// How a thread waits for a Mutex of Swift's Synchronization, for the thread sanitizer, which is to be preloaded.
//
// The library's own functions are built without the sanitizer and hand a contended mutex over in the kernel, where it
// can't see it, so that everything within a mutex would be reported. These take its place (a program calls them by its
// linkage table) and come to the same: 0 is free, anything else is locked.

#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>

#define METHOD __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) _Atomic uint32_t *

METHOD void lock_slow(uint32_t owner, SELF word) __asm__("$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF");
METHOD void unlock_slow(SELF word) __asm__("$s15Synchronization12_MutexHandleV11_unlockSlowyyF");

METHOD void lock_slow(uint32_t owner, SELF word) {
    uint32_t found = 0;
    while (!atomic_compare_exchange_weak_explicit(word, &found, owner, memory_order_acquire, memory_order_relaxed)) {
        found = 0;
        sched_yield();
    }
}

METHOD void unlock_slow(SELF word) { atomic_store_explicit(word, 0, memory_order_release); }
