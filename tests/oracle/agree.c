/* SPDX-License-Identifier: MIT
 * tests/oracle/agree.c - ways to compare two raw replies. */
#include "oracle/agree.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- walking --- */

static bool
is_aggregate(char kind)
{
    return kind != '\0' && strchr("*%~>|", kind) != NULL;
}

static bool
is_bulk(char kind)
{
    return kind != '\0' && strchr("$=!", kind) != NULL;
}

static const char *
after_line(const char *at, const char *end)
{
    const char *lf = memchr(at, '\n', (size_t)(end - at));

    return lf ? lf + 1 : end;
}

/* How many replies follow inside the aggregate whose header is at `at`. */
static long
inside(const char *at)
{
    long n = strtol(at + 1, NULL, 10);

    return n < 0 ? 0 : *at == '%' || *at == '|' ? 2 * n : n;
}

const char *
reply_end(const char *at, const char *end)
{
    long todo = 1;

    while (todo > 0 && at < end) {
        long n = strtol(at + 1, NULL, 10);
        char kind = *at;

        todo--;
        if (is_aggregate(kind))
            todo += inside(at) + (kind == '|');
        at = after_line(at, end);
        if (is_bulk(kind) && n >= 0)
            at += n + 2;
    }
    return at < end ? at : end;
}

/* --- as a multiset --- */

static int
by_bytes(const void *a, const void *b)
{
    return bytes_compare(*(const struct bytes *)a, *(const struct bytes *)b);
}

/* The outermost elements, `step` replies each, sorted; returns how many. */
static size_t
sorted_elements(struct bytes reply, int step, struct bytes **out)
{
    const char *end = reply.at + reply.len, *at = after_line(reply.at, end);
    struct bytes *list = calloc(reply.len + 1, sizeof *list);
    size_t n = 0;

    while (at < end) {
        const char *next = at;

        for (int i = 0; i < step; i++)
            next = reply_end(next, end);
        list[n++] = bytes_view(at, (size_t)(next - at));
        at = next;
    }
    qsort(list, n, sizeof *list, by_bytes);
    *out = list;
    return n;
}

static bool
same_elements(struct bytes a, struct bytes b, bool pairs)
{
    int step = a.at[0] == '%' || (pairs && a.at[0] == '*') ? 2 : 1;
    struct bytes *x, *y;
    size_t n = sorted_elements(a, step, &x), m = sorted_elements(b, step, &y);
    bool same = a.at[0] == b.at[0] && is_aggregate(a.at[0]) && n == m;

    for (size_t i = 0; same && i < n; i++)
        same = bytes_equal(x[i], y[i]);
    free(x);
    free(y);
    return same;
}

/* What remains after the cursor of SCAN; empty: more is to come. */
static struct bytes
all_keys(struct bytes reply)
{
    const char *end = reply.at + reply.len, *at = after_line(reply.at, end);

    if (end - at < 7 || memcmp(at, "$1\r\n0\r\n", 7) != 0)
        return bytes_view(end, 0);
    return bytes_view(at + 7, (size_t)(end - at) - 7);
}

static bool
same_scan(struct bytes a, struct bytes b)
{
    struct bytes x = all_keys(a), y = all_keys(b);

    return a.at[0] == '*' && b.at[0] == '*' &&
           (x.len == 0 || y.len == 0 || same_elements(x, y, false));
}

/* --- as numbers --- */

static bool
number(struct bytes reply, double *out)
{
    const char *at = reply.at + 1;
    char *stop;

    if (is_bulk(reply.at[0])) {
        if (*at == '-')
            return false;
        at = after_line(at, reply.at + reply.len);
    }
    *out = strtod(at, &stop);
    return stop != at && *stop == '\r';
}

static bool
are_near(struct bytes a, struct bytes b, double bound)
{
    double x, y;

    return a.at[0] == b.at[0] && number(a, &x) && number(b, &y) &&
           x - y <= bound && y - x <= bound;
}

/* --- as shapes --- */

static bool
same_shape(struct bytes a, struct bytes b)
{
    const char *x = a.at, *x_end = x + a.len, *y = b.at, *y_end = y + b.len;

    while (x < x_end && y < y_end) {
        if (*x != *y || (is_aggregate(*x) && inside(x) != inside(y)))
            return false;
        x = is_aggregate(*x) ? after_line(x, x_end) : reply_end(x, x_end);
        y = is_aggregate(*y) ? after_line(y, y_end) : reply_end(y, y_end);
    }
    return x == x_end && y == y_end;
}

/* --- as names of fields --- */

/* The next word's part before ':' or '='; false at the end. */
static bool
next_name(struct bytes *text, struct bytes *name)
{
    size_t n = 0, m = 0;
    const char *stop;

    while (text->len > 0 && strchr(" \r\n", *text->at))
        text->at++, text->len--;
    while (m < text->len && !strchr(":=\r\n", text->at[m]))
        m++;
    if (m == text->len)
        return false;
    stop = text->at[m] == '=' ? " \r\n" : "\r\n";      /* CLIENT LIST, or INFO */
    while (n < text->len && !strchr(stop, text->at[n]))
        n++;
    *name = bytes_view(text->at, m);
    text->at += n;
    text->len -= n;
    return true;
}

/* The text of a bulk or verbatim reply. */
static struct bytes
body(struct bytes reply)
{
    const char *end = reply.at + reply.len, *at = after_line(reply.at, end);

    return bytes_view(at, (size_t)(end - at));
}

static bool
has_fields(struct bytes ours, struct bytes redis)
{
    struct bytes name, mine;

    if (!is_bulk(ours.at[0]) || ours.at[0] != redis.at[0])
        return false;
    ours = body(ours);
    redis = body(redis);
    while (next_name(&redis, &name)) {
        do {
            if (!next_name(&ours, &mine)) {
                fprintf(stderr, "missing, or elsewhere: %.*s\n", B_ARG(name));
                return false;
            }
        } while (!bytes_equal(mine, name));
    }
    return true;
}

bool
agree(enum way way, double bound, struct bytes ours, struct bytes redis)
{
    if (way == ANY || bytes_equal(ours, redis))
        return true;
    if (ours.len == 0 || redis.len == 0 || way == EXACT)
        return false;
    if (strchr("-!", ours.at[0]) || strchr("-!", redis.at[0]))
        return false;
    switch (way) {
    case UNORDERED: return same_elements(ours, redis, false);
    case PAIRS:     return same_elements(ours, redis, true);
    case SCANNED:   return same_scan(ours, redis);
    case NEAR:      return are_near(ours, redis, bound);
    case SHAPE:     return same_shape(ours, redis);
    case TYPE:      return ours.at[0] == redis.at[0];
    case FIELDS:    return has_fields(ours, redis);
    default:        return false;
    }
}
