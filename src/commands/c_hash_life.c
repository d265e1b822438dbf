/* SPDX-License-Identifier: MIT
 * commands/c_hash_life.c - values and deadlines of fields in one go: HGETEX, HSETEX,
 * HGETDEL.
 *
 * How:        HGETEX takes one option, HSETEX some in any order, both before the fields;
 *             they are read into one record first.
 * Invariants: nothing is changed once an error was answered.
 * Read next:  commands/c_hash_expire.c */
#include "commands/families.h"
#include "commands/hash_use.h"

enum option {
    WITH_EX = 1 << 0, WITH_PX = 1 << 1, WITH_EXAT = 1 << 2, WITH_PXAT = 1 << 3,
    WITH_PERSIST = 1 << 4, WITH_KEEPTTL = 1 << 5, WITH_FNX = 1 << 6, WITH_FXX = 1 << 7,

    WITH_TIME = WITH_EX | WITH_PX | WITH_EXAT | WITH_PXAT,
    WITH_CONDITION = WITH_FNX | WITH_FXX,
    OF_HGETEX = WITH_TIME | WITH_PERSIST,
    OF_HSETEX = WITH_TIME | WITH_KEEPTTL | WITH_CONDITION
};

static const struct word {
    const char *word;
    unsigned option;
} words[] = {
    { "EX", WITH_EX }, { "PX", WITH_PX }, { "EXAT", WITH_EXAT }, { "PXAT", WITH_PXAT },
    { "PERSIST", WITH_PERSIST }, { "KEEPTTL", WITH_KEEPTTL },
    { "FNX", WITH_FNX }, { "FXX", WITH_FXX },
};

struct request {
    unsigned options;           /* enum option */
    int first;                  /* argument: the first field; the others follow */
    msec deadline;              /* with WITH_TIME */
};

/* The option that argument i is, of those `known`; 0: none. */
static unsigned
option_at(const struct call *c, int i, unsigned known)
{
    for (size_t n = 0; n < sizeof words / sizeof words[0]; n++)
        if (words[n].option & known && call_is(c, i, words[n].word))
            return words[n].option;
    return 0;
}

static bool
read_time(struct call *c, int i, struct request *r)
{
    bool relative = (r->options & (WITH_EX | WITH_PX)) != 0;

    if (i == c->argc) {
        call_wrong_args(c);
        return false;
    }
    return hash_deadline(c, i, relative ? clock_ms() : 0,
                         r->options & (WITH_EX | WITH_EXAT) ? 1000 : 1, &r->deadline);
}

/* --- HGETEX, HGETDEL --- */

static void
reply_value(struct call *c, struct value v, struct bytes name)
{
    struct hash_field f;

    if (hash_find(v, name, &f))
        reply_bulk(c->out, f.value);
    else
        reply_null(c->out);
}

static void
reply_nulls(struct call *c, int n)
{
    reply_array(c->out, (size_t)n);
    while (n--)
        reply_null(c->out);
}

/* Change one field's life as asked; true when something changed. */
static bool
change_life(struct value *v, struct bytes name, const struct request *r)
{
    struct hash_field f;

    if (!r->options || !hash_find(*v, name, &f))
        return false;
    if (r->options & WITH_PERSIST) {
        if (f.deadline == HASH_FOREVER)
            return false;
        hash_set_deadline(v, name, HASH_FOREVER);
        return true;
    }
    if (r->deadline <= clock_ms())
        hash_remove(v, name);
    else
        hash_set_deadline(v, name, r->deadline);
    return true;
}

/* [option] FIELDS n name...; the option is in r already. */
static bool
read_hgetex(struct call *c, struct request *r)
{
    int at = 2;

    if (r->options)
        at++;
    if (r->options & WITH_TIME && !read_time(c, at++, r))
        return false;
    if (at + 1 >= c->argc) {
        call_wrong_args(c);
        return false;
    }
    r->first = at + 2;
    return hash_fields(c, at, HASH_BAD_COUNT);
}

static void
cmd_hgetex(struct call *c)
{
    struct request r = { .options = option_at(c, 2, OF_HGETEX) };
    struct key key = call_key(c, 1);
    size_t changed = 0;
    struct slot s;
    struct value v;

    db_slot(c->db, &key, &s);
    if (!call_type_ok(c, s.entry, TYPE_HASH) || !read_hgetex(c, &r))
        return;
    if (!s.entry) {
        reply_nulls(c, c->argc - r.first);
        return;
    }
    v = entry_value(s.entry);
    if (r.options)
        hash_make_timed(&v);
    reply_array(c->out, (size_t)(c->argc - r.first));
    for (int i = r.first; i < c->argc; i++) {
        reply_value(c, v, c->argv[i]);
        changed += change_life(&v, c->argv[i], &r);
    }
    slot_set_object(&s, v);
    if (!changed)
        return;
    if (r.options & WITH_PERSIST) {
        hash_changed(c, key.name, "hpersist", changed);
    } else if (r.deadline > clock_ms()) {
        hash_changed(c, key.name, "hexpire", changed);
    } else {
        keyspace_add_dirty(c->server->keyspace, (int64_t)changed);
        hash_past(c, &s, changed);
    }
}

static void
cmd_hgetdel(struct call *c)
{
    struct key key = call_key(c, 1);
    size_t removed = 0;
    struct slot s;
    struct value v;

    db_slot(c->db, &key, &s);
    if (!call_type_ok(c, s.entry, TYPE_HASH)
        || !hash_fields(c, 2, HASH_BAD_COUNT))
        return;
    if (!s.entry) {
        reply_nulls(c, c->argc - 4);
        return;
    }
    v = entry_value(s.entry);
    reply_array(c->out, (size_t)c->argc - 4);
    for (int i = 4; i < c->argc; i++) {
        reply_value(c, v, c->argv[i]);
        removed += hash_remove(&v, c->argv[i]);
    }
    slot_set_object(&s, v);
    if (!removed)
        return;
    hash_changed(c, key.name, "hdel", removed);
    hash_settle(c, &s);
}

/* --- HSETEX --- */

/* One more option, at argument *i; moves to its last word. */
static bool
read_option(struct call *c, int *i, struct request *r)
{
    unsigned option = option_at(c, *i, OF_HSETEX);
    unsigned before = r->options;

    r->options |= option;
    if (!option) {
        reply_errorf(c->out, "ERR unknown argument: %.*s", B_ARG(c->argv[*i]));
    } else if (option & WITH_CONDITION) {
        if (!(before & WITH_CONDITION))
            return true;
        reply_error(c->out, "ERR Only one of FXX or FNX arguments can be specified");
    } else {
        if (!(before & ~WITH_CONDITION))
            return !(option & WITH_TIME) || read_time(c, ++*i, r);
        reply_error(c->out, "ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments"
                            " can be specified");
    }
    return false;
}

/* [option]... FIELDS n, then n names with their values. */
static bool
read_hsetex(struct call *c, struct request *r)
{
    int i = 2;
    int64_t n;

    for (; i < c->argc && !call_is(c, i, "fields"); i++)
        if (!read_option(c, &i, r))
            return false;
    r->first = i + 2;
    if (c->argc - r->first < 2) {
        call_wrong_args(c);
        return false;
    }
    if (!num_parse_i64(c->argv[i + 1], &n) || n < 1 || n > INT32_MAX) {
        reply_error(c->out, "ERR invalid number of fields");
        return false;
    }
    if (2 * n != c->argc - r->first)
        call_wrong_args(c);
    return 2 * n == c->argc - r->first;
}

/* FNX: none of the fields is there; FXX: all are. */
static bool
condition_holds(const struct call *c, const struct request *r, struct value v)
{
    bool wanted = (r->options & WITH_FXX) != 0;
    struct hash_field f;

    if (!(r->options & WITH_CONDITION))
        return true;
    for (int i = r->first; i < c->argc; i += 2)
        if (hash_find(v, c->argv[i], &f) != wanted)
            return false;
    return true;
}

/* Set the fields; with a deadline in the past they go again at once. */
static void
set_fields(struct call *c, const struct request *r, struct value *v, bool past)
{
    struct hash_limits limits = hash_limits_of(c);
    msec deadline = past || !(r->options & (WITH_TIME | WITH_KEEPTTL)) ? HASH_FOREVER
                  : r->options & WITH_TIME ? r->deadline : HASH_KEEP;

    if (r->options & WITH_TIME)
        hash_make_timed(v);
    for (int i = r->first; i < c->argc; i += 2) {
        hash_set(v, c->argv[i], c->argv[i + 1], deadline, &limits);
        if (past)
            hash_remove(v, c->argv[i]);
    }
}

static void
cmd_hsetex(struct call *c)
{
    struct request r = { 0 };
    struct slot s;
    struct value v;
    size_t n;
    bool past;

    if (!read_hsetex(c, &r) || !hash_open(c, &s, &v))
        return;
    if (!condition_holds(c, &r, v)) {
        if (!s.entry)
            hash_type.free(v);
        reply_int(c->out, 0);
        return;
    }
    reply_int(c->out, 1);
    n = (size_t)(c->argc - r.first) / 2;
    past = r.options & WITH_TIME && r.deadline <= clock_ms();
    set_fields(c, &r, &v, past);
    hash_store(&s, v);
    hash_changed(c, s.key.name, "hset", n);
    if (past)
        hash_past(c, &s, n);
    else if (r.options & WITH_TIME)
        db_event(c->db, s.key.name, EVENT_HASH, "hexpire");
}

static const struct command hash_life_commands[] = {
    { .name = "hgetex", .run = cmd_hgetex, .arity = -5,
      .flags = WRITE | FAST,
      .syntax = "key:k [expiration=(EX seconds:i|PX milliseconds:i|EXAT "
                "unix-time-seconds:t|PXAT unix-time-milliseconds:t|PERSIST)] "
                "FIELDS fields={numfields:i field...}",
      .keys = { KEY(1, KEY_RW | A_ACCESS | A_UPDATE,
                    .notes = "written to, because deadlines may change") },
      .since = "8.0.0", .cost = "O(log n) for each field, n of them with a deadline",
      .summary = "Answer fields of a hash and change how long they live." },
    { .name = "hgetdel", .run = cmd_hgetdel, .arity = -5,
      .flags = WRITE | FAST,
      .syntax = "key:k FIELDS fields={numfields:i field...}",
      .keys = { KEY(1, KEY_RW | A_ACCESS | A_DELETE) },
      .since = "8.0.0", .cost = "O(1) for each field",
      .summary = "Answer fields of a hash and delete them." },
    { .name = "hsetex", .run = cmd_hsetex, .arity = -6,
      .flags = WRITE | DENY_OOM | FAST,
      .syntax = "key:k [condition=(FNX|FXX)] [expiration=(EX seconds:i|PX milliseconds:i|"
                "EXAT unix-time-seconds:t|PXAT unix-time-milliseconds:t|KEEPTTL)] "
                "FIELDS fields={numfields:i data={field value}...}",
      .keys = { KEY(1, KEY_RW | A_UPDATE) },
      .since = "8.0.0", .cost = "O(log n) for each field, n of them with a deadline",
      .summary = "Set fields of a hash together with how long they live." },
};
const struct family hash_life_family = FAMILY("hash", ACL_HASH, hash_life_commands);
