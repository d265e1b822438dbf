/* SPDX-License-Identifier: MIT
 * commands/c_bitfield.c - BITFIELD: integers of 1 to 64 bits anywhere in a string.
 *
 * Why:       many small counters in one key, each as wide as it has to be.
 * How:       all operations are read before the first is carried out, so that an
 *            error changes nothing.  New values are computed in 128 bits, where no
 *            sum of two fields overflows, and then brought back into the field:
 *                WRAP  keep the low bits        SAT  stop at the nearest bound
 *                FAIL  answer null and leave it
 * Invariants: 1. with any SET or INCRBY the string is made long enough for all of
 *               them first, even if each of them then FAILs;
 *            2. every field that changed is one change to the dirty counter (any
 *               field written, when the string grew), and all together are one event.
 * Left out:  u64: its values do not fit a RESP integer.
 * Read next: structs/bitmap.c */
#include "base/alloc.h"
#include "command/table.h"
#include "commands/bit_offset.h"
#include "commands/families.h"
#include "commands/string_edit.h"
#include "structs/bitmap.h"
#include "values/v_string.h"

enum field_verb { FIELD_GET, FIELD_SET, FIELD_INCRBY };
enum field_overflow { FIELD_WRAP, FIELD_SAT, FIELD_FAIL };

struct field_op {
    uint64_t offset;            /* in bits */
    int64_t operand;            /* of SET and INCRBY */
    uint8_t verb, overflow, width;
    bool is_signed;
};

struct field_ops {
    struct field_op *at;
    size_t count;
    uint64_t need;              /* bits the string must have for the writes; 0 = none */
};

/* "u8", "i16": u has up to 63 bits, i up to 64. */
static bool
read_encoding(struct call *c, int i, struct field_op *op)
{
    struct bytes text = c->argv[i];
    int64_t width;

    if (text.len > 1 && (text.at[0] == 'u' || text.at[0] == 'i')
        && num_parse_i64(bytes_view(text.at + 1, text.len - 1), &width)
        && width >= 1 && width <= (text.at[0] == 'i' ? 64 : 63)) {
        op->is_signed = text.at[0] == 'i';
        op->width = (uint8_t)width;
        return true;
    }
    reply_error(c->out, "ERR Invalid bitfield type. Use something like i16 u8. "
                        "Note that u64 is not supported but i64 is.");
    return false;
}

static bool
read_overflow(struct call *c, int i, uint8_t *overflow)
{
    if (call_is(c, i, "WRAP"))
        *overflow = FIELD_WRAP;
    else if (call_is(c, i, "SAT"))
        *overflow = FIELD_SAT;
    else if (call_is(c, i, "FAIL"))
        *overflow = FIELD_FAIL;
    else {
        reply_error(c->out, "ERR Invalid OVERFLOW type specified");
        return false;
    }
    return true;
}

/* The operation at argument `i`; returns how many arguments it has, 0 when it
 * is wrong and that was answered. */
static int
read_op(struct call *c, int i, struct field_op *op)
{
    int left = c->argc - i - 1;

    if (call_is(c, i, "GET") && left >= 2)
        op->verb = FIELD_GET;
    else if (call_is(c, i, "SET") && left >= 3)
        op->verb = FIELD_SET;
    else if (call_is(c, i, "INCRBY") && left >= 3)
        op->verb = FIELD_INCRBY;
    else {
        call_syntax_error(c);
        return 0;
    }
    if (!read_encoding(c, i + 1, op) || !bit_offset(c, i + 2, op->width, &op->offset))
        return 0;
    if (op->verb == FIELD_GET)
        return 3;
    return call_int(c, i + 3, &op->operand) ? 4 : 0;
}

static bool
read_ops(struct call *c, struct field_ops *ops)
{
    struct field_op op = { .overflow = FIELD_WRAP };
    int i, n;

    for (i = 2; i < c->argc; i += n) {
        n = 2;
        if (call_is(c, i, "OVERFLOW") && i + 1 < c->argc) {
            if (!read_overflow(c, i + 1, &op.overflow))
                return false;
            continue;
        }
        n = read_op(c, i, &op);
        if (n == 0)
            return false;
        if (op.verb != FIELD_GET && ops->need < op.offset + op.width)
            ops->need = op.offset + op.width;
        ops->at[ops->count++] = op;
    }
    return true;
}

static __int128
read_field(struct bytes bits, const struct field_op *op)
{
    if (op->is_signed)
        return bitmap_read_signed(bits, op->offset, op->width);
    return bitmap_read_field(bits, op->offset, op->width);
}

/* Bring `n` into the field's range as its overflow rule says; false: FAIL. */
static bool
fit(const struct field_op *op, __int128 *n)
{
    __int128 span = (__int128)1 << op->width;
    __int128 min = op->is_signed ? -(span / 2) : 0;
    __int128 max = op->is_signed ? span / 2 - 1 : span - 1;

    if (*n >= min && *n <= max)
        return true;
    if (op->overflow == FIELD_FAIL)
        return false;
    if (op->overflow == FIELD_SAT) {
        *n = *n < min ? min : max;
        return true;
    }
    *n &= span - 1;
    if (*n > max)
        *n -= span;
    return true;
}

/* Carry out a SET or INCRBY and answer it; true when it was written and so
 * changed the field, or the string of which it is a new part (`grew`). */
static bool
write_field(struct call *c, char *at, size_t len, bool grew, const struct field_op *op)
{
    __int128 old = read_field(bytes_view(at, len), op), new;

    if (op->verb == FIELD_INCRBY)
        new = old + op->operand;
    else if (op->is_signed)
        new = op->operand;
    else                        /* a negative value of an unsigned field is huge */
        new = (uint64_t)op->operand;
    if (!fit(op, &new)) {
        reply_null(c->out);
        return false;
    }
    bitmap_write_field(at, op->offset, op->width, (uint64_t)new);
    reply_int(c->out, (int64_t)(op->verb == FIELD_SET ? old : new));
    return grew || old != new;
}

static void
run_reads(struct call *c, const struct field_ops *ops)
{
    char buf[NUM_I64_MAX_TEXT];
    struct bytes bits;
    struct entry *e;
    size_t i;

    if (!string_read(c, 1, &e))
        return;
    bits = e ? string_view(entry_value(e), buf) : B("");
    reply_array(c->out, ops->count);
    for (i = 0; i < ops->count; i++)
        reply_int(c->out, (int64_t)read_field(bits, &ops->at[i]));
}

static void
run_writes(struct call *c, const struct field_ops *ops)
{
    size_t need = (size_t)((ops->need + 7) / 8), len, i, changes = 0;
    const struct field_op *op;
    struct slot s;
    bool grew;
    char *at;

    if (!string_slot(c, 1, &s))
        return;
    len = string_slot_len(&s);
    grew = need > len;
    len = grew ? need : len;
    at = string_edit(c, &s, len);
    if (!at)
        return;
    reply_array(c->out, ops->count);
    for (i = 0; i < ops->count; i++) {
        op = &ops->at[i];
        if (op->verb == FIELD_GET)
            reply_int(c->out, (int64_t)read_field(bytes_view(at, len), op));
        else
            changes += write_field(c, at, len, grew, op);
    }
    if (changes > 0) {
        db_changed(c->db, s.key.name, EVENT_STRING, "setbit");
        keyspace_add_dirty(db_keyspace(c->db), (int64_t)changes - 1);
    }
}

static void
run_bitfield(struct call *c, bool reads_only)
{
    struct field_ops ops = { .at = mem_alloc((size_t)c->argc * sizeof(struct field_op)) };

    if (!read_ops(c, &ops)) {
        mem_free(ops.at);
        return;
    }
    if (ops.need == 0)
        run_reads(c, &ops);
    else if (reads_only)
        reply_error(c->out, "ERR BITFIELD_RO only supports the GET subcommand");
    else
        run_writes(c, &ops);
    mem_free(ops.at);
}

static void
cmd_bitfield(struct call *c)
{
    run_bitfield(c, false);
}

static void
cmd_bitfield_ro(struct call *c)
{
    run_bitfield(c, true);
}

/* With nothing but whole GETs the key is only read. */
static bool
bitfield_keys(const struct bytes *argv, int argc, struct found_keys *out)
{
    int i = 2;

    while (i < argc) {
        if (bytes_is(argv[i], "GET") && i + 2 < argc)
            i += 3;
        else if (bytes_is(argv[i], "OVERFLOW") && i + 1 < argc)
            i += 2;
        else
            break;
    }
    found_keys_add(out, 1, (i < argc ? KEY_RW | A_UPDATE : KEY_RO) | A_ACCESS);
    return true;
}

static const struct command bitfield_commands[] = {
    { .name = "bitfield", .run = cmd_bitfield, .arity = -2, .flags = WRITE | DENY_OOM,
      .syntax = "key:k [operation=(GET encoding_offset={encoding "
                "offset:i}|write={[OVERFLOW wrap_sat_fail=(WRAP|SAT|FAIL)] "
                "write_operation=(SET encoding_offset_value={encoding offset:i "
                "value:i}|INCRBY encoding_offset_increment={encoding offset:i "
                "increment:i})})...]",
      .keys = { KEY(1, KEY_RW | A_ACCESS | A_UPDATE | KEY_VARIABLE, .by = bitfield_keys,
                    .notes = "read only when every operation is a `GET`") },
      .since = "3.2.0", .cost = "O(1) for each operation",
      .summary = "Read, write and count with integers of any width inside a string." },
    { .name = "bitfield_ro", .run = cmd_bitfield_ro, .arity = -2,
      .flags = READONLY | FAST,
      .syntax = "key:k [GET encoding_offset={encoding offset:i}]...",
      .keys = { KEY(1, KEY_RO | A_ACCESS) },
      .since = "6.0.0", .cost = "O(1) for each operation",
      .summary = "Read integers of any width inside a string." },
};
const struct family bitfield_family = FAMILY("bitmap", ACL_BITMAP, bitfield_commands);
