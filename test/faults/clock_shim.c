// Preloaded: sets the clock of one process. What the file $CLOCK_SHIM holds, an
// int64_t, is how many seconds the wall clock is ahead for it, also where it
// waits for a time of that clock. The monotonic clock is left alone.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *ahead;

__attribute__((constructor)) static void Open(void) {
  const int fd = open(getenv("CLOCK_SHIM"), O_RDONLY | O_CLOEXEC);
  ahead = mmap(NULL, sizeof(*ahead), PROT_READ, MAP_SHARED, fd, 0);
  close(fd);
}

static void *Real(const char *name) { return dlsym(RTLD_NEXT, name); }

static int64_t Ahead(void) { return ahead == NULL ? 0 : *ahead; }

int clock_gettime(clockid_t clock, struct timespec *out) {
  static int (*real)(clockid_t, struct timespec *);
  if (real == NULL) real = Real("clock_gettime");
  const int result = real(clock, out);
  if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) {
    out->tv_sec += Ahead();
  }
  return result;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone) {
  static int (*real)(struct timeval *, void *);
  if (real == NULL) real = Real("gettimeofday");
  const int result = real(out, zone);
  out->tv_sec += Ahead();
  return result;
}

time_t time(time_t *out) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (out != NULL) *out = now.tv_sec;
  return now.tv_sec;
}

int pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex,
                           const struct timespec *until) {
  static int (*real)(pthread_cond_t *, pthread_mutex_t *,
                     const struct timespec *);
  if (real == NULL) {
    real = dlvsym(RTLD_NEXT, "pthread_cond_timedwait", "GLIBC_2.3.2");
  }
  struct timespec moved = *until;
  moved.tv_sec -= Ahead();
  return real(cond, mutex, &moved);
}

// Abseil waits with futexes of its own.
long syscall(long number, ...) {
  static long (*real)(long, ...);
  if (real == NULL) real = Real("syscall");
  va_list list;
  va_start(list, number);
  long a[6];
  for (int i = 0; i < 6; ++i) a[i] = va_arg(list, long);
  va_end(list);
  struct timespec moved;
  if (number == SYS_futex && (a[1] & FUTEX_CLOCK_REALTIME) != 0 && a[3] != 0) {
    moved = *(const struct timespec *)a[3];
    moved.tv_sec -= Ahead();
    a[3] = (long)&moved;
  }
  return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
