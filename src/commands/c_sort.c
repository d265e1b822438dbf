/* SPDX-License-Identifier: MIT
 * commands/c_sort.c - SORT and SORT_RO: the elements of a list, set or sorted set in
 * another order, or what other keys say about them.
 *
 * How:       1. the elements are copied out, only those wanted when nothing is sorted;
 *            2. each gets its weight: itself, or what its BY key says;
 *            3. they are sorted, and the range of LIMIT answered or stored.
 * Invariants: the container is not looked at any more once weights are read: reading
 *            other keys may remove expired ones.
 * Cost:      O(n + m log m); the texts of n elements are held in memory.
 *            Texts that are answered are in the order of the locale (LC_COLLATE); those
 *            that are stored in that of their bytes, which is the same everywhere.
 * Read next: commands/sort_lookup.c */
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "command/table.h"
#include "commands/families.h"
#include "commands/list_edit.h"
#include "commands/sort_lookup.h"
#include "values/v_set.h"
#include "values/v_zset.h"

/* While gathered, texts are offsets into the arena, which may move.  Each is followed
 * by a NUL, for strcoll(). */
struct sort_item {
    struct bytes text;
    struct bytes weight;        /* at NULL: none */
    double score;
};

struct sort {
    struct call *call;
    int by;                     /* argument; 0: the elements themselves */
    int store;                  /* argument; 0: answer */
    int *gets;                  /* arguments */
    int get_count;
    bool alpha, descending, as_is;
    bool collate;               /* the locale has an order of its own */
    int64_t offset, limit;      /* of LIMIT */

    struct sort_item *items;
    size_t count;
    struct text texts, weights;
    struct sort_lookup found;
};

/* --- options --- */

static bool
read_limit(struct sort *s, int i)
{
    return call_int(s->call, i, &s->offset) && call_int(s->call, i + 1, &s->limit);
}

static bool
read_options(struct sort *s, bool may_store)
{
    struct call *c = s->call;
    int i, left;

    for (i = 2; i < c->argc; i++) {
        left = c->argc - 1 - i;
        if (call_is(c, i, "ASC")) {
            s->descending = false;
        } else if (call_is(c, i, "DESC")) {
            s->descending = true;
        } else if (call_is(c, i, "ALPHA")) {
            s->alpha = true;
        } else if (call_is(c, i, "LIMIT") && left >= 2) {
            if (!read_limit(s, i + 1))
                return false;
            i += 2;
        } else if (may_store && call_is(c, i, "STORE") && left >= 1) {
            s->store = ++i;
        } else if (call_is(c, i, "BY") && left >= 1) {
            s->by = ++i;
            s->as_is = s->as_is || !memchr(c->argv[i].at, '*', c->argv[i].len);
        } else if (call_is(c, i, "GET") && left >= 1) {
            s->gets[s->get_count++] = ++i;
        } else {
            call_syntax_error(c);
            return false;
        }
    }
    return true;
}

/* --- gathering --- */

static void
gather_one(struct sort *s, struct bytes text)
{
    s->items[s->count++] = (struct sort_item){
        .text = { (const char *)(uintptr_t)s->texts.len, text.len }
    };
    text_add(&s->texts, text);
    text_add_char(&s->texts, '\0');
}

static void
gather_list(struct sort *s, struct value v, uint64_t from, uint64_t n, bool backward)
{
    struct list_cursor cursor;
    struct listpack_item item;
    char buf[NUM_I64_MAX_TEXT];

    list_walk(&cursor, v, backward ? list_length(v) - 1 - from : from, backward);
    for (; n > 0 && list_step(&cursor, &item); n--)
        gather_one(s, listpack_item_text(item, buf));
    list_walk_end(&cursor);
}

static void
gather_zset(struct sort *s, struct value v, uint64_t from, uint64_t n, bool backward)
{
    struct zset_iter it;
    struct zset_item item;

    zset_iter_start(&it, v, from, backward);
    for (; n > 0 && zset_iter_next(&it, &item); n--)
        gather_one(s, item.member);
}

static void
gather_set(struct sort *s, struct value v, uint64_t from, uint64_t n)
{
    struct set_iter it;
    const struct bytes *member;

    for (set_iter_start(&it, v); n > 0 && (member = set_iter_next(&it));) {
        if (from > 0) {
            from--;
            continue;
        }
        gather_one(s, *member);
        n--;
    }
}

/* Turn offsets into pointers, now that the arena stays where it is. */
static void
place_texts(struct sort *s)
{
    for (size_t i = 0; i < s->count; i++)
        s->items[i].text.at = text_view(&s->texts).at + (uintptr_t)s->items[i].text.at;
}

/* Elements `from` to `from` + `n` in the order of the container. */
static void
gather(struct sort *s, struct value v, uint64_t from, uint64_t n)
{
    bool backward = s->as_is && s->descending;

    s->items = mem_alloc((n ? n : 1) * sizeof *s->items);
    if (n == 0)
        return;
    if (v.type == TYPE_LIST)
        gather_list(s, v, from, n, backward);
    else if (v.type == TYPE_ZSET)
        gather_zset(s, v, from, n, backward);
    else
        gather_set(s, v, from, n);
    place_texts(s);
}

/* --- weights --- */

static bool
parse_score(struct bytes text, double *out)
{
    char some[64], *copy = text.len < sizeof some ? some : mem_alloc(text.len + 1), *end;
    bool ok;

    memcpy(copy, text.at, text.len);
    copy[text.len] = '\0';
    errno = 0;
    *out = strtod(copy, &end);
    ok = *end == '\0' && errno != ERANGE && !isnan(*out);
    if (copy != some)
        mem_free(copy);
    return ok;
}

/* False: some weight is no number. */
static bool
weigh(struct sort *s)
{
    struct bytes pattern = s->by ? s->call->argv[s->by] : B("#");
    bool ok = true;
    size_t i, offset;

    for (i = 0; i < s->count; i++) {
        struct sort_item *item = &s->items[i];

        if (!sort_lookup(s->call, pattern, item->text, &s->found))
            continue;
        if (!s->alpha) {
            ok = parse_score(s->found.value, &item->score) && ok;
        } else if (!s->by) {
            item->weight = item->text;
        } else {
            offset = s->weights.len;
            text_add(&s->weights, s->found.value);
            text_add_char(&s->weights, '\0');
            item->weight = bytes_view((const char *)(uintptr_t)(offset + 1),
                                      s->found.value.len);
        }
    }
    for (i = 0; s->by && s->alpha && i < s->count; i++)
        if (s->items[i].weight.at)
            s->items[i].weight.at = text_view(&s->weights).at
                                  + ((uintptr_t)s->items[i].weight.at - 1);
    return ok;
}

/* The locale sees a text up to its first NUL; what it takes for equal, bytes decide. */
static int
compare_texts(const struct sort *s, const struct sort_item *a, const struct sort_item *b)
{
    int order;

    if (!a->weight.at || !b->weight.at)
        return !b->weight.at - !a->weight.at;
    order = s->collate ? strcoll(a->weight.at, b->weight.at) : 0;
    return order != 0 ? order : bytes_compare(a->weight, b->weight);
}

static int
compare_scores(const struct sort_item *a, const struct sort_item *b)
{
    if (a->score != b->score)
        return a->score < b->score ? -1 : 1;
    return bytes_compare(a->text, b->text);
}

static int
compare(const void *a, const void *b, void *arg)
{
    const struct sort *s = arg;
    int order = s->alpha ? compare_texts(s, a, b) : compare_scores(a, b);

    return s->descending ? -order : order;
}

/* --- results --- */

/* What LIMIT leaves of `count` elements: how many, from *from on. */
static uint64_t
limited(const struct sort *s, uint64_t count, uint64_t *from)
{
    uint64_t left;

    *from = s->offset < 0 ? 0 : (uint64_t)s->offset;
    if (*from > count)
        *from = count;
    left = count - *from;
    return s->limit < 0 || (uint64_t)s->limit > left ? left : (uint64_t)s->limit;
}

static void
answer(struct sort *s, const struct sort_item *item, size_t n)
{
    struct call *c = s->call;

    reply_array(c->out, n * (s->get_count ? (size_t)s->get_count : 1));
    for (; n > 0; n--, item++) {
        if (s->get_count == 0)
            reply_bulk(c->out, item->text);
        for (int g = 0; g < s->get_count; g++) {
            if (sort_lookup(c, c->argv[s->gets[g]], item->text, &s->found))
                reply_bulk(c->out, s->found.value);
            else
                reply_null(c->out);
        }
    }
}

static void
add_to(struct value *list, struct list_limits limits, struct bytes text)
{
    list_grow_for(list, limits, &text, 1);
    list_push(list, limits, LIST_TAIL, text);
}

static void
store(struct sort *s, const struct sort_item *item, size_t n)
{
    struct call *c = s->call;
    struct list_limits limits = list_limits_of(c);
    struct key key = key_of(c->argv[s->store]);
    struct value list = list_new();
    uint64_t length;
    struct slot slot;

    for (; n > 0; n--, item++) {
        if (s->get_count == 0)
            add_to(&list, limits, item->text);
        for (int g = 0; g < s->get_count; g++)
            add_to(&list, limits,
                   sort_lookup(c, c->argv[s->gets[g]], item->text, &s->found)
                   ? s->found.value : B(""));
    }
    length = list_length(list);
    reply_int(c->out, (int64_t)length);
    db_slot_whole(c->db, &key, &slot);
    if (length > 0) {
        slot_put(&slot, list, NO_DEADLINE);
        keyspace_add_dirty(db_keyspace(c->db), (int64_t)length - 1);
        db_changed(c->db, key.name, EVENT_LIST, "sortstore");
        return;
    }
    list_type.free(list);
    if (slot.entry) {
        slot_remove(&slot, true);
        db_changed(c->db, key.name, EVENT_GENERIC, "del");
    }
}

/* Has the locale another order of texts than that of their bytes? */
static bool
has_collation(void)
{
    const char *name = setlocale(LC_COLLATE, NULL);

    return name && strcmp(name, "C") != 0 && strcmp(name, "POSIX") != 0;
}

static void
run(struct sort *s, const struct entry *e)
{
    struct value v = e ? entry_value(e) : (struct value){ 0 };
    uint64_t count = e ? value_type_of(v.type)->length(v) : 0, from, n;

    /* an order that is nobody's choice must not get into a stored value */
    if (s->as_is && e && v.type == TYPE_SET && s->store) {
        s->as_is = false;
        s->alpha = true;
        s->by = 0;
    }
    s->collate = s->alpha && !s->store && has_collation();
    n = limited(s, count, &from);
    if (s->as_is)
        gather(s, v, from, n);
    else
        gather(s, v, 0, count);
    if (!s->as_is) {
        if (!weigh(s)) {
            reply_error(s->call->out,
                        "ERR One or more scores can't be converted into double");
            return;
        }
        qsort_r(s->items, s->count, sizeof *s->items, compare, s);
    }
    if (s->store)
        store(s, s->items + (s->as_is ? 0 : from), n);
    else
        answer(s, s->items + (s->as_is ? 0 : from), n);
}

static void
sort(struct call *c, bool may_store)
{
    struct sort s = { .call = c, .limit = -1 };
    struct key key = call_key(c, 1);
    struct entry *e = NULL;

    s.gets = mem_alloc((size_t)c->argc * sizeof *s.gets);
    if (read_options(&s, may_store)) {
        e = db_read(c->db, &key);
        if (e && entry_type(e) != TYPE_LIST && entry_type(e) != TYPE_SET
            && entry_type(e) != TYPE_ZSET)
            call_wrong_type(c);
        else
            run(&s, e);
    }
    mem_free(s.gets);
    mem_free(s.items);
    text_free(&s.texts);
    text_free(&s.weights);
    sort_lookup_end(&s.found);
}

static void
cmd_sort(struct call *c)
{
    sort(c, true);
}

static void
cmd_sort_ro(struct call *c)
{
    sort(c, false);
}

/* The key itself, and that of the last STORE; what BY and GET name depends on data. */
static bool
sort_keys(const struct bytes *argv, int argc, struct found_keys *out)
{
    int store = 0;

    found_keys_add(out, 1, KEY_RO | A_ACCESS);
    for (int i = 2; i < argc; i++) {
        if (bytes_is(argv[i], "LIMIT")) {
            i += 2;
        } else if (bytes_is(argv[i], "BY") || bytes_is(argv[i], "GET")) {
            i++;
        } else if (bytes_is(argv[i], "STORE") && i + 1 < argc) {
            store = ++i;
        }
    }
    if (store)
        found_keys_add(out, store, KEY_OW | A_UPDATE);
    return true;
}

#define SORT_NOT_ALSO ACL_KEYSPACE
#define SORT_ALSO (ACL_DANGEROUS | ACL_LIST | ACL_SET | ACL_SORTEDSET)
#define SORT_SYNTAX "key:k [BY pattern:p1] [LIMIT offset_count={offset:i count:i}] " \
                    "[GET pattern:p1]... [order=(ASC|DESC)] [sorting=ALPHA]"
#define SORT_PATTERNS UNKNOWN_KEYS(KEY_RO | A_ACCESS, .notes = \
                      "keys that `BY` and `GET` name: known only from the elements")

static const struct command sort_commands[] = {
    { .name = "sort", .run = cmd_sort, .arity = -2, .flags = WRITE | DENY_OOM,
      .also = SORT_ALSO, .not_also = SORT_NOT_ALSO,
      .syntax = SORT_SYNTAX " [STORE destination:k]",
      .keys = { KEY(1, KEY_RO | A_ACCESS, .by = sort_keys), SORT_PATTERNS,
                UNKNOWN_KEYS(KEY_OW | A_UPDATE, .notes =
                             "the key after `STORE`, which may be any argument") },
      .since = "1.0.0", .cost = "O(n+m*log(m)) for n elements, m of them answered",
      .summary = "Answer or store the elements of a list, set or sorted set in order." },
    { .name = "sort_ro", .run = cmd_sort_ro, .arity = -2, .flags = READONLY,
      .also = SORT_ALSO, .not_also = SORT_NOT_ALSO, .syntax = SORT_SYNTAX,
      .keys = { KEY(1, KEY_RO | A_ACCESS), SORT_PATTERNS },
      .since = "7.0.0", .cost = "O(n+m*log(m)) for n elements, m of them answered",
      .summary = "Answer the elements of a list, set or sorted set in order." },
};
const struct family sort_family = FAMILY("generic", ACL_KEYSPACE, sort_commands);
