/* SPDX-License-Identifier: MIT
 * tests/integration/test_eviction.c - maxmemory: the eight policies over the wire. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "support/server.h"
#include "support/talk.h"

#define KEYS 20000

static int fd;

SERVER_SUITE(eviction, 120, server_open(NULL, &fd, NULL));

/* `room` bytes more than now, under this policy. */
static void
limit(const char *policy, long long room)
{
    char request[128];

    snprintf(request, sizeof request, "CONFIG SET maxmemory-policy %s maxmemory %lld",
             policy, info_number(fd, "used_memory") + room);
    expect(fd, request, "+OK");
}

/* SET until `n` were taken or one is refused; returns how many were taken. */
static size_t
fill(const char *prefix, size_t n, const char *options)
{
    char request[64], *got;

    for (size_t i = 0; i < n; i++) {
        bool ok;

        snprintf(request, sizeof request, "SET %s%zu 0123456789012345678901 %s", prefix,
                 i, options);
        got = socket_ask(fd, request);
        ok = strcmp(got, "+OK\r\n") == 0;
        cr_assert(ok || strncmp(got, "-OOM ", 5) == 0, "%s", got);
        free(got);
        if (!ok)
            return i;
    }
    return n;
}

/* Large values are freed by another thread, which may need a moment. */
static void
expect_within_limit(void)
{
    long long most = (long long)info_number(fd, "maxmemory") + 200000;

    for (int i = 0; i < 500; i++) {
        if ((long long)info_number(fd, "used_memory") <= most)
            return;
        test_nap(10);
    }
    cr_expect_fail("memory stays above its limit");
}

Test(eviction, none_refuses_writes_and_keeps_everything)
{
    size_t taken;

    add_keys(fd, "old", 1000, "EX 1000");
    limit("noeviction", 100000);
    taken = fill("k", KEYS, "");
    cr_expect_lt(taken, KEYS);
    cr_expect_eq(info_number(fd, "evicted_keys"), 0);
    expect(fd, "GET old1", "$2\r\nv1");
    expect(fd, "DEL old1", ":1");
}

static void
evicts_all(const char *policy)
{
    limit(policy, 300000);
    cr_expect_eq(fill("k", KEYS, ""), KEYS, "%s refuses", policy);
    cr_expect_gt(info_number(fd, "evicted_keys"), KEYS / 4, "%s", policy);
    expect_within_limit();
    expect(fd, "CONFIG SET maxmemory 0", "+OK");        /* both questions see the same */
    cr_expect_eq(ask_number(fd, "DBSIZE") + info_number(fd, "evicted_keys"), KEYS);
}

Test(eviction, of_all_keys_by_age_keeps_the_memory_within_its_limit)
{
    evicts_all("allkeys-lru");
}

Test(eviction, of_all_keys_by_use_keeps_the_memory_within_its_limit)
{
    evicts_all("allkeys-lfu");
}

Test(eviction, of_all_keys_by_chance_keeps_the_memory_within_its_limit)
{
    evicts_all("allkeys-random");
}

/* Those without a deadline stay; when nothing else is left, writes are refused. */
static void
evicts_volatile(const char *policy)
{
    size_t taken;

    add_keys(fd, "stay", 500, "");
    limit(policy, 300000);
    cr_expect_eq(fill("k", KEYS, "EX 1000"), KEYS, "%s refuses", policy);
    cr_expect_gt(info_number(fd, "evicted_keys"), KEYS / 4, "%s", policy);
    expect_within_limit();
    for (int i = 0; i < 500; i++) {
        char request[32];

        snprintf(request, sizeof request, "EXISTS stay%d", i);
        expect(fd, request, ":1");
    }
    taken = fill("more", KEYS, "");
    cr_expect_lt(taken, KEYS, "%s has evicted keys without a deadline", policy);
    cr_expect_eq(ask_number(fd, "DBSIZE"), 500 + (long long)taken);
}

Test(eviction, of_volatile_keys_by_age_spares_the_others)
{
    evicts_volatile("volatile-lru");
}

Test(eviction, of_volatile_keys_by_use_spares_the_others)
{
    evicts_volatile("volatile-lfu");
}

Test(eviction, of_volatile_keys_by_chance_spares_the_others)
{
    evicts_volatile("volatile-random");
}

Test(eviction, of_volatile_keys_by_deadline_spares_the_others)
{
    evicts_volatile("volatile-ttl");
}

/* Exactly: not one with a later deadline goes while an earlier one is there. */
Test(eviction, by_deadline_takes_the_next_to_die_first)
{
    char request[64];
    int last = 0;

    for (int i = 0; i < 2000; i++) {
        snprintf(request, sizeof request, "SET k%d v EX %d", i, 1000 + (i * 7919) % 2000);
        expect(fd, request, "+OK");
    }
    limit("volatile-ttl", 0);
    fill("other", 3000, "EX 100000");
    cr_expect_gt(info_number(fd, "evicted_keys"), 200);
    for (int order = 0; order < 2000; order++) {        /* by deadline */
        bool there;

        snprintf(request, sizeof request, "EXISTS k%d", order * 1679 % 2000);
        there = ask_number(fd, request) == 1;
        if (order && last)
            cr_assert(there, "the %dth deadline went before an earlier one", order);
        last = there;
    }
}

Test(eviction, by_use_keeps_what_is_used)
{
    size_t kept = 0;
    char request[32];

    expect(fd, "CONFIG SET maxmemory-policy allkeys-lfu lfu-log-factor 0", "+OK");
    add_keys(fd, "hot", 100, "");
    for (int round = 0; round < 20; round++)
        for (int i = 0; i < 100; i++) {
            snprintf(request, sizeof request, "STRLEN hot%d", i);
            free(socket_ask(fd, request));
        }
    limit("allkeys-lfu", 200000);
    fill("k", KEYS, "");
    for (int i = 0; i < 100; i++) {
        snprintf(request, sizeof request, "EXISTS hot%d", i);
        kept += (size_t)ask_number(fd, request);
    }
    cr_expect_geq(kept, 95, "only %zu of 100 hot keys are left", kept);
}

Test(eviction, makes_room_for_a_value_larger_than_all_others)
{
    size_t len;
    char *set = request_set(&len, "big", 2000000);

    add_keys(fd, "k", 10000, "");
    limit("allkeys-lru", 200000);
    socket_send(fd, set, len);
    expect_next(fd, "+OK");
    expect_soon(fd, "EXISTS none", ":0");
    fill("x", 10, "");
    expect_within_limit();
    expect(fd, "CONFIG SET maxmemory 0", "+OK");
    expect(fd, "SET k v", "+OK");
    free(set);
}

/* Ten clients are told of each key, ten times its size. */
Test(eviction, makes_no_room_for_what_it_tells_of)
{
    enum { TRACKERS = 10, NAMES = 300 };
    char name[1024], request[1100];
    int trackers[TRACKERS];
    double gone;

    for (int i = 0; i < TRACKERS; i++) {
        trackers[i] = server_connect(server);
        expect_start(trackers[i], "HELLO 3", "%7");
        expect(trackers[i], "CLIENT TRACKING ON", "+OK");
    }
    memset(name, 'x', sizeof name);
    for (int i = 0; i < NAMES; i++) {
        snprintf(request, sizeof request, "SET %d%.1000s x", i, name);
        expect(fd, request, "+OK");
        snprintf(request, sizeof request, "GET %d%.1000s", i, name);
        for (int t = 0; t < TRACKERS; t++)
            expect(trackers[t], request, "$1\r\nx");
    }
    expect(fd, "CONFIG SET maxmemory-eviction-tenacity 100", "+OK");    /* at once */
    limit("allkeys-lru", -40000);
    repeat(fd, "PING", 20, "+PONG");    /* nor for what telling of it leaves behind */
    gone = info_number(fd, "evicted_keys");
    cr_expect_geq(gone, 10);
    cr_expect_leq(gone, 50, "%g keys gone", gone);
    for (int t = 0; t < TRACKERS; t++)
        close(trackers[t]);
}

/* All in one read: half way through, those who were told hold too much and are closed. */
Test(eviction, counts_again_what_was_told_and_dropped)
{
    enum { LISTENERS = 4, NAMES = 4000, CALLS = 40 };
    char name[1000] = "", request[1200], *calls = NULL, *info;
    int listeners[LISTENERS];
    size_t len;
    FILE *f = open_memstream(&calls, &len);

    memset(name, 'x', sizeof name - 1);
    expect(fd, "CONFIG SET notify-keyspace-events Ee", "+OK");
    expect(fd, "CONFIG SET client-output-buffer-limit 'pubsub 1mb 0 0'", "+OK");
    expect(fd, "CONFIG SET maxmemory-eviction-tenacity 100", "+OK");
    for (int i = 0; i < LISTENERS; i++) {
        listeners[i] = server_connect(server);
        expect_start(listeners[i], "PSUBSCRIBE *", "*3");
    }
    for (int i = 0; i < NAMES; i++) {
        snprintf(request, sizeof request, "SET %d%s v", i, name);
        expect(fd, request, "+OK");
    }
    limit("allkeys-random", 0);
    for (int i = 0; i < CALLS; i++)
        fprintf(f, "SETRANGE g%d 100000 x\r\n", i);
    fputs("INFO memory\r\n", f);
    fclose(f);
    socket_send(fd, calls, len);
    for (int i = 0; i < CALLS; i++)
        expect_next(fd, ":100001");
    info = socket_reply(fd, &len);
    cr_expect_lt(atoll(strstr(info, "used_memory:") + 12),
                 info_number(fd, "maxmemory") + 1000000);
    cr_expect_eq(info_number(fd, "client_output_buffer_limit_disconnections"), LISTENERS);
    for (int i = 0; i < LISTENERS; i++)
        close(listeners[i]);
    free(info);
    free(calls);
}
