/* SPDX-License-Identifier: MIT
 * wire/inline.c - splitting a line into words, in place.
 *
 * The rules are those of words_split (base/text.h), which allocates; here a client
 * may send a million lines, so plain words cost nothing.
 *
 * Read next:  base/text.c (words_split) */
#include "wire/inline.h"

static bool
is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* What ends a word outside quotes: fewer bytes than what may lead one. */
static bool
is_end(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\0';
}

static int
hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte that the escape at `at` ("\n", "\x41") means; *used = its length. */
static char
unescape(const char *at, const char *end, size_t *used)
{
    static const char from[] = "nrtba", to[] = "\n\r\t\b\a";
    const char *known;

    if (end - at >= 4 && at[1] == 'x' && hex_digit(at[2]) >= 0 && hex_digit(at[3]) >= 0) {
        *used = 4;
        return (char)(hex_digit(at[2]) * 16 + hex_digit(at[3]));
    }
    *used = 2;
    known = at[1] ? strchr(from, at[1]) : NULL;
    return known ? to[known - from] : at[1];
}

/* Copy what stands between the quote at `at` and its partner; returns the place
 * after the partner, or NULL without one. */
static const char *
unquote(const char *at, const char *end, char **out)
{
    char quote = *at++;
    size_t used;

    while (at < end) {
        if (*at == '\\' && quote == '"' && end - at >= 2) {
            *(*out)++ = unescape(at, end, &used);
            at += used;
        } else if (*at == '\\' && quote == '\'' && end - at >= 2 && at[1] == '\'') {
            *(*out)++ = '\'';
            at += 2;
        } else if (*at == quote) {
            return at + 1;
        } else {
            *(*out)++ = *at++;
        }
    }
    return NULL;
}

/* A word in which a quote was met at `at`; what came before it is plain. */
static enum inline_word
quoted_word(const char *start, const char *at, struct bytes *line, char *copy,
            struct bytes *word)
{
    const char *end = line->at + line->len;
    char *out = copy + (at - start);

    memcpy(copy, start, (size_t)(at - start));
    while (at < end && !is_end(*at)) {
        if (*at != '"' && *at != '\'') {
            *out++ = *at++;
            continue;
        }
        at = unquote(at, end, &out);
        if (!at || (at < end && !is_space(*at)))
            return INLINE_UNBALANCED;
        break;
    }
    *word = bytes_view(copy, (size_t)(out - copy));
    *line = bytes_view(at, (size_t)(end - at));
    return INLINE_WORD;
}

enum inline_word
inline_next(struct bytes *line, char *copy, struct bytes *word)
{
    const char *at = line->at, *end = at + line->len, *start;

    while (at < end && is_space(*at))
        at++;
    if (at == end || *at == '\0')
        return INLINE_END;
    for (start = at; at < end && !is_end(*at); at++) {
        if (*at == '"' || *at == '\'')
            return quoted_word(start, at, line, copy, word);
    }
    *word = bytes_view(start, (size_t)(at - start));
    *line = bytes_view(at, (size_t)(end - at));
    return INLINE_WORD;
}
