/* SPDX-License-Identifier: MIT
 * values/value.h - what a key can hold, and the one record of functions by
 * which the rest of the house handles any type. */
#ifndef IGNIS_VALUES_VALUE_H
#define IGNIS_VALUES_VALUE_H
#include <stdint.h>
#include "base/blob.h"
#include "base/bytes.h"
#include "base/clock.h"

struct dict;

/* Order is Redis's (OBJECT, RDB and DIGEST depend on nothing here). */
enum type { TYPE_STRING, TYPE_LIST, TYPE_SET, TYPE_ZSET, TYPE_HASH, TYPE_STREAM, TYPES };

/* How a string lies in memory.  Other types have their own enums (0..7). */
enum string_encoding {
    STRING_INT,                 /* 8 bytes inside the entry */
    STRING_EMBEDDED,            /* bytes inside the entry */
    STRING_EMBEDDED_RAW,        /* likewise, but OBJECT ENCODING says raw */
    STRING_BLOB                 /* a struct blob outside */
};

/* A bit in the encoding of a collection: its elements may have deadlines of their own.
 * Whoever looks a key up asks for it before anything else. */
#define VALUE_TIMED 4

/* A value in hand: a borrowed handle, passed by value.  Who owns what it points
 * to is said where it is given or taken. */
struct value {
    uint8_t type;               /* enum type */
    uint8_t encoding;           /* of that type */
    union {
        int64_t number;         /* STRING_INT */
        struct bytes bytes;     /* STRING_EMBEDDED* */
        struct blob *blob;      /* STRING_BLOB */
        void *object;           /* every other type */
    };
};

struct value_type {
    const char *name;                                   /* TYPE's answer */
    /* Free what the value owns outside its entry. */
    void (*free)(struct value v);
    /* A deep copy that owns itself. */
    struct value (*copy)(struct value v);
    /* Bytes outside the entry; `samples` elements are looked at, 0 = all. */
    size_t (*memory)(struct value v, size_t samples);
    /* OBJECT ENCODING's answer. */
    const char *(*encoding_name)(struct value v);
    /* How many allocations freeing takes: decides who frees (lazyfree). */
    size_t (*effort)(struct value v);
    /* Number of elements (1 for strings). */
    size_t (*length)(struct value v);
    /* The hash table that finds elements, NULL while there is none; NULL for types that
     * never have one. */
    const struct dict *(*table)(struct value v);
    /* Mix the value into a 20-byte digest as DEBUG DIGEST does. */
    void (*digest)(struct value v, unsigned char digest[20]);

    /* NULL for types whose elements never die before their key.  Called for encodings
     * with VALUE_TIMED: the earliest deadline of an element, -1 when none has one. */
    msec (*next_deadline)(struct value v);
    /* Remove elements that are due at `now`, at most `limit`, fewer when they are large
     * but one at least; how many it were.  What is due and still there is not to be seen
     * by readers of the value. */
    size_t (*expire)(struct value *v, msec now, size_t limit);
};

/* What `count` elements take when `seen` of them take `bytes`: exact when all were seen. */
size_t value_memory_of_all(size_t bytes, size_t seen, size_t count);

/* Two ways to add bytes to a digest: `xor` forgets the order of what is added
 * (sets, keys), `mix` keeps it (lists, a field and its value). */
void value_digest_xor(unsigned char digest[20], struct bytes b);
void value_digest_mix(unsigned char digest[20], struct bytes b);

/* server/parts.c registers all types; value_type_of asserts it is there. */
void value_type_register(enum type type, const struct value_type *vt);
const struct value_type *value_type_of(uint8_t type);
const char *value_type_name(uint8_t type);
/* -1 when no type has this name (SCAN TYPE), case-insensitive. */
int value_type_by_name(struct bytes name);

#endif
