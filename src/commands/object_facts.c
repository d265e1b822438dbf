/* SPDX-License-Identifier: MIT
 * commands/object_facts.c - see object_facts.h.
 *
 * Why:        values here are never shared between keys, but tools and tests
 *             read the count to learn whether a value is one of Redis's shared
 *             integers, so the answer is what Redis would have done.
 * Read next:  commands/c_debug.c */
#include "commands/object_facts.h"
#include "values/v_string.h"
#include "keyspace/evict.h"
#include <limits.h>

#define SHARED_INTEGERS 10000

static bool
integers_are_shared(const struct keyspace *ks)
{
    const struct evict_settings *s = evict_settings(ks);

    if (s->limit == 0)
        return true;
    return s->policy != EVICT_VOLATILE_LRU && s->policy != EVICT_ALLKEYS_LRU
           && s->policy != EVICT_VOLATILE_LFU && s->policy != EVICT_ALLKEYS_LFU;
}

int64_t
object_refcount(const struct keyspace *ks, const struct entry *e)
{
    struct value v = entry_value(e);
    bool small = v.type == TYPE_STRING && v.encoding == STRING_INT
                 && v.number >= 0 && v.number < SHARED_INTEGERS;

    return small && integers_are_shared(ks) ? INT_MAX : 1;
}

/* Dumps write integers that fit into one, two or four bytes as those. */
static size_t
serialized_integer(int64_t n)
{
    if (n >= INT8_MIN && n <= INT8_MAX)
        return 2;
    if (n >= INT16_MIN && n <= INT16_MAX)
        return 3;
    if (n >= INT32_MIN && n <= INT32_MAX)
        return 5;
    return 1 + string_len(string_value_int(n));
}

/* A length before bytes takes 1, 2, 5 or 9 bytes. */
static size_t
serialized_bytes(size_t len)
{
    if (len < 64)
        return 1 + len;
    if (len < 16384)
        return 2 + len;
    return (len <= UINT32_MAX ? 5 : 9) + len;
}

size_t
object_serialized_length(const struct entry *e)
{
    struct value v = entry_value(e);

    if (v.type == TYPE_STRING && v.encoding == STRING_INT)
        return serialized_integer(v.number);
    if (v.type == TYPE_STRING)
        return serialized_bytes(string_len(v));
    return value_type_of(v.type)->memory(v, 0);     /* until dumps are written */
}
