/* SPDX-License-Identifier: MIT
 * command/call.h - one command being carried out: all that a handler gets. */
#ifndef IGNIS_COMMAND_CALL_H
#define IGNIS_COMMAND_CALL_H
#include "base/num.h"
#include "command/command.h"
#include "keyspace/keyspace.h"
#include "wire/resp_write.h"

struct client;
struct registered;
struct server;

struct call {
    struct reply *out;
    struct db *db;
    struct bytes *argv;         /* argv[0] is the command's name; of a subcommand
                                 * argv[1] is its word */
    int argc;
    int hashed_arg;             /* this argument (0: none) is a key already hashed */
    uint64_t hash;              /* to this */
    struct blob **blobs;        /* NULL, or by argument: see struct request */
    uint64_t redacted;          /* bit i: keep argument i out of logs (63: all after) */

    struct client *client;      /* never NULL */
    struct server *server;
    struct registered *cmd;
};

/* The parts, made by server/parts.c; opaque here, each with its header. */
struct server {
    struct config *config;              /* config/config.h */
    struct keyspace *keyspace;          /* keyspace/keyspace.h */
    struct loop *loop;                  /* net/loop.h */
    struct command_table *commands;     /* command/table.h */
    struct clients *clients;            /* command/clients.h */
    struct slowlog *slowlog;            /* command/slowlog.h */
    struct latency *latency;            /* command/latency.h */
    struct stats *stats;                /* command/stats.h */
    struct errorstats *errorstats;      /* command/stats.h */
    struct portions *expiry;            /* command/portions.h */
    struct info *info;                  /* command/info.h */
    struct blocking *blocking;          /* command/blocking.h */
    struct watches *watches;            /* command/transaction.h */
    struct pubsub *pubsub;              /* command/pubsub.h */
    struct tracking *tracking;          /* command/tracking.h */
};

static inline struct key
call_key(const struct call *c, int i)
{
    if (LIKELY(i == c->hashed_arg))
        return (struct key){ c->argv[i], c->hash };
    return key_of(c->argv[i]);
}

/* The value of argument i: a number, a view, or a reference to its blob, for
 * slot_put to adopt. */
struct value call_value(struct call *c, int i);

/* --- arguments; each answers the error itself and returns false --- */
/* "ERR value is not an integer or out of range" */
bool call_int(struct call *c, int i, int64_t *out);
/* "ERR value is not a valid float" */
bool call_double(struct call *c, int i, double *out);
bool call_ldouble(struct call *c, int i, long double *out);
/* A SCAN cursor, as strtoul reads it: a sign is fine, "" is 0, blanks and overflow are
 * not: "ERR invalid cursor".  One that was never given out is at the end. */
bool call_cursor(struct call *c, int i, uint64_t *out);
/* Case-insensitive option word? */
static inline bool
call_is(const struct call *c, int i, const char *word)
{
    return bytes_is(c->argv[i], word);
}
/* True when `e` is NULL or of this type; else answers WRONGTYPE. */
bool call_type_ok(struct call *c, const struct entry *e, enum type type);
/* The entry of key argument i for reading (*e NULL: none), or its slot for writing; false
 * when it holds another type. */
static inline bool
call_read(struct call *c, int i, enum type type, struct entry **e)
{
    struct key key = call_key(c, i);

    *e = db_read(c->db, &key);
    return call_type_ok(c, *e, type);
}
static inline bool
call_slot(struct call *c, int i, enum type type, struct slot *s)
{
    struct key key = call_key(c, i);

    db_slot(c->db, &key, s);
    return call_type_ok(c, s->entry, type);
}
/* Relative or absolute expiry argument i in `unit` (1 ms or 1000) to an absolute
 * deadline; answers "ERR invalid expire time in 'set' command" for <= 0 or overflow. */
bool call_deadline(struct call *c, int i, bool relative, int unit, msec *out);

/* --- common answers --- */
void call_syntax_error(struct call *c);                 /* ERR syntax error */
void call_wrong_type(struct call *c);
/* ERR wrong number of arguments for 'x' command */
void call_wrong_args(struct call *c);
/* "ERR unknown subcommand or wrong number of arguments for 'x'. Try CONTAINER HELP.":
 * where the arity of a subcommand's row lets more through than it takes. */
void call_wrong_subcommand(struct call *c, const char *container);
void call_no_such_key(struct call *c);                  /* ERR no such key */
void call_reply_value(struct call *c, struct value v);  /* a string value as bulk */
/* The slowlog and MONITOR must not show argument i: secrets. */
void call_redact(struct call *c, int i);
/* Argument i, as they may show it. */
struct bytes call_shown(const struct call *c, int i);
#endif
