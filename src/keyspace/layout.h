/* SPDX-License-Identifier: MIT
 * keyspace/layout.h - private to keyspace/: where the parts of an entry lie.
 * The drawing is in entry.h, the reasons in entry.c. */
#ifndef IGNIS_KEYSPACE_LAYOUT_H
#define IGNIS_KEYSPACE_LAYOUT_H
#include "keyspace/entry.h"

struct entry {
    uint32_t head;
    unsigned char at[];
};

enum {
    HEAD_TYPE = 7, HEAD_ENCODING = 7 << 3, HEAD_ROOM = 1 << 6, HEAD_LONG_KEY = 1 << 7,
    HEAD_ENCODING_SHIFT = 3, HEAD_CLOCK_SHIFT = 8, CLOCK_MAX = (1 << 24) - 1
};

static inline uint8_t
layout_type(const struct entry *e)
{
    return e->head & HEAD_TYPE;
}

static inline uint8_t
layout_encoding(const struct entry *e)
{
    return (e->head & HEAD_ENCODING) >> HEAD_ENCODING_SHIFT;
}

static inline bool
layout_has_room(const struct entry *e)
{
    return e->head & HEAD_ROOM;
}

/* May its elements have deadlines?  No encoding of a string says so. */
static inline bool
layout_is_timed(const struct entry *e)
{
    return e->head & VALUE_TIMED << HEAD_ENCODING_SHIFT;
}

static inline uint32_t
layout_clock(const struct entry *e)
{
    return e->head >> HEAD_CLOCK_SHIFT;
}

static inline void
layout_set_clock(struct entry *e, uint32_t clock)
{
    e->head = (e->head & 0xff) | clock << HEAD_CLOCK_SHIFT;
}

static inline msec
layout_deadline(const struct entry *e)
{
    msec when = NO_DEADLINE;

    if (layout_has_room(e))
        memcpy(&when, e->at, sizeof when);
    return when;
}

static inline struct bytes
layout_key(const struct entry *e)
{
    const unsigned char *p = e->at + (layout_has_room(e) ? sizeof(msec) : 0);
    uint64_t len;

    if (UNLIKELY(e->head & HEAD_LONG_KEY)) {
        memcpy(&len, p, sizeof len);
        return bytes_view(p + sizeof len, len);
    }
    return bytes_view(p + 1, *p);
}

/* Where the value starts. */
static inline unsigned char *
layout_value(const struct entry *e)
{
    struct bytes key = layout_key(e);

    return (unsigned char *)key.at + key.len;
}

static inline void
layout_set_encoding(struct entry *e, uint8_t encoding)
{
    e->head = (e->head & ~(uint32_t)HEAD_ENCODING)
            | (uint32_t)encoding << HEAD_ENCODING_SHIFT;
}

static inline bool
layout_is_embedded(const struct entry *e)
{
    uint32_t kind = e->head & (HEAD_TYPE | HEAD_ENCODING);

    return kind == (TYPE_STRING | STRING_EMBEDDED << HEAD_ENCODING_SHIFT)
        || kind == (TYPE_STRING | STRING_EMBEDDED_RAW << HEAD_ENCODING_SHIFT);
}

/* The commonest changes: a number for a number, bytes of the same length again,
 * and no other deadline.  The new bytes may be part of the entry.  False: it is
 * not that simple. */
static inline bool
layout_rewrite(struct entry *e, struct value v, msec deadline)
{
    unsigned char *p = layout_value(e);

    if (v.type != TYPE_STRING || layout_type(e) != TYPE_STRING
        || (deadline != KEEP_DEADLINE && deadline != layout_deadline(e)))
        return false;
    if (v.encoding == STRING_INT && layout_encoding(e) == STRING_INT) {
        memcpy(p, &v.number, sizeof v.number);
        return true;
    }
    if (v.encoding == STRING_INT || v.encoding == STRING_BLOB || !layout_is_embedded(e)
        || *p != v.bytes.len)
        return false;
    if (v.bytes.len)
        memmove(p + 1, v.bytes.at, v.bytes.len);
    if (UNLIKELY(layout_encoding(e) != v.encoding))
        layout_set_encoding(e, v.encoding);
    return true;
}

#endif
