/* SPDX-License-Identifier: MIT
 * base/text.c - building text, and taking a line apart into words.
 *
 * Invariants: at == NULL, or len < room and at[len] is NUL.
 * Cost:       adding is amortised O(bytes): room doubles.
 * Read next:  wire/inline.c and config/, which split lines. */
#include "base/text.h"
#include <stdio.h>
#include "base/alloc.h"

/* ---- Building ---- */

static void
make_room(struct text *t, size_t more)
{
    size_t want = t->len + more + 1, room;

    if (want <= t->room)
        return;
    room = t->room * 2;
    if (room < want)
        room = want;
    if (room < 64)
        room = 64;
    t->at = mem_realloc(t->at, room);
    t->room = room;
}

void
text_add(struct text *t, struct bytes b)
{
    make_room(t, b.len);
    if (b.len > 0)
        memcpy(t->at + t->len, b.at, b.len);
    t->len += b.len;
    t->at[t->len] = '\0';
}

void
text_add_text(struct text *t, const char *s)
{
    text_add(t, bytes_of_text(s));
}

void
text_add_char(struct text *t, char c)
{
    text_add(t, bytes_view(&c, 1));
}

void
text_vprintf(struct text *t, const char *format, va_list args)
{
    va_list again;
    int len;

    make_room(t, 64);
    va_copy(again, args);
    len = vsnprintf(t->at + t->len, t->room - t->len, format, args);
    if (len > 0) {
        if ((size_t)len >= t->room - t->len) {
            make_room(t, (size_t)len);
            vsnprintf(t->at + t->len, t->room - t->len, format, again);
        }
        t->len += (size_t)len;
    }
    t->at[t->len] = '\0';
    va_end(again);
}

void
text_printf(struct text *t, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    text_vprintf(t, format, args);
    va_end(args);
}

/* The letter that stands for `c` after a backslash, or 0. */
static char
escape_letter(char c)
{
    switch (c) {
    case '\n': return 'n';
    case '\r': return 'r';
    case '\t': return 't';
    case '\a': return 'a';
    case '\b': return 'b';
    case '\\': return '\\';
    case '"': return '"';
    default: return 0;
    }
}

void
text_add_quoted(struct text *t, struct bytes b)
{
    static const char digits[] = "0123456789abcdef";

    make_room(t, b.len + 2);
    text_add_char(t, '"');
    for (size_t i = 0; i < b.len; i++) {
        unsigned char c = (unsigned char)b.at[i];
        char letter = escape_letter(b.at[i]);

        if (letter != 0)
            text_add(t, bytes_view((char[]){ '\\', letter }, 2));
        else if (c >= ' ' && c <= '~')
            text_add_char(t, b.at[i]);
        else
            text_add(t, bytes_view((char[]){ '\\', 'x', digits[c >> 4],
                                             digits[c & 15] }, 4));
    }
    text_add_char(t, '"');
}

void
text_clear(struct text *t)
{
    t->len = 0;
    if (t->at != NULL)
        t->at[0] = '\0';
}

void
text_free(struct text *t)
{
    mem_free(t->at);
    *t = (struct text){ 0 };
}

/* ---- Splitting ---- */

static bool
is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* What ends a word outside quotes: not every space does. */
static bool
is_word_end(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static int
hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
        return (c | 0x20) - 'a' + 10;
    return -1;
}

/* A word being copied from `at` (the line ends at `end`) to `out`. */
struct cursor {
    const char *at, *end;
    char *out;
};

/* Copy one escape of a "..." string; the cursor is at the backslash and a
 * byte follows it. */
static void
copy_escape(struct cursor *c)
{
    char letter = c->at[1];

    if (letter == 'x' && c->end - c->at >= 4 && hex_value(c->at[2]) >= 0
        && hex_value(c->at[3]) >= 0) {
        *c->out++ = (char)(hex_value(c->at[2]) << 4 | hex_value(c->at[3]));
        c->at += 4;
        return;
    }
    switch (letter) {
    case 'n': letter = '\n'; break;
    case 'r': letter = '\r'; break;
    case 't': letter = '\t'; break;
    case 'b': letter = '\b'; break;
    case 'a': letter = '\a'; break;
    }
    *c->out++ = letter;
    c->at += 2;
}

/* Copy what is between quotes; the cursor is behind the opening one and ends
 * behind the closing one.  False when that is missing or not followed by space. */
static bool
copy_quoted(struct cursor *c, char quote)
{
    while (c->at < c->end) {
        bool is_escape = *c->at == '\\' && c->end - c->at >= 2;

        if (is_escape && quote == '"') {
            copy_escape(c);
        } else if (is_escape && c->at[1] == '\'') {
            *c->out++ = '\'';
            c->at += 2;
        } else if (*c->at == quote) {
            c->at++;
            return c->at == c->end || is_space(*c->at);
        } else {
            *c->out++ = *c->at++;
        }
    }
    return false;
}

/* Copy one word and end it with NUL.  A quote may open in the middle. */
static bool
copy_word(struct cursor *c)
{
    while (c->at < c->end && !is_word_end(*c->at)) {
        if (*c->at == '"' || *c->at == '\'') {
            char quote = *c->at++;

            if (!copy_quoted(c, quote))
                return false;
            break;
        }
        *c->out++ = *c->at++;
    }
    *c->out++ = '\0';
    return true;
}

/* One block holds the views and behind them the copies: at most every other
 * byte starts a word, and a copy is never longer than its source and a NUL. */
struct bytes *
words_split(struct bytes line, size_t *count)
{
    const char *nul = line.len > 0 ? memchr(line.at, '\0', line.len) : NULL;
    size_t len = nul != NULL ? (size_t)(nul - line.at) : line.len;
    size_t most = (len + 1) / 2;
    struct bytes *words = mem_alloc(most * sizeof *words + len + most + 1);
    struct cursor c = { line.at, line.at + len, (char *)(words + most) };

    *count = 0;
    for (;;) {
        char *start = c.out;

        while (c.at < c.end && is_space(*c.at))
            c.at++;
        if (c.at == c.end)
            return words;
        if (!copy_word(&c)) {
            mem_free(words);
            *count = 0;
            return NULL;
        }
        words[(*count)++] = bytes_view(start, (size_t)(c.out - start) - 1);
    }
}

void
words_free(struct bytes *words, size_t count)
{
    (void)count;
    mem_free(words);
}
