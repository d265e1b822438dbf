/* SPDX-License-Identifier: MIT
 * command/command.h - what one row of a command table says.  Everything derives
 * from it: COMMAND, COMMAND DOCS, key extraction, ACL categories, HELP, arity. */
#ifndef IGNIS_COMMAND_COMMAND_H
#define IGNIS_COMMAND_COMMAND_H
#include <stdint.h>
#include "base/bytes.h"

struct call;
struct command;
struct value;

/* Flags: as COMMAND shows them, in Redis's order of printing. */
enum command_flag {
    WRITE = 1 << 0, READONLY = 1 << 1, DENY_OOM = 1 << 2, MODULE_FLAG = 1 << 3,
    ADMIN = 1 << 4, PUBSUB = 1 << 5, NOSCRIPT = 1 << 6, BLOCKING = 1 << 7,
    LOADING = 1 << 8, STALE = 1 << 9, SKIP_MONITOR = 1 << 10, SKIP_SLOWLOG = 1 << 11,
    ASKING = 1 << 12, FAST = 1 << 13, NO_AUTH = 1 << 14, MAY_REPLICATE = 1 << 15,
    NO_ASYNC_LOADING = 1 << 16, NO_MULTI = 1 << 17, NO_MANDATORY_KEYS = 1 << 18,
    ALLOW_BUSY = 1 << 19, PROTECTED = 1 << 20,
    TOUCHES_ARBITRARY_KEYS = 1 << 21,
    ONLY_SENTINEL = 1 << 22, SENTINEL = 1 << 23,
    NOT_QUEUED = 1 << 25,       /* runs at once also between MULTI and EXEC */
    WHILE_SUBSCRIBED = 1 << 27, /* also for a RESP2 client that hears channels */
    NOT_UNDONE = 1 << 28,       /* changes more than keys (sessions, counters, logs): not
                                 * in transactions with rollback; nor are ADMIN, PUBSUB,
                                 * MAY_REPLICATE and a WRITE without keys... */
    HARMLESS = 1 << 29,         /* ...but for these: they only read, or what they do can
                                 * wait for the transaction's end */
    RUNS_QUEUE = 1 << 26,       /* EXEC: what refuses it refuses the transaction */
    NO_KEYS_NEEDED = 1 << 24    /* a WRITE row without keys: says so on purpose */
};

/* ACL categories beyond those the flags imply (see command/acl.h). */
enum acl_category {
    ACL_KEYSPACE = 1 << 0, ACL_READ = 1 << 1, ACL_WRITE = 1 << 2, ACL_SET = 1 << 3,
    ACL_SORTEDSET = 1 << 4, ACL_LIST = 1 << 5, ACL_HASH = 1 << 6, ACL_STRING = 1 << 7,
    ACL_BITMAP = 1 << 8, ACL_HYPERLOGLOG = 1 << 9, ACL_GEO = 1 << 10,
    ACL_STREAM = 1 << 11, ACL_PUBSUB = 1 << 12, ACL_ADMIN = 1 << 13,
    ACL_FAST = 1 << 14, ACL_SLOW = 1 << 15,
    ACL_BLOCKING = 1 << 16, ACL_DANGEROUS = 1 << 17, ACL_CONNECTION = 1 << 18,
    ACL_TRANSACTION = 1 << 19, ACL_SCRIPTING = 1 << 20
};

/* What a command does to the keys of a spec, as key-spec flags name it. */
enum key_access {
    KEY_RO = 1 << 0, KEY_RW = 1 << 1, KEY_OW = 1 << 2, KEY_RM = 1 << 3,
    A_ACCESS = 1 << 4, A_UPDATE = 1 << 5, A_INSERT = 1 << 6, A_DELETE = 1 << 7,
    KEY_NOT_KEY = 1 << 8, KEY_INCOMPLETE = 1 << 9, KEY_VARIABLE = 1 << 10
};

/* KEYS_UNKNOWN: no shape says where they are (SORT ... BY, GET, STORE). */
enum key_shape { KEYS_NONE, KEYS_RANGE, KEYS_COUNT, KEYS_KEYWORD, KEYS_UNKNOWN };
struct found_keys;
/* Adds every key of a call; false when its arguments make no sense. */
typedef bool keys_fn(const struct bytes *argv, int argc, struct found_keys *out);

/* One key specification.  Indexes count from the command's name (or the
 * container's) = 0; negative ones from the end, -1 = last argument. */
struct key_spec {
    uint8_t shape;              /* enum key_shape; KEYS_NONE ends the list */
    uint16_t access;            /* enum key_access bits */
    int16_t first;              /* begin: index, or (keyword) where to start looking */
    int16_t last;               /* range: last key, absolute or negative; keyword:
                                 * relative to the first */
    int16_t step;
    int16_t limit;              /* keyword with limit (XREAD: 2) */
    const char *keyword;
    const char *notes;          /* our own words, shown by COMMAND INFO */
    keys_fn *by;                /* where shapes are not enough: finds all keys of the
                                 * call, those of the other specs too */
};
/* The last arguments of each may be further fields: KEY(1, KEY_RW, .by = set_keys). */
#define KEY(at, acc, ...) { .shape = KEYS_RANGE, .first = (at), .last = (at), .step = 1, \
        .access = (acc), __VA_ARGS__ }
#define KEYS(from, to, by_, acc, ...) { .shape = KEYS_RANGE, .first = (from), \
        .last = (to), .step = (by_), .access = (acc), __VA_ARGS__ }
/* argv[at] is the number of keys, which follow it. */
#define KEYS_COUNTED(at, acc, ...) { .shape = KEYS_COUNT, .first = (at), .step = 1, \
        .access = (acc), __VA_ARGS__ }
#define KEYS_AFTER(word, from, last_, step_, limit_, acc, ...) { .shape = KEYS_KEYWORD, \
        .keyword = (word), .first = (from), .last = (last_), .step = (step_), \
        .limit = (limit_), .access = (acc), __VA_ARGS__ }
#define UNKNOWN_KEYS(acc, ...) { .shape = KEYS_UNKNOWN, .access = (acc), __VA_ARGS__ }

#define KEY_SPECS_MAX 4

struct history { const char *since, *what; };
/* .history = HISTORY({ "6.0.0", "KEEPTTL came." }, { "7.0.0", "..." }) */
#define HISTORY(...) (const struct history[]){ __VA_ARGS__, { NULL, NULL } }

/* A row.  Always with designated initialisers.
 *
 * Syntax, one string for the whole COMMAND DOCS argument tree.  Items are separated by
 * blanks:
 *   name            a string argument (no type suffix: type "string")
 *   name:T          T is k key, i integer, d double, t unix-time, p pattern, s string
 *   TOKEN           upper case alone: a pure token, named as the token in lower case
 *   name=TOKEN      a pure token whose argument has another name
 *   TOKEN name:T    a token that goes with the next argument
 *   name=(A|B|C)    one of; alternatives are items, or blocks (with tokens)
 *   name={a b c}    block
 *   TOKEN name=(..) a token before a oneof or block
 *   [item]          optional        item...   may repeat
 *   [GET p:p]...    repeats together with its token
 *   item@7.0.0      since that version (written after the item, and after `...`)
 *   item!6.2.0      deprecated since (after @)
 *   item~text       display text, when it differs from the name
 *   "TOKEN"         a token to be quoted: contains special bytes; may be empty
 * Keys fall on :k items; key specs are numbered in the order of :k items.  A digit
 * after the type names the spec instead: LCS's `key1:k key2:k0`, SORT's `pattern:p1`.
 * A colon before anything else belongs to the name: `ip:port`. */
struct command {
    const char *name;           /* lower case; of a subcommand: its own word */
    const char *container;      /* "config" for CONFIG GET; NULL at the top level */
    void (*run)(struct call *call);     /* NULL for containers (but COMMAND) */
    /* NULL, or: the key at argv[1] holds `v`; ask memory for what the command will touch
     * in it, without waiting: `deep` after everything was asked for once without. */
    void (*warm)(struct value v, const struct bytes *argv, bool deep);
    int16_t arity;              /* as COMMAND: counts the name; negative = at least.
                                 * Subcommands count the container's word too. */
    uint32_t flags;             /* enum command_flag */
    uint32_t also;              /* categories besides the family's and the implied */
    uint32_t not_also;          /* the family's category this row does not have */
    const char *syntax;         /* NULL or "": no arguments */
    struct key_spec keys[KEY_SPECS_MAX];
    const char *since;          /* version it came with, Redis's numbers */
    const char *cost;           /* complexity; our own words */
    const char *summary;        /* one sentence of our own words */
    const struct history *history;      /* ends with { NULL, NULL } */
    const char *deprecated_since, *use_instead;
    const char *tips;           /* "nondeterministic_output request_policy:all_shards" */
    uint32_t doc_flags;         /* DOC_SYSCMD ... */
};
enum { DOC_SYSCMD = 1 << 0 };

/* A family of commands: one file of commands/, its table at the foot. */
struct family {
    const char *group;          /* as COMMAND DOCS: "string", "generic", "server" ... */
    uint32_t category;          /* enum acl_category each row has */
    const struct command *rows;
    size_t count;
};
#define FAMILY(group_, category_, rows_) \
    { .group = (group_), .category = (category_), .rows = (rows_), \
      .count = sizeof(rows_) / sizeof((rows_)[0]) }

#endif
