/* SPDX-License-Identifier: MIT
 * tests/bench/bench_list.c - what lists cost, in ns per operation and bytes per
 * element.
 *
 *   bench_list [elements ...]       default: 100 1000000 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include "values/v_list.h"
#include "bench/bench.h"

static const struct list_limits limits = { .size = -2 };
static uint64_t kept;               /* so that nothing is optimised away */

static struct value
pushed(size_t n, enum list_end end, const char *what)
{
    struct bytes text = B("sixteen bytes...");
    struct value v = list_new();
    uint64_t begin = cpu_ns();

    for (size_t i = 0; i < n; i++) {
        list_grow_for(&v, limits, &text, 1);
        list_push(&v, limits, end, text);
    }
    report(what, begin, n);
    return v;
}

static void
pop_all(struct value *v, enum list_end end, const char *what)
{
    size_t n = list_length(*v);
    uint64_t begin = cpu_ns();

    for (size_t left = n; left > 0; left--) {
        kept += list_peek(*v, end).text.len;
        list_delete(v, limits, end == LIST_HEAD ? 0 : left - 1, 1);
    }
    report(what, begin, n);
}

static void
look(struct value v)
{
    size_t n = list_length(v), step = n / 1000 + 1, times = 0;
    struct list_cursor cursor;
    struct listpack_item item;
    uint64_t begin = cpu_ns();

    list_walk(&cursor, v, 0, false);
    while (list_step(&cursor, &item))
        kept += item.text.len;
    list_walk_end(&cursor);
    report("walk, per element", begin, n);
    begin = cpu_ns();
    for (size_t i = 0; i < n; i += step, times++) {
        list_walk(&cursor, v, i, false);
        list_step(&cursor, &item);
        list_walk_end(&cursor);
        kept += item.text.len;
    }
    report("an index", begin, times);
}

static void
bench(size_t n)
{
    struct value v;

    printf("%zu elements of 16 bytes\n", n);
    v = pushed(n, LIST_HEAD, "push at the head");
    printf("  bytes per element: %.2f\n", (double)list_type.memory(v, 0) / (double)n);
    pop_all(&v, LIST_TAIL, "pop from the tail");
    list_type.free(v);
    v = pushed(n, LIST_TAIL, "push at the tail");
    look(v);
    pop_all(&v, LIST_HEAD, "pop from the head");
    list_type.free(v);
}

int
main(int argc, char **argv)
{
    bench_sizes(argc, argv, bench, 100, 1000000);
    return kept == 0;
}
