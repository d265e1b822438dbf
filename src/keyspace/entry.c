/* SPDX-License-Identifier: MIT
 * keyspace/entry.c - a key, its deadline and (when small) its value in one block.
 *
 * Why:        a key spread over an object, a key string and a value string costs
 *             three cache misses and three allocation headers; most keys fit two
 *             cache lines altogether.
 * How:        the block is planned first (what is embedded, which parts, how many
 *             bytes), then allocated and written. Changes are made in place while
 *             the new size stays in the size class of the block: the allocator
 *             would hand out the same bytes again. When a class has 8 bytes to
 *             spare they become the place of a deadline, so that EXPIRE later
 *             needs no new block:
 *
 *               "user:0000000001" + 32 bytes:  4 +     1+15 + 1+32 = 53 -> 64
 *               ... so it has room anyway:     4 + 8 + 1+15 + 1+32 = 61 -> 64
 *
 * Invariants: 1. The block was asked for with a size in the class of size_of(e).
 *             2. An embedded value has at most EMBED_LEN_MAX bytes (one length
 *                byte); a blob in an entry is longer than STRING_EMBSTR_MAX.
 *             3. A stored deadline is NO_DEADLINE or >= 0.
 * Cost:       4 to 8 bytes beside key and value.
 * Left out:   key prefixes shared between entries.
 * Read next:  keyspace/db.c */
#include "keyspace/entry.h"

#include <assert.h>

#include "base/alloc.h"
#include "keyspace/layout.h"
#include "values/v_string.h"

#define EMBED_LEN_MAX 127
#define SHORT_KEY_MAX 255
#define POINTER_SIZE 8

/* What a block for this key and value looks like. */
struct plan {
    size_t size;
    uint8_t encoding;
    bool room;
};

static size_t
size_of_front(size_t key_len)
{
    return sizeof(struct entry) + (key_len > SHORT_KEY_MAX ? sizeof(uint64_t) : 1) + key_len;
}

static size_t
size_of(const struct entry *e)
{
    const unsigned char *p = layout_value(e);
    size_t front = (size_t)(p - (const unsigned char *)e);

    return front + (layout_is_embedded(e) ? 1u + *p : POINTER_SIZE);
}

static bool
is_bytes(struct value v)
{
    return v.type == TYPE_STRING
        && (v.encoding == STRING_EMBEDDED || v.encoding == STRING_EMBEDDED_RAW);
}

static bool
is_blob(struct value v)
{
    return v.type == TYPE_STRING && v.encoding == STRING_BLOB;
}

bool
entry_embeds(size_t key_len, size_t len, bool deadline)
{
    if (len <= STRING_EMBSTR_MAX)
        return true;
    return len <= EMBED_LEN_MAX && size_of_front(key_len) + (deadline ? sizeof(msec) : 0)
                                       + 1 + len <= ENTRY_EMBED_MAX;
}

/* Size of the value inside the block, and the encoding it gets there.  A blob
 * goes inside only when it has to for its encoding's name: invariant 2. */
static size_t
plan_value(size_t key_len, struct value v, bool deadline, uint8_t *encoding)
{
    *encoding = v.encoding;
    if (is_bytes(v)) {
        if (entry_embeds(key_len, v.bytes.len, deadline))
            return 1 + v.bytes.len;
        *encoding = STRING_BLOB;
    } else if (is_blob(v) && v.blob->len <= STRING_EMBSTR_MAX) {
        *encoding = STRING_EMBEDDED;
        return 1 + v.blob->len;
    }
    return POINTER_SIZE;
}

static struct plan
plan_block(size_t key_len, struct value v, bool deadline)
{
    struct plan p;

    p.size = size_of_front(key_len) + plan_value(key_len, v, deadline, &p.encoding);
    p.room = deadline || mem_class(p.size + sizeof(msec)) == mem_class(p.size);
    if (p.room)
        p.size += sizeof(msec);
    return p;
}

/* Write the value where it belongs.  Its bytes may lie in the old value or in
 * the key of this very entry, so they are moved before anything else is set. */
static void
write_value(unsigned char *to, struct value v, uint8_t encoding)
{
    bool inside = encoding == STRING_EMBEDDED || encoding == STRING_EMBEDDED_RAW;

    if (v.type == TYPE_STRING && inside) {
        struct bytes b = is_blob(v) ? blob_view(v.blob) : v.bytes;

        if (b.len)
            memmove(to + 1, b.at, b.len);
        *to = (unsigned char)b.len;
        if (is_blob(v))
            blob_release(v.blob);
        return;
    }
    if (is_bytes(v))
        v.blob = blob_copy(v.bytes);
    memcpy(to, &v.number, POINTER_SIZE);    /* number or pointer alike */
}

static struct entry *
build(struct bytes key, struct value v, struct plan p, msec deadline, uint32_t clock)
{
    struct entry *e = mem_alloc(p.size);
    unsigned char *at = e->at;
    uint64_t len = key.len;

    e->head = v.type | (uint32_t)p.encoding << HEAD_ENCODING_SHIFT
            | (p.room ? HEAD_ROOM : 0) | clock << HEAD_CLOCK_SHIFT;
    if (p.room) {
        memcpy(at, &deadline, sizeof deadline);
        at += sizeof deadline;
    }
    if (len > SHORT_KEY_MAX) {
        e->head |= HEAD_LONG_KEY;
        memcpy(at, &len, sizeof len);
        at += sizeof len;
    } else {
        *at++ = (unsigned char)len;
    }
    if (len)
        memcpy(at, key.at, len);
    write_value(at + len, v, p.encoding);
    return e;
}

/* Times before 1970 are as due as 1970 is, and must not look like NO_DEADLINE. */
static msec
clean_deadline(msec when)
{
    return when < 0 && when != NO_DEADLINE ? 0 : when;
}

struct entry *
entry_new(struct bytes key, struct value v, msec deadline)
{
    assert(v.type < TYPES && deadline != KEEP_DEADLINE);
    deadline = clean_deadline(deadline);
    return build(key, v, plan_block(key.len, v, deadline != NO_DEADLINE), deadline, 0);
}

struct bytes
entry_key(const struct entry *e)
{
    return layout_key(e);
}

struct value
entry_value(const struct entry *e)
{
    struct value v = { .type = layout_type(e), .encoding = layout_encoding(e) };
    const unsigned char *p = layout_value(e);

    if (layout_is_embedded(e))
        v.bytes = bytes_view(p + 1, *p);
    else
        memcpy(&v.number, p, POINTER_SIZE);
    return v;
}

enum type
entry_type(const struct entry *e)
{
    return layout_type(e);
}

msec
entry_deadline(const struct entry *e)
{
    return layout_deadline(e);
}

uint32_t
entry_clock(const struct entry *e)
{
    return layout_clock(e);
}

void
entry_set_clock(struct entry *e, uint32_t clock)
{
    layout_set_clock(e, clock & CLOCK_MAX);
}

size_t
entry_memory(const struct entry *e)
{
    return mem_class(size_of(e));
}

void
entry_free_block(struct entry *e)
{
    mem_free_sized(e, size_of(e));
}

void
entry_free(struct entry *e)
{
    struct value v = entry_value(e);

    if (is_blob(v))
        blob_release(v.blob);
    else if (v.type != TYPE_STRING)
        value_type_of(v.type)->free(v);
    entry_free_block(e);
}

static void
overwrite(struct entry *e, struct value v, uint8_t encoding, msec deadline)
{
    write_value(layout_value(e), v, encoding);
    e->head = (e->head & ~(HEAD_TYPE | HEAD_ENCODING)) | v.type
            | (uint32_t)encoding << HEAD_ENCODING_SHIFT;
    if (layout_has_room(e))
        memcpy(e->at, &deadline, sizeof deadline);
}

struct entry *
entry_replace(struct entry *e, struct value v, msec deadline)
{
    struct bytes key;
    struct entry *new;
    size_t size, room;
    uint8_t encoding;
    bool limited;

    deadline = deadline == KEEP_DEADLINE ? deadline : clean_deadline(deadline);
    if (layout_rewrite(e, v, deadline))
        return e;
    if (deadline == KEEP_DEADLINE)
        deadline = layout_deadline(e);
    key = layout_key(e);
    limited = deadline != NO_DEADLINE;
    room = layout_has_room(e) ? sizeof(msec) : 0;
    size = size_of_front(key.len) + room + plan_value(key.len, v, limited, &encoding);
    if ((room || !limited) && mem_class(size) == mem_class(size_of(e))) {
        overwrite(e, v, encoding, deadline);
        return e;
    }
    new = build(key, v, plan_block(key.len, v, limited), deadline, layout_clock(e));
    entry_free_block(e);
    return new;
}

struct entry *
entry_set_deadline(struct entry *e, msec deadline)
{
    deadline = clean_deadline(deadline);
    if (layout_has_room(e)) {
        memcpy(e->at, &deadline, sizeof deadline);
        return e;
    }
    if (deadline == NO_DEADLINE)
        return e;
    return entry_replace(e, entry_value(e), deadline);
}

void
entry_set_number(struct entry *e, int64_t n)
{
    memcpy(layout_value(e), &n, sizeof n);
}

void
entry_set_pointer(struct entry *e, void *p)
{
    assert(!layout_is_embedded(e));
    memcpy(layout_value(e), &p, sizeof p);
}

void
entry_set_encoding(struct entry *e, uint8_t encoding)
{
    layout_set_encoding(e, encoding);
}
