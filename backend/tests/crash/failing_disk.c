/* A disk that fills up, or that fails to sync: put before the C library by LD_PRELOAD.
 *
 * The file named by FAILING_DISK holds two numbers of 64 bits: how many bytes may still be written, and how many syncs
 * may still succeed; a negative number sets no limit. Whoever runs the program changes them while it runs. Only regular
 * files other than the standard streams are concerned. As on a real disk, the last write before the end is a short one. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct limits {
    _Atomic int64_t bytes;
    _Atomic int64_t syncs;
};

static struct limits *limits;

__attribute__((constructor)) static void open_limits(void) {
    const char *path = getenv("FAILING_DISK");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0) _exit(97);
    limits = mmap(NULL, sizeof *limits, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (limits == MAP_FAILED) _exit(98);
    close(fd);
}

static int is_concerned(int fd) {
    struct stat about;
    return limits && fd > 2 && fstat(fd, &about) == 0 && S_ISREG(about.st_mode);
}

/* Takes up to `wanted` from a limit; gives how much was left to take. */
static int64_t take(_Atomic int64_t *limit, int64_t wanted) {
    int64_t left = atomic_load(limit);
    for (;;) {
        if (left < 0) return wanted;
        int64_t taken = left < wanted ? left : wanted;
        if (atomic_compare_exchange_weak(limit, &left, left - taken)) return taken;
    }
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* How much of a write fits; -1 where nothing does. */
static ssize_t room(int fd, size_t count) {
    if (count == 0 || !is_concerned(fd)) return (ssize_t)count;
    int64_t fits = take(&limits->bytes, (int64_t)count);
    if (fits > 0) return (ssize_t)fits;
    errno = ENOSPC;
    return -1;
}

ssize_t write(int fd, const void *bytes, size_t count) {
    ssize_t fits = room(fd, count);
    return fits < 0 ? fits : REAL(write)(fd, bytes, (size_t)fits);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset) {
    ssize_t fits = room(fd, count);
    return fits < 0 ? fits : REAL(pwrite)(fd, bytes, (size_t)fits, offset);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t offset) {
    ssize_t fits = room(fd, count);
    return fits < 0 ? fits : REAL(pwrite64)(fd, bytes, (size_t)fits, offset);
}

/* Growing needs a disk that is not full; cutting off does not. */
static int may_become(int fd, int64_t size) {
    struct stat about;
    if (!is_concerned(fd) || fstat(fd, &about) != 0 || size <= about.st_size) return 1;
    if (atomic_load(&limits->bytes) != 0) return 1;
    errno = ENOSPC;
    return 0;
}

int ftruncate(int fd, off_t size) {
    return may_become(fd, size) ? REAL(ftruncate)(fd, size) : -1;
}

int ftruncate64(int fd, off64_t size) {
    return may_become(fd, size) ? REAL(ftruncate64)(fd, size) : -1;
}

int fallocate(int fd, int mode, off_t offset, off_t length) {
    return may_become(fd, offset + length) ? REAL(fallocate)(fd, mode, offset, length) : -1;
}

int posix_fallocate(int fd, off_t offset, off_t length) {
    return may_become(fd, offset + length) ? REAL(posix_fallocate)(fd, offset, length) : ENOSPC;
}

static int may_sync(int fd) {
    if (!is_concerned(fd) || take(&limits->syncs, 1) == 1) return 1;
    errno = EIO;
    return 0;
}

int fsync(int fd) {
    return may_sync(fd) ? REAL(fsync)(fd) : -1;
}

int fdatasync(int fd) {
    return may_sync(fd) ? REAL(fdatasync)(fd) : -1;
}
