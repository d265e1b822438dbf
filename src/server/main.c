/* SPDX-License-Identifier: MIT
 * server/main.c - the process: read the options, put the parts together, open the
 * doors, serve, tear down.
 *
 * How:        main() parses, build() makes the parts and opens the doors, then the loop
 *             runs until somebody rings for shutdown.
 * Read next:  server/parts.c (what is put together); src/README.md has the tour,
 *             command/dispatch.c the way of a request */
#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/num.h"
#include "base/text.h"
#include "base/version.h"
#include "command/call.h"
#include "command/clients.h"
#include "command/shutdown.h"
#include "command/table.h"
#include "config/config.h"
#include "keyspace/lazyfree.h"
#include "net/loop.h"
#include "server/crash.h"
#include "server/cron.h"
#include "server/effects.h"
#include "server/judge.h"
#include "server/listeners.h"
#include "server/memtest.h"
#include "server/parts.h"
#include "server/process.h"

struct house {
    struct server server;
    struct listeners *listeners;
    struct cron *cron;
    struct judges *judges;              /* of the configuration */
};

/* --- what can be asked of the program without a server --- */

/* Scripts read v= to know what they may configure: the version that clients are told,
 * as in INFO.  Ours comes last, where none of them looks. */
static void
print_version(void)
{
    printf("IgnisDB server v=%s sha=00000000:0 malloc=%s bits=%d build=0 ignisdb=%s\n",
           VERSION_REDIS, mem_allocator_name(), (int)sizeof(void *) * 8, VERSION_IGNIS);
}

static void
print_usage(void)
{
    fputs("Usage: ignis-server [/path/to/ignis.conf] [options] [-]\n"
          "       ignis-server - (read config from stdin)\n"
          "       ignis-server -v or --version\n"
          "       ignis-server -h or --help\n"
          "       ignis-server --check-config <file>\n"
          "       ignis-server --check-system\n"
          "       ignis-server --test-memory <megabytes>\n"
          "\n"
          "Any line of the config file can be given as an option, after the file:\n"
          "       ignis-server --port 7777\n"
          "       ignis-server /etc/ignis/ignis.conf --loglevel verbose\n"
          "       ignis-server --role slave --port 6381   (follow 127.0.0.1:6380)\n"
          "       ignis-server --port 7777 --replicaof 127.0.0.1 8888\n"
          "       echo 'maxmemory 128mb' | ignis-server -\n"
          "\n"
          "--check-config judges what the file says: names, values, renamed commands,\n"
          "users, addresses, and the files of users and modules.  Whether a port is free\n"
          "or the log can be written only a start tells.\n"
          "There is no sentinel mode: --sentinel is refused.\n", stderr);
}

static int
check_config(const char *path)
{
    struct text report = { 0 }, why = { 0 };
    struct config *c = config_new();
    struct judges *judges = judges_new(c, true);
    size_t errors = config_check_file(c, path, &report);

    if (errors == 0 && !judges_may_start(judges, c, &why)) {
        text_printf(&report, "%s: %.*s\n", path, B_ARG(text_view(&why)));
        errors++;
    }
    text_free(&why);
    judges_free(judges);
    config_free(c);
    fwrite(text_view(&report).at, 1, report.len, errors ? stderr : stdout);
    text_free(&report);
    return errors ? 1 : 0;
}

static int
test_memory(int argc, char **argv)
{
    int64_t megabytes;

    if (argc != 3 || !num_parse_i64(bytes_of_text(argv[2]), &megabytes)
        || megabytes <= 0) {
        fputs("Please specify the amount of memory to test in megabytes.\n"
              "Example: ignis-server --test-memory 4096\n\n", stderr);
        return 1;
    }
    return memtest_run((size_t)megabytes);
}

/* A server that was started to watch others must not serve data instead. */
static bool
wants_sentinel(int argc, char **argv)
{
    const char *slash = strrchr(argv[0], '/');

    if (strstr(slash ? slash + 1 : argv[0], "sentinel"))
        return true;
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--sentinel") == 0)
            return true;
    return false;
}

/* Answers questions about the program; -1 when there is a server to start. */
static int
answer_question(int argc, char **argv)
{
    if (wants_sentinel(argc, argv)) {
        fputs("Sentinel mode is not supported by this version.\n", stderr);
        return 1;
    }
    if (argc < 2)
        return -1;
    if (strcmp(argv[1], "-v") == 0 || strcmp(argv[1], "--version") == 0) {
        print_version();
        return 0;
    }
    if (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0) {
        print_usage();
        return 1;
    }
    if (strcmp(argv[1], "--check-config") == 0) {
        if (argc != 3) {
            print_usage();
            return 1;
        }
        return check_config(argv[2]);
    }
    if (strcmp(argv[1], "--check-system") == 0) {
        struct config *c = config_new();
        int found = process_check_system(c);

        config_free(c);
        return found ? 1 : 0;
    }
    if (strcmp(argv[1], "--test-memory") == 0)
        return test_memory(argc, argv);
    return -1;
}

/* --- shutdown --- */

static bool
begin_shutdown(struct server *server, unsigned flags)
{
    log_warning("User requested shutdown...");
    if (flags & SHUTDOWN_SAVE && !(flags & SHUTDOWN_FORCE)) {
        log_warning("Saving was asked for, but this version cannot save: not exiting.");
        return false;
    }
    if (server->config->save.count && !(flags & SHUTDOWN_NOSAVE))
        log_warning("Save points are set, but this version cannot save: data is lost.");
    loop_stop(server->loop);
    return true;
}

/* Nothing is waited for yet, so nothing can be taken back. */
static bool
abort_shutdown(struct server *server)
{
    (void)server;
    return false;
}

/* DEBUG RESTART and CRASH-AND-RECOVER. */
static void
restart(struct server *server, bool gracefully, msec delay)
{
    struct text error = { 0 };

    if (gracefully && config_file(server->config)[0] != '\0'
        && config_rewrite(server->config, &error) != OK) {
        log_warning("Can't restart: config rewrite process failed: %.*s",
                    B_ARG(text_view(&error)));
        text_free(&error);
        return;
    }
    log_warning("Restarting: data in memory is lost.");
    process_restart(delay);
}

/* Set by the signal itself, not when the loop comes to it: a command may be long. */
static volatile sig_atomic_t stop_asked;
static struct sigaction loops_own;      /* how the loop hears of SIGINT */
static const struct config *stopping;

/* Who interrupts twice wants the end now, whatever is being done. */
static void
on_interrupt(int signum)
{
    if (stop_asked) {
        log_warning("You insist... exiting now.");
        process_remove_pidfile(stopping);
        _exit(1);
    }
    stop_asked = 1;
    loops_own.sa_handler(signum);
}

static void
watch_interrupts(const struct config *config)
{
    struct sigaction act = { .sa_handler = on_interrupt };

    stopping = config;
    sigfillset(&act.sa_mask);
    sigaction(SIGINT, &act, &loops_own);
}

/* The loop takes its handlers along when it goes; what comes while the house is torn
 * down must not end it halfway. */
static void
hold_stop_signals(void)
{
    sigset_t term;

    stop_asked = 1;
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    sigprocmask(SIG_BLOCK, &term, NULL);
}

static void
on_stop_signal(int signum, void *arg)
{
    struct server *server = arg;
    int on = signum == SIGINT ? server->config->shutdown_on_sigint
                              : server->config->shutdown_on_sigterm;
    unsigned flags = 0;

    stop_asked = 1;
    log_warning("Received %s scheduling shutdown...",
                signum == SIGINT ? "SIGINT" : "SIGTERM");
    if (on & SHUTDOWN_ON_SAVE)
        flags |= SHUTDOWN_SAVE;
    if (on & SHUTDOWN_ON_NOSAVE)
        flags |= SHUTDOWN_NOSAVE;
    if (on & SHUTDOWN_ON_NOW)
        flags |= SHUTDOWN_NOW;
    if (on & SHUTDOWN_ON_FORCE)
        flags |= SHUTDOWN_FORCE;
    if (!shutdown_request(server, flags)) {
        log_warning("Received shutdown signal, but errors trying to shut down the "
                    "server, check the logs for more information");
        stop_asked = 0;
    }
}

/* --- the house --- */

/* A log that cannot be written would be missed when it is needed: better now. */
static enum status
start_log(const struct config *c)
{
    FILE *f = c->logfile[0] != '\0' ? fopen(c->logfile, "ae") : NULL;

    if (c->logfile[0] != '\0' && !f) {
        fprintf(stderr, "\n*** FATAL CONFIG FILE ERROR (IgnisDB " VERSION_IGNIS ") ***\n"
                "Can't open the log file: %s\n", strerror(errno));
        return FAILED_IO;
    }
    if (f)
        fclose(f);
    log_set_level((enum log_level)c->loglevel);
    log_set_form(c->log_format == LOG_FORM_LOGFMT,
                 (enum log_stamp)c->log_timestamp_format);
    log_hide_user_data(c->hide_user_data_from_log);
    log_to_file(c->logfile);
    if (c->syslog_enabled)
        log_to_syslog(true, c->syslog_ident, c->syslog_facility);
    return OK;
}

/* Read the configuration and let it be judged.  FAILED: it was told why not. */
static enum status
read_config(struct house *h, int argc, char **argv)
{
    struct text report = { 0 };
    enum status status;

    h->server.config = config_new();
    h->judges = judges_new(h->server.config, false);
    status = config_load(h->server.config, argc - 1, argv + 1, &report);
    if (status == FAILED_IO)
        log_warning("%.*s", B_ARG(text_view(&report)));
    else if (status != OK)
        fwrite(report.at, 1, report.len, stderr);
    text_free(&report);
    return status;
}

/* The last word of the judges. */
static enum status
judge_files(struct house *h)
{
    struct text why = { 0 };
    bool ok = judges_may_start(h->judges, h->server.config, &why);

    for (char *at = why.at, *line; !ok && (line = strsep(&at, "\n"));)
        log_warning("%s", line);
    text_free(&why);
    return ok ? OK : FAILED;
}

/* Config is there already.  FAILED: the reason was told. */
static enum status
build(struct house *h)
{
    struct server *s = &h->server;

    lazyfree_start();
    parts_build(s);
    judges_rename(s->commands, s->config);
    if (judge_files(h) != OK)
        return FAILED;
    shutdown_answer_by(begin_shutdown, abort_shutdown);
    restart_answer_by(restart);
    h->listeners = listeners_open(s->loop, s->config, clients_accept, s->clients);
    if (!h->listeners)
        return FAILED;
    effects_start(s, h->listeners);
    h->cron = cron_start(s);
    return OK;
}

static void
tear_down(struct house *h)
{
    hold_stop_signals();
    if (h->cron)
        cron_stop(h->cron);
    if (h->listeners)
        listeners_close(h->listeners);
    parts_free(&h->server);
    watch_interrupts(h->server.config);
    lazyfree_stop();
}

static void
say_hello(const struct config *c)
{
    log_warning("IgnisDB version=%s, bits=%d, pid=%d, just started", VERSION_IGNIS,
                (int)sizeof(void *) * 8, (int)getpid());
    if (config_file(c)[0] != '\0')
        log_warning("Configuration loaded");
    else
        log_warning("Warning: no config file specified, using the default config. In "
                    "order to specify a config file use ignis-server "
                    "/path/to/ignis.conf");
}

static void
say_ready(const struct config *c)
{
    struct text unbuilt = { 0 };

    config_unbuilt(c, &unbuilt);
    if (unbuilt.len)
        log_warning("WARNING These options are accepted, but their feature is not part "
                    "of this version: %.*s", B_ARG(text_view(&unbuilt)));
    text_free(&unbuilt);
    log_warning("Server initialized");
    process_check_system(c);
    if (c->port)
        log_notice("Ready to accept connections");
    if (c->unixsocket[0] != '\0')
        log_notice("The server is now ready to accept connections at %s", c->unixsocket);
    if (process_is_supervised(c)) {
        process_notify("STATUS=Ready to accept connections\n");
        process_notify("READY=1\n");
    }
}

static bool
shows_logo(const struct config *c)
{
    return c->always_show_logo
           || (c->logfile[0] == '\0' && !c->syslog_enabled && isatty(STDOUT_FILENO));
}

/* A flame; as it is, without the head of a log line. */
static void
show_logo(const struct config *c)
{
    struct text logo = { 0 };

    text_printf(&logo,
                "\n"
                "            (\n"
                "           ) )\n"
                "          ( (  )        IgnisDB %s (%d bit)\n"
                "         )   )(\n"
                "        (  (   )        Running in standalone mode\n"
                "       ( )  ) ( )       Port: %d\n"
                "       (  (  )  )       PID: %d\n"
                "        \\  \\/  /\n"
                "         '-..-'\n"
                "\n", VERSION_IGNIS, (int)sizeof(void *) * 8, c->port, (int)getpid());
    log_raw(logo.at, logo.len);
    text_free(&logo);
}

static void
serve(struct house *h)
{
    struct server *s = &h->server;

    loop_on_signal(s->loop, SIGTERM, on_stop_signal, s);
    loop_on_signal(s->loop, SIGINT, on_stop_signal, s);
    watch_interrupts(s->config);
    log_notice("monotonic clock: %s", clock_description());
    if (shows_logo(s->config))
        show_logo(s->config);
    else
        log_notice("Running mode=standalone, port=%d.", s->config->port);
    say_ready(s->config);
    loop_run(s->loop);
    if (process_is_supervised(s->config))
        process_notify("STOPPING=1\n");
}

static void
free_config(struct house *h)
{
    judges_free(h->judges);
    config_free(h->server.config);
}

int
main(int argc, char **argv)
{
    struct house h = { 0 };
    int answer;

    setlocale(LC_COLLATE, "");          /* the order of SORT ALPHA, and nothing else */
    clock_start();
    log_set_role('C');                  /* until there is a server */
    answer = answer_question(argc, argv);
    if (answer >= 0)
        return answer;
    if (read_config(&h, argc, argv) != OK) {
        free_config(&h);
        return 1;
    }
    process_title_start(argc, argv);    /* argv is ours now */
    hash_start(text_view(&h.server.config->hash_seed));
    signal(SIGHUP, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    if (h.server.config->disable_thp)
        prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
    if (start_log(h.server.config) != OK) {
        free_config(&h);
        return 1;
    }
    if (h.server.config->daemonize && !process_is_supervised(h.server.config)
        && process_daemonize() != OK)
        return 1;
    say_hello(h.server.config);
    log_set_role('M');
    process_adjust_open_files(h.server.config);
    answer = 1;
    if (build(&h) == OK) {
        process_write_pidfile(h.server.config);
        serve(&h);
        process_remove_pidfile(h.server.config);
        answer = 0;
    }
    tear_down(&h);
    if (answer == 0)
        log_warning("IgnisDB is now ready to exit, bye bye...");
    free_config(&h);
    return answer;
}
