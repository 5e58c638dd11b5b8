// Redlock, in the three packages that are in use: their scripts compare before they delete.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Redlock as SesamecareRedlock } from '@sesamecare-oss/redlock';
import Redis5 from 'ioredis';
import Redis6 from 'ioredis6';
import Redlock5 from 'redlock';
import Redlock4 from 'redlock4';
import { Server } from './server.js';

const patience = { retryCount: 200, retryDelay: 20, retryJitter: 10 };
const none = { retryCount: 0 };

const LIBRARIES = {
  'redlock 5 beta, ioredis 5': [Redis5, (client, options) => new Redlock5([client], options)],
  'redlock 5 beta, ioredis 6': [Redis6, (client, options) => new Redlock5([client], options)],
  '@sesamecare-oss/redlock, ioredis 5': [Redis5, (client, options) => new SesamecareRedlock([client], options)],
  '@sesamecare-oss/redlock, ioredis 6': [Redis6, (client, options) => new SesamecareRedlock([client], options)],
  'redlock 4, ioredis 5': [Redis5, (client, options) => new Redlock4([client], options)],
};

for (const [name, [Redis, make]] of Object.entries(LIBRARIES)) {
  describe(name, () => {
    let server;
    let redis;
    const locks = (options) => {
      const redlock = make(redis, options);
      redlock.on?.('error', () => {});
      redlock.on?.('clientError', () => {});
      return redlock;
    };

    before(async () => {
      server = await Server.start();
      redis = new Redis(server.port);
      await redis.flushall();
    });

    after(async () => {
      redis.disconnect();
      await server.stop();
    });

    test('one at a time', async () => {
      const redlock = locks(patience);
      let inside = 0;
      let count = 0;
      await Promise.all(Array.from({ length: 10 }, async () => {
        const lock = await redlock.acquire(['door'], 5_000);
        inside += 1;
        assert.equal(inside, 1);
        await redis.incr('visits');
        count += 1;
        inside -= 1;
        await (lock.release ?? lock.unlock).call(lock);
      }));
      assert.equal(count, 10);
      assert.equal(await redis.get('visits'), '10');
      assert.equal(await redis.exists('door'), 0);
    });

    test('for as long as numbers go', async () => {
      const redlock = locks(none);
      const long = Math.floor(Number.MAX_SAFE_INTEGER / 10);
      const lock = await redlock.acquire(['for', 'ever'], long);
      const left = async (atMost) => {
        for (const key of ['for', 'ever']) {
          const ms = await redis.pttl(key);
          assert.ok(ms <= atMost && ms > atMost - 10_000, `${key}: ${ms}`);
        }
      };
      await left(long);
      const longer = await lock.extend(3 * long);
      await left(3 * long);
      await (longer.release ?? longer.unlock).call(longer);
      assert.equal(await redis.exists('for', 'ever'), 0);
    });

    test('several at once, or none', async () => {
      const redlock = locks(none);
      const lock = await redlock.acquire(['a', 'b', 'c'], 10_000);
      await assert.rejects(redlock.acquire(['c', 'd'], 10_000));
      assert.equal(await redis.exists('d'), 0);
      assert.equal(await redis.exists('a', 'b', 'c'), 3);
      assert.ok((await redis.pttl('a')) > 9_000);
      const longer = await lock.extend(60_000);
      assert.ok((await redis.pttl('a')) > 50_000);
      await (longer.release ?? longer.unlock).call(longer);
      assert.equal(await redis.exists('a', 'b', 'c'), 0);
    });

    test('what has run out, or was taken away, cannot be extended', async () => {
      const redlock = locks(none);
      const lock = await redlock.acquire(['gone'], 60_000);
      await redis.set('gone', 'somebody else');
      await assert.rejects(lock.extend(60_000));
      await (lock.release ?? lock.unlock).call(lock).catch(() => {});
      assert.equal(await redis.get('gone'), 'somebody else');
      const brief = await redlock.acquire(['brief'], 100);
      await new Promise((resolve) => setTimeout(resolve, 105));
      await assert.rejects(brief.extend(1_000));
      await redlock.acquire(['brief'], 1_000);
    });

    test('a lock that is kept while the work lasts', { skip: !make({}, {}).using || name.startsWith('redlock 4') }, async () => {
      const redlock = locks({ ...none, automaticExtensionThreshold: 150 });
      const value = await redlock.using(['work'], 300, async (signal) => {
        await new Promise((resolve) => setTimeout(resolve, 700));
        assert.equal(signal.aborted, false);
        assert.equal(await redis.exists('work'), 1);
        return 'done';
      });
      assert.equal(value, 'done');
      assert.equal(await redis.exists('work'), 0);
    });
  });
}
