/* SPDX-License-Identifier: MIT
 * commands/c_scan.c - walking all keys: SCAN in steps, KEYS at once.
 *
 * How:        a cursor is a place in hash order, so a step keeps no state and
 *             an element present all along comes exactly once.  A step first
 *             gathers the entries that pass, then writes them: their number and
 *             the next cursor stand before them in the reply.
 * Invariants: nothing is written to the database while it is walked; keys found
 *             expired are removed when the step is over.
 * Cost:       COUNT sizes nothing in advance: memory follows what was found.
 * Read next:  structs/dict.c */
#include "base/alloc.h"
#include "base/glob.h"
#include "command/call.h"
#include "commands/element_scan.h"
#include "commands/families.h"

#define CURSOR_END (UINT64_C(1) << 48)
#define SCAN_COUNT_DEFAULT 10
#define ANY_TYPE (-2)           /* value_type_by_name says -1 for an unknown name */

struct pointers { struct entry **at; size_t count, room; };

static void
pointers_add(struct pointers *p, struct entry *e)
{
    if (p->count == p->room) {
        p->room = p->room ? p->room * 2 : 32;
        p->at = mem_realloc(p->at, p->room * sizeof *p->at);
    }
    p->at[p->count++] = e;
}

struct walk {
    struct db *db;
    struct bytes pattern;
    bool has_pattern;
    int type;                   /* ANY_TYPE, enum type, or -1: matches nothing */
    struct pointers found, expired;
};

static void
walk_entry(struct entry *e, void *arg)
{
    struct walk *w = arg;

    if (w->has_pattern && !glob_match(w->pattern, entry_key(e), false))
        return;
    if (entry_is_expired(w->db, e)) {
        pointers_add(&w->expired, e);
        return;
    }
    if (w->type != ANY_TYPE)
        keyspace_stats(db_keyspace(w->db))->hits++;     /* asking for it is a lookup */
    if (w->type == ANY_TYPE || (int)entry_type(e) == w->type)
        pointers_add(&w->found, e);
}

/* Looking at an expired key removes it, where this server may do so.  The name
 * is copied: it lives in the entry that dies. */
static void
remove_expired(struct walk *w)
{
    size_t i;

    for (i = 0; i < w->expired.count; i++) {
        struct bytes name = entry_key(w->expired.at[i]);
        char *copy = bytes_copy_text(name);
        struct key key = key_of(bytes_view(copy, name.len));

        db_peek(w->db, &key);
        mem_free(copy);
    }
}

static void
walk_free(struct walk *w)
{
    mem_free(w->found.at);
    mem_free(w->expired.at);
}

static bool
scan_options(struct call *c, struct walk *w, int64_t *count)
{
    int i;

    for (i = 2; i < c->argc; i += 2) {
        bool has_value = i + 1 < c->argc;

        if (has_value && call_is(c, i, "count")) {
            if (!call_int(c, i + 1, count))
                return false;
            if (*count < 1) {
                call_syntax_error(c);
                return false;
            }
        } else if (has_value && call_is(c, i, "match")) {
            w->pattern = c->argv[i + 1];
            w->has_pattern = !bytes_equal(w->pattern, B("*"));
        } else if (has_value && call_is(c, i, "type")) {
            w->type = value_type_by_name(c->argv[i + 1]);
        } else {
            element_scan_refuse(c, i);
            return false;
        }
    }
    return true;
}

static void
cmd_scan(struct call *c)
{
    struct walk w = { .db = c->db, .type = ANY_TYPE };
    int64_t count = SCAN_COUNT_DEFAULT;
    char text[NUM_I64_MAX_TEXT];
    uint64_t cursor;
    size_t i;

    if (!call_cursor(c, 1, &cursor))
        return;
    if (!scan_options(c, &w, &count))
        return;
    cursor = cursor < CURSOR_END
             ? db_scan(c->db, cursor, (size_t)count, walk_entry, &w) : 0;
    reply_array(c->out, 2);
    reply_bulk(c->out, bytes_view(text, num_format_u64(text, cursor)));
    reply_array(c->out, w.found.count);
    for (i = 0; i < w.found.count; i++)
        reply_bulk(c->out, entry_key(w.found.at[i]));
    remove_expired(&w);
    walk_free(&w);
}

/* --- KEYS --- */

struct keys_walk {
    struct call *call;
    struct bytes pattern;
    bool all;
    size_t count;
};

static void
keys_entry(struct entry *e, void *arg)
{
    struct keys_walk *w = arg;

    if (!w->all && !glob_match(w->pattern, entry_key(e), false))
        return;
    if (entry_is_expired(w->call->db, e))
        return;
    reply_bulk(w->call->out, entry_key(e));
    w->count++;
}

static void
cmd_keys(struct call *c)
{
    struct keys_walk w = { .call = c, .pattern = c->argv[1] };
    struct reply_later mark = reply_later(c->out);

    w.all = bytes_equal(w.pattern, B("*"));
    if (glob_is_plain(w.pattern)) {         /* names one key: look there only */
        struct key key = key_of(w.pattern);
        struct entry *e = db_peek(c->db, &key);

        if (e)
            keys_entry(e, &w);
    } else {
        db_each(c->db, keys_entry, &w);
    }
    reply_later_set(c->out, mark, '*', w.count);
}

static const struct command scan_commands[] = {
    { .name = "scan", .run = cmd_scan, .arity = -2,
      .flags = READONLY,
      .syntax = "cursor:i [MATCH pattern:p] [COUNT count:i] [TYPE type]@6.0.0",
      .since = "2.8.0", .cost = "O(1) a step, O(n) for a whole walk over n keys",
      .summary = "Walk over the keys of the database step by step.",
      .history = HISTORY({ "6.0.0", "TYPE filters by type." }),
      .tips = "nondeterministic_output request_policy:special" },
    { .name = "keys", .run = cmd_keys, .arity = 2,
      .flags = READONLY,
      .also = ACL_DANGEROUS,
      .syntax = "pattern:p",
      .since = "1.0.0", .cost = "O(n) for n keys in the database",
      .summary = "List every key that fits a pattern.",
      .tips = "request_policy:all_shards nondeterministic_output_order" },
};
const struct family scan_family = FAMILY("generic", ACL_KEYSPACE, scan_commands);
