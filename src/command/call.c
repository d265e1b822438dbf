/* SPDX-License-Identifier: MIT
 * command/call.c - what handlers ask of their arguments and answer in common.
 *
 * Why:       a wrong argument must get the same words from every command.
 * How:       each call_* helper that can refuse answers the error itself and
 *            returns false, so that a handler reads `if (!call_int(...)) return;`.
 * Read next: command/dispatch.c, then any file of commands/ */
#include "command/call.h"

#include "base/clock.h"
#include "command/client.h"
#include "command/table.h"
#include "values/v_string.h"

struct value
call_value(struct call *c, int i)
{
    struct blob *blob = c->blobs ? c->blobs[i] : NULL;

    /* shared, not taken: MONITOR and the slowlog still show the argument */
    return blob ? string_value_blob(blob_share(blob)) : string_value(c->argv[i]);
}

bool
call_int(struct call *c, int i, int64_t *out)
{
    if (LIKELY(num_parse_i64(c->argv[i], out)))
        return true;
    reply_error(c->out, "ERR value is not an integer or out of range");
    return false;
}

bool
call_double(struct call *c, int i, double *out)
{
    if (num_parse_double(c->argv[i], out))
        return true;
    reply_error(c->out, "ERR value is not a valid float");
    return false;
}

bool
call_ldouble(struct call *c, int i, long double *out)
{
    if (num_parse_ldouble(c->argv[i], out))
        return true;
    reply_error(c->out, "ERR value is not a valid float");
    return false;
}

/* A NUL ends it, as it does for Redis; nothing at all is 0. */
static bool
parse_cursor(struct bytes text, uint64_t *out)
{
    const char *nul = text.len ? memchr(text.at, '\0', text.len) : NULL;
    bool negative = text.len && text.at[0] == '-';
    uint64_t n = 0;
    size_t i = 0;

    if (nul)
        text.len = (size_t)(nul - text.at);
    if (text.len && (text.at[0] == '+' || negative) && ++i == text.len)
        return false;
    for (; i < text.len; i++) {
        if (text.at[i] < '0' || text.at[i] > '9'
            || __builtin_mul_overflow(n, (uint64_t)10, &n)
            || __builtin_add_overflow(n, (uint64_t)(text.at[i] - '0'), &n))
            return false;
    }
    *out = negative ? -n : n;
    return true;
}

bool
call_cursor(struct call *c, int i, uint64_t *out)
{
    if (parse_cursor(c->argv[i], out))
        return true;
    reply_error(c->out, "ERR invalid cursor");
    return false;
}

bool
call_type_ok(struct call *c, const struct entry *e, enum type type)
{
    if (LIKELY(!e || entry_type(e) == type))
        return true;
    call_wrong_type(c);
    return false;
}

/* The name as errors show it: "set", "config|get". */
static const char *
call_name(const struct call *c)
{
    return c->cmd->full_name;
}

bool
call_deadline(struct call *c, int i, bool relative, int unit, msec *out)
{
    int64_t n, ms;

    if (!call_int(c, i, &n))
        return false;
    if (n <= 0 || !num_mul_i64(n, unit, &ms)
        || (relative && !num_add_i64(ms, clock_ms(), &ms))) {
        reply_errorf(c->out, "ERR invalid expire time in '%s' command", call_name(c));
        return false;
    }
    *out = ms;
    return true;
}

void
call_syntax_error(struct call *c)
{
    reply_error(c->out, "ERR syntax error");
}

void
call_wrong_type(struct call *c)
{
    reply_error(c->out, "WRONGTYPE Operation against a key holding the wrong kind of "
                "value");
}

void
call_wrong_args(struct call *c)
{
    reply_errorf(c->out, "ERR wrong number of arguments for '%s' command", call_name(c));
}

void
call_wrong_subcommand(struct call *c, const char *container)
{
    struct bytes word = c->argv[1];

    if (word.len > 128)
        word.len = 128;
    reply_errorf(c->out, "ERR unknown subcommand or wrong number of arguments for '%.*s'."
                 " Try %s HELP.", B_ARG(word), container);
}

void
call_no_such_key(struct call *c)
{
    reply_error(c->out, "ERR no such key");
}

void
call_reply_value(struct call *c, struct value v)
{
    if (v.encoding == STRING_INT)
        reply_bulk_int(c->out, v.number);
    else if (v.encoding == STRING_BLOB)
        reply_bulk_blob(c->out, v.blob);
    else
        reply_bulk(c->out, v.bytes);
}

void
call_redact(struct call *c, int i)
{
    c->redacted |= 1ull << (i < 63 ? i : 63);
}

struct bytes
call_shown(const struct call *c, int i)
{
    return c->redacted >> (i < 63 ? i : 63) & 1 ? B("(redacted)") : c->argv[i];
}
