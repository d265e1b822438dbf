/* SPDX-License-Identifier: MIT
 * tests/unit/test_text.c - text grows, is quoted, and comes apart into words. */
#include <criterion/criterion.h>
#include "base/alloc.h"
#include "base/rand.h"
#include "base/text.h"

Test(text, grows_piece_by_piece_and_stays_terminated)
{
    struct text t = { 0 };
    size_t want = 0;

    cr_expect_eq(text_view(&t).len, 0);
    for (int i = 0; i < 1000; i++) {
        text_printf(&t, "%d,", i);
        want += i < 10 ? 2 : i < 100 ? 3 : 4;
        cr_assert_eq(t.len, want);
        cr_assert_eq(t.at[t.len], '\0');
    }
    text_clear(&t);
    cr_expect_str_eq(t.at, "");
    text_add_char(&t, 'a');
    text_add(&t, B("b\0c"));
    text_add_text(&t, "d");
    cr_expect(bytes_equal(text_view(&t), B("ab\0cd")));
    text_free(&t);
    cr_expect_eq(t.at, NULL);
    text_free(&t);
}

Test(text, one_long_line_is_not_cut)
{
    struct text t = { 0 };
    char digits[5001];

    memset(digits, '7', sizeof digits - 1);
    digits[sizeof digits - 1] = '\0';
    text_printf(&t, "<%s>", digits);
    cr_expect_eq(t.len, 5002);
    cr_expect_eq(t.at[5001], '>');
    text_free(&t);
}

static void
expect_quoted(struct bytes in, const char *want)
{
    struct text t = { 0 };

    text_add_quoted(&t, in);
    cr_expect_str_eq(t.at, want);
    text_free(&t);
}

Test(text, quoting_escapes_what_does_not_print)
{
    expect_quoted(B(""), "\"\"");
    expect_quoted(B("plain ~"), "\"plain ~\"");
    expect_quoted(B("a\"b\\c"), "\"a\\\"b\\\\c\"");
    expect_quoted(B("\n\r\t\a\b"), "\"\\n\\r\\t\\a\\b\"");
    expect_quoted(B("\0\x1f\x7f\xff"), "\"\\x00\\x1f\\x7f\\xff\"");
}

static void
expect_words(struct bytes line, size_t want_count, const struct bytes *want)
{
    size_t count = 99;
    struct bytes *words = words_split(line, &count);

    cr_assert_not_null(words, "'%.*s'", B_ARG(line));
    cr_assert_eq(count, want_count, "'%.*s' gave %zu words", B_ARG(line), count);
    for (size_t i = 0; i < count; i++) {
        cr_expect(bytes_equal(words[i], want[i]), "'%.*s': '%.*s'", B_ARG(line),
                  B_ARG(words[i]));
        cr_expect_eq(words[i].at[words[i].len], '\0');
    }
    words_free(words, count);
}

#define WORDS(line, ...)                                                       \
    expect_words(B(line), sizeof((struct bytes[]){ __VA_ARGS__ })              \
                          / sizeof(struct bytes), (struct bytes[]){ __VA_ARGS__ })

Test(words, split_at_space)
{
    expect_words(B(""), 0, NULL);
    expect_words(B(" \t\r\n"), 0, NULL);
    WORDS("a", B("a"));
    WORDS("  SET  k\tv \r\n", B("SET"), B("k"), B("v"));
    WORDS("a\0b c", B("a"));
}

/* As redis-server answers these as inline commands. */
Test(words, quotes_hold_words_together)
{
    WORDS("SET name 'John Doe'", B("SET"), B("name"), B("John Doe"));
    WORDS("\"a b\" c", B("a b"), B("c"));
    WORDS("\"\" ''", B(""), B(""));
    WORDS("pre\"fix ed\" x", B("prefix ed"), B("x"));
    WORDS("\"\\x41\\n\\r\\t\\a\\b\\\\\\\"\\q\"", B("A\n\r\t\a\b\\\"q"));
    WORDS("\"\\xZZ\\x4\"", B("xZZx4"));
    WORDS("'it\\'s' 'a\\n'", B("it's"), B("a\\n"));
    WORDS("a\\b", B("a\\b"));
    WORDS("\"\\x00\"", B("\0"));
    WORDS("'a\"b' \"c'd\"", B("a\"b"), B("c'd"));
}

Test(words, unbalanced_quotes_are_refused)
{
    static const char *const refused[] = {
        "\"", "'", "\"a", "'a", "\"a\"b", "'a'b", "\"a\"\"b\"", "x \"a\\\"", "'a\\'",
        "\"a\\",
    };

    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        size_t count = 9;

        cr_expect_null(words_split(bytes_of_text(refused[i]), &count), "%s", refused[i]);
        cr_expect_eq(count, 0);
    }
}

Test(words, what_was_quoted_comes_back)
{
    rand_seed(5);
    for (int i = 0; i < 20000; i++) {
        struct text line = { 0 };
        char raw[5][20];
        size_t len[5], n = rand_below(6), count;
        struct bytes *words;

        for (size_t w = 0; w < n; w++) {
            len[w] = rand_below(20);
            for (size_t b = 0; b < len[w]; b++)
                raw[w][b] = (char)rand_u64();
            text_add_quoted(&line, bytes_view(raw[w], len[w]));
            text_add_char(&line, ' ');
        }
        words = words_split(text_view(&line), &count);
        cr_assert_not_null(words);
        cr_assert_eq(count, n);
        for (size_t w = 0; w < n; w++)
            cr_assert(bytes_equal(words[w], bytes_view(raw[w], len[w])));
        words_free(words, count);
        text_free(&line);
    }
}

Test(bytes, compare_ignores_nothing_and_nocase_ignores_case)
{
    cr_expect(bytes_equal(B("a\0b"), B("a\0b")));
    cr_expect_not(bytes_equal(B("a"), B("ab")));
    cr_expect(bytes_equal_nocase(B("GeT"), B("gEt")));
    cr_expect_not(bytes_equal_nocase(B("@"), B("`")));
    cr_expect_not(bytes_equal_nocase(B("["), B("{")));
    cr_expect(bytes_is(B("KeepTTL"), "keepttl"));
    cr_expect_not(bytes_is(B("KeepTT"), "keepttl"));
    cr_expect_lt(bytes_compare(B("a"), B("ab")), 0);
    cr_expect_gt(bytes_compare(B("b"), B("ab")), 0);
    cr_expect_gt(bytes_compare(B("\xff"), B("a")), 0);
    cr_expect_eq(bytes_compare(B(""), B("")), 0);
    cr_expect(bytes_equal_secret(B("secret"), B("secret")));
    cr_expect_not(bytes_equal_secret(B("secret"), B("secreT")));
    cr_expect_not(bytes_equal_secret(B("secret"), B("secrets")));
}
