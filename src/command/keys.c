/* SPDX-License-Identifier: MIT
 * command/keys.c - which arguments of a call are keys.
 *
 * Why:        cluster slots, ACL key rules, prefetching and COMMAND GETKEYS must all
 *             agree on it, so there is one answer, derived from the row.
 * How:        each key spec says where keys begin (an index, or after a keyword) and
 *             how far they go (a range, or a count).  A row whose arguments need
 *             reading gives its own function instead.
 * Invariants: every index handed out is in [1, argc).
 * Cost:       a few ns for fixed keys; no allocation up to FOUND_KEYS_INLINE keys.
 * Read next:  commands/c_command.c (COMMAND GETKEYS) */
#include "command/table.h"

#include <assert.h>
#include <limits.h>

#include "base/alloc.h"
#include "base/num.h"

void
found_keys_start(struct found_keys *out)
{
    out->keys = out->some;
    out->count = 0;
    out->room = FOUND_KEYS_INLINE;
}

void
found_keys_free(struct found_keys *out)
{
    if (out->keys != out->some)
        mem_free(out->keys);
    found_keys_start(out);
}

/* Make room for `n` more: one step for a call with a million keys. */
static void
found_keys_reserve(struct found_keys *out, int n)
{
    int room = out->room;
    size_t size;

    if (n <= room - out->count)
        return;
    while (n > room - out->count)
        room = room > INT_MAX / 2 ? INT_MAX : room * 2;
    size = (size_t)room * sizeof *out->keys;
    if (out->keys == out->some) {
        out->keys = mem_alloc(size);
        memcpy(out->keys, out->some, (size_t)out->count * sizeof *out->keys);
    } else {
        out->keys = mem_realloc(out->keys, size);
    }
    out->room = room;
}

void
found_keys_add(struct found_keys *out, int at, uint16_t access)
{
    found_keys_reserve(out, 1);
    out->keys[out->count++] = (struct found_key){ at, access };
}

/* Where the keys of a spec begin; 0 when its keyword is not there, argc when nothing
 * follows it. */
static int
begin_of(const struct key_spec *k, const struct bytes *argv, int argc)
{
    int at, step, end;

    if (k->shape != KEYS_KEYWORD)
        return k->first;
    /* From the start forwards, or (negative) from the end backwards. */
    at = k->first > 0 ? k->first : argc + k->first;
    step = k->first > 0 ? 1 : -1;
    end = k->first > 0 ? argc : 0;
    if (k->first > 0 && at >= argc)
        return 0;
    for (; at > 0 && at != end; at += step)
        if (bytes_is(argv[at], k->keyword))
            return at + 1;
    return 0;
}

/* The last key of a spec whose first is `first`, or -1 when it makes no sense. */
static int
last_of(const struct key_spec *k, int first, const struct bytes *argv, int argc)
{
    int last = k->last;
    int64_t count;

    if (k->shape == KEYS_COUNT) {
        if (first - 1 >= argc || !num_parse_i64(argv[first - 1], &count))
            return -1;
        if (count < 1 || count > (argc - first + k->step - 1) / k->step)
            return -1;
        return first + (int)(count - 1) * k->step;
    }
    if (last >= 0)
        return k->shape == KEYS_KEYWORD ? first + last : last;
    /* From the end; of XREAD's "keys ids" only the first half is keys. */
    if (k->limit > 1)
        return first + (argc - first) / k->limit + last;
    return argc + last;
}

static bool
add_spec(const struct key_spec *k, const struct bytes *argv, int argc,
         struct found_keys *out)
{
    int first = begin_of(k, argv, argc), last;

    if (k->shape == KEYS_KEYWORD && (first == 0 || first >= argc))
        return true;
    if (k->shape == KEYS_COUNT)
        first++;
    last = last_of(k, first, argv, argc);
    if (first < 1 || last < first || last >= argc)
        return false;
    found_keys_reserve(out, (last - first) / k->step + 1);
    for (int at = first; at <= last; at += k->step)
        out->keys[out->count++] = (struct found_key){ at, k->access };
    return true;
}

bool
command_keys(const struct registered *cmd, const struct bytes *argv, int argc,
             struct found_keys *out)
{
    const struct command *row = cmd->row;

    found_keys_start(out);
    for (int i = 0; i < KEY_SPECS_MAX && row->keys[i].shape != KEYS_NONE; i++)
        if (row->keys[i].by)
            return row->keys[i].by(argv, argc, out);
    for (int i = 0; i < KEY_SPECS_MAX && row->keys[i].shape != KEYS_NONE; i++) {
        const struct key_spec *k = &row->keys[i];

        if ((k->access & KEY_NOT_KEY) || k->shape == KEYS_UNKNOWN)
            continue;
        assert(k->step > 0);
        if (!add_spec(k, argv, argc, out))
            return false;
    }
    return true;
}
