// One engine, reached from inside the process and by clients of Redis at the same time.

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import Redis from 'ioredis';
import { open } from 'larder';

test('clients of Redis see what the process sees', async () => {
  const db = open();
  const serving = db.serve({ port: 0 });
  assert.equal(serving.url, `redis://127.0.0.1:${serving.port}`);
  const redis = new Redis(serving.url);
  db.set('from', 'inside');
  assert.equal(await redis.get('from'), 'inside');
  await redis.set('to', 'inside');
  assert.equal(db.get('to'), 'inside');
  // Both ways through topics and through waiting.
  const heard = db.subscribe('news').next();
  assert.equal(await redis.publish('news', 'rain'), 1);
  assert.equal((await heard).value.payload, 'rain');
  const popped = db.blpop('jobs', 0);
  await redis.rpush('jobs', 'job');
  assert.deepEqual(await popped, ['jobs', 'job']);
  const subscriber = redis.duplicate();
  await subscriber.subscribe('weather');
  const message = once(subscriber, 'message');
  assert.equal(db.publish('weather', 'sun'), 1);
  assert.deepEqual(await message, ['weather', 'sun']);
  const closed = Promise.all([once(redis, 'close'), once(subscriber, 'close')]);
  redis.options.retryStrategy = subscriber.options.retryStrategy = () => null;
  serving.close();
  serving.close();
  await closed;
  redis.disconnect();
  subscriber.disconnect();
  assert.equal(db.get('to'), 'inside');
});

test('a password is asked of clients, and not of the process', async () => {
  const db = open();
  const serving = db.serve({ port: 0, password: 's e/cret' });
  const [stranger, friend] = [new Redis(serving.port, { retryStrategy: () => null }), new Redis(serving.url)];
  stranger.on('error', () => {});
  await assert.rejects(stranger.set('a', 1), /NOAUTH/);
  assert.equal(await friend.set('a', 1), 'OK');
  assert.equal(db.get('a'), '1');
  stranger.disconnect();
  friend.disconnect();
  db.close();
});

test('a path is served, for this user alone, and goes with the engine', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'larder-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const socket = path.join(folder, 'socket');
  const db = open();
  const serving = db.serve({ path: socket });
  assert.equal(serving.port, null);
  assert.equal(statSync(socket).mode & 0o077, 0);
  const redis = new Redis({ path: socket, retryStrategy: () => null });
  assert.equal(await redis.ping(), 'PONG');
  assert.throws(() => open().serve({ path: socket }), { code: 'LARDER_SYSTEM', message: /in use/ });
  db.close();
  redis.disconnect();
  assert.ok(!existsSync(socket));
});

test('what cannot be served is said', () => {
  const db = open();
  const { port } = db.serve({ port: 0 });
  assert.throws(() => db.serve({ port }), { code: 'LARDER_SYSTEM', message: /in use already/ });
  assert.throws(() => db.serve(), /either a port/);
  assert.throws(() => db.serve({ port: 70_000 }), /whole number/);
  assert.throws(() => db.serve({ prot: 1 }), /no option prot/);
  assert.throws(() => db.serve({ port: 0, threads: 0 }), /threads/);
  assert.throws(() => db.serve({ port: 0, path: '/tmp/x' }), /either a port/);
  db.close();
});
