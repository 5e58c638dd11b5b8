// The gateway as its callers see it, without a browser, and the start and stop of the whole.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { io } from 'socket.io-client';
import { application, ask, isAlive, QUICK, signIn, until } from './stage.js';

test('the gateway', { timeout: 60_000 }, async (t) => {
  const app = await application(t, QUICK);
  const { token } = await signIn(app, 'dan');

  await t.test('says what is wrong with a request', async () => {
    const cases = [
      ['GET', '/api/me', {}, 401], ['GET', '/api/me', { token: 'x' }, 401], ['GET', '/api/nothing', { token }, 404],
      ['POST', '/api/sessions', { body: { user: 'dan', password: 'wrong' } }, 401],
      ['POST', '/api/sessions', { body: { user: 'nobody', password: 'larder' } }, 401],
      ['POST', '/api/sessions', { body: { user: 7 } }, 400], ['POST', '/api/keys', { token, body: {} }, 400],
      ['GET', '/api/rooms/cellar', { token }, 404], ['DELETE', '/api/sessions/none', { token }, 404],
      ['DELETE', '/api/keys/none', { token }, 404], ['POST', '/notify', { body: { text: 'x' } }, 401],
      ['POST', '/notify', { key: 'lk_wrong', body: { text: 'x' } }, 401],
      ['PUT', '/api/rooms/pantry/topic', { token, body: { topic: 'x'.repeat(121) } }, 400],
    ];
    for (const [method, path, request, expected] of cases) {
      const { status, body } = await ask(app, method, path, request);
      assert.equal(status, expected, `${method} ${path} ${JSON.stringify(request)}`);
      assert.equal(typeof body.error, 'string');
    }
  });

  await t.test('reads a room from the database once, then from its copy', async () => {
    await ask(app, 'GET', '/api/rooms/pantry', { token });
    const before = (await ask(app, 'GET', '/api/stats', { token })).body.databaseReads;
    const answers = await Promise.all(Array.from({ length: 50 }, () => ask(app, 'GET', '/api/rooms/pantry', { token })));
    assert.ok(answers.every(({ status, headers }) => status === 200 && headers.get('x-cache') !== 'database'));
    assert.equal((await ask(app, 'GET', '/api/stats', { token })).body.databaseReads, before);
  });

  await t.test('refuses a revoked key at once', async () => {
    const { body: made } = await ask(app, 'POST', '/api/keys', { token, body: { name: 'oven' } });
    const notify = () => ask(app, 'POST', '/notify', { key: made.key, body: { text: 'ding' } });
    assert.equal((await notify()).status, 202);
    assert.equal((await notify()).headers.get('x-cache'), 'near');
    const stranger = await signIn(app, 'cleo');
    assert.equal((await ask(app, 'DELETE', `/api/keys/${made.id}`, { token: stranger.token })).status, 404);
    assert.equal((await ask(app, 'DELETE', `/api/keys/${made.id}`, { token })).status, 204);
    assert.equal((await notify()).status, 401);
    assert.ok(!(await ask(app, 'GET', '/api/keys', { token })).body.some(({ id }) => id === made.id));
  });

  await t.test('limits each key by itself and says so in headers', async () => {
    const keys = await Promise.all(['first', 'second'].map((name) => (
      ask(app, 'POST', '/api/keys', { token, body: { name } })
    )));
    const [first, second] = keys.map(({ body }) => body.key);
    const statuses = [];
    let last;
    for (let n = 0; n < 11; n += 1) {
      last = await ask(app, 'POST', '/notify', { key: first, body: { text: `${n}` } });
      statuses.push(last.status);
    }
    assert.deepEqual(statuses, [...Array(10).fill(202), 429]);
    assert.equal(last.headers.get('ratelimit-limit'), '10');
    assert.equal(last.headers.get('ratelimit-remaining'), '0');
    const wait = Number(last.headers.get('retry-after'));
    assert.ok(wait >= 1 && wait <= 60);
    assert.equal(last.headers.get('ratelimit-reset'), String(wait));
    assert.equal((await ask(app, 'POST', '/notify', { key: second, body: { text: 'other' } })).status, 202);
  });

  await t.test('chat servers let nobody in without a session', async () => {
    for (const bad of [undefined, 'x.y.z']) {
      const socket = io(app.servers[0].url, { auth: { token: bad }, transports: ['websocket'], reconnection: false });
      const [error] = await once(socket, 'connect_error');
      assert.equal(error.data.code, 'not-signed-in');
      socket.disconnect();
    }
  });

  await t.test('a socket is thrown out when its session is revoked', async () => {
    const { token: other, session } = await signIn(app, 'dan');
    const sockets = app.servers.map(({ url }) => io(url, { auth: { token: other }, transports: ['websocket'], reconnection: false }));
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    const ended = sockets.map((socket) => Promise.all([once(socket, 'session-ended'), once(socket, 'disconnect')]));
    assert.equal((await ask(app, 'DELETE', `/api/sessions/${session.id}`, { token })).status, 204);
    await Promise.all(ended);
  });

  await t.test('a socket says nothing where it has not joined', async () => {
    const socket = io(app.servers[0].url, { auth: { token }, transports: ['websocket'], reconnection: false });
    t.after(() => socket.disconnect());
    await once(socket, 'connect');
    const send = (event, body) => socket.timeout(10_000).emitWithAck(event, body);
    const id = crypto.randomUUID();
    assert.equal((await send('say', { id, room: 'kitchen', text: 'x' })).ok, false);
    assert.equal((await send('join', { room: 'cellar' })).ok, false);
    assert.equal((await send('join', null)).ok, false);
    assert.equal((await send('join', { room: 'pantry' })).ok, true);
    for (const bad of [
      { id, room: 'kitchen', text: 'x' }, { id: 'short', room: 'pantry', text: 'x' }, { id, room: 'pantry', text: ' ' },
      { id, room: 'pantry', text: 'x'.repeat(2_001) }, undefined,
    ]) assert.equal((await send('say', bad)).ok, false, JSON.stringify(bad));
    assert.equal((await send('say', { id, room: 'pantry', text: 'x' })).ok, true);
  });
});

test('everything stops in order when it is told to', { timeout: 60_000 }, async (t) => {
  const app = await application(t, QUICK);
  const { token } = await signIn(app, 'ada');
  const socket = io(app.servers[0].url, { auth: { token }, transports: ['websocket'], reconnection: false });
  await once(socket, 'connect');
  const gone = once(socket, 'disconnect');
  assert.equal(await app.stop(), 0, app.printed());
  await gone;
  assert.deepEqual(app.pids.filter(isAlive), []);
});

for (const vital of ['gateway', 'cache']) {
  test(`the ${vital} being gone ends the rest, with an exit code`, { timeout: 60_000 }, async (t) => {
    const app = await application(t, QUICK);
    if (!app[vital].pid) return t.skip('the cache is not ours');
    process.kill(app[vital].pid, 'SIGKILL');
    assert.deepEqual(await app.exit, [1, null]);
    assert.match(app.printed(), new RegExp(`the ${vital} ended \\(SIGKILL\\)`));
    assert.deepEqual(app.pids.filter(isAlive), []);
  });
}

test('without its starter nothing of ours stays', { timeout: 60_000 }, async (t) => {
  const app = await application(t, QUICK);
  const ours = [app.gateway, ...app.servers].map(({ pid }) => pid);
  app.child.kill('SIGKILL');
  await app.exit;
  await until('gateway and chat servers have stopped', () => !ours.some(isAlive));
});

test('a port that is taken is named, and nothing stays behind', { timeout: 60_000 }, async (t) => {
  const squatter = createServer().listen(0, '127.0.0.1');
  t.after(() => squatter.close());
  await once(squatter, 'listening');
  const { port } = squatter.address();
  await assert.rejects(application(t, { ...QUICK, OAK_PORT: String(port) }), (error) => {
    assert.match(error.message, new RegExp(`port ${port} of 127.0.0.1 is taken`));
    assert.match(error.message, /everything is stopped/);
    return true;
  });
});
