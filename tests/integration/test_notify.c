/* SPDX-License-Identifier: MIT
 * tests/integration/test_notify.c - the events of every command, beside redis-server's. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "support/server.h"
#include "support/talk.h"

static struct test_server *server, *redis;

static void
set_up(void)
{
    static const char *const args[] = { "--enable-debug-command", "yes", NULL };

    server = server_start(args);
    redis = server_has_redis() ? server_start_redis(args) : NULL;
}

static void
tear_down(void)
{
    server_stop(server);
    if (redis)
        server_stop(redis);
}

TestSuite(notify, .init = set_up, .fini = tear_down, .timeout = 120);

static const char *const commands[] = {
    "SET a 1", "SET a 1 EX 100", "SET a 2 KEEPTTL", "SET a 2 XX GET", "SET a 2 NX",
    "SETNX a 1", "SETNX b 1", "SETEX c 100 x", "PSETEX c 100000 x", "GETSET a 5",
    "GETDEL a", "GETDEL a", "GETEX c", "GETEX c EX 100", "GETEX c PERSIST",
    "GETEX c PERSIST", "SET n 1", "INCR n", "INCRBY n 5", "DECR n", "DECRBY n 2",
    "INCRBYFLOAT n 1.5", "APPEND n x", "APPEND nn x", "SETRANGE n 0 abc",
    "SETRANGE zz 0 ~", "SETRANGE zz 5 hi", "SETBIT bits 3 1", "SETBIT bits 3 1",
    "BITOP AND d bits n", "BITOP AND d nosuch nosuch2", "BITFIELD bits SET u8 0 5",
    "BITFIELD bits GET u8 0", "BITFIELD bits INCRBY u8 0 5 SET u8 0 1",
    "MSET p 1 q 2 p 3", "MSETNX p 1 r 2", "MSETNX r1 1 r2 2", "DEL p q nosuch",
    "UNLINK r1 r2", "EXPIRE n 100", "EXPIRE n 100 NX", "PEXPIRE n 100000",
    "EXPIREAT n 99999999999", "PEXPIREAT n 99999999999000", "PERSIST n", "PERSIST n",
    "EXPIRE n -1", "SET n 1", "EXPIREAT n 1", "SET n 1", "PEXPIRE n 0", "GET n",
    "SET n 1", "RENAME b b2", "RENAME b2 b2", "SET o 1",
    "RENAMENX b2 o", "RENAMENX b2 b3", "RENAME b3 o", "COPY o o2", "COPY o o2",
    "COPY o o2 REPLACE", "COPY o o DB 1", "MOVE o2 1", "MOVE o2 1", "MOVE nosuch 1",
    "TOUCH o", "OBJECT ENCODING o", "RESTORE x 0 abc", "GET nosuch", "EXISTS nosuch",
    "TTL nosuch", "TYPE nosuch", "STRLEN nosuch", "MGET nosuch o",
    "GETRANGE nosuch 0 1", "GETBIT nosuch 1", "BITCOUNT nosuch", "BITPOS nosuch 1",
    "LCS nosuch nosuch2", "GETEX nosuch", "SUBSTR nosuch 0 1", "DUMP nosuch",
    "OBJECT FREQ nosuch", "SET s 3", "SELECT 1", "SET s 3", "FLUSHDB", "SWAPDB 0 1",
    "FLUSHALL", "SET e 1", "GETEX e PX 0", "GETEX e PXAT 1", "SETEX e 0 1", "INCR e",
    "INCRBY e 9223372036854775807", "RPUSH l a b c", "LPUSH l a", "LPUSHX l q",
    "RPUSHX nol q", "LPOP l", "RPOP l 2", "LINSERT l BEFORE q z",
    "LINSERT l BEFORE nosuch z", "LSET l 0 y", "LREM l 1 y", "LTRIM l 0 0",
    "LTRIM l 5 6", "RPUSH l a b c", "LMOVE l l2 LEFT RIGHT", "RPOPLPUSH l l2",
    "RPOPLPUSH l l2", "LMPOP 2 l l2 LEFT COUNT 5", "RPUSH l a", "RPOPLPUSH l l",
    "BLMOVE l l LEFT RIGHT 0.01", "BRPOPLPUSH l l3 0.01", "BLPOP l3 0.01",
    "LREM l3 0 a", "RPUSH l a b c", "LREM l 0 a", "LPOP l 2", "LPOP nol", "SET l x",
    "LPUSH l a", "LRANGE nol 0 -1", "LLEN nol", "LINDEX nol 0", "LPOS nol x",
    "HSET h a 1 b 2", "HSET h a 1", "HSETNX h a 1", "HSETNX h c 1", "HMSET h d 4",
    "HINCRBY h a 5", "HINCRBYFLOAT h a 1.5", "HDEL h nosuch", "HDEL h a b",
    "HDEL h c d", "HGET noh x", "HGETALL noh", "HDEL noh x", "SADD s1 a b c",
    "SADD s1 a", "SREM s1 a", "SREM s1 zz", "SMOVE s1 s2 b", "SMOVE s1 s2 nosuch",
    "SMOVE s1 s2 c", "SADD s1 a b c", "SPOP s2", "SPOP s2 5", "SPOP s2",
    "SINTERSTORE sd s1 s1", "SINTERSTORE sd s1 nosuch", "SINTERSTORE sd s1 nosuch",
    "SUNIONSTORE sd s1", "SDIFFSTORE sd s1 s1", "SREM s1 a b c", "SISMEMBER nos a",
    "SRANDMEMBER nos", "SINTER nos", "ZADD z 1 a 2 b 3 c", "ZADD z 1 a",
    "ZADD z XX CH 5 a", "ZADD z NX 1 a", "ZADD z INCR 5 a", "ZINCRBY z 5 a",
    "ZREM z nosuch", "ZREM z b", "ZPOPMIN z", "ZPOPMAX z 5", "ZPOPMAX z",
    "ZADD z 1 a 2 b 3 c 4 d 5 e", "ZREMRANGEBYRANK z 0 0", "ZREMRANGEBYSCORE z 2 2",
    "ZREMRANGEBYLEX z [c [c", "ZREMRANGEBYRANK z 100 200", "ZRANGESTORE zd z 0 -1",
    "ZRANGESTORE zd z 10 20", "ZUNIONSTORE zd 1 z", "ZINTERSTORE zd 2 z nosuch",
    "ZDIFFSTORE zd 1 z", "ZDIFFSTORE zd 2 z z", "ZMPOP 1 z MIN", "BZPOPMIN z 0.01",
    "BZMPOP 0.01 1 z MAX", "ZADD z 1 a", "ZREMRANGEBYSCORE z -inf +inf", "ZSCORE noz a",
    "ZRANGE noz 0 -1", "SADD src 3 1 2",
};

struct side { int fd, hears; };

static struct side
sit_down(struct test_server *at, const char *classes)
{
    struct side s = { server_connect(at), server_connect(at) };
    char line[64];

    sprintf(line, "CONFIG SET notify-keyspace-events %s", classes);
    expect(s.fd, line, "+OK");
    expect(s.fd, "FLUSHALL", "+OK");
    free(socket_ask(s.hears, "PSUBSCRIBE __key* sync"));
    free(socket_reply(s.hears, NULL));
    return s;
}

/* What is published while the command runs; caller frees.  *known: it is a command. */
static char *
events_of(struct side *s, const char *command, bool *known)
{
    char *reply = socket_ask(s->fd, command), *all = calloc(1, 1), *message;
    bool over = false;

    *known = strncmp(reply, "-ERR unknown command", 20) != 0;
    free(reply);
    free(socket_ask(s->fd, "PUBLISH sync x"));
    while (!over) {
        message = socket_reply(s->hears, NULL);
        cr_assert_not_null(message);
        over = strstr(message, "\r\nsync\r\n") != NULL;
        if (!over) {
            all = realloc(all, strlen(all) + strlen(message) + 1);
            strcat(all, message);
        }
        free(message);
    }
    return all;
}

static void
compare(const char *classes)
{
    struct side ours = sit_down(server, classes), theirs = sit_down(redis, classes);
    char *got, *want;
    bool known, ignored;

    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        got = events_of(&ours, commands[i], &known);
        want = events_of(&theirs, commands[i], &ignored);
        if (known)
            cr_expect_str_eq(got, want, "%s with %s:\n%s\nnot\n%s", commands[i], classes, got,
                             want);
        free(got);
        free(want);
    }
    close(ours.fd);
    close(ours.hears);
    close(theirs.fd);
    close(theirs.hears);
}

Test(notify, tells_of_every_command_what_redis_tells)
{
    static const char *const classes[] = { "AKEmn", "KEA", "K$", "Eg", "Kxe", "KEhsn", "Elz" };

    if (!redis)
        cr_skip_test("no redis-server");
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        compare(classes[i]);
}

Test(notify, tells_nothing_without_a_class_or_a_form)
{
    static const char *const classes[] = { "\"\"", "A", "K", "E", "KE" };
    bool known;
    char *got;

    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
        struct side s = sit_down(server, classes[i]);

        got = events_of(&s, "SET a 1", &known);
        cr_expect_str_eq(got, "", "%s: %s", classes[i], got);
        free(got);
        close(s.fd);
        close(s.hears);
    }
}

/* CONFIG GET does not show n, so that these two look the same. */
Test(notify, stops_telling_of_new_keys_when_n_is_taken_away)
{
    struct side s = sit_down(server, "Emn");
    bool known;
    char *got;

    got = events_of(&s, "SADD first x", &known);
    cr_expect_not_null(strstr(got, "__keyevent@0__:new"), "%s", got);
    free(got);
    expect(s.fd, "CONFIG SET notify-keyspace-events Em", "+OK");
    got = events_of(&s, "SADD second x", &known);
    cr_expect_str_eq(got, "");
    free(got);
    close(s.fd);
    close(s.hears);
}

Test(notify, tells_of_keys_that_expire_or_are_evicted)
{
    struct side s = sit_down(server, "Exe");
    char line[128];

    expect(s.fd, "SET k v PX 20", "+OK");
    expect_next(s.hears, "*4\r\n$8\r\npmessage\r\n$6\r\n__key*\r\n$22\r\n__keyevent@0__:expired"
                "\r\n$1\r\nk");
    expect(s.fd, "SET k v", "+OK");
    expect(s.fd, "CONFIG SET maxmemory-policy allkeys-random", "+OK");
    expect(s.fd, "CONFIG SET maxmemory 1", "+OK");
    sprintf(line, "*4\r\n$8\r\npmessage\r\n$6\r\n__key*\r\n$22\r\n__keyevent@0__:evicted\r\n"
            "$1\r\nk");
    free(socket_ask(s.fd, "GET k"));
    expect_next(s.hears, line);
    close(s.fd);
    close(s.hears);
}

/* A key may have no name; a flushed database has no event. */
Test(notify, tells_of_the_key_without_a_name)
{
    struct side s = sit_down(server, "KA");

    expect(s.fd, "SET \"\" v", "+OK");
    expect_next(s.hears, "*4\r\n$8\r\npmessage\r\n$6\r\n__key*\r\n$15\r\n__keyspace@0__:\r\n"
                "$3\r\nset");
    expect(s.fd, "FLUSHALL", "+OK");
    expect(s.fd, "SWAPDB 0 1", "+OK");
    expect_silence(s.hears, 20);
    close(s.fd);
    close(s.hears);
}

#define H_TOLD "*4\r\n$8\r\npmessage\r\n$6\r\n__key*\r\n$16\r\n__keyspace@0__:h\r\n"

/* As Redis 8 does; 7.0 has no such command to compare with. */
Test(notify, tells_that_fields_set_with_a_past_deadline_were_set_and_deleted)
{
    struct side s = sit_down(server, "KA");

    expect(s.fd, "HSETEX h PX 0 FIELDS 2 a 1 b 2", ":1");
    expect_next(s.hears, H_TOLD "$4\r\nhset");
    expect_next(s.hears, H_TOLD "$4\r\nhdel");
    expect_next(s.hears, H_TOLD "$3\r\ndel");
    expect(s.fd, "HSET h a 1", ":1");
    expect_next(s.hears, H_TOLD "$4\r\nhset");
    expect(s.fd, "HSETEX h EXAT 1 FIELDS 1 b 2", ":1");
    expect_next(s.hears, H_TOLD "$4\r\nhset");
    expect_next(s.hears, H_TOLD "$4\r\nhdel");
    expect(s.fd, "HSETEX h FXX EXAT 1 FIELDS 1 b 2", ":0");
    expect(s.fd, "HGETALL h", "*2\r\n$1\r\na\r\n$1\r\n1");
    expect_silence(s.hears, 20);
    close(s.fd);
    close(s.hears);
}
