/* SPDX-License-Identifier: MIT
 * bench/bench_wire.c - nanoseconds per request parsed and per reply written.
 *
 *   bench_wire        prints one line per case: name, ns/op */
#include <limits.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/text.h"
#include "wire/resp_read.h"
#include "wire/resp_write.h"

#define ROUNDS 20000
#define SAMPLES 5

static const struct request_limits limits = { .bulk_max = 512 << 20,
                                              .args_max = INT_MAX };

/* The best of a few samples, in ns per operation. */
static void
report(const char *name, uint64_t best, size_t ops)
{
    printf("%-28s %8.2f ns/op\n", name, (double)clock_ticks_to_ns(best) / (double)ops);
}

static size_t
parse_feed(struct request_reader *r, struct bytes in)
{
    struct request q;
    size_t ops = 0;

    while (in.len) {
        size_t n = in.len < REQUEST_FEED_MAX ? in.len : REQUEST_FEED_MAX;

        request_feed(r, in.at, n);
        while (request_next(r, &limits, &q) == REQUEST_READY)
            ops++;
        in.at += n;
        in.len -= n;
    }
    return ops;
}

static void
bench_parse(const char *name, const char *request, int times)
{
    struct request_reader *r = request_reader_new();
    uint64_t start, took, best = UINT64_MAX;
    struct text in = { 0 };
    size_t ops = 0;
    int i, j, rounds = ROUNDS / times + 1;

    for (i = 0; i < times; i++)
        text_add_text(&in, request);
    for (j = 0; j < SAMPLES; j++) {
        start = clock_ticks();
        for (i = 0, ops = 0; i < rounds; i++)
            ops += parse_feed(r, text_view(&in));
        took = clock_ticks() - start;
        best = took < best ? took : best;
    }
    report(name, best, ops);
    text_free(&in);
    request_reader_free(r);
}

/* A request whose last argument has `len` bytes. */
static void
bench_parse_long(const char *name, size_t len, int times)
{
    struct text in = { 0 };

    text_printf(&in, "*3\r\n$3\r\nSET\r\n$10\r\nkey:000001\r\n$%zu\r\n", len);
    while (len--)
        text_add_char(&in, 'x');
    text_add_text(&in, "\r\n");
    bench_parse(name, in.at, times);
    text_free(&in);
}

typedef void reply_one_fn(struct reply *r);

static void one_ok(struct reply *r) { reply_ok(r); }
static void one_null(struct reply *r) { reply_null(r); }
static void one_digit(struct reply *r) { reply_int(r, 1); }
static void one_int(struct reply *r) { reply_int(r, 1234567); }
static void one_bulk(struct reply *r) { reply_bulk(r, B("0123456789abcdef")); }
static void one_error(struct reply *r) { reply_error(r, "ERR syntax error"); }

static void
one_bulk_4k(struct reply *r)
{
    static char value[4096];

    reply_bulk(r, bytes_view(value, sizeof value));
}

static void
one_later(struct reply *r)
{
    struct reply_later mark = reply_later(r);

    reply_ok(r);
    reply_later_set(r, mark, '*', 1);
}

/* 100 replies, then all sent, as in a pipeline. */
static void
bench_reply(const char *name, reply_one_fn *one)
{
    uint64_t start, took, best = UINT64_MAX;
    struct reply r;
    int i, j, k;

    reply_start(&r);
    for (j = 0; j < SAMPLES; j++) {
        start = clock_ticks();
        for (i = 0; i < ROUNDS / 100; i++) {
            for (k = 0; k < 100; k++)
                one(&r);
            reply_sent(&r, reply_pending(&r));
        }
        took = clock_ticks() - start;
        best = took < best ? took : best;
    }
    report(name, best, ROUNDS);
    reply_pool_free();
}

int
main(void)
{
    const char *set = "*3\r\n$3\r\nSET\r\n$16\r\nkey:000000000001\r\n"
                      "$16\r\nvalue:0123456789\r\n";
    const char *get = "*2\r\n$3\r\nGET\r\n$16\r\nkey:000000000001\r\n";

    clock_start();
    bench_parse("parse SET 16 B, 1 per feed", set, 1);
    bench_parse("parse SET 16 B, 16 per feed", set, 16);
    bench_parse("parse SET 16 B, 100 per feed", set, 100);
    bench_parse("parse GET 16 B, 100 per feed", get, 100);
    bench_parse("parse PING, 100 per feed", "*1\r\n$4\r\nPING\r\n", 100);
    bench_parse("parse PING inline, 100", "PING\r\n", 100);
    bench_parse("parse inline quotes, 100", "SET key 'a value' \"x\\n\"\r\n", 100);
    bench_parse_long("parse SET 1 KB, 16", 1000, 16);
    bench_parse_long("parse SET 4 KB, 16", 4096, 16);
    bench_parse_long("parse SET 100 KB, 4", 100000, 4);
    bench_reply("reply OK", one_ok);
    bench_reply("reply null", one_null);
    bench_reply("reply integer 1", one_digit);
    bench_reply("reply integer 1234567", one_int);
    bench_reply("reply bulk 16 B", one_bulk);
    bench_reply("reply bulk 4 KB", one_bulk_4k);
    bench_reply("reply later, 1 element", one_later);
    bench_reply("reply error", one_error);
    return 0;
}
