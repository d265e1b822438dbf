/* SPDX-License-Identifier: MIT
 * structs/dict_resize.c - how a dict grows and shrinks without a stall.
 *
 * Why:        doubling wastes half of the table on average, needs both copies
 *             at once, and frees the old one in a single long call.
 * How:        buckets are in hash order in the old array as in the new one, so
 *             one boundary splits the hash space, and it only moves up:
 *
 *               positions  0 ............ boundary ............... 2^48
 *               front      [ filled ......|  not touched yet: no memory  ]
 *               back       [ given back   |  items not moved yet ]
 *
 *             Each add moves one bucket of back into front, so a growth by half
 *             is over after a seventh more items.  The mapping of front gets its
 *             pages as the boundary passes, that of back is unmapped behind it:
 *             memory goes from n to 1.5 n without a peak.  Items have to be hashed
 *             again, which would wait for memory: those of the bucket four moves
 *             ahead are prefetched.  A bucket that falls into one bucket of front
 *             (when shrinking) is moved without looking at its items.
 * Invariants: 1. boundary == start of back's bucket `moved`; POSITION_END when not
 *                resizing, and then back is empty.
 *             2. back's buckets below `moved` are never read again; front's buckets
 *                beyond the boundary are empty.
 *             3. `charged` is what the mappings hold, to a CHUNK.
 * Cost:       seven hashes and stores on every add while it lasts.  7 items per
 *             bucket when growth begins: 12.8 bytes per item then, at most 14.4 at
 *             any time, 13.5 on average.  No add above 0.5 ms up to 20M items.
 * Left out:   huge pages.  Batched finds gain about a tenth from them, but touching
 *             one for the first time took 5 ms and more on a virtual machine, the
 *             very stall this file exists to avoid.
 *             Moving on finds: a find writes nothing, and copies no page while a
 *             child process shares them.
 * Read next:  structs/dict.c */
#include "structs/dict_resize.h"
#include <assert.h>
#include <sys/mman.h>
#include "base/alloc.h"
#include "base/status.h"

#define FILL 7                  /* items per bucket when growth begins */
#define OVERFULL 3              /* times that, and it begins even when held */
#define SPARSE 3                /* shrink below a third of that */
#define MAP_MIN (1ul << 20)     /* arrays from here on are mappings */
#define CHUNK (64ul << 10)      /* they are given back by this much at a time */
#define PIECE (4ul << 20)       /* and by this much when all of one is */
#define TINY (4096 / sizeof(struct bucket))     /* moved at once, held or not */
#define MOVES_PER_ADD 1
#define MOVES_PER_REMOVE 2
#define EMPTY_PER_MOVE 16       /* empty buckets passed for the price of one */

/* How far ahead of the move we ask for memory, in buckets: lines of children
 * first, then the items of the whole chain. */
#define AHEAD_CHILDREN 8
#define AHEAD_ITEMS 4

/* A fork child lives: the one thing all dicts of the process share. */
static bool held;

void
dict_hold_resize(bool hold)
{
    held = hold;
}

/* --- arrays --- */

static size_t
array_bytes(const struct dict_array *a)
{
    return a->buckets * sizeof(struct bucket);
}

static bool
is_mapped(const struct dict_array *a)
{
    return array_bytes(a) >= MAP_MIN;
}

static size_t
round_up(size_t bytes, size_t unit)
{
    return (bytes + unit - 1) / unit * unit;
}

/* Zero pages that take no memory until they are touched; false when there is
 * no room for them. */
static bool
array_map(struct dict_array *a)
{
    void *at = mmap(NULL, round_up(array_bytes(a), CHUNK), PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    a->at = at != MAP_FAILED ? at : NULL;
    return a->at != NULL;
}

static bool
array_new(struct dict_array *a, uint64_t buckets)
{
    a->buckets = buckets;
    if (is_mapped(a))
        return array_map(a);
    a->at = mem_zalloc(array_bytes(a));
    return true;
}

/* Give the array back, but for `drained` bytes at its front that are gone.  Piece by
 * piece: a background thread that unmaps much at once would keep the others from
 * mapping anything. */
static void
array_free(struct dict_array *a, size_t drained)
{
    size_t bytes = round_up(array_bytes(a), CHUNK), n;

    if (!is_mapped(a))
        mem_free_sized(a->at, array_bytes(a));
    for (; is_mapped(a) && drained < bytes; drained += n) {
        n = bytes - drained < PIECE ? bytes - drained : PIECE;
        munmap((char *)a->at + drained, n);
    }
    *a = (struct dict_array){ 0 };
}

/* What the mappings hold now.  Front's pages come as the boundary passes. */
static size_t
mapped_bytes(const struct dict *d)
{
    size_t bytes = 0, used;

    if (is_mapped(&d->front)) {
        used = array_bytes(&d->front);
        if (dict_is_resizing(d) && d->boundary == 0)
            used = 0;
        else if (dict_is_resizing(d))
            used = (dict_bucket_of(d->boundary - 1, d->front.buckets) + 1) *
                   sizeof(struct bucket);
        used = round_up(used, CHUNK);
        bytes += used < array_bytes(&d->front) ? used : array_bytes(&d->front);
    }
    if (is_mapped(&d->back) && d->drained < array_bytes(&d->back))
        bytes += array_bytes(&d->back) - d->drained;
    return bytes;
}

static void
charge(struct dict *d)
{
    size_t now = mapped_bytes(d);

    if (now != d->charged)
        mem_account((long)now - (long)d->charged);
    d->charged = now;
}

size_t
dict_array_memory(const struct dict *d)
{
    size_t bytes = d->charged + d->children * mem_class(sizeof(struct bucket));

    if (d->grow_at > 0 && !is_mapped(&d->front))
        bytes += mem_class(array_bytes(&d->front));
    if (d->back.at != NULL && !is_mapped(&d->back))
        bytes += mem_class(array_bytes(&d->back));
    return bytes;
}

void
dict_use_nothing(struct dict *d)
{
    static const struct bucket nothing;     /* grow_at 0 keeps writers away */

    d->front = (struct dict_array){ (struct bucket *)&nothing, 1 };
    d->back = (struct dict_array){ 0 };
    d->boundary = POSITION_END;
    d->grow_at = d->shrink_at = 0;
    d->moved = d->drained = 0;
}

void
dict_drop_arrays(struct dict *d)
{
    uint64_t live = dict_live_buckets(d);

    if (d->grow_at == 0)
        return;
    for (uint64_t at = 0; at < live && d->children > 0; at++)
        d->children -= bucket_clear(dict_live_bucket(d, at));
    array_free(&d->front, 0);
    if (d->back.at != NULL)
        array_free(&d->back, d->drained);
    dict_use_nothing(d);
    d->count = 0;
    mem_account(-(long)d->charged);
    d->charged = 0;
}

uint64_t
dict_live_buckets(const struct dict *d)
{
    uint64_t in_front = d->front.buckets;

    if (dict_is_resizing(d))
        in_front = d->boundary == 0 ? 0
                   : dict_bucket_of(d->boundary - 1, d->front.buckets) + 1;
    return in_front + d->back.buckets - d->moved;
}

struct bucket *
dict_live_bucket(const struct dict *d, uint64_t at)
{
    uint64_t in_back = d->back.buckets - d->moved;
    uint64_t in_front = dict_live_buckets(d) - in_back;

    return at < in_front ? d->front.at + at : d->back.at + d->moved + (at - in_front);
}

/* --- moving --- */

static void
prefetch_ahead(const struct dict *d)
{
    uint64_t at = d->moved + AHEAD_CHILDREN;
    const struct bucket *b;

    if (at < d->back.buckets && (b = bucket_child(d->back.at + at)) != NULL)
        __builtin_prefetch(b);
    at = d->moved + AHEAD_ITEMS;
    if (at >= d->back.buckets)
        return;
    for (b = d->back.at + at; b != NULL; b = bucket_child(b))
        for (unsigned i = 0; i < bucket_count(b); i++)
            __builtin_prefetch(b->slots[i]);
}

/* Unmap what of back was moved, in whole chunks. */
static void
drain(struct dict *d)
{
    size_t done = d->moved * sizeof(struct bucket) / CHUNK * CHUNK;

    if (done == d->drained || !is_mapped(&d->back))
        return;
    munmap((char *)d->back.at + d->drained, done - d->drained);
    d->drained = done;
}

static void
finish(struct dict *d)
{
    array_free(&d->back, d->drained);
    d->moved = d->drained = 0;
    d->boundary = POSITION_END;
    charge(d);
}

/* Move the next bucket of back; false when it was empty. */
static bool
move_bucket(struct dict *d)
{
    struct bucket *head = d->back.at + d->moved, *b;
    uint64_t end = dict_start_of(d->moved + 1, d->back.buckets);
    uint64_t first = dict_bucket_of(d->boundary, d->front.buckets);
    bool same = first == dict_bucket_of(end - 1, d->front.buckets);
    bool was_empty = bucket_count(head) == 0;
    uint64_t to = first;

    prefetch_ahead(d);
    for (b = head; b != NULL; b = bucket_child(b)) {
        for (unsigned i = 0; i < bucket_count(b); i++) {
            if (!same)
                to = dict_bucket_of(dict_position(dict_hash_of(d, b->slots[i])),
                                    d->front.buckets);
            d->children += bucket_push(d->front.at + to, b->tags[i], b->slots[i]);
        }
    }
    if (bucket_child(head) != NULL)
        d->children -= bucket_clear(head);
    d->moved++;
    d->boundary = end;
    if (d->moved == d->back.buckets)
        finish(d);
    return !was_empty;
}

/* Bounded work: `moves` buckets with items, or many empty ones. */
static void
move_some(struct dict *d, size_t moves)
{
    size_t empty = moves * EMPTY_PER_MOVE;

    while (moves > 0 && dict_is_resizing(d)) {
        if (move_bucket(d))
            moves--;
        else if (empty-- == 0)
            break;
    }
    if (dict_is_resizing(d)) {
        drain(d);
        charge(d);
    }
}

static void
set_limits(struct dict *d)
{
    d->grow_at = d->front.buckets * FILL;
    d->shrink_at = d->front.buckets > 1 ? d->grow_at / SPARSE : 0;
}

/* Begin to move into an array of `buckets`; false when there is no memory. */
static bool
start(struct dict *d, uint64_t buckets)
{
    struct dict_array fresh;

    assert(!dict_is_resizing(d));
    if (!array_new(&fresh, buckets))
        return false;
    if (d->grow_at == 0 || (d->count == 0 && !is_mapped(&d->front))) {
        dict_drop_arrays(d);
        d->front = fresh;
    } else {
        d->back = d->front;
        d->front = fresh;
        d->boundary = 0;
    }
    set_limits(d);
    charge(d);
    if (d->back.buckets <= TINY)
        move_some(d, d->back.buckets);
    return true;
}

/* Buckets for `count` items when they are to grow by half before the next
 * growth; at least one. */
static uint64_t
target(size_t count)
{
    uint64_t buckets = (count + count / 2 + FILL - 1) / FILL;

    return buckets > 0 ? buckets : 1;
}

/* While a child lives, only small tables and badly overfull ones may move. */
static bool
may_move(const struct dict *d)
{
    uint64_t buckets = d->front.buckets;

    if (LIKELY(!held) || buckets <= TINY)
        return d->busy == 0;
    if (dict_is_resizing(d) && d->back.buckets < buckets)
        buckets = d->back.buckets;
    return d->busy == 0 && d->count >= buckets * FILL * OVERFULL;
}

void
dict_before_add(struct dict *d)
{
    if (LIKELY(d->count < d->grow_at && !dict_is_resizing(d)))
        return;
    if (d->grow_at > 0 && !may_move(d))
        return;
    if (dict_is_resizing(d))
        move_some(d, MOVES_PER_ADD);
    else
        start(d, target(d->count));
}

/* The table has become too large, and a smaller one is worth moving for. */
static bool
is_sparse(const struct dict *d)
{
    return d->count < d->shrink_at && target(d->count) < d->front.buckets;
}

void
dict_after_remove(struct dict *d)
{
    if (LIKELY(d->count >= d->shrink_at && !dict_is_resizing(d)))
        return;
    if (!may_move(d))
        return;
    if (dict_is_resizing(d))
        move_some(d, MOVES_PER_REMOVE);
    else if (is_sparse(d))
        start(d, target(d->count));
}

/* A growth or shrinking should begin. */
static bool
is_due(const struct dict *d)
{
    return !dict_is_resizing(d) && (d->count > d->grow_at || is_sparse(d));
}

bool
dict_step(struct dict *d, size_t moves)
{
    if (!may_move(d))
        return false;
    if (is_due(d) && !start(d, target(d->count)))
        return false;
    if (dict_is_resizing(d))
        move_some(d, moves);
    return dict_is_resizing(d) || is_due(d);
}

void
dict_reserve(struct dict *d, size_t n)
{
    uint64_t buckets = n / FILL + 1;

    if (n <= d->grow_at || n > SIZE_MAX / 128 || d->busy > 0)
        return;
    while (dict_is_resizing(d))
        move_some(d, d->back.buckets);
    start(d, buckets);
}
