/* SPDX-License-Identifier: MIT
 * commands/many_picks.h - answering as many random elements as a client asks for:
 * SRANDMEMBER, HRANDFIELD, ZRANDMEMBER with a negative count. */
#ifndef IGNIS_COMMANDS_MANY_PICKS_H
#define IGNIS_COMMANDS_MANY_PICKS_H
#include "command/call.h"

/* Ask before each pick, `done` counting them.  False: nobody would read the rest; the
 * client was dropped, or its replies are off. */
bool many_picks_go_on(struct call *c, uint64_t done);
/* The count, argument i: any but the lowest integer.  Answers the error itself. */
bool many_picks_count(struct call *c, int i, int64_t *out);

#endif
