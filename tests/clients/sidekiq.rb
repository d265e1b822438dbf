# SPDX-License-Identifier: MIT
# Sidekiq 6 without Rails: sidekiq.rb PORT PASSWORD
#
# This file is both what enqueues and, given to `sidekiq -r`, what is executed.
#
# What it needs of a server: AUTH, SELECT, PING, INFO (redis_version, maxmemory_policy),
# BRPOP, LPUSH, LLEN, LRANGE, RPOP, SADD, SREM, SCARD, SSCAN, HMSET, HGET, HMGET, ZADD,
# ZCARD, INCRBY, GET, EXISTS, EXPIRE, UNLINK, pipelines and MULTI.
#
# One thing needs Lua: the poller's pop from `retry` and `schedule`, by SCRIPT LOAD and
# EVALSHA.  Sidekiq lets another take its place (`scheduled_enq`), and so does this test:
# a job belongs to whom ZREM tells that it was there.  The poller cannot be turned off;
# its interval can be set, but its first look comes after at most 5 s in any case.
require "sidekiq"
require "sidekiq/api"

# Each job leaves a trace: how often it was done to the end.
class Trace
  include Sidekiq::Job

  def perform(number)
    Sidekiq.redis { |r| r.hincrby("done", number, 1) }
  end
end

# Fails at first, so that it has to come back through `retry`.
class SecondTry < Trace
  def perform(number)
    raise "not at first" if Sidekiq.redis { |r| r.sadd?("tried", number) }

    super
  end
end

# Moves jobs from `schedule` when they are due, from `retry` at once.
class EnqueueWithoutLua
  def enqueue_jobs
    Sidekiq.redis do |r|
      { "schedule" => Time.now.to_f.to_s, "retry" => "+inf" }.each do |set, until_when|
        r.zrangebyscore(set, "-inf", until_when).each do |job|
          Sidekiq::Client.push(Sidekiq.load_json(job)) if r.zrem(set, job)
        end
      end
    end
  end
end

if Sidekiq.server?
  Sidekiq.options[:scheduled_enq] = EnqueueWithoutLua
  Sidekiq.options[:poll_interval_average] = 0.2
  return
end

port, password = ARGV
ENV["REDIS_URL"] = "redis://:#{password}@127.0.0.1:#{port}/3"
PLAIN, LATER, FAILING = 1000, 20, 20
ALL = PLAIN + LATER + FAILING

def check(what, got, want)
  raise "#{what}: #{got.inspect}, not #{want.inspect}" unless got == want
end

# For at most a minute.
def wait_for(what)
  1200.times do
    return if yield

    sleep 0.05
  end
  raise "not in time: #{what}"
end

# Half one by one, half in bulk; then those that go through the sorted sets.
def enqueue
  half = PLAIN / 2
  half.times { |i| Trace.perform_async(i) }
  Trace.perform_bulk((half...PLAIN).map { |i| [i] })
  LATER.times { |i| Trace.perform_in(0.5, PLAIN + i) }
  FAILING.times { |i| SecondTry.perform_async(PLAIN + LATER + i) }
  stats = Sidekiq::Stats.new
  check("enqueued", stats.enqueued, PLAIN + FAILING)
  check("scheduled", stats.scheduled_size, LATER)
end

def start_worker
  spawn("sidekiq", "-r", File.expand_path(__FILE__), "-c", "5", "-t", "10")
end

def check_running(pid)
  wait_for("a heartbeat") { Sidekiq::ProcessSet.new.size == 1 }
  process = Sidekiq::ProcessSet.new.first
  check("process", [process["pid"], process["concurrency"]], [pid, 5])
end

def check_results
  done = Sidekiq.redis { |r| r.hgetall("done") }
  check("jobs", done.keys.map(&:to_i).sort, (0...ALL).to_a)
  check("done otherwise than once", done.reject { |_, times| times == "1" }, {})
  stats = Sidekiq::Stats.new
  check("processed", stats.processed, ALL + FAILING)
  check("failed", stats.failed, FAILING)
  check("left", [stats.enqueued, stats.scheduled_size, stats.retry_size, stats.dead_size],
        [0, 0, 0, 0])
  check("processes", Sidekiq::ProcessSet.new.size, 0)
end

enqueue
pid = start_worker
begin
  check_running(pid)
  wait_for("all jobs done") { Sidekiq.redis { |r| r.hlen("done") } == ALL }
ensure
  Process.kill("TERM", pid)
  Process.wait(pid)
end
check("exit status", $?.exitstatus, 0)
check_results
