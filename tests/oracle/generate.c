/* SPDX-License-Identifier: MIT
 * tests/oracle/generate.c - random calls made from the rows of the command table.
 *
 * Why:        nobody writes scripts for every meeting of options and odd arguments.
 * How:        a walk over the row's syntax tree: optional items are there or not, one
 *             of several is picked, arguments come from small pools, so that calls
 *             meet the keys of earlier ones.  One call in three is then damaged: a
 *             word is dropped, doubled, added, moved or replaced.
 * Invariants: no pool holds a number between 100000 and 4294967296, for as an offset
 *             it would make both servers fill hundreds of megabytes; deadlines are
 *             over or far away, so that no key dies between two replies. */
#include "oracle/generate.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/rand.h"
#include "commands/families.h"

static const struct family *const families[] = {
    &string_family, &string_many_family, &string_number_family, &string_range_family,
    &lcs_family, &bitmap_family, &bitfield_family, &key_family, &expire_family,
    &scan_family, &object_family, &connection_family, &client_family, &server_family,
    &config_family, &command_family, &memory_family, &slowlog_family, &latency_family,
    &debug_family, &lolwut_family,
};

/* Not called at random. */
static const struct { const char *name, *why; } skipped[] = {
    { "quit", "closes" },
    { "reset", "changes the protocol" },
    { "hello", "changes the protocol; its version differs" },
    { "shutdown", "ends the server" },
    { "monitor", "sends more than its reply" },
    { "debug", "sleeps, crashes, fills memory: has a script" },
    { "client|kill", "may close the caller" },
    { "client|reply", "a reply may stay away" },
    { "client|pause", "a reply may come late" },
    { "config|set", "may set limits that make everything fail: has scripts" },
    { "config|rewrite", "would write a file" },
    { "module|load", "would load a library" },
    { "module|loadex", "would load a library" },
};

/* A word; pools end with NULL. */
#define W(literal) { literal, sizeof(literal) - 1 }
#define END { NULL, 0 }

static const struct bytes keys[] = {
    W("a"), W("b"), W("c"), W("d"), W("n"), W("f"), W(""), W("key:with:colons"),
    W("\0bin\xff"), W("a key with blanks"), W("none"), W("{tag}x"), W("{tag}y"), END };
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
    W(""), W("abc"), W(" 1"), W("1 "), W("1.5.5"), W("infinity"), W("-0"), END };
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
    W("FAIL"), W("ASYNC"), W("SYNC"), W("SAMPLES"), W("ON"), W("OFF"), W("AND"),
    W("NOT"), W("FOO"), W("nx"), W("ex"), W("string"), W("list"), END };
static const struct bytes commands[] = {
    W("get"), W("SET"), W("mset"), W("config|get"), W("config"), W("nope"), W(""),
    W("a|b|c"), W("client|list"), W("bitop"), W("lcs"), W("copy"), W("object|encoding"),
    END };
static const struct bytes sections[] = {
    W("nope"), W("modules"), W("sentinel"), W("cluster"), W(""), END };
static const struct bytes filters[] = {
    W("string"), W("list"), W("nope"), W(""), W("hash"), W("STRING"), W("zset"), END };

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
};

static struct bytes
pick(const struct bytes *pool)
{
    size_t n = 0;

    while (pool[n].at)
        n++;
    return pool[rand_below(n)];
}

static bool
one_in(uint64_t n)
{
    return rand_below(n) == 0;
}

/* A word out of any pool. */
static struct bytes
anything(void)
{
    const struct bytes *const pools[] = {
        keys, strings, integers, options, options, doubles, patterns, deadlines,
    };

    return pick(pools[rand_below(sizeof pools / sizeof *pools)]);
}

static void
add(struct made *out, struct bytes word)
{
    if (out->n < MADE_MAX)
        out->word[out->n++] = word;
}

/* --- following the syntax --- */

/* Newer than the server we are compared with? */
static bool
is_newer(const struct argument *a)
{
    int major, minor;

    return a->since && sscanf(a->since, "%d.%d", &major, &minor) == 2 &&
           (major > 7 || (major == 7 && minor > 0));
}

static struct bytes
value_of(const struct argument *a)
{
    for (size_t i = 0; i < sizeof by_name / sizeof *by_name; i++)
        if (a->type != ARGUMENT_KEY && strcmp(a->name, by_name[i].name) == 0
            && (a->type != ARGUMENT_DOUBLE))
            return pick(by_name[i].pool);
    switch (a->type) {
    case ARGUMENT_KEY: return pick(keys);
    case ARGUMENT_INTEGER: return pick(integers);
    case ARGUMENT_DOUBLE: return pick(doubles);
    case ARGUMENT_PATTERN: return pick(patterns);
    case ARGUMENT_UNIX_TIME: return pick(deadlines);
    default: return pick(strings);
    }
}

static void walk(const struct argument *list, struct made *out);

/* One of several, but none that 7.0 lacks. */
static const struct argument *
alternative(const struct argument *list)
{
    const struct argument *one;

    do {
        one = list;
        for (size_t i = rand_below(syntax_count(list)); i > 0; i--)
            one = one->next;
    } while (is_newer(one));
    return one;
}

/* Once: with its token, unless that was said before. */
static void
emit(const struct argument *a, bool with_token, struct made *out)
{
    if (a->token && a->token[0] && with_token)
        add(out, bytes_of_text(a->token));
    if (a->type == ARGUMENT_BLOCK)
        walk(a->inside, out);
    else if (a->type == ARGUMENT_ONEOF)
        emit(alternative(a->inside), true, out);
    else if (a->type != ARGUMENT_TOKEN)
        add(out, value_of(a));
}

static void
walk(const struct argument *list, struct made *out)
{
    for (const struct argument *a = list; a; a = a->next) {
        size_t times = a->flags & ARGUMENT_MULTIPLE ? 1 + rand_below(3) : 1;

        if (is_newer(a) || (a->flags & ARGUMENT_OPTIONAL && one_in(2)))
            continue;
        for (size_t i = 0; i < times; i++)
            emit(a, i == 0 || a->flags & ARGUMENT_MULTIPLE_TOKEN, out);
    }
}

/* --- doing damage --- */

/* Words before `first` are the command's name: they stay. */
static void
damage(struct made *out, size_t first)
{
    size_t at = first + rand_below(out->n - first + 1);
    struct bytes word;

    switch (rand_below(6)) {
    case 0:                                     /* drop the last */
        if (out->n > first)
            out->n--;
        break;
    case 1:                                     /* drop one */
        if (at < out->n) {
            memmove(out->word + at, out->word + at + 1,
                    (out->n - at - 1) * sizeof *out->word);
            out->n--;
        }
        break;
    case 2:
        add(out, anything());
        break;
    case 3:
        add(out, pick(options));
        break;
    case 4:
        if (at < out->n)
            out->word[at] = anything();
        break;
    default:                                    /* exchange two */
        if (at + 1 < out->n) {
            word = out->word[at];
            out->word[at] = out->word[at + 1];
            out->word[at + 1] = word;
        }
    }
}

#define FAR 4102444800000       /* valid as seconds and as ms, from now or from 1970 */

/* A small number that came to stand where a deadline belongs would make the key die
 * between two replies, or be born dead and vanish at some time. */
static void
lengthen_deadlines(const struct source *s, struct made *out)
{
    if (!s->row->syntax || !strstr(s->row->syntax, "seconds"))
        return;
    for (size_t i = 2; i < out->n; i++) {
        long long n = strtoll(out->word[i].at, NULL, 0);

        if (n > 0 && n < FAR)
            out->word[i] = B("4102444800000");
    }
}

static void
begin(const struct source *s, struct made *out)
{
    out->n = 0;
    add(out, bytes_of_text(s->name));
    if (s->sub[0])
        add(out, bytes_of_text(s->sub));
}

static bool
takes_a_call(const struct source *s)
{
    return strncmp(s->full_name, "command|getkeys", strlen("command|getkeys")) == 0;
}

void
generate_call(const struct source *all, size_t n, const struct source *s,
              struct made *out)
{
    struct made inner;
    size_t first;

    begin(s, out);
    first = out->n;
    if (takes_a_call(s) && !one_in(8)) {
        const struct source *other = &all[rand_below(n)];

        while (!other->known || takes_a_call(other))
            other = &all[rand_below(n)];
        generate_call(all, n, other, &inner);
        for (size_t i = 0; i < inner.n; i++)
            add(out, inner.word[i]);
        first++;                /* not SYNC and the like, which only Redis has */
    } else {
        walk(s->tree, out);
    }
    if (one_in(3)) {
        damage(out, first);
        lengthen_deadlines(s, out);
    }
}

void
generate_arity(const struct source *s, size_t extra, struct made *out)
{
    begin(s, out);
    while (extra-- > 0)
        add(out, B("1"));
}

/* --- sources --- */

static void
load(struct source *s, const struct command *row)
{
    const char *error;

    memset(s, 0, sizeof *s);
    s->row = row;
    s->tree = syntax_parse(row->syntax ? row->syntax : "", &error);
    cr_assert_null(error, "%s: %s", row->name, error);
    snprintf(s->full_name, sizeof s->full_name, "%s%s%s",
             row->container ? row->container : "", row->container ? "|" : "", row->name);
    snprintf(s->name, sizeof s->name, "%s", row->container ? row->container : row->name);
    snprintf(s->sub, sizeof s->sub, "%s", row->container ? row->name : "");
    s->random = true;
    for (size_t i = 0; i < sizeof skipped / sizeof *skipped; i++)
        if (strcmp(s->full_name, skipped[i].name) == 0)
            s->random = false;
}

size_t
sources_load(struct source **out)
{
    size_t n = 0, total = 0;

    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        total += families[i]->count;
    *out = calloc(total, sizeof **out);
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        for (size_t j = 0; j < families[i]->count; j++)
            load(&(*out)[n++], &families[i]->rows[j]);
    return n;
}

void
sources_free(struct source *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        syntax_free(s[i].tree);
    free(s);
}
