/* SPDX-License-Identifier: MIT
 * command/portions.c - how long work that is done in portions holds the loop.
 *
 * Why:        an average says nothing about who had to wait longest, and a wall clock
 *             alone blames the work for what the scheduler did.
 * How:        two histograms, of the wall clock and of the thread's CPU time.  Portions
 *             of the same turn are added up, for it is the turn that clients wait for.
 * Cost:       28 KB; two system calls a portion to read the CPU time, and the caller
 *             adds only portions in which there was something to do.
 * Read next:  server/cron.c */
#include "command/portions.h"

#include "base/alloc.h"
#include "command/stats.h"

/* By one of the two clocks. */
struct track {
    struct latency_histogram *all;
    uint64_t longest, turn, longest_turn;       /* `turn`: of the last one, up to now */
};

struct portions {
    uint64_t last_turn;
    struct track wall, cpu;
};

struct portions *
portions_new(void)
{
    struct portions *p = mem_zalloc(sizeof *p);

    p->wall.all = latency_histogram_new();
    p->cpu.all = latency_histogram_new();
    return p;
}

void
portions_free(struct portions *p)
{
    if (!p)
        return;
    latency_histogram_free(p->wall.all);
    latency_histogram_free(p->cpu.all);
    mem_free(p);
}

void
portions_reset(struct portions *p)
{
    latency_histogram_free(p->wall.all);
    latency_histogram_free(p->cpu.all);
    *p = (struct portions){ .wall.all = latency_histogram_new(),
                            .cpu.all = latency_histogram_new() };
}

static void
track_add(struct track *t, bool same_turn, uint64_t ns)
{
    latency_histogram_add(t->all, ns);
    t->turn = same_turn ? t->turn + ns : ns;
    if (ns > t->longest)
        t->longest = ns;
    if (t->turn > t->longest_turn)
        t->longest_turn = t->turn;
}

void
portions_add(struct portions *p, uint64_t turn, uint64_t wall_ns, uint64_t cpu_ns)
{
    bool same_turn = turn == p->last_turn;

    p->last_turn = turn;
    track_add(&p->wall, same_turn, wall_ns);
    track_add(&p->cpu, same_turn, cpu_ns);
}

static struct portion_times
times_of(const struct track *t)
{
    return (struct portion_times){
        .median = latency_histogram_at(t->all, 50),
        .p99 = latency_histogram_at(t->all, 99),
        .longest = t->longest,
        .longest_turn = t->longest_turn,
    };
}

void
portions_facts(const struct portions *p, struct portions_facts *out)
{
    *out = (struct portions_facts){ .count = latency_histogram_count(p->wall.all),
                                    .wall = times_of(&p->wall),
                                    .cpu = times_of(&p->cpu) };
}
