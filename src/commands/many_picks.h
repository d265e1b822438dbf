/* SPDX-License-Identifier: MIT
 * commands/many_picks.h - answering as many random elements as a client asks for:
 * SRANDMEMBER, HRANDFIELD, ZRANDMEMBER with a negative count. */
#ifndef IGNIS_COMMANDS_MANY_PICKS_H
#define IGNIS_COMMANDS_MANY_PICKS_H
#include "command/call.h"

/* Ask before each pick, `done` counting them.  False: nobody would read the rest; the
 * client was dropped, or its replies are off. */
bool many_picks_go_on(struct call *c, uint64_t done);
/* The count, argument 2: any but the lowest integer.  Answers the error itself. */
bool many_picks_count(struct call *c, int64_t *count);
/* The count, and whether the lower-case word `with`, which doubles what is answered,
 * comes after it as the last argument.  Answers errors itself. */
bool many_picks_args(struct call *c, const char *with, int64_t *count, bool *is_with);

#endif
