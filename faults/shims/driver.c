/*
 * Does to files what its arguments say, one word an operation. For the self-test
 * of unsynced.c alone; every failure ends it with status 1.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static void check(int ok, const char *operation)
{
    if (!ok) {
        perror(operation);
        exit(1);
    }
}

static int open_file(const char *path, int flags)
{
    int fd = open(path, flags, 0640);
    check(fd >= 0, path);
    return fd;
}

/* Each thread syncs a growing file of its own and all of them one in common. */
static void *busy(void *arg)
{
    const char *path = arg;
    int own = open_file(path, O_CREAT | O_RDWR | O_APPEND);
    int common = open_file("common", O_CREAT | O_RDWR | O_APPEND);
    for (int i = 0; i < 50; i++) {
        check(write(own, "x", 1) == 1 && fsync(own) == 0, path);
        check(write(common, "y", 1) == 1 && fdatasync(common) == 0, "common");
    }
    close(own);
    close(common);
    return NULL;
}

static void threads(void)
{
    static char *names[] = {"t0", "t1", "t2", "t3"};
    pthread_t ids[4];
    for (int i = 0; i < 4; i++)
        check(pthread_create(&ids[i], NULL, busy, names[i]) == 0, "thread");
    for (int i = 0; i < 4; i++)
        pthread_join(ids[i], NULL);
}

/* Another process finds the file locked, if our lock still stands. */
static void still_locked(int fd)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
        _exit(fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK ? 0 : 1);
    }
    check(child > 0 && waitpid(child, &status, 0) == child && status == 0, "still-locked");
}

int main(int argc, char **argv)
{
    int fd = -1;
    for (int i = 1; i < argc; i++) {
        const char *op = argv[i];
#define IS(name) (strcmp(op, name) == 0)
#define ARG (check(i + 1 < argc, op), argv[++i])
        if (IS("create")) fd = open_file(ARG, O_CREAT | O_RDWR);
        else if (IS("create-write-only")) fd = creat(ARG, 0640);
        else if (IS("create-dsync")) fd = open_file(ARG, O_CREAT | O_RDWR | O_DSYNC);
        else if (IS("open")) fd = open_file(ARG, O_RDWR);
        else if (IS("open-truncate")) fd = open_file(ARG, O_RDWR | O_TRUNC);
        else if (IS("dup")) fd = dup(fd);
        else if (IS("write")) { char *s = ARG; check(write(fd, s, strlen(s)) == (ssize_t)strlen(s), op); }
        else if (IS("pwrite")) { long at = atol(ARG); char *s = ARG; check(pwrite(fd, s, strlen(s), at) == (ssize_t)strlen(s), op); }
        else if (IS("writev")) { char *s = ARG; struct iovec v = {s, strlen(s)}; check(writev(fd, &v, 1) == (ssize_t)v.iov_len, op); }
        else if (IS("truncate")) check(ftruncate(fd, atol(ARG)) == 0, op);
        else if (IS("fsync")) check(fsync(fd) == 0, op);
        else if (IS("fdatasync")) check(fdatasync(fd) == 0, op);
        else if (IS("sync-range")) check(sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE) == 0, op);
        else if (IS("rename")) { char *from = ARG; char *to = ARG; check(rename(from, to) == 0, op); }
        else if (IS("link")) { char *from = ARG; char *to = ARG; check(link(from, to) == 0, op); }
        else if (IS("unlink")) check(unlink(ARG) == 0, op);
        else if (IS("lock")) { struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET}; check(fcntl(fd, F_SETLK, &l) == 0, op); }
        else if (IS("still-locked")) still_locked(fd);
        else if (IS("threads")) threads();
        else if (IS("die")) raise(SIGKILL);
        else { fprintf(stderr, "no operation %s\n", op); return 1; }
    }
    return 0;
}
