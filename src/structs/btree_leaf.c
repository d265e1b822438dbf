/* SPDX-License-Identifier: MIT
 * structs/btree_leaf.c - see btree_leaf.h, which has the drawing.
 *
 * Why:        16 bytes for a score and a pointer would store each score twice; a
 *             pointer alone would cost a cache miss for every step of a search.
 *             The pointer's idle 16 bits hold enough of the score to do nearly all
 *             of the search.
 * How:        the keys of scores are seen on a grid of 2^shift; a delta is the
 *             number of the grid line, counted from base.  When an item does not
 *             fit, the grid becomes coarser: exact for those already here, without
 *             reading their blocks, for floor(floor(k / 2^a) / 2^b) is
 *             floor(k / 2^(a+b)).  When sharing has left so few lines that deltas
 *             say little, the blocks are read once and the grid made as fine as 16
 *             bits allow.
 * Invariants: 1. (scored_key(score) >> shift) - base is the item's delta: >= 0 and
 *                < 2^16.
 *             2. items ascend strictly, so deltas never descend.
 *             leaf_check() asserts them.
 * Cost:       8 bytes a member and its share of 32 for the head.
 * Left out:   members' bytes in the deltas: with equal scores each step of a search
 *             reads a block.
 * Read next:  structs/btree.c */
#include "structs/btree_leaf.h"

#include <assert.h>

#include "base/alloc.h"

#define DELTA_SHIFT 48
#define DELTA_MAX 0xffffu
#define POINTER_MASK ((UINT64_C(1) << DELTA_SHIFT) - 1)
#define FEW_LINES 1024          /* fewer lines than this in use: refine the grid */

static inline uint64_t
delta_of(uint64_t word)
{
    return word >> DELTA_SHIFT;
}

static inline uint64_t
word_of(uint64_t delta, const struct scored *item)
{
    return delta << DELTA_SHIFT | (uint64_t)(uintptr_t)item;
}

struct leaf *
leaf_new(void)
{
    struct leaf *leaf = mem_alloc(sizeof *leaf);

    leaf->prev = leaf->next = NULL;
    leaf->base = 0;
    leaf->count = 0;
    leaf->shift = 0;
    return leaf;
}

void
leaf_free(struct leaf *leaf)
{
    mem_free_sized(leaf, sizeof *leaf);
}

/* --- the grid --- */

/* Count lines from `base` of a grid that is 2^coarser coarser than now. */
static void
set_grid(struct leaf *leaf, uint64_t base, unsigned coarser)
{
    for (unsigned i = 0; i < leaf->count; i++) {
        uint64_t line = (leaf->base + delta_of(leaf->words[i])) >> coarser;

        leaf->words[i] = (line - base) << DELTA_SHIFT | (leaf->words[i] & POINTER_MASK);
    }
    leaf->base = base;
    leaf->shift += coarser;
}

/* Make the grid hold lines `low` to `high`, both of the grid as it is, and those in
 * use. */
static void
widen(struct leaf *leaf, uint64_t low, uint64_t high)
{
    unsigned coarser = 0;

    if (leaf->count) {
        uint64_t first = leaf->base + delta_of(leaf->words[0]);
        uint64_t last = leaf->base + delta_of(leaf->words[leaf->count - 1]);

        low = low < first ? low : first;
        high = high > last ? high : last;
    }
    while ((high >> coarser) - (low >> coarser) > DELTA_MAX)
        coarser++;
    if (coarser || low < leaf->base || high - leaf->base > DELTA_MAX)
        set_grid(leaf, low >> coarser, coarser);
}

/* The delta of a score that is about to come in. */
static uint64_t
admit(struct leaf *leaf, double score)
{
    uint64_t key = scored_key(score), line;

    if (leaf->count == 0) {
        leaf->base = key;
        leaf->shift = 0;
        return 0;
    }
    line = key >> leaf->shift;
    if (line < leaf->base || line - leaf->base > DELTA_MAX)
        widen(leaf, line, line);
    return (key >> leaf->shift) - leaf->base;
}

/* As fine a grid as the items allow; reads all blocks. */
static void
refine(struct leaf *leaf)
{
    uint64_t low, high;
    unsigned shift = 0;

    for (unsigned i = 0; i < leaf->count; i++)
        __builtin_prefetch(leaf_item(leaf, i));
    low = scored_key(leaf_item(leaf, 0)->score);
    high = scored_key(leaf_item(leaf, leaf->count - 1u)->score);
    while ((high >> shift) - (low >> shift) > DELTA_MAX)
        shift++;
    leaf->base = low >> shift;
    leaf->shift = (uint8_t)shift;
    for (unsigned i = 0; i < leaf->count; i++) {
        struct scored *item = leaf_item(leaf, i);

        leaf->words[i] = word_of((scored_key(item->score) >> shift) - leaf->base, item);
    }
}

static void
refine_if_rough(struct leaf *leaf)
{
    if (leaf->count > 1 && leaf->shift
        && delta_of(leaf->words[leaf->count - 1]) - delta_of(leaf->words[0]) < FEW_LINES)
        refine(leaf);
}

/* --- searching --- */

/* How many words are less than `bound`.  Halving without branches. */
static unsigned
count_words(const struct leaf *leaf, uint64_t bound)
{
    const uint64_t *at = leaf->words;
    unsigned n = leaf->count;

    if (n == 0)
        return 0;
    while (n > 1) {
        unsigned half = n / 2;

        at += at[half - 1] < bound ? half : 0;
        n -= half;
    }
    return (unsigned)(at - leaf->words) + (*at < bound);
}

/* The items [*low, *high) are on the same line as `score`; those before are less,
 * those after are greater. */
static void
same_line(const struct leaf *leaf, double score, unsigned *low, unsigned *high)
{
    uint64_t line = scored_key(score) >> leaf->shift, delta = line - leaf->base;

    if (line < leaf->base) {
        *low = *high = 0;
    } else if (delta > DELTA_MAX) {
        *low = *high = leaf->count;
    } else {
        *low = *high = count_words(leaf, delta << DELTA_SHIFT);
        if (*low < leaf->count && delta_of(leaf->words[*low]) == delta)
            *high = delta == DELTA_MAX ? leaf->count
                                       : count_words(leaf, (delta + 1) << DELTA_SHIFT);
    }
}

unsigned
leaf_lower(const struct leaf *leaf, double score, struct bytes member)
{
    unsigned low, high;

    same_line(leaf, score, &low, &high);
    while (low < high) {
        unsigned mid = (low + high) / 2;

        if (scored_compare(score, member, leaf_item(leaf, mid)) > 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

int
leaf_compare(const struct leaf *leaf, unsigned i, double score, struct bytes member)
{
    uint64_t line = scored_key(score) >> leaf->shift;
    uint64_t other = leaf->base + delta_of(leaf->words[i]);

    if (line != other)
        return line < other ? -1 : 1;
    return scored_compare(score, member, leaf_item(leaf, i));
}

unsigned
leaf_count_score(const struct leaf *leaf, double score, bool or_equal)
{
    unsigned low, high;

    same_line(leaf, score, &low, &high);
    while (low < high) {
        unsigned mid = (low + high) / 2;
        double other = leaf_item(leaf, mid)->score;

        if (other < score || (or_equal && other == score))
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

unsigned
leaf_find(const struct leaf *leaf, const struct scored *item)
{
    uint64_t delta = (scored_key(item->score) >> leaf->shift) - leaf->base;
    uint64_t word = word_of(delta, item);
    unsigned i = count_words(leaf, delta << DELTA_SHIFT);

    while (i < leaf->count && leaf->words[i] != word)
        i++;
    assert(i < leaf->count);
    return i;
}

/* --- changing --- */

void
leaf_insert(struct leaf *leaf, unsigned at, struct scored *item)
{
    uint64_t delta;

    assert(leaf->count < LEAF_ITEMS && at <= leaf->count);
    delta = admit(leaf, item->score);
    memmove(&leaf->words[at + 1], &leaf->words[at],
            (leaf->count - at) * sizeof leaf->words[0]);
    leaf->words[at] = word_of(delta, item);
    leaf->count++;
}

void
leaf_delete(struct leaf *leaf, unsigned at, unsigned n)
{
    assert(at + n <= leaf->count);
    memmove(&leaf->words[at], &leaf->words[at + n],
            (leaf->count - at - n) * sizeof leaf->words[0]);
    leaf->count -= n;
}

void
leaf_rescore(struct leaf *leaf, unsigned at, double score)
{
    struct scored *item = leaf_item(leaf, at);

    item->score = score;
    leaf->words[at] = word_of(admit(leaf, score), item);
}

/* Bring both leaves onto one grid with one base. */
static void
agree(struct leaf *a, struct leaf *b)
{
    uint64_t low, high;

    if (a->count == 0 || b->count == 0) {
        struct leaf *empty = a->count ? b : a, *other = a->count ? a : b;

        empty->base = other->base;
        empty->shift = other->shift;
        return;
    }
    if (a->shift < b->shift)
        set_grid(a, a->base >> (b->shift - a->shift), b->shift - a->shift);
    else if (b->shift < a->shift)
        set_grid(b, b->base >> (a->shift - b->shift), a->shift - b->shift);
    low = a->base + delta_of(a->words[0]);
    high = b->base + delta_of(b->words[b->count - 1]);
    widen(a, low, high);
    if (b->shift != a->shift || b->base != a->base)
        set_grid(b, a->base, a->shift - b->shift);
}

void
leaf_share(struct leaf *left, struct leaf *right, unsigned keep)
{
    unsigned had = left->count, n;

    assert(keep <= LEAF_ITEMS && left->count + right->count - keep <= LEAF_ITEMS);
    if (keep == had)
        return;
    agree(left, right);
    if (keep > had) {
        n = keep - had;
        memcpy(&left->words[had], right->words, n * sizeof left->words[0]);
        left->count = (uint16_t)keep;
        leaf_delete(right, 0, n);
    } else {
        n = had - keep;
        memmove(&right->words[n], right->words, right->count * sizeof left->words[0]);
        memcpy(right->words, &left->words[keep], n * sizeof left->words[0]);
        left->count = (uint16_t)keep;
        right->count += n;
    }
    refine_if_rough(left);
    refine_if_rough(right);
}

void
leaf_check(const struct leaf *leaf)
{
    assert(leaf->count <= LEAF_ITEMS && leaf->shift <= DELTA_SHIFT);
    for (unsigned i = 0; i < leaf->count; i++) {
        const struct scored *item = leaf_item(leaf, i), *before;
        uint64_t line = scored_key(item->score) >> leaf->shift;

        assert(line >= leaf->base && line - leaf->base == delta_of(leaf->words[i]));
        if (i == 0)
            continue;
        before = leaf_item(leaf, i - 1);
        assert(scored_compare(item->score, scored_bytes(item), before) > 0);
    }
}
