/* SPDX-License-Identifier: MIT
 * config/option_text.c - option types of one text: names, paths, passwords, and
 * the working directory.
 *
 * A password is any bytes.  Every other text ends where C ends it, so one with a
 * NUL inside is refused: half a path is worse than none.
 * Read next:  option_list.c */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "config/option_types.h"

#define HOST_NAME_LONGEST 255

void
option_add_word(struct text *out, struct bytes word)
{
    bool plain = word.len > 0 && word.at[0] != '#';

    for (size_t i = 0; i < word.len && plain; i++)
        plain = word.at[i] > ' ' && word.at[i] < 127 && word.at[i] != '"'
            && word.at[i] != '\'' && word.at[i] != '\\';
    if (plain)
        text_add(out, word);
    else
        text_add_quoted(out, word);
}

/* --- what some texts must look like --- */

static const char *
check_file_name(const char *text)
{
    return strchr(text, '/') ? "can't be a path, just a filename" : NULL;
}

static const char *
check_host_name(const char *text)
{
    size_t len = strlen(text);

    if (len > HOST_NAME_LONGEST)
        return "Hostnames must be less than 256 characters";
    if (strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                     "0123456789-.") < len)
        return "Hostnames may only contain alphanumeric characters, hyphens or dots";
    return NULL;
}

/* The length of the {variable} at `at`; 0 when we know none like it. */
static size_t
variable_len(const char *at)
{
    static const char *const known[] = {
        "{title}", "{listen-addr}", "{server-mode}", "{port}", "{tls-port}",
        "{unixsocket}", "{config-file}"
    };

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strncmp(at, known[i], strlen(known[i])) == 0)
            return strlen(known[i]);
    return 0;
}

/* Text with {variables}, "{{" for a brace; more than blanks and {title}. */
static const char *
check_title(const char *text)
{
    bool says_something = false;

    while (*text) {
        bool is_variable = text[0] == '{' && text[1] != '{';
        size_t len = is_variable ? variable_len(text) : text[0] == '{' ? 2 : 1;

        if (len == 0)
            break;
        if (*text != ' ' && strncmp(text, "{title}", 7) != 0)
            says_something = true;
        text += len;
    }
    return says_something && !*text
        ? NULL : "template format is invalid or contains unknown variables";
}

static const char *
check_log_file_name(const char *text)
{
    return *text ? check_file_name(text) : "can't be empty";
}

static const char *
check_log_dir_name(const char *text)
{
    if (!*text)
        return "can't be empty";
    return strchr(text, '/') ? "can't be a path, just a dirname" : NULL;
}

/* `names`: the text starts with the option's name. */
static const struct { const char *name; const char *(*check)(const char *); bool names; }
checks[] = {
    { "dbfilename", check_file_name, true },
    { "appendfilename", check_log_file_name, true },
    { "appenddirname", check_log_dir_name, true },
    { "cluster-announce-hostname", check_host_name, false },
    { "proc-title-template", check_title, false },
};

static bool
is_fine(const struct option *o, const char *text, struct text *why)
{
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        const char *wrong;

        if (strcmp(checks[i].name, o->name) != 0)
            continue;
        wrong = checks[i].check(text);
        if (wrong)
            text_printf(why, "%s%s%s", checks[i].names ? o->name : "",
                        checks[i].names ? " " : "", wrong);
        return !wrong;
    }
    return true;
}

static bool
text_parse(const struct option *o, enum option_from from, const struct bytes *words,
           size_t n, const void *old, void *to, struct text *why)
{
    char *copy;

    (void)from, (void)n, (void)old;
    if (memchr(words[0].at, '\0', words[0].len)) {
        text_add_text(why, "argument must not contain NUL bytes");
        return false;
    }
    copy = bytes_copy_text(words[0]);
    if (!is_fine(o, copy, why)) {
        mem_free(copy);
        return false;
    }
    *(char **)to = copy;
    return true;
}

static void
text_format(const struct option *o, const void *field, struct text *out)
{
    char *const *text = field;

    (void)o;
    text_add_text(out, *text ? *text : "");
}

/* Always in quotes, as CONFIG REWRITE of Redis writes texts. */
static void
quoted_line(struct bytes text, void (*line)(const char *rest, void *arg), void *arg)
{
    struct text value = { 0 };

    text_add_quoted(&value, text);
    line(value.at, arg);
    text_free(&value);
}

static void
text_lines(const struct option *o, const void *field,
           void (*line)(const char *rest, void *arg), void *arg)
{
    char *const *text = field;

    (void)o;
    quoted_line(bytes_of_text(*text ? *text : ""), line, arg);
}

static void
text_release(void *field)
{
    char **text = field;

    mem_free(*text);
    *text = NULL;
}

const struct option_type option_type_text = {
    .size = sizeof(char *), .parse = text_parse, .format = text_format,
    .lines = text_lines, .release = text_release
};

/* --- passwords --- */

static bool
secret_parse(const struct option *o, enum option_from from, const struct bytes *words,
             size_t n, const void *old, void *to, struct text *why)
{
    struct text *secret = to;

    (void)o, (void)from, (void)n, (void)old, (void)why;
    *secret = (struct text){ 0 };
    text_add(secret, words[0]);
    return true;
}

static void
secret_format(const struct option *o, const void *field, struct text *out)
{
    (void)o;
    text_add(out, text_view(field));
}

static void
secret_lines(const struct option *o, const void *field,
             void (*line)(const char *rest, void *arg), void *arg)
{
    (void)o;
    quoted_line(text_view(field), line, arg);
}

static void
secret_release(void *field)
{
    text_free(field);
}

const struct option_type option_type_secret = {
    .size = sizeof(struct text), .parse = secret_parse, .format = secret_format,
    .lines = secret_lines, .release = secret_release
};

/* --- the working directory --- */

/* Kept as an absolute path, so that going back to it is always possible. */
static bool
dir_parse(const struct option *o, enum option_from from, const struct bytes *words,
          size_t n, const void *old, void *to, struct text *why)
{
    char *name, path[PATH_MAX];

    if (!text_parse(o, from, words, n, old, &name, why))
        return false;
    if (!realpath(name, path)) {
        text_add_text(why, strerror(errno));
        mem_free(name);
        return false;
    }
    mem_free(name);
    *(char **)to = mem_copy_text(path);
    return true;
}

static bool
dir_apply(const void *field, struct text *why)
{
    char *const *path = field;

    if (chdir(*path) == 0)
        return true;
    text_add_text(why, strerror(errno));
    return false;
}

const struct option_type option_type_dir = {
    .size = sizeof(char *), .parse = dir_parse, .format = text_format,
    .lines = text_lines, .release = text_release, .apply = dir_apply
};
