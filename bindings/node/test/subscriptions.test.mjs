// Messages: who gets them, in which order, and what happens when they are too many.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { open } from 'larder';

/** So many messages of a subscription. */
async function take(subscription, count) {
  const taken = [];
  while (taken.length < count) {
    const { value, done } = await subscription.next();
    assert.ok(!done);
    taken.push(value);
  }
  return taken;
}

test('messages come as events and in loops, in order, through channels, patterns and shard channels', async () => {
  const db = open();
  const events = db.subscribe(['a', 'b']);
  const got = [];
  const done = new Promise((resolve) => events.on('message', (message) => got.push(message) === 1_000 && resolve()));
  const patterns = db.psubscribe('?', { buffers: true });
  const shards = db.ssubscribe('a');
  let reached = 0;
  for (let n = 0; n < 1_000; n += 1) {
    reached += db.publish(n % 2 ? 'a' : 'b', `message ${n}`);
  }
  assert.equal(reached, 2_000);
  assert.equal(db.spublish('a', 'for shards'), 1);
  await done;
  assert.deepEqual(got.map(({ payload }) => payload), Array.from({ length: 1_000 }, (_, n) => `message ${n}`));
  assert.deepEqual(got[999], { channel: 'a', payload: 'message 999', pattern: null, seq: got[1].seq + 499 });
  const matched = await take(patterns, 1_000);
  assert.deepEqual(matched[7].payload, Buffer.from('message 7'));
  assert.deepEqual([matched[7].channel, matched[7].pattern], ['a', '?']);
  assert.deepEqual((await take(shards, 1))[0].payload, 'for shards');
  events.close();
  patterns.close();
  assert.equal(db.publish('a', 'x'), 0);
  assert.ok(events.closed);
  shards.close();
});

test('names are added and removed', async () => {
  const db = open();
  const subscription = db.subscribe('a').add('b', ['c']).remove('a');
  assert.deepEqual(['a', 'b', 'c'].map((channel) => db.publish(channel, channel)), [0, 1, 1]);
  assert.deepEqual((await take(subscription, 2)).map(({ channel }) => channel), ['b', 'c']);
});

test('a loop ends when it is left, when the subscription is closed, and when the engine is', async () => {
  const db = open();
  const left = db.subscribe('a');
  db.publish('a', 'one');
  for await (const { payload } of left) {
    assert.equal(payload, 'one');
    break;
  }
  assert.ok(left.closed);
  for (const close of [(subscription) => subscription.close(), () => db.close()]) {
    const subscription = db.subscribe('a');
    const loop = (async () => {
      const seen = [];
      for await (const { payload } of subscription) {
        seen.push(payload);
        close(subscription);
      }
      return seen;
    })();
    db.publish('a', 'only');
    assert.deepEqual(await loop, ['only']);
    assert.deepEqual(await subscription.next(), { done: true, value: undefined });
  }
});

test('a queue that is full does what its subscriber chose', async () => {
  const db = open();
  const publish = (count) => {
    for (let n = 0; n < count; n += 1) {
      db.publish('a', String(n));
    }
  };
  const oldest = db.subscribe('a', { overflow: 'drop-oldest', queueLength: 3 });
  const newest = db.subscribe('a', { overflow: 'drop-newest', queueLength: 3 });
  const fails = db.subscribe('a', { queueLength: 3 });
  const bytes = db.subscribe('a', { overflow: 'drop-newest', queueBytes: 1 });
  publish(10);
  assert.deepEqual([oldest.lost, newest.lost, bytes.lost], [7, 7, 9]);
  const first = await take(oldest, 3);
  assert.deepEqual(first.map(({ payload }) => payload), ['7', '8', '9']);
  assert.deepEqual((await take(newest, 3)).map(({ payload }) => payload), ['0', '1', '2']);
  publish(1);
  const [next] = await take(newest, 1);
  // The numbers tell what was lost.
  assert.equal(next.seq - first[2].seq, 1);
  assert.deepEqual((await take(fails, 3)).map(({ payload }) => payload), ['0', '1', '2']);
  await assert.rejects(fails.next(), { code: 'LARDER_TOO_SLOW' });
  assert.deepEqual(await fails.next(), { done: true, value: undefined });
  const listens = db.subscribe('a', { queueLength: 3 });
  publish(10);
  listens.on('message', () => {});
  const [error] = await once(listens, 'error');
  assert.equal(error.code, 'LARDER_TOO_SLOW');
});

test('options of subscriptions are strict', () => {
  const db = open();
  assert.throws(() => db.subscribe('a', { overflow: 'block' }), /overflow is one of/);
  assert.throws(() => db.subscribe('a', { queuelength: 1 }), /is it queueLength/);
  assert.throws(() => db.subscribe('a', { queueLength: 0 }), /queueLength is a whole number/);
  assert.throws(() => db.subscribe(undefined), /argument 1 is undefined/);
});

test('a listener may do anything, and what it throws is its own affair', async () => {
  const db = open();
  const [bad, good] = [db.subscribe('a'), db.subscribe('a')];
  const caught = [];
  const before = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  process.once('uncaughtException', (error) => caught.push(error.message));
  bad.on('message', () => {
    bad.close();
    throw new Error('mine');
  });
  const seen = [];
  const ended = once(good, 'end');
  good.on('message', ({ payload }) => {
    seen.push(payload);
    if (seen.length === 3) {
      db.close();
    } else {
      db.set('seen', payload);
      db.publish('a', `${payload}+`);
    }
  });
  db.publish('a', 'x');
  await ended;
  before.forEach((listener) => process.on('uncaughtException', listener));
  assert.deepEqual(seen, ['x', 'x+', 'x++']);
  assert.deepEqual(caught, ['mine']);
});

test('expired keys are told of', async () => {
  const db = open({ notifyKeyspaceEvents: 'Ex', clock: 'manual' });
  const expired = db.psubscribe('__keyevent@*__:expired');
  db.set('session', 'ada', 5);
  db.advanceClock(5);
  assert.equal((await take(expired, 1))[0].payload, 'session');
});
