/* SPDX-License-Identifier: MIT
 * tests/unit/test_undo.c - what each command does can be taken back, or it is refused in
 * a transaction with rollback; what only reads is not refused.  A new command without
 * WRITE and READONLY has to be judged here. */
#include "support/house.h"
#include "command/transaction.h"

TestSuite(undo, .init = house_build, .fini = house_leave);

/* These change nothing, or only the database of their session, which is restored; or (the
 * publishing ones) what they do waits for the end. */
static const char *const harmless[] = {
    "ping", "echo", "select", "time", "role", "info", "unwatch", "command",
    "command|count", "command|docs", "command|getkeys", "command|getkeysandflags",
    "command|info", "command|list", "client|getname", "client|getredir", "client|id",
    "client|info", "client|trackinginfo", "memory|doctor", "memory|malloc-stats",
    "memory|stats", "config|get", "client|list", "slowlog|get", "slowlog|len",
    "latency|doctor", "latency|graph", "latency|histogram", "latency|history",
    "latency|latest", "module|list", "pubsub|channels", "pubsub|numpat", "pubsub|numsub",
    "pubsub|shardchannels", "pubsub|shardnumsub", "publish", "spublish",
};

/* These change what is no key, or all keys. */
static const char *const refused[] = {
    "auth", "hello", "subscribe", "unsubscribe", "psubscribe", "punsubscribe", "ssubscribe",
    "sunsubscribe", "flushall", "flushdb", "swapdb", "monitor", "debug", "config|set",
    "config|resetstat", "config|rewrite", "client|kill", "client|no-evict",
    "client|no-touch", "client|pause", "client|unpause", "client|reply", "client|setname",
    "client|setinfo", "client|unblock", "client|tracking", "client|caching",
    "slowlog|reset", "latency|reset", "memory|purge", "module|load", "module|loadex",
    "module|unload",
};

static bool
is_among(const struct registered *cmd, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(cmd->full_name, names[i]) == 0)
            return true;
    return false;
}

static bool
is_harmless(const struct registered *cmd)
{
    const char *help = strstr(cmd->full_name, "|help");

    return is_among(cmd, harmless, sizeof harmless / sizeof *harmless)
        || (help && !help[5]);
}

static bool
has_written_key(const struct command *row)
{
    for (int i = 0; i < KEY_SPECS_MAX && row->keys[i].shape != KEYS_NONE; i++)
        if (row->keys[i].access & (KEY_RW | KEY_OW | KEY_RM))
            return true;
    return false;
}

static void
judge(const struct registered *cmd)
{
    const struct command *row = cmd->row;
    uint32_t flags = row->flags;

    if (!row->run || flags & (NOT_QUEUED | NO_MULTI))
        return;                         /* never part of a transaction */
    if (!transaction_may_undo(row))
        cr_expect(is_among(cmd, refused, sizeof refused / sizeof *refused),
                  "%s: why is it refused?", cmd->full_name);
    else if (flags & WRITE)
        cr_expect(has_written_key(row), "%s writes, but no key", cmd->full_name);
    else if (!(flags & READONLY))
        cr_expect(is_harmless(cmd), "%s: can it be undone?", cmd->full_name);
}

Test(undo, is_possible_for_each_command_or_the_command_is_refused)
{
    const struct command_table *table = house.server.commands;
    size_t judged = 0;

    for (size_t i = 0; i < command_count(table); i++) {
        const struct registered *cmd = command_at(table, i);

        judge(cmd);
        judged++;
        for (size_t n = 0; n < cmd->sub_count; n++, judged++)
            judge(cmd->subs[n]);
    }
    cr_assert_gt(judged, 200);
}

/* The table says so, and so does the gate in front of the queue. */
Test(undo, is_asked_about_when_a_command_is_queued)
{
    struct client *c = house_guest();

    house_ask(c, "MULTI");
    cr_expect_str_eq(house_ask(c, "CLIENT SETNAME me"), "+QUEUED\r\n");
    cr_expect_str_eq(house_ask(c, "EXEC"), "*1\r\n+OK\r\n");
    house_ask(c, "MULTI ROLLBACK");
    cr_expect_str_eq(house_ask(c, "CLIENT SETNAME you"),
                     "-ERR 'client|setname' cannot be undone and is not allowed in a "
                     "transaction with rollback\r\n");
    house_ask(c, "DISCARD");
    cr_expect_str_eq(house_ask(c, "CLIENT GETNAME"), "$2\r\nme\r\n");
}
