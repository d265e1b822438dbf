<?php
/* SPDX-License-Identifier: MIT
 * Sessions of PHP in the server, with locking: sessions.php PORT PASSWORD
 *
 * Visits of one session run at the same time, each a process.  php-redis takes the lock
 * with SET NX PX, asks with GET before it writes whether the lock is still its own, and
 * gives it back with a script: EVALSHA, else EVAL.  A server without Lua cannot do this
 * last step (PHP warns: "Failed to release session lock"), so that a lock is only freed
 * by its deadline.  This is tested as it is; for the crowd of visits a visitor then
 * deletes its lock itself.  All else is php-redis's own doing. */
const SESSION = 'PHPREDIS_SESSION:';
const VISITORS = 6, VISITS = 20, LOCK_SECONDS = 30;

[, $port, $password] = $argv;

function complain($what)
{
    fwrite(STDERR, "$what\n");
    exit(1);
}

function check($what, $got, $want)
{
    if ($got !== $want)
        complain("$what: " . var_export($got, true) . ', not ' . var_export($want, true));
}

function connection()
{
    global $port, $password;

    $redis = new Redis();
    $redis->connect('127.0.0.1', (int)$port);
    $redis->auth($password);
    $redis->select(2);
    return $redis;
}

function runs_scripts($redis)
{
    return $redis->eval('return 1') === 1;
}

function set_up($lock_seconds)
{
    global $port, $password;

    foreach ([
        'session.save_handler' => 'redis',
        'session.save_path' => "tcp://127.0.0.1:$port?auth=$password&database=2",
        'session.use_cookies' => 0,
        'session.cache_limiter' => '',
        'redis.session.locking_enabled' => 1,
        'redis.session.lock_expire' => $lock_seconds,
        'redis.session.lock_wait_time' => 1000,
        'redis.session.lock_retries' => 30000,
    ] as $name => $value)
        ini_set($name, (string)$value);
}

/* One visit: count it in the session, slowly, as between reading and writing another
 * would have its chance. */
function visit($id)
{
    session_id($id);
    if (!session_start())
        complain('no session');
    $count = ($_SESSION['count'] ?? 0) + 1;
    usleep(500);
    $_SESSION['count'] = $count;
    if (!session_write_close())
        complain('session not written');
}

/* A process of visits. */
function visitor($id, $visits, $lock_seconds)
{
    $redis = connection();
    $helped = !runs_scripts($redis) && $lock_seconds === LOCK_SECONDS;

    set_error_handler(function ($level, $text) use ($redis) {
        if (!str_contains($text, 'Failed to release') || runs_scripts($redis))
            complain($text);
    });
    set_up($lock_seconds);
    for ($i = 0; $i < $visits; $i++) {
        visit($id);
        if ($helped)
            check('lock', $redis->del(SESSION . $id . '_LOCK'), 1);
    }
}

/* `visitors` at the same time; the session's count must be that of all their visits. */
function crowd($redis, $id, $visitors, $visits, $lock_seconds)
{
    global $port, $password;

    $running = [];
    for ($i = 0; $i < $visitors; $i++)
        $running[] = proc_open([PHP_BINARY, __FILE__, $port, $password, $id,
                                (string)$visits, (string)$lock_seconds], [], $pipes);
    foreach ($running as $process)
        check('visitor', proc_close($process), 0);
    check('count', $redis->get(SESSION . $id), 'count|i:' . $visitors * $visits . ';');
}

/* Who does not get the lock may read, with a warning, but not write. */
function check_lock_of_another($redis)
{
    $lock = SESSION . 'taken_LOCK';

    $redis->set($lock, 'somebody else', ['nx', 'ex' => 100]);
    ini_set('redis.session.lock_retries', '3');
    session_id('taken');
    restore_error_handler();
    @session_start();
    check('warning', error_get_last()['message'],
          'session_start(): Acquire of session lock was not successful');
    $_SESSION['count'] = 1;
    @session_write_close();
    check('written', $redis->exists(SESSION . 'taken'), 0);
    check('lock of another', $redis->get($lock), 'somebody else');
}

function check_life($redis)
{
    visit('old');
    check('time to live', $redis->ttl(SESSION . 'old') > 1000, true);
    $redis->del(SESSION . 'old_LOCK');
    session_id('old');
    session_start();
    session_regenerate_id(true);
    check('regenerated', [$redis->exists(SESSION . 'old'), $_SESSION],
          [0, ['count' => 1]]);
    $id = session_id();
    session_write_close();
    check('moved', $redis->get(SESSION . $id), 'count|i:1;');
    $redis->del([SESSION . $id . '_LOCK', SESSION . 'old_LOCK']);
    session_start();
    session_destroy();
    check('destroyed', $redis->exists(SESSION . $id), 0);
}

if ($argc === 6) {
    visitor($argv[3], (int)$argv[4], (int)$argv[5]);
    exit(0);
}
$redis = connection();
crowd($redis, 'crowd', VISITORS, VISITS, LOCK_SECONDS);
crowd($redis, 'deadlines', 3, 1, 1);
set_up(LOCK_SECONDS);
set_error_handler(fn ($level, $text) => str_contains($text, 'Failed to release') ||
                                        complain($text));
check_life($redis);
check_lock_of_another($redis);
