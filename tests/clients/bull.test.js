// Bull 4, the older sister of BullMQ: its scripts, its messages and its timers are others.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import Bull from 'bull';
import Redis from 'ioredis';
import { Server } from './server.js';

describe('Bull', () => {
  let server;
  let number = 0;
  let opened = [];

  before(async () => {
    server = await Server.start();
    const redis = new Redis(server.port);
    await redis.flushall();
    redis.disconnect();
  });

  after(() => server.stop());

  function open(options = {}, name = undefined) {
    number += name ? 0 : 1;
    const queue = new Bull(name ?? `work ${number}`, { redis: { port: server.port, host: '127.0.0.1' }, ...options });
    queue.on('error', (error) => assert.fail(error));
    opened.push(queue);
    return queue;
  }

  const work = (title, body) =>
    test(title, { timeout: 60_000 }, async () => {
      opened = [];
      try {
        await body();
      } finally {
        await Promise.all(opened.map((queue) => queue.close()));
      }
    });

  work('a job, its progress and its result, seen from another program', async () => {
    const queue = open();
    const watcher = open({}, queue.name);
    await watcher.isReady();
    const progress = once(watcher, 'global:progress');
    queue.process(async (job) => {
      await job.progress(42);
      await job.log('half way');
      return job.data.a + job.data.b;
    });
    // What is told to others is subscribed to when the first listener comes.
    await watcher.whenCurrentJobsFinished();
    const job = await queue.add({ a: 1, b: 2 });
    assert.equal(await job.finished(), 3);
    assert.deepEqual(await progress, [job.id, 42]);
    assert.deepEqual((await queue.getJobLogs(job.id)).logs, ['half way']);
    assert.deepEqual(await queue.getJobCounts(), { waiting: 0, active: 0, completed: 1, failed: 0, delayed: 0, paused: 0 });
  });

  work('attempts with a pause between them', async () => {
    const queue = open();
    const tried = [];
    queue.process(async () => {
      tried.push(Date.now());
      if (tried.length < 3) {
        throw new Error('not yet');
      }
      return 'at last';
    });
    const job = await queue.add({}, { attempts: 3, backoff: 60 });
    assert.equal(await job.finished(), 'at last');
    assert.ok(tried[1] - tried[0] >= 59 && tried[2] - tried[1] >= 59, String(tried));
  });

  work('delays, priorities, and names', async () => {
    const queue = open();
    const order = [];
    await queue.pause();
    await queue.add('b', {}, { priority: 5 });
    await queue.add('a', {}, { priority: 1 });
    await queue.add('late', {}, { delay: 100 });
    await queue.add('plain', {});
    await queue.add('on top', {}, { lifo: true });
    const all = new Promise((resolve) => {
      queue.process('*', async (job) => {
        order.push(job.name);
        if (order.length === 5) {
          resolve();
        }
      });
    });
    await queue.resume();
    await all;
    assert.deepEqual(order.filter((name) => name !== 'late'), ['on top', 'a', 'b', 'plain']);
  });

  work('a job that fails for good, and one more chance', async () => {
    const queue = open();
    let fail = true;
    queue.process(async () => {
      if (fail) {
        throw new Error('hopeless');
      }
      return 'fine';
    });
    const job = await queue.add({});
    await assert.rejects(job.finished(), /hopeless/);
    const [failed] = await queue.getFailed();
    assert.equal(failed.failedReason, 'hopeless');
    fail = false;
    await failed.retry();
    assert.equal(await failed.finished(), 'fine');
  });

  work('no more jobs than the limit allows', async () => {
    const queue = open({ limiter: { max: 2, duration: 150 } });
    const begun = Date.now();
    const started = [];
    queue.process(10, async () => started.push(Date.now() - begun));
    const jobs = await queue.addBulk(Array.from({ length: 6 }, (_, n) => ({ data: { n } })));
    await Promise.all(jobs.map((job) => job.finished()));
    for (const windows of [1, 2]) {
      assert.ok(started.filter((time) => time < windows * 150 - 2).length <= windows * 2, String(started));
    }
  });

  work('again and again', async () => {
    const queue = open();
    let runs = 0;
    const twice = new Promise((resolve) => {
      queue.process('tick', async () => {
        runs += 1;
        if (runs === 2) {
          resolve();
        }
      });
    });
    await queue.add('tick', {}, { repeat: { every: 100 } });
    await twice;
    const [{ key, every }] = await queue.getRepeatableJobs();
    assert.equal(Number(every), 100);
    await queue.removeRepeatableByKey(key);
    assert.deepEqual(await queue.getRepeatableJobs(), []);
  });

  work('a job whose worker was lost is taken up by another', async () => {
    const queue = open({ settings: { lockDuration: 100, lockRenewTime: 1_000_000, stalledInterval: 0 } });
    let free;
    const stuck = new Promise((resolve) => {
      queue.process(() => {
        resolve();
        return new Promise((done) => { free = done; });
      });
    });
    const job = await queue.add({});
    await stuck;
    const rescuer = open({ settings: { stalledInterval: 50 } }, queue.name);
    const rescued = once(rescuer, 'completed');
    rescuer.process(async () => 'rescued');
    const [done, result] = await rescued;
    assert.deepEqual([done.id, result], [job.id, 'rescued']);
    queue.removeAllListeners('error').on('error', () => {});
    free();
  });

  work('a thousand small jobs, cleaned up after', async () => {
    const queue = open();
    const jobs = await queue.addBulk(Array.from({ length: 1_000 }, (_, n) => ({ data: { n } })));
    let left = jobs.length;
    const all = new Promise((resolve) => {
      queue.process(8, async () => {
        left -= 1;
        if (left === 0) {
          resolve();
        }
      });
    });
    await all;
    await queue.pause(true);
    assert.equal((await queue.clean(0, 'completed')).length, 1_000);
    await queue.obliterate({ force: true });
    assert.equal(await queue.count(), 0);
  });
});
