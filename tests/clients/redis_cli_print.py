# SPDX-License-Identifier: MIT
"""What redis-cli prints of our replies is, to the byte, what it prints of redis-server's:
redis_cli_print.py PORT PASSWORD REDIS_PORT"""
import difflib
import os
import re
import subprocess
import sys
import time

password = sys.argv[2]
ports = [sys.argv[3], sys.argv[1]]              # redis-server first, as in diffs
environment = dict(os.environ, REDISCLI_AUTH=password, HOME="/nonexistent")

MODES = [
    [], ["--no-raw"], ["--csv"], ["--json", "-2"], ["-2"], ["-2", "--no-raw"],
    ["-2", "--csv"], ["-3"], ["-3", "--no-raw"], ["-3", "--csv"], ["--json"],
    ["--quoted-json"], ["-3", "-d", "|", "-D", "\n\n"],
]

# Sets and hashes of one element or of integers, where order is left to the server.
FILL = r"""
SET string "John Doe"
SET number 10
SET empty ""
SET binary "a\x00b\xff\r\n\t\"\\'"
SET text "käse €"
SET big BIG
RPUSH list a "b c" "" "käse" "\x01\xfe" 6 7 8 9 10 eleven
RPUSH quicklist BIG x BIG
HSET hash f "v w"
HSET table f BIG
SADD set "a b"
SADD intset 3 1 2
SADD bigset BIG
ZADD zset 1 one 2.5 "two and a half" -inf least inf most 1e300 huge 0.1 tenth 3 "\xff"
ZADD skiplist 1 BIG 2 small
EXPIRE string 1000
PEXPIREAT number 9999999999999
"""

READ = r"""
PING
PING "a b"
ECHO "käse \x00 \""
GET string
GET number
GET empty
GET binary
GET text
GET none
GET list
STRLEN binary
MGET string none binary list text
SET string2 x GET
SET string2 y GET
SET string2 y NX
SETBIT bits 7 1
BITFIELD number GET u8 0 INCRBY u8 0 1 OVERFLOW FAIL SET u8 0 300
LCS string text IDX
INCR string
INCRBYFLOAT number 0.5
LRANGE list 0 -1
LRANGE none 0 -1
LRANGE quicklist 1 1
LINDEX list 1
LINDEX list 99
LPOS list nothing
LPOS list 8 COUNT 0
LPOP none
LPOP none 2
LPOP list 2
LMPOP 2 none list LEFT COUNT 2
LMPOP 1 none LEFT
BLPOP none list 1
BLPOP none 0.01
BLMPOP 0.01 1 none LEFT
HGET hash f
HGET hash none
HGETALL hash
HGETALL none
HMGET hash f none
HRANDFIELD hash 1 WITHVALUES
HRANDFIELD hash -2 WITHVALUES
HINCRBYFLOAT numbers f 1.25
HSCAN hash 0
HKEYS hash
HEXISTS hash f
SMEMBERS set
SMEMBERS intset
SMEMBERS none
SISMEMBER intset 1
SMISMEMBER intset 1 9
SINTER intset intset
SUNION intset none
SDIFF none
SSCAN intset 0
SRANDMEMBER set
SRANDMEMBER set -3
SPOP set
SPOP none
SPOP intset 3
ZRANGE zset 0 -1
ZRANGE zset 0 -1 WITHSCORES
ZRANGE zset (1 +inf BYSCORE LIMIT 0 2
ZRANGE none 0 -1 WITHSCORES
ZREVRANGE zset 0 1 WITHSCORES
ZSCORE zset "two and a half"
ZSCORE zset most
ZSCORE zset none
ZMSCORE zset one none least tenth
ZRANK zset one
ZRANK zset none
ZINCRBY zset 0.2 tenth
ZADD zset INCR 1 one
ZADD zset NX INCR 1 one
ZINTER 2 zset zset WITHSCORES
ZUNION 1 zset
ZDIFF 1 none
ZRANDMEMBER skiplist 0 WITHSCORES
ZSCAN zset 0
ZPOPMIN zset
ZPOPMAX zset 2
ZPOPMIN none
ZMPOP 1 zset MIN COUNT 2
ZMPOP 1 none MIN
BZPOPMIN none zset 1
BZPOPMAX none 0.01
BZMPOP 1 1 zset MAX
ZCOUNT zset -inf +inf
SORT quicklist ALPHA LIMIT 2 1
SORT none BY nosort GET # GET k_*
TYPE skiplist
TYPE none
TTL none
PEXPIRETIME number
OBJECT ENCODING skiplist
OBJECT FREQ string
EXISTS list none list
CONFIG GET maxmemory-p*
CONFIG GET nothing
CONFIG SET nothing 1
COMMAND COUNT x
COMMAND GETKEYS MSET a 1 b 2
COMMAND INFO get none
COMMAND LIST FILTERBY PATTERN xyz*
CLIENT GETNAME
CLIENT SETNAME me
CLIENT GETNAME
CLIENT TRACKINGINFO
MULTI
SET string3 1
HGETALL hash
LRANGE list 0 -1
INCR string
ZSCORE skiplist small
GET none
SMEMBERS none
EXEC
MULTI
NOSUCH "a b"
EXEC
MULTI
DISCARD
WATCH string3
SET string3 2
MULTI
GET string3
EXEC
EXEC
NOSUCH a "b c"
GET
"GE\nT" "\x00"
DEBUG PROTOCOL string
DEBUG PROTOCOL integer
DEBUG PROTOCOL double
DEBUG PROTOCOL null
DEBUG PROTOCOL array
DEBUG PROTOCOL set
DEBUG PROTOCOL map
DEBUG PROTOCOL bignum
DEBUG PROTOCOL verbatim
DEBUG PROTOCOL true
DEBUG PROTOCOL false
PUBSUB NUMSUB a b
PUBSUB CHANNELS
PUBLISH a b
DBSIZE
"""


def run(port, *args, given=None):
    done = subprocess.run(["redis-cli", "-p", port, *args], input=given, env=environment,
                          timeout=30, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    # On a busy machine a reply may be so late that its time is shown.
    return re.sub(rb"\(\d+\.\d\ds\)\n", b"", done.stdout), done.returncode


def text(commands):
    return commands.replace("BIG", "x" * 100).encode()


def compare(what, theirs, ours):
    if theirs == ours:
        return
    lines = [repr(side[0]).replace("\\n", "\n").splitlines() for side in (theirs, ours)]
    diff = "\n".join(difflib.unified_diff(*lines, "redis-server", "ours", lineterm=""))
    sys.exit(f"{what}: status {theirs[1]}, ours {ours[1]}\n{diff}")


def on_both(what, *args, given=None, seen_as=lambda text: text):
    sides = [run(port, *args, given=given) for port in ports]
    compare(what, *[(seen_as(output), status) for output, status in sides])
    return sides[1][0]


def sorted_lines(output):
    return b"\n".join(sorted(output.splitlines()))


def fill():
    on_both("flush", "FLUSHALL")
    on_both("fill", given=text(FILL))


def every_reply():
    for mode in MODES:
        fill()
        on_both(" ".join(["redis-cli", *mode]), *mode, given=text(READ))
        on_both("digest", "DEBUG", "DIGEST")


def one_by_one():
    """As arguments, where the status tells of errors, and -x, -X, -r, --quoted-input."""
    fill()
    on_both("-e", "-e", "INCR", "string")
    on_both("-e in time", "-e", "GET", "string")
    on_both("-x", "-x", "RPUSH", "fed", given=b"from\0stdin\n")
    on_both("-X", "-X", "tag", "SET", "tagged", "tag", "GET", given=b"by tag")
    on_both("-r", "-r", "3", "INCR", "counter")
    on_both("quoted", "--quoted-input", "--no-raw", "GET", '"bina\\x72y"')
    on_both("fed", "--no-raw", "LRANGE", "fed", "0", "-1")
    on_both("database", "-n", "3", "--json", "DBSIZE")


# --- modes that look at every key ---

def without_progress(output):
    """The summary; memory use is each server's own, and the order of a SCAN is too."""
    return sorted_lines(re.sub(rb"(has|with|avg size) [\d.]+( bytes|\))", rb"\1 N\2",
                               output[output.index(b"summary"):]))


def all_keys():
    fill()
    on_both("--scan", "--scan", seen_as=sorted_lines)
    on_both("--scan --pattern", "--scan", "--pattern", "*set", "--no-raw",
            seen_as=sorted_lines)
    # The biggest of each type must be one.
    on_both("bigger", "RPUSH", "quicklist", *"abcdefghijkl")
    on_both("bigger", "HSET", "table", "f1", "v1", "f2", "v2")
    got = on_both("--bigkeys", "--bigkeys",
                  seen_as=lambda output: sorted_lines(output[output.index(b"summary"):]))
    for kind, name, size in ((b"string", b"big", b"100 bytes"),
                             (b"list", b"quicklist", b"15 items"),
                             (b"hash", b"table", b"3 fields"),
                             (b"set", b"intset", b"3 members"),
                             (b"zset", b"zset", b"7 members")):
        if not re.search(rb"Biggest +%s found .\"%s\". has %s" % (kind, name, size), got):
            sys.exit(f"--bigkeys: no {kind} in\n{got.decode()}")
    on_both("grow", "SETRANGE", "big", "100000", "x")
    for command in (["RPUSH", "huge list"], ["HSET", "huge hash", "f"],
                    ["SADD", "huge set"], ["ZADD", "huge zset", "1"]):
        on_both("grow", "-x", *command, given=b"x" * 50000)
    for args in ["--memkeys"], ["--memkeys-samples", "0"]:
        got = on_both(args[0], *args, seen_as=without_progress)
        for kind in b"string", b"list", b"hash", b"set", b"zset":
            if not re.search(rb"Biggest +%s found .* has \d{5,} bytes" % kind, got):
                sys.exit(f"{args}: no {kind} in\n{got.decode()}")


def request(*words):
    bulks = [b"$%d\r\n%s\r\n" % (len(word), word)
             for word in (str(word).encode() for word in words)]
    return b"*%d\r\n" % len(bulks) + b"".join(bulks)


def mass_insertion():
    on_both("flush", "FLUSHALL")
    requests = []
    for i in range(2000):
        requests += [request("SET", f"s:{i}", i),
                     request("RPUSH", f"l:{i % 50}", i, i + 1),
                     request("HSET", f"h:{i % 70}", f"field {i}", "v" * (i % 90)),
                     request("SADD", f"u:{i % 60}", i, f"m{i}"),
                     request("ZADD", f"z:{i % 40}", i / 8, f"member {i}")]
    requests += [request("INCR", "l:1")]                 # the one error
    got = on_both("--pipe", "--pipe", given=b"".join(requests),
                  seen_as=sorted_lines)
    if b"errors: 1, replies: 10001" not in got:
        sys.exit(f"--pipe: {got.decode()}")
    on_both("digest", "DEBUG", "DIGEST")
    on_both("--scan", "--scan", seen_as=sorted_lines)


# --- messages ---

def wait_for_patterns(port, n):
    for _ in range(1000):
        if run(port, "PUBSUB", "NUMPAT")[0] == b"%d\n" % n:
            return
        time.sleep(0.01)
    sys.exit(f"not {n} patterns")


def heard(port, mode):
    """What a subscriber prints until a last message comes."""
    listener = subprocess.Popen(["redis-cli", "-p", port, *mode, "PSUBSCRIBE", "ro?m",
                                 "news"], env=environment, stdout=subprocess.PIPE)
    wait_for_patterns(port, 2)
    for channel, message in ("news", "a b\n\t\""), ("room", "käse"), ("news", "the end"):
        run(port, "PUBLISH", channel, message)
    output = b""
    while not re.search(rb"the end[^\n]*\n", output):
        piece = os.read(listener.stdout.fileno(), 65536)
        if not piece:
            break
        output += piece
    listener.kill()
    status = listener.wait()
    wait_for_patterns(port, 0)
    return output, status


def messages():
    for mode in ([], ["--no-raw"], ["--csv"], ["--json"], ["-3", "--no-raw"],
                 ["-2", "--json"]):
        compare(" ".join(["PSUBSCRIBE", *mode]), *[heard(port, mode) for port in ports])


every_reply()
one_by_one()
all_keys()
mass_insertion()
messages()
