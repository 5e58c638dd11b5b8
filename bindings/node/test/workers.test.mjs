// Engines shared by threads: what one does the others see, and however a thread ends, nobody else is harmed.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import { open } from 'larder';

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc');
const addon = createRequire(import.meta.url)('../lib/addon.js');
const LARDER = fileURLToPath(import.meta.resolve('larder')).replace('index.mjs', 'index.js');

/** A thread that runs a body with `db`, the data it was given, and what it needs to talk. */
function start(body, data = {}) {
  const code = `
    const { parentPort, workerData } = require('node:worker_threads');
    const { createClient, open } = require(${JSON.stringify(LARDER)});
    (async () => { ${body} })().catch((error) => { throw error; });
  `;
  return new Worker(code, { eval: true, workerData: data });
}

/** Collects what is to be collected, in several turns of the loop, since Node frees things in later ones. */
async function settle() {
  for (let turn = 0; turn < 10; turn += 1) {
    gc();
    await new Promise(setImmediate);
  }
}

/** Memory in use, the least of several looks: what stays is there however often one looks. */
async function resident() {
  let least = Infinity;
  for (let look = 0; look < 10; look += 1) {
    await settle();
    least = Math.min(least, process.memoryUsage().rss);
  }
  return least;
}

/** What the process has besides memory, where the system says so. */
const held = () => ({
  descriptors: readdirSync('/proc/self/fd').length,
  threads: readdirSync('/proc/self/task').length,
});

/** What a thread says first, or the error it ends with. */
async function said(worker) {
  const [message] = await once(worker, 'message');
  return message;
}

test('threads share an engine by its name', async () => {
  const db = open({ name: 'app' });
  db.set('from', 'main');
  const worker = start(`
    const db = open({ name: 'app' });
    db.set('to', 'main');
    parentPort.postMessage([db.get('from'), open({ name: 'other' }).get('from')]);
  `);
  assert.deepEqual(await said(worker), ['main', null]);
  assert.equal(db.get('to'), 'main');
  await once(worker, 'exit');
  assert.equal(db.get('to'), 'main');
  db.close();
  // The last one has closed it: nothing is left.
  assert.equal(open({ name: 'app' }).get('to'), null);
});

test('an engine without a name goes to other threads by its handle', async () => {
  const db = open({ maxmemory: '1gb' });
  db.set('from', 'main');
  const worker = start(`
    const db = open({ handle: workerData.handle });
    db.set('to', 'main');
    parentPort.postMessage([db.get('from'), db.name, db.handle === workerData.handle]);
  `, { handle: db.handle });
  const ended = once(worker, 'exit');
  assert.deepEqual(await said(worker), ['main', null, true]);
  await ended;
  const again = open({ handle: db.handle });
  assert.equal(again.get('to'), 'main');
  again.close();
  assert.equal(db.get('to'), 'main');
  assert.notEqual(open().handle, db.handle);
  assert.throws(() => open({ handle: 'larder:0' }), { code: 'LARDER_CLOSED' });
  assert.throws(() => open({ handle: db.handle, maxmemory: '2gb' }), { code: 'LARDER_ARGUMENT' });
  assert.throws(() => open({ handle: 7 }), { code: 'LARDER_ARGUMENT' });
  const { handle } = db;
  db.close();
  assert.throws(() => open({ handle }), { code: 'LARDER_CLOSED' });
  const named = open({ name: 'handed on' });
  assert.equal(open({ handle: named.handle }).set('key', 'value'), true);
  assert.equal(named.get('key'), 'value');
  const other = named.handle;
  named.destroy();
  assert.throws(() => open({ handle: other }), { code: 'LARDER_CLOSED' });
});

test('counters of several threads lose nothing', async () => {
  const db = open({ name: 'counters' });
  const workers = Array.from({ length: 4 }, () => start(`
    const db = open({ name: 'counters' });
    for (let n = 0; n < 10_000; n += 1) db.incr('hits');
  `));
  await Promise.all(workers.map((worker) => once(worker, 'exit')));
  assert.equal(db.get('hits'), '40000');
  db.destroy();
});

test('messages from several threads reach several threads, each in the order it was published', async () => {
  const [THREADS, MESSAGES] = [3, 5_000];
  const db = open({ name: 'order' });
  const readers = Array.from({ length: 2 }, () => start(`
    const { threads, messages } = workerData;
    const db = open({ name: 'order' });
    const subscription = db.subscribe('all', { queueLength: 1_000_000, queueBytes: 1_000_000_000 });
    const last = new Array(threads).fill(-1);
    let [count, wrong] = [0, 0];
    const lost = () => subscription.lost;
    parentPort.postMessage('ready');
    for await (const { payload } of subscription) {
      const [thread, n] = payload.split(' ').map(Number);
      wrong += n === last[thread] + 1 ? 0 : 1;
      last[thread] = n;
      count += 1;
      if (count === threads * messages) return parentPort.postMessage([count, wrong, lost()]);
    }
    parentPort.postMessage([count, wrong, 'ended early']);
  `, { threads: THREADS, messages: MESSAGES }));
  await Promise.all(readers.map(said));
  const results = Promise.all(readers.map(said));
  for (let thread = 0; thread < THREADS; thread += 1) {
    start(`
      const db = open({ name: 'order' });
      for (let n = 0; n < workerData.messages; n += 1) db.publish('all', workerData.thread + ' ' + n);
    `, { thread, messages: MESSAGES });
  }
  assert.deepEqual(await results, [[THREADS * MESSAGES, 0, 0], [THREADS * MESSAGES, 0, 0]]);
  db.destroy();
});

test('a job goes from one thread to one other that waits', async () => {
  const db = open({ name: 'jobs' });
  const workers = Array.from({ length: 3 }, () => start(`
    const db = open({ name: 'jobs' });
    const done = [];
    for (;;) {
      const [, job] = await db.blpop('jobs', 0);
      if (job === 'stop') break;
      done.push(Number(job));
    }
    parentPort.postMessage(done);
  `));
  const jobs = Array.from({ length: 300 }, (_, n) => n);
  jobs.forEach((job) => db.rpush('jobs', job));
  workers.forEach(() => db.rpush('jobs', 'stop'));
  const done = await Promise.all(workers.map(said));
  assert.deepEqual(done.flat().sort((a, b) => a - b), jobs);
  db.destroy();
});

test('an engine that is ended while threads use it is an error for each of them', async () => {
  const db = open({ name: 'ended' });
  const workers = ['get', 'wait', 'queue', 'listen'].map((what) => start(`
    const db = open({ name: 'ended' });
    parentPort.postMessage('ready');
    try {
      if (workerData.what === 'get') for (;;) { db.set('key', 'value'); db.get('key'); }
      if (workerData.what === 'wait') await db.blpop('none', 0);
      if (workerData.what === 'queue') {
        const connection = db.connect();
        connection.callAsync('BLPOP', 'none', 0).catch(() => {});
        await connection.callAsync('PING');
      }
      if (workerData.what === 'listen') {
        for await (const message of db.subscribe('nothing')) message;
        db.get('key');
      }
    } catch (error) {
      parentPort.postMessage(error.code ?? error.message);
    }
  `, { what }));
  await Promise.all(workers.map(said));
  const codes = Promise.all(workers.map(said));
  // They are in the middle of it by now, or will find it ended.
  await new Promise(setImmediate);
  db.destroy();
  assert.deepEqual(await codes, Array.from({ length: 4 }, () => 'LARDER_CLOSED'));
  assert.throws(() => db.get('key'), { code: 'LARDER_CLOSED' });
});

test('a thousand threads end in the middle of everything and leave nothing behind', { timeout: 1_200_000 }, async () => {
  const CYCLES = Number(process.env.LARDER_CYCLES ?? 1_000);
  // Commands that are slow on a busy machine would be kept in a log, and counted below.
  const db = open({ name: 'storm', slowlogLogSlowerThan: -1 });
  const body = `
    const db = open({ name: 'storm' });
    const subscription = db.subscribe('noise', { overflow: 'drop-oldest' });
    subscription.on('message', ({ payload }) => { db.incr('heard'); });
    db.blpop('none', 0).catch(() => {});
    db.connect().callAsync('BLPOP', 'none', 60).catch(() => {});
    const client = createClient({ name: 'storm' });
    client.subscribe('noise').catch(() => {});
    client.on('message', () => {});
    parentPort.postMessage('ready');
    if (workerData.exits) process.exit();
    for (let n = 0; ; n += 1) { db.publish('noise', 'from a thread'); db.set('key', n); await new Promise(setImmediate); }
  `;
  const noise = setInterval(() => {
    for (let n = 0; n < 50; n += 1) {
      db.publish('noise', 'x'.repeat(100));
    }
  }, 1);
  const cycle = async (n) => {
    const worker = start(body, { exits: n % 4 === 0 });
    await said(worker);
    await worker.terminate();
  };
  const run = async (count) => {
    let next = 0;
    await Promise.all(Array.from({ length: 4 }, async () => {
      while (next < count) {
        next += 1;
        await cycle(next);
      }
    }));
  };
  // The first threads fill what Node, the allocator and the engine keep for those that come.
  await run(CYCLES / 5);
  const before = { memory: await resident(), allocations: addon.testing.allocations(), ...held() };
  const marks = [before.memory];
  for (let part = 0; part < 4; part += 1) {
    await run(CYCLES / 4);
    marks.push(await resident());
  }
  const after = { allocations: addon.testing.allocations(), ...held() };
  clearInterval(noise);
  assert.equal(db.publish('noise', 'nobody is left'), 0);
  assert.equal(db.client('LIST').split('\n').filter((line) => line.includes('cmd=blpop')).length, 0);
  assert.ok(Number(db.get('heard')) > 0);
  const told = `${CYCLES} threads after ${CYCLES / 5}: allocations ${before.allocations} to ${after.allocations}, descriptors ${
    before.descriptors} to ${after.descriptors}, threads ${before.threads} to ${after.threads}, memory ${
    marks.map((bytes) => `${(bytes / 2 ** 20).toFixed(1)} MiB`).join(', ')}`;
  console.log(told);
  // What one thread in fifty left behind would be seen.
  assert.ok(after.allocations - before.allocations < CYCLES / 50, told);
  assert.ok(after.descriptors - before.descriptors < 16, told);
  assert.ok(after.threads - before.threads < 16, told);
  // What threads leave for good makes every part grow. What Node and the allocator hold now and give back then makes
  // some grow and others shrink, so the least growth of a part is what counts.
  const growth = Math.min(...marks.slice(1).map((bytes, at) => bytes - marks[at]));
  assert.ok(growth * 4 < before.memory * 0.02, told);
  db.destroy();
});

test('threads may end with long strings of the engine in hand', async () => {
  const db = open({ name: 'long' });
  db.set('long', 'y'.repeat(1_000_000));
  const here = db.get('long');
  await Promise.all(Array.from({ length: 8 }, async (_, n) => {
    const worker = start(`
      const db = open({ name: 'long' });
      globalThis.held = Array.from({ length: 50 }, () => db.get('long'));
      parentPort.postMessage(held[7] === 'y'.repeat(1_000_000));
      if (workerData.exits) process.exit();
      setInterval(() => {}, 1000);
    `, { exits: n % 2 === 0 });
    assert.equal(await said(worker), true);
    await worker.terminate();
  }));
  db.del('long');
  assert.equal(here, 'y'.repeat(1_000_000));
  db.destroy();
});

test('a process that exits inside of a callback exits', () => {
  for (const body of [
    `sub.on('message', () => process.exit(7)); db.publish('a', 'x');`,
    `db.blpop('a', 0).then(() => process.exit(7)); db.rpush('a', 'x');`,
    `db.blpop('none', 0); sub.on('message', () => {}); setImmediate(() => process.exit(7));`,
    `new (require('node:worker_threads').Worker)(\`
       const db = require(${JSON.stringify(LARDER)}).open({ name: 'exits' });
       for (;;) db.publish('a', 'x');
     \`, { eval: true }); sub.on('message', () => process.exit(7));`,
    `db.serve({ port: 0 }); process.exitCode = 7; db.destroy();`,
  ]) {
    const code = `
      const { open } = require(${JSON.stringify(LARDER)});
      const db = open({ name: 'exits' });
      const sub = db.subscribe('a', { overflow: 'drop-oldest' });
      ${body}
    `;
    const { status, signal, stderr } = spawnSync(process.execPath, ['-e', code], { encoding: 'utf8', timeout: 60_000 });
    assert.deepEqual([status, signal, stderr], [7, null, ''], body);
  }
});

test('threads load it though the main thread never does, and end with engines, servers and all', () => {
  const body = `
    const { open } = require(${JSON.stringify(LARDER)});
    const db = open({ name: 'of threads' });
    open().serve({ port: 0, threads: 2 });
    db.subscribe('a').on('message', () => {});
    db.blpop('none', 0).catch(() => {});
    for (let n = 0; n < 100; n += 1) { db.set(n, n, 1 + n); db.publish('a', String(n)); }
    require('node:worker_threads').parentPort.postMessage('ready');
  `;
  const code = `
    const { Worker } = require('node:worker_threads');
    const { once } = require('node:events');
    (async () => {
      for (let n = 0; n < 20; n += 1) {
        const worker = new Worker(${JSON.stringify(body)}, { eval: true });
        await once(worker, 'message');
        await worker.terminate();
      }
      process.exitCode = 7;
    })();
  `;
  const { status, signal, stderr } = spawnSync(process.execPath, ['-e', code], { encoding: 'utf8', timeout: 60_000 });
  assert.deepEqual([status, signal, stderr], [7, null, '']);
});

test('a process ends by itself when nobody waits', () => {
  const code = `
    const { createClient, open } = require(${JSON.stringify(LARDER)});
    const db = open({ name: 'idle' });
    db.set('a', 1);
    db.connect();
    const client = createClient();
    client.set('a', 1);
    const sub = db.subscribe('a');
    sub.on('message', () => sub.close());
    db.publish('a', 'x');
    const loop = db.subscribe('b');
    loop.next().then(({ value }) => db.blpop('none', 0.001)).then((reply) => console.log(reply));
    db.publish('b', 'x');
  `;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['-e', code], { encoding: 'utf8', timeout: 60_000 });
  assert.deepEqual([status, stdout, stderr], [0, 'null\n', '']);
});
