/* SPDX-License-Identifier: MIT
 * keyspace/evict.h - stay below maxmemory; the access clock of entries. */
#ifndef IGNIS_KEYSPACE_EVICT_H
#define IGNIS_KEYSPACE_EVICT_H
#include "base/status.h"
#include "keyspace/keyspace.h"

enum evict_policy {             /* names in config/options.def */
    EVICT_VOLATILE_LRU, EVICT_ALLKEYS_LRU, EVICT_VOLATILE_LFU, EVICT_ALLKEYS_LFU,
    EVICT_VOLATILE_RANDOM, EVICT_ALLKEYS_RANDOM, EVICT_VOLATILE_TTL, EVICT_NONE
};

struct evict_settings {
    size_t limit;               /* bytes, 0 = none */
    enum evict_policy policy;
    int samples;                /* maxmemory-samples */
    int tenacity;               /* 0..100 */
    int lfu_log_factor, lfu_decay_minutes;
    bool lazy;                  /* lazyfree-lazy-eviction */
};
/* The options that decide about eviction changed; copies them. */
void evict_configure(struct keyspace *ks, const struct evict_settings *settings);
const struct evict_settings *evict_settings(const struct keyspace *ks);

/* Make room. OK: below the limit, or expired keys are only hidden (a replica, paused
 * clients), which keeps evicted ones too.  FAILED: could not (or noeviction).  Bounded
 * in time by tenacity; FAILED_LIMIT when time ran out with eviction going on (goes on
 * by itself: call again from the loop). */
enum status evict_to_fit(struct keyspace *ks) MUST_USE;
/* More memory in use than maxmemory, but for what this turn's evictions told clients? */
bool evict_is_over(const struct keyspace *ks);
/* What they were told is on its way. */
void evict_turn_ends(struct keyspace *ks);
/* How long the limit has been exceeded without a break; 0 when it is not. */
usec evict_exceeded_us(const struct keyspace *ks);

/* The access clock. */
bool evict_is_lfu(const struct keyspace *ks);
uint32_t evict_first_clock(const struct keyspace *ks);  /* for a new entry */
uint32_t evict_touched_clock(const struct keyspace *ks, uint32_t clock);
msec evict_idle_ms(const struct keyspace *ks, uint32_t clock);       /* OBJECT IDLETIME */
/* OBJECT FREQ, decayed. */
unsigned evict_frequency(const struct keyspace *ks, uint32_t clock);
uint32_t evict_lru_now(void);                           /* INFO lru_clock */

#endif
