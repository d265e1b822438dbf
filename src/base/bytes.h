/* SPDX-License-Identifier: MIT
 * base/bytes.h - a length and a pointer: a borrowed view of somebody's bytes.
 *
 * A view owns nothing and need not end in NUL.  Passed by value. */
#ifndef IGNIS_BASE_BYTES_H
#define IGNIS_BASE_BYTES_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes { const char *at; size_t len; };

/* The view of a string literal. */
#define B(literal) ((struct bytes){ "" literal, sizeof(literal) - 1 })
/* For printf: "%.*s", B_ARG(b); a negative precision would mean "to the NUL". */
#define B_ARG(b) (int)((b).len < 0x40000000 ? (b).len : 0x40000000), (b).at

static inline struct bytes
bytes_view(const void *at, size_t len)
{
    return (struct bytes){ at, len };
}

/* The view of a C string, NUL excluded. */
static inline struct bytes
bytes_of_text(const char *text)
{
    return (struct bytes){ text, strlen(text) };
}

static inline bool
bytes_equal(struct bytes a, struct bytes b)
{
    return a.len == b.len && memcmp(a.at, b.at, a.len) == 0;
}

/* Eight and four bytes at any address, as the machine orders them. */
static inline uint64_t
bytes_load8(const char *at)
{
    uint64_t w;

    memcpy(&w, at, 8);
    return w;
}

static inline uint64_t
bytes_load4(const char *at)
{
    uint32_t w;

    memcpy(&w, at, 4);
    return w;
}

/* ASCII only: the C locale's idea of case. */
bool bytes_equal_nocase(struct bytes a, struct bytes b);

/* `a` against a C string, ignoring ASCII case: the test for option words. */
bool bytes_is(struct bytes a, const char *word);

/* memcmp order, the shorter first among equals: <0, 0, >0. */
int bytes_compare(struct bytes a, struct bytes b);

/* A NUL-terminated copy; the caller frees it with mem_free. */
char *bytes_copy_text(struct bytes b);

/* Constant time for equal lengths: for secrets. */
bool bytes_equal_secret(struct bytes a, struct bytes b);

#endif
