/* SPDX-License-Identifier: MIT
 * commands/element_scan.c - what SSCAN, HSCAN and ZSCAN have in common.
 *
 * How:        the elements are written into a reply of their own, which is hung
 *             behind the cursor when the step is over and the cursor known.
 * Read next:  commands/c_scan.c, structs/dict_walk.c */
#include "commands/element_scan.h"

#include "base/glob.h"

#define COUNT_DEFAULT 10

struct entry *
element_scan_start(struct call *c, enum type type, struct element_scan *s)
{
    struct key key = call_key(c, 1);
    struct entry *e;

    *s = (struct element_scan){ .count = COUNT_DEFAULT };
    if (!call_cursor(c, 2, &s->cursor))
        return NULL;
    reply_start(&s->out);
    s->out.proto = c->out->proto;
    e = db_read(c->db, &key);
    if (!e) {
        s->cursor = 0;
        element_scan_finish(c, s);
    }
    return e && call_type_ok(c, e, type) ? e : NULL;
}

bool
element_scan_options(struct call *c, const char *word, struct element_scan *s)
{
    int64_t count;

    for (int i = 3; i < c->argc; i++) {
        if (word && call_is(c, i, word)) {
            s->flag = true;
        } else if (i + 1 < c->argc && call_is(c, i, "count")) {
            if (!call_int(c, ++i, &count))
                return false;
            if (count < 1) {
                call_syntax_error(c);
                return false;
            }
            s->count = (size_t)count;
        } else if (i + 1 < c->argc && call_is(c, i, "match")) {
            s->pattern = c->argv[++i];
            s->has_pattern = !bytes_equal(s->pattern, B("*"));
        } else {
            element_scan_refuse(c, i);
            return false;
        }
    }
    return true;
}

void
element_scan_refuse(struct call *c, int i)
{
    if (call_is(c, i, "novalues"))
        reply_error(c->out, "ERR NOVALUES option can only be used in HSCAN");
    else
        call_syntax_error(c);
}

bool
element_scan_wants(const struct element_scan *s, struct bytes name)
{
    return !s->has_pattern || glob_match(s->pattern, name, false);
}

void
element_scan_finish(struct call *c, struct element_scan *s)
{
    char text[NUM_I64_MAX_TEXT];

    reply_array(c->out, 2);
    reply_bulk(c->out, bytes_view(text, num_format_u64(text, s->cursor)));
    reply_array(c->out, s->written);
    reply_splice(c->out, &s->out);
    reply_drop(&s->out);
}
