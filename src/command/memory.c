/* SPDX-License-Identifier: MIT
 * command/memory.c - see memory.h.
 *
 * Why:        three commands report memory; they must not disagree.
 * How:        what is not known to be overhead is data.  Key names count as
 *             data here: they live in one block with their values.
 * Read next:  commands/c_memory.c, server/info_memory.c */
#include "command/memory.h"
#include "command/call.h"
#include "command/clients.h"
#include "command/stats.h"

static size_t startup_bytes;

void
memory_started(void)
{
    startup_bytes = mem_used();
}

void
memory_sample_peak(struct server *server)
{
    size_t used = mem_used();

    if (used > server->stats->peak_memory)
        server->stats->peak_memory = used;
}

/* No division by what an allocator without statistics does not tell. */
static double
ratio(size_t a, size_t b)
{
    return b ? (double)a / (double)b : 0;
}

static void
account_allocator(struct memory_account *out)
{
    struct mem_facts *f = &out->allocator;

    mem_facts(f);
    out->fragmentation = ratio(f->rss, out->used);
    out->fragmentation_bytes = (int64_t)f->rss - (int64_t)out->used;
    out->allocator_fragmentation = ratio(f->active, f->allocated);
    out->allocator_fragmentation_bytes = (int64_t)f->active - (int64_t)f->allocated;
    out->allocator_rss = ratio(f->resident, f->active);
    out->allocator_rss_bytes = (int64_t)f->resident - (int64_t)f->active;
    out->rss_overhead = ratio(f->rss, f->resident);
    out->rss_overhead_bytes = (int64_t)f->rss - (int64_t)f->resident;
}

static void
account_databases(struct keyspace *ks, struct memory_account *out)
{
    int i;

    for (i = 0; i < keyspace_databases(ks); i++) {
        struct db *db = keyspace_db(ks, i);

        if (!db_count(db))
            continue;
        out->keys += db_count(db);
        out->tables += db_overhead(db);
    }
}

void
memory_account(struct server *server, struct memory_account *out)
{
    struct clients_facts clients;
    size_t net;

    *out = (struct memory_account){ .startup = startup_bytes };
    memory_sample_peak(server);
    clients_facts(server->clients, &clients);
    out->used = mem_used();
    out->peak = server->stats->peak_memory;
    out->clients_normal = clients.memory_normal;
    out->clients_replicas = clients.memory_replicas;
    account_databases(server->keyspace, out);
    account_allocator(out);
    out->overhead = out->startup + out->clients_normal + out->clients_replicas
                    + out->tables;
    net = out->used > out->startup ? out->used - out->startup : 0;
    out->dataset = out->used > out->overhead ? out->used - out->overhead : 0;
    out->dataset_percent = ratio(out->dataset, net) * 100;
    out->peak_percent = ratio(out->used, out->peak) * 100;
    out->bytes_per_key = out->keys ? net / out->keys : 0;
}
