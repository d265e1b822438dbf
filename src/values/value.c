/* SPDX-License-Identifier: MIT
 * values/value.c - the register of types.
 *
 * Why:        floors above handle "any value"; they must not know the types.
 * How:        one row of functions per type, put here by whoever assembles the
 *             program, so that a build without a type still links.
 * Read next:  values/v_string.c */
#include "values/value.h"

#include "base/hash.h"

#include <assert.h>

static const struct value_type *registered[TYPES];

void
value_type_register(enum type type, const struct value_type *vt)
{
    assert((unsigned)type < TYPES && vt && vt->name);
    registered[type] = vt;
}

const struct value_type *
value_type_of(uint8_t type)
{
    assert(type < TYPES && registered[type]);
    return registered[type];
}

const char *
value_type_name(uint8_t type)
{
    return value_type_of(type)->name;
}

int
value_type_by_name(struct bytes name)
{
    for (int i = 0; i < TYPES; i++)
        if (registered[i] && bytes_is(name, registered[i]->name))
            return i;
    return -1;
}

size_t
value_memory_of_all(size_t bytes, size_t seen, size_t count)
{
    if (seen == 0 || seen >= count)
        return bytes;
    return (size_t)((double)bytes / (double)seen * (double)count);
}

void
value_digest_xor(unsigned char digest[20], struct bytes b)
{
    unsigned char sum[20];

    hash_sha1(b.at, b.len, sum);
    for (int i = 0; i < 20; i++)
        digest[i] ^= sum[i];
}

void
value_digest_mix(unsigned char digest[20], struct bytes b)
{
    unsigned char sum[20];

    value_digest_xor(digest, b);
    hash_sha1(digest, 20, sum);
    memcpy(digest, sum, 20);
}
