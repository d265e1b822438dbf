/* SPDX-License-Identifier: MIT
 * tests/unit/test_syntax.c - one string says the whole tree of arguments. */
#include <criterion/criterion.h>
#include "base/alloc.h"
#include "base/rand.h"
#include "command/syntax.h"

static struct argument *
parsed(const char *syntax)
{
    const char *error;
    struct argument *list = syntax_parse(syntax, &error);

    cr_assert_null(error, "%s: %s", syntax, error);
    return list;
}

static void
write_flags(const struct argument *a, struct text *out)
{
    if (a->flags & ARGUMENT_OPTIONAL)
        text_add_text(out, " optional");
    if (a->flags & ARGUMENT_MULTIPLE)
        text_add_text(out, " multiple");
    if (a->flags & ARGUMENT_MULTIPLE_TOKEN)
        text_add_text(out, " multiple_token");
}

/* Everything a tree holds, in a form of its own: <name type ...>. */
static void
write_tree(const struct argument *list, struct text *out)
{
    for (const struct argument *a = list; a; a = a->next) {
        text_printf(out, "<%s %s", a->name, syntax_type_name(a->type));
        if (a->key_spec >= 0)
            text_printf(out, " spec=%d", a->key_spec);
        if (a->token)
            text_printf(out, " token='%s'", a->token);
        if (a->since)
            text_printf(out, " since=%s", a->since);
        if (a->deprecated_since)
            text_printf(out, " until=%s", a->deprecated_since);
        if (a->display)
            text_printf(out, " shown=%s", a->display);
        write_flags(a, out);
        write_tree(a->inside, out);
        text_add_char(out, '>');
    }
}

static void
expect_tree(const char *syntax, const char *tree)
{
    struct argument *list = parsed(syntax);
    struct text t = { 0 };

    text_add_text(&t, "");
    write_tree(list, &t);
    cr_expect_str_eq(t.at ? t.at : "", tree, "%s\n is %s\nnot %s", syntax, t.at, tree);
    text_free(&t);
    syntax_free(list);
}

static void
expect_usage(const char *syntax, const char *usage)
{
    struct argument *list = parsed(syntax);
    struct text t = { 0 };

    syntax_usage(list, &t);
    cr_expect_str_eq(t.at, usage, "%s is shown as %s", syntax, t.at);
    text_free(&t);
    syntax_free(list);
}

static void
expect_bounds(const char *syntax, int want_min, int want_max)
{
    struct argument *list = parsed(syntax);
    int min, max;

    syntax_bounds(list, &min, &max);
    cr_expect(min == want_min && max == want_max, "%s takes %d to %d", syntax, min, max);
    syntax_free(list);
}

Test(syntax, no_text_is_no_argument)
{
    cr_expect_null(parsed(NULL));
    cr_expect_null(parsed(""));
}

Test(syntax, a_suffix_says_the_type)
{
    expect_tree("a b:k c:i d:d e:t f:p g:s",
                "<a string><b key spec=0><c integer><d double><e unix-time><f pattern>"
                "<g string>");
}

Test(syntax, a_colon_without_a_type_belongs_to_the_name)
{
    expect_tree("ip:port a:x b:kk c:k10", "<ip:port string><a:x string><b:kk string>"
                "<c:k10 string>");
}

Test(syntax, keys_are_numbered_unless_a_digit_says_which_spec)
{
    expect_tree("a:k b:k", "<a key spec=0><b key spec=1>");
    expect_tree("key1:k key2:k0", "<key1 key spec=0><key2 key spec=0>");
    expect_tree("key:k [BY p:p1] [STORE d:k]",
                "<key key spec=0><p pattern spec=1 token='BY' optional>"
                "<d key spec=2 token='STORE' optional>");
}

Test(syntax, capitals_are_tokens)
{
    expect_tree("NX", "<nx pure-token token='NX'>");
    expect_tree("NX XX", "<nx pure-token token='NX'><xx pure-token token='XX'>");
    expect_tree("EX seconds:i", "<seconds integer token='EX'>");
    expect_tree("change=CH", "<change pure-token token='CH'>");
    expect_tree("approximately=\"~\" empty=\"\"",
                "<approximately pure-token token='~'><empty pure-token token=''>");
}

Test(syntax, brackets_dots_and_tokens_make_the_three_flags)
{
    expect_tree("[x]", "<x string optional>");
    expect_tree("x...", "<x string multiple>");
    expect_tree("[x...]", "<x string optional multiple>");
    expect_tree("[x]...", "<x string optional multiple>");
    expect_tree("[GET p:p]...",
                "<p pattern token='GET' optional multiple multiple_token>");
    expect_tree("[ARGS x...]", "<x string token='ARGS' optional multiple>");
}

Test(syntax, versions_and_display_text_follow_the_item)
{
    expect_tree("[GET]@6.2.0 x...@7.0.0 ip:port!2.8.12 y@1.0.0!2.0.0~shown",
                "<get pure-token token='GET' since=6.2.0 optional>"
                "<x string since=7.0.0 multiple><ip:port string until=2.8.12>"
                "<y string since=1.0.0 until=2.0.0 shown=shown>");
}

Test(syntax, choices_and_blocks_nest)
{
    expect_tree("a=(B|c|d={e [F g:i]}) [LIMIT h={i:i j:i}]",
                "<a oneof<b pure-token token='B'><c string><d block<e string>"
                "<g integer token='F' optional>>>"
                "<h block token='LIMIT' optional<i integer><j integer>>");
}

Test(syntax, what_is_malformed_is_refused_with_a_reason)
{
    static const char *const wrong[] = {
        "[x", "x]", "a=(b|c", "a={b", "a=", "\"x", "a=b", "a  b", " a", "a ", "x@", "x!",
        "a=(b|)", "TOKEN a=B", "(", "=", "a={}", "a=()",
    };

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const char *error;

        cr_expect_null(syntax_parse(wrong[i], &error), "%s", wrong[i]);
        cr_expect_not_null(error, "%s", wrong[i]);
    }
}

/* Random strings of the grammar's characters: never a crash, a leak, or a tree
 * together with an error. */
Test(syntax, any_text_gives_a_tree_or_a_reason_and_leaks_nothing)
{
    static const char alphabet[] = "aAb:ki[](){}|=.\"@!~17 ";
    size_t before = mem_used(), trees = 0;

    rand_seed(1);
    for (int i = 0; i < 200000; i++) {
        char text[24];
        const char *error;
        struct argument *list;
        size_t len = rand_below(sizeof text);

        for (size_t j = 0; j < len; j++)
            text[j] = alphabet[rand_below(sizeof alphabet - 1)];
        text[len] = '\0';
        list = syntax_parse(text, &error);
        cr_assert(!list || !error, "%s", text);
        cr_assert(list || error || len == 0, "%s", text);
        trees += list != NULL;
        syntax_free(list);
    }
    cr_expect_gt(trees, 1000);
    cr_expect_eq(mem_used(), before);
}

Test(syntax, the_number_of_words_has_bounds)
{
    expect_bounds("a b", 2, 2);
    expect_bounds("a [b]", 1, 2);
    expect_bounds("a...", 1, -1);
    expect_bounds("a [EX b]", 1, 3);
    expect_bounds("a=(B|C d|e={f g h})", 1, 3);
    expect_bounds("x={a b}...", 2, -1);
    expect_bounds("a=([b]|C d={e f})", 0, 3);
}

Test(syntax, usage_is_written_as_help_shows_it)
{
    expect_usage("key:k [condition=(NX|XX)] [EX seconds:i]",
                 "<key> [NX|XX] [EX <seconds>]");
    expect_usage("mode=(YES|NO)", "(YES|NO)");
    expect_usage("x={key:k value}...", "<key> <value> [<key> <value> ...]");
    expect_usage("[name...]", "[<name> ...]");
    expect_usage("[GET p:p]...", "[GET <p> [GET <p> ...]]");
    expect_usage("a=(B|C d)...", "(B|C <d>) ...");
    expect_usage("a~shown", "<shown>");
}
