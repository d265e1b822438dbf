/* SPDX-License-Identifier: MIT
 * structs/scored.c - see scored.h, which has the drawing.
 *
 * Why:       tree and dict of a sorted set share one block a member, so that the
 *            score is stored once and read where the member is read anyway.
 * Read next: structs/btree_leaf.h */
#include "structs/scored.h"

#include "base/alloc.h"

static size_t
size_for(size_t len)
{
    return sizeof(struct scored) + 1 + (len < SCORED_LONG ? 0 : sizeof(uint64_t)) + len;
}

struct scored *
scored_new(double score, struct bytes member)
{
    struct scored *s = mem_alloc(size_for(member.len));
    unsigned char *p = s->at;
    uint64_t len = member.len;

    s->score = score;
    if (LIKELY(len < SCORED_LONG)) {
        *p++ = (unsigned char)len;
    } else {
        *p++ = SCORED_LONG;
        memcpy(p, &len, sizeof len);
        p += sizeof len;
    }
    if (len)
        memcpy(p, member.at, len);
    return s;
}

void
scored_free(struct scored *s)
{
    mem_free_sized(s, size_for(scored_bytes(s).len));
}

size_t
scored_memory(const struct scored *s)
{
    return mem_class(size_for(scored_bytes(s).len));
}
