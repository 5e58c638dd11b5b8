// Packages that were written for Redis, in process and without one: each gets a client of ours and need not know.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { afterEach, describe, test } from 'node:test';
import { Redlock } from '@sesamecare-oss/redlock';
import { createAdapter, createShardedAdapter } from '@socket.io/redis-adapter';
import Bull from 'bull';
import { FlowProducer, Queue, QueueEvents, UnrecoverableError, Worker } from 'bullmq';
import { createCache } from 'cache-manager';
import { RedisStore as SessionStore } from 'connect-redis';
import express from 'express';
import { rateLimit } from 'express-rate-limit';
import session from 'express-session';
import { Keyv } from 'keyv';
import { createClient, open } from 'larder';
import { RedisStore as LimitStore } from 'rate-limit-redis';
import { RateLimiterRedis } from 'rate-limiter-flexible';
import { Server as SocketServer } from 'socket.io';
import { io as connect } from 'socket.io-client';

let closing = [];

/** An engine of this test's own, and what makes clients of it. */
function engine(options = {}) {
  const larder = open(options);
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

test('BullMQ: schedules, limits, pauses, duplicates and what is removed', async () => {
  // As BullMQ asks for: it warns of an engine that might evict jobs.
  const { client, larder } = engine({ maxmemoryPolicy: 'noeviction' });
  const connection = client();
  const queue = new Queue('plan', { connection });
  const events = new QueueEvents('plan', { connection, lastEventId: '0' });
  const ran = [];
  const worker = new Worker('plan', async (job) => {
    ran.push(job.name);
    if (job.name === 'never') {
      throw new UnrecoverableError('no use');
    }
    await job.updateProgress(50);
    await job.log('half');
  }, { connection, limiter: { max: 100, duration: 10 } });
  worker.on('error', (error) => assert.fail(error));
  closing.push(async () => {
    await worker.close();
    await events.close();
    await queue.close();
  });
  await queue.upsertJobScheduler('tick', { every: 5, limit: 3 }, { name: 'tick' });
  await until(() => ran.filter((name) => name === 'tick').length === 3);
  await queue.removeJobScheduler('tick');
  assert.deepEqual(await queue.getJobSchedulers(), []);

  await queue.pause();
  const paused = await queue.add('paused', {});
  assert.equal(await queue.isPaused(), true);
  const once = { deduplication: { id: 'only one' } };
  assert.equal((await queue.add('one', {}, once)).id, (await queue.add('one', {}, once)).id);
  await queue.resume();
  await paused.waitUntilFinished(events);
  assert.deepEqual((await queue.getJobLogs(paused.id)).logs, ['half']);

  const never = await queue.add('never', {}, { attempts: 5 });
  await assert.rejects(never.waitUntilFinished(events), /no use/);
  await until(() => ran.includes('one'));
  assert.equal((await queue.getJobCounts('failed')).failed, 1);
  assert.equal((await queue.getWorkers()).length, 1);
  await queue.addBulk([1, 2, 3].map((n) => ({ name: 'later', data: { n }, opts: { delay: 3_600_000 } })));
  assert.equal(await queue.getDelayedCount(), 3);
  await queue.drain(true);
  assert.equal(await queue.getDelayedCount(), 0);
  await worker.close();
  await queue.obliterate({ force: true });
  assert.deepEqual(larder.keys('bull:plan:*').filter((key) => !/:(events|meta|stalled-check)$/.test(key)), []);
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

test('redlock: one at a time', async () => {
  const { client, larder } = engine();
  const locks = new Redlock([client()], { retryCount: 0 });
  const lock = await locks.acquire(['a', 'b'], 60_000);
  await assert.rejects(locks.acquire(['b'], 60_000), { name: 'ExecutionError' });
  const longer = await lock.extend(120_000);
  assert.ok(larder.pttl('a') > 60_000);
  await longer.release();
  assert.equal(larder.exists('a', 'b'), 0);
  const others = new Redlock([client()], { retryCount: -1, retryDelay: 1 });
  const order = [];
  const use = (name) => others.using(['a'], 60_000, async () => {
    order.push(`${name} begins`);
    await new Promise(setImmediate);
    order.push(`${name} ends`);
  });
  await Promise.all([use('one'), use('two')]);
  assert.equal(order[0].split(' ')[0], order[1].split(' ')[0]);
  assert.equal(order.length, 4);
});

test('cache-manager, by Keyv, on an engine', async () => {
  const db = open({ clock: 'manual' });
  closing.push(() => db.close());
  const store = {
    get: (key) => db.get(key) ?? undefined,
    set: (key, value, ttl) => db.set(key, value, ttl),
    delete: (key) => db.del(key) > 0,
    clear: () => db.flushdb(),
  };
  const cache = createCache({ stores: [new Keyv({ store })] });
  let made = 0;
  const wrapped = () => cache.wrap('user', async () => ({ name: `user ${(made += 1)}` }), 60_000);
  assert.deepEqual([await wrapped(), await wrapped()], [{ name: 'user 1' }, { name: 'user 1' }]);
  assert.ok(db.pttl('keyv:user') > 59_000);
  await cache.mset([{ key: 'a', value: 1 }, { key: 'b', value: [2] }]);
  assert.deepEqual(await cache.mget(['a', 'b', 'c']), [1, [2], undefined]);
  db.advanceClock(60_000);
  assert.deepEqual(await wrapped(), { name: 'user 2' });
  assert.equal(await cache.del('a'), true);
  assert.equal(await cache.get('a'), undefined);
  await cache.clear();
  assert.deepEqual(db.keys('*'), []);
});
