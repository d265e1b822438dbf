// SPDX-License-Identifier: MIT
// node-redis 6 in RESP3, its default, and in RESP2:
//   node_redis.cjs PORT PASSWORD DIRECTORY
const { port, password, load, check, refused, run } = require('./check.cjs');
const { createClient, RESP_TYPES } = load('redis');

// The same in both protocols, though a map, a set or a double comes in another way.
async function collections(client) {
  check('list', [await client.rPush('l', ['a', 'b']), await client.lRange('l', 0, -1),
    await client.lPopCount('l', 5), await client.lPop('l')],
  [2, ['a', 'b'], ['a', 'b'], null]);
  check('hash', [await client.hSet('h', { f: '1', g: 'x' }),
    { ...await client.hGetAll('h') }, await client.hIncrByFloat('h', 'f', 0.5)], [2, { f: '1', g: 'x' }, '1.5']);
  check('set', [await client.sAdd('s', ['1', '2']), (await client.sMembers('s')).sort(),
    await client.smIsMember('s', ['1', 'x'])], [2, ['1', '2'], [1, 0]]);
  await client.zAdd('z', [{ score: 1.5, value: 'a' }, { score: Infinity, value: 'b' }]);
  check('zset', [await client.zRangeWithScores('z', 0, -1),
    await client.zScore('z', 'none'), await client.zPopMin('z'), await client.zmPop('z', 'MAX')],
  [[{ value: 'a', score: 1.5 }, { value: 'b', score: Infinity }], null,
    { value: 'a', score: 1.5 },
    { key: 'z', members: [{ value: 'b', score: Infinity }] }]);
  check('blpop', [await client.rPush('q', 'j'), { ...await client.blPop('q', 1) },
    await client.blPop('q', 0.01)], [1, { key: 'q', element: 'j' }, null]);
  check('multi', await client.multi().set('m', '1').incr('m').hGet('h', 'g').exec(),
    ['OK', 2, 'x']);
  check('wrong type', await refused('lPush', () => client.lPush('h', 'a')),
    'WRONGTYPE Operation against a key holding the wrong kind of value');
}

async function talk(RESP) {
  const url = `redis://default:${password}@127.0.0.1:${port}/4`;
  const client = createClient({ url, RESP, name: 'me' });
  const bytes = Buffer.from(Array.from({ length: 70000 }, (_, i) => i % 256));

  client.on('error', (e) => { throw e; });
  await client.connect();
  check('ping', await client.ping(), 'PONG');
  check('name', await client.clientGetName(), 'me');
  check('protocol', new RegExp(`resp=${RESP} lib-name=node-redis`).test(
    await client.sendCommand(['CLIENT', 'INFO'])), true);
  check('set', await client.set('k', bytes), 'OK');
  const raw = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
  check('get', (await raw.get('k')).equals(bytes), true);
  check('none', await client.get('none'), null);
  check('incr', [await client.incr('n'), await client.decrBy('n', 3)], [1, -2]);
  check('mget', await client.mGet(['none', 'n']), [null, '-2']);
  check('config', { ...(await client.configGet('maxmemory')) }, { maxmemory: '0' });
  check('error', await refused('incr', () => client.incr('k')),
    'ERR value is not an integer or out of range');
  check('command', (await client.commandCount()) > 60, true);

  await collections(client);
  const sets = Array.from({ length: 5000 }, (_, i) => client.set(`key:${i}`, String(i)));
  check('pipeline', (await Promise.all(sets)).every((r) => r === 'OK'), true);
  const seen = new Set();
  for await (const keys of client.scanIterator({ MATCH: 'key:*', COUNT: 100 }))
    [].concat(keys).forEach((key) => seen.add(key));
  check('scan', seen.size, 5000);

  check('flush', await client.flushDb(), 'OK');
  await client.close();
}

run(async () => {
  await talk(3);
  await talk(2);
  const stranger = createClient({
    url: `redis://:wrong@127.0.0.1:${port}`, socket: { reconnectStrategy: false },
  });
  stranger.on('error', () => {});
  check('wrong', /WRONGPASS/.test(await refused('auth', () => stranger.connect())), true);
});
