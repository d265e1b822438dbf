/* SPDX-License-Identifier: MIT
 * structs/lcs.c - the longest common subsequence of two byte strings.
 *
 * Why:       the textbook table has a number for every pair of positions: two
 *            strings of 11 KB fill half a gigabyte.  Neighbouring numbers differ by
 *            0 or 1, so one bit per pair says as much.
 * How:       row i of the table L belongs to the first i bytes of a.  Kept is, per
 *            byte j of b, whether L(i,j) == L(i,j-1): bit 1; the step is bit 0.
 *            From one row v to the next, with m = where b equals a[i]:
 *                v' = (v + (v & m)) | (v & ~m)
 *            64 columns at a time; the carry of the addition goes on to the next
 *            word.  The zeros of the last row are the length.
 *            Walking back from the corner: equal bytes belong to the subsequence;
 *            otherwise bit 0 says that the left neighbour is smaller, hence the
 *            upper one is not: go up; bit 1: go left.  No number is needed.
 * Invariants: 1. bits beyond len(b) stay 1;
 *            2. a byte of a that b lacks repeats the row above.
 * Cost:      len(a) * len(b) / 64 steps of a few operations.
 * Left out:  Hirschberg's division, which needs no table but twice the time.
 *            Sources: Crochemore, Iliopoulos, Pinzon, Reid 2001; Hyyro 2004.
 * Read next: commands/c_lcs.c */
#include "structs/lcs.h"

#include <stdint.h>

#include "base/alloc.h"
#include "structs/bitmap.h"

struct lcs {
    struct bytes a, b;
    size_t len;
    size_t i, j;                /* where the walk stands: bytes before it */
    size_t words;               /* per row */
    bool keeps_rows;            /* otherwise there is one, the last */
    uint64_t *rows;
    uint64_t *masks;            /* per byte of both, where b has it */
    uint16_t mask_of[256];      /* 1 + index into masks; 0: not in both */
};

/* How many different bytes a and b share; numbers them. */
static size_t
number_shared(struct lcs *l)
{
    bool in_a[256] = { false };
    size_t i, n = 0;
    unsigned char byte;

    for (i = 0; i < l->a.len; i++)
        in_a[(unsigned char)l->a.at[i]] = true;
    for (i = 0; i < l->b.len; i++) {
        byte = (unsigned char)l->b.at[i];
        if (in_a[byte] && !l->mask_of[byte])
            l->mask_of[byte] = (uint16_t)++n;
    }
    return n;
}

static void *
try_table(size_t rows, size_t words)
{
    size_t bytes;

    if (__builtin_mul_overflow(rows, words * sizeof(uint64_t), &bytes))
        return NULL;
    return mem_try_alloc(bytes ? bytes : 1);
}

static void
fill_masks(struct lcs *l, size_t shared)
{
    size_t j, m;

    memset(l->masks, 0, shared * l->words * sizeof(uint64_t));
    for (j = 0; j < l->b.len; j++) {
        m = l->mask_of[(unsigned char)l->b.at[j]];
        if (m)
            l->masks[(m - 1) * l->words + j / 64] |= (uint64_t)1 << j % 64;
    }
}

/* Make row `to` from the row above, `from` (they may be the same). */
static void
step(uint64_t *to, const uint64_t *from, const uint64_t *mask, size_t words)
{
    uint64_t v, hits, sum;
    unsigned carry = 0, carry2;
    size_t w;

    for (w = 0; w < words; w++) {
        v = from[w];
        hits = v & mask[w];
        carry2 = __builtin_add_overflow(v, hits, &sum);
        carry = __builtin_add_overflow(sum, (uint64_t)carry, &sum) | carry2;
        to[w] = sum | (v & ~mask[w]);
    }
}

static void
fill_rows(struct lcs *l)
{
    uint64_t *row = l->rows, *above = l->rows;
    size_t i, m, bytes = l->words * sizeof(uint64_t);

    memset(row, 0xff, bytes);
    for (i = 0; i < l->a.len; i++) {
        if (l->keeps_rows && i > 0)
            row = above + l->words;
        m = l->mask_of[(unsigned char)l->a.at[i]];
        if (m)
            step(row, above, l->masks + (m - 1) * l->words, l->words);
        else if (row != above)
            memcpy(row, above, bytes);
        above = row;
    }
    l->len = l->words * 64 - bitmap_count(row, 0, (uint64_t)l->words * 64);
}

struct lcs *
lcs_try_new(struct bytes a, struct bytes b, bool runs)
{
    struct lcs *l = mem_zalloc(sizeof *l);
    size_t shared;

    l->a = a;
    l->b = b;
    l->i = a.len;
    l->j = b.len;
    l->words = b.len / 64 + (b.len % 64 != 0);
    l->keeps_rows = runs;
    shared = number_shared(l);
    if (shared == 0) {          /* nothing in common: no table, no walk */
        l->i = 0;
        return l;
    }
    l->masks = try_table(shared, l->words);
    l->rows = try_table(runs ? a.len : 1, l->words);
    if (!l->masks || !l->rows) {
        lcs_free(l);
        return NULL;
    }
    fill_masks(l, shared);
    fill_rows(l);
    return l;
}

void
lcs_free(struct lcs *l)
{
    mem_free(l->masks);
    mem_free(l->rows);
    mem_free(l);
}

size_t
lcs_len(const struct lcs *l)
{
    return l->len;
}

static inline bool
ends_equal(const struct lcs *l)
{
    return l->i > 0 && l->j > 0 && l->a.at[l->i - 1] == l->b.at[l->j - 1];
}

static inline bool
row_bit(const struct lcs *l)
{
    size_t j = l->j - 1;

    return l->rows[(l->i - 1) * l->words + j / 64] >> j % 64 & 1;
}

bool
lcs_next(struct lcs *l, struct lcs_run *run)
{
    size_t end;

    while (l->i > 0 && l->j > 0 && !ends_equal(l)) {
        if (row_bit(l))
            l->j--;
        else
            l->i--;
    }
    end = l->i;
    while (ends_equal(l)) {
        l->i--;
        l->j--;
    }
    *run = (struct lcs_run){ l->i, l->j, end - l->i };
    return run->len > 0;
}
