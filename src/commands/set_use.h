/* SPDX-License-Identifier: MIT
 * commands/set_use.h - helpers of the set commands. */
#ifndef IGNIS_COMMANDS_SET_USE_H
#define IGNIS_COMMANDS_SET_USE_H
#include "command/call.h"
#include "values/v_set.h"

/* The options set-max-*. */
struct set_limits set_limits_of(const struct call *c);
/* The set at argument i for reading: false when answered (WRONGTYPE); *e is NULL when
 * the key is absent. */
bool set_read(struct call *c, int i, struct entry **e);
/* After removing from the set in the slot: `v` is written back, or the key removed
 * when the set is empty, which is told. */
void set_settle(struct call *c, struct slot *s, struct value v);

#endif
