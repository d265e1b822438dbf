/* SPDX-License-Identifier: MIT
 * wire/reader_args.h - where the arguments of the request under way are kept. */
#ifndef IGNIS_WIRE_READER_ARGS_H
#define IGNIS_WIRE_READER_ARGS_H
#include "wire/reader_inside.h"

/* Memory that lasts until the next feed; of a carried request, until its end. */
static inline struct arena *
reader_args_arena(struct request_reader *r)
{
    return &r->arenas[r->active];
}

/* Memory that the unfinished request keeps when the next feed comes. */
struct arena *reader_args_lasting(struct request_reader *r);

/* Make room for more arguments: doubles. */
void reader_args_grow(struct request_reader *r);

static inline void
reader_args_add(struct request_reader *r, struct bytes arg)
{
    if (UNLIKELY(r->argc == r->room))
        reader_args_grow(r);
    r->argv[r->argc++] = arg;
}

/* The reader takes over the caller's reference. */
void reader_args_add_blob(struct request_reader *r, struct bytes arg, struct blob *blob);
/* Copy the arguments that lie in the caller's buffer, which is about to go. */
void reader_args_stash(struct request_reader *r);
/* Drop what nobody adopted.  NULL is fine. */
void reader_args_release(struct blob **blobs, int count);
/* Nothing is under way any more; the memory is the arenas' affair. */
void reader_args_forget(struct request_reader *r);

#endif
