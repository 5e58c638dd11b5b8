// Sessions of Express, kept by connect-redis.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { RedisStore } from 'connect-redis';
import express from 'express';
import session from 'express-session';
import { createClient as createClient6 } from 'redis';
import { createClient as createClient5 } from 'redis5';
import { Server } from './server.js';

for (const [name, createClient, options] of [
  ['node-redis 6', createClient6, {}],
  ['node-redis 6 in RESP2', createClient6, { RESP: 2 }],
  ['node-redis 5', createClient5, {}],
]) {
  describe(`connect-redis, ${name}`, () => {
    let server;
    let client;
    let store;

    before(async () => {
      server = await Server.start();
      client = createClient({ socket: { port: server.port, host: '127.0.0.1' }, ...options });
      client.on('error', (error) => assert.fail(error));
      await client.connect();
      await client.flushAll();
      store = new RedisStore({ client, prefix: `${name}:`, ttl: 3_600 });
    });

    after(async () => {
      await client.close();
      await server.stop();
    });

    test('a visitor is known again, on every server, until he leaves', async (t) => {
      const ask = [];
      for (let n = 0; n < 2; n += 1) {
        const app = express();
        app.use(session({ store, secret: 'tea', resave: false, saveUninitialized: false, cookie: { maxAge: 60_000 } }));
        app.get('/visit', (request, response) => {
          request.session.visits = (request.session.visits ?? 0) + 1;
          response.json(request.session.visits);
        });
        app.get('/look', (request, response) => response.json(request.session.visits ?? null));
        app.get('/leave', (request, response, next) =>
          request.session.destroy((error) => (error ? next(error) : response.json('bye'))));
        const http = app.listen(0, '127.0.0.1');
        await once(http, 'listening');
        t.after(() => {
          http.close();
          http.closeAllConnections();
        });
        ask.push((path, cookie) => fetch(`http://127.0.0.1:${http.address().port}${path}`, { headers: { cookie: cookie ?? '' } }));
      }
      const first = await ask[0]('/visit');
      const cookie = first.headers.get('set-cookie').split(';')[0];
      assert.equal(await first.json(), 1);
      assert.equal(await (await ask[1]('/visit', cookie)).json(), 2);
      assert.equal(await (await ask[0]('/look', cookie)).json(), 2);
      assert.equal(await (await ask[0]('/look')).json(), null);
      const [key] = await client.keys(`${name}:*`);
      const left = await client.pTTL(key);
      assert.ok(left > 50_000 && left <= 60_000, String(left));
      assert.equal(await (await ask[1]('/leave', cookie)).json(), 'bye');
      assert.equal(await (await ask[0]('/look', cookie)).json(), null);
      assert.deepEqual(await client.keys(`${name}:*`), []);
    });

    test('all of them, counted, listed, prolonged and cleared', async () => {
      const cookie = { originalMaxAge: null };
      await Promise.all(Array.from({ length: 250 }, (_, n) => store.set(`s${n}`, { cookie, n })));
      assert.equal(await store.length(), 250);
      assert.deepEqual((await store.ids()).sort(), Array.from({ length: 250 }, (_, n) => `s${n}`).sort());
      assert.deepEqual((await store.all()).map(({ n }) => n).sort((a, b) => a - b), Array.from({ length: 250 }, (_, n) => n));
      assert.deepEqual(await store.get('s7'), { cookie, n: 7 });
      await client.expire(`${name}:s7`, 10);
      await store.touch('s7', { cookie });
      assert.ok((await client.ttl(`${name}:s7`)) > 3_500);
      await store.destroy('s7');
      assert.ok(!(await store.get('s7')));
      await store.set('gone', { cookie: { expires: new Date(Date.now() - 1_000) } });
      assert.ok(!(await store.get('gone')));
      await store.clear();
      assert.equal(await store.length(), 0);
    });
  });
}
