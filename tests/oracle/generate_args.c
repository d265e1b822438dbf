/* SPDX-License-Identifier: MIT
 * tests/oracle/generate_args.c - pools of words for random calls.
 *
 * How:        an argument's name says most about it, its type the rest.  Keys come
 *             three times in four from those of the command's own group, so that most
 *             calls meet a value they can work with and some meet another.
 * Invariants: no pool holds a number between 100000 and 4294967296, for as an offset
 *             it would make both servers fill hundreds of megabytes; deadlines are
 *             over or far away, so that no key dies between two replies. */
#include "oracle/generate_args.h"
#include <string.h>
#include "base/rand.h"

/* A word; pools end with NULL. */
#define W(literal) { literal, sizeof(literal) - 1 }
#define END { NULL, 0 }

static const struct bytes keys[] = {
    W("a"), W("b"), W("c"), W("d"), W("n"), W("f"), W(""), W("key:with:colons"),
    W("\0bin\xff"), W("a key with blanks"), W("none"), W("{tag}x"), W("{tag}y"),
    W("l"), W("h"), W("s"), W("z"), END };
static const struct bytes list_keys[] = { W("l"), W("l2"), W("l3"), END };
static const struct bytes hash_keys[] = { W("h"), W("h2"), W("h3"), END };
static const struct bytes set_keys[] = { W("s"), W("s2"), W("s3"), END };
static const struct bytes zset_keys[] = { W("z"), W("z2"), W("s"), W("z3"), END };
static const struct bytes list_or_set_keys[] = { W("l"), W("s"), W("z"), W("l2"), END };
static const struct bytes strings[] = {
    W("v"), W("hello world"), W(""), W("0"), W("1"), W("-1"), W("42"), W("1.5"),
    W("-0"), W("007"), W("3.0e3"), W(" 12"), W("12 "), W("9223372036854775807"),
    W("-9223372036854775808"), W("9223372036854775808"), W("\0\1\2\xff\xfe"), W("\r\n"),
    W("0123456789012345678901234567890123456789abcd"),
    W("0123456789012345678901234567890123456789abcde"),
    W("the quick brown fox jumps over the lazy dog the quick brown fox jumps over the "
      "lazy dog the quick brown fox jumps over the lazy dog the quick brown fox jumps"),
    W("inf"), W("nan"), W("ohmytext"), W("mynewtext"), W("\xff\xff\xff\xff\xff\xff"),
    END };
static const struct bytes integers[] = {
    W("0"), W("1"), W("2"), W("3"), W("5"), W("10"), W("15"), W("16"), W("100"),
    W("-1"), W("-2"), W("-3"), W("-100"), W("65536"), W("0"), W("1"), W("-1"), W("4"),
    W("9223372036854775807"), W("9223372036854775808"), W("-9223372036854775808"),
    W("-9223372036854775809"), W("4294967296"), W("18446744073709551616"), W("1.0"),
    W("+1"), W("01"), W("-0"), W(" 1"), W("1 "), W(""), W("abc"), W("1e3"), W("0x10"),
    W("1\0"), END };
static const struct bytes deadlines[] = {
    W("100000000"), W("99999999"), W("1000000000"), W("4102444800"), W("0"), W("-1"),
    W("-100000000"), W("9223372036854775807"), W("-9223372036854775808"),
    W("9223372036854775"), W("9223372036854776"), W("9223372036854775808"),
    W("4102444800000"), W("100000000000"), W("abc"), W(""), W("1.5"), END };
static const struct bytes moments[] = {
    W("4102444800"), W("4102444800000"), W("99999999999"), W("0"), W("-1"),
    W("9223372036854775807"), W("-9223372036854775808"), W("9223372036854775"),
    W("9223372036854776"), W("9223372036854775808"), W("abc"), W(""), W("1.5"), END };
static const struct bytes instants[] = {
    W("4102444800000"), W("4102444800001"), W("99999999999999"), W("0"), W("-1"),
    W("9223372036854775807"), W("-9223372036854775808"), W("9223372036854775808"),
    W("abc"), W(""), W("1.5"), END };
static const struct bytes doubles[] = {
    W("0"), W("1"), W("-1"), W("1.5"), W("-2.25"), W("0.1"), W("3.0e3"), W("1e10"),
    W("1e-10"), W("5e-324"), W("1e308"), W("-1e308"), W("1e400"), W("1e4932"), W("inf"),
    W("-inf"), W("+inf"), W("nan"), W("0x1p3"), W("123456789012345678901234567890"),
    W(""), W("abc"), W(" 1"), W("1 "), W("1.5.5"), W("infinity"), W("-0"), W("1e-400"),
    W("-nan"), W("0x"), W("1"), W("2"), W("3"), W("0.5"), END };
static const struct bytes patterns[] = {
    W("*"), W("a"), W("a*"), W("?"), W("[a-c]"), W("[^a]"), W("*:*"), W("\\*"), W(""),
    W("["), W("*\xff"), W("{tag}*"), W("maxmemory*"), W("hz"), W("lua-time-limit"), END };
static const struct bytes offsets[] = {
    W("0"), W("1"), W("2"), W("7"), W("8"), W("9"), W("15"), W("63"), W("64"), W("100"),
    W("1000"), W("-1"), W("4294967296"), W("4294967299"), W("9223372036854775807"),
    W("#0"), W("#1"), W("#3"), W("#-1"), W("#abc"), W("#"), W("#9223372036854775807"),
    W("abc"), W(""), W("1.5"), W("99999999999999999999"), END };
static const struct bytes encodings[] = {
    W("u8"), W("u1"), W("u4"), W("u32"), W("u63"), W("i1"), W("i5"), W("i8"), W("i16"),
    W("i64"), W("u64"), W("i65"), W("u0"), W("i0"), W("x8"), W("8"), W("u"), W(""),
    W("u8x"), W("u-1"), W("U8"), END };
static const struct bytes indexes[] = {
    W("0"), W("0"), W("0"), W("0"), W("1"), W("1"), W("2"), W("15"), W("16"), W("-1"),
    W("abc"), W(""), W("4294967296"), W("9223372036854775808"), W("1.0"), END };
static const struct bytes options[] = {
    W("NX"), W("XX"), W("GT"), W("LT"), W("EX"), W("PX"), W("EXAT"), W("PXAT"),
    W("KEEPTTL"), W("PERSIST"), W("GET"), W("COUNT"), W("MATCH"), W("TYPE"),
    W("REPLACE"), W("DB"), W("LEN"), W("IDX"), W("MINMATCHLEN"), W("WITHMATCHLEN"),
    W("BIT"), W("BYTE"), W("SET"), W("INCRBY"), W("OVERFLOW"), W("WRAP"), W("SAT"),
    W("WITHSCORES"), W("WITHVALUES"), W("BYSCORE"), W("BYLEX"), W("REV"), W("LIMIT"),
    W("WEIGHTS"), W("AGGREGATE"), W("SUM"), W("MIN"), W("MAX"), W("LEFT"), W("RIGHT"),
    W("BEFORE"), W("AFTER"), W("INCR"), W("CH"), W("RANK"), W("MAXLEN"), W("BY"),
    W("ALPHA"), W("ASC"), W("DESC"), W("STORE"), W("FAIL"), W("ASYNC"), W("SYNC"), W("SAMPLES"), W("ON"), W("OFF"), W("AND"),
    W("NOT"), W("FOO"), W("nx"), W("ex"), W("string"), W("list"), END };
static const struct bytes commands[] = {
    W("get"), W("SET"), W("mset"), W("config|get"), W("config"), W("nope"), W(""),
    W("a|b|c"), W("client|list"), W("bitop"), W("lcs"), W("copy"), W("object|encoding"),
    END };
static const struct bytes sections[] = {
    W("nope"), W("modules"), W("sentinel"), W("cluster"), W(""), END };
static const struct bytes filters[] = {
    W("string"), W("list"), W("nope"), W(""), W("hash"), W("STRING"), W("zset"), END };

/* No two that are equal up to a NUL: SORT ALPHA of a list finds such equal, and which of
 * them comes first is chance. */
static const struct bytes elements[] = {
    W("a"), W("b"), W("c"), W("d"), W("e"), W("1"), W("2"), W("3"), W("10"), W("-5"),
    W("a"), W("b"), W("1"), W("2"), W("1.5"), W("010"), W(""), W("70000"), W("-0"),
    W("3000000000"), W("9223372036854775807"), W("-9223372036854775808"), W("\1\0\xff"),
    W("0123456789012345678901234567890123456789012345678901234567890123"),
    W("0123456789012345678901234567890123456789012345678901234567890123x"), END };
static const struct bytes counts[] = {
    W("0"), W("1"), W("1"), W("2"), W("2"), W("3"), W("5"), W("10"), W("-1"), W("-2"),
    W("-5"), W("100"), W("9223372036854775807"), W("9223372036854775808"), W("abc"),
    W("-9223372036854775808"), W("4294967297"), W(""), W("1.0"), W("+1"), W("01"), END };
static const struct bytes places[] = {
    W("0"), W("0"), W("0"), W("1"), W("2"), W("3"), W("5"), W("-1"), W("-1"), W("-2"),
    W("-3"), W("100"), W("-100"), W("9223372036854775807"), W("-9223372036854775808"),
    W("9223372036854775808"), W("4294967296"), W("abc"), W(""), W("1.5"), END };
static const struct bytes scores[] = {
    W("-inf"), W("+inf"), W("inf"), W("0"), W("(0"), W("1"), W("(1"), W("2"), W("(2.5"),
    W("-1"), W("(-1.5"), W("1e300"), W("(-inf"), W("(inf"), W("5e-324"), W("-0"), W("("),
    W("nan"), W("(nan"), W("((1"), W("1e400"), W("0x10"), W(" 1"), W("1 "), W("["),
    W("[a"), W(""), END };
static const struct bytes lexes[] = {
    W("-"), W("+"), W("-"), W("+"), W("[a"), W("(a"), W("[b"), W("(c"), W("["), W("("),
    W("[1"), W("(\xff"), W("[\0"), W("a"), W(""), W("-inf"), W("--"), W("[a\0"),
    W("+x"), W("(b"), W("[c"), W("[d"), W("(e"), W("(2"), W("[3"), W("[-5"), W("(10"),
    END };
static const struct bytes timeouts[] = {
    W("0.001"), W("0.001"), W("0.002"), W("-1"), W("-0.001"), W("abc"), W(""), W("nan"),
    W("1e400"), W("inf"), W("-inf"), W("1e300"), W("9223372036854775807"), END };
static const struct bytes lookups[] = {
    W("*"), W("#"), W("nosort"), W("h->a"), W("h*->b"), W("w*"), W("*x"), W("n"),
    W("{tag}*"), W("**"), W("h->"), W("->a"), W("*->*"), W(""), W("h->*"), END };
static const struct bytes channels[] = {
    W("news"), W("sport"), W("a"), W("b"), W(""), W("\0\xff"), END };
static const struct bytes channel_patterns[] = {
    W("*"), W("n*"), W("?"), W("[ab]"), W(""), W("\\*"), W("news"), END };

/* Arguments whose name says more than their type; before the pools by type. */
static const struct { const char *name; const struct bytes *pool; } by_name[] = {
    { "offset", offsets }, { "encoding", encodings }, { "db", indexes },
    { "index", indexes }, { "index1", indexes }, { "index2", indexes },
    { "destination-db", indexes }, { "seconds", deadlines },
    { "milliseconds", deadlines }, { "timestamp", moments },
    { "unix-time-seconds", moments }, { "unix-time-milliseconds", instants },
    { "command", commands }, { "command-name", commands }, { "section", sections },
    { "type", filters }, { "cursor", indexes }, { "parameter", patterns },
    { "increment", integers }, { "bit", indexes },
    { "element", elements }, { "pivot", elements }, { "member", elements },
    { "field", elements }, { "count", counts }, { "num-matches", counts },
    { "len", counts }, { "limit", counts }, { "rank", places }, { "timeout", timeouts },
    { "weight", doubles }, { "score", doubles }, { "channel", channels },
    { "shardchannel", channels }, { "numkeys", counts },
};

static struct bytes
pick(const struct bytes *pool)
{
    size_t n = 0;

    while (pool[n].at)
        n++;
    return pool[rand_below(n)];
}

bool
one_in(uint64_t n)
{
    return rand_below(n) == 0;
}

struct bytes
any_word(void)
{
    const struct bytes *const pools[] = {
        keys, strings, integers, options, options, doubles, patterns, deadlines,
        elements, counts, scores, lexes,
    };

    return pick(pools[rand_below(sizeof pools / sizeof *pools)]);
}

struct bytes
option_word(void)
{
    return pick(options);
}

/* --- bounds --- */

static const struct bytes *
bounds_of(const char *command)
{
    const struct bytes *const kinds[] = { places, scores, lexes };

    if (strstr(command, "lex"))
        return lexes;
    if (strstr(command, "score") || strcmp(command, "zcount") == 0)
        return scores;
    if (strcmp(command, "zrange") == 0 || strcmp(command, "zrangestore") == 0)
        return kinds[rand_below(3)];
    return places;
}

struct taste
taste_of(const char *group, const char *command)
{
    return (struct taste){ group, command, bounds_of(command) };
}

struct bytes
bound_word(bool lex, bool score)
{
    return pick(lex ? lexes : score ? scores : places);
}

/* --- words --- */

static const struct bytes *
own_keys(const struct taste *t)
{
    static const struct { const char *group; const struct bytes *keys; } own[] = {
        { "list", list_keys }, { "hash", hash_keys }, { "set", set_keys },
        { "sorted-set", zset_keys },
    };

    if (strncmp(t->command, "sort", 4) == 0)
        return list_or_set_keys;
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (strcmp(t->group, own[i].group) == 0)
            return own[i].keys;
    return keys;
}

/* The pool that the argument's name tells, or NULL. */
static const struct bytes *
pool_by_name(const struct taste *t, const struct argument *a)
{
    static const char *const bounds[] = { "start", "stop", "min", "max" };
    const char *name = a->name;

    if (strcmp(t->group, "string") != 0 && strcmp(t->group, "bitmap") != 0) {
        for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++)
            if (strcmp(name, bounds[i]) == 0)
                return t->bounds;
        if (strcmp(name, "index") == 0 || strcmp(name, "offset") == 0)
            return places;
    }
    if (strcmp(name, "increment") == 0 && strcmp(t->command, "zincrby") == 0)
        return doubles;
    if (strcmp(name, "pattern") == 0 && strncmp(t->command, "sort", 4) == 0)
        return lookups;
    if (strcmp(name, "pattern") == 0 && strcmp(t->group, "pubsub") == 0)
        return channel_patterns;
    for (size_t i = 0; i < sizeof by_name / sizeof *by_name; i++)
        if (strcmp(name, by_name[i].name) == 0
            && (a->type != ARGUMENT_DOUBLE || by_name[i].pool == timeouts))
            return by_name[i].pool;
    return NULL;
}

struct bytes
argument_word(const struct taste *t, const struct argument *a)
{
    const struct bytes *pool;

    if (a->type == ARGUMENT_KEY)
        return pick(one_in(4) ? keys : own_keys(t));
    pool = pool_by_name(t, a);
    if (pool)
        return pick(pool);
    switch (a->type) {
    case ARGUMENT_INTEGER: return pick(integers);
    case ARGUMENT_DOUBLE: return pick(doubles);
    case ARGUMENT_PATTERN: return pick(patterns);
    case ARGUMENT_UNIX_TIME: return pick(deadlines);
    default: return pick(strings);
    }
}
