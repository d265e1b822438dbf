/* SPDX-License-Identifier: MIT
 * values/v_hash.c - hashes: which form, and what is alike in both.
 *
 * Why:        nearly every hash is an object of a few short fields; nearly every field
 *             is in one of the large ones.
 * How:        v_hash_pack.c is the form of the small, v_hash_table.c that of the large;
 *             here is the choice between them, walking, picking, and the type.
 * Invariants: 1. A pack that passes a limit becomes a table, never the other way.
 *             2. Whoever reads sees no field whose deadline is reached.
 * Read next:  values/v_hash_pack.c, values/v_hash_table.c, keyspace/elements.c */
#include "values/v_hash.h"

#include <assert.h>

#include "base/hash.h"
#include "base/rand.h"
#include "base/status.h"
#include "values/pick.h"
#include "values/v_hash_pack.h"
#include "values/v_hash_table.h"

#define SEES_ALL INT64_MIN      /* as the time of a walk: nothing is over */

static inline bool
is_pack(struct value v)
{
    return (v.encoding & ~VALUE_TIMED) == HASH_PACK;
}

static inline bool
is_over(msec deadline)
{
    return UNLIKELY(deadline != HASH_FOREVER) && deadline <= clock_ms();
}

struct value
hash_new(void)
{
    return hash_pack_new();
}

size_t
hash_count(struct value v)
{
    return is_pack(v) ? hash_pack_count(v) : dict_count(hash_table_dict(v));
}

void
hash_prefetch(struct value v, struct bytes name, bool deep)
{
    if (is_pack(v))
        return;
    if (deep)
        dict_prefetch_item(hash_table_dict(v), hash_bytes(name.at, name.len));
    else
        dict_prefetch_bucket(hash_table_dict(v), hash_bytes(name.at, name.len));
}

bool
hash_find(struct value v, struct bytes name, struct hash_field *out)
{
    uint32_t at;
    void *item;

    if (is_pack(v)) {
        at = hash_pack_find(v, name);
        if (at == PACK_END)
            return false;
        hash_pack_get(v, at, out);
    } else {
        item = hash_table_find(v, name);
        if (!item)
            return false;
        hash_item_get(item, out);
    }
    return !is_over(out->deadline);
}

/* --- changing --- */

static void
make_table(struct value *v, size_t room)
{
    struct value table = hash_table_new(room);
    const struct hash_field *f;
    struct hash_iter it;

    hash_iter_start(&it, *v);
    it.now = SEES_ALL;
    while ((f = hash_iter_next(&it)))
        hash_table_add(&table, f->name, f->value, f->deadline);
    hash_pack_free(*v);
    *v = table;
}

static inline bool
is_above(size_t n, int64_t limit)
{
    return n > INT64_MAX || (int64_t)n > limit;
}

static bool
set_in_pack(struct value *v, struct bytes name, struct bytes value, msec deadline,
            const struct hash_limits *l)
{
    uint32_t at = hash_pack_find(*v, name);
    struct hash_field old;
    bool is_new = at == PACK_END;

    if (is_new) {
        hash_pack_add(v, name, value, HASH_FOREVER);
        if (deadline != HASH_KEEP && deadline != HASH_FOREVER)
            hash_set_deadline(v, name, deadline);
    } else {
        hash_pack_get(*v, at, &old);
        is_new = is_over(old.deadline);
        if (deadline == HASH_KEEP)
            deadline = is_new ? HASH_FOREVER : old.deadline;
        hash_pack_replace(v, at, value, old.deadline);
        if (deadline != old.deadline)
            hash_set_deadline(v, name, deadline);
    }
    if (is_pack(*v) && is_above(hash_pack_count(*v), l->entries))   /* may be lower now */
        make_table(v, 0);
    return is_new;
}

bool
hash_set(struct value *v, struct bytes name, struct bytes value, msec deadline,
         const struct hash_limits *l)
{
    if (is_pack(*v)) {
        if (LIKELY(!is_above(name.len, l->value) && !is_above(value.len, l->value)
                   && hash_pack_fits(*v, name.len, value.len)))
            return set_in_pack(v, name, value, deadline, l);
        make_table(v, 0);
    }
    return hash_table_set(v, name, value, deadline);
}

bool
hash_remove(struct value *v, struct bytes name)
{
    struct hash_field f;
    uint32_t at;

    if (v->encoding & VALUE_TIMED && !hash_find(*v, name, &f))
        return false;           /* what is over is not for this caller to remove */
    if (!is_pack(*v))
        return hash_table_remove(v, name);
    at = hash_pack_find(*v, name);
    if (at == PACK_END)
        return false;
    hash_pack_remove(v, at);
    return true;
}

static void
make_room_for_deadline(struct value *v)
{
    if (is_pack(*v) && !hash_pack_fits_deadline(*v))
        make_table(v, 0);
}

void
hash_make_timed(struct value *v)
{
    make_room_for_deadline(v);
    if (v->encoding == HASH_PACK)
        hash_pack_make_timed(v);
}

void
hash_set_deadline(struct value *v, struct bytes name, msec deadline)
{
    if (deadline != HASH_FOREVER)
        make_room_for_deadline(v);
    if (is_pack(*v))
        hash_pack_set_deadline(v, hash_pack_find(*v, name), deadline);
    else
        hash_table_set_deadline(v, name, deadline);
}

/* --- picking and walking --- */

bool
hash_random(struct value v, struct hash_field *out)
{
    if (is_pack(v))
        hash_pack_get(v, hash_pack_seek(v, rand_below(hash_pack_count(v))), out);
    else
        hash_item_get(dict_random(hash_table_dict(v)), out);
    return !is_over(out->deadline);
}

struct hand { hash_each_fn *each; void *arg; };

static void
hand_item(void *item, void *arg)
{
    struct hand *h = arg;
    struct hash_field f;

    hash_item_get(item, &f);
    if (!is_over(f.deadline))
        h->each(&f, h->arg);
}

static inline bool
has_over(struct value v)
{
    return v.encoding & VALUE_TIMED && is_over(hash_type.next_deadline(v));
}

static size_t
count_live(struct value v)
{
    struct hash_iter it;
    size_t n = 0;

    if (!has_over(v))
        return hash_count(v);
    hash_iter_start(&it, v);
    while (hash_iter_next(&it))
        n++;
    return n;
}

void
hash_sample(struct value v, size_t n, hash_each_fn *each, void *arg)
{
    size_t left = count_live(v);
    const struct hash_field *f;
    struct hash_iter it;

    if (!is_pack(v) && left == hash_count(v) && pick_by_drawing(n, left)) {
        pick_distinct(hash_table_dict(v), n, hash_item_name, hand_item,
                      &(struct hand){ each, arg });
        return;
    }
    hash_iter_start(&it, v);
    while (n && (f = hash_iter_next(&it)))
        if (pick_this(&n, &left))
            each(f, arg);
}

uint64_t
hash_scan(struct value v, uint64_t cursor, size_t count, hash_each_fn *each, void *arg)
{
    const struct hash_field *f;
    struct hash_iter it;

    if (!is_pack(v))
        return dict_scan(hash_table_dict(v), cursor, count, hand_item,
                         &(struct hand){ each, arg });
    hash_iter_start(&it, v);
    while ((f = hash_iter_next(&it)))
        each(f, arg);
    return 0;
}

void
hash_iter_start(struct hash_iter *it, struct value v)
{
    it->v = v;
    it->now = v.encoding & VALUE_TIMED ? clock_ms() : SEES_ALL;
    if (is_pack(v))
        it->at = hash_pack_first(v);
    else
        dict_iter_start(&it->items, hash_table_dict(v));
}

static bool
step(struct hash_iter *it)
{
    void *item;

    if (is_pack(it->v)) {
        if (it->at == PACK_END)
            return false;
        hash_pack_get(it->v, it->at, &it->field);
        it->at = hash_pack_next(it->v, it->at);
        return true;
    }
    item = dict_iter_next(&it->items);
    if (item)
        hash_item_get(item, &it->field);
    return item != NULL;
}

const struct hash_field *
hash_iter_next(struct hash_iter *it)
{
    while (step(it))
        if (it->field.deadline == HASH_FOREVER || it->field.deadline > it->now)
            return &it->field;
    return NULL;
}

/* --- the type --- */

static void
free_hash(struct value v)
{
    if (is_pack(v))
        hash_pack_free(v);
    else
        hash_table_free(v);
}

static struct value
copy_hash(struct value v)
{
    const struct hash_field *f;
    struct hash_iter it;
    struct value copy;

    if (is_pack(v))
        return hash_pack_copy(v);
    copy = hash_table_new(hash_count(v));
    hash_iter_start(&it, v);
    it.now = SEES_ALL;
    while ((f = hash_iter_next(&it)))
        hash_table_add(&copy, f->name, f->value, f->deadline);
    return copy;
}

static size_t
memory_of_hash(struct value v, size_t samples)
{
    return is_pack(v) ? hash_pack_memory(v) : hash_table_memory(v, samples);
}

static const char *
encoding_of_hash(struct value v)
{
    if (!is_pack(v))
        return "hashtable";
    return v.encoding & VALUE_TIMED ? "listpackex" : "listpack";
}

static size_t
effort_of_hash(struct value v)
{
    return is_pack(v) ? 1 : hash_count(v);
}

static void
digest_hash(struct value v, unsigned char digest[20])
{
    const struct hash_field *f;
    struct hash_iter it;

    hash_iter_start(&it, v);
    while ((f = hash_iter_next(&it))) {
        unsigned char one[20] = { 0 };

        value_digest_mix(one, f->name);
        value_digest_mix(one, f->value);
        if (f->deadline != HASH_FOREVER)
            value_digest_xor(one, B("!!hexpire!!"));
        value_digest_xor(digest, bytes_view(one, sizeof one));
    }
}

static msec
next_deadline(struct value v)
{
    return is_pack(v) ? hash_pack_next_deadline(v) : hash_table_next_deadline(v);
}

static size_t
expire(struct value *v, msec now, size_t limit)
{
    return is_pack(*v) ? hash_pack_expire(v, now, limit)
                       : hash_table_expire(v, now, limit);
}

void
hash_check(struct value v)
{
    assert(v.type == TYPE_HASH);
    if (is_pack(v))
        hash_pack_check(v);
    else
        hash_table_check(v);
}

static const struct dict *
table_of_hash(struct value v)
{
    return (v.encoding & ~VALUE_TIMED) == HASH_TABLE ? hash_table_dict(v) : NULL;
}

const struct value_type hash_type = {
    .name = "hash",
    .free = free_hash,
    .copy = copy_hash,
    .memory = memory_of_hash,
    .encoding_name = encoding_of_hash,
    .effort = effort_of_hash,
    .length = hash_count,
    .table = table_of_hash,
    .digest = digest_hash,
    .next_deadline = next_deadline,
    .expire = expire,
};
