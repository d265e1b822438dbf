/* SPDX-License-Identifier: MIT
 * commands/c_memory.c - MEMORY: how much, where, and whether to worry.
 *
 * Read next:  command/memory.c, which does the counting. */
#include "base/text.h"
#include "structs/dict.h"
#include "command/call.h"
#include "command/clients.h"
#include "command/docs.h"
#include "command/memory.h"
#include "commands/families.h"
#include <stdio.h>

#define USAGE_SAMPLES_DEFAULT 5

static void
cmd_memory_usage(struct call *c)
{
    int64_t samples = USAGE_SAMPLES_DEFAULT;
    struct key key = call_key(c, 2);
    struct entry *e;
    int i;

    for (i = 3; i < c->argc; i += 2) {
        if (!call_is(c, i, "samples") || i + 1 == c->argc) {
            call_syntax_error(c);
            return;
        }
        if (!call_int(c, i + 1, &samples))
            return;
        if (samples < 0) {
            call_syntax_error(c);
            return;
        }
    }
    e = db_peek(c->db, &key);
    if (e)
        reply_int(c->out, (int64_t)db_entry_memory(c->db, e, (size_t)samples));
    else
        reply_null(c->out);
}

/* --- STATS --- */

static void
stat_bytes(struct reply *out, const char *name, int64_t n)
{
    reply_bulk_text(out, name);
    reply_int(out, n);
}

static void
stat_double(struct reply *out, const char *name, double d)
{
    reply_bulk_text(out, name);
    reply_double(out, d);
}

static size_t
databases_in_use(struct keyspace *ks)
{
    size_t n = 0;
    int i;

    for (i = 0; i < keyspace_databases(ks); i++)
        n += db_count(keyspace_db(ks, i)) != 0;
    return n;
}

static void
stat_databases(struct reply *out, struct keyspace *ks)
{
    char name[32];
    int i;

    for (i = 0; i < keyspace_databases(ks); i++) {
        struct db *db = keyspace_db(ks, i);
        size_t table = dict_memory(db_dict(db)), all = db_overhead(db);

        if (!db_count(db))
            continue;
        snprintf(name, sizeof name, "db.%d", i);
        reply_bulk_text(out, name);
        reply_map(out, 3);
        stat_bytes(out, "overhead.hashtable.main", (int64_t)table);
        stat_bytes(out, "overhead.hashtable.expires",
                   all > table ? (int64_t)(all - table) : 0);
        stat_bytes(out, "overhead.hashtable.slot-to-keys", 0);
    }
}

static void
stat_allocator(struct reply *out, const struct memory_account *m)
{
    stat_bytes(out, "allocator.allocated", (int64_t)m->allocator.allocated);
    stat_bytes(out, "allocator.active", (int64_t)m->allocator.active);
    stat_bytes(out, "allocator.resident", (int64_t)m->allocator.resident);
    stat_double(out, "allocator-fragmentation.ratio", m->allocator_fragmentation);
    stat_bytes(out, "allocator-fragmentation.bytes", m->allocator_fragmentation_bytes);
    stat_double(out, "allocator-rss.ratio", m->allocator_rss);
    stat_bytes(out, "allocator-rss.bytes", m->allocator_rss_bytes);
    stat_double(out, "rss-overhead.ratio", m->rss_overhead);
    stat_bytes(out, "rss-overhead.bytes", m->rss_overhead_bytes);
    stat_double(out, "fragmentation", m->fragmentation);
    stat_bytes(out, "fragmentation.bytes", m->fragmentation_bytes);
}

#define STATS_FIELDS 27         /* and one for each database in use */

/* Fields of parts that are not built yet are 0: nothing is spent on them. */
static void
cmd_memory_stats(struct call *c)
{
    struct keyspace *ks = c->server->keyspace;
    struct reply *out = c->out;
    struct memory_account m;

    memory_account(c->server, &m);
    reply_map(out, STATS_FIELDS + databases_in_use(ks));
    stat_bytes(out, "peak.allocated", (int64_t)m.peak);
    stat_bytes(out, "total.allocated", (int64_t)m.used);
    stat_bytes(out, "startup.allocated", (int64_t)m.startup);
    stat_bytes(out, "replication.backlog", 0);
    stat_bytes(out, "clients.slaves", (int64_t)m.clients_replicas);
    stat_bytes(out, "clients.normal", (int64_t)m.clients_normal);
    stat_bytes(out, "cluster.links", 0);
    stat_bytes(out, "aof.buffer", 0);
    stat_bytes(out, "lua.caches", 0);
    stat_bytes(out, "functions.caches", 0);
    stat_databases(out, ks);
    stat_bytes(out, "overhead.total", (int64_t)m.overhead);
    stat_bytes(out, "keys.count", (int64_t)m.keys);
    stat_bytes(out, "keys.bytes-per-key", (int64_t)m.bytes_per_key);
    stat_bytes(out, "dataset.bytes", (int64_t)m.dataset);
    stat_double(out, "dataset.percentage", m.dataset_percent);
    stat_double(out, "peak.percentage", m.peak_percent);
    stat_allocator(out, &m);
}

/* --- DOCTOR --- */

#define DOCTOR_TOO_LITTLE (5u << 20)
#define DOCTOR_BYTES (10 << 20)         /* less than this is never worth a word */
#define DOCTOR_CLIENT_BYTES (200u << 10)

static void
doctor_findings(struct server *server, const struct memory_account *m, struct text *out)
{
    size_t sessions = clients_count(server->clients);

    if ((double)m->peak > 1.5 * (double)m->used)
        text_printf(out, " * Past peak: %zu bytes were in use once, %.1f times today's"
                    " figure. The allocator may still hold pages of that time, so"
                    " resident memory and the fragmentation ratio look high. MEMORY PURGE"
                    " may return some of them.\n\n", m->peak,
                    (double)m->peak / (double)m->used);
    if (m->fragmentation > 1.4 && m->fragmentation_bytes > DOCTOR_BYTES)
        text_printf(out, " * Fragmentation: the process holds %.2f times the memory it"
                    " uses. Values that changed size, or many deletions, leave"
                    " holes.\n\n", m->fragmentation);
    if (m->allocator_fragmentation > 1.1
        && m->allocator_fragmentation_bytes > DOCTOR_BYTES)
        text_printf(out, " * Allocator: its pages are filled to %.0f%% only.\n\n",
                    100 / m->allocator_fragmentation);
    if (m->allocator_rss > 1.1 && m->allocator_rss_bytes > DOCTOR_BYTES)
        text_printf(out, " * Free pages: the allocator keeps %lld bytes it does not"
                    " need now. MEMORY PURGE asks for them back.\n\n",
                    (long long)m->allocator_rss_bytes);
    if (m->rss_overhead > 1.1 && m->rss_overhead_bytes > DOCTOR_BYTES)
        text_printf(out, " * Outside the allocator: %lld resident bytes belong to code,"
                    " stacks and mappings.\n\n", (long long)m->rss_overhead_bytes);
    if (sessions && m->clients_normal / sessions > DOCTOR_CLIENT_BYTES)
        text_printf(out, " * Clients: %zu bytes each on average; some do not read their"
                    " replies or send very long requests. CLIENT LIST shows omem and"
                    " qbuf.\n\n", m->clients_normal / sessions);
}

static void
cmd_memory_doctor(struct call *c)
{
    struct memory_account m;
    struct text out = { 0 };

    memory_account(c->server, &m);
    if (m.used < DOCTOR_TOO_LITTLE) {
        text_add_text(&out, "This server holds next to nothing; figures of so little"
                      " memory mean nothing. Ask again when there is data.\n");
    } else {
        doctor_findings(c->server, &m, &out);
        if (!out.len)
            text_add_text(&out, "Nothing unusual about the memory of this server.\n");
    }
    reply_verbatim(c->out, "txt", text_view(&out));
    text_free(&out);
}

/* --- the allocator --- */

static void
cmd_memory_malloc_stats(struct call *c)
{
    char *report = mem_allocator_report();

    reply_verbatim(c->out, "txt", bytes_of_text(report));
    mem_free(report);
}

static void
cmd_memory_purge(struct call *c)
{
    mem_purge();
    reply_ok(c->out);
}

static const struct command memory_commands[] = {
    { .name = "memory", .arity = -2,
      .since = "4.0.0", .cost = "see the subcommands",
      .summary = "Ask where memory goes." },
    { .name = "doctor", .container = "memory", .run = cmd_memory_doctor, .arity = 2,
      .since = "4.0.0", .cost = "O(1)",
      .summary = "Say in words what is unusual about memory use.",
      .tips = "nondeterministic_output request_policy:all_shards"
              " response_policy:special" },
    { .name = "help", .container = "memory", .run = command_help, .arity = 2,
      .flags = LOADING | STALE,
      .since = "4.0.0", .cost = "O(1)",
      .summary = "List the subcommands." },
    { .name = "malloc-stats", .container = "memory",
      .run = cmd_memory_malloc_stats, .arity = 2,
      .since = "4.0.0", .cost = "grows with the memory in use; may be slow",
      .summary = "Print what the allocator says about itself.",
      .tips = "nondeterministic_output request_policy:all_shards"
              " response_policy:special" },
    { .name = "purge", .container = "memory", .run = cmd_memory_purge, .arity = 2,
      .flags = NOT_UNDONE,
      .since = "4.0.0", .cost = "grows with the memory in use; may be slow",
      .summary = "Give unused pages back to the system.",
      .tips = "request_policy:all_shards response_policy:all_succeeded" },
    { .name = "stats", .container = "memory", .run = cmd_memory_stats, .arity = 2,
      .since = "4.0.0", .cost = "O(1)",
      .summary = "Report memory use item by item.",
      .tips = "nondeterministic_output request_policy:all_shards"
              " response_policy:special" },
    { .name = "usage", .container = "memory", .run = cmd_memory_usage, .arity = -3,
      .flags = READONLY,
      .syntax = "key:k [SAMPLES count:i]",
      .keys = { KEY(2, KEY_RO) },
      .since = "4.0.0", .cost = "O(n) for n elements sampled",
      .summary = "Tell how many bytes a key and its value take." },
};
const struct family memory_family = FAMILY("server", 0, memory_commands);
