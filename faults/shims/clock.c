/*
 * clock: a wall clock that somebody sets.
 *
 * Preloaded into a process (LD_PRELOAD), this library adds the seconds that are
 * written in the file AVOUCH_FAULT_CLOCK, as one int64_t of this machine, to what
 * CLOCK_REALTIME says. Whoever writes there sets the clock of a running process.
 * The monotonic clock goes on as it does when a system's clock is set.
 *
 *   cc -shared -fPIC -O2 -Wall -Wextra -o clock.so clock.c -ldl -lpthread
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int (*real_clock_gettime)(clockid_t, struct timespec *);
static volatile int64_t *offset;        /* mapped, so that reading it costs nothing; NULL: none */

/* A shim that fails in silence would make a test pass that should not. */
static void die(const char *what)
{
    fprintf(stderr, "clock: %s: %s\n", what, strerror(errno));
    abort();
}

static void start(void)
{
    const char *path = getenv("AVOUCH_FAULT_CLOCK");
    void *mapped;
    int fd;

    real_clock_gettime = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    if (real_clock_gettime == NULL)
        die("no libc function clock_gettime");
    if (path == NULL)
        return;
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        die(path);
    mapped = mmap(NULL, sizeof *offset, PROT_READ, MAP_SHARED, fd, 0);
    if (mapped == MAP_FAILED)
        die(path);
    close(fd);
    offset = mapped;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    int result;

    pthread_once(&once, start);
    result = real_clock_gettime(clock, now);
    if (result == 0 && offset != NULL && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        now->tv_sec += (time_t)*offset;
    return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    struct timespec exact;

    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &exact) != 0)
        return -1;
    now->tv_sec = exact.tv_sec;
    now->tv_usec = exact.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *now)
{
    struct timespec exact;

    if (clock_gettime(CLOCK_REALTIME, &exact) != 0)
        return (time_t)-1;
    if (now != NULL)
        *now = exact.tv_sec;
    return exact.tv_sec;
}
