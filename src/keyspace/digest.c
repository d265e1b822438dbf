/* SPDX-License-Identifier: MIT
 * keyspace/digest.c - one SHA-1 over the whole data set, whatever the order of keys.
 *
 * How:        each key's digest mixes its name and its value; those of all keys of a
 *             database are combined by exclusive or, after the number of the database
 *             was mixed in. The figures are those of Redis's DEBUG DIGEST, so that a
 *             data set can be compared across servers.
 * Read next:  commands/debug_data.c */
#include "keyspace/internal.h"

#include <arpa/inet.h>

/* The numbers Redis gives the types here are the order of enum type, streams
 * excepted. */
static uint32_t
type_number(enum type type)
{
    return type == TYPE_STREAM ? 6 : (uint32_t)type;
}

static void
mix_u32(unsigned char digest[20], uint32_t n)
{
    uint32_t big_endian = htonl(n);

    value_digest_mix(digest, bytes_view(&big_endian, sizeof big_endian));
}

static void
mix_entry(const struct entry *e, unsigned char digest[20])
{
    struct value v = entry_value(e);

    mix_u32(digest, type_number(v.type));
    value_type_of(v.type)->digest(v, digest);
    if (entry_deadline(e) != NO_DEADLINE)
        value_digest_xor(digest, B("!!expire!!"));
}

void
entry_digest(const struct entry *e, unsigned char out[20])
{
    memset(out, 0, 20);
    mix_entry(e, out);
}

static void
add_key(struct entry *e, void *out)
{
    unsigned char digest[20] = { 0 };

    value_digest_mix(digest, entry_key(e));
    mix_entry(e, digest);
    value_digest_xor(out, bytes_view(digest, sizeof digest));
}

void
keyspace_digest(struct keyspace *ks, unsigned char out[20])
{
    memset(out, 0, 20);
    for (int i = 0; i < ks->databases; i++) {
        if (!db_count(&ks->dbs[i]))
            continue;
        mix_u32(out, (uint32_t)i);
        db_each(&ks->dbs[i], add_key, out);
    }
}
