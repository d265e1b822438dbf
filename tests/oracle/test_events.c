/* SPDX-License-Identifier: MIT
 * tests/oracle/test_events.c - every command tells of the same changes of keys, in the
 * same order, as redis-server's.
 *
 * How:        both servers publish all classes of events but those of time ("expired",
 *             "evicted"); a connection that does nothing else hears them.  After each
 *             call it is sent a PING: what comes before the answer belongs to the call.
 *             The calls are the lines of tests/oracle/scripts about keys, and commands
 *             that wait; random ones are in test_messages.c. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "oracle/script.h"
#include "support/server.h"

#define CLASSES "KEg$lshztdmn"
#define REPORTS 12
#define PONG "*2\r\n$4\r\npong\r\n$0\r\n\r\n"

struct run {
    struct twins twins;
    int ear_ours, ear_redis;
    size_t calls, events, differences;
    struct text report;
};

static int
ear_of(const struct test_server *s)
{
    int fd = server_connect(s);

    free(socket_ask(fd, "CONFIG SET notify-keyspace-events " CLASSES));
    free(socket_ask(fd, "PSUBSCRIBE __key*"));
    return fd;
}

static void
run_start(struct run *r, const char *const *args)
{
    memset(r, 0, sizeof *r);
    if (!twins_are_possible())
        skip_or_fail("redis-server 7.0");
    twins_start(&r->twins, 2, args);
    r->ear_ours = ear_of(r->twins.ours);
    r->ear_redis = ear_of(r->twins.redis);
}

static void
run_stop(struct run *r)
{
    cr_expect_eq(r->differences, 0, "%zu of %zu calls tell of something else\n%s",
                 r->differences, r->calls, r->report.at ? r->report.at : "");
    close(r->ear_ours);
    close(r->ear_redis);
    twins_stop(&r->twins);
    text_free(&r->report);
}

/* The channel and the message of each event that was published up to now. */
static size_t
hear(int ear, struct text *out)
{
    size_t n = 0, len;
    char *m, *at;

    socket_send_text(ear, "PING\r\n");
    for (;; n++) {
        m = socket_reply(ear, &len);
        cr_assert_not_null(m);
        if (strcmp(m, PONG) == 0)
            break;
        at = strstr(m, "__key*\r\n");
        cr_assert_not_null(at, "%s", m);
        text_add(out, bytes_view(at + 8, len - (size_t)(at + 8 - m)));
        free(m);
    }
    free(m);
    return n;
}

static void
tell(struct run *r, const struct bytes *words, size_t n, const struct text *ours,
     const struct text *redis)
{
    if (r->differences++ >= REPORTS)
        return;
    for (size_t i = 0; i < n; i++) {
        text_add_char(&r->report, i ? ' ' : '\n');
        text_add_quoted(&r->report, words[i]);
    }
    text_add_text(&r->report, "\n    redis: ");
    text_add_quoted(&r->report, text_view(redis));
    text_add_text(&r->report, "\n    ours:  ");
    text_add_quoted(&r->report, text_view(ours));
}

static bool
compare(struct run *r, const struct bytes *words, size_t n)
{
    struct text ours = { 0 }, redis = { 0 };
    struct answers a;
    bool same;

    twins_ask(&r->twins, words, n, &a);
    if (!a.ours.at || !a.redis.at)
        twins_reconnect(&r->twins);
    r->events += hear(r->ear_redis, &redis);
    hear(r->ear_ours, &ours);
    same = bytes_equal(text_view(&ours), text_view(&redis));
    if (!same)
        tell(r, words, n, &ours, &redis);
    r->calls++;
    answers_free(&a);
    text_free(&ours);
    text_free(&redis);
    return same;
}

/* --- scripts --- */

/* Those about the server have nothing to say of keys. */
static bool
is_about_keys(const char *name)
{
    static const char *const begins[] = {
        "bit", "expire.", "hash.", "key", "list", "object", "rename", "scan", "set",
        "sort", "string", "transaction", "zset",
    };
    size_t len = strlen(name);

    if (len < 4 || strcmp(name + len - 4, ".txt") != 0)
        return false;
    for (size_t i = 0; i < sizeof begins / sizeof *begins; i++)
        if (strncmp(name, begins[i], strlen(begins[i])) == 0)
            return true;
    return false;
}

/* A line as script.c reads it, without its way to compare.  Lines that are for one
 * server, or not whole calls, are passed over. */
static void
run_line(struct run *r, struct bytes line)
{
    size_t n, first = 0;
    struct bytes *words = words_split(line, &n);

    cr_assert_not_null(words);
    while (first < n && words[first].len && words[first].at[0] == '@') {
        bool has_bound = bytes_is(words[first], "@near");

        if (bytes_is(words[first], "@client") && first + 1 < n)
            twins_switch(&r->twins, words[first + 1].at);
        if (bytes_is(words[first], "@sleep") && first + 1 < n)
            usleep((useconds_t)strtoul(words[first + 1].at, NULL, 10) * 1000);
        if (bytes_is(words[first], "@client") || bytes_is(words[first], "@ours")
            || bytes_is(words[first], "@raw") || bytes_is(words[first], "@half")
            || bytes_is(words[first], "@sleep") || bytes_is(words[first], "@server")
            || bytes_is(words[first], "@needs"))
            first = n;
        else
            first += has_bound ? 2 : 1;
    }
    if (first < n && !bytes_is(words[first], "shutdown"))
        compare(r, words + first, n - first);
    words_free(words, n);
}

static void
run_script(const char *path)
{
    struct script script;
    struct run r;

    cr_assert(script_load(&script, path), "cannot read %s", path);
    run_start(&r, script.args);
    for (size_t i = 0; i < script.count; i++)
        if (script.line[i].len && script.line[i].at[0] != '#')
            run_line(&r, script.line[i]);
    cr_log_info("%s: %zu calls, %zu events", path, r.calls, r.events);
    if (r.differences)
        text_printf(&r.report, "\nin %s", path);
    run_stop(&r);
    script_free(&script);
}

Test(events, of_the_scripts_are_those_of_redis, .timeout = 120)
{
    const char *source = getenv("IGNIS_SOURCE");
    const struct dirent *e;
    char path[4096];
    size_t found = 0;
    DIR *dir;

    snprintf(path, sizeof path, "%s/tests/oracle/scripts", source ? source : ".");
    dir = opendir(path);
    cr_assert_not_null(dir, "%s", path);
    while ((e = readdir(dir)) != NULL) {
        if (!is_about_keys(e->d_name))
            continue;
        snprintf(path, sizeof path, "%s/tests/oracle/scripts/%s", source ? source : ".",
                 e->d_name);
        run_script(path);
        found++;
    }
    closedir(dir);
    cr_expect_gt(found, 20);
}

/* --- those who waited --- */

/* What a waiter takes is told of after what woke it.  The waiting commands are said by as
 * many clients, oldest first. */
static const struct { const char *waiting[3], *wakes; } woken[] = {
    { { "BLPOP q 0" }, "RPUSH q a" },
    { { "BLPOP q 0" }, "RPUSH q a b c" },
    { { "BLPOP q 0", "BRPOP q 0" }, "RPUSH q a b c" },
    { { "BLPOP q 0", "BRPOP q 0", "BLPOP q 0" }, "LPUSH q a b c" },
    { { "BLPOP p q 0", "BRPOP q r 0" }, "LPUSH q a" },
    { { "BLMOVE q r LEFT RIGHT 0" }, "RPUSH q a" },
    { { "BLMOVE q r LEFT RIGHT 0", "BLPOP r 0" }, "RPUSH q a" },
    { { "BLMOVE q q LEFT RIGHT 0" }, "RPUSH q a" },
    { { "BRPOPLPUSH q r 0", "BLMOVE r q LEFT LEFT 0", "BLPOP q 0" }, "RPUSH q a b" },
    { { "BLMPOP 0 2 p q LEFT COUNT 2" }, "RPUSH q a b c" },
    { { "BLMPOP 0 2 p q LEFT COUNT 9" }, "RPUSH q a b c" },
    { { "BZPOPMIN z 0" }, "ZADD z 1 a" },
    { { "BZPOPMIN z 0", "BZPOPMAX z 0" }, "ZADD z 1 a 2 b 3 c" },
    { { "BZMPOP 0 1 z MAX COUNT 2" }, "ZADD z 1 a 2 b 3 c" },
    { { "BLPOP q 0", "BZPOPMIN q 0" }, "ZADD q 1 a" },
    { { "BLPOP q 0" }, "RENAME source q" },
    { { "BLPOP q 0" }, "COPY source q" },
    { { "BLPOP q 0" }, "SORT source ALPHA STORE q" },
    { { "BLPOP q 0" }, "LMOVE source q LEFT LEFT" },
    { { "BZPOPMIN z 0" }, "ZRANGESTORE z zsource 0 -1" },
    { { "BZPOPMIN z 0" }, "ZUNIONSTORE z 1 zsource" },
    { { "BZPOPMIN z 0" }, "RENAME zsource z" },
    { { "BLPOP q 0" }, "EXEC" },
    { { "BLPOP q 0", "BLPOP q r 0" }, "EXEC" },
};

static bool
ask_line(struct run *r, const char *line)
{
    size_t n;
    struct bytes *words = words_split(bytes_of_text(line), &n);
    bool same = compare(r, words, n);

    words_free(words, n);
    return same;
}

static void
wait_for_both(struct run *r, const char *line)
{
    char start[160];

    snprintf(start, sizeof start, "%s\r\n", line);
    socket_send_text(r->twins.now->ours, start);
    socket_send_text(r->twins.now->redis, start);
}

static long
blocked(struct twins *t, bool ours)
{
    char *info = socket_ask(ours ? t->now->ours : t->now->redis, "INFO clients");
    const char *at = strstr(info, "blocked_clients:");
    long n = at ? atol(at + strlen("blocked_clients:")) : -1;

    free(info);
    return n;
}

static void
until_blocked(struct twins *t, long n)
{
    for (int i = 0; i < 500 && (blocked(t, true) < n || blocked(t, false) < n); i++)
        usleep(2000);
    cr_assert_eq(blocked(t, true), n);
    cr_assert_eq(blocked(t, false), n);
}

static void
wake(struct run *r, size_t i)
{
    char name[32];
    long n = 0;

    twins_need(&r->twins, "FLUSHALL");
    ask_line(r, "RPUSH source x y");
    ask_line(r, "ZADD zsource 1 x 2 y");
    for (; n < 3 && woken[i].waiting[n]; n++) {
        snprintf(name, sizeof name, "waiter%ld", n);
        twins_switch(&r->twins, name);
        wait_for_both(r, woken[i].waiting[n]);
        twins_switch(&r->twins, "main");
        until_blocked(&r->twins, n + 1);
    }
    if (strcmp(woken[i].wakes, "EXEC") == 0) {
        twins_need(&r->twins, "MULTI");
        twins_need(&r->twins, "RPUSH q a");
        twins_need(&r->twins, "LPUSH r b");
        twins_need(&r->twins, "LPUSH q c");
    }
    cr_expect(ask_line(r, woken[i].wakes), "%s, then %s", woken[i].waiting[0],
              woken[i].wakes);
    for (long w = 0; w < n; w++) {
        snprintf(name, sizeof name, "waiter%ld", w);
        twins_switch(&r->twins, name);
        twins_reconnect(&r->twins);
    }
    twins_switch(&r->twins, "main");
    until_blocked(&r->twins, 0);
}

Test(events, of_those_who_waited_come_after_what_woke_them, .timeout = 60)
{
    struct run r;

    run_start(&r, NULL);
    for (size_t i = 0; i < sizeof woken / sizeof *woken; i++)
        wake(&r, i);
    cr_expect_gt(r.events, 4 * r.calls, "%zu events of %zu calls", r.events, r.calls);
    run_stop(&r);
}
