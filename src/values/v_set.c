/* SPDX-License-Identifier: MIT
 * values/v_set.c - sets: a sorted array of numbers, a pack of short strings, or a table.
 *
 * Why:        most sets are small or hold ids; the few large ones hold most members.
 * How:        three forms, each for what it does best:
 *
 *   intset   | 3 | 7 | 42 | 1000 |             all members are numbers, few
 *   pack     | 5 "seven" | 3 "ten" |           few and short
 *   table    bucket -> | 15 | "member:00000001" |     one block per member
 *
 *             A block begins with the length: one byte, or 255 and four bytes.
 * Invariants: 1. A form is left when a limit is passed and never taken again.
 *             2. An intset is never asked for what is not a canonical number.
 * Cost:       table: 1 byte beside the member, and 14 in the table.
 * Read next:  structs/pack.c, structs/intset.c, commands/c_set.c */
#include "values/v_set.h"

#include <assert.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/rand.h"
#include "structs/intset.h"
#include "structs/pack.h"
#include "values/pick.h"

#define SHORT_MAX 254           /* length of a member whose block has one byte of it */

/* --- blocks of the table --- */

static inline struct bytes
block_view(const void *block)
{
    const unsigned char *p = block;
    uint64_t len;

    if (LIKELY(*p <= SHORT_MAX))
        return bytes_view(p + 1, *p);
    memcpy(&len, p + 1, sizeof len);
    return bytes_view(p + 1 + sizeof len, len);
}

static inline size_t
block_size(size_t len)
{
    return 1 + (len <= SHORT_MAX ? 0 : sizeof(uint64_t)) + len;
}

static void *
block_new(struct bytes b)
{
    unsigned char *p = mem_alloc(block_size(b.len)), *to = p + 1;
    uint64_t len = b.len;

    if (LIKELY(len <= SHORT_MAX)) {
        *p = (unsigned char)len;
    } else {
        *p = SHORT_MAX + 1;
        memcpy(to, &len, sizeof len);
        to += sizeof len;
    }
    if (len)
        memcpy(to, b.at, len);
    return p;
}

static void
block_free(void *block)
{
    mem_free_sized(block, block_size(block_view(block).len));
}

static const struct dict_ops block_ops = { .key_of = block_view,
                                           .free_item = block_free };

static inline uint64_t
hash_of(struct bytes b)
{
    return hash_bytes(b.at, b.len);
}

/* --- forms --- */

static struct value
of(enum set_encoding encoding, void *object)
{
    return (struct value){ .type = TYPE_SET, .encoding = encoding, .object = object };
}

static void
release(struct value v)
{
    if (v.encoding == SET_INTSET)
        intset_free(v.object);
    else if (v.encoding == SET_PACK)
        pack_free(v.object);
    else
        dict_free(v.object);
}

static inline bool
is_within(size_t n, int64_t limit)
{
    return n <= INT64_MAX && (int64_t)n <= limit;
}

struct value
set_new(struct bytes first, size_t hint, const struct set_limits *l)
{
    int64_t n;

    if (num_parse_i64(first, &n) && is_within(hint, l->intset_entries))
        return of(SET_INTSET, intset_new());
    if (is_within(hint, l->pack_entries))
        return of(SET_PACK, pack_new());
    return of(SET_TABLE, dict_new(&block_ops));
}

static void
convert(struct value *v, enum set_encoding encoding, size_t room)
{
    struct value to = of(encoding, encoding == SET_PACK ? (void *)pack_new()
                                                        : (void *)dict_new(&block_ops));
    const struct bytes *member;
    struct set_iter it;

    if (encoding == SET_TABLE && room)
        dict_reserve(to.object, room);
    set_iter_start(&it, *v);
    while ((member = set_iter_next(&it))) {
        if (encoding == SET_PACK)
            to.object = pack_append(to.object, *member);
        else
            dict_add(to.object, block_new(*member), hash_of(*member));
    }
    release(*v);
    *v = to;
}

void
set_expect(struct value *v, size_t hint, const struct set_limits *l)
{
    if ((v->encoding == SET_INTSET && !is_within(hint, l->intset_entries))
        || (v->encoding == SET_PACK && !is_within(hint, l->pack_entries)))
        convert(v, SET_TABLE, hint);
}

/* --- adding --- */

static bool
add_to_table(struct value v, struct bytes member)
{
    uint64_t hash = hash_of(member);

    if (dict_find(v.object, member, hash))
        return false;
    dict_add(v.object, block_new(member), hash);
    return true;
}

static bool
add_to_pack(struct value *v, struct bytes member, const struct set_limits *l)
{
    struct pack *p = v->object;

    if (pack_find(p, pack_first(p), member, 1) != PACK_END)
        return false;
    if (is_within(pack_count(p) + 1, l->pack_entries)
        && is_within(member.len, l->pack_value) && pack_fits(p, member.len, 1)) {
        v->object = pack_append(p, member);
        return true;
    }
    convert(v, SET_TABLE, 0);
    return add_to_table(*v, member);
}

/* Digits of the longest number: of the first or the last. */
static size_t
longest_text(const struct intset *s)
{
    char buf[NUM_I64_MAX_TEXT];
    size_t count = intset_count(s), first, last;

    if (count == 0)
        return 0;
    first = num_format_i64(buf, intset_get(s, 0));
    last = num_format_i64(buf, intset_get(s, count - 1));
    return first > last ? first : last;
}

static bool
add_to_intset(struct value *v, struct bytes member, const struct set_limits *l)
{
    size_t count = intset_count(v->object), longest;
    int64_t n;
    bool added;

    if (num_parse_i64(member, &n)) {
        v->object = intset_add(v->object, n, &added);
        if (added && !is_within(count + 1, l->intset_entries))
            convert(v, SET_TABLE, 0);
        return added;
    }
    longest = longest_text(v->object);
    if (longest < member.len)
        longest = member.len;
    if (is_within(count + 1, l->pack_entries) && is_within(longest, l->pack_value)) {
        convert(v, SET_PACK, 0);
        return add_to_pack(v, member, l);
    }
    convert(v, SET_TABLE, 0);
    return add_to_table(*v, member);
}

bool
set_add(struct value *v, struct bytes member, const struct set_limits *l)
{
    if (v->encoding == SET_TABLE)
        return add_to_table(*v, member);
    if (v->encoding == SET_PACK)
        return add_to_pack(v, member, l);
    return add_to_intset(v, member, l);
}

/* --- removing and asking --- */

bool
set_remove(struct value *v, struct bytes member)
{
    void *block;
    uint32_t at;
    int64_t n;
    bool removed;

    if (v->encoding == SET_TABLE) {
        block = dict_remove(v->object, member, hash_of(member));
        if (block)
            block_free(block);
        return block != NULL;
    }
    if (v->encoding == SET_PACK) {
        at = pack_find(v->object, pack_first(v->object), member, 1);
        v->object = pack_remove(v->object, at, 1);
        return at != PACK_END;
    }
    if (!num_parse_i64(member, &n))
        return false;
    v->object = intset_remove(v->object, n, &removed);
    return removed;
}

bool
set_has(struct value v, struct bytes member)
{
    int64_t n;

    if (v.encoding == SET_TABLE)
        return dict_find(v.object, member, hash_of(member)) != NULL;
    if (v.encoding == SET_PACK)
        return pack_find(v.object, pack_first(v.object), member, 1) != PACK_END;
    return num_parse_i64(member, &n) && intset_has(v.object, n);
}

void
set_prefetch(struct value v, struct bytes member, bool deep)
{
    if (v.encoding != SET_TABLE)
        return;
    if (deep)
        dict_prefetch_item(v.object, hash_of(member));
    else
        dict_prefetch_bucket(v.object, hash_of(member));
}

size_t
set_count(struct value v)
{
    if (v.encoding == SET_TABLE)
        return dict_count(v.object);
    return v.encoding == SET_PACK ? pack_count(v.object) : intset_count(v.object);
}

/* --- picking --- */

static void
write_number(struct set_member *out, int64_t n)
{
    out->text = bytes_view(out->buf, num_format_i64(out->buf, n));
}

void
set_random(struct value v, struct set_member *out)
{
    size_t count = set_count(v);

    assert(count);
    if (v.encoding == SET_TABLE)
        out->text = block_view(dict_random(v.object));
    else if (v.encoding == SET_PACK)
        out->text = pack_view(v.object, pack_seek(v.object, rand_below(count)), out->buf);
    else
        write_number(out, intset_get(v.object, rand_below(count)));
}

struct hand { set_each_fn *each; void *arg; };

static void
hand_block(void *block, void *arg)
{
    struct hand *h = arg;

    h->each(block_view(block), h->arg);
}

void
set_sample(struct value v, size_t n, set_each_fn *each, void *arg)
{
    size_t left = set_count(v);
    const struct bytes *member;
    struct set_iter it;

    if (v.encoding == SET_TABLE && pick_by_drawing(n, left)) {
        pick_distinct(v.object, n, block_view, hand_block, &(struct hand){ each, arg });
        return;
    }
    set_iter_start(&it, v);
    while (n && (member = set_iter_next(&it)))
        if (pick_this(&n, &left))
            each(*member, arg);
}

uint64_t
set_scan(struct value v, uint64_t cursor, size_t count, set_each_fn *each, void *arg)
{
    const struct bytes *member;
    struct set_iter it;

    if (v.encoding == SET_TABLE)
        return dict_scan(v.object, cursor, count, hand_block,
                         &(struct hand){ each, arg });
    set_iter_start(&it, v);
    while ((member = set_iter_next(&it)))
        each(*member, arg);
    return 0;
}

/* --- walking --- */

void
set_iter_start(struct set_iter *it, struct value v)
{
    it->v = v;
    it->at = 0;
    if (v.encoding == SET_TABLE)
        dict_iter_start(&it->items, v.object);
    else if (v.encoding == SET_PACK)
        it->at = pack_first(v.object);
}

const struct bytes *
set_iter_next(struct set_iter *it)
{
    void *object = it->v.object, *block;

    if (it->v.encoding == SET_TABLE) {
        block = dict_iter_next(&it->items);
        if (!block)
            return NULL;
        it->member.text = block_view(block);
    } else if (it->v.encoding == SET_PACK) {
        if (it->at == PACK_END)
            return NULL;
        it->member.text = pack_view(object, (uint32_t)it->at, it->member.buf);
        it->at = pack_next(object, (uint32_t)it->at);
    } else {
        if (it->at == intset_count(object))
            return NULL;
        write_number(&it->member, intset_get(object, it->at++));
    }
    return &it->member.text;
}

/* --- the type --- */

static struct value
copy_set(struct value v)
{
    const struct bytes *member;
    struct set_iter it;
    struct dict *d;

    if (v.encoding == SET_INTSET)
        return of(SET_INTSET, intset_copy(v.object));
    if (v.encoding == SET_PACK)
        return of(SET_PACK, pack_copy(v.object));
    d = dict_new(&block_ops);
    dict_reserve(d, dict_count(v.object));
    set_iter_start(&it, v);
    while ((member = set_iter_next(&it)))
        dict_add(d, block_new(*member), hash_of(*member));
    return of(SET_TABLE, d);
}

/* The mean of the first `samples` blocks stands for all. */
static size_t
memory_of_set(struct value v, size_t samples)
{
    size_t seen = 0, bytes = 0;
    const struct bytes *member;
    struct set_iter it;

    if (v.encoding == SET_INTSET)
        return intset_memory(v.object);
    if (v.encoding == SET_PACK)
        return pack_memory(v.object);
    set_iter_start(&it, v);
    while ((samples == 0 || seen < samples) && (member = set_iter_next(&it))) {
        bytes += mem_class(block_size(member->len));
        seen++;
    }
    return dict_memory(v.object) + value_memory_of_all(bytes, seen, set_count(v));
}

static const char *
encoding_of_set(struct value v)
{
    static const char *const names[] = { "intset", "listpack", "hashtable" };

    return names[v.encoding];
}

static size_t
effort_of_set(struct value v)
{
    return v.encoding == SET_TABLE ? dict_count(v.object) : 1;
}

static void
digest_set(struct value v, unsigned char digest[20])
{
    const struct bytes *member;
    struct set_iter it;

    set_iter_start(&it, v);
    while ((member = set_iter_next(&it)))
        value_digest_xor(digest, *member);
}

void
set_check(struct value v)
{
    assert(v.type == TYPE_SET);
    if (v.encoding == SET_INTSET)
        intset_check(v.object);
    else if (v.encoding == SET_PACK)
        pack_check(v.object);
    else
        dict_check(v.object);
}

static const struct dict *
table_of_set(struct value v)
{
    return v.encoding == SET_TABLE ? v.object : NULL;
}

const struct value_type set_type = {
    .name = "set",
    .free = release,
    .copy = copy_set,
    .memory = memory_of_set,
    .encoding_name = encoding_of_set,
    .effort = effort_of_set,
    .length = set_count,
    .table = table_of_set,
    .digest = digest_set,
};
