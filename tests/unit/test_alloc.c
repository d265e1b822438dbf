/* SPDX-License-Identifier: MIT
 * tests/unit/test_alloc.c - what is counted is what the allocator spends. */
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#ifdef HAVE_JEMALLOC
#include <jemalloc/jemalloc.h>
#endif
#include "base/alloc.h"
#include "base/rand.h"

#ifdef HAVE_JEMALLOC
Test(alloc, the_computed_class_is_jemallocs_own)
{
    rand_seed(6);
    for (size_t size = 1; size <= 70000; size++)
        cr_assert_eq(mem_class(size), nallocx(size, 0), "%zu", size);
    for (int i = 0; i < 100000; i++) {
        size_t size = 1 + (rand_u64() >> (2 + rand_below(60)));

        cr_assert_eq(mem_class(size), nallocx(size, 0), "%zu", size);
    }
    cr_expect_eq(mem_class(0), 8);
}
#endif

Test(alloc, a_class_holds_its_request_and_is_its_own_class)
{
    for (size_t size = 0; size < 100000; size++) {
        cr_assert_geq(mem_class(size), size);
        cr_assert_eq(mem_class(mem_class(size)), mem_class(size));
    }
}

/* Random blocks, grown, shrunk and freed in every way there is: the count must
 * follow exactly and end where it began. */
Test(alloc, the_count_follows_every_way_in_and_out)
{
    static struct { char *at; size_t size; } block[100];
    size_t before = mem_used();

    rand_seed(7);
    for (int i = 0; i < 100000; i++) {
        size_t at = rand_below(100), size = rand_below(1 << rand_below(18)), sum = 0;
        char *p = block[at].at;

        switch (rand_below(6)) {
        case 0: mem_free(p); p = mem_alloc(size); break;
        case 1: mem_free_sized(p, block[at].size); p = mem_zalloc(size); break;
        case 2: p = mem_realloc(p, size); break;
        case 3: p = mem_realloc_sized(p, block[at].size, size); break;
        case 4: p = mem_try_realloc(p, size); break;
        case 5: mem_free(p); p = mem_try_alloc(size); break;
        }
        block[at].at = p;
        block[at].size = size;
        memset(p, 'x', size);
        if (i % 1000 != 0)
            continue;
        for (size_t b = 0; b < 100; b++)
            sum += mem_size_of(block[b].at);
        cr_assert_eq(mem_used() - before, sum);
    }
    for (size_t b = 0; b < 100; b++)
        mem_free(block[b].at);
    cr_expect_eq(mem_used(), before);
}

Test(alloc, realloc_keeps_the_bytes_and_zalloc_clears_them)
{
    char *p = mem_alloc(10);

    memcpy(p, "123456789", 10);
    p = mem_realloc_sized(p, 10, 100000);
    cr_expect_str_eq(p, "123456789");
    p = mem_realloc(p, 16);
    cr_expect_str_eq(p, "123456789");
    mem_free(p);
    p = mem_zalloc(5000);
    for (int i = 0; i < 5000; i++)
        cr_assert_eq(p[i], 0);
    mem_free_sized(p, 5000);
    p = mem_copy_text("text");
    cr_expect_str_eq(p, "text");
    mem_free(p);
    mem_free(NULL);
    mem_free_sized(NULL, 7);
}

#ifndef __SANITIZE_ADDRESS__
Test(alloc, trying_for_too_much_answers_null_and_counts_nothing)
{
    size_t before = mem_used();
    volatile size_t too_much = (size_t)PTRDIFF_MAX - 4096;
    char *p = mem_alloc(10), *q;

    cr_expect_null(mem_try_alloc(too_much));
    q = mem_try_realloc(p, too_much);
    cr_expect_null(q);
    if (q == NULL)
        mem_free(p);
    cr_expect_eq(mem_used(), before);
}
#endif

static void *
take_and_end(void *arg)
{
    void **kept = arg;

    *kept = mem_alloc(1000);
    mem_free(mem_alloc(2000));
    return NULL;
}

/* More threads than slots, one after another and at once. */
Test(alloc, threads_that_end_leave_their_count_behind)
{
    enum { ROUNDS = 3, THREADS = 100 };
    static pthread_t thread[THREADS];
    static void *kept[ROUNDS][THREADS];
    size_t before = mem_used(), sum = 0;

    for (int r = 0; r < ROUNDS; r++) {
        for (int i = 0; i < THREADS; i++)
            pthread_create(&thread[i], NULL, take_and_end, &kept[r][i]);
        for (int i = 0; i < THREADS; i++)
            pthread_join(thread[i], NULL);
    }
    for (int r = 0; r < ROUNDS; r++)
        for (int i = 0; i < THREADS; i++)
            sum += mem_size_of(kept[r][i]);
    cr_expect_eq(mem_used(), before + sum);
    for (int r = 0; r < ROUNDS; r++)
        for (int i = 0; i < THREADS; i++)
            mem_free(kept[r][i]);
    cr_expect_eq(mem_used(), before);
}

Test(alloc, foreign_memory_can_be_accounted)
{
    size_t before = mem_used();

    mem_account(123456);
    cr_expect_eq(mem_used(), before + 123456);
    mem_account(-123456);
    cr_expect_eq(mem_used(), before);
}

Test(alloc, the_allocator_tells_its_facts)
{
    struct mem_facts facts = { 0 };
    char *big = mem_alloc(10 << 20), *report;

    memset(big, 1, 10 << 20);
    mem_facts(&facts);
    cr_expect_geq(facts.allocated, 10u << 20);
    cr_expect_geq(facts.active, 10u << 20);
    cr_expect_geq(facts.resident, 10u << 20);
    cr_expect_geq(facts.rss, 10u << 20);
    mem_free(big);
    report = mem_allocator_report();
    cr_expect_gt(strlen(report), 20);
    mem_free(report);
    mem_purge();
#ifdef HAVE_JEMALLOC
    cr_expect_eq(strncmp(mem_allocator_name(), "jemalloc-5", 10), 0);
    cr_expect_null(strchr(mem_allocator_name(), '_'));
#else
    cr_expect_str_eq(mem_allocator_name(), "libc");
#endif
}

/* The thread itself cannot be seen, but that it can be asked for and sent away. */
Test(alloc, purging_in_the_background_can_be_turned_on_and_off)
{
#ifdef HAVE_JEMALLOC
    bool is_on = false;
    size_t size = sizeof is_on;

    cr_expect(mem_purge_in_background(true));
    cr_expect_eq(mallctl("background_thread", &is_on, &size, NULL, 0), 0);
    cr_expect(is_on);
    cr_expect(mem_purge_in_background(false));
    cr_expect_eq(mallctl("background_thread", &is_on, &size, NULL, 0), 0);
    cr_expect_not(is_on);
#else
    cr_expect_not(mem_purge_in_background(true));
    cr_expect(mem_purge_in_background(false));
#endif
}
