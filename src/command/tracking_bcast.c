/* SPDX-License-Identifier: MIT
 * command/tracking_bcast.c - changed keys by prefix, until the end of the turn.
 *
 * Why:        who follows a prefix wants one message with all that changed, not one
 *             per key, and nothing is remembered about what he read.
 * How:        each prefix has its followers and a dict of the keys that changed
 *             since the last message.  The list of keys is encoded once for all who
 *             are told everything.
 * Cost:       one comparison per prefix and change.
 * Read next:  command/tracking.c */
#include "command/tracking_bcast.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "structs/dict.h"

#define FOLLOWERS_FIRST 4

struct changed {
    uint64_t actor;                     /* 0: more than one, or nobody */
    size_t len;
    char name[];
};

struct prefix {
    struct prefix *next;
    void **followers;
    size_t count, room;
    struct dict *keys;
    size_t len;
    char name[];
};

struct broadcast {
    struct prefix *first;               /* in memcmp order */
    size_t count;
    size_t noted;                       /* keys, in all prefixes */
};

static struct bytes
key_of_item(const void *item)
{
    const struct changed *k = item;

    return bytes_view(k->name, k->len);
}

static void
free_item(void *item)
{
    mem_free(item);
}

static const struct dict_ops changed_ops = {
    .key_of = key_of_item, .free_item = free_item
};

struct bytes
prefix_name(const struct prefix *p)
{
    return bytes_view(p->name, p->len);
}

size_t
prefix_memory(const struct prefix *p)
{
    return mem_class(sizeof *p + p->len) + dict_memory(p->keys)
        + mem_class(FOLLOWERS_FIRST * sizeof *p->followers);
}

/* Where the prefix is, or belongs. */
static struct prefix **
place_of(struct broadcast *b, struct bytes name)
{
    struct prefix **at = &b->first;

    while (*at && bytes_compare(prefix_name(*at), name) < 0)
        at = &(*at)->next;
    return at;
}

struct prefix *
broadcast_join(struct broadcast *b, struct bytes name, void *follower)
{
    struct prefix **at = place_of(b, name), *p = *at;

    if (!p || !bytes_equal(prefix_name(p), name)) {
        p = mem_zalloc(sizeof *p + name.len);
        p->len = name.len;
        memcpy(p->name, name.at, name.len);
        p->keys = dict_new(&changed_ops);
        p->next = *at;
        *at = p;
        b->count++;
    }
    if (p->count == p->room) {
        p->room = p->room ? 2 * p->room : FOLLOWERS_FIRST;
        p->followers = mem_realloc(p->followers, p->room * sizeof *p->followers);
    }
    p->followers[p->count++] = follower;
    return p;
}

static void
prefix_free(struct prefix *p)
{
    dict_free(p->keys);
    mem_free(p->followers);
    mem_free(p);
}

void
broadcast_leave(struct broadcast *b, struct prefix *p, void *follower)
{
    size_t i = 0;

    while (p->followers[i] != follower)
        i++;
    memmove(p->followers + i, p->followers + i + 1,
            (--p->count - i) * sizeof *p->followers);
    if (p->count)
        return;
    b->noted -= dict_count(p->keys);
    b->count--;
    *place_of(b, prefix_name(p)) = p->next;
    prefix_free(p);
}

void
broadcast_note(struct broadcast *b, struct bytes key, uint64_t actor)
{
    uint64_t hash = 0;
    struct changed *k;

    for (struct prefix *p = b->first; p; p = p->next) {
        if (p->len > key.len || memcmp(p->name, key.at, p->len) != 0)
            continue;
        hash = hash ? hash : hash_bytes(key.at, key.len);
        k = dict_find(p->keys, key, hash);
        if (k && k->actor != actor)
            k->actor = 0;
        if (k)
            continue;
        k = mem_alloc(sizeof *k + key.len);
        *k = (struct changed){ .actor = actor, .len = key.len };
        memcpy(k->name, key.at, key.len);
        dict_add(p->keys, k, hash);
        b->noted++;
    }
}

static int
by_name(const void *a, const void *b)
{
    return bytes_compare(key_of_item(*(void *const *)a), key_of_item(*(void *const *)b));
}

static struct changed **
sorted_keys(struct prefix *p)
{
    struct changed **keys = mem_alloc(dict_count(p->keys) * sizeof *keys), *k;
    struct dict_iter it;
    size_t n = 0;

    dict_iter_start(&it, p->keys);
    while ((k = dict_iter_next(&it)) != NULL)
        keys[n++] = k;
    qsort(keys, n, sizeof *keys, by_name);
    return keys;
}

/* The keys that `without` did not change alone; empty when there are none. */
static void
encode(struct text *out, struct changed *const *keys, size_t count, uint64_t without)
{
    size_t n = 0;

    text_clear(out);
    for (size_t i = 0; i < count; i++)
        n += !without || keys[i]->actor != without;
    if (n == 0)
        return;
    text_printf(out, "*%zu\r\n", n);
    for (size_t i = 0; i < count; i++) {
        if (without && keys[i]->actor == without)
            continue;
        text_printf(out, "$%zu\r\n", keys[i]->len);
        text_add(out, key_of_item(keys[i]));
        text_add(out, B("\r\n"));
    }
}

static void
send_prefix(struct prefix *p, broadcast_actor_fn *who, broadcast_send_fn *send)
{
    size_t count = dict_count(p->keys);
    struct changed **keys = sorted_keys(p);
    struct text all = { 0 }, some = { 0 };

    encode(&all, keys, count, 0);
    for (size_t i = 0; i < p->count; i++) {
        uint64_t actor = who(p->followers[i]);

        if (actor)
            encode(&some, keys, count, actor);
        if (!actor || some.len)
            send(p->followers[i], text_view(actor ? &some : &all));
    }
    text_free(&all);
    text_free(&some);
    mem_free(keys);
}

static void
forget_noted(struct broadcast *b)
{
    for (struct prefix *p = b->first; p; p = p->next)
        if (dict_count(p->keys))
            dict_clear(p->keys, NULL, NULL);
    b->noted = 0;
}

void
broadcast_send(struct broadcast *b, broadcast_actor_fn *who, broadcast_send_fn *send)
{
    if (!b->noted)
        return;
    for (struct prefix *p = b->first; p; p = p->next)
        if (dict_count(p->keys))
            send_prefix(p, who, send);
    forget_noted(b);
}

size_t
broadcast_prefixes(const struct broadcast *b)
{
    return b->count;
}

struct broadcast *
broadcast_new(void)
{
    return mem_zalloc(sizeof(struct broadcast));
}

void
broadcast_free(struct broadcast *b)
{
    struct prefix *p;

    while ((p = b->first) != NULL) {
        b->first = p->next;
        prefix_free(p);
    }
    mem_free(b);
}
