/* SPDX-License-Identifier: MIT
 * server/info_memory.c - INFO memory, from the account of command/memory.c.
 *
 * Left out:   scripts, replication and the AOF use nothing yet: their fields are 0.
 * Read next:  command/memory.c */
#include "server/info_memory.h"
#include "base/num.h"
#include "base/text.h"
#include "config/config.h"
#include "keyspace/evict.h"
#include "command/call.h"
#include "command/memory.h"
#include <unistd.h>

/* name:bytes and name_human:size */
static void
sized(struct text *out, const char *name, uint64_t n)
{
    char human[64];

    num_format_human(human, n);
    text_printf(out, "%s:%llu\r\n%s_human:%s\r\n", name, (unsigned long long)n,
                name, human);
}

static void
bytes(struct text *out, const char *name, int64_t n)
{
    text_printf(out, "%s:%lld\r\n", name, (long long)n);
}

static void
ratio_and_bytes(struct text *out, const char *ratio_name, double ratio,
                const char *bytes_name, int64_t n)
{
    text_printf(out, "%s:%.2f\r\n", ratio_name, ratio);
    bytes(out, bytes_name, n);
}

static const char *
policy_name(enum evict_policy policy)
{
#define POLICY_CASE(word, value) case (enum evict_policy)value: return word;
    switch (policy) {
    WORDS_policy(POLICY_CASE)
    }
#undef POLICY_CASE
    return "noeviction";
}

static void
used_fields(struct text *out, const struct memory_account *m)
{
    sized(out, "used_memory", m->used);
    sized(out, "used_memory_rss", m->allocator.rss);
    sized(out, "used_memory_peak", m->peak);
    text_printf(out, "used_memory_peak_perc:%.2f%%\r\n", m->peak_percent);
    bytes(out, "used_memory_overhead", (int64_t)m->overhead);
    bytes(out, "used_memory_startup", (int64_t)m->startup);
    bytes(out, "used_memory_dataset", (int64_t)m->dataset);
    text_printf(out, "used_memory_dataset_perc:%.2f%%\r\n", m->dataset_percent);
    bytes(out, "allocator_allocated", (int64_t)m->allocator.allocated);
    bytes(out, "allocator_active", (int64_t)m->allocator.active);
    bytes(out, "allocator_resident", (int64_t)m->allocator.resident);
}

static void
script_fields(struct text *out)
{
    text_printf(out, "used_memory_lua:0\r\nused_memory_vm_eval:0\r\n");
    text_printf(out, "used_memory_lua_human:0B\r\nused_memory_scripts_eval:0\r\n");
    text_printf(out, "number_of_cached_scripts:0\r\nnumber_of_functions:0\r\n");
    text_printf(out, "number_of_libraries:0\r\nused_memory_vm_functions:0\r\n");
    text_printf(out, "used_memory_vm_total:0\r\nused_memory_vm_total_human:0B\r\n");
    text_printf(out, "used_memory_functions:0\r\nused_memory_scripts:0\r\n");
    text_printf(out, "used_memory_scripts_human:0B\r\n");
}

static void
fragmentation_fields(struct text *out, const struct memory_account *m)
{
    ratio_and_bytes(out, "allocator_frag_ratio", m->allocator_fragmentation,
                    "allocator_frag_bytes", m->allocator_fragmentation_bytes);
    ratio_and_bytes(out, "allocator_rss_ratio", m->allocator_rss,
                    "allocator_rss_bytes", m->allocator_rss_bytes);
    ratio_and_bytes(out, "rss_overhead_ratio", m->rss_overhead,
                    "rss_overhead_bytes", m->rss_overhead_bytes);
    ratio_and_bytes(out, "mem_fragmentation_ratio", m->fragmentation,
                    "mem_fragmentation_bytes", m->fragmentation_bytes);
}

void
info_memory(struct text *out, struct server *server)
{
    const struct evict_settings *evict = evict_settings(server->keyspace);
    const struct keyspace_stats *stats = keyspace_stats(server->keyspace);
    struct memory_account m;

    memory_account(server, &m);
    used_fields(out, &m);
    sized(out, "total_system_memory",
          (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE));
    script_fields(out);
    sized(out, "maxmemory", evict->limit);
    text_printf(out, "maxmemory_policy:%s\r\n", policy_name(evict->policy));
    fragmentation_fields(out, &m);
    text_printf(out, "mem_not_counted_for_evict:0\r\nmem_replication_backlog:0\r\n");
    text_printf(out, "mem_total_replication_buffers:0\r\n");
    bytes(out, "mem_clients_slaves", (int64_t)m.clients_replicas);
    bytes(out, "mem_clients_normal", (int64_t)m.clients_normal);
    text_printf(out, "mem_cluster_links:0\r\nmem_aof_buffer:0\r\n");
    text_printf(out, "mem_allocator:%s\r\n", mem_allocator_name());
    text_printf(out, "active_defrag_running:0\r\n");
    bytes(out, "lazyfree_pending_objects", (int64_t)stats->lazyfree_pending);
    bytes(out, "lazyfreed_objects", (int64_t)stats->lazyfreed);
}
