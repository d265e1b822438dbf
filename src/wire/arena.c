/* SPDX-License-Identifier: MIT
 * wire/arena.c - a bump allocator.
 *
 * How:        blocks double from 4 KB to 64 KB; a piece that is larger than that
 *             gets a block of its own size.  At a reset the newest block is kept
 *             unless it is large, so that a busy reader stops calling malloc.
 * Read next:  wire/reader_args.c */
#include "wire/arena.h"

#include "base/alloc.h"

#define BLOCK_FIRST 4096
#define BLOCK_LAST (64 * 1024)
#define BLOCK_KEPT (32 * 1024)

struct arena_block {
    struct arena_block *next;
    size_t size;                        /* of the block, this header included */
    char data[];
};

void *
arena_alloc_slow(struct arena *a, size_t size)
{
    size_t want = a->blocks ? 2 * a->blocks->size : BLOCK_FIRST;
    struct arena_block *b;

    if (want > BLOCK_LAST)
        want = BLOCK_LAST;
    if (want < sizeof *b + size)
        want = sizeof *b + size;
    b = mem_alloc(want);
    b->next = a->blocks;
    b->size = want;
    a->blocks = b;
    a->memory += mem_class(want);
    a->at = b->data + size;
    a->end = (char *)b + want;
    return b->data;
}

static void
free_blocks(struct arena_block *b)
{
    struct arena_block *next;

    for (; b; b = next) {
        next = b->next;
        mem_free(b);
    }
}

void
arena_reset(struct arena *a)
{
    struct arena_block *b = a->blocks;

    if (!b)
        return;
    if (b->size > BLOCK_KEPT) {
        arena_free(a);
        return;
    }
    free_blocks(b->next);
    b->next = NULL;
    a->memory = mem_class(b->size);
    a->at = b->data;
}

void
arena_free(struct arena *a)
{
    free_blocks(a->blocks);
    *a = (struct arena){ NULL, NULL, NULL, 0 };
}
