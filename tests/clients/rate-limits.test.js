// Rate limiters of others: their scripts count, their deadlines tell when to come again.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import fastifyRateLimit from '@fastify/rate-limit';
import express from 'express';
import { rateLimit } from 'express-rate-limit';
import Fastify from 'fastify';
import Redis5 from 'ioredis';
import Redis6 from 'ioredis6';
import { RedisStore } from 'rate-limit-redis';
import flexible from 'rate-limiter-flexible';
import { createClient } from 'redis';
import { Server } from './server.js';

let server;
let clients;

before(async () => {
  server = await Server.start();
  clients = {
    'ioredis 5': new Redis5(server.port),
    'ioredis 6': new Redis6(server.port),
    'node-redis 6': await createClient({ socket: { port: server.port, host: '127.0.0.1' } })
      .on('error', (error) => assert.fail(error))
      .connect(),
  };
  await clients['ioredis 5'].flushall();
});

after(async () => {
  clients['ioredis 5'].disconnect();
  clients['ioredis 6'].disconnect();
  await clients['node-redis 6'].close();
  await server.stop();
});

const NAMES = ['ioredis 5', 'ioredis 6', 'node-redis 6'];
const refused = (promise) => promise.then(() => assert.fail('was let through'), (reason) => reason);

for (const name of NAMES) {
  describe(`rate-limiter-flexible, ${name}`, () => {
    const limiter = (options) =>
      new flexible.RateLimiterRedis({
        storeClient: clients[name],
        useRedisPackage: name.startsWith('node-redis'),
        ...options,
        keyPrefix: `${name} ${options.keyPrefix}`,
      });

    test('points are counted to the last one', async () => {
      const limit = limiter({ keyPrefix: 'count', points: 5, duration: 60 });
      const all = await Promise.all(Array.from({ length: 5 }, () => limit.consume('ip')));
      assert.deepEqual(all.map(({ remainingPoints }) => remainingPoints), [4, 3, 2, 1, 0]);
      assert.equal(all[0].isFirstInDuration, true);
      const { msBeforeNext, consumedPoints } = await refused(limit.consume('ip', 2));
      assert.equal(consumedPoints, 7);
      assert.ok(msBeforeNext > 50_000 && msBeforeNext <= 60_000, String(msBeforeNext));
      assert.equal((await limit.get('ip')).consumedPoints, 7);
      assert.equal(await limit.get('nobody'), null);
      assert.equal((await limit.reward('ip', 3)).consumedPoints, 4);
      assert.equal((await limit.penalty('ip', 1)).consumedPoints, 5);
      assert.equal(await limit.delete('ip'), true);
      assert.equal(await limit.delete('ip'), false);
    });

    test('who went too far is blocked for longer', async () => {
      const limit = limiter({ keyPrefix: 'block', points: 1, duration: 1, blockDuration: 300 });
      await limit.consume('ip');
      assert.ok((await refused(limit.consume('ip'))).msBeforeNext > 290_000);
      await limit.block('other', 600);
      assert.ok((await refused(limit.consume('other'))).msBeforeNext > 590_000);
      await limit.set('third', 1, 60);
      await refused(limit.consume('third'));
    });

    test('a window ends when it says', async () => {
      const limit = limiter({ keyPrefix: 'window', points: 1, duration: 1 });
      const { msBeforeNext } = await limit.consume('ip');
      await refused(limit.consume('ip'));
      await new Promise((resolve) => setTimeout(resolve, msBeforeNext + 2));
      assert.equal((await limit.consume('ip')).consumedPoints, 1);
    });

    test('bursts, and a window without an end', async () => {
      const burst = new flexible.BurstyRateLimiter(
        limiter({ keyPrefix: 'steady', points: 2, duration: 60 }),
        limiter({ keyPrefix: 'burst', points: 3, duration: 600 }),
      );
      for (let n = 0; n < 5; n += 1) {
        await burst.consume('ip');
      }
      await refused(burst.consume('ip'));
      const forever = limiter({ keyPrefix: 'forever', points: 2, duration: 0 });
      await forever.consume('ip');
      assert.equal((await forever.consume('ip')).msBeforeNext, -1);
      await refused(forever.consume('ip'));
    });
  });

  describe(`rate-limit-redis with Express, ${name}`, () => {
    test('answers carry what is left; the one too many is refused', async (t) => {
      const redis = clients[name];
      const sendCommand = (...words) => (redis.call ? redis.call(...words) : redis.sendCommand(words));
      const store = new RedisStore({ sendCommand, prefix: `express ${name}:` });
      const app = express();
      app.use(rateLimit({ windowMs: 60_000, limit: 3, standardHeaders: 'draft-7', legacyHeaders: true, store, validate: false }));
      app.get('/', (request, response) => response.send('hello'));
      const http = app.listen(0, '127.0.0.1');
      await once(http, 'listening');
      t.after(() => {
        http.close();
        http.closeAllConnections();
      });
      const ask = () => fetch(`http://127.0.0.1:${http.address().port}/`);

      for (const left of [2, 1, 0]) {
        const answer = await ask();
        assert.deepEqual([answer.status, answer.headers.get('x-ratelimit-remaining')], [200, String(left)]);
        assert.match(answer.headers.get('ratelimit'), new RegExp(`remaining=${left}, reset=(60|59|5\\d)`));
      }
      assert.equal((await ask()).status, 429);
      const key = '127.0.0.1';
      assert.equal((await store.get(key)).totalHits, 4);
      await store.decrement(key);
      assert.equal((await store.get(key)).totalHits, 3);
      await store.resetKey(key);
      assert.ok(!((await store.get(key))?.totalHits > 0));
      // A server that has forgotten the scripts is told them again.
      await sendCommand('SCRIPT', 'FLUSH');
      assert.equal((await ask()).status, 200);
      assert.equal((await store.get(key)).totalHits, 1);
    });
  });
}

for (const name of ['ioredis 5', 'ioredis 6']) {
  describe(`@fastify/rate-limit, ${name}`, () => {
    async function app(options) {
      const fastify = Fastify();
      await fastify.register(fastifyRateLimit, { redis: clients[name], nameSpace: `fastify ${name} `, ...options });
      fastify.get('/', async () => 'hello');
      return fastify;
    }

    test('answers carry what is left; the one too many is refused', async () => {
      const fastify = await app({ max: 2, timeWindow: 60_000 });
      for (const left of ['1', '0']) {
        const { statusCode, headers } = await fastify.inject('/');
        assert.deepEqual([statusCode, headers['x-ratelimit-remaining']].map(String), ['200', left]);
        assert.ok(Number(headers['x-ratelimit-reset']) > 50);
      }
      const { statusCode, headers } = await fastify.inject('/');
      assert.equal(statusCode, 429);
      assert.ok(Number(headers['retry-after']) > 50);
      await fastify.close();
    });

    test('who goes on asking waits longer and longer', async () => {
      const fastify = await app({ max: 1, timeWindow: 10_000, exponentialBackoff: true, keyGenerator: () => 'eager' });
      await fastify.inject('/');
      const waits = [];
      for (let n = 0; n < 4; n += 1) {
        waits.push(Number((await fastify.inject('/')).headers['retry-after']));
      }
      assert.deepEqual(waits.map((seconds) => Math.round(seconds / 10)), [1, 2, 4, 8]);
      await fastify.close();
    });

    test('a window that begins anew with each refusal; bans; groups', async () => {
      const fastify = await app({ max: 1, ban: 1, timeWindow: 30_000, continueExceeding: true, keyGenerator: () => 'banned' });
      const answers = [];
      for (let n = 0; n < 3; n += 1) {
        answers.push((await fastify.inject('/')).statusCode);
      }
      assert.deepEqual(answers, [200, 429, 403]);
      await fastify.close();
    });
  });
}
