/* SPDX-License-Identifier: MIT
 * config/option_number.c - option types of one number or word.
 * Read next:  option_size.c */
#include <limits.h>

#include "base/num.h"
#include "config/option_types.h"

#define WATCH_LEAST 200                 /* milliseconds */

/* The word that a single-word type must have. */
static struct bytes
only(const struct bytes *words)
{
    return words[0];
}

/* --- yes and no --- */

static bool
bool_parse(const struct option *o, enum option_from from, const struct bytes *words,
           size_t n, const void *old, void *to, struct text *why)
{
    (void)o, (void)from, (void)n, (void)old;
    if (!bytes_is(only(words), "yes") && !bytes_is(only(words), "no")) {
        text_add_text(why, "argument must be 'yes' or 'no'");
        return false;
    }
    *(bool *)to = bytes_is(only(words), "yes");
    return true;
}

static void
bool_format(const struct option *o, const void *field, struct text *out)
{
    (void)o;
    text_add_text(out, *(const bool *)field ? "yes" : "no");
}

const struct option_type option_type_bool = {
    .size = sizeof(bool), .parse = bool_parse, .format = bool_format
};

/* --- whole numbers --- */

static bool
check_bounds(const struct option *o, int64_t n, struct text *why)
{
    if (n >= o->min && (n < 0 || (uint64_t)n <= o->max))
        return true;
    text_printf(why, "argument must be between %lld and %llu inclusive",
                (long long)o->min, (unsigned long long)o->max);
    return false;
}

static bool
parse_whole(const struct option *o, struct bytes word, int64_t *out, struct text *why)
{
    if (!num_parse_i64(word, out)) {
        text_add_text(why, "argument couldn't be parsed into an integer");
        return false;
    }
    return check_bounds(o, *out, why);
}

static bool
int_parse(const struct option *o, enum option_from from, const struct bytes *words,
          size_t n, const void *old, void *to, struct text *why)
{
    int64_t number;

    (void)from, (void)n, (void)old;
    if (!parse_whole(o, only(words), &number, why))
        return false;
    *(int *)to = (int)number;
    return true;
}

static void
int_format(const struct option *o, const void *field, struct text *out)
{
    (void)o;
    text_printf(out, "%d", *(const int *)field);
}

const struct option_type option_type_int = {
    .size = sizeof(int), .parse = int_parse, .format = int_format
};

static bool
long_parse(const struct option *o, enum option_from from, const struct bytes *words,
           size_t n, const void *old, void *to, struct text *why)
{
    (void)from, (void)n, (void)old;
    return parse_whole(o, only(words), to, why);
}

static void
long_format(const struct option *o, const void *field, struct text *out)
{
    (void)o;
    text_printf(out, "%lld", (long long)*(const int64_t *)field);
}

const struct option_type option_type_long = {
    .size = sizeof(int64_t), .parse = long_parse, .format = long_format
};
const struct option_type option_type_msec = {
    .size = sizeof(int64_t), .parse = long_parse, .format = long_format
};

/* hz: any number is taken, and brought into the range that works. */
static bool
rate_parse(const struct option *o, enum option_from from, const struct bytes *words,
           size_t n, const void *old, void *to, struct text *why)
{
    int *rate = to;

    if (!int_parse(o, from, words, n, old, to, why))
        return false;
    *rate = *rate < 1 ? 1 : *rate > 500 ? 500 : *rate;
    return true;
}

const struct option_type option_type_rate = {
    .size = sizeof(int), .parse = rate_parse, .format = int_format
};

/* watchdog-period: a shorter one than the timer has becomes that. */
static bool
watch_parse(const struct option *o, enum option_from from, const struct bytes *words,
            size_t n, const void *old, void *to, struct text *why)
{
    int *period = to;

    if (!int_parse(o, from, words, n, old, to, why))
        return false;
    *period = *period > 0 && *period < WATCH_LEAST ? WATCH_LEAST : *period;
    return true;
}

const struct option_type option_type_watch = {
    .size = sizeof(int), .parse = watch_parse, .format = int_format
};

/* File modes; "" is 0. */
static bool
octal_parse(const struct option *o, enum option_from from, const struct bytes *words,
            size_t n, const void *old, void *to, struct text *why)
{
    struct bytes word = only(words);
    bool negative = word.len > 1 && word.at[0] == '-';
    int64_t mode = 0;

    (void)from, (void)n, (void)old;
    for (size_t i = negative; i < word.len; i++) {
        if (word.at[i] < '0' || word.at[i] > '7') {
            text_add_text(why, "argument couldn't be parsed as an octal number");
            return false;
        }
        if (mode < 1 << 24)
            mode = mode * 8 + (word.at[i] - '0');
    }
    mode = negative ? -mode : mode;
    if (mode < o->min || mode > (int64_t)o->max) {
        text_printf(why, "argument must be between %llo and %llo inclusive",
                    (unsigned long long)o->min, (unsigned long long)o->max);
        return false;
    }
    *(int *)to = (int)mode;
    return true;
}

static void
octal_format(const struct option *o, const void *field, struct text *out)
{
    (void)o;
    text_printf(out, "%o", (unsigned)*(const int *)field);
}

const struct option_type option_type_octal = {
    .size = sizeof(int), .parse = octal_parse, .format = octal_format
};

/* --- words of a list --- */

static bool
word_value(const struct option *o, struct bytes word, int *out, struct text *why)
{
    for (const struct word *w = o->words; w->word; w++)
        if (bytes_is(word, w->word)) {
            *out = w->value;
            return true;
        }
    text_add_text(why, "argument(s) must be one of the following: ");
    for (const struct word *w = o->words; w->word; w++)
        text_printf(why, "%s%s", w == o->words ? "" : ", ", w->word);
    return false;
}

static bool
enum_parse(const struct option *o, enum option_from from, const struct bytes *words,
           size_t n, const void *old, void *to, struct text *why)
{
    (void)from, (void)n, (void)old;
    return word_value(o, only(words), to, why);
}

static void
enum_format(const struct option *o, const void *field, struct text *out)
{
    for (const struct word *w = o->words; w->word; w++)
        if (w->value == *(const int *)field) {
            text_add_text(out, w->word);
            return;
        }
}

const struct option_type option_type_enum = {
    .size = sizeof(int), .parse = enum_parse, .format = enum_format
};

static bool
flags_parse(const struct option *o, enum option_from from, const struct bytes *words,
            size_t n, const void *old, void *to, struct text *why)
{
    const int both = SHUTDOWN_ON_SAVE | SHUTDOWN_ON_NOSAVE;
    int bits = 0, bit;

    (void)from, (void)old;
    if (n == 0)
        return word_value(o, B(""), &bit, why);
    for (size_t i = 0; i < n; i++) {
        if (!word_value(o, words[i], &bit, why))
            return false;
        bits |= bit;
    }
    if ((bits & both) == both) {
        text_add_text(why, "shutdown options SAVE and NOSAVE "
                           "can't be used simultaneously");
        return false;
    }
    *(int *)to = bits;
    return true;
}

static void
flags_format(const struct option *o, const void *field, struct text *out)
{
    int bits = *(const int *)field;
    size_t start = out->len;

    for (const struct word *w = o->words; w->word; w++)
        if (bits == 0 ? w->value == 0 : bits & w->value)
            text_printf(out, "%s%s", out->len > start ? " " : "", w->word);
}

const struct option_type option_type_flags = {
    .size = sizeof(int), .splits = true, .zero_words = true, .many_words = true,
    .parse = flags_parse, .format = flags_format
};
