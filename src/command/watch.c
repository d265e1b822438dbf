/* SPDX-License-Identifier: MIT
 * command/watch.c - WATCH: has anybody touched these keys since?
 *
 * How:        a dict per database from key to the clients that watch it; a key
 *             listener, there only while something is watched, marks the clients.
 *             EXEC looks as well: a key that is over by its deadline counts as changed
 *             although nobody has removed it yet.
 * Invariants: 1. a client watches a key at most once.
 *             2. each watch hangs in its client's list and in its key's list.
 * Read next:  commands/c_transaction.c */
#include "base/alloc.h"
#include "command/client.h"
#include "command/transaction.h"
#include "structs/dict.h"

struct watched_key;

struct watch {
    struct client *client;
    struct watched_key *key;
    struct watch *next_of_client;
    struct watch *prev, *next;          /* of the key */
    size_t memory;                      /* of this one and all after it of the client */
    bool was_there;
};

struct watched_key {
    struct watch *first;
    int db;
    size_t len;
    char name[];
};

struct watches {
    struct server *server;
    struct dict **keys;
    int databases;
    size_t clients, key_count;
    struct db *swapped;                 /* the first half of an exchange, else NULL */
};

static struct bytes
name_of(const void *item)
{
    const struct watched_key *k = item;

    return bytes_view(k->name, k->len);
}

static const struct dict_ops watched_ops = { .key_of = name_of };

static void
mark_all(struct watched_key *k)
{
    for (struct watch *w = k->first; w; w = w->next)
        client_set(w->client, CLIENT_WATCH_BROKEN, true);
}

static void
mark_existing(void *item, void *arg)
{
    struct watched_key *k = item;
    struct key key = key_of(bytes_view(k->name, k->len));

    if (db_peek(arg, &key))
        mark_all(k);
}

/* Of the keys watched in `db`, those that are there in `where`. */
static void
mark_those_in(struct watches *all, const struct db *db, struct db *where)
{
    struct dict *keys = all->keys[db_index(db)];
    uint64_t cursor = 0;

    if (!keys)
        return;
    do
        cursor = dict_scan(keys, cursor, 100, mark_existing, where);
    while (cursor);
}

/* The whole database is about to go, or to be exchanged for another: keys that are
 * there, and keys that will be.  A look at those whose time is over removes them, so
 * that they do not come, to go later. */
static void
on_database(struct watches *all, struct db *db, const char *event)
{
    mark_those_in(all, db, db);
    if (strcmp(event, "swapdb") != 0)
        return;
    if (!all->swapped) {
        all->swapped = db;
        return;
    }
    mark_those_in(all, db, all->swapped);
    mark_those_in(all, all->swapped, db);
    all->swapped = NULL;
}

static void
on_event(void *arg, struct db *db, struct bytes name, enum event_class what,
         const char *event)
{
    struct watches *all = arg;
    struct dict *keys = all->keys[db_index(db)];
    struct key key;
    struct watched_key *k;

    (void)what;
    if (name.len == 0 && event_is_of_database(event)) {
        on_database(all, db, event);
        return;
    }
    if (!keys || dict_count(keys) == 0)
        return;
    key = key_of(name);
    k = dict_find(keys, key.name, key.hash);
    if (k)
        mark_all(k);
}

static void
listen(struct watches *all, bool on)
{
    keyspace_listen_for(all->server->keyspace,
                        on ? ~(unsigned)(EVENT_KEY_MISS | EVENT_NEW) : 0, on_event, all);
}

/* Both lists may be long, the key's and the client's: they are walked side by side, to
 * the end of the shorter. */
static bool
is_watched_by(const struct client *c, const struct watched_key *k)
{
    const struct watch *of_key = k->first, *of_client = c->watched;

    while (of_key && of_client && of_key->client != c && of_client->key != k) {
        of_key = of_key->next;
        of_client = of_client->next_of_client;
    }
    return of_key && of_client;
}

size_t
watch_memory(const struct client *c)
{
    return c->watched ? c->watched->memory : 0;
}

void
watch_key(struct call *c, int arg)
{
    struct watches *all = c->server->watches;
    struct key key = call_key(c, arg);
    int db = db_index(c->db);
    struct watched_key *k;
    struct watch *w;

    if (!all->keys[db])
        all->keys[db] = dict_new(&watched_ops);
    k = dict_find(all->keys[db], key.name, key.hash);
    if (k && is_watched_by(c->client, k))
        return;
    if (!k) {
        k = mem_zalloc(sizeof *k + key.name.len);
        k->db = db;
        k->len = key.name.len;
        memcpy(k->name, key.name.at, key.name.len);
        dict_add(all->keys[db], k, key.hash);
        all->key_count++;
    }
    w = mem_alloc(sizeof *w);
    *w = (struct watch){ .client = c->client, .key = k, .next = k->first,
                         .next_of_client = c->client->watched,
                         .memory = watch_memory(c->client) + mem_class(sizeof *w)
                                   + mem_class(sizeof *k + k->len) + DICT_PLACE_MEMORY,
                         .was_there = db_peek(c->db, &key) != NULL };
    if (k->first)
        k->first->prev = w;
    k->first = w;
    if (!c->client->watched && all->clients++ == 0)
        listen(all, true);
    c->client->watched = w;
}

static void
unlink_watch(struct watches *all, struct watch *w)
{
    struct watched_key *k = w->key;

    *(w->prev ? &w->prev->next : &k->first) = w->next;
    if (w->next)
        w->next->prev = w->prev;
    mem_free(w);
    if (k->first)
        return;
    dict_remove_item(all->keys[k->db], k, hash_bytes(k->name, k->len));
    all->key_count--;
    mem_free(k);
}

void
watch_forget_all(struct client *c)
{
    struct watches *all = c->server->watches;
    struct watch *w, *next;

    client_set(c, CLIENT_WATCH_BROKEN, false);
    if (!c->watched)
        return;
    for (w = c->watched; w; w = next) {
        next = w->next_of_client;
        unlink_watch(all, w);
    }
    c->watched = NULL;
    if (--all->clients == 0)
        listen(all, false);
}

bool
watch_is_broken(struct client *c)
{
    struct key key;

    if (client_is(c, CLIENT_WATCH_BROKEN))
        return true;
    for (struct watch *w = c->watched; w; w = w->next_of_client) {
        key = key_of(bytes_view(w->key->name, w->key->len));
        if (w->was_there != !!db_peek(keyspace_db(c->server->keyspace, w->key->db), &key))
            return true;
    }
    return client_is(c, CLIENT_WATCH_BROKEN);   /* by fields that the look removed */
}

struct watches *
watches_new(struct server *server)
{
    struct watches *all = mem_zalloc(sizeof *all);

    all->server = server;
    all->databases = keyspace_databases(server->keyspace);
    all->keys = mem_zalloc((size_t)all->databases * sizeof *all->keys);
    return all;
}

void
watches_free(struct watches *all)
{
    if (!all)
        return;
    for (int i = 0; i < all->databases; i++)
        dict_free(all->keys[i]);
    mem_free(all->keys);
    mem_free(all);
}

size_t
watches_clients(const struct watches *all)
{
    return all->clients;
}

size_t
watches_keys(const struct watches *all)
{
    return all->key_count;
}
