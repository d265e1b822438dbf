/* SPDX-License-Identifier: MIT
 * tests/oracle/test_tracked.c - one client tracks in every way, others change keys at
 * random: who is told what, and where between the replies, is as from redis-server. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include "base/rand.h"
#include "oracle/hear.h"
#include "oracle/run.h"
#include "support/server.h"

#define ANY_OF(list) (list)[rand_below(sizeof(list) / sizeof *(list))]

#define SUBSCRIBE "SUBSCRIBE __redis__:invalidate"

static const char *const names[] = { "main", "tracker", "ears" };
static const char *const keys[] = { "a", "b", "ab", "abc", "c" };

/* A '?' is any key, '@' the number of the connection that ears are. */
static const char *const changes[] = {
    "SET ? 1", "SET ? 1 GET", "SET ? 1 XX", "SETNX ? 1", "GETSET ? 1", "APPEND ? 1",
    "DEL ?", "DEL ? ?", "UNLINK ? ?", "MSET ? 1 ? 2", "MSETNX ? 1 ? 2", "INCR ?",
    "GETDEL ?", "GETEX ? PERSIST", "PEXPIREAT ? 33177117420000", "EXPIRE ? -1", "PERSIST ?",
    "RENAME ? ?", "RENAMENX ? ?", "COPY ? ? REPLACE", "SETRANGE ? 1 x", "SETBIT ? 1 1",
    "LPUSH ? x", "RPOPLPUSH ? ?", "LPOP ?", "SADD ? x", "SREM ? x", "SMOVE ? ? x",
    "SUNIONSTORE ? ? ?", "HSET ? x 1", "HDEL ? x", "HINCRBY ? x 1", "ZADD ? 1 x",
    "ZREM ? x", "ZPOPMIN ?", "ZUNIONSTORE ? 1 ?", "SORT ? STORE ?", "FLUSHALL",
    "FLUSHDB", "SWAPDB 0 1", "MOVE ? 1", "BITOP NOT ? ?", "LINSERT ? BEFORE x y",
    "SET ? 1\r\nSET ? 2", "MULTI\r\nSET ? 1\r\nGET ?\r\nDEL ?\r\nEXEC",
    "MULTI\r\nSET ? 1\r\nDISCARD", "MULTI\r\nMSET ? 1 ? 1\r\nFLUSHALL\r\nEXEC",
};
static const char *const looks[] = {
    "GET ?", "GET ?", "MGET ? ?", "EXISTS ? ?", "STRLEN ?", "EXPIRETIME ?", "TYPE ?", "LLEN ?",
    "SMEMBERS ?", "HGETALL ?", "ZRANGE ? 0 -1", "HSTRLEN ? x", "SORT ?",
    "SORT_RO ?", "SINTER ? ?", "DBSIZE", "GETRANGE ? 0 -1", "LCS ? ?", "TOUCH ?",
    "HGET ? x", "MULTI\r\nGET ?\r\nGET ?\r\nEXEC", "WATCH ?\r\nUNWATCH",
    "CLIENT REPLY SKIP\r\nGET ?",
    "CLIENT REPLY OFF\r\nGET ?\r\nSET ? 1\r\nCLIENT REPLY ON",
    "CLIENT CACHING YES", "CLIENT CACHING NO", "CLIENT CACHING YES\r\nGET ?\r\nGET ?",
    "CLIENT CACHING NO\r\nGET ?\r\nGET ?",
    "CLIENT CACHING YES\r\nMULTI\r\nGET ?\r\nGET ?\r\nEXEC\r\nGET ?",
    "MULTI\r\nCLIENT CACHING YES\r\nGET ?\r\nEXEC\r\nGET ?",
    "MULTI\r\nGET ?\r\nSET ? 1\r\nGET ?\r\nSET ? 2\r\nEXEC", "GET ?\r\nSET ? 1\r\nGET ?",
};
static const char *const ways[] = {
    "", "", " BCAST", " BCAST PREFIX ?", " BCAST PREFIX a PREFIX c", " OPTIN", " OPTOUT",
    " NOLOOP", " NOLOOP BCAST", " OPTIN NOLOOP", " OPTOUT NOLOOP", " BCAST NOLOOP PREFIX ?",
    " OPTIN OPTOUT", " OPTIN BCAST", " PREFIX ?", " BCAST PREFIX ? PREFIX ?",
};

struct talk {
    struct twins twins;
    long ears_ours, ears_redis;
    struct text ours, redis;            /* the line */
};

static long
number_of(int fd)
{
    char *reply = socket_ask(fd, "CLIENT ID");
    long n = atol(reply + 1);

    free(reply);
    return n;
}

static void
add_form(struct talk *t, const char *form)
{
    for (; *form; form++) {
        if (*form == '?') {
            const char *key = ANY_OF(keys);

            text_add_text(&t->ours, key);
            text_add_text(&t->redis, key);
        } else if (*form == '@') {
            text_printf(&t->ours, "%ld", t->ears_ours);
            text_printf(&t->redis, "%ld", t->ears_redis);
        } else {
            text_add_char(&t->ours, *form);
            text_add_char(&t->redis, *form);
        }
    }
}

static void
make_line(struct talk *t, bool tracks)
{
    text_clear(&t->ours);
    text_clear(&t->redis);
    if (!tracks || rand_below(6) == 0) {
        add_form(t, ANY_OF(changes));
    } else if (rand_below(8) > 0) {
        add_form(t, ANY_OF(looks));
    } else if (rand_below(8) == 0) {
        add_form(t, rand_below(2) ? "CLIENT TRACKING OFF" : "CLIENT TRACKINGINFO");
    } else {
        if (rand_below(4) > 0)
            add_form(t, "CLIENT TRACKING OFF\r\n");
        add_form(t, "CLIENT TRACKING ON");
        if (rand_below(3) == 0)
            add_form(t, " REDIRECT @");
        add_form(t, ANY_OF(ways));
    }
}

/* "CLIENT TRACKINGINFO" tells the number of the other connection: not the same. */
static bool
is_redirected_info(const struct talk *t)
{
    return strstr(t->ours.at, "TRACKINGINFO") != NULL && t->ears_ours != t->ears_redis;
}

/* Who turns tracking off is forgotten by ours, and not told of what it had read when it
 * comes back, as Redis does: let there be nothing to forget. */
static void
start_anew(struct twins *t)
{
    twins_switch(t, "main");
    hear_say(t, "FLUSHALL", "FLUSHALL");
    for (size_t j = 0; j < sizeof names / sizeof *names; j++)
        hear_same(t, names[j], "FLUSHALL");
}

static void
expect_same_pushes(int proto)
{
    uint64_t calls = run_setting("IGNIS_ORACLE_CALLS", 15000) / 5;
    struct talk t = { 0 };
    size_t told = 0;

    if (!twins_are_possible())
        skip_or_fail("redis-server 7.0");
    twins_start(&t.twins, proto, NULL);
    rand_seed(run_setting("IGNIS_ORACLE_SEED", 20260) + 17 + (uint64_t)proto);
    twins_switch(&t.twins, "ears");
    t.ears_ours = number_of(t.twins.now->ours);
    t.ears_redis = number_of(t.twins.now->redis);
    if (proto == 2)
        hear_say(&t.twins, SUBSCRIBE, SUBSCRIBE);
    hear_same(&t.twins, "ears", "SUBSCRIBE");
    for (uint64_t i = 0; i < calls; i++) {
        const char *speaker = rand_below(2) ? "main" : "tracker";

        make_line(&t, speaker[0] == 't');
        if (is_redirected_info(&t))
            continue;
        if (strstr(t.ours.at, "TRACKING O"))
            start_anew(&t.twins);
        twins_switch(&t.twins, speaker);
        hear_say(&t.twins, t.ours.at, t.redis.at);
        hear_same(&t.twins, speaker, t.ours.at);
        for (size_t j = 0; j < sizeof names / sizeof *names; j++)
            told += hear_same(&t.twins, names[j], t.ours.at);
    }
    cr_expect_gt(told, calls, "%zu bytes are hardly any pushes", told);
    text_free(&t.ours);
    text_free(&t.redis);
    twins_stop(&t.twins);
}

Test(tracked, clients_are_told_as_by_redis_in_resp2, .timeout = 120)
{
    expect_same_pushes(2);
}

Test(tracked, clients_are_told_as_by_redis_in_resp3, .timeout = 120)
{
    expect_same_pushes(3);
}
