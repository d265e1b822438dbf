/* SPDX-License-Identifier: MIT
 * command/slowlog.c - the slowest calls, newest first.
 *
 * How:        a ring of pointers that grows up to the configured length; each entry
 *             is one block: the struct, the views of its arguments, then all bytes.
 * Invariants: 1. count <= max_len;  2. ids rise by one per entry and never start again.
 * Cost:       one allocation per slow call, at most ~5 KB unless told to keep more.
 * Read next:  commands/c_slowlog.c. */
#include "command/slowlog.h"

#include <assert.h>
#include <stdio.h>

#include "base/alloc.h"

#define ARGS_MAX 32             /* until slowlog_trim says otherwise */
#define ARG_BYTES_MAX 128

struct slowlog {
    struct slowlog_entry **ring;
    size_t room;                /* power of two, or 0 */
    size_t newest, count;       /* ring[newest] is the newest when count > 0 */
    size_t max_len, arg_bytes_max;
    int args_max;
    usec slower_than;
    int64_t next_id;
};

struct slowlog *
slowlog_new(void)
{
    struct slowlog *s = mem_zalloc(sizeof *s);

    s->slower_than = -1;
    s->max_len = 128;
    slowlog_trim(s, ARGS_MAX, ARG_BYTES_MAX);
    return s;
}

void
slowlog_free(struct slowlog *s)
{
    if (!s)
        return;
    slowlog_clear(s);
    mem_free(s->ring);
    mem_free(s);
}

static size_t
place_of(const struct slowlog *s, size_t i)
{
    return (s->newest - i) & (s->room - 1);
}

static void
drop_oldest(struct slowlog *s)
{
    mem_free(s->ring[place_of(s, --s->count)]);
}

void
slowlog_configure(struct slowlog *s, usec slower_than, size_t max_len)
{
    s->slower_than = slower_than;
    s->max_len = max_len;
    while (s->count > max_len)
        drop_oldest(s);
}

void
slowlog_trim(struct slowlog *s, int args, size_t arg_bytes)
{
    s->args_max = args;
    s->arg_bytes_max = arg_bytes;
}

usec
slowlog_threshold(const struct slowlog *s)
{
    return s->slower_than < 0 ? -1 : s->slower_than;
}

size_t
slowlog_len(const struct slowlog *s)
{
    return s->count;
}

void
slowlog_clear(struct slowlog *s)
{
    while (s->count)
        drop_oldest(s);
    mem_free(s->ring);
    s->ring = NULL;
    s->room = 0;
}

const struct slowlog_entry *
slowlog_at(const struct slowlog *s, size_t i)
{
    return i < s->count ? s->ring[place_of(s, i)] : NULL;
}

/* --- adding --- */

/* An argument as the log keeps it: `kept` bytes of it, then a remark. */
struct kept_arg {
    size_t kept, remark_len;
    char remark[40];
};

static struct kept_arg
keep_arg(const struct slowlog *s, const struct bytes *argv, int argc, int i)
{
    struct kept_arg k = { .kept = argv[i].len };
    int n = 0;

    if (argc > s->args_max && i == s->args_max - 1) {
        k.kept = 0;
        n = snprintf(k.remark, sizeof k.remark, "... (%d more arguments)",
                     argc - s->args_max + 1);
    } else if (k.kept > s->arg_bytes_max) {
        n = snprintf(k.remark, sizeof k.remark, "... (%zu more bytes)",
                     k.kept - s->arg_bytes_max);
        k.kept = s->arg_bytes_max;
    }
    assert(n >= 0 && (size_t)n < sizeof k.remark);
    k.remark_len = (size_t)n;
    return k;
}

/* Append to the entry's bytes and step behind them. */
static char *
put(char *to, const char *from, size_t len)
{
    if (len)
        memcpy(to, from, len);
    return to + len;
}

static struct slowlog_entry *
entry_of(const struct slowlog *s, const struct bytes *argv, int argc, const char *peer,
         const char *name)
{
    int n = argc > s->args_max ? s->args_max : argc;
    size_t peer_size = strlen(peer) + 1, name_size = strlen(name) + 1;
    size_t size = sizeof(struct slowlog_entry) + peer_size + name_size;
    struct slowlog_entry *e;
    struct kept_arg k;
    char *to;

    for (int i = 0; i < n; i++) {
        k = keep_arg(s, argv, argc, i);
        size += sizeof *argv + k.kept + k.remark_len;
    }
    e = mem_alloc(size);
    e->argc = n;
    e->argv = (struct bytes *)(e + 1);
    to = (char *)(e->argv + n);
    for (int i = 0; i < n; i++) {
        k = keep_arg(s, argv, argc, i);
        e->argv[i] = bytes_view(to, k.kept + k.remark_len);
        to = put(to, argv[i].at, k.kept);
        to = put(to, k.remark, k.remark_len);
    }
    e->peer = to;
    e->name = put(to, peer, peer_size);
    put(e->name, name, name_size);
    return e;
}

/* Twice the room, the newest at its end. */
static void
grow(struct slowlog *s)
{
    size_t room = s->room ? s->room * 2 : 16;
    struct slowlog_entry **ring = mem_alloc(room * sizeof *ring);

    for (size_t i = 0; i < s->count; i++)
        ring[room - 1 - i] = s->ring[place_of(s, i)];
    mem_free(s->ring);
    s->ring = ring;
    s->room = room;
    s->newest = room - 1;
}

void
slowlog_add(struct slowlog *s, usec took, const struct bytes *argv, int argc,
            const char *peer, const char *name)
{
    int64_t id = s->next_id++;
    struct slowlog_entry *e;

    if (s->max_len == 0)
        return;
    e = entry_of(s, argv, argc, peer, name);
    e->id = id;
    e->at_s = clock_ms() / 1000;
    e->took = took;
    while (s->count >= s->max_len)
        drop_oldest(s);
    if (s->count == s->room)
        grow(s);
    s->newest = (s->newest + 1) & (s->room - 1);
    s->ring[s->newest] = e;
    s->count++;
}
