// The client in the shape of ioredis, held against what programs written for ioredis do with it.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { afterEach, test } from 'node:test';
import { createClient, open, ReplyError } from 'larder';

let opened = [];

/** A client on an engine that no other test has. */
function client(options = {}) {
  const made = createClient({ larder: open(), ...options });
  opened.push(made);
  return made;
}

afterEach(() => {
  opened.forEach((made) => made.disconnect());
  opened = [];
});

test('it is ready at once, and says so afterwards', async () => {
  const redis = client();
  const events = [];
  for (const event of ['connect', 'ready', 'close', 'end']) {
    redis.on(event, () => events.push([event, redis.status]));
  }
  assert.equal(redis.status, 'connecting');
  assert.equal(await redis.ping(), 'PONG');
  if (redis.status !== 'ready') {
    await once(redis, 'ready');
  }
  await assert.rejects(redis.connect(), /already connect/);
  assert.equal(await redis.quit(), 'OK');
  await once(redis, 'end');
  assert.deepEqual(events, [['connect', 'connect'], ['ready', 'ready'], ['close', 'end'], ['end', 'end']]);
  await assert.rejects(redis.get('key'), { message: 'Connection is closed.' });
  await redis.connect();
  assert.equal(await redis.ping(), 'PONG');
  assert.equal(redis.status, 'ready');
});

test('a lazy one waits for its first command', async () => {
  const redis = client({ lazyConnect: true, connectionName: 'lazy', db: 2 });
  assert.equal(redis.status, 'wait');
  await redis.set('key', 'value');
  assert.equal(await redis.client('GETNAME'), 'lazy');
  assert.equal((await redis.info('keyspace')).match(/db(\d)/)[1], '2');
  const other = client({ lazyConnect: true });
  other.disconnect();
  assert.equal(other.status, 'end');
});

test('commands take what ioredis takes, and give what it gives', async () => {
  const redis = client();
  assert.equal(await redis.set('key', 'value', 'EX', 10), 'OK');
  assert.equal(await redis.set('key', 'other', 'NX'), null);
  assert.deepEqual(await redis.getBuffer('key'), Buffer.from('value'));
  assert.equal(await redis.set('flag', true), 'OK');
  assert.equal(await redis.get('flag'), 'true');
  assert.equal(await redis.set('none', null), 'OK');
  assert.equal(await redis.get('none'), '');
  assert.equal(await redis.mset({ a: 1, b: 2 }), 'OK');
  assert.equal(await redis.mset(new Map([['c', 3]])), 'OK');
  assert.deepEqual(await redis.mget(['a', 'b'], 'c'), ['1', '2', '3']);
  assert.equal(await redis.del(['a', 'b']), 2);
  assert.equal(await redis.hset('hash', { x: 1, y: 'two' }), 2);
  assert.equal(await redis.hset('hash', '__proto__', 'mine'), 1);
  assert.deepEqual(Object.entries(await redis.hgetall('hash')), [['x', '1'], ['y', 'two'], ['__proto__', 'mine']]);
  assert.deepEqual(await redis.hgetall('nothing'), {});
  assert.deepEqual((await redis.hgetallBuffer('hash')).y, Buffer.from('two'));
  assert.equal(await redis.zadd('board', 1.5, 'ada', 2, 'bob'), 2);
  assert.equal(await redis.zscore('board', 'ada'), '1.5');
  assert.deepEqual(await redis.zrange('board', 0, -1, 'WITHSCORES'), ['ada', '1.5', 'bob', '2']);
  assert.deepEqual(await redis.zpopmin('board'), ['ada', '1.5']);
  const id = await redis.xadd('stream', '*', 'field', 'value');
  assert.deepEqual(await redis.xread('COUNT', 1, 'STREAMS', 'stream', 0), [['stream', [[id, ['field', 'value']]]]]);
  assert.deepEqual(await redis.config('GET', 'maxmemory'), ['maxmemory', '0']);
  assert.equal(await redis.call('STRLEN', 'key'), 5);
  assert.deepEqual(await redis.callBuffer('GET', 'key'), Buffer.from('value'));
  assert.equal(await redis.sendCommand({ name: 'get', args: ['key'] }), 'value');
  assert.equal(await redis.sendCommand(['GET', 'key']), 'value');
  assert.equal(await redis.eval('return {KEYS[1], ARGV[1]}', 1, 'k', 'a').then(String), 'k,a');
  assert.deepEqual(await new Promise((resolve, reject) =>
    redis.get('key', (error, value) => (error ? reject(error) : resolve(value)))), 'value');
  assert.equal(await new Promise((resolve) => redis.send_command('GET', ['key'], (_, value) => resolve(value))), 'value');
  await redis.set('node-redis', 1, { expiration: { type: 'EX', value: 60 }, condition: 'NX' });
  assert.equal(await redis.ttl('node-redis'), 60);
});

test('errors are rejected, or called back with', async () => {
  const redis = client();
  await redis.set('text', 'x');
  await assert.rejects(redis.lpush('text', 1), (error) => error instanceof ReplyError
    && error.name === 'ReplyError' && error.message.startsWith('WRONGTYPE') && error.command.name === 'lpush');
  const error = await new Promise((resolve) => redis.lpush('text', 1, resolve));
  assert.equal(error.code, 'WRONGTYPE');
  assert.throws(() => createClient({ host: 'localhost' }), /without a server: there is no host/);
  assert.throws(() => createClient({ keyprefix: 'a' }), /is it keyPrefix/);
});

test('pipelines and transactions', async () => {
  const redis = client();
  const replies = await redis.pipeline().set('a', 1).incr('a').lpush('a', 1).getBuffer('a').exec();
  assert.deepEqual(replies.map(([error, value]) => error?.code ?? value), ['OK', 2, 'WRONGTYPE', Buffer.from('2')]);
  assert.deepEqual(await redis.pipeline([['get', 'a'], ['incr', 'a']]).exec(), [[null, '2'], [null, 3]]);
  assert.deepEqual(await redis.pipeline().exec(), []);
  const called = [];
  await redis.pipeline().get('a', (error, value) => called.push([error, value])).exec();
  assert.deepEqual(called, [[null, '3']]);
  await redis.hset('hash', 'a', 1);
  const done = await redis.multi().incr('a').hgetall('hash').lpush('a', 1).exec();
  assert.deepEqual(done.map(([error, value]) => error?.code ?? value), [4, { a: '1' }, 'WRONGTYPE']);
  await assert.rejects(redis.multi().set('a').exec(), (error) =>
    error.message.startsWith('EXECABORT') && error.previousErrors.length === 1);
  await redis.watch('a');
  const other = redis.duplicate();
  opened.push(other);
  await other.set('a', 'changed');
  assert.equal(await redis.multi().set('a', 'mine').exec(), null);
  assert.equal(await redis.multi({ pipeline: false }), 'OK');
  assert.equal(await redis.incr('n'), 'QUEUED');
  assert.deepEqual(await redis.exec(), [[null, 1]]);
  const pipeline = redis.multi().ping();
  assert.equal(pipeline.length, 1);
  assert.deepEqual(await new Promise((resolve) => pipeline.exec((_, value) => resolve(value))), [[null, 'PONG']]);
});

test('scripts as commands', async () => {
  const redis = client({ keyPrefix: 'app:' });
  redis.defineCommand('bump', { numberOfKeys: 1, lua: 'return {KEYS[1], redis.call("INCRBY", KEYS[1], ARGV[1])}' });
  redis.defineCommand('any', { lua: 'return #KEYS' });
  assert.deepEqual(await redis.bump('n', 2), ['app:n', 2]);
  assert.deepEqual(await redis.bump(['n', 2]), ['app:n', 4]);
  assert.deepEqual(await redis.bumpBuffer('n', 1), [Buffer.from('app:n'), 5]);
  assert.equal(await redis.any(2, 'a', 'b', 'c'), 2);
  await redis.script('FLUSH');
  assert.deepEqual(await redis.multi().bump('n', 1).bump('n', 1).exec(), [[null, ['app:n', 6]], [null, ['app:n', 7]]]);
  await redis.script('FLUSH');
  assert.deepEqual(await redis.pipeline().bump('n', 1).any(0).exec(), [[null, ['app:n', 8]], [null, 0]]);
  assert.throws(() => redis.defineCommand('bad', {}), /defined by its script/);
});

test('prefixes stand before keys, and before nothing else', async () => {
  const larder = open();
  const redis = client({ larder, keyPrefix: 'p:' });
  await redis.set('a', 'a');
  await redis.mset('b', 'b', 'c', 'c');
  await redis.set(Buffer.from('d'), 'd');
  await redis.rename('d', 'e');
  await redis.zadd('z', 1, 'z');
  await redis.zunionstore('u', 2, 'z', 'z', 'WEIGHTS', 1, 2);
  await redis.xadd('s', '*', 'f', 'v');
  assert.equal((await redis.xread('COUNT', 1, 'STREAMS', 's', '0'))[0][0], 'p:s');
  assert.deepEqual(await redis.eval('return {KEYS[1], ARGV[1]}', 1, 'k', 'v'), ['p:k', 'v']);
  assert.deepEqual(await redis.mget('a', 'b', 'e'), ['a', 'b', 'd']);
  assert.deepEqual(larder.keys('*').sort(), ['p:a', 'p:b', 'p:c', 'p:e', 'p:s', 'p:u', 'p:z']);
  assert.equal(larder.zscore('p:u', 'z'), 3);
});

test('subscribers hear messages as texts and as bytes', async () => {
  const larder = open();
  const [redis, subscriber] = [client({ larder }), client({ larder })];
  const heard = [];
  for (const event of ['message', 'pmessage', 'smessage']) {
    subscriber.on(event, (...parts) => heard.push([event, ...parts]));
  }
  assert.equal(await subscriber.subscribe('a', 'b'), 2);
  assert.equal(await subscriber.psubscribe('a*'), 3);
  assert.equal(await subscriber.ssubscribe('s'), 1);
  await assert.rejects(subscriber.get('a'), /only \(P\|S\)SUBSCRIBE/);
  assert.equal(await redis.publish('a', 'one'), 2);
  assert.equal(await redis.spublish('s', 'two'), 1);
  await until(() => heard.length === 3);
  assert.deepEqual(heard, [['message', 'a', 'one'], ['pmessage', 'a*', 'a', 'one'], ['smessage', 's', 'two']]);
  const bytes = once(subscriber, 'messageBuffer');
  const pattern = once(subscriber, 'pmessageBuffer');
  await redis.publish('a', Buffer.of(0, 255));
  assert.deepEqual(await bytes, [Buffer.from('a'), Buffer.of(0, 255)]);
  assert.deepEqual(await pattern, ['a*', Buffer.from('a'), Buffer.of(0, 255)]);
  assert.equal(await subscriber.unsubscribe('a'), 2);
  assert.equal(await subscriber.unsubscribe(), 1);
  assert.equal(await subscriber.punsubscribe(), 0);
  assert.equal(await subscriber.sunsubscribe(), 0);
  assert.equal(await subscriber.get('a'), null);
  assert.equal(await redis.publish('a', 'x'), 0);
  const [many, count] = [[], 2_000];
  await subscriber.subscribe('many');
  subscriber.on('message', (_, message) => many.push(Number(message)));
  for (let n = 0; n < count; n += 1) {
    redis.publish('many', n);
  }
  await until(() => many.length === count);
  assert.deepEqual(many, Array.from({ length: count }, (_, n) => n));
});

test('what waits holds up what comes after it, and fails when it is disconnected', async () => {
  const larder = open();
  const [redis, blocked] = [client({ larder }), client({ larder })];
  const order = [];
  const popped = blocked.blpop('jobs', 0).then((reply) => order.push(reply[1]));
  const later = blocked.ping().then((reply) => order.push(reply));
  await redis.rpush('jobs', 'job');
  await Promise.all([popped, later]);
  assert.deepEqual(order, ['job', 'PONG']);
  assert.equal(await blocked.blpop('jobs', 0.005), null);
  const waits = blocked.brpoplpush('jobs', 'done', 0);
  const queued = blocked.get('a');
  blocked.disconnect();
  await assert.rejects(waits, { message: 'Connection is closed.' });
  await assert.rejects(queued, { message: 'Connection is closed.' });
  assert.equal(await redis.rpush('jobs', 'stays'), 1);
  const gone = redis.blpop('none', 0);
  larder.destroy();
  await assert.rejects(gone, { message: 'Connection is closed.' });
  await assert.rejects(redis.get('a'), { message: 'Connection is closed.' });
});

test('streams go through everything', async () => {
  const redis = client();
  const keys = Array.from({ length: 500 }, (_, n) => `key ${n}`);
  await redis.mset(keys.flatMap((key) => [key, key]));
  const found = [];
  for await (const some of redis.scanStream({ match: 'key *', count: 50 })) {
    found.push(...some);
  }
  assert.deepEqual(found.sort(), keys.sort());
  await redis.hset('hash', { a: 1 });
  for await (const some of redis.hscanStream('hash')) {
    assert.deepEqual(some, ['a', '1']);
  }
});

test('clients of one name share an engine, with what open() of that name gives too', async () => {
  const [a, b, other] = [createClient(), createClient(), createClient({ name: 'other' })];
  opened.push(a, b, other);
  await a.set('shared', 'yes');
  assert.equal(await b.get('shared'), 'yes');
  assert.equal(await other.get('shared'), null);
  assert.equal(open({ name: 'default' }).get('shared'), 'yes');
  assert.notEqual(await a.client('ID'), await b.client('ID'));
  await Promise.all([a.quit(), b.quit()]);
  const later = createClient();
  opened.push(later);
  // As with a server, what was kept stays when the clients leave.
  assert.equal(await later.get('shared'), 'yes');
  open({ name: 'default' }).destroy();
  await assert.rejects(later.get('shared'), { message: 'Connection is closed.' });
  const anew = createClient();
  opened.push(anew);
  assert.equal(await anew.get('shared'), null);
});

async function until(question) {
  while (!question()) {
    await new Promise(setImmediate);
  }
}
