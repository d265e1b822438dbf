/* SPDX-License-Identifier: MIT
 * command/notify.c - what happens to keys, published for those who want to know.
 *
 * How:        a key listener for the classes of notify-keyspace-events.  With K the
 *             event is published to the key's channel, with E the key to the event's:
 *
 *               SET a 1 in database 0    __keyspace@0__:a    "set"
 *                                        __keyevent@0__:set  "a"
 *
 * Invariants: the bits of the option are those of enum event_class.
 * Read next:  command/pubsub.c, keyspace/events.c */
#include "command/notify.h"

#include "base/text.h"
#include "command/call.h"
#include "command/pubsub.h"
#include "config/config.h"

#define BY_KEY 1
#define BY_EVENT 2

static void
publish(struct server *server, const char *kind, struct db *db, struct bytes name,
        struct bytes message)
{
    struct text channel = { 0 };

    text_printf(&channel, "__%s@%d__:", kind, db_index(db));
    text_add(&channel, name);
    pubsub_publish(server->pubsub, CHANNEL_PLAIN, text_view(&channel), message);
    text_free(&channel);
}

static void
on_event(void *arg, struct db *db, struct bytes key, enum event_class what,
         const char *event)
{
    struct server *server = arg;
    struct bytes name = bytes_of_text(event);
    int how = server->config->notify_keyspace_events;

    (void)what;
    if (key.len == 0 && event_is_of_database(event))
        return;
    if (pubsub_clients(server->pubsub) == 0)
        return;
    if (how & BY_KEY)
        publish(server, "keyspace", db, key, name);
    if (how & BY_EVENT)
        publish(server, "keyevent", db, name, key);
}

void
notify_configure(struct server *server)
{
    unsigned option = (unsigned)server->config->notify_keyspace_events;
    unsigned classes = option & ~(unsigned)(BY_KEY | BY_EVENT);

    keyspace_listen_for(server->keyspace, option & (BY_KEY | BY_EVENT) ? classes : 0,
                        on_event, server);
}
