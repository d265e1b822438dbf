/* SPDX-License-Identifier: MIT
 * commands/c_hash_pick.c - fields of a hash by chance: HRANDFIELD.
 *
 * How:        a pick that turns out to be over is picked again; when that happens too
 *             often, nearly all are, and a walk finds one that is not.
 * Read next:  values/pick.c */
#include "commands/families.h"
#include "commands/hash_use.h"
#include "commands/many_picks.h"

#define PATIENCE 100

struct picks {
    struct call *call;
    bool values;
    size_t count;
};

static void
reply_pick(const struct hash_field *f, void *arg)
{
    struct picks *p = arg;
    struct reply *out = p->call->out;

    if (p->values && out->proto == 3)
        reply_array(out, 2);
    reply_bulk(out, f->name);
    if (p->values)
        reply_bulk(out, f->value);
    p->count++;
}

/* False: no field is alive. */
static bool
pick(struct value v, struct hash_field *out)
{
    const struct hash_field *f;
    struct hash_iter it;

    for (int i = 0; i < PATIENCE; i++)
        if (hash_random(v, out))
            return true;
    hash_iter_start(&it, v);
    f = hash_iter_next(&it);
    return f && hash_find(v, f->name, out);
}

/* Pairs are nested in RESP3 and flat in RESP2. */
static size_t
elements(const struct picks *p, size_t picks)
{
    return p->values && p->call->out->proto != 3 ? 2 * picks : picks;
}

static void
pick_with_repeats(struct picks *p, struct value v, uint64_t n)
{
    struct hash_field f;

    if (!pick(v, &f)) {
        reply_array(p->call->out, 0);
        return;
    }
    reply_array(p->call->out, elements(p, n));
    for (uint64_t i = 0; i < n && many_picks_go_on(p->call, i); i++) {
        pick(v, &f);
        reply_pick(&f, p);
    }
}

static void
pick_many(struct call *c)
{
    struct picks p = { .call = c };
    struct reply_later mark;
    struct entry *e;
    int64_t n;

    if (!many_picks_args(c, "withvalues", &n, &p.values) || !hash_read(c, &e))
        return;
    if (!e || n == 0) {
        reply_array(c->out, 0);
    } else if (n < 0) {
        pick_with_repeats(&p, entry_value(e), (uint64_t)-n);
    } else {
        mark = reply_later(c->out);
        hash_sample(entry_value(e), (size_t)n, reply_pick, &p);
        reply_later_set(c->out, mark, '*', elements(&p, p.count));
    }
}

static void
cmd_hrandfield(struct call *c)
{
    struct hash_field f;
    struct entry *e;

    if (c->argc > 2) {
        pick_many(c);
        return;
    }
    if (!hash_read(c, &e))
        return;
    if (e && pick(entry_value(e), &f))
        reply_bulk(c->out, f.name);
    else
        reply_null(c->out);
}

static const struct command hash_pick_commands[] = {
    { .name = "hrandfield", .run = cmd_hrandfield, .arity = -2,
      .flags = READONLY,
      .syntax = "key:k [options={count:i [WITHVALUES]}]",
      .keys = { KEY(1, KEY_RO | A_ACCESS) },
      .since = "6.2.0", .cost = "O(1), or O(n) for n fields",
      .summary = "Answer fields of a hash chosen by chance.",
      .tips = "nondeterministic_output" },
};
const struct family hash_pick_family = FAMILY("hash", ACL_HASH, hash_pick_commands);
