/* SPDX-License-Identifier: MIT
 * commands/c_hash_number.c - fields that are numbers: HINCRBY, HINCRBYFLOAT.
 *
 * Invariants: a field keeps its deadline.
 * Read next:  commands/c_hash_pick.c */
#include <math.h>

#include "commands/families.h"
#include "commands/hash_use.h"

/* Put the sum into the slot and tell. */
static void
store_sum(struct call *c, struct slot *s, struct value v, struct bytes sum,
          const char *event)
{
    struct hash_limits limits = hash_limits_of(c);

    hash_set(&v, c->argv[2], sum, HASH_KEEP, &limits);
    hash_store(s, v);
    hash_changed(c, s->key.name, event, 1);
}

/* Nothing is to be changed: a hash made for the occasion goes. */
static void
refuse(struct call *c, struct slot *s, struct value v, const char *error)
{
    if (!s->entry)
        hash_type.free(v);
    reply_error(c->out, error);
}

static void
cmd_hincrby(struct call *c)
{
    char text[NUM_I64_MAX_TEXT];
    int64_t n = 0, step;
    struct hash_field f;
    struct slot s;
    struct value v;

    if (!call_int(c, 3, &step) || !hash_open(c, &s, &v))
        return;
    if (hash_find(v, c->argv[2], &f) && !num_parse_i64(f.value, &n)) {
        refuse(c, &s, v, "ERR hash value is not an integer");
        return;
    }
    if (!num_add_i64(n, step, &n)) {
        refuse(c, &s, v, "ERR increment or decrement would overflow");
        return;
    }
    store_sum(c, &s, v, bytes_view(text, num_format_i64(text, n)), "hincrby");
    reply_int(c->out, n);
}

static void
cmd_hincrbyfloat(struct call *c)
{
    char text[NUM_LDOUBLE_MAX_TEXT];
    long double n = 0, step;
    struct hash_field f;
    struct bytes sum;
    struct slot s;
    struct value v;

    if (!call_ldouble(c, 3, &step))
        return;
    if (isnan(step) || isinf(step)) {
        reply_error(c->out, "ERR value is NaN or Infinity");
        return;
    }
    if (!hash_open(c, &s, &v))
        return;
    if (hash_find(v, c->argv[2], &f) && !num_parse_ldouble(f.value, &n)) {
        refuse(c, &s, v, "ERR hash value is not a float");
        return;
    }
    n += step;
    if (isnan(n) || isinf(n)) {
        refuse(c, &s, v, "ERR increment would produce NaN or Infinity");
        return;
    }
    sum = bytes_view(text, num_format_ldouble(text, n));
    store_sum(c, &s, v, sum, "hincrbyfloat");
    reply_bulk(c->out, sum);
}

static const struct command hash_number_commands[] = {
    { .name = "hincrby", .run = cmd_hincrby, .arity = 4,
      .flags = WRITE | DENY_OOM | FAST,
      .syntax = "key:k field increment:i",
      .keys = { KEY(1, KEY_RW | A_ACCESS | A_UPDATE) },
      .since = "2.0.0", .cost = "O(1)",
      .summary = "Add an integer to a field of a hash; an absent field counts as 0." },
    { .name = "hincrbyfloat", .run = cmd_hincrbyfloat, .arity = 4,
      .flags = WRITE | DENY_OOM | FAST,
      .syntax = "key:k field increment:d",
      .keys = { KEY(1, KEY_RW | A_ACCESS | A_UPDATE) },
      .since = "2.6.0", .cost = "O(1)",
      .summary = "Add a number to a field of a hash; an absent field counts as 0." },
};
const struct family hash_number_family = FAMILY("hash", ACL_HASH, hash_number_commands);
