// ioredis, this major version and the one before it.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import Redis6 from 'ioredis6';
import Redis5 from 'ioredis';
import { Server } from './server.js';

/** Waits until so many clients wait for keys. */
async function blocked(redis, count = 1) {
  while (Number(/blocked_clients:(\d+)/.exec(await redis.info('clients'))[1]) < count) {
    await new Promise(setImmediate);
  }
}

/**
 * Another connection, ready to subscribe. While it connects, ioredis 5 sends a subscription at once and then refuses its
 * own question whether the server is ready, if the answer to the first comes before that.
 */
async function second(redis, options) {
  const other = redis.duplicate(options);
  await once(other, 'ready');
  return other;
}

/** Waits until somebody listens to both. */
async function listening(redis, channel, shardChannel) {
  for (;;) {
    const [, heard] = await redis.pubsub('NUMSUB', channel);
    const [, heardOfShard] = await redis.pubsub('SHARDNUMSUB', shardChannel);
    if (heard > 0 && heardOfShard > 0) {
      return;
    }
  }
}

/** The number under which the server knows a client that is waiting. */
async function idOf(client, redis) {
  const { port } = client.stream.address();
  const line = (await redis.client('LIST')).split('\n').find((each) => each.includes(`addr=127.0.0.1:${port} `));
  return Number(/id=(\d+)/.exec(line)[1]);
}

/** Fields and values of a hash of 300, as scanning gives them. */
async function* pairs(client, key) {
  await client.del(key);
  await client.hset(key, Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`f${n}`, 'x'.repeat(n)])));
  for await (const some of client.hscanStream(key, { count: 50 })) {
    for (let n = 0; n < some.length; n += 2) {
      yield [some[n], some[n + 1]];
    }
  }
}

for (const [name, Redis, options] of [
  ['ioredis 6', Redis6, {}],
  ['ioredis 6 in RESP2', Redis6, { protocol: 2 }],
  ['ioredis 5', Redis5, {}],
]) {
  describe(name, () => {
    let server;
    let redis;
    const errors = [];

    before(async () => {
      server = await Server.start();
      redis = new Redis(server.port, options);
      redis.on('error', (error) => errors.push(error));
      await redis.flushall();
    });

    after(async () => {
      redis.disconnect();
      await server.stop();
      assert.deepEqual(errors, []);
    });

    test('strings and deadlines', async () => {
      assert.equal(await redis.set('a', '1', 'EX', 100), 'OK');
      assert.equal(await redis.incr('a'), 2);
      assert.ok((await redis.ttl('a')) > 90);
      assert.equal(await redis.set('a', 'x', 'NX'), null);
      assert.deepEqual(await redis.mget('a', 'none'), ['2', null]);
      assert.equal(await redis.incrbyfloat('f', 0.1), '0.1');
      await assert.rejects(redis.incr('f'), /ERR value is not an integer/);
      await assert.rejects(redis.lpush('a', 'x'), /^ReplyError: WRONGTYPE/);
    });

    test('collections', async () => {
      await redis.hset('h', { name: 'Ada', age: 36 });
      assert.deepEqual(await redis.hgetall('h'), { name: 'Ada', age: '36' });
      await redis.rpush('l', 1, 2, 3);
      assert.deepEqual(await redis.lrange('l', 0, -1), ['1', '2', '3']);
      await redis.sadd('s', 'x', 'y');
      assert.deepEqual((await redis.smembers('s')).sort(), ['x', 'y']);
      await redis.zadd('z', 1, 'a', 2.5, 'b');
      assert.deepEqual((await redis.zrange('z', 0, -1, 'WITHSCORES')).flat().map(String), ['a', '1', 'b', '2.5']);
      assert.equal(String(await redis.zscore('z', 'b')), '2.5');
    });

    test('binary keys and values', async () => {
      const bytes = Buffer.from([0, 255, 13, 10, 36, 42]);
      await redis.set(bytes, bytes);
      assert.deepEqual(await redis.getBuffer(bytes), bytes);
    });

    test('pipelines and transactions', async () => {
      const pipeline = redis.pipeline();
      for (let n = 0; n < 1_000; n += 1) {
        pipeline.set(`p:${n}`, n);
      }
      assert.ok((await pipeline.exec()).every(([error, reply]) => error === null && reply === 'OK'));
      assert.deepEqual(await redis.multi().set('k', 1).incr('k').exec(), [[null, 'OK'], [null, 2]]);
      const other = redis.duplicate();
      await redis.watch('k');
      await other.set('k', 'changed');
      assert.equal(await redis.multi().get('k').exec(), null);
      other.disconnect();
    });

    test('scanning gives every key', async () => {
      const keys = new Set();
      for await (const some of redis.scanStream({ match: 'p:*', count: 100 })) {
        some.forEach((key) => keys.add(key));
      }
      assert.equal(keys.size, 1_000);
    });

    test('waiting for a list', async () => {
      const waiting = redis.duplicate();
      const popped = waiting.blpop('queue', 10);
      await redis.rpush('queue', 'job');
      assert.deepEqual(await popped, ['queue', 'job']);
      assert.equal(await waiting.blpop('queue', 0.01), null);
      waiting.disconnect();
    });

    test('messages', async () => {
      const subscriber = await second(redis);
      assert.equal(await subscriber.subscribe('news', 'weather'), 2);
      assert.equal(await subscriber.psubscribe('n*'), 3);
      const heard = [];
      subscriber.on('message', (channel, message) => heard.push([channel, message]));
      const byPattern = once(subscriber, 'pmessage');
      assert.equal(await redis.publish('news', 'rain'), 2);
      assert.deepEqual(await byPattern, ['n*', 'news', 'rain']);
      assert.deepEqual(heard, [['news', 'rain']]);
      assert.deepEqual(await redis.pubsub('NUMSUB', 'news'), ['news', 1]);
      const shard = await second(redis);
      await shard.ssubscribe('orders');
      const order = once(shard, 'smessage');
      await redis.spublish('orders', 'tea');
      assert.deepEqual(await order, ['orders', 'tea']);
      subscriber.disconnect();
      shard.disconnect();
    });

    test('keys that expire are told at once', async () => {
      const subscriber = await second(redis);
      await redis.config('SET', 'notify-keyspace-events', 'Ex');
      await subscriber.subscribe('__keyevent@0__:expired');
      const expired = once(subscriber, 'message');
      await redis.set('brief', '1', 'PX', 5);
      assert.deepEqual(await expired, ['__keyevent@0__:expired', 'brief']);
      subscriber.disconnect();
    });

    test('every change of a key is told, in order', async () => {
      const subscriber = await second(redis);
      await redis.config('SET', 'notify-keyspace-events', 'KEA');
      await subscriber.psubscribe('__keyspace@0__:told:*');
      const heard = [];
      const last = new Promise((resolve) => {
        subscriber.on('pmessage', (pattern, channel, event) => {
          heard.push([channel.slice('__keyspace@0__:told:'.length), event]);
          if (heard.at(-1).join() === 'b,del') {
            resolve();
          }
        });
      });
      await redis.set('told:a', '1', 'EX', 100);
      await redis.incr('told:a');
      await redis.rename('told:a', 'told:b');
      await redis.lpush('told:l', 1, 2);
      await redis.rpop('told:l', 2);
      await redis.hset('told:h', 'f', 'v');
      await redis.del('told:b');
      await last;
      assert.deepEqual(heard, [
        ['a', 'set'], ['a', 'expire'], ['a', 'incrby'], ['a', 'rename_from'], ['b', 'rename_to'], ['l', 'lpush'],
        ['l', 'rpop'], ['l', 'del'], ['h', 'hset'], ['b', 'del'],
      ]);
      await redis.config('SET', 'notify-keyspace-events', '');
      subscriber.disconnect();
    });

    test('a transaction is one reply, and an error in it is one of many', async () => {
      await redis.set('t:text', 'x');
      const replies = await redis.multi().set('t:a', 1).incr('t:text').get('t:a').exec();
      assert.deepEqual(replies.map(([error, reply]) => (error ? error.message : reply)), [
        'OK', 'ERR value is not an integer or out of range', '1',
      ]);
      await assert.rejects(redis.multi().set('t:a').get('t:a').exec(), /EXECABORT/);
      await redis.multi({ pipeline: false });
      assert.equal(await redis.set('t:a', 2), 'QUEUED');
      assert.equal(await redis.get('t:a'), 'QUEUED');
      assert.deepEqual(await redis.exec(), [[null, 'OK'], [null, '2']]);
    });

    test('scripts are commands, and are sent once', async () => {
      const other = redis.duplicate();
      other.defineCommand('addTo', {
        numberOfKeys: 1,
        lua: `local n = redis.call('INCRBY', KEYS[1], ARGV[1])
              redis.call('PEXPIRE', KEYS[1], ARGV[2])
              return {n, redis.call('PTTL', KEYS[1]) > 0, false, {'deep', {ok = 'FINE'}}}`,
      });
      for (const n of [5, 10]) {
        assert.deepEqual(await other.addTo('scripted', 5, 60_000), [n, 1, null, ['deep', 'FINE']]);
      }
      await redis.script('FLUSH');
      assert.equal((await other.addTo('scripted', 1, 60_000))[0], 11);
      const results = await other.pipeline().addTo('scripted', 1, 60_000).get('scripted').exec();
      assert.deepEqual(results.map(([, reply]) => [reply].flat()[0]), [12, '12']);
      other.defineCommand('fail', { numberOfKeys: 0, lua: "return redis.error_reply('MINE is a special error')" });
      await assert.rejects(other.fail(), /^ReplyError: MINE is a special error/);
      other.disconnect();
    });

    test('streams and their groups', async () => {
      const [first, second] = [await redis.xadd('x', '*', 'n', 1), await redis.xadd('x', '*', 'n', 2)];
      assert.deepEqual(await redis.xrange('x', '-', '+'), [[first, ['n', '1']], [second, ['n', '2']]]);
      await redis.xgroup('CREATE', 'x', 'g', '0');
      await assert.rejects(redis.xgroup('CREATE', 'x', 'g', '0'), /BUSYGROUP/);
      const shape = (reply) => (Array.isArray(reply) ? reply : Object.entries(reply));
      const [[key, entries]] = shape(await redis.xreadgroup('GROUP', 'g', 'Ada', 'COUNT', 1, 'STREAMS', 'x', '>'));
      assert.deepEqual([key, entries], ['x', [[first, ['n', '1']]]]);
      assert.deepEqual((await redis.xpending('x', 'g')).slice(0, 3), [1, first, first]);
      assert.deepEqual((await redis.xautoclaim('x', 'g', 'Bob', 0, '0'))[1], [[first, ['n', '1']]]);
      assert.equal(await redis.xack('x', 'g', first), 1);
      const waiting = redis.duplicate();
      const came = waiting.xread('BLOCK', 0, 'STREAMS', 'x', '$');
      await blocked(redis);
      const third = await redis.xadd('x', '*', 'n', 3);
      assert.deepEqual(shape(await came), [['x', [[third, ['n', '3']]]]]);
      assert.equal(await waiting.xread('BLOCK', 5, 'STREAMS', 'x', '$'), null);
      assert.equal(await redis.xtrim('x', 'MAXLEN', 1), 2);
      waiting.disconnect();
    });

    test('blocking commands wait in line, for fractions of a second', async () => {
      const [one, two] = [redis.duplicate(), redis.duplicate()];
      const first = one.blpop('line', 'line:2', 0);
      await blocked(redis);
      const second = two.brpop('line', 30);
      await blocked(redis, 2);
      await redis.rpush('line', 'a', 'b', 'c');
      assert.deepEqual([await first, await second], [['line', 'a'], ['line', 'c']]);
      const started = performance.now();
      assert.equal(await one.bzpopmin('no set', 0.05), null);
      assert.equal(await one.blmove('none', 'to', 'LEFT', 'RIGHT', 0.05), null);
      assert.equal(await one.blmpop(0.05, 1, 'none', 'LEFT'), null);
      assert.ok(performance.now() - started >= 145);
      const popped = one.bzpopmax('scores', 30);
      await blocked(redis);
      await redis.zadd('scores', 1.5, 'low', 2.5, 'high');
      assert.deepEqual((await popped).map(String), ['scores', 'high', '2.5']);
      const cut = one.blpop('never', 0).catch((error) => error.message);
      await blocked(redis);
      await redis.client('UNBLOCK', await idOf(one, redis), 'ERROR');
      assert.match(await cut, /UNBLOCKED/);
      one.disconnect();
      two.disconnect();
    });

    test('a subscriber may only listen, unless it speaks RESP3', async () => {
      const subscriber = await second(redis);
      await subscriber.subscribe('only');
      if (options.protocol === 2 || Redis === Redis5) {
        await assert.rejects(subscriber.get('a'), /subscriber mode/);
      }
      assert.ok(['PONG', 'pong'].includes([await subscriber.ping()].flat()[0]));
      assert.equal(await subscriber.unsubscribe(), 0);
      assert.equal(await subscriber.get('t:text'), 'x');
      subscriber.disconnect();
    });

    test('messages in bytes', async () => {
      const subscriber = await second(redis);
      await subscriber.subscribe('bytes');
      const came = once(subscriber, 'messageBuffer');
      await redis.publish('bytes', Buffer.from([0, 255, 13, 10]));
      assert.deepEqual(await came, [Buffer.from('bytes'), Buffer.from([0, 255, 13, 10])]);
      subscriber.disconnect();
    });

    test('who watches sees every command', async () => {
      const monitor = await redis.monitor();
      const seen = once(monitor, 'monitor');
      await redis.set('watched', 'a b');
      const [time, words, source, database] = await seen;
      assert.ok(Number(time) > 1e9);
      assert.deepEqual(words.map((word, n) => (n ? word : word.toLowerCase())), ['set', 'watched', 'a b']);
      assert.match(source, /^127\.0\.0\.1:\d+$/);
      assert.equal(database, '0');
      monitor.disconnect();
    });

    test('a client whose connection is cut comes back, with what it listened to', async () => {
      const subscriber = await second(redis, { retryStrategy: () => 1 });
      await subscriber.subscribe('again');
      await subscriber.ssubscribe('again, shard');
      const ready = once(subscriber, 'ready');
      await redis.client('KILL', 'TYPE', 'pubsub');
      await ready;
      const both = Promise.all([once(subscriber, 'message'), once(subscriber, 'smessage')]);
      await listening(redis, 'again', 'again, shard');
      await redis.publish('again', '1');
      await redis.spublish('again, shard', '2');
      assert.deepEqual(await both, [['again', '1'], ['again, shard', '2']]);
      subscriber.disconnect();
    });

    test('commands that others write in a hurry: automatic pipelining, key prefixes, values in bytes', async () => {
      const client = redis.duplicate({ enableAutoPipelining: true, keyPrefix: 'app:' });
      await Promise.all(Array.from({ length: 500 }, (_, n) => client.set(`auto:${n}`, n)));
      assert.equal((await redis.keys('app:auto:*')).length, 500);
      assert.deepEqual(await client.mgetBuffer('auto:1', 'auto:none'), [Buffer.from('1'), null]);
      const seen = [];
      for await (const [field] of pairs(client, 'h')) {
        seen.push(field);
      }
      assert.equal(seen.length, 300);
      client.disconnect();
    });

    test('no cluster is found, and it is said', async () => {
      const cluster = new Redis.Cluster([{ host: '127.0.0.1', port: server.port }], { clusterRetryStrategy: () => null });
      cluster.on('error', () => {});
      await assert.rejects(cluster.get('a'));
      cluster.disconnect();
      await assert.rejects(redis.cluster('SLOTS'), /cluster support disabled/);
    });

    test('another database', async () => {
      const other = new Redis(server.port, { ...options, db: 3 });
      await other.set('only', 'here');
      assert.equal(await redis.get('only'), null);
      assert.equal(await other.get('only'), 'here');
      other.disconnect();
    });
  });
}

test('a password, and a server that comes back', async () => {
  const server = await Server.start(['--requirepass', 'secret']);
  const redis = new Redis6({ port: server.port, password: 'secret', retryStrategy: () => 20 });
  redis.on('error', () => {});
  assert.equal(await redis.ping(), 'PONG');
  const stranger = new Redis6({ port: server.port, retryStrategy: () => null });
  stranger.on('error', () => {});
  await assert.rejects(stranger.get('a'), /NOAUTH/);
  stranger.disconnect();
  await server.stop();
  const again = await Server.start(['--requirepass', 'secret'], server.port);
  assert.equal(await redis.set('a', 'back'), 'OK');
  redis.disconnect();
  await again.stop();
});
