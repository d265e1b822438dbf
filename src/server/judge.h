/* SPDX-License-Identifier: MIT
 * server/judge.h - what start-up and --check-config refuse beyond what the table of
 * options knows: renamed commands, users, modules, addresses. */
#ifndef IGNIS_SERVER_JUDGE_H
#define IGNIS_SERVER_JUDGE_H
#include "base/status.h"
#include "base/text.h"

struct command_table;
struct config;
struct judges;

/* Judge the lines of `c` from now on, until freed.  `checking`: nothing will be started,
 * so that what start-up finds after reading is said at its line as well. */
struct judges *judges_new(struct config *c, bool checking);
void judges_free(struct judges *j);

/* The commands of Redis 7.0 that are not here and can be renamed all the same; NULL past
 * the last. */
const char *judges_absent(size_t at);
/* Apply the renames that the judges let pass. */
void judges_rename(struct command_table *table, const struct config *c);
/* After reading: false when the server must not start; `why` is for the log, lines
 * separated by '\n'. */
bool judges_may_start(struct judges *j, const struct config *c, struct text *why);

#endif
