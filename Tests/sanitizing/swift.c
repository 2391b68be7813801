// Shows the thread sanitizer what Swift's libraries, which are built without it, do; to be preloaded.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

// MARK: Mutexes
//
// A contended Mutex of Synchronization is handed over in the kernel, so that everything within a mutex would be reported.
// These take the place of the library's functions (a program calls them by its linkage table) and come to the same: 0 is
// free, anything else is locked.

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

// MARK: Tasks and continuations
//
// The runtime tells the sanitizer of them where a hook of the sanitizer's has run, which a program's own copy of that
// hook hides from it on Linux; so this does what the hook would.

extern bool _swift_tsan_enabled __attribute__((weak));
extern void (*_swift_tsan_acquire)(void *) __attribute__((weak));
extern void (*_swift_tsan_release)(void *) __attribute__((weak));
void __tsan_acquire(void *address);
void __tsan_release(void *address);

// Who resumes a continuation tells of it; who awaits one that is resumed already doesn't.
typedef __attribute__((swiftasynccall)) void await_function(void *context);
METHOD void *swift_task_getCurrent(void);
await_function swift_continuation_await;
static await_function *real_await;

__attribute__((swiftasynccall, no_sanitize("thread"))) void swift_continuation_await(void *context) {
    __tsan_acquire(swift_task_getCurrent());
    __attribute__((musttail)) return real_await(context);
}

__attribute__((constructor)) static void tell_runtime(void) {
    if (&_swift_tsan_enabled && &_swift_tsan_acquire && &_swift_tsan_release) {
        _swift_tsan_acquire = __tsan_acquire;
        _swift_tsan_release = __tsan_release;
        _swift_tsan_enabled = true;
    }
    real_await = (await_function *)dlsym(RTLD_NEXT, "swift_continuation_await");
    // What the tests start, and the sanitizer's symbolizer, are not built with the sanitizer.
    unsetenv("LD_PRELOAD");
}
