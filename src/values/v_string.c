/* SPDX-License-Identifier: MIT
 * values/v_string.c - strings: numbers, short bytes, blobs.
 *
 * Why:        most values are short; a counter is a number. Neither deserves an
 *             allocation or a pointer of its own.
 * How:        a string in hand is a number, a view of bytes, or a counted blob.
 *             Only the blob owns memory outside its entry.
 * Invariants: 1. STRING_INT holds a number whose canonical text is the value.
 *             2. A blob inside an entry is longer than STRING_EMBSTR_MAX, so that
 *                its OBJECT ENCODING is always "raw".
 * Read next:  keyspace/entry.c, which decides what is embedded. */
#include "values/v_string.h"

/* One more than this many bytes is work for the background thread. */
#define EFFORT_BYTES (64 * 1024)

struct value
string_value(struct bytes b)
{
    struct value v = { .type = TYPE_STRING, .encoding = STRING_EMBEDDED, .bytes = b };
    int64_t n;

    if (b.len <= 20 && b.len > 0 && b.at[0] <= '9' && num_parse_i64(b, &n)) {
        v.encoding = STRING_INT;
        v.number = n;
    }
    return v;
}

struct value
string_value_raw(struct bytes b)
{
    return (struct value){
        .type = TYPE_STRING, .encoding = STRING_EMBEDDED_RAW, .bytes = b
    };
}

struct value
string_value_int(int64_t n)
{
    return (struct value){ .type = TYPE_STRING, .encoding = STRING_INT, .number = n };
}

struct value
string_value_blob(struct blob *blob)
{
    return (struct value){ .type = TYPE_STRING, .encoding = STRING_BLOB, .blob = blob };
}

size_t
string_len(struct value v)
{
    if (v.encoding == STRING_INT) {
        uint64_t magnitude = v.number < 0 ? 0 - (uint64_t)v.number : (uint64_t)v.number;
        return num_digits_u64(magnitude) + (v.number < 0);
    }
    return v.encoding == STRING_BLOB ? v.blob->len : v.bytes.len;
}

bool
string_to_i64(struct value v, int64_t *out)
{
    if (v.encoding == STRING_INT) {
        *out = v.number;
        return true;
    }
    return num_parse_i64(v.encoding == STRING_BLOB ? blob_view(v.blob) : v.bytes, out);
}

static void
free_string(struct value v)
{
    if (v.encoding == STRING_BLOB)
        blob_release(v.blob);
}

/* A number or a view needs no owner: whoever stores it copies it. */
static struct value
copy_string(struct value v)
{
    if (v.encoding == STRING_BLOB)
        v.blob = blob_copy(blob_view(v.blob));
    return v;
}

static size_t
memory_of_string(struct value v, size_t samples)
{
    (void)samples;
    return v.encoding == STRING_BLOB ? blob_memory(v.blob) : 0;
}

static const char *
encoding_of_string(struct value v)
{
    if (v.encoding == STRING_INT)
        return "int";
    if (v.encoding == STRING_EMBEDDED && v.bytes.len <= STRING_EMBSTR_MAX)
        return "embstr";
    return "raw";
}

/* Giving megabytes back to the allocator takes time although it is one call. */
static size_t
effort_of_string(struct value v)
{
    return v.encoding == STRING_BLOB ? 1 + v.blob->room / EFFORT_BYTES : 1;
}

static size_t
length_of_string(struct value v)
{
    (void)v;
    return 1;
}

static void
digest_string(struct value v, unsigned char digest[20])
{
    char buf[NUM_I64_MAX_TEXT];

    value_digest_mix(digest, string_view(v, buf));
}

const struct value_type string_type = {
    .name = "string",
    .free = free_string,
    .copy = copy_string,
    .memory = memory_of_string,
    .encoding_name = encoding_of_string,
    .effort = effort_of_string,
    .length = length_of_string,
    .digest = digest_string,
};
