/* SPDX-License-Identifier: MIT
 * tests/unit/test_num.c - numbers survive the way to text and back. */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/num.h"
#include "base/rand.h"

static bool
parses_i64(const char *text)
{
    int64_t n = 77;
    bool ok = num_parse_i64(bytes_of_text(text), &n);

    if (!ok)
        cr_expect_eq(n, 77, "'%s' was refused but written", text);
    return ok;
}

static void
expect_i64(int64_t n)
{
    char ours[NUM_I64_MAX_TEXT], libc[32];
    size_t len = num_format_i64(ours, n);
    int64_t back;

    snprintf(libc, sizeof libc, "%" PRId64, n);
    cr_expect_str_eq(ours, libc);
    cr_expect_eq(len, strlen(libc));
    cr_expect(num_parse_i64(bytes_view(ours, len), &back), "%s", libc);
    cr_expect_eq(back, n);
}

Test(num, every_integer_survives_the_way_to_text_and_back)
{
    rand_seed(1);
    for (int64_t n = -1100; n <= 1100; n++)
        expect_i64(n);
    for (int64_t power = 1; power <= INT64_MAX / 10; power *= 10)
        for (int64_t d = -1; d <= 1; d++) {
            expect_i64(power * 10 + d);
            expect_i64(-power * 10 + d);
        }
    for (int i = 0; i < 100000; i++)
        expect_i64((int64_t)(rand_u64() >> rand_below(64)));
    expect_i64(INT64_MAX);
    expect_i64(INT64_MIN);
    expect_i64(INT64_MIN + 1);
}

Test(num, unsigned_integers_reach_their_end)
{
    char text[NUM_I64_MAX_TEXT];
    uint64_t n = 0;

    cr_expect_eq(num_format_u64(text, UINT64_MAX), 20);
    cr_expect_str_eq(text, "18446744073709551615");
    cr_expect(num_parse_u64(B("18446744073709551615"), &n));
    cr_expect_eq(n, UINT64_MAX);
    cr_expect_not(num_parse_u64(B("18446744073709551616"), &n));
    cr_expect_not(num_parse_u64(B("99999999999999999999"), &n));
    cr_expect_not(num_parse_u64(B("100000000000000000000"), &n));
    cr_expect_not(num_parse_u64(B("-1"), &n));
    cr_expect_not(num_parse_u64(B(""), &n));
    cr_expect_not(num_parse_u64(B("00"), &n));
    cr_expect(num_parse_u64(B("0"), &n));
}

Test(num, only_canonical_integers_are_integers)
{
    static const char *const refused[] = {
        "", "-", "+", "-0", "+1", "01", "-01", "00", " 1", "1 ", "1.0", "1e3", "0x1",
        "9223372036854775808", "-9223372036854775809", "99999999999999999999",
        "-99999999999999999999", "100000000000000000000", "--1", "1-", "12a4", "a",
        "1234567890123456789a", "18446744073709551616", "/", ":",
    };

    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        cr_expect_not(parses_i64(refused[i]), "'%s'", refused[i]);
    cr_expect(parses_i64("0"));
    cr_expect(parses_i64("-9223372036854775808"));
    cr_expect(parses_i64("9223372036854775807"));
    cr_expect_not(num_parse_i64(B("1\0"), &(int64_t){ 0 }));
}

/* Whatever byte stands at whatever place of a number of whatever length, it is
 * a number exactly when all bytes are digits. */
Test(num, one_wrong_byte_anywhere_spoils_a_number)
{
    for (size_t len = 1; len <= 19; len++)
        for (size_t at = 0; at < len; at++)
            for (int byte = 0; byte < 256; byte++) {
                char text[20];
                uint64_t n, want = 0;
                bool is_number = byte >= (at == 0 && len > 1 ? '1' : '0') && byte <= '9';

                for (size_t i = 0; i < len; i++)
                    text[i] = (char)('1' + i % 9);
                text[at] = (char)byte;
                for (size_t i = 0; i < len; i++)
                    want = want * 10 + (unsigned char)text[i] - '0';
                cr_assert_eq(num_parse_u64(bytes_view(text, len), &n), is_number);
                if (is_number)
                    cr_assert_eq(n, want);
            }
}

Test(num, digits_are_counted_at_every_power_of_ten)
{
    uint64_t power = 1;

    cr_expect_eq(num_digits_u64(0), 1);
    for (unsigned digits = 1; digits < 20; digits++) {
        power *= 10;
        cr_expect_eq(num_digits_u64(power - 1), digits);
        cr_expect_eq(num_digits_u64(power), digits + 1);
    }
    cr_expect_eq(num_digits_u64(UINT64_MAX), 20);
}

/* What redis-server 7.0.15 says to ZADD, for each of these. */
Test(num, doubles_are_accepted_as_zadd_accepts_scores)
{
    static const struct { const char *text; double value; } accepted[] = {
        { "0", 0 }, { "1", 1 }, { "-1", -1 }, { "+1", 1 }, { ".5", 0.5 }, { "5.", 5 },
        { "3.14", 3.14 }, { "0x10", 16 }, { "0x1p3", 8 }, { "000001", 1 },
        { "1e+5", 1e5 }, { "4.9e-324", 5e-324 }, { "1e-320", 1e-320 },
        { "123456789012345", 123456789012345 }, { "0.1", 0.1 },
        { "-0.000000000001", -1e-12 }, { "12345678901234567", 12345678901234567 },
        { "inf", INFINITY }, { "+inf", INFINITY }, { "-inf", -INFINITY },
        { "INF", INFINITY }, { "Infinity", INFINITY }, { "-infinity", -INFINITY },
    };
    static const char *const refused[] = {
        "", " 1", "1 ", "\t1", "nan", "NaN", "-nan", "nan(1)", "0x", "1e", "1e400",
        "-1e400", "1e-400", "--1", "1_0", "0b1", "infin", "infinityx", ".", "-",
        "1.2.3", "1,5", "-.",
    };
    double d;

    for (size_t i = 0; i < sizeof accepted / sizeof *accepted; i++) {
        cr_expect(num_parse_double(bytes_of_text(accepted[i].text), &d), "'%s'",
                  accepted[i].text);
        cr_expect_eq(d, accepted[i].value, "'%s' gave %g", accepted[i].text, d);
    }
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        cr_expect_not(num_parse_double(bytes_of_text(refused[i]), &d), "'%s'",
                      refused[i]);
    cr_expect_not(num_parse_double(B("1\0"), &d));
    cr_expect_not(num_parse_double(B("1\0002"), &d));
    cr_expect(num_parse_double(B("-0"), &d));
    cr_expect(signbit(d) && d == 0);
}

Test(num, the_short_way_to_a_double_agrees_with_libc)
{
    char text[64];

    rand_seed(2);
    for (int i = 0; i < 100000; i++) {
        double d;

        snprintf(text, sizeof text, "%s%.*f", rand_below(2) ? "-" : "",
                 (int)rand_below(9),
                 (double)(rand_u64() >> (20 + rand_below(40))) / 1024);
        cr_assert(num_parse_double(bytes_of_text(text), &d), "%s", text);
        cr_assert_eq(d, strtod(text, NULL), "%s", text);
    }
}

Test(num, long_digit_strings_are_doubles_but_not_long_doubles)
{
    static char text[6000];
    double d = 0;
    long double ld = 0;

    memset(text, '0', sizeof text);
    text[5118] = '1';
    cr_expect(num_parse_ldouble(bytes_view(text, 5119), &ld));
    cr_expect_eq(ld, 1);
    text[5999] = '3';
    text[5118] = '0';
    cr_expect_not(num_parse_ldouble(bytes_view(text, 5120), &ld));
    cr_expect(num_parse_double(bytes_view(text, 6000), &d));
    cr_expect_eq(d, 3);
}

static void
expect_double(double d, const char *want)
{
    char text[NUM_DOUBLE_MAX_TEXT];
    size_t len = num_format_double(text, d);

    cr_expect_str_eq(text, want);
    cr_expect_eq(len, strlen(want));
}

/* What redis-server 7.0.15 answers to ZSCORE. */
Test(num, doubles_print_as_scores_do)
{
    expect_double(0, "0");
    expect_double(-0.0, "-0");
    expect_double(3, "3");
    expect_double(-3, "-3");
    expect_double(1e16, "10000000000000000");
    expect_double(99999999999999984.0, "99999999999999984");
    expect_double(1e17, "1e+17");
    expect_double(-1e17, "-1e+17");
    expect_double(123456789012345678.0, "1.2345678901234568e+17");
    expect_double(0.1, "0.10000000000000001");
    expect_double(3.14, "3.1400000000000001");
    expect_double(1e-5, "1.0000000000000001e-05");
    expect_double(1e-4, "0.0001");
    expect_double(5e-324, "4.9406564584124654e-324");
    expect_double(1.7976931348623157e308, "1.7976931348623157e+308");
    expect_double(INFINITY, "inf");
    expect_double(-INFINITY, "-inf");
    expect_double(NAN, "nan");
    expect_double(-NAN, "nan");
}

static void
expect_ldouble(long double d, const char *want)
{
    char text[NUM_LDOUBLE_MAX_TEXT];
    size_t len = num_format_ldouble(text, d);

    cr_expect_eq(len, strlen(want));
    if (len > 0)
        cr_expect_str_eq(text, want);
}

/* What redis-server 7.0.15 answers to INCRBYFLOAT. */
Test(num, long_doubles_print_as_incrbyfloat_does)
{
    expect_ldouble(0, "0");
    expect_ldouble(-0.0L, "0");
    expect_ldouble(-1e-18L, "0");
    expect_ldouble(0.1L + 0.2L, "0.3");
    expect_ldouble(-0.25L, "-0.25");
    expect_ldouble(100, "100");
    expect_ldouble(10.5L, "10.5");
    expect_ldouble(1e17L, "100000000000000000");
    expect_ldouble(1 - 1e-17L, "0.99999999999999999");
    expect_ldouble(123456789012345678901234567890.0L, "123456789012345678899921813504");
    expect_ldouble(INFINITY, "");
    expect_ldouble(NAN, "");
}

Test(num, the_largest_long_double_fits_its_buffer)
{
    char text[NUM_LDOUBLE_MAX_TEXT];
    long double d;

    cr_expect(num_parse_ldouble(B("1e4932"), &d));
    cr_expect_eq(num_format_ldouble(text, d), 4933);
    cr_expect_not(num_parse_ldouble(B("1e4933"), &d));
    cr_expect_not(num_parse_ldouble(B("1e-5000"), &d));
}

static void
expect_human(uint64_t n, const char *want)
{
    char text[64];

    cr_expect_eq(num_format_human(text, n), strlen(want));
    cr_expect_str_eq(text, want);
}

Test(num, human_sizes_print_as_info_does)
{
    expect_human(0, "0B");
    expect_human(1023, "1023B");
    expect_human(1024, "1.00K");
    expect_human(1000000, "976.56K");
    expect_human(1024 * 1024 - 1, "1024.00K");
    expect_human(1024 * 1024, "1.00M");
    expect_human((uint64_t)1 << 30, "1.00G");
    expect_human((uint64_t)3 << 39, "1.50T");
    expect_human((uint64_t)1 << 50, "1.00P");
    expect_human(9000000000000000000u, "9000000000000000000B");
}

Test(num, sums_and_products_say_when_they_overflow)
{
    int64_t n;

    cr_expect(num_add_i64(INT64_MAX, 0, &n));
    cr_expect_not(num_add_i64(INT64_MAX, 1, &n));
    cr_expect_not(num_add_i64(INT64_MIN, -1, &n));
    cr_expect(num_mul_i64(INT64_MAX / 1000, 1000, &n));
    cr_expect_not(num_mul_i64(INT64_MAX / 1000 + 1, 1000, &n));
}
