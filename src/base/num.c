/* SPDX-License-Identifier: MIT
 * base/num.c - numbers to text and back, to the byte as Redis does it.
 *
 * Why:        a string value that reads as an integer is stored as one and must
 *             come back as the same bytes; scores and INCRBYFLOAT results are
 *             compared by clients as text.
 * How:        integers are written two digits at a time through a table of the
 *             hundred pairs, and read eight at a time in one word; floats go
 *             through libc (strtod, %.17g), which is exact, with a short way for
 *             whole numbers and short decimals, by far the most frequent.
 * Cost:       a few ns for integers, ~100 ns to format a fraction.
 * Left out:   shortest round-trip printing: 7.0 prints 17 digits, so do we.
 * Read next:  base/text.c */
#include "base/num.h"
#include <endian.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/alloc.h"
#include "base/status.h"

/* ---- Integers ---- */

static const char pairs[] =
    "00010203040506070809" "10111213141516171819" "20212223242526272829"
    "30313233343536373839" "40414243444546474849" "50515253545556575859"
    "60616263646566676869" "70717273747576777879" "80818283848586878889"
    "90919293949596979899";

unsigned
num_digits_u64(uint64_t n)
{
    static const uint64_t power[] = {
        0, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000,
        1000000000, 10000000000, 100000000000, 1000000000000, 10000000000000,
        100000000000000, 1000000000000000, 10000000000000000,
        100000000000000000, 1000000000000000000, 10000000000000000000u,
    };
    /* 1233 / 4096 is log10(2) from below: at most one short. */
    unsigned guess = (64 - (unsigned)__builtin_clzll(n | 1)) * 1233 >> 12;

    return guess + (n >= power[guess]);
}

static inline size_t
format_digits(char *out, uint64_t n)
{
    size_t len = num_digits_u64(n);
    char *at = out + len;

    *at = '\0';
    while (n >= 100) {
        at -= 2;
        memcpy(at, pairs + n % 100 * 2, 2);
        n /= 100;
    }
    if (n >= 10)
        memcpy(out, pairs + n * 2, 2);
    else
        *out = (char)('0' + n);
    return len;
}

size_t
num_format_u64(char out[NUM_I64_MAX_TEXT], uint64_t n)
{
    return format_digits(out, n);
}

size_t
num_format_i64(char out[NUM_I64_MAX_TEXT], int64_t n)
{
    if (n >= 0)
        return format_digits(out, (uint64_t)n);
    *out = '-';
    return 1 + format_digits(out + 1, -(uint64_t)n);
}

/* Eight digits at once: neighbours are added up to pairs, pairs to fours, fours
 * to the number, each step one multiplication for all of them.  The first digit
 * is the lowest byte. */
static inline bool
eight_digits(const char *at, uint64_t *n)
{
    uint64_t w = le64toh(bytes_load8(at));

    /* '0' to '9' are 0x30 to 0x39: high halves 3, and still 3 after adding 6. */
    if ((w & (w + 0x0606060606060606u) & 0xf0f0f0f0f0f0f0f0u) != 0x3030303030303030u)
        return false;
    w = (w & 0x0f0f0f0f0f0f0f0fu) * (10 << 8 | 1) >> 8 & 0x00ff00ff00ff00ffu;
    w = w * (100 << 16 | 1) >> 16 & 0x0000ffff0000ffffu;
    *n = w * ((uint64_t)10000 << 32 | 1) >> 32;
    return true;
}

/* The value of at[0..len), 1 to 20 bytes, canonical: digits only, no leading
 * zero unless alone. */
static inline bool
parse_digits(const char *at, size_t len, uint64_t *out)
{
    uint64_t n = 0, eight;
    size_t i = 0, safe = len < 19 ? len : 19;   /* 19 digits cannot overflow */

    if ((unsigned char)(at[0] - '0') > 9 || (at[0] == '0' && len > 1))
        return false;
    for (; i + 8 <= safe; i += 8) {
        if (!eight_digits(at + i, &eight))
            return false;
        n = n * 100000000 + eight;
    }
    for (; i < safe; i++) {
        unsigned digit = (unsigned char)at[i] - (unsigned)'0';

        if (digit > 9)
            return false;
        n = n * 10 + digit;
    }
    if (UNLIKELY(i < len)) {
        unsigned digit = (unsigned char)at[i] - (unsigned)'0';

        if (digit > 9 || __builtin_mul_overflow(n, 10, &n)
            || __builtin_add_overflow(n, digit, &n))
            return false;
    }
    *out = n;
    return true;
}

bool
num_parse_u64(struct bytes text, uint64_t *out)
{
    return text.len - 1 < 20 && parse_digits(text.at, text.len, out);
}

bool
num_parse_i64(struct bytes text, int64_t *out)
{
    uint64_t n;
    bool is_negative;

    if (text.len - 1 >= 20)             /* empty wraps around: refused too */
        return false;
    is_negative = text.at[0] == '-';
    text.at += is_negative;
    text.len -= is_negative;
    if (text.len == 0 || !parse_digits(text.at, text.len, &n))
        return false;
    if (is_negative) {
        if (n - 1 > (uint64_t)INT64_MAX)    /* "-0" wraps around as well */
            return false;
        *out = (int64_t)-n;
        return true;
    }
    if (n > (uint64_t)INT64_MAX)
        return false;
    *out = (int64_t)n;
    return true;
}

/* ---- Floating point ---- */

/* Up to 15 digits with an optional point are exact in one division; this is
 * what scores look like.  False: not that simple, ask strtod. */
static bool
parse_short_decimal(struct bytes text, double *out)
{
    static const double power[] = {
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12,
        1e13, 1e14, 1e15,
    };
    size_t at = 0, digits = 0, point = 0;
    uint64_t n = 0;
    bool has_point = false, is_negative = text.at[0] == '-';

    if (text.len > 16)
        return false;
    for (at = is_negative; at < text.len; at++) {
        unsigned digit = (unsigned char)text.at[at] - (unsigned)'0';

        if (digit <= 9) {
            n = n * 10 + digit;
            digits++;
        } else if (text.at[at] == '.' && !has_point) {
            has_point = true;
            point = digits;
        } else {
            return false;
        }
    }
    if (digits == 0 || digits > 15)
        return false;
    *out = (double)n / power[has_point ? digits - point : 0];
    if (is_negative)
        *out = -*out;
    return true;
}

/* strtod() skips leading space; nobody else here does. */
static bool
starts_with_space(struct bytes text)
{
    return text.at[0] == ' ' || (text.at[0] >= '\t' && text.at[0] <= '\r');
}

static bool
parse_double_text(const char *text, size_t len, double *out)
{
    char *end;
    double d;

    errno = 0;
    d = strtod(text, &end);
    if (end != text + len || isnan(d))
        return false;
    if (errno == ERANGE && (isinf(d) || d == 0))
        return false;                   /* a denormal is fine, nothing is not */
    *out = d;
    return true;
}

bool
num_parse_double(struct bytes text, double *out)
{
    char copy[256], *heap;
    bool is_number;

    if (text.len == 0 || starts_with_space(text))
        return false;
    if (parse_short_decimal(text, out))
        return true;
    if (text.len < sizeof copy) {
        memcpy(copy, text.at, text.len);
        copy[text.len] = '\0';
        return parse_double_text(copy, text.len, out);
    }
    heap = bytes_copy_text(text);
    is_number = parse_double_text(heap, text.len, out);
    mem_free_sized(heap, text.len + 1);
    return is_number;
}

bool
num_parse_ldouble(struct bytes text, long double *out)
{
    char copy[NUM_LDOUBLE_MAX_TEXT], *end;
    long double d;

    if (text.len == 0 || text.len >= sizeof copy || starts_with_space(text))
        return false;
    memcpy(copy, text.at, text.len);
    copy[text.len] = '\0';
    errno = 0;
    d = strtold(copy, &end);
    if (end != copy + text.len || isnan(d))
        return false;
    if (errno == ERANGE && (isinf(d) || d == 0))
        return false;
    *out = d;
    return true;
}

/* Whole numbers below 10^17 are what %.17g prints without an exponent. */
static bool
is_short_whole(double d)
{
    return d > -1e17 && d < 1e17 && (double)(int64_t)d == d
           && !(d == 0 && signbit(d));
}

size_t
num_format_double(char out[NUM_DOUBLE_MAX_TEXT], double d)
{
    if (is_short_whole(d))
        return num_format_i64(out, (int64_t)d);
    if (isnan(d)) {                     /* printf would show the sign of a nan */
        memcpy(out, "nan", 4);
        return 3;
    }
    return (size_t)snprintf(out, NUM_DOUBLE_MAX_TEXT, "%.17g", d);
}

size_t
num_format_ldouble(char out[NUM_LDOUBLE_MAX_TEXT], long double d)
{
    int len;

    if (isinf(d) || isnan(d))
        return 0;
    len = snprintf(out, NUM_LDOUBLE_MAX_TEXT, "%.17Lf", d);
    if (len <= 0 || len >= NUM_LDOUBLE_MAX_TEXT)
        return 0;
    while (out[len - 1] == '0')         /* ends at the point at the latest */
        len--;
    if (out[len - 1] == '.')
        len--;
    out[len] = '\0';
    if (len == 2 && out[0] == '-' && out[1] == '0') {
        memcpy(out, "0", 2);
        len = 1;
    }
    return (size_t)len;
}

/* ---- Sizes for people ---- */

size_t
num_format_human(char out[64], uint64_t n)
{
    static const char units[] = "KMGTP";
    double size = (double)n / 1024;
    size_t unit = 0;

    if (n < 1024)
        return (size_t)snprintf(out, 64, "%lluB", (unsigned long long)n);
    while (unit < sizeof units - 1 && n >> 10 * (unit + 2) != 0) {
        size /= 1024;
        unit++;
    }
    if (unit == sizeof units - 1)       /* beyond a petabyte: as it is */
        return (size_t)snprintf(out, 64, "%lluB", (unsigned long long)n);
    return (size_t)snprintf(out, 64, "%.2f%c", size, units[unit]);
}
