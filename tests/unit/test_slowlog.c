/* SPDX-License-Identifier: MIT
 * tests/unit/test_slowlog.c - the newest slow calls, trimmed, and no more of them. */
#include <criterion/criterion.h>
#include <stdio.h>
#include "base/alloc.h"
#include "base/rand.h"
#include "command/slowlog.h"

static void
add_number(struct slowlog *s, int n)
{
    char text[16];
    struct bytes argv[2] = { B("echo"), { text, (size_t)snprintf(text, 16, "%d", n) } };

    slowlog_add(s, n, argv, 2, "127.0.0.1:1", "");
}

static struct slowlog *
new_log(size_t max_len)
{
    struct slowlog *s = slowlog_new();

    clock_start();
    slowlog_configure(s, 0, max_len);
    return s;
}

Test(slowlog, an_entry_holds_what_was_given)
{
    struct slowlog *s = new_log(10);
    struct bytes argv[2] = { B("get"), B("a\0b") };
    const struct slowlog_entry *e;

    clock_freeze(1234567);
    slowlog_add(s, 42, argv, 2, "127.0.0.1:5000", "worker");
    e = slowlog_at(s, 0);
    cr_expect_eq(e->id, 0);
    cr_expect_eq(e->at_s, 1234);
    cr_expect_eq(e->took, 42);
    cr_expect_eq(e->argc, 2);
    cr_expect(bytes_equal(e->argv[0], B("get")));
    cr_expect(bytes_equal(e->argv[1], B("a\0b")));
    cr_expect_str_eq(e->peer, "127.0.0.1:5000");
    cr_expect_str_eq(e->name, "worker");
    cr_expect_null(slowlog_at(s, 1));
    slowlog_free(s);
    clock_thaw();
}

Test(slowlog, long_arguments_are_cut_at_128_bytes)
{
    struct slowlog *s = new_log(10);
    char long_text[200];
    struct bytes argv[2] = { { long_text, 128 }, { long_text, 200 } };
    const struct slowlog_entry *e;

    memset(long_text, 'x', sizeof long_text);
    slowlog_add(s, 1, argv, 2, "", "");
    e = slowlog_at(s, 0);
    cr_expect_eq(e->argv[0].len, 128);
    cr_expect_eq(e->argv[1].len, 128 + strlen("... (72 more bytes)"));
    cr_expect_eq(memcmp(e->argv[1].at + 127, "x... (72 more bytes)", 20), 0);
    slowlog_free(s);
}

Test(slowlog, beyond_32_arguments_the_last_one_counts_the_rest)
{
    struct slowlog *s = new_log(10);
    struct bytes argv[40];

    for (int i = 0; i < 40; i++)
        argv[i] = B("word");
    slowlog_add(s, 1, argv, 32, "", "");
    slowlog_add(s, 1, argv, 33, "", "");
    slowlog_add(s, 1, argv, 40, "", "");
    cr_expect_eq(slowlog_at(s, 2)->argc, 32);
    cr_expect(bytes_equal(slowlog_at(s, 2)->argv[31], B("word")));
    cr_expect(bytes_equal(slowlog_at(s, 1)->argv[31], B("... (2 more arguments)")));
    cr_expect_eq(slowlog_at(s, 0)->argc, 32);
    cr_expect(bytes_equal(slowlog_at(s, 0)->argv[30], B("word")));
    cr_expect(bytes_equal(slowlog_at(s, 0)->argv[31], B("... (9 more arguments)")));
    slowlog_free(s);
}

Test(slowlog, trims_as_it_is_told)
{
    struct slowlog *s = new_log(10);
    char long_text[200];
    struct bytes argv[100];

    memset(long_text, 'x', sizeof long_text);
    for (int i = 0; i < 100; i++)
        argv[i] = bytes_view(long_text, sizeof long_text);
    slowlog_trim(s, 2, 1);
    slowlog_add(s, 1, argv, 100, "", "");
    slowlog_trim(s, 100, 1000);
    slowlog_add(s, 1, argv, 100, "", "");
    cr_expect_eq(slowlog_at(s, 1)->argc, 2);
    cr_expect(bytes_equal(slowlog_at(s, 1)->argv[0], B("x... (199 more bytes)")));
    cr_expect(bytes_equal(slowlog_at(s, 1)->argv[1], B("... (99 more arguments)")));
    cr_expect_eq(slowlog_at(s, 0)->argc, 100);
    cr_expect(bytes_equal(slowlog_at(s, 0)->argv[99], argv[99]));
    slowlog_free(s);
}

Test(slowlog, ids_go_on_after_a_clear)
{
    struct slowlog *s = new_log(10);

    add_number(s, 1);
    add_number(s, 2);
    slowlog_clear(s);
    cr_expect_eq(slowlog_len(s), 0);
    cr_expect_null(slowlog_at(s, 0));
    add_number(s, 3);
    cr_expect_eq(slowlog_at(s, 0)->id, 2);
    slowlog_free(s);
}

Test(slowlog, a_negative_threshold_means_off)
{
    struct slowlog *s = slowlog_new();

    slowlog_configure(s, -1000, 10);
    cr_expect_eq(slowlog_threshold(s), -1);
    cr_expect_not(slowlog_wants(slowlog_threshold(s), 1000000));
    slowlog_configure(s, 0, 10);
    cr_expect(slowlog_wants(slowlog_threshold(s), 0));
    slowlog_configure(s, 100, 10);
    cr_expect_not(slowlog_wants(slowlog_threshold(s), 99));
    cr_expect(slowlog_wants(slowlog_threshold(s), 100));
    slowlog_free(s);
}

/* Against the plainest model: the last `len` numbers added. */
Test(slowlog, holds_the_newest_entries_through_any_change_of_length)
{
    struct slowlog *s = new_log(5);
    size_t before, max_len = 5, len = 0;
    int added = 0;

    slowlog_clear(s);
    before = mem_used();
    rand_seed(3);
    for (int i = 0; i < 100000; i++) {
        uint64_t what = rand_below(1000);

        if (what == 0) {
            max_len = rand_below(200);
            slowlog_configure(s, 0, max_len);
            len = len < max_len ? len : max_len;
        } else if (what == 1) {
            slowlog_clear(s);
            len = 0;
        } else {
            add_number(s, added++);
            len = len < max_len ? len + 1 : max_len;
        }
        cr_assert_eq(slowlog_len(s), len);
        cr_assert_null(slowlog_at(s, len));
        if (len > 0) {
            size_t at = rand_below(len);

            cr_assert_eq(slowlog_at(s, at)->took, added - 1 - (int)at);
            cr_assert_eq(slowlog_at(s, at)->id, slowlog_at(s, at)->took);
        }
    }
    slowlog_clear(s);
    cr_expect_eq(mem_used(), before);
    slowlog_free(s);
}
