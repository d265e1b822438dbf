/* SPDX-License-Identifier: MIT
 * tests/oracle/explained.c - the differences that are meant, and the replies that
 * are times, addresses and chance.
 *
 * How:        the first row whose glob matches the call decides. */
#include "oracle/explained.h"
#include <criterion/criterion.h>
#include <fnmatch.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>

static const struct explained rows[] = {
    /* --- our own words --- */
    { "* help", .way = TYPE, .why = "HELP texts are our own prose, made from the rows" },
    { "command docs*", .way = TYPE,
      .why = "summaries are our own, SET has newer options; the structure is compared in "
             "tests/integration/test_docs.c" },
    { "command info", .way = TYPE, .why = "lists every command; Redis has more of them" },
    { "command info *", .way = TYPE,
      .why = "Redis lists subcommands in an order of chance; compared in test_docs.c" },
    { "command count", .way = TYPE, .why = "Redis has more commands" },
    { "command list*", .way = TYPE, .why = "Redis has more commands" },
    { "command", .way = TYPE, .why = "Redis has more commands" },
    { "lolwut*", .way = TYPE, .why = "another picture" },
    { "memory doctor", .way = TYPE, .why = "advice in our own words" },
    { "latency doctor", .way = TYPE, .why = "advice in our own words" },
    { "memory malloc-stats", .way = TYPE, .why = "the allocator's own report" },

    /* --- who we are --- */
    { "hello*", .regex = "7\\.(2\\.4|0\\.15)", .with = "VERSION",
      .why = "we say 7.2.4, which is what client libraries look at" },
    { "info", .way = FIELDS, .why = "numbers; we have sections and fields of our own" },
    { "info *", .way = FIELDS, .why = "as INFO" },
    { "client list*id *", .way = TYPE, .why = "ids begin elsewhere" },
    { "client list*", .way = FIELDS, .why = "addresses and ages; lib-name is from 7.2" },
    { "client info", .way = FIELDS, .why = "addresses and ages; lib-name is from 7.2" },
    { "client id", .way = NEAR, .bound = 2,
      .why = "a server counts the connections of its own start too" },

    /* --- times --- */
    { "time", .way = SHAPE, .why = "two servers are asked one after the other" },
    { "ttl *", .way = NEAR, .bound = 1, .why = "asked at different times" },
    { "pttl *", .way = NEAR, .bound = 500, .why = "asked at different times" },
    { "expiretime *", .way = NEAR, .bound = 1, .why = "set at different times" },
    { "pexpiretime *", .way = NEAR, .bound = 500, .why = "set at different times" },
    { "object idletime *", .way = TYPE,
      .why = "INCR and others put a shared number there, idle since it was last used" },
    { "object freq *", .way = NEAR, .bound = 1,
      .why = "the counter grows by chance, and fades with time" },
    { "slowlog get*", .with = "TIME",
      .regex = ":[0-9]+\r\n:[0-9]+\r\n\\*|127\\.0\\.0\\.1:[0-9]+",
      .why = "when and how long; the port of the client" },
    { "latency histogram*", .way = TYPE, .why = "durations" },
    { "latency latest", .way = SHAPE, .why = "durations" },
    { "latency history*", .way = SHAPE, .why = "durations" },

    /* --- sizes --- */
    { "object refcount *", .way = TYPE,
      .why = "a copy of a shared number is none in Redis; scripts compare the rest" },
    { "memory usage *", .way = TYPE, .why = "an entry of ours is smaller" },
    { "memory stats", .way = TYPE, .why = "sizes; keys per database" },
    { "debug sdslen *", .way = TYPE, .why = "sizes of blocks that we do not have" },
    { "debug structsize", .way = TYPE, .why = "sizes of our own structures" },
    { "debug htstats*", .way = TYPE, .why = "another hash table" },
    { "debug object *", .way = TYPE, .why = "addresses and sizes" },

    /* --- order and chance --- */
    { "keys *", .way = UNORDERED, .why = "the order of a hash table" },
    { "randomkey", .way = TYPE, .why = "chance" },
    { "scan 0", .way = SCANNED, .why = "the order of a hash table" },
    { "scan 0 *", .way = SCANNED, .why = "the order of a hash table" },
    { "scan *", .way = TYPE, .why = "cursors, and the order of a hash table" },
    { "config get sanitize-dump-payload", .way = TYPE, .why = "yes here: safer" },
    { "config get lazyfree-*", .way = TYPE, .why = "yes here: fewer stalls" },
    { "config get *-lazy-flush", .way = TYPE, .why = "yes here: fewer stalls" },
    { "config get port", .way = TYPE, .why = "each has its own" },
    { "config get dir", .way = TYPE, .why = "each has its own" },
    { "config get unixsocket", .way = TYPE, .why = "each has its own" },
    { "config get*[*]*", .way = TYPE, .why = "we have more options" },
    { "config get *", .way = PAIRS, .why = "Redis answers in the order of a hash table" },
};

/* For calls made at random, which meet collections in any form.  A script knows what
 * its collections are, and compares exactly where the order is defined. */
static const struct explained random_rows[] = {
    { "object encoding *", .regex = "listpack|quicklist|hashtable|skiplist", .with = "FORM",
      .why = "small sets and lists are listpacks as in newer Redis; which form belongs "
             "to which size is compared by scripts/encoding.txt" },
    { "bl*", .regex = "timeout is (negative|out of range)", .with = "TIMEOUT",
      .why = "Redis 7.0 takes a timeout that overflows for a negative one; newer ones "
             "say what it is" },
    { "br*", .regex = "timeout is (negative|out of range)", .with = "TIMEOUT",
      .why = "as BLPOP" },
    { "bz*", .regex = "timeout is (negative|out of range)", .with = "TIMEOUT",
      .why = "as BLPOP" },
    { "command getkeys* z*rank * * *", .way = ANY,
      .why = "WITHSCORE is newer: more words are allowed" },
    { "command getkeys* +[0-9]*", .way = ANY,
      .why = "a number of keys that no command takes, read all the same" },
    { "command getkeys* 0[0-9]*", .way = ANY, .why = "likewise" },
    { "command getkeys* [0-9].0*", .way = ANY, .why = "likewise" },
    { "spop *", .way = SHAPE, .why = "chance" },
    { "srandmember *", .way = SHAPE, .why = "chance" },
    { "hrandfield *", .way = SHAPE, .why = "chance" },
    { "zrandmember *", .way = SHAPE, .why = "chance" },
    { "smembers *", .way = UNORDERED, .why = "the order of a hash table" },
    { "sinter *", .way = UNORDERED, .why = "the order of a hash table" },
    { "sunion *", .way = UNORDERED, .why = "the order of a hash table" },
    { "sdiff *", .way = UNORDERED, .why = "the order of a hash table" },
    { "sort* by *limit*", .way = TYPE, .why = "some of what may be equal" },
    { "sort* limit*by *", .way = TYPE, .why = "some of what may be equal" },
    { "sort* by *", .way = UNORDERED, .why = "members of a set that it finds equal" },
    { "hkeys *", .way = UNORDERED, .why = "the order of a hash table" },
    { "hvals *", .way = UNORDERED, .why = "the order of a hash table" },
    { "hgetall *", .way = PAIRS, .why = "the order of a hash table" },
    { "[hsz]scan * 0", .way = SCANNED, .why = "the order of a hash table" },
    { "[hsz]scan * 0 *", .way = SCANNED, .why = "the order of a hash table" },
    { "[hsz]scan * *[0-9]*", .way = ANY, .why = "cursors of another hash table" },
    { "[hsz]scan *", .way = SCANNED, .why = "no cursor at all is 0" },
    { "pubsub channels*", .way = UNORDERED, .why = "the order of a hash table" },
    { "pubsub shardchannels*", .way = UNORDERED, .why = "the order of a hash table" },
};

/* The words with blanks between; control characters are as good as blanks. */
static void
join(const struct bytes *words, size_t n, char *line, size_t room)
{
    size_t len = 0;

    for (size_t i = 0; i < n; i++) {
        if (i > 0 && len + 1 < room)
            line[len++] = ' ';
        for (size_t j = 0; j < words[i].len && len + 1 < room; j++)
            line[len++] = words[i].at[j] ? words[i].at[j] : ' ';
    }
    line[len] = '\0';
}

static const struct explained *
find(const struct explained *list, size_t count, const struct bytes *words, size_t n)
{
    char line[512];

    join(words, n, line, sizeof line);
    for (size_t i = 0; i < count; i++)
        if (fnmatch(list[i].call, line, FNM_CASEFOLD) == 0)
            return &list[i];
    return NULL;
}

const struct explained *
explained_for(const struct bytes *words, size_t n)
{
    return find(rows, sizeof rows / sizeof *rows, words, n);
}

const struct explained *
explained_at_random(const struct bytes *words, size_t n)
{
    const struct explained *row =
        find(random_rows, sizeof random_rows / sizeof *random_rows, words, n);

    return row ? row : explained_for(words, n);
}

/* Every match replaced, and with it the length of a bulk that may hold it. */
static void
substitute(const struct explained *row, struct bytes reply, struct text *out)
{
    const char *at = reply.at, *end = at + reply.len;
    char pattern[256];
    regmatch_t m;
    regex_t re;

    snprintf(pattern, sizeof pattern, "(\\$[0-9]+\r\n)?(%s)", row->regex);
    cr_assert(regcomp(&re, pattern, REG_EXTENDED) == 0, "%s", pattern);
    while (at < end) {
        m = (regmatch_t){ 0, end - at };
        if (regexec(&re, at, 1, &m, REG_STARTEND) != 0 || m.rm_eo == m.rm_so)
            break;
        text_add(out, bytes_view(at, (size_t)m.rm_so));
        text_add_text(out, row->with);
        at += m.rm_eo;
    }
    text_add(out, bytes_view(at, (size_t)(end - at)));
    regfree(&re);
}

bool
explained_agree(const struct explained *row, const struct answers *a)
{
    struct bytes ours = answer_view(&a->ours), redis = answer_view(&a->redis);
    struct text x = { 0 }, y = { 0 };
    bool same;

    if (!a->ours.at || !a->redis.at)
        return !a->ours.at && !a->redis.at;
    if (!row)
        return bytes_equal(ours, redis);
    if (!row->regex)
        return agree(row->way, row->bound, ours, redis);
    substitute(row, ours, &x);
    substitute(row, redis, &y);
    same = bytes_equal(text_view(&x), text_view(&y));
    text_free(&x);
    text_free(&y);
    return same;
}
