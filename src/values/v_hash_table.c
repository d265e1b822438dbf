/* SPDX-License-Identifier: MIT
 * values/v_hash_table.c - the large form of a hash.
 *
 * Why:        a field and its value as two objects hung on a third cost more than
 *             most of them hold.
 * How:        one block for each field, found through a dict:
 *
 *   short   | name len | value len | name | value |            both lengths in a byte
 *   other   | 0x80+flags | deadline? | name len | value len | name | value |
 *             flags: 1 has a deadline (8 bytes), both lengths take 4 bytes (2) or 8 (4)
 *
 *             A name of the short form has at most 127 bytes, so its length is never
 *             taken for flags.  A value is overwritten in place while the block stays
 *             in its size class.  Deadlines are also in an ordered index, which comes
 *             with the first of them and stays.
 * Invariants: 1. The block was asked for with a size in the class of its parts' sum.
 *             2. The index holds exactly the items with a deadline, each under it.
 * Cost:       2 bytes beside name and value, and 14 in the table.
 * Left out:   large values outside the block.
 * Read next:  structs/dict.h, structs/deadlines.h */
#include "values/v_hash_table.h"

#include <assert.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "structs/deadlines.h"

#define EXPIRE_BYTES (1 << 20)  /* after that many freed, the caller looks at the clock */

enum { MARK = 0x80, LIMITED = 1, WIDE = 2, WIDEST = 4, SHORT_NAME_MAX = 0x7f, BYTE_MAX = 0xff };

struct timed_table {
    struct dict *dict;
    struct deadlines *deadlines;
};

/* What a block looks like. */
struct shape {
    size_t name, value;
    bool limited;
};

/* --- items --- */

static inline bool
is_short(struct shape s)
{
    return !s.limited && s.name <= SHORT_NAME_MAX && s.value <= BYTE_MAX;
}

static inline unsigned char
flags_of(struct shape s)
{
    size_t longest = s.name > s.value ? s.name : s.value;
    unsigned width = longest > UINT32_MAX ? WIDEST : longest > BYTE_MAX ? WIDE : 0;

    return is_short(s) ? 0 : MARK | (s.limited ? LIMITED : 0) | width;
}

/* What both lengths take. */
static inline size_t
width_of(unsigned char flags)
{
    return flags & WIDEST ? 2 * sizeof(uint64_t) : flags & WIDE ? 2 * sizeof(uint32_t) : 2;
}

static inline size_t
head_size(unsigned char flags)
{
    if (LIKELY(!(flags & MARK)))
        return 2;
    return 1 + (flags & LIMITED ? sizeof(msec) : 0) + width_of(flags);
}

static inline size_t
size_of(struct shape s)
{
    return head_size(flags_of(s)) + s.name + s.value;
}

/* The shape of an item and where its name begins. */
static inline const unsigned char *
parse(const void *item, struct shape *out)
{
    const unsigned char *p = item;
    unsigned char flags = *p;
    uint32_t lens[2];
    uint64_t longs[2];

    if (LIKELY(flags < MARK)) {
        *out = (struct shape){ .name = p[0], .value = p[1] };
        return p + 2;
    }
    p++;
    out->limited = flags & LIMITED;
    if (out->limited)
        p += sizeof(msec);
    if (flags & WIDE) {
        memcpy(lens, p, sizeof lens);
        out->name = lens[0];
        out->value = lens[1];
        return p + sizeof lens;
    }
    if (UNLIKELY(flags & WIDEST)) {
        memcpy(longs, p, sizeof longs);
        out->name = longs[0];
        out->value = longs[1];
        return p + sizeof longs;
    }
    out->name = p[0];
    out->value = p[1];
    return p + 2;
}

static inline msec
item_deadline(const void *item)
{
    const unsigned char *p = item;
    msec when = HASH_FOREVER;

    if (*p >= MARK && (*p & LIMITED))
        memcpy(&when, p + 1, sizeof when);
    return when;
}

struct bytes
hash_item_name(const void *item)
{
    struct shape s;
    const unsigned char *p = parse(item, &s);

    return bytes_view(p, s.name);
}

void
hash_item_get(const void *item, struct hash_field *out)
{
    struct shape s;
    const unsigned char *p = parse(item, &s);

    out->name = bytes_view(p, s.name);
    out->value = bytes_view(p + s.name, s.value);
    out->deadline = item_deadline(item);
}

static size_t
item_bytes(const void *item)
{
    struct shape s;

    parse(item, &s);
    return size_of(s);
}

static void
item_free(void *item)
{
    mem_free_sized(item, item_bytes(item));
}

static const struct dict_ops item_ops = { .key_of = hash_item_name,
                                          .free_item = item_free };

/* Write everything before the name; returns its place. */
static unsigned char *
write_head(unsigned char *p, struct shape s, msec deadline)
{
    unsigned char flags = flags_of(s);
    uint32_t lens[2] = { (uint32_t)s.name, (uint32_t)s.value };
    uint64_t longs[2] = { s.name, s.value };

    if (flags)
        *p++ = flags;
    if (s.limited) {
        memcpy(p, &deadline, sizeof deadline);
        p += sizeof deadline;
    }
    if (flags & WIDE) {
        memcpy(p, lens, sizeof lens);
        return p + sizeof lens;
    }
    if (flags & WIDEST) {
        memcpy(p, longs, sizeof longs);
        return p + sizeof longs;
    }
    p[0] = (unsigned char)s.name;
    p[1] = (unsigned char)s.value;
    return p + 2;
}

static inline void
copy_bytes(unsigned char *to, struct bytes b)
{
    if (b.len)
        memcpy(to, b.at, b.len);
}

static void *
item_new(struct bytes name, struct bytes value, msec deadline)
{
    struct shape s = { name.len, value.len, deadline != HASH_FOREVER };
    unsigned char *item, *at;

    item = mem_alloc(size_of(s));
    at = write_head(item, s, deadline);
    copy_bytes(at, name);
    copy_bytes(at + name.len, value);
    return item;
}

/* --- tables --- */

static inline bool
is_timed(struct value v)
{
    return v.encoding == HASH_TIMED_TABLE;
}

struct dict *
hash_table_dict(struct value v)
{
    return is_timed(v) ? ((struct timed_table *)v.object)->dict : v.object;
}

static inline struct deadlines *
index_of(struct value v)
{
    return is_timed(v) ? ((struct timed_table *)v.object)->deadlines : NULL;
}

/* The index, made when it is first needed. */
static struct deadlines *
need_index(struct value *v)
{
    struct timed_table *t;

    if (!is_timed(*v)) {
        t = mem_alloc(sizeof *t);
        *t = (struct timed_table){ .dict = v->object, .deadlines = deadlines_new() };
        v->object = t;
        v->encoding = HASH_TIMED_TABLE;
    }
    return index_of(*v);
}

struct value
hash_table_new(size_t room)
{
    struct dict *d = dict_new(&item_ops);

    if (room)
        dict_reserve(d, room);
    return (struct value){ .type = TYPE_HASH, .encoding = HASH_TABLE, .object = d };
}

void
hash_table_free(struct value v)
{
    dict_free(hash_table_dict(v));
    if (!is_timed(v))
        return;
    deadlines_free(index_of(v));
    mem_free_sized(v.object, sizeof(struct timed_table));
}

static inline uint64_t
hash_of(struct bytes b)
{
    return hash_bytes(b.at, b.len);
}

void *
hash_table_find(struct value v, struct bytes name)
{
    return dict_find(hash_table_dict(v), name, hash_of(name));
}

static void
add(struct value *v, struct bytes name, struct bytes value, msec deadline, uint64_t hash)
{
    void *item = item_new(name, value, deadline);

    dict_add(hash_table_dict(*v), item, hash);
    if (UNLIKELY(deadline != HASH_FOREVER))
        deadlines_add(need_index(v), deadline, item);
}

void
hash_table_add(struct value *v, struct bytes name, struct bytes value, msec deadline)
{
    add(v, name, value, deadline, hash_of(name));
}

/* Give the item at `place` this value and deadline, in place if its block allows. */
static void
rewrite(struct value *v, void **place, struct bytes value, msec deadline)
{
    unsigned char *item = *place;
    msec before = item_deadline(item);
    struct shape old, new;
    const unsigned char *name = parse(item, &old);

    new = (struct shape){ old.name, value.len, deadline != HASH_FOREVER };
    if (flags_of(new) == flags_of(old)
        && mem_class(size_of(new)) == mem_class(size_of(old))) {
        copy_bytes(write_head(item, new, deadline) + new.name, value);
    } else {
        *place = item_new(bytes_view(name, old.name), value, deadline);
        item_free(item);
    }
    if (before == deadline && before != HASH_FOREVER && *place != item)
        deadlines_move(index_of(*v), before, item, *place);
    if (before == deadline)
        return;
    if (before != HASH_FOREVER)
        deadlines_remove(index_of(*v), before, item);
    if (deadline != HASH_FOREVER) {
        item = *place;          /* the place is in the dict, which stays */
        deadlines_add(need_index(v), deadline, item);
    }
}

bool
hash_table_set(struct value *v, struct bytes name, struct bytes value, msec deadline)
{
    uint64_t hash = hash_of(name);
    void **place = dict_place(hash_table_dict(*v), name, hash);
    msec before;
    bool is_over;

    if (!place) {
        add(v, name, value, deadline == HASH_KEEP ? HASH_FOREVER : deadline, hash);
        return true;
    }
    before = item_deadline(*place);
    is_over = before != HASH_FOREVER && before <= clock_ms();
    if (deadline == HASH_KEEP)
        deadline = is_over ? HASH_FOREVER : before;
    rewrite(v, place, value, deadline);
    return is_over;
}

bool
hash_table_remove(struct value *v, struct bytes name)
{
    void *item = dict_remove(hash_table_dict(*v), name, hash_of(name));
    msec when;

    if (!item)
        return false;
    when = item_deadline(item);
    if (when != HASH_FOREVER)
        deadlines_remove(index_of(*v), when, item);
    item_free(item);
    return true;
}

/* A block with a deadline is another block: the value is carried over. */
void
hash_table_set_deadline(struct value *v, struct bytes name, msec deadline)
{
    void **place = dict_place(hash_table_dict(*v), name, hash_of(name)), *old, *new;
    struct hash_field f;

    assert(place);
    old = *place;
    hash_item_get(old, &f);
    if (f.deadline == deadline)
        return;
    new = item_new(f.name, f.value, deadline);
    *place = new;
    if (f.deadline != HASH_FOREVER)
        deadlines_remove(index_of(*v), f.deadline, old);
    if (deadline != HASH_FOREVER)
        deadlines_add(need_index(v), deadline, new);
    item_free(old);
}

msec
hash_table_next_deadline(struct value v)
{
    msec when;

    if (!is_timed(v) || !deadlines_first(index_of(v), &when))
        return HASH_FOREVER;
    return item_deadline(deadlines_first(index_of(v), &when));
}

size_t
hash_table_expire(struct value *v, msec now, size_t limit)
{
    struct deadlines *index = index_of(*v);
    size_t n = 0, bytes = 0;
    void *item;
    msec when;

    while (index && n < limit && bytes < EXPIRE_BYTES
           && (item = deadlines_first(index, &when))) {
        struct bytes name = hash_item_name(item);

        if (item_deadline(item) > now)
            break;
        bytes += item_bytes(item);
        dict_remove_item(hash_table_dict(*v), item, hash_of(name));
        deadlines_remove(index, item_deadline(item), item);
        item_free(item);
        n++;
    }
    return n;
}

/* The mean of the first `samples` blocks stands for all. */
size_t
hash_table_memory(struct value v, size_t samples)
{
    struct dict *d = hash_table_dict(v);
    size_t seen = 0, bytes = 0;
    struct dict_iter it;
    struct shape s;
    void *item;

    dict_iter_start(&it, d);
    while ((samples == 0 || seen < samples) && (item = dict_iter_next(&it))) {
        parse(item, &s);
        bytes += mem_class(size_of(s));
        seen++;
    }
    bytes = value_memory_of_all(bytes, seen, dict_count(d));
    if (is_timed(v))
        bytes += mem_class(sizeof(struct timed_table)) + deadlines_memory(index_of(v));
    return bytes + dict_memory(d);
}

void
hash_table_check(struct value v)
{
    struct dict *d = hash_table_dict(v);
    struct dict_iter it;
    size_t limited = 0;
    void *item;

    dict_check(d);
    dict_iter_start(&it, d);
    while ((item = dict_iter_next(&it)))
        limited += item_deadline(item) != HASH_FOREVER;
    assert(limited == (is_timed(v) ? deadlines_count(index_of(v)) : 0));
    if (is_timed(v))
        deadlines_check(index_of(v));
}
