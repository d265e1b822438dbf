/* SPDX-License-Identifier: MIT
 * commands/c_hash_life.c - values and deadlines of fields in one go: HGETEX, HSETEX,
 * HGETDEL.
 *
 * How:        the options of HGETEX and HSETEX come in any order, before or after the
 *             fields; they are read into one record first.
 * Invariants: nothing is changed once an error was answered.
 * Read next:  commands/c_hash_expire.c */
#include "commands/families.h"
#include "commands/hash_use.h"

enum option {
    WITH_EX = 1 << 0, WITH_PX = 1 << 1, WITH_EXAT = 1 << 2, WITH_PXAT = 1 << 3,
    WITH_PERSIST = 1 << 4, WITH_KEEPTTL = 1 << 5, WITH_FNX = 1 << 6, WITH_FXX = 1 << 7,

    WITH_TIME = WITH_EX | WITH_PX | WITH_EXAT | WITH_PXAT,
    WITH_LIFE = WITH_TIME | WITH_PERSIST | WITH_KEEPTTL,
    WITH_CONDITION = WITH_FNX | WITH_FXX,
    OF_HGETEX = WITH_TIME | WITH_PERSIST,
    OF_HSETEX = WITH_TIME | WITH_KEEPTTL | WITH_CONDITION
};

static const struct word {
    const char *word;
    unsigned option, group;
} words[] = {
    { "EX", WITH_EX, WITH_LIFE },
    { "PX", WITH_PX, WITH_LIFE },
    { "EXAT", WITH_EXAT, WITH_LIFE },
    { "PXAT", WITH_PXAT, WITH_LIFE },
    { "PERSIST", WITH_PERSIST, WITH_LIFE },
    { "KEEPTTL", WITH_KEEPTTL, WITH_LIFE },
    { "FNX", WITH_FNX, WITH_CONDITION },
    { "FXX", WITH_FXX, WITH_CONDITION },
};

struct request {
    unsigned options;           /* enum option */
    int first, end, step;       /* arguments: the names of the fields */
    msec deadline;              /* with WITH_TIME */
};

static const struct word *
word_find(const struct call *c, int i, unsigned known)
{
    for (size_t n = 0; n < sizeof words / sizeof words[0]; n++)
        if (words[n].option & known && call_is(c, i, words[n].word))
            return &words[n];
    return NULL;
}

static bool
refuse_second(struct call *c, unsigned group, unsigned known)
{
    if (group == WITH_CONDITION)
        reply_error(c->out, "ERR Only one of FXX or FNX arguments can be specified");
    else
        reply_errorf(c->out, "ERR Only one of EX, PX, EXAT, PXAT or %s arguments can be"
                     " specified", known & WITH_PERSIST ? "PERSIST" : "KEEPTTL");
    return false;
}

/* FIELDS at argument i; moves it to the last of them. */
static bool
read_fields(struct call *c, int *i, struct request *r)
{
    int64_t n, room = c->argc - *i - 2;

    if (r->first) {
        reply_error(c->out, "ERR FIELDS keyword specified multiple times");
        return false;
    }
    if (room < 1) {
        call_wrong_args(c);
        return false;
    }
    if (!num_parse_i64(c->argv[*i + 1], &n) || n < 1 || n > INT32_MAX) {
        reply_error(c->out, "ERR invalid number of fields");
        return false;
    }
    if (n > room / r->step) {
        call_wrong_args(c);
        return false;
    }
    r->first = *i + 2;
    r->end = r->first + (int)n * r->step;
    *i = r->end - 1;
    return true;
}

static bool
read_time(struct call *c, int i, unsigned option, struct request *r)
{
    bool relative = (option & (WITH_EX | WITH_PX)) != 0;

    if (i == c->argc) {
        reply_error(c->out, "ERR missing expire time");
        return false;
    }
    return hash_deadline(c, i, relative ? clock_ms() : 0,
                         option & (WITH_EX | WITH_EXAT) ? 1000 : 1, &r->deadline);
}

static bool
read_request(struct call *c, unsigned known, int step, struct request *r)
{
    const struct word *w;

    *r = (struct request){ .step = step };
    for (int i = 2; i < c->argc; i++) {
        if (call_is(c, i, "fields")) {
            if (!read_fields(c, &i, r))
                return false;
            continue;
        }
        w = word_find(c, i, known);
        if (!w) {
            reply_errorf(c->out, "ERR unknown argument: %.*s", B_ARG(c->argv[i]));
            return false;
        }
        if (r->options & w->group)
            return refuse_second(c, w->group, known);
        r->options |= w->option;
        if (w->option & WITH_TIME && !read_time(c, ++i, w->option, r))
            return false;
    }
    if (!r->first)
        reply_error(c->out, "ERR missing FIELDS argument");
    return r->first != 0;
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

static void
cmd_hgetex(struct call *c)
{
    struct key key = call_key(c, 1);
    size_t changed = 0;
    struct request r;
    struct slot s;
    struct value v;

    if (!read_request(c, OF_HGETEX, 1, &r))
        return;
    db_slot(c->db, &key, &s);
    if (!call_type_ok(c, s.entry, TYPE_HASH))
        return;
    if (!s.entry) {
        reply_nulls(c, r.end - r.first);
        return;
    }
    v = entry_value(s.entry);
    reply_array(c->out, (size_t)(r.end - r.first));
    for (int i = r.first; i < r.end; i++) {
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
        hash_changed(c, key.name, "hdel", changed);
        hash_settle(c, &s);
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
        || !hash_fields(c, 2, "ERR Number of fields must be a positive integer"))
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

/* FNX: none of the fields is there; FXX: all are. */
static bool
condition_holds(const struct call *c, const struct request *r, struct value v)
{
    bool wanted = (r->options & WITH_FXX) != 0;
    struct hash_field f;

    if (!(r->options & WITH_CONDITION))
        return true;
    for (int i = r->first; i < r->end; i += 2)
        if (hash_find(v, c->argv[i], &f) != wanted)
            return false;
    return true;
}

/* The fields that were just set are over already: it is told that they came and went. */
static void
take_back(struct call *c, struct slot *s, const struct request *r)
{
    struct value v = entry_value(s->entry);
    size_t removed = 0;

    for (int i = r->first; i < r->end; i += 2)
        removed += hash_remove(&v, c->argv[i]);
    slot_set_object(s, v);
    db_event(c->db, s->key.name, EVENT_HASH, "hset");
    hash_changed(c, s->key.name, "hdel", removed);
    hash_settle(c, s);
}

static void
cmd_hsetex(struct call *c)
{
    struct hash_limits limits = hash_limits_of(c);
    struct request r;
    struct slot s;
    struct value v;
    msec deadline;
    bool is_past;

    if (!read_request(c, OF_HSETEX, 2, &r) || !hash_open(c, &s, &v))
        return;
    if (!condition_holds(c, &r, v)) {
        if (!s.entry)
            hash_type.free(v);
        reply_int(c->out, 0);
        return;
    }
    reply_int(c->out, 1);
    is_past = r.options & WITH_TIME && r.deadline <= clock_ms();
    deadline = is_past ? HASH_FOREVER
             : r.options & WITH_TIME ? r.deadline
             : r.options & WITH_KEEPTTL ? HASH_KEEP : HASH_FOREVER;
    for (int i = r.first; i < r.end; i += 2)
        hash_set(&v, c->argv[i], c->argv[i + 1], deadline, &limits);
    hash_store(&s, v);
    if (is_past) {
        take_back(c, &s, &r);
        return;
    }
    hash_changed(c, s.key.name, "hset", (size_t)(r.end - r.first) / 2);
    if (r.options & WITH_TIME)
        db_event(c->db, s.key.name, EVENT_HASH, "hexpire");
}

static const struct command hash_life_commands[] = {
    { .name = "hgetex", .run = cmd_hgetex, .arity = -5,
      .flags = WRITE | FAST,
      .syntax = "key:k [expiration=(EX seconds:i|PX milliseconds:i|EXAT "
                "unix-time-seconds:t|PXAT unix-time-milliseconds:t|PERSIST)] "
                "FIELDS fields={numfields:i field...}",
      .keys = { KEY(1, KEY_RW | A_ACCESS | A_UPDATE) },
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
