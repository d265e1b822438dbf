/* SPDX-License-Identifier: MIT
 * tests/unit/test_entry.c - a key, its deadline and its value in one block. */
#include "keyspace/entry.h"
#include <criterion/criterion.h>
#include "base/alloc.h"
#include "base/rand.h"
#include "values/v_string.h"

#define CHANGES 100000
#define VALUE_MAX 400
#define FIFTEEN B("user:0000000001")
#define THIRTY_TWO B("vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv")

static void
start(void)
{
    value_type_register(TYPE_STRING, &string_type);
    rand_seed(20);
}

TestSuite(entry, .init = start);

/* What an entry must say. */
struct model {
    char value[VALUE_MAX];
    size_t len;
    bool raw;
    msec deadline;
    uint32_t clock;
};

static void
fill(char *at, size_t len)
{
    for (size_t i = 0; i < len; i++)
        at[i] = (char)('a' + rand_below(26));
}

/* A number, bytes, bytes said to be raw, or a blob; short ones more often. */
static struct value
random_value(struct model *m)
{
    unsigned kind = (unsigned)rand_below(5);

    m->raw = kind == 2;
    m->len = rand_below(rand_below(2) ? 60 : VALUE_MAX);
    if (kind == 0) {
        m->len = num_format_i64(m->value, (int64_t)rand_u64() >> rand_below(64));
        return string_value(bytes_view(m->value, m->len));
    }
    fill(m->value, m->len);
    if (kind == 1)
        return string_value_blob(blob_copy(bytes_view(m->value, m->len)));
    if (kind == 2)
        return string_value_raw(bytes_view(m->value, m->len));
    return string_value(bytes_view(m->value, m->len));
}

static msec
random_deadline(void)
{
    unsigned kind = (unsigned)rand_below(4);

    if (kind > 1)
        return (msec)rand_below(1LL << 42);
    return kind == 0 ? NO_DEADLINE : KEEP_DEADLINE;
}

static void
expect(const struct entry *e, struct bytes key, const struct model *m)
{
    char buf[NUM_I64_MAX_TEXT];
    struct value v = entry_value(e);
    struct bytes b = string_view(v, buf);
    const char *name = string_type.encoding_name(v);

    cr_assert(bytes_equal(entry_key(e), key));
    cr_assert(bytes_equal(b, bytes_view(m->value, m->len)), "value of %zu", m->len);
    cr_assert_eq(entry_deadline(e), m->deadline);
    cr_assert_eq(entry_clock(e), m->clock);
    if (v.encoding == STRING_INT)
        cr_assert_str_eq(name, "int");
    else
        cr_assert_str_eq(name, m->len <= 44 && !m->raw ? "embstr" : "raw");
    cr_assert_geq(entry_memory(e), 6 + key.len);
}

static void
free_old(struct value old)
{
    if (old.encoding == STRING_BLOB)
        string_type.free(old);
}

/* One key through thousands of changes, against a plain record of what it holds. */
static void
run_changes(size_t key_len, int changes)
{
    struct model m = { .deadline = NO_DEADLINE };
    char *key_at = mem_alloc(key_len + 1);
    struct bytes key = { key_at, key_len };
    struct entry *e;

    fill(key_at, key_len);
    e = entry_new(key, random_value(&m), NO_DEADLINE);
    expect(e, key, &m);
    for (int i = 0; i < changes; i++) {
        msec when = random_deadline();

        if (rand_below(4) == 0) {
            when = when == KEEP_DEADLINE ? NO_DEADLINE : when;
            e = entry_set_deadline(e, when);
        } else {
            struct value old = entry_value(e);
            struct value v = random_value(&m);

            e = entry_replace(e, v, when);
            free_old(old);
        }
        if (when != KEEP_DEADLINE)
            m.deadline = when;
        if (rand_below(3) == 0)
            entry_set_clock(e, m.clock = (uint32_t)rand_below(1 << 24));
        expect(e, key, &m);
    }
    entry_free(e);
    mem_free(key_at);
}

Test(entry, holds_what_was_last_put_through_100000_changes_of_every_key_length)
{
    static const size_t lens[] = {
        0, 1, 3, 8, 15, 40, 100, 127, 200, 254, 255, 256, 300, 5000
    };
    size_t before = mem_used();

    for (size_t i = 0; i < sizeof lens / sizeof *lens; i++)
        run_changes(lens[i], CHANGES / (int)(sizeof lens / sizeof *lens));
    cr_expect_eq(mem_used(), before, "%ld bytes leaked or miscounted",
                 (long)mem_used() - (long)before);
}

Test(entry, comes_back_from_every_length_of_key_and_value_with_and_without_deadline)
{
    struct model m = { 0 };
    char key[300];

    fill(key, sizeof key);
    fill(m.value, sizeof m.value);
    for (size_t k = 0; k < sizeof key; k += 1 + k / 16)
        for (m.len = 0; m.len < 200; m.len++)
            for (m.deadline = NO_DEADLINE; m.deadline < 1; m.deadline++) {
                struct bytes value = bytes_view(m.value, m.len);
                struct bytes name = bytes_view(key, k);
                struct entry *e = entry_new(name, string_value(value), m.deadline);

                expect(e, name, &m);
                entry_free(e);
            }
}

static size_t
memory_of(struct bytes key, struct value v, msec deadline)
{
    struct entry *e = entry_new(key, v, deadline);
    size_t size = entry_memory(e);

    entry_free(e);
    return size;
}

Test(entry, of_15_and_32_bytes_takes_one_64_byte_block_even_with_a_deadline)
{
    struct value value = string_value(THIRTY_TWO);

    cr_expect_leq(memory_of(FIFTEEN, value, NO_DEADLINE), 64);
    cr_expect_leq(memory_of(FIFTEEN, value, 1700000000000), 64);
    cr_expect_leq(memory_of(B("cnt:00000001"), string_value_int(12345), NO_DEADLINE), 32);
}

Test(entry, overwritten_by_a_value_of_the_same_length_stays_where_it_is)
{
    struct entry *e = entry_new(B("key"), string_value(B("first value")), 5000);

    cr_expect_eq(entry_replace(e, string_value(B("other value")), KEEP_DEADLINE), e);
    cr_expect_eq(entry_deadline(e), 5000);
    cr_expect_eq(entry_replace(e, string_value(B("third value")), NO_DEADLINE), e);
    cr_expect_eq(entry_deadline(e), NO_DEADLINE);
    cr_expect_eq(entry_replace(e, string_value(B("forth value")), 6000), e);
    cr_expect_eq(entry_deadline(e), 6000);
    entry_free(e);
}

#ifndef __SANITIZE_ADDRESS__
Test(entry, changes_length_and_encoding_in_place_within_its_size_class)
{
    struct entry *e = entry_new(B("key"), string_value(B("0123456789")), NO_DEADLINE);
    size_t size = entry_memory(e);

    cr_expect_eq(entry_replace(e, string_value(B("012345678")), NO_DEADLINE), e);
    cr_expect_eq(entry_replace(e, string_value(B("42")), NO_DEADLINE), e);
    cr_expect_eq(entry_value(e).encoding, STRING_INT);
    cr_expect_eq(entry_replace(e, string_value(B("back to it")), NO_DEADLINE), e);
    cr_expect_eq(entry_memory(e), size);
    entry_free(e);
}

Test(entry, with_room_to_spare_takes_a_deadline_without_a_new_block)
{
    struct entry *e = entry_new(FIFTEEN, string_value(THIRTY_TWO), NO_DEADLINE);

    cr_expect_eq(entry_deadline(e), NO_DEADLINE);
    cr_expect_eq(entry_set_deadline(e, 99), e);
    cr_expect_eq(entry_deadline(e), 99);
    entry_free(e);
}
#endif

Test(entry, may_be_given_a_part_of_itself)
{
    struct bytes all = B("abcdefghijklmnopqrstuvwxyz");
    struct entry *e = entry_new(B("key"), string_value(all), NO_DEADLINE);

    for (size_t len = 25; len > 0; len--) {
        struct bytes b = entry_value(e).bytes;

        e = entry_replace(e, string_value(bytes_view(b.at + 1, len)), NO_DEADLINE);
        b = bytes_view(all.at + 26 - len, len);
        cr_assert(bytes_equal(entry_value(e).bytes, b));
    }
    e = entry_replace(e, string_value(entry_key(e)), NO_DEADLINE);
    cr_expect(bytes_equal(entry_value(e).bytes, B("key")));
    entry_free(e);
}

Test(entry, takes_a_time_before_1970_as_due_and_not_as_none)
{
    struct entry *e = entry_new(B("key"), string_value(B("v")), -5000);

    cr_expect_eq(entry_deadline(e), 0);
    e = entry_set_deadline(e, NO_DEADLINE);
    cr_expect_eq(entry_deadline(e), NO_DEADLINE);
    entry_free(e);
}

Test(entry, keeps_a_short_adopted_blob_as_bytes_and_lets_the_blob_go)
{
    size_t before = mem_used();
    struct blob *blob = blob_copy(B("short"));
    struct value value = string_value_blob(blob_share(blob));
    struct entry *e = entry_new(B("key"), value, NO_DEADLINE);

    cr_expect_eq(blob->refs, 1);
    cr_expect_eq(entry_value(e).encoding, STRING_EMBEDDED);
    blob_release(blob);
    entry_free(e);
    cr_expect_eq(mem_used(), before);
}

Test(entry, number_is_changed_in_place)
{
    struct entry *e = entry_new(B("n"), string_value_int(1), 77);

    entry_set_number(e, INT64_MIN);
    cr_expect_eq(entry_value(e).number, INT64_MIN);
    cr_expect_eq(entry_deadline(e), 77);
    entry_free(e);
}
