/* SPDX-License-Identifier: MIT
 * values/v_zset.c - sorted sets: see v_zset.h.
 *
 * Why:        most sorted sets are short; the long ones are leaderboards and queues,
 *             asked for ranks and for their ends.
 * How:        few short members lie in a pack. Beyond the limits:
 *
 *               table (by member)           tree (by score, member)
 *               bucket -> block             [ leaf: words ] -> block
 *                             \                            /
 *                              | score 8 | len 1 | member |
 *
 *             One block a member, known to both: the table answers ZSCORE, the tree
 *             everything about order. A changed score moves the block in the tree only.
 * Invariants: 1. The form is left when a limit is passed and not taken again.
 *             2. Table and tree hold the same blocks.
 * Cost:       beside the member 9 bytes in the block, 14 in the table, 9 to 13 in the
 *             tree: 57 bytes for a member of 15 bytes.
 * Read next:  structs/btree.c, values/v_zset_pack.c, commands/c_zset.c */
#include "values/v_zset.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/rand.h"
#include "base/status.h"
#include "values/pick.h"
#include "values/v_zset_own.h"

static struct bytes
member_of(const void *item)
{
    return scored_bytes(item);
}

static void
free_member(void *item)
{
    scored_free(item);
}

static const struct dict_ops member_ops = {
    .key_of = member_of, .free_item = free_member
};

static inline uint64_t
hash_of(struct bytes b)
{
    return hash_bytes(b.at, b.len);
}

static struct value
value_of(enum zset_encoding encoding, void *object)
{
    return (struct value){ .type = TYPE_ZSET, .encoding = encoding, .object = object };
}

struct dict *
zset_table_new(void)
{
    return dict_new(&member_ops);
}

static struct value
tree_new(struct dict *members)
{
    struct zset *z = mem_alloc(sizeof *z);

    z->members = members;
    z->tree = btree_new();
    return value_of(ZSET_TREE, z);
}

struct value
zset_new(size_t len, const struct zset_limits *l)
{
    if (l->entries <= 0 || len > (uint64_t)l->value)
        return tree_new(zset_table_new());
    return value_of(ZSET_PACK, pack_new());
}

static int
compare_items(const void *a, const void *b)
{
    const struct scored *x = *(struct scored *const *)a, *y = *(struct scored *const *)b;

    return scored_compare(x->score, scored_bytes(x), y);
}

void
zset_sort(struct scored **items, size_t n)
{
    if (n > 1)
        qsort(items, n, sizeof items[0], compare_items);
}

static bool
fits_pack(struct scored *const *items, size_t n, const struct zset_limits *l)
{
    if (n > (uint64_t)l->entries || n >= PACK_BYTES_MAX / 32)
        return false;
    for (size_t i = 0, total = 0; i < n; i++) {
        size_t len = scored_bytes(items[i]).len;

        if (len > (uint64_t)l->value || len > PACK_BYTES_MAX / 2
            || (total += len + 32) > PACK_BYTES_MAX / 2)
            return false;
    }
    return true;
}

struct value
zset_take(struct dict *members, struct scored **items, size_t n,
          const struct zset_limits *l)
{
    struct pack *p;
    struct value v;

    zset_sort(items, n);
    if (fits_pack(items, n, l)) {
        p = pack_new();
        for (size_t i = 0; i < n; i++)
            p = zset_pack_append(p, scored_bytes(items[i]), items[i]->score);
        dict_free(members);
        return value_of(ZSET_PACK, p);
    }
    v = tree_new(members);
    for (size_t i = 0; i < n; i++)
        btree_insert(((struct zset *)v.object)->tree, items[i]);
    return v;
}

size_t
zset_count(struct value v)
{
    if (v.encoding == ZSET_PACK)
        return pack_count(v.object) / 2;
    return btree_count(((struct zset *)v.object)->tree);
}

/* --- one member --- */

void
zset_find(struct value v, struct bytes member, struct zset_place *out)
{
    if (v.encoding == ZSET_PACK) {
        out->at = zset_pack_find(v.object, member);
        out->found = out->at != PACK_END;
        if (out->found)
            out->score = zset_pack_score(v.object, out->at);
        return;
    }
    out->hash = hash_of(member);
    out->item = dict_find(((struct zset *)v.object)->members, member, out->hash);
    out->found = out->item != NULL;
    if (out->found)
        out->score = out->item->score;
}

static void
tree_add(struct zset *z, struct bytes member, uint64_t hash, double score)
{
    struct scored *item = scored_new(score, member);

    dict_add(z->members, item, hash);
    btree_insert(z->tree, item);
}

static void
become_tree(struct value *v)
{
    struct pack *p = v->object;
    uint32_t at = pack_first(p);
    struct zset_item item;

    *v = tree_new(zset_table_new());
    while (at != PACK_END) {
        at = zset_pack_get(p, at, &item);
        tree_add(v->object, item.member, hash_of(item.member), item.score);
    }
    pack_free(p);
}

void
zset_add(struct value *v, const struct zset_place *p, struct bytes member,
         double score, const struct zset_limits *l)
{
    assert(!p->found);
    if (LIKELY(v->encoding == ZSET_TREE)) {
        tree_add(v->object, member, p->hash, score);
        return;
    }
    if (zset_count(*v) < (uint64_t)l->entries && member.len <= (uint64_t)l->value
        && pack_fits(v->object, member.len + sizeof score, 2)) {
        v->object = zset_pack_add(v->object, member, score);
        return;
    }
    become_tree(v);
    tree_add(v->object, member, hash_of(member), score);
}

void
zset_rescore(struct value *v, const struct zset_place *p, struct bytes member,
             double score)
{
    assert(p->found);
    if (v->encoding == ZSET_TREE)
        btree_rescore(((struct zset *)v->object)->tree, p->item, score);
    else
        v->object = zset_pack_rescore(v->object, p->at, member, score);
}

void
zset_remove(struct value *v, const struct zset_place *p)
{
    struct zset *z = v->object;

    assert(p->found);
    if (v->encoding == ZSET_PACK) {
        v->object = pack_remove(v->object, p->at, 2);
        return;
    }
    btree_remove(z->tree, p->item);
    dict_remove_item(z->members, p->item, p->hash);
    scored_free(p->item);
}

size_t
zset_rank(struct value v, const struct zset_place *p)
{
    assert(p->found);
    if (v.encoding == ZSET_PACK)
        return zset_pack_rank(v.object, p->at);
    return btree_rank(((struct zset *)v.object)->tree, p->item);
}

/* --- many --- */

static void
forget(struct scored *item, void *members)
{
    dict_remove_item(members, item, hash_of(scored_bytes(item)));
    scored_free(item);
}

void
zset_remove_ranks(struct value *v, size_t from, size_t n)
{
    struct zset *z = v->object;

    if (n == 0)
        return;
    if (v->encoding == ZSET_PACK)
        v->object = pack_remove(v->object, pack_seek(v->object, 2 * from), 2 * n);
    else
        btree_remove_range(z->tree, from, n, forget, z->members);
}

static void
item_of(const struct scored *s, struct zset_item *out)
{
    out->member = scored_bytes(s);
    out->score = s->score;
}

void
zset_random(struct value v, struct zset_item *out)
{
    struct zset *z = v.object;

    if (v.encoding == ZSET_TREE)
        item_of(dict_random(z->members), out);
    else
        zset_pack_get(v.object, pack_seek(v.object, 2 * rand_below(zset_count(v))), out);
}

struct handing { zset_each_fn *each; void *arg; };

static void
hand(void *item, void *arg)
{
    struct handing *h = arg;
    struct zset_item out;

    item_of(item, &out);
    h->each(&out, h->arg);
}

void
zset_sample(struct value v, size_t n, zset_each_fn *each, void *arg)
{
    size_t left = zset_count(v);
    struct zset_iter it;
    struct zset_item item;

    if (v.encoding == ZSET_TREE && pick_by_drawing(n, left)) {
        struct handing h = { each, arg };

        pick_distinct(((struct zset *)v.object)->members, n, member_of, hand, &h);
        return;
    }
    if (n > left)
        n = left;
    zset_iter_start(&it, v, 0, false);
    while (n && zset_iter_next(&it, &item))
        if (pick_this(&n, &left))
            each(&item, arg);
}

uint64_t
zset_scan(struct value v, uint64_t cursor, size_t count, zset_each_fn *each, void *arg)
{
    struct handing h = { each, arg };
    struct zset_iter it;
    struct zset_item item;

    if (v.encoding == ZSET_TREE)
        return dict_scan(((struct zset *)v.object)->members, cursor, count, hand, &h);
    zset_iter_start(&it, v, 0, false);
    while (zset_iter_next(&it, &item))
        each(&item, arg);
    return 0;
}

/* --- as any value --- */

static void
free_zset(struct value v)
{
    struct zset *z = v.object;

    if (v.encoding == ZSET_PACK) {
        pack_free(v.object);
        return;
    }
    btree_free(z->tree);
    dict_free(z->members);
    mem_free_sized(z, sizeof *z);
}

static struct value
copy_zset(struct value v)
{
    const struct zset *from = v.object;
    struct btree_cursor c;
    struct scored *s;

    if (v.encoding == ZSET_PACK)
        return value_of(ZSET_PACK, pack_copy(v.object));
    v = tree_new(zset_table_new());
    dict_reserve(((struct zset *)v.object)->members, btree_count(from->tree));
    btree_seek(from->tree, 0, &c);
    while ((s = btree_next(&c))) {
        struct bytes member = scored_bytes(s);

        tree_add(v.object, member, hash_of(member), s->score);
    }
    return v;
}

static size_t
memory_of_zset(struct value v, size_t samples)
{
    const struct zset *z = v.object;
    size_t looked = 0, sum = 0;
    struct btree_cursor c;
    struct scored *s;

    if (v.encoding == ZSET_PACK)
        return pack_memory(v.object);
    btree_seek(z->tree, 0, &c);
    while ((!samples || looked < samples) && (s = btree_next(&c))) {
        sum += scored_memory(s);
        looked++;
    }
    sum = value_memory_of_all(sum, looked, btree_count(z->tree));
    return mem_class(sizeof *z) + dict_memory(z->members) + btree_memory(z->tree) + sum;
}

static const char *
encoding_of_zset(struct value v)
{
    return v.encoding == ZSET_PACK ? "listpack" : "skiplist";
}

static size_t
effort_of_zset(struct value v)
{
    const struct zset *z = v.object;

    return v.encoding == ZSET_PACK ? 1 : btree_count(z->tree) + btree_nodes(z->tree);
}

/* Members in any order; to each belongs its score. */
static void
digest_zset(struct value v, unsigned char digest[20])
{
    struct zset_iter it;
    struct zset_item item;
    char text[NUM_DOUBLE_MAX_TEXT];

    zset_iter_start(&it, v, 0, false);
    while (zset_iter_next(&it, &item)) {
        unsigned char pair[20] = { 0 };
        int len = snprintf(text, sizeof text, "%.17g", item.score);

        value_digest_mix(pair, item.member);
        value_digest_mix(pair, bytes_view(text, (size_t)len));
        value_digest_xor(digest, bytes_view(pair, sizeof pair));
    }
}

static const struct dict *
table_of_zset(struct value v)
{
    return v.encoding == ZSET_TREE ? ((const struct zset *)v.object)->members : NULL;
}

const struct value_type zset_type = {
    .name = "zset",
    .free = free_zset,
    .copy = copy_zset,
    .memory = memory_of_zset,
    .encoding_name = encoding_of_zset,
    .effort = effort_of_zset,
    .length = zset_count,
    .table = table_of_zset,
    .digest = digest_zset,
};

void
zset_check(struct value v)
{
    const struct zset *z = v.object;
    struct btree_cursor c;
    struct scored *s;

    if (v.encoding == ZSET_PACK) {
        zset_pack_check(v.object);
        return;
    }
    btree_check(z->tree);
    dict_check(z->members);
    assert(dict_count(z->members) == btree_count(z->tree));
    btree_seek(z->tree, 0, &c);
    while ((s = btree_next(&c))) {
        struct bytes member = scored_bytes(s);

        assert(dict_find(z->members, member, hash_of(member)) == s);
    }
}
