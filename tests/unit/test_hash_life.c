/* SPDX-License-Identifier: MIT
 * tests/unit/test_hash_life.c - commands of hashes whose fields die, beside a naive
 * model: replies, events, and what is left, while the clock is turned.
 *
 * How:        every call says what it does to an array of fields, what it is to be
 *             answered and which events are to be told; then a guest makes the call.
 *             Calls may be queued, and what was queued may be taken back. */
#include "base/text.h"
#include "keyspace/internal.h"
#include "support/house.h"
#include "unit/hash_life_calls.h"
#include "unit/hash_life_model.h"
#include "values/v_hash.h"

TestSuite(hash_life, .init = house_build, .fini = house_leave);

/* --- several as one --- */

/* All is as it was, but what was over stays away, and that is told. */
static void
take_back(void)
{
    memcpy(model, kept, sizeof model);
    for (size_t k = 0; k < HASHES; k++)
        if (buried[k])
            bury(k);
    text_clear(&events);
    text_add(&events, text_view(&timely));
}

static void
transaction(void)
{
    bool rollback = rand_below(3) > 0, fails = rollback && rand_below(2);
    const char *heard;

    memcpy(kept, model, sizeof kept);
    house_ask(guest, rollback ? "MULTI ROLLBACK" : "MULTI");
    queueing = true;
    queued = 0;
    text_clear(&results);
    text_clear(&timely);
    memset(buried, 0, sizeof buried);
    for (size_t n = rand_below(5); n; n--)
        any_call();
    if (fails)
        house_ask(guest, "INCR list");
    queueing = false;
    heard = house_ask(guest, "EXEC");
    text_printf(&say, "EXEC");
    if (fails) {
        cr_assert(strncmp(heard, "-", 1) == 0, "%s", heard);
        take_back();
    } else {
        text_printf(&want, "*%zu\r\n%s", queued, text_of(&results));
        cr_assert_str_eq(heard, want.at);
    }
    compare_told();
    text_clear(&say);
    text_clear(&want);
}

/* --- time --- */

/* The cycle removes all that is due: hashes in the order of their deadlines. */
static void
cycle(void)
{
    size_t due = 0, gone = 0;

    for (size_t k = 0; k < HASHES; k++)
        if (bury(k)) {
            due++;
            gone += !alive(k);
        }
    keyspace_expire_due(house.server.keyspace, 1000000);
    cr_assert_eq(house_number_in(text_of(&told), "hexpired "), due, "%.200s for %zu",
                 text_of(&told), due);
    cr_assert_eq(house_number_in(text_of(&told), "del "), gone);
    text_clear(&told);
}

static void
check(void)
{
    struct db *db = keyspace_db(house.server.keyspace, 0);
    size_t keys = 1, limited = 0;       /* with "list" */

    cycle();
    for (size_t k = 0; k < HASHES; k++) {
        char name[16];
        struct key key;
        const struct entry *e;

        snprintf(name, sizeof name, "h%zu", k);
        key = key_of(bytes_of_text(name));
        e = db_peek(db, &key);
        cr_assert_eq(e != NULL, alive(k) > 0);
        if (!e)
            continue;
        hash_check(entry_value(e));
        cr_assert_eq(hash_count(entry_value(e)), alive(k));
        keys++;
        limited += elements_next_of(e) != NO_DEADLINE;
    }
    cr_assert_eq(db_count(db), keys);
    cr_assert_eq(db->elements ? deadlines_count(db->elements) : 0, limited);
}

static void
live(int calls, int64_t entries)
{
    memset(model, 0, sizeof model);
    house.server.config->hash_max_listpack_entries = entries;
    guest = house_guest();
    house_ask(guest, "RPUSH list x");
    keyspace_listen(house.server.keyspace, note, NULL);
    for (int i = 0; i < calls; i++) {
        if (rand_below(20) == 0)
            transaction();
        else
            any_call();
        if (rand_below(4) == 0)
            clock_freeze(clock_ms() + (msec)rand_below(400));
        if (rand_below(50) == 0)
            check();
    }
    text_free(&results);
    text_free(&timely);
    text_free(&say);
    text_free(&want);
    text_free(&events);
    text_free(&told);
}

Test(hash_life, is_what_an_array_of_fields_would_do_in_packs)
{
    live(60000, 512);
}

/* A copy of a table is a table, so that after a while there are both. */
Test(hash_life, is_what_an_array_of_fields_would_do_in_packs_that_become_tables)
{
    live(60000, 5);
}

Test(hash_life, is_not_waited_for_when_the_last_deadline_goes_as_the_pack_becomes_a_table)
{
    house.server.config->hash_max_listpack_entries = 2;
    guest = house_guest();
    keyspace_listen(house.server.keyspace, note, NULL);
    house_ask(guest, "HSETEX h PX 100 FIELDS 1 a 1");
    house_ask(guest, "HSET h a 1 b 2 c 3");
    clock_freeze(clock_ms() + 100);
    text_clear(&told);
    cr_expect_not(keyspace_expire_due(house.server.keyspace, 1000));
    cr_expect_eq(told.len, 0, "%.100s", text_of(&told));
    cr_expect_str_eq(house_ask(guest, "HLEN h"), ":3\r\n");
    text_free(&told);
}
