/* SPDX-License-Identifier: MIT
 * tests/integration/test_databases.c - whole databases: swapped, moved between,
 * emptied in the background; and what INFO counts of it. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "support/server.h"
#include "support/talk.h"

static int fd, other;

SERVER_SUITE(databases, 120, server_open(NULL, &fd, &other, NULL));

Test(databases, are_16_and_apart)
{
    expect(fd, "SET k zero", "+OK");
    expect(fd, "SELECT 15", "+OK");
    expect(fd, "GET k", "$-1");
    expect(fd, "SET k fifteen", "+OK");
    expect(fd, "SELECT 16", "-ERR DB index is out of range");
    expect(other, "GET k", "$4\r\nzero");
    expect_part(fd, "INFO keyspace", "# Keyspace\r\ndb0:keys=1,expires=0,avg_ttl=0\r\n"
                "db15:keys=1,expires=0,avg_ttl=0\r\n");
}

/* Monitoring asks for `all` and must not meet what Redis does not have. */
Test(databases, have_a_section_of_our_own_in_everything_but_not_in_all)
{
    char *all = ask_text(fd, "INFO all server"), *own = ask_text(fd, "INFO ignis all");

    cr_expect(strstr(all, "# Commandstats\r\n"));
    cr_expect_null(strstr(all, "# Ignis\r\n"));
    cr_expect(strstr(own, "# Ignis\r\n"));
    expect_part(fd, "INFO everything", "# Ignis\r\n");
    expect_part(fd, "INFO CPU everything", "# Ignis\r\n");
    free(all);
    free(own);
}

Test(databases, are_swapped_under_their_clients_with_deadlines)
{
    expect(fd, "SET k zero", "+OK");
    expect(other, "SELECT 1", "+OK");
    expect(other, "SET k one PX 200", "+OK");
    expect(fd, "SWAPDB 0 1", "+OK");
    expect(fd, "GET k", "$3\r\none");
    expect(other, "GET k", "$4\r\nzero");
    expect_soon(fd, "DBSIZE", ":0");
    expect(other, "DBSIZE", ":1");
    expect(fd, "SWAPDB 0 0", "+OK");
    expect(fd, "SWAPDB 0 16", "-ERR DB index is out of range");
    expect(fd, "SWAPDB x 0", "-ERR invalid first DB index");
    expect(fd, "SWAPDB 0 x", "-ERR invalid second DB index");
}

Test(databases, are_moved_between_with_value_and_deadline)
{
    expect(fd, "SET k v EX 1000", "+OK");
    expect(fd, "MOVE k 2", ":1");
    expect(fd, "EXISTS k", ":0");
    expect(fd, "MOVE k 2", ":0");
    expect(fd, "SET k other", "+OK");
    expect(fd, "MOVE k 2", ":0");
    expect(fd, "MOVE k 0", "-ERR source and destination objects are the same");
    expect(fd, "MOVE k 16", "-ERR DB index is out of range");
    expect(fd, "SELECT 2", "+OK");
    expect(fd, "GET k", "$1\r\nv");
    cr_expect_gt(ask_number(fd, "TTL k"), 990);
}

Test(databases, are_emptied_at_once_or_in_the_background)
{
    add_keys(fd, "k", 200000, "EX 1000");
    expect(other, "SELECT 1", "+OK");
    expect(other, "SET k v", "+OK");
    expect(fd, "FLUSHDB ASYNC", "+OK");
    expect(fd, "DBSIZE", ":0");
    expect(other, "DBSIZE", ":1");
    cr_expect(info_reaches(fd, "lazyfreed_objects", 200000));
    add_keys(fd, "k", 1000, "");
    expect(fd, "FLUSHALL SYNC", "+OK");
    expect(other, "DBSIZE", ":0");
    expect(fd, "FLUSHALL nosuch", "-ERR syntax error");
    cr_expect_eq(info_number(fd, "lazyfree_pending_objects"), 0);
}

/* The tables go with their keys. */
Test(databases, give_their_memory_back)
{
    long long before, after = 0, end;

    expect(fd, "FLUSHALL ASYNC", "+OK");
    before = info_number(fd, "used_memory");
    add_keys(fd, "k", 300000, "");
    expect(fd, "FLUSHALL ASYNC", "+OK");
    end = test_ms() + 10000;
    do
        after = info_number(fd, "used_memory");
    while (after > before + 1000000 && test_ms() < end);
    cr_expect_leq(after, before + 1000000);
}

/* All keys of one request: DEL here, UNLINK through the background. */
static void
remove_all(const char *command, size_t n)
{
    char *raw = NULL, want[32], key[32];
    size_t len;
    FILE *f = open_memstream(&raw, &len);

    add_keys(fd, "k", n, "");
    fprintf(f, "*%zu\r\n$%zu\r\n%s\r\n", n + 1, strlen(command), command);
    for (size_t i = 0; i < n; i++) {
        int at = snprintf(key, sizeof key, "k%zu", i);

        fprintf(f, "$%d\r\n%s\r\n", at, key);
    }
    fclose(f);
    socket_patience(fd, 30000);
    socket_send(fd, raw, len);
    snprintf(want, sizeof want, ":%zu", n);
    expect_next(fd, want);
    expect(fd, "DBSIZE", ":0");
    free(raw);
}

Test(databases, lose_a_million_keys_to_one_del)
{
    remove_all("DEL", 1000000);
}

Test(databases, lose_a_million_keys_to_one_unlink)
{
    remove_all("UNLINK", 1000000);
}

Test(databases, hand_big_values_to_the_background_thread)
{
    size_t len;
    char *set = request_set(&len, "big", 20 << 20);
    long long before = info_number(fd, "used_memory");

    socket_send(fd, set, len);
    expect_next(fd, "+OK");
    cr_expect_gt(info_number(fd, "used_memory"), before + (20 << 20) - 1000);
    expect(fd, "UNLINK big", ":1");
    for (long long end = test_ms() + 10000;
         info_number(fd, "used_memory") > before + 1000000 && test_ms() < end;)
        test_nap(10);
    cr_expect_leq(info_number(fd, "used_memory"), before + 1000000);
    free(set);
}

Test(databases, count_hits_misses_and_changes_as_redis_does)
{
    static const char text[] =
        "SET a 1\r\nGET a\r\nGET none\r\nMGET a none a\r\nEXISTS a none\r\n"
        "TYPE none\r\nTTL a\r\n"
        "STRLEN none\r\nINCR a\r\nAPPEND b x\r\nSETNX a 1\r\nGETSET a 2\r\n"
        "DEL a none\r\nSET c 1 "
        "PX 100000\r\nPERSIST c\r\nRENAME c d\r\nCOPY d e\r\nOBJECT ENCODING d\r\n"
        "TOUCH d\r\nGETDEL "
        "d\r\nSETRANGE f 0 x\r\nGETRANGE f 0 1\r\nBITCOUNT none\r\nSETBIT g 0 1\r\n"
        "MSET h 1 i 2\r\n"
        "EXPIRE h 100\r\nMOVE i 1\r\nRANDOMKEY\r\nSWAPDB 0 1\r\nQUIT\r\n";
    static const char *const names[] = { "keyspace_hits", "keyspace_misses",
                                         "rdb_changes_since_last_save", "expired_keys",
                                         "evicted_keys" };
    struct test_server *redis;
    int to;

    redis = server_open_redis(NULL, &to, NULL);
    visit(server, &fd, text);
    visit(redis, &to, text);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        cr_expect_eq(info_number(fd, names[i]), info_number(to, names[i]),
                     "%s: %lld, redis %lld", names[i], info_number(fd, names[i]),
                     info_number(to, names[i]));
    server_stop(redis);
}

Test(databases, tell_idle_time_and_use_by_policy)
{
    expect(fd, "SET k v", "+OK");
    expect(fd, "OBJECT IDLETIME k", ":0");
    expect_start(fd, "OBJECT FREQ k", "-ERR An LFU maxmemory policy is not selected");
    expect_soon(fd, "OBJECT IDLETIME k", ":1");
    expect(fd, "GET k", "$1\r\nv");
    expect(fd, "OBJECT IDLETIME k", ":0");
    expect(fd, "CONFIG SET maxmemory-policy volatile-lfu", "+OK");
    expect_start(fd, "OBJECT IDLETIME k", "-ERR An LFU maxmemory policy is selected");
    expect(fd, "SET new v", "+OK");
    expect(fd, "OBJECT FREQ new", ":5");
}
