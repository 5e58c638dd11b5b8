// node-redis, this major version and the one before it.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as redis6 from 'redis';
import * as redis5 from 'redis5';
import { Server } from './server.js';

/** Waits for an answer that is the one that is wanted. */
async function until(question) {
  while (!(await question())) {
    await new Promise(setImmediate);
  }
}

const VERSIONS = [
  ['node-redis 6', redis6, {}],
  ['node-redis 6 in RESP2', redis6, { RESP: 2 }],
  ['node-redis 5', redis5, {}],
  ['node-redis 5 in RESP3', redis5, { RESP: 3, unstableResp3: true }],
];

for (const [name, { createClient, createClientPool, defineScript }, protocol] of VERSIONS) {
  describe(name, () => {
    let server;
    let redis;
    const errors = [];

    async function connected(options = {}, failed = (error) => errors.push(error)) {
      const client = createClient({ socket: { port: server.port, host: '127.0.0.1' }, ...protocol, ...options });
      client.on('error', failed);
      await client.connect();
      return client;
    }

    /** How often a command was executed, as the server counts. */
    async function callsOf(command) {
      const line = new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(await redis.info('commandstats'));
      return Number(line?.[1] ?? 0);
    }

    before(async () => {
      server = await Server.start();
      redis = await connected();
      await redis.flushAll();
    });

    after(async () => {
      await redis.close();
      await server.stop();
      assert.deepEqual(errors, []);
    });

    test('strings, deadlines, errors', async () => {
      assert.equal(await redis.set('a', '1', { EX: 100 }), 'OK');
      assert.equal(await redis.incr('a'), 2);
      assert.ok((await redis.ttl('a')) > 90);
      assert.deepEqual(await redis.mGet(['a', 'none']), ['2', null]);
      await assert.rejects(redis.lPush('a', 'x'), /WRONGTYPE/);
    });

    test('collections', async () => {
      await redis.hSet('h', { name: 'Ada', age: '36' });
      assert.deepEqual({ ...(await redis.hGetAll('h')) }, { name: 'Ada', age: '36' });
      await redis.rPush('l', ['1', '2', '3']);
      assert.deepEqual(await redis.lRange('l', 0, -1), ['1', '2', '3']);
      await redis.sAdd('s', ['x', 'y']);
      assert.deepEqual([...(await redis.sMembers('s'))].sort(), ['x', 'y']);
      await redis.zAdd('z', [{ score: 1, value: 'a' }, { score: 2.5, value: 'b' }]);
      assert.deepEqual(
        (await redis.zRangeWithScores('z', 0, -1)).map(({ value, score }) => [value, score]),
        [['a', 1], ['b', 2.5]],
      );
    });

    test('transactions', async () => {
      assert.deepEqual(await redis.multi().set('k', '1').incr('k').exec(), ['OK', 2]);
    });

    test('a transaction that others spoil, and one that fails in the middle', async () => {
      const other = await connected();
      await redis.watch('k');
      await other.set('k', 'changed');
      await assert.rejects(redis.multi().get('k').exec(), /watched keys has been changed/);
      const failed = await redis.multi().set('k', 'text').incr('k').get('k').exec().catch((error) => error);
      assert.deepEqual([failed.replies[0], failed.replies[2]], ['OK', 'text']);
      assert.match(failed.replies[1].message, /not an integer/);
      assert.deepEqual(failed.errorIndexes, [1]);
      await other.close();
    });

    test('scripts and functions', async () => {
      const LUA = "return {redis.call('INCRBY', KEYS[1], ARGV[1]), 'text', {false, true}}";
      const addTo = defineScript({
        SCRIPT: LUA,
        NUMBER_OF_KEYS: 1,
        parseCommand(parser, key, n) {
          parser.pushKey(key);
          parser.push(String(n));
        },
        transformReply: (reply) => reply,
      });
      const client = await connected({ scripts: { addTo } });
      assert.deepEqual(await client.addTo('scripted', 5), [5, 'text', [null, 1]]);
      await client.scriptFlush();
      assert.deepEqual(await client.addTo('scripted', 2), [7, 'text', [null, 1]]);
      assert.deepEqual((await client.multi().addTo('scripted', 1).exec())[0][0], 8);
      assert.deepEqual(await client.eval('return {KEYS[1], ARGV[1]}', { keys: ['a'], arguments: ['b'] }), ['a', 'b']);
      await client.functionLoad(
        "#!lua name=mine\nredis.register_function('twice', function(keys, args) return tonumber(args[1]) * 2 end)",
        { REPLACE: true },
      );
      assert.equal(await client.fCall('twice', { keys: [], arguments: ['21'] }), 42);
      assert.deepEqual((await client.functionList()).map((library) => library.library_name), ['mine']);
      await client.functionDelete('mine');
      await assert.rejects(client.fCall('twice', { keys: [], arguments: ['21'] }), /Function not found/);
      await client.close();
    });

    test('streams and their groups', async () => {
      const first = await redis.xAdd('x', '*', { n: '1' });
      const second = await redis.xAdd('x', '*', { n: '2' });
      assert.equal(await redis.xGroupCreate('x', 'g', '0'), 'OK');
      const read = await redis.xReadGroup('g', 'Ada', { key: 'x', id: '>' }, { COUNT: 10 });
      // In RESP3, version 5 gives what came: a map of streams.
      const messages = Array.isArray(read) ? read[0].messages.map(({ id, message }) => [id, ['n', message.n]]) : read.x;
      assert.deepEqual(messages, [[first, ['n', '1']], [second, ['n', '2']]]);
      const pending = await redis.xPending('x', 'g');
      assert.deepEqual([pending.pending, pending.firstId, pending.lastId], [2, first, second]);
      assert.deepEqual(pending.consumers.map((each) => ({ ...each })), [{ name: 'Ada', deliveriesCounter: 2 }]);
      assert.deepEqual((await redis.xAutoClaim('x', 'g', 'Bob', 0, '0')).messages.map(({ id }) => id), [first, second]);
      assert.equal(await redis.xAck('x', 'g', [first]), 1);
      assert.equal(await redis.xLen('x'), 2);
      assert.deepEqual((await redis.xInfoGroups('x')).map(({ name: of, pending: left }) => [of, left]), [['g', 1]]);
      const waiting = await connected();
      const came = waiting.xRead({ key: 'x', id: '$' }, { BLOCK: 0 });
      await until(async () => /blocked_clients:[1-9]/.test(await redis.info('clients')));
      await redis.xAdd('x', '*', { n: '3' });
      assert.ok(await came);
      assert.equal(await waiting.xRead({ key: 'x', id: '$' }, { BLOCK: 5 }), null);
      await waiting.close();
    });

    test('replies of every shape', async () => {
      await redis.zAdd('scores', [{ score: 1.5, value: 'a' }, { score: Infinity, value: 'b' }]);
      assert.equal(await redis.zScore('scores', 'a'), 1.5);
      assert.equal(await redis.zScore('scores', 'b'), Infinity);
      assert.deepEqual(await redis.zmScore('scores', ['a', 'none']), [1.5, null]);
      assert.deepEqual({ ...(await redis.zPopMin('scores')) }, { value: 'a', score: 1.5 });
      assert.equal(await redis.hGet('none', 'f'), null);
      assert.deepEqual(await redis.hmGet('h', ['name', 'none']), ['Ada', null]);
      assert.equal(await redis.sIsMember('s', 'x'), 1);
      assert.deepEqual(await redis.smIsMember('s', ['x', 'none']), [1, 0]);
      assert.equal(await redis.getDel('none'), null);
      assert.equal(await redis.incrByFloat('float', 0.1), '0.1');
      assert.equal((await redis.hRandFieldCountWithValues('h', 1)).length, 1);
      assert.deepEqual(await redis.lPos('l', '2'), 1);
      assert.equal((await redis.memoryUsage('h')) > 0, true);
      const commands = await redis.commandInfo(['get', 'nonsense']);
      assert.equal(commands[0].name, 'get');
      assert.equal(commands[1], null);
    });

    test('scans of hashes, sets and sorted sets', async () => {
      const many = Array.from({ length: 600 }, (_, n) => `m${n}`);
      await redis.del(['hs', 'ss', 'zs']);
      await redis.hSet('hs', Object.fromEntries(many.map((each) => [each, each])));
      await redis.sAdd('ss', many);
      await redis.zAdd('zs', many.map((value, score) => ({ value, score })));
      for (const scan of [redis.hScanIterator('hs'), redis.sScanIterator('ss'), redis.zScanIterator('zs')]) {
        const seen = new Set();
        for await (const some of scan) {
          [some].flat().forEach((each) => seen.add(each.field ?? each.value ?? each));
        }
        assert.equal(seen.size, 600);
      }
    });

    test('a pool of connections', async () => {
      const pool = createClientPool({ socket: { port: server.port, host: '127.0.0.1' }, ...protocol }, { minimum: 2, maximum: 4 });
      pool.on('error', (error) => errors.push(error));
      await pool.connect();
      await Promise.all(Array.from({ length: 200 }, () => pool.incr('pooled')));
      assert.equal(await pool.get('pooled'), '200');
      const spoiled = pool.execute(async (client) => {
        await client.watch('pooled');
        await redis.incr('pooled');
        return client.multi().incr('pooled').exec();
      });
      await assert.rejects(spoiled, /watched keys has been changed/);
      await pool.close();
    });

    test('what a client has read it keeps, until it changes', { skip: name === 'node-redis 6 in RESP2' || name === 'node-redis 5' }, async () => {
      const client = await connected({ RESP: 3, clientSideCache: { ttl: 0, maxEntries: 100, evictPolicy: 'LRU' } });
      await redis.set('near', '1');
      assert.equal(await client.get('near'), '1');
      const asked = await callsOf('get');
      assert.equal(await client.get('near'), '1');
      assert.equal(await client.get('near'), '1');
      assert.equal(await callsOf('get'), asked);
      await redis.set('near', '2');
      await until(async () => (await client.get('near')) === '2');
      await redis.pExpire('near', 5);
      await until(async () => (await client.get('near')) === null);
      await redis.set('near', '3');
      await until(async () => (await client.get('near')) === '3');
      await redis.flushAll();
      await until(async () => (await client.get('near')) === null);
      await client.close();
    });

    test('shard channels, bytes, and a connection that is cut', async () => {
      const subscriber = await connected({}, () => {});
      const heard = [];
      await subscriber.sSubscribe('orders', (message, channel) => heard.push([String(message), String(channel)]), true);
      await subscriber.subscribe('news', (message) => heard.push(message));
      await redis.sPublish('orders', 'tea');
      await until(() => heard.length === 1);
      assert.deepEqual(heard, [['tea', 'orders']]);
      const ready = new Promise((resolve) => {
        subscriber.once('ready', resolve);
      });
      await redis.sendCommand(['CLIENT', 'KILL', 'TYPE', 'pubsub']);
      await ready;
      await until(async () => (await redis.publish('news', 'rain')) === 1);
      await until(() => heard.length === 2);
      await subscriber.unsubscribe('news');
      await subscriber.sUnsubscribe('orders');
      assert.equal(String(await subscriber.ping()), 'PONG');
      await subscriber.close();
    });

    test('many commands at once, then a scan', async () => {
      await Promise.all(Array.from({ length: 1_000 }, (_, n) => redis.set(`p:${n}`, String(n))));
      const keys = new Set();
      for await (const some of redis.scanIterator({ MATCH: 'p:*', COUNT: 100 })) {
        [some].flat().forEach((key) => keys.add(key));
      }
      assert.equal(keys.size, 1_000);
    });

    test('waiting for a list', async () => {
      const waiting = await connected();
      const popped = waiting.blPop('queue', 10);
      await redis.rPush('queue', 'job');
      assert.deepEqual({ ...(await popped) }, { key: 'queue', element: 'job' });
      await waiting.close();
    });

    test('messages', async () => {
      const subscriber = await connected();
      const heard = new Promise((resolve) => {
        subscriber.subscribe('news', (message, channel) => resolve([channel, message])).then(() => {
          redis.publish('news', 'rain');
        });
      });
      assert.deepEqual(await heard, ['news', 'rain']);
      const byPattern = new Promise((resolve) => {
        subscriber.pSubscribe('w*', (message, channel) => resolve([channel, message])).then(() => {
          redis.publish('weather', 'sun');
        });
      });
      assert.deepEqual(await byPattern, ['weather', 'sun']);
      await subscriber.close();
    });

    test('what the server says of itself', async () => {
      assert.match(await redis.info('server'), /redis_version:7\./);
      assert.ok((await redis.configGet('maxmemory-policy'))['maxmemory-policy']);
      assert.ok((await redis.clientId()) > 0);
    });
  });
}
