/* SPDX-License-Identifier: MIT
 * tests/unit/hash_life_calls.h - each command of a hash: made at random, said to the
 * model first. */
#ifndef IGNIS_TESTS_UNIT_HASH_LIFE_CALLS_H
#define IGNIS_TESTS_UNIT_HASH_LIFE_CALLS_H
#include "unit/hash_life_model.h"

/* --- values --- */

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

/* --- deadlines --- */

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
    bool any = false;
    msec deadline = 0;

    choose_fields();
    look(k);
    text_printf(&say, "HGETEX h%zu", k);
    if (way == 1)
        text_add_text(&say, " PERSIST");
    else if (way == 2)
        deadline = say_expiration();
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
    bool past = way == 2 && deadline <= clock_ms();

    for (size_t i = 0; i < named_count; i++) {
        struct field *f = &model[k][named[i]];
        msec before = is_alive(f) ? f->deadline : FOREVER;

        set(k, named[i], values[i], way == 2 ? deadline : way == 1 ? before : FOREVER);
        f->in = !past;
    }
    tell("hset", k);
    if (past)
        settle("hdel", k);
    else if (way == 2)
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
    bool condition_first = rand_below(2), done;
    long long values[NAMED];
    msec deadline = 0;

    choose_fields();
    for (size_t i = 0; i < NAMED; i++)
        values[i] = (long long)rand_below(1000);
    look(k);
    text_printf(&say, "HSETEX h%zu", k);
    if (condition_first)
        text_add_text(&say, conditions[condition]);
    if (way == 1)
        text_add_text(&say, " KEEPTTL");
    else if (way == 2)
        deadline = say_expiration();
    if (!condition_first)
        text_add_text(&say, conditions[condition]);
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

#endif
