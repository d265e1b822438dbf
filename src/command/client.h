/* SPDX-License-Identifier: MIT
 * command/client.h - a session: who talks to us over a connection, and what the
 * commands of that session remember. */
#ifndef IGNIS_COMMAND_CLIENT_H
#define IGNIS_COMMAND_CLIENT_H
#include "base/bytes.h"
#include "base/clock.h"
#include "wire/resp_write.h"

struct conn;
struct db;
struct registered;
struct request_reader;
struct server;
struct subscriptions;
struct postponed;
struct tracker;
struct transaction;
struct wait;
struct watch;

enum client_flag {
    CLIENT_AUTHENTICATED = 1 << 0,
    CLIENT_CLOSE_AFTER_REPLY = 1 << 1,
    CLIENT_REPLY_OFF = 1 << 2,
    CLIENT_REPLY_SKIP = 1 << 3,         /* this command's reply is dropped */
    CLIENT_REPLY_SKIP_NEXT = 1 << 4,
    CLIENT_MONITOR = 1 << 5,            /* O in CLIENT LIST */
    CLIENT_NO_EVICT = 1 << 6,
    CLIENT_NO_TOUCH = 1 << 7,
    CLIENT_BLOCKED = 1 << 8,            /* waits; its next requests wait too */
    CLIENT_POSTPONED = 1 << 9,          /* held back by CLIENT PAUSE */
    CLIENT_MULTI = 1 << 10,
    CLIENT_PUBSUB = 1 << 11,            /* subscribed to something */
    CLIENT_REPLICA = 1 << 12,
    CLIENT_MASTER = 1 << 13,
    CLIENT_UNIX = 1 << 14,
    CLIENT_READONLY = 1 << 15,
    CLIENT_RUNNING = 1 << 16,           /* a command of it is being carried out */
    CLIENT_DEAD = 1 << 17,              /* close at the end of the turn */
    CLIENT_DEAF = 1 << 18,              /* QUIT without a reply: stays open, unheard */
    CLIENT_IN_EXEC = 1 << 19,           /* EXEC runs its queued commands */
    CLIENT_WATCH_BROKEN = 1 << 20,      /* a watched key was changed */
    CLIENT_RESUMING = 1 << 21,          /* goes on at the end of the turn */
    CLIENT_TRACKING = 1 << 22,          /* is told when keys it knows change */
    CLIENT_TRACKING_CACHING = 1 << 23,  /* CLIENT CACHING, for the next command */
    CLIENT_WITHDRAWN = 1 << 24,         /* waits for the end of its connection only */
    CLIENT_CROWDS = 1 << 25             /* by what it did, clients hold too much */
};

/* What few clients have: allocated at first use. */
struct client_extra {
    char *name, *lib_name, *lib_version;
    size_t memory;                      /* of these texts */
};

struct client {
    struct reply *out;                  /* the connection's queue */
    struct db *db;
    struct server *server;
    struct conn *conn;                  /* NULL: internal */
    struct request_reader *reader;      /* NULL between requests */
    struct postponed *postponed;        /* requests that wait, raw; mostly NULL */
    struct client_extra *extra;         /* mostly NULL */
    struct transaction *transaction;    /* between MULTI and EXEC */
    struct watch *watched;              /* keys of WATCH */
    struct wait *wait;                  /* blocked: for what */
    struct subscriptions *subscriptions;        /* channels, patterns; see pubsub.c */
    struct tracker *tracker;            /* CLIENT TRACKING; see tracking.c */
    struct registered *last_command;
    uint64_t id;
    uint32_t flags;
    uint32_t created_s;                 /* wall seconds */
    uint32_t soft_limit_since_s;        /* output above the soft limit since; 0 = not */
    size_t counted_memory;              /* in clients' running sum, see clients.c */
    struct client *prev, *next;         /* all clients, by age */
};

/* Has it this flag, or one of these? */
static inline bool
client_is(const struct client *c, enum client_flag f)
{
    return (c->flags & f) != 0;
}

static inline void
client_set(struct client *c, enum client_flag f, bool on)
{
    c->flags = on ? c->flags | f : c->flags & ~(uint32_t)f;
}

const char *client_name(const struct client *c);        /* "" when none */
/* From CLIENT SETINFO; "" when none. */
const char *client_lib_name(const struct client *c);
const char *client_lib_version(const struct client *c);
/* Empty removes the name.  The bytes were checked by client_name_is_valid. */
void client_set_name(struct client *c, struct bytes name);
void client_set_lib(struct client *c, bool version, struct bytes text);
/* Printable, no spaces or newlines. */
bool client_name_is_valid(struct bytes name);

/* The user's name for CLIENT LIST and ACL WHOAMI: "default", there are no others yet. */
const char *client_user(const struct client *c);
/* Memory of the session: itself, partial input, queued output. */
size_t client_memory(const struct client *c);
/* RESET: as a fresh session is (MONITOR off, db 0, RESP2, no name, auth as at start). */
void client_reset(struct client *c);
/* Close it as soon as that is safe: after the command that it runs, else now.  What it
 * was answered is sent before, as far as the socket takes it. */
void client_kill(struct client *c);
/* Close it without sending what is queued: limits were passed, input is hostile. */
void client_drop(struct client *c);
/* Something was appended to its reply from outside its own command: send it, check
 * limits. */
void client_pushed(struct client *c);

#endif
