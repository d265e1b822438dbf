/* SPDX-License-Identifier: MIT
 * commands/c_string.c - SET and GET, and the commands that are one of them with
 * something added.
 *
 * Why:       these two are most of what any server is asked, so each has a path of
 *            its own that tests nothing it need not.
 * How:       SET with options and its relatives are one sequence: deadline, old
 *            value for GET, condition, put.  Every step may end it with a reply.
 *            A value that arrived in a blob is adopted by the key, and a large one
 *            leaves by reference: neither is copied.
 * Invariants: 1. nothing is changed once an error was answered;
 *            2. the old value is answered before it is replaced;
 *            3. a relative time becomes absolute before the key is touched.
 * Left out:  IFDEQ and IFDNE (conditions on a digest).
 * Read next: keyspace/keyspace.h (slots), commands/c_string_many.c */
#include "command/table.h"
#include "commands/families.h"
#include "commands/string_edit.h"
#include "values/v_string.h"

enum set_flag {
    SET_NX = 1 << 0, SET_XX = 1 << 1, SET_IFEQ = 1 << 2, SET_IFNE = 1 << 3,
    SET_EX = 1 << 4, SET_PX = 1 << 5, SET_EXAT = 1 << 6, SET_PXAT = 1 << 7,
    SET_KEEPTTL = 1 << 8, SET_PERSIST = 1 << 9, SET_GET = 1 << 10,

    SET_CONDITION = SET_NX | SET_XX | SET_IFEQ | SET_IFNE,
    SET_TIME = SET_EX | SET_PX | SET_EXAT | SET_PXAT,
    SET_LIFE = SET_TIME | SET_KEEPTTL | SET_PERSIST,

    OF_SET = SET_CONDITION | SET_TIME | SET_KEEPTTL | SET_GET,
    OF_GETEX = SET_TIME | SET_PERSIST
};

/* Of each group one word may be given; the same word twice is fine. */
static const struct set_word {
    const char *word;
    unsigned flag, group;
    bool takes;                 /* the next argument belongs to it */
} set_words[] = {
    { "NX", SET_NX, SET_CONDITION, false },
    { "XX", SET_XX, SET_CONDITION, false },
    { "IFEQ", SET_IFEQ, SET_CONDITION, true },
    { "IFNE", SET_IFNE, SET_CONDITION, true },
    { "GET", SET_GET, SET_GET, false },
    { "KEEPTTL", SET_KEEPTTL, SET_LIFE, false },
    { "PERSIST", SET_PERSIST, SET_LIFE, false },
    { "EX", SET_EX, SET_LIFE, true },
    { "PX", SET_PX, SET_LIFE, true },
    { "EXAT", SET_EXAT, SET_LIFE, true },
    { "PXAT", SET_PXAT, SET_LIFE, true },
};

struct set_options {
    unsigned flags;             /* enum set_flag */
    int time;                   /* argument with the time */
    int match;                  /* argument of IFEQ and IFNE */
};

static const struct set_word *
set_word_find(struct bytes word)
{
    size_t i;

    for (i = 0; i < sizeof set_words / sizeof set_words[0]; i++)
        if (bytes_is(word, set_words[i].word))
            return &set_words[i];
    return NULL;
}

/* Read the options from argument `i` on; `known` are those the command has. */
static bool
read_options(struct call *c, int i, unsigned known, struct set_options *o)
{
    const struct set_word *w;

    *o = (struct set_options){ 0 };
    for (; i < c->argc; i++) {
        w = set_word_find(c->argv[i]);
        if (!w || !(w->flag & known) || (o->flags & w->group & ~w->flag)
            || (o->match && w->group == SET_CONDITION) || (w->takes && i + 1 == c->argc)) {
            call_syntax_error(c);
            return false;
        }
        o->flags |= w->flag;
        if (w->takes && w->group == SET_LIFE)
            o->time = ++i;
        else if (w->takes)
            o->match = ++i;
    }
    return true;
}

/* The deadline the options ask for. */
static bool
read_deadline(struct call *c, const struct set_options *o, msec *deadline)
{
    bool relative = (o->flags & (SET_EX | SET_PX)) != 0;

    if (!(o->flags & SET_TIME)) {
        *deadline = o->flags & SET_KEEPTTL ? KEEP_DEADLINE : NO_DEADLINE;
        return true;
    }
    return call_deadline(c, o->time, relative, o->flags & (SET_EX | SET_EXAT) ? 1000 : 1,
                         deadline);
}

static inline void
reply_entry(struct call *c, const struct entry *e)
{
    if (e)
        call_reply_value(c, entry_value(e));
    else
        reply_null(c->out);
}

/* Answer the key's value; false when it has none to give (and that is answered). */
static bool
answer_old(struct call *c, bool *found)
{
    struct entry *e;

    if (!string_read(c, 1, &e))
        return false;
    reply_entry(c, e);
    *found = e != NULL;
    return true;
}

static void
put(struct call *c, struct slot *s, int value, msec deadline)
{
    slot_put(s, call_value(c, value), deadline);
    db_changed(c->db, c->argv[1], EVENT_STRING, "set");
    if (deadline >= 0)
        db_event(c->db, c->argv[1], EVENT_GENERIC, "expire");
}

static bool
value_equals(const struct entry *e, struct bytes wanted)
{
    char buf[NUM_I64_MAX_TEXT];

    return bytes_equal(string_view(entry_value(e), buf), wanted);
}

/* Whether the key is as the condition wants it.  An absent key equals nothing.
 * False with *answered when the question makes no sense for its type. */
static bool
condition_holds(struct call *c, const struct set_options *o, const struct slot *s,
                bool *answered)
{
    if (o->flags & SET_NX)
        return !s->entry;
    if (o->flags & SET_XX)
        return s->entry != NULL;
    if (!(o->flags & SET_CONDITION))
        return true;
    if (!call_type_ok(c, s->entry, TYPE_STRING)) {
        *answered = true;
        return false;
    }
    if (!s->entry)
        return (o->flags & SET_IFNE) != 0;
    return value_equals(s->entry, c->argv[o->match]) == ((o->flags & SET_IFEQ) != 0);
}

static void
set_with_options(struct call *c)
{
    struct set_options o;
    struct key key = call_key(c, 1);
    struct slot s;
    msec deadline;
    bool answered, found;

    if (!read_options(c, 3, OF_SET, &o) || !read_deadline(c, &o, &deadline))
        return;
    answered = (o.flags & SET_GET) != 0;
    if (answered && !answer_old(c, &found))
        return;
    db_slot_whole(c->db, &key, &s);
    if (!condition_holds(c, &o, &s, &answered)) {
        if (!answered)
            reply_null(c->out);
        return;
    }
    put(c, &s, 2, deadline);
    if (!answered)
        reply_ok(c->out);
}

static void
cmd_set(struct call *c)
{
    struct key key;
    struct slot s;

    if (UNLIKELY(c->argc != 3)) {
        set_with_options(c);
        return;
    }
    key = call_key(c, 1);
    db_slot_whole(c->db, &key, &s);
    slot_put(&s, call_value(c, 2), NO_DEADLINE);
    db_changed(c->db, key.name, EVENT_STRING, "set");
    reply_ok(c->out);
}

static void
cmd_setnx(struct call *c)
{
    struct key key = call_key(c, 1);
    struct slot s;

    db_slot_whole(c->db, &key, &s);
    reply_int(c->out, s.entry == NULL);
    if (!s.entry)
        put(c, &s, 2, NO_DEADLINE);
}

/* SETEX and PSETEX: key, time, value. */
static void
set_for(struct call *c, int unit)
{
    struct key key = call_key(c, 1);
    struct slot s;
    msec deadline;

    if (!call_deadline(c, 2, true, unit, &deadline))
        return;
    db_slot_whole(c->db, &key, &s);
    put(c, &s, 3, deadline);
    reply_ok(c->out);
}

static void
cmd_setex(struct call *c)
{
    set_for(c, 1000);
}

static void
cmd_psetex(struct call *c)
{
    set_for(c, 1);
}

static void
cmd_get(struct call *c)
{
    struct key key = call_key(c, 1);
    struct entry *e = db_read(c->db, &key);
    struct value v;

    if (!e) {
        reply_null(c->out);
        return;
    }
    v = entry_value(e);
    if (UNLIKELY(v.type != TYPE_STRING))
        call_wrong_type(c);
    else if (LIKELY(v.encoding == STRING_EMBEDDED))
        reply_bulk(c->out, v.bytes);
    else
        call_reply_value(c, v);
}

static void
cmd_getset(struct call *c)
{
    struct key key = call_key(c, 1);
    struct slot s;
    bool found;

    if (!answer_old(c, &found))
        return;
    db_slot_whole(c->db, &key, &s);
    put(c, &s, 2, NO_DEADLINE);
}

static void
cmd_getdel(struct call *c)
{
    struct key key = call_key(c, 1);
    bool found;

    if (!answer_old(c, &found) || !found)
        return;
    db_remove(c->db, &key, true);
    db_changed(c->db, key.name, EVENT_GENERIC, "del");
}

/* Give the key the life that GETEX asks for: a new deadline, none, or death when
 * an absolute deadline has passed already. */
static void
change_life(struct call *c, const struct set_options *o, msec deadline)
{
    struct key key = call_key(c, 1);
    struct slot s;
    const char *event = NULL;

    db_slot_whole(c->db, &key, &s);
    if (!s.entry)
        return;
    if (o->flags & (SET_EXAT | SET_PXAT) && deadline <= clock_ms()) {
        slot_remove(&s, true);
        event = "del";
    } else if (o->flags & SET_TIME) {
        slot_set_deadline(&s, deadline);
        event = "expire";
    } else if (entry_deadline(s.entry) != NO_DEADLINE) {
        slot_set_deadline(&s, NO_DEADLINE);
        event = "persist";
    }
    if (event)
        db_changed(c->db, key.name, EVENT_GENERIC, event);
}

static void
cmd_getex(struct call *c)
{
    struct set_options o;
    struct entry *e;
    msec deadline;

    if (!read_options(c, 2, OF_GETEX, &o) || !string_read(c, 1, &e))
        return;
    if (!e) {
        reply_null(c->out);
        return;
    }
    if (!read_deadline(c, &o, &deadline))
        return;
    reply_entry(c, e);
    if (o.flags)
        change_life(c, &o, deadline);
}

/* SET reads its key only when GET is among the options. */
static bool
set_keys(const struct bytes *argv, int argc, struct found_keys *out)
{
    int i;

    for (i = 3; i < argc; i++)
        if (bytes_is(argv[i], "GET"))
            break;
    found_keys_add(out, 1, i < argc ? KEY_RW | A_ACCESS | A_UPDATE : KEY_OW | A_UPDATE);
    return true;
}

static const struct command string_commands[] = {
    { .name = "get", .run = cmd_get, .arity = 2, .flags = READONLY | FAST,
      .syntax = "key:k",
      .keys = { KEY(1, KEY_RO | A_ACCESS) },
      .since = "1.0.0", .cost = "O(1)",
      .summary = "Answer the string a key holds." },
    { .name = "getdel", .run = cmd_getdel, .arity = 2, .flags = WRITE | FAST,
      .syntax = "key:k",
      .keys = { KEY(1, KEY_RW | A_ACCESS | A_DELETE) },
      .since = "6.2.0", .cost = "O(1)",
      .summary = "Answer the string a key holds and remove the key." },
    { .name = "getex", .run = cmd_getex, .arity = -2, .flags = WRITE | FAST,
      .syntax = "key:k [expiration=(EX seconds:i|PX milliseconds:i|EXAT "
                "unix-time-seconds:t|PXAT unix-time-milliseconds:t|PERSIST)]",
      .keys = { KEY(1, KEY_RW | A_ACCESS | A_UPDATE,
                    .notes = "written to, because the deadline may change") },
      .since = "6.2.0", .cost = "O(1)",
      .summary = "Answer the string a key holds and change how long it lives." },
    { .name = "getset", .run = cmd_getset, .arity = 3, .flags = WRITE | DENY_OOM | FAST,
      .syntax = "key:k value",
      .keys = { KEY(1, KEY_RW | A_ACCESS | A_UPDATE) },
      .since = "1.0.0", .cost = "O(1)",
      .summary = "Set a key and answer the string it held before.",
      .deprecated_since = "6.2.0", .use_instead = "`SET` with the `GET` option" },
    { .name = "psetex", .run = cmd_psetex, .arity = 4, .flags = WRITE | DENY_OOM,
      .syntax = "key:k milliseconds:i value",
      .keys = { KEY(1, KEY_OW | A_UPDATE) },
      .since = "2.6.0", .cost = "O(1)",
      .summary = "Set a key for so many milliseconds." },
    { .name = "set", .run = cmd_set, .arity = -3, .flags = WRITE | DENY_OOM,
      .syntax = "key:k value [condition=(NX|XX|IFEQ ifeq-value@8.4.0|"
                "IFNE ifne-value@8.4.0)]@2.6.12 [GET]@6.2.0 "
                "[expiration=(EX seconds:i@2.6.12|PX milliseconds:i@2.6.12|"
                "EXAT unix-time-seconds:t@6.2.0|PXAT unix-time-milliseconds:t@6.2.0|"
                "KEEPTTL@6.0.0)]",
      .keys = { KEY(1, KEY_RW | A_ACCESS | A_UPDATE | KEY_VARIABLE, .by = set_keys,
                    .notes = "read and accessed only with `GET`") },
      .since = "1.0.0", .cost = "O(1)",
      .summary = "Make a key hold this string, whatever it held before.",
      .history = HISTORY({ "2.6.12", "`EX`, `PX`, `NX` and `XX` came." },
                         { "6.0.0", "`KEEPTTL` came." },
                         { "6.2.0", "`GET`, `EXAT` and `PXAT` came." },
                         { "7.0.0", "`NX` may be given together with `GET`." },
                         { "8.4.0", "`IFEQ` and `IFNE` came." }) },
    { .name = "setex", .run = cmd_setex, .arity = 4, .flags = WRITE | DENY_OOM,
      .syntax = "key:k seconds:i value",
      .keys = { KEY(1, KEY_OW | A_UPDATE) },
      .since = "2.0.0", .cost = "O(1)",
      .summary = "Set a key for so many seconds." },
    { .name = "setnx", .run = cmd_setnx, .arity = 3, .flags = WRITE | DENY_OOM | FAST,
      .syntax = "key:k value",
      .keys = { KEY(1, KEY_OW | A_INSERT) },
      .since = "1.0.0", .cost = "O(1)",
      .summary = "Set a key unless it is there already." },
};
const struct family string_family = FAMILY("string", ACL_STRING, string_commands);
