/* SPDX-License-Identifier: MIT
 * base/blob.h - a block of bytes with a length, room to grow and a reference
 * count, for values too large to live inside their entry.  A reply that is
 * being sent holds a reference, so the value may be replaced meanwhile.
 * Counting is not atomic: blobs are shared by the executing thread only; the
 * last reference may be dropped by a background thread. */
#ifndef IGNIS_BASE_BLOB_H
#define IGNIS_BASE_BLOB_H
#include <stdint.h>
#include "base/bytes.h"

struct blob {
    size_t len;                 /* bytes in use */
    size_t room;                /* bytes that fit */
    uint32_t refs;
    char at[];
};

/* A blob of length `len` and at least `room` bytes of room, bytes not set;
 * NULL when memory is not there.  The caller owns the one reference. */
struct blob *blob_try_new(size_t len, size_t room);
struct blob *blob_copy(struct bytes b);
/* Make room for `room` bytes.  The blob must not be shared (refs == 1); the
 * address may change.  `greedy` doubles up to 1 MB steps, for appends.  NULL when
 * memory is not there: the blob is as it was. */
struct blob *blob_grow(struct blob *blob, size_t room, bool greedy);
/* One more owner. */
static inline struct blob *
blob_share(struct blob *blob)
{
    blob->refs++;
    return blob;
}

/* Drop a reference; the last one frees.  NULL is fine. */
void blob_release(struct blob *blob);
/* Memory it takes, header included. */
size_t blob_memory(const struct blob *blob);

static inline struct bytes
blob_view(const struct blob *b)
{
    return bytes_view(b->at, b->len);
}

#endif
