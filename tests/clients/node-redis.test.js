// node-redis, this major version and the one before it.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createClient as createClient6 } from 'redis';
import { createClient as createClient5 } from 'redis5';
import { Server } from './server.js';

for (const [name, createClient] of [['node-redis 6', createClient6], ['node-redis 5', createClient5]]) {
  describe(name, () => {
    let server;
    let redis;
    const errors = [];

    async function connected(options = {}) {
      const client = createClient({ socket: { port: server.port, host: '127.0.0.1' }, ...options });
      client.on('error', (error) => errors.push(error));
      await client.connect();
      return client;
    }

    before(async () => {
      server = await Server.start();
      redis = await connected();
      await redis.flushAll();
    });

    after(async () => {
      await redis.close();
      await server.stop();
      assert.deepEqual(errors, []);
    });

    test('strings, deadlines, errors', async () => {
      assert.equal(await redis.set('a', '1', { EX: 100 }), 'OK');
      assert.equal(await redis.incr('a'), 2);
      assert.ok((await redis.ttl('a')) > 90);
      assert.deepEqual(await redis.mGet(['a', 'none']), ['2', null]);
      await assert.rejects(redis.lPush('a', 'x'), /WRONGTYPE/);
    });

    test('collections', async () => {
      await redis.hSet('h', { name: 'Ada', age: '36' });
      assert.deepEqual({ ...(await redis.hGetAll('h')) }, { name: 'Ada', age: '36' });
      await redis.rPush('l', ['1', '2', '3']);
      assert.deepEqual(await redis.lRange('l', 0, -1), ['1', '2', '3']);
      await redis.sAdd('s', ['x', 'y']);
      assert.deepEqual([...(await redis.sMembers('s'))].sort(), ['x', 'y']);
      await redis.zAdd('z', [{ score: 1, value: 'a' }, { score: 2.5, value: 'b' }]);
      assert.deepEqual(
        (await redis.zRangeWithScores('z', 0, -1)).map(({ value, score }) => [value, score]),
        [['a', 1], ['b', 2.5]],
      );
    });

    test('transactions', async () => {
      assert.deepEqual(await redis.multi().set('k', '1').incr('k').exec(), ['OK', 2]);
    });

    test('many commands at once, then a scan', async () => {
      await Promise.all(Array.from({ length: 1_000 }, (_, n) => redis.set(`p:${n}`, String(n))));
      const keys = new Set();
      for await (const some of redis.scanIterator({ MATCH: 'p:*', COUNT: 100 })) {
        [some].flat().forEach((key) => keys.add(key));
      }
      assert.equal(keys.size, 1_000);
    });

    test('waiting for a list', async () => {
      const waiting = await connected();
      const popped = waiting.blPop('queue', 10);
      await redis.rPush('queue', 'job');
      assert.deepEqual({ ...(await popped) }, { key: 'queue', element: 'job' });
      await waiting.close();
    });

    test('messages', async () => {
      const subscriber = await connected();
      const heard = new Promise((resolve) => {
        subscriber.subscribe('news', (message, channel) => resolve([channel, message])).then(() => {
          redis.publish('news', 'rain');
        });
      });
      assert.deepEqual(await heard, ['news', 'rain']);
      const byPattern = new Promise((resolve) => {
        subscriber.pSubscribe('w*', (message, channel) => resolve([channel, message])).then(() => {
          redis.publish('weather', 'sun');
        });
      });
      assert.deepEqual(await byPattern, ['weather', 'sun']);
      await subscriber.close();
    });

    test('what the server says of itself', async () => {
      assert.match(await redis.info('server'), /redis_version:7\./);
      assert.ok((await redis.configGet('maxmemory-policy'))['maxmemory-policy']);
      assert.ok((await redis.clientId()) > 0);
    });
  });
}
