/* SPDX-License-Identifier: MIT
 * tests/unit/hash_life_model.h - hashes whose fields die, as arrays of fields: what is to
 * be answered and told, and the words of a call. */
#ifndef IGNIS_TESTS_UNIT_HASH_LIFE_MODEL_H
#define IGNIS_TESTS_UNIT_HASH_LIFE_MODEL_H
#include "base/text.h"
#include "keyspace/internal.h"
#include "support/house.h"
#include "values/v_hash.h"

#define HASHES 5
#define FIELDS 10
#define NAMED 3                 /* fields of one call, the same one twice at times */
#define FOREVER 0

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

#endif
