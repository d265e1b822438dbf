/* SPDX-License-Identifier: MIT
 * command/table.h - all commands by name, with what is counted about each. */
#ifndef IGNIS_COMMAND_TABLE_H
#define IGNIS_COMMAND_TABLE_H
#include "command/command.h"
#include "base/status.h"

struct latency_histogram;

/* A row that was taken into the table. */
struct registered {
    const struct command *row;
    const struct family *family;
    struct registered *parent;          /* the container, of a subcommand */
    struct registered **subs;           /* its subcommands, in row order */
    size_t sub_count;
    const char *full_name;              /* "get", "config|get" */
    uint16_t id;                        /* dense, from 0: ACL bits */
    uint32_t categories;                /* all of them, implied ones too */
    uint32_t gates;                     /* which gates look at it: command/gates.h */
    int16_t min_args, max_args;         /* from arity: max -1 = no bound */
    int8_t hot_key;                     /* index of its only key, when it is one fixed
                                         * argument; 0 = none; -1 = ask keys_each */
    /* single-writer counters */
    uint64_t calls, rejected, failed;
    uint64_t ticks;                     /* time spent, in clock_ticks */
    struct latency_histogram *latency;  /* made at the first call */
};

struct command_table;
/* Empty; freed together with what was counted, but not the rows. */
struct command_table *command_table_new(void);
void command_table_free(struct command_table *t);
/* Take a family's rows; asserts names unique, syntax parses, keys on :k. */
void command_table_add(struct command_table *t, const struct family *family);
/* After the last add: resolves containers. */
void command_table_seal(struct command_table *t);
/* Top level, any case.  NULL when unknown (or renamed away).  ~5 ns. */
struct registered *command_find(const struct command_table *t, struct bytes name);
/* argv[0] and, for containers, argv[1]; NULL: unknown, with `*container` set when
 * that was found but not the subcommand. */
struct registered *command_resolve(const struct command_table *t,
                                   const struct bytes *argv, int argc,
                                   struct registered **container);
/* Would it take so many arguments, its name included? */
static inline bool
command_takes(const struct registered *cmd, int argc)
{
    return argc >= cmd->min_args && (cmd->max_args < 0 || argc <= cmd->max_args);
}
/* "config|get" or "config". */
struct registered *command_by_full_name(const struct command_table *t, struct bytes name);
size_t command_count(const struct command_table *t);            /* top level */
/* Top-level commands in table order; then command->subs. */
struct registered *command_at(const struct command_table *t, size_t i);
/* rename-command; an empty new name removes.  False when there is no such command or
 * the target exists. */
bool command_rename(struct command_table *t, struct bytes from, struct bytes to);
/* CONFIG RESETSTAT. */
void command_reset_stats(struct command_table *t);

/* --- keys of a call --- */
#define FOUND_KEYS_INLINE 32
struct found_key { int at; uint16_t access; };
struct found_keys {
    struct found_key *keys;     /* `some` or memory of its own */
    int count, room;
    struct found_key some[FOUND_KEYS_INLINE];
};
/* All keys among the arguments; false when the arguments make no sense
 * (COMMAND GETKEYS: "Invalid arguments specified for command"). */
bool command_keys(const struct registered *cmd, const struct bytes *argv, int argc,
                  struct found_keys *out);
void found_keys_add(struct found_keys *out, int at, uint16_t access);
void found_keys_start(struct found_keys *out);
void found_keys_free(struct found_keys *out);

#endif
