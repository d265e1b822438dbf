/* SPDX-License-Identifier: MIT
 * tests/unit/test_tracking.c - who read a key is told once that it changed; who follows
 * a prefix is told once a turn. */
#include "command/tracking.h"
#include "command/tracking_bcast.h"
#include "support/house.h"

#define GUESTS 8
#define NAMES 12

TestSuite(tracking, .init = house_build, .fini = house_leave);

static struct client *guests[GUESTS];

static struct client *
guest3(void)
{
    struct client *c = house_guest();

    house_say(c, "HELLO 3");
    house_heard(c);
    return c;
}

/* How often `heard` says that key `k` is old. */
static int
told_of(const char *heard, size_t k)
{
    char push[64], name[16];

    snprintf(name, sizeof name, "key%zu", k);
    snprintf(push, sizeof push, ">2\r\n$10\r\ninvalidate\r\n*1\r\n$%zu\r\n%s\r\n",
             strlen(name), name);
    return house_number_in(heard, push);
}

static int
told_of_anything(const char *heard)
{
    return house_number_in(heard, "invalidate\r\n");
}

static struct tracking_facts
facts(void)
{
    struct tracking_facts f;

    tracking_facts(house.server.tracking, &f);
    return f;
}

/* --- beside a naive model --- */

/* Guests 0-3 track, 4 and 5 with NOLOOP; 6 and 7 do not. */
static bool knows[GUESTS][NAMES];
static bool tracks[GUESTS];

static bool
is_noloop(size_t g)
{
    return g == 4 || g == 5;
}

static void
turn_on(size_t g)
{
    if (g >= 6)
        return;
    house_say(guests[g], "CLIENT TRACKING on%s", is_noloop(g) ? " NOLOOP" : "");
    house_heard(guests[g]);
    tracks[g] = true;
}

static void
read_key(size_t g, size_t k)
{
    house_say(guests[g], rand_below(2) ? "GET key%zu" : "EXISTS key%zu", k);
    cr_assert_eq(told_of_anything(house_heard(guests[g])), 0);
    if (tracks[g])
        knows[g][k] = true;
}

/* Everybody who knows it is told, once, and knows it no more. */
static void
write_key(size_t g, size_t k)
{
    house_say(guests[g], rand_below(2) ? "SET key%zu v" : "APPEND key%zu w", k);
    for (size_t i = 0; i < GUESTS; i++) {
        const char *heard = house_heard(guests[i]);
        int want = knows[i][k] && !(i == g && is_noloop(i));

        cr_assert_eq(told_of(heard, k), want, "guest %zu, key %zu written by %zu: want %d: %s", i, k, g, want, heard);
        cr_assert_eq(told_of_anything(heard), want);
        cr_assert(i == g || heard[0] != '+', "a push is no reply");
        knows[i][k] = false;
    }
}

/* What it read stays in the table until it changes; nobody is told. */
static void
turn_off(size_t g)
{
    house_say(guests[g], "CLIENT TRACKING off");
    house_heard(guests[g]);
    tracks[g] = false;
    memset(knows[g], 0, sizeof knows[g]);
}

static size_t
clients_that_track(void)
{
    size_t n = 0;

    for (size_t g = 0; g < GUESTS; g++)
        n += tracks[g];
    return n;
}

/* A guest that goes off and on again may be told of what it read before: never more. */
Test(tracking, tells_everybody_who_read_a_key_once)
{
    for (size_t g = 0; g < GUESTS; g++) {
        guests[g] = guest3();
        turn_on(g);
    }
    for (int i = 0; i < 20000; i++) {
        size_t g = rand_below(GUESTS), k = rand_below(NAMES);

        if (rand_below(200) == 0) {
            for (size_t j = 0; j < NAMES; j++)
                write_key(7, j);
            turn_off(g);
            cr_assert_eq(tracking_clients(house.server.tracking), clients_that_track());
            turn_on(g);
        } else if (rand_below(3)) {
            read_key(g, k);
        } else {
            write_key(g, k);
        }
        if (i % 100 == 0) {
            size_t items = 0;

            for (size_t n = 0; n < GUESTS * NAMES; n++)
                items += knows[n / NAMES][n % NAMES];
            cr_assert_eq(facts().items, items);
        }
    }
    for (size_t g = 0; g < GUESTS; g++)
        turn_off(g);
    cr_expect_eq(facts().keys + facts().items + facts().prefixes, 0);
}

Test(tracking, tells_of_its_own_change_after_the_reply)
{
    struct client *c = guest3();

    house_say(c, "CLIENT TRACKING on");
    house_say(c, "GET key1");
    house_heard(c);
    cr_expect_str_eq(house_ask(c, "SET key1 v"),
                     "+OK\r\n>2\r\n$10\r\ninvalidate\r\n*1\r\n$4\r\nkey1\r\n");
    cr_expect_str_eq(house_ask(c, "SET key1 v"), "+OK\r\n", "it did not read it again");
}

/* --- the limit of the table --- */

Test(tracking, keeps_no_more_keys_than_the_limit_and_tells_of_those_it_forgets)
{
    struct client *c = guest3();
    int told = 0;

    house.server.config->tracking_table_max_keys = 10;
    house_say(c, "CLIENT TRACKING on");
    for (size_t k = 0; k < 300; k++) {
        const char *heard;

        house_say(c, "GET key%zu", k);
        heard = house_heard(c);
        told += told_of_anything(heard);
        cr_assert_leq(facts().keys, 10);
        cr_assert_leq(facts().items, 10);
    }
    cr_expect_eq(told, 290, "each forgotten key is told of once");
    house.server.config->tracking_table_max_keys = 3;
    tracking_limit(house.server.tracking);
    cr_expect_eq(facts().keys, 3);
    cr_expect_eq(told_of_anything(house_heard(c)), 7);
    house.server.config->tracking_table_max_keys = 0;
    for (size_t k = 0; k < 50; k++)
        house_say(c, "GET more%zu", k);
    cr_expect_eq(facts().keys, 53, "0 means no limit");
}

/* What a transaction of many reads cannot keep goes before it ends. */
Test(tracking, keeps_the_limit_within_one_command)
{
    struct client *c = guest3();

    house.server.config->tracking_table_max_keys = 2;
    house_say(c, "CLIENT TRACKING on");
    house_say(c, "MGET key1 key2 key3 key4 key5");
    cr_expect_eq(facts().keys, 2);
    cr_expect_eq(told_of_anything(house_heard(c)), 3);
}

Test(tracking, tells_of_an_emptied_database_with_a_null_and_forgets_all)
{
    struct client *c = guest3(), *other = guest3();

    house_say(c, "CLIENT TRACKING on");
    for (size_t k = 0; k < 1000; k++)
        house_say(c, "GET key%zu", k);
    house_heard(c);
    house_say(other, "FLUSHALL");
    cr_expect_str_eq(house_heard(c), ">2\r\n$10\r\ninvalidate\r\n_\r\n");
    cr_expect_eq(facts().keys, 0);
    cr_expect_eq(facts().items, 0);
    house_say(other, "SET key5 v");
    cr_expect_str_eq(house_heard(c), "");
}

/* --- prefixes --- */

Test(tracking, knows_which_prefixes_overlap)
{
    static const struct { const char *a, *b; bool overlap; } cases[] = {
        { "", "", true }, { "", "a", true }, { "a", "a", true }, { "a", "ab", true },
        { "ab", "a", true }, { "a", "b", false }, { "ab", "ac", false },
        { "user:", "users", false }, { "user:", "user", true },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_expect_eq(tracking_prefixes_overlap(bytes_of_text(cases[i].a),
                                               bytes_of_text(cases[i].b)),
                     cases[i].overlap, "%s and %s", cases[i].a, cases[i].b);
}

Test(tracking, refuses_prefixes_that_overlap_with_each_other_or_with_its_own)
{
    struct client *c = guest3();

    cr_expect_str_eq(house_ask(c, "CLIENT TRACKING on BCAST PREFIX ab PREFIX c PREFIX a"),
                     "-ERR Prefix 'ab' overlaps with another provided prefix 'a'. Prefixes "
                     "for a single client must not overlap.\r\n");
    cr_expect_eq(tracking_options(c), 0, "nothing was begun");
    cr_expect_str_eq(house_ask(c, "CLIENT TRACKING on BCAST PREFIX ab PREFIX c"), "+OK\r\n");
    cr_expect_str_eq(house_ask(c, "CLIENT TRACKING on BCAST PREFIX cd"),
                     "-ERR Prefix 'cd' overlaps with an existing prefix 'c'. Prefixes for a "
                     "single client must not overlap.\r\n");
    cr_expect_str_eq(house_ask(c, "CLIENT TRACKING on BCAST PREFIX d"), "+OK\r\n");
    cr_expect_eq(facts().prefixes, 3);
}

Test(tracking, broadcasts_what_changed_once_a_turn_and_not_to_itself_with_noloop)
{
    struct client *all = guest3(), *some = guest3(), *noloop = guest3();

    house_say(all, "CLIENT TRACKING on BCAST");
    house_say(some, "CLIENT TRACKING on BCAST PREFIX key1");
    house_say(noloop, "CLIENT TRACKING on BCAST NOLOOP");
    for (int i = 0; i < 3; i++) {
        house_say(noloop, "SET key1 v");
        house_say(noloop, "SET other v");
    }
    house_say(some, "SET mine v");
    house_say(some, "SET key12 v");
    house_heard(all);
    house_heard(some);
    house_heard(noloop);
    cr_expect_str_eq(house_heard(all), "", "nobody is told within the turn");
    house_turn();
    /* the turn has sent it: read it from the other end of the socket */
    for (size_t i = 0; i < 3; i++) {
        static const char *const want[] = {
            ">2\r\n$10\r\ninvalidate\r\n*4\r\n$4\r\nkey1\r\n$5\r\nkey12\r\n$4\r\nmine\r\n"
            "$5\r\nother\r\n",
            ">2\r\n$10\r\ninvalidate\r\n*2\r\n$4\r\nkey1\r\n$5\r\nkey12\r\n",
            ">2\r\n$10\r\ninvalidate\r\n*2\r\n$5\r\nkey12\r\n$4\r\nmine\r\n",
        };
        char got[512];
        ssize_t n = recv(house.peers[i], got, sizeof got - 1, MSG_DONTWAIT);

        got[n > 0 ? n : 0] = '\0';
        cr_expect_str_eq(got, want[i], "guest %zu", i);
    }
    house_turn();
    cr_expect_str_eq(house_heard(all), "", "once");
}

/* --- broadcasting by itself, beside a naive model --- */

#define PREFIXES 5
#define FOLLOWERS 6

static const char *const prefixes[PREFIXES] = { "", "a", "ab", "b", "user:" };
static const char *const changed[] = {
    "", "a", "ab", "abc", "b", "ba", "user:1", "user:2", "x",
};
#define CHANGED (sizeof changed / sizeof *changed)

struct follower { int id; int messages; bool told[CHANGED]; };

static struct follower followers[FOLLOWERS];
static struct prefix *followed[FOLLOWERS][PREFIXES];
static uint64_t actor_of[CHANGED];      /* who changed it since: UINT64_MAX nobody did */

/* Followers 0 and 1 do not want to hear of what they did. */
static uint64_t
own(const void *arg)
{
    const struct follower *f = arg;

    return f->id < 2 ? (uint64_t)f->id + 1 : 0;
}

static void
take(void *arg, struct bytes keys)
{
    struct follower *f = arg;
    char part[32];

    f->messages++;
    for (size_t i = 0; i < CHANGED; i++) {
        snprintf(part, sizeof part, "\r\n$%zu\r\n%s\r\n", strlen(changed[i]), changed[i]);
        if (memmem(keys.at, keys.len, part, strlen(part)))
            f->told[i] = true;
    }
}

static bool
has_prefix(size_t key, size_t prefix)
{
    return strncmp(changed[key], prefixes[prefix], strlen(prefixes[prefix])) == 0;
}

static void
expect_told(void)
{
    for (size_t f = 0; f < FOLLOWERS; f++) {
        int messages = 0;

        for (size_t p = 0; p < PREFIXES; p++) {
            bool any = false;

            for (size_t k = 0; followed[f][p] && k < CHANGED; k++)
                any |= has_prefix(k, p) && actor_of[k] != UINT64_MAX
                       && !(own(&followers[f]) && actor_of[k] == own(&followers[f]));
            messages += any;
        }
        cr_assert_eq(followers[f].messages, messages, "follower %zu", f);
        for (size_t k = 0; k < CHANGED; k++) {
            bool want = false;

            for (size_t p = 0; p < PREFIXES; p++)
                want |= followed[f][p] && has_prefix(k, p) && actor_of[k] != UINT64_MAX
                        && !(own(&followers[f]) && actor_of[k] == own(&followers[f]));
            cr_assert_eq(followers[f].told[k], want, "follower %zu, key '%s'", f, changed[k]);
        }
        memset(followers[f].told, 0, sizeof followers[f].told);
        followers[f].messages = 0;
    }
}

Test(tracking, hands_each_prefix_to_its_followers_once)
{
    struct broadcast *b = broadcast_new();

    memset(actor_of, 0xff, sizeof actor_of);
    for (int i = 0; i < FOLLOWERS; i++)
        followers[i].id = i;
    for (int i = 0; i < 20000; i++) {
        size_t f = rand_below(FOLLOWERS), p = rand_below(PREFIXES), k = rand_below(CHANGED);
        uint64_t actor = rand_below(4);

        if (rand_below(4) == 0) {
            broadcast_send(b, own, take);
            expect_told();
            memset(actor_of, 0xff, sizeof actor_of);
            if (followed[f][p])
                broadcast_leave(b, followed[f][p], &followers[f]);
            followed[f][p] = followed[f][p] ? NULL
                             : broadcast_join(b, bytes_of_text(prefixes[p]), &followers[f]);
        } else {
            broadcast_note(b, bytes_of_text(changed[k]), actor);
            actor_of[k] = actor_of[k] == UINT64_MAX || actor_of[k] == actor ? actor : 0;
        }
    }
    broadcast_free(b);
}
