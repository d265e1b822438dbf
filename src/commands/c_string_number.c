/* SPDX-License-Identifier: MIT
 * commands/c_string_number.c - counting: INCR and its relatives.
 *
 * Why:       a counter is changed far more often than it is made: the entry keeps
 *            the number itself, so that a step is one addition in place.
 * How:       integers are exact within 64 bits and refuse to overflow.  INCRBYFLOAT
 *            adds in the widest float the machine has and stores the text of the
 *            sum, so that everybody reads the same digits.
 * Read next: values/v_string.h, base/num.h */
#include <math.h>

#include "commands/families.h"
#include "commands/string_edit.h"
#include "values/v_string.h"

/* Add `step` to the number at argument 1, which starts at 0. */
static void
count_by(struct call *c, int64_t step)
{
    struct key key = call_key(c, 1);
    struct value v = string_value_int(0);
    struct slot s;
    int64_t n, sum;

    db_slot(c->db, &key, &s);
    if (s.entry)
        v = entry_value(s.entry);
    if (v.type != TYPE_STRING) {
        call_wrong_type(c);
        return;
    }
    if (v.encoding == STRING_INT) {
        n = v.number;
    } else if (!string_to_i64(v, &n)) {
        reply_error(c->out, "ERR value is not an integer or out of range");
        return;
    }
    if (!num_add_i64(n, step, &sum)) {
        reply_error(c->out, "ERR increment or decrement would overflow");
        return;
    }
    if (s.entry && v.encoding == STRING_INT)
        slot_set_number(&s, sum);
    else
        slot_put(&s, string_value_int(sum), KEEP_DEADLINE);
    db_changed(c->db, key.name, EVENT_STRING, "incrby");
    reply_int(c->out, sum);
}

static void
cmd_incr(struct call *c)
{
    count_by(c, 1);
}

static void
cmd_decr(struct call *c)
{
    count_by(c, -1);
}

static void
cmd_incrby(struct call *c)
{
    int64_t step;

    if (call_int(c, 2, &step))
        count_by(c, step);
}

static void
cmd_decrby(struct call *c)
{
    int64_t step;

    if (!call_int(c, 2, &step))
        return;
    if (step == INT64_MIN)      /* has no opposite */
        reply_error(c->out, "ERR decrement would overflow");
    else
        count_by(c, -step);
}

/* The number a slot holds; 0 when absent. */
static bool
slot_number(struct call *c, const struct slot *s, long double *out)
{
    char buf[NUM_I64_MAX_TEXT];

    *out = 0;
    if (!s->entry || num_parse_ldouble(string_view(entry_value(s->entry), buf), out))
        return true;
    reply_error(c->out, "ERR value is not a valid float");
    return false;
}

static void
cmd_incrbyfloat(struct call *c)
{
    char text[NUM_LDOUBLE_MAX_TEXT];
    long double n, step;
    struct bytes sum;
    struct value v;
    struct slot s;

    if (!string_slot(c, 1, &s) || !slot_number(c, &s, &n) || !call_ldouble(c, 2, &step))
        return;
    n += step;
    if (isnan(n) || isinf(n)) {
        reply_error(c->out, "ERR increment would produce NaN or Infinity");
        return;
    }
    sum = bytes_view(text, num_format_ldouble(text, n));
    /* As text even when it is whole: OBJECT ENCODING says so of a float. */
    v = (struct value){ .type = TYPE_STRING, .encoding = STRING_EMBEDDED, .bytes = sum };
    slot_put(&s, v, KEEP_DEADLINE);
    db_changed(c->db, s.key.name, EVENT_STRING, "incrbyfloat");
    reply_bulk(c->out, sum);
}

static const struct command string_number_commands[] = {
    { .name = "decr", .run = cmd_decr, .arity = 2, .flags = WRITE | DENY_OOM | FAST,
      .syntax = "key:k",
      .keys = { KEY(1, KEY_RW | A_ACCESS | A_UPDATE) },
      .since = "1.0.0", .cost = "O(1)",
      .summary = "Take 1 from the number a key holds; an absent key counts as 0." },
    { .name = "decrby", .run = cmd_decrby, .arity = 3, .flags = WRITE | DENY_OOM | FAST,
      .syntax = "key:k decrement:i",
      .keys = { KEY(1, KEY_RW | A_ACCESS | A_UPDATE) },
      .since = "1.0.0", .cost = "O(1)",
      .summary = "Take this much from the number a key holds." },
    { .name = "incr", .run = cmd_incr, .arity = 2, .flags = WRITE | DENY_OOM | FAST,
      .syntax = "key:k",
      .keys = { KEY(1, KEY_RW | A_ACCESS | A_UPDATE) },
      .since = "1.0.0", .cost = "O(1)",
      .summary = "Add 1 to the number a key holds; an absent key counts as 0." },
    { .name = "incrby", .run = cmd_incrby, .arity = 3, .flags = WRITE | DENY_OOM | FAST,
      .syntax = "key:k increment:i",
      .keys = { KEY(1, KEY_RW | A_ACCESS | A_UPDATE) },
      .since = "1.0.0", .cost = "O(1)",
      .summary = "Add this much to the number a key holds." },
    { .name = "incrbyfloat", .run = cmd_incrbyfloat, .arity = 3,
      .flags = WRITE | DENY_OOM | FAST,
      .syntax = "key:k increment:d",
      .keys = { KEY(1, KEY_RW | A_ACCESS | A_UPDATE) },
      .since = "2.6.0", .cost = "O(1)",
      .summary = "Add this fraction to the number a key holds and answer the sum." },
};
const struct family string_number_family =
    FAMILY("string", ACL_STRING, string_number_commands);
