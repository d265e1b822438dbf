// SPDX-License-Identifier: MIT
// ioredis, 5 (opens with INFO) and 6 (opens with HELLO 3):
//   ioredis.cjs PORT PASSWORD DIRECTORY
const { port, password, load, check, refused, run } = require('./check.cjs');
const Redis = load('ioredis').Redis || load('ioredis');

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
