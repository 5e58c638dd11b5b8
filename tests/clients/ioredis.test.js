// ioredis, this major version and the one before it.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import Redis6 from 'ioredis6';
import Redis5 from 'ioredis';
import { Server } from './server.js';

for (const [name, Redis] of [['ioredis 6', Redis6], ['ioredis 5', Redis5]]) {
  describe(name, () => {
    let server;
    let redis;
    const errors = [];

    before(async () => {
      server = await Server.start();
      redis = new Redis(server.port);
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
      const subscriber = redis.duplicate();
      assert.equal(await subscriber.subscribe('news', 'weather'), 2);
      assert.equal(await subscriber.psubscribe('n*'), 3);
      const heard = [];
      subscriber.on('message', (channel, message) => heard.push([channel, message]));
      const byPattern = once(subscriber, 'pmessage');
      assert.equal(await redis.publish('news', 'rain'), 2);
      assert.deepEqual(await byPattern, ['n*', 'news', 'rain']);
      assert.deepEqual(heard, [['news', 'rain']]);
      assert.deepEqual(await redis.pubsub('NUMSUB', 'news'), ['news', 1]);
      const shard = redis.duplicate();
      await shard.ssubscribe('orders');
      const order = once(shard, 'smessage');
      await redis.spublish('orders', 'tea');
      assert.deepEqual(await order, ['orders', 'tea']);
      subscriber.disconnect();
      shard.disconnect();
    });

    test('keys that expire are told at once', async () => {
      const subscriber = redis.duplicate();
      await redis.config('SET', 'notify-keyspace-events', 'Ex');
      await subscriber.subscribe('__keyevent@0__:expired');
      const expired = once(subscriber, 'message');
      await redis.set('brief', '1', 'PX', 5);
      assert.deepEqual(await expired, ['__keyevent@0__:expired', 'brief']);
      subscriber.disconnect();
    });

    test('another database', async () => {
      const other = new Redis(server.port, { db: 3 });
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
