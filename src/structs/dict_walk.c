/* SPDX-License-Identifier: MIT
 * structs/dict_walk.c - the ways to meet many items of a dict: scan, iterate,
 * pick at random, check.
 *
 * Why:        SCAN must not miss or repeat an item while the table grows and
 *             shrinks under it, and must not keep state per client.
 * How:        a cursor is a position p: everything below p was handed out.  The
 *             next bucket is the one p falls into, in whichever array holds p.
 *             A cursor that comes back after a resize may point into the middle
 *             of a bucket: then, and only then, the items are hashed to leave
 *             out those below it.  Positions of items never change, so whatever
 *             is present all along is met exactly once.
 *             A fair pick draws a bucket and a ticket of a few more than a
 *             bucket ever holds; the ticket names an item or is a blank: again.
 * Invariants: those of dict.c.
 * Cost:       a fair pick visits 3 or 4 buckets.
 * Left out:   fairness for items in chains of more than three times the usual
 *             length: they share one ticket.
 * Read next:  keyspace/keyspace.h */
#include "structs/dict.h"
#include <assert.h>
#include "base/alloc.h"
#include "base/rand.h"
#include "structs/dict_resize.h"

/* --- scan --- */

#define USUAL_CHAIN 64          /* longer ones need the heap */

/* Call `each` for the chain's items at or after `cursor`.  They are copied
 * first: `each` may remove them, and others move into their slots. */
static size_t
hand_out(struct dict *d, struct bucket *head, bool is_start, uint64_t cursor,
         dict_each_fn *each, void *arg)
{
    void *usual[USUAL_CHAIN], **items = usual;
    size_t count = bucket_chain_count(head), n = 0, handed = 0;

    if (count > USUAL_CHAIN)
        items = mem_alloc(count * sizeof *items);
    for (struct bucket *b = head; b != NULL; b = bucket_child(b)) {
        for (unsigned i = 0; i < bucket_count(b); i++) {
            __builtin_prefetch(b->slots[i]);
            items[n++] = b->slots[i];
        }
    }
    for (size_t i = 0; i < n; i++) {
        if (!is_start && dict_position(dict_hash_of(d, items[i])) < cursor)
            continue;
        each(items[i], arg);
        handed++;
    }
    if (items != usual)
        mem_free(items);
    return handed;
}

uint64_t
dict_scan(struct dict *d, uint64_t cursor, size_t count, dict_each_fn *each, void *arg)
{
    size_t seen = 0, visited = 0, before = d->count;

    if (d->count == 0 || cursor >= POSITION_END)
        return 0;
    d->busy++;
    do {
        struct dict_array *a = cursor < d->boundary ? &d->front : &d->back;
        uint64_t limit = cursor < d->boundary ? d->boundary : POSITION_END;
        uint64_t at = dict_bucket_of(cursor, a->buckets);
        uint64_t end = dict_start_of(at + 1, a->buckets);
        bool is_start = cursor == dict_start_of(at, a->buckets);

        if (at + 1 < a->buckets)
            __builtin_prefetch(&a->at[at + 1]);
        seen += hand_out(d, &a->at[at], is_start, cursor, each, arg);
        cursor = end < limit ? end : limit;
    } while (cursor < POSITION_END && seen < count && ++visited / 10 < count);
    d->busy--;
    if (d->count < before)
        dict_step(d, before - d->count);
    return cursor < POSITION_END ? cursor : 0;
}

/* --- iterate --- */

void
dict_iter_start(struct dict_iter *it, struct dict *d)
{
    *it = (struct dict_iter){ .d = d };
}

/* The buckets that come next: their lines, then what they point to. */
static void
prefetch_next(const struct dict *d, uint64_t at, uint64_t live)
{
    const struct bucket *b;

    if (at + 6 < live)
        __builtin_prefetch(dict_live_bucket(d, at + 6));
    if (at + 2 >= live)
        return;
    b = dict_live_bucket(d, at + 2);
    for (int i = 0; i < BUCKET_SLOTS; i++)
        __builtin_prefetch(b->slots[i]);
}

void *
dict_iter_next(struct dict_iter *it)
{
    struct bucket *b = it->chain;
    uint64_t live;

    while (b == NULL || it->slot == (int)bucket_count(b)) {
        it->slot = 0;
        if (b != NULL && (b = bucket_child(b)) != NULL)
            continue;
        live = dict_live_buckets(it->d);
        if (it->bucket >= live || it->d->count == 0)
            return NULL;
        prefetch_next(it->d, it->bucket, live);
        b = dict_live_bucket(it->d, it->bucket++);
    }
    it->chain = b;
    return b->slots[it->slot++];
}

/* --- random --- */

#define FEW_BUCKETS 8           /* count items one by one up to here */
#define PATIENCE 512            /* blanks before we take what we find */

/* The first item at or after bucket `at`, going round. */
static void *
first_from(const struct dict *d, uint64_t at, uint64_t live)
{
    struct bucket *b = dict_live_bucket(d, at);

    while (bucket_count(b) == 0) {
        at = at + 1 < live ? at + 1 : 0;
        b = dict_live_bucket(d, at);
    }
    return bucket_nth(b, rand_below(bucket_chain_count(b)));
}

static void *
nth_of_all(const struct dict *d, size_t nth, uint64_t live)
{
    struct bucket *b;
    size_t here;

    for (uint64_t at = 0; at < live; at++) {
        b = dict_live_bucket(d, at);
        here = bucket_chain_count(b);
        if (nth < here)
            return bucket_nth(b, nth);
        nth -= here;
    }
    return NULL;
}

void *
dict_random(struct dict *d)
{
    uint64_t live = dict_live_buckets(d), tickets, ticket;
    struct bucket *b;
    void *item;
    size_t len;

    if (d->count == 0)
        return NULL;
    if (live <= FEW_BUCKETS)
        return nth_of_all(d, rand_below(d->count), live);
    tickets = 2 * (d->count / live) + 8;
    for (int i = 0; i < PATIENCE; i++) {
        b = dict_live_bucket(d, rand_below(live));
        ticket = rand_below(tickets + 1);
        if (ticket == tickets && (len = bucket_chain_count(b)) > tickets)
            ticket += rand_below(len - tickets);
        item = bucket_nth(b, ticket);
        if (item != NULL)
            return item;
    }
    return first_from(d, rand_below(live), live);
}

size_t
dict_sample(struct dict *d, void **out, size_t n)
{
    uint64_t live = dict_live_buckets(d), at, visited;
    size_t got = 0;

    if (d->count == 0)
        return 0;
    at = rand_below(live);
    for (visited = 0; visited < live && got < n; visited++) {
        for (struct bucket *b = dict_live_bucket(d, at); b != NULL; b = bucket_child(b))
            for (unsigned i = 0; i < bucket_count(b) && got < n; i++)
                out[got++] = b->slots[i];
        at = at + 1 < live ? at + 1 : 0;
    }
    return got;
}

/* --- shape and check --- */

size_t
dict_shape(const struct dict *d, size_t *by_items, size_t n)
{
    uint64_t live = d->count ? dict_live_buckets(d) : 0;
    size_t most = 0, items;

    memset(by_items, 0, n * sizeof *by_items);
    for (uint64_t at = 0; at < live; at++) {
        items = bucket_chain_count(dict_live_bucket(d, at));
        by_items[items < n ? items : n - 1]++;
        most = items > most ? items : most;
    }
    return most;
}

static void
check_bucket(const struct dict *d, const struct bucket *head, size_t *count,
             size_t *children)
{
    bucket_check(head);
    for (const struct bucket *b = head; b != NULL; b = bucket_child(b)) {
        *children += b != head;
        for (unsigned i = 0; i < bucket_count(b); i++) {
            uint64_t hash = dict_hash_of(d, b->slots[i]);

            assert(dict_home(d, dict_position(hash)) == head);
            assert(b->tags[i] == bucket_tag(hash));
            ++*count;
        }
    }
}

void
dict_check(const struct dict *d)
{
    uint64_t live = dict_live_buckets(d);
    size_t count = 0, children = 0;

    assert(d->front.buckets > 0 && d->busy == 0);
    if (dict_is_resizing(d)) {
        assert(d->back.at != NULL && d->moved < d->back.buckets);
        assert(d->boundary == dict_start_of(d->moved, d->back.buckets));
        assert(d->drained <= d->moved * sizeof(struct bucket));
    } else {
        assert(d->back.at == NULL && d->back.buckets == 0 && d->moved == 0);
    }
    for (uint64_t at = 0; at < live; at++)
        check_bucket(d, dict_live_bucket(d, at), &count, &children);
    for (uint64_t at = live - (d->back.buckets - d->moved); at < d->front.buckets; at++)
        assert(bucket_count(&d->front.at[at]) == 0);
    assert(count == d->count && children == d->children);
    assert(d->grow_at > 0 || d->count == 0);
}
