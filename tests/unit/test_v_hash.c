/* SPDX-License-Identifier: MIT
 * tests/unit/test_v_hash.c - hashes in all their forms against an array of fields. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <sys/mman.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/rand.h"
#include "structs/pack.h"
#include "values/v_hash.h"
#include "unit/fair.h"

#define NAMES 300

static const struct hash_limits small = { 32, 40 };

struct slot { bool in; unsigned value; msec deadline; };

static struct bytes
name_of(unsigned i, char buf[64])
{
    snprintf(buf, 64, i % 3 ? "field%u" : "%u", i);
    return bytes_of_text(buf);
}

/* Some are numbers, some longer than a length byte can say. */
static struct bytes
value_of(unsigned n, char buf[512])
{
    snprintf(buf, 512, n % 3 ? "value %0*u" : "%*u", n % 3 == 1 ? (int)(n % 300) : 1, n);
    return bytes_of_text(buf);
}

static void
start(void)
{
    hash_start(B("a fixed seed"));
    rand_seed(5);
    clock_freeze(1000000);
}

static bool
is_alive(const struct slot *s)
{
    return s->in && (s->deadline == HASH_FOREVER || s->deadline > clock_ms());
}

static size_t
alive(const struct slot *m)
{
    size_t n = 0;

    for (unsigned i = 0; i < NAMES; i++)
        n += is_alive(&m[i]);
    return n;
}

static void
compare(struct value v, const struct slot *m)
{
    const struct hash_field *at;
    char name[64], text[512];
    struct hash_field f;
    struct hash_iter it;
    size_t n = 0;

    hash_check(v);
    for (unsigned i = 0; i < NAMES; i++) {
        cr_assert_eq(hash_find(v, name_of(i, name), &f), is_alive(&m[i]));
        if (!is_alive(&m[i]))
            continue;
        cr_assert(bytes_equal(f.value, value_of(m[i].value, text)));
        cr_assert_eq(f.deadline, m[i].deadline);
    }
    hash_iter_start(&it, v);
    while ((at = hash_iter_next(&it)))
        n += hash_find(v, at->name, &f);
    cr_assert_eq(n, alive(m));
}

/* What value_type.expire promises, done to the model. */
static size_t
bury(struct slot *m)
{
    size_t n = 0;

    for (unsigned i = 0; i < NAMES; i++)
        if (m[i].in && !is_alive(&m[i])) {
            m[i].in = false;
            n++;
        }
    return n;
}

static msec
earliest(const struct slot *m)
{
    msec next = HASH_FOREVER;

    for (unsigned i = 0; i < NAMES; i++)
        if (m[i].in && m[i].deadline != HASH_FOREVER
            && (next == HASH_FOREVER || m[i].deadline < next))
            next = m[i].deadline;
    return next;
}

static void
set_one(struct value *v, struct slot *s, struct bytes name, const struct hash_limits *l)
{
    static const msec lives[] = { HASH_FOREVER, HASH_KEEP, 0 };
    msec deadline = lives[rand_below(3)];
    bool was = is_alive(s);
    char text[512];

    if (deadline == 0)
        deadline = clock_ms() + 1 + (msec)rand_below(2000);
    s->value = (unsigned)rand_below(100000);
    cr_assert_eq(hash_set(v, name, value_of(s->value, text), deadline, l), !was);
    if (deadline != HASH_KEEP)
        s->deadline = deadline;
    else if (!was)
        s->deadline = HASH_FOREVER;
    s->in = true;
}

static void
one_change(struct value *v, struct slot *m, unsigned names, const struct hash_limits *l)
{
    unsigned i = (unsigned)rand_below(names);
    struct slot *s = &m[i];
    char buf[64];
    struct bytes name = name_of(i, buf);

    switch (rand_below(6)) {
    case 0:
    case 1:
    case 2:
        set_one(v, s, name, l);
        break;
    case 3:
        cr_assert_eq(hash_remove(v, name), is_alive(s));
        s->in = s->in && !is_alive(s);
        break;
    case 4:
        if (is_alive(s)) {
            s->deadline = rand_below(2) ? HASH_FOREVER : clock_ms() + 1 + (msec)rand_below(999);
            hash_set_deadline(v, name, s->deadline);
        }
        break;
    default:
        clock_freeze(clock_ms() + (msec)rand_below(10));
        if (rand_below(3) == 0)
            cr_assert_eq(hash_type.expire(v, clock_ms(), SIZE_MAX), bury(m));
    }
}

static void
torture(unsigned names, const struct hash_limits *l, enum hash_encoding end)
{
    static struct slot m[NAMES];
    size_t without = mem_used();
    struct value v = hash_new();

    memset(m, 0, sizeof m);
    for (int i = 0; i < 100000; i++) {
        one_change(&v, m, names, l);
        if (i % 500 == 0) {
            compare(v, m);
            cr_assert_eq(hash_type.memory(v, 0), mem_used() - without);
            if (v.encoding & VALUE_TIMED)
                cr_assert_eq(hash_type.next_deadline(v), earliest(m));
        }
    }
    compare(v, m);
    cr_expect_eq(v.encoding, end);
    hash_type.free(v);
}

Test(v_hash, is_a_map_with_deadlines_as_a_pack, .init = start, .fini = clock_thaw)
{
    static const struct hash_limits wide = { 1000, 1000 };

    torture(40, &wide, HASH_TIMED_PACK);
}

Test(v_hash, is_a_map_with_deadlines_as_a_table, .init = start, .fini = clock_thaw)
{
    torture(NAMES, &small, HASH_TIMED_TABLE);
}

static struct value
numbered(unsigned n, int64_t entries)
{
    const struct hash_limits l = { entries, 100 };
    struct value v = hash_new();
    char name[64];

    for (unsigned i = 0; i < n; i++) {
        snprintf(name, sizeof name, "%u", i);
        hash_set(&v, bytes_of_text(name), B("x"), HASH_FOREVER, &l);
    }
    return v;
}

static void
count_hit(const struct hash_field *f, void *arg)
{
    unsigned *hits = arg;
    int64_t n;

    cr_assert(num_parse_i64(f->name, &n));
    hits[n]++;
}

Test(v_hash, picks_every_field_as_often_as_any_other, .init = start, .fini = clock_thaw)
{
    for (int form = 0; form < 2; form++) {
        struct value v = numbered(200, form ? 1000 : 0);
        unsigned hits[200] = { 0 }, some[200] = { 0 };
        struct hash_field f;

        for (int i = 0; i < 100000; i++) {
            cr_assert(hash_random(v, &f));
            count_hit(&f, hits);
        }
        for (int i = 0; i < 1000; i++) {
            hash_sample(v, 20, count_hit, some);
            hash_sample(v, 100, count_hit, some);
        }
        cr_expect_lt(chi_square(hits, 200, 500), chi_limit(200));
        cr_expect_lt(chi_square(some, 200, 600), chi_limit(200));
        hash_type.free(v);
    }
}

Test(v_hash, becomes_a_table_at_the_field_too_many, .init = start, .fini = clock_thaw)
{
    struct value v = numbered(32, 32);

    cr_expect_eq(v.encoding, HASH_PACK);
    hash_set(&v, B("5"), B("again"), HASH_FOREVER, &small);
    cr_expect_eq(v.encoding, HASH_PACK);
    hash_set(&v, B("one more"), B("x"), HASH_FOREVER, &small);
    cr_expect_eq(v.encoding, HASH_TABLE);
    cr_expect_eq(hash_count(v), 33);
    hash_type.free(v);
}

Test(v_hash, becomes_a_table_when_a_field_is_set_again_under_a_lower_limit,
     .init = start, .fini = clock_thaw)
{
    static const struct hash_limits lower = { 4, 40 };
    msec soon = clock_ms() + 500;
    struct value v = numbered(5, 32);
    struct hash_field f;

    hash_set_deadline(&v, B("1"), soon);
    hash_set_deadline(&v, B("2"), soon + 1);
    hash_set(&v, B("2"), B("again"), HASH_KEEP, &small);
    cr_expect_eq(v.encoding, HASH_TIMED_PACK);
    cr_expect_not(hash_set(&v, B("2"), B("more"), HASH_KEEP, &lower));
    cr_expect_eq(v.encoding, HASH_TIMED_TABLE);
    hash_check(v);
    cr_assert(hash_find(v, B("1"), &f));
    cr_expect_eq(f.deadline, soon);
    cr_assert(hash_find(v, B("2"), &f));
    cr_expect_eq(f.deadline, soon + 1);
    cr_expect(bytes_equal(f.value, B("more")));
    cr_expect_eq(hash_count(v), 5);
    hash_type.free(v);
}

Test(v_hash, becomes_a_table_at_the_value_too_long, .init = start, .fini = clock_thaw)
{
    struct value v = hash_new();

    hash_set(&v, B("f"), B("0123456789012345678901234567890123456789"), HASH_FOREVER, &small);
    cr_expect_eq(v.encoding, HASH_PACK);
    hash_set(&v, B("f"), B("01234567890123456789012345678901234567890"), HASH_FOREVER, &small);
    cr_expect_eq(v.encoding, HASH_TABLE);
    hash_type.free(v);
}

Test(v_hash, expires_no_more_than_it_is_told_to, .init = start, .fini = clock_thaw)
{
    struct value v = numbered(100, 0);
    struct hash_field f;
    char name[64];

    for (unsigned i = 0; i < 50; i++) {
        snprintf(name, sizeof name, "%u", i);
        hash_set_deadline(&v, bytes_of_text(name), clock_ms() + 10 + i);
    }
    clock_freeze(clock_ms() + 29);
    cr_expect_eq(hash_type.expire(&v, clock_ms(), 7), 7);
    cr_expect_eq(hash_count(v), 93);
    cr_expect_not(hash_find(v, B("19"), &f));
    cr_expect(hash_find(v, B("20"), &f));
    cr_expect_eq(hash_type.expire(&v, clock_ms(), 1000), 13);
    cr_expect_eq(hash_count(v), 80);
    hash_type.free(v);
}

Test(v_hash, copies_own_themselves, .init = start, .fini = clock_thaw)
{
    for (int form = 0; form < 4; form++) {
        struct value v = numbered(50, form % 2 ? 1000 : 0), copy;
        unsigned char a[20] = { 0 }, b[20] = { 0 };

        if (form >= 2)
            hash_set_deadline(&v, B("7"), clock_ms() + 500);
        copy = hash_type.copy(v);
        hash_type.digest(v, a);
        hash_type.free(v);
        hash_type.digest(copy, b);
        cr_expect_arr_eq(a, b, 20);
        hash_check(copy);
        cr_expect_eq(hash_count(copy), 50);
        if (form >= 2)
            cr_expect_eq(hash_type.next_deadline(copy), clock_ms() + 500);
        hash_type.free(copy);
    }
}

/* Fields of one size, so that a sample of them tells the truth; without deadlines, with
 * one each, and without them again. */
static void
expect_counted(unsigned n, const struct hash_limits *l, enum hash_encoding end)
{
    size_t without = mem_used(), plain, timed;
    struct value v = hash_new();
    char name[64];

    for (unsigned i = 0; i < n; i++) {
        sprintf(name, "field%05u", i);
        hash_set(&v, bytes_of_text(name), B("value"), HASH_FOREVER, l);
    }
    plain = mem_used() - without;
    cr_expect_eq(hash_type.memory(v, 0), plain);
    for (unsigned i = 0; i < n; i++) {
        sprintf(name, "field%05u", i);
        hash_set_deadline(&v, bytes_of_text(name), clock_ms() + 1 + i * 7 % n);
    }
    timed = mem_used() - without;
    cr_expect_eq(v.encoding, end);
    cr_expect_gt(timed, plain);
    cr_expect_eq(hash_type.memory(v, 0), timed);
    cr_expect_eq(hash_type.memory(v, 5), timed);
    for (unsigned i = 0; i < n; i++) {
        sprintf(name, "field%05u", i);
        hash_set_deadline(&v, bytes_of_text(name), HASH_FOREVER);
    }
    cr_expect_eq(hash_type.memory(v, 0), mem_used() - without);
    cr_expect_leq(hash_type.memory(v, 0), timed);
    hash_type.free(v);
    cr_expect_eq(mem_used(), without);
}

Test(v_hash, counts_the_memory_of_deadlines_exactly, .init = start, .fini = clock_thaw)
{
    expect_counted(30, &small, HASH_TIMED_PACK);
    expect_counted(5000, &small, HASH_TIMED_TABLE);
}

/* Fields of 6 bytes each, and a long one that leaves room for hardly anything more. */
static struct value
nearly_full(const struct hash_limits *l)
{
    enum { SHORT = 2000, SPARE = 1000 };
    size_t len = PACK_BYTES_MAX - SHORT * 6 - SPARE;
    void *zeros = mmap(NULL, len, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                       -1, 0);
    struct value v = hash_new();
    char name[16];

    cr_assert_neq(zeros, MAP_FAILED);
    for (unsigned i = 0; i < SHORT; i++) {
        snprintf(name, sizeof name, "f%03x", i);
        hash_set(&v, bytes_of_text(name), B(""), HASH_FOREVER, l);
    }
    hash_set(&v, B("long"), bytes_view(zeros, len), HASH_FOREVER, l);
    munmap(zeros, len);
    cr_assert_eq(v.encoding, HASH_PACK);
    return v;
}

Test(v_hash, becomes_a_table_when_deadlines_would_burst_the_pack, .init = start,
     .fini = clock_thaw)
{
    static const struct hash_limits all = { INT64_MAX, INT64_MAX };
    struct hash_field f;
    struct value v = nearly_full(&all);

    cr_expect(hash_set(&v, B("new"), B("1"), clock_ms() + 5, &all));
    cr_assert(hash_find(v, B("new"), &f));
    cr_expect_eq(f.deadline, clock_ms() + 5);
    cr_expect_eq(v.encoding, HASH_TIMED_TABLE);
    cr_expect_eq(hash_count(v), 2002);
    hash_type.free(v);
}
