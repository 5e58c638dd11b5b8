// Caches in two layers: what is near is forgotten when what is far changes.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import KeyvRedis from '@keyv/redis';
import { BentoCache, bentostore } from 'bentocache';
import { memoryDriver } from 'bentocache/drivers/memory';
import { redisBusDriver, redisDriver } from 'bentocache/drivers/redis';
import { createCache } from 'cache-manager';
import Redis from 'ioredis';
import { Keyv } from 'keyv';
import { Server } from './server.js';

async function until(question) {
  while (!(await question())) {
    await new Promise(setImmediate);
  }
}

let server;
let redis;

before(async () => {
  server = await Server.start();
  redis = new Redis(server.port);
  await redis.flushall();
});

after(async () => {
  redis.disconnect();
  await server.stop();
});

describe('cache-manager with @keyv/redis', () => {
  let store;
  let cache;

  before(() => {
    store = new KeyvRedis(`redis://127.0.0.1:${server.port}`, { namespace: 'app' });
    store.on('error', (error) => assert.fail(error));
    cache = createCache({ stores: [new Keyv({ store, namespace: 'app', useKeyPrefix: false })], ttl: 60_000 });
  });

  after(() => cache.disconnect());

  test('values of every kind, one by one and many at once', async () => {
    await cache.set('user', { name: 'Ada', tags: ['x', null, 1.5] });
    assert.deepEqual(await cache.get('user'), { name: 'Ada', tags: ['x', null, 1.5] });
    assert.equal(await cache.get('nobody'), undefined);
    await cache.mset([{ key: 'a', value: 1 }, { key: 'b', value: 2, ttl: 5_000 }]);
    assert.deepEqual(await cache.mget(['a', 'b', 'none']), [1, 2, undefined]);
    const [key] = await redis.keys('*b');
    const left = await redis.pttl(key);
    assert.ok(left > 4_000 && left <= 5_000, String(left));
    await cache.mdel(['a', 'b']);
    assert.deepEqual(await cache.mget(['a', 'b']), [undefined, undefined]);
    assert.equal(await cache.del('user'), true);
  });

  test('a function is called once, however many ask', async () => {
    let calls = 0;
    const load = async () => {
      calls += 1;
      return 'slow';
    };
    const all = await Promise.all(Array.from({ length: 20 }, () => cache.wrap('once', load, 60_000)));
    assert.deepEqual(new Set(all), new Set(['slow']));
    assert.equal(await cache.wrap('once', load, 60_000), 'slow');
    assert.equal(calls, 1);
  });

  test('a value ends when it says', async () => {
    await cache.set('brief', 1, 20);
    await new Promise((resolve) => setTimeout(resolve, 22));
    assert.equal(await cache.get('brief'), undefined);
  });

  test('going through all, and clearing only what is its own', async () => {
    await redis.set('not ours', '1');
    await Promise.all(Array.from({ length: 300 }, (_, n) => cache.set(`many:${n}`, n)));
    let seen = 0;
    for await (const [, value] of store.iterator('app')) {
      seen += value === undefined ? 0 : 1;
    }
    assert.ok(seen >= 300, String(seen));
    await cache.clear();
    assert.equal(await cache.get('many:1'), undefined);
    assert.equal(await redis.get('not ours'), '1');
  });
});

describe('bentocache', () => {
  const opened = [];

  function open() {
    const connection = { host: '127.0.0.1', port: server.port };
    const cache = new BentoCache({
      default: 'layers',
      stores: {
        layers: bentostore()
          .useL1Layer(memoryDriver({ maxSize: '1mb' }))
          .useL2Layer(redisDriver({ connection, prefix: 'bento' }))
          .useBus(redisBusDriver({ connection })),
      },
    });
    opened.push(cache);
    return cache;
  }

  after(() => Promise.all(opened.map((cache) => cache.disconnectAll())));

  test('what one server changes the others forget', async () => {
    const [one, other] = [open(), open()];
    // A server that has used its cache listens; NUMSUB says when.
    await Promise.all([one, other].map((cache) => cache.get({ key: 'warm' })));
    await until(async () => (await redis.pubsub('CHANNELS', 'bentocache*')).length > 0);
    const [channel] = await redis.pubsub('CHANNELS', 'bentocache*');
    await until(async () => (await redis.pubsub('NUMSUB', channel))[1] === 2);

    await one.set({ key: 'price', value: 1 });
    assert.equal(await other.get({ key: 'price' }), 1);
    await one.set({ key: 'price', value: 2 });
    await until(async () => (await other.get({ key: 'price' })) === 2);
    await other.delete({ key: 'price' });
    await until(async () => (await one.get({ key: 'price' })) === undefined);
  });

  test('made once, with tags and in namespaces', async () => {
    const cache = open();
    let made = 0;
    const factory = async () => {
      made += 1;
      return { made };
    };
    const ask = () => cache.getOrSet({ key: 'page', factory, ttl: '10m', tags: ['pages'] });
    const all = await Promise.all(Array.from({ length: 10 }, ask));
    assert.ok(all.every((page) => page.made === 1));
    await cache.deleteByTag({ tags: ['pages'] });
    assert.deepEqual(await ask(), { made: 2 });
    const users = cache.namespace('users');
    await users.set({ key: '1', value: 'Ada' });
    await cache.set({ key: 'left', value: 'alone' });
    await users.clear();
    assert.equal(await users.get({ key: '1' }), undefined);
    assert.equal(await open().get({ key: 'left' }), 'alone');
    assert.ok((await redis.pttl('bento:page')) > 0);
    await cache.deleteMany({ keys: ['left', 'page'] });
    assert.equal(await redis.exists('bento:left', 'bento:page'), 0);
  });
});
