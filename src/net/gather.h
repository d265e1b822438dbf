/* SPDX-License-Identifier: MIT
 * net/gather.h - whether the loop should wait a moment for company.
 *
 * Told once per turn how many sockets were read, it answers whether turns should
 * be spaced (many clients send all the time) or begin with the first byte. */
#ifndef IGNIS_NET_GATHER_H
#define IGNIS_NET_GATHER_H
#include <stdbool.h>
#include <stdint.h>

struct gather {
    uint64_t window_began;              /* ns, as the next two */
    uint64_t rest, rest_until;          /* length of the last rest; its end */
    uint64_t usual;             /* reads per second before turns were spaced */
    uint64_t reads, turns;      /* of this window */
    unsigned on_for;            /* 0 = off, else windows since it began, +1; capped */
};

/* At the end of a turn that read `reads` sockets; `now` in ns, any origin above 0,
 * never backwards.  Returns whether turns are to be spaced from here on.  O(1).
 * A zeroed struct is off. */
bool gather_turn(struct gather *g, unsigned reads, uint64_t now);

#endif
