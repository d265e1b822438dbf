/* SPDX-License-Identifier: MIT
 * commands/c_string_range.c - lengths and parts of strings: APPEND, GETRANGE,
 * SETRANGE, STRLEN.
 *
 * Why:       offsets and lengths are chosen by the client: every sum of two of them
 *            is checked against the limit before a byte is reserved.
 * How:       writers make the string as long as needed and write through the pointer
 *            they get; a part of a large string is answered by reference.
 * Read next: commands/c_bitmap.c, the same at the scale of bits */
#include "commands/families.h"
#include "commands/string_edit.h"
#include "values/v_string.h"

/* A first piece is stored as SET would, later ones make the string grow. */
static void
cmd_append(struct call *c)
{
    struct bytes more = c->argv[2];
    struct slot s;
    size_t len;
    char *at;

    if (!string_slot(c, 1, &s))
        return;
    len = string_slot_len(&s);
    if (!s.entry) {
        slot_put(&s, call_value(c, 2), NO_DEADLINE);
    } else {
        if (!string_length_ok(c, len, more.len))
            return;
        at = string_edit(c, &s, len + more.len);
        if (!at)
            return;
        if (more.len > 0)
            memcpy(at + len, more.at, more.len);
    }
    db_changed(c->db, s.key.name, EVENT_STRING, "append");
    reply_int(c->out, (int64_t)(len + more.len));
}

static void
cmd_setrange(struct call *c)
{
    struct bytes part = c->argv[3];
    struct slot s;
    int64_t offset;
    size_t len, end;
    char *at;

    if (!call_int(c, 2, &offset))
        return;
    if (offset < 0) {
        reply_error(c->out, "ERR offset is out of range");
        return;
    }
    if (!string_slot(c, 1, &s))
        return;
    len = string_slot_len(&s);
    if (part.len == 0) {        /* makes nothing longer, whatever the offset */
        reply_int(c->out, (int64_t)len);
        return;
    }
    if (!string_length_ok(c, (uint64_t)offset, part.len))
        return;
    end = (size_t)offset + part.len;
    at = string_edit(c, &s, end > len ? end : len);
    if (!at)
        return;
    memcpy(at + offset, part.at, part.len);
    db_changed(c->db, s.key.name, EVENT_STRING, "setrange");
    reply_int(c->out, (int64_t)(end > len ? end : len));
}

/* Count from the end when negative. */
static int64_t
from_end(int64_t i, int64_t len)
{
    if (i >= 0)
        return i;
    return i + len > 0 ? i + len : 0;
}

static void
cmd_getrange(struct call *c)
{
    char buf[NUM_I64_MAX_TEXT];
    int64_t first, last, len;
    struct value v;
    struct entry *e;
    bool backwards;

    if (!call_int(c, 2, &first) || !call_int(c, 3, &last) || !string_read(c, 1, &e))
        return;
    v = e ? entry_value(e) : string_value_raw(B(""));
    len = (int64_t)string_len(v);
    /* Told before clamping, which would make both the first byte. */
    backwards = first < 0 && last < 0 && first > last;
    first = from_end(first, len);
    last = from_end(last, len);
    if (last >= len)
        last = len - 1;
    if (backwards || first > last)
        reply_bulk(c->out, B(""));
    else if (v.encoding == STRING_BLOB)
        reply_bulk_blob_part(c->out, v.blob, (size_t)first, (size_t)(last - first + 1));
    else
        reply_bulk(c->out, bytes_view(string_view(v, buf).at + first,
                                      (size_t)(last - first + 1)));
}

static void
cmd_strlen(struct call *c)
{
    struct entry *e;

    if (string_read(c, 1, &e))
        reply_int(c->out, e ? (int64_t)string_len(entry_value(e)) : 0);
}

static const struct command string_range_commands[] = {
    { .name = "append", .run = cmd_append, .arity = 3, .flags = WRITE | DENY_OOM | FAST,
      .syntax = "key:k value",
      .keys = { KEY(1, KEY_RW | A_INSERT) },
      .since = "2.0.0", .cost = "O(1) on average: a string grows with room to spare",
      .summary = "Add bytes to the end of a string, which starts empty." },
    { .name = "getrange", .run = cmd_getrange, .arity = 4, .flags = READONLY,
      .syntax = "key:k start:i end:i",
      .keys = { KEY(1, KEY_RO | A_ACCESS) },
      .since = "2.4.0", .cost = "O(n) for an answer of n bytes",
      .summary = "Answer the bytes of a string from one place to another, inclusive." },
    { .name = "setrange", .run = cmd_setrange, .arity = 4, .flags = WRITE | DENY_OOM,
      .syntax = "key:k offset:i value",
      .keys = { KEY(1, KEY_RW | A_UPDATE) },
      .since = "2.2.0",
      .cost = "O(n) for n bytes written, zeros that fill a gap included",
      .summary = "Write bytes into a string from this place on; gaps become zeros." },
    { .name = "strlen", .run = cmd_strlen, .arity = 2, .flags = READONLY | FAST,
      .syntax = "key:k",
      .keys = { KEY(1, KEY_RO) },
      .since = "2.2.0", .cost = "O(1)",
      .summary = "Answer how many bytes a string has." },
    { .name = "substr", .run = cmd_getrange, .arity = 4, .flags = READONLY,
      .syntax = "key:k start:i end:i",
      .keys = { KEY(1, KEY_RO | A_ACCESS) },
      .since = "1.0.0", .cost = "O(n) for an answer of n bytes",
      .summary = "The old name of GETRANGE.",
      .deprecated_since = "2.0.0", .use_instead = "`GETRANGE`" },
};
const struct family string_range_family =
    FAMILY("string", ACL_STRING, string_range_commands);
