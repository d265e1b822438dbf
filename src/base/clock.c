/* SPDX-License-Identifier: MIT
 * base/clock.c - one cached wall clock, one tick counter.
 *
 * Why:        a command costs 100 ns; two clock reads through the vDSO would
 *             be half of it.  And the commands of one batch must agree on what
 *             has expired.
 * How:        clock_tick() copies the kernel's clock once per batch.  Durations
 *             are differences of the CPU's counter, turned into nanoseconds by
 *             a 32.32 fixed-point factor measured against CLOCK_MONOTONIC for
 *             2 ms at the start (error below 100 ppm).
 * Left out:   CPUs whose counter changes speed; every x86-64 of the last
 *             fifteen years is constant.
 * Read next:  base/hash.c */
#include "base/clock.h"
#include <stdbool.h>
#include <stdio.h>
#include <time.h>

#define CALIBRATION_US 2000

static usec wall_us;                /* as of the last tick */
static bool is_frozen;
static uint64_t ns_per_tick = (uint64_t)1 << 32;    /* 32.32 */
static char description[64] = "POSIX clock_gettime";

static usec
read_clock(clockid_t id)
{
    struct timespec now;

    clock_gettime(id, &now);
    return (usec)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static inline void
set_wall(usec us)
{
    __atomic_store_n(&wall_us, us, __ATOMIC_RELAXED);
}

usec
clock_us(void)
{
    return __atomic_load_n(&wall_us, __ATOMIC_RELAXED);
}

msec
clock_ms(void)
{
    return clock_us() / 1000;
}

usec
clock_us_now(void)
{
    return is_frozen ? clock_us() : read_clock(CLOCK_REALTIME);
}

usec
clock_mono_us(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

void
clock_tick(void)
{
    if (!is_frozen)
        set_wall(read_clock(CLOCK_REALTIME));
}

void
clock_freeze(msec ms)
{
    is_frozen = true;
    set_wall(ms * 1000);
}

void
clock_thaw(void)
{
    is_frozen = false;
    clock_tick();
}

static int64_t
mono_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

uint64_t
clock_cpu_ns(void)
{
    struct timespec used;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return (uint64_t)used.tv_sec * 1000000000 + (uint64_t)used.tv_nsec;
}

void
clock_start(void)
{
#if defined(__x86_64__) || defined(__aarch64__)
    int64_t ns = mono_ns();
    uint64_t ticks = clock_ticks();
    int64_t ns_end;

    do
        ns_end = mono_ns();
    while (ns_end - ns < CALIBRATION_US * 1000);
    ticks = clock_ticks() - ticks;
    ns_end -= ns;
    if (ticks > 0) {
        ns_per_tick = (uint64_t)(((unsigned __int128)ns_end << 32) / ticks);
        snprintf(description, sizeof description, "%s @ %llu ticks/us",
#if defined(__x86_64__)
                 "X86 TSC",
#else
                 "ARM CNTVCT",
#endif
                 (unsigned long long)((ticks * 1000 + (uint64_t)ns_end / 2)
                                      / (uint64_t)ns_end));
    }
#endif
    clock_tick();
}

uint64_t
clock_ticks_to_ns(uint64_t ticks)
{
    return (uint64_t)((unsigned __int128)ticks * ns_per_tick >> 32);
}

const char *
clock_description(void)
{
    return description;
}
