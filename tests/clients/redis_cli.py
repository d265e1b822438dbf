# SPDX-License-Identifier: MIT
"""redis-cli in the ways people run it, and redis-benchmark: redis_cli.py PORT PASSWORD"""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time

port, password = sys.argv[1:3]
cli = ["redis-cli", "-p", port]
environment = dict(os.environ, REDISCLI_AUTH=password, TERM="xterm", COLUMNS="80",
                   HOME="/nonexistent")


def run(*args, given=None, seconds=20, program=cli):
    done = subprocess.run([*program, *args], input=given, env=environment, timeout=seconds,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.stdout.decode(errors="replace")


def expect(what, got, pattern):
    if not re.search(pattern, got, re.S):
        sys.exit(f"{what}: no {pattern!r} in\n{got[:3000]}")


def on_terminal(args):
    pid, fd = pty.fork()
    if pid == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 120, 0, 0))
        os.execvpe(cli[0], [*cli, *args], environment)
    return pid, fd


def started(args, seconds, pattern):
    """A mode that runs for ever, on a terminal: it shows `pattern` in time."""
    pid, fd = on_terminal(args)
    read_until(fd, pattern, seconds)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    os.close(fd)


def one_shot():
    expect("set", run("SET", "name", "John Doe"), r"^OK\n$")
    expect("get", run("GET", "name"), r"^John Doe\n$")
    expect("-3", run("-3", "CONFIG", "GET", "maxmemory"), r"maxmemory\s0\n")
    expect("-3 hello", run("-3", "--json", "CONFIG", "GET", "maxmemory"),
           r'\{"maxmemory":"0"\}')
    expect("stdin", run(given=b"SET a 1\nINCR a\nGET a\n"), r"^OK\n2\n2\n$")
    expect("-x", run("-x", "SET", "x", given=b"from stdin") + run("GET", "x"), "from stdin")
    expect("-r", run("-r", "3", "INCR", "counter"), r"1\n2\n3\n")
    expect("-n", run("-n", "5", "DBSIZE"), r"^0\n")
    expect("error", run("-e", "INCR", "name"), "ERR value is not an integer")
    expect("csv", run("--csv", "MGET", "name", "none"), r'"John Doe",NULL')


def fill():
    with_big = [b"SET key:%d v%d\r\n" % (i, i) for i in range(3000)]
    expect("fill", run("--pipe", given=b"".join(with_big)), "errors: 0, replies: 3000")
    request = b"".join(b"*3\r\n$3\r\nSET\r\n$%d\r\n%s\r\n$4\r\nab\r\n\r\n" % (len(k), k)
                       for k in (b"pipe:%d" % i for i in range(20000)))
    expect("--pipe", run("--pipe", given=request), "errors: 0, replies: 20000")
    expect("big", run("-x", "SET", "biggest", given=b"x" * 100000), "OK")


def modes():
    scanned = run("--scan", "--pattern", "key:*").split()
    if len(scanned) != 3000 or len(set(scanned)) != 3000:
        sys.exit(f"--scan gave {len(scanned)} keys")
    expect("--bigkeys", run("--bigkeys"), r'Biggest string found \'"biggest"\' has 100000 bytes')
    expect("--memkeys", run("--memkeys"), r'Biggest string found \'"biggest"\' has 1\d+ bytes')
    started(["--stat", "-i", "0.1"], 5, r"keys .*mem .*clients .*\n\d+ +[\d.]+[KMG] +\d+ +\d+ ")
    started(["--latency"], 5, r"min: \d+, max: \d+, avg: [\d.]+ \(\d+ samples\)")
    started(["--latency-history", "-i", "1"], 5, r"avg: [\d.]+ \(\d+ samples\)")
    expect("--intrinsic-latency", run("--intrinsic-latency", "1"), r"\d+ total runs")
    run("CONFIG", "SET", "maxmemory-policy", "allkeys-lfu", "lfu-log-factor", "0")
    run("-r", "20", "STRLEN", "key:7")
    expect("--hotkeys", run("--hotkeys"), r'hot key found with counter: \d+\s+keyname: "key:7"')
    run("CONFIG", "SET", "maxmemory-policy", "noeviction")


def read_until(fd, pattern, seconds=10):
    got, end = "", time.monotonic() + seconds
    while time.monotonic() < end and not re.search(pattern, got, re.S):
        if select.select([fd], [], [], 0.2)[0]:
            got += os.read(fd, 65536).decode(errors="replace")
            got = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", got)     # colours, cursor moves
    expect("interactive", got, pattern)
    return got


# What ends the answer to a line.  Typing has to wait for it: redis-cli leaves its line editor
# while a command runs, and what was typed meanwhile is dropped when it comes back.
PROMPT = r"(^|\n)127\.0\.0\.1:\d+(\[\d+\])?(\(TX\))?> $"


def type_in(fd, text):
    for c in text:
        os.write(fd, c.encode())
        time.sleep(0.005)


def enter(fd, line, pattern):
    """Type a line; its answer shows `pattern`, and then the prompt comes back."""
    type_in(fd, line + "\r")
    return read_until(fd, f"(?=.*{PROMPT}){pattern}")


def interactive():
    pid, fd = on_terminal([])
    read_until(fd, PROMPT)
    type_in(fd, "set ")
    read_until(fd, r"key value \[NX\|XX")              # the hint, from COMMAND DOCS
    enter(fd, "k 1", r"\nOK")
    enter(fd, "help get", r"GET key.*summary: .*since: .*group: string")
    enter(fd, "help @connection", r"AUTH.*CLIENT")
    type_in(fd, "client \t")
    read_until(fd, r"(?i)client ")
    enter(fd, "\x15get k", r'\n"1"')                   # Ctrl-U takes the line back
    enter(fd, "select 3", r"\nOK.*\[3\]> ")
    enter(fd, "hello 3", r'3# "proto" => \(integer\) 3')
    enter(fd, "lpush l item1 item2", r"\(integer\) 2")
    enter(fd, "multi", r"\nOK.*\(TX\)> ")
    enter(fd, "lrange l 0 -1", r"\nQUEUED.*\(TX\)> ")
    enter(fd, "exec", r'1\) 1\) "item2"\s+2\) "item1"')
    enter(fd, "client tracking on", r"\nOK")
    enter(fd, "llen l", r"\(integer\) 2")
    run("-n", "3", "DEL", "l")
    enter(fd, "ping", r"-> invalidate: 'l'\s+PONG")
    type_in(fd, "quit\r")
    os.waitpid(pid, 0)


def benchmark():
    """All its default tests, alone and in pipelines: a figure each, and nothing else."""
    tests = ["PING_INLINE", "PING_MBULK", "SET", "GET", "INCR", "LPUSH", "RPUSH", "LPOP",
             "RPOP", "SADD", "HSET", "SPOP", "ZADD", "ZPOPMIN",
             "LPUSH (needed to benchmark LRANGE)", "LRANGE_100 (first 100 elements)",
             "LRANGE_300 (first 300 elements)", "LRANGE_500 (first 500 elements)",
             "LRANGE_600 (first 600 elements)", "MSET (10 keys)"]
    for options in [], ["-P", "16"], ["-3", "-P", "16", "-r", "500"], ["--threads", "2"]:
        command = ["redis-benchmark", "-p", port, "-a", password, "-q", "-n", "1000"]
        done = subprocess.run([*command, *options], timeout=60, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, encoding="utf-8")
        # Figures on the way end in a carriage return.
        lines = [line.strip() for line in re.split("[\r\n]", done.stdout)]
        lines = [line for line in lines if line and ": rps=" not in line]
        figures = [re.sub(r"(: )(?:[\d.]+|inf)( requests per second, p50=)[\d.]+( msec)",
                          r"\1F\2F\3", line) for line in lines]
        wanted = [f"{test}: F requests per second, p50=F msec" for test in tests]
        if done.returncode or figures != wanted:
            sys.exit(f"redis-benchmark {options}: status {done.returncode}, {lines}")


one_shot()
fill()
modes()
interactive()
benchmark()
