/* SPDX-License-Identifier: MIT
 * tests/unit/test_lazyfree.c - what is large is freed elsewhere, and all of it. */
#include "keyspace/lazyfree.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <pthread.h>
#include <sched.h>
#include "base/alloc.h"
#include "keyspace/keyspace.h"
#include "values/v_list.h"
#include "values/v_string.h"

static struct keyspace *ks;

static void
start(void)
{
    hash_start(B("lazyfree tests"));
    clock_start();
    value_type_register(TYPE_STRING, &string_type);
    value_type_register(TYPE_LIST, &list_type);
    lazyfree_start();
    ks = keyspace_new(2);
}

static void
stop(void)
{
    keyspace_free(ks);
    lazyfree_stop();
}

TestSuite(lazyfree, .init = start, .fini = stop);

static void
fill(int keys, size_t len)
{
    char name[32];

    for (int i = 0; i < keys; i++) {
        struct key key = key_of(bytes_view(name, (size_t)snprintf(name, 32, "%d", i)));
        msec when = i & 1 ? clock_ms() + 100000 : NO_DEADLINE;
        struct slot s;

        db_slot(keyspace_db(ks, 0), &key, &s);
        slot_put(&s, string_value_blob(blob_try_new(len, len)), when);
    }
}

static void
note_thread(void *p)
{
    *(pthread_t *)p = pthread_self();
}

Test(lazyfree, runs_what_it_is_given_in_another_thread)
{
    pthread_t who = pthread_self();

    lazyfree_call(note_thread, &who, 3);
    lazyfree_wait();
    cr_expect_not(pthread_equal(who, pthread_self()));
    cr_expect_eq(lazyfree_pending(), 0);
    cr_expect_eq(lazyfree_done(), 3);
    lazyfree_reset_done();
    cr_expect_eq(lazyfree_done(), 0);
}

static void
note_policy(void *p)
{
    *(int *)p = sched_getscheduler(0);
}

/* The thread that serves clients wakes it, and must not lose its core by that. */
Test(lazyfree, wakes_up_without_pushing_others_aside)
{
    int policy = -1;

    lazyfree_call(note_policy, &policy, 1);
    lazyfree_wait();
    cr_expect_eq(policy, SCHED_BATCH);
    cr_expect_eq(sched_getscheduler(0), SCHED_OTHER);
}

Test(lazyfree, gives_back_a_flushed_database_to_the_last_byte)
{
    size_t before = mem_used();

    fill(5000, 200);
    cr_expect_eq(keyspace_flush(ks, -1, true), 5000);
    lazyfree_wait();
    cr_expect_eq(mem_used(), before);
    cr_expect_eq(lazyfree_done(), 5000);
}

Test(lazyfree, leaves_a_blob_that_is_being_sent_to_the_thread_that_sends_it)
{
    struct key key = key_of(B("0"));
    size_t before = mem_used();
    struct blob *sent;

    fill(10, 200);
    sent = blob_share(entry_value(db_peek(keyspace_db(ks, 0), &key)).blob);
    memset(sent->at, 's', sent->len);
    keyspace_flush(ks, 0, true);
    lazyfree_wait();
    cr_expect_eq(sent->refs, 1);
    cr_expect_eq(sent->at[199], 's');
    blob_release(sent);
    cr_expect_eq(mem_used(), before);
}

Test(lazyfree, frees_a_large_string_elsewhere_and_a_small_one_here)
{
    size_t before = mem_used();

    lazyfree_value(string_value_blob(blob_try_new(1000, 1000)));
    cr_expect_eq(lazyfree_done() + lazyfree_pending(), 0);
    cr_expect_eq(mem_used(), before);
    lazyfree_value(string_value_blob(blob_try_new(32 << 20, 32 << 20)));
    lazyfree_wait();
    cr_expect_eq(lazyfree_done(), 1);
    cr_expect_eq(mem_used(), before);
}

Test(lazyfree, frees_a_list_of_few_but_large_elements_elsewhere)
{
    static char large[8 << 20];
    struct list_limits limits = { .size = -2 };
    struct value small = list_new(), big = list_new();

    list_push(&small, limits, LIST_TAIL, B("a"));
    lazyfree_value(small);
    cr_expect_eq(lazyfree_done() + lazyfree_pending(), 0);
    list_push(&big, limits, LIST_TAIL, bytes_view(large, sizeof large));
    lazyfree_value(big);
    lazyfree_wait();
    cr_expect_eq(lazyfree_done(), 1);
}

Test(lazyfree, drops_one_reference_of_a_large_string_that_is_being_sent)
{
    struct blob *blob = blob_try_new(32 << 20, 32 << 20);

    lazyfree_value(string_value_blob(blob_share(blob)));
    lazyfree_wait();
    cr_expect_eq(blob->refs, 1);
    blob_release(blob);
}

Test(lazyfree, without_its_thread_frees_at_once)
{
    pthread_t who;

    lazyfree_stop();
    lazyfree_call(note_thread, &who, 1);
    cr_expect(pthread_equal(who, pthread_self()));
    cr_expect_eq(lazyfree_pending(), 0);
}
