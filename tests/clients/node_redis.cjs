// SPDX-License-Identifier: MIT
// node-redis 6 in RESP3, its default, and in RESP2:
//   node_redis.cjs PORT PASSWORD DIRECTORY
const { port, password, load, check, refused, run } = require('./check.cjs');
const { createClient, RESP_TYPES } = load('redis');

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
