# SPDX-License-Identifier: MIT
"""redis-py as its users use it: redis_py.py PORT PASSWORD"""
import sys

import redis

port, password = int(sys.argv[1]), sys.argv[2]


def check(what, got, want):
    if got != want:
        sys.exit(f"{what}: {got!r}, not {want!r}")


def refused(what, error, call):
    try:
        call()
    except error as e:
        return str(e)
    sys.exit(f"{what}: no {error.__name__}")


def strings(r):
    every_byte = bytes(range(256)) * 300
    check("set", r.set(b"bin\0key", every_byte), True)
    check("get", r.get(b"bin\0key"), every_byte)
    check("set nx", r.set("bin\0key", "x", nx=True), None)
    check("set get", r.set("a", "1", get=True), None)
    check("set px", r.set("a", "2", px=100000, get=True), b"1")
    check("pttl", 0 < r.pttl("a") <= 100000, True)
    check("incr", [r.incr("n"), r.incrby("n", 9), r.decr("n")], [1, 10, 9])
    check("incrbyfloat", r.incrbyfloat("f", 1.5), 1.5)
    check("mget", r.mget("a", "none", "n"), [b"2", None, b"9"])
    check("getex", r.getex("a", persist=True), b"2")
    check("ttl", r.ttl("a"), -1)
    check("setbit", [r.setbit("b", 7, 1), r.getbit("b", 7), r.bitcount("b")], [0, 1, 1])
    check("bitfield", r.bitfield("c").set("u8", 0, 255).incrby("u8", 0, 1).execute(), [0, 0])
    check("lcs", r.execute_command("LCS", "a", "a"), b"2")
    big = b"x" * 5_000_000
    r.set("big", big)
    check("big", r.get("big"), big)
    check("strlen", r.strlen("big"), len(big))


def keys(r):
    r.flushdb()
    names = {f"key:{i}".encode() for i in range(5000)}
    pipe = r.pipeline(transaction=False)
    for name in names:
        pipe.set(name, 1)
    check("pipeline", pipe.execute(), [True] * 5000)
    check("scan_iter", set(r.scan_iter(match="key:*", count=100)), names)
    check("scan type", len(list(r.scan_iter(_type="string"))), 5000)
    check("keys", set(r.keys("key:12?")), {f"key:12{i}".encode() for i in range(10)})
    check("dbsize", r.dbsize(), 5000)
    check("rename", r.rename("key:1", "other"), True)
    check("copy", r.copy("other", "another"), True)
    check("exists", r.exists("other", "another", "key:1"), 2)
    check("expire", [r.expire("other", 100), r.ttl("other")], [True, 100])
    check("expiretime", r.execute_command("EXPIRETIME", "another"), -1)
    check("object", r.object("encoding", "other"), b"int")
    check("unlink", r.unlink("other", "another"), 2)
    check("type", r.type("key:2"), b"string")
    check("swapdb", r.swapdb(0, 9), True)
    check("dbsize", r.dbsize(), 0)


def collections(r):
    r.flushdb()
    check("list", [r.rpush("l", 1, "b", b"\xff"), r.lrange("l", 0, -1)],
          [3, [b"1", b"b", b"\xff"]])
    check("lpos", [r.lpos("l", "b"), r.lpos("l", "b", count=0), r.lpos("l", "x")],
          [1, [1], None])
    check("lmove", [r.lmove("l", "m"), r.lpop("l", 5), r.rpop("l")], [b"1", [b"b", b"\xff"],
                                                                     None])
    check("blpop", [r.blpop(["none", "m"], 1), r.brpop("m", 0.01)], [(b"m", b"1"), None])
    check("hash", [r.hset("h", mapping={"f": 1, "g": "x"}), r.hgetall("h")],
          [2, {b"f": b"1", b"g": b"x"}])
    check("hincrby", [r.hincrby("h", "f", 2), r.hincrbyfloat("h", "f", 0.5)], [3, 3.5])
    r.hset("big hash", mapping={f"f{i}": i for i in range(3000)})
    check("hscan_iter", len(dict(r.hscan_iter("big hash", "f1*", 50))), 1111)
    check("set", [r.sadd("s", 1, 2, 3), r.smembers("s")], [3, {b"1", b"2", b"3"}])
    check("sinter", [r.sinter("s", "s"), r.sintercard(2, ["s", "s"], limit=2)],
          [{b"1", b"2", b"3"}, 2])
    check("smismember", r.smismember("s", [1, 9]), [1, 0])
    r.sadd("big set", *range(3000))
    check("sscan_iter", {int(i) for i in r.sscan_iter("big set")}, set(range(3000)))
    check("zadd", [r.zadd("z", {"a": 1, "b": 2.5}), r.zadd("z", {"a": 9}, gt=True, ch=True),
                   r.zadd("z", {"b": 1}, incr=True)], [2, 1, 3.5])
    check("zrange", r.zrange("z", 0, -1, withscores=True), [(b"b", 3.5), (b"a", 9.0)])
    check("zrange by score", r.zrange("z", "+inf", "(4", byscore=True, desc=True), [b"a"])
    check("zunion", r.zunion({"z": 1, "s": 2}, aggregate="MAX", withscores=True)[-1],
          (b"a", 9.0))
    check("zpopmin", [r.zpopmin("z"), r.bzpopmax(["none", "z"], 1), r.bzpopmin("z", 0.01)],
          [[(b"b", 3.5)], (b"z", b"a", 9.0), None])
    check("sort", r.sort("s", desc=True, get=["#", "none_*"], groups=True),
          [(b"3", None), (b"2", None), (b"1", None)])


def transactions(r):
    check("multi", r.pipeline().set("k", 1).incr("k").get("k").execute(), [True, 2, b"2"])
    with r.pipeline() as pipe:
        pipe.watch("k")
        r.set("k", 5)
        pipe.multi()
        pipe.incr("k")
        refused("watch", redis.WatchError, pipe.execute)

    def twice(pipe):
        value = int(pipe.get("k"))
        pipe.multi()
        pipe.set("k", value * 2)
    check("transaction", [r.transaction(twice, "k"), r.get("k")], [[True], b"10"])


def messages(r):
    p = r.pubsub()
    p.subscribe("news")
    p.psubscribe("ro?m")
    check("subscribed", [p.get_message(timeout=5)["type"] for _ in "12"],
          ["subscribe", "psubscribe"])
    check("publish", [r.publish("news", b"\0a"), r.publish("room", "b"), r.publish("x", 1)],
          [1, 1, 0])
    heard = [p.get_message(timeout=5) for _ in "12"]
    check("heard", [(m["pattern"], m["channel"], m["data"]) for m in heard],
          [(None, b"news", b"\0a"), (b"ro?m", b"room", b"b")])
    check("numsub", r.pubsub_numsub("news", "x"), [(b"news", 1), (b"x", 0)])
    p.ping()
    check("ping", p.get_message(timeout=5)["type"], "pong")
    p.close()


def server(r):
    info = r.info()
    check("version", info["redis_version"], "7.2.4")
    check("mode", info["redis_mode"], "standalone")
    check("everything", "cmdstat_get" in r.info("everything"), True)
    check("config", r.config_get("maxmemory"), {"maxmemory": "0"})
    check("config set", r.config_set("timeout", 0), True)
    check("client", r.client_setname("me") and r.client_getname(), "me")
    check("client list", [c["name"] for c in r.client_list() if c["name"]], ["me"])
    check("client info", r.client_info()["db"], 0)
    check("command", r.command()["get"]["step_count"], 1)
    check("command count", r.command_count() > 60, True)
    check("slowlog", isinstance(r.slowlog_get(), list), True)
    check("time", len(r.time()), 2)
    check("memory", r.memory_usage("none"), None)
    check("memory stats", r.memory_stats()["peak.allocated"] > 0, True)
    check("lolwut", "ver" in str(r.lolwut()), True)
    with r.monitor() as m:
        redis.Redis(port=port, password=password).get("watched")
        seen = [next(m.listen())["command"] for _ in range(2)]  # of a connection that logs in
        check("monitor", "GET watched" in seen and password not in str(seen), True)


def errors(r):
    check("no number", refused("incr", redis.ResponseError, lambda: r.set("s", "x") and
                               r.incr("s")), "value is not an integer or out of range")
    pipe = r.pipeline(transaction=False).set("s", "x").incr("s").get("s")
    replies = pipe.execute(raise_on_error=False)
    check("pipeline", [type(x).__name__ for x in replies], ["bool", "ResponseError", "bytes"])
    refused("no password", redis.AuthenticationError, redis.Redis(port=port).ping)
    refused("wrong password", redis.ResponseError,
            redis.Redis(port=port, password="wrong").ping)


client = redis.Redis(port=port, password=password)
check("ping", client.ping(), True)
strings(client)
keys(client)
collections(client)
transactions(client)
messages(client)
server(client)
errors(client)
text = redis.Redis(port=port, password=password, decode_responses=True, db=3)
check("text", text.set("k", "käse") and text.get("k"), "käse")
