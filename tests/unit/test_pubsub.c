/* SPDX-License-Identifier: MIT
 * tests/unit/test_pubsub.c - who is subscribed gets each message once, who is not gets
 * none, and a message is encoded once for all of them. */
#include "command/pubsub.h"
#include "base/glob.h"
#include "support/house.h"

#define GUESTS 12
#define NAMES 10

TestSuite(pubsub, .init = house_build, .fini = house_leave);

/* Of patterns the first ones match many of the names. */
static const char *const names[NAMES] = {
    "news", "news.a", "news.b", "new*", "*", "n?ws", "sport", "[ms]*", "", "x",
};

/* --- beside a naive model --- */

static bool has[GUESTS][CHANNEL_KINDS][NAMES];
static struct client *guests[GUESTS];

static struct bytes
name(size_t i)
{
    return bytes_of_text(names[i]);
}

static size_t
count_of(size_t guest, int kind)
{
    size_t n = 0;

    for (size_t i = 0; i < NAMES; i++)
        n += has[guest][kind][i];
    return n;
}

static size_t
subscribers(int kind, size_t i)
{
    size_t n = 0;

    for (size_t g = 0; g < GUESTS; g++)
        n += has[g][kind][i];
    return n;
}

static void
change(struct pubsub *p)
{
    size_t g = rand_below(GUESTS), i = rand_below(NAMES);
    enum channel_kind kind = (enum channel_kind)rand_below(CHANNEL_KINDS);

    if (rand_below(100) == 0) {
        pubsub_forget(p, guests[g]);
        memset(has[g], 0, sizeof has[g]);
    } else if (rand_below(5) < 3) {
        cr_assert_eq(pubsub_subscribe(p, guests[g], kind, name(i)), !has[g][kind][i]);
        has[g][kind][i] = true;
    } else {
        cr_assert_eq(pubsub_unsubscribe(p, guests[g], kind, name(i)), has[g][kind][i]);
        has[g][kind][i] = false;
    }
}

/* How many times guest `g` is to hear what is published. */
static size_t
hears(size_t g, enum channel_kind kind, size_t i)
{
    size_t n = has[g][kind][i];

    for (size_t j = 0; kind == CHANNEL_PLAIN && j < NAMES; j++)
        n += has[g][CHANNEL_PATTERN][j] && glob_match(name(j), name(i), false);
    return n;
}

static void
publish(struct pubsub *p)
{
    enum channel_kind kind = rand_below(3) ? CHANNEL_PLAIN : CHANNEL_SHARD;
    size_t i = rand_below(NAMES), total = 0, said;

    said = pubsub_publish(p, kind, name(i), B("<it>"));
    for (size_t g = 0; g < GUESTS; g++) {
        const char *heard = house_heard(guests[g]);

        cr_assert_eq(house_number_in(heard, "<it>"), (int)hears(g, kind, i));
        total += hears(g, kind, i);
    }
    cr_assert_eq(said, total);
}

static void
check_counts(struct pubsub *p)
{
    size_t listening = 0, channels;
    struct bytes oldest;

    for (size_t g = 0; g < GUESTS; g++) {
        bool any = false;

        for (int k = 0; k < CHANNEL_KINDS; k++) {
            cr_assert_eq(pubsub_count_of(guests[g], k), count_of(g, k));
            cr_assert_eq(pubsub_oldest(guests[g], k, &oldest), count_of(g, k) > 0);
            any |= count_of(g, k) > 0;
        }
        cr_assert_eq(client_is(guests[g], CLIENT_PUBSUB), any);
        listening += any;
    }
    cr_assert_eq(pubsub_clients(p), listening);
    for (int k = 0; k < CHANNEL_KINDS; k++) {
        channels = 0;
        for (size_t i = 0; i < NAMES; i++) {
            cr_assert_eq(pubsub_subscribers(p, k, name(i)), subscribers(k, i));
            channels += subscribers(k, i) > 0;
        }
        cr_assert_eq(pubsub_channels(p, k), channels);
    }
}

static void
leave_all(struct pubsub *p)
{
    for (size_t g = 0; g < GUESTS; g++)
        pubsub_forget(p, guests[g]);
    memset(has, 0, sizeof has);
    check_counts(p);
}

Test(pubsub, does_what_a_table_of_subscriptions_says)
{
    struct pubsub *p = house.server.pubsub;
    size_t held[2];

    for (size_t g = 0; g < GUESTS; g++)
        guests[g] = house_guest();
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 10000; i++) {
            change(p);
            if (i % 4 == 0)
                publish(p);
            if (i % 50 == 0)
                check_counts(p);
        }
        leave_all(p);
        held[round] = mem_used();
    }
    cr_expect_leq(held[1], held[0] + 4096, "subscriptions are left behind");
}

Test(pubsub, ends_subscriptions_oldest_first)
{
    struct client *c = house_guest();
    struct bytes oldest;

    house_say(c, "SUBSCRIBE b a d c");
    house_say(c, "UNSUBSCRIBE b");
    cr_assert(pubsub_oldest(c, CHANNEL_PLAIN, &oldest));
    cr_expect(bytes_equal(oldest, B("a")));
    house_heard(c);
    cr_expect_str_eq(house_ask(c, "UNSUBSCRIBE"),
                     "*3\r\n$11\r\nunsubscribe\r\n$1\r\na\r\n:2\r\n"
                     "*3\r\n$11\r\nunsubscribe\r\n$1\r\nd\r\n:1\r\n"
                     "*3\r\n$11\r\nunsubscribe\r\n$1\r\nc\r\n:0\r\n");
    cr_expect_str_eq(house_ask(c, "UNSUBSCRIBE"),
                     "*3\r\n$11\r\nunsubscribe\r\n$-1\r\n:0\r\n");
}

/* --- many who hear the same --- */

#define MANY 1000

static struct client *crowd[MANY];

/* Every second one speaks RESP3. */
static void
gather(const char *request)
{
    for (int i = 0; i < MANY; i++) {
        crowd[i] = house_guest();
        if (i % 2)
            house_say(crowd[i], "HELLO 3");
        house_say(crowd[i], "%s", request);
        house_heard(crowd[i]);
    }
}

Test(pubsub, encodes_a_message_once_for_each_protocol, .timeout = 60)
{
    struct pubsub *p = house.server.pubsub;
    struct client *one = house_guest();
    uint64_t before;

    gather("SUBSCRIBE news");
    before = pubsub_encoded(p);
    cr_expect_eq(pubsub_publish(p, CHANNEL_PLAIN, B("news"), B("hello")), MANY);
    cr_expect_eq(pubsub_encoded(p) - before, 2);
    for (int i = 0; i < MANY; i++)
        cr_assert_str_eq(house_heard(crowd[i]),
                         i % 2 ? ">3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$5\r\nhello\r\n"
                               : "*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$5\r\nhello\r\n");
    before = pubsub_encoded(p);
    house_say(one, "PSUBSCRIBE n*");
    cr_expect_eq(pubsub_publish(p, CHANNEL_PLAIN, B("news"), B("hello")), MANY + 1);
    cr_expect_eq(pubsub_encoded(p) - before, 3, "a pattern's message is another");
    before = pubsub_encoded(p);
    cr_expect_eq(pubsub_publish(p, CHANNEL_PLAIN, B("other"), B("hello")), 0);
    cr_expect_eq(pubsub_encoded(p), before, "nobody listens, nothing is encoded");
}

/* A gigabyte if each had its own. */
Test(pubsub, shares_a_large_message_among_all_who_have_not_read_it, .timeout = 60)
{
    size_t len = 1 << 20, before, grown;
    char *message = malloc(len);
    struct pubsub *p = house.server.pubsub;

    memset(message, 'm', len);
    gather("SUBSCRIBE news");
    for (int class = 0; class < OUTPUT_CLASSES; class++)
        house.server.config->client_output_buffer_limit[class] = (struct output_limit){ 0 };
    before = mem_used();
    cr_expect_eq(pubsub_publish(p, CHANNEL_PLAIN, B("news"), bytes_view(message, len)), MANY);
    grown = mem_used() - before;
    cr_expect_lt(grown, 4 * len, "%zu bytes for a message of %zu", grown, len);
    for (int i = 0; i < MANY; i++) {
        cr_assert_gt(reply_pending(crowd[i]->out), len);
        reply_drop(crowd[i]->out);
        reply_start(crowd[i]->out);
    }
    cr_expect_lt(mem_used(), before + 65536, "the message outlived its last reader");
    free(message);
}

/* --- limits, and those who go in the middle --- */

static void
limit_pubsub(size_t hard, size_t soft, int64_t seconds)
{
    /* normal, replica, pubsub */
    house.server.config->client_output_buffer_limit[2] =
        (struct output_limit){ hard, soft, seconds };
}

static size_t
publish_text(size_t len)
{
    static char text[65536];

    memset(text, 'm', sizeof text);
    return pubsub_publish(house.server.pubsub, CHANNEL_PLAIN, B("news"),
                          bytes_view(text, len));
}

Test(pubsub, closes_who_passes_the_hard_limit_and_goes_on_with_the_others)
{
    struct client *lazy, *a = house_guest(), *b;

    house_say(a, "SUBSCRIBE news");
    lazy = house_guest();
    house_say(lazy, "SUBSCRIBE news");
    b = house_guest();
    house_say(b, "SUBSCRIBE news");
    limit_pubsub(100000, 0, 0);
    for (int i = 0; i < 3; i++) {
        house_heard(a);
        house_heard(b);
        cr_expect_eq(publish_text(60000), 3);
        cr_expect_eq(house_number_in(house_heard(a), "message\r\n"), 1);
        cr_expect_eq(house_number_in(house_heard(b), "message\r\n"), 1);
    }
    cr_expect(client_is(lazy, CLIENT_DEAD));
    cr_expect_eq(reply_pending(lazy->out), 0, "what it did not read is given back");
    house_turn();
    cr_expect_eq(clients_count(house.server.clients), 2);
    cr_expect_eq(publish_text(10), 2);
    cr_expect_eq(pubsub_clients(house.server.pubsub), 2);
}

Test(pubsub, closes_who_stays_above_the_soft_limit_for_its_seconds)
{
    struct client *lazy = house_guest();

    house_say(lazy, "SUBSCRIBE news");
    limit_pubsub(0, 50000, 10);
    publish_text(60000);
    clock_freeze(HOUSE_NOON + 10000);
    publish_text(10);
    cr_expect_not(client_is(lazy, CLIENT_DEAD));
    clock_freeze(HOUSE_NOON + 11000);
    publish_text(10);
    cr_expect(client_is(lazy, CLIENT_DEAD));
}

Test(pubsub, begins_the_soft_seconds_anew_after_a_time_below)
{
    struct client *c = house_guest();

    house_say(c, "SUBSCRIBE news");
    limit_pubsub(0, 50000, 10);
    publish_text(60000);
    clock_freeze(HOUSE_NOON + 9000);
    house_heard(c);
    publish_text(10);
    clock_freeze(HOUSE_NOON + 12000);
    publish_text(60000);
    clock_freeze(HOUSE_NOON + 22000);
    publish_text(10);
    cr_expect_not(client_is(c, CLIENT_DEAD));
    clock_freeze(HOUSE_NOON + 23001);
    publish_text(10);
    cr_expect(client_is(c, CLIENT_DEAD));
}

Test(pubsub, says_nothing_to_a_subscriber_that_was_killed)
{
    struct client *a = house_guest(), *b = house_guest(), *c = house_guest();

    house_say(a, "SUBSCRIBE news");
    house_say(b, "SUBSCRIBE news");
    house_say(c, "SUBSCRIBE news");
    client_kill(b);
    house_heard(a);
    house_heard(b);
    house_heard(c);
    publish_text(3);
    cr_expect_eq(house_number_in(house_heard(a), "mmm"), 1);
    cr_expect_str_eq(house_heard(b), "");
    cr_expect_eq(house_number_in(house_heard(c), "mmm"), 1);
    house_turn();
    cr_expect_eq(publish_text(3), 2);
}

/* Its own message comes where it stands in the transaction, and none after it has left. */
Test(pubsub, lets_a_transaction_publish_to_itself_and_leave)
{
    struct client *c = house_guest();

    house_say(c, "HELLO 3");
    house_say(c, "SUBSCRIBE news");
    house_say(c, "MULTI");
    house_say(c, "PUBLISH news 1");
    house_say(c, "UNSUBSCRIBE news");
    house_say(c, "PUBLISH news 2");
    house_heard(c);
    house_say(c, "EXEC");
    cr_expect_not(client_is(c, CLIENT_PUBSUB));
    cr_expect_eq(house_number_in(house_heard(c), "message\r\n"), 1);
    cr_expect_eq(pubsub_channels(house.server.pubsub, CHANNEL_PLAIN), 0);
}

Test(pubsub, resets_a_subscriber_completely)
{
    struct client *c = house_guest();

    house_say(c, "SUBSCRIBE a b");
    house_say(c, "PSUBSCRIBE a*");
    house_say(c, "SSUBSCRIBE s");
    cr_expect_eq(pubsub_clients(house.server.pubsub), 1);
    house_heard(c);
    cr_expect_str_eq(house_ask(c, "RESET"), "+RESET\r\n");
    cr_expect_eq(pubsub_clients(house.server.pubsub), 0);
    for (int k = 0; k < CHANNEL_KINDS; k++)
        cr_expect_eq(pubsub_channels(house.server.pubsub, k), 0);
    cr_expect_eq(pubsub_memory(c), 0);
}
