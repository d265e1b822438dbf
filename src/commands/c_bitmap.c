/* SPDX-License-Identifier: MIT
 * commands/c_bitmap.c - strings as rows of bits: SETBIT, GETBIT, BITCOUNT, BITPOS
 * and BITOP.
 *
 * Why:       a bit per user or per day is the smallest set there is, and counting
 *            or combining such sets is a walk over memory.
 * How:       the work on bits is in structs/bitmap.c; here are arguments, ranges
 *            and what is told to whom.  A range of bytes becomes a range of bits at
 *            once, so that there is one path for both units.
 * Invariants: 1. absent keys read as empty strings and bits beyond the end as 0;
 *            2. a write that changes no bit tells nobody.
 * Read next: structs/bitmap.c, commands/c_bitfield.c */
#include "base/alloc.h"
#include "commands/bit_offset.h"
#include "commands/families.h"
#include "commands/string_edit.h"
#include "structs/bitmap.h"
#include "values/v_string.h"

static void
cmd_setbit(struct call *c)
{
    struct slot s;
    uint64_t offset;
    int64_t bit;
    size_t len, need;
    bool old;
    char *at;

    if (!bit_offset(c, 2, 0, &offset))
        return;
    if (!num_parse_i64(c->argv[3], &bit) || bit < 0 || bit > 1) {
        reply_error(c->out, "ERR bit is not an integer or out of range");
        return;
    }
    if (!string_slot(c, 1, &s))
        return;
    len = string_slot_len(&s);
    need = offset / 8 + 1;
    at = string_edit(c, &s, need > len ? need : len);
    if (!at)
        return;
    old = bitmap_get(bytes_view(at, need), offset);
    if (need > len || old != bit) {
        bitmap_set(at, offset, bit);
        db_changed(c->db, s.key.name, EVENT_STRING, "setbit");
    }
    reply_int(c->out, old);
}

static void
cmd_getbit(struct call *c)
{
    char buf[NUM_I64_MAX_TEXT];
    struct entry *e;
    uint64_t offset;

    if (!bit_offset(c, 2, 0, &offset) || !string_read(c, 1, &e))
        return;
    reply_int(c->out, e && bitmap_get(string_view(entry_value(e), buf), offset));
}

/* Bits [from, to) of a string. */
struct bit_range { uint64_t from, to; };

enum range_status { RANGE_OK, RANGE_EMPTY, RANGE_ANSWERED };

/* BYTE or BIT at argument `i`, if it is there. */
static bool
read_unit(struct call *c, int i, bool *is_bit)
{
    *is_bit = false;
    if (i >= c->argc || call_is(c, i, "BYTE"))
        return true;
    *is_bit = call_is(c, i, "BIT");
    if (!*is_bit)
        call_syntax_error(c);
    return *is_bit;
}

/* From two places, negative ones from the end, both included, to a range of
 * bits in a string of `len` bytes. */
static enum range_status
clamp_range(int64_t first, int64_t last, bool is_bit, size_t len, struct bit_range *out)
{
    int64_t total = (int64_t)len * (is_bit ? 8 : 1);

    if (first < 0)
        first = first + total > 0 ? first + total : 0;
    if (last < 0)
        last = last + total > 0 ? last + total : 0;
    if (last >= total)
        last = total - 1;
    if (first > last)
        return RANGE_EMPTY;
    out->from = (uint64_t)first * (is_bit ? 1 : 8);
    out->to = ((uint64_t)last + 1) * (is_bit ? 1 : 8);
    return RANGE_OK;
}

/* BITCOUNT key [start end [BYTE|BIT]] */
static enum range_status
count_range(struct call *c, size_t len, struct bit_range *out)
{
    int64_t first = 0, last = -1;
    bool is_bit = false;

    if (c->argc == 3 || c->argc > 5) {
        call_syntax_error(c);
        return RANGE_ANSWERED;
    }
    if (c->argc > 3) {
        if (!call_int(c, 2, &first) || !call_int(c, 3, &last))
            return RANGE_ANSWERED;
        /* Told before clamping, which would make both the first place. */
        if (first < 0 && last < 0 && first > last)
            return RANGE_EMPTY;
        if (!read_unit(c, 4, &is_bit))
            return RANGE_ANSWERED;
    }
    return clamp_range(first, last, is_bit, len, out);
}

static void
cmd_bitcount(struct call *c)
{
    char buf[NUM_I64_MAX_TEXT];
    struct bit_range range;
    struct bytes bits;
    struct entry *e;

    if (!string_read(c, 1, &e))
        return;
    if (!e) {
        reply_int(c->out, 0);
        return;
    }
    bits = string_view(entry_value(e), buf);
    switch (count_range(c, bits.len, &range)) {
    case RANGE_OK:
        reply_int(c->out, (int64_t)bitmap_count(bits.at, range.from, range.to));
        break;
    case RANGE_EMPTY:
        reply_int(c->out, 0);
        break;
    case RANGE_ANSWERED:
        break;
    }
}

/* BITPOS key bit [start [end [BYTE|BIT]]] */
static enum range_status
position_range(struct call *c, size_t len, struct bit_range *out)
{
    int64_t first = 0, last = -1;
    bool is_bit = false;

    if (c->argc > 6) {
        call_syntax_error(c);
        return RANGE_ANSWERED;
    }
    if (c->argc > 3 && !call_int(c, 3, &first))
        return RANGE_ANSWERED;
    if (!read_unit(c, 5, &is_bit) || (c->argc > 4 && !call_int(c, 4, &last)))
        return RANGE_ANSWERED;
    return clamp_range(first, last, is_bit, len, out);
}

static void
cmd_bitpos(struct call *c)
{
    char buf[NUM_I64_MAX_TEXT];
    struct bit_range range;
    enum range_status status;
    struct bytes bits;
    struct entry *e;
    int64_t bit, at = -1;

    if (!call_int(c, 2, &bit))
        return;
    if (bit != 0 && bit != 1) {
        reply_error(c->out, "ERR The bit argument must be 1 or 0.");
        return;
    }
    if (!string_read(c, 1, &e))
        return;
    if (!e) {
        reply_int(c->out, bit ? -1 : 0);
        return;
    }
    bits = string_view(entry_value(e), buf);
    status = position_range(c, bits.len, &range);
    if (status == RANGE_ANSWERED)
        return;
    if (status == RANGE_OK)
        at = bitmap_find(bits.at, range.from, range.to, bit);
    /* Without an end the string goes on with zeros for ever. */
    if (at < 0 && status == RANGE_OK && bit == 0 && c->argc <= 4)
        at = (int64_t)bits.len * 8;
    reply_int(c->out, at);
}

static bool
read_operation(struct call *c, enum bitmap_op *op)
{
    static const struct { const char *name; enum bitmap_op op; } names[] = {
        { "AND", BITMAP_AND }, { "OR", BITMAP_OR },
        { "XOR", BITMAP_XOR }, { "NOT", BITMAP_NOT },
    };
    size_t i, n = sizeof names / sizeof names[0];

    for (i = 0; i < n; i++)
        if (call_is(c, 1, names[i].name))
            break;
    if (i == n) {
        call_syntax_error(c);
        return false;
    }
    *op = names[i].op;
    if (*op == BITMAP_NOT && c->argc != 4) {
        reply_error(c->out, "ERR BITOP NOT must be called with a single source key.");
        return false;
    }
    return true;
}

/* A string among the inputs, number or not. */
struct source { char buf[NUM_I64_MAX_TEXT]; };

/* Views of all source keys; the longest one's length. */
static bool
read_sources(struct call *c, struct bytes *in, struct source *texts, size_t *longest)
{
    struct entry *e;
    int i;

    *longest = 0;
    for (i = 3; i < c->argc; i++) {
        if (!string_read(c, i, &e))
            return false;
        in[i - 3] = e ? string_view(entry_value(e), texts[i - 3].buf) : B("");
        if (in[i - 3].len > *longest)
            *longest = in[i - 3].len;
    }
    return true;
}

static void
put_result(struct call *c, struct blob *result)
{
    struct key key = call_key(c, 2);
    struct slot s;

    db_slot_whole(c->db, &key, &s);
    if (result->len < ENTRY_EMBED_MAX) {
        slot_put(&s, string_value_raw(blob_view(result)), NO_DEADLINE);
        blob_release(result);
    } else {
        slot_put(&s, string_value_blob(result), NO_DEADLINE);
    }
    db_changed(c->db, key.name, EVENT_STRING, "set");
}

static void
combine(struct call *c, enum bitmap_op op, const struct bytes *in, size_t len)
{
    struct key key = call_key(c, 2);
    struct blob *result;

    if (len == 0) {
        if (db_remove(c->db, &key, true))
            db_changed(c->db, key.name, EVENT_GENERIC, "del");
    } else {
        result = blob_try_new(len, len);
        if (!result) {
            reply_error(c->out, "OOM not enough memory for a string of this length");
            return;
        }
        bitmap_combine(op, result->at, len, in, (size_t)c->argc - 3);
        put_result(c, result);
    }
    reply_int(c->out, (int64_t)len);
}

static void
cmd_bitop(struct call *c)
{
    enum bitmap_op op;
    struct source *texts;
    struct bytes *in;
    size_t n, longest;

    if (!read_operation(c, &op))
        return;
    n = (size_t)c->argc - 3;
    in = mem_alloc(n * sizeof *in);
    texts = mem_alloc(n * sizeof *texts);
    if (read_sources(c, in, texts, &longest))
        combine(c, op, in, longest);
    mem_free(texts);
    mem_free(in);
}

static const struct command bitmap_commands[] = {
    { .name = "bitcount", .run = cmd_bitcount, .arity = -2, .flags = READONLY,
      .syntax = "key:k [index={start:i end:i [index_unit=(BYTE|BIT)]@7.0.0}]",
      .keys = { KEY(1, KEY_RO | A_ACCESS) },
      .since = "2.6.0", .cost = "O(n) for n bytes looked at",
      .summary = "Count the bits that are 1, in all of a string or in a part.",
      .history = HISTORY({ "7.0.0", "`BYTE` and `BIT` came." }) },
    { .name = "bitop", .run = cmd_bitop, .arity = -4, .flags = WRITE | DENY_OOM,
      .syntax = "operation destkey:k key:k...",
      .keys = { KEY(2, KEY_OW | A_UPDATE), KEYS(3, -1, 1, KEY_RO | A_ACCESS) },
      .since = "2.6.0", .cost = "O(n) for n bytes of all strings together",
      .summary = "Combine strings bit by bit (AND, OR, XOR, NOT) and keep the result." },
    { .name = "bitpos", .run = cmd_bitpos, .arity = -3, .flags = READONLY,
      .syntax = "key:k bit:i [index={start:i [end_index={end:i "
                "[index_unit=(BYTE|BIT)]@7.0.0}]}]",
      .keys = { KEY(1, KEY_RO | A_ACCESS) },
      .since = "2.8.7", .cost = "O(n) for n bytes looked at",
      .summary = "Find the first bit that is 1, or 0, in all of a string or in a part.",
      .history = HISTORY({ "7.0.0", "`BYTE` and `BIT` came." }) },
    { .name = "getbit", .run = cmd_getbit, .arity = 3, .flags = READONLY | FAST,
      .syntax = "key:k offset:i",
      .keys = { KEY(1, KEY_RO | A_ACCESS) },
      .since = "2.2.0", .cost = "O(1)",
      .summary = "Answer one bit of a string." },
    { .name = "setbit", .run = cmd_setbit, .arity = 4, .flags = WRITE | DENY_OOM,
      .syntax = "key:k offset:i value:i",
      .keys = { KEY(1, KEY_RW | A_ACCESS | A_UPDATE) },
      .since = "2.2.0", .cost = "O(1), or O(n) for the n bytes a string grows",
      .summary = "Write one bit of a string and answer what it was." },
};
const struct family bitmap_family = FAMILY("bitmap", ACL_BITMAP, bitmap_commands);
