/* SPDX-License-Identifier: MIT
 * base/num.h - text <-> number, exactly as Redis reads and writes them.
 * All parsers want the whole view to be the number and leave *out alone when
 * they return false. */
#ifndef IGNIS_BASE_NUM_H
#define IGNIS_BASE_NUM_H
#include <stdint.h>
#include "base/bytes.h"

#define NUM_I64_MAX_TEXT 21     /* "-9223372036854775808" and NUL */
#define NUM_DOUBLE_MAX_TEXT 128
#define NUM_LDOUBLE_MAX_TEXT (5 * 1024)

/* Canonical decimal only: "-0", "+1", "01", " 1" and "" are refused, so that
 * formatting gives back the same bytes.  ~2 ns for short numbers. */
bool num_parse_i64(struct bytes text, int64_t *out);
bool num_parse_u64(struct bytes text, uint64_t *out);
/* Decimal or hexadecimal floating text, "inf", "+inf", "-inf", "infinity";
 * refuses NaN, leading or trailing space, overflow and trailing bytes. */
bool num_parse_double(struct bytes text, double *out);
bool num_parse_ldouble(struct bytes text, long double *out);

/* Each writes at most the named size, NUL included, and returns the length
 * without it. */
size_t num_format_i64(char out[NUM_I64_MAX_TEXT], int64_t n);
size_t num_format_u64(char out[NUM_I64_MAX_TEXT], uint64_t n);
/* RESP and score form of 7.0: "%.17g" with "inf", "-inf", "nan"; whole numbers
 * in the exact range print as integers. */
size_t num_format_double(char out[NUM_DOUBLE_MAX_TEXT], double d);
/* INCRBYFLOAT form: "%.17Lf" with trailing zeros (and a bare point) removed;
 * 0 when it is inf or nan. */
size_t num_format_ldouble(char out[NUM_LDOUBLE_MAX_TEXT], long double d);
/* "1.00K", "976.56M", "0B" as INFO's *_human fields; out of 64 bytes. */
size_t num_format_human(char out[64], uint64_t n);
/* How many decimal digits `n` has; 1 for 0. */
unsigned num_digits_u64(uint64_t n);

/* a + b and a * b that answer false instead of overflowing. */
static inline bool
num_add_i64(int64_t a, int64_t b, int64_t *out)
{
    return !__builtin_add_overflow(a, b, out);
}

static inline bool
num_mul_i64(int64_t a, int64_t b, int64_t *out)
{
    return !__builtin_mul_overflow(a, b, out);
}

#endif
