/* SPDX-License-Identifier: MIT
 * net/conn.c - one connection: read once per event, write what is queued.
 *
 * Why:        ten thousand idle connections must cost little, a busy one must cost
 *             one read and one write per batch, and its owner may drop it anywhere.
 * How:        reads go to the loop's one shared buffer (an idle connection has
 *             none) or to where the owner wants them.  Writes are sendmsg over the
 *             reply's chunks; a write watcher exists only while the socket is full.
 *             What is put off to the end of the turn - small replies, closes,
 *             failures - is a list that loop.c empties before it sleeps:
 *
 *                 read run   read run   read run ...   send send send ...
 *
 *             Running and sending each find their code and tables in the cache, and
 *             a client that serves many connections wakes once for several.
 * Invariants: 1. `closed` is called at most once, from the loop, never from inside
 *                a call of the owner: a failed write is reported at the turn's end.
 *             2. After conn_free nothing of the owner is called.
 *             3. The struct outlives the callback that freed it (`depth`).
 *             4. One turn writes at most WRITE_TURN bytes (and one sendmsg more)
 *                per connection, and reads once: nobody starves.
 *             5. A reply waits for ROUND_MAX others at most, and not longer than
 *                ROUND_NS and the one batch during which that time ran out.
 * Cost:       sending together takes 7 % off SPOP and SET at 100 per batch, 3 % off
 *             SET one by one, nothing off INCR.  The shared buffer is 64 KB: with 16 KB, a
 *             pipeline of sixteen 4 KB SETs took four reads instead of one and half as
 *             much CPU again.
 * Read next:  net/listener.c (where they come from), wire/resp_write.c */
#include "net/conn.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "net/loop_inside.h"

#define WRITE_PIECES 64                 /* iovecs per sendmsg */
#define WRITE_TURN (1024 * 1024)
#define SMALL 4096                      /* bytes of reply that wait for company */
#define ROUND_MAX 64                    /* conns that do: as many as chunks are pooled */
#define ROUND_NS 1000000

struct conn {
    ev_io read, write;
    struct reply out;
    struct loop *loop;
    const struct conn_events *events;
    void *owner;
    struct conn *prev, *next;           /* in the loop's turn list */
    int fd;
    int error;                          /* errno of a failed write */
    uint32_t active_s;
    unsigned arrival;                   /* its place among those to be read; 0 = none */
    uint16_t depth;                     /* callbacks of the owner under way */
    bool is_unix, is_listed;
    bool is_closing;                    /* after the reply */
    bool is_doomed;                     /* at the end of this turn */
    bool is_freed;                      /* as soon as depth is 0 */
};

static struct conn_facts facts;

/* --- the turn list --- */

static void
list_add(struct conn *c)
{
    struct loop *loop = c->loop;

    if (c->is_listed)
        return;
    c->is_listed = true;
    c->next = NULL;
    c->prev = loop->turn_last;
    if (c->prev)
        c->prev->next = c;
    else
        loop->turn_first = c;
    loop->turn_last = c;
    if (loop->turn_listed++ == 0)
        loop->turn_since = clock_ticks();
}

static void
list_remove(struct conn *c)
{
    if (!c->is_listed)
        return;
    c->is_listed = false;
    c->loop->turn_listed--;
    if (c->prev)
        c->prev->next = c->next;
    else
        c->loop->turn_first = c->next;
    if (c->next)
        c->next->prev = c->prev;
    else
        c->loop->turn_last = c->prev;
}

/* Enough wait, or one has waited long enough. */
static bool
round_is_over(const struct loop *loop)
{
    return loop->turn_listed >= ROUND_MAX
        || (loop->turn_listed > 0
            && clock_ticks_to_ns(clock_ticks() - loop->turn_since) >= ROUND_NS);
}

/* --- life --- */

static void
release(struct conn *c)
{
    reply_drop(&c->out);
    mem_free(c);
}

/* Let go of the socket now, of the memory when no callback needs it. */
void
conn_free(struct conn *c)
{
    if (c->is_freed)
        return;
    c->is_freed = true;
    ev_io_stop(c->loop->ev, &c->read);
    ev_io_stop(c->loop->ev, &c->write);
    if (c->arrival)
        loop_leave(c->loop, c->arrival);
    list_remove(c);
    close(c->fd);
    c->fd = -1;
    if (!c->depth)
        release(c);
}

/* Every call of the owner lies between these two.  leave: false when `c` is gone. */
static void
enter(struct conn *c)
{
    c->depth++;
}

static bool
leave(struct conn *c)
{
    c->depth--;
    if (!c->is_freed)
        return true;
    if (!c->depth)
        release(c);
    return false;
}

static void
report_closed(struct conn *c, const char *why)
{
    enter(c);
    c->events->closed(c->owner, why);
    if (leave(c))
        conn_free(c);
}

/* --- writing --- */

/* One sendmsg: bytes taken by the socket, 0 when it is full, -1 when it is dead. */
static ssize_t
send_some(struct conn *c, size_t *offered)
{
    struct iovec iov[WRITE_PIECES];
    struct msghdr msg = { .msg_iov = iov };
    ssize_t n;
    int i;

    msg.msg_iovlen = (size_t)reply_iov(&c->out, iov, WRITE_PIECES);
    for (*offered = 0, i = 0; i < (int)msg.msg_iovlen; i++)
        *offered += iov[i].iov_len;
    do {
        n = msg.msg_iovlen == 1
                ? send(c->fd, iov[0].iov_base, iov[0].iov_len, MSG_NOSIGNAL)
                : sendmsg(c->fd, &msg, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    facts.writes++;
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        return 0;
    if (n < 0)
        c->error = errno;
    else
        facts.written_bytes += (size_t)n;
    if (n > 0)
        conn_touch(c);
    return n;
}

/* Write until the queue is empty, the socket is full or the turn's share is used. */
static void
write_queue(struct conn *c)
{
    size_t offered, total = 0;
    ssize_t n;

    while (reply_pending(&c->out)) {
        n = total < WRITE_TURN ? send_some(c, &offered) : 0;
        if (n < 0) {
            reply_drop(&c->out);
            ev_io_stop(c->loop->ev, &c->write);
            conn_close_soon(c);
            return;
        }
        reply_sent(&c->out, (size_t)n);
        total += (size_t)n;
        if (n == 0 || (size_t)n < offered) {
            ev_io_start(c->loop->ev, &c->write);
            return;
        }
    }
    if (!reply_is_empty(&c->out))
        reply_drop(&c->out);            /* a chunk opened but not used */
    if (ev_is_active(&c->write))
        ev_io_stop(c->loop->ev, &c->write);
}

/* After a write from the loop: close if that was awaited. */
static void
after_write(struct conn *c)
{
    if (c->is_closing && !c->is_doomed && reply_is_empty(&c->out))
        report_closed(c, "closed after the reply");
}

void
conn_flush(struct conn *c)
{
    if (c->is_freed || c->is_doomed || reply_is_empty(&c->out))
        return;
    if (ev_is_active(&c->write))        /* full: the watcher will say when */
        return;
    write_queue(c);
    if (c->is_closing && reply_is_empty(&c->out))
        list_add(c);
}

void
conn_flush_later(struct conn *c)
{
    if (c->is_freed)
        return;
    list_add(c);
    if (!ev_is_active(&c->write))       /* nobody shall find it idle until then */
        conn_touch(c);
}

bool
conn_send(struct conn *c)
{
    if (reply_pending(&c->out) <= SMALL && !ev_is_active(&c->write)) {
        conn_flush_later(c);
        return true;
    }
    conn_flush(c);
    return reply_is_empty(&c->out);
}

void
conn_close_soon(struct conn *c)
{
    if (c->is_freed)
        return;
    c->is_doomed = true;
    ev_io_stop(c->loop->ev, &c->read);
    list_add(c);
}

void
conn_close_after_reply(struct conn *c)
{
    if (c->is_freed)
        return;
    c->is_closing = true;
    ev_io_stop(c->loop->ev, &c->read);
    list_add(c);
}

static void
on_writable(struct ev_loop *ev, ev_io *w, int events)
{
    struct conn *c = w->data;

    (void)ev;
    (void)events;
    if (c->depth)
        return;                         /* a turn inside its own callback */
    write_queue(c);
    after_write(c);
}

/* Owners appending to others' queues may add to the list while it is emptied.  In a
 * turn inside a callback its conn is left for the outer turn. */
void
conn_end_turn(struct loop *loop)
{
    struct conn *c, *kept = NULL;

    while ((c = loop->turn_first) != NULL) {
        list_remove(c);
        if (c->depth) {
            c->next = kept;
            kept = c;
            continue;
        }
        if (c->is_doomed) {
            report_closed(c, c->error ? strerror(c->error) : "closed by the server");
            continue;
        }
        if (!ev_is_active(&c->write)) {
            write_queue(c);
            after_write(c);
        }
    }
    while ((c = kept) != NULL) {
        kept = c->next;
        list_add(c);
    }
}

/* --- reading --- */

static ssize_t
read_some(struct conn *c, char *at, size_t len)
{
    ssize_t n;

    do
        n = recv(c->fd, at, len, 0);
    while (n < 0 && errno == EINTR);
    facts.reads++;
    if (n > 0)
        facts.read_bytes += (size_t)n;
    return n;
}

/* Read once to `at` and hand it on. */
static void
read_to(struct conn *c, char *at, size_t len)
{
    ssize_t n = read_some(c, at, len);

    if (n > 0) {
        c->events->bytes(c->owner, at, (size_t)n);
        return;
    }
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        return;
    ev_io_stop(c->loop->ev, &c->read);
    c->events->closed(c->owner,
                      n == 0 ? "connection closed by the client" : strerror(errno));
    conn_free(c);
}

static void
read_once(void *arg)
{
    struct conn *c = arg;
    struct loop *loop = c->loop;
    size_t len = 0;
    char *at;

    c->arrival = 0;
    if (c->depth || !ev_is_active(&c->read))    /* no longer wanted */
        return;
    loop->reads++;
    enter(c);
    at = c->events->room ? c->events->room(c->owner, &len) : NULL;
    if (at && len) {
        read_to(c, at, len);
    } else if (!loop->buffer_is_lent) {
        loop->buffer_is_lent = true;
        read_to(c, loop->buffer, sizeof loop->buffer);
        loop->buffer_is_lent = false;
    } else {                            /* a turn inside a callback */
        at = mem_alloc(LOOP_BUFFER);
        read_to(c, at, LOOP_BUFFER);
        mem_free(at);
    }
    leave(c);
    if (round_is_over(loop))
        conn_end_turn(loop);
}

static void
on_readable(struct ev_loop *ev, ev_io *w, int events)
{
    struct conn *c = w->data;

    (void)ev;
    (void)events;
    if (!c->depth && !c->arrival)
        c->arrival = loop_arrive(c->loop, read_once, c);
}

struct conn *
conn_new(struct loop *loop, int fd, const struct conn_events *events, void *owner)
{
    struct conn *c = mem_alloc(sizeof *c);
    struct sockaddr_storage own;
    socklen_t len = sizeof own;

    *c = (struct conn){ .loop = loop, .fd = fd, .events = events, .owner = owner };
    reply_start(&c->out);
    conn_touch(c);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL, 0) | O_NONBLOCK);
    c->is_unix = getsockname(fd, (struct sockaddr *)&own, &len) == 0
                 && own.ss_family == AF_UNIX;
    ev_io_init(&c->read, on_readable, fd, EV_READ);
    ev_io_init(&c->write, on_writable, fd, EV_WRITE);
    c->read.data = c->write.data = c;
    ev_io_start(loop->ev, &c->read);
    return c;
}

/* --- facts --- */

struct reply *
conn_reply(struct conn *c)
{
    return &c->out;
}

void
conn_touch(struct conn *c)
{
    c->active_s = (uint32_t)(clock_ms() / 1000);
}

uint32_t
conn_active_s(const struct conn *c)
{
    return c->active_s;
}

int
conn_fd(const struct conn *c)
{
    return c->fd;
}

bool
conn_is_unix(const struct conn *c)
{
    return c->is_unix;
}

size_t
conn_memory(const struct conn *c)
{
    return mem_class(sizeof *c) + reply_memory(&c->out);
}

void
conn_facts(struct conn_facts *out)
{
    *out = facts;
}
