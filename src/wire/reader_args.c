/* SPDX-License-Identifier: MIT
 * wire/reader_args.c - the arguments of the request under way.
 *
 * How:        argv and whatever must outlive the caller's buffer lie in one of two
 *             arenas.  The active one belongs to this feed's requests and is taken
 *             back at the next feed.  A request that the feed's end cuts moves to the
 *             other, which then becomes the active one (request_feed).
 * Read next:  wire/arena.c */
#include "wire/reader_args.h"

#include <limits.h>

struct arena *
reader_args_lasting(struct request_reader *r)
{
    if (r->is_carried)
        return reader_args_arena(r);
    r->is_moved = true;
    return &r->arenas[!r->active];
}

/* Move argv, and blobs if there are any, to a place for `room` arguments. */
static void
move_args(struct request_reader *r, struct arena *to, int room)
{
    struct bytes *argv = arena_alloc(to, (size_t)room * sizeof *argv);
    struct blob **blobs;

    if (r->argc)
        memcpy(argv, r->argv, (size_t)r->argc * sizeof *argv);
    r->argv = argv;
    if (r->blobs) {
        blobs = arena_alloc(to, (size_t)room * sizeof *blobs);
        memset(blobs, 0, (size_t)room * sizeof *blobs);
        memcpy(blobs, r->blobs, (size_t)r->argc * sizeof *blobs);
        r->blobs = blobs;
    }
    r->room = room;
}

void
reader_args_grow(struct request_reader *r)
{
    int room = r->room > INT_MAX / 2 ? INT_MAX : 2 * r->room;

    move_args(r, reader_args_arena(r), room < ARGS_FIRST ? ARGS_FIRST : room);
}

void
reader_args_add_blob(struct request_reader *r, struct bytes arg, struct blob *blob)
{
    size_t size;

    reader_args_add(r, arg);
    if (!r->blobs) {
        size = (size_t)r->room * sizeof *r->blobs;
        r->blobs = arena_alloc(reader_args_arena(r), size);
        memset(r->blobs, 0, size);
    }
    r->blobs[r->argc - 1] = blob;
    r->blob_bytes += blob_memory(blob);
}

/* Not moved yet, and not a blob of its own: that may have been filled in place. */
static bool
lies_in_input(const struct request_reader *r, int i)
{
    return !(r->blobs && r->blobs[i])
        && (uintptr_t)r->argv[i].at - (uintptr_t)r->in < r->in_len;
}

void
reader_args_stash(struct request_reader *r)
{
    struct arena *to = reader_args_lasting(r);
    size_t total = 0;
    char *copy;
    int i;

    if (!r->is_carried)
        move_args(r, to, r->room ? r->room : ARGS_FIRST);
    if (r->stashed == r->argc)
        return;
    for (i = r->stashed; i < r->argc; i++)
        if (lies_in_input(r, i))
            total += r->argv[i].len;
    copy = arena_alloc(to, total + 1);
    for (i = r->stashed; i < r->argc; i++) {
        struct bytes *arg = &r->argv[i];

        if (!lies_in_input(r, i))
            continue;
        memcpy(copy, arg->at, arg->len);
        arg->at = copy;
        copy += arg->len;
    }
    r->stashed = r->argc;
}

void
reader_args_release(struct blob **blobs, int count)
{
    int i;

    for (i = 0; blobs && i < count; i++)
        blob_release(blobs[i]);
}

void
reader_args_forget(struct request_reader *r)
{
    r->argv = NULL;
    r->blobs = NULL;
    r->argc = r->room = r->stashed = 0;
    r->has_count = r->is_carried = false;
    r->before = r->blob_bytes = 0;
    r->held_len = r->line_len = 0;
}
