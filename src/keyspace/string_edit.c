/* SPDX-License-Identifier: MIT
 * keyspace/string_edit.c - change the bytes of a string where they lie.
 *
 * Why:        APPEND, SETRANGE, SETBIT and BITFIELD touch a few bytes of a value that
 *             may be large; they must not copy it, and they must not change bytes
 *             that are being sent.
 * How:        short results live in the entry, rebuilt through a small buffer; long
 *             ones in a blob that only this entry holds, with room to grow.
 * Read next:  commands/c_string_range.c */
#include "keyspace/internal.h"

#include <assert.h>

#include "values/v_string.h"

#define SHORT_MAX ENTRY_EMBED_MAX

static char *
bytes_of(const struct entry *e)
{
    struct value v = entry_value(e);

    return v.encoding == STRING_BLOB ? v.blob->at : (char *)v.bytes.at;
}

/* Same length, and it lies in the entry: nothing moves. */
static char *
edit_embedded(struct slot *s)
{
    entry_set_encoding(s->entry, STRING_EMBEDDED_RAW);
    return bytes_of(s->entry);
}

/* The result is embedded: at most SHORT_MAX bytes. */
static char *
edit_short(struct slot *s, struct bytes old, size_t len)
{
    char copy[SHORT_MAX] = { 0 };
    size_t kept = old.len < len ? old.len : len;

    if (kept)
        memcpy(copy, old.at, kept);
    slot_put(s, string_value_raw(bytes_view(copy, len)), KEEP_DEADLINE);
    return bytes_of(s->entry);
}

/* A blob that nobody else holds takes the place of the old value. */
static char *
edit_fresh(struct slot *s, struct bytes old, size_t len)
{
    struct blob *blob = blob_try_new(len, len);
    size_t kept = old.len < len ? old.len : len;

    if (!blob)
        return NULL;
    if (kept)
        memcpy(blob->at, old.at, kept);
    memset(blob->at + kept, 0, len - kept);
    slot_put(s, string_value_blob(blob), KEEP_DEADLINE);
    return blob->at;
}

/* The blob is ours alone. */
static char *
edit_own(struct slot *s, struct blob *blob, size_t len)
{
    if (len > blob->room) {
        blob = blob_grow(blob, len, true);
        if (!blob)
            return NULL;
        entry_set_pointer(s->entry, blob);
    }
    if (len > blob->len)
        memset(blob->at + blob->len, 0, len - blob->len);
    blob->len = len;
    return blob->at;
}

char *
slot_string_edit(struct slot *s, size_t len)
{
    char digits[NUM_I64_MAX_TEXT];
    struct bytes old = { "", 0 };
    struct value v = { 0 };
    bool limited = false;

    if (s->entry) {
        v = entry_value(s->entry);
        assert(v.type == TYPE_STRING);
        old = string_view(v, digits);
        limited = layout_deadline(s->entry) != NO_DEADLINE;
    }
    if (s->entry && len == old.len && layout_is_embedded(s->entry))
        return edit_embedded(s);
    if (len <= SHORT_MAX && entry_embeds(s->key.name.len, len, limited))
        return edit_short(s, old, len);
    if (s->entry && v.encoding == STRING_BLOB && v.blob->refs == 1)
        return edit_own(s, v.blob, len);
    return edit_fresh(s, old, len);
}
