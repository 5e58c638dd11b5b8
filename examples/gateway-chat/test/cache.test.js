// The parts that make the cache worth having, each against the cache itself and with no application around:
// two "processes" are two sets of objects with connections of their own.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { test } from 'node:test';
import jwt from 'jsonwebtoken';
import { History } from '../src/chat/history.js';
import { connect } from '../src/cache-client.js';
import { RateLimiter } from '../src/gateway/rate-limit.js';
import { NearCache } from '../src/near-cache.js';
import { Notices } from '../src/notices.js';
import { ReadThrough } from '../src/read-through.js';
import { Roll } from '../src/roll.js';
import { NotSignedIn, Sessions } from '../src/sessions.js';
import { cache as startCache, until } from './stage.js';

const quiet = { info() {}, error() {} };
const ADA = { id: 'ada', name: 'Ada', colour: '#2f7d5b' };

test('the cache', { timeout: 60_000 }, async (t) => {
  const { url } = await startCache(t);
  const clients = [];
  t.after(() => clients.forEach((client) => client.disconnect()));

  const client = () => {
    const made = connect(url, { name: 'test', temper: 'brisk', log: quiet });
    clients.push(made);
    return made;
  };
  /** What a process of its own would have. */
  const process = async () => {
    const cache = client();
    const notices = new Notices(cache, { name: 'test-notices', log: quiet });
    clients.push({ disconnect: () => notices.close() });
    await notices.ready();
    return { cache, notices };
  };
  const readThrough = ({ cache, notices }, kind, load) => (
    new ReadThrough({ cache, notices, kind, load, ttlMs: 60_000, nearTtlMs: 60_000, log: quiet })
  );
  const fresh = (noun) => `${noun}-${randomUUID()}`;

  await t.test('a crowd that asks at once costs one read of the database', async () => {
    let loads = 0;
    const rooms = readThrough(await process(), fresh('room'), async (id) => { loads += 1; return { id }; });
    const answers = await Promise.all(Array.from({ length: 200 }, () => rooms.get('a')));
    assert.equal(loads, 1);
    assert.ok(answers.every(({ value }) => value.id === 'a'));
    assert.equal((await rooms.get('a')).from, 'near');
  });

  await t.test('another process finds it in the cache, with a TTL; what is absent is remembered too', async () => {
    const kind = fresh('room');
    const [one, other] = [await process(), await process()];
    let loads = 0;
    const load = (id) => { loads += 1; return id === 'there' ? { id } : null; };
    for (const id of ['there', 'absent']) {
      assert.equal((await readThrough(one, kind, load).get(id)).from, 'database');
      assert.equal((await readThrough(other, kind, load).get(id)).from, 'cache');
    }
    assert.equal(loads, 2);
    const [there, absent] = await Promise.all(['there', 'absent'].map((id) => one.cache.pttl(`${kind}:${id}`)));
    assert.ok(there > 10_000 && there <= 60_000, `${there}`);
    assert.ok(absent > 0 && absent <= 10_000, `${absent}`);
  });

  await t.test('a change drops the copies of the other processes at once', async () => {
    const kind = fresh('key');
    const [one, other] = [await process(), await process()];
    const [here, there] = [one, other].map((each) => readThrough(each, kind, () => 'old'));
    await there.get('a');
    assert.equal((await there.get('a')).from, 'near');
    const told = once(other.notices, `changed:${kind}`);
    await here.changed('a', null);
    assert.equal((await here.get('a')).value, null, 'whoever makes the change sees it at once');
    await told;
    assert.deepEqual(await there.get('a'), { value: null, from: 'cache' });
  });

  await t.test('a slow reader cannot bring back what was changed meanwhile', async () => {
    const kind = fresh('key');
    const [one, other] = [await process(), await process()];
    let release;
    const reading = new Promise((resolve) => { release = resolve; });
    const slow = readThrough(one, kind, () => reading);
    const answer = slow.get('a');
    await readThrough(other, kind, () => assert.fail('not read')).changed('a', 'new');
    release('old');
    assert.equal((await answer).value, 'new');
    assert.equal((await readThrough(await process(), kind, () => assert.fail('not read')).get('a')).value, 'new');
  });

  await t.test('without the cache the database answers, and no copy is kept', async () => {
    const { cache, notices } = await process();
    const broken = connect(url, { name: 'broken', temper: 'brisk', log: quiet, lazyConnect: true, enableOfflineQueue: false });
    clients.push(broken);
    let loads = 0;
    const load = () => { loads += 1; return loads; };
    const rooms = readThrough({ cache: broken, notices }, fresh('room'), load);
    assert.deepEqual(await rooms.get('a'), { value: 1, from: 'database' });
    assert.deepEqual(await rooms.get('a'), { value: 2, from: 'database' });
    assert.equal(await cache.ping(), 'PONG');
  });

  await t.test('copies are not trusted while notices cannot arrive', async () => {
    const { cache, notices } = await process();
    const near = new NearCache({ notices, kind: 'thing', ttlMs: 60_000 });
    const get = () => near.get('a', async () => ({ value: 1, from: 'cache' }));
    await get();
    assert.equal((await get()).from, 'near');
    const lost = once(notices, 'lost');
    const ids = (await cache.client('LIST', 'TYPE', 'pubsub')).split('\n').filter((line) => line.includes('name=test-notices'));
    for (const line of ids) await cache.client('KILL', 'ID', line.match(/id=(\d+)/)[1]);
    await lost;
    assert.equal((await get()).from, 'cache');
    await notices.ready();
    await get();
    assert.equal((await get()).from, 'near');
  });

  await t.test('a revoked session is refused everywhere, a forged one never accepted', async () => {
    const [one, other] = [await process(), await process()];
    const secret = 'not a secret';
    const [here, there] = [one, other].map((each) => (
      new Sessions({ ...each, secret, ttlMs: 60_000, nearTtlMs: 60_000 })
    ));
    const { token, session } = await here.start(ADA, 'a test');
    assert.deepEqual(await there.of(token), session);
    assert.ok((await here.list('ada')).some(({ id }) => id === session.id));
    const told = once(other.notices, 'changed:session');
    await here.revoke(session);
    await assert.rejects(here.of(token), NotSignedIn);
    await told;
    await assert.rejects(there.of(token), NotSignedIn);
    assert.ok(!(await here.list('ada')).some(({ id }) => id === session.id));

    const { session: open } = await here.start(ADA, 'a test');
    const claims = { iss: 'gateway-chat', sub: 'ada', jti: open.id };
    for (const forged of [
      undefined, '', 'x.y.z', jwt.sign(claims, 'another secret'), jwt.sign(claims, null, { algorithm: 'none' }),
      jwt.sign({ ...claims, sub: 'ben' }, secret), jwt.sign({ ...claims, exp: 1 }, secret),
      jwt.sign({ ...claims, iss: 'somebody' }, secret),
    ]) await assert.rejects(here.of(forged), NotSignedIn);
    assert.equal((await here.of(jwt.sign(claims, secret))).id, open.id, 'the same claims, well signed, are accepted');
  });

  await t.test('a session ends by itself', async () => {
    const sessions = new Sessions({ ...(await process()), secret: 's', ttlMs: 50, nearTtlMs: 60_000 });
    const { token, session } = await sessions.start({ ...ADA, id: fresh('ada') }, 'a test');
    await until('the session has ended', async () => (await sessions.find(session.id)) === null);
    await assert.rejects(sessions.of(token), NotSignedIn);
  });

  await t.test('a limit counts for all, and its window is not moved by use', async () => {
    const [one, other] = [client(), client()].map((cache) => new RateLimiter({ cache, windowMs: 60_000 }));
    const id = fresh('limit');
    const taken = [];
    for (const limiter of [one, other, one, other]) taken.push(await limiter.take(id, 3));
    assert.deepEqual(taken.map(({ allowed }) => allowed), [true, true, true, false]);
    assert.deepEqual(taken.map(({ remaining }) => remaining), [2, 1, 0, 0]);
    const first = taken[0].resetMs;
    assert.ok(first > 0 && first <= 60_000, `${first}`);
    await until('the window has grown shorter by use', async () => (await one.take(id, 3)).resetMs <= first - 20);
  });

  await t.test('a new window begins when the old one has passed', async () => {
    const limiter = new RateLimiter({ cache: client(), windowMs: 100 });
    const id = fresh('limit');
    await limiter.take(id, 1);
    await until('one is refused', async () => !(await limiter.take(id, 1)).allowed);
    await until('one is allowed again', async () => (await limiter.take(id, 1)).allowed);
  });

  await t.test('who stops keeping an entry alive drops off the roll', async () => {
    const cache = client();
    const name = fresh('roll');
    const roll = new Roll(cache, name, 300);
    await roll.keep(new Map([['killed', { n: 1 }], ['alive', { n: 2 }], ['left', { n: 3 }]]));
    assert.deepEqual(await roll.list(), [{ id: 'alive', n: 2 }, { id: 'killed', n: 1 }, { id: 'left', n: 3 }]);
    await roll.leave(['left']);
    await until('only the one that is kept is listed', async () => {
      await roll.keep(new Map([['alive', { n: 2 }]]));
      return JSON.stringify(await roll.list()) === '[{"id":"alive","n":2}]';
    });
    await until('what was left behind is removed', async () => {
      await roll.keep(new Map([['alive', { n: 2 }]]));
      await roll.list();
      return (await cache.hlen(`roll:${name}:records`)) === 1;
    });
    await until('the roll itself expires', async () => (await cache.exists(`roll:${name}:records`)) === 0);
  });

  await t.test('a room keeps its last messages, in order', async () => {
    const history = new History({ cache: client(), lenMax: 5 });
    const room = fresh('room');
    const added = await Promise.all(Array.from({ length: 12 }, (_, n) => history.add(room, { n })));
    assert.deepEqual(added.map(({ seq }) => seq), Array.from({ length: 12 }, (_, n) => n + 1));
    assert.equal((await history.since(room)).length, 5);
    const later = await history.add(room, { n: 'last' });
    assert.deepEqual(await history.since(room, 12), [later]);
    assert.deepEqual(await history.since(room, 13), []);
  });
});
