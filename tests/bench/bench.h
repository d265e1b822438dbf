/* SPDX-License-Identifier: MIT
 * tests/bench/bench.h - what the programs that measure a structure have in common. */
#ifndef IGNIS_TESTS_BENCH_BENCH_H
#define IGNIS_TESTS_BENCH_BENCH_H
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* CPU time of this thread: other processes do not count. */
static inline uint64_t
cpu_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* What one of `times` operations took since `begin`. */
static inline void
report(const char *what, uint64_t begin, size_t times)
{
    printf("  %-34s %8.1f ns\n", what, (double)(cpu_ns() - begin) / (double)times);
    fflush(stdout);
}

/* Measure with as many items as each argument says; with `few` and `many` if none does. */
static inline void
bench_sizes(int argc, char **argv, void (*bench)(size_t n), size_t few, size_t many)
{
    if (argc < 2) {
        bench(few);
        bench(many);
    }
    for (int i = 1; i < argc; i++) {
        long long n = strtoll(argv[i], NULL, 10);

        if (n > 0)
            bench((size_t)n);
    }
}
#endif
