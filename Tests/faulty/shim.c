// Stands between the daemon and the C library: counts what it asks of the files below one folder, and breaks one of it.
//
// Preloaded into the daemon by the fault harness, which tells it what to do through a mapped page. Counted over all
// threads, so that a point is one call and not one call of a thread. What it cannot see is what does not go through the C
// library's names.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum action { RECORD, KILL, FAIL, SHORTEN };
// What a fault that lasts is for.
enum kind { OPEN = 1, CREATE = 2, WRITE = 4, SYNC = 8, NAME = 16, REMOVE = 32, RESIZE = 64 };
enum lie { LOG_SYNC = 1, FOLDER_SYNC = 2 };

// As the harness packs it.
struct control {
    uint32_t armed, action, error, lasting, kinds, lies, phase, unused;
    uint64_t target, count, hits;
    int64_t clock;
    char hit[256];
};

static struct control *control;
static char root[512];
static size_t rootLength;
static int trace = -1;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("FAULTS_CONTROL"), *folder = getenv("FAULTS_ROOT"), *log = getenv("FAULTS_TRACE");
    if (!path || !folder) return;
    snprintf(root, sizeof root, "%s", folder);
    rootLength = strlen(root);
    int file = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC);
    if (file < 0) return;
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    syscall(SYS_close, file);
    if (log) trace = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (page != MAP_FAILED) control = page;
}

static int isBelow(const char *path) {
    return path && strncmp(path, root, rootLength) == 0 && (path[rootLength] == '/' || path[rootLength] == 0);
}

static int pathOf(int file, char *path, size_t size) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = syscall(SYS_readlink, link, path, size - 1);
    path[length > 0 ? length : 0] = 0;
    return length > 0 && isBelow(path);
}

// Counts a call; what is to be done with it. The error is in errno.
static enum action meet(const char *call, enum kind kind, const char *path) {
    if (!control || !control->armed) return RECORD;
    int keep = errno;
    pthread_mutex_lock(&lock);
    uint64_t number = ++control->count;
    enum action action = RECORD;
    int isTarget = number == control->target || (control->lasting && number > control->target && control->target);
    if (isTarget && (!control->lasting || (control->kinds & kind))) action = control->action;
    char line[400];
    if (trace >= 0) {
        int length = snprintf(line, sizeof line, "%u %s %s\n", control->phase, call, path + rootLength);
        syscall(SYS_write, trace, line, length > (int)sizeof line ? (int)sizeof line : length);
    }
    if (action != RECORD) {
        if (!control->hits++) snprintf(control->hit, sizeof control->hit, "%u %s %s", control->phase, call, path + rootLength);
        if (action == KILL) {
            syscall(SYS_kill, getpid(), SIGKILL);
            for (;;) syscall(SYS_pause);
        }
    }
    pthread_mutex_unlock(&lock);
    errno = action == FAIL ? (int)control->error : keep;
    return action;
}

#define MEET_PATH(call, kind, path) if (isBelow(path) && meet(call, kind, path) == FAIL) return -1
#define MEET_FILE(call, kind, file) \
    char path[512]; \
    if (control && control->armed && pathOf(file, path, sizeof path) && meet(call, kind, path) == FAIL) return -1

static int opened(const char *path, int flags) { return flags & (O_CREAT | O_TMPFILE) ? CREATE : OPEN; }

#define MODE mode_t mode = 0; \
    if (flags & (O_CREAT | O_TMPFILE)) { va_list list; va_start(list, flags); mode = va_arg(list, mode_t); va_end(list); }

int open(const char *path, int flags, ...) {
    MODE
    MEET_PATH("open", opened(path, flags), path);
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    MODE
    MEET_PATH("open", opened(path, flags), path);
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int openat(int folder, const char *path, int flags, ...) {
    MODE
    MEET_PATH("open", opened(path, flags), path);
    return (int)syscall(SYS_openat, folder, path, flags, mode);
}

int openat64(int folder, const char *path, int flags, ...) {
    MODE
    MEET_PATH("open", opened(path, flags), path);
    return (int)syscall(SYS_openat, folder, path, flags, mode);
}

// A write that is cut short writes half of it.
#define MEET_WRITE(call) \
    char path[512]; \
    if (control && control->armed && pathOf(file, path, sizeof path)) { \
        enum action action = meet(call, WRITE, path); \
        if (action == FAIL) return -1; \
        if (action == SHORTEN && count > 1) count /= 2; \
    }

ssize_t write(int file, const void *bytes, size_t count) {
    MEET_WRITE("write");
    return syscall(SYS_write, file, bytes, count);
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset) {
    MEET_WRITE("pwrite");
    return syscall(SYS_pwrite64, file, bytes, count, offset);
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t offset) {
    MEET_WRITE("pwrite");
    return syscall(SYS_pwrite64, file, bytes, count, offset);
}

// A sync that is lied about is not made, and said to be.
static int isLie(int file) {
    char path[512];
    struct stat status;
    if (!control || !control->lies || !pathOf(file, path, sizeof path)) return 0;
    size_t length = strlen(path);
    if ((control->lies & LOG_SYNC) && length > 4 && strcmp(path + length - 4, "-wal") == 0) return 1;
    return (control->lies & FOLDER_SYNC) && fstat(file, &status) == 0 && S_ISDIR(status.st_mode);
}

int fsync(int file) {
    MEET_FILE("fsync", SYNC, file);
    return isLie(file) ? 0 : (int)syscall(SYS_fsync, file);
}

int fdatasync(int file) {
    MEET_FILE("fdatasync", SYNC, file);
    return isLie(file) ? 0 : (int)syscall(SYS_fdatasync, file);
}

int ftruncate(int file, off_t length) {
    MEET_FILE("ftruncate", RESIZE, file);
    return (int)syscall(SYS_ftruncate, file, length);
}

int ftruncate64(int file, off64_t length) {
    MEET_FILE("ftruncate", RESIZE, file);
    return (int)syscall(SYS_ftruncate, file, length);
}

int mkdir(const char *path, mode_t mode) {
    MEET_PATH("mkdir", NAME, path);
    return (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
}

int rename(const char *path, const char *new) {
    MEET_PATH("rename", NAME, new);
    return (int)syscall(SYS_renameat2, AT_FDCWD, path, AT_FDCWD, new, 0);
}

int link(const char *path, const char *new) {
    MEET_PATH("link", NAME, new);
    return (int)syscall(SYS_linkat, AT_FDCWD, path, AT_FDCWD, new, 0);
}

int symlink(const char *target, const char *new) {
    MEET_PATH("symlink", NAME, new);
    return (int)syscall(SYS_symlinkat, target, AT_FDCWD, new);
}

int chmod(const char *path, mode_t mode) {
    MEET_PATH("chmod", NAME, path);
    return (int)syscall(SYS_fchmodat, AT_FDCWD, path, mode);
}

int fchmod(int file, mode_t mode) {
    MEET_FILE("fchmod", NAME, file);
    return (int)syscall(SYS_fchmod, file, mode);
}

int unlink(const char *path) {
    MEET_PATH("unlink", REMOVE, path);
    return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

int rmdir(const char *path) {
    MEET_PATH("rmdir", REMOVE, path);
    return (int)syscall(SYS_unlinkat, AT_FDCWD, path, AT_REMOVEDIR);
}

// The daemon renames by the bare call, since the C library hides its name.
long syscall(long number, ...) {
    static long (*real)(long, ...);
    if (!real) real = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
    va_list list;
    va_start(list, number);
    long a = va_arg(list, long), b = va_arg(list, long), c = va_arg(list, long), d = va_arg(list, long),
         e = va_arg(list, long), f = va_arg(list, long);
    va_end(list);
    if (number == SYS_renameat2 && e == RENAME_NOREPLACE && isBelow((const char *)d)
        && meet("renameat2", NAME, (const char *)d) == FAIL)
        return -1;
    return real(number, a, b, c, d, e, f);
}

// The time of day, moved by so many seconds.
int clock_gettime(clockid_t clock, struct timespec *time) {
    int result = (int)syscall(SYS_clock_gettime, clock, time);
    if (result == 0 && control && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) time->tv_sec += control->clock;
    return result;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
    struct timespec now;
    int result = clock_gettime(CLOCK_REALTIME, &now);
    *time = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
    return result;
}

time_t time(time_t *result) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (result) *result = now.tv_sec;
    return now.tv_sec;
}
