/* SPDX-License-Identifier: MIT
 * tests/bench/bench_btree.c - what a large sorted set costs: ZADD, ZSCORE, ZRANK, ZRANGE
 * and ZPOPMIN as the value module does them, in ns per operation and bytes per member.
 *
 *   bench_btree [members]          default: 1000000
 *
 * CPU time, so that other processes do not count. */
#include <stdio.h>
#include <stdlib.h>
#include "base/alloc.h"
#include "base/hash.h"
#include "base/rand.h"
#include "values/v_zset.h"
#include "bench/bench.h"

static const struct zset_limits limits = { .entries = 128, .value = 64 };

static struct bytes
name_of(uint64_t n, char buf[32])
{
    return bytes_view(buf, (size_t)snprintf(buf, 32, "member:%08llu",
                                            (unsigned long long)n));
}

static void
put(struct value *v, uint64_t n, double score)
{
    struct zset_place p;
    char buf[32];
    struct bytes member = name_of(n, buf);

    zset_find(*v, member, &p);
    if (p.found)
        zset_rescore(v, &p, member, score);
    else
        zset_add(v, &p, member, score, &limits);
}

static void
ask(struct value v, size_t n, bool rank)
{
    uint64_t begin = cpu_ns(), sum = 0;
    struct zset_place p;
    char buf[32];

    for (size_t i = 0; i < n; i++) {
        zset_find(v, name_of(rand_below(n), buf), &p);
        sum += rank ? zset_rank(v, &p) : (uint64_t)p.score;
    }
    report(rank ? "ZRANK, random member" : "ZSCORE, random member", begin, n);
    if (sum == 1)
        puts("");               /* keeps the loop */
}

static void
walk(struct value v, size_t n, size_t len)
{
    uint64_t begin = cpu_ns(), times = n / len, sum = 0;
    struct zset_iter it;
    struct zset_item item;

    for (size_t i = 0; i < times; i++) {
        zset_iter_start(&it, v, rand_below(n - len), i % 2);
        for (size_t k = 0; k < len && zset_iter_next(&it, &item); k++)
            sum += item.member.len;
    }
    printf("  ZRANGE of %zu at random, a member    %6.1f ns\n", len,
           (double)(cpu_ns() - begin) / (double)(times * len));
    if (sum == 1)
        puts("");
}

static void
bench(size_t n)
{
    size_t before = mem_used();
    struct value v = zset_new(1, &limits);
    uint64_t begin = cpu_ns();

    printf("%zu members\n", n);
    for (size_t i = 0; i < n; i++)
        put(&v, i, (double)rand_below(n));
    report("ZADD, new, random score", begin, n);
    printf("  %-34s %8.1f B\n", "memory a member", (double)(mem_used() - before) / (double)n);
    ask(v, n, false);
    ask(v, n, true);
    walk(v, n, 10);
    walk(v, n, 100);
    begin = cpu_ns();
    for (size_t i = 0; i < n; i++)
        put(&v, rand_below(n), (double)rand_below(n));
    report("ZADD, new random score", begin, n);
    begin = cpu_ns();
    for (size_t i = 0; i < n; i++)
        zset_remove_ranks(&v, 0, 1);
    report("ZPOPMIN", begin, n);
    zset_type.free(v);
}

int
main(int argc, char **argv)
{
    hash_start(B("bench"));
    rand_seed(1);
    bench(argc > 1 ? (size_t)strtoull(argv[1], NULL, 10) : 1000000);
    return 0;
}
