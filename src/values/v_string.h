/* SPDX-License-Identifier: MIT
 * values/v_string.h - strings: numbers, short bytes, blobs. */
#ifndef IGNIS_VALUES_V_STRING_H
#define IGNIS_VALUES_V_STRING_H
#include "base/num.h"
#include "values/value.h"

/* OBJECT ENCODING says embstr up to this length, and the entry embeds it whatever
 * the length of the key. */
#define STRING_EMBSTR_MAX 44

extern const struct value_type string_type;

/* The cheapest form of these bytes: a number when they are one (canonical
 * int64, at most 20 bytes), else a borrowed view.  The entry decides whether it
 * embeds them. */
struct value string_value(struct bytes b);
struct value string_value_raw(struct bytes b);  /* never a number; reported as raw */
struct value string_value_int(int64_t n);
/* Adopts the blob's reference. */
struct value string_value_blob(struct blob *blob);

/* The bytes of a string value; a number is written into `buf`. */
static inline struct bytes
string_view(struct value v, char buf[NUM_I64_MAX_TEXT])
{
    if (v.encoding == STRING_INT)
        return bytes_view(buf, num_format_i64(buf, v.number));
    return v.encoding == STRING_BLOB ? blob_view(v.blob) : v.bytes;
}
size_t string_len(struct value v);
/* The value as int64; false when it is not one. */
bool string_to_i64(struct value v, int64_t *out);

#endif
