/* SPDX-License-Identifier: MIT
 * tests/oracle/generate_args.h - what the words of a random call are. */
#ifndef IGNIS_TESTS_ORACLE_GENERATE_ARGS_H
#define IGNIS_TESTS_ORACLE_GENERATE_ARGS_H
#include "base/bytes.h"
#include "command/syntax.h"

/* What a call wants its words to be like. */
struct taste {
    const char *group;          /* of the command: "list", "sorted-set" ... */
    const char *command;        /* "zrangebylex" */
    const struct bytes *bounds; /* the kind of `min`, `max`, `start`, `stop` */
};

/* The taste of a command; chance decides what its bounds are when its name does not. */
struct taste taste_of(const char *group, const char *command);
/* A word for this argument: mostly one that fits, from pools small enough for calls to
 * meet what earlier ones left. */
struct bytes argument_word(const struct taste *t, const struct argument *a);
/* A bound as BYLEX, or BYSCORE, or neither would have it. */
struct bytes bound_word(bool lex, bool score);
/* A word out of any pool. */
struct bytes any_word(void);
/* The name of an option, of whatever command. */
struct bytes option_word(void);
/* Once in `n` times. */
bool one_in(uint64_t n);

#endif
