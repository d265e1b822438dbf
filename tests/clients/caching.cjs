// SPDX-License-Identifier: MIT
// Client-side caching: what a client keeps is dropped when another changes it.
// node-redis does it by itself in RESP3; with ioredis the invalidations are redirected to
// a second connection, in RESP2, and the cache is the test's own:
//   caching.cjs PORT PASSWORD DIRECTORY
const { port, password, client, load, check, until, run } = require('./check.cjs');

const KEYS = 100, CHANGES = 1000;

// A sequence that looks random and is the same each time.
function dice(seed) {
  let state = seed;
  return (sides) => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return Math.floor(state / 65536) % sides;
  };
}

async function gets(ask) {
  const stats = await ask('INFO', 'commandstats');
  const found = /cmdstat_get:calls=(\d+)/.exec(stats);
  return found ? Number(found[1]) : 0;
}

async function nodeRedisClient(options) {
  const redis = load('redis').createClient({
    url: `redis://:${password}@127.0.0.1:${port}`, RESP: 3, ...options,
  });
  redis.on('error', (e) => { throw e; });
  await redis.connect();
  return redis;
}

// Each kind of value, read, changed by somebody else, read again.
const KINDS = [
  ['hash', (w) => w.hSet('hash', 'f', '1'), (r) => r.hGet('hash', 'f'), '1',
    (w) => w.hIncrBy('hash', 'f', 1), '2'],
  ['list', (w) => w.rPush('list', ['a', 'b']), (r) => r.lRange('list', 0, -1), ['a', 'b'],
    (w) => w.lPop('list'), ['b']],
  ['set', (w) => w.sAdd('set', 'm'), (r) => r.sIsMember('set', 'm'), 1,
    (w) => w.sRem('set', 'm'), 0],
  ['zset', (w) => w.zAdd('zset', { score: 1.5, value: 'm' }),
    (r) => r.zScore('zset', 'm'), 1.5, (w) => w.zIncrBy('zset', 1, 'm'), 2.5],
  ['two', (w) => w.mSet({ a: '1', b: '2' }), (r) => r.mGet(['a', 'b']), ['1', '2'],
    (w) => w.del('b'), ['1', null]],
  ['gone', (w) => w.set('gone', 'v', { PX: 50 }), (r) => r.get('gone'), 'v',
    (w) => until('expired', async () => !(await w.exists('gone'))), null],
];

async function nodeRedis() {
  const { BasicClientSideCache } = load('redis');
  const cache = new BasicClientSideCache({ ttl: 0, maxEntries: 0, evictPolicy: 'LRU' });
  const reader = await nodeRedisClient({ clientSideCache: cache });
  const writer = await nodeRedisClient();
  const ask = (...words) => writer.sendCommand(words);

  await writer.set('k', '1');
  check('first', await reader.get('k'), '1');
  const asked = await gets(ask);
  for (let i = 0; i < 100; i++) check('cached', await reader.get('k'), '1');
  check('server asked', await gets(ask), asked);
  check('hits', cache.stats().hitCount, 100);

  for (const [what, make, read, before, change, after] of KINDS) {
    await make(writer);
    check(what, [await read(reader), await read(reader)], [before, before]);
    await change(writer);
    await reader.ping();            // its reply comes after what tells of the change
    check(`${what} changed`, [await read(reader), await read(reader)], [after, after]);
  }

  // Many keys, changed one by one and all at once.
  const names = Array.from({ length: KEYS }, (_, i) => `key:${i}`), truth = {};
  const roll = dice(1);
  for (let i = 0; i < CHANGES; i++) {
    const key = names[roll(KEYS)], probe = names[roll(KEYS)];
    truth[key] = String(i);
    await writer.set(key, truth[key]);
    await reader.ping();
    check(`${key} after`, await reader.get(key), truth[key]);
    check(`${probe} beside`, await reader.get(probe), truth[probe] ?? null);
  }
  check('most from the cache', cache.stats().hitCount > CHANGES / 4, true);
  await writer.flushAll();
  await reader.ping();
  check('size', cache.size(), 0);
  check('flushed', await reader.get(names[0]), null);
  await Promise.all([reader.close(), writer.close()]);
}

async function ioredis(protocol) {
  const { Redis } = load('ioredis');
  const options = { port, password, host: '127.0.0.1' };
  const listener = new Redis({ ...options, protocol: 2 });
  const reader = new Redis({ ...options, protocol });
  const writer = new Redis(options);
  const cache = new Map();
  let dropped = [];

  listener.on('messageBuffer', (channel, keys) => {
    check('channel', channel.toString(), '__redis__:invalidate');
    dropped.push(...(keys ? keys.map(String) : [null]));
    if (keys) keys.forEach((key) => cache.delete(String(key)));
    else cache.clear();
  });
  const id = await listener.client('ID');
  await listener.subscribe('__redis__:invalidate');
  check('on', await reader.client('TRACKING', 'ON', 'REDIRECT', id), 'OK');
  check('redirection', await reader.client('GETREDIR'), id);

  const get = async (key) => {
    if (!cache.has(key)) cache.set(key, await reader.get(key));
    return cache.get(key);
  };
  const told = (...keys) => until(`told of ${keys}`, () => {
    const all = keys.every((key) => dropped.includes(key));
    if (all) dropped = [];
    return all;
  });

  const truth = {}, roll = dice(2);
  for (let i = 0; i < CHANGES / 4; i++) {
    const key = `key:${roll(10)}`;
    check(key, await get(key), truth[key] ?? null);
    truth[key] = String(i);
    await writer.set(key, truth[key]);
    await told(key);
    check(`${key} changed`, await get(key), truth[key]);
  }
  await writer.set('unread', 1);
  await writer.flushall();
  await told(null);
  check('flushed', [cache.size, await get('key:1')], [0, null]);

  // By prefix, read or not.
  await reader.client('TRACKING', 'OFF');
  check('broadcast', await reader.client('TRACKING', 'ON', 'REDIRECT', id, 'BCAST',
    'PREFIX', 'user:', 'PREFIX', 'cart:'), 'OK');
  dropped = [];
  await writer.pipeline().set('user:1', 1).set('other', 1).hset('cart:7', 'f', 1).exec();
  await until('told of both', () => dropped.length >= 2);
  check('prefixes', dropped.sort(), ['cart:7', 'user:1']);
  await Promise.all([reader, writer, listener].map((redis) => redis.quit()));
}

run(async () => {
  if (!client.startsWith('ioredis')) return nodeRedis();
  await ioredis(3);
  return ioredis(2);
});
