// Two people in two browsers on two servers, and everything the page offers them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { application, ask, browser, personAt, picture, QUICK } from './stage.js';

test('two people on different servers', { timeout: 120_000 }, async (t) => {
  const app = await application(t, QUICK);
  const chromium = await browser(t);
  const ada = await personAt(chromium, app, 'ada');
  const ben = await personAt(chromium, app, 'ben');

  await t.test('are on different servers and see each other', async () => {
    assert.deepEqual(new Set([await ada.server(), await ben.server()]), new Set(['oak', 'elm']));
    for (const [one, other, id] of [[ada, ben, 'ben'], [ben, ada, 'ada']]) {
      const entry = one.page.locator(`#people [data-person="${id}"]`);
      await entry.getByText(await other.server(), { exact: true }).waitFor();
    }
  });

  await t.test('chat in both directions', async () => {
    await ada.say('Is the bread still good?');
    await ben.reads('Is the bread still good?');
    await ben.say('Until Thursday. The larder rings a bell when it is not.');
    await ada.reads('Until Thursday.');
    await ada.say('Then soup & toast it is.');
    await ben.reads('Then soup & toast it is.');
    await ada.say('Who brings the pears?');
    await ben.reads('Who brings the pears?');
  });

  await t.test('see each other type', async () => {
    await ben.page.getByLabel('Message', { exact: true }).pressSequentially('I bring');
    await ada.page.locator('#typing', { hasText: 'Ben is typing' }).waitFor();
  });

  await t.test('both get a notification of the gateway', async () => {
    await ada.page.getByRole('button', { name: 'New key' }).click();
    await ada.page.locator('#key', { hasText: 'lk_' }).waitFor();
    await ada.page.getByLabel('Notification').fill('Dinner is ready');
    await ada.page.getByRole('button', { name: 'Notify', exact: true }).click();
    for (const { page } of [ada, ben]) await page.locator('.toast', { hasText: 'Dinner is ready' }).waitFor();
    await ada.page.locator('#quota', { hasText: '9 of 10 left' }).waitFor();
    await picture(ada.page, 'screenshot');
  });

  await t.test('the typing ends when the message is sent', async () => {
    await ben.say('I bring <b>pears</b>');
    await ada.reads('I bring <b>pears</b>');
    assert.equal(await ada.page.locator('#messages b', { hasText: 'pears' }).count(), 0, 'markup stays text');
    await ada.page.locator('#typing:empty').waitFor({ state: 'attached' });
  });

  await t.test('the key is refused beyond its rate, with the time to wait', async () => {
    const refused = ada.page.waitForResponse((response) => response.url().endsWith('/notify') && response.status() === 429);
    for (let left = 8; left >= 0; left -= 1) {
      await ada.page.getByRole('button', { name: 'Notify', exact: true }).click();
      await ada.page.locator('#quota', { hasText: `${left} of 10 left` }).waitFor();
    }
    await ada.page.getByRole('button', { name: 'Notify', exact: true }).click();
    const headers = (await refused).headers();
    assert.equal(headers['ratelimit-remaining'], '0');
    assert.ok(Number(headers['retry-after']) >= 1 && Number(headers['retry-after']) <= 60);
    await ada.page.locator('#notify-failure', { hasText: 'too many requests' }).waitFor();
  });

  await t.test('a change of topic reaches both', async () => {
    const topic = `Pears, ${Date.now()}`;
    const { status } = await ask(app, 'PUT', '/api/rooms/kitchen/topic', { token: await ben.token(), body: { topic } });
    assert.equal(status, 200);
    for (const { page } of [ada, ben]) await page.locator('#room-topic', { hasText: topic }).waitFor();
  });

  await t.test('rooms are apart', async () => {
    await ben.page.getByRole('button', { name: 'Garden' }).click();
    await ada.page.locator('#people [data-person="ben"]', { hasText: 'in Garden' }).waitFor();
    await ben.say('Quiet here');
    await ben.reads('Quiet here');
    await ben.page.getByRole('button', { name: 'Kitchen' }).click();
    await ben.reads('I bring <b>pears</b>');
    await ada.say('Still in the kitchen');
    await ben.reads('Still in the kitchen');
    assert.equal(await ada.page.locator('#messages', { hasText: 'Quiet here' }).count(), 0);
  });

  await t.test('a page that is loaded anew has its session and the history', async () => {
    await ben.page.reload();
    await ben.page.locator('#link[data-state="online"]').waitFor();
    await ben.reads('Is the bread still good?');
    await ada.page.locator('#people-count', { hasText: '2' }).waitFor();
  });

  await t.test('a revoked session is refused at once and its socket thrown out', async () => {
    const token = await ben.token();
    // Ben signs in on a second device too and ends the session of the first from there.
    const second = await personAt(chromium, app, 'ben', { viewport: { width: 390, height: 780 } });
    await picture(second.page, 'phone');
    const width = await second.page.evaluate(() => document.documentElement.scrollWidth);
    assert.equal(width, 390, 'a phone need not scroll sideways');
    const elsewhere = await second.token();
    const me = await ask(app, 'GET', '/api/me', { token });
    assert.equal(me.status, 200);
    const ended = await ask(app, 'DELETE', `/api/sessions/${me.body.id}`, { token: elsewhere });
    assert.equal(ended.status, 204);
    assert.equal((await ask(app, 'GET', '/api/me', { token })).status, 401);
    await ben.page.getByRole('alert').getByText('Your session was ended').waitFor();
    assert.equal((await ask(app, 'GET', '/api/me', { token: elsewhere })).status, 200, 'the other session stands');
    await second.page.locator('#link[data-state="online"]').waitFor();
    await second.page.getByRole('button', { name: 'Sign out' }).click();
    await second.page.getByRole('button', { name: 'Sign in' }).waitFor();
    await ada.page.locator('#people [data-person="ben"]').waitFor({ state: 'detached' });
    assert.deepEqual(second.defects, []);
  });

  await t.test('without a defect in a page', () => {
    assert.deepEqual([...ada.defects, ...ben.defects], []);
  });
});
