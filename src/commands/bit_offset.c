/* SPDX-License-Identifier: MIT
 * commands/bit_offset.c - arguments that name a bit of a string.
 *
 * Why:       an offset of 2^32 - 1 is half a gigabyte: the limit must hold before
 *            memory is reserved, and "#n" must not slip past it by overflowing.
 * Read next: commands/c_bitmap.c */
#include "commands/bit_offset.h"

#include "commands/string_edit.h"

bool
bit_offset(struct call *c, int i, unsigned width, uint64_t *out)
{
    struct bytes text = c->argv[i];
    int64_t n;
    bool ok;

    if (width > 0 && text.len > 0 && text.at[0] == '#')
        text = bytes_view(text.at + 1, text.len - 1);
    else
        width = 1;
    ok = num_parse_i64(text, &n) && num_mul_i64(n, width, &n) && n >= 0
         && (uint64_t)n / 8 < string_length_max(c);
    if (ok)
        *out = (uint64_t)n;
    else
        reply_error(c->out, "ERR bit offset is not an integer or out of range");
    return ok;
}
