/* SPDX-License-Identifier: MIT
 * commands/debug_reply.c - see debug_reply.h. */
#include "commands/debug_reply.h"
#include "base/hash.h"
#include "structs/dict.h"
#include "command/clients.h"

bool
debug_positive(struct call *c, int i, int64_t *out)
{
    int64_t n;

    if (num_parse_i64(c->argv[i], &n) && n >= 0) {
        *out = n;
        return true;
    }
    reply_error(c->out, "ERR value is out of range, must be positive");
    return false;
}

void
debug_reply_digest(struct reply *out, const unsigned char digest[20])
{
    char hex[41] = { 0 };

    hash_hex(digest, 20, hex);
    reply_status(out, hex);
}

/* --- PROTOCOL --- */

static void
three_integers(struct reply *out)
{
    int i;

    for (i = 0; i < 3; i++)
        reply_int(out, i);
}

static void
protocol_map(struct reply *out)
{
    int i;

    reply_map(out, 3);
    for (i = 0; i < 3; i++) {
        reply_int(out, i);
        reply_bool(out, i == 1);
    }
}

static void
protocol_attribute(struct reply *out)
{
    if (out->proto >= 3) {
        reply_attribute(out, 1);
        reply_bulk_text(out, "key-popularity");
        reply_array(out, 2);
        reply_bulk_text(out, "key:123");
        reply_int(out, 90);
    }
    reply_bulk_text(out, "Some real reply following the attribute");
}

static void
protocol_push(struct reply *out)
{
    if (out->proto < 3) {
        reply_error(out, "ERR RESP2 is not supported by this command");
        return;
    }
    reply_push(out, 2);
    reply_bulk_text(out, "server-cpu-usage");
    reply_int(out, 42);
    reply_bulk_text(out, "Some real reply following the push reply");
}

static void
protocol_collection(struct reply *out, struct bytes type)
{
    if (bytes_is(type, "array")) {
        reply_array(out, 3);
        three_integers(out);
    } else if (bytes_is(type, "set")) {
        reply_set(out, 3);
        three_integers(out);
    } else if (bytes_is(type, "map")) {
        protocol_map(out);
    } else if (bytes_is(type, "attrib")) {
        protocol_attribute(out);
    } else if (bytes_is(type, "push")) {
        protocol_push(out);
    } else {
        reply_error(out, "ERR Wrong protocol type name. Please use one of the following: "
                    "string|integer|double|bignum|null|array|set|map|attrib|push|verbatim"
                    "|true|false");
    }
}

void
debug_reply_protocol(struct reply *out, struct bytes type)
{
    if (bytes_is(type, "string"))
        reply_bulk_text(out, "Hello World");
    else if (bytes_is(type, "integer"))
        reply_int(out, 12345);
    else if (bytes_is(type, "double"))
        reply_double(out, 3.141);
    else if (bytes_is(type, "bignum"))
        reply_bignum(out, B("1234567999999999999999999999999999999"));
    else if (bytes_is(type, "null"))
        reply_null(out);
    else if (bytes_is(type, "verbatim"))
        reply_verbatim(out, "txt", B("This is a verbatim\nstring"));
    else if (bytes_is(type, "true"))
        reply_bool(out, true);
    else if (bytes_is(type, "false"))
        reply_bool(out, false);
    else
        protocol_collection(out, type);
}

/* --- HTSTATS --- */

#define CHAIN_LENGTHS 50        /* longer chains are one line */

static void
describe_chains(struct text *out, const struct dict_facts *f, const size_t *by_items,
                size_t most)
{
    size_t buckets = 0, used, i;

    for (i = 0; i < CHAIN_LENGTHS; i++)
        buckets += by_items[i];
    used = buckets - by_items[0];
    text_printf(out, " table size: %zu\n number of elements: %zu\n different slots: %zu\n"
                " max chain length: %zu\n avg chain length (counted): %.2f\n"
                " avg chain length (computed): %.2f\n Chain length distribution:\n",
                buckets, f->count, used, most, (double)f->count / (double)used,
                (double)f->count / (double)used);
    for (i = 0; i < CHAIN_LENGTHS; i++)
        if (by_items[i] > 0)
            text_printf(out, "   %s%zu: %zu (%.2f%%)\n",
                        i == CHAIN_LENGTHS - 1 ? ">= " : "", i, by_items[i],
                        100 * (double)by_items[i] / (double)buckets);
}

/* A chain is the items of a bucket and of its children here; while a table changes its
 * size, both of its arrays count as one. */
void
debug_describe_table(struct text *out, const struct dict *d)
{
    size_t by_items[CHAIN_LENGTHS], most = dict_shape(d, by_items, CHAIN_LENGTHS);
    struct dict_facts f;

    dict_facts(d, &f);
    text_add_text(out, "Hash table 0 stats (main hash table):\n");
    if (f.count == 0) {
        text_add_text(out, "No stats available for empty dictionaries\n");
        return;
    }
    describe_chains(out, &f, by_items, most);
    text_printf(out, " chained buckets: %zu\n", f.chained);
    if (f.old_buckets)
        text_printf(out, " rehashing: %zu of %zu old buckets moved\n", f.migrated,
                    f.old_buckets);
}

void
debug_describe_tables(struct text *out, struct db *db)
{
    text_add_text(out, "[Dictionary HT]\n");
    debug_describe_table(out, db_dict(db));
    text_printf(out, "[Expires HT]\n number of elements: %zu\n bytes: %zu\n",
                db_count_expiring(db), db_overhead(db) - dict_memory(db_dict(db)));
}

/* --- CLIENT-EVICTION --- */

#define BUCKET_FIRST 15         /* below 2^15 bytes: the first bucket */
#define BUCKET_LAST 32          /* from 2^32 bytes on: the last */
#define BUCKETS (BUCKET_LAST - BUCKET_FIRST + 2)

static int
bucket_of(size_t memory)
{
    int i;

    for (i = 0; i < BUCKETS - 1; i++)
        if (memory < (size_t)1 << (BUCKET_FIRST + i))
            break;
    return i;
}

void
debug_describe_clients(struct text *out, const struct clients *all)
{
    size_t memory[BUCKETS] = { 0 }, count[BUCKETS] = { 0 };
    const struct client *c;
    int i;

    for (c = clients_first(all); c; c = c->next) {
        i = bucket_of(client_memory(c));
        memory[i] += client_memory(c);
        count[i]++;
    }
    for (i = 0; i < BUCKETS; i++) {
        size_t from = i ? (size_t)1 << (BUCKET_FIRST + i - 1) : 0;

        if (i == BUCKETS - 1)
            text_printf(out, "bucket %10zu+            :", from);
        else
            text_printf(out, "bucket %10zu - %10zu:", from,
                        ((size_t)1 << (BUCKET_FIRST + i)) - 1);
        text_printf(out, " tot-mem: %10zu, clients: %zu\n", memory[i], count[i]);
    }
}
