// SPDX-License-Identifier: MIT
// One publisher, 100 subscribers of channels, patterns and shard channels, half of them
// in RESP2 and half in RESP3, with node-redis or ioredis:
//   fanout.cjs PORT PASSWORD DIRECTORY
const { port, password, client, load, check, until, run } = require('./check.cjs');

const library = load(client.startsWith('ioredis') ? 'ioredis' : 'redis');
const SUBSCRIBERS = 100, ROUNDS = 40;

// What each client calls the same things: a connection is { redis, publish, spublish,
// ask, subscribe(), unsubscribe(), get, close }; subscribe() tells `hear` of
// [channel or [pattern, channel], message].
const models = {};       // by protocol: a copy costs little, another new client 40 ms

async function nodeRedis(protocol, hear) {
  models[protocol] ??= library.createClient({
    url: `redis://:${password}@127.0.0.1:${port}`, RESP: protocol,
  });
  const redis = models[protocol].duplicate();
  const plain = (message, channel) => hear(channel, message);
  redis.on('error', (e) => { throw e; });
  await redis.connect();
  return {
    publish: (channel, message) => redis.publish(channel, message),
    spublish: (channel, message) => redis.sPublish(channel, message),
    ask: (...words) => redis.sendCommand(words),
    get: (key) => redis.get(key),
    subscribe: () => Promise.all([
      redis.subscribe('news', plain), redis.sSubscribe('shard', plain),
      redis.pSubscribe('room:?', (text, channel) => hear(['room:?', channel], text)),
    ]),
    unsubscribe: () => Promise.all([
      redis.unsubscribe('news'), redis.sUnsubscribe('shard'), redis.pUnsubscribe(),
    ]),
    close: () => redis.close(),
  };
}

async function ioredis(protocol, hear) {
  const redis = new library.Redis({ port, password, host: '127.0.0.1', protocol });
  redis.on('message', hear);
  redis.on('smessage', hear);
  redis.on('pmessage', (pattern, channel, message) => hear([pattern, channel], message));
  await redis.ping();
  return {
    publish: (channel, message) => redis.publish(channel, message),
    spublish: (channel, message) => redis.spublish(channel, message),
    ask: (...words) => redis.call(...words),
    get: (key) => redis.get(key),
    subscribe: () => Promise.all([
      redis.subscribe('news'), redis.ssubscribe('shard'), redis.psubscribe('room:?'),
    ]),
    unsubscribe: () => Promise.all([
      redis.unsubscribe('news'), redis.sunsubscribe('shard'), redis.punsubscribe(),
    ]),
    close: () => redis.quit(),
  };
}

const connect = library.Redis ? ioredis : nodeRedis;

async function subscriber(i) {
  const heard = [];
  const protocol = i % 2 ? 2 : 3;
  const it = await connect(protocol, (from, message) => heard.push([from, message]));
  await it.subscribe();
  return { ...it, protocol, heard };
}

// What is published in a round: [kind, channel, message, as who hears it gets it].
function round(i) {
  const long = 'x'.repeat(i % 10 === 0 ? 50000 : i * 10);
  return [
    ['publish', 'news', `news ${i}`, 'news'],
    ['publish', 'room:1', `room ${i}`, ['room:?', 'room:1']],
    ['publish', 'room:10', `nobody's ${i}`, null],
    ['spublish', 'shard', `shard ${i} ${long}`, 'shard'],
    ['publish', 'shard', 'not to the shard channel', null],
    ['publish', 'news', '', 'news'],
    ['publish', 'room:2', 'käse\r\n\0', ['room:?', 'room:2']],
  ];
}

async function publishAll(publisher, listeners) {
  const all = Array.from({ length: ROUNDS }, (_, i) => round(i)).flat();
  const counts = await Promise.all(all.map(
    ([kind, channel, text]) => publisher[kind](channel, text)));
  check('receivers', counts.map(Number), all.map(([, , , as]) => (as ? listeners : 0)));
  return all.filter(([, , , as]) => as).map(([, , text, as]) => [as, text]);
}

async function known(publisher) {
  const [, news] = await publisher.ask('PUBSUB', 'NUMSUB', 'news');
  const [, shard] = await publisher.ask('PUBSUB', 'SHARDNUMSUB', 'shard');
  return [news, shard, await publisher.ask('PUBSUB', 'NUMPAT')].map(Number);
}

run(async () => {
  const publisher = await connect(3, () => {});
  const everybody = await Promise.all(Array.from({ length: SUBSCRIBERS },
    (_, i) => subscriber(i)));
  check('known', await known(publisher), [SUBSCRIBERS, SUBSCRIBERS, 1]);
  check('channels', await publisher.ask('PUBSUB', 'CHANNELS', '*'), ['news']);
  check('shards', await publisher.ask('PUBSUB', 'SHARDCHANNELS'), ['shard']);

  const expected = await publishAll(publisher, SUBSCRIBERS);
  for (const { protocol, heard } of everybody) {
    await until('all messages', () => heard.length >= expected.length);
    check(`messages in RESP${protocol}`, heard, expected);
  }

  // RESP3 leaves a subscriber free to do other things.
  await publisher.ask('SET', 'k', 'v');
  const free = everybody.filter(({ protocol }) => protocol === 3);
  for (const each of free) check('get', await each.get('k'), 'v');

  await Promise.all(free.map((each) => each.unsubscribe()));
  check('known', await known(publisher), [SUBSCRIBERS / 2, SUBSCRIBERS / 2, 1]);
  await publishAll(publisher, SUBSCRIBERS / 2);
  for (const { protocol, heard } of everybody) {
    const times = protocol === 2 ? 2 : 1;
    await until('second half', () => heard.length >= times * expected.length);
    check('heard by who stayed', heard.length, times * expected.length);
  }
  for (const each of free) check('get when no more subscribed', await each.get('k'), 'v');

  await Promise.all(everybody.map((each) => each.close()));
  const nobody = async () => (await known(publisher)).every((n) => n === 0);
  await until('forgotten', nobody);
  await publisher.close();
});
