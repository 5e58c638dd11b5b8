// Clients of clusters, against one node that owns every slot.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, before, describe, test } from 'node:test';
import Redis5 from 'ioredis';
import Redis6 from 'ioredis6';
import { createCluster as createCluster6 } from 'redis';
import { createCluster as createCluster5 } from 'redis5';
import { Server } from './server.js';

const HERE = path.join(path.dirname(fileURLToPath(import.meta.url)), 'python');
const PYTHON = path.resolve(HERE, '../../../target/client-venv/bin/python');

/** A cluster of Redis would have to be put together first, and its nodes learn their addresses. */
const skip = process.env.REDIS_URL ? 'against Larder only' : false;

describe('clusters', { skip }, () => {
  let server;

  before(async () => {
    server = await Server.start(['--cluster-enabled', 'yes']);
  });

  after(async () => {
    assert.equal(await server.stop(), 0);
  });

  for (const [name, Redis] of [['ioredis 6', Redis6], ['ioredis 5', Redis5]]) {
    test(name, async () => {
      const nodes = [{ host: '127.0.0.1', port: server.port }];
      const cluster = new Redis.Cluster(nodes, { shardedSubscribers: true });
      await cluster.flushall();
      assert.equal(await cluster.set('foo', '1'), 'OK');
      assert.deepEqual(await cluster.mget('{foo}', 'foo'), [null, '1']);
      await assert.rejects(cluster.mget('foo', 'bar'), /CROSSSLOT/);
      assert.deepEqual(await cluster.pipeline().incr('{a}n').incr('{a}n').exec(), [[null, 1], [null, 2]]);
      assert.deepEqual(await cluster.multi().incr('{a}n').get('{a}n').exec(), [[null, 3], [null, '3']]);
      assert.deepEqual(cluster.nodes('master').map((node) => node.options.port), [server.port]);
      const message = once(cluster, 'smessage');
      await cluster.ssubscribe('news');
      assert.equal(await cluster.spublish('news', 'hello'), 1);
      assert.deepEqual((await message).slice(0, 2), ['news', 'hello']);
      cluster.disconnect();
    });
  }

  for (const [name, createCluster] of [['node-redis 6', createCluster6], ['node-redis 5', createCluster5]]) {
    test(name, async () => {
      const cluster = createCluster({ rootNodes: [{ url: `redis://127.0.0.1:${server.port}` }] });
      await cluster.connect();
      await cluster.set('foo', '1');
      assert.deepEqual(await cluster.mGet(['foo', '{foo}2']), ['1', null]);
      await assert.rejects(cluster.rename('foo', 'bar'), /CROSSSLOT/);
      assert.deepEqual(await cluster.multi().set('{b}n', '0').incr('{b}n').exec(), ['OK', 1]);
      assert.equal(cluster.masters.length, 1);
      const heard = new Promise((resolve) => {
        cluster.sSubscribe('news', (text, channel) => resolve([text, channel])).then(
          () => cluster.sPublish('news', 'hello'),
          resolve,
        );
      });
      assert.deepEqual(await heard, ['hello', 'news']);
      await cluster.sUnsubscribe('news');
      cluster.destroy();
    });
  }

  test('redis-py', { skip: existsSync(PYTHON) ? false : 'cargo xtask setup makes its environment' }, async () => {
    const child = spawn(PYTHON, ['-B', 'cluster.py'], {
      cwd: HERE,
      env: { ...process.env, REDIS_PORT: String(server.port) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let printed = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        printed += text;
      });
    }
    const [code] = await once(child, 'close');
    assert.equal(code, 0, printed);
    assert.match(printed, /Ran [1-9]\d* tests?/);
  });
});
