/* SPDX-License-Identifier: MIT
 * tests/unit/test_stats.c - errors by code, and durations against a sorted list. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/alloc.h"
#include "base/rand.h"
#include "base/text.h"
#include "command/stats.h"

/* --- errors --- */

static void
write_kind(struct bytes code, uint64_t count, void *arg)
{
    text_printf(arg, "%.*s=%llu ", B_ARG(code), (unsigned long long)count);
}

static void
expect_kinds(const struct errorstats *e, const char *want)
{
    struct text t = { 0 };

    errorstats_each(e, write_kind, &t);
    cr_expect_str_eq(t.at ? t.at : "", want);
    text_free(&t);
}

Test(errorstats, errors_are_counted_by_their_code_in_its_order)
{
    struct errorstats *e = errorstats_new();

    expect_kinds(e, "");
    errorstats_count(e, B("WRONGTYPE Operation against a key"));
    errorstats_count(e, B("ERR syntax error"));
    errorstats_count(e, B("NOAUTH Authentication required."));
    errorstats_count(e, B("ERR value is not an integer"));
    expect_kinds(e, "ERR=2 NOAUTH=1 WRONGTYPE=1 ");
    errorstats_reset(e);
    expect_kinds(e, "");
    errorstats_free(e);
}

Test(errorstats, a_text_without_a_code_counts_as_err)
{
    struct errorstats *e = errorstats_new();

    errorstats_count(e, B("oneword"));
    errorstats_count(e, B(""));
    errorstats_count(e, B("AWORDTHATISMUCHTOOLONGTOBEACODE then more"));
    errorstats_count(e, B("AWORDOFTHIRTYLETTERSISACODEYET then more"));
    expect_kinds(e, "AWORDOFTHIRTYLETTERSISACODEYET=1 ERR=3 ");
    errorstats_free(e);
}

Test(errorstats, beyond_128_codes_further_ones_count_together)
{
    struct errorstats *e = errorstats_new();
    struct text t = { 0 };
    size_t memory;

    for (int i = 0; i < 128; i++) {
        char text[32];

        errorstats_count(e, bytes_view(text, (size_t)snprintf(text, sizeof text,
                                                              "E%03d x", i)));
    }
    memory = mem_used();
    for (int i = 0; i < 1000; i++) {
        char text[32];

        errorstats_count(e, bytes_view(text, (size_t)snprintf(text, sizeof text,
                                                              "F%03d x", i)));
    }
    cr_expect_eq(mem_used(), memory);
    errorstats_count(e, B("E005 x"));
    errorstats_each(e, write_kind, &t);
    cr_expect_not_null(strstr(t.at, "E005=2 "));
    cr_expect_not_null(strstr(t.at, "E127=1 ERRORSTATS_OVERFLOW=1000 "));
    text_free(&t);
    errorstats_free(e);
}

/* --- durations --- */

#define SAMPLES 100000

static int
compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

/* A percentile may be one step, 1/64, above the true one and never below. */
static void
expect_percentile(const struct latency_histogram *h, const uint64_t *sorted,
                  double percentile)
{
    size_t rank = (size_t)(percentile / 100 * SAMPLES + 0.5);
    uint64_t want = sorted[rank ? rank - 1 : 0];
    uint64_t got = latency_histogram_at(h, percentile);

    cr_expect(got >= want && got <= want + want / 64, "p%g: %llu for %llu", percentile,
              (unsigned long long)got, (unsigned long long)want);
}

Test(latency_histogram, percentiles_and_counts_follow_a_sorted_list)
{
    static uint64_t sample[SAMPLES];
    struct latency_histogram *h = latency_histogram_new();

    rand_seed(7);
    for (size_t i = 0; i < SAMPLES; i++) {
        sample[i] = rand_u64() >> (32 + rand_below(32));
        latency_histogram_add(h, sample[i]);
    }
    qsort(sample, SAMPLES, sizeof *sample, compare);
    cr_expect_eq(latency_histogram_count(h), SAMPLES);
    cr_expect_eq(latency_histogram_at(h, 100), sample[SAMPLES - 1]);
    for (double p = 0; p <= 100; p += 0.1)
        expect_percentile(h, sample, p);
    for (int i = 0; i < 10000; i++) {
        uint64_t limit = rand_u64() >> (31 + rand_below(33));
        uint64_t got = latency_histogram_up_to(h, limit), low = 0, high = 0;

        for (size_t step = SAMPLES / 2 + 1; step; step /= 2) {
            while (low + step <= SAMPLES && sample[low + step - 1] <= limit)
                low += step;
            while (high + step <= SAMPLES &&
                   sample[high + step - 1] <= limit + limit / 64)
                high += step;
        }
        cr_assert(got >= low && got <= high, "%llu is not in %llu..%llu",
                  (unsigned long long)got, (unsigned long long)low,
                  (unsigned long long)high);
    }
    latency_histogram_free(h);
}

Test(latency_histogram, short_durations_are_exact)
{
    struct latency_histogram *h = latency_histogram_new();

    for (uint64_t ns = 0; ns < 128; ns++)
        latency_histogram_add(h, ns);
    for (uint64_t ns = 0; ns < 128; ns++)
        cr_expect_eq(latency_histogram_up_to(h, ns), ns + 1);
    latency_histogram_free(h);
}

/* One sample at every edge of a power of two: none may fall into a neighbour. */
Test(latency_histogram, every_power_of_two_begins_a_step)
{
    for (int bit = 1; bit < 32; bit++) {
        struct latency_histogram *h = latency_histogram_new();
        uint64_t edge = UINT64_C(1) << bit;

        latency_histogram_add(h, edge - 1);
        latency_histogram_add(h, edge);
        cr_expect_eq(latency_histogram_up_to(h, edge - 1), 1, "2^%d", bit);
        cr_expect_eq(latency_histogram_at(h, 50), edge - 1, "2^%d", bit);
        cr_expect_eq(latency_histogram_at(h, 100), edge, "2^%d", bit);
        latency_histogram_free(h);
    }
}

Test(latency_histogram, endless_durations_count_and_keep_their_maximum)
{
    struct latency_histogram *h = latency_histogram_new();

    latency_histogram_add(h, 5);
    latency_histogram_add(h, UINT64_MAX);
    latency_histogram_add(h, UINT64_C(1) << 40);
    cr_expect_eq(latency_histogram_count(h), 3);
    cr_expect_eq(latency_histogram_at(h, 100), UINT64_MAX);
    cr_expect_eq(latency_histogram_up_to(h, UINT64_MAX), 3);
    cr_expect_eq(latency_histogram_up_to(h, 1000), 1);
    latency_histogram_free(h);
}

Test(latency_histogram, an_empty_one_answers_zero)
{
    struct latency_histogram *h = latency_histogram_new();

    cr_expect_eq(latency_histogram_at(h, 99), 0);
    cr_expect_eq(latency_histogram_up_to(h, 1000), 0);
    cr_expect_eq(latency_histogram_count(h), 0);
    latency_histogram_free(h);
}
