/* SPDX-License-Identifier: MIT
 * command/syntax.c - the syntax string of a row, parsed into the tree that COMMAND DOCS
 * shows.
 *
 * Why:        written as trees of structs, arguments take ten times the lines of their
 *             command, and nobody can read the call from them.
 * How:        recursive descent; one function per rule:
 *               list  = item { " " item }
 *               item  = ( "[" core "]" | core ) suffix
 *               core  = [ TOKEN " " ] name [ ":" type ] suffix  |  TOKEN suffix
 *                     | [ TOKEN " " ] name "=" "(" item { "|" item } ")"
 *                     | [ TOKEN " " ] name "=" "{" list "}"
 *                     | name "=" TOKEN
 *               suffix = [ "..." ] [ "@" since ] [ "!" deprecated ] [ "~" text ]
 *             A token goes with what follows when that starts with a small letter.
 * Cost:       one small block per argument; parsed at start to check the row, and again
 *             whenever somebody asks for it, which is rare.
 * Read next:  command/docs.c */
#include "command/syntax.h"

#include <ctype.h>
#include <stdlib.h>

#include "base/alloc.h"

#define DEPTH_MAX 16

struct parser {
    const char *at;
    const char *error;          /* NULL while all is well */
    int next_key;               /* the key spec of the next :k */
    int depth;
};

static struct argument *parse_item(struct parser *p);
static struct argument *parse_list(struct parser *p, char between, char end);

static void
fail(struct parser *p, const char *why)
{
    if (!p->error)
        p->error = why;
}

static bool
take(struct parser *p, char c)
{
    if (p->error || *p->at != c)
        return false;
    p->at++;
    return true;
}

static void
expect(struct parser *p, char c, const char *why)
{
    if (!take(p, c))
        fail(p, why);
}

static char *
copy_range(const char *from, const char *to)
{
    return bytes_copy_text(bytes_view(from, (size_t)(to - from)));
}

/* --- words --- */

static bool
ends_word(const char *at)
{
    return !*at || strchr(" []{}()|=\"@!~", *at) || strncmp(at, "...", 3) == 0;
}

static const char *
word_end(const char *at)
{
    while (!ends_word(at))
        at++;
    return at;
}

static bool
is_token(const char *from, const char *to)
{
    if (from == to || !isupper((unsigned char)*from))
        return false;
    for (; from < to; from++)
        if (islower((unsigned char)*from))
            return false;
    return true;
}

/* A token at the parser's place, quoted or in capitals; NULL when there is none. */
static char *
take_token(struct parser *p)
{
    const char *from = p->at, *to;

    if (*from == '"') {
        to = strchr(from + 1, '"');
        if (!to) {
            fail(p, "a quote is not closed");
            return NULL;
        }
        p->at = to + 1;
        return copy_range(from + 1, to);
    }
    to = word_end(from);
    if (!is_token(from, to))
        return NULL;
    p->at = to;
    return copy_range(from, to);
}

static char *
lower_copy(const char *text)
{
    char *copy = mem_copy_text(text);

    for (char *c = copy; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    return copy;
}

static int
type_of_letter(char c)
{
    switch (c) {
    case 'k': return ARGUMENT_KEY;
    case 'i': return ARGUMENT_INTEGER;
    case 'd': return ARGUMENT_DOUBLE;
    case 't': return ARGUMENT_UNIX_TIME;
    case 'p': return ARGUMENT_PATTERN;
    case 's': return ARGUMENT_STRING;
    default: return -1;
    }
}

/* A name with its type.  A colon that no type follows belongs to the name. */
static void
take_name(struct parser *p, struct argument *a)
{
    const char *from = p->at, *end = word_end(from), *name_end = end, *colon = end;
    int type = -1;

    while (colon > from && *colon != ':')
        colon--;
    if (colon > from && colon + 1 < end)
        type = type_of_letter(colon[1]);
    if (end - colon > 3 || (end - colon == 3 && !isdigit((unsigned char)colon[2])))
        type = -1;
    if (type >= 0) {
        name_end = colon;
        a->type = (uint8_t)type;
        if (end - colon == 3)
            a->key_spec = (int16_t)(colon[2] - '0');
        else if (type == ARGUMENT_KEY)
            a->key_spec = (int16_t)p->next_key;
        if (a->key_spec >= p->next_key)
            p->next_key = a->key_spec + 1;
    }
    if (name_end == from)
        fail(p, "a name is missing");
    a->name = copy_range(from, name_end);
    p->at = end;
}

/* --- rules --- */

static char *
take_version(struct parser *p, char mark)
{
    const char *from;

    if (!take(p, mark))
        return NULL;
    from = p->at;
    while (isdigit((unsigned char)*p->at) || *p->at == '.')
        p->at++;
    if (p->at == from)
        fail(p, "a version is missing");
    return copy_range(from, p->at);
}

static void
parse_suffix(struct parser *p, struct argument *a, uint8_t when_repeated)
{
    if (strncmp(p->at, "...", 3) == 0) {
        p->at += 3;
        a->flags |= when_repeated;
    }
    if (*p->at == '@' && !a->since)
        a->since = take_version(p, '@');
    if (*p->at == '!' && !a->deprecated_since)
        a->deprecated_since = take_version(p, '!');
    if (take(p, '~') && !a->display) {
        const char *end = word_end(p->at);

        a->display = copy_range(p->at, end);
        p->at = end;
    }
}

/* What follows "name=". */
static void
parse_definition(struct parser *p, struct argument *a)
{
    if (take(p, '(')) {
        a->type = ARGUMENT_ONEOF;
        a->inside = parse_list(p, '|', ')');
        expect(p, ')', "a ( is not closed");
    } else if (take(p, '{')) {
        a->type = ARGUMENT_BLOCK;
        a->inside = parse_list(p, ' ', '}');
        expect(p, '}', "a { is not closed");
    } else {
        if (a->token)
            fail(p, "two tokens for one argument");
        else
            a->token = take_token(p);
        a->type = ARGUMENT_TOKEN;
        if (!a->token)
            fail(p, "nothing follows a =");
    }
}

static void
parse_core(struct parser *p, struct argument *a)
{
    a->token = take_token(p);
    if (a->token && !(p->at[0] == ' ' && islower((unsigned char)p->at[1]))) {
        a->type = ARGUMENT_TOKEN;
        a->name = lower_copy(a->token);
    } else {
        if (a->token)
            p->at++;
        take_name(p, a);
        if (take(p, '='))
            parse_definition(p, a);
    }
    parse_suffix(p, a, ARGUMENT_MULTIPLE);
}

static struct argument *
parse_item(struct parser *p)
{
    struct argument *a = mem_zalloc(sizeof *a);

    a->key_spec = -1;
    if (take(p, '[')) {
        a->flags = ARGUMENT_OPTIONAL;
        parse_core(p, a);
        expect(p, ']', "a [ is not closed");
        parse_suffix(p, a, a->token ? ARGUMENT_MULTIPLE | ARGUMENT_MULTIPLE_TOKEN
                                    : ARGUMENT_MULTIPLE);
    } else {
        parse_core(p, a);
    }
    return a;
}

/* Items up to `end`, which is left in place. */
static struct argument *
parse_list(struct parser *p, char between, char end)
{
    struct argument *first = NULL, **last = &first;

    if (++p->depth > DEPTH_MAX)
        fail(p, "nested too deeply");
    while (!p->error) {
        *last = parse_item(p);
        last = &(*last)->next;
        if (*p->at == end || !take(p, between))
            break;
    }
    p->depth--;
    return first;
}

struct argument *
syntax_parse(const char *syntax, const char **error)
{
    struct parser p = { .at = syntax };
    struct argument *list;

    *error = NULL;
    if (!syntax || !*syntax)
        return NULL;
    list = parse_list(&p, ' ', '\0');
    if (*p.at)
        fail(&p, "something follows that is no argument");
    if (!p.error)
        return list;
    *error = p.error;
    syntax_free(list);
    return NULL;
}

void
syntax_free(struct argument *list)
{
    while (list) {
        struct argument *next = list->next;

        syntax_free(list->inside);
        mem_free(list->name);
        mem_free(list->token);
        mem_free(list->since);
        mem_free(list->deprecated_since);
        mem_free(list->display);
        mem_free(list);
        list = next;
    }
}

/* --- asking the tree --- */

size_t
syntax_count(const struct argument *list)
{
    size_t n = 0;

    for (; list; list = list->next)
        n++;
    return n;
}

const char *
syntax_type_name(enum argument_type type)
{
    static const char *const names[] = {
        [ARGUMENT_STRING] = "string", [ARGUMENT_INTEGER] = "integer",
        [ARGUMENT_DOUBLE] = "double", [ARGUMENT_KEY] = "key",
        [ARGUMENT_PATTERN] = "pattern", [ARGUMENT_UNIX_TIME] = "unix-time",
        [ARGUMENT_TOKEN] = "pure-token", [ARGUMENT_ONEOF] = "oneof",
        [ARGUMENT_BLOCK] = "block",
    };

    return names[type];
}

int
syntax_key_specs(const struct argument *list)
{
    int n = 0;

    for (; list; list = list->next) {
        int inside = syntax_key_specs(list->inside);

        n = inside > n ? inside : n;
        n = list->key_spec + 1 > n ? list->key_spec + 1 : n;
    }
    return n;
}

static void
bounds_of_choice(const struct argument *list, int *min, int *max)
{
    *min = *max = 0;
    for (const struct argument *a = list; a; a = a->next) {
        struct argument one = *a;
        int low, high;

        one.next = NULL;
        syntax_bounds(&one, &low, &high);
        if (a == list || low < *min)
            *min = low;
        if (high < 0 || *max < 0)
            *max = -1;
        else if (high > *max)
            *max = high;
    }
}

void
syntax_bounds(const struct argument *list, int *min, int *max)
{
    *min = *max = 0;
    for (const struct argument *a = list; a; a = a->next) {
        int low = 0, high = 0, token = a->token && a->type != ARGUMENT_TOKEN;

        if (a->type == ARGUMENT_ONEOF)
            bounds_of_choice(a->inside, &low, &high);
        else if (a->type == ARGUMENT_BLOCK)
            syntax_bounds(a->inside, &low, &high);
        else
            low = high = 1;
        if (!(a->flags & ARGUMENT_OPTIONAL))
            *min += low + token;
        if ((a->flags & ARGUMENT_MULTIPLE) || high < 0)
            *max = -1;
        else if (*max >= 0)
            *max += high + token;
    }
}

/* --- as HELP writes it --- */

static void usage_list(const struct argument *list, const char *between,
                       struct text *out);

/* The argument once, without what its flags add. */
static void
usage_once(const struct argument *a, bool with_token, struct text *out)
{
    bool alone = (a->flags & ARGUMENT_OPTIONAL) && !(a->flags & ARGUMENT_MULTIPLE);

    if (a->token && with_token)
        text_add_text(out, *a->token ? a->token : "\"\"");
    if (a->type == ARGUMENT_TOKEN)
        return;
    if (a->token && with_token)
        text_add_char(out, ' ');
    if (a->type == ARGUMENT_BLOCK) {
        usage_list(a->inside, " ", out);
    } else if (a->type == ARGUMENT_ONEOF) {
        bool bare = alone && !a->token;

        text_add_text(out, bare ? "" : "(");
        usage_list(a->inside, "|", out);
        text_add_text(out, bare ? "" : ")");
    } else {
        text_printf(out, "<%s>", a->display ? a->display : a->name);
    }
}

static void
usage_one(const struct argument *a, struct text *out)
{
    bool again = a->flags & ARGUMENT_MULTIPLE_TOKEN;

    if (a->flags & ARGUMENT_OPTIONAL)
        text_add_char(out, '[');
    usage_once(a, true, out);
    if (a->flags & ARGUMENT_MULTIPLE) {
        bool simple = !again && (a->type == ARGUMENT_ONEOF ||
                                 ((a->flags & ARGUMENT_OPTIONAL) &&
                                  a->type != ARGUMENT_BLOCK));

        text_add_char(out, ' ');
        if (!simple) {
            text_add_char(out, '[');
            usage_once(a, again, out);
            text_add_char(out, ' ');
        }
        text_add_text(out, simple ? "..." : "...]");
    }
    if (a->flags & ARGUMENT_OPTIONAL)
        text_add_char(out, ']');
}

static void
usage_list(const struct argument *list, const char *between, struct text *out)
{
    for (const struct argument *a = list; a; a = a->next) {
        if (a != list)
            text_add_text(out, between);
        usage_one(a, out);
    }
}

void
syntax_usage(const struct argument *list, struct text *out)
{
    usage_list(list, " ", out);
}
