# SPDX-License-Identifier: MIT
# redis-rb as its users use it, with every type of value: redis_rb.rb PORT PASSWORD
require "redis"

PORT, PASSWORD = ARGV

def check(what, got, want)
  abort("#{what}: #{got.inspect}, not #{want.inspect}") unless got == want
end

def refused(what)
  yield
rescue Redis::CommandError => e
  e.message
else
  abort("#{what}: no error")
end

def connect(**options)
  Redis.new(port: PORT.to_i, password: PASSWORD, db: 5, **options)
end

def strings(r)
  bytes = (0..255).map(&:chr).join.b * 300
  check("set", r.set("bin\0key", bytes), "OK")
  check("get", r.get("bin\0key").b, bytes)
  check("set nx", r.set("bin\0key", "x", nx: true), false)
  check("set ex get", r.set("a", "1", ex: 100, get: true), nil)
  check("ttl", r.ttl("a").between?(99, 100), true)
  check("incr", [r.incr("n"), r.incrby("n", 9), r.decr("n"), r.incrbyfloat("n", 0.5)],
        [1, 10, 9, 9.5])
  check("mset", r.mapped_mset("x" => "1", "y" => "2"), "OK")
  check("mget", r.mapped_mget("x", "y", "none"), "x" => "1", "y" => "2", "none" => nil)
  check("append", [r.append("x", "23"), r.getrange("x", 1, -1), r.strlen("x")],
        [3, "23", 3])
  check("getdel", [r.getdel("x"), r.exists?("x")], ["123", false])
end

def lists(r)
  check("rpush", r.rpush("l", %w[a b c d]), 4)
  check("lpush", r.lpush("l", "z"), 5)
  check("lrange", r.lrange("l", 0, -1), %w[z a b c d])
  check("linsert", r.linsert("l", :before, "b", "a2"), 6)
  check("lindex", [r.lindex("l", -1), r.lindex("l", 99)], ["d", nil])
  check("lmove", [r.lmove("l", "l2", "RIGHT", "LEFT"), r.lrange("l2", 0, -1)],
        ["d", ["d"]])
  check("lpop", [r.lpop("l"), r.lpop("l", 2), r.rpop("none")], ["z", %w[a a2], nil])
  check("lrem", [r.lrem("l", 0, "b"), r.llen("l")], [1, 1])
  check("brpop", r.brpop(%w[none l], timeout: 1), %w[l c])
  check("brpop in vain", r.brpop("l", timeout: 0.02), nil)
  waiting = Thread.new { connect.blpop("l", timeout: 5) }
  sleep 0.01 until r.info("clients")["blocked_clients"] == "1"
  check("rpush", r.rpush("l", "late"), 1)
  check("blpop", waiting.value, %w[l late])
end

def hashes(r)
  check("hset", r.hset("h", "f" => "1", "g" => "2"), 2)
  check("mapped_hmset", r.mapped_hmset("h", "i" => "x" * 100), "OK")
  check("hgetall", r.hgetall("h"), "f" => "1", "g" => "2", "i" => "x" * 100)
  check("hmget", r.mapped_hmget("h", "f", "none"), "f" => "1", "none" => nil)
  check("hincrby", [r.hincrby("h", "f", 4), r.hincrbyfloat("h", "f", 0.25)], [5, 5.25])
  check("hdel", [r.hdel("h", "i", "none"), r.hlen("h"), r.hkeys("h").sort,
                 r.hexists("h", "g")], [1, 2, %w[f g], true])
  check("hrandfield", %w[f g].include?(r.hrandfield("h")), true)
  r.mapped_hmset("big", (0...2000).to_h { |i| ["f#{i}", i.to_s] })
  check("hscan", r.hscan_each("big", match: "f1*", count: 50).to_h.size, 1111)
end

def sets(r)
  check("sadd", [r.sadd?("s", "a"), r.sadd?("s", "a"), r.sadd("s", %w[b c 1])],
        [true, false, 3])
  check("smembers", r.smembers("s").sort, %w[1 a b c])
  check("sismember", [r.sismember("s", "a"), r.smismember("s", "a", "z")],
        [true, [true, false]])
  r.sadd("t", %w[b c d])
  check("algebra", [r.sinter("s", "t").sort, r.sdiff("s", "t").sort,
                    r.sunion("s", "t").size], [%w[b c], %w[1 a], 5])
  check("sinterstore", [r.sinterstore("u", "s", "t"), r.scard("u")], [2, 2])
  check("smove", [r.smove("s", "t", "a"), r.srem("t", %w[a none])], [true, 1])
  check("spop", r.spop("u", 5).sort, %w[b c])
  check("srandmember", r.srandmember("t", -10).size, 10)
  r.sadd("many", (0...2000).to_a)
  check("sscan", r.sscan_each("many", count: 50).map(&:to_i).sort, (0...2000).to_a)
end

def sorted_sets(r)
  check("zadd", [r.zadd("z", 1.5, "a"), r.zadd("z", [[2, "b"], [Float::INFINITY, "c"]])],
        [true, 2])
  check("zadd flags", [r.zadd("z", 1, "a", nx: true),
                       r.zadd("z", 5, "a", gt: true, ch: true),
                       r.zadd("z", 1, "a", incr: true)], [false, true, 6.0])
  check("zrange", r.zrange("z", 0, -1, with_scores: true),
        [["b", 2.0], ["a", 6.0], ["c", Float::INFINITY]])
  check("zrange rev", r.zrange("z", 0, 1, rev: true), %w[c a])
  check("zrangebyscore", r.zrangebyscore("z", "(2", "+inf", limit: [0, 1]), %w[a])
  check("zscore", [r.zscore("z", "c"), r.zscore("z", "none"),
                   r.zmscore("z", "a", "none")], [Float::INFINITY, nil, [6.0, nil]])
  check("zrank", [r.zrank("z", "a"), r.zrevrank("z", "a"), r.zcount("z", 2, 6)],
        [1, 1, 2])
  check("zinterstore", [r.zadd("z2", [[1, "a"], [1, "c"]]),
                        r.zinterstore("i", %w[z z2], weights: [2, 1], aggregate: "max")],
        [2, 2])
  check("zunion", r.zunion("z", "z2").size, 3)
  check("zpopmin", [r.zpopmin("z"), r.zpopmax("z", 2)],
        [["b", 2.0], [["c", Float::INFINITY], ["a", 6.0]]])
  check("bzpopmin", r.bzpopmin("none", "i", timeout: 1), ["i", "a", 12.0])
  r.zadd("long", (0...2000).map { |i| [i / 4.0, "m#{i}"] })
  check("zscan", r.zscan_each("long", count: 50).to_h["m7"], 1.75)
  check("zremrangebyrank", [r.zremrangebyrank("long", 0, 9), r.zcard("long")], [10, 1990])
end

def keys(r)
  check("sort", [r.rpush("numbers", %w[3 1 2]),
                 r.sort("numbers", order: "desc", limit: [0, 2])], [3, %w[3 2]])
  check("types", %w[a l2 h s z none].map { |key| r.type(key) },
        %w[string list hash set none none])
  check("scan", r.scan_each(type: "zset").sort, %w[i long z2])
  check("object", r.object("encoding", "long"), "skiplist")
  check("copy", [r.copy("h", "h2"), r.hgetall("h2") == r.hgetall("h")], [true, true])
  check("rename", [r.rename("h2", "h3"), r.unlink("h3", "h2")], ["OK", 1])
end

def transactions(r)
  replies = r.multi do |t|
    t.set("k", 1)
    t.incr("k")
    t.hset("th", "f", 1)
    t.sadd?("ts", "m")
  end
  check("multi", replies, ["OK", 2, 1, true])
  aborted = r.watch("k") { connect.set("k", 3); r.multi { |t| t.set("k", 4) } }
  check("watch", [aborted, r.get("k")], [nil, "3"])
  check("wrong type", refused("lpush") { r.lpush("k", 1) },
        "WRONGTYPE Operation against a key holding the wrong kind of value")
  check("pipelined", r.pipelined { |p| 1000.times { p.incr("count") } }, (1..1000).to_a)
end

def messages(r)
  heard = []
  subscriber = connect
  subscriber.subscribe("news", "other") do |on|
    on.subscribe { |_, total| r.publish("news", "hello") if total == 2 }
    on.message do |channel, message|
      heard << [channel, message]
      channel == "news" ? r.publish("other", "end") : subscriber.unsubscribe
    end
  end
  check("messages", heard, [%w[news hello], %w[other end]])
  check("free again", subscriber.ping, "PONG")
end

client = connect
check("ping", client.ping, "PONG")
%i[strings lists hashes sets sorted_sets keys transactions messages].each do |part|
  send(part, client)
end
check("unknown", refused("nosuch") { client.call("NOSUCH", "a") }.start_with?(
  "ERR unknown command 'NOSUCH', with args beginning with: 'a'"), true)
refused("password") { connect(password: "wrong").ping }
check("flushdb", [client.flushdb, client.dbsize], ["OK", 0])
