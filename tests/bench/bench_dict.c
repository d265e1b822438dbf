/* SPDX-License-Identifier: MIT
 * tests/bench/bench_dict.c - what a dict costs, in ns per operation and bytes
 * per item.
 *
 *   bench_dict [items ...]          default: 1000000 20000000
 *
 * Items are 48 bytes with a 16-byte key, like a small entry of the keyspace;
 * keys are asked for in random order.  Worst times are those of 16 operations
 * together (reading the clock costs more than one), and of CPU time, so that
 * other processes do not count. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include "base/alloc.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/rand.h"
#include "structs/dict.h"
#include "bench/bench.h"

struct item { uint64_t head, key[2], value[3]; };
#define KEY_LEN 16

static struct bytes
item_key(const void *item)
{
    return bytes_view(((const struct item *)item)->key, KEY_LEN);
}

static const struct dict_ops ops = { .key_of = item_key };

/* The key of item `n`: no two alike, no order. */
static struct bytes
make_key(uint64_t key[2], uint64_t n)
{
    key[0] = n * 0x9e3779b97f4a7c15u;
    key[1] = n ^ 0x5bd1e9955bd1e995u;
    return bytes_view(key, KEY_LEN);
}

/* A walk over 0..n-1 in an order that memory cannot guess. */
static uint64_t
shuffled(uint64_t i, uint64_t n)
{
    return (uint64_t)(((unsigned __int128)(i * 0xd1342543de82ef95u) * n) >> 64);
}

static struct item *
make_items(size_t n)
{
    size_t bytes = n * sizeof(struct item);
    struct item *items = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (items == MAP_FAILED)
        exit(1);
    for (size_t i = 0; i < n; i++)
        make_key(items[i].key, i);
    return items;
}

static uint64_t
hash_of_item(const struct item *item)
{
    return hash_bytes(item->key, KEY_LEN);
}

static void
bench_growth(struct item *items, size_t n)
{
    struct dict *d = dict_new(&ops);
    uint64_t worst = 0, worst_at = 0, before, now, slow = 0;
    double worst_ratio = 0, sum = 0, here;
    size_t sums = 0, peak = 0;

    before = cpu_ns();
    for (size_t i = 0; i < n; i++) {
        dict_add(d, &items[i], hash_of_item(&items[i]));
        if (i % 16 != 0)
            continue;
        now = cpu_ns();
        if (now - before > worst) {
            worst = now - before;
            worst_at = i;
        }
        slow += now - before > 1000000;
        before = now;
        if (i >= n / 4 && i % 1024 == 0) {
            here = (double)dict_memory(d);
            peak = here > (double)peak ? (size_t)here : peak;
            sum += here / (double)i;
            sums++;
            worst_ratio = here / (double)i > worst_ratio ? here / (double)i : worst_ratio;
        }
    }
    printf("  growth 0 -> %zu: worst 16 adds %.3f ms (at %llu), above 1 ms: %llu\n", n,
           (double)worst / 1e6, (unsigned long long)worst_at, (unsigned long long)slow);
    printf("  bytes per item: now %.2f, average since n/4 %.2f, most %.2f\n",
           (double)dict_memory(d) / (double)n, sum / (double)sums, worst_ratio);
    printf("  bytes: peak %zu, now %zu, ratio %.3f\n", peak, dict_memory(d),
           (double)peak / (double)dict_memory(d));
    dict_free(d);
}

static struct dict *
bench_add(struct item *items, size_t n)
{
    struct dict *d = dict_new(&ops);
    uint64_t begin = cpu_ns();

    for (size_t i = 0; i < n; i++)
        dict_add(d, &items[i], hash_of_item(&items[i]));
    report("add", begin, n);
    return d;
}

static void
bench_find(struct dict *d, size_t n, uint64_t offset, const char *what)
{
    size_t times = n < 4000000 ? n : 4000000, found = 0;
    uint64_t key[2], begin = cpu_ns();
    struct bytes name;

    for (size_t i = 0; i < times; i++) {
        name = make_key(key, shuffled(i, n) + offset);
        found += dict_find(d, name, hash_bytes(name.at, name.len)) != NULL;
    }
    report(what, begin, times);
    if (found != (offset == 0 ? times : 0))
        exit(1);
}

#define BATCH_MAX 128

static void
bench_batch(struct dict *d, size_t n, size_t batch)
{
    size_t times = n < 8000000 ? n : 8000000, found = 0;
    uint64_t key[BATCH_MAX][2], hash[BATCH_MAX], begin = cpu_ns();
    char what[64];

    for (size_t i = 0; i + batch <= times; i += batch) {
        for (size_t j = 0; j < batch; j++) {
            make_key(key[j], shuffled(i + j, n));
            hash[j] = hash_bytes(key[j], KEY_LEN);
            dict_prefetch_bucket(d, hash[j]);
        }
        for (size_t j = 0; j < batch; j++)
            dict_prefetch_item(d, hash[j]);
        for (size_t j = 0; j < batch; j++)
            found += dict_find(d, bytes_view(key[j], KEY_LEN), hash[j]) != NULL;
    }
    snprintf(what, sizeof what, "find, hit, batches of %zu", batch);
    report(what, begin, times);
    if (found < times - batch)
        exit(1);
}

static void
count_item(void *item, void *arg)
{
    *(uint64_t *)arg += ((struct item *)item)->head + 1;
}

static void
bench_walks(struct dict *d, size_t n)
{
    uint64_t met = 0, cursor = 0, begin = cpu_ns();
    struct dict_iter it;
    void *item;

    do
        cursor = dict_scan(d, cursor, 10, count_item, &met);
    while (cursor != 0);
    report("scan, 10 at a time, reading items", begin, n);
    begin = cpu_ns();
    dict_iter_start(&it, d);
    while ((item = dict_iter_next(&it)) != NULL)
        count_item(item, &met);
    report("iterate, reading items", begin, n);
    begin = cpu_ns();
    for (int i = 0; i < 1000000; i++)
        met += dict_random(d) != NULL;
    report("random", begin, 1000000);
    if (met != 2 * n + 1000000)
        exit(1);
}

static void
bench_remove(struct dict *d, size_t n)
{
    uint64_t key[2], worst = 0, begin, before, now;
    struct bytes name;

    begin = before = cpu_ns();
    for (size_t i = 0; i < n; i++) {
        name = make_key(key, n - 1 - i);
        if (dict_remove(d, name, hash_bytes(name.at, name.len)) == NULL)
            exit(1);
        if (i % 16 != 0)
            continue;
        now = cpu_ns();
        worst = now - before > worst ? now - before : worst;
        before = now;
    }
    report("remove all", begin, n);
    printf("  worst 16 removes %.3f ms\n", (double)worst / 1e6);
}

static void
bench(size_t n)
{
    struct item *items = make_items(n);
    struct dict *d;

    printf("%zu items\n", n);
    bench_growth(items, n);
    d = bench_add(items, n);
    bench_find(d, n, 0, "find, hit");
    bench_find(d, n, n, "find, miss");
    for (size_t batch = 8; batch <= BATCH_MAX; batch *= 4)
        bench_batch(d, n, batch);
    bench_walks(d, n);
    bench_remove(d, n);
    dict_free(d);
    munmap(items, n * sizeof *items);
}

int
main(int argc, char **argv)
{
    clock_start();
    hash_start(B(""));
    bench_sizes(argc, argv, bench, 1000000, 20000000);
    return 0;
}
