/* SPDX-License-Identifier: MIT
 * commands/zset_use.c - see zset_use.h.
 *
 * Why:       ranges are said the same way by a dozen commands, and a set that becomes
 *            empty ends the same way for all.
 * Read next: commands/c_zset.c */
#include "commands/zset_use.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "config/config.h"

#define BOUND_USUAL 128         /* longer texts of numbers need the heap */

struct zset_limits
zset_limits_of(const struct call *c)
{
    const struct config *config = c->server->config;

    return (struct zset_limits){
        .entries = config->zset_max_listpack_entries,
        .value = config->zset_max_listpack_value,
    };
}

bool
zset_read(struct call *c, int i, struct entry **e)
{
    return call_read(c, i, TYPE_ZSET, e);
}

void
zset_changed(struct call *c, struct bytes key, const char *event, size_t n)
{
    db_changed(c->db, key, EVENT_ZSET, event);
    if (n != 1)
        keyspace_add_dirty(c->server->keyspace, (int64_t)n - 1);
}

void
zset_settle(struct call *c, struct slot *s, struct value v, const char *event, size_t n)
{
    slot_set_object(s, v);
    zset_changed(c, s->key.name, event, n);
    if (zset_count(v))
        return;
    slot_remove(s, c->server->config->lazyfree_lazy_server_del);
    db_event(c->db, s->key.name, EVENT_GENERIC, "del");
}

void
zset_store(struct call *c, int i, const struct value *v, const char *event)
{
    struct key key = call_key(c, i);
    struct slot s;

    db_slot_whole(c->db, &key, &s);
    if (v) {
        reply_int(c->out, (int64_t)zset_count(*v));
        slot_put(&s, *v, NO_DEADLINE);
        db_changed(c->db, key.name, EVENT_ZSET, event);
        return;
    }
    reply_int(c->out, 0);
    if (!s.entry)
        return;
    slot_remove(&s, c->server->config->lazyfree_lazy_server_del);
    db_changed(c->db, key.name, EVENT_GENERIC, "del");
}

void
zset_reply_start(struct call *c, size_t n, bool scores)
{
    reply_array(c->out, scores && c->out->proto == 2 ? 2 * n : n);
}

void
zset_reply_item(struct call *c, const struct zset_item *item, bool scores)
{
    if (scores && c->out->proto != 2)
        reply_array(c->out, 2);
    reply_bulk(c->out, item->member);
    if (scores)
        reply_double(c->out, item->score);
}

/* --- ranges --- */

/* As strtod reads it, which takes "" for 0 and blanks in front; to the end of the text,
 * or to a NUL in it. */
static bool
parse_float(struct bytes text, double *out)
{
    char usual[BOUND_USUAL], *copy = usual, *end;
    bool ok;

    if (text.len < sizeof usual) {
        memcpy(usual, text.at, text.len);
        usual[text.len] = '\0';
    } else {
        copy = bytes_copy_text(text);
    }
    *out = strtod(copy, &end);
    ok = *end == '\0' && !isnan(*out);
    if (copy != usual)
        mem_free(copy);
    return ok;
}

static bool
parse_score_bound(struct bytes text, double *out, bool *open)
{
    *open = text.len > 0 && text.at[0] == '(';
    if (*open)
        text = bytes_view(text.at + 1, text.len - 1);
    return parse_float(text, out);
}

bool
zset_call_scores(struct call *c, int min, int max, struct zset_scores *out)
{
    if (parse_score_bound(c->argv[min], &out->min, &out->min_open)
        && parse_score_bound(c->argv[max], &out->max, &out->max_open))
        return true;
    reply_error(c->out, "ERR min or max is not a float");
    return false;
}

static bool
parse_lex_bound(struct bytes text, struct lex_bound *out)
{
    *out = (struct lex_bound){ .kind = LEX_FIRST };
    if (text.len == 0)
        return false;
    switch (text.at[0]) {
    case '-':
    case '+':
        out->kind = text.at[0] == '-' ? LEX_FIRST : LEX_LAST;
        return text.len == 1 || text.at[1] == '\0';
    case '(':
    case '[':
        out->kind = text.at[0] == '(' ? LEX_OPEN : LEX_CLOSED;
        out->member = bytes_view(text.at + 1, text.len - 1);
        return true;
    default:
        return false;
    }
}

bool
zset_call_members(struct call *c, int min, int max, struct zset_members *out)
{
    if (parse_lex_bound(c->argv[min], &out->min)
        && parse_lex_bound(c->argv[max], &out->max))
        return true;
    reply_error(c->out, "ERR min or max not valid string range item");
    return false;
}

struct zset_span
zset_span_of_ranks(int64_t start, int64_t stop, size_t count)
{
    int64_t n = (int64_t)count;

    if (start < 0)
        start = start + n > 0 ? start + n : 0;
    if (stop < 0)
        stop += n;
    if (start > stop || start >= n)
        return (struct zset_span){ 0, 0 };
    return (struct zset_span){ (size_t)start, (size_t)(stop < n ? stop + 1 : n) };
}
