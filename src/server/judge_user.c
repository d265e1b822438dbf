/* SPDX-License-Identifier: MIT
 * server/judge_user.c - the rules of a `user` line.
 *
 * Why:        there are no users yet, but a line about them was written to protect
 *             something.  One that is wrong is an error as in Redis; one that would
 *             restrict the default user must not be taken while that user is
 *             everybody, because nothing would tell that the server is open.
 * How:        a line starts from nothing (off, no password, no commands) and each rule
 *             changes what is allowed; only what decides "wide open" is kept.
 * Invariants: a text never holds a password.
 * Left out:   which commands a rule allows: only whether any is withheld. */
#include "server/judge_user.h"

#include "base/alloc.h"

#define HASH_LEN 64                     /* of a password, in hex */
#define UNKNOWN "Unknown command or category name in ACL"

/* What the rules so far allow. */
struct rights {
    bool on, no_password, all_keys, all_channels, all_commands;
    struct bytes *passwords;            /* as they were written, ">p" or "#hash" */
    size_t password_count;
    judge_command_fn *is_known;
    void *arg;
};

static const struct { const char *word; char what; bool value; } words_of_rights[] = {
    { "on", 'o', true }, { "off", 'o', false },
    { "nopass", 'p', true }, { "resetpass", 'p', false },
    { "allkeys", 'k', true }, { "~*", 'k', true }, { "resetkeys", 'k', false },
    { "allchannels", 'c', true }, { "&*", 'c', true }, { "resetchannels", 'c', false },
    { "allcommands", 'a', true }, { "+@all", 'a', true },
    { "nocommands", 'a', false }, { "-@all", 'a', false },
    { "sanitize-payload", ' ', true }, { "skip-sanitize-payload", ' ', true },
    { "clearselectors", ' ', true },
};

static bool
take_word(struct rights *r, struct bytes rule)
{
    for (size_t i = 0; i < sizeof words_of_rights / sizeof words_of_rights[0]; i++) {
        bool value = words_of_rights[i].value;

        if (!bytes_is(rule, words_of_rights[i].word))
            continue;
        switch (words_of_rights[i].what) {
        case 'o': r->on = value; break;
        case 'p': r->no_password = value; r->password_count = 0; break;
        case 'k': r->all_keys = value; break;
        case 'c': r->all_channels = value; break;
        case 'a': r->all_commands = value; break;
        }
        return true;
    }
    if (!bytes_is(rule, "reset"))
        return false;
    r->on = r->no_password = r->all_keys = r->all_channels = r->all_commands = false;
    r->password_count = 0;
    return true;
}

static bool
is_hash(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!memchr("0123456789abcdef", text.at[i], 16))
            return false;
    return text.len == HASH_LEN;
}

/* ">p" and "#hash" add, "<p" and "!hash" take away. */
static const char *
take_password(struct rights *r, struct bytes rule)
{
    bool hashed = rule.at[0] == '#' || rule.at[0] == '!';
    struct bytes text = bytes_view(rule.at + 1, rule.len - 1);
    char added = hashed ? '#' : '>';

    if (hashed && !is_hash(text))
        return "The password hash must be exactly 64 characters and contain only "
               "lowercase hexadecimal characters";
    if (rule.at[0] == added) {
        r->passwords[r->password_count++] = rule;
        r->no_password = false;
        return NULL;
    }
    for (size_t i = 0; i < r->password_count; i++) {
        struct bytes had = r->passwords[i];

        if (had.at[0] == added && bytes_equal(bytes_view(had.at + 1, had.len - 1), text)) {
            r->passwords[i] = r->passwords[--r->password_count];
            return NULL;
        }
    }
    return "The password you are trying to remove from the user does not exist";
}

static bool
has_blank(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if (memchr(" \t\n\v\f\r", text.at[i], 7) || text.at[i] == '\0')
            return true;
    return false;
}

/* "%RW~pattern": what follows the letters, if they are right. */
static bool
is_key_rule(struct bytes rule)
{
    size_t i = 1;

    if (rule.at[0] == '~')
        return true;
    while (i < rule.len && memchr("RWrw", rule.at[i], 4))
        i++;
    return i > 1 && (i == rule.len || rule.at[i] == '~');
}

static const char *
take_rule(struct rights *r, struct bytes rule)
{
    if (rule.len == 0 || take_word(r, rule))
        return NULL;
    switch (rule.at[0]) {
    case '>': case '<': case '#': case '!':
        return take_password(r, rule);
    case '~': case '%':
        if (!is_key_rule(rule) || has_blank(rule))
            return "Syntax error";
        if (r->all_keys)
            return "Adding a pattern after the * pattern (or the 'allkeys' flag) is not "
                   "valid and does not have any effect. Try 'resetkeys' to start with an "
                   "empty list of patterns";
        return NULL;
    case '&':
        if (has_blank(rule))
            return "Syntax error";
        if (r->all_channels)
            return "Adding a pattern after the * pattern (or the 'allchannels' flag) is "
                   "not valid and does not have any effect. Try 'resetchannels' to start "
                   "with an empty list of channels";
        return NULL;
    case '-':
        r->all_commands = false;
        /* fall through */
    case '+':
        return r->is_known(bytes_view(rule.at + 1, rule.len - 1), r->arg) ? NULL : UNKNOWN;
    }
    return "Syntax error";
}

/* A selector has keys, channels and commands, but no state and no passwords. */
static bool
is_for_selectors(struct bytes rule)
{
    static const char *const allowed[] = {
        "allkeys", "resetkeys", "allchannels", "resetchannels", "allcommands",
        "nocommands"
    };

    if (rule.len == 0 || memchr("~%&+-", rule.at[0], 5))
        return true;
    for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++)
        if (bytes_is(rule, allowed[i]))
            return true;
    return false;
}

/* What is between "(" and ")". */
static const char *
take_selector(const struct rights *of, struct bytes text)
{
    struct rights r = { .is_known = of->is_known, .arg = of->arg };
    size_t start = 0;

    for (size_t i = 0; i <= text.len; i++) {
        struct bytes rule;
        const char *why;

        if (i < text.len && text.at[i] != ' ')
            continue;
        rule = bytes_view(text.at + start, i - start);
        start = i + 1;
        if (!is_for_selectors(rule))
            return "Syntax error";
        why = take_rule(&r, rule);
        if (why)
            return why;
    }
    return NULL;
}

/* One rule, or the words of a selector put together again; returns how many words. */
static size_t
take_words(struct rights *r, const struct bytes *words, size_t n, const char **why)
{
    struct text whole = { 0 };
    size_t used = 1;

    if (words[0].len == 0 || words[0].at[0] != '(') {
        *why = take_rule(r, words[0]);
        return 1;
    }
    text_add(&whole, words[0]);
    while (whole.at[whole.len - 1] != ')' && used < n) {
        text_add_char(&whole, ' ');
        text_add(&whole, words[used++]);
    }
    if (whole.at[whole.len - 1] != ')')
        *why = UNKNOWN;
    else
        *why = take_selector(r, bytes_view(whole.at + 1, whole.len - 2));
    text_free(&whole);
    return used;
}

static bool
is_open(const struct rights *r)
{
    return r->on && r->no_password && r->all_keys && r->all_channels && r->all_commands;
}

bool
judge_user(const struct bytes *words, size_t n, judge_command_fn *is_known, void *arg,
           int *at, struct text *why)
{
    struct rights r = { .is_known = is_known, .arg = arg };
    const char *wrong = NULL;
    bool ok;

    r.passwords = mem_alloc((n + 1) * sizeof *r.passwords);
    *at = -1;
    for (size_t i = 1; i < n && !wrong; *at += wrong == NULL)
        i += take_words(&r, words + i, n - i, &wrong);
    if (!wrong && has_blank(words[0])) {
        *at = 0;
        wrong = "Spaces not allowed in ACL usernames";
    }
    ok = !wrong;
    if (wrong) {
        text_add_text(why, wrong);
    } else if (bytes_equal(words[0], B("default")) && !is_open(&r)) {
        *at = 0;
        text_add_text(why, "this version has no users, so a restricted 'default' would "
                           "leave the server open: use requirepass, or say 'user default "
                           "on nopass ~* &* +@all'");
        ok = false;
    }
    mem_free(r.passwords);
    return ok;
}
