/* SPDX-License-Identifier: MIT
 * command/blocking.c - who waits for which key, and whose turn it is.
 *
 * Why:        a queue's consumers must not poll; they must be served in the order
 *             they came, lose nothing, and cost nothing while nothing happens.
 * How:        a wait hangs in the queue of each key that it waits for (awaited.c).
 *             A key listener, there only while somebody waits, notes changed keys.
 *             After the command (EXEC as a whole) the noted keys are served: the
 *             oldest wait's command is run again, for that key alone.
 * Invariants: 1. a client waits at most once; CLIENT_BLOCKED says whether.
 *             2. serving never runs inside a handler.
 * Cost:       a push pays one lookup while anybody waits; those who are not served
 *             are not looked at: once the key is empty again, or is of a type that
 *             they do not wait for (blocking_visits counts, tests check).
 * Read next:  command/awaited.c, commands/c_list_move.c */
#include "command/blocking.h"

#include <math.h>

#include "base/alloc.h"
#include "command/awaited.h"
#include "command/client.h"
#include "command/clients_pause.h"
#include "command/dispatch_call.h"
#include "command/table.h"
#include "command/tracking.h"
#include "net/conn.h"
#include "net/loop.h"
#include "structs/deadlines.h"
#include "structs/dict.h"

#define LOOK_MS 500             /* how late a change of the wall clock is noticed */

struct wait {
    struct client *client;
    struct registered *cmd;
    struct db *db;
    struct bytes *argv;
    int argc;
    int first, count, step;             /* where the keys are */
    msec deadline;                      /* 0: for ever */
    uint64_t ticks;                     /* of work, so far */
    size_t arguments, memory;           /* bytes of argv's texts, of all that it holds */
    enum block_reply on_timeout;
    bool is_muted;                      /* CLIENT REPLY OFF or SKIP: no reply */
    struct place places[];
};

struct blocking {
    struct server *server;
    struct awaited_keys keys;
    struct deadlines *deadlines;
    struct timer *timer;
    struct wait *retrying;              /* its handler is being run again */
    bool retry_failed;
    size_t clients;
    uint64_t visits;
};

/* --- waiting --- */

bool
call_timeout(struct call *c, int i, msec *deadline)
{
    long double seconds;

    if (!num_parse_ldouble(c->argv[i], &seconds)) {
        reply_error(c->out, "ERR timeout is not a float or out of range");
        return false;
    }
    seconds = ceill(seconds * 1000);
    if (seconds < 0) {
        reply_error(c->out, "ERR timeout is negative");
        return false;
    }
    if (seconds > (long double)(INT64_MAX - clock_ms())) {
        reply_error(c->out, "ERR timeout is out of range");
        return false;
    }
    *deadline = seconds > 0 ? clock_ms() + (msec)seconds : 0;
    return true;
}

static void
reply_timeout(struct reply *out, enum block_reply how)
{
    if (how == BLOCK_NULL)
        reply_null(out);
    else
        reply_null_array(out);
}

static void on_event(void *arg, struct db *db, struct bytes key, enum event_class what,
                     const char *event);

static void
listen(struct blocking *b, bool on)
{
    keyspace_listen_for(b->server->keyspace,
                        on ? ~(unsigned)(EVENT_KEY_MISS | EVENT_NEW) : 0, on_event, b);
}

/* The type a waiting command takes from. */
static enum type
wanted_type(const struct wait *w)
{
    if (w->cmd->categories & ACL_SORTEDSET)
        return TYPE_ZSET;
    return w->cmd->categories & ACL_STREAM ? TYPE_STREAM : TYPE_LIST;
}

/* Deadlines are times on the wall, whose clock may be set: it is looked at now and then,
 * for the loop's timers would not notice. */
static void
set_timer(struct blocking *b)
{
    msec when, left;

    if (!deadlines_first(b->deadlines, &when)) {
        timer_stop(b->timer);
        return;
    }
    clock_tick();
    left = when > clock_ms() ? when - clock_ms() : 0;
    timer_start(b->timer, left < LOOK_MS ? (double)left : LOOK_MS, 0);
}

/* Copies of the arguments, in one block; `*len` gets the bytes of their texts. */
static struct bytes *
copy_args(const struct bytes *argv, int argc, size_t *len)
{
    struct bytes *copy;
    char *to;

    *len = 0;
    for (int i = 0; i < argc; i++)
        *len += argv[i].len;
    copy = mem_alloc((size_t)argc * sizeof *argv + *len);
    to = (char *)(copy + argc);
    for (int i = 0; i < argc; i++) {
        memcpy(to, argv[i].at, argv[i].len);
        copy[i] = bytes_view(to, argv[i].len);
        to += argv[i].len;
    }
    return copy;
}

/* Hang `w` in the queues of its keys.  A key that others wait for too counts for each:
 * who leaves last frees it. */
static void
enqueue(struct blocking *b, struct wait *w)
{
    enum type type = wanted_type(w);

    for (int i = 0; i < w->count; i++) {
        struct bytes name = w->argv[w->first + i * w->step];

        awaited_enqueue(&b->keys, db_index(w->db), name, type, w, &w->places[i]);
        if (w->places[i].key)
            w->memory += mem_class(sizeof *w->places[i].key + name.len)
                         + DICT_PLACE_MEMORY;
    }
}

void
call_block(struct call *c, int first, int count, int step, msec deadline,
           enum block_reply on_timeout)
{
    struct blocking *b = c->server->blocking;
    struct wait *w;
    size_t arguments, size = sizeof *w + (size_t)count * sizeof w->places[0];

    if (b->retrying && b->retrying->client == c->client) {
        b->retry_failed = true;
        return;
    }
    if (!c->client->conn || client_is(c->client, CLIENT_IN_EXEC)) {
        reply_timeout(c->out, on_timeout);
        return;
    }
    w = mem_alloc(size);
    *w = (struct wait){ .client = c->client, .cmd = c->cmd, .db = c->db, .argc = c->argc,
                        .argv = copy_args(c->argv, c->argc, &arguments), .first = first,
                        .count = count, .step = step, .deadline = deadline,
                        .on_timeout = on_timeout, .is_muted = c->out->muted };
    w->arguments = arguments;
    w->memory = mem_class(size)
                + mem_class((size_t)c->argc * sizeof *w->argv + arguments);
    enqueue(b, w);
    if (deadline) {
        deadlines_add(b->deadlines, deadline, w);
        set_timer(b);
    }
    c->client->wait = w;
    client_set(c->client, CLIENT_BLOCKED, true);
    if (b->clients++ == 0)
        listen(b, true);
}

/* The wait is over; its client goes on at the end of the turn. */
static void
end_wait(struct blocking *b, struct wait *w)
{
    for (int i = 0; i < w->count; i++)
        awaited_dequeue(&b->keys, wanted_type(w), &w->places[i]);
    if (w->deadline)
        deadlines_remove(b->deadlines, w->deadline, w);
    w->client->wait = NULL;
    client_set(w->client, CLIENT_BLOCKED, false);
    if (--b->clients == 0)
        listen(b, false);
}

static void
free_wait(struct wait *w)
{
    mem_free(w->argv);
    mem_free(w);
}

size_t
blocking_memory(const struct client *c)
{
    return c->wait ? c->wait->memory : 0;
}

size_t
blocking_arguments(const struct client *c)
{
    return c->wait ? c->wait->arguments : 0;
}

void
blocking_ran(struct client *c, uint64_t ticks)
{
    c->wait->ticks += ticks;
}

/* It was served, or told to go: only then its work is done.  What is given up when its
 * time is over has no duration. */
static void
count_work(struct blocking *b, struct wait *w)
{
    struct call call = { .out = w->client->out, .db = w->db, .argv = w->argv,
                         .argc = w->argc, .client = w->client, .server = b->server,
                         .cmd = w->cmd };

    dispatch_waited(&call, w->ticks);
}

/* The reply is there: send it, and go on with what the client sent meanwhile. */
static void
release(struct blocking *b, struct wait *w)
{
    struct client *client = w->client;

    client->out->muted = false;
    end_wait(b, w);
    free_wait(w);
    client_pushed(client);
    clients_resume_later(client);
}

/* --- serving --- */

/* Of the changes of whole databases only an exchange brings something to take. */
static void
on_event(void *arg, struct db *db, struct bytes name, enum event_class what,
         const char *event)
{
    struct blocking *b = arg;

    (void)what;
    if (name.len > 0 || !event_is_of_database(event))
        awaited_note(&b->keys, db_index(db), name);
    else if (strcmp(event, "swapdb") == 0)
        awaited_note_all(&b->keys, db_index(db));
}

bool
blocking_has_work(const struct blocking *b)
{
    return b->keys.ready != NULL;
}

/* Run the command again as if `name` were its only key.  True when it was served. */
static bool
retry(struct blocking *b, struct wait *w, struct bytes name)
{
    struct bytes *argv = mem_alloc((size_t)w->argc * sizeof *argv);
    int argc = 0;
    struct call call = { .out = w->client->out, .db = w->db, .argv = argv,
                         .client = w->client, .server = b->server, .cmd = w->cmd };

    for (int i = 0; i < w->argc; i++) {
        bool is_key = i >= w->first && i < w->first + w->count * w->step
                      && (i - w->first) % w->step == 0;

        if (!is_key || w->count == 1)
            argv[argc++] = w->argv[i];
        else if (i == w->first)
            argv[argc++] = name;
    }
    if (w->count > 1 && w->cmd->row->keys[0].shape == KEYS_COUNT)
        argv[w->first - 1] = B("1");
    call.argc = argc;
    b->retrying = w;
    b->retry_failed = false;
    w->client->out->muted = w->is_muted;
    if (client_is(w->client, CLIENT_TRACKING))
        tracking_begin(w->client);
    w->ticks += dispatch_again(&call);
    if (client_is(w->client, CLIENT_TRACKING))
        tracking_end(w->client);
    w->client->out->muted = false;
    b->retrying = NULL;
    mem_free(argv);
    return !b->retry_failed;
}

static void
serve_key(struct blocking *b, struct awaited *a)
{
    struct db *db = keyspace_db(b->server->keyspace, a->db);
    struct key key = key_of(bytes_view(a->name, a->len));
    struct entry *e = db_peek(db, &key);
    enum type type = e ? entry_type(e) : TYPE_STRING;
    struct awaited_queue *q = awaited_queue(a, type);
    struct place *p, *next;

    for (p = q ? q->first : NULL; p; p = next) {
        next = p->next;
        e = db_peek(db, &key);
        if (!e || entry_type(e) != type)
            break;
        b->visits++;
        if (client_is(p->wait->client, CLIENT_DEAD) || !retry(b, p->wait, key.name))
            continue;
        count_work(b, p->wait);
        release(b, p->wait);
    }
}

void
blocking_serve(struct blocking *b)
{
    struct awaited *a;

    if (b->retrying)
        return;
    while ((a = awaited_take_ready(&b->keys)) != NULL) {
        serve_key(b, a);
        awaited_served(&b->keys, a);
    }
}

/* --- the end of a wait without a key --- */

static void
give_up(struct blocking *b, struct wait *w, bool with_error)
{
    w->client->out->muted = w->is_muted;
    if (with_error)
        reply_error(w->client->out, "UNBLOCKED client unblocked via CLIENT UNBLOCK");
    else
        reply_timeout(w->client->out, w->on_timeout);
    release(b, w);
}

bool
blocking_unblock(struct client *c, bool with_error)
{
    if (!c->wait)
        return false;
    c->wait->cmd->failed++;             /* with or without an error, as Redis has it */
    count_work(c->server->blocking, c->wait);
    give_up(c->server->blocking, c->wait, with_error);
    return true;
}

static void
on_time(void *arg)
{
    struct blocking *b = arg;
    struct wait *w;
    msec when;

    clock_tick();
    while ((w = deadlines_first(b->deadlines, &when)) != NULL && when <= clock_ms())
        give_up(b, w, false);
    set_timer(b);
}

void
blocking_forget(struct client *c)
{
    struct wait *w = c->wait;

    if (!w)
        return;
    end_wait(c->server->blocking, w);
    free_wait(w);
}

/* --- the service --- */

struct blocking *
blocking_new(struct server *server)
{
    struct blocking *b = mem_zalloc(sizeof *b);

    b->server = server;
    awaited_start(&b->keys, keyspace_databases(server->keyspace));
    b->deadlines = deadlines_new();
    b->timer = timer_new(server->loop, on_time, b);
    return b;
}

/* All clients are gone by now. */
void
blocking_free(struct blocking *b)
{
    if (!b)
        return;
    blocking_serve(b);                  /* lets go of keys noted but not served */
    timer_free(b->timer);
    deadlines_free(b->deadlines);
    awaited_end(&b->keys);
    mem_free(b);
}

size_t
blocking_clients(const struct blocking *b)
{
    return b->clients;
}

size_t
blocking_timeouts(const struct blocking *b)
{
    return deadlines_count(b->deadlines);
}

size_t
blocking_keys(const struct blocking *b)
{
    return b->keys.count;
}

uint64_t
blocking_visits(const struct blocking *b)
{
    return b->visits;
}
