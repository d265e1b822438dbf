# SPDX-License-Identifier: MIT
"""A queue that loses no job however its workers die: reliable_queue.py PORT PASSWORD

A worker takes a job with BLMOVE into a list of its own, does it, and only then removes
it from there.  Workers are killed at random; what a dead one left is moved back.  So a
job may be done twice, once more for each worker killed between doing and removing, but
never not at all."""
import os
import random
import signal
import sys
import time

import redis

WORKERS, ROUNDS, JOBS_A_ROUND = 8, 60, 50
JOBS = ROUNDS * JOBS_A_ROUND
DEADLINE = time.monotonic() + 40        # far beyond need, for slow builds

port, password = int(sys.argv[1]), sys.argv[2]
chance = random.Random(7)
living, dead = {}, []                   # pid -> name; names


def connect(name):
    return redis.Redis(port=port, password=password, client_name=name)


def list_of(name):
    return f"processing:{name}"


def work(name):
    """The life of a worker, until it is killed or reads its dismissal."""
    r, pause = connect(name), random.Random(name)
    while True:
        job = r.blmove("queue", list_of(name), 5, "LEFT", "RIGHT")
        if job == b"go home":
            r.lrem(list_of(name), 1, job)
            return
        if job:
            time.sleep(pause.random() / 500)
            r.hincrby("done", job, 1)
            r.lrem(list_of(name), 1, job)


def start_worker():
    name = f"worker-{len(living) + len(dead)}"
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            work(name)
            status = 0
        finally:
            os._exit(status)
    living[pid] = name


def kill_one():
    pid = chance.choice(list(living))
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    dead.append(living.pop(pid))


def move_back(r):
    """What dead workers left.  The BLMOVE of one may have been on its way when it died,
    so that its list can fill later still: all of the dead are looked at each time."""
    pipe = r.pipeline(transaction=False)
    for name in dead:
        pipe.lmove(list_of(name), "queue", "RIGHT", "LEFT")
    return sum(job is not None for job in pipe.execute())


def until(what, true):
    while not true():
        if time.monotonic() > DEADLINE:
            end(f"not in time: {what}")
        time.sleep(0.01)


def end(complaint):
    for pid in living:
        os.kill(pid, signal.SIGKILL)
    sys.exit(complaint)


def check(what, true):
    if not true:
        end(what)


def run(r):
    moved = 0
    for _ in range(WORKERS):
        start_worker()
    for i in range(ROUNDS):
        r.rpush("queue", *range(i * JOBS_A_ROUND, (i + 1) * JOBS_A_ROUND))
        time.sleep(chance.random() / 25)    # some die at work, some while they wait
        kill_one()
        start_worker()
        moved += move_back(r)

    def all_is_done():
        nonlocal moved
        moved += move_back(r)
        return r.hlen("done") == JOBS and not r.llen("queue")

    until("all jobs done", all_is_done)
    return moved


def dismiss(r):
    until("all others idle", lambda: r.info("clients")["blocked_clients"] == WORKERS)
    r.rpush("queue", *["go home"] * WORKERS)
    while living:
        pid, status = os.wait()
        check(f"{living.pop(pid)} ends with {status}", status == 0)


main = connect("main")
came_back = run(main)
dismiss(main)
done = {int(job): int(times) for job, times in main.hgetall("done").items()}
repeated = sum(done.values()) - JOBS
check("jobs are not those pushed", done.keys() == set(range(JOBS)))
check(f"{repeated} repeated, {came_back} moved back", repeated <= came_back <= ROUNDS)
check("nobody died at work", came_back > 0)
check(f"left over: {main.keys()}", main.keys() == [b"done"])
until("the dead are disconnected", lambda: len(main.client_list()) == 1)
