/* SPDX-License-Identifier: MIT
 * commands/c_command.c - what this server can do, told to clients.
 *
 * Left out:   COMMAND LIST FILTERBY MODULE knows no module.
 * Read next:  command/docs.c, command/keys.c */
#include "base/glob.h"
#include "command/acl.h"
#include "command/docs.h"
#include "commands/families.h"

/* --- COMMAND, COMMAND INFO, COMMAND DOCS --- */

static void
cmd_command(struct call *c)
{
    const struct command_table *t = c->server->commands;
    size_t n = command_count(t);

    reply_array(c->out, n);
    for (size_t i = 0; i < n; i++)
        docs_info(c->out, command_at(t, i));
}

static void
cmd_command_count(struct call *c)
{
    reply_int(c->out, (int64_t)command_count(c->server->commands));
}

static void
cmd_command_info(struct call *c)
{
    if (c->argc == 2) {
        cmd_command(c);
        return;
    }
    reply_array(c->out, (size_t)c->argc - 2);
    for (int i = 2; i < c->argc; i++) {
        struct registered *cmd = command_by_full_name(c->server->commands, c->argv[i]);

        if (cmd)
            docs_info(c->out, cmd);
        else
            reply_null(c->out);
    }
}

static void
reply_doc(struct reply *out, const struct registered *cmd)
{
    reply_bulk_text(out, cmd->full_name);
    docs_describe(out, cmd);
}

static void
cmd_command_docs(struct call *c)
{
    const struct command_table *t = c->server->commands;
    size_t n = c->argc == 2 ? command_count(t) : 0;

    for (int i = 2; i < c->argc; i++)
        n += command_by_full_name(t, c->argv[i]) != NULL;
    reply_map(c->out, n);
    for (size_t i = 0; c->argc == 2 && i < n; i++)
        reply_doc(c->out, command_at(t, i));
    for (int i = 2; i < c->argc; i++) {
        struct registered *cmd = command_by_full_name(t, c->argv[i]);

        if (cmd)
            reply_doc(c->out, cmd);
    }
}

/* --- COMMAND LIST --- */

/* What FILTERBY asks for; neither set: every command. */
struct filter {
    bool by_category, by_pattern;
    uint32_t category;
    struct bytes pattern;
};

static bool
filter_passes(const struct filter *f, const struct registered *cmd)
{
    if (f->by_category)
        return (cmd->categories & f->category) != 0;
    if (f->by_pattern)
        return glob_match(f->pattern, bytes_of_text(cmd->full_name), true);
    return true;
}

static size_t
list_one(struct reply *out, const struct filter *f, const struct registered *cmd)
{
    size_t n = 0;

    if (filter_passes(f, cmd)) {
        reply_bulk_text(out, cmd->full_name);
        n++;
    }
    for (size_t i = 0; i < cmd->sub_count; i++)
        n += list_one(out, f, cmd->subs[i]);
    return n;
}

static void
cmd_command_list(struct call *c)
{
    const struct command_table *t = c->server->commands;
    struct filter f = { 0 };
    struct reply_later mark;
    size_t n = 0;

    if (c->argc != 2 && (c->argc != 5 || !call_is(c, 2, "filterby"))) {
        call_syntax_error(c);
        return;
    }
    if (c->argc == 5 && call_is(c, 3, "aclcat")) {
        f.by_category = true;
        f.category = acl_category_by_name(c->argv[4]);
    } else if (c->argc == 5 && call_is(c, 3, "pattern")) {
        f.by_pattern = true;
        f.pattern = c->argv[4];
    } else if (c->argc == 5 && call_is(c, 3, "module")) {
        f.by_category = true;           /* of no category: no command */
    } else if (c->argc == 5) {
        call_syntax_error(c);
        return;
    }
    mark = reply_later(c->out);
    for (size_t i = 0; i < command_count(t); i++)
        n += list_one(c->out, &f, command_at(t, i));
    reply_later_set(c->out, mark, '*', n);
}

/* --- COMMAND GETKEYS, GETKEYSANDFLAGS --- */

static bool
has_keys(const struct command *row)
{
    for (int i = 0; i < KEY_SPECS_MAX && row->keys[i].shape != KEYS_NONE; i++)
        if (!(row->keys[i].access & KEY_NOT_KEY))
            return true;
    return false;
}

/* The keys of the call that follows argv[1].  Answers itself and returns false when
 * there are none. */
static bool
find_keys(struct call *c, struct found_keys *found)
{
    struct registered *container, *cmd;
    const struct bytes *argv = c->argv + 2;
    int argc = c->argc - 2;

    cmd = command_resolve(c->server->commands, argv, argc, &container);
    if (!cmd) {
        reply_error(c->out, "ERR Invalid command specified");
    } else if (!has_keys(cmd->row)) {
        reply_error(c->out, "ERR The command has no key arguments");
    } else if (argc < cmd->min_args || (cmd->max_args >= 0 && argc > cmd->max_args)) {
        reply_error(c->out, "ERR Invalid number of arguments specified for command");
    } else if (command_keys(cmd, argv, argc, found) && found->count > 0) {
        return true;
    } else {
        found_keys_free(found);
        if (cmd->row->flags & NO_MANDATORY_KEYS)
            reply_array(c->out, 0);
        else
            reply_error(c->out, "ERR Invalid arguments specified for command");
    }
    return false;
}

static void
cmd_command_getkeys(struct call *c)
{
    struct found_keys found;

    if (!find_keys(c, &found))
        return;
    reply_array(c->out, (size_t)found.count);
    for (int i = 0; i < found.count; i++)
        reply_bulk(c->out, c->argv[2 + found.keys[i].at]);
    found_keys_free(&found);
}

static void
cmd_command_getkeysandflags(struct call *c)
{
    struct found_keys found;

    if (!find_keys(c, &found))
        return;
    reply_array(c->out, (size_t)found.count);
    for (int i = 0; i < found.count; i++) {
        reply_array(c->out, 2);
        reply_bulk(c->out, c->argv[2 + found.keys[i].at]);
        docs_key_access(c->out, found.keys[i].access);
    }
    found_keys_free(&found);
}

static const struct command command_commands[] = {
    { .name = "command", .run = cmd_command, .arity = -1,
      .flags = LOADING | STALE,
      .since = "2.8.13", .cost = "O(n) for n commands",
      .summary = "Describe every command.",
      .tips = "nondeterministic_output_order" },
    { .name = "count", .container = "command", .run = cmd_command_count, .arity = 2,
      .flags = LOADING | STALE,
      .since = "2.8.13", .cost = "O(1)",
      .summary = "Count the commands, subcommands left out." },
    { .name = "docs", .container = "command", .run = cmd_command_docs, .arity = -2,
      .flags = LOADING | STALE,
      .syntax = "[command-name...]",
      .since = "7.0.0", .cost = "O(n) for n commands",
      .summary = "Document the named commands, or all: arguments, versions, cost.",
      .tips = "nondeterministic_output_order" },
    { .name = "getkeys", .container = "command", .run = cmd_command_getkeys, .arity = -4,
      .flags = LOADING | STALE,
      .since = "2.8.13", .cost = "O(n) for n arguments",
      .summary = "Pick the keys out of a whole call, which is not carried out." },
    { .name = "getkeysandflags", .container = "command",
      .run = cmd_command_getkeysandflags, .arity = -4,
      .flags = LOADING | STALE,
      .since = "7.0.0", .cost = "O(n) for n arguments",
      .summary = "Pick the keys out of a whole call, each with what is done to it." },
    { .name = "help", .container = "command", .run = command_help, .arity = 2,
      .flags = LOADING | STALE,
      .since = "5.0.0", .cost = "O(1)",
      .summary = "List the subcommands." },
    { .name = "info", .container = "command", .run = cmd_command_info, .arity = -2,
      .flags = LOADING | STALE,
      .syntax = "[command-name...]",
      .since = "2.8.13", .cost = "O(n) for n commands",
      .summary = "Describe the named commands, or all: arity, flags, keys, categories.",
      .history = HISTORY({ "7.0.0", "Names may be left out to ask for all commands." }),
      .tips = "nondeterministic_output_order" },
    { .name = "list", .container = "command", .run = cmd_command_list, .arity = -2,
      .flags = LOADING | STALE,
      .syntax = "[FILTERBY filterby=(MODULE module-name|ACLCAT category|PATTERN "
                "pattern:p)]",
      .since = "7.0.0", .cost = "O(n) for n commands",
      .summary = "Name all commands and subcommands, or those a filter lets through.",
      .tips = "nondeterministic_output_order" },
};
const struct family command_family = FAMILY("server", ACL_CONNECTION, command_commands);
