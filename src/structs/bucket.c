/* SPDX-License-Identifier: MIT
 * structs/bucket.c - chains of cache-line buckets.
 *
 * Why:        a lookup should wait for memory once to learn where its item can
 *             be, so everything about seven items sits in one cache line.
 * How:        the drawing in bucket.h.  Items stay packed at the front, so the
 *             count says which slots are in use.
 * Invariants: 1. slots 0..count-1 hold items with tags >= 1; every other tag is 0.
 *             2. a head is chained only when its chain has more than 7 items,
 *                and then its own 6 slots are full.
 *             3. all children but the first are full, none is empty.
 *             bucket_check() asserts them.
 * Cost:       64 bytes per bucket; 9.1 per item when full.
 * Read next:  structs/dict.c */
#include "structs/bucket.h"
#include <assert.h>
#include <stddef.h>
#include "base/alloc.h"

_Static_assert(sizeof(struct bucket) == 64, "a bucket is one cache line");

#define LINK (BUCKET_SLOTS - 1)

static unsigned
room(const struct bucket *b)
{
    return (b->meta & BUCKET_CHAINED ? LINK : BUCKET_SLOTS) - bucket_count(b);
}

static void
append(struct bucket *b, uint8_t tag, void *item)
{
    unsigned at = bucket_count(b);

    b->tags[at] = tag;
    b->slots[at] = item;
    b->meta++;
}

static void
link_child(struct bucket *b, struct bucket *child)
{
    b->tags[LINK] = 0;
    b->slots[LINK] = child;
    b->meta |= BUCKET_CHAINED;
}

static struct bucket *
new_child(void)
{
    return mem_zalloc(sizeof(struct bucket));
}

static void
free_child(struct bucket *child)
{
    mem_free_sized(child, sizeof *child);
}

int
bucket_push(struct bucket *head, uint8_t tag, void *item)
{
    struct bucket *first, *child;

    if (room(head) > 0) {
        append(head, tag, item);
        return 0;
    }
    first = bucket_child(head);
    if (first != NULL && room(first) > 0) {
        append(first, tag, item);
        return 0;
    }
    child = new_child();
    if (first != NULL) {
        link_child(child, first);
    } else {
        append(child, head->tags[LINK], head->slots[LINK]);
        head->meta--;
    }
    append(child, tag, item);
    link_child(head, child);
    return 1;
}

/* Move the last item of `from` into a slot of `to`; `from` forgets it. */
static void
refill(struct bucket *to, int slot, struct bucket *from)
{
    unsigned last = bucket_count(from) - 1;

    to->tags[slot] = from->tags[last];
    to->slots[slot] = from->slots[last];
    from->tags[last] = 0;
    from->slots[last] = NULL;
    from->meta--;
}

int
bucket_take(struct bucket *head, struct bucket *holder, int slot)
{
    struct bucket *first = bucket_child(head);

    if (first == NULL) {
        refill(head, slot, head);
        return 0;
    }
    refill(holder, slot, first);
    if (bucket_count(first) == 0) {
        head->slots[LINK] = bucket_child(first);    /* full: invariant 3 */
        free_child(first);
        return 1;
    }
    if (bucket_count(first) > 1 || bucket_child(first) != NULL)
        return 0;
    head->meta = LINK;                  /* seven are left: they fit the head */
    append(head, first->tags[0], first->slots[0]);
    free_child(first);
    return 1;
}

size_t
bucket_clear(struct bucket *head)
{
    struct bucket *child = bucket_child(head), *next;
    size_t freed = 0;

    for (; child != NULL; child = next) {
        next = bucket_child(child);
        free_child(child);
        freed++;
    }
    memset(head, 0, sizeof *head);
    return freed;
}

size_t
bucket_chain_count(const struct bucket *head)
{
    size_t count = 0;

    for (; head != NULL; head = bucket_child(head))
        count += bucket_count(head);
    return count;
}

void *
bucket_nth(const struct bucket *head, size_t nth)
{
    for (; head != NULL; head = bucket_child(head)) {
        if (nth < bucket_count(head))
            return head->slots[nth];
        nth -= bucket_count(head);
    }
    return NULL;
}

void
bucket_check(const struct bucket *head)
{
    const struct bucket *b, *child;

    for (b = head; b != NULL; b = child) {
        child = bucket_child(b);
        for (int i = 0; i < BUCKET_SLOTS; i++)
            assert((b->tags[i] != 0) == (i < (int)bucket_count(b)));
        for (unsigned i = 0; i < bucket_count(b); i++)
            assert(b->slots[i] != NULL);
        if (b == head)
            assert(child == NULL || room(b) == 0);
        else
            assert(bucket_count(b) > 0 && (b == bucket_child(head) || room(b) == 0));
    }
    assert(bucket_child(head) == NULL || bucket_chain_count(head) > BUCKET_SLOTS);
}
