/* SPDX-License-Identifier: MIT
 * commands/c_lcs.c - LCS: what two strings have in common, in order.
 *
 * Why:       its cost is the product of two lengths a client chose, so there is a
 *            limit before any work: a table of 4 bytes per pair of positions must
 *            fit proto-max-bulk-len.  Ours takes a bit per pair (see structs/lcs.c),
 *            yet what Redis refuses is refused here too: clients see one behaviour.
 * Read next: structs/lcs.c */
#include "commands/families.h"
#include "commands/string_edit.h"
#include "structs/lcs.h"
#include "values/v_string.h"

struct lcs_options { bool len, idx, with_len; int64_t min_len; };

static bool
read_lcs_options(struct call *c, struct lcs_options *o)
{
    int i;

    *o = (struct lcs_options){ 0 };
    for (i = 3; i < c->argc; i++) {
        if (call_is(c, i, "IDX")) {
            o->idx = true;
        } else if (call_is(c, i, "LEN")) {
            o->len = true;
        } else if (call_is(c, i, "WITHMATCHLEN")) {
            o->with_len = true;
        } else if (call_is(c, i, "MINMATCHLEN") && i + 1 < c->argc) {
            if (!call_int(c, ++i, &o->min_len))
                return false;
        } else {
            call_syntax_error(c);
            return false;
        }
    }
    if (o->idx && o->len) {
        reply_error(c->out,
                    "ERR If you want both the length and indexes, please just use IDX.");
        return false;
    }
    return true;
}

static bool
lengths_ok(struct call *c, struct bytes a, struct bytes b)
{
    unsigned __int128 table = (unsigned __int128)(a.len + 1) * (b.len + 1) * 4;

    if (a.len >= UINT32_MAX - 1 || b.len >= UINT32_MAX - 1) {
        reply_error(c->out, "ERR String too long for LCS");
        return false;
    }
    if (table > string_length_max(c)) {
        reply_error(c->out, "ERR Insufficient memory, transient memory for LCS exceeds "
                            "proto-max-bulk-len");
        return false;
    }
    return true;
}

static void
reply_span(struct call *c, size_t from, size_t len)
{
    reply_array(c->out, 2);
    reply_int(c->out, (int64_t)from);
    reply_int(c->out, (int64_t)(from + len - 1));
}

static void
reply_runs(struct call *c, struct lcs *l, const struct lcs_options *o)
{
    struct reply_later mark;
    struct lcs_run run;
    size_t n = 0;

    reply_map(c->out, 2);
    reply_bulk_text(c->out, "matches");
    mark = reply_later(c->out);
    while (lcs_next(l, &run)) {
        if ((int64_t)run.len < o->min_len)
            continue;
        reply_array(c->out, o->with_len ? 3 : 2);
        reply_span(c, run.a_at, run.len);
        reply_span(c, run.b_at, run.len);
        if (o->with_len)
            reply_int(c->out, (int64_t)run.len);
        n++;
    }
    reply_later_set(c->out, mark, '*', n);
    reply_bulk_text(c->out, "len");
    reply_int(c->out, (int64_t)lcs_len(l));
}

static void
no_memory(struct call *c)
{
    reply_error(c->out, "ERR Insufficient memory, failed allocating transient memory "
                        "for LCS");
}

/* The runs come last to first: the text is filled from its end. */
static void
reply_text(struct call *c, struct lcs *l, struct bytes a)
{
    struct blob *text = blob_try_new(lcs_len(l), lcs_len(l));
    struct lcs_run run;
    size_t at = lcs_len(l);

    if (!text) {
        no_memory(c);
        return;
    }
    while (lcs_next(l, &run)) {
        at -= run.len;
        memcpy(text->at + at, a.at + run.a_at, run.len);
    }
    reply_bulk_blob(c->out, text);
    blob_release(text);
}

static struct bytes
view_of(const struct entry *e, char buf[NUM_I64_MAX_TEXT])
{
    return e ? string_view(entry_value(e), buf) : B("");
}

static void
cmd_lcs(struct call *c)
{
    char abuf[NUM_I64_MAX_TEXT], bbuf[NUM_I64_MAX_TEXT];
    struct key ka = call_key(c, 1), kb = call_key(c, 2);
    struct entry *ea, *eb;
    struct lcs_options o;
    struct bytes a, b;
    struct lcs *l;

    ea = db_read(c->db, &ka);
    eb = db_read(c->db, &kb);
    if ((ea && entry_type(ea) != TYPE_STRING) || (eb && entry_type(eb) != TYPE_STRING)) {
        reply_error(c->out, "ERR The specified keys must contain string values");
        return;
    }
    a = view_of(ea, abuf);
    b = view_of(eb, bbuf);
    if (!read_lcs_options(c, &o) || !lengths_ok(c, a, b))
        return;
    l = lcs_try_new(a, b, !o.len);
    if (!l) {
        no_memory(c);
        return;
    }
    if (o.idx)
        reply_runs(c, l, &o);
    else if (o.len)
        reply_int(c->out, (int64_t)lcs_len(l));
    else
        reply_text(c, l, a);
    lcs_free(l);
}

static const struct command lcs_commands[] = {
    { .name = "lcs", .run = cmd_lcs, .arity = -3, .flags = READONLY,
      .syntax = "key1:k key2:k0 [LEN] [IDX] [MINMATCHLEN len:i] [WITHMATCHLEN]",
      .keys = { KEYS(1, 2, 1, KEY_RO | A_ACCESS) },
      .since = "7.0.0", .cost = "O(n * m) for strings of n and m bytes",
      .summary = "Answer the longest bytes two strings share in the same order." },
};
const struct family lcs_family = FAMILY("string", ACL_STRING, lcs_commands);
