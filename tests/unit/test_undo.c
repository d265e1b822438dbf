/* SPDX-License-Identifier: MIT
 * tests/unit/test_undo.c - what each command does can be taken back, or it is refused in
 * a transaction with rollback.  A new command without WRITE, READONLY or a flag that
 * refuses it has to be judged here. */
#include "support/house.h"
#include "command/transaction.h"

TestSuite(undo, .init = house_build, .fini = house_leave);

/* These change nothing, or only the database of their session, which is restored. */
static const char *const harmless[] = {
    "ping", "echo", "select", "time", "role", "info", "unwatch", "command",
    "command|count", "command|docs", "command|getkeys", "command|getkeysandflags",
    "command|info", "command|list", "client|getname", "client|getredir", "client|id",
    "client|info", "client|trackinginfo", "memory|doctor", "memory|malloc-stats",
    "memory|stats",
};

static bool
is_harmless(const struct registered *cmd)
{
    const char *name = cmd->full_name, *help = strstr(name, "|help");

    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
        if (strcmp(name, harmless[i]) == 0)
            return true;
    return help && !help[5];
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

    if (!row->run || flags & (NOT_QUEUED | NO_MULTI) || !transaction_may_undo(row))
        return;                         /* never part of such a transaction */
    if (flags & WRITE)
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
