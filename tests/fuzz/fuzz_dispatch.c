/* SPDX-License-Identifier: MIT
 * fuzz/fuzz_dispatch.c - libFuzzer entry for the whole server: two clients over socket
 * pairs, taking turns at every byte 0x01 of the input, talk to a house built as main.c
 * builds it, listeners and timers included.
 *
 * Left out: inputs whose words ask for the end of the process, for sleep, or for files of
 * this machine (see is_deadly), or for random elements without end. */
#define main ignis_main
#include "command/clients.h"
#include "command/clients_pause.h"
#include "server/main.c"
#undef main

#include <errno.h>
#include <strings.h>
#include <sys/socket.h>

#include "command/slowlog.h"
#include "command/switches.h"
#include "structs/dict.h"
#include "values/list_chain.h"
#include "values/v_hash.h"
#include "values/v_list.h"
#include "values/v_set.h"
#include "values/v_zset.h"

#define INPUT_MAX (64 * 1024)
#define TURNS_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_options(void);

/* Entries hold pointers wherever there is room, also where no word begins. */
const char *
__lsan_default_options(void)
{
    return "use_unaligned=1";
}

static struct house house;
static char scratch[64];

static bool
has_word(struct bytes in, const char *word)
{
    size_t n = strlen(word);

    for (size_t i = 0; i + n <= in.len; i++)
        if (strncasecmp(in.at + i, word, n) == 0)
            return true;
    return false;
}

/* "\x" could hide a word. */
static bool
is_deadly(struct bytes in)
{
    static const char *const always[] = { "\\x" };
    static const char *const of_config[] = { "logfile", "syslog", "oom-score", "dir",
                                             "title", "crash-log", "bind", "port" };
    static const char *const of_debug[] = { "assert", "oom", "panic", "segfault", "sleep",
                                            "leak", "populate", "stringmatch" };

    for (size_t i = 0; i < sizeof always / sizeof always[0]; i++)
        if (has_word(in, always[i]))
            return true;
    for (size_t i = 0; i < sizeof of_config / sizeof of_config[0]; i++)
        if (has_word(in, of_config[i]) && has_word(in, "config"))
            return true;
    for (size_t i = 0; i < sizeof of_debug / sizeof of_debug[0]; i++)
        if (has_word(in, of_debug[i]) && has_word(in, "debug"))
            return true;
    return false;
}

/* 1 MB is the longest string, so that memory stays small. */
static void
open_house(void)
{
    char socket_path[96], *argv[] = {
        "--port", "0", "--unixsocket", socket_path, "--enable-debug-command", "yes",
        "--proto-max-bulk-len", "1mb", "--logfile", "/dev/null", "--hz", "1",
        "--slowlog-log-slower-than", "0", "--latency-monitor-threshold", "1",
    };
    struct text report = { 0 };

    snprintf(socket_path, sizeof socket_path, "%s/socket", scratch);
    house = (struct house){ .server.config = config_new() };
    if (config_load(house.server.config, sizeof argv / sizeof argv[0], argv, &report) != OK)
        abort();
    text_free(&report);
    start_log(house.server.config);
    if (build(&house) != OK)
        abort();
}

static void
close_house(void)
{
    crash_unwatch();
    tear_down(&house);
    config_free(house.server.config);
    house.server.config = NULL;
}

static void
remove_scratch(void)
{
    char path[96];

    if (house.server.config)
        close_house();
    snprintf(path, sizeof path, "%s/socket", scratch);
    unlink(path);
    rmdir(scratch);
}

static void
start_process(void)
{
    clock_start();
    signal(SIGPIPE, SIG_IGN);
    strcpy(scratch, "/tmp/ignis-fuzz-XXXXXX");
    if (!mkdtemp(scratch))
        abort();
    atexit(remove_scratch);
}

/* Take what it answers; -1: it closed. */
static int
drain(int fd)
{
    static char replies[256 * 1024];
    ssize_t n;

    while ((n = recv(fd, replies, sizeof replies, MSG_DONTWAIT)) > 0)
        continue;
    return n == 0 ? -1 : 0;
}

static void
talk(int fd, struct bytes in)
{
    ssize_t n;
    int turns;

    for (turns = 0; in.len && turns < TURNS_MAX; turns++) {
        n = send(fd, in.at, in.len < 16384 ? in.len : 16384, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n > 0) {
            in.at += n;
            in.len -= (size_t)n;
        } else if (n < 0 && errno != EAGAIN) {
            return;
        }
        loop_turn(house.server.loop);
        if (drain(fd) < 0)
            return;
    }
    loop_turn(house.server.loop);
    drain(fd);
}

static int
enter_house(void)
{
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
        abort();
    clients_accept(ends[0], house.server.clients);
    return ends[1];
}

static void
talk_in_turns(struct bytes in)
{
    int fds[2] = { enter_house(), enter_house() }, who = 0;

    for (;;) {
        const char *end = memchr(in.at, 1, in.len);
        size_t len = end ? (size_t)(end - in.at) : in.len;

        talk(fds[who], bytes_view(in.at, len));
        if (!end)
            break;
        who ^= 1;
        in.at += len + 1;
        in.len -= len + 1;
    }
    close(fds[0]);
    close(fds[1]);
    loop_turn(house.server.loop);
    loop_turn(house.server.loop);
}

static void
check_value(struct entry *e, void *arg)
{
    struct value v = entry_value(e);

    (void)arg;
    switch (v.type) {
    case TYPE_HASH: hash_check(v); break;
    case TYPE_SET: set_check(v); break;
    case TYPE_ZSET: zset_check(v); break;
    case TYPE_LIST:
        if (v.encoding == LIST_CHAIN)
            list_chain_check(v.object);
        break;
    default: break;
    }
}

static void
check_keyspace(void)
{
    for (int i = 0; i < keyspace_databases(house.server.keyspace); i++)
        db_each(keyspace_db(house.server.keyspace, i), check_value, NULL);
}

/* As new: whoever changed an option or a switch gets a new house. */
static void
tidy_up(struct bytes in)
{
    struct server *s = &house.server;

    clients_unpause(s->clients);
    loop_turn(s->loop);
    loop_turn(s->loop);
    if (clients_count(s->clients) != 0)
        abort();                        /* nobody may stay when all have left */
    keyspace_flush(s->keyspace, -1, false);
    for (int i = 0; i < keyspace_databases(s->keyspace); i++)
        if (db_count(keyspace_db(s->keyspace, i)))
            abort();
    slowlog_clear(s->slowlog);
    lazyfree_wait();                    /* what a thread just frees looks lost */
    if (has_word(in, "config") || has_word(in, "debug") || has_word(in, "shutdown")) {
        switches_pause_cron(false);
        dict_hold_resize(false);
        close_house();
    }
}

/* A random pick may be asked for millions of times: no fault, but minutes here. */
static bool
is_slow(struct bytes in)
{
    size_t digits = 0;

    if (!has_word(in, "randfield") && !has_word(in, "randmember"))
        return false;
    for (size_t i = 0; i < in.len && digits < 6; i++)
        digits = in.at[i] >= '0' && in.at[i] <= '9' ? digits + 1 : 0;
    return digits == 6;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes in = bytes_view(data, size);

    if (size == 0 || size > INPUT_MAX || is_deadly(in) || is_slow(in))
        return 0;
    if (scratch[0] == '\0')
        start_process();
    if (!house.server.config)
        open_house();
    talk_in_turns(in);
    check_keyspace();
    tidy_up(in);
    return 0;
}
