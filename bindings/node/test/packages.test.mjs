// Packages that were written for Redis, in process and without one: each gets a client of ours and need not know.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { afterEach, describe, test } from 'node:test';
import { createAdapter, createShardedAdapter } from '@socket.io/redis-adapter';
import Bull from 'bull';
import { FlowProducer, Queue, QueueEvents, Worker } from 'bullmq';
import { RedisStore as SessionStore } from 'connect-redis';
import express from 'express';
import { rateLimit } from 'express-rate-limit';
import session from 'express-session';
import { createClient, open } from 'larder';
import { RedisStore as LimitStore } from 'rate-limit-redis';
import { RateLimiterRedis } from 'rate-limiter-flexible';
import { Server as SocketServer } from 'socket.io';
import { io as connect } from 'socket.io-client';

let closing = [];

/** An engine of this test's own, and what makes clients of it. */
function engine() {
  const larder = open();
  const clients = [];
  closing.push(() => {
    clients.forEach((client) => client.disconnect());
    larder.close();
  });
  return {
    larder,
    client(options = {}) {
      const client = createClient({ larder, ...options });
      clients.push(client);
      return client;
    },
  };
}

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) {
    await close();
  }
});

async function until(question) {
  while (!(await question())) {
    await new Promise(setImmediate);
  }
}

/** A web server on a port that the system chooses. */
async function listen(handler) {
  const http = createServer(handler).listen(0, '127.0.0.1');
  await once(http, 'listening');
  closing.push(() => {
    http.close();
    http.closeAllConnections();
  });
  return [http, `http://127.0.0.1:${http.address().port}`];
}

for (const [name, adapt] of [
  ['classic', createAdapter],
  ['sharded', createShardedAdapter],
]) {
  test(`@socket.io/redis-adapter, ${name}: two servers are one`, async () => {
    const { client } = engine();
    const visitors = [];
    const servers = [];
    for (let n = 0; n < 2; n += 1) {
      const [http, url] = await listen();
      const io = new SocketServer(http, { adapter: adapt(client(), client()) });
      closing.push(() => io.close());
      servers.push(io);
      const visitor = connect(url, { transports: ['websocket'], reconnection: false });
      closing.push(() => visitor.close());
      await once(visitor, 'connect');
      visitors.push(visitor);
    }
    // Each server has to know of the other before it asks it for anything.
    await until(async () => (await servers[0].serverSideEmitWithAck('hello').catch(() => [])) !== undefined);
    servers[0].socketsJoin('room');
    await until(async () => (await servers[1].in('room').fetchSockets()).length === 2);
    const heard = visitors.map((visitor) => once(visitor, 'news'));
    servers[0].to('room').emit('news', { text: 'rain' }, Buffer.of(0, 255));
    for (const [message, bytes] of await Promise.all(heard)) {
      assert.deepEqual([message, Buffer.from(bytes)], [{ text: 'rain' }, Buffer.of(0, 255)]);
    }
    const asked = new Promise((resolve) => servers[1].on('question', (answer) => resolve(answer('42'))));
    assert.deepEqual(await servers[0].serverSideEmitWithAck('question'), ['42']);
    await asked;
    const left = once(visitors[1], 'disconnect');
    servers[0].disconnectSockets();
    await left;
  });
}

describe('BullMQ', () => {
  test('queues, workers, delays, repeats, events and flows', async () => {
    const { client, larder } = engine();
    const connection = client();
    const queue = new Queue('work', { connection });
    const events = new QueueEvents('work', { connection, lastEventId: '0' });
    let attempts = 0;
    const worker = new Worker('work', async (job) => {
      if (job.name === 'fails once') {
        attempts += 1;
        if (attempts === 1) {
          throw new Error('not yet');
        }
      }
      return job.data.n * 2;
    }, { connection, concurrency: 4 });
    worker.on('error', (error) => assert.fail(error));
    closing.push(async () => {
      await worker.close();
      await events.close();
      await queue.close();
    });
    await Promise.all([queue.waitUntilReady(), worker.waitUntilReady(), events.waitUntilReady()]);
    const jobs = await queue.addBulk(Array.from({ length: 50 }, (_, n) => ({ name: 'double', data: { n } })));
    const done = await Promise.all(jobs.map((job) => job.waitUntilFinished(events)));
    assert.deepEqual(done, jobs.map((_, n) => n * 2));
    const delayed = await queue.add('double', { n: 21 }, { delay: 20 });
    assert.equal(await delayed.waitUntilFinished(events), 42);
    const again = await queue.add('fails once', { n: 1 }, { attempts: 2, backoff: 10 });
    assert.equal(await again.waitUntilFinished(events), 2);
    assert.equal(attempts, 2);
    const first = await queue.add('double', { n: 1 }, { priority: 5, removeOnComplete: true });
    assert.equal(await first.waitUntilFinished(events), 2);
    const producer = new FlowProducer({ connection });
    const flow = await producer.add({
      name: 'double', queueName: 'work', data: { n: 3 },
      children: [{ name: 'double', queueName: 'work', data: { n: 4 } }],
    });
    assert.equal(await flow.job.waitUntilFinished(events), 6);
    assert.deepEqual(Object.values(await flow.job.getChildrenValues()), [8]);
    await producer.close();
    const counts = await queue.getJobCounts('completed', 'failed', 'waiting');
    assert.deepEqual([counts.failed, counts.waiting], [0, 0]);
    assert.ok(larder.keys('bull:work:*').length > 50);
  });
});

test('Bull: jobs, delays and attempts', async () => {
  const { client } = engine();
  const shared = { client: client(), subscriber: client() };
  const queue = new Bull('post', { createClient: (type) => shared[type] ?? client() });
  closing.push(() => queue.close());
  let attempts = 0;
  queue.process(async (job) => {
    attempts += 1;
    if (job.data.fails && job.attemptsMade === 0) {
      throw new Error('not yet');
    }
    return job.data.n + 1;
  });
  assert.equal(await (await queue.add({ n: 1 })).finished(), 2);
  assert.equal(await (await queue.add({ n: 2 }, { delay: 20 })).finished(), 3);
  assert.equal(await (await queue.add({ n: 3, fails: true }, { attempts: 2 })).finished(), 4);
  assert.equal(attempts, 4);
});

test('rate-limiter-flexible: so many points in a time', async () => {
  const { client } = engine();
  const limiter = new RateLimiterRedis({ storeClient: client(), points: 3, duration: 60, keyPrefix: 'limit' });
  for (const left of [2, 1, 0]) {
    assert.equal((await limiter.consume('user')).remainingPoints, left);
  }
  await assert.rejects(limiter.consume('user'), (refused) => refused.msBeforeNext > 0 && refused.consumedPoints === 4);
  assert.equal((await limiter.consume('other')).remainingPoints, 2);
  await limiter.delete('user');
  assert.equal((await limiter.consume('user')).remainingPoints, 2);
});

test('rate-limit-redis: requests to Express', async () => {
  const { client } = engine();
  const redis = client();
  const app = express();
  const store = new LimitStore({ sendCommand: (...words) => redis.call(...words) });
  app.use(rateLimit({ windowMs: 60_000, limit: 2, standardHeaders: true, store, validate: false }));
  app.get('/', (_, response) => response.send('hello'));
  const [, url] = await listen(app);
  const statuses = [];
  for (let n = 0; n < 4; n += 1) {
    statuses.push((await fetch(url)).status);
  }
  assert.deepEqual(statuses, [200, 200, 429, 429]);
});

test('connect-redis: sessions of Express', async () => {
  const { client, larder } = engine();
  const store = new SessionStore({ client: client(), prefix: 'session:', ttl: 60 });
  const app = express();
  app.use(session({ store, secret: 'tea', resave: false, saveUninitialized: false }));
  app.get('/visit', (request, response) => {
    request.session.visits = (request.session.visits ?? 0) + 1;
    response.json(request.session.visits);
  });
  app.get('/leave', (request, response, next) =>
    request.session.destroy((error) => (error ? next(error) : response.json('bye'))));
  const [, url] = await listen(app);
  const first = await fetch(`${url}/visit`);
  const headers = { cookie: first.headers.get('set-cookie').split(';')[0] };
  assert.equal(await first.json(), 1);
  assert.equal(await (await fetch(`${url}/visit`, { headers })).json(), 2);
  const [key] = larder.keys('session:*');
  assert.ok(larder.ttl(key) > 0);
  assert.equal((await store.all()).length, 1);
  assert.equal(await store.length(), 1);
  assert.equal(await (await fetch(`${url}/leave`, { headers })).json(), 'bye');
  assert.deepEqual(larder.keys('session:*'), []);
  await store.set('a', { cookie: {}, user: 'ada' });
  assert.equal((await store.get('a')).user, 'ada');
  await store.clear();
  assert.deepEqual(await store.ids(), []);
});
