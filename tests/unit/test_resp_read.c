/* SPDX-License-Identifier: MIT
 * Requests out of a byte stream: what is accepted, what is refused and how, and that
 * it does not matter where the stream is cut. */
#include "wire/resp_read.h"

#include <criterion/criterion.h>

#include "base/rand.h"
#include "fuzz/naive_request.h"

#define FREE_LIMITS { .bulk_max = 512 << 20, .args_max = INT_MAX }

static const struct request_limits free_limits = FREE_LIMITS;
static const struct request_limits stranger = { .bulk_max = 16384, .args_max = 10,
                                                .unauthenticated = true };

static size_t
fixed_size(void *arg)
{
    return *(size_t *)arg;
}

static size_t
random_size(void *arg)
{
    (void)arg;
    return rand_below(8) ? 1 + rand_below(60) : 1 + rand_below(REQUEST_FEED_MAX);
}

/* What the stream amounts to when it comes in pieces of `size`. */
static struct text
read_in_pieces(struct bytes in, const struct request_limits *lim, size_t size)
{
    struct request_reader *r = request_reader_new();
    struct transcript t = { { 0 } };

    reader_transcript(r, in, lim, fixed_size, &size, &t);
    request_reader_free(r);
    return t.text;
}

static void
expect(struct bytes in, const struct request_limits *lim, const char *wanted)
{
    static const size_t sizes[] = { 1, 2, 3, 7, 20, REQUEST_FEED_MAX };
    size_t i;

    for (i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct text got = read_in_pieces(in, lim, sizes[i]);

        cr_expect(bytes_equal(text_view(&got), bytes_of_text(wanted)),
                  "%.*s in pieces of %zu: got %.*s, wanted %s", B_ARG(in), sizes[i],
                  B_ARG(text_view(&got)), wanted);
        text_free(&got);
    }
}
#define EXPECT(in, wanted) expect(B(in), &free_limits, wanted)

Test(resp_read, takes_an_array_of_bulk_strings_as_a_request)
{
    EXPECT("*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n", "[3:GET][3:key]\n");
    EXPECT("*1\r\n$0\r\n\r\n", "[0:]\n");
    EXPECT("*1\r\n$4\r\n\r\n\r\n\r\n", "[4:\r\n\r\n]\n");
    EXPECT("*1\r\n$1\r\naXY*1\r\n$1\r\nb\r\n", "[1:a]\n[1:b]\n");
}

Test(resp_read, takes_a_line_of_words_as_a_request)
{
    EXPECT("SET name 'John Doe'\nGET name\r\n",
           "[3:SET][4:name][8:John Doe]\n[3:GET][4:name]\n");
    EXPECT("a \"b c\\x41\\n\" \"\" d\\n\r\n", "[1:a][5:b cA\n][0:][3:d\\n]\n");
    EXPECT("  \t x   y  \n", "[1:x][1:y]\n");
    EXPECT("a'b c'\n", "[4:ab c]\n");
    EXPECT("'it\\'s' \"\\\"\\q\"\n", "[4:it's][2:\"q]\n");
}

Test(resp_read, takes_both_kinds_in_one_pipeline)
{
    EXPECT("PING\r\n*1\r\n$4\r\nPING\r\nPING a\n*1\r\n$1\r\nx\r\n",
           "[4:PING]\n[4:PING]\n[4:PING][1:a]\n[1:x]\n");
}

Test(resp_read, skips_empty_requests)
{
    EXPECT("*0\r\n*-1\r\n*-5\r\n\r\n\n   \r\n*1\r\n$1\r\nx\r\n", "[1:x]\n");
}

Test(resp_read, refuses_bad_counts_in_the_words_of_redis)
{
    const char *bad = "Protocol error: invalid multibulk length";

    EXPECT("*x\r\n", bad);
    EXPECT("*\r\n", bad);
    EXPECT("*01\r\n", bad);
    EXPECT("*+1\r\n", bad);
    EXPECT("*1 \r\n", bad);
    EXPECT("*-0\r\n", bad);
    EXPECT("*2147483648\r\n", bad);
    EXPECT("*99999999999999999999999999999999999999999\r\n", bad);
    EXPECT("*1\n$4\r\nPING\r\n", bad);
    EXPECT("*2147483647\r\n", "");
}

Test(resp_read, refuses_bad_lengths_in_the_words_of_redis)
{
    const char *bad = "Protocol error: invalid bulk length";

    EXPECT("*1\r\n$x\r\n", bad);
    EXPECT("*1\r\n$\r\n", bad);
    EXPECT("*1\r\n$-1\r\n", bad);
    EXPECT("*1\r\n$01\r\n", bad);
    EXPECT("*1\r\n$536870913\r\n", bad);
    EXPECT("*1\r\n$9223372036854775808\r\n", bad);
    EXPECT("*1\r\n$99999999999999999999999999999999999999\r\n", bad);
    EXPECT("*1\r\n$536870912\r\n", "");
}

Test(resp_read, refuses_elements_that_are_not_bulk_strings)
{
    EXPECT("*1\r\n:4\r\n", "Protocol error: expected '$', got ':'");
    EXPECT("*1\r\n+PING\r\n", "Protocol error: expected '$', got '+'");
    EXPECT("*1\r\n-ERR\r\n", "Protocol error: expected '$', got '-'");
    EXPECT("*2\r\n$1\r\na\r\n*1\r\n", "Protocol error: expected '$', got '*'");
    EXPECT("*1\r\n*0\r\n", "Protocol error: expected '$', got '*'");
    EXPECT("*1\r\n*-1\r\n", "Protocol error: expected '$', got '*'");
    EXPECT("*1\r\n_\r\n", "Protocol error: expected '$', got '_'");
    EXPECT("*1\r\nPING\r\n", "Protocol error: expected '$', got 'P'");
    EXPECT("*1\r\n\r\n", "Protocol error: expected '$', got '\r'");
    EXPECT("*1\r\nPING", "");           /* Redis waits for the line's end */
}

Test(resp_read, answers_the_requests_before_the_bad_one)
{
    EXPECT("PING\r\n*1\r\n$1\r\na\r\n*1\r\n:4\r\nPING\r\n",
           "[4:PING]\n[1:a]\nProtocol error: expected '$', got ':'");
}

Test(resp_read, refuses_unbalanced_quotes)
{
    const char *bad = "Protocol error: unbalanced quotes in request";

    EXPECT("set \"a\n", bad);
    EXPECT("set 'a\r\n", bad);
    EXPECT("set \"a\"b\r\n", bad);
    EXPECT("set \"a\\\"\r\n", bad);
}

Test(resp_read, grants_strangers_little)
{
    expect(B("*11\r\n"), &stranger, "Protocol error: unauthenticated multibulk length");
    expect(B("*10\r\n$16385\r\n"), &stranger,
           "Protocol error: unauthenticated bulk length");
    expect(B("*10\r\n$536870913\r\n"), &stranger, "Protocol error: invalid bulk length");
    expect(B("*10\r\n$16384\r\n"), &stranger, "");
    expect(B("*2\r\n$4\r\nAUTH\r\n$1\r\nx\r\n"), &stranger, "[4:AUTH][1:x]\n");
}

/* `head`, then `n` times `fill`. */
static struct text
long_input(const char *head, char fill, size_t n)
{
    struct text in = { 0 };

    text_add_text(&in, head);
    while (n--)
        text_add_char(&in, fill);
    return in;
}

static void
expect_long(const char *head, char fill, size_t n, const char *wanted)
{
    struct text in = long_input(head, fill, n);
    struct text got = read_in_pieces(text_view(&in), &free_limits, REQUEST_FEED_MAX);

    cr_expect_str_eq(got.at ? got.at : "", wanted);
    text_free(&in);
    text_free(&got);
}

Test(resp_read, gives_up_on_lines_beyond_64_kilobytes)
{
    expect_long("", 'a', REQUEST_LINE_MAX, "");
    expect_long("", 'a', REQUEST_LINE_MAX + 1, "Protocol error: too big inline request");
    expect_long("*", '1', REQUEST_LINE_MAX - 1, "");
    expect_long("*", '1', REQUEST_LINE_MAX, "Protocol error: too big mbulk count string");
    expect_long("*1\r\n$", '1', REQUEST_LINE_MAX - 1, "");
    expect_long("*1\r\n$", '1', REQUEST_LINE_MAX,
                "Protocol error: too big bulk count string");
}

Test(resp_read, views_arguments_in_the_callers_buffer)
{
    static const char in[] = "*2\r\n$3\r\nGET\r\n$3\r\nkey\r\nPING a\r\n";
    struct request_reader *r = request_reader_new();
    struct request q;

    request_feed(r, in, sizeof in - 1);
    cr_assert_eq(request_next(r, &free_limits, &q), REQUEST_READY);
    cr_expect_eq(q.argv[0].at, in + 8);
    cr_expect_eq(q.argv[1].at, in + 17);
    cr_expect_eq(q.offset, 22);
    cr_expect_eq(q.wire_bytes, 22);
    cr_assert_eq(request_next(r, &free_limits, &q), REQUEST_READY);
    cr_expect_eq(q.argv[1].at, in + 27);
    cr_expect_eq(q.wire_bytes, 8);
    cr_expect_eq(request_next(r, &free_limits, &q), REQUEST_MORE);
    cr_expect(request_reader_is_idle(r));
    request_reader_free(r);
}

Test(resp_read, views_long_arguments_in_place_too)
{
    struct request_reader *r = request_reader_new();
    struct text in = long_input("*2\r\n$4\r\nECHO\r\n$12000\r\n", 'x', 12000);
    struct request q;

    text_add(&in, B("\r\nPING\r\n"));
    request_feed(r, in.at, in.len);
    cr_assert_eq(request_next(r, &free_limits, &q), REQUEST_READY);
    cr_expect_eq(q.argv[1].at, in.at + 22);
    cr_expect_eq(q.argv[1].len, 12000);
    cr_expect_null(q.blobs);
    cr_assert_eq(request_next(r, &free_limits, &q), REQUEST_READY);
    cr_expect(bytes_equal(q.argv[0], B("PING")));
    request_reader_free(r);
    text_free(&in);
}

Test(resp_read, earlier_requests_of_a_feed_stay_valid)
{
    struct request_reader *r = request_reader_new();
    struct request first, second;

    request_feed(r, "*2\r\n$1\r\na\r\n$4\r\nke", 17);
    cr_assert_eq(request_next(r, &free_limits, &first), REQUEST_MORE);
    request_feed(r, "ys\r\nlo", 6);
    cr_assert_eq(request_next(r, &free_limits, &first), REQUEST_READY);
    cr_assert_eq(request_next(r, &free_limits, &second), REQUEST_MORE);
    cr_expect(bytes_equal(first.argv[0], B("a")));
    cr_expect(bytes_equal(first.argv[1], B("keys")));
    cr_expect_eq(first.wire_bytes, 21);
    cr_expect_eq(first.offset, 4);
    request_reader_free(r);
}

Test(resp_read, is_idle_exactly_when_nothing_partial_is_held)
{
    static const char in[] = "*1\r\n$1\r\na\r\n";
    static const size_t pending[] = { 1, 2, 3, 0, 1, 2, 3, 0, 1, 2 };
    struct request_reader *r = request_reader_new();
    struct request q;
    size_t i;

    cr_expect(request_reader_is_idle(r));
    for (i = 0; i < sizeof in - 2; i++) {
        request_feed(r, in + i, 1);
        cr_assert_eq(request_next(r, &free_limits, &q), REQUEST_MORE);
        cr_expect_not(request_reader_is_idle(r));
        cr_expect_eq(request_pending(r), pending[i], "%zu: %zu", i, request_pending(r));
    }
    request_feed(r, in + i, 1);
    cr_assert_eq(request_next(r, &free_limits, &q), REQUEST_READY);
    cr_assert_eq(request_next(r, &free_limits, &q), REQUEST_MORE);
    cr_expect(request_reader_is_idle(r));
    cr_expect_eq(request_pending(r), 0);
    request_reader_free(r);
}

/* What is pending is what neither a finished argument nor a length line has taken. */
Test(resp_read, counts_what_is_pending_of_half_a_request)
{
    static const struct {
        const char *head;
        size_t body;                    /* letters behind it */
        const char *tail;
        size_t pending, arguments;
    } cuts[] = {
        { "*", 0, "", 1, 0 }, { "*3\r", 0, "", 3, 0 }, { "*3\r\n", 0, "", 0, 0 },
        { "*3\r\n$", 0, "", 1, 0 }, { "*3\r\n$3\r\nSE", 0, "", 2, 0 },
        { "*3\r\n$3\r\nSET\r", 0, "", 4, 0 }, { "*3\r\n$3\r\nSET\r\n", 0, "", 0, 3 },
        { "*3\r\n$3\r\nSET\r\n$0\r\n\r\n$1", 0, "", 2, 3 },
        { "*1\r\n$4\r\nPING\r\n*2\r\n$3\r\nGET\r\n$9", 0, "", 2, 3 },
        { "*2\r\n$900\r\n", 900, "", 900, 0 }, { "*2\r\n$900\r\n", 900, "\r", 901, 0 },
        { "*2\r\n$2000\r\n", 1000, "", 1000, 0 },
        { "*2\r\n$2000\r\n", 2000, "\r", 2001, 0 },
        { "*2\r\n$2000\r\n", 2000, "\r\n$5\r\nab", 2, 2000 },
        { "*2\r\n$60000\r\n", 50000, "", 50000, 0 },
        { "*2\r\n$50000\r\n", 50000, "\r", 50001, 0 },
        { "*2\r\n$50000\r\n", 50000, "\r\n", 0, 50000 },
        { "*2\r\n$50000\r\n", 50000, "\r\n$60000\r\nabc", 3, 50000 },
        { "SET k ", 0, "", 6, 0 }, { "SET ", 5000, "\r", 5005, 0 },
        { "*2\r\n$0000000000000000000000000000000000001", 0, "", 38, 0 },
    };
    struct text in = { 0 };

    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++)
        for (size_t piece = 1; piece < 3; piece++) {    /* at once, in two halves */
            struct request_reader *r = request_reader_new();
            struct request q;
            size_t half, at;

            text_clear(&in);
            text_add_text(&in, cuts[i].head);
            for (size_t n = 0; n < cuts[i].body; n++)
                text_add_char(&in, 'v');
            text_add_text(&in, cuts[i].tail);
            half = (in.len + piece - 1) / piece;
            for (at = 0; at < in.len; at += half) {
                request_feed(r, in.at + at, in.len - at < half ? in.len - at : half);
                while (request_next(r, &free_limits, &q) == REQUEST_READY)
                    ;
            }
            cr_expect_eq(request_pending(r), cuts[i].pending, "cut %zu/%zu: %zu", i,
                         piece, request_pending(r));
            cr_expect_eq(request_arguments(r), cuts[i].arguments, "cut %zu/%zu: %zu", i,
                         piece, request_arguments(r));
            request_reader_free(r);
        }
    text_free(&in);
}

Test(resp_read, expects_no_more_of_an_argument_than_was_announced)
{
    struct request_reader *r = request_reader_new();
    struct request q;

    cr_expect_eq(request_pending_with(r, 7), 7);
    request_feed(r, "*2\r\n$2000\r\nabc", 14);
    cr_assert_eq(request_next(r, &free_limits, &q), REQUEST_MORE);
    cr_expect_eq(request_pending_with(r, 7), 10);
    cr_expect_eq(request_pending_with(r, 1999), 2002);
    cr_expect_eq(request_pending_with(r, 60000), 2002);
    request_reader_free(r);
}

/* Memory for what was announced is given back when it does not come, and there again
 * when it does. */
Test(resp_read, shrinks_to_what_has_come_of_a_big_argument)
{
    static char body[50000];
    struct request_reader *r = request_reader_new();
    struct request q;
    size_t sent = 1000;

    memset(body, 'v', sizeof body);
    request_feed(r, "*1\r\n$1000000\r\n", 14);
    cr_assert_eq(request_next(r, &free_limits, &q), REQUEST_MORE);
    request_feed(r, body, sent);
    cr_assert_eq(request_next(r, &free_limits, &q), REQUEST_MORE);
    cr_expect_gt(request_memory(r), 1000000);
    request_shrink(r);
    cr_expect_lt(request_memory(r), 60000);
    request_shrink(r);
    cr_expect_eq(request_pending(r), sent);
    while (sent < 1000000) {
        size_t n = 1000000 - sent < sizeof body ? 1000000 - sent : sizeof body;

        request_feed(r, body, n);
        cr_assert_eq(request_next(r, &free_limits, &q), REQUEST_MORE);
        sent += n;
    }
    cr_expect_gt(request_memory(r), 1000000);
    request_shrink(r);
    cr_expect_gt(request_memory(r), 1000000);
    request_feed(r, "\r\n", 2);
    cr_assert_eq(request_next(r, &free_limits, &q), REQUEST_READY);
    cr_assert_eq(q.argv[0].len, 1000000);
    for (size_t i = 0; i < q.argv[0].len; i++)
        cr_assert_eq(q.argv[0].at[i], 'v');
    request_shrink(r);
    request_reader_free(r);
}

Test(resp_read, serves_anew_after_a_reset_in_any_state)
{
    static const char *const cuts[] = {
        "*", "*2\r\n", "*2\r\n$3\r\nab", "PIN", "*1\r\n:1\r\n", "*1\r\n$99999\r\nxx",
        "*1\r\n$9000\r\nxx", "'a\n", "*1\r\n$11111111111111111111111111111111111111"
    };
    struct request_reader *r = request_reader_new();
    struct request q;
    size_t i;

    for (i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        request_feed(r, cuts[i], strlen(cuts[i]));
        cr_expect_neq(request_next(r, &free_limits, &q), REQUEST_READY);
        request_reader_reset(r);
        cr_expect(request_reader_is_idle(r));
        request_feed(r, "*1\r\n$4\r\nPING\r\n", 14);
        cr_assert_eq(request_next(r, &free_limits, &q), REQUEST_READY);
        cr_expect(bytes_equal(q.argv[0], B("PING")));
        cr_expect_eq(request_next(r, &free_limits, &q), REQUEST_MORE);
    }
    request_reader_free(r);
}

Test(resp_read, receives_a_big_argument_into_a_blob_that_can_be_adopted)
{
    enum { LEN = 5 * 1024 * 1024 };
    struct request_reader *r = request_reader_new();
    struct request q;
    struct blob *blob;
    size_t room, got = 0, i;
    char *at;

    request_feed(r, "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5242880\r\nabc", 33);
    cr_assert_eq(request_next(r, &free_limits, &q), REQUEST_MORE);
    for (got = 3; got < LEN + 2; got += room) {
        at = request_room(r, &room);
        if (!at) {
            static char shared[REQUEST_FEED_MAX];

            at = shared;
            room = LEN + 2 - got < sizeof shared ? LEN + 2 - got : sizeof shared;
        }
        for (i = 0; i < room; i++)
            at[i] = (char)(got + i);
        request_feed(r, at, room);
        cr_expect_eq(request_next(r, &free_limits, &q),
                     got + room == LEN + 2 ? REQUEST_READY : REQUEST_MORE);
    }
    cr_assert_eq(q.argc, 3);
    cr_assert_eq(q.argv[2].len, LEN);
    cr_assert_not_null(q.blobs);
    cr_expect_null(q.blobs[0]);
    blob = q.blobs[2];
    q.blobs[2] = NULL;
    request_reader_free(r);
    cr_expect_eq(blob->len, LEN);
    cr_expect_eq(memcmp(blob->at, "abc", 3), 0);
    for (i = 3; i < LEN && blob->at[i] == (char)i; i++)
        ;
    cr_expect_eq(i, LEN);
    blob_release(blob);
}

Test(resp_read, releases_a_blob_that_nobody_adopted)
{
    struct request_reader *r = request_reader_new();
    struct text in = long_input("*2\r\n$4\r\nECHO\r\n$100000\r\n", 'x', 100000);
    struct request q = { .argc = 0 };
    struct blob *blob;
    size_t at, n;

    text_add(&in, B("\r\n"));
    for (at = 0; at < in.len; at += n) {
        n = in.len - at < REQUEST_FEED_MAX ? in.len - at : REQUEST_FEED_MAX;
        request_feed(r, in.at + at, n);
        request_next(r, &free_limits, &q);
    }
    cr_assert_eq(q.argc, 2);
    blob = blob_share(q.blobs[1]);
    cr_expect_eq(blob->refs, 2);
    request_reader_reset(r);
    cr_expect_eq(blob->refs, 1);
    blob_release(blob);
    text_free(&in);
    request_reader_free(r);
}

Test(resp_read, commits_no_memory_for_what_is_only_announced)
{
    struct request_reader *r = request_reader_new();
    struct request q;

    request_feed(r, "*2147483647\r\n$536870912\r\n", 25);
    cr_assert_eq(request_next(r, &free_limits, &q), REQUEST_MORE);
    cr_expect_lt(request_memory(r), 4u << 20);
    request_reader_free(r);
}

/* Whatever each feed ends with, the memory of the requests before it comes back. */
Test(resp_read, takes_no_more_memory_the_longer_a_stream_lasts)
{
    static const char *const ends[][2] = {
        { "*", "1\r\n$1\r\na\r\n" }, { "PI", "NG\n" }, { "*1\r\n$1", "\r\na\r\n" },
        { "*2\r\n$1\r\na\r\n", "$0\r\n\r\n" }, { "*-", "3\r\n" },
        { "*1\r\n$2000\r\n", "" }
    };
    struct request_reader *r = request_reader_new();
    struct text middle = { 0 }, feed = { 0 };
    struct request q;
    size_t i, round;

    for (i = 0; i < 100; i++)
        text_add_text(&middle, "*2\r\n$3\r\nGET\r\n$3\r\nkey\r\nGET 'k'\n");
    for (i = 0; i < sizeof ends / sizeof *ends; i++) {
        for (round = 0; round < 2000; round++) {
            text_clear(&feed);
            if (round)
                text_add_text(&feed, ends[i][1]);
            while (round && !*ends[i][1] && feed.len < 2002)
                text_add_char(&feed, 'x');
            text_add(&feed, text_view(&middle));
            text_add_text(&feed, ends[i][0]);
            request_feed(r, feed.at, feed.len);
            while (request_next(r, &free_limits, &q) == REQUEST_READY)
                ;
        }
        cr_expect_lt(request_memory(r), 100000, "case %zu: %zu", i, request_memory(r));
        request_reader_reset(r);
    }
    request_reader_free(r);
    text_free(&middle);
    text_free(&feed);
}

Test(resp_read, takes_a_million_arguments)
{
    struct request_reader *r = request_reader_new();
    struct text in = { 0 }, got;
    struct transcript t = { { 0 } };
    size_t size = REQUEST_FEED_MAX;
    int i;

    text_add_text(&in, "*1000000\r\n");
    for (i = 0; i < 1000000; i++)
        text_add(&in, B("$1\r\nx\r\n"));
    reader_transcript(r, text_view(&in), &free_limits, fixed_size, &size, &t);
    got = t.text;
    cr_expect_eq(got.len, 5 * 1000000 + 1);
    cr_expect(request_reader_is_idle(r));
    text_free(&got);
    text_free(&in);
    request_reader_free(r);
}

/* A piece of a stream: mostly right, sometimes wrong, of many sizes. */
static void
add_random_request(struct text *in, int wrong)
{
    static const char *const odd[] = {
        "*0\r\n", "*-1\r\n", "\r\n", "PING\n", "a 'b c' \"d\\n\"\r\n", "*-7\r\n", "  \n",
        "x\\y z\r\n"
    };
    static const char *const bad[] = {
        "*1\r\n:1\r\n", "*x\r\n", "*2\r\n$1\r\na\r\n$-1\r\n", "'\n", "*1\r\n+OK\r\n",
        "*1\rX", "*1\r\n$3\rX", "*1\r\n*1\r\n", "*1\r\n$536870913\r\n", "a\"b\"c\n",
        "*1\r\nfoo\r\n"
    };
    size_t args, len;

    if (wrong && rand_below(50) == 0) {
        text_add_text(in, bad[rand_below(sizeof bad / sizeof *bad)]);
        return;
    }
    if (rand_below(6) == 0) {
        text_add_text(in, odd[rand_below(sizeof odd / sizeof *odd)]);
        return;
    }
    args = 1 + rand_below(rand_below(20) ? 4 : 40);
    text_printf(in, "*%zu\r\n", args);
    while (args--) {
        len = rand_below(30);
        if (rand_below(60) == 0)
            len = rand_below(4000);
        if (rand_below(500) == 0)
            len = rand_below(3 * REQUEST_BIG);
        text_printf(in, "$%zu\r\n", len);
        while (len--)
            text_add_char(in, (char)(rand_below(20) ? 'a' + rand_below(26)
                                                    : rand_below(256)));
        text_add(in, B("\r\n"));
    }
}

Test(resp_read, reads_as_the_naive_parser_does_wherever_the_stream_is_cut)
{
    struct request_reader *r = request_reader_new();
    size_t rounds, total = 0;

    rand_seed(20260822);
    for (rounds = 0; total < 100000; rounds++) {
        struct transcript wanted = { { 0 } }, got = { { 0 } };
        struct text in = { 0 };
        size_t n = 1 + rand_below(100);

        total += n;
        while (n--)
            add_random_request(&in, rounds % 2);
        naive_transcript(text_view(&in), &free_limits, &wanted);
        reader_transcript(r, text_view(&in), &free_limits, random_size, NULL, &got);
        cr_assert(bytes_equal(text_view(&wanted.text), text_view(&got.text)),
                  "round %zu differs", rounds);
        request_reader_reset(r);
        text_free(&in);
        text_free(&wanted.text);
        text_free(&got.text);
    }
    request_reader_free(r);
}
