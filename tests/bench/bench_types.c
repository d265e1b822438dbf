/* SPDX-License-Identifier: MIT
 * tests/bench/bench_types.c - what hashes, sets and sorted sets cost, in ns of CPU per
 * operation and bytes per element; lists have bench_list.
 *
 *   bench_types [elements ...]       default: 100 1000000
 *
 * Left out: keys, protocol and sockets.  bench_beside has them in. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "values/v_hash.h"
#include "values/v_set.h"
#include "values/v_zset.h"
#include "bench/bench.h"

static const struct hash_limits hash_limits = { .entries = 512, .value = 64 };
static const struct set_limits set_limits = { 512, 128, 64 };
static const struct zset_limits zset_limits = { .entries = 128, .value = 64 };
static uint64_t kept;               /* so that nothing is optimised away */
static bool is_warming;             /* a first run: caches and allocator, no figures */

static void
measured(const char *what, uint64_t begin, size_t times)
{
    if (!is_warming)
        report(what, begin, times);
}

static void
head(const char *type, size_t n)
{
    if (!is_warming)
        printf("%s of %zu\n", type, n);
}

/* The `i`-th of many names in no order. */
static struct bytes
name_of(size_t i, char buf[32])
{
    uint64_t mixed = (uint64_t)i * 0x9e3779b97f4a7c15u;
    int len = snprintf(buf, 32, "element:%08x", (unsigned)(mixed >> 32));

    return bytes_view(buf, (size_t)len);
}

static void
report_size(const struct value_type *type, struct value v, size_t n)
{
    if (!is_warming)
        printf("  %-34s %8.1f bytes\n", "an element",
               (double)type->memory(v, 0) / (double)n);
}

static void
bench_hash(size_t n)
{
    struct value v = hash_new();
    struct hash_field f;
    uint64_t begin = cpu_ns();
    char buf[32];

    head("hash", n);
    for (size_t i = 0; i < n; i++)
        hash_set(&v, name_of(i, buf), B("sixteen bytes..."), HASH_FOREVER, &hash_limits);
    measured("set a new field", begin, n);
    report_size(&hash_type, v, n);
    begin = cpu_ns();
    for (size_t i = 0; i < n; i++)
        hash_set(&v, name_of(i, buf), B("sixteen others.."), HASH_FOREVER, &hash_limits);
    measured("overwrite", begin, n);
    begin = cpu_ns();
    for (size_t i = 0; i < n; i++)
        kept += hash_find(v, name_of(i, buf), &f) ? f.value.len : 0;
    measured("find", begin, n);
    begin = cpu_ns();
    for (size_t i = 0; i < n; i++)
        kept += hash_remove(&v, name_of(i, buf));
    measured("remove", begin, n);
    hash_type.free(v);
}

static void
bench_set(size_t n)
{
    struct value v = set_new(B("first"), 1, &set_limits);
    struct set_member m;
    uint64_t begin = cpu_ns();
    char buf[32];

    head("set", n);
    for (size_t i = 0; i < n; i++)
        set_add(&v, name_of(i, buf), &set_limits);
    measured("add", begin, n);
    report_size(&set_type, v, n);
    begin = cpu_ns();
    for (size_t i = 0; i < n; i++)
        kept += set_has(v, name_of(i, buf));
    measured("is it a member", begin, n);
    begin = cpu_ns();
    for (size_t i = 0; i < n; i++) {
        set_random(v, &m);
        kept += m.text.len;
    }
    measured("a random one", begin, n);
    begin = cpu_ns();
    for (size_t i = 0; i < n; i++)
        kept += set_remove(&v, name_of(i, buf));
    measured("remove", begin, n);
    set_type.free(v);
}

static void
read_zset(struct value v, size_t n)
{
    struct zset_place p;
    struct zset_iter it;
    struct zset_item item;
    uint64_t begin = cpu_ns();
    char buf[32];

    for (size_t i = 0; i < n; i++) {
        zset_find(v, name_of(i, buf), &p);
        kept += zset_rank(v, &p);
    }
    measured("rank", begin, n);
    begin = cpu_ns();
    for (size_t i = 0; i < n / 10; i++) {
        zset_iter_start(&it, v, i * 7919 % (n - n / 10), false);
        for (int k = 0; k < 10 && zset_iter_next(&it, &item); k++)
            kept += item.member.len;
    }
    measured("ten from a rank on", begin, n / 10);
}

static void
bench_zset(size_t n)
{
    struct value v = zset_new(16, &zset_limits);
    struct zset_place p;
    uint64_t begin = cpu_ns();
    char buf[32];

    head("sorted set", n);
    for (size_t i = 0; i < n; i++) {
        struct bytes name = name_of(i, buf);

        zset_find(v, name, &p);
        zset_add(&v, &p, name, (double)(i * 7919 % n) + 0.5, &zset_limits);
    }
    measured("add", begin, n);
    report_size(&zset_type, v, n);
    begin = cpu_ns();
    for (size_t i = 0; i < n; i++) {
        zset_find(v, name_of(i, buf), &p);
        zset_rescore(&v, &p, name_of(i, buf), (double)(i * 104729 % n) + 0.5);
    }
    measured("another score", begin, n);
    read_zset(v, n);
    begin = cpu_ns();
    zset_remove_ranks(&v, 0, n);
    measured("remove all by rank, each", begin, n);
    zset_type.free(v);
}

static void
bench(size_t n)
{
    for (int run = 0; run < 2; run++) {
        is_warming = run == 0;
        bench_hash(n);
        bench_set(n);
        bench_zset(n);
    }
}

int
main(int argc, char **argv)
{
    clock_start();
    bench_sizes(argc, argv, bench, 100, 1000000);
    return kept == 0;
}
