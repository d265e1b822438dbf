/* SPDX-License-Identifier: MIT
 * tests/oracle/hear.h - what connections to both servers hear beside, or instead of,
 * one reply a call: messages, pushes, several replies, none.
 *
 * Say a line, then let each connection PING with a word: all that comes before the
 * answer is what the line made it hear.  The speaker asks first, so that the line has
 * run before the others ask; and twice, because what is told at the end of a turn comes
 * after the answer to a PING of that turn. */
#ifndef IGNIS_TESTS_ORACLE_HEAR_H
#define IGNIS_TESTS_ORACLE_HEAR_H
#include "oracle/twins.h"

/* What the pair of this name has heard since it was last asked; it speaks now. */
void hear(struct twins *t, const char *name, struct text *ours, struct text *redis);
/* The same, asked twice, and expect that it is the same; returns how many bytes Redis sent. */
size_t hear_same(struct twins *t, const char *name, const char *line);
/* The speaking pair says a line, or several; replies are not read. */
void hear_say(struct twins *t, const char *ours, const char *redis);

#endif
