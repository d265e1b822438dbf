/* SPDX-License-Identifier: MIT
 * tests/integration/test_rollback.c - transactions that are taken back: afterwards
 * everything is as if they had not been, but for what time did. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "support/server.h"
#include "support/talk.h"

static int fd, other, hears;
static const char *const server_args[] = { "--enable-debug-command", "yes", NULL };

SERVER_SUITE(rollback, 120, server_open(server_args, &fd, &other, &hears, NULL));

Test(rollback, with_rollback_tells_which_error_undid_it)
{
    expect(fd, "SET k x", "+OK");
    expect(fd, "MULTI ROLLBACK", "+OK");
    expect(fd, "SET other 1", "+QUEUED");
    expect(fd, "INCR k", "+QUEUED");
    expect(fd, "EXEC", "-EXECABORT Transaction rolled back: ERR value is not an integer or "
           "out of range");
    expect(fd, "EXISTS other", ":0");
    expect(fd, "CONFIG SET transaction-rollback yes", "+OK");
    expect(fd, "MULTI", "+OK");
    expect(fd, "SET other 1", "+QUEUED");
    expect(fd, "EXEC", "*1\r\n+OK");
    expect(fd, "GET other", "$1\r\n1");
}

Test(rollback, with_rollback_refuses_what_cannot_be_undone)
{
    static const char *const refused[] = {
        "FLUSHALL", "FLUSHDB", "SWAPDB 0 1", "SUBSCRIBE a", "PUNSUBSCRIBE",
        "CONFIG SET hz 20", "CLIENT SETNAME me", "CLIENT SETINFO lib-name x",
        "CLIENT TRACKING ON", "CLIENT CACHING YES", "CLIENT REPLY OFF", "CLIENT NO-EVICT ON",
        "CLIENT NO-TOUCH ON", "CLIENT KILL ID 77", "CLIENT PAUSE 1", "CLIENT UNPAUSE",
        "CLIENT UNBLOCK 77", "HELLO", "HELLO 3 SETNAME me", "AUTH x", "SLOWLOG RESET",
        "LATENCY RESET", "MEMORY PURGE", "CONFIG RESETSTAT", "CONFIG REWRITE", "MONITOR",
        "DEBUG JMAP",
    };

    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        expect(fd, "MULTI ROLLBACK", "+OK");
        expect_start(fd, refused[i], "-ERR '");
        expect(fd, "EXEC", "-EXECABORT Transaction discarded because of previous errors.");
    }
    expect(fd, "PING", "+PONG");
}

Test(rollback, with_rollback_runs_what_only_reads)
{
    static const char *const reads[] = {
        "CONFIG GET hz", "CLIENT ID", "CLIENT GETNAME", "CLIENT GETREDIR",
        "CLIENT TRACKINGINFO", "SLOWLOG GET", "SLOWLOG LEN", "LATENCY LATEST",
        "LATENCY HISTORY x", "LATENCY DOCTOR", "LATENCY HISTOGRAM none", "MODULE LIST",
        "PUBSUB CHANNELS", "PUBSUB NUMSUB a", "PUBSUB NUMPAT", "PUBSUB SHARDCHANNELS",
        "PUBSUB SHARDNUMSUB a", "COMMAND COUNT", "ROLE", "CONFIG GET transaction-*",
    };
    char *plain, *careful;

    for (size_t i = 0; i < sizeof reads / sizeof *reads; i++) {
        plain = socket_ask(fd, reads[i]);
        expect(fd, "MULTI ROLLBACK", "+OK");
        expect(fd, reads[i], "+QUEUED");
        careful = socket_ask(fd, "EXEC");
        cr_expect(strncmp(careful, "*1\r\n", 4) == 0, "%s -> %s", reads[i], careful);
        cr_expect_str_eq(careful + 4, plain, "%s -> %s", reads[i], careful + 4);
        free(plain);
        free(careful);
    }
    expect(fd, "MULTI ROLLBACK", "+OK");
    expect(fd, "CLIENT LIST", "+QUEUED");
    expect(fd, "CLIENT INFO", "+QUEUED");
    expect_part(fd, "EXEC", "flags=x db=0 sub=0 psub=0 ssub=0 multi=2 ");
}

Test(rollback, that_asks_for_what_is_not_there_is_taken_back)
{
    expect(fd, "MULTI ROLLBACK", "+OK");
    expect(fd, "SET k 1", "+QUEUED");
    expect(fd, "LATENCY GRAPH nothing", "+QUEUED");
    expect(fd, "EXEC", "-EXECABORT Transaction rolled back: ERR No samples available for "
           "event 'nothing'");
    expect(fd, "EXISTS k", ":0");
}

Test(rollback, with_rollback_is_silent_for_a_client_that_wants_no_replies)
{
    socket_send_text(fd, "CLIENT REPLY OFF\r\nMULTI ROLLBACK\r\nSET k 1\r\nEXEC\r\n"
                     "CLIENT REPLY ON\r\nGET k\r\n");
    expect_next(fd, "+OK");
    expect_next(fd, "$1\r\n1");
}

#define KEYS 12

/* %k: a key; %n: a small number. */
static const char *const writes[] = {
    "SET %k v%n", "SET %k v PX 10000000", "APPEND %k tail%n", "SETRANGE %k %n patch",
    "INCRBY %k %n", "DEL %k", "UNLINK %k %k", "EXPIRE %k 1000%n", "PERSIST %k",
    "RENAME %k %k", "COPY %k %k REPLACE", "MOVE %k 1", "GETDEL %k", "GETEX %k EX 5%n",
    "SETBIT %k %n 1", "MSET %k 1 %k 2", "BITOP NOT %k %k", "COPY %k %k DB 1 REPLACE",
    "LPUSH %k a%n b c", "RPOP %k", "LSET %k 0 new%n", "LTRIM %k 0 1", "LINSERT %k BEFORE a x",
    "LMOVE %k %k LEFT RIGHT", "HSET %k f%n v g w", "HDEL %k g", "HINCRBY %k n %n",
    "SADD %k m%n 1 2", "SPOP %k", "SREM %k 1", "SMOVE %k %k 2", "SUNIONSTORE %k %k %k",
    "ZADD %k %n z 2 y", "ZINCRBY %k %n z", "ZPOPMIN %k", "GET %k", "TTL %k", "TYPE %k",
    "SELECT 0", "SORT %k BY nosort STORE %k",
    "HPEXPIRE %k 1000000%n FIELDS 2 f%n g", "HSETEX %k PX 1000000%n FIELDS 2 f%n x g y",
    "HSETEX %k KEEPTTL FIELDS 1 g z", "HGETEX %k PERSIST FIELDS 1 g",
    "HPERSIST %k FIELDS 1 f%n", "HGETDEL %k FIELDS 1 f%n", "HPEXPIREAT %k 1 FIELDS 1 g",
    "EXPIRE %k 0", "GETEX %k PXAT 1", "SET %k v KEEPTTL", "SDIFFSTORE %k %k %k",
    "ZUNIONSTORE %k 2 %k %k", "ZINTERSTORE %k 2 %k %k", "MSETNX %k 1 %k 2",
    "GETSET %k s%n", "SETRANGE %k 200 long", "APPEND %k tail%n",
};

static void
random_write(char out[128])
{
    const char *from = writes[rand() % (int)(sizeof writes / sizeof *writes)];
    char *to = out;

    for (; *from; from++) {
        if (*from != '%') {
            *to++ = *from;
            continue;
        }
        from++;
        to += *from == 'k' ? sprintf(to, "k%d", rand() % KEYS)
                           : sprintf(to, "%d", rand() % 9);
    }
    *to = '\0';
}

/* Everything there is: the digest, and deadlines, which it shows only roughly. */
static char *
picture(void)
{
    char *all = ask_text(fd, "DEBUG DIGEST"), *reply, ask[96];

    all = realloc(all, 65536);
    for (int db = 0; db < 2; db++) {
        sprintf(ask, "SELECT %d", db);
        expect(fd, ask, "+OK");
        for (int i = 0; i < KEYS; i++) {
            sprintf(ask, "PEXPIRETIME k%d", i);
            reply = socket_ask(fd, ask);
            strcat(all, reply);
            free(reply);
            sprintf(ask, "HPEXPIRETIME k%d FIELDS 10 f0 f1 f2 f3 f4 f5 f6 f7 f8 g", i);
            reply = socket_ask(fd, ask);
            strcat(all, reply);
            free(reply);
        }
    }
    expect(fd, "SELECT 0", "+OK");
    return all;
}

static void
prepare_data(void)
{
    char ask[128];

    for (int i = 0; i < 60; i++) {
        random_write(ask);
        free(socket_ask(fd, ask));
    }
    expect(fd, "SET wrong text", "+OK");
}

/* One of `length` commands, that at `fails`, is an error. */
static void
try_one(int length, int fails)
{
    char ask[128], *before = picture(), *after, *reply;

    expect(other, "WATCH k0 k1 k2 k3 k4 k5 k6 k7 k8 k9 k10 k11", "+OK");
    expect(fd, "MULTI ROLLBACK", "+OK");
    for (int i = 0; i < length; i++) {
        random_write(ask);
        reply = socket_ask(fd, i == fails ? "INCR wrong" : ask);
        cr_assert(strncmp(reply, "+QUEUED", 7) == 0, "%s: %s", ask, reply);
        free(reply);
    }
    reply = socket_ask(fd, "EXEC");
    cr_assert(strncmp(reply, "-EXECABORT Transaction rolled back: ", 36) == 0, "%s", reply);
    free(reply);
    after = picture();
    cr_assert_str_eq(after, before);
    free(after);
    free(before);
    expect(other, "MULTI", "+OK");
    expect(other, "EXEC", "*0");
}

Test(rollback, that_fails_at_any_position_leaves_everything_as_it_was)
{
    srand(17);
    expect(fd, "CONFIG SET notify-keyspace-events AKE", "+OK");
    for (int round = 0; round < 40; round++) {
        prepare_data();
        expect(hears, "PSUBSCRIBE *", "*3\r\n$10\r\npsubscribe\r\n$1\r\n*\r\n:1");
        for (int fails = 0; fails < 6; fails++)
            try_one(6, fails);
        expect_silence(hears, 5);
        expect(hears, "RESET", "+RESET");
    }
}

/* The same commands, plainly in one database and with rollback in another. */
Test(rollback, that_succeeds_with_rollback_does_what_it_does_without)
{
    char ask[128], *plain, *careful;

    srand(18);
    expect(other, "SELECT 1", "+OK");
    for (int round = 0; round < 60; round++) {
        expect(fd, "MULTI", "+OK");
        expect(other, "MULTI ROLLBACK", "+OK");
        for (int i = 0; i < 5; i++) {
            sprintf(ask, "SETRANGE k%d %d x%d", rand() % 3, rand() % 10, rand() % 9);
            expect(fd, ask, "+QUEUED");
            expect(other, ask, "+QUEUED");
        }
        plain = socket_ask(fd, "EXEC");
        careful = socket_ask(other, "EXEC");
        cr_assert_str_eq(careful, plain);
        free(plain);
        free(careful);
        plain = socket_ask(fd, "MGET k0 k1 k2");
        careful = socket_ask(other, "MGET k0 k1 k2");
        cr_assert_str_eq(careful, plain);
        free(plain);
        free(careful);
    }
}

Test(rollback, tells_of_its_changes_when_all_of_it_was_done)
{
    expect(fd, "CONFIG SET notify-keyspace-events E$", "+OK");
    expect(hears, "PSUBSCRIBE *", "*3\r\n$10\r\npsubscribe\r\n$1\r\n*\r\n:1");
    expect(other, "WATCH a", "+OK");
    expect(fd, "MULTI ROLLBACK", "+OK");
    expect(fd, "SET a 1", "+QUEUED");
    expect(fd, "APPEND a 2", "+QUEUED");
    expect(fd, "EXEC", "*2\r\n+OK\r\n:2");
    expect_next(hears, "*4\r\n$8\r\npmessage\r\n$1\r\n*\r\n$18\r\n__keyevent@0__:set\r\n$1\r\na");
    expect_next(hears, "*4\r\n$8\r\npmessage\r\n$1\r\n*\r\n$21\r\n__keyevent@0__:append\r\n$1\r\na");
    expect(other, "MULTI", "+OK");
    expect(other, "EXEC", "*-1");
}

Test(rollback, that_is_taken_back_wakes_nobody)
{
    expect(fd, "SET wrong text", "+OK");
    socket_send_text(other, "BLPOP q 0\r\n");
    expect_soon(fd, "INFO clients", "$");
    cr_assert(info_reaches(fd, "blocked_clients", 1));
    expect(fd, "MULTI ROLLBACK", "+OK");
    expect(fd, "RPUSH q x", "+QUEUED");
    expect(fd, "INCR wrong", "+QUEUED");
    expect_start(fd, "EXEC", "-EXECABORT");
    expect_silence(other, 30);
    expect(fd, "MULTI ROLLBACK", "+OK");
    expect(fd, "RPUSH q y", "+QUEUED");
    expect(fd, "EXEC", "*1\r\n:1");
    expect_next(other, "*2\r\n$1\r\nq\r\n$1\r\ny");
}

/* --- what time does is not taken back --- */

#define HEARD(channel, key) "*4\r\n$8\r\npmessage\r\n$15\r\n__keyevent@0__*\r\n" channel \
        "\r\n" key
#define HEXPIRED "$23\r\n__keyevent@0__:hexpired"
#define DELETED "$18\r\n__keyevent@0__:del"

/* A hash of `fields` fields, of which `due` are over now; `other` has watched it before,
 * and reads it as a client that tracks; `hears` all key events from now on. */
static void
age_fields(int fields, int due)
{
    char ask[64];

    expect(fd, "DEBUG SET-ACTIVE-EXPIRE 0", "+OK");
    for (int i = 0; i < fields; i++) {
        sprintf(ask, "HSET h f%d v", i);
        expect(fd, ask, ":1");
    }
    for (int i = 0; i < due; i++) {
        sprintf(ask, "HPEXPIRE h 30 FIELDS 1 f%d", i);
        expect(fd, ask, "*1\r\n:1");
    }
    expect(other, "WATCH h copy", "+OK");
    expect(fd, "CONFIG SET notify-keyspace-events KEA", "+OK");
    expect(hears, "PSUBSCRIBE __keyevent@0__*",
           "*3\r\n$10\r\npsubscribe\r\n$15\r\n__keyevent@0__*\r\n:1");
    test_nap(60);
}

static void
is_broken(bool broken)
{
    expect(other, "MULTI", "+OK");
    expect(other, "EXEC", broken ? "*-1" : "*0");
}

static const struct {
    const char *calls[4];
    size_t count;
} touches[] = {
    { { "HLEN h" }, 1 }, { { "HGET h f0" }, 1 }, { { "HSET h f0 w" }, 1 },
    { { "HSET h g w", "HDEL h g", "HGETALL h" }, 3 }, { { "HLEN h", "DEL h" }, 2 },
    { { "TYPE h", "HEXPIRE h 100 FIELDS 1 f0", "HSET h g 1" }, 3 },
    { { "HLEN h", "RENAME h copy", "HLEN copy" }, 3 },
};

/* Of some fields: the event, once; of all: the key went with them. */
static void
tells_once(int fields, int due)
{
    for (size_t i = 0; i < sizeof touches / sizeof *touches; i++) {
        age_fields(fields, due);
        run_and_fail(fd, touches[i].calls, touches[i].count);
        expect_next(hears, HEARD(HEXPIRED, "$1\r\nh"));
        if (fields == due)
            expect_next(hears, HEARD(DELETED, "$1\r\nh"));
        is_broken(true);
        cr_assert_eq(ask_number(fd, "HLEN h"), fields - due);
        expect_silence(hears, 5);
        expect(hears, "RESET", "+RESET");
        expect(fd, "FLUSHALL", "+OK");
    }
}

Test(rollback, tells_once_that_fields_were_over)
{
    tells_once(3, 1);                   /* a listpack */
    tells_once(700, 1);                 /* a table */
}

Test(rollback, tells_once_that_a_key_went_with_its_last_fields)
{
    static const char *const calls[] = { "HLEN h" };

    age_fields(2, 2);
    run_and_fail(fd, calls, 1);
    expect_next(hears, HEARD(HEXPIRED, "$1\r\nh"));
    expect_next(hears, HEARD(DELETED, "$1\r\nh"));
    expect_silence(hears, 5);
    is_broken(true);
    expect(fd, "EXISTS h", ":0");
}

/* It is invalidated although the transaction that noticed was taken back. */
Test(rollback, invalidates_what_time_took)
{
    static const char *const calls[] = { "HLEN h" };

    expect(fd, "HSET h f0 v f1 v", ":2");
    expect(fd, "DEBUG SET-ACTIVE-EXPIRE 0", "+OK");
    expect(fd, "HPEXPIRE h 30 FIELDS 1 f0", "*1\r\n:1");
    expect_start(hears, "HELLO 3", "%7");
    expect(hears, "CLIENT TRACKING ON", "+OK");
    expect_start(hears, "HGET h f0", "$1\r\nv");
    test_nap(60);
    run_and_fail(fd, calls, 1);
    expect_next(hears, ">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nh");
    expect_silence(hears, 5);
}

/* More are over than one lookup removes: what it left moves with the key, and dies under
 * the name that the transaction gave it.  Nobody may hear of that. */
Test(rollback, tells_nothing_of_fields_that_die_in_a_key_of_its_own)
{
    static const char *const calls[] = { "RENAME h copy", "HLEN copy", "TYPE copy" };
    char *ask = malloc(20000), *to = ask + sprintf(ask, "HSETEX h PX 100 FIELDS 1500");

    age_fields(0, 0);
    expect(other, "UNWATCH", "+OK");
    expect(fd, "CONFIG SET notify-keyspace-events \"\"", "+OK");
    for (int i = 0; i < 1500; i++)
        to += sprintf(to, " f%d v", i);
    expect(fd, ask, ":1");
    free(ask);
    expect(other, "WATCH copy", "+OK");
    expect(fd, "CONFIG SET notify-keyspace-events KEA", "+OK");
    test_nap(150);
    run_and_fail(fd, calls, 3);
    expect_next(hears, HEARD(HEXPIRED, "$1\r\nh"));
    is_broken(false);
    expect_silence(hears, 5);
}

/* With the cycle on: whoever comes first removes the field, one tells of it. */
Test(rollback, tells_once_of_fields_that_the_cycle_is_after_too)
{
    static const char *const calls[] = { "HLEN h", "HSET h b 3" };

    age_fields(0, 0);
    expect(fd, "DEBUG SET-ACTIVE-EXPIRE 1", "+OK");
    for (int round = 0; round < 60; round++) {
        expect(fd, "CONFIG SET notify-keyspace-events \"\"", "+OK");
        expect(fd, "HSET h a 1 b 2", round ? ":1" : ":2");
        expect(fd, "HPEXPIRE h 40 FIELDS 1 a", "*1\r\n:1");
        expect(fd, "CONFIG SET notify-keyspace-events KEA", "+OK");
        expect(other, "WATCH h", "+OK");
        test_nap(41 + round % 2);
        run_and_fail(fd, calls, 2);
        expect_next(hears, HEARD(HEXPIRED, "$1\r\nh"));
        is_broken(true);
        expect(fd, "HGETALL h", "*2\r\n$1\r\nb\r\n$1\r\n2");
    }
    expect_silence(hears, 5);
}

Test(rollback, tells_once_that_a_key_was_over)
{
    static const char *const dels[] = { "DEL k", "SET k w", "DEL k" };
    static const char *const reads[] = { "GET k", "APPEND k w" };

    age_fields(0, 0);
    for (int round = 0; round < 2; round++) {
        expect(fd, "CONFIG SET notify-keyspace-events \"\"", "+OK");
        expect(fd, "SET k v PX 20", "+OK");
        expect(fd, "CONFIG SET notify-keyspace-events KEA", "+OK");
        expect(other, "WATCH k", "+OK");
        test_nap(40);
        run_and_fail(fd, round ? dels : reads, round ? 3 : 2);
        expect_next(hears, HEARD("$22\r\n__keyevent@0__:expired", "$1\r\nk"));
        is_broken(true);
        expect(fd, "EXISTS k", ":0");
        expect_silence(hears, 5);
    }
}
