/* SPDX-License-Identifier: MIT
 * tests/unit/test_glob.c - patterns match what redis-server's KEYS matches. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/glob.h"
#include "base/rand.h"

static bool
matches(const char *pattern, const char *text)
{
    return glob_match(bytes_of_text(pattern), bytes_of_text(text), false);
}

Test(glob, plain_patterns_match_themselves_only)
{
    cr_expect(matches("abc", "abc"));
    cr_expect_not(matches("abc", "abcd"));
    cr_expect_not(matches("abcd", "abc"));
    cr_expect_not(matches("", "a"));
    cr_expect(matches("", ""));
}

Test(glob, stars_and_marks_stand_for_bytes)
{
    cr_expect(matches("a*c", "abbbc"));
    cr_expect(matches("a*c", "ac"));
    cr_expect(matches("*a*", "banana"));
    cr_expect(matches("*na", "banana"));
    cr_expect_not(matches("*nab", "banana"));
    cr_expect(matches("a**", "a"));
    cr_expect(matches("h?llo", "hello"));
    cr_expect_not(matches("h?llo", "hllo"));
    cr_expect_not(matches("?", ""));
    cr_expect(glob_match(B("a*b"), B("a\0b"), false));
}

/* As the server hands on a message to a channel without a name. */
Test(glob, the_empty_text_matches_no_pattern_but_the_empty_one)
{
    cr_expect(matches("", ""));
    cr_expect_not(matches("*", ""));
    cr_expect_not(matches("**", ""));
}

Test(glob, odd_classes_match_as_in_redis)
{
    cr_expect(matches("[abc]", "b"));
    cr_expect_not(matches("[abc]", "d"));
    cr_expect(matches("[^a]", "b"));
    cr_expect_not(matches("[^a]", "a"));
    cr_expect(matches("[a-c]x", "bx"));
    cr_expect(matches("[z-a]", "m"));
    cr_expect_not(matches("[]", "a"));
    cr_expect_not(matches("[]", "]"));
    cr_expect(matches("[^]", "a"));
    cr_expect(matches("[ab", "b"));
    cr_expect_not(matches("[ab", "bc"));
    cr_expect(matches("[a-", "-"));
    cr_expect(matches("[a-]", "-") == false);
    cr_expect(matches("[\\]]", "]"));
    cr_expect(matches("[\\", "\\"));
    cr_expect(matches("x[", "x") == false);
}

Test(glob, a_backslash_quotes_and_at_the_end_is_itself)
{
    cr_expect(matches("\\*", "*"));
    cr_expect_not(matches("\\*", "a"));
    cr_expect(matches("a\\", "a\\"));
    cr_expect(matches("\\\\", "\\"));
    cr_expect(matches("\\a", "a"));
}

Test(glob, case_can_be_ignored)
{
    cr_expect(glob_match(B("MAXmem*"), B("maxmemory"), true));
    cr_expect(glob_match(B("[A-C]"), B("b"), true));
    cr_expect(glob_match(B("[a-c]"), B("B"), true));
    cr_expect_not(glob_match(B("MAX"), B("max"), false));
}

/* As CONFIG GET and COMMAND LIST have it. */
Test(glob, case_counts_at_quoted_bytes_and_for_the_order_of_a_range)
{
    cr_expect(glob_match(B("[\\a]"), B("a"), true));
    cr_expect_not(glob_match(B("[\\A]"), B("a"), true));
    cr_expect_not(glob_match(B("[\\a]"), B("A"), true));
    cr_expect(glob_match(B("[^\\A]"), B("a"), true));
    cr_expect_not(glob_match(B("[A-\\]"), B("a"), true));
    cr_expect_not(glob_match(B("[M-a]"), B("h"), true));
    cr_expect(glob_match(B("[A-z]"), B("h"), true));
    cr_expect(glob_match(B("[z-A]"), B("H"), true));
}

Test(glob, ranges_have_the_bytes_above_127_first)
{
    cr_expect(matches("[\x80-\xff]", "\xc3"));
    cr_expect_not(matches("[\x80-\xff]", "a"));
    cr_expect(matches("[a-\xff]", "\xff"));
    cr_expect(matches("[a-\xff]", "B"));
    cr_expect_not(matches("[a-\xff]", "b"));
    cr_expect_not(matches("[a-\xff]", "\xfe"));
    cr_expect(matches("[\xf0-\x01]", "\xf8"));
}

/* A recursive matcher would still be busy when the sun goes out. */
Test(glob, many_stars_cannot_hang, .timeout = 10)
{
    static char pattern[2000], text[100000];     /* 1000 stars, which may be */

    for (size_t i = 0; i < sizeof pattern; i++)
        pattern[i] = i % 2 == 0 ? '*' : 'a';
    memset(text, 'a', sizeof text);
    text[sizeof text - 1] = 'b';
    pattern[sizeof pattern - 1] = 'c';
    cr_expect_not(glob_match(bytes_view(pattern, sizeof pattern),
                             bytes_view(text, sizeof text), false));
    cr_expect_not(matches("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b",
                          "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac"));
}

/* The obvious definition, for patterns of stars, marks and letters. */
static bool
model(const char *p, const char *t)
{
    if (*p == '\0')
        return *t == '\0';
    if (*p == '*')
        return model(p + 1, t) || (*t != '\0' && model(p, t + 1));
    return *t != '\0' && (*p == '?' || *p == *t) && model(p + 1, t + 1);
}

/* `repeated`, n times, and `last` behind it. */
static bool
many_match(const char *repeated, size_t n, const char *last, const char *text)
{
    char *pattern = calloc(n * strlen(repeated) + strlen(last) + 1, 1), *at = pattern;
    bool is_match;

    while (n--)
        at += sprintf(at, "%s", repeated);
    strcpy(at, last);
    is_match = matches(pattern, text);
    free(pattern);
    return is_match;
}

Test(glob, more_than_a_thousand_stars_match_nothing)
{
    char text[3001] = "";

    memset(text, 'a', 3000);
    cr_expect(many_match("*?", 1000, "", text));
    cr_expect_not(many_match("*?", 1001, "", text));
    cr_expect(many_match("**a", 1000, "", text), "stars in a row are one");
    cr_expect_not(many_match("**a", 1001, "", text));
    cr_expect(many_match("*?", 1000, "**", text), "those at the end are none");
    cr_expect(many_match("?*", 1001, "", text));
    cr_expect_not(many_match("?*", 1002, "", text));
    cr_expect_not(many_match("*?", 1000, "b", text));
}

Test(glob, random_patterns_agree_with_the_definition)
{
    size_t matched = 0;

    rand_seed(4);
    for (int i = 0; i < 100000; i++) {
        char pattern[9] = "", text[9] = "";

        for (size_t n = rand_below(8); n > 0; n--)
            pattern[n - 1] = "ab*?*"[rand_below(5)];
        for (size_t n = 1 + rand_below(7); n > 0; n--)
            text[n - 1] = "ab"[rand_below(2)];
        cr_assert_eq(matches(pattern, text), model(pattern, text), "%s %s", pattern,
                     text);
        matched += matches(pattern, text);
    }
    cr_expect(matched > 10000 && matched < 90000);
}

Test(glob, plain_means_without_special_bytes)
{
    cr_expect(glob_is_plain(B("user:1")));
    cr_expect(glob_is_plain(B("")));
    cr_expect(glob_is_plain(B("a\0b")));
    cr_expect_not(glob_is_plain(B("user:*")));
    cr_expect_not(glob_is_plain(B("user:?")));
    cr_expect_not(glob_is_plain(B("user:[1]")));
    cr_expect_not(glob_is_plain(B("user:\\1")));
}
