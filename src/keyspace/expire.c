/* SPDX-License-Identifier: MIT
 * keyspace/expire.c - keys whose time is over, found by lookups or by the cycle.
 *
 * Why:        sampling for due keys looks at many that are not and lets others lie
 *             for minutes.
 * How:        each database has an index of its deadlines in order. The cycle takes
 *             the first as long as it is due, one database after the other, and
 *             looks at the clock after every key: the tick counter is a hundredth of
 *             a small key's cost, and freeing a large value takes long.  Then come
 *             elements of values that are due, in small steps: see elements.c.
 * Invariants: 1. Nothing that is not due is looked at, one per database excepted.
 *             2. A cycle that ran out of time goes on with the next database, so
 *                that one full of due keys does not starve the others.
 *             3. Between two looks at the clock one key dies, or one step of elements:
 *                a portion is no longer than its budget and that.
 * Cost:       O(log n) per key that dies; nothing due: O(databases).
 * Left out:   a clock set back: keys live longer, as their deadlines say.
 * Read next:  keyspace/elements.c */
#include "keyspace/internal.h"

void
db_expire_taken(struct db *db, struct entry *e)
{
    db->ks->stats.expired++;
    events_send_timely(db, layout_key(e), EVENT_EXPIRED, "expired");
    entry_dispose(e, db->ks->lazy_expire);
}

void
db_expire_entry(struct db *db, struct entry *e)
{
    struct bytes name = layout_key(e);

    dict_remove_item(db->entries, e, hash_bytes(name.at, name.len));
    deadlines_remove(db->deadlines, layout_deadline(e), e);
    elements_forget(db, e);
    db_expire_taken(db, e);
}

void
keyspace_set_active_expire(struct keyspace *ks, bool on)
{
    ks->active_expire = on;
}

void
keyspace_set_hide_expired_only(struct keyspace *ks, bool on)
{
    ks->hide_only = on;
}

void
keyspace_set_lazy_expire(struct keyspace *ks, bool on)
{
    ks->lazy_expire = on;
}

static struct entry *
first_due(struct db *db, msec now)
{
    msec when;
    struct entry *e;

    if (!db->deadlines)
        return NULL;
    e = deadlines_first(db->deadlines, &when);
    return e && layout_deadline(e) <= now ? e : NULL;
}

static uint64_t
ns_since(expire_clock_fn *clock, uint64_t start)
{
    return clock ? clock() - start : clock_ticks_to_ns(clock_ticks() - start);
}

bool
ration_is_used_up(const struct ration *r)
{
    return ns_since(r->clock, r->start) >= r->budget_ns;
}

/* Returns how many keys died; *more when time ran out before all that is due was
 * removed. Elements get a step even then: keys may be due all the time. */
static size_t
expire_db(struct db *db, msec now, const struct ration *r, bool *more)
{
    struct entry *e;
    size_t n = 0;

    *more = false;
    while (!*more && (e = first_due(db, now))) {
        db_expire_entry(db, e);
        n++;
        *more = ration_is_used_up(r);
    }
    if (*more)
        *more = first_due(db, now) != NULL;
    if (!elements_expire_due(db, now, r))
        *more = true;
    return n;
}

/* A running mean of the share of expiring keys that were found over in a cycle
 * without enough time for all: how far the cycle is behind.  Elements do not show
 * in it. */
static void
count_cycle(struct keyspace *ks, size_t died, bool more, uint64_t ns)
{
    size_t left = 0;
    double stale = 0;

    if (more) {
        for (int i = 0; i < ks->databases; i++)
            left += db_count_expiring(&ks->dbs[i]);
        if (died)
            stale = 100.0 * (double)died / (double)(died + left);
        ks->stats.expired_time_cap++;
    }
    ks->stats.expired_stale_perc = ks->stats.expired_stale_perc * 0.95 + stale * 0.05;
    ks->stats.expire_cycle_us += ns / 1000;
}

void
keyspace_set_expire_clock(struct keyspace *ks, expire_clock_fn *clock)
{
    ks->expire_clock = clock;
}

bool
keyspace_expire_due(struct keyspace *ks, usec budget)
{
    struct ration r = { .clock = ks->expire_clock,
                        .start = ks->expire_clock ? ks->expire_clock() : clock_ticks(),
                        .budget_ns = budget > 0 ? (uint64_t)budget * 1000 : 0 };
    uint64_t elements = ks->stats.expired_elements;
    msec now = clock_ms();
    size_t died = 0;
    bool more = false;

    if (!ks->active_expire || ks->hide_only)
        return false;
    for (int n = 0; n < ks->databases && !more; n++) {
        died += expire_db(&ks->dbs[ks->expire_next], now, &r, &more);
        ks->expire_next = (ks->expire_next + 1) % ks->databases;
    }
    elements = ks->stats.expired_elements - elements;
    if (died || elements || ks->stats.expired_stale_perc > 0.001)
        count_cycle(ks, died, more, ns_since(r.clock, r.start));
    return more;
}
