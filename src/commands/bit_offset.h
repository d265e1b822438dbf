/* SPDX-License-Identifier: MIT
 * commands/bit_offset.h - arguments that name a bit of a string. */
#ifndef IGNIS_COMMANDS_BIT_OFFSET_H
#define IGNIS_COMMANDS_BIT_OFFSET_H
#include "command/call.h"

/* Argument `i` as the place of a bit that a string may have.  With `width` not
 * 0, "#n" means the n-th field of that many bits.  Otherwise answers
 * "ERR bit offset is not an integer or out of range". */
bool bit_offset(struct call *c, int i, unsigned width, uint64_t *out);

#endif
