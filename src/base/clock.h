/* SPDX-License-Identifier: MIT
 * base/clock.h - what time it is, cheaply, and how tests turn it.
 *
 * clock_ms() is cached: clock_tick() refreshes it once per batch of requests,
 * so that all commands of a batch see one instant.  Durations come from the
 * CPU's tick counter. */
#ifndef IGNIS_BASE_CLOCK_H
#define IGNIS_BASE_CLOCK_H
#include <stdint.h>
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

typedef int64_t msec;           /* wall clock, since 1970, or a duration */
typedef int64_t usec;

/* Calibrate and take the first tick.  Call once, before any other here. */
void clock_start(void);
/* Refresh the cached wall clock (one vDSO call). */
void clock_tick(void);
msec clock_ms(void);            /* cached wall clock */
usec clock_us(void);            /* cached wall clock */
usec clock_us_now(void);        /* read it now: TIME, log lines */
usec clock_mono_us(void);       /* monotonic, read now */
uint64_t clock_cpu_ns(void);    /* what this thread has computed: a system call */
/* Tests: from now on the wall clock is `ms` and stands still until clock_thaw. */
void clock_freeze(msec ms);
void clock_thaw(void);

/* The CPU's tick counter: ~8 ns, constant rate. */
static inline uint64_t
clock_ticks(void)
{
#if defined(__x86_64__)
    return __rdtsc();
#elif defined(__aarch64__)
    uint64_t t;
    __asm__ volatile("mrs %0, cntvct_el0" : "=r"(t));
    return t;
#else
    return (uint64_t)clock_mono_us() * 1000;
#endif
}
uint64_t clock_ticks_to_ns(uint64_t ticks);
/* "X86 TSC @ 2400 ticks/us" or "POSIX clock_gettime", for INFO. */
const char *clock_description(void);

#endif
