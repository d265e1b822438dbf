/* SPDX-License-Identifier: MIT
 * tests/unit/test_key_commands.c - commands about keys: what they answer, what the
 * listeners hear, what counts as a change. */
#include "support/house.h"
#include "values/v_string.h"

static struct client *client;
static struct text heard;

static void
hear(void *arg, struct db *db, struct bytes key, enum event_class what, const char *event)
{
    (void)arg;
    (void)what;
    text_printf(&heard, "%d:%s:%.*s ", db_index(db), event, B_ARG(key));
}

static void
build(void)
{
    house_build();
    clock_freeze(1000000);
    client = house_guest();
    keyspace_listen(house.server.keyspace, hear, NULL);
}

static void
tear_down(void)
{
    house_leave();
    text_free(&heard);
}

TestSuite(key_commands, .init = build, .fini = tear_down);

/* The raw reply to a line. */
static const char *
ask(const char *line)
{
    return house_ask(client, "%s", line);
}

static void
put(int db, const char *name, const char *value, msec deadline)
{
    struct key key = key_of(bytes_of_text(name));
    struct slot slot;

    db_slot(keyspace_db(house.server.keyspace, db), &key, &slot);
    slot_put(&slot, string_value(bytes_of_text(value)), deadline);
}

/* Ask, and check the reply, the events and how far the dirty counter moved. */
static void
expect(const char *line, const char *reply, const char *events, int64_t dirty)
{
    int64_t before = keyspace_dirty(house.server.keyspace);

    text_clear(&heard);
    cr_expect_str_eq(ask(line), reply, "%s", line);
    cr_expect_str_eq(heard.len ? heard.at : "", events, "%s", line);
    cr_expect_eq(keyspace_dirty(house.server.keyspace) - before, dirty, "%s", line);
}

Test(key_commands, a_rename_is_one_change_that_both_keys_tell)
{
    put(0, "a", "1", NO_DEADLINE);
    expect("rename a b", "+OK\r\n", "0:rename_from:a 0:rename_to:b ", 1);
    expect("rename b b", "+OK\r\n", "", 0);
    expect("rename nosuch b", "-ERR no such key\r\n", "", 0);
}

Test(key_commands, a_renamed_key_keeps_its_deadline_and_its_value)
{
    put(0, "a", "a value too long to be a number", 2000000);
    put(0, "b", "in the way", NO_DEADLINE);
    ask("rename a b");
    cr_expect_str_eq(ask("pexpiretime b"), ":2000000\r\n");
    cr_expect_str_eq(ask("exists a b"), ":1\r\n");
    cr_expect_str_eq(ask("dbsize"), ":1\r\n");
}

Test(key_commands, a_moved_key_is_told_in_both_databases)
{
    put(0, "a", "1", 2000000);
    expect("move a 3", ":1\r\n", "0:move_from:a 3:move_to:a ", 1);
    cr_expect_eq(db_count_expiring(keyspace_db(house.server.keyspace, 3)), 1);
    cr_expect_eq(db_count_expiring(keyspace_db(house.server.keyspace, 0)), 0);
}

Test(key_commands, a_copy_shares_nothing_with_its_source)
{
    put(0, "a", "first", 2000000);
    expect("copy a b", ":1\r\n", "0:copy_to:b ", 1);
    ask("del a");
    cr_expect_str_eq(ask("pexpiretime b"), ":2000000\r\n");
}

Test(key_commands, a_deadline_in_the_past_deletes_and_says_so)
{
    put(0, "a", "1", NO_DEADLINE);
    expect("expire a -1", ":1\r\n", "0:del:a ", 1);
    put(0, "a", "1", NO_DEADLINE);
    expect("pexpireat a 1000000", ":1\r\n", "0:del:a ", 1);
    put(0, "a", "1", NO_DEADLINE);
    expect("pexpireat a 1000001", ":1\r\n", "0:expire:a ", 1);
}

Test(key_commands, a_condition_that_fails_changes_nothing)
{
    put(0, "a", "1", 2000000);
    expect("expire a 5 nx", ":0\r\n", "", 0);
    expect("expire a 5 gt", ":0\r\n", "", 0);
    expect("expire a -5 gt", ":0\r\n", "", 0);
    expect("pexpire a 5000 lt", ":1\r\n", "0:expire:a ", 1);
    cr_expect_str_eq(ask("pttl a"), ":5000\r\n");
}

Test(key_commands, the_last_possible_millisecond_is_a_deadline_and_the_next_is_not)
{
    put(0, "a", "1", NO_DEADLINE);
    cr_expect_str_eq(ask("pexpireat a 9223372036854775807"), ":1\r\n");
    cr_expect_str_eq(ask("expiretime a"), ":9223372036854776\r\n");
    cr_expect_str_eq(ask("pexpire a 9223372036854775807"),
                     "-ERR invalid expire time in 'pexpire' command\r\n");
    cr_expect_str_eq(ask("expire a -9223372036854775808"),
                     "-ERR invalid expire time in 'expire' command\r\n");
}

Test(key_commands, scan_does_not_show_keys_that_are_over_and_removes_them)
{
    put(0, "old", "1", 1000001);
    put(0, "new", "1", 3000000);
    clock_freeze(1000002);
    cr_expect_str_eq(ask("scan 0"), "*2\r\n$1\r\n0\r\n*1\r\n$3\r\nnew\r\n");
    cr_expect_eq(db_count(keyspace_db(house.server.keyspace, 0)), 1);
    cr_expect_eq(keyspace_stats(house.server.keyspace)->expired, 1);
}

Test(key_commands, a_cursor_nobody_gave_is_at_the_end)
{
    put(0, "a", "1", NO_DEADLINE);
    cr_expect_str_eq(ask("scan 281474976710656"), "*2\r\n$1\r\n0\r\n*0\r\n");
    cr_expect_str_eq(ask("scan 18446744073709551615"), "*2\r\n$1\r\n0\r\n*0\r\n");
    cr_expect_str_eq(ask("scan 18446744073709551616"), "-ERR invalid cursor\r\n");
}

/* Follow SCAN's cursors to the end; seen[i] counts how often k:i came. */
static void
scan_all(unsigned char *seen, int n, void (*between)(int step))
{
    char line[64] = "scan 0 count 7";
    int step, i, at;

    for (step = 0; step == 0 || strcmp(line, "scan 0 count 7") != 0; step++) {
        const char *reply = ask(line), *k = reply;

        cr_assert_eq(sscanf(reply, "*2\r\n$%*d\r\n%63[0-9]", line), 1);
        while ((k = strstr(k, "\r\nk:"))) {
            k += 4;
            i = (int)strtol(k, NULL, 10);
            cr_assert(i >= 0 && i < n);
            seen[i]++;
        }
        at = (int)strlen(line);
        memmove(line + 5, line, (size_t)at + 1);
        memcpy(line, "scan ", 5);
        snprintf(line + 5 + at, sizeof line - 5 - (size_t)at, " count 7");
        between(step);
    }
}

static void
grow_and_shrink(int step)
{
    char name[32];
    int i;

    for (i = 0; i < 40; i++) {
        snprintf(name, sizeof name, "other:%d", step * 40 + i);
        put(0, name, "x", NO_DEADLINE);
    }
    if (step % 50 != 49)
        return;
    for (i = 0; i < (step + 1) * 40; i++) {
        struct key key;

        snprintf(name, sizeof name, "other:%d", i);
        key = key_of(bytes_of_text(name));
        db_remove(keyspace_db(house.server.keyspace, 0), &key, false);
    }
}

Test(key_commands, scan_shows_each_key_once_while_the_table_grows_and_shrinks)
{
    static unsigned char seen[2000];
    char name[32];
    int i;

    for (i = 0; i < 2000; i++) {
        snprintf(name, sizeof name, "k:%d", i);
        put(0, name, "v", NO_DEADLINE);
    }
    scan_all(seen, 2000, grow_and_shrink);
    for (i = 0; i < 2000; i++)
        cr_expect_eq(seen[i], 1, "k:%d came %d times", i, seen[i]);
}

Test(key_commands, flushing_counts_the_keys_and_tells_of_every_database)
{
    put(0, "a", "1", NO_DEADLINE);
    put(2, "b", "1", NO_DEADLINE);
    expect("flushdb", "+OK\r\n", "0:flushdb: ", 1);
    text_clear(&heard);
    cr_expect_str_eq(ask("flushall sync"), "+OK\r\n");
    cr_expect_not_null(strstr(heard.at, "2:flushall: "));
    cr_expect_eq(db_count(keyspace_db(house.server.keyspace, 2)), 0);
}

Test(key_commands, small_integers_count_as_shared_until_a_limit_needs_their_clock)
{
    put(0, "a", "9999", NO_DEADLINE);
    put(0, "b", "10000", NO_DEADLINE);
    cr_expect_str_eq(ask("object refcount a"), ":2147483647\r\n");
    cr_expect_str_eq(ask("object refcount b"), ":1\r\n");
}

/* As if somebody had looked for it. */
Test(key_commands, use_a_key_that_is_in_the_way)
{
    static const char *const calls[] = {
        "RENAMENX a b", "COPY a b", "SMOVE a b nobody", "SMOVE none b x", "SMOVE a b x",
    };

    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        ask("FLUSHALL");
        ask("SADD a x y");
        ask("SADD b z");
        clock_freeze(clock_ms() + 100000);
        cr_expect_neq(*ask(calls[i]), '-', "%s", calls[i]);
        cr_expect_str_eq(ask("OBJECT IDLETIME b"), ":0\r\n", "%s", calls[i]);
    }
    put(1, "a", "elsewhere", NO_DEADLINE);
    clock_freeze(clock_ms() + 100000);
    cr_expect_str_eq(ask("MOVE a 1"), ":0\r\n");
    ask("SELECT 1");
    cr_expect_str_eq(ask("OBJECT IDLETIME a"), ":0\r\n");
}
