// One chat server is killed without a word. The rest goes on, its pages move, and what it left behind expires.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { io } from 'socket.io-client';
import { application, ask, browser, personAt, QUICK, signIn, until } from './stage.js';

/** Somebody who does not come back: present by a bare socket that does not reconnect. */
async function visitor(t, app, user, server) {
  const { token } = await signIn(app, user);
  const socket = io(server.url, { auth: { token }, transports: ['websocket'], reconnection: false });
  t.after(() => socket.disconnect());
  await once(socket, 'connect');
  const joined = await socket.timeout(10_000).emitWithAck('join', { room: 'kitchen' });
  assert.equal(joined.ok, true);
  return socket;
}

test('a chat server is killed', { timeout: 120_000 }, async (t) => {
  const app = await application(t, QUICK);
  const chromium = await browser(t);
  const ada = await personAt(chromium, app, 'ada');
  const ben = await personAt(chromium, app, 'ben');
  const [living, dying] = [await ada.server(), await ben.server()];
  assert.notEqual(living, dying);
  const victim = app.servers.find(({ name }) => name === dying);
  const cleo = await visitor(t, app, 'cleo', victim);
  await ada.page.locator('#people [data-person="cleo"]').waitFor();
  await ada.say('before');
  await ben.reads('before');

  const cleoGone = once(cleo, 'disconnect');
  process.kill(victim.pid, 'SIGKILL');
  await cleoGone;

  await t.test('the other page goes on', async () => {
    await ada.say('meanwhile');
    await ada.reads('meanwhile');
    assert.equal(await ada.server(), living);
  });

  await t.test('its page moves to the other server and misses nothing', async () => {
    await ben.page.locator(`#link[data-server="${living}"]`).waitFor();
    await ben.reads('meanwhile');
    await ben.say('here again');
    await ada.reads('here again');
    await ada.say('welcome back');
    await ben.reads('welcome back');
    const texts = await ben.page.locator('#messages .text').allTextContents();
    assert.deepEqual(texts.slice(-4), ['before', 'meanwhile', 'here again', 'welcome back']);
  });

  await t.test('presence corrects itself', async () => {
    await ada.page.locator('#people [data-person="cleo"]').waitFor({ state: 'detached' });
    const bens = ada.page.locator('#people [data-person="ben"] .server');
    await ada.page.locator('#people [data-person="ben"]').waitFor();
    await until('only the living server is shown for Ben', async () => (
      JSON.stringify(await bens.allTextContents()) === JSON.stringify([living])
    ));
  });

  await t.test('the gateway no longer offers it and still notifies all', async () => {
    const token = await ada.token();
    await until('one server is offered', async () => {
      const { body } = await ask(app, 'GET', '/api/servers', { token });
      return body.length === 1 && body[0].name === living;
    });
    const { status } = await ask(app, 'POST', '/notify', { key: 'lk_demo_larder', body: { text: 'One server less' } });
    assert.equal(status, 202);
    for (const { page } of [ada, ben]) await page.locator('.toast', { hasText: 'One server less' }).waitFor();
  });

  await t.test('without a defect in a page', () => {
    assert.deepEqual([...ada.defects, ...ben.defects], []);
  });
});
