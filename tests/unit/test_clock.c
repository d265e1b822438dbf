/* SPDX-License-Identifier: MIT
 * tests/unit/test_clock.c - the cached clock moves only when told. */
#include <criterion/criterion.h>
#include <string.h>
#include <time.h>
#include "base/clock.h"

static void
start(void)
{
    clock_start();
}

TestSuite(clock, .init = start);

Test(clock, stands_still_between_ticks)
{
    usec cached = clock_us();

    while (clock_us_now() < cached + 2000)
        ;
    cr_expect_eq(clock_us(), cached);
    clock_tick();
    cr_expect_geq(clock_us(), cached + 2000);
    cr_expect_eq(clock_ms(), clock_us() / 1000);
}

Test(clock, starts_at_the_kernels_time)
{
    msec real = (msec)time(NULL) * 1000;

    cr_expect_geq(clock_ms(), real - 60000);
    cr_expect_leq(clock_ms(), real + 60000);
}

Test(clock, frozen_it_stays_where_it_was_put)
{
    clock_freeze(1234567890123);
    clock_tick();
    cr_expect_eq(clock_ms(), 1234567890123);
    cr_expect_eq(clock_us_now(), 1234567890123000);
    clock_thaw();
    cr_expect_gt(clock_ms(), 1234567890123);
}

/* Nanoseconds by ticks for each nanosecond of the monotonic clock, over 20 ms. */
static double
ticks_ratio(void)
{
    usec from = clock_mono_us(), span;
    uint64_t ticks = clock_ticks();

    while (clock_mono_us() - from < 20000)
        ;
    ticks = clock_ticks() - ticks;
    span = clock_mono_us() - from;
    return (double)clock_ticks_to_ns(ticks) / ((double)span * 1000);
}

/* A machine that does something else between two readings spoils a measurement, here
 * or when the clock was calibrated: one good one of many shows the unit.  A wrong unit
 * is wrong by far more than a factor of two. */
Test(clock, ticks_measure_nanoseconds)
{
    double ratio = 0;
    int tries = 0;

    do {
        ratio = ticks_ratio();
    } while ((ratio < 0.5 || ratio > 2) && ++tries < 50);
    cr_expect(ratio >= 0.5 && ratio <= 2, "ratio %f", ratio);
}

Test(clock, says_what_it_reads)
{
    cr_expect(strstr(clock_description(), "ticks/us") != NULL
              || strcmp(clock_description(), "POSIX clock_gettime") == 0);
}
