/* SPDX-License-Identifier: MIT
 * tests/bench/bench_deadlines.c - what the index of deadlines costs, in ns per
 * operation and bytes per item.
 *
 *   bench_deadlines [items ...]     default: 1000000 10000000 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/clock.h"
#include "structs/deadlines.h"
#include "bench/bench.h"

/* A time and an item for each number; neither is looked at by the index. */
static msec
random_time(uint64_t i)
{
    return (msec)(i * 0x9e3779b97f4a7c15u >> 24);
}

static void *
item(uint64_t i)
{
    return (void *)(uintptr_t)((i + 1) * 48);
}

static void
bench_in_order(size_t n)
{
    struct deadlines *x = deadlines_new();
    uint64_t begin = cpu_ns();
    msec when;
    void *first;

    for (size_t i = 0; i < n; i++)
        deadlines_add(x, 1000000000000 + (msec)i / 100, item(i));
    report("add in order", begin, n);
    printf("  bytes per item: %.2f\n", (double)deadlines_memory(x) / (double)n);
    begin = cpu_ns();
    while ((first = deadlines_first(x, &when)) != NULL)
        deadlines_remove(x, when, first);
    report("take the first off", begin, n);
    deadlines_free(x);
}

static void
bench_at_random(size_t n)
{
    struct deadlines *x = deadlines_new();
    uint64_t begin = cpu_ns();

    for (size_t i = 0; i < n; i++)
        deadlines_add(x, random_time(i), item(i));
    report("add at random", begin, n);
    printf("  bytes per item: %.2f\n", (double)deadlines_memory(x) / (double)n);
    begin = cpu_ns();
    for (size_t i = 0; i < n; i++)
        deadlines_move(x, random_time(i), item(i), item(i + n));
    report("move", begin, n);
    begin = cpu_ns();
    for (size_t i = 0; i < n; i++)
        if (!deadlines_remove(x, random_time(i), item(i + n)))
            exit(1);
    report("remove at random", begin, n);
    deadlines_free(x);
}

static void
bench(size_t n)
{
    printf("%zu items\n", n);
    bench_in_order(n);
    bench_at_random(n);
}

int
main(int argc, char **argv)
{
    clock_start();
    bench_sizes(argc, argv, bench, 1000000, 10000000);
    return 0;
}
