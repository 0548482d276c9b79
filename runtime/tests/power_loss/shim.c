/* Records what a process does to the files of one folder, in order: what is written, cut, synced
 * and removed. Preloaded by tests/power_loss.rs, which makes of the record what a loss of power
 * would leave. FLOWCRATE_SHIM_FAIL lets a sync of a write-ahead log fail, the n-th one. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#define FILES 1024
#define LENGTH 512

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char paths[FILES][LENGTH];
static int record = -1;
static long failing = 0;

static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off64_t);
static int (*real_open)(const char *, int, ...);
static int (*real_close)(int);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_ftruncate)(int, off64_t);
static int (*real_unlink)(const char *);

__attribute__((constructor)) static void begin(void) {
    real_write = dlsym(RTLD_NEXT, "write");
    real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
    real_open = dlsym(RTLD_NEXT, "open64");
    real_close = dlsym(RTLD_NEXT, "close");
    real_fsync = dlsym(RTLD_NEXT, "fsync");
    real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
    real_ftruncate = dlsym(RTLD_NEXT, "ftruncate64");
    real_unlink = dlsym(RTLD_NEXT, "unlink");
    const char *to = getenv("FLOWCRATE_SHIM_RECORD");
    if (to) record = real_open(to, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    const char *fail = getenv("FLOWCRATE_SHIM_FAIL");
    if (fail) failing = atol(fail);
}

static void put(const void *bytes, size_t length) {
    const char *rest = bytes;
    while (length > 0) {
        ssize_t done = real_write(record, rest, length);
        if (done <= 0) abort();
        rest += done;
        length -= (size_t)done;
    }
}

static void note(char what, const char *path, long long at, const void *bytes, size_t length) {
    char head[LENGTH + 64];
    int size = snprintf(head, sizeof head, "%c %lld %zu %s\n", what, at, length, path);
    put(head, (size_t)size);
    if (bytes) put(bytes, length);
}

/* The path of a file that is watched, or nothing. */
static const char *watched(int file) {
    if (record < 0 || file < 0 || file >= FILES || !paths[file][0]) return NULL;
    return paths[file];
}

static int opened(int file, const char *path) {
    const char *folder = getenv("FLOWCRATE_SHIM_FOLDER");
    if (file >= 0 && file < FILES) {
        pthread_mutex_lock(&lock);
        paths[file][0] = 0;
        if (record >= 0 && folder && !strncmp(path, folder, strlen(folder)) &&
            strlen(path) < LENGTH) {
            strcpy(paths[file], path);
        }
        pthread_mutex_unlock(&lock);
    }
    return file;
}

static mode_t mode_of(int flags, va_list arguments) {
    return flags & (O_CREAT | O_TMPFILE) ? (mode_t)va_arg(arguments, int) : 0;
}

int open(const char *path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return opened(real_open(path, flags, mode), path);
}

int open64(const char *path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return opened(real_open(path, flags, mode), path);
}

int close(int file) {
    pthread_mutex_lock(&lock);
    if (watched(file)) paths[file][0] = 0;
    pthread_mutex_unlock(&lock);
    return real_close(file);
}

ssize_t write(int file, const void *bytes, size_t length) {
    if (!watched(file)) return real_write(file, bytes, length);
    pthread_mutex_lock(&lock);
    off64_t at = lseek64(file, 0, SEEK_CUR);
    ssize_t done = real_write(file, bytes, length);
    if (done > 0) note('W', watched(file), at, bytes, (size_t)done);
    pthread_mutex_unlock(&lock);
    return done;
}

static ssize_t written(int file, const void *bytes, size_t length, off64_t at) {
    if (!watched(file)) return real_pwrite(file, bytes, length, at);
    pthread_mutex_lock(&lock);
    ssize_t done = real_pwrite(file, bytes, length, at);
    if (done > 0) note('W', watched(file), at, bytes, (size_t)done);
    pthread_mutex_unlock(&lock);
    return done;
}

ssize_t pwrite(int file, const void *bytes, size_t length, off_t at) {
    return written(file, bytes, length, at);
}

ssize_t pwrite64(int file, const void *bytes, size_t length, off64_t at) {
    return written(file, bytes, length, at);
}

static int truncated(int file, off64_t length) {
    if (!watched(file)) return real_ftruncate(file, length);
    pthread_mutex_lock(&lock);
    int done = real_ftruncate(file, length);
    if (!done) note('T', watched(file), length, NULL, 0);
    pthread_mutex_unlock(&lock);
    return done;
}

int ftruncate(int file, off_t length) { return truncated(file, length); }
int ftruncate64(int file, off64_t length) { return truncated(file, length); }

static int synced(int file, int (*real)(int)) {
    const char *path = watched(file);
    if (!path) return real(file);
    pthread_mutex_lock(&lock);
    size_t length = strlen(path);
    int is_log = length > 4 && !strcmp(path + length - 4, "-wal");
    if (is_log && failing > 0 && --failing == 0) {
        /* As a kernel does it: the pages count as written, and are lost. */
        note('F', path, 0, NULL, 0);
        pthread_mutex_unlock(&lock);
        errno = EIO;
        return -1;
    }
    int done = real(file);
    if (!done) note('S', path, 0, NULL, 0);
    pthread_mutex_unlock(&lock);
    return done;
}

int fsync(int file) { return synced(file, real_fsync); }
int fdatasync(int file) { return synced(file, real_fdatasync); }

int unlink(const char *path) {
    const char *folder = getenv("FLOWCRATE_SHIM_FOLDER");
    pthread_mutex_lock(&lock);
    int done = real_unlink(path);
    if (!done && record >= 0 && folder && !strncmp(path, folder, strlen(folder)) &&
        strlen(path) < LENGTH) {
        note('U', path, 0, NULL, 0);
    }
    pthread_mutex_unlock(&lock);
    return done;
}
