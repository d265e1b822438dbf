/* SPDX-License-Identifier: MIT
 * config/option_types.h - the types a row of options.def can have.
 * option_number.c: numbers, yes and no, words of a list.
 * option_size.c:   amounts of memory.
 * option_text.c:   one text: names, paths, passwords, the working directory.
 * option_list.c:   options of several words.
 * option_series.c: options that are series of numbers. */
#ifndef IGNIS_CONFIG_OPTION_TYPES_H
#define IGNIS_CONFIG_OPTION_TYPES_H
#include "config/option.h"

extern const struct option_type option_type_bool, option_type_int, option_type_rate,
    option_type_watch, option_type_octal, option_type_long, option_type_msec,
    option_type_enum, option_type_flags;

extern const struct option_type option_type_bytes, option_type_backlog,
    option_type_memory, option_type_percent;

extern const struct option_type option_type_text, option_type_secret, option_type_dir;

extern const struct option_type option_type_words, option_type_lines, option_type_save,
    option_type_limits, option_type_oom_values, option_type_percentiles,
    option_type_events, option_type_endpoint;

/* "64mb" to bytes; false when it is none, or a unit overflows. */
bool option_parse_size(struct bytes word, uint64_t *out);
/* And back, in the largest unit that divides it: "100mb". */
void option_add_size(struct text *out, uint64_t bytes);
/* Quoted for a config file when it has to be: empty, or with blanks, quotes or
 * special bytes. */
void option_add_word(struct text *out, struct bytes word);

#endif
