/* SPDX-License-Identifier: MIT
 * commands/debug_data.c - the words of DEBUG that look at keys, or make many of them.
 *
 * How:       looking leaves a key's access clock and the counters of lookups alone.
 *            Redis's names for its own structures get what stands for them here.
 * Read next: commands/debug_reply.c */
#include "commands/debug_data.h"
#include "commands/debug_layout.h"

#include "base/alloc.h"
#include "base/text.h"
#include "config/config.h"
#include "values/v_string.h"
#include "keyspace/evict.h"
#include "commands/debug_reply.h"
#include "commands/object_facts.h"

/* The entry of argument i, without touching it; answers when it is absent. */
static struct entry *
debug_lookup(struct call *c, int i)
{
    struct key key = call_key(c, i);
    struct entry *e = db_peek(c->db, &key);

    if (!e)
        call_no_such_key(c);
    return e;
}

void
debug_digest(struct call *c)
{
    unsigned char digest[20];

    keyspace_digest(c->server->keyspace, digest);
    debug_reply_digest(c->out, digest);
}

void
debug_digest_value(struct call *c)
{
    int i;

    reply_array(c->out, (size_t)(c->argc - 2));
    for (i = 2; i < c->argc; i++) {
        unsigned char digest[20] = { 0 };
        struct key key = call_key(c, i);
        struct entry *e = db_peek(c->db, &key);

        if (e)
            entry_digest(e, digest);
        debug_reply_digest(c->out, digest);
    }
}

void
debug_object(struct call *c)
{
    struct keyspace *ks = c->server->keyspace;
    struct entry *e = debug_lookup(c, 2);
    struct text line = { 0 };

    if (!e)
        return;
    text_printf(&line, "Value at:%p refcount:%lld encoding:%s serializedlength:%zu"
                " lru:%u lru_seconds_idle:%lld", (void *)e,
                (long long)object_refcount(ks, e),
                value_type_of(entry_type(e))->encoding_name(entry_value(e)),
                object_serialized_length(e), entry_clock(e),
                (long long)evict_idle_ms(ks, entry_clock(e)) / 1000);
    debug_add_list_facts(&line, c, entry_value(e));
    reply_status(c->out, line.at);
    text_free(&line);
}

/* Keys and values are no sds here: the figures are what stands for them. */
void
debug_sdslen(struct call *c)
{
    struct entry *e = debug_lookup(c, 2);
    struct text line = { 0 };
    struct value v;
    size_t len, room;

    if (!e)
        return;
    v = entry_value(e);
    if (v.type != TYPE_STRING || v.encoding == STRING_INT) {
        reply_error(c->out, "ERR Not an sds encoded string.");
        return;
    }
    len = string_len(v);
    room = v.encoding == STRING_BLOB ? v.blob->room : len;
    text_printf(&line, "key_sds_len:%zu, key_sds_avail:0, key_zmalloc: %zu,"
                " val_sds_len:%zu, val_sds_avail:%zu, val_zmalloc: %zu",
                entry_key(e).len, entry_memory(e), len, room - len,
                value_type_of(TYPE_STRING)->memory(v, 0));
    reply_status(c->out, line.at);
    text_free(&line);
}

void
debug_htstats(struct call *c)
{
    struct keyspace *ks = c->server->keyspace;
    struct text out = { 0 };
    int64_t n;

    if (!call_int(c, 2, &n))
        return;
    if (n < 0 || n >= keyspace_databases(ks)) {
        reply_error(c->out, "ERR Out of range database");
        return;
    }
    debug_describe_tables(&out, keyspace_db(ks, (int)n));
    reply_verbatim(c->out, "txt", text_view(&out));
    text_free(&out);
}

void
debug_htstats_key(struct call *c)
{
    const struct value_type *type;
    const struct dict *table;
    struct entry *e = debug_lookup(c, 2);
    struct text out = { 0 };

    if (!e)
        return;
    type = value_type_of(entry_type(e));
    table = type->table ? type->table(entry_value(e)) : NULL;
    if (!table) {
        reply_error(c->out, "ERR The value stored at the specified key is not represented"
                            " using an hash table");
        return;
    }
    debug_describe_table(&out, table);
    reply_verbatim(c->out, "txt", text_view(&out));
    text_free(&out);
}

void
debug_structsize(struct call *c)
{
    struct text line = { 0 };

    text_printf(&line, "bits:%zu value:%zu bytes:%zu blob:%zu chunk:%zu slot:%zu",
                sizeof(void *) * 8, sizeof(struct value), sizeof(struct bytes),
                sizeof(struct blob), sizeof(struct chunk), sizeof(struct slot));
    reply_bulk(c->out, text_view(&line));
    text_free(&line);
}

void
debug_client_eviction(struct call *c)
{
    struct text out = { 0 };

    if (!c->server->config->max_memory_clients) {
        reply_error(c->out, "ERR maxmemory-clients is disabled.");
        return;
    }
    debug_describe_clients(&out, c->server->clients);
    reply_verbatim(c->out, "txt", text_view(&out));
    text_free(&out);
}

/* --- writing --- */

#define POPULATE_RESERVE_MAX (64u << 20)

/* POPULATE count [prefix [size]]: keys prefix:0 ... that are not there yet. */
static void
populate(struct call *c, int64_t count, struct bytes prefix, char *value, size_t size)
{
    struct text name = { 0 };
    int64_t i;

    for (i = 0; i < count; i++) {
        char number[NUM_I64_MAX_TEXT];
        size_t digits = num_format_i64(number, i), body;
        struct slot slot;
        struct key key;

        text_clear(&name);
        text_add(&name, prefix);
        text_add_char(&name, ':');
        text_add(&name, bytes_view(number, digits));
        key = key_of(text_view(&name));
        db_slot(c->db, &key, &slot);
        if (slot.entry)
            continue;
        body = 6 + digits;                  /* "value:N", cut or zero-filled */
        memcpy(value + 6, number, digits);
        slot_put(&slot, string_value(bytes_view(value, size ? size : body)), NO_DEADLINE);
        if (size)
            memset(value + 6, 0, digits);
    }
    text_free(&name);
}

void
debug_populate(struct call *c)
{
    struct bytes prefix = c->argc > 3 ? c->argv[3] : B("key");
    int64_t count, size = 0;
    size_t room;
    char *value;

    if (!debug_positive(c, 2, &count) || (c->argc > 4 && !debug_positive(c, 4, &size)))
        return;
    room = (size_t)size + 6 + NUM_I64_MAX_TEXT;
    value = mem_try_alloc(room);
    if (!value) {
        reply_error(c->out, "ERR no memory for values of this size");
        return;
    }
    memset(value, 0, room);
    memcpy(value, "value:", 6);
    if ((uint64_t)count <= POPULATE_RESERVE_MAX)
        db_reserve(c->db, db_count(c->db) + (size_t)count);
    populate(c, count, prefix, value, (size_t)size);
    mem_free(value);
    reply_ok(c->out);
}
