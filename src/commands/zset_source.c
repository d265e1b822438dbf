/* SPDX-License-Identifier: MIT
 * commands/zset_source.c - see zset_source.h.
 *
 * Read next: commands/c_zset_combine.c */
#include "commands/zset_source.h"

size_t
zset_source_count(const struct zset_source *s)
{
    if (!s->exists)
        return 0;
    return s->v.type == TYPE_SET ? set_count(s->v) : zset_count(s->v);
}

bool
zset_source_find(const struct zset_source *s, struct bytes member, double *score)
{
    struct zset_place p;

    if (!s->exists)
        return false;
    if (s->v.type == TYPE_SET) {
        *score = 1;
        return set_has(s->v, member);
    }
    zset_find(s->v, member, &p);
    if (p.found)
        *score = p.score;
    return p.found;
}

void
zset_source_iter_start(struct zset_source_iter *it, const struct zset_source *s)
{
    it->exists = s->exists;
    if (!s->exists)
        return;
    it->is_set = s->v.type == TYPE_SET;
    if (it->is_set)
        set_iter_start(&it->set, s->v);
    else
        zset_iter_start(&it->zset, s->v, 0, false);
}

bool
zset_source_iter_next(struct zset_source_iter *it, struct zset_item *out)
{
    const struct bytes *member;

    if (!it->exists)
        return false;
    if (!it->is_set)
        return zset_iter_next(&it->zset, out);
    member = set_iter_next(&it->set);
    if (!member)
        return false;
    out->member = *member;
    out->score = 1;
    return true;
}
