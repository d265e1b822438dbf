/* SPDX-License-Identifier: MIT
 * keyspace/access.c - the access clock: 24 bits in each entry that say when, or how
 * often, a key was used.
 *
 *     LRU policies and noeviction       LFU policies
 *     +------------------------+        +----------------+--------+
 *     |  seconds, 24 bits      |        | minutes, 16    | uses 8 |
 *     +------------------------+        +----------------+--------+
 *
 * Why:        a list in order of use costs 16 bytes a key and three cache lines a
 *             read; comparing a few sampled clocks is nearly as good.
 * How:        seconds wrap after 194 days; an age in the last 3 days of that span
 *             means that the clock was set back, and counts as no age at all.
 *             Uses are counted logarithmically: the more there are, the less likely
 *             one more is counted; they fade with the minutes since the last.
 * Read next:  keyspace/evict.c */
#include "keyspace/internal.h"

#include "base/rand.h"

#define WENT_BACK 0xfc0000u     /* ages from here on are a clock that was set back */
#define USES_MAX 255u
#define USES_AT_FIRST 5u        /* so that a new key is not the first to go */

bool
evict_is_lfu(const struct keyspace *ks)
{
    return ks->lfu;
}

uint32_t
evict_lru_now(void)
{
    return (uint32_t)((uint64_t)clock_ms() / 1000) & CLOCK_MAX;
}

static uint32_t
minutes_now(void)
{
    return (uint32_t)((uint64_t)clock_ms() / 60000) & 0xffff;
}

static uint32_t
pack(uint32_t minutes, uint32_t uses)
{
    return minutes << 8 | uses;
}

/* Uses left after fading: one less for every decay time that passed. */
static uint32_t
faded_uses(const struct keyspace *ks, uint32_t clock)
{
    uint32_t uses = clock & 0xff;
    uint32_t passed = (minutes_now() - (clock >> 8)) & 0xffff;
    uint32_t loss;

    if (ks->evict.lfu_decay_minutes <= 0)
        return uses;
    loss = passed / (uint32_t)ks->evict.lfu_decay_minutes;
    return loss < uses ? uses - loss : 0;
}

/* One more use, counted with probability 1 / ((uses - first) * factor + 1). */
static uint32_t
count_use(const struct keyspace *ks, uint32_t uses)
{
    uint64_t above = uses > USES_AT_FIRST ? uses - USES_AT_FIRST : 0;
    uint64_t factor = 0;

    if (ks->evict.lfu_log_factor > 0)
        factor = (uint64_t)ks->evict.lfu_log_factor;
    if (uses >= USES_MAX)
        return USES_MAX;
    return uses + (rand_below(above * factor + 1) == 0);
}

uint32_t
evict_first_clock(const struct keyspace *ks)
{
    return ks->lfu ? pack(minutes_now(), USES_AT_FIRST) : evict_lru_now();
}

uint32_t
evict_touched_clock(const struct keyspace *ks, uint32_t clock)
{
    if (!ks->lfu)
        return evict_lru_now();
    return pack(minutes_now(), count_use(ks, faded_uses(ks, clock)));
}

msec
evict_idle_ms(const struct keyspace *ks, uint32_t clock)
{
    uint32_t age = (evict_lru_now() - clock) & CLOCK_MAX;

    (void)ks;
    return age >= WENT_BACK ? 0 : (msec)age * 1000;
}

unsigned
evict_frequency(const struct keyspace *ks, uint32_t clock)
{
    return faded_uses(ks, clock);
}
