/* SPDX-License-Identifier: MIT
 * structs/bucket.h - the buckets of a dict: seven items in one cache line, and
 * what happens when an eighth arrives.
 *
 *    0     1     2     3     4     5     6     7       8 ... 63
 *   +-----+-----+-----+-----+-----+-----+-----+------+-------------------+
 *   | tag | tag | tag | tag | tag | tag | tag | meta | 7 pointers        |
 *   +-----+-----+-----+-----+-----+-----+-----+------+-------------------+
 *   tag: 1..255 from the item's hash, 0 = no item here
 *   meta: number of items here (3 bits), top bit: slot 6 points to a child
 *
 * The seven tags are compared at once, as one 64-bit word.  More than seven
 * items hang in a chain of children, each a bucket of its own:
 *
 *   head (6 items + link) -> child (1 to 6 + link, or 7) -> ... -> child (7)
 *
 * Only the first child may have free slots; so adding is O(1) however long the
 * chain is, and removing fills the hole from there and frees it when empty. */
#ifndef IGNIS_STRUCTS_BUCKET_H
#define IGNIS_STRUCTS_BUCKET_H
#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define BUCKET_SLOTS 7
#define BUCKET_CHAINED 0x80

struct bucket {
    uint8_t tags[BUCKET_SLOTS];
    uint8_t meta;
    void *slots[BUCKET_SLOTS];
};

/* Never 0; from bits of the hash that do not choose the bucket. */
static inline uint8_t
bucket_tag(uint64_t hash)
{
    uint8_t tag = (uint8_t)hash;

    return tag + (tag == 0);
}

/* A set of slots whose tag is `tag`, bit 7 of byte i for slot i: walk it with
 * bucket_first and set &= set - 1.  Exact: an empty slot is never in it. */
static inline uint64_t
bucket_match(const struct bucket *b, uint8_t tag)
{
    const uint64_t low7 = 0x7f7f7f7f7f7f7f7f;
    uint64_t word, differs;

    memcpy(&word, b, sizeof word);
    word = le64toh(word) ^ tag * 0x0101010101010101ull;
    differs = ((word & low7) + low7) | word;    /* bit 7 set: byte is not 0 */
    return ~differs & 0x0080808080808080ull;
}

static inline int
bucket_first(uint64_t set)
{
    return __builtin_ctzll(set) >> 3;
}

/* Items in this bucket itself, children not counted. */
static inline unsigned
bucket_count(const struct bucket *b)
{
    return b->meta & 7;
}

/* The next bucket of the chain, NULL at its end. */
static inline struct bucket *
bucket_child(const struct bucket *b)
{
    return b->meta & BUCKET_CHAINED ? b->slots[BUCKET_SLOTS - 1] : NULL;
}

/* Put an item into the chain of `head`; O(1).  Returns 1 when a child was
 * allocated, else 0. */
int bucket_push(struct bucket *head, uint8_t tag, void *item);
/* Take out slot `slot` of `holder`, a bucket in the chain of `head`; O(1).
 * Returns 1 when a child was freed, else 0. */
int bucket_take(struct bucket *head, struct bucket *holder, int slot);
/* Free the children of `head` (not the items), leave it empty; how many. */
size_t bucket_clear(struct bucket *head);
/* Items in the whole chain. */
size_t bucket_chain_count(const struct bucket *head);
/* The item number `nth` of the chain, NULL when there are not that many. */
void *bucket_nth(const struct bucket *head, size_t nth);
/* Asserts the shape drawn above. */
void bucket_check(const struct bucket *head);

#endif
