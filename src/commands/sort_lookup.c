/* SPDX-License-Identifier: MIT
 * commands/sort_lookup.c - the values that SORT's patterns name.
 *
 * How:       prefix*postfix, or prefix*postfix->field.  An arrow counts behind the
 *            star only, and not with nothing behind it.
 * Read next: commands/c_sort.c */
#include "commands/sort_lookup.h"

#include "values/v_string.h"

/* Where "->" and at least one byte more are in `b`; NULL: nowhere. */
static const char *
find_arrow(struct bytes b)
{
    const char *at = memmem(b.at, b.len, "->", 2);

    return at && at + 2 < b.at + b.len ? at : NULL;
}

static bool
read_field(struct value v, struct bytes name, struct sort_lookup *out)
{
    if (v.type != TYPE_HASH || !hash_find(v, name, &out->field))
        return false;
    out->value = out->field.value;
    return true;
}

static bool
read_string(struct value v, struct sort_lookup *out)
{
    if (v.type != TYPE_STRING)
        return false;
    out->value = string_view(v, out->number);
    return true;
}

bool
sort_lookup(struct call *c, struct bytes pattern, struct bytes element,
            struct sort_lookup *out)
{
    const char *star, *end = pattern.at + pattern.len, *arrow;
    struct bytes rest;
    struct entry *e;
    struct key key;

    if (bytes_equal(pattern, B("#"))) {
        out->value = element;
        return true;
    }
    star = memchr(pattern.at, '*', pattern.len);
    if (!star)
        return false;
    rest = bytes_view(star + 1, (size_t)(end - star) - 1);
    arrow = find_arrow(rest);
    text_clear(&out->key);
    text_add(&out->key, bytes_view(pattern.at, (size_t)(star - pattern.at)));
    text_add(&out->key, element);
    text_add(&out->key, bytes_view(rest.at, (size_t)((arrow ? arrow : end) - rest.at)));
    key = key_of(text_view(&out->key));
    e = db_read(c->db, &key);
    if (!e)
        return false;
    if (!arrow)
        return read_string(entry_value(e), out);
    return read_field(entry_value(e),
                      bytes_view(arrow + 2, (size_t)(end - arrow) - 2), out);
}

void
sort_lookup_end(struct sort_lookup *l)
{
    text_free(&l->key);
}
