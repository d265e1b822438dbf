/* SPDX-License-Identifier: MIT
 * command/client_describe.c - a session as a line of CLIENT LIST.
 *
 * How:       every field asks the part that knows it; the session itself keeps no text.
 *            Names, order and letters are Redis 7.2's: tools parse them.
 * Read next: command/clients.c */
#include "command/client_describe.h"

#include "base/text.h"
#include "command/blocking.h"
#include "command/call.h"
#include "command/client.h"
#include "command/dispatch.h"
#include "command/postponed.h"
#include "command/pubsub.h"
#include "command/table.h"
#include "command/tracking.h"
#include "command/transaction.h"
#include "keyspace/keyspace.h"
#include "net/conn.h"
#include "wire/resp_read.h"

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
    int64_t active = c->conn ? conn_active_s(c->conn) : c->created_s;
    size_t held = dispatch_input_bytes(c) + postponed_bytes(c);
    size_t finished = c->reader ? request_arguments(c->reader) : 0;
    size_t taken = held + finished;     /* of what is there for its input */
    size_t room = postponed_memory(c) + (c->reader ? request_memory(c->reader) : 0);
    size_t arguments = blocking_arguments(c) + finished;
    size_t pending = reply_pending(c->out);
    bool is_list = pending > CHUNK_ROOM;        /* more than Redis's fixed buffer takes */
    size_t replies = reply_memory(c->out);      /* 0 at rest: rbs of an idle session */

    if (client_is(c, CLIENT_RUNNING))   /* the buffer that all share */
        room += REQUEST_FEED_MAX;
    for (int i = 0; by && by->client == c && i < by->argc; i++)
        arguments += by->argv[i].len;
    if (c->conn) {
        conn_address(c->conn, address, sizeof address);
        conn_local_address(c->conn, local, sizeof local);
    }
    describe_flags(c, flags);
    text_printf(out, "id=%llu addr=%s laddr=%s fd=%d name=%s age=%lld idle=%lld flags=%s "
                "db=%d sub=%zu psub=%zu ssub=%zu multi=%d ",
                (unsigned long long)c->id, address, local,
                c->conn ? conn_fd(c->conn) : -1, client_name(c),
                (long long)(now - c->created_s),
                (long long)(now - active), flags, db_index(c->db),
                pubsub_count_of(c, CHANNEL_PLAIN), pubsub_count_of(c, CHANNEL_PATTERN),
                pubsub_count_of(c, CHANNEL_SHARD), transaction_length(c));
    text_printf(out, "qbuf=%zu qbuf-free=%zu argv-mem=%zu multi-mem=%zu rbs=%zu rbp=%zu "
                "obl=%zu oll=%u omem=%zu tot-mem=%zu events=%s cmd=%s user=%s redir=%lld "
                "resp=%d lib-name=%s lib-ver=%s",
                held, room > taken ? room - taken : 0,
                arguments, transaction_memory(c),
                is_list ? 0 : replies, is_list ? 0 : pending,
                is_list ? 0 : pending, is_list ? c->out->chunks : 0,
                is_list ? replies : 0, client_memory(c),
                reply_is_empty(c->out) ? "r" : "rw",
                c->last_command ? c->last_command->full_name : "NULL", client_user(c),
                (long long)tracking_redirect(c), c->out->proto, client_lib_name(c),
                client_lib_version(c));
}
