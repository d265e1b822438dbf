/* SPDX-License-Identifier: MIT
 * tests/integration/test_expiry.c - keys that are over: unseen at once, gone soon,
 * counted, and nobody waits for it. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "support/server.h"
#include "support/talk.h"

static int fd;
static const char *const server_args[] = { "--enable-debug-command", "yes", NULL };

SERVER_SUITE(expiry, 120, server_open(server_args, &fd, NULL));

Test(expiry, on_access_hides_a_key_from_its_millisecond_on)
{
    expect(fd, "DEBUG SET-ACTIVE-EXPIRE 0", "+OK");
    expect(fd, "SET k v PX 30", "+OK");
    expect(fd, "GET k", "$1\r\nv");
    test_nap(50);
    expect(fd, "DBSIZE", ":1");
    expect(fd, "EXISTS k", ":0");
    expect(fd, "DBSIZE", ":0");
    cr_expect_eq(info_number(fd, "expired_keys"), 1);
    expect(fd, "SET k v PX 30", "+OK");
    test_nap(50);
    expect(fd, "SET k w KEEPTTL", "+OK");
    expect(fd, "TTL k", ":-1");
    cr_expect_eq(info_number(fd, "expired_keys"), 2);
}

Test(expiry, that_is_active_removes_keys_nobody_asks_for)
{
    add_keys(fd, "k", 1000, "PX 100");
    add_keys(fd, "stay", 1000, "PX 1000000");
    expect(fd, "DBSIZE", ":2000");
    expect_soon(fd, "DBSIZE", ":1000");
    cr_expect_eq(info_number(fd, "expired_keys"), 1000);
    expect_part(fd, "INFO keyspace", "db0:keys=1000,expires=1000,avg_ttl=");
}

/* An exporter reads four figures of a database by their places: the fifth must be last. */
Test(expiry, of_fields_is_counted_beside_that_of_keys)
{
    expect(fd, "HSET h a 1 b 2 c 3", ":3");
    expect(fd, "HSET other a 1", ":1");
    expect_part(fd, "INFO keyspace", "db0:keys=2,expires=0,avg_ttl=0\r\n");
    expect(fd, "HPEXPIRE h 30 FIELDS 2 a b", "*2\r\n:1\r\n:1");
    expect(fd, "HPEXPIRE h 1000000 FIELDS 1 c", "*1\r\n:1");
    expect_part(fd, "INFO keyspace", "db0:keys=2,expires=0,avg_ttl=0,subexpiry=1\r\n");
    expect_soon(fd, "HLEN h", ":1");
    cr_expect_eq(info_number(fd, "expired_subkeys"), 2);
    expect(fd, "HPERSIST h FIELDS 1 c", "*1\r\n:1");
    expect_part(fd, "INFO keyspace", "db0:keys=2,expires=0,avg_ttl=0\r\n");
}

Test(expiry, that_is_active_tells_how_long_its_portions_took)
{
    cr_expect_eq(info_number(fd, "expire_portions"), 0);
    add_keys(fd, "k", 1000, "PX 30");
    expect(fd, "HSET h a 1 b 2", ":2");
    expect(fd, "HPEXPIRE h 30 FIELDS 1 a", "*1\r\n:1");
    expect_soon(fd, "DBSIZE", ":1");
    cr_expect(info_reaches(fd, "expired_subkeys", 1));
    cr_expect_geq(info_number(fd, "expire_portions"), 1);
    expect(fd, "CONFIG RESETSTAT", "+OK");
    cr_expect_eq(info_number(fd, "expire_portions"), 0);
    cr_expect_eq(info_number(fd, "expired_subkeys"), 0);
    expect_part(fd, "INFO ignis", "expire_portion_cpu_usec:median=0.0,p99=0.0,"
                "longest=0.0,longest_turn=0.0\r\n");
}

/* All keys of one millisecond are gone soon after (normally within a second; the bound
 * is for machines busy with something else), and who asks meanwhile is answered. */
Test(expiry, of_100000_keys_at_once_is_done_soon_and_others_are_answered_meanwhile)
{
    long long due = 0, now, asked, worst = 0;
    char options[64], *time = socket_ask(fd, "TIME");

    due = (strtoll(strchr(time + 4, '\n') + 1, NULL, 10) + 4) * 1000;
    free(time);
    snprintf(options, sizeof options, "PXAT %lld", due);
    add_keys(fd, "stay", 100000, "");
    add_keys(fd, "k", 100000, options);
    expect(fd, "DBSIZE", ":200000");
    do {
        asked = test_ms();
        expect(fd, "GET stay1", "$2\r\nv1");
        if (test_ms() - asked > worst)
            worst = test_ms() - asked;
        time = socket_ask(fd, "TIME");
        now = strtoll(strchr(time + 4, '\n') + 1, NULL, 10) * 1000;
        free(time);
    } while (now < due
             || (info_number(fd, "expired_keys") < 100000 && now < due + 30000));
    cr_expect_eq(info_number(fd, "expired_keys"), 100000,
                 "some are still there %lld ms after", now - due);
    expect(fd, "DBSIZE", ":100000");
    cr_log_info("longest answer: %lld ms", worst);
}

Test(expiry, follows_a_deadline_that_is_moved_or_taken_away)
{
    expect(fd, "SET k v PX 50", "+OK");
    expect(fd, "PERSIST k", ":1");
    expect(fd, "SET l v PX 50", "+OK");
    expect(fd, "PEXPIRE l 100000", ":1");
    expect(fd, "SET m v PX 50", "+OK");
    expect(fd, "RENAME m n", "+OK");
    expect(fd, "SET o v PX 50", "+OK");
    expect(fd, "MOVE o 1", ":1");
    expect(fd, "SET p v PX 50", "+OK");
    expect(fd, "SET p v", "+OK");
    expect_soon(fd, "DBSIZE", ":3");
    cr_expect(info_reaches(fd, "expired_keys", 2));
    expect(fd, "SELECT 1", "+OK");
    expect(fd, "DBSIZE", ":0");
}

Test(expiry, in_the_past_deletes_at_once)
{
    expect(fd, "SET k v", "+OK");
    expect(fd, "PEXPIREAT k 1", ":1");
    expect(fd, "DBSIZE", ":0");
    expect(fd, "SET k v EXAT 1", "+OK");
    expect(fd, "EXISTS k", ":0");
    expect(fd, "SET k v", "+OK");
    expect(fd, "EXPIRE k -1", ":1");
    expect(fd, "DBSIZE", ":0");
    expect(fd, "SET k v", "+OK");
    expect(fd, "GETEX k PXAT 1", "$1\r\nv");
    expect(fd, "EXISTS k", ":0");
}
