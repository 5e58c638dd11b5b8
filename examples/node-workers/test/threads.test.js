// Several threads and one engine, seen from outside: whichever thread answers, it knows what the others know.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { start } from '../src/main.js';

const THREADS = 3;
let site;

before(async () => {
  site = await start({ threads: THREADS });
});
after(() => site.stop());

const post = (url, path, value, cookie = '') =>
  fetch(`${url}${path}`, { method: 'POST', body: JSON.stringify(value), headers: { cookie } });

async function login(url, user) {
  const response = await post(url, '/login', { user });
  assert.equal(response.status, 200);
  return response.headers.get('set-cookie').split(';')[0];
}

/** What a browser hears of the chat, once it listens. */
async function listen(url) {
  const abort = new AbortController();
  const { body } = await fetch(`${url}/chat`, { signal: abort.signal });
  const events = events_of(body);
  for await (const { event } of events) {
    if (event === 'ready') {
      break;
    }
  }
  return {
    next: async () => JSON.parse((await events.next()).value.data),
    stop: () => abort.abort(),
  };
}

function events_of(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  return {
    async next() {
      while (!text.includes('\n\n')) {
        const { value, done } = await reader.read();
        assert.ok(!done);
        text += value;
      }
      const [block] = text.split('\n\n', 1);
      text = text.slice(block.length + 2);
      const fields = block.split('\n').map((line) => line.split(/:\s?(.*)/s).slice(0, 2));
      return { value: Object.fromEntries(fields), done: false };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

test('who logs in on one thread is known on all of them', async () => {
  const cookie = await login(site.urls[0], 'Ada');
  const threads = new Set();
  for (const [at, url] of site.urls.entries()) {
    const { user, visits, thread } = await (await fetch(`${url}/me`, { headers: { cookie } })).json();
    assert.deepEqual([user, visits], ['Ada', at + 1]);
    threads.add(thread);
  }
  assert.equal(threads.size, THREADS);
  await post(site.urls[1], '/logout', {}, cookie);
  assert.equal((await fetch(`${site.urls[2]}/me`, { headers: { cookie } })).status, 401);
});

test('what is slow is asked once, whoever wants it', async () => {
  const asked = () => Number(site.engine.get('asked') ?? 0);
  const before = asked();
  const answers = await Promise.all(Array.from({ length: 30 }, async (_, n) =>
    (await fetch(`${site.urls[n % THREADS]}/square?n=111`)).json()));
  assert.ok(answers.every(({ square }) => square === 12_321));
  assert.equal(answers.filter(({ from }) => from === 'loader').length, 1);
  assert.equal(asked() - before, 1);
  assert.equal((await (await fetch(`${site.urls[1]}/square?n=111`)).json()).from, 'cache');
  assert.equal((await fetch(`${site.urls[0]}/square?n=many`)).status, 400);
});

test('what is said on one thread is heard on all of them, in order', async () => {
  const ears = await Promise.all(site.urls.map(listen));
  const cookie = await login(site.urls[1], 'Ben');
  for (let n = 0; n < 5; n += 1) {
    const { heard } = await (await post(site.urls[n % THREADS], '/say', { text: `word ${n}` }, cookie)).json();
    assert.equal(heard, THREADS);
  }
  for (const ear of ears) {
    for (let n = 0; n < 5; n += 1) {
      const { user, text } = await ear.next();
      assert.deepEqual([user, text], ['Ben', `word ${n}`]);
    }
    ear.stop();
  }
  assert.equal((await post(site.urls[0], '/say', { text: 'x' })).status, 401);
});

test('bad requests are answered, and pages that are not there', async () => {
  const [url] = site.urls;
  assert.equal((await post(url, '/login', {})).status, 400);
  assert.equal((await fetch(`${url}/login`, { method: 'POST', body: 'no JSON' })).status, 400);
  assert.equal((await fetch(`${url}/nothing`)).status, 404);
  assert.match(await (await fetch(url)).text(), /One engine, several threads/);
});
