/* SPDX-License-Identifier: MIT
 * tests/unit/test_table.c - commands by name, and the keys of their calls. */
#include <criterion/criterion.h>
#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include "base/alloc.h"
#include "base/rand.h"
#include "base/text.h"
#include "command/acl.h"
#include "command/docs.h"
#include "command/table.h"

static bool
every_second_key(const struct bytes *argv, int argc, struct found_keys *out)
{
    if (argc % 2 == 0 || bytes_is(argv[1], "nonsense"))
        return false;
    for (int i = 1; i < argc; i += 2)
        found_keys_add(out, i, KEY_RO);
    return true;
}

static const struct command sample_rows[] = {
    { .name = "get", .arity = 2, .flags = READONLY | FAST, .syntax = "key:k",
      .keys = { KEY(1, KEY_RO | A_ACCESS) } },
    { .name = "mset", .arity = -3, .flags = WRITE, .syntax = "data={key:k value}...",
      .keys = { KEYS(1, -1, 2, KEY_OW | A_UPDATE) } },
    { .name = "copy", .arity = -3, .flags = WRITE,
      .syntax = "source:k destination:k [DB db]",
      .keys = { KEY(1, KEY_RO | A_ACCESS), KEY(2, KEY_OW | A_UPDATE) } },
    { .name = "bitop", .arity = -4, .flags = WRITE, .syntax = "op destkey:k key:k...",
      .keys = { KEY(2, KEY_OW | A_UPDATE), KEYS(3, -1, 1, KEY_RO | A_ACCESS) } },
    { .name = "zunionstore", .arity = -4, .flags = WRITE,
      .syntax = "destination:k numkeys:i key:k... [WITHSCORES]",
      .keys = { KEY(1, KEY_OW | A_UPDATE), KEYS_COUNTED(2, KEY_RO | A_ACCESS) } },
    { .name = "xread", .arity = -4, .flags = READONLY,
      .syntax = "[COUNT count:i] STREAMS streams={key:k... id...}",
      .keys = { KEYS_AFTER("STREAMS", 1, -1, 1, 2, KEY_RO | A_ACCESS) } },
    { .name = "spublish", .arity = 3, .flags = PUBSUB, .syntax = "channel message",
      .keys = { KEY(1, KEY_NOT_KEY) } },
    { .name = "pairs", .arity = -2, .flags = READONLY, .syntax = "key:k [more...]",
      .keys = { KEY(1, KEY_RO | KEY_INCOMPLETE, .by = every_second_key) } },
    { .name = "set", .arity = -3, .flags = WRITE, .syntax = "key:k value [GET]",
      .keys = { KEY(1, KEY_RW | KEY_VARIABLE, .by = every_second_key) } },
    { .name = "ping", .arity = -1, .flags = FAST, .syntax = "[message]" },
    { .name = "restore-asking", .arity = 1 },
    { .name = "a_name_of_more_than_sixteen", .arity = 1 },
    { .name = "a_name_of_most_than_sixteen", .arity = 1 },
    { .name = "config", .arity = -2 },
    { .name = "get", .container = "config", .arity = -3, .flags = ADMIN,
      .syntax = "pattern..." },
    { .name = "set", .container = "config", .arity = -4, .flags = ADMIN | BLOCKING,
      .syntax = "data={name value}..." },
};
static const struct family sample = FAMILY("string", ACL_STRING, sample_rows);

static struct command_table *
sample_table(void)
{
    struct command_table *t = command_table_new();

    command_table_add(t, &sample);
    command_table_seal(t);
    return t;
}

/* --- names --- */

Test(table, a_name_is_found_in_any_case_and_no_other_name_is)
{
    struct command_table *t = sample_table();

    cr_expect_eq(command_find(t, B("get"))->row, &sample_rows[0]);
    cr_expect_eq(command_find(t, B("GeT"))->row, &sample_rows[0]);
    cr_expect_eq(command_find(t, B("ZUNIONSTORE"))->row, &sample_rows[4]);
    cr_expect_eq(command_find(t, B("Restore-Asking"))->row, &sample_rows[10]);
    cr_expect_null(command_find(t, B("")));
    cr_expect_null(command_find(t, B("ge")));
    cr_expect_null(command_find(t, B("gett")));
    cr_expect_null(command_find(t, B("get\0")));
    cr_expect_null(command_find(t, B("config|get")));
    command_table_free(t);
}

/* Bytes that fold like a name's own but are not letters. */
Test(table, what_only_folds_alike_is_not_the_name)
{
    struct command_table *t = sample_table();

    cr_expect_null(command_find(t, B("restore\rasking")));
    cr_expect_null(command_find(t, B("a\x7fname_of_more_than_sixteen")));
    cr_expect_null(command_find(t, B("a_name_of_xxxx_than_sixteen")));
    cr_expect_eq(command_find(t, B("A_NAME_OF_MORE_THAN_SIXTEEN"))->row,
                 &sample_rows[11]);
    cr_expect_eq(command_find(t, B("a_name_of_most_than_sixteen"))->row,
                 &sample_rows[12]);
    command_table_free(t);
}

static const struct command *
find_slowly(struct bytes name)
{
    for (size_t i = 0; i < sample.count; i++)
        if (!sample_rows[i].container &&
            bytes_equal_nocase(name, bytes_of_text(sample_rows[i].name)))
            return &sample_rows[i];
    return NULL;
}

Test(table, lookup_agrees_with_a_slow_search_over_random_spellings)
{
    struct command_table *t = sample_table();

    rand_seed(4);
    for (int i = 0; i < 300000; i++) {
        const char *name = sample_rows[rand_below(sample.count)].name;
        size_t len = strlen(name);
        char *text = mem_alloc(len);    /* exactly: reading beyond is an error */
        struct registered *found;

        for (size_t j = 0; j < len; j++)
            text[j] = (char)(rand_below(2) ? toupper((unsigned char)name[j]) : name[j]);
        if (rand_below(3) == 0)
            text[rand_below(len)] ^= (char)(1 << rand_below(8));
        found = command_find(t, bytes_view(text, len));
        cr_assert_eq(found ? found->row : NULL, find_slowly(bytes_view(text, len)),
                     "%.*s", (int)len, text);
        mem_free(text);
    }
    command_table_free(t);
}

Test(table, subcommands_are_resolved_through_their_container)
{
    struct command_table *t = sample_table();
    struct bytes argv[3] = { B("CONFIG"), B("Get"), B("x") };
    struct registered *container, *cmd = command_resolve(t, argv, 3, &container);

    cr_expect_str_eq(cmd->full_name, "config|get");
    cr_expect_eq(cmd->parent, command_find(t, B("config")));
    cr_expect_null(container);
    cr_expect_eq(command_resolve(t, argv, 1, &container), cmd->parent);
    argv[1] = B("nope");
    cr_expect_null(command_resolve(t, argv, 3, &container));
    cr_expect_eq(container, cmd->parent);
    argv[0] = B("nope");
    cr_expect_null(command_resolve(t, argv, 3, &container));
    cr_expect_null(container);
    cr_expect_eq(command_by_full_name(t, B("Config|GET")), cmd);
    cr_expect_null(command_by_full_name(t, B("get|x")));
    cr_expect_null(command_by_full_name(t, B("config|get|x")));
    cr_expect_null(command_by_full_name(t, B("|")));
    command_table_free(t);
}

Test(table, a_renamed_command_is_found_by_its_new_name_only)
{
    struct command_table *t = sample_table();
    size_t n = command_count(t);

    cr_expect(command_rename(t, B("get"), B("read it!")));
    cr_expect_null(command_find(t, B("get")));
    cr_expect_eq(command_find(t, B("READ IT!"))->row, &sample_rows[0]);
    cr_expect_eq(command_count(t), n);
    cr_expect(command_rename(t, B("ping"), B("")));
    cr_expect_null(command_find(t, B("ping")));
    cr_expect_eq(command_count(t), n - 1);
    cr_expect_not(command_rename(t, B("ping"), B("pong")));
    cr_expect_not(command_rename(t, B("copy"), B("SET")));
    cr_expect(command_rename(t, B("config"), B("get")));
    cr_expect_str_eq(command_by_full_name(t, B("get|set"))->full_name, "config|set");
    command_table_free(t);
}

/* --- what is derived from a row --- */

Test(table, ids_are_dense_in_the_order_of_rows)
{
    struct command_table *t = sample_table();

    for (size_t i = 0; i < command_count(t); i++)
        cr_expect_eq(command_at(t, i)->id, i);
    cr_expect_null(command_at(t, command_count(t)));
    command_table_free(t);
}

Test(table, only_a_key_that_is_always_in_one_place_is_hot)
{
    struct command_table *t = sample_table();

    cr_expect_eq(command_find(t, B("get"))->hot_key, 1);
    cr_expect_eq(command_find(t, B("set"))->hot_key, 1);
    cr_expect_eq(command_find(t, B("ping"))->hot_key, 0);
    cr_expect_eq(command_find(t, B("mset"))->hot_key, -1);
    cr_expect_eq(command_find(t, B("copy"))->hot_key, -1);
    cr_expect_eq(command_find(t, B("pairs"))->hot_key, -1);
    cr_expect_eq(command_find(t, B("spublish"))->hot_key, -1);
    command_table_free(t);
}

Test(table, flags_imply_categories)
{
    struct command_table *t = sample_table();

    cr_expect_eq(command_find(t, B("get"))->categories, ACL_STRING | ACL_READ | ACL_FAST);
    cr_expect_eq(command_find(t, B("mset"))->categories,
                 ACL_STRING | ACL_WRITE | ACL_SLOW);
    cr_expect_eq(command_by_full_name(t, B("config|set"))->categories,
                 ACL_STRING | ACL_ADMIN | ACL_DANGEROUS | ACL_BLOCKING | ACL_SLOW);
    cr_expect_eq(acl_category_by_name(B("SortedSet")), ACL_SORTEDSET);
    cr_expect_eq(acl_category_by_name(B("nope")), 0);
    command_table_free(t);
}

static void
expect_range(int row, int first, int last, int step, bool movable)
{
    struct docs_key_range r = docs_key_range(&sample_rows[row]);

    cr_expect(r.first == first && r.last == last && r.step == step &&
              r.movable == movable, "%s: %d %d %d %d", sample_rows[row].name,
              r.first, r.last, r.step, r.movable);
}

Test(table, key_specs_give_the_legacy_range)
{
    expect_range(0, 1, 1, 1, false);
    expect_range(1, 1, -1, 2, false);
    expect_range(2, 1, 2, 1, false);
    expect_range(3, 2, -1, 1, false);
    expect_range(4, 1, 1, 1, true);
    expect_range(5, 0, 0, 0, true);
    expect_range(9, 0, 0, 0, false);
}

#define EXPECT_REFUSED(name, ...)                                                  \
    Test(table, name, .signal = SIGABRT)                                           \
    {                                                                              \
        static const struct command rows[] = { __VA_ARGS__ };                      \
        static const struct family family = FAMILY("string", 0, rows);             \
        struct command_table *t = command_table_new();                             \
                                                                                   \
        command_table_add(t, &family);                                             \
        command_table_seal(t);                                                     \
    }

EXPECT_REFUSED(a_name_that_is_there_twice_stops_the_start,
               { .name = "x", .arity = 1 }, { .name = "x", .arity = 1 })
EXPECT_REFUSED(a_malformed_syntax_stops_the_start,
               { .name = "x", .arity = 2, .syntax = "[key" })
EXPECT_REFUSED(a_key_without_a_spec_stops_the_start,
               { .name = "x", .arity = 2, .syntax = "key:k" })
EXPECT_REFUSED(an_arity_unlike_the_syntax_stops_the_start,
               { .name = "x", .arity = 3, .syntax = "a" })
EXPECT_REFUSED(a_writer_of_no_key_that_gives_no_reason_stops_the_start,
               { .name = "x", .arity = 2, .flags = WRITE, .syntax = "a" })
EXPECT_REFUSED(a_subcommand_of_nothing_stops_the_start,
               { .name = "x", .container = "y", .arity = 2 })

/* --- keys --- */

/* The indexes of the keys of a call written as one line; "no" when it makes no sense. */
static void
expect_keys(const char *line, const char *want)
{
    struct command_table *t = sample_table();
    size_t argc;
    struct bytes *argv = words_split(bytes_of_text(line), &argc);
    struct found_keys found;
    struct text got = { 0 };

    text_add_text(&got, "");
    if (!command_keys(command_find(t, argv[0]), argv, (int)argc, &found))
        text_add_text(&got, "no");
    else
        for (int i = 0; i < found.count; i++)
            text_printf(&got, "%s%d", i ? " " : "", found.keys[i].at);
    cr_expect_str_eq(got.at, want, "%s: %s", line, got.at);
    found_keys_free(&found);
    text_free(&got);
    words_free(argv, argc);
    command_table_free(t);
}

Test(keys, ranges_are_fixed_or_reach_the_end)
{
    expect_keys("get a", "1");
    expect_keys("mset a 1 b 2 c", "1 3 5");
    expect_keys("copy a b db 1", "1 2");
    expect_keys("bitop not d a b c", "2 3 4 5");
    expect_keys("bitop not d", "no");
    expect_keys("ping", "");
    expect_keys("spublish a b", "");
}

Test(keys, a_count_must_be_a_number_that_fits)
{
    expect_keys("zunionstore d 2 a b", "1 3 4");
    expect_keys("zunionstore d 1 a b", "1 3");
    expect_keys("zunionstore d 3 a b", "no");
    expect_keys("zunionstore d 0 a b", "no");
    expect_keys("zunionstore d -1 a b", "no");
    expect_keys("zunionstore d x a b", "no");
    expect_keys("zunionstore d 9223372036854775807 a b", "no");
    expect_keys("zunionstore d 1", "no");
}

Test(keys, a_keyword_is_looked_for_and_half_of_the_rest_is_keys)
{
    expect_keys("xread streams a b 1 2", "2 3");
    expect_keys("xread count 5 STREAMS a 1", "4");
    expect_keys("xread streams a b 1", "2");
    expect_keys("xread count 5 streams", "");
    expect_keys("xread count 5", "");
}

Test(keys, a_row_with_a_function_of_its_own_is_asked_alone)
{
    expect_keys("pairs a 1 b 2", "1 3");
    expect_keys("pairs nonsense x", "no");
    expect_keys("pairs a", "no");
}

Test(keys, many_keys_do_not_stay_in_the_inline_room)
{
    struct command_table *t = sample_table();
    size_t before = mem_used();
    enum { MANY = 100001 };
    static struct bytes argv[MANY];
    struct found_keys found;

    for (int i = 0; i < MANY; i++)
        argv[i] = B("x");
    cr_assert(command_keys(command_find(t, B("mset")), argv, MANY, &found));
    cr_expect_eq(found.count, MANY / 2);
    for (int i = 0; i < found.count; i++)
        cr_assert_eq(found.keys[i].at, 2 * i + 1);
    cr_expect_eq(found.keys[7].access, KEY_OW | A_UPDATE);
    found_keys_free(&found);
    cr_expect_eq(mem_used(), before);
    command_table_free(t);
}
