/* SPDX-License-Identifier: MIT
 * Replies: the bytes of both protocols, and what happens to them on their way out. */
#include "wire/resp_write.h"

#include <criterion/criterion.h>
#include <math.h>

#include "base/alloc.h"
#include "base/rand.h"
#include "base/text.h"

static void
expect(struct reply *r, struct bytes wanted, int line)
{
    size_t len;
    char *got = reply_flatten(r, &len);

    cr_expect(bytes_equal(bytes_view(got, len), wanted), "line %d: got %.*s, wanted %.*s",
              line, (int)len, got, B_ARG(wanted));
    mem_free(got);
    reply_drop(r);
}
/* What `call` writes in protocol `p`. */
#define WRITES(p, call, wanted) do { \
        struct reply out_, *r = &out_; \
        reply_start(r); \
        r->proto = (p); \
        call; \
        expect(r, B(wanted), __LINE__); \
    } while (0)

Test(resp_write, writes_every_type_in_RESP2)
{
    WRITES(2, reply_ok(r), "+OK\r\n");
    WRITES(2, reply_status(r, "PONG"), "+PONG\r\n");
    WRITES(2, reply_error(r, "ERR no"), "-ERR no\r\n");
    WRITES(2, reply_int(r, 0), ":0\r\n");
    WRITES(2, reply_int(r, 42), ":42\r\n");
    WRITES(2, reply_int(r, -1), ":-1\r\n");
    WRITES(2, reply_int(r, INT64_MIN), ":-9223372036854775808\r\n");
    WRITES(2, reply_int(r, INT64_MAX), ":9223372036854775807\r\n");
    WRITES(2, reply_bulk(r, B("a\r\nb")), "$4\r\na\r\nb\r\n");
    WRITES(2, reply_bulk(r, B("")), "$0\r\n\r\n");
    WRITES(2, reply_bulk_text(r, "abc"), "$3\r\nabc\r\n");
    WRITES(2, reply_bulk_int(r, -17), "$3\r\n-17\r\n");
    WRITES(2, reply_null(r), "$-1\r\n");
    WRITES(2, reply_null_array(r), "*-1\r\n");
    WRITES(2, reply_array(r, 100), "*100\r\n");
    WRITES(2, reply_map(r, 3), "*6\r\n");
    WRITES(2, reply_set(r, 3), "*3\r\n");
    WRITES(2, reply_push(r, 3), "*3\r\n");
    WRITES(2, reply_bool(r, true), ":1\r\n");
    WRITES(2, reply_bool(r, false), ":0\r\n");
    WRITES(2, reply_double(r, 3.141), "$5\r\n3.141\r\n");
    WRITES(2, reply_double(r, INFINITY), "$3\r\ninf\r\n");
    WRITES(2, reply_bignum(r, B("123456789012345678901")),
           "$21\r\n123456789012345678901\r\n");
    WRITES(2, reply_verbatim(r, "txt", B("hi")), "$2\r\nhi\r\n");
}

Test(resp_write, writes_every_type_in_RESP3)
{
    WRITES(3, reply_ok(r), "+OK\r\n");
    WRITES(3, reply_int(r, 7), ":7\r\n");
    WRITES(3, reply_bulk(r, B("x")), "$1\r\nx\r\n");
    WRITES(3, reply_null(r), "_\r\n");
    WRITES(3, reply_null_array(r), "_\r\n");
    WRITES(3, reply_map(r, 3), "%3\r\n");
    WRITES(3, reply_set(r, 3), "~3\r\n");
    WRITES(3, reply_push(r, 3), ">3\r\n");
    WRITES(3, reply_attribute(r, 1), "|1\r\n");
    WRITES(3, reply_bool(r, true), "#t\r\n");
    WRITES(3, reply_bool(r, false), "#f\r\n");
    WRITES(3, reply_double(r, 3.141), ",3.141\r\n");
    WRITES(3, reply_double(r, -INFINITY), ",-inf\r\n");
    WRITES(3, reply_bignum(r, B("123456789012345678901")), "(123456789012345678901\r\n");
    WRITES(3, reply_verbatim(r, "txt", B("hi")), "=6\r\ntxt:hi\r\n");
}

Test(resp_write, keeps_an_error_on_one_line)
{
    WRITES(2, reply_errorf(r, "ERR '%s' no", "a\r\nb"), "-ERR 'a  b' no\r\n");
    WRITES(2, reply_error(r, "ERR end\r\n"), "-ERR end\r\n");
    WRITES(2, reply_error_bytes(r, B("ERR nul\0in it")), "-ERR nul\0in it\r\n");
}

Test(resp_write, counts_errors_and_remembers_the_last)
{
    uint64_t before = reply_errors();
    struct reply r;

    reply_start(&r);
    reply_error(&r, "WRONGTYPE x");
    reply_ok(&r);
    cr_expect_eq(reply_errors(), before + 1);
    cr_expect(bytes_equal(reply_last_error(), B("WRONGTYPE x")));
    r.muted = true;
    reply_error(&r, "ERR muted");
    cr_expect_eq(reply_errors(), before + 2);
    reply_drop(&r);
}

Test(resp_write, writes_long_errors_whole)
{
    struct text long_name = { 0 };
    struct reply r;
    size_t len;
    char *got;

    while (long_name.len < 40000)
        text_add_char(&long_name, 'n');
    reply_start(&r);
    reply_errorf(&r, "ERR %s", long_name.at);
    got = reply_flatten(&r, &len);
    cr_expect_eq(len, 40000 + 7);
    cr_expect_eq(memcmp(got + len - 3, "n\r\n", 3), 0);
    mem_free(got);
    text_free(&long_name);
    reply_drop(&r);
}

Test(resp_write, drops_everything_while_muted)
{
    struct blob *blob = blob_try_new(100000, 100000);
    struct reply r;
    struct reply_later mark;

    memset(blob->at, 'x', blob->len);
    reply_start(&r);
    reply_int(&r, 1);
    r.muted = true;
    reply_ok(&r);
    reply_int(&r, 123456);
    reply_bulk_blob(&r, blob);
    reply_bulk(&r, blob_view(blob));
    mark = reply_later(&r);
    reply_null(&r);
    reply_later_set(&r, mark, '*', 1);
    reply_error(&r, "ERR x");
    r.muted = false;
    reply_int(&r, 2);
    expect(&r, B(":1\r\n:2\r\n"), __LINE__);
    cr_expect_eq(blob->refs, 1);
    blob_release(blob);
}

Test(resp_write, owns_nothing_at_rest)
{
    struct reply r;

    reply_start(&r);
    reply_ok(&r);
    cr_expect_not(reply_is_empty(&r));
    cr_expect_gt(reply_memory(&r), 0);
    reply_sent(&r, 5);
    cr_expect(reply_is_empty(&r));
    cr_expect_eq(reply_memory(&r), 0);
    cr_expect_eq(reply_pending(&r), 0);
}

Test(resp_write, sends_a_big_blob_from_the_value_itself)
{
    struct blob *blob = blob_try_new(REPLY_BY_REFERENCE, REPLY_BY_REFERENCE);
    struct iovec iov[8];
    struct reply r;

    memset(blob->at, 'v', blob->len);
    reply_start(&r);
    reply_bulk_blob(&r, blob);
    cr_expect_eq(blob->refs, 2);
    cr_assert_eq(reply_iov(&r, iov, 8), 3);
    cr_expect_eq(iov[1].iov_base, blob->at);
    cr_expect_eq(iov[1].iov_len, REPLY_BY_REFERENCE);
    cr_expect_eq(reply_pending(&r), 8 + REPLY_BY_REFERENCE + 2);
    reply_sent(&r, 8 + 10);
    cr_assert_eq(reply_iov(&r, iov, 8), 2);
    cr_expect_eq(iov[0].iov_base, blob->at + 10);
    reply_sent(&r, REPLY_BY_REFERENCE - 10 + 2);
    cr_expect(reply_is_empty(&r));
    cr_expect_eq(blob->refs, 1);
    blob_release(blob);
}

Test(resp_write, copies_a_small_blob)
{
    struct blob *blob = blob_copy(B("0123456789"));

    WRITES(2, reply_bulk_blob(r, blob), "$10\r\n0123456789\r\n");
    WRITES(2, reply_bulk_blob_part(r, blob, 2, 3), "$3\r\n234\r\n");
    WRITES(2, reply_bulk_blob_part(r, blob, 10, 0), "$0\r\n\r\n");
    cr_expect_eq(blob->refs, 1);
    blob_release(blob);
}

Test(resp_write, fills_in_a_length_that_is_known_later)
{
    struct reply_later outer, inner;

#define NEST do { \
        outer = reply_later(r); \
        reply_int(r, 1); \
        inner = reply_later(r); \
        reply_int(r, 2); \
        reply_later_set(r, inner, '~', 1); \
        reply_int(r, 3); \
        reply_later_set(r, outer, '%', 12); \
        reply_ok(r); \
    } while (0)
    WRITES(3, NEST, "%12\r\n:1\r\n~1\r\n:2\r\n:3\r\n+OK\r\n");
    WRITES(2, NEST, "*24\r\n:1\r\n*1\r\n:2\r\n:3\r\n+OK\r\n");
    WRITES(3, reply_later_set(r, reply_later(r), '>', 0), ">0\r\n");
}

/* The naive model: one flat buffer. */
struct model { struct text text; };

static void
model_bulk(struct model *m, struct bytes b)
{
    text_printf(&m->text, "$%zu\r\n", b.len);
    text_add(&m->text, b);
    text_add(&m->text, B("\r\n"));
}

/* Compare the front with what is offered for sending, then send some of it. */
static void
send_some(struct reply *r, struct model *m)
{
    struct iovec iov[5];
    int i, n = reply_iov(r, iov, (int)(1 + rand_below(5)));
    size_t at = 0, sent;

    for (i = 0; i < n; i++) {
        cr_assert_leq(at + iov[i].iov_len, m->text.len);
        cr_assert_eq(memcmp(m->text.at + at, iov[i].iov_base, iov[i].iov_len), 0);
        at += iov[i].iov_len;
    }
    sent = rand_below(3) ? at : rand_below(at + 1);
    reply_sent(r, sent);
    memmove(m->text.at, m->text.at + sent, m->text.len - sent);
    m->text.len -= sent;
}

/* An aggregate of random bulks whose length comes last. */
static void
random_later(struct reply *r, struct model *m, struct bytes junk)
{
    size_t i, n = rand_below(rand_below(10) ? 5 : 200);
    struct reply_later mark = reply_later(r);

    text_printf(&m->text, "*%zu\r\n", n);
    for (i = 0; i < n; i++) {
        struct bytes b = { junk.at + rand_below(1000), rand_below(400) };

        reply_bulk(r, b);
        model_bulk(m, b);
    }
    reply_later_set(r, mark, '*', n);
}

static void
random_step(struct reply *r, struct model *m, struct blob *blob)
{
    struct bytes junk = bytes_view(blob->at, blob->len);
    struct reply other;
    size_t from, len;

    switch (rand_below(9)) {
    case 0:
        reply_ok(r);
        text_add(&m->text, B("+OK\r\n"));
        break;
    case 1:
        from = rand_u64();
        reply_int(r, (int64_t)from);
        text_printf(&m->text, ":%lld\r\n", (long long)from);
        break;
    case 2: case 3:
        junk.len = rand_below(rand_below(20) ? 600 : 50000);
        reply_bulk(r, junk);
        model_bulk(m, junk);
        break;
    case 4:
        from = rand_below(1000);
        len = rand_below(blob->len - from);
        reply_bulk_blob_part(r, blob, from, len);
        model_bulk(m, bytes_view(blob->at + from, len));
        break;
    case 5:
        random_later(r, m, junk);
        break;
    case 6:
        reply_start(&other);
        for (len = rand_below(4); len; len--)
            random_step(&other, m, blob);
        reply_splice(r, &other);
        cr_assert(reply_is_empty(&other));
        break;
    case 7:
        junk.len = rand_below(40000);
        reply_raw(r, junk);
        text_add(&m->text, junk);
        break;
    default:
        reply_errorf(r, "ERR %.*s", 600, "x");
        text_add(&m->text, B("-ERR x\r\n"));
    }
}

Test(resp_write, sends_what_was_written_whatever_the_mix)
{
    struct blob *blob = blob_try_new(60000, 60000);
    struct model m = { { 0 } };
    struct reply r;
    int i;

    rand_seed(7);
    for (i = 0; i < (int)blob->len; i++)
        blob->at[i] = (char)i;
    reply_start(&r);
    for (i = 0; i < 100000; i++) {
        random_step(&r, &m, blob);
        cr_assert_eq(reply_pending(&r), m.text.len);
        while (m.text.len > 300000 || (m.text.len && rand_below(3) == 0))
            send_some(&r, &m);
        if (rand_below(2000) == 0) {
            reply_drop(&r);
            text_clear(&m.text);
        }
        cr_assert_eq(reply_is_empty(&r) ? reply_memory(&r) : 0, 0);
    }
    reply_drop(&r);
    cr_expect_eq(blob->refs, 1);
    cr_expect_eq(reply_memory(&r), 0);
    blob_release(blob);
    text_free(&m.text);
    reply_pool_free();
}
