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
#include "values/v_hash.h"

#define HASHES 5
#define FIELDS 10
#define NAMED 3                 /* fields of one call, the same one twice at times */
#define FOREVER 0

TestSuite(hash_life, .init = house_build, .fini = house_leave);

struct field { bool in; long long value; msec deadline; };

static struct field model[HASHES][FIELDS];
static struct client *guest;
static struct text say, want, events, told;     /* the call and what is to come of it */
static size_t named[NAMED], named_count;
static struct field kept[HASHES][FIELDS];         /* before the transaction */
static struct text results, timely;             /* of its calls; told in any case */
static bool buried[HASHES];
static size_t queued;
static bool queueing;

/* --- the model --- */

static bool
is_over_now(const struct field *f)
{
    return f->in && f->deadline != FOREVER && f->deadline <= clock_ms();
}

static bool
is_alive(const struct field *f)
{
    return f->in && !is_over_now(f);
}

static size_t
alive(size_t k)
{
    size_t n = 0;

    for (size_t i = 0; i < FIELDS; i++)
        n += is_alive(&model[k][i]);
    return n;
}

static void
tell(const char *event, size_t k)
{
    text_printf(&events, "%s h%zu,", event, k);
}

/* Tell of it, and of the key when nothing is left. */
static void
settle(const char *event, size_t k)
{
    tell(event, k);
    if (!alive(k))
        tell("del", k);
}

/* What any look at a key does first. */
static bool
bury(size_t k)
{
    bool any = false;

    for (size_t i = 0; i < FIELDS; i++)
        if (is_over_now(&model[k][i])) {
            model[k][i].in = false;
            any = true;
        }
    return any;
}

static void
look(size_t k)
{
    size_t before = events.len;

    if (!bury(k))
        return;
    settle("hexpired", k);
    if (!queueing)
        return;
    text_add_text(&timely, events.at + before);
    buried[k] = true;
}

static void
set(size_t k, size_t i, long long value, msec deadline)
{
    model[k][i] = (struct field){ true, value, deadline };
}

/* --- words --- */

static void
want_int(long long n)
{
    text_printf(&want, ":%lld\r\n", n);
}

static void
want_value(const struct field *f)
{
    char buf[32];
    int n = snprintf(buf, sizeof buf, "%lld", f->value);

    if (is_alive(f))
        text_printf(&want, "$%d\r\n%s\r\n", n, buf);
    else
        text_add_text(&want, "$-1\r\n");
}

static void
choose_fields(void)
{
    named_count = 1 + rand_below(NAMED);
    for (size_t i = 0; i < named_count; i++)
        named[i] = rand_below(FIELDS);
}

/* FIELDS 2 f1 f7, with values when `values` is there. */
static void
say_fields(const long long *values)
{
    text_printf(&say, " FIELDS %zu", named_count);
    for (size_t i = 0; i < named_count; i++) {
        text_printf(&say, " f%zu", named[i]);
        if (values)
            text_printf(&say, " %lld", values[i]);
    }
}

/* A time as an argument, in the way asked for; returns the deadline it says. */
static msec
say_time(bool absolute, bool seconds)
{
    msec now = clock_ms(), n = seconds ? (msec)rand_below(4) : (msec)rand_below(3000);

    if (absolute)
        n += seconds ? now / 1000 - 1 : now - 500;
    text_printf(&say, " %lld", (long long)n);
    return (absolute ? 0 : now) + n * (seconds ? 1000 : 1);
}

/* --- saying it --- */

static void
note(void *arg, struct db *db, struct bytes key, enum event_class what,
       const char *event)
{
    (void)arg;
    (void)db;
    (void)what;
    text_printf(&told, "%s %.*s,", event, B_ARG(key));
}

static const char *
text_of(const struct text *t)
{
    return t->len ? t->at : "";
}

static void
compare_told(void)
{
    cr_assert_str_eq(text_of(&told), text_of(&events), "after %s: told of %s not of %s", text_of(&say), text_of(&told), text_of(&events));
    text_clear(&told);
    text_clear(&events);
}

static void
run(void)
{
    const char *heard = house_ask(guest, "%s", say.at);

    cr_assert_str_eq(heard, queueing ? "+QUEUED\r\n" : text_of(&want),
                     "after %s: %s", say.at, heard);
    if (queueing) {
        queued++;
        text_add(&results, text_view(&want));
    } else {
        compare_told();
    }
    text_clear(&say);
    text_clear(&want);
}

/* --- calls --- */

static void
call_hset(size_t k)
{
    int added = 0;

    choose_fields();
    look(k);
    text_printf(&say, rand_below(4) ? "HSET h%zu" : "HMSET h%zu", k);
    for (size_t i = 0; i < named_count; i++) {
        long long value = (long long)rand_below(1000);

        added += !is_alive(&model[k][named[i]]);
        set(k, named[i], value, FOREVER);
        text_printf(&say, " f%zu %lld", named[i], value);
    }
    if (say.at[1] == 'M')
        text_add_text(&want, "+OK\r\n");
    else
        want_int(added);
    tell("hset", k);
    run();
}

static void
call_hsetnx(size_t k)
{
    size_t i = rand_below(FIELDS);

    look(k);
    text_printf(&say, "HSETNX h%zu f%zu 7", k, i);
    want_int(!is_alive(&model[k][i]));
    if (!is_alive(&model[k][i])) {
        set(k, i, 7, FOREVER);
        tell("hset", k);
    }
    run();
}

/* The deadline stays. */
static void
call_hincrby(size_t k)
{
    struct field *f = &model[k][rand_below(FIELDS)];
    bool as_float = rand_below(2);

    look(k);
    text_printf(&say, "%s h%zu f%zu 3", as_float ? "HINCRBYFLOAT" : "HINCRBY", k,
                (size_t)(f - model[k]));
    if (is_alive(f))
        f->value += 3;
    else
        *f = (struct field){ true, 3, FOREVER };
    if (as_float)
        want_value(f);
    else
        want_int(f->value);
    tell(as_float ? "hincrbyfloat" : "hincrby", k);
    run();
}

static void
call_hdel(size_t k)
{
    int removed = 0;

    choose_fields();
    look(k);
    text_printf(&say, "HDEL h%zu", k);
    for (size_t i = 0; i < named_count; i++) {
        text_printf(&say, " f%zu", named[i]);
        removed += is_alive(&model[k][named[i]]);
        model[k][named[i]].in = false;
    }
    want_int(removed);
    if (removed)
        settle("hdel", k);
    run();
}

static void
call_look(size_t k)
{
    size_t i = rand_below(FIELDS);

    look(k);
    switch (rand_below(4)) {
    case 0:
        text_printf(&say, "HLEN h%zu", k);
        want_int((long long)alive(k));
        break;
    case 1:
        text_printf(&say, "HEXISTS h%zu f%zu", k, i);
        want_int(is_alive(&model[k][i]));
        break;
    case 2:
        text_printf(&say, "HGET h%zu f%zu", k, i);
        want_value(&model[k][i]);
        break;
    default:
        text_printf(&say, "EXISTS h%zu", k);
        want_int(alive(k) > 0);
        break;
    }
    run();
}

enum { ALWAYS, NX, XX, GT, LT };

static bool
holds(int condition, const struct field *f, msec deadline)
{
    bool has = f->deadline != FOREVER;

    return condition == ALWAYS || (condition == NX && !has) || (condition == XX && has)
        || (condition == GT && has && deadline > f->deadline)
        || (condition == LT && (!has || deadline < f->deadline));
}

/* One field of HEXPIRE; adds to what was done. */
static int
expire_field(struct field *f, int condition, msec deadline, int *limited, int *deleted)
{
    if (!is_alive(f))
        return -2;
    if (!holds(condition, f, deadline))
        return 0;
    if (deadline <= clock_ms()) {
        f->in = false;
        ++*deleted;
        return 2;
    }
    f->deadline = deadline;
    ++*limited;
    return 1;
}

static void
call_hexpire(size_t k)
{
    static const char *const names[] = { "HEXPIRE", "HPEXPIRE", "HEXPIREAT", "HPEXPIREAT" };
    static const char *const conditions[] = { "", " NX", " xx", " GT", " lt" };
    size_t which = rand_below(4);
    int condition = rand_below(2) ? ALWAYS : (int)rand_below(5), limited = 0, deleted = 0;
    msec deadline;

    choose_fields();
    look(k);
    text_printf(&say, "%s h%zu", names[which], k);
    deadline = say_time(which >= 2, which % 2 == 0);
    text_add_text(&say, conditions[condition]);
    say_fields(NULL);
    text_printf(&want, "*%zu\r\n", named_count);
    for (size_t i = 0; i < named_count; i++)
        want_int(expire_field(&model[k][named[i]], condition, deadline, &limited, &deleted));
    if (limited)
        tell("hexpire", k);
    if (deleted)
        settle("hdel", k);
    run();
}

static void
call_httl(size_t k)
{
    static const char *const names[] = { "HTTL", "HPTTL", "HEXPIRETIME", "HPEXPIRETIME" };
    size_t which = rand_below(4);

    choose_fields();
    look(k);
    text_printf(&say, "%s h%zu", names[which], k);
    say_fields(NULL);
    text_printf(&want, "*%zu\r\n", named_count);
    for (size_t i = 0; i < named_count; i++) {
        const struct field *f = &model[k][named[i]];
        msec left = f->deadline - (which < 2 ? clock_ms() : 0);

        want_int(!is_alive(f) ? -2 : f->deadline == FOREVER ? -1
                 : which % 2 ? left : (left + 999) / 1000);
    }
    run();
}

static int
persist(struct field *f)
{
    if (!is_alive(f))
        return -2;
    if (f->deadline == FOREVER)
        return -1;
    f->deadline = FOREVER;
    return 1;
}

static void
call_hpersist(size_t k)
{
    bool any = false;

    choose_fields();
    look(k);
    text_printf(&say, "HPERSIST h%zu", k);
    say_fields(NULL);
    text_printf(&want, "*%zu\r\n", named_count);
    for (size_t i = 0; i < named_count; i++) {
        int done = persist(&model[k][named[i]]);

        any |= done == 1;
        want_int(done);
    }
    if (any)
        tell("hpersist", k);
    run();
}

/* EX, PX, EXAT or PXAT and a time. */
static msec
say_expiration(void)
{
    static const char *const names[] = { " EX", " px", " EXAT", " pxat" };
    size_t which = rand_below(4);

    text_add_text(&say, names[which]);
    return say_time(which >= 2, which % 2 == 0);
}

/* One field of HGETEX with this way: 0 leaves it, 1 persists, 2 gives the deadline. */
static bool
get_and_change(struct field *f, size_t way, msec deadline)
{
    want_value(f);
    if (way == 0 || !is_alive(f))
        return false;
    if (way == 1)
        return persist(f) == 1;
    if (deadline <= clock_ms())
        f->in = false;
    else
        f->deadline = deadline;
    return true;
}

static void
call_hgetex(size_t k)
{
    size_t way = rand_below(3);
    bool first = rand_below(2), any = false;
    msec deadline = 0;

    choose_fields();
    look(k);
    text_printf(&say, "HGETEX h%zu", k);
    if (!first)
        say_fields(NULL);
    if (way == 1)
        text_add_text(&say, " PERSIST");
    else if (way == 2)
        deadline = say_expiration();
    if (first)
        say_fields(NULL);
    text_printf(&want, "*%zu\r\n", named_count);
    for (size_t i = 0; i < named_count; i++)
        any |= get_and_change(&model[k][named[i]], way, deadline);
    if (any && way == 2 && deadline <= clock_ms())
        settle("hdel", k);
    else if (any)
        tell(way == 1 ? "hpersist" : "hexpire", k);
    run();
}

static void
call_hgetdel(size_t k)
{
    bool any = false;

    choose_fields();
    look(k);
    text_printf(&say, "HGETDEL h%zu", k);
    say_fields(NULL);
    text_printf(&want, "*%zu\r\n", named_count);
    for (size_t i = 0; i < named_count; i++) {
        struct field *f = &model[k][named[i]];

        any |= is_alive(f);
        want_value(f);
        f->in = false;
    }
    if (any)
        settle("hdel", k);
    run();
}

/* What HSETEX does once its condition holds; way 0: no deadline, 1: KEEPTTL, 2: a time. */
static void
set_all(size_t k, const long long *values, size_t way, msec deadline)
{
    bool any = false;

    for (size_t i = 0; i < named_count; i++) {
        struct field *f = &model[k][named[i]];
        msec before = is_alive(f) ? f->deadline : FOREVER;

        any |= is_alive(f);
        if (way == 2 && deadline <= clock_ms())
            f->in = false;
        else
            set(k, named[i], values[i], way == 2 ? deadline : way == 1 ? before : FOREVER);
    }
    if (way == 2 && deadline <= clock_ms()) {
        if (any)
            settle("hdel", k);
        return;
    }
    tell("hset", k);
    if (way == 2)
        tell("hexpire", k);
}

static bool
are_all(size_t k, bool there)
{
    for (size_t i = 0; i < named_count; i++)
        if (is_alive(&model[k][named[i]]) != there)
            return false;
    return true;
}

static void
call_hsetex(size_t k)
{
    static const char *const conditions[] = { "", " FNX", " fxx" };
    size_t condition = rand_below(3), way = rand_below(3);
    bool first = rand_below(2), done;
    long long values[NAMED];
    msec deadline = 0;

    choose_fields();
    for (size_t i = 0; i < NAMED; i++)
        values[i] = (long long)rand_below(1000);
    look(k);
    text_printf(&say, "HSETEX h%zu", k);
    if (!first)
        say_fields(values);
    text_add_text(&say, conditions[condition]);
    if (way == 1)
        text_add_text(&say, " KEEPTTL");
    else if (way == 2)
        deadline = say_expiration();
    if (first)
        say_fields(values);
    done = condition == 0 || are_all(k, condition == 2);
    want_int(done);
    if (done)
        set_all(k, values, way, deadline);
    run();
}

/* A copy and a new name keep the deadlines of all fields. */
static void
call_copy(size_t k)
{
    size_t to = (k + 1) % HASHES;
    bool rename = rand_below(2);

    if (queueing)               /* see below */
        return;
    look(k);
    look(to);
    text_printf(&say, "EXISTS h%zu h%zu", k, to);       /* so these come first */
    want_int((alive(k) > 0) + (alive(to) > 0));
    run();
    if (!alive(k))
        return;
    text_printf(&say, rename ? "RENAME h%zu h%zu" : "COPY h%zu h%zu REPLACE", k, to);
    text_add_text(&want, rename ? "+OK\r\n" : ":1\r\n");
    memcpy(model[to], model[k], sizeof model[to]);
    if (rename) {
        memset(model[k], 0, sizeof model[k]);
        tell("rename_from", k);
        tell("rename_to", to);
    } else {
        tell("copy_to", to);
    }
    run();
}

static void
any_call(void)
{
    static void (*const calls[])(size_t) = {
        call_hset, call_hsetnx, call_hincrby, call_hdel, call_look, call_look,
        call_hexpire, call_hexpire, call_hexpire, call_httl, call_hpersist,
        call_hgetex, call_hgetex, call_hgetdel, call_hsetex, call_hsetex, call_copy,
    };

    calls[rand_below(sizeof calls / sizeof *calls)](rand_below(HASHES));
}

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
