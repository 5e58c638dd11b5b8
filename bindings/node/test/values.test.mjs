// Values there and back, and what is said to who gets something wrong.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import larder, { createClient, LarderError, open, ReplyError, version } from 'larder';

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc');

test('import and require give the same objects', () => {
  const required = createRequire(import.meta.url)('larder');
  assert.equal(required.open, open);
  assert.equal(larder.open, open);
  assert.match(version, /^\d+\.\d+\.\d+/);
});

test('strings, numbers and bytes come back as they went', () => {
  const db = open();
  const texts = ['', 'plain', 'hällo wörld', '日本語', '🦀'.repeat(100), 'a\0b', 'x'.repeat(100_000), 'é'.repeat(70_000)];
  for (const text of texts) {
    assert.equal(db.set(`key ${text.slice(0, 9)}`, text), true);
    assert.equal(db.get(`key ${text.slice(0, 9)}`), text);
    assert.deepEqual(db.getBuffer(`key ${text.slice(0, 9)}`), Buffer.from(text));
    assert.equal(db.call('ECHO', text), text);
  }
  // Lengths in bytes about those at which room has to be made.
  for (const edge of [256, 1_024]) {
    for (const [letter, bytes] of [['a', 1], ['é', 2], ['語', 3], ['🦀', 4]]) {
      for (let count = Math.floor((edge - 8) / bytes); count * bytes < edge + 8; count += 1) {
        const text = letter.repeat(count);
        db.set(text, text);
        assert.equal(db.get(text), text);
        assert.equal(db.call('GET', text), text);
        db.set(text, 7);
        assert.equal(db.incr(text), 8);
        assert.equal(db.del(text), 1);
      }
    }
  }
  for (const bytes of [Buffer.of(), Buffer.of(0, 255, 128), Buffer.alloc(70_000, 7)]) {
    for (const view of [bytes, new Uint8Array(bytes), new DataView(new Uint8Array(bytes).buffer), new Uint8Array(bytes).buffer]) {
      db.set('bytes', view);
      assert.deepEqual(db.getBuffer('bytes'), bytes);
      assert.deepEqual(db.callBuffer('GET', 'bytes'), bytes);
    }
  }
  db.set('wide', new Uint16Array([0x0201, 0x0403]));
  assert.deepEqual([...db.getBuffer('wide')], [1, 2, 3, 4]);
  for (const [number, text] of [[1, '1'], [-0, '0'], [1.5, '1.5'], [1e21, '1e+21'], [2n ** 70n, '1180591620717411303424']]) {
    db.set(number, number);
    assert.equal(db.get(text), text);
  }
});

test('commands take and give long strings', () => {
  const db = open();
  for (const length of [4_095, 4_096, 16_383, 16_384, 3_000_000]) {
    for (const text of ['x'.repeat(length), 'é'.repeat(length / 2)]) {
      const bytes = Buffer.from(text);
      assert.equal(db.call('SET', 'a', text), 'OK');
      assert.equal(db.call('MSET', 'b', bytes, 'c', 'short', 'd', text), 'OK');
      assert.equal(db.call('GET', 'a'), text);
      assert.deepEqual(db.callBuffer('GET', 'b'), bytes);
      assert.deepEqual(db.call('MGET', 'a', 'c', 'none', 'd'), [text, 'short', null, text]);
      assert.deepEqual(db.mget('a', 'c', 'none', 'd'), [text, 'short', null, text]);
      assert.deepEqual(db.mgetBuffer('b'), [bytes]);
      assert.equal(db.set('a', 'new', 'GET'), text);
      assert.equal(db.call('GETDEL', 'd'), text);
      const connection = db.connect();
      connection.call('MULTI');
      connection.call('SET', 'a', text);
      connection.call('GET', 'b');
      assert.deepEqual(connection.call('EXEC'), ['OK', text]);
      connection.close();
      assert.equal(db.call('STRLEN', 'a'), bytes.length);
      assert.equal(db.get('a'), text);
    }
  }
  db.close();
});

test('long strings stay what they were, whatever becomes of their key', async () => {
  const db = open();
  const held = [];
  for (const length of [2_000, 4_095, 4_096, 4_097, 70_000, 3_000_000]) {
    const text = 'x'.repeat(length);
    db.set('key', text);
    const [first, second] = [db.get('key'), db.get('key')];
    db.call('SETRANGE', 'key', 10, 'changed');
    db.call('APPEND', 'key', 'more');
    assert.notEqual(db.get('key'), text);
    db.set('key', 'another');
    held.push([first, text], [second, text]);
    // As keys of objects, in parts, and joined, JavaScript looks at them in other ways.
    assert.equal({ [first]: 1 }[text], 1);
    assert.equal(first.slice(1, 5) + first.at(-1), 'xxxxx');
    assert.equal(JSON.parse(JSON.stringify(first)), text);
    db.set('mixed', `${text}é`);
    assert.equal(db.get('mixed'), `${text}é`);
  }
  db.destroy();
  for (let turn = 0; turn < 5; turn += 1) {
    gc();
    await new Promise(setImmediate);
  }
  held.forEach(([found, text]) => assert.equal(found, text));
});

test('what is no UTF-8 becomes U+FFFD in strings, and stays as it is in Buffers', () => {
  const db = open();
  db.set('key', Buffer.of(0x61, 0xff, 0x62));
  assert.equal(db.get('key'), 'a\ufffdb');
  assert.deepEqual([...db.getBuffer('key')], [0x61, 0xff, 0x62]);
  db.set('half', 'a\ud800b');
  assert.equal(db.get('half'), 'a\ufffdb');
});

test('what is called most', () => {
  const db = open();
  assert.equal(db.get('none'), null);
  assert.equal(db.incr('n'), 1);
  assert.equal(db.incr('n', -11), -10);
  assert.equal(db.incr('n', 2 ** 52), 2 ** 52 - 10);
  db.set('large', '9007199254740993');
  assert.equal(db.incr('large'), 9007199254740994n);
  db.hset('hash', 'a', 1);
  assert.deepEqual(db.mget('n', 'none', 'hash'), [String(2 ** 52 - 10), null, null]);
  assert.deepEqual(db.mget(['n', 'n']), [String(2 ** 52 - 10), String(2 ** 52 - 10)]);
  assert.deepEqual(db.mget([]), []);
  assert.deepEqual(db.mgetBuffer('n'), [Buffer.from(String(2 ** 52 - 10))]);
  const many = Array.from({ length: 1_000 }, (_, at) => `key ${at}`);
  many.forEach((key) => db.set(key, key));
  assert.deepEqual(db.mget(...many), many);
  assert.equal(db.del(...many), 1_000);
  assert.equal(db.del('n'), 1);
  assert.equal(db.del(['hash', 'none']), 1);
  const buffer = Buffer.alloc(4, '.');
  db.set('key', 'longer');
  assert.equal(db.getInto('key', buffer), 6);
  assert.equal(String(buffer), 'long');
  db.set('key', 'no');
  assert.equal(db.getInto('key', buffer), 2);
  assert.equal(String(buffer), 'nong');
  assert.equal(db.getInto('none', buffer), -1);
  assert.equal(db.set('c', 1, 'NX'), true);
  assert.equal(db.set('c', 2, 'NX'), false);
  assert.equal(db.set('c', 2, 'XX', 'GET'), '1');
});

test('a key dies on time', () => {
  const db = open({ clock: 'manual', maintenance: 'manual' });
  db.set('key', 'value', 1_000);
  db.advanceClock(999);
  assert.equal(db.get('key'), 'value');
  assert.equal(db.pttl('key'), 1);
  db.advanceClock(1);
  assert.equal(db.get('key'), null);
  db.set('another', 'value', 1);
  db.advanceClock(1);
  // What is due when the clock moves is removed then; nothing is left for later.
  assert.equal(db.dbsize(), 0);
  assert.equal(db.tick(), 0);
});

test('replies are values of JavaScript', () => {
  const db = open();
  assert.equal(db.hset('hash', { a: 1, b: 'two' }), 2);
  assert.equal(db.hset('hash', new Map([['__proto__', 'mine']])), 1);
  const hash = db.hgetall('hash');
  assert.deepEqual(Object.entries(hash), [['a', '1'], ['b', 'two'], ['__proto__', 'mine']]);
  assert.equal(Object.getPrototypeOf(hash), Object.prototype);
  assert.deepEqual(db.callBuffer('HGETALL', 'hash').b, Buffer.from('two'));
  assert.equal(db.zadd('board', 1.5, 'ada', 'inf', 'bob'), 2);
  assert.equal(db.zscore('board', 'ada'), 1.5);
  assert.equal(db.zscore('board', 'bob'), Infinity);
  assert.deepEqual(db.zrange('board', 0, -1, 'WITHSCORES'), [['ada', 1.5], ['bob', Infinity]]);
  assert.deepEqual(db.rpush('list', [1, 2, 3]), 3);
  assert.deepEqual(db.lrange('list', 0, -1), ['1', '2', '3']);
  assert.equal(db.call('SETRANGE', 'x', 5, 'y'), 6);
  assert.equal(db.get('x'), '\0\0\0\0\0y');
  assert.deepEqual(db.call('EVAL', 'return {1, {2, "three"}, false}', 0), [1, [2, 'three'], null]);
  const nested = db.connect();
  nested.multi();
  nested.call('SET', 'list', 'x');
  nested.call('LPUSH', 'list', 1);
  const [fine, failed] = nested.exec();
  assert.equal(fine, 'OK');
  assert.ok(failed instanceof ReplyError && failed.code === 'WRONGTYPE');
});

test('errors say what is wrong', () => {
  const db = open();
  const fails = (run, expected) => assert.throws(run, expected);
  db.set('text', 'x');
  fails(() => db.lpush('text', 1), (error) => error instanceof ReplyError && error instanceof LarderError
    && error instanceof Error && error.name === 'ReplyError' && error.code === 'WRONGTYPE'
    && error.message.startsWith('WRONGTYPE Operation'));
  fails(() => db.incr('text'), { code: 'ERR', message: 'ERR value is not an integer or out of range' });
  fails(() => db.call('NOSUCH'), { code: 'ERR', message: /unknown command 'NOSUCH'/ });
  fails(() => db.call(), { code: 'LARDER_ARGUMENT', message: 'a command is wanted' });
  fails(() => db.get(), { name: 'TypeError', code: 'LARDER_ARGUMENT', message: 'the key is missing' });
  fails(() => db.get(undefined), /argument 1 is undefined/);
  fails(() => db.set('key', null), /argument 2 is null: a string, a number, a BigInt or a Buffer is wanted/);
  fails(() => db.set('key', true), /argument 2 is a boolean/);
  fails(() => db.set('key', { a: 1 }), /argument 2 is an object/);
  fails(() => db.set('key', ['a']), /argument 2 is an array/);
  fails(() => db.set('key', Symbol('a')), /a function or a symbol/);
  fails(() => db.set('key', 'value', 0), /milliseconds from 1 on/);
  fails(() => db.set('key', 'value', NaN), /milliseconds from 1 on/);
  fails(() => db.incr('key', 0.5), /whole number/);
  fails(() => db.getInto('text', 'buffer'), /argument 2 is no Buffer/);
  fails(() => db.getInto('text', {}), /argument 2 is no Buffer/);
  fails(() => db.publish('channel'), /a channel and a message/);
  fails(() => db.advanceClock(1), /clock: 'manual'/);
  fails(() => db.call('BLPOP', 'none', 0), { code: 'LARDER_WAITS', message: /callAsync/ });
  for (const words of [['MULTI'], ['SELECT', 1], ['SUBSCRIBE', 'a'], ['WATCH', 'a'], ['HELLO', 2], ['MONITOR']]) {
    fails(() => db.call(...words), { code: 'LARDER_ARGUMENT', message: /connect\(\)/ });
  }
  fails(() => db.call('AUTH', 'nobody', 'x'), /WRONGPASS|connect\(\)/);
  // None of them has left anything behind.
  assert.equal(db.call('SET', 'a', 1), 'OK');
  assert.equal(db.get('a'), '1');
});

test('options are strict', () => {
  assert.throws(() => open({ maxmemry: '1mb' }), { code: 'LARDER_ARGUMENT', message: /no option maxmemry.*is it maxmemory/ });
  assert.throws(() => open({ maxmemory: 'plenty' }), /maxmemory/);
  assert.throws(() => open({ maxmemory: {} }), /a text, a number or a boolean/);
  assert.throws(() => open({ maxmemoryPolicy: 'best' }), /maxmemory-policy/);
  assert.throws(() => open({ maxmemoryPolicy: 'noeviction', 'maxmemory-policy': 'noeviction' }), /given twice/);
  assert.throws(() => open({ clock: 'sundial' }), /option clock cannot be sundial/);
  assert.throws(() => open({ name: '' }), /the name of an engine is a text/);
  assert.throws(() => open({ nmae: 'app' }), /is it name/);
  assert.throws(() => open('app'), /are an object: open\(\{ name: 'app' \}\)/);
  assert.throws(() => createClient('redis://localhost'), { code: 'LARDER_ARGUMENT', message: /no address/ });
  const db = open({ maxmemory: '10mb', maxmemoryPolicy: 'noeviction', hardened: true, seed: 7 });
  assert.deepEqual(db.config('GET', 'maxmemory'), { maxmemory: '10485760' });
  assert.throws(() => {
    for (let n = 0; ; n += 1) {
      db.set(n, 'x'.repeat(10_000));
    }
  }, { code: 'OOM' });
});

test('one name is one engine, with one set of options', () => {
  const [a, b, other] = [open({ name: 'shared', maxmemory: '1gb' }), open({ name: 'shared' }), open()];
  a.set('key', 'value');
  assert.equal(b.get('key'), 'value');
  assert.equal(other.get('key'), null);
  assert.equal(open({ name: 'shared', maxmemory: '1gb' }).get('key'), 'value');
  assert.throws(() => open({ name: 'shared', maxmemory: '2gb' }), /open already, with other options: it has maxmemory=1gb/);
  assert.equal(a.name, 'shared');
  assert.equal(other.name, null);
  a.close();
  assert.equal(b.get('key'), 'value');
  b.destroy();
  const again = open({ name: 'shared', maxmemory: '2gb' });
  assert.equal(again.get('key'), null);
  again.destroy();
});

test('what is no word is told by its place', () => {
  const db = open();
  for (const [call, place] of [
    [() => db.get({}), 1],
    [() => db.getBuffer(null), 1],
    [() => db.set(undefined, 'value'), 1],
    [() => db.set('key', true), 2],
    [() => db.set('k'.repeat(2_000), []), 2],
    [() => db.set('key', 'value', { EX: 10 }), 3],
    [() => db.incr(Symbol('key')), 1],
    [() => db.mget('key', {}), 2],
    [() => db.call('GET', Symbol('key')), 2],
  ]) {
    assert.throws(call, new RegExp(`argument ${place} is .*: a string, a number, a BigInt or a Buffer is wanted`));
  }
});

test('a defect of the library is an error, and the process goes on', () => {
  const addon = createRequire(import.meta.url)('../lib/addon.js');
  assert.throws(() => addon.testing.panic(), { code: 'LARDER_DEFECT', message: /a defect of the library: planted/ });
  assert.equal(open().call('PING'), 'PONG');
});

test('what nobody holds any more is collected', async () => {
  const db = open();
  const clients = () => db.client('LIST').trim().split('\n').length;
  for (let n = 0; n < 1_000; n += 1) {
    db.connect().call('PING');
    open().set('key', 'value');
    db.subscribe('channel');
  }
  assert.ok(clients() > 900);
  // Node frees what was collected in later turns of its loop.
  while (clients() > 100 || db.publish('channel', 'x') > 100) {
    gc();
    await new Promise(setImmediate);
  }
});

test('what is still used is not collected with what it was opened on', async () => {
  const subscription = open({ name: 'kept' }).subscribe('channel');
  const waiting = open({ name: 'kept' }).blpop('jobs', 0);
  const connection = open().connect();
  open({ name: 'kept' }).set('key', 'value');
  const { url } = open({ name: 'kept' }).serve({ port: 0 });
  const own = open().subscribe('channel');
  for (let turn = 0; turn < 20; turn += 1) {
    gc();
    await new Promise(setImmediate);
  }
  const db = open({ name: 'kept' });
  assert.equal(db.get('key'), 'value');
  assert.equal(db.publish('channel', 'x'), 1);
  assert.equal((await subscription.next()).value.payload, 'x');
  assert.equal(connection.call('PING'), 'PONG');
  assert.ok(!own.closed);
  db.rpush('jobs', 'job');
  assert.deepEqual(await waiting, ['jobs', 'job']);
  // It answers, though not what a browser asks for.
  assert.notEqual(await fetch(url.replace('redis:', 'http:')).catch((error) => error.cause.code), 'ECONNREFUSED');
  db.destroy();
});

test('what is closed is closed', async () => {
  const db = open();
  db.set('key', 'value');
  const { get, call } = db;
  const [connection, subscription] = [db.connect(), db.subscribe('a')];
  const waiting = db.callAsync('BLPOP', 'none', 0);
  const ended = new Promise((resolve) => subscription.on('end', resolve));
  subscription.on('message', () => {});
  assert.equal(get('key'), 'value');
  assert.equal(db.closed, false);
  db.close();
  db.close();
  assert.equal(db.closed, true);
  await assert.rejects(waiting, { code: 'LARDER_CLOSED' });
  await ended;
  const closed = { code: 'LARDER_CLOSED' };
  for (const run of [
    () => get('key'), () => db.set('a', 1), () => db.incr('a'), () => db.mget('a'), () => db.del('a'), () => db.del('a', 'b'),
    () => call.call(db, 'GET', 'a'), () => db.hgetall('a'), () => db.publish('a', 'b'), () => db.connect(),
    () => db.subscribe('a'), () => db.getInto('a', Buffer.alloc(1)), () => db.serve({ port: 0 }), () => db.tick(),
    () => connection.call('PING'), () => subscription.add('b'),
  ]) {
    assert.throws(run, closed);
  }
  await assert.rejects(db.callAsync('GET', 'a'), closed);
});

test('commands that wait do so without holding anything up', async () => {
  const db = open();
  const [first, second, none] = [db.blpop('jobs', 0), db.callAsync('BLPOP', 'jobs', 0), db.blpop('none', 0.01)];
  assert.equal(db.rpush('jobs', 'one', 'two'), 2);
  assert.deepEqual(await Promise.all([first, second, none]), [['jobs', 'one'], ['jobs', 'two'], null]);
  assert.deepEqual(await db.callAsyncBuffer('GET', 'none'), null);
  const connection = db.connect();
  const [popped, later] = [connection.callAsync('BRPOP', 'jobs', 0), connection.callAsync('PING')];
  assert.throws(() => connection.call('PING'), { code: 'LARDER_WAITS' });
  db.lpush('jobs', 'three');
  assert.deepEqual(await popped, ['jobs', 'three']);
  assert.equal(await later, 'PONG');
  await assert.rejects(db.callAsync('MULTI'), { code: 'LARDER_ARGUMENT', message: /connect\(\)/ });
  await assert.rejects(db.callAsync('SELECT', 1), { code: 'LARDER_ARGUMENT' });
  assert.equal(await db.callAsync('LLEN', 'jobs'), 0);
  await assert.rejects(db.blpop('jobs', -1), { message: 'ERR timeout is negative' });
  db.set('text', 'x');
  await assert.rejects(db.blpop('text', 0), { code: 'WRONGTYPE' });
  // CLIENT PAUSE holds commands up, and the end of it lets them go.
  db.call('CLIENT', 'PAUSE', 60_000, 'WRITE');
  assert.throws(() => db.call('LPUSH', 'jobs', 1), { code: 'LARDER_WAITS', message: /CLIENT PAUSE/ });
  const paused = db.callAsync('LPUSH', 'jobs', 'four');
  db.call('CLIENT', 'UNPAUSE');
  assert.equal(await paused, 1);
});

test('a connection has a state, and is told what comes out of turn', async () => {
  const db = open();
  const connection = db.connect();
  connection.select(3);
  connection.call('SET', 'key', 'there');
  assert.equal(db.get('key'), null);
  connection.watch('key');
  connection.multi();
  connection.call('SET', 'key', 'mine');
  const other = db.connect();
  other.select(3);
  other.call('SET', 'key', 'yours');
  assert.equal(connection.exec(), null);
  const pushes = [];
  const told = new Promise((resolve) => connection.on('push', (push) => pushes.push(push) === 2 && resolve()));
  assert.deepEqual(connection.subscribe('news'), ['subscribe', 'news', 1]);
  db.publish('news', 'one');
  db.publish('news', 'two');
  await told;
  assert.deepEqual(pushes, [['message', 'news', 'one'], ['message', 'news', 'two']]);
  connection.close();
  assert.equal(db.publish('news', 'three'), 0);
});
