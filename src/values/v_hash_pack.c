/* SPDX-License-Identifier: MIT
 * values/v_hash_pack.c - the small form of a hash.
 *
 * How:        a pack of pairs, or, once a field has had a deadline, of triples:
 *
 *   pack         | field | value | field | value |
 *   timed pack   next, pack -> | field | value | deadline | field | ... |
 *
 *             A deadline of 0 means none: that costs one byte.
 * Invariants: 1. No field twice; the count is a multiple of 2 or of 3.
 *             2. `next` is the earliest deadline, HASH_FOREVER when there is none.
 * Read next:  values/v_hash_table.c */
#include "values/v_hash_pack.h"

#include <assert.h>

#include "base/alloc.h"

struct timed_pack {
    msec next;
    struct pack *pack;
};

static inline bool
is_timed(struct value v)
{
    return v.encoding == HASH_TIMED_PACK;
}

static inline struct pack *
pack_of(struct value v)
{
    return is_timed(v) ? ((struct timed_pack *)v.object)->pack : v.object;
}

static inline unsigned
stride(struct value v)
{
    return is_timed(v) ? 3 : 2;
}

static inline void
set_pack(struct value *v, struct pack *p)
{
    if (is_timed(*v))
        ((struct timed_pack *)v->object)->pack = p;
    else
        v->object = p;
}

struct value
hash_pack_new(void)
{
    return (struct value){
        .type = TYPE_HASH, .encoding = HASH_PACK, .object = pack_new()
    };
}

void
hash_pack_free(struct value v)
{
    pack_free(pack_of(v));
    if (is_timed(v))
        mem_free_sized(v.object, sizeof(struct timed_pack));
}

struct value
hash_pack_copy(struct value v)
{
    struct timed_pack *t;

    if (!is_timed(v)) {
        v.object = pack_copy(v.object);
        return v;
    }
    t = mem_alloc(sizeof *t);
    *t = *(struct timed_pack *)v.object;
    t->pack = pack_copy(t->pack);
    v.object = t;
    return v;
}

size_t
hash_pack_count(struct value v)
{
    return pack_count(pack_of(v)) / stride(v);
}

size_t
hash_pack_memory(struct value v)
{
    return pack_memory(pack_of(v))
         + (is_timed(v) ? mem_class(sizeof(struct timed_pack)) : 0);
}

bool
hash_pack_fits(struct value v, size_t name, size_t value)
{
    return name < PACK_BYTES_MAX && value < PACK_BYTES_MAX
        && pack_fits(pack_of(v), name + value, 3);
}

bool
hash_pack_fits_deadline(struct value v)
{
    const struct pack *p = pack_of(v);

    return pack_fits(p, is_timed(v) ? 0 : pack_count(p) / 2, 1);    /* "0" is a byte */
}

uint32_t
hash_pack_find(struct value v, struct bytes name)
{
    const struct pack *p = pack_of(v);

    return pack_find(p, pack_first(p), name, stride(v));
}

static msec
deadline_at(const struct pack *p, uint32_t at)
{
    int64_t n = 0;

    pack_get_number(p, at, &n);
    return n ? n : HASH_FOREVER;
}

void
hash_pack_get(struct value v, uint32_t at, struct hash_field *out)
{
    const struct pack *p = pack_of(v);

    out->name = pack_view(p, at, out->name_buf);
    at = pack_next(p, at);
    out->value = pack_view(p, at, out->value_buf);
    out->deadline = is_timed(v) ? deadline_at(p, pack_next(p, at)) : HASH_FOREVER;
}

uint32_t
hash_pack_first(struct value v)
{
    return pack_first(pack_of(v));
}

uint32_t
hash_pack_next(struct value v, uint32_t at)
{
    const struct pack *p = pack_of(v);

    at = pack_next(p, pack_next(p, at));
    return is_timed(v) ? pack_next(p, at) : at;
}

uint32_t
hash_pack_seek(struct value v, size_t index)
{
    return pack_seek(pack_of(v), index * stride(v));
}

static struct bytes
deadline_text(msec deadline, char buf[NUM_I64_MAX_TEXT])
{
    if (deadline == HASH_FOREVER)
        return B("0");
    return bytes_view(buf, num_format_i64(buf, deadline > 0 ? deadline : 1));
}

void
hash_pack_add(struct value *v, struct bytes name, struct bytes value, msec deadline)
{
    struct pack *p = pack_insert_two(pack_of(*v), PACK_END, name, value);
    char buf[NUM_I64_MAX_TEXT];

    assert(is_timed(*v) || deadline == HASH_FOREVER);
    if (is_timed(*v)) {
        struct timed_pack *t = v->object;

        p = pack_append(p, deadline_text(deadline, buf));
        if (deadline != HASH_FOREVER && (t->next == HASH_FOREVER || deadline < t->next))
            t->next = deadline > 0 ? deadline : 1;
    }
    set_pack(v, p);
}

/* Each pair becomes a triple. */
void
hash_pack_make_timed(struct value *v)
{
    struct timed_pack *t = mem_alloc(sizeof *t);
    struct pack *old = v->object;
    char buf[NUM_I64_MAX_TEXT];

    *t = (struct timed_pack){ .next = HASH_FOREVER, .pack = pack_new() };
    for (uint32_t at = pack_first(old); at != PACK_END; at = pack_next(old, at)) {
        t->pack = pack_append(t->pack, pack_view(old, at, buf));
        at = pack_next(old, at);
        t->pack = pack_append(t->pack, pack_view(old, at, buf));
        t->pack = pack_append(t->pack, B("0"));
    }
    pack_free(old);
    v->object = t;
    v->encoding = HASH_TIMED_PACK;
}

static void
find_next(struct value v)
{
    struct timed_pack *t = v.object;
    const struct pack *p = t->pack;

    t->next = HASH_FOREVER;
    for (uint32_t at = pack_first(p); at != PACK_END; at = pack_next(p, at)) {
        msec when;

        at = pack_next(p, pack_next(p, at));
        when = deadline_at(p, at);
        if (when != HASH_FOREVER && (t->next == HASH_FOREVER || when < t->next))
            t->next = when;
    }
}

void
hash_pack_set_deadline(struct value *v, uint32_t at, msec deadline)
{
    char buf[NUM_I64_MAX_TEXT];
    size_t index = 0;
    struct pack *p;

    if (!is_timed(*v)) {
        if (deadline == HASH_FOREVER)
            return;
        for (uint32_t i = pack_first(v->object); i != at; i = pack_next(v->object, i))
            index++;
        hash_pack_make_timed(v);
        at = hash_pack_seek(*v, index / 2);
    }
    p = pack_of(*v);
    at = pack_next(p, pack_next(p, at));
    set_pack(v, pack_replace(p, at, deadline_text(deadline, buf)));
    find_next(*v);
}

void
hash_pack_replace(struct value *v, uint32_t at, struct bytes value, msec deadline)
{
    struct pack *p = pack_of(*v);
    uint32_t value_at = pack_next(p, at);

    p = pack_replace(p, value_at, value);
    set_pack(v, p);
    if (is_timed(*v) && deadline != deadline_at(p, pack_next(p, value_at)))
        hash_pack_set_deadline(v, at, deadline);
}

void
hash_pack_remove(struct value *v, uint32_t at)
{
    set_pack(v, pack_remove(pack_of(*v), at, stride(*v)));
    if (is_timed(*v))
        find_next(*v);
}

msec
hash_pack_next_deadline(struct value v)
{
    return is_timed(v) ? ((struct timed_pack *)v.object)->next : HASH_FOREVER;
}

size_t
hash_pack_expire(struct value *v, msec now, size_t limit)
{
    struct hash_field f;
    struct pack *p;
    size_t n = 0;
    uint32_t at = hash_pack_first(*v);

    while (at != PACK_END && n < limit) {
        hash_pack_get(*v, at, &f);
        if (f.deadline == HASH_FOREVER || f.deadline > now) {
            at = hash_pack_next(*v, at);
            continue;
        }
        p = pack_remove(pack_of(*v), at, 3);
        set_pack(v, p);
        n++;
        if (at >= pack_bytes(p))
            at = PACK_END;
    }
    find_next(*v);
    return n;
}

void
hash_pack_check(struct value v)
{
    msec next = hash_pack_next_deadline(v);
    const struct pack *p = pack_of(v);

    pack_check(p);
    assert(pack_count(p) % stride(v) == 0);
    if (!is_timed(v))
        return;
    find_next(v);
    assert(hash_pack_next_deadline(v) == next);
}
