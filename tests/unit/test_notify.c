/* SPDX-License-Identifier: MIT
 * tests/unit/test_notify.c - notify-keyspace-events: which letters mean which classes,
 * and that nothing else is published. */
#include "command/notify.h"
#include "command/pubsub.h"
#include "support/house.h"

TestSuite(notify, .init = house_build, .fini = house_leave);

/* In the order of their bits, K and E first. */
static const char letters[] = "KEg$lshzxetmdn";
#define LETTERS (sizeof letters - 1)

static int
bit_of(char letter)
{
    static const struct { char letter; int bit; } all[] = {
        { 'K', 1 }, { 'E', 2 }, { 'g', EVENT_GENERIC }, { '$', EVENT_STRING },
        { 'l', EVENT_LIST }, { 's', EVENT_SET }, { 'h', EVENT_HASH }, { 'z', EVENT_ZSET },
        { 'x', EVENT_EXPIRED }, { 'e', EVENT_EVICTED }, { 't', EVENT_STREAM },
        { 'm', EVENT_KEY_MISS }, { 'd', EVENT_MODULE }, { 'n', EVENT_NEW },
    };

    for (size_t i = 0; i < LETTERS; i++)
        if (all[i].letter == letter)
            return all[i].bit;
    cr_assert_fail("no letter %c", letter);
    return 0;
}

static void
set(const char *text)
{
    struct bytes pair[] = { B("notify-keyspace-events"), bytes_of_text(text) };
    struct text error = { 0 };

    cr_assert_eq(config_set(house.server.config, pair, 1, true, &error), OK, "%s", text);
    text_free(&error);
}

static void
keep(const char *name, struct bytes value, void *arg)
{
    (void)name;
    snprintf(arg, 32, "%.*s", B_ARG(value));
}

/* What CONFIG GET shows. */
static const char *
shown(void)
{
    static char value[32];
    struct bytes name = B("notify-keyspace-events");

    config_get(house.server.config, &name, 1, keep, value);
    return value;
}

/* A stands for all classes but m and n; beside it Redis does not show n. */
static void
expected(unsigned mask, char out[32])
{
    static const char order[] = "g$lshzxetdnKEm";
    bool all = true;
    size_t n = 0;

    for (size_t i = 0; i < LETTERS; i++)
        if (!strchr("KEmn", letters[i]))
            all &= mask >> i & 1;
    if (all)
        out[n++] = 'A';
    for (const char *at = order; *at; at++) {
        bool is_in_a = !strchr("KEm", *at);

        if ((mask >> (strchr(letters, *at) - letters) & 1) && !(all && is_in_a))
            out[n++] = *at;
    }
    out[n] = '\0';
}

Test(notify, every_set_of_letters_is_read_and_shown_as_redis_shows_it, .timeout = 60)
{
    char text[LETTERS + 1], want[32];

    for (unsigned mask = 0; mask < 1u << LETTERS; mask++) {
        size_t n = 0;
        int bits = 0;

        for (size_t i = 0; i < LETTERS; i++)
            if (mask >> i & 1) {
                text[n++] = letters[i];
                bits |= bit_of(letters[i]);
            }
        text[n] = '\0';
        set(text);
        cr_assert_eq(house.server.config->notify_keyspace_events, bits, "%s", text);
        expected(mask, want);
        cr_assert_str_eq(shown(), want, "set to %s", text);
    }
    set("KEA");
    cr_expect_str_eq(shown(), "AKE");
    cr_expect_eq(house.server.config->notify_keyspace_events & (EVENT_KEY_MISS | EVENT_NEW),
                 0, "A is not for m and n");
}

/* --- what is published --- */

static struct client *ear;

static const char *
heard(const char *classes, enum event_class what)
{
    set(classes);
    notify_configure(&house.server);
    db_event(keyspace_db(house.server.keyspace, 3), B("some key"), what, "event");
    return house_heard(ear);
}

Test(notify, publishes_a_class_when_its_letter_is_there_and_never_else)
{
    char classes[8];

    ear = house_guest();
    house_say(ear, "PSUBSCRIBE *");
    house_heard(ear);
    for (size_t i = 2; i < LETTERS; i++)
        for (size_t j = 2; j < LETTERS; j++) {
            int messages;

            snprintf(classes, sizeof classes, "%c", letters[i]);
            cr_expect_str_eq(heard(classes, bit_of(letters[j])), "");
            snprintf(classes, sizeof classes, "K%c", letters[i]);
            messages = house_number_in(heard(classes, bit_of(letters[j])),
                                       "__keyspace@3__:some key\r\n$5\r\nevent\r\n");
            cr_expect_eq(messages, i == j, "%s for %c", classes, letters[j]);
            snprintf(classes, sizeof classes, "E%c", letters[i]);
            messages = house_number_in(heard(classes, bit_of(letters[j])),
                                       "__keyevent@3__:event\r\n$8\r\nsome key\r\n");
            cr_expect_eq(messages, i == j, "%s for %c", classes, letters[j]);
            snprintf(classes, sizeof classes, "KE%c", letters[i]);
            messages = house_number_in(heard(classes, bit_of(letters[j])), "pmessage\r\n");
            cr_expect_eq(messages, i == j ? 2 : 0, "%s for %c", classes, letters[j]);
        }
}

Test(notify, tells_of_the_key_first_and_of_the_event_then)
{
    const char *at;

    ear = house_guest();
    house_say(ear, "PSUBSCRIBE *");
    house_heard(ear);
    at = heard("KEA", EVENT_STRING);
    cr_expect_lt(strstr(at, "__keyspace@"), strstr(at, "__keyevent@"));
}

/* Nothing is encoded for nobody. */
Test(notify, costs_nothing_while_nobody_is_subscribed)
{
    uint64_t before = pubsub_encoded(house.server.pubsub);

    ear = house_guest();
    cr_expect_str_eq(heard("KEA", EVENT_STRING), "");
    house_say(ear, "SUBSCRIBE something");
    heard("KEA", EVENT_STRING);
    cr_expect_eq(pubsub_encoded(house.server.pubsub), before);
}
