/* SPDX-License-Identifier: MIT
 * wire/arena.h - memory that is handed out piece by piece and taken back at once. */
#ifndef IGNIS_WIRE_ARENA_H
#define IGNIS_WIRE_ARENA_H
#include <stddef.h>
#include "base/status.h"

struct arena_block;

/* Zero-initialise to start empty: no memory until the first piece. */
struct arena {
    char *at, *end;                     /* room left in the newest block */
    struct arena_block *blocks;
    size_t memory;                      /* of all blocks */
};

/* arena_alloc, when the block at hand is used up. */
void *arena_alloc_slow(struct arena *a, size_t size);

/* `size` (1 or more) bytes, aligned for pointers, not set. */
static inline void *
arena_alloc(struct arena *a, size_t size)
{
    void *piece = a->at;

    size = (size + 7) & ~(size_t)7;
    if (UNLIKELY((size_t)(a->end - a->at) < size))
        return arena_alloc_slow(a, size);
    a->at += size;
    return piece;
}

/* Take all pieces back; one block of moderate size stays for the next round. */
void arena_reset(struct arena *a);
/* The same, and give the last block back too. */
void arena_free(struct arena *a);

#endif
