/* SPDX-License-Identifier: MIT
 * commands/c_object.c - OBJECT: how a value lies in memory and how it is used.
 *
 * How:        looking here leaves the access clock alone, otherwise OBJECT
 *             IDLETIME could never answer anything but 0.
 * Read next:  commands/object_facts.c, keyspace/access.c */
#include "keyspace/evict.h"
#include "command/call.h"
#include "command/docs.h"
#include "commands/families.h"
#include "commands/object_facts.h"

/* The entry of argument 2; NULL when absent, which is answered as null.
 * Counts as a lookup in the statistics but is no event. */
static struct entry *
object_lookup(struct call *c)
{
    struct key key = call_key(c, 2);
    struct entry *e = db_peek(c->db, &key);
    struct keyspace_stats *stats = keyspace_stats(c->server->keyspace);

    if (e) {
        stats->hits++;
        return e;
    }
    stats->misses++;
    reply_null(c->out);
    return NULL;
}

static void
cmd_object_encoding(struct call *c)
{
    struct entry *e = object_lookup(c);

    if (e)
        reply_bulk_text(c->out,
                        value_type_of(entry_type(e))->encoding_name(entry_value(e)));
}

static void
cmd_object_refcount(struct call *c)
{
    struct entry *e = object_lookup(c);

    if (e)
        reply_int(c->out, object_refcount(c->server->keyspace, e));
}

static void
cmd_object_idletime(struct call *c)
{
    struct keyspace *ks = c->server->keyspace;
    struct entry *e = object_lookup(c);

    if (!e)
        return;
    if (evict_is_lfu(ks))
        reply_error(c->out, "ERR An LFU maxmemory policy is selected, idle time not"
                    " tracked. Please note that when switching between policies at"
                    " runtime LRU and LFU data will take some time to adjust.");
    else
        reply_int(c->out, evict_idle_ms(ks, entry_clock(e)) / 1000);
}

static void
cmd_object_freq(struct call *c)
{
    struct keyspace *ks = c->server->keyspace;
    struct entry *e = object_lookup(c);

    if (!e)
        return;
    if (!evict_is_lfu(ks))
        reply_error(c->out, "ERR An LFU maxmemory policy is not selected, access"
                    " frequency not tracked. Please note that when switching between"
                    " policies at runtime LRU and LFU data will take some time to"
                    " adjust.");
    else
        reply_int(c->out, evict_frequency(ks, entry_clock(e)));
}

static const struct command object_commands[] = {
    { .name = "object", .arity = -2,
      .not_also = ACL_KEYSPACE,
      .since = "2.2.3", .cost = "see the subcommands",
      .summary = "Look at how values are stored and used." },
    { .name = "encoding", .container = "object", .run = cmd_object_encoding, .arity = 3,
      .flags = READONLY,
      .syntax = "key:k",
      .keys = { KEY(2, KEY_RO) },
      .since = "2.2.3", .cost = "O(1)",
      .summary = "Name the way the value is laid out in memory.",
      .tips = "nondeterministic_output" },
    { .name = "freq", .container = "object", .run = cmd_object_freq, .arity = 3,
      .flags = READONLY,
      .syntax = "key:k",
      .keys = { KEY(2, KEY_RO) },
      .since = "4.0.0", .cost = "O(1)",
      .summary = "Logarithmic count of recent uses; under an LFU policy only.",
      .tips = "nondeterministic_output" },
    { .name = "help", .container = "object", .run = command_help, .arity = 2,
      .flags = LOADING | STALE,
      .since = "6.2.0", .cost = "O(1)",
      .summary = "List the subcommands." },
    { .name = "idletime", .container = "object", .run = cmd_object_idletime, .arity = 3,
      .flags = READONLY,
      .syntax = "key:k",
      .keys = { KEY(2, KEY_RO) },
      .since = "2.2.3", .cost = "O(1)",
      .summary = "Seconds since the key was last used; not under an LFU policy.",
      .tips = "nondeterministic_output" },
    { .name = "refcount", .container = "object", .run = cmd_object_refcount, .arity = 3,
      .flags = READONLY,
      .syntax = "key:k",
      .keys = { KEY(2, KEY_RO) },
      .since = "2.2.3", .cost = "O(1)",
      .summary = "How many holders the value has, as Redis would count them.",
      .tips = "nondeterministic_output" },
};
const struct family object_family = FAMILY("generic", ACL_KEYSPACE, object_commands);
