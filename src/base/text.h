/* SPDX-License-Identifier: MIT
 * base/text.h - a growing byte string for building INFO, CLIENT LIST, log
 * lines and files.  Not for the hot path. */
#ifndef IGNIS_BASE_TEXT_H
#define IGNIS_BASE_TEXT_H
#include <stdarg.h>
#include "base/bytes.h"
#include "base/status.h"

/* Zero-initialise to start empty.  `at` is NUL-terminated once anything was
 * added; NULL before. */
struct text { char *at; size_t len, room; };

/* Append; the text grows as needed and ends in a NUL that does not count. */
void text_add(struct text *t, struct bytes b);
void text_add_text(struct text *t, const char *s);
void text_add_char(struct text *t, char c);
void text_printf(struct text *t, const char *format, ...) PRINTF_LIKE(2, 3);
void text_vprintf(struct text *t, const char *format, va_list args) PRINTF_LIKE(2, 0);
/* Quoted with "" and \xHH, \n, \r, \t, \a, \b, \\, \" as redis-cli and MONITOR do. */
void text_add_quoted(struct text *t, struct bytes b);
static inline struct bytes
text_view(const struct text *t)
{
    return bytes_view(t->at ? t->at : "", t->len);
}
void text_clear(struct text *t);    /* keeps the room */
void text_free(struct text *t);     /* and leaves it empty, ready for use */

/* Split a line into words with Redis's quoting rules ("" with escapes, '' with
 * \', a closing quote must be followed by space).  Returns an array of `*count`
 * NUL-terminated copies with lengths in views, freed by words_free; NULL with
 * *count = 0 when quotes are unbalanced.  An empty line gives a non-NULL array
 * of zero words. */
struct bytes *words_split(struct bytes line, size_t *count);
void words_free(struct bytes *words, size_t count);

#endif
