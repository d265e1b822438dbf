/* SPDX-License-Identifier: MIT
 * command/portions.h - how long work that is done in portions holds the loop: expiry's
 * shows in the last section of INFO. */
#ifndef IGNIS_COMMAND_PORTIONS_H
#define IGNIS_COMMAND_PORTIONS_H
#include <stdbool.h>
#include <stdint.h>

struct portions;
struct portions *portions_new(void);
void portions_free(struct portions *p);
void portions_reset(struct portions *p);
/* One more, done in the loop's turn number `turn`: what passed on the wall and what the
 * thread computed meanwhile, in ns.  ~5 ns. */
void portions_add(struct portions *p, uint64_t turn, uint64_t wall_ns, uint64_t cpu_ns);

/* In ns; `turn` is the sum of a turn's portions.  A median or percentile is at most 1.6 %
 * high, a longest exact. */
struct portion_times { uint64_t median, p99, longest, longest_turn; };
struct portions_facts {
    uint64_t count;
    struct portion_times wall, cpu;
};
void portions_facts(const struct portions *p, struct portions_facts *out);
#endif
