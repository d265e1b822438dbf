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

/* Over a tenth of a second the two clocks agree within 2 %; the wide margin is
 * for machines that are busy with something else between two readings. */
Test(clock, ticks_measure_nanoseconds)
{
    usec from = clock_mono_us(), span;
    uint64_t ticks = clock_ticks();
    double ratio;

    while (clock_mono_us() - from < 100000)
        ;
    ticks = clock_ticks() - ticks;
    span = clock_mono_us() - from;
    ratio = (double)clock_ticks_to_ns(ticks) / ((double)span * 1000);
    cr_expect(ratio > 0.98 && ratio < 1.02, "ratio %f", ratio);
}

Test(clock, says_what_it_reads)
{
    cr_expect(strstr(clock_description(), "ticks/us") != NULL
              || strcmp(clock_description(), "POSIX clock_gettime") == 0);
}
