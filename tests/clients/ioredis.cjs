// SPDX-License-Identifier: MIT
// ioredis, 5 (opens with INFO) and 6 (opens with HELLO 3):
//   ioredis.cjs PORT PASSWORD DIRECTORY
const { port, password, load, check, refused, run } = require('./check.cjs');
const Redis = load('ioredis').Redis || load('ioredis');

async function collections(redis) {
  check('list', [await redis.rpush('l', 'a', 'b'), await redis.lrange('l', 0, -1),
    await redis.lpop('l', 5), await redis.lpop('l')], [2, ['a', 'b'], ['a', 'b'], null]);
  check('hash', [await redis.hset('h', { f: 1, g: 'x' }), await redis.hgetall('h'),
    await redis.hincrbyfloat('h', 'f', 0.5)], [2, { f: '1', g: 'x' }, '1.5']);
  check('set', [await redis.sadd('s', 1, 2), (await redis.smembers('s')).sort(),
    await redis.smismember('s', 1, 'x')], [2, ['1', '2'], [1, 0]]);
  check('zset', [await redis.zadd('z', 1.5, 'a', '+inf', 'b'),
    await redis.zrange('z', 0, -1, 'WITHSCORES'), await redis.zscore('z', 'none')],
  [2, ['a', '1.5', 'b', 'inf'], null]);
  check('blpop', [await redis.rpush('q', 'j'), await redis.blpop('q', 1),
    await redis.blpop('q', 0.01)], [1, ['q', 'j'], null]);
  check('multi', await redis.multi().set('m', 1).incr('m').lpush('m', 'x').exec()
    .then((all) => all.map(([e, r]) => e?.message ?? r)), ['OK', 2,
    'WRONGTYPE Operation against a key holding the wrong kind of value']);
}

run(async () => {
  const redis = new Redis({
    port, password, host: '127.0.0.1', connectionName: 'me', db: 2,
  });
  const bytes = Buffer.from(Array.from({ length: 70000 }, (_, i) => i % 256));

  check('ping', await redis.ping(), 'PONG');
  check('name', await redis.client('GETNAME'), 'me');
  check('set', await redis.set(Buffer.from('a\0b'), bytes), 'OK');
  check('get', (await redis.getBuffer(Buffer.from('a\0b'))).equals(bytes), true);
  check('none', await redis.get('none'), null);
  check('incr', await redis.incr('n'), 1);
  check('incrbyfloat', await redis.incrbyfloat('f', 0.5), '0.5');
  check('px', await redis.set('k', 'v', 'PX', 100000), 'OK');
  check('pttl', (await redis.pttl('k')) > 90000, true);
  check('mget', await redis.mget('k', 'none', 'n'), ['v', null, '1']);
  check('error', await refused('incr', () => redis.incr('k')),
    'ERR value is not an integer or out of range');
  check('config', [].concat(await redis.config('GET', 'maxmemory')).length > 0, true);
  check('info', /redis_version:7\.2\.4\r\n/.test(await redis.info()), true);
  check('list', /name=me /.test(await redis.client('LIST')), true);

  await collections(redis);
  const pipeline = redis.pipeline();
  for (let i = 0; i < 5000; i++) pipeline.set(`key:${i}`, i);
  const replies = await pipeline.exec();
  check('pipeline', replies.every(([e, r]) => !e && r === 'OK') && replies.length, 5000);

  const seen = new Set();
  for await (const keys of redis.scanStream({ match: 'key:*', count: 100 }))
    keys.forEach((key) => seen.add(key));
  check('scan', seen.size, 5000);

  const numbers = Array.from({ length: 1000 }, (_, i) => String(i));
  const all = await Promise.all(numbers.map((i) => redis.get(`key:${i}`)));
  check('order', all, numbers);

  const other = new Redis({
    port, password: 'wrong', host: '127.0.0.1', retryStrategy: null,
  });
  other.on('error', () => {});
  const why = await refused('auth', () => other.get('k'));
  check('wrong', /WRONGPASS|NOAUTH|closed/.test(why), true);
  other.disconnect();
  check('flush', await redis.flushdb(), 'OK');
  check('quit', await redis.quit(), 'OK');
});
