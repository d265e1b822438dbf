/* SPDX-License-Identifier: MIT
 * config/config_load.c - the command line and config files, applied line by line.
 *
 * Why:        redis-server's command line is a config file in disguise; treating it
 *             as one gives both the same rules and the same reports.
 * How:        file, then standard input, then an empty line and the options, each
 *             `--name a b` turned into a line `name "a" "b"`; the last line wins.
 *             Line numbers in reports count through all of it, as Redis does.
 * Invariants: a report never shows the value of a secret.
 * Left out:   naming the included file in a report: Redis's form has no place for it
 *             (--check-config does it).
 * Read next:  config_check.c */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "config/config_own.h"

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "0.1.0"
#endif

#define INCLUDE_DEPTH 16
#define NO_SUCH_DIRECTIVE "Bad directive or wrong number of arguments"
#define ROLE_DEFAULT_HOST "127.0.0.1"
#define ROLE_DEFAULT_PORT 6380

/* Names of old versions that Redis still reads, and ignores. */
static const char *const ignored[] = {
    "list-max-ziplist-entries", "list-max-ziplist-value", "lua-replicate-commands"
};

/* Where we are while lines are applied. */
struct reading {
    struct config *config;
    const char *file;
    size_t options_at;
    int depth;
    config_mistake_fn *mistake;
    void *arg;
};

static bool apply_text(const struct reading *r, struct bytes text);

/* --- reading --- */

static bool
read_all(int fd, struct text *out)
{
    char buffer[4096];
    ssize_t n;

    while ((n = read(fd, buffer, sizeof buffer)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        text_add(out, bytes_view(buffer, (size_t)n));
    }
    return true;
}

bool
config_read_file(const char *path, struct text *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool ok;
    int error;

    if (fd < 0)
        return false;
    ok = read_all(fd, out);
    error = errno;
    close(fd);
    errno = error;
    return ok;
}

/* --- one line --- */

static bool
is_ignored(const struct bytes *words, size_t n)
{
    for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
        if (n == 2 && bytes_is(words[0], ignored[i]))
            return true;
    return false;
}

static bool
set_value(struct config *c, const struct option *o, const struct bytes *words, size_t n,
          struct text *why, const char **meant)
{
    const struct judge judge = c->own->judges[o - option_at(0)];
    bool *given = &c->own->given[o - option_at(0)];
    enum option_from from = *given ? FROM_FILE_AGAIN : FROM_FILE;
    union option_space space;
    void *field = option_field(o, c);

    if (!option_parse(o, from, words, n, field, &space, why))
        return false;
    if ((judge.fn && !judge.fn(words, n, judge.arg, why, meant))
        || (o->type->apply && !o->type->apply(&space, why))) {
        option_release(o, &space);
        return false;
    }
    option_release(o, field);
    memcpy(field, &space, o->type->size);
    *given = true;
    return true;
}

/* --role: only the command line has it. */
static bool
set_role(struct config *c, const struct bytes *words, size_t n, struct text *why,
         const char **meant)
{
    static const struct bytes nobody[] = { { "no", 2 }, { "one", 3 } };

    if (n == 1 && (bytes_is(words[0], "slave") || bytes_is(words[0], "replica"))) {
        c->own->is_replica = true;
        return true;
    }
    if (n == 1 && bytes_is(words[0], "master")) {
        c->own->is_replica = false;
        return set_value(c, option_find(B("replicaof")), nobody, 2, why, meant);
    }
    text_add_text(why, "argument(s) must be one of the following: master, slave");
    return false;
}

static bool
tell(const struct reading *r, struct config_mistake m)
{
    m.file = r->file;
    return r->mistake(&m, r->arg);
}

static bool
include_file(const struct reading *r, size_t number, const char *path)
{
    struct reading inner = *r;
    struct text text = { 0 };
    bool go_on;

    inner.file = path;
    inner.depth++;
    inner.options_at = SIZE_MAX;
    if (config_read_file(path, &text))
        go_on = apply_text(&inner, text_view(&text));
    else
        go_on = tell(r, (struct config_mistake){
            .line_number = number, .line = bytes_of_text(path), .why = strerror(errno),
            .is_unreadable = true });
    text_free(&text);
    return go_on;
}

/* A pattern that matches nothing includes nothing; a plain name must be there. */
static bool
include(const struct reading *r, size_t number, const char *pattern)
{
    bool go_on = true;
    glob_t found;

    if (!strpbrk(pattern, "*?["))
        return include_file(r, number, pattern);
    if (glob(pattern, 0, NULL, &found) != 0)
        return true;
    for (size_t i = 0; i < found.gl_pathc && go_on; i++)
        go_on = include_file(r, number, found.gl_pathv[i]);
    globfree(&found);
    return go_on;
}

static bool
apply_words(const struct reading *r, size_t number, struct bytes line, bool from_options,
            const struct bytes *words, size_t n)
{
    const struct option *o = option_find(words[0]);
    struct config_mistake m = { .line_number = number, .line = line, .name = words[0] };
    struct text why = { 0 };
    bool ok, go_on = true;

    if (bytes_is(words[0], "include") && n == 2) {
        if (r->depth < INCLUDE_DEPTH)
            return include(r, number, words[1].at);
        m.why = "too many includes inside each other";
        return tell(r, m);
    }
    if (is_ignored(words, n))
        return true;
    if (bytes_is(words[0], "sentinel")) {
        m.why = "sentinel directive while not in sentinel mode";
        return tell(r, m);
    }
    if (from_options && bytes_is(words[0], "role")) {
        ok = set_role(r->config, words + 1, n - 1, &why, &m.meant);
    } else if (o) {
        ok = set_value(r->config, o, words + 1, n - 1, &why, &m.meant);
    } else {
        m.why = NO_SUCH_DIRECTIVE;
        m.is_unknown = true;
        return tell(r, m);
    }
    if (!ok) {
        m.why = why.at;
        go_on = tell(r, m);
    }
    text_free(&why);
    return go_on;
}

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct bytes
config_trimmed(struct bytes line)
{
    while (line.len > 0 && is_blank(line.at[0]))
        line = bytes_view(line.at + 1, line.len - 1);
    while (line.len > 0 && is_blank(line.at[line.len - 1]))
        line.len--;
    return line;
}

/* Where quotes are unbalanced there are no words: what stands at the front, quotes
 * aside, so that the value of a secret is known to be one. */
static struct bytes
name_of_broken(struct bytes line)
{
    static const char ends[] = " \t\r\n\"'";
    size_t len = 0;

    while (line.len > 0 && strchr(ends, line.at[0]))
        line = bytes_view(line.at + 1, line.len - 1);
    while (len < line.len && !strchr(ends, line.at[len]))
        len++;
    return bytes_view(line.at, len);
}

static bool
apply_line(const struct reading *r, size_t number, struct bytes line, bool from_options)
{
    struct bytes *words;
    bool go_on = true;
    size_t n;

    if (line.len == 0 || line.at[0] == '#')
        return true;
    words = words_split(line, &n);
    if (!words)
        return tell(r, (struct config_mistake){
            .line_number = number, .line = line, .name = name_of_broken(line),
            .why = "Unbalanced quotes in configuration line" });
    if (n > 0)
        go_on = apply_words(r, number, line, from_options, words, n);
    words_free(words, n);
    return go_on;
}

static bool
apply_text(const struct reading *r, struct bytes text)
{
    size_t number = 1;

    for (size_t at = 0; at < text.len; number++) {
        const char *end = memchr(text.at + at, '\n', text.len - at);
        size_t len = end ? (size_t)(end - (text.at + at)) : text.len - at;

        if (!apply_line(r, number, config_trimmed(bytes_view(text.at + at, len)),
                        at >= r->options_at))
            return false;
        at += len + 1;
    }
    return true;
}

bool
config_apply_text(struct config *c, struct bytes text, size_t options_at,
                  const char *file, config_mistake_fn *mistake, void *arg)
{
    const struct reading r = { .config = c, .file = file, .options_at = options_at,
                               .mistake = mistake, .arg = arg };

    return apply_text(&r, text);
}

/* --- the report --- */

void
config_add_line(struct text *out, struct bytes line, struct bytes name)
{
    const struct option *o = option_find(name);

    if (o && o->flags & SECRET && line.len > name.len)
        text_printf(out, "%s \"(redacted)\"", o->name);
    else
        text_add(out, line);
}

struct failure { struct text *report; bool is_unreadable; };

static bool
report_and_stop(const struct config_mistake *m, void *arg)
{
    struct failure *f = arg;

    f->is_unreadable = m->is_unreadable;
    if (m->is_unreadable) {
        text_printf(f->report, "Fatal error, can't open config file '%.*s': %s",
                    B_ARG(m->line), m->why);
        return false;
    }
    text_printf(f->report, "\n*** FATAL CONFIG FILE ERROR (IgnisDB %s) ***\n"
                "Reading the configuration file, at line %zu\n>>> '",
                PACKAGE_VERSION, m->line_number);
    config_add_line(f->report, m->line, m->name);
    text_printf(f->report, "'\n%s\n", m->why);
    return false;
}

/* --- the command line --- */

static bool
is_stdin_mark(const char *arg)
{
    return strcmp(arg, "-") == 0;
}

/* After `--name` comes its value even if that begins with "--"; but `--save` may
 * stand alone, and "--name value" in one argument has its value already. */
static bool
wants_value(const char *option)
{
    size_t n;
    struct bytes *words = words_split(bytes_of_text(option), &n);
    bool wants = !words || n == 0 || (n == 1 && !bytes_is(words[0], "save"));

    words_free(words, n);
    return wants;
}

/* The arguments as lines. */
static void
add_options(struct text *out, int argc, char **argv)
{
    bool wants = false, is_first = true;

    for (int i = 0; i < argc; i++) {
        if (!wants && strncmp(argv[i], "--", 2) == 0) {
            text_add_text(out, is_first ? "" : "\n");
            text_add_text(out, argv[i] + 2);
            wants = wants_value(argv[i] + 2);
        } else {
            text_add_quoted(out, bytes_of_text(argv[i]));
            wants = false;
        }
        text_add_char(out, ' ');
        is_first = false;
    }
}

/* Remember the file under a name that stays right after a change of directory. */
static void
remember_file(struct config *c, const char *path)
{
    char here[PATH_MAX];
    struct text absolute = { 0 };

    if (path[0] != '/' && getcwd(here, sizeof here))
        text_printf(&absolute, "%s/", here);
    text_add_text(&absolute, path);
    mem_free(c->own->file);
    c->own->file = mem_copy_text(absolute.at);
    text_free(&absolute);
}

static void
end_line(struct text *t)
{
    if (t->len > 0 && t->at[t->len - 1] != '\n')
        text_add_char(t, '\n');
}

static void
follow_somebody(struct config *c)
{
    if (!c->own->is_replica || c->replicaof.host[0])
        return;
    mem_free(c->replicaof.host);
    c->replicaof.host = mem_copy_text(ROLE_DEFAULT_HOST);
    c->replicaof.port = ROLE_DEFAULT_PORT;
}

enum status
config_load(struct config *c, int argc, char **argv, struct text *report)
{
    struct failure failure = { .report = report };
    struct text lines = { 0 };
    bool from_stdin = false, ok = true;
    size_t options_at;

    if (argc > 0 && argv[0][0] != '-' && argv[0][0] != '\0') {
        remember_file(c, argv[0]);
        argc--, argv++;
        ok = config_read_file(c->own->file, &lines);
        if (!ok)
            report_and_stop(&(struct config_mistake){
                .line = bytes_of_text(c->own->file), .why = strerror(errno),
                .is_unreadable = true }, &failure);
    } else if (argc > 0 && is_stdin_mark(argv[0])) {
        from_stdin = true;
        argc--, argv++;
    } else if (argc > 0 && argv[0][0] == '\0') {
        argc--, argv++;                 /* no file, as Redis has it */
    }
    if (argc > 0 && is_stdin_mark(argv[argc - 1])) {
        from_stdin = true;
        argc--;
    }
    if (ok && from_stdin) {
        end_line(&lines);
        read_all(STDIN_FILENO, &lines);
    }
    if (argc > 0)
        text_add_char(&lines, '\n');
    options_at = lines.len;
    add_options(&lines, argc, argv);
    ok = ok && config_apply_text(c, text_view(&lines), options_at, NULL, report_and_stop,
                                 &failure);
    text_free(&lines);
    if (!ok)
        return failure.is_unreadable ? FAILED_IO : FAILED;
    follow_somebody(c);
    return OK;
}
