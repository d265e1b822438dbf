/* SPDX-License-Identifier: MIT
 * command/transaction.c - the queue between MULTI and EXEC.
 *
 * Why:        commands of one client that no other client's command may come between.
 * How:        a queued call is a copy of its arguments in one block; EXEC runs them
 *             in order, each counted, timed and told to MONITOR like any other.
 *             With rollback the keyspace keeps a journal (keyspace/journal.c), which
 *             holds published messages too, and the replies go into a reply of their
 *             own, so that all of it can be dropped.
 * Invariants: 1. CLIENT_MULTI is set exactly while client->transaction is not NULL.
 *             2. nothing that the journal cannot take back is queued in a transaction
 *                with rollback.
 * Cost:       one allocation per queued command.
 * Left out:   undoing what is no key (sessions, counters, options): such commands are
 *             refused when queued. SELECT is taken back, being one pointer.
 * Read next:  command/watch.c, commands/c_transaction.c */
#include "command/transaction.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "command/client.h"
#include "command/dispatch_call.h"
#include "command/table.h"
#include "config/config.h"
#include "keyspace/journal.h"

struct queued {
    struct registered *cmd;
    struct blob **blobs;                /* NULL, or one per argument: big ones, shared */
    int argc;
    size_t size;
    struct bytes argv[];
};

struct transaction {
    struct queued **calls;
    size_t count, room, memory;
    uint32_t flags;                     /* of all queued commands */
    bool is_refused, rollback;
};

void
transaction_begin(struct client *c, bool rollback)
{
    c->transaction = mem_zalloc(sizeof *c->transaction);
    c->transaction->rollback = rollback;
    client_set(c, CLIENT_MULTI, true);
}

void
transaction_refuse(struct client *c)
{
    if (c->transaction)
        c->transaction->is_refused = true;
}

bool
transaction_has_flag(const struct client *c, uint32_t flags)
{
    return c->transaction && (c->transaction->flags & flags);
}

/* Big arguments are shared, the others copied behind argv. */
static struct queued *
copy_call(const struct call *c)
{
    size_t size = sizeof(struct queued) + (size_t)c->argc * sizeof(struct bytes);
    struct queued *q;
    char *to;

    for (int i = 0; i < c->argc; i++)
        if (!c->blobs || !c->blobs[i])
            size += c->argv[i].len;
    q = mem_alloc(size);
    *q = (struct queued){ .cmd = c->cmd, .argc = c->argc, .size = size };
    if (c->blobs)
        q->blobs = mem_zalloc((size_t)c->argc * sizeof *q->blobs);
    to = (char *)(q->argv + c->argc);
    for (int i = 0; i < c->argc; i++) {
        if (c->blobs && c->blobs[i]) {
            q->blobs[i] = blob_share(c->blobs[i]);
            q->argv[i] = blob_view(q->blobs[i]);
            continue;
        }
        memcpy(to, c->argv[i].at, c->argv[i].len);
        q->argv[i] = bytes_view(to, c->argv[i].len);
        to += c->argv[i].len;
    }
    return q;
}

/* Big arguments are its own: their reader has let go of them. */
static size_t
queued_memory(const struct queued *q)
{
    size_t n = mem_class(q->size);

    if (q->blobs)
        n += mem_class((size_t)q->argc * sizeof *q->blobs);
    for (int i = 0; q->blobs && i < q->argc; i++)
        if (q->blobs[i])
            n += blob_memory(q->blobs[i]);
    return n;
}

static void
free_call(struct queued *q)
{
    for (int i = 0; q->blobs && i < q->argc; i++)
        blob_release(q->blobs[i]);
    mem_free(q->blobs);
    mem_free_sized(q, q->size);
}

bool
transaction_may_undo(const struct command *row)
{
    if (row->flags & HARMLESS)
        return true;
    if (row->flags & (ADMIN | MAY_REPLICATE | PUBSUB | NOT_UNDONE))
        return false;
    return !(row->flags & WRITE) || row->keys[0].shape != KEYS_NONE;
}

void
transaction_queue(struct call *c)
{
    struct transaction *t = c->client->transaction;

    if (c->cmd->row->flags & NO_MULTI) {
        reply_error(c->out, "ERR Command not allowed inside a transaction");
        t->is_refused = true;
        return;
    }
    if (t->rollback && !transaction_may_undo(c->cmd->row)) {
        reply_errorf(c->out, "ERR '%s' cannot be undone and is not allowed in a "
                     "transaction with rollback", c->cmd->full_name);
        t->is_refused = true;
        return;
    }
    reply_status(c->out, "QUEUED");
    if (t->is_refused || client_is(c->client, CLIENT_WATCH_BROKEN))
        return;                         /* it will never run */
    if (t->count == t->room) {
        t->room = t->room ? 2 * t->room : 4;
        t->calls = mem_realloc(t->calls, t->room * sizeof *t->calls);
    }
    t->calls[t->count] = copy_call(c);
    t->memory += queued_memory(t->calls[t->count++]);
    t->flags |= c->cmd->row->flags;
}

static void
free_transaction(struct transaction *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->count; i++)
        free_call(t->calls[i]);
    mem_free(t->calls);
    mem_free(t);
}

void
transaction_drop(struct client *c)
{
    free_transaction(c->transaction);
    c->transaction = NULL;
    client_set(c, CLIENT_MULTI, false);
    watch_forget_all(c);
}

static void
run_queued(struct call *exec, struct queued *q, struct reply *out)
{
    struct call call = {
        .out = out, .db = exec->client->db, .argv = q->argv, .argc = q->argc,
        .blobs = q->blobs, .client = exec->client, .server = exec->server, .cmd = q->cmd,
    };

    dispatch_inner(&call);
}

static void
run_all(struct call *exec, struct transaction *t)
{
    reply_array(exec->out, t->count);
    for (size_t i = 0; i < t->count; i++)
        run_queued(exec, t->calls[i], exec->out);
}

/* All or nothing: replies are kept aside until it is known which. */
static void
run_or_undo(struct call *exec, struct transaction *t)
{
    struct keyspace *ks = exec->server->keyspace;
    struct client *client = exec->client;
    struct db *db = client->db;
    struct reply aside, *out = client->out;
    uint64_t errors;
    size_t i;

    reply_start(&aside);
    aside.proto = out->proto;
    aside.muted = out->muted;
    client->out = &aside;
    journal_begin(ks);
    for (i = 0; i < t->count; i++) {
        errors = reply_errors();
        run_queued(exec, t->calls[i], &aside);
        if (reply_errors() != errors)
            break;
    }
    client->out = out;
    if (i == t->count) {
        journal_commit(ks);
        reply_array(out, t->count);
        out->proto = aside.proto;
        reply_splice(out, &aside);
        return;
    }
    journal_rollback(ks);
    client->db = db;
    reply_errorf(out, "EXECABORT Transaction rolled back: %.*s",
                 B_ARG(reply_last_error()));
    reply_drop(&aside);
}

void
transaction_exec(struct call *c)
{
    struct client *client = c->client;
    struct transaction *t = client->transaction;

    if (t->is_refused) {
        reply_error(c->out, "EXECABORT Transaction discarded because of previous "
                    "errors.");
        transaction_drop(client);
        return;
    }
    if (watch_is_broken(client)) {
        reply_null_array(c->out);
        transaction_drop(client);
        return;
    }
    watch_forget_all(client);
    client_set(client, CLIENT_IN_EXEC, true);
    if (t->rollback)
        run_or_undo(c, t);
    else
        run_all(c, t);
    client_set(client, CLIENT_IN_EXEC, false);
    transaction_drop(client);
    clock_tick();                       /* it was one instant, and may have been long */
}

void
transaction_refuse_exec(struct call *c, struct bytes why)
{
    size_t code = 0;

    while (code < why.len && why.at[code] != ' ')       /* "OOM command ..." */
        code++;
    if (bytes_equal(bytes_view(why.at, code), B("ERR")) && code < why.len)
        why = bytes_view(why.at + code + 1, why.len - code - 1);
    reply_errorf(c->out, "EXECABORT Transaction discarded because of: %.*s", B_ARG(why));
    transaction_drop(c->client);
}

int
transaction_length(const struct client *c)
{
    return c->transaction ? (int)c->transaction->count : -1;
}

size_t
transaction_memory(const struct client *c)
{
    const struct transaction *t = c->transaction;

    if (!t)
        return 0;
    return mem_class(sizeof *t) + t->memory
        + (t->room ? mem_class(t->room * sizeof *t->calls) : 0);
}
