// BullMQ: queues, workers, flows and schedules, over ioredis (RESP2) and node-redis (RESP3).

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { DelayedError, FlowProducer, Queue, QueueEvents, RateLimitError, UnrecoverableError, WaitingChildrenError, Worker } from 'bullmq';
import Redis from 'ioredis';
import { createClient } from 'redis';
import { Server } from './server.js';

const CLIENTS = {
  ioredis: async (port) => ({ port, host: '127.0.0.1', maxRetriesPerRequest: null }),
  'node-redis': async (port) => {
    const client = createClient({ socket: { port, host: '127.0.0.1' } });
    client.on('error', (error) => assert.fail(error));
    return client.connect();
  },
};

for (const [name, makeConnection] of Object.entries(CLIENTS)) {
  describe(`BullMQ with ${name}`, () => {
    let server;
    let connection;
    let number = 0;
    let opened = [];

    before(async () => {
      server = await Server.start();
      const redis = new Redis(server.port);
      await redis.flushall();
      await redis.config('SET', 'maxmemory-policy', 'noeviction');
      redis.disconnect();
      connection = await makeConnection(server.port);
    });

    after(async () => {
      await connection.close?.();
      await server.stop();
    });

    /** A queue of its own for each test, and whatever else works on it. */
    async function workshop(process, options = {}) {
      number += 1;
      const shared = { connection, ...options.shared };
      const queue = new Queue(`work ${number}`, shared);
      // From the first event on: the usual "from now on" may begin after what is waited for.
      const events = new QueueEvents(queue.name, { ...shared, lastEventId: '0' });
      opened.push(queue, events);
      await Promise.all([queue.waitUntilReady(), events.waitUntilReady()]);
      const hire = (does = process, extra = {}) => {
        const worker = new Worker(queue.name, does, { ...shared, ...options.worker, ...extra });
        worker.on('error', (error) => assert.fail(error));
        opened.push(worker);
        return worker;
      };
      return { queue, events, hire, worker: process && hire() };
    }

    async function closing(body) {
      opened = [];
      try {
        await body();
      } finally {
        await Promise.all(opened.map((thing) => thing.close()));
      }
    }

    const work = (title, body) => test(title, { timeout: 120_000 }, () => closing(body));

    work('a job, its progress, its log and its result', async () => {
      const { queue, events } = await workshop(async (job) => {
        await job.updateProgress({ percent: 50 });
        await job.log('half way');
        return { sum: job.data.a + job.data.b };
      });
      const progress = once(events, 'progress');
      const job = await queue.add('sum', { a: 1, b: 2 });
      assert.deepEqual(await job.waitUntilFinished(events), { sum: 3 });
      assert.deepEqual((await progress)[0], { jobId: job.id, data: { percent: 50 } });
      assert.deepEqual((await queue.getJobLogs(job.id)).logs, ['half way']);
      assert.equal(await job.getState(), 'completed');
      const stored = await queue.getJob(job.id);
      assert.deepEqual([stored.data, stored.returnvalue], [{ a: 1, b: 2 }, { sum: 3 }]);
      assert.ok(stored.finishedOn >= stored.processedOn);
      assert.deepEqual(await queue.getJobCounts('completed', 'failed', 'waiting', 'active'), {
        completed: 1, failed: 0, waiting: 0, active: 0,
      });
    });

    work('an attempt that fails is repeated, later and later', async () => {
      const tried = [];
      const { queue, events } = await workshop(async (job) => {
        tried.push(Date.now());
        if (job.attemptsMade < 2) {
          throw new Error(`attempt ${job.attemptsMade}`);
        }
        return 'at last';
      });
      const job = await queue.add('stubborn', {}, { attempts: 5, backoff: { type: 'exponential', delay: 40 } });
      assert.equal(await job.waitUntilFinished(events), 'at last');
      assert.ok(tried[1] - tried[0] >= 39, String(tried[1] - tried[0]));
      assert.ok(tried[2] - tried[1] >= 79, String(tried[2] - tried[1]));
      assert.equal((await queue.getJob(job.id)).attemptsMade, 3);
    });

    work('a job that fails for good, and one more chance', async () => {
      let fail = true;
      const { queue, events } = await workshop(async () => {
        if (fail) {
          throw new UnrecoverableError('hopeless');
        }
        return 'fine';
      });
      const job = await queue.add('hopeless', {}, { attempts: 5 });
      await assert.rejects(job.waitUntilFinished(events), /hopeless/);
      assert.equal(await job.isFailed(), true);
      assert.deepEqual((await queue.getFailed()).map(({ id, failedReason }) => [id, failedReason]), [[job.id, 'hopeless']]);
      fail = false;
      const done = once(events, 'completed');
      await queue.retryJobs();
      assert.equal((await done)[0].jobId, job.id);
    });

    work('delayed jobs come in time and in order, and may be hurried', async () => {
      const started = [];
      const { queue, events } = await workshop(async (job) => {
        started.push(job.name);
        assert.ok(job.name === 'hurried' || Date.now() - job.timestamp >= job.opts.delay - 1);
      });
      const [late, early, hurried] = await Promise.all([
        queue.add('late', {}, { delay: 250 }),
        queue.add('early', {}, { delay: 100 }),
        queue.add('hurried', {}, { delay: 3_600_000 }),
      ]);
      assert.equal(await hurried.isDelayed(), true);
      await hurried.promote();
      await Promise.all([late, early, hurried].map((job) => job.waitUntilFinished(events)));
      assert.deepEqual(started.filter((name) => name !== 'hurried'), ['early', 'late']);
    });

    work('priorities, and first in, last out', async () => {
      const order = [];
      const { queue, hire } = await workshop();
      await queue.addBulk([9, 2, 5, 1].map((priority) => ({ name: `p${priority}`, data: {}, opts: { priority } })));
      await queue.add('plain', {});
      await queue.add('on top', {}, { lifo: true });
      assert.deepEqual(await queue.getCountsPerPriority([1, 2, 3]), { 1: 1, 2: 1, 3: 0 });
      const moved = (await queue.getPrioritized()).find(({ name }) => name === 'p9');
      await moved.changePriority({ priority: 3 });
      const worker = hire(async (job) => order.push(job.name));
      await once(worker, 'drained');
      assert.deepEqual(order, ['on top', 'plain', 'p1', 'p2', 'p9', 'p5']);
    });

    work('a family of jobs: the children first, then their parent', async () => {
      const { queue, events } = await workshop(async (job) => {
        const values = Object.values(await job.getChildrenValues());
        return values.length ? values.reduce((sum, value) => sum + value) : job.data.value;
      });
      const flows = new FlowProducer({ connection });
      opened.push(flows);
      const queueName = queue.name;
      const child = (value) => ({ name: 'leaf', queueName, data: { value } });
      const tree = await flows.add({
        name: 'root',
        queueName,
        children: [child(1), { name: 'branch', queueName, children: [child(10), child(100)] }],
      });
      assert.equal(await tree.job.waitUntilFinished(events), 111);
      const { processed } = await tree.job.getDependencies();
      assert.deepEqual(Object.values(processed).sort(), [1, 110]);
      const read = await flows.getFlow({ id: tree.job.id, queueName });
      assert.equal(read.children.length, 2);
    });

    work('a child that fails makes its parent fail', async () => {
      const { queue, events } = await workshop(async (job) => {
        if (job.name === 'bad') {
          throw new Error('bad child');
        }
      });
      const flows = new FlowProducer({ connection });
      opened.push(flows);
      const queueName = queue.name;
      const tree = await flows.add({
        name: 'root',
        queueName,
        children: [{ name: 'bad', queueName, opts: { failParentOnFailure: true } }, { name: 'good', queueName }],
      });
      await assert.rejects(tree.job.waitUntilFinished(events), /child .* failed/);
    });

    work('a job adds children while it runs, and waits for them', async () => {
      const { queue, events } = await workshop(async (job, token) => {
        if (job.name === 'step') {
          return job.data.n * 2;
        }
        if (!job.data.asked) {
          await queue.add('step', { n: 21 }, { parent: { id: job.id, queue: job.queueQualifiedName } });
          await job.updateData({ asked: true });
          if (await job.moveToWaitingChildren(token)) {
            throw new WaitingChildrenError();
          }
        }
        return Object.values(await job.getChildrenValues())[0];
      });
      const job = await queue.add('steps', {});
      assert.equal(await job.waitUntilFinished(events), 42);
    });

    work('no more jobs than the limit allows', async () => {
      const started = [];
      const { queue, events } = await workshop(async () => started.push(Date.now()), {
        worker: { limiter: { max: 3, duration: 200 }, concurrency: 10 },
      });
      const begun = Date.now();
      const jobs = await queue.addBulk(Array.from({ length: 9 }, (_, n) => ({ name: 'limited', data: { n } })));
      await Promise.all(jobs.map((job) => job.waitUntilFinished(events)));
      for (const windows of [1, 2]) {
        const early = started.filter((time) => time < begun + windows * 200 - 2);
        assert.ok(early.length <= windows * 3, `${started.map((time) => time - begun)}`);
      }
    });

    work('a worker that is told to slow down', async () => {
      const started = [];
      const { queue, events } = await workshop(
        async (job) => {
          started.push(Date.now());
          if (started.length === 1) {
            await queue.rateLimit(150);
            throw new RateLimitError();
          }
        },
        { worker: { limiter: { max: 100, duration: 1_000 } } },
      );
      const job = await queue.add('slowed', {});
      await job.waitUntilFinished(events);
      assert.equal(started.length, 2);
      assert.ok(started[1] - started[0] >= 145, String(started[1] - started[0]));
    });

    work('a job that puts itself off', async () => {
      const { queue, events } = await workshop(async (job, token) => {
        if (!job.data.seen) {
          await job.updateData({ seen: Date.now() });
          await job.moveToDelayed(Date.now() + 100, token);
          throw new DelayedError();
        }
        return Date.now() - job.data.seen;
      });
      const job = await queue.add('later', {});
      assert.ok((await job.waitUntilFinished(events)) >= 95);
    });

    work('schedules: every so often, by the clock, and changed on the way', async () => {
      const { queue, events, worker } = await workshop(async (job) => job.data.n);
      let runs = 0;
      const three = new Promise((resolve) => {
        worker.on('completed', () => {
          runs += 1;
          if (runs === 3) {
            resolve();
          }
        });
      });
      await queue.upsertJobScheduler('tick', { every: 80 }, { name: 'ticking', data: { n: 1 } });
      await queue.upsertJobScheduler('yearly', { pattern: '0 0 1 1 *' }, { name: 'new year' });
      await three;
      await queue.upsertJobScheduler('tick', { every: 60_000 }, { name: 'ticking', data: { n: 2 } });
      assert.equal(await queue.getJobSchedulersCount(), 2);
      const [scheduler] = (await queue.getJobSchedulers()).filter(({ key }) => key === 'tick');
      assert.deepEqual([scheduler.name, Number(scheduler.every), scheduler.template.data], ['ticking', 60_000, { n: 2 }]);
      assert.equal(await queue.removeJobScheduler('tick'), true);
      assert.equal(await queue.removeJobScheduler('tick'), false);
      assert.equal((await queue.getDelayed()).filter(({ name }) => name === 'ticking').length, 0);
      await events.close();
    });

    work('a job whose worker was lost is taken up by another', async () => {
      const { queue, events, hire } = await workshop();
      let stuck;
      const lost = hire(() => new Promise((resolve) => { stuck = resolve; }), {
        lockDuration: 100, skipLockRenewal: true, skipStalledCheck: true,
      });
      const active = once(events, 'active');
      const job = await queue.add('orphan', {});
      await active;
      const stalled = once(events, 'stalled');
      hire(async () => 'rescued', { stalledInterval: 60, lockDuration: 5_000 });
      assert.equal((await stalled)[0].jobId, job.id);
      assert.equal(await job.waitUntilFinished(events), 'rescued');
      lost.removeAllListeners('error').on('error', () => {});
      stuck();
    });

    work('a queue stands still and goes on', async () => {
      const { queue, events } = await workshop(async () => 'done');
      const paused = once(events, 'paused');
      await queue.pause();
      await paused;
      assert.equal(await queue.isPaused(), true);
      const job = await queue.add('patient', {});
      assert.ok(['waiting', 'paused'].includes(await job.getState()));
      const resumed = once(events, 'resumed');
      await queue.resume();
      await resumed;
      assert.equal(await job.waitUntilFinished(events), 'done');
    });

    work('the same job twice is one job', async () => {
      const { queue, events, hire } = await workshop();
      const twice = once(events, 'duplicated');
      await queue.add('a', {}, { jobId: 'only one' });
      await queue.add('b', {}, { jobId: 'only one' });
      assert.equal((await twice)[0].jobId, 'only one');
      const deduplicated = once(events, 'deduplicated');
      const first = await queue.add('c', {}, { deduplication: { id: 'c', ttl: 60_000 } });
      const second = await queue.add('c', {}, { deduplication: { id: 'c', ttl: 60_000 } });
      assert.equal(second.id, first.id);
      assert.equal((await deduplicated)[0].deduplicationId, 'c');
      assert.equal(await queue.getDeduplicationJobId('c'), first.id);
      assert.equal(await queue.count(), 2);
      hire(async () => null);
      await first.waitUntilFinished(events);
    });

    work('what is finished is kept or not, as it is asked', async () => {
      const { queue, hire } = await workshop();
      await queue.addBulk(Array.from({ length: 20 }, (_, n) => ({ name: 'kept', data: { n }, opts: { removeOnComplete: { count: 5 } } })));
      const worker = hire(async () => null);
      await once(worker, 'drained');
      assert.equal(await queue.getCompletedCount(), 5);
      assert.equal((await queue.clean(0, 100, 'completed')).length, 5);
      await queue.addBulk(Array.from({ length: 3 }, () => ({ name: 'gone', data: {}, opts: { removeOnComplete: true } })));
      await once(worker, 'drained');
      assert.equal(await queue.getCompletedCount(), 0);
    });

    work('draining, removing and obliterating', async () => {
      const { queue } = await workshop();
      await queue.addBulk(Array.from({ length: 50 }, (_, n) => ({ name: 'x', data: {}, opts: n % 2 ? { delay: 60_000 } : {} })));
      await queue.drain();
      assert.equal(await queue.getDelayedCount(), 25);
      const job = await queue.add('one', {});
      assert.equal(await queue.remove(job.id), 1);
      await queue.obliterate();
      assert.equal(await queue.count(), 0);
      const left = [];
      const redis = new Redis(server.port);
      for await (const keys of redis.scanStream({ match: `bull:${queue.name}:*` })) {
        left.push(...keys);
      }
      redis.disconnect();
      assert.deepEqual(left.filter((key) => !/:(events|meta|id)$/.test(key)), []);
    });

    work('thousands of small jobs and eight workers', async () => {
      const { queue, hire } = await workshop();
      const JOBS = name === 'ioredis' ? 10_000 : 2_000;
      const seen = new Set();
      const all = new Promise((resolve) => {
        for (let n = 0; n < 8; n += 1) {
          hire(async (job) => {
            assert.ok(!seen.has(job.data.n));
            seen.add(job.data.n);
            if (seen.size === JOBS) {
              resolve();
            }
          });
        }
      });
      for (let first = 0; first < JOBS; first += 1_000) {
        await queue.addBulk(
          Array.from({ length: 1_000 }, (_, n) => ({ name: 'small', data: { n: first + n }, opts: { removeOnComplete: true } })),
        );
      }
      await all;
      assert.equal(await queue.getFailedCount(), 0);
    });

    work('workers are known by name; numbers are kept', async () => {
      const { queue, events, hire } = await workshop();
      const worker = hire(async () => null, { name: 'Ada', metrics: { maxDataPoints: 10 } });
      await worker.waitUntilReady();
      const workers = await queue.getWorkers();
      assert.deepEqual(workers.map(({ rawname }) => rawname.endsWith(':w:Ada')), [true]);
      const job = await queue.add('x', {});
      await job.waitUntilFinished(events);
      assert.equal((await queue.getMetrics('completed')).meta.count, 1);
      await queue.setGlobalConcurrency(4);
      assert.equal(await queue.getGlobalConcurrency(), 4);
    });
  });
}
