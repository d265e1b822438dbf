/* SPDX-License-Identifier: MIT
 * base/blob.c - large values.
 *
 *     | len 8 | room 8 | refs 4 | bytes ... room |
 *
 * How:        the room is rounded up to the allocator's size class, so that an
 *             append that fits the slack moves nothing.
 * Invariants: len <= room; the block's class is mem_class(HEAD + room), which
 *             lets it be freed and moved by size.
 * Read next:  values/v_string.c, command/client.c (the reply's references). */
#include "base/blob.h"
#include "base/alloc.h"
#include "base/status.h"

#define HEAD offsetof(struct blob, at)
#define GREED ((size_t)1024 * 1024)

/* The bytes that fit beside a header in the block that `room` would take. */
static size_t
rounded(size_t room)
{
    return mem_class(HEAD + room) - HEAD;
}

struct blob *
blob_try_new(size_t len, size_t room)
{
    struct blob *blob;

    if (room < len)
        room = len;
    if (room > PTRDIFF_MAX / 2)         /* size classes must not wrap around */
        return NULL;
    room = rounded(room);
    blob = mem_try_alloc(HEAD + room);
    if (blob == NULL)
        return NULL;
    blob->len = len;
    blob->room = room;
    blob->refs = 1;
    return blob;
}

struct blob *
blob_copy(struct bytes b)
{
    size_t room = rounded(b.len);
    struct blob *blob = mem_alloc(HEAD + room);

    blob->len = b.len;
    blob->room = room;
    blob->refs = 1;
    if (b.len > 0)
        memcpy(blob->at, b.at, b.len);
    return blob;
}

struct blob *
blob_grow(struct blob *blob, size_t room, bool greedy)
{
    if (room <= blob->room)
        return blob;
    if (room > PTRDIFF_MAX / 2)         /* size classes must not wrap around */
        return NULL;
    if (greedy)
        room += room < GREED ? room : GREED;
    room = rounded(room);
    blob = mem_try_realloc(blob, HEAD + room);
    if (blob != NULL)
        blob->room = room;
    return blob;
}

void
blob_release(struct blob *blob)
{
    if (blob == NULL)
        return;
    if (blob->refs == 1)
        mem_free_sized(blob, HEAD + blob->room);
    else                        /* seen by a thread that waits to be the last */
        __atomic_store_n(&blob->refs, blob->refs - 1, __ATOMIC_RELEASE);
}

size_t
blob_memory(const struct blob *blob)
{
    return mem_class(HEAD + blob->room);
}
