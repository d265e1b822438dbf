/* SPDX-License-Identifier: MIT
 * tests/unit/test_keyspace.c - databases against a naive model. */
#include "keyspace/keyspace.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include "base/alloc.h"
#include "base/rand.h"
#include "keyspace/evict.h"
#include "keyspace/lazyfree.h"
#include "structs/deadlines.h"
#include "structs/dict.h"
#include "structs/dict_resize.h"
#include "values/v_string.h"

#define STEPS 100000
#define NAMES 3000              /* keys of the model */
#define DBS 3
#define VALUE_MAX 300
#define NOON 1700000000000      /* where the tests' clock starts */

static struct keyspace *ks;

static void
start(void)
{
    hash_start(B("keyspace tests"));
    clock_start();
    clock_freeze(NOON);
    value_type_register(TYPE_STRING, &string_type);
    rand_seed(7);
    ks = keyspace_new(DBS);
}

static void
stop(void)
{
    keyspace_free(ks);
    clock_thaw();
}

TestSuite(keyspace, .init = start, .fini = stop);

static void
put(struct db *db, const char *name, const char *value, msec deadline)
{
    struct key key = key_of(bytes_of_text(name));
    struct slot s;

    db_slot(db, &key, &s);
    slot_put(&s, string_value(bytes_of_text(value)), deadline);
}

static bool
reads(struct db *db, const char *name, const char *value)
{
    struct key key = key_of(bytes_of_text(name));
    struct entry *e = db_read(db, &key);
    char buf[NUM_I64_MAX_TEXT];

    return e && bytes_equal(string_view(entry_value(e), buf), bytes_of_text(value));
}

static bool
has(struct db *db, const char *name)
{
    struct key key = key_of(bytes_of_text(name));

    return db_peek(db, &key) != NULL;
}

/* --- the model: what each key should hold --- */

struct cell {
    bool there;
    msec deadline;
    size_t len;
    char value[VALUE_MAX];
};

static struct cell model[DBS][NAMES];
static msec now;

static struct key
model_key(unsigned n, char *buf)
{
    int len = snprintf(buf, 32, "key:%u%s", n, n % 3 ? "" : ":with:a:long:tail");

    return key_of(bytes_view(buf, (size_t)len));
}

static struct cell *
cell_of(unsigned db, unsigned n)
{
    struct cell *c = &model[db][n];

    if (c->there && c->deadline != NO_DEADLINE && c->deadline <= now)
        c->there = false;
    return c;
}

static void
check_cell(unsigned d, unsigned n)
{
    char buf[32], digits[NUM_I64_MAX_TEXT];
    struct key key = model_key(n, buf);
    struct cell *c = cell_of(d, n);
    struct entry *e = db_peek(keyspace_db(ks, (int)d), &key);

    cr_assert_eq(e != NULL, c->there, "key %u of %u", n, d);
    if (!e)
        return;
    cr_assert(bytes_equal(entry_key(e), key.name));
    cr_assert(bytes_equal(string_view(entry_value(e), digits),
                          bytes_view(c->value, c->len)));
    cr_assert_eq(entry_deadline(e), c->deadline);
}

static msec
some_deadline(void)
{
    return now + (msec)rand_below(20000) - 50;
}

static void
step_put(struct slot *s, struct cell *c)
{
    msec when = rand_below(3) ? NO_DEADLINE : KEEP_DEADLINE;

    if (rand_below(4) == 0)
        when = some_deadline();
    c->len = rand_below(rand_below(4) ? 50 : VALUE_MAX);
    for (size_t i = 0; i < c->len; i++)
        c->value[i] = (char)rand_below(256);
    if (rand_below(3) == 0)
        c->len = num_format_i64(c->value, (int64_t)rand_below(1000000));
    slot_put(s, string_value(bytes_view(c->value, c->len)), when);
    if (when != KEEP_DEADLINE)
        c->deadline = when;
    else if (!c->there)
        c->deadline = NO_DEADLINE;
    c->there = true;
}

static void
step_edit(struct slot *s, struct cell *c)
{
    size_t len = rand_below(VALUE_MAX), at;
    char *bytes;

    if (!c->there) {
        c->len = 0;
        c->deadline = NO_DEADLINE;
        c->there = true;
    }
    bytes = slot_string_edit(s, len);
    cr_assert_not_null(bytes);
    if (len > c->len)
        memset(c->value + c->len, 0, len - c->len);
    c->len = len;
    if (len) {
        at = rand_below(len);
        bytes[at] = c->value[at] = 'x';
    }
}

static void
step_on_slot(unsigned d, unsigned n, unsigned what)
{
    char buf[32];
    struct key key = model_key(n, buf);
    struct cell *c = cell_of(d, n);
    struct slot s;

    db_slot(keyspace_db(ks, (int)d), &key, &s);
    cr_assert_eq(s.entry != NULL, c->there);
    if (what < 5) {
        step_put(&s, c);
        if (what == 0)                  /* twice through the same slot */
            step_put(&s, c);
    } else if (what < 8) {
        step_edit(&s, c);
    } else if (s.entry && what < 11) {
        c->deadline = what == 8 ? NO_DEADLINE : some_deadline();
        slot_set_deadline(&s, c->deadline);
    } else if (s.entry) {
        slot_remove(&s, what == 11);
        c->there = false;
    }
}

static void
step_other(unsigned d, unsigned n, unsigned what)
{
    char buf[32];
    struct key key = model_key(n, buf);
    struct db *db = keyspace_db(ks, (int)d);
    struct cell *c = cell_of(d, n);

    if (what == 0) {
        cr_assert_eq(db_remove(db, &key, rand_below(2)), c->there);
        c->there = false;
    } else if (what == 1) {
        struct entry *e = db_take(db, &key);

        cr_assert_eq(e != NULL, c->there);
        if (e)
            db_adopt(db, e, key.hash);
    } else if (what == 2) {
        now += (msec)rand_below(40);
        clock_freeze(now);
    } else if (what == 3 && rand_below(10) == 0) {
        keyspace_expire_due(ks, 1000000);
    }
}

static void
check_whole_model(void)
{
    for (unsigned d = 0; d < DBS; d++) {
        struct db *db = keyspace_db(ks, (int)d);
        size_t there = 0, limited = 0;

        for (unsigned n = 0; n < NAMES; n++) {
            check_cell(d, n);
            there += model[d][n].there;
            limited += model[d][n].there && model[d][n].deadline != NO_DEADLINE;
        }
        cr_assert_eq(db_count(db), there);
        cr_assert_eq(db_count_expiring(db), limited);
        dict_check(db_dict(db));
    }
}

Test(keyspace, agrees_with_a_naive_model_through_100000_changes_and_a_moving_clock)
{
    now = NOON;
    for (int i = 0; i < STEPS; i++) {
        unsigned d = (unsigned)rand_below(DBS), n = (unsigned)rand_below(NAMES);

        if (rand_below(3))
            step_on_slot(d, n, (unsigned)rand_below(13));
        else
            step_other(d, n, (unsigned)rand_below(4));
        check_cell(d, n);
        if (i % 20000 == 0)
            check_whole_model();
    }
    check_whole_model();
}

Test(keyspace, gives_back_every_byte)
{
    size_t before = mem_used();
    struct keyspace *other = keyspace_new(2);
    char name[32];

    for (int i = 0; i < 5000; i++) {
        snprintf(name, sizeof name, "%d", i);
        put(keyspace_db(other, i & 1), name, name, i % 3 ? NO_DEADLINE : NOON + i);
    }
    keyspace_flush(other, 0, false);
    keyspace_free(other);
    cr_expect_eq(mem_used(), before);
}

Test(keyspace, counts_hits_and_misses_of_reads_only)
{
    struct db *db = keyspace_db(ks, 0);
    struct key key = key_of(B("a"));

    put(db, "a", "1", NO_DEADLINE);
    db_read(db, &key);
    db_read_no_touch(db, &key);
    db_peek(db, &key);
    reads(db, "b", "");
    has(db, "b");
    cr_expect_eq(keyspace_stats(ks)->hits, 2);
    cr_expect_eq(keyspace_stats(ks)->misses, 1);
}

Test(keyspace, keeps_the_access_clock_of_what_is_only_peeked_at)
{
    struct db *db = keyspace_db(ks, 0);
    struct key key = key_of(B("a"));

    put(db, "a", "1", NO_DEADLINE);
    clock_freeze(NOON + 60000);
    cr_expect_eq(evict_idle_ms(ks, entry_clock(db_peek(db, &key))), 60000);
    cr_expect_eq(evict_idle_ms(ks, entry_clock(db_read_no_touch(db, &key))), 60000);
    cr_expect_eq(evict_idle_ms(ks, entry_clock(db_read(db, &key))), 0);
}

Test(keyspace, swaps_two_databases_with_their_deadlines)
{
    struct db *a = keyspace_db(ks, 0), *b = keyspace_db(ks, 1);

    put(a, "x", "from a", NOON + 10);
    put(b, "y", "from b", NO_DEADLINE);
    db_swap(a, b);
    cr_expect(reads(b, "x", "from a"));
    cr_expect(reads(a, "y", "from b"));
    cr_expect_eq(db_count_expiring(b), 1);
    clock_freeze(NOON + 10);
    cr_expect_not(has(b, "x"));
}

Test(keyspace, is_empty_after_a_flush_in_either_way)
{
    for (int lazy = 0; lazy < 2; lazy++) {
        put(keyspace_db(ks, 0), "a", "1", NOON + 5);
        put(keyspace_db(ks, 2), "b", "2", NO_DEADLINE);
        cr_expect_eq(keyspace_flush(ks, -1, lazy), 2);
        cr_expect_not(has(keyspace_db(ks, 0), "a"));
        cr_expect_eq(db_count_expiring(keyspace_db(ks, 0)), 0);
        put(keyspace_db(ks, 0), "a", "again", NOON + 5);
        cr_expect(reads(keyspace_db(ks, 0), "a", "again"));
        cr_expect_eq(keyspace_flush(ks, 0, lazy), 1);
    }
}

/* --- strings in place --- */

Test(keyspace, edited_string_is_raw_however_short_and_keeps_its_deadline)
{
    struct db *db = keyspace_db(ks, 0);
    struct key key = key_of(B("n"));
    struct slot s;
    char *at;

    put(db, "n", "12", NOON + 1000);
    db_slot(db, &key, &s);
    at = slot_string_edit(&s, 4);
    memcpy(at + 2, "34", 2);
    cr_expect(reads(db, "n", "1234"));
    cr_expect_str_eq(string_type.encoding_name(entry_value(s.entry)), "raw");
    cr_expect_eq(entry_deadline(s.entry), NOON + 1000);
}

Test(keyspace, edit_of_a_value_being_sent_leaves_the_sent_bytes_alone)
{
    struct db *db = keyspace_db(ks, 0);
    struct key key = key_of(B("big"));
    struct blob *sent = blob_try_new(1000, 1000);
    struct slot s;
    char *at;

    memset(sent->at, 'a', 1000);
    db_slot(db, &key, &s);
    slot_put(&s, string_value_blob(blob_share(sent)), NO_DEADLINE);
    at = slot_string_edit(&s, 1001);
    memset(at, 'b', 1001);
    cr_expect_eq(sent->refs, 1);
    cr_expect_eq(sent->at[0], 'a');
    cr_expect_eq(sent->len, 1000);
    blob_release(sent);
}

Test(keyspace, appending_a_byte_at_a_time_moves_the_value_rarely)
{
    struct db *db = keyspace_db(ks, 0);
    struct key key = key_of(B("log"));
    const void *last = NULL;
    int moves = 0;

    for (size_t len = 1; len <= 100000; len++) {
        struct slot s;
        char *at;

        db_slot(db, &key, &s);
        at = slot_string_edit(&s, len);
        at[len - 1] = (char)len;
        if (len > 200 && entry_value(s.entry).object != last)
            moves++;
        last = entry_value(s.entry).object;
    }
    cr_expect_lt(moves, 20);
}

/* --- walking --- */

static void
count_entry(struct entry *e, void *arg)
{
    (void)e;
    ++*(size_t *)arg;
}

Test(keyspace, scan_hands_out_every_key_once)
{
    struct db *db = keyspace_db(ks, 0);
    size_t seen = 0, each = 0;
    uint64_t cursor = 0;
    char name[32];

    for (int i = 0; i < 2000; i++) {
        snprintf(name, sizeof name, "%d", i);
        put(db, name, name, NO_DEADLINE);
    }
    do
        cursor = db_scan(db, cursor, 10, count_entry, &seen);
    while (cursor);
    db_each(db, count_entry, &each);
    cr_expect_eq(seen, 2000);
    cr_expect_eq(each, 2000);
}

/* --- who is told --- */

static char heard[256];

static void
hear(void *arg, struct db *db, struct bytes key, enum event_class what, const char *event)
{
    size_t used = strlen(heard);

    (void)what;
    snprintf(heard + used, sizeof heard - used, "%s%s:%.*s@%d ", (const char *)arg,
             event, B_ARG(key), db_index(db));
}

Test(keyspace, tells_listeners_in_order_and_counts_changes)
{
    struct db *db = keyspace_db(ks, 1);

    heard[0] = 0;
    keyspace_listen(ks, hear, "1");
    keyspace_listen(ks, hear, "2");
    db_changed(db, B("k"), EVENT_STRING, "set");
    db_event(db, B("k"), EVENT_GENERIC, "expire");
    cr_expect_str_eq(heard, "1set:k@1 2set:k@1 1expire:k@1 2expire:k@1 ");
    cr_expect_eq(keyspace_dirty(ks), 1);
    keyspace_add_dirty(ks, 5);
    cr_expect_eq(keyspace_dirty(ks), 6);
}

Test(keyspace, tells_of_misses_and_new_keys_only_those_who_ask)
{
    struct db *db = keyspace_db(ks, 0);

    heard[0] = 0;
    keyspace_listen(ks, hear, "all:");
    keyspace_listen_for(ks, EVENT_KEY_MISS | EVENT_NEW, hear, "some:");
    reads(db, "k", "");
    put(db, "k", "v", NO_DEADLINE);
    put(db, "k", "w", NO_DEADLINE);
    cr_expect_str_eq(heard, "some:keymiss:k@0 some:new:k@0 ");
    keyspace_listen_for(ks, 0, hear, "some:");
    reads(db, "nothing", "");
    cr_expect_str_eq(heard, "some:keymiss:k@0 some:new:k@0 ");
}

/* --- facts --- */

Test(keyspace, memory_of_a_key_is_its_block_its_value_and_a_share_of_the_table)
{
    struct db *db = keyspace_db(ks, 0);
    struct key key = key_of(B("big"));
    struct slot s;

    db_slot(db, &key, &s);
    slot_put(&s, string_value_blob(blob_try_new(100000, 100000)), NOON + 1);
    cr_expect_geq(db_entry_memory(db, s.entry, 0), 100000 + entry_memory(s.entry));
    cr_expect_geq(db_overhead(db), dict_memory(db_dict(db)));
    cr_expect_eq(db_average_ttl(db), 1);
}

Test(keyspace, digest_depends_on_contents_and_not_on_order)
{
    unsigned char none[20] = { 0 }, a[20], b[20];

    keyspace_digest(ks, a);
    cr_expect_arr_eq(a, none, 20);
    put(keyspace_db(ks, 0), "x", "1", NO_DEADLINE);
    put(keyspace_db(ks, 0), "y", "2", NO_DEADLINE);
    keyspace_digest(ks, a);
    keyspace_flush(ks, -1, false);
    put(keyspace_db(ks, 0), "y", "2", NO_DEADLINE);
    put(keyspace_db(ks, 0), "x", "1", NO_DEADLINE);
    keyspace_digest(ks, b);
    cr_expect_arr_eq(a, b, 20);
    put(keyspace_db(ks, 0), "x", "2", NO_DEADLINE);
    keyspace_digest(ks, b);
    cr_expect_arr_neq(a, b, 20);
}

/* The figure Debian's redis-server 7.0.15 gives for the same three keys. */
Test(keyspace, digest_is_the_figure_redis_gives)
{
    unsigned char sum[20];
    char hex[41] = { 0 };

    put(keyspace_db(ks, 0), "name", "John Doe", NO_DEADLINE);
    put(keyspace_db(ks, 0), "count", "42", NO_DEADLINE);
    put(keyspace_db(ks, 1), "session", "abc", NOON + 100000);
    keyspace_digest(ks, sum);
    hash_hex(sum, 20, hex);
    cr_expect_str_eq(hex, "4b8641bfd4d50710294cf61ecf1c407924fe42d4");
}

/* activerehashing: spare time finishes a resize, or does not touch it. */
Test(keyspace, cron_takes_steps_of_a_resize_only_when_told_to)
{
    struct db *db = keyspace_db(ks, 0);
    struct dict *d = db_dict(db);
    char name[32];

    for (int i = 0; i < 200000 && !(i > 100000 && dict_is_resizing(d)); i++) {
        snprintf(name, sizeof name, "k%d", i);
        put(db, name, "v", NO_DEADLINE);
    }
    cr_assert(dict_is_resizing(d));
    for (int i = 0; i < 10000; i++)
        keyspace_cron(ks, false);
    cr_expect(dict_is_resizing(d));
    for (int i = 0; i < 10000; i++)
        keyspace_cron(ks, true);
    cr_expect_not(dict_is_resizing(d));
}
