/* SPDX-License-Identifier: MIT
 * command/clients.c - all sessions together: who may come in, how long they may
 * idle, how much they may hold, and what CLIENT and MONITOR see of them.
 *
 * How:        a list by age, an index by id, and running sums that are brought
 *             up to date a slice of sessions at a time.
 * Invariants: 1. a session is in the list and the index, or it is internal.
 *             2. a session dies only in on_closed(): everything else asks its
 *                connection to close soon, so that nobody holds a dead pointer.
 * Cost:       about 250 bytes per idle session, its connection not counted.
 * Read next:  net/conn.c below, command/dispatch.c beside it */
#include "command/clients.h"

#include <stdio.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/log.h"
#include "command/blocking.h"
#include "command/call.h"
#include "command/dispatch.h"
#include "command/gates.h"
#include "command/pubsub.h"
#include "command/table.h"
#include "command/tracking.h"
#include "command/transaction.h"
#include "config/config.h"
#include "keyspace/keyspace.h"
#include "net/conn.h"
#include "net/loop.h"
#include "structs/dict.h"
#include "wire/resp_read.h"

#define CRON_SLICE 200          /* sessions looked at per cron call, at least */
#define UNAUTHENTICATED_OUTPUT 1024
#define MEMORY_LIMIT_MIN (128 * 1024)   /* below, nobody could talk to us at all */
#define RECENT_S 8                      /* what "recent" means in INFO clients */

struct clients {
    struct server *server;
    struct client *first, *last;
    struct client *visit;               /* where cron goes on */
    struct dict *by_id;
    struct client **monitors;
    size_t monitor_count;
    uint64_t next_id;
    enum pause_action paused;
    msec paused_until;
    struct timer *pause_timer;
    size_t waiting;                     /* CLIENT_POSTPONED sessions */
    size_t resuming;                    /* CLIENT_RESUMING sessions */
    size_t memory_sum;                  /* of counted_memory */
    bool is_over;                       /* the limit, with nobody left to evict */
    int64_t peak_s;                     /* the second that the last peaks belong to */
    size_t peak_input[RECENT_S], peak_output[RECENT_S];     /* by second */
    struct clients_facts facts;
};

static struct bytes
id_of(const void *item)
{
    const struct client *c = item;

    return bytes_view(&c->id, sizeof c->id);
}

static const struct dict_ops by_id_ops = { .key_of = id_of };

static uint64_t
hash_id(uint64_t id)
{
    return hash_bytes(&id, sizeof id);
}

/* --- coming and going --- */

static void
link_client(struct clients *all, struct client *c)
{
    c->prev = all->last;
    if (all->last)
        all->last->next = c;
    else
        all->first = c;
    all->last = c;
    dict_add(all->by_id, c, hash_id(c->id));
    all->facts.connected++;
}

static void
unlink_client(struct clients *all, struct client *c)
{
    if (all->visit == c)
        all->visit = c->next;
    *(c->prev ? &c->prev->next : &all->first) = c->next;
    *(c->next ? &c->next->prev : &all->last) = c->prev;
    dict_remove_item(all->by_id, c, hash_id(c->id));
    all->facts.connected--;
    all->memory_sum -= c->counted_memory;
}

static struct client *
client_new(struct server *server)
{
    struct client *c = mem_zalloc(sizeof *c);

    c->server = server;
    c->db = keyspace_db(server->keyspace, 0);
    c->created_s = c->active_s = (uint32_t)(clock_ms() / 1000);
    return c;
}

static void
client_free(struct client *c)
{
    dispatch_forget(c);
    if (c->extra) {
        mem_free(c->extra->name);
        mem_free(c->extra->lib_name);
        mem_free(c->extra->lib_version);
        mem_free_sized(c->extra, sizeof *c->extra);
    }
    mem_free_sized(c, sizeof *c);
}

/* The session ends; its connection is freed by the caller of this. */
static void
forget_client(struct client *c)
{
    struct clients *all = c->server->clients;

    if (client_is(c, CLIENT_MONITOR))
        clients_set_monitor(c, false);
    if (client_is(c, CLIENT_POSTPONED))
        clients_set_postponed(c, false);
    if (client_is(c, CLIENT_RESUMING))
        all->resuming--;
    blocking_forget(c);
    transaction_drop(c);
    pubsub_forget(c->server->pubsub, c);
    tracking_stop(c);
    unlink_client(all, c);
    client_free(c);
}

static void
on_closed(void *owner, const char *why)
{
    struct client *c = owner;

    log_debug("Client id=%llu closed: %s", (unsigned long long)c->id, why);
    forget_client(c);
}

static void
on_bytes(void *owner, char *at, size_t len)
{
    dispatch_bytes(owner, at, len);
}

static char *
on_room(void *owner, size_t *len)
{
    return dispatch_room(owner, len);
}

static const struct conn_events events = {
    .room = on_room, .bytes = on_bytes, .closed = on_closed,
};

static void
refuse(struct clients *all, int fd, struct bytes text)
{
    ssize_t n = write(fd, text.at, text.len);   /* best effort: it is being turned away */

    (void)n;
    close(fd);
    all->facts.rejected++;
}

/* Nobody outside this machine while there is no password. */
static bool
is_denied(const struct clients *all, const struct conn *conn)
{
    return all->server->config->protected_mode && clients_need_no_password(all)
        && !conn_is_local(conn);
}

static const char denied[] =
    "-DENIED Redis is running in protected mode because protected mode is enabled and no "
    "password is set for the default user. In this mode connections are only accepted from "
    "the loopback interface. If you want to connect from external computers to Redis you may "
    "adopt one of the following solutions: 1) Just disable protected mode sending the command "
    "'CONFIG SET protected-mode no' from the loopback interface by connecting to Redis from "
    "the same host the server is running, however MAKE SURE Redis is not publicly accessible "
    "from internet if you do so. Use CONFIG REWRITE to make this change permanent. 2) "
    "Alternatively you can just disable the protected mode by editing the Redis configuration "
    "file, and setting the protected mode option to 'no', and then restarting the server. 3) "
    "If you started the server manually just for testing, restart it with the "
    "'--protected-mode no' option. 4) Setup a an authentication password for the default "
    "user. NOTE: You only need to do one of the above things in order for the server to start "
    "accepting connections from the outside.\r\n";

void
clients_accept(int fd, void *arg)
{
    struct clients *all = arg;
    struct client *c;

    if (all->facts.connected >= (size_t)all->server->config->max_clients) {
        refuse(all, fd, B("-ERR max number of clients reached\r\n"));
        return;
    }
    c = client_new(all->server);
    c->id = ++all->next_id;
    c->conn = conn_new(all->server->loop, fd, &events, c);
    c->out = conn_reply(c->conn);
    c->out->proto = (uint8_t)all->server->config->client_default_resp;
    client_set(c, CLIENT_AUTHENTICATED, clients_need_no_password(all));
    client_set(c, CLIENT_UNIX, conn_is_unix(c->conn));
    conn_set_keepalive(c->conn, all->server->config->tcp_keepalive);
    link_client(all, c);
    if (is_denied(all, c->conn)) {
        reply_raw(c->out, bytes_of_text(denied));
        client_set(c, CLIENT_CLOSE_AFTER_REPLY, true);
        conn_close_after_reply(c->conn);
        all->facts.rejected++;
        return;
    }
    all->facts.accepted++;
}

struct client *
client_new_internal(struct server *server, struct reply *out)
{
    struct client *c = client_new(server);

    c->out = out;
    c->flags = CLIENT_AUTHENTICATED | CLIENT_INTERNAL;
    return c;
}

void
client_free_internal(struct client *c)
{
    client_free(c);
}

/* --- the set --- */

/* Clients whose wait ended this turn go on. */
static void
resume_some(struct clients *all)
{
    struct client *c;

    for (c = all->first; c && all->resuming; c = c->next)
        if (client_is(c, CLIENT_RESUMING)) {
            client_set(c, CLIENT_RESUMING, false);
            all->resuming--;
            if (!client_is(c, CLIENT_BLOCKED | CLIENT_POSTPONED | CLIENT_DEAD))
                dispatch_resume(c);
        }
}

/* Who goes on may end the wait of one that was passed by already. */
static void
before_sleep(void *arg)
{
    struct clients *all = arg;

    while (all->resuming)
        resume_some(all);
}

void
clients_resume_later(struct client *c)
{
    if (!c->postponed || client_is(c, CLIENT_RESUMING))
        return;
    client_set(c, CLIENT_RESUMING, true);
    c->server->clients->resuming++;
}

static void
on_pause_over(void *arg)
{
    clients_resume(arg);
}

struct clients *
clients_new(struct server *server)
{
    struct clients *all = mem_zalloc(sizeof *all);

    all->server = server;
    all->by_id = dict_new(&by_id_ops);
    all->pause_timer = timer_new(server->loop, on_pause_over, all);
    loop_before_sleep(server->loop, before_sleep, all);
    return all;
}

void
clients_free(struct clients *all)
{
    struct client *c, *next;
    struct conn *conn;

    for (c = all->first; c; c = next) {
        next = c->next;
        conn = c->conn;
        conn_flush(conn);               /* "+OK" of the one who said SHUTDOWN */
        forget_client(c);
        conn_free(conn);
    }
    timer_free(all->pause_timer);
    dict_free(all->by_id);
    mem_free(all->monitors);
    mem_free_sized(all, sizeof *all);
}

size_t
clients_count(const struct clients *all)
{
    return all->facts.connected;
}

struct client *
clients_first(const struct clients *all)
{
    return all->first;
}

struct client *
clients_by_id(const struct clients *all, uint64_t id)
{
    return dict_find(all->by_id, bytes_view(&id, sizeof id), hash_id(id));
}

bool
clients_need_no_password(const struct clients *all)
{
    return all->server->config->requirepass[0] == '\0';
}

bool
clients_password_is(const struct clients *all, struct bytes password)
{
    unsigned char given[32], wanted[32];
    const char *secret = all->server->config->requirepass;

    if (*secret == '\0')
        return true;
    hash_sha256(password.at, password.len, given);      /* equal lengths to compare */
    hash_sha256(secret, strlen(secret), wanted);
    return bytes_equal_secret(bytes_view(given, 32), bytes_view(wanted, 32));
}

/* --- a line of CLIENT LIST --- */

static void
describe_flags(const struct client *c, char out[24])
{
    size_t n = 0;

    if (client_is(c, CLIENT_MONITOR))
        out[n++] = 'O';
    if (client_is(c, CLIENT_REPLICA))
        out[n++] = 'S';
    if (client_is(c, CLIENT_MASTER))
        out[n++] = 'M';
    if (client_is(c, CLIENT_PUBSUB))
        out[n++] = 'P';
    if (client_is(c, CLIENT_MULTI))
        out[n++] = 'x';
    if (client_is(c, CLIENT_BLOCKED | CLIENT_POSTPONED))
        out[n++] = 'b';
    if (client_is(c, CLIENT_TRACKING))
        out[n++] = 't';
    if (tracking_is_broken(c))
        out[n++] = 'R';
    if (tracking_options(c) & TRACKING_BCAST)
        out[n++] = 'B';
    if (client_is(c, CLIENT_WATCH_BROKEN))
        out[n++] = 'd';
    if (client_is(c, CLIENT_CLOSE_AFTER_REPLY))
        out[n++] = 'c';
    if (client_is(c, CLIENT_DEAD))
        out[n++] = 'A';
    if (client_is(c, CLIENT_UNIX))
        out[n++] = 'U';
    if (client_is(c, CLIENT_READONLY))
        out[n++] = 'r';
    if (client_is(c, CLIENT_NO_EVICT))
        out[n++] = 'e';
    if (client_is(c, CLIENT_NO_TOUCH))
        out[n++] = 'T';
    if (n == 0)
        out[n++] = 'N';
    out[n] = '\0';
}

void
client_describe(const struct client *c, const struct call *by, struct text *out)
{
    char address[160] = "", local[160] = "", flags[24];
    int64_t now = clock_ms() / 1000;
    size_t held = dispatch_input_bytes(c);
    size_t room = c->reader ? request_memory(c->reader) : 0;
    size_t arguments = 0;

    if (client_is(c, CLIENT_RUNNING))
        room = held < REQUEST_FEED_MAX ? REQUEST_FEED_MAX : held;
    for (int i = 0; by && by->client == c && i < by->argc; i++)
        arguments += by->argv[i].len;
    if (c->conn) {
        conn_address(c->conn, address, sizeof address);
        conn_local_address(c->conn, local, sizeof local);
    }
    describe_flags(c, flags);
    text_printf(out, "id=%llu addr=%s laddr=%s fd=%d name=%s age=%lld idle=%lld flags=%s "
                "db=%d sub=%zu psub=%zu ssub=%zu multi=%d ",
                (unsigned long long)c->id, address, local, c->conn ? conn_fd(c->conn) : -1,
                client_name(c), (long long)(now - c->created_s),
                (long long)(now - c->active_s), flags, db_index(c->db),
                pubsub_count_of(c, CHANNEL_PLAIN), pubsub_count_of(c, CHANNEL_PATTERN),
                pubsub_count_of(c, CHANNEL_SHARD), transaction_length(c));
    text_printf(out, "qbuf=%zu qbuf-free=%zu argv-mem=%zu multi-mem=%zu rbs=%d rbp=%d obl=%zu "
                "oll=%u omem=%zu tot-mem=%zu events=%s cmd=%s user=%s redir=%lld resp=%d "
                "lib-name=%s lib-ver=%s",
                held + dispatch_postponed_bytes(c), room > held ? room - held : 0,
                arguments, transaction_memory(c),
                CHUNK_ROOM, CHUNK_ROOM, reply_pending(c->out), c->out->chunks,
                reply_memory(c->out), client_memory(c),
                reply_is_empty(c->out) ? "r" : "rw",
                c->last_command ? c->last_command->full_name : "NULL", client_user(c),
                (long long)tracking_redirect(c), c->out->proto, client_lib_name(c), client_lib_version(c));
}

/* --- MONITOR --- */

size_t
clients_monitors(const struct clients *all)
{
    return all->monitor_count;
}

void
clients_set_monitor(struct client *c, bool on)
{
    struct clients *all = c->server->clients;
    size_t i = 0;

    if (client_is(c, CLIENT_MONITOR) == on)
        return;
    client_set(c, CLIENT_MONITOR, on);
    if (on) {
        all->monitors = mem_realloc(all->monitors,
                                    (all->monitor_count + 1) * sizeof *all->monitors);
        all->monitors[all->monitor_count++] = c;
        gate_arm(GATE_MONITOR, true);
        return;
    }
    while (all->monitors[i] != c)
        i++;
    all->monitors[i] = all->monitors[--all->monitor_count];
    gate_arm(GATE_MONITOR, all->monitor_count > 0);
}

void
clients_monitor(const struct call *call)
{
    struct clients *all = call->server->clients;
    struct text line = { 0 };
    const struct client *from = call->client;
    char address[160] = "?:0";
    usec now = clock_us_now();
    int i;

    if (call->cmd->row->flags & (SKIP_MONITOR | ADMIN))
        return;
    if (client_is(from, CLIENT_UNIX))
        snprintf(address, sizeof address, "unix:%s", all->server->config->unixsocket);
    else if (from->conn)
        conn_address(from->conn, address, sizeof address);
    text_printf(&line, "%lld.%06lld [%d %s]", (long long)(now / 1000000),
                (long long)(now % 1000000), db_index(from->db), address);
    for (i = 0; i < call->argc; i++) {
        text_add_char(&line, ' ');
        text_add_quoted(&line, call->redacted >> (i < 63 ? i : 63) & 1 ? B("(redacted)")
                                                                       : call->argv[i]);
    }
    for (size_t m = all->monitor_count; m-- > 0; ) {
        struct client *to = all->monitors[m];

        reply_raw(to->out, B("+"));
        reply_raw(to->out, text_view(&line));
        reply_raw(to->out, B("\r\n"));
        client_pushed(to);
    }
    text_free(&line);
}

/* --- CLIENT PAUSE --- */

enum pause_action
clients_paused(const struct clients *all)
{
    return all->paused;
}

void
clients_pause(struct clients *all, enum pause_action action, msec until)
{
    if (action > all->paused)
        all->paused = action;
    if (until > all->paused_until)
        all->paused_until = until;
    gate_arm(GATE_PAUSE, true);
    keyspace_set_hide_expired_only(all->server->keyspace, true);
    timer_start(all->pause_timer, (double)(all->paused_until - clock_ms()), 0);
}

static void
end_pause(struct clients *all)
{
    all->paused = PAUSE_NONE;
    all->paused_until = 0;
    timer_stop(all->pause_timer);
    gate_arm(GATE_PAUSE, false);
    keyspace_set_hide_expired_only(all->server->keyspace, false);
}

/* Those who waited go on in a turn of their own: this is called from a command,
 * and a batch must not run inside another. */
void
clients_unpause(struct clients *all)
{
    if (all->paused == PAUSE_NONE)
        return;
    end_pause(all);
    timer_start(all->pause_timer, 0, 0);
}

void
clients_resume(struct clients *all)
{
    struct client *c;

    if (all->paused != PAUSE_NONE) {
        clock_tick();
        if (clock_ms() < all->paused_until) {   /* the timer came a little early */
            timer_start(all->pause_timer, (double)(all->paused_until - clock_ms()), 0);
            return;
        }
        end_pause(all);
    }
    for (c = all->first; c && all->waiting; c = c->next)
        if (client_is(c, CLIENT_POSTPONED)) {
            clients_set_postponed(c, false);
            if (!client_is(c, CLIENT_DEAD))     /* killed while it waited */
                dispatch_resume(c);
        }
}

void
clients_set_postponed(struct client *c, bool on)
{
    if (client_is(c, CLIENT_POSTPONED) == on)
        return;
    client_set(c, CLIENT_POSTPONED, on);
    c->server->clients->waiting += on ? 1 : (size_t)-1;
}

/* --- limits --- */

static enum output_class
class_of(const struct client *c)
{
    if (client_is(c, CLIENT_REPLICA))
        return OUTPUT_REPLICA;
    return client_is(c, CLIENT_PUBSUB) ? OUTPUT_PUBSUB : OUTPUT_NORMAL;
}

/* A line of CLIENT LIST for the log: less of it when the log must not tell. */
static void
log_client(enum log_level level, const char *what, const struct client *c,
           const char *why)
{
    struct text line = { 0 };

    if (log_hides_user_data())
        text_printf(&line, "id=%llu *redacted*", (unsigned long long)c->id);
    else
        client_describe(c, NULL, &line);
    log_line(level, "%s %.*s%s", what, B_ARG(text_view(&line)), why);
    text_free(&line);
}

static void
note_peak(size_t peaks[RECENT_S], struct clients *all, size_t n)
{
    int64_t now = clock_ms() / 1000;

    if (now - all->peak_s >= RECENT_S || now < all->peak_s)
        all->peak_s = now - RECENT_S;
    while (all->peak_s < now) {         /* seconds in which nothing was noted */
        all->peak_s++;
        all->peak_input[all->peak_s % RECENT_S] = 0;
        all->peak_output[all->peak_s % RECENT_S] = 0;
    }
    if (n > peaks[now % RECENT_S])
        peaks[now % RECENT_S] = n;
}

static size_t
peak_of(const size_t peaks[RECENT_S])
{
    size_t peak = 0;

    for (int i = 0; i < RECENT_S; i++)
        if (peaks[i] > peak)
            peak = peaks[i];
    return peak;
}

bool
clients_output_check(struct client *c)
{
    const struct output_limit *limit;
    size_t held = reply_memory(c->out);
    bool soft;

    if (client_is(c, CLIENT_DEAD))
        return true;
    note_peak(c->server->clients->peak_output, c->server->clients, held);
    if (!client_is(c, CLIENT_AUTHENTICATED) && reply_pending(c->out) > UNAUTHENTICATED_OUTPUT) {
        log_client(LOG_LEVEL_WARNING, "Client", c,
                   " closed: too much output for an unauthenticated client.");
        c->server->clients->facts.output_limit_closed++;
        client_drop(c);
        return true;
    }
    limit = &c->server->config->client_output_buffer_limit[class_of(c)];
    soft = limit->soft && held > limit->soft;
    if (!soft)
        c->soft_limit_since_s = 0;
    else if (!c->soft_limit_since_s)
        c->soft_limit_since_s = (uint32_t)(clock_ms() / 1000);
    if (!(limit->hard && held > limit->hard)
        && !(soft && clock_ms() / 1000 - c->soft_limit_since_s > limit->soft_seconds)) {
        clients_memory_check(c);
        return client_is(c, CLIENT_DEAD);
    }
    log_client(LOG_LEVEL_WARNING, "Client", c,
               " scheduled to be closed ASAP for overcoming of output buffer limits.");
    c->server->clients->facts.output_limit_closed++;
    client_drop(c);
    return true;
}

bool
clients_input_check(struct client *c, size_t pending)
{
    if (UNLIKELY(pending > 0))
        note_peak(c->server->clients->peak_input, c->server->clients, pending);
    if (LIKELY(pending <= c->server->config->client_query_buffer_limit))
        return false;
    log_client(LOG_LEVEL_WARNING, "Client", c,
               " closed: that exceeded the query buffer limit.");
    c->server->clients->facts.query_limit_closed++;
    client_drop(c);
    return true;
}

static void
count_memory(struct clients *all, struct client *c)
{
    size_t now;

    if (client_is(c, CLIENT_DEAD))
        return;
    now = client_memory(c);
    all->memory_sum += now - c->counted_memory;
    c->counted_memory = now;
}

/* maxmemory-clients in bytes; 0 = no limit. */
static size_t
memory_limit(const struct clients *all)
{
    const struct config *config = all->server->config;
    int64_t n = config->max_memory_clients;
    size_t limit;

    if (n == 0 || (n < 0 && config->max_memory == 0))
        return 0;
    limit = n > 0 ? (size_t)n : (size_t)((double)config->max_memory * (double)-n / 100.0);
    return limit > MEMORY_LIMIT_MIN ? limit : MEMORY_LIMIT_MIN;
}

static void
evict_client(struct clients *all, struct client *c)
{
    log_client(LOG_LEVEL_NOTICE, "Evicting client:", c, "");
    all->facts.evicted++;
    all->memory_sum -= c->counted_memory;
    c->counted_memory = 0;              /* and not counted again: it is DEAD */
    client_drop(c);
}

#define SIZES 64                /* powers of two that a session's memory may reach */

static bool
may_evict(const struct client *c)
{
    return !client_is(c, CLIENT_NO_EVICT | CLIENT_DEAD | CLIENT_REPLICA | CLIENT_MASTER);
}

static int
size_of(const struct client *c)
{
    return c->counted_memory ? 64 - __builtin_clzll(c->counted_memory) : 0;
}

/* Sessions of more than this size all have to go to win `over` bytes, and some of
 * this size. */
static int
size_to_cut(const struct clients *all, size_t over)
{
    size_t sums[SIZES + 1] = { 0 };
    int size = SIZES;

    for (const struct client *c = all->first; c; c = c->next)
        if (may_evict(c))
            sums[size_of(c)] += c->counted_memory;
    for (; size > 0 && sums[size] <= over; size--)
        over -= sums[size];
    return size;
}

/* Evict sessions of these sizes until all hold no more than `limit`. */
static void
evict_sizes(struct clients *all, int from, int to, size_t limit)
{
    for (struct client *c = all->first; c && all->memory_sum > limit; c = c->next)
        if (may_evict(c) && size_of(c) >= from && size_of(c) <= to)
            evict_client(all, c);
}

/* The sessions that hold most go first (by powers of two, so that thousands cost no
 * more than one), until the rest fits.  All that normal and Pub/Sub sessions hold
 * counts, also what may not be evicted. */
static void
evict_clients(struct clients *all)
{
    size_t limit = memory_limit(all);
    struct client *c;
    int cut;

    if (!limit || all->memory_sum <= limit) {
        all->is_over = false;
        return;
    }
    for (c = all->first; c; c = c->next)
        count_memory(all, c);
    if (all->memory_sum > limit) {
        cut = size_to_cut(all, all->memory_sum - limit);
        evict_sizes(all, cut + 1, SIZES, 0);
        evict_sizes(all, cut, cut, limit);
    }
    if (all->memory_sum > limit) {
        if (!all->is_over)
            log_warning("Over client maxmemory after evicting all evictable clients");
        all->is_over = true;
        return;
    }
    all->is_over = false;
}

/* While nobody is left to evict, cron alone looks again. */
void
clients_memory_check(struct client *c)
{
    struct clients *all = c->server->clients;

    if (LIKELY(all->server->config->max_memory_clients == 0) || !c->conn)
        return;
    count_memory(all, c);
    if (!all->is_over)
        evict_clients(all);
}

static void
check_idle(struct clients *all, struct client *c, int64_t now)
{
    int timeout = all->server->config->timeout;

    if (timeout > 0 && now - c->active_s > timeout
        && !client_is(c, CLIENT_REPLICA | CLIENT_MASTER | CLIENT_BLOCKED | CLIENT_POSTPONED
                      | CLIENT_PUBSUB)) {
        log_verbose("Closing idle client");
        client_drop(c);
    }
}

void
clients_cron(struct clients *all)
{
    size_t slice = all->facts.connected / 10 + 1;
    int64_t now = clock_ms() / 1000;
    struct client *c;

    if (slice < CRON_SLICE)
        slice = CRON_SLICE;
    if (slice > all->facts.connected)
        slice = all->facts.connected;
    while (slice-- > 0) {
        c = all->visit ? all->visit : all->first;
        all->visit = c->next;
        if (client_is(c, CLIENT_DEAD))
            continue;
        check_idle(all, c, now);
        if (!reply_is_empty(c->out))
            clients_output_check(c);
        count_memory(all, c);
        note_peak(all->peak_output, all, reply_memory(c->out));
        note_peak(all->peak_input, all, (c->reader ? request_memory(c->reader) : 0)
                                        + dispatch_postponed_bytes(c));
    }
    evict_clients(all);
}

/* --- settings and facts --- */

void
clients_configure(struct clients *all)
{
    struct client *c;

    /* Without a password everybody is in; with one, who is in stays in. */
    if (clients_need_no_password(all))
        for (c = all->first; c; c = c->next)
            client_set(c, CLIENT_AUTHENTICATED, true);
}

void
clients_facts(const struct clients *all, struct clients_facts *out)
{
    *out = all->facts;
    out->monitors = all->monitor_count;
    out->blocked = all->waiting + blocking_clients(all->server->blocking);
    out->memory_normal = all->memory_sum;
    out->biggest_input = peak_of(all->peak_input);
    out->biggest_output = peak_of(all->peak_output);
}

void
clients_reset_stats(struct clients *all)
{
    all->facts.accepted = all->facts.rejected = all->facts.evicted = 0;
    all->facts.query_limit_closed = all->facts.output_limit_closed = 0;
}
