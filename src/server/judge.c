/* SPDX-License-Identifier: MIT
 * server/judge.c - what is wrong with a configuration although each value is right.
 *
 * Why:        that a command exists or an address makes sense is not for the table of
 *             options to know, but a mistake must be told with its line, and
 *             --check-config must not accept what start-up refuses.
 * How:        config_judge shows us the lines; renames are tried on a table of their
 *             own.  What Redis finds only after reading (files of users and modules)
 *             is judged by the same functions then, and at its line when checking.
 * Left out:   what only the moment decides: whether a port is free, a directory there.
 * Read next:  judge_user.c */
#include "server/judge.h"

#include <arpa/inet.h>
#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/nearest.h"
#include "command/acl.h"
#include "command/table.h"
#include "config/config.h"
#include "server/judge_user.h"
#include "server/parts.h"

/* Commands of Redis 7.0 that this version does not have.  They can be renamed, as
 * hardened configurations do, with the same outcome: the old name is unknown. */
static const char *const absent[] = {
    "acl", "asking", "bgrewriteaof", "bgsave", "cluster", "dump", "eval", "eval_ro",
    "evalsha", "evalsha_ro", "failover", "fcall", "fcall_ro", "function", "geoadd",
    "geodist", "geohash", "geopos", "georadius", "georadius_ro", "georadiusbymember",
    "georadiusbymember_ro", "geosearch", "geosearchstore", "lastsave", "migrate",
    "pfadd", "pfcount", "pfdebug", "pfmerge", "pfselftest", "psync", "readonly",
    "readwrite", "replconf", "replicaof", "restore", "restore-asking", "save", "script",
    "slaveof", "sync", "wait", "xack", "xadd", "xautoclaim", "xclaim", "xdel", "xgroup",
    "xinfo", "xlen", "xpending", "xrange", "xread", "xreadgroup", "xrevrange", "xsetid",
    "xtrim",
};
#define ABSENT (sizeof absent / sizeof absent[0])

const char *
judges_absent(size_t at)
{
    return at < ABSENT ? absent[at] : NULL;
}

struct judges {
    struct command_table *known;        /* as they are; NULL until needed */
    struct command_table *renamed;      /* as the lines so far leave them */
    bool gone[ABSENT];                  /* renamed away */
    struct word_list users;             /* named so far */
};

/* --- commands --- */

static size_t
absent_at(struct bytes name)
{
    size_t i = 0;

    while (i < ABSENT && !bytes_is(name, absent[i]))
        i++;
    return i;
}

static void
make_tables(struct judges *j)
{
    if (j->known)
        return;
    j->known = parts_commands();
    j->renamed = parts_commands();
}

static const char *
meant_command(const struct judges *j, struct bytes name)
{
    struct nearest nearest;

    nearest_start(&nearest, name);
    for (size_t i = 0; i < command_count(j->known); i++)
        nearest_offer(&nearest, command_at(j->known, i)->full_name);
    for (size_t i = 0; i < ABSENT; i++)
        nearest_offer(&nearest, absent[i]);
    return nearest.meant;
}

static bool
judge_rename(const struct bytes *words, size_t n, void *arg, struct text *why,
             const char **meant)
{
    struct judges *j = arg;
    size_t from = absent_at(words[0]), to = absent_at(words[1]);

    (void)n;
    make_tables(j);
    if (!command_find(j->renamed, words[0]) && (from == ABSENT || j->gone[from])) {
        text_add_text(why, "No such command in rename-command");
        if (from == ABSENT && !command_find(j->known, words[0]))
            *meant = meant_command(j, words[0]);
        return false;
    }
    if (words[1].len && (command_find(j->renamed, words[1])
                         || (to < ABSENT && !j->gone[to]))) {
        text_add_text(why, "Target command name already exists");
        return false;
    }
    if (from < ABSENT && !j->gone[from]) {
        j->gone[from] = true;
        return true;
    }
    if (command_rename(j->renamed, words[0], words[1]))
        return true;
    text_add_text(why, "The new name cannot be used");
    return false;
}

void
judges_rename(struct command_table *table, const struct config *c)
{
    for (size_t i = 0; i < c->rename_command.count; i++) {
        const struct word_list *line = &c->rename_command.at[i];

        /* false: one that is absent */
        command_rename(table, bytes_of_text(line->at[0]), bytes_of_text(line->at[1]));
    }
}

/* --- users --- */

/* "get", "config|get", "get|first-argument", "@read". */
static bool
is_known_command(struct bytes name, void *arg)
{
    struct judges *j = arg;
    const char *bar = memchr(name.at, '|', name.len);
    struct bytes first = bar ? bytes_view(name.at, (size_t)(bar - name.at)) : name;
    struct registered *cmd;

    make_tables(j);
    if (name.len > 0 && name.at[0] == '@') {
        struct bytes category = bytes_view(name.at + 1, name.len - 1);

        return bytes_is(category, "all") || acl_category_by_name(category);
    }
    if (absent_at(first) < ABSENT)
        return true;
    cmd = command_find(j->known, first);
    return cmd && (!bar || !cmd->sub_count || command_by_full_name(j->known, name));
}

static bool
is_password(struct bytes word)
{
    return word.len > 0 && memchr("><#!(", word.at[0], 5);
}

static bool
judge_user_line(const struct bytes *words, size_t n, void *arg, struct text *why,
                const char **meant)
{
    struct judges *j = arg;
    struct text wrong = { 0 };
    struct bytes blamed = words[0];
    bool ok;
    int at = 0;

    (void)meant;
    ok = judge_user(words, n, is_known_command, j, &at, &wrong);
    for (size_t i = 0; i < j->users.count && ok; i++)
        if (bytes_equal(words[0], bytes_of_text(j->users.at[i]))) {
            text_add_text(&wrong, "Duplicate user found. A user can only be defined once "
                                  "in config files");
            ok = false;
            at = 0;
        }
    if (ok) {
        j->users.at = mem_realloc(j->users.at,
                                  (j->users.count + 1) * sizeof *j->users.at);
        j->users.at[j->users.count++] = bytes_copy_text(words[0]);
        return true;
    }
    blamed = at < 0 ? B("user") : is_password(words[at]) ? B("(redacted)") : words[at];
    text_printf(why, "Error in user declaration '%.*s': %.*s", B_ARG(blamed),
                B_ARG(text_view(&wrong)));
    text_free(&wrong);
    return false;
}

/* One line of an ACL file; blank ones are fine. */
static bool
judge_acl_line(struct judges *j, struct bytes line, struct text *why)
{
    size_t n;
    struct bytes *words = words_split(line, &n);
    bool ok = words && n == 0;
    int at;

    if (words && n > 1 && bytes_is(words[0], "user"))
        ok = judge_user(words + 1, n - 1, is_known_command, j, &at, why);
    else if (!ok)
        text_add_text(why, "should start with user keyword followed by the username");
    words_free(words, n);
    return ok;
}

static bool
judge_acl_text(struct judges *j, const char *path, struct bytes text, struct text *why)
{
    struct text wrong = { 0 };
    size_t number = 1;

    for (size_t at = 0; at < text.len; number++) {
        const char *end = memchr(text.at + at, '\n', text.len - at);
        size_t len = end ? (size_t)(end - (text.at + at)) : text.len - at;

        if (!judge_acl_line(j, bytes_view(text.at + at, len), &wrong)) {
            text_printf(why, "%s:%zu %.*s. WARNING: ACL errors detected, no change to "
                        "the previously active ACL rules was performed", path, number,
                        B_ARG(text_view(&wrong)));
            text_free(&wrong);
            return false;
        }
        at += len + 1;
    }
    return true;
}

static bool
judge_acl_file(struct judges *j, const char *path, struct text *why)
{
    struct text text = { 0 };
    bool ok;

    if (path[0] == '\0')
        return true;
    ok = config_read_file(path, &text);
    if (!ok)
        text_printf(why, "Error loading ACLs, opening file '%s': %s", path,
                    strerror(errno));
    ok = ok && judge_acl_text(j, path, text_view(&text), why);
    text_free(&text);
    return ok;
}

/* --- modules --- */

static bool
judge_module(const char *path, struct text *why)
{
    struct stat st;
    bool is_there = stat(path, &st) == 0;

    if (path[0] == '\0')
        text_add_text(why, "Module  does not export RedisModule_OnLoad() symbol. Module "
                           "not loaded.");
    else if (is_there && !(st.st_mode & 0111))
        text_printf(why, "Module %s failed to load: It does not have execute "
                    "permissions.", path);
    else if (is_there && S_ISDIR(st.st_mode))
        text_printf(why, "Module %s failed to load: %s: cannot read file data: Is a "
                    "directory", path, path);
    else if (!is_there)
        text_printf(why, "Module %s failed to load: %s: cannot open shared object file: "
                    "%s", path, path, strerror(errno));
    else
        return true;
    return false;
}

/* --- lines that only --check-config judges --- */

static bool
check_acl_file(const struct bytes *words, size_t n, void *arg, struct text *why,
               const char **meant)
{
    (void)n, (void)meant;
    return judge_acl_file(arg, words[0].at, why);
}

static bool
check_module(const struct bytes *words, size_t n, void *arg, struct text *why,
             const char **meant)
{
    (void)n, (void)arg, (void)meant;
    return judge_module(words[0].at, why);
}

static bool
check_group(const struct bytes *words, size_t n, void *arg, struct text *why,
            const char **meant)
{
    (void)n, (void)arg, (void)meant;
    if (words[0].len == 0 || getgrnam(words[0].at))
        return true;
    text_add_text(why, "no such group");
    return false;
}

/* Numbers and dots can only be an IPv4 address, colons only an IPv6 one; a name is
 * looked up when the server starts. */
static bool
is_possible_address(const char *word)
{
    struct in6_addr six;
    struct in_addr four;
    char plain[INET6_ADDRSTRLEN];
    size_t len;

    word += word[0] == '-';
    if (strchr(word, ':')) {
        len = strcspn(word, "%");       /* a scope may follow */
        if (strcmp(word, "::*") == 0)
            return true;
        if (len >= sizeof plain)
            return false;
        snprintf(plain, sizeof plain, "%.*s", (int)len, word);
        return inet_pton(AF_INET6, plain, &six) == 1;
    }
    return word[0] == '\0' || word[strspn(word, "0123456789.")] != '\0'
           || inet_aton(word, &four) != 0;
}

static bool
check_bind(const struct bytes *words, size_t n, void *arg, struct text *why,
           const char **meant)
{
    (void)arg, (void)meant;
    for (size_t i = 0; i < n; i++) {
        size_t count;
        struct bytes *parts = words_split(words[i], &count);
        bool ok = true;

        for (size_t k = 0; k < count && ok; k++) {
            ok = is_possible_address(parts[k].at);
            if (!ok)
                text_printf(why, "'%.*s' is no address", B_ARG(parts[k]));
        }
        words_free(parts, count);
        if (!ok)
            return false;
    }
    return true;
}

/* --- all of it --- */

bool
judges_may_start(struct judges *j, const struct config *c, struct text *why)
{
    struct text wrong = { 0 };

    if (c->aclfile[0] != '\0' && c->user.count > 0) {
        text_add_text(why, "Users are declared in the configuration and an ACL file is "
                           "named as well: only one of them can be right. Use either.");
        return false;
    }
    if (!judge_acl_file(j, c->aclfile, &wrong)) {
        text_printf(why, "Aborting IgnisDB startup because of ACL errors: %.*s",
                    B_ARG(text_view(&wrong)));
        text_free(&wrong);
        return false;
    }
    for (size_t i = 0; i < c->loadmodule.count; i++)
        if (!judge_module(c->loadmodule.at[i].at[0], why)) {
            text_printf(why, "\nCan't load module from %s: server aborting",
                        c->loadmodule.at[i].at[0]);
            return false;
        }
    return true;
}

struct judges *
judges_new(struct config *c, bool checking)
{
    struct judges *j = mem_zalloc(sizeof *j);

    config_judge(c, "rename-command", judge_rename, j);
    config_judge(c, "user", judge_user_line, j);
    if (checking) {
        config_judge(c, "aclfile", check_acl_file, j);
        config_judge(c, "loadmodule", check_module, j);
        config_judge(c, "unixsocketgroup", check_group, j);
        config_judge(c, "bind", check_bind, j);
    }
    return j;
}

void
judges_free(struct judges *j)
{
    if (j->known) {
        command_table_free(j->known);
        command_table_free(j->renamed);
    }
    for (size_t i = 0; i < j->users.count; i++)
        mem_free(j->users.at[i]);
    mem_free(j->users.at);
    mem_free(j);
}
