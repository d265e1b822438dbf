/* SPDX-License-Identifier: MIT
 * tests/unit/test_v_string.c - what a string is, and the register of types. */
#include "values/v_string.h"
#include <criterion/criterion.h>
#include "base/alloc.h"

static void
start(void)
{
    value_type_register(TYPE_STRING, &string_type);
}

TestSuite(v_string, .init = start);

static bool
is_number(const char *text)
{
    return string_value(bytes_of_text(text)).encoding == STRING_INT;
}

Test(v_string, canonical_int64_text_becomes_a_number_and_nothing_else_does)
{
    static const char *const numbers[] = {
        "0", "-1", "7", "1234567890", "9223372036854775807", "-9223372036854775808"
    };
    static const char *const texts[] = {
        "", " ", "-", "+1", "01", "-0", "1 ", " 1", "1.0", "1e3", "0x10",
        "9223372036854775808", "-9223372036854775809", "00", "a", "\xff" "1"
    };

    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        char buf[NUM_I64_MAX_TEXT];
        struct value v = string_value(bytes_of_text(numbers[i]));

        cr_expect_eq(v.encoding, STRING_INT, "%s", numbers[i]);
        cr_expect(bytes_equal(string_view(v, buf), bytes_of_text(numbers[i])));
        cr_expect_eq(string_len(v), strlen(numbers[i]), "%s", numbers[i]);
    }
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        cr_expect_not(is_number(texts[i]), "%s", texts[i]);
}

Test(v_string, a_raw_value_stays_bytes_even_when_it_reads_as_a_number)
{
    struct value v = string_value_raw(B("12"));
    int64_t n = 0;

    cr_expect_str_eq(string_type.encoding_name(v), "raw");
    cr_expect(string_to_i64(v, &n));
    cr_expect_eq(n, 12);
}

Test(v_string, the_encoding_is_named_as_redis_names_it)
{
    char long_text[46];

    memset(long_text, 'x', sizeof long_text);
    cr_expect_str_eq(string_type.encoding_name(string_value(B("5"))), "int");
    cr_expect_str_eq(string_type.encoding_name(string_value(B("five"))), "embstr");
    cr_expect_str_eq(string_type.encoding_name(
        string_value(bytes_view(long_text, 44))), "embstr");
    cr_expect_str_eq(string_type.encoding_name(
        string_value(bytes_view(long_text, 45))), "raw");
}

Test(v_string, a_copy_of_a_blob_is_another_blob_with_the_same_bytes)
{
    size_t before = mem_used();
    struct value v = string_value_blob(blob_copy(B("some bytes")));
    struct value copy = string_type.copy(v);

    cr_expect_neq(copy.blob, v.blob);
    cr_expect(bytes_equal(blob_view(copy.blob), B("some bytes")));
    cr_expect_geq(string_type.memory(v, 0), 10 + offsetof(struct blob, at));
    string_type.free(v);
    string_type.free(copy);
    cr_expect_eq(mem_used(), before);
}

Test(v_string, freeing_megabytes_counts_as_work)
{
    struct value v = string_value_blob(blob_try_new(16 << 20, 16 << 20));

    cr_expect_gt(string_type.effort(v), 64);
    cr_expect_eq(string_type.effort(string_value(B("short"))), 1);
    string_type.free(v);
}

Test(v_string, types_are_found_by_name_in_any_case)
{
    cr_expect_eq(value_type_by_name(B("STRing")), TYPE_STRING);
    cr_expect_eq(value_type_by_name(B("strin")), -1);
    cr_expect_eq(value_type_by_name(B("zset")), -1, "not registered here");
    cr_expect_str_eq(value_type_name(TYPE_STRING), "string");
}

Test(v_string, mixing_keeps_the_order_and_xor_forgets_it)
{
    unsigned char ab[20] = { 0 }, ba[20] = { 0 };

    value_digest_mix(ab, B("a"));
    value_digest_mix(ab, B("b"));
    value_digest_mix(ba, B("b"));
    value_digest_mix(ba, B("a"));
    cr_expect_neq(memcmp(ab, ba, 20), 0);
    memset(ab, 0, 20);
    memset(ba, 0, 20);
    value_digest_xor(ab, B("a"));
    value_digest_xor(ab, B("b"));
    value_digest_xor(ba, B("b"));
    value_digest_xor(ba, B("a"));
    cr_expect_eq(memcmp(ab, ba, 20), 0);
}
