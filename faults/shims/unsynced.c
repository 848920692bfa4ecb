/*
 * unsynced: what a folder would hold after the power failed.
 *
 * Preloaded into a process (LD_PRELOAD), this library keeps, for every regular
 * file below AVOUCH_FAULT_DIR, a shadow below AVOUCH_FAULT_SHADOW that holds
 * only what was synced. A write reaches the file but not the shadow; fsync and
 * fdatasync bring the shadow up to date. Kill the process, put the shadow in the
 * folder's place, and what was acknowledged without being synced is gone.
 *
 * With AVOUCH_FAULT_DEAF set no sync is heeded: the counter-proof, for a test that
 * loses nothing then has proved nothing.
 *
 * What counts as a sync: fsync, fdatasync, and a write through a descriptor
 * opened with O_SYNC or O_DSYNC. Nothing else: not close, sync_file_range, sync.
 *
 * A sync flushes all that the kernel holds for a file, whichever descriptor it
 * was written through and by whichever call. So nothing is kept per write: a
 * sync copies the file, as it is then, over its shadow. Descriptors passed on by
 * dup or fork, stdio and mapped memory are thereby covered too. The price is time
 * in proportion to the file's size; these are test data.
 *
 * Where the shim is kinder than a disk may be:
 *   - names are durable at once: creating, renaming and unlinking need no sync of
 *     the directory. But a file created and never synced stays empty, also under
 *     the name it was renamed to.
 *   - what other threads write while a sync is copying may be kept with it.
 *   - a shadow is never torn below what was synced before: the copy goes over it
 *     in place, so a process killed meanwhile leaves old and new data mixed, as
 *     an interrupted flush does.
 *
 * Threads and processes: the shim has no state of its own but what it learns at
 * the start. A file's shadow is guarded by flock while it is copied, so an older
 * image never overwrites a newer one.
 *
 * glibc, x86-64 and aarch64:
 *   cc -shared -fPIC -O2 -Wall -Wextra -o unsynced.so unsynced.c -ldl -lpthread
 */
#undef _FORTIFY_SOURCE      /* it would define some of these functions itself */
#undef _FILE_OFFSET_BITS    /* it would give two of them one name */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* ---- where the files are ------------------------------------------------ */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int active;              /* both folders were named; set once, then only read */
static int deaf;                /* no sync is heeded; set once, then only read */
static char dir[PATH_MAX];      /* real path of AVOUCH_FAULT_DIR, no trailing slash */
static size_t dir_len;
static char shadow_dir[PATH_MAX];
static int has_sync_writers;    /* some file below dir was opened with O_SYNC or O_DSYNC */

/* A shim that fails in silence would make a test pass that should not. */
static void die(const char *what, const char *path)
{
    fprintf(stderr, "unsynced: %s %s: %s\n", what, path, strerror(errno));
    abort();
}

/* The shadow's path for the real path `path`; 0 where it is not below the folder. */
static int shadow_of(const char *path, char *shadow)
{
    if (strncmp(path, dir, dir_len) != 0 || path[dir_len] != '/')
        return 0;
    if (snprintf(shadow, PATH_MAX, "%s%s", shadow_dir, path + dir_len) >= PATH_MAX) {
        errno = ENAMETOOLONG;
        die("shadow of", path);
    }
    return 1;
}

/* The shadow's path for an open descriptor of a regular file that still has a name. */
static int shadow_of_fd(int fd, char *path, char *shadow, struct stat *st)
{
    char link[64];
    ssize_t length;

    if (!active || fstat(fd, st) != 0 || !S_ISREG(st->st_mode) || st->st_nlink == 0)
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    length = readlink(link, path, PATH_MAX - 1);
    if (length <= 0)
        return 0;
    path[length] = '\0';
    return shadow_of(path, shadow);
}

/* The same for a name, which need not exist: its folder is resolved, its last part kept. */
static int shadow_of_name(int at, const char *name, char *shadow)
{
    char joined[PATH_MAX], parent[PATH_MAX], base[PATH_MAX];
    char *slash;
    int fits;

    if (!active || name == NULL)
        return 0;
    if (name[0] == '/' || at == AT_FDCWD)
        fits = snprintf(joined, sizeof joined, "%s%s", name[0] == '/' ? "" : "./", name);
    else
        fits = snprintf(joined, sizeof joined, "/proc/self/fd/%d/%s", at, name);
    if (fits >= (int)sizeof joined)
        return 0;
    slash = strrchr(joined, '/');
    strcpy(base, slash + 1);
    *slash = '\0';
    if (realpath(*joined ? joined : "/", parent) == NULL)
        return 0;
    if (strlen(parent) + 1 + strlen(base) >= sizeof joined)
        return 0;
    strcpy(joined, parent);
    strcat(joined, "/");
    strcat(joined, base);
    return shadow_of(joined, shadow);
}

/* ---- the calls we stand before ------------------------------------------ */

static int (*real_openat)(int, const char *, int, ...);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static ssize_t (*real_writev)(int, const struct iovec *, int);
static ssize_t (*real_pwritev)(int, const struct iovec *, int, off_t);
static int (*real_unlinkat)(int, const char *, int);
static int (*real_renameat2)(int, const char *, int, const char *, unsigned);
static int (*real_linkat)(int, const char *, int, const char *, int);

static void baseline(const char *folder);

static void *real(const char *name)
{
    void *function = dlsym(RTLD_NEXT, name);
    if (function == NULL) {
        errno = ENOSYS;
        die("no libc function", name);
    }
    return function;
}

static void start(void)
{
    const char *folder = getenv("AVOUCH_FAULT_DIR");
    const char *shadow = getenv("AVOUCH_FAULT_SHADOW");

    real_openat = (int (*)(int, const char *, int, ...))real("openat");
    real_fsync = (int (*)(int))real("fsync");
    real_fdatasync = (int (*)(int))real("fdatasync");
    real_write = (ssize_t (*)(int, const void *, size_t))real("write");
    real_pwrite = (ssize_t (*)(int, const void *, size_t, off_t))real("pwrite");
    real_writev = (ssize_t (*)(int, const struct iovec *, int))real("writev");
    real_pwritev = (ssize_t (*)(int, const struct iovec *, int, off_t))real("pwritev");
    real_unlinkat = (int (*)(int, const char *, int))real("unlinkat");
    real_renameat2 = (int (*)(int, const char *, int, const char *, unsigned))real("renameat2");
    real_linkat = (int (*)(int, const char *, int, const char *, int))real("linkat");

    if (folder == NULL || shadow == NULL)
        return;
    if (realpath(folder, dir) == NULL)
        die("AVOUCH_FAULT_DIR", folder);
    if (realpath(shadow, shadow_dir) == NULL)
        die("AVOUCH_FAULT_SHADOW", shadow);
    dir_len = strlen(dir);
    if (strncmp(shadow_dir, dir, dir_len) == 0 && (shadow_dir[dir_len] == '/' || !shadow_dir[dir_len])) {
        errno = EINVAL;
        die("AVOUCH_FAULT_SHADOW lies in AVOUCH_FAULT_DIR:", shadow);
    }
    deaf = getenv("AVOUCH_FAULT_DEAF") != NULL;
    active = 1;
    baseline(dir);
}

/* Other libraries may open files before our constructor runs: every call asks. */
__attribute__((constructor)) static void ready(void)
{
    pthread_once(&once, start);
}

/* ---- the shadow ---------------------------------------------------------- */

static void make_parents(const char *path)
{
    char parent[PATH_MAX];
    size_t at = strlen(shadow_dir);

    strcpy(parent, path);
    for (at++; parent[at]; at++) {
        if (parent[at] != '/')
            continue;
        parent[at] = '\0';
        if (mkdir(parent, 0777) != 0 && errno != EEXIST)
            die("mkdir", parent);
        parent[at] = '/';
    }
}

/* Opens the shadow file for this thread alone, until it is closed. */
static int open_shadow(const char *shadow, mode_t mode)
{
    int fd;

    make_parents(shadow);
    fd = real_openat(AT_FDCWD, shadow, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        die("open", shadow);
    while (flock(fd, LOCK_EX) != 0)
        if (errno != EINTR)
            die("flock", shadow);
    if (fchmod(fd, mode & 07777) != 0)
        die("chmod", shadow);
    return fd;
}

/* Copies the open file `from`, as it is now, over its shadow. */
static void copy(int from, const char *shadow, const struct stat *st)
{
    char block[1 << 16];
    int to = open_shadow(shadow, st->st_mode);
    off_t at = 0;
    ssize_t got;

    while ((got = pread(from, block, sizeof block, at)) != 0) {
        ssize_t put = 0;
        if (got < 0) {
            if (errno == EINTR)
                continue;
            die("read for", shadow);
        }
        while (put < got) {
            ssize_t n = real_pwrite(to, block + put, (size_t)(got - put), at + put);
            if (n < 0 && errno != EINTR)
                die("write", shadow);
            if (n > 0)
                put += n;
        }
        at += got;
    }
    if (ftruncate(to, at) != 0)
        die("truncate", shadow);
    close(to);
}

static void copy_name(const char *path, const char *shadow, const struct stat *st)
{
    int from = real_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);

    if (from < 0)
        die("open", path);
    copy(from, shadow, st);
    close(from);
}

/*
 * Reads through the caller's own descriptor where it can: opening the file anew
 * and closing it would drop the caller's fcntl locks on it, which SQLite holds.
 */
static void synced(int fd)
{
    char path[PATH_MAX], shadow[PATH_MAX];
    struct stat st;
    int saved = errno;

    if (!deaf && shadow_of_fd(fd, path, shadow, &st)) {
        if ((fcntl(fd, F_GETFL) & O_ACCMODE) == O_WRONLY) {
            snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
            copy_name(path, shadow, &st);
        } else {
            copy(fd, shadow, &st);
        }
    }
    errno = saved;
}

/* A file that was there before us, by name, counts as synced long ago. */
static void baseline(const char *folder)
{
    char path[PATH_MAX], shadow[PATH_MAX];
    struct dirent *entry;
    struct stat st;
    DIR *entries = opendir(folder);

    if (entries == NULL)
        die("opendir", folder);
    while ((entry = readdir(entries)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (snprintf(path, sizeof path, "%s/%s", folder, entry->d_name) >= (int)sizeof path)
            continue;
        if (lstat(path, &st) != 0)
            continue;
        if (S_ISDIR(st.st_mode))
            baseline(path);
        else if (S_ISREG(st.st_mode) && shadow_of(path, shadow) && access(shadow, F_OK) != 0)
            copy_name(path, shadow, &st);
    }
    closedir(entries);
}

static void opened(int fd, int flags)
{
    char path[PATH_MAX], shadow[PATH_MAX];
    struct stat st;
    int saved = errno;

    if (shadow_of_fd(fd, path, shadow, &st)) {
        if (flags & (O_SYNC | O_DSYNC))
            __atomic_store_n(&has_sync_writers, 1, __ATOMIC_RELAXED);
        if ((flags & O_CREAT) && access(shadow, F_OK) != 0)
            close(open_shadow(shadow, st.st_mode));
    }
    errno = saved;
}

static void written(int fd)
{
    int saved = errno;

    if (__atomic_load_n(&has_sync_writers, __ATOMIC_RELAXED)) {
        int flags = fcntl(fd, F_GETFL);
        if (flags >= 0 && (flags & (O_SYNC | O_DSYNC)))
            synced(fd);
    }
    errno = saved;
}

/* ---- open ---------------------------------------------------------------- */

static int open_any(int at, const char *path, int flags, mode_t mode)
{
    int fd;

    ready();
    fd = real_openat(at, path, flags, mode);
    if (fd >= 0)
        opened(fd, flags);
    return fd;
}

static mode_t mode_of(int flags, va_list args)
{
    return (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(args, mode_t) : 0;
}

#define OPEN(name, extra)                                       \
    int name(const char *path, int flags, ...)                  \
    {                                                           \
        va_list args;                                           \
        mode_t mode;                                            \
        va_start(args, flags);                                  \
        mode = mode_of(flags, args);                            \
        va_end(args);                                           \
        return open_any(AT_FDCWD, path, flags | (extra), mode); \
    }
#define OPENAT(name, extra)                                     \
    int name(int at, const char *path, int flags, ...)          \
    {                                                           \
        va_list args;                                           \
        mode_t mode;                                            \
        va_start(args, flags);                                  \
        mode = mode_of(flags, args);                            \
        va_end(args);                                           \
        return open_any(at, path, flags | (extra), mode);       \
    }

OPEN(open, 0)
OPEN(open64, O_LARGEFILE)
OPENAT(openat, 0)
OPENAT(openat64, O_LARGEFILE)

int creat(const char *path, mode_t mode)
{
    return open_any(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

int creat64(const char *path, mode_t mode)
{
    return open_any(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC | O_LARGEFILE, mode);
}

/* ---- sync ---------------------------------------------------------------- */

int fsync(int fd)
{
    int result;

    ready();
    result = real_fsync(fd);
    if (result == 0)
        synced(fd);
    return result;
}

int fdatasync(int fd)
{
    int result;

    ready();
    result = real_fdatasync(fd);
    if (result == 0)
        synced(fd);
    return result;
}

/* ---- write: for the sake of O_SYNC and O_DSYNC alone ----------------------- */

#define WRITE(name, parameters, call) \
    ssize_t name parameters           \
    {                                 \
        ssize_t n;                    \
        ready();                      \
        n = call;                     \
        if (n > 0)                    \
            written(fd);              \
        return n;                     \
    }

WRITE(write, (int fd, const void *data, size_t size), real_write(fd, data, size))
WRITE(pwrite, (int fd, const void *data, size_t size, off_t at), real_pwrite(fd, data, size, at))
WRITE(pwrite64, (int fd, const void *data, size_t size, off64_t at), real_pwrite(fd, data, size, at))
WRITE(writev, (int fd, const struct iovec *parts, int count), real_writev(fd, parts, count))
WRITE(pwritev, (int fd, const struct iovec *parts, int count, off_t at), real_pwritev(fd, parts, count, at))
WRITE(pwritev64, (int fd, const struct iovec *parts, int count, off64_t at), real_pwritev(fd, parts, count, at))

/* ---- names: durable at once ----------------------------------------------- */

int unlinkat(int at, const char *name, int flags)
{
    char shadow[PATH_MAX];
    int ours, result;

    ready();
    ours = shadow_of_name(at, name, shadow);
    result = real_unlinkat(at, name, flags);
    if (result == 0 && ours && real_unlinkat(AT_FDCWD, shadow, flags) != 0 && errno != ENOENT && errno != ENOTEMPTY)
        die("unlink", shadow);
    return result;
}

int unlink(const char *name)
{
    return unlinkat(AT_FDCWD, name, 0);
}

int rmdir(const char *name)
{
    return unlinkat(AT_FDCWD, name, AT_REMOVEDIR);
}

int renameat2(int from_at, const char *from, int to_at, const char *to, unsigned flags)
{
    char old_shadow[PATH_MAX], new_shadow[PATH_MAX], path[PATH_MAX];
    int was_ours, is_ours, result, saved = errno;

    ready();
    was_ours = shadow_of_name(from_at, from, old_shadow);
    is_ours = shadow_of_name(to_at, to, new_shadow);
    result = real_renameat2(from_at, from, to_at, to, flags);
    if (result != 0 || !(was_ours || is_ours))
        return result;
    if (was_ours && is_ours) {
        make_parents(new_shadow);
        if (real_renameat2(AT_FDCWD, old_shadow, AT_FDCWD, new_shadow, flags) != 0)
            if (errno != ENOENT || (real_unlinkat(AT_FDCWD, new_shadow, 0) != 0 && errno != ENOENT))
                die("rename", old_shadow);
    } else if (was_ours) {
        real_unlinkat(AT_FDCWD, old_shadow, 0);
    } else {
        /* from outside, where nothing is known of it: as it is */
        struct stat st;
        snprintf(path, sizeof path, "%s%s", dir, new_shadow + strlen(shadow_dir));
        if (lstat(path, &st) == 0 && S_ISREG(st.st_mode))
            copy_name(path, new_shadow, &st);
    }
    errno = saved;
    return result;
}

int renameat(int from_at, const char *from, int to_at, const char *to)
{
    return renameat2(from_at, from, to_at, to, 0);
}

int rename(const char *from, const char *to)
{
    return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int linkat(int from_at, const char *from, int to_at, const char *to, int flags)
{
    char old_shadow[PATH_MAX], new_shadow[PATH_MAX];
    int ours, result;

    ready();
    ours = shadow_of_name(from_at, from, old_shadow) & shadow_of_name(to_at, to, new_shadow);
    result = real_linkat(from_at, from, to_at, to, flags);
    if (result == 0 && ours) {
        make_parents(new_shadow);
        if (real_linkat(AT_FDCWD, old_shadow, AT_FDCWD, new_shadow, 0) != 0 && errno != ENOENT)
            die("link", new_shadow);
    }
    return result;
}

int link(const char *from, const char *to)
{
    return linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}
