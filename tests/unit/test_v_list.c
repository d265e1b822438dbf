/* SPDX-License-Identifier: MIT
 * tests/unit/test_v_list.c - values/v_list.c against an array of texts. */
#include "values/v_list.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "base/num.h"
#include "base/rand.h"
#include "unit/text_model.h"

#define ROUNDS 100000
#define MODEL_MAX 120

/* Few different short texts, so that equal ones are found; some compress well, one in
 * a hundred is large. */
static struct bytes
random_text(char *buf)
{
    size_t len = rand_below(100) == 0 ? 8000 + rand_below(400)
               : rand_below(3) == 0 ? 60 : rand_below(3);

    if (rand_below(2))
        return bytes_view(buf, num_format_i64(buf, (int64_t)rand_below(8) * 997));
    memset(buf, 'a' + (int)rand_below(3), len);
    return bytes_view(buf, len);
}

static void
expect_text(struct listpack_item item, struct bytes wanted)
{
    char buf[NUM_I64_MAX_TEXT];

    cr_assert(bytes_equal(listpack_item_text(item, buf), wanted));
}

static void
expect_same(struct value v, const struct model *m)
{
    struct list_cursor cursor;
    struct listpack_item item;
    size_t i, from = m->count ? rand_below(m->count) : 0;

    cr_assert_eq(list_length(v), m->count);
    if (v.encoding == LIST_CHAIN)
        list_chain_check(v.object);
    if (m->count == 0)
        return;
    list_walk(&cursor, v, from, false);
    for (i = from; list_step(&cursor, &item); i++)
        expect_text(item, m->at[i]);
    cr_assert_eq(i, m->count);
    list_walk_end(&cursor);
    list_walk(&cursor, v, from, true);
    for (i = from + 1; list_step(&cursor, &item); i--)
        expect_text(item, m->at[i - 1]);
    cr_assert_eq(i, 0);
    list_walk_end(&cursor);
    expect_text(list_peek(v, LIST_HEAD), m->at[0]);
    expect_text(list_peek(v, LIST_TAIL), m->at[m->count - 1]);
}

static void
add(struct value *v, struct list_limits limits, struct model *m)
{
    static char buf[9000];
    struct bytes b = random_text(buf);
    size_t i = rand_below(m->count + 1);

    list_grow_for(v, limits, &b, 1);
    if (rand_below(2)) {
        list_insert(v, limits, i, b);
    } else {
        i = rand_below(2) ? 0 : m->count;
        list_push(v, limits, i == 0 ? LIST_HEAD : LIST_TAIL, b);
    }
    model_insert(m, i, b);
}

static void
replace(struct value *v, struct list_limits limits, struct model *m)
{
    static char buf[9000];
    struct bytes b = random_text(buf);
    size_t i = rand_below(m->count);

    list_grow_for(v, limits, &b, 1);
    list_replace(v, limits, i, b);
    model_delete(m, i, 1);
    model_insert(m, i, b);
}

static void
delete(struct value *v, struct list_limits limits, struct model *m)
{
    size_t i = rand_below(3) ? rand_below(m->count) : rand_below(2) ? 0 : m->count - 1;
    size_t n = rand_below(10) ? 1 : rand_below(60);
    struct value gone;

    if (rand_below(3))
        list_delete(v, limits, i, n);
    else if (list_cut(v, limits, i, n, &gone))
        list_type.free(gone);
    model_delete(m, i, n < m->count - i ? n : m->count - i);
}

static void
remove_equal(struct value *v, struct list_limits limits, struct model *m)
{
    static char buf[9000];
    struct bytes b = random_text(buf);
    size_t max = rand_below(3) ? 1 + rand_below(3) : SIZE_MAX, gone = 0, i;
    bool backward = rand_below(2);
    uint64_t said = list_remove(v, limits, b, max, backward);

    if (!backward)
        for (i = 0; i < m->count && gone < max;)
            if (bytes_equal(m->at[i], b))
                model_delete(m, i, 1), gone++;
            else
                i++;
    else
        for (i = m->count; i-- > 0 && gone < max;)
            if (bytes_equal(m->at[i], b))
                model_delete(m, i, 1), gone++;
    cr_assert_eq(said, gone);
}

static void
copy(struct value *v, struct model *m)
{
    struct value twin = list_type.copy(*v);
    unsigned char a[20] = { 0 }, b[20] = { 0 };

    list_type.digest(*v, a);
    list_type.digest(twin, b);
    cr_assert_eq(memcmp(a, b, 20), 0);
    expect_same(*v, m);
    list_type.free(*v);
    *v = twin;
}

/* Elements that may not share a node of a chain do not. */
static void
expect_alone(struct value v, struct list_limits limits)
{
    const struct list_node *node;
    struct list_cursor cursor;
    struct listpack_item item;
    char buf[NUM_I64_MAX_TEXT];

    if (list_length(v) == 0 || v.encoding != LIST_CHAIN)
        return;
    list_walk(&cursor, v, 0, false);
    while (list_step(&cursor, &item)) {
        node = cursor.node;
        if (!list_limits_share(limits, listpack_item_text(item, buf).len))
            cr_assert_eq(node->kind, NODE_LARGE);
    }
    list_walk_end(&cursor);
}

static void
one_step(struct value *v, struct list_limits limits, struct model *m, size_t at_most)
{
    if (m->count == 0 || (m->count < at_most && rand_below(5) < 3))
        add(v, limits, m);
    else if (m->count >= at_most || rand_below(2))
        delete(v, limits, m);
    else if (rand_below(2))
        replace(v, limits, m);
    else if (rand_below(4))
        remove_equal(v, limits, m);
    else
        copy(v, m);
    list_shrink(v, limits);
    expect_same(*v, m);
    expect_alone(*v, limits);
}

Test(v_list, agrees_with_an_array_over_100k_random_operations)
{
    static const int sizes[] = { 1, 3, 8, 50, 1000, -1, -2, 0 };
    static const uint64_t alone[] = { 0, 0, 60, 2, 1 };
    size_t chains = 0, squeezed = 0;

    rand_seed(3);
    for (size_t lists = 0; lists < 100; lists++) {
        struct list_limits limits = { sizes[lists % 8], (int)(lists / 8 % 4),
                                      alone[lists % 5] };
        size_t at_most = 1 + rand_below(lists % 3 ? 30 : MODEL_MAX);
        struct value v = list_new();
        struct model m = { .count = 0 };

        for (size_t round = 0; round < ROUNDS / 100; round++) {
            one_step(&v, limits, &m, at_most);
            chains += v.encoding == LIST_CHAIN;
            squeezed += list_facts(v).squeezed > 0;
        }
        list_type.free(v);
        model_delete(&m, 0, m.count);
    }
    cr_assert_gt(chains, ROUNDS / 10);
    cr_assert_gt(squeezed, ROUNDS / 100);
}

static struct value
numbered(size_t n, const char *before, struct list_limits limits)
{
    struct value v = list_new();
    char buf[64];

    for (size_t i = 0; i < n; i++) {
        int len = snprintf(buf, sizeof buf, "%s%zu", before, i);
        struct bytes b = bytes_view(buf, (size_t)len);
        list_grow_for(&v, limits, &b, 1);
        list_push(&v, limits, LIST_TAIL, b);
    }
    return v;
}

Test(v_list, grows_beyond_the_limit_and_shrinks_at_half_of_it)
{
    struct list_limits limits = { .size = 10 };
    struct value v = numbered(10, "", limits);
    struct bytes one = B("1");

    cr_assert_str_eq(list_type.encoding_name(v), "listpack");
    list_grow_for(&v, limits, &one, 1);
    cr_assert_str_eq(list_type.encoding_name(v), "quicklist");
    list_delete(&v, limits, 0, 4);
    list_shrink(&v, limits);
    cr_assert_str_eq(list_type.encoding_name(v), "quicklist");
    list_delete(&v, limits, 0, 1);
    list_shrink(&v, limits);
    cr_assert_str_eq(list_type.encoding_name(v), "listpack");
    cr_assert_eq(list_length(v), 5);
    list_type.free(v);
}

Test(v_list, gives_long_texts_nodes_of_their_own_where_they_are_demanded)
{
    struct list_limits limits = { .size = 9, .alone = 5 };
    struct value v = numbered(9, "", limits);

    list_replace(&v, limits, 4, B("first"));
    cr_assert_str_eq(list_type.encoding_name(v), "listpack", "where all are in one");
    list_grow_for(&v, limits, &B("long"), 1);
    list_push(&v, limits, LIST_TAIL, B("long"));
    cr_assert_eq(list_facts(v).nodes, 3);
    list_replace(&v, limits, 4, B("again"));
    cr_assert_eq(list_facts(v).nodes, 3);
    list_insert(&v, limits, 4, B("next to it"));
    list_insert(&v, limits, 5, B("long"));
    list_insert(&v, limits, 0, B("the head"));
    list_push(&v, limits, LIST_TAIL, B("the tail"));
    cr_assert_eq(list_facts(v).nodes, 7);
    cr_assert_eq(list_remove(&v, limits, B("the tail"), 1, true), 1);
    cr_assert_eq(list_remove(&v, limits, B("the head"), 1, false), 1);
    list_replace(&v, limits, 6, B("tiny"));
    list_replace(&v, limits, 4, B("tiny"));
    list_chain_check(v.object);
    cr_assert_eq(list_facts(v).nodes, 3);
    list_type.free(v);
}

/* --- where the form changes, computed from the format --- */

#define PACK_ENDS 7             /* of a listpack: its header and end mark */
#define TEXT_BYTES 100
#define ELEMENT_BYTES 103       /* such a text in a listpack */

enum way_to_grow { BY_PUSH, BY_INSERT, BY_REPLACE, WAYS };

static bool
is_pack(struct value v)
{
    return strcmp(list_type.encoding_name(v), "listpack") == 0;
}

/* Make element number `n` a text of TEXT_BYTES. */
static void
grow_by_one(struct value *v, struct list_limits limits, enum way_to_grow way, uint64_t n)
{
    static char text[TEXT_BYTES];
    struct bytes b = bytes_view(memset(text, 'x', sizeof text), sizeof text);

    list_grow_for(v, limits, &b, 1);
    if (way == BY_PUSH)
        list_push(v, limits, LIST_TAIL, b);
    else if (way == BY_INSERT)
        list_insert(v, limits, n / 2, b);
    else
        list_replace(v, limits, n, b);
    list_shrink(v, limits);
}

/* How many texts a list holds when it ceases to be a listpack. */
static uint64_t
grow_to_chain(struct value *v, struct list_limits limits, enum way_to_grow way)
{
    uint64_t n = 0;

    while (is_pack(*v) && n < 1000)
        grow_by_one(v, limits, way, n++);
    return n;
}

/* Beginning at the tail: how many are left when it is one again. */
static uint64_t
shrink_to_pack(struct value *v, struct list_limits limits)
{
    while (!is_pack(*v) && list_length(*v) > 0) {
        list_delete(v, limits, list_length(*v) - 1, 1);
        list_shrink(v, limits);
    }
    return list_length(*v);
}

Test(v_list, limits_in_bytes_are_met_exactly_in_both_directions)
{
    for (int i = 0; i < 6 * 3 * BY_REPLACE; i++) {
        struct list_limits limits = { .size = -1 - i % 6, .depth = i / 6 % 3 };
        uint64_t bytes = limits.size < -5 ? 65536 : 2048u << -limits.size;
        struct value v = list_new();

        cr_expect_eq(grow_to_chain(&v, limits, (enum way_to_grow)(i / 18)),
                     (bytes - PACK_ENDS - TEXT_BYTES) / ELEMENT_BYTES + 2);
        list_chain_check(v.object);
        cr_expect_eq(shrink_to_pack(&v, limits),
                     (bytes / 2 - PACK_ENDS) / ELEMENT_BYTES);
        list_type.free(v);
    }
}

Test(v_list, limits_in_elements_are_met_exactly_in_both_directions)
{
    static const int sizes[] = { 0, 1, 2, 3, 10, 77, 78, 79, 80, 128, 1000 };

    for (int i = 0; i < 11 * 3 * BY_REPLACE; i++) {
        struct list_limits limits = { .size = sizes[i % 11], .depth = i / 11 % 3 };
        uint64_t most = limits.size ? (uint64_t)limits.size : 1;
        /* 8 KB are enough, however many were allowed */
        uint64_t safe = (8192 - PACK_ENDS - TEXT_BYTES) / ELEMENT_BYTES + 1;
        struct value v = list_new();

        cr_expect_eq(grow_to_chain(&v, limits, (enum way_to_grow)(i / 33)),
                     (most < safe ? most : safe) + 1);
        list_chain_check(v.object);
        if (most <= safe)
            cr_expect_eq(shrink_to_pack(&v, limits), most / 2);
        list_type.free(v);
    }
}

Test(v_list, a_replacement_that_is_too_large_makes_a_chain_and_a_small_one_a_listpack)
{
    for (int size = -5; size <= -1; size++) {
        struct list_limits limits = { .size = size };
        struct value v = numbered(1000, "", limits);
        uint64_t grown, n;

        cr_assert(is_pack(v));
        grown = grow_to_chain(&v, limits, BY_REPLACE);
        cr_expect_lt(grown, 1000);
        cr_expect_eq(list_length(v), 1000);
        list_chain_check(v.object);
        for (n = 0; n < grown; n++) {
            list_replace(&v, limits, n, B("1"));
            list_shrink(&v, limits);
        }
        cr_expect_eq(list_facts(v).nodes <= 1, is_pack(v));
        list_type.free(v);
    }
}

/* As many nodes as their limit demands, for pushes fill them up. */
Test(v_list, pushes_fill_one_node_after_the_other)
{
    static const int sizes[] = { 1, 2, 3, 10, 50, -1, -2, -3, -4, -5 };

    for (int i = 0; i < 10; i++) {
        struct list_limits limits = { .size = sizes[i], .depth = i % 3 };
        uint64_t n = 2500, bytes = list_limits_bytes(limits);
        uint64_t in_one = sizes[i] > 0 ? (uint64_t)sizes[i]
                                       : (bytes - PACK_ENDS) / ELEMENT_BYTES;
        struct value v = list_new();
        uint64_t nodes;

        for (uint64_t k = 0; k < n; k++) {
            grow_by_one(&v, limits, BY_PUSH, 2);
            if (!is_pack(v))
                list_chain_check(v.object);
        }
        nodes = list_facts(v).nodes;
        cr_expect_geq(nodes, (n + in_one - 1) / in_one);
        cr_expect_leq(nodes, (n + in_one - 1) / in_one * 103 / 100 + 1);
        if (limits.depth && nodes > 2 * (uint64_t)limits.depth && in_one > 1)
            cr_expect_eq(list_facts(v).squeezed, nodes - 2 * (uint64_t)limits.depth);
        list_type.free(v);
    }
}

Test(v_list, takes_at_most_19_bytes_for_an_element_of_16)
{
    struct list_limits limits = { .size = -2 };
    struct value v = list_new();
    struct bytes b = B("element:00000000");
    size_t i, n = 100000;

    for (i = 0; i < n; i++) {
        list_grow_for(&v, limits, &b, 1);
        list_push(&v, limits, i & 1 ? LIST_HEAD : LIST_TAIL, b);
    }
    cr_assert_leq(list_type.memory(v, 0), 19 * n);
    list_type.free(v);
}

Test(v_list, compresses_all_nodes_but_those_at_the_ends)
{
    struct list_limits limits = { .size = -1, .depth = 2 };
    struct value v = numbered(20000, "element:", limits);
    struct value plain = numbered(20000, "element:", (struct list_limits){ .size = -1 });
    struct list_facts facts = list_facts(v);
    struct list_cursor cursor;
    struct listpack_item item;

    cr_assert_eq(facts.squeezed, facts.nodes - 4);
    cr_assert_lt(list_type.memory(v, 0), list_type.memory(plain, 0));
    list_walk(&cursor, v, 10000, false);
    cr_assert(list_step(&cursor, &item));
    expect_text(item, B("element:10000"));
    list_walk_end(&cursor);
    list_chain_check(v.object);
    list_delete(&v, limits, 100, 19800);
    list_chain_check(v.object);
    cr_assert_eq(list_facts(v).squeezed, 0);
    list_type.free(v);
    list_type.free(plain);
}
