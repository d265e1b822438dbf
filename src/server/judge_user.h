/* SPDX-License-Identifier: MIT
 * server/judge_user.h - is the description of a user well formed, and would it be a
 * danger to accept it while there are no users? */
#ifndef IGNIS_SERVER_JUDGE_USER_H
#define IGNIS_SERVER_JUDGE_USER_H
#include "base/bytes.h"
#include "base/text.h"

/* What a rule like "+get" or "-config|set" names, without the sign; "@read" too. */
typedef bool judge_command_fn(struct bytes name, void *arg);

/* `words`: name, then rules.  False: `why` says what is wrong, and `*at` is the place of
 * the word that Redis blames, counted from 0 at the name (-1: the directive). */
bool judge_user(const struct bytes *words, size_t n, judge_command_fn *is_known,
                void *arg, int *at, struct text *why);

#endif
