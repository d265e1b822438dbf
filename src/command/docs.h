/* SPDX-License-Identifier: MIT
 * command/docs.h - what rows say about commands, as replies: COMMAND INFO, COMMAND
 * DOCS and HELP. */
#ifndef IGNIS_COMMAND_DOCS_H
#define IGNIS_COMMAND_DOCS_H
#include "command/call.h"
#include "command/table.h"

/* One element of COMMAND's reply: ten fields, subcommands included. */
void docs_info(struct reply *out, const struct registered *cmd);
/* One value of COMMAND DOCS' map: a map, subcommands included. */
void docs_describe(struct reply *out, const struct registered *cmd);

/* What a command does to a key, as key specs name it: a set of flags. */
void docs_key_access(struct reply *out, uint16_t access);

/* The legacy triple of COMMAND INFO.  A lone range of keys is taken as it is,
 * adjacent ranges of step 1 merge; `movable` says that keys may be elsewhere. */
struct docs_key_range { int first, last, step; bool movable; };
struct docs_key_range docs_key_range(const struct command *row);

/* The handler of every HELP row: the container's subcommands with usage and
 * summary, in the order of their names. */
void command_help(struct call *call);

#endif
