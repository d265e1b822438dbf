/* SPDX-License-Identifier: MIT
 * server/process.c - what init systems and operators expect of a daemon.
 *
 * Sources:   daemon(7), sd_notify(3) for the protocol of the notify socket,
 *            proc(5) for the files of process_check_system.
 * Read next: server/main.c */
#include "server/process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/num.h"
#include "base/text.h"
#include "config/config.h"

#define OWN_DESCRIPTORS 32
#define DEFAULT_PIDFILE "/var/run/ignis.pid"

enum status
process_daemonize(void)
{
    pid_t pid = fork();
    int null;

    if (pid < 0)
        return FAILED_IO;
    if (pid > 0)
        _exit(0);
    if (setsid() < 0)
        return FAILED_IO;
    null = open("/dev/null", O_RDWR);
    if (null < 0)
        return FAILED_IO;
    for (int fd = 0; fd <= 2; fd++)
        dup2(null, fd);
    if (null > 2)
        close(null);
    return OK;
}

/* NULL: none is wanted. */
static const char *
pidfile_of(const struct config *config)
{
    if (config->pidfile[0] != '\0')
        return config->pidfile;
    return config->daemonize ? DEFAULT_PIDFILE : NULL;
}

void
process_write_pidfile(const struct config *config)
{
    const char *path = pidfile_of(config);
    FILE *f;

    if (!path)
        return;
    f = fopen(path, "we");
    if (!f) {
        log_warning("Failed to write PID file: %s", strerror(errno));
        return;
    }
    fprintf(f, "%d\n", (int)getpid());
    fclose(f);
}

void
process_remove_pidfile(const struct config *config)
{
    const char *path = pidfile_of(config);

    if (path) {
        log_notice("Removing the pid file.");
        unlink(path);
    }
}

static bool
allow_open_files(rlim_t n, rlim_t hard)
{
    struct rlimit try = { .rlim_cur = n, .rlim_max = n > hard ? n : hard };

    return setrlimit(RLIMIT_NOFILE, &try) == 0;
}

/* As near to `wanted` as the system grants, in steps of 16.  Who is granted n is
 * granted less too, so the step is found by halving: CONFIG SET maxclients may ask
 * for thousands of millions. */
static void
raise_open_files(rlim_t wanted, const struct rlimit *now)
{
    rlim_t refused = 0, granted = (wanted - now->rlim_cur) / 16 + 1, middle;

    if (allow_open_files(wanted, now->rlim_max))
        return;
    while (granted - refused > 1) {
        middle = refused + (granted - refused) / 2;
        if (allow_open_files(wanted - 16 * middle, now->rlim_max))
            granted = middle;
        else
            refused = middle;
    }
}

void
process_adjust_open_files(struct config *config)
{
    rlim_t wanted = (rlim_t)config->max_clients + OWN_DESCRIPTORS;
    int64_t asked = config->max_clients;
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted)
        return;
    raise_open_files(wanted, &limit);
    getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur >= wanted) {
        log_notice("Increased maximum number of open files to %llu (it was originally "
                   "set to less).", (unsigned long long)limit.rlim_cur);
        return;
    }
    if (limit.rlim_cur <= OWN_DESCRIPTORS) {
        log_warning("Your current 'ulimit -n' of %llu is not enough for the server to "
                    "start. Please increase your open file limit to at least %llu. "
                    "Exiting.",
                    (unsigned long long)limit.rlim_cur, (unsigned long long)wanted);
        exit(1);
    }
    config->max_clients = (int64_t)(limit.rlim_cur - OWN_DESCRIPTORS);
    log_warning("You requested maxclients of %lld requiring at least %llu max file "
                "descriptors.", (long long)asked, (unsigned long long)wanted);
    log_warning("Current maximum open files is %llu. maxclients has been reduced to %lld "
                "to compensate for low ulimit.", (unsigned long long)limit.rlim_cur,
                (long long)config->max_clients);
}

/* --- the title in ps --- */

static char *title_at;
static size_t title_room;
static char *own_name;
static char own_path[PATH_MAX];
static char **own_arguments;

static void
keep_arguments(int argc, char **argv)
{
    ssize_t n = readlink("/proc/self/exe", own_path, sizeof own_path - 1);

    own_path[n > 0 ? n : 0] = '\0';
    own_arguments = mem_alloc(((size_t)argc + 1) * sizeof *own_arguments);
    for (int i = 0; i < argc; i++)
        own_arguments[i] = mem_copy_text(argv[i]);
    own_arguments[argc] = NULL;
}

/* The kernel shows the bytes where argv and environ lie, one after the other:
 * move the environment away and write over both. */
void
process_title_start(int argc, char **argv)
{
    extern char **environ;
    char *end = argv[0] + strlen(argv[0]) + 1, **copy;
    size_t n = 0;

    own_name = mem_copy_text(argv[0]);
    keep_arguments(argc, argv);
    for (int i = 1; i < argc; i++)
        if (argv[i] == end)
            end += strlen(argv[i]) + 1;
    while (environ[n])
        n++;
    copy = mem_alloc((n + 1) * sizeof *copy);
    for (size_t i = 0; i < n; i++) {
        if (environ[i] == end)
            end += strlen(environ[i]) + 1;
        copy[i] = mem_copy_text(environ[i]);
    }
    copy[n] = NULL;
    environ = copy;                     /* for the life of the process */
    title_at = argv[0];
    title_room = (size_t)(end - argv[0]);
}

static void
add_listen_address(struct text *out, const struct config *config)
{
    if (config->port == 0 && config->unixsocket[0] != '\0') {
        text_add_text(out, config->unixsocket);
        return;
    }
    text_printf(out, "%s:%d", config->bind.count ? config->bind.at[0] : "*",
                config->port);
}

static void
add_field(struct text *out, struct bytes name, const struct config *config)
{
    if (bytes_equal(name, B("title")))
        text_add_text(out, own_name);
    else if (bytes_equal(name, B("listen-addr")))
        add_listen_address(out, config);
    else if (bytes_equal(name, B("port")))
        text_printf(out, "%d", config->port);
    else if (bytes_equal(name, B("tls-port")))
        text_printf(out, "%d", config->tls_port);
    else if (bytes_equal(name, B("unixsocket")))
        text_add_text(out, config->unixsocket);
    else if (bytes_equal(name, B("config-file")))
        text_add_text(out, config_file(config));
}

void
process_title_set(const struct config *config)
{
    const char *p = config->proc_title_template, *end;
    struct text title = { 0 };
    size_t n;

    if (!config->set_proc_title || !title_at)
        return;
    while (*p) {
        end = *p == '{' ? strchr(p, '}') : NULL;
        if (end) {
            add_field(&title, bytes_view(p + 1, (size_t)(end - p - 1)), config);
            p = end + 1;
        } else
            text_add_char(&title, *p++);
    }
    while (title.len && title.at[title.len - 1] == ' ')
        title.len--;
    n = title.len < title_room - 1 ? title.len : title_room - 1;
    memset(title_at, 0, title_room);
    memcpy(title_at, title.at, n);
    text_free(&title);
}

/* --- once more from the start --- */

void
process_restart(int64_t delay_ms)
{
    struct timespec left = { .tv_sec = delay_ms / 1000,
                             .tv_nsec = delay_ms % 1000 * 1000000 };
    struct rlimit limit;
    extern char **environ;

    if (access(own_path, X_OK) != 0) {
        log_warning("Can't restart: this process has no permissions to execute %s",
                    own_path);
        return;
    }
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        for (int fd = STDERR_FILENO + 1; (rlim_t)fd < limit.rlim_cur; fd++)
            close(fd);
    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        ;
    execve(own_path, own_arguments, environ);
    _exit(1);                           /* nothing is left to go back to */
}

/* --- the service manager --- */

void
process_notify(const char *message)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    size_t len = path ? strlen(path) : 0;
    int fd;

    if (len < 2 || len >= sizeof to.sun_path || (path[0] != '/' && path[0] != '@'))
        return;
    memcpy(to.sun_path, path, len);
    if (path[0] == '@')
        to.sun_path[0] = '\0';          /* the abstract namespace */
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    if (sendto(fd, message, strlen(message), MSG_NOSIGNAL, (struct sockaddr *)&to,
               (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) < 0)
        log_warning("Failed to tell the service manager: %s", strerror(errno));
    close(fd);
}

bool
process_is_supervised(const struct config *config)
{
    return config->supervised == SUPERVISED_SYSTEMD
        || (config->supervised == SUPERVISED_AUTO && getenv("NOTIFY_SOCKET"));
}

/* --- the kernel's settings --- */

static bool
read_small_file(const char *path, char *out, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n;

    if (fd < 0)
        return false;
    n = read(fd, out, size - 1);
    close(fd);
    if (n < 0)
        return false;
    while (n > 0 && out[n - 1] == '\n')
        n--;
    out[n] = '\0';
    return true;
}

int
process_check_system(const struct config *config)
{
    char text[128];
    int64_t n;
    int found = 0;

    if (read_small_file("/proc/sys/vm/overcommit_memory", text, sizeof text)
        && strcmp(text, "1") != 0) {
        log_warning("WARNING Memory overcommit must be enabled! Without it, a background "
                    "save or replication may fail under low memory condition. To fix "
                    "this, set 'vm.overcommit_memory = 1' with sysctl.");
        found++;
    }
    if (read_small_file("/sys/kernel/mm/transparent_hugepage/enabled", text, sizeof text)
        && strstr(text, "[always]") && !config->disable_thp) {
        log_warning("WARNING Transparent Huge Pages are always on: a fork child makes "
                    "every write copy 2 MB. Set them to madvise.");
        found++;
    }
    if (read_small_file("/proc/sys/net/core/somaxconn", text, sizeof text)
        && num_parse_i64(bytes_of_text(text), &n) && n > 0 && n < config->tcp_backlog) {
        log_warning("WARNING: The TCP backlog setting of %d cannot be enforced because "
                    "/proc/sys/net/core/somaxconn is set to the lower value of %lld.",
                    config->tcp_backlog, (long long)n);
        found++;
    }
    return found;
}

static bool
write_oom_score(int64_t score)
{
    FILE *f = fopen("/proc/self/oom_score_adj", "we");
    bool ok = f && fprintf(f, "%d\n", (int)score) > 0 && fflush(f) == 0;

    if (!ok)
        log_warning("Unable to write oom_score_adj: %s", strerror(errno));
    if (f)
        fclose(f);
    return ok;
}

bool
process_set_oom_score(const struct config *config)
{
    static bool is_ours;                /* what is there was written by us */
    static int64_t before;              /* what was there before that */
    int64_t score = config->oom_score_adj_values[0];
    char text[32];

    if (config->oom_score_adj == OOM_NO) {
        if (is_ours && !write_oom_score(before))
            return false;
        is_ours = false;
        return true;
    }
    if (!is_ours && (!read_small_file("/proc/self/oom_score_adj", text, sizeof text)
                     || !num_parse_i64(bytes_of_text(text), &before)))
        before = 0;
    if (config->oom_score_adj == OOM_RELATIVE)
        score += before;
    if (!write_oom_score(score > 1000 ? 1000 : score < -1000 ? -1000 : score))
        return false;
    is_ours = true;
    return true;
}
