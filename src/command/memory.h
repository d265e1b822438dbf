/* SPDX-License-Identifier: MIT
 * command/memory.h - where the memory is: one account for INFO memory, MEMORY
 * STATS and MEMORY DOCTOR. */
#ifndef IGNIS_COMMAND_MEMORY_H
#define IGNIS_COMMAND_MEMORY_H
#include <stdint.h>
#include "base/alloc.h"

struct server;

struct memory_account {
    size_t used, peak, startup;         /* bytes */
    size_t clients_normal, clients_replicas;
    size_t tables;                      /* of all databases */
    size_t overhead;                    /* start-up, sessions, tables */
    size_t dataset;                     /* the rest: keys and values */
    size_t keys, bytes_per_key;
    double dataset_percent, peak_percent;
    struct mem_facts allocator;
    double fragmentation;               /* resident / used */
    int64_t fragmentation_bytes;
    double allocator_fragmentation;     /* active / allocated */
    int64_t allocator_fragmentation_bytes;
    double allocator_rss;               /* resident / active */
    int64_t allocator_rss_bytes;
    double rss_overhead;                /* of the process / of the allocator */
    int64_t rss_overhead_bytes;
};

/* Call once when the server is ready and empty: what is in use by now is
 * overhead, not data. */
void memory_started(void);
/* Note a new peak in the server's stats. O(1). */
void memory_sample_peak(struct server *server);
/* Asks the allocator: some microseconds. */
void memory_account(struct server *server, struct memory_account *out);

#endif
