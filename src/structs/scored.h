/* SPDX-License-Identifier: MIT
 * structs/scored.h - a member of a sorted set with its score, in one block.
 *
 *   +---------+-----+-----------+        +---------+-----+-----+-----------+
 *   | score   | len | bytes ... |   or   | score   | 255 | len | bytes ... |
 *   | 8 B     | 1 B |           |        | 8 B     | 1 B | 8 B |           |
 *   +---------+-----+-----------+        +---------+-----+-----+-----------+
 *
 * The order of a sorted set: by score, members with the same score by their bytes.
 * -0 and 0 are the same score (but the block keeps which it was). */
#ifndef IGNIS_STRUCTS_SCORED_H
#define IGNIS_STRUCTS_SCORED_H
#include <stdint.h>
#include "base/bytes.h"

#define SCORED_LONG 255

struct scored {
    double score;
    unsigned char at[];
};

static inline struct bytes
scored_bytes(const struct scored *s)
{
    uint64_t len = s->at[0];

    if (len != SCORED_LONG)
        return bytes_view(s->at + 1, len);
    memcpy(&len, s->at + 1, sizeof len);
    return bytes_view(s->at + 1 + sizeof len, len);
}

/* A score as a number that is ordered alike.  Not for NaN. */
static inline uint64_t
scored_key(double score)
{
    uint64_t bits;

    score += 0.0;               /* -0 becomes 0 */
    memcpy(&bits, &score, sizeof bits);
    return bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
}

/* <0, 0, >0: where (score, member) belongs relative to `s`. */
static inline int
scored_compare(double score, struct bytes member, const struct scored *s)
{
    if (score != s->score)
        return score < s->score ? -1 : 1;
    return bytes_compare(member, scored_bytes(s));
}

/* A block of its own: the caller frees it with scored_free.  Copies `member`. */
struct scored *scored_new(double score, struct bytes member);
void scored_free(struct scored *s);
/* Bytes it takes, by size class. */
size_t scored_memory(const struct scored *s);

#endif
