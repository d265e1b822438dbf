/* SPDX-License-Identifier: MIT
 * tests/clients/test_clients.c - programs and libraries of others talk to the server.
 *
 * How:        each script beside this file gets a port and a password, and says on
 *             its output what it did not like.  The clients of Node lie below
 *             $IGNIS_BUILD/npm, where utils/npm-clients puts them.  One that is not
 *             installed is skipped, but not in CI, where all have to be there. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "oracle/twins.h"
#include "support/server.h"
#include "support/talk.h"

#define PASSWORD "secret"
#define OUTPUT (1 << 20)

TestSuite(clients, .timeout = 120);

static const char *
from_environment(const char *name)
{
    const char *value = getenv(name);

    return value && *value ? value : ".";
}

/* Does this shell command succeed? */
static bool
succeeds(const char *command)
{
    return system(command) == 0;
}

static const char *const args[] = {
    "--requirepass", PASSWORD, "--enable-debug-command", "yes", NULL
};

/* Run `program script PORT PASSWORD more` against a server of its own. */
static void
run_script(const char *program, const char *script, const char *more)
{
    struct test_server *s = server_start(args);
    char command[2048], *output = malloc(OUTPUT);
    size_t n;
    FILE *p;
    int status;

    snprintf(command, sizeof command,
             "timeout 100 %s '%s/tests/clients/%s' %d %s '%s' 2>&1", program,
             from_environment("IGNIS_SOURCE"), script, s->port, PASSWORD, more);
    p = popen(command, "r");
    n = fread(output, 1, OUTPUT - 1, p);
    output[n] = '\0';
    status = pclose(p);
    cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0,
              "%s ends with status %#x:\n%s", command, status, output);
    free(output);
    server_stop(s);
}

static void
run_node(const char *script, const char *client)
{
    char directory[1024], test[1200];

    snprintf(directory, sizeof directory, "%s/npm/%s", from_environment("IGNIS_BUILD"),
             client);
    snprintf(test, sizeof test, "command -v node >/dev/null && test -d '%s/node_modules'",
             directory);
    if (!succeeds(test))
        skip_or_fail(client);
    run_script("node", script, directory);
}

/* The interpreter that has Debian's module: not always the first in PATH. */
static const char *
python_with_redis(void)
{
    if (succeeds("/usr/bin/python3 -c 'import redis' 2>/dev/null"))
        return "/usr/bin/python3";
    return succeeds("python3 -c 'import redis' 2>/dev/null") ? "python3" : NULL;
}

static void
run_redis_py(const char *script)
{
    const char *python = python_with_redis();

    if (!python)
        skip_or_fail("python3-redis");
    run_script(python, script, "");
}

Test(clients, redis_py_works)
{
    run_redis_py("redis_py.py");
}

Test(clients, a_queue_loses_no_job_when_its_workers_are_killed)
{
    run_redis_py("reliable_queue.py");
}

Test(clients, redis_rb_works)
{
    if (!succeeds("ruby -e 'require \"redis\"'"))
        skip_or_fail("ruby-redis");
    run_script("ruby", "redis_rb.rb", "");
}

Test(clients, sidekiq_does_each_of_its_jobs_once)
{
    if (!succeeds("command -v sidekiq >/dev/null && ruby -e 'require \"sidekiq\"'"))
        skip_or_fail("ruby-sidekiq");
    run_script("ruby", "sidekiq.rb", "");
}

Test(clients, php_sessions_are_locked_while_they_are_in_use)
{
    if (!succeeds("test \"$(php -r 'echo class_exists(\"Redis\");')\" = 1"))
        skip_or_fail("php-cli or php-redis");
    run_script("php", "sessions.php", "");
}

Test(clients, redis_cli_and_redis_benchmark_work)
{
    if (!succeeds("command -v redis-cli redis-benchmark python3 >/dev/null"))
        skip_or_fail("redis-tools or python3");
    run_script("python3", "redis_cli.py", "");
}

Test(clients, redis_cli_prints_our_replies_as_those_of_redis_server)
{
    struct test_server *redis;
    char port[16];

    if (!twins_are_possible() || !succeeds("command -v redis-cli python3 >/dev/null"))
        skip_or_fail("redis-server 7.0, redis-tools or python3");
    redis = server_start_redis(args);
    snprintf(port, sizeof port, "%d", redis->port);
    run_script("python3", "redis_cli_print.py", port);
    server_stop(redis);
}

Test(clients, ioredis_5_works)
{
    run_node("ioredis.cjs", "ioredis-5.11.1");
}

Test(clients, ioredis_6_works)
{
    run_node("ioredis.cjs", "ioredis-6.0.0");
}

Test(clients, node_redis_6_works)
{
    run_node("node_redis.cjs", "redis-6.3.1");
}

Test(clients, ioredis_6_hears_every_message_in_order)
{
    run_node("fanout.cjs", "ioredis-6.0.0");
}

Test(clients, node_redis_6_hears_every_message_in_order)
{
    run_node("fanout.cjs", "redis-6.3.1");
}

Test(clients, ioredis_6_is_told_what_its_cache_must_forget)
{
    run_node("caching.cjs", "ioredis-6.0.0");
}

Test(clients, node_redis_6_forgets_what_others_change)
{
    run_node("caching.cjs", "redis-6.3.1");
}
