// Puts the application on: the cache under test, gateway and chat servers on ports the system chooses, and
// browsers in front. All of it is taken away after the test, whatever its outcome.

import { fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { REPOSITORY, startCache, stopChild } from '../src/cache-process.js';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const START = join(HERE, '../start.js');
const CHROMIUM = process.env.CHROMIUM || '/usr/bin/chromium';
const HARD_STOP_MS = 20_000;

export const QUICK = { HEARTBEAT_MS: '200', PRESENCE_TTL_MS: '2000' };

/** The Larder binary: LARDER_BIN, else what was built, else built now. */
function larderBinary() {
  if (process.env.LARDER_BIN) return process.env.LARDER_BIN;
  const target = resolve(REPOSITORY, process.env.CARGO_TARGET_DIR || 'target');
  const candidates = ['release', 'debug'].map((profile) => join(target, profile, 'larder'));
  const built = candidates.find(existsSync);
  if (built) return built;
  const { status } = spawnSync('cargo', ['build', '--release', '--bin', 'larder'], { cwd: REPOSITORY, stdio: 'inherit' });
  if (status !== 0) throw new Error('the larder binary could not be built');
  return candidates[0];
}

/**
 * Which cache is tested, as environment: REDIS_URL or REDIS_SERVER when given, else Larder. Found when this file is
 * loaded, as a build may take longer than any test is given.
 */
const CACHE = process.env.REDIS_URL || process.env.REDIS_SERVER ? {} : { LARDER_BIN: larderBinary() };

/** A cache without the application; `{ url }`. */
export async function cache(t) {
  if (process.env.REDIS_URL) return { url: process.env.REDIS_URL };
  const quiet = { info() {}, error() {} };
  const started = await startCache({ redisServer: process.env.REDIS_SERVER, larderBin: CACHE.LARDER_BIN }, quiet);
  t.after(() => stopChild(started.child));
  await started.ready();
  return { url: started.url };
}

export function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** The application; `{ cache, gateway, servers, child, pids, stop }`. Fails with what it printed. */
export async function application(t, environment = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-chat-'));
  const child = fork(START, {
    silent: true,
    env: {
      ...process.env, ...CACHE, GATEWAY_PORT: '0', OAK_PORT: '0', ELM_PORT: '0',
      DATABASE: join(folder, 'test.sqlite'), ...environment,
    },
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => { printed += data; });
  const exit = once(child, 'exit');
  const stop = async () => {
    child.kill('SIGTERM');
    // A last resort, far beyond what stopping takes; it makes the test fail, as the exit code is then not 0.
    const last = setTimeout(() => child.kill('SIGKILL'), HARD_STOP_MS);
    const [code] = await exit;
    clearTimeout(last);
    return code;
  };
  let pids = [];
  t.after(async () => {
    await stop();
    for (const pid of pids.filter(isAlive)) process.kill(pid, 'SIGKILL');
    rmSync(folder, { recursive: true, force: true });
    if (process.env.SHOW_LOG === '1') process.stdout.write(printed);
  });
  const [first] = await Promise.race([once(child, 'message'), exit.then(() => [null])]);
  if (!first) throw new Error(`the application did not start:\n${printed}`);
  const { cache: cacheFacts, gateway, servers } = first.ready;
  pids = [cacheFacts.pid, gateway.pid, ...servers.map(({ pid }) => pid)].filter(Boolean);
  return { cache: cacheFacts, gateway, servers, child, exit, pids, stop, printed: () => printed };
}

/** Asks the gateway; `{ status, headers, body }`. */
export async function ask(app, method, path, { token, key, body } = {}) {
  const response = await fetch(app.gateway.url + path, {
    method,
    headers: {
      ...(body && { 'Content-Type': 'application/json' }),
      ...(token && { Authorization: `Bearer ${token}` }),
      ...(key && { 'X-API-Key': key }),
    },
    body: body && JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text ? JSON.parse(text) : null };
}

export async function signIn(app, user) {
  const { status, body } = await ask(app, 'POST', '/api/sessions', { body: { user, password: 'larder' } });
  if (status !== 201) throw new Error(`${user} could not sign in: ${status} ${JSON.stringify(body)}`);
  return body;
}

export async function browser(t) {
  if (!existsSync(CHROMIUM)) {
    throw new Error(`no browser at ${CHROMIUM}: apt-get install chromium, or name one in CHROMIUM`);
  }
  const launched = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] });
  t.after(() => launched.close());
  return launched;
}

/** One person at a page of their own, signed in and in a room; what the page logs as an error is collected. */
export async function personAt(launched, app, user, { viewport = { width: 1280, height: 800 } } = {}) {
  const context = await launched.newContext({ viewport });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const defects = [];
  page.on('pageerror', (error) => defects.push(error.message));
  await page.goto(app.gateway.url);
  await page.getByLabel('Name').fill(user);
  await page.getByLabel('Password').fill('larder');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.locator('#link[data-state="online"]').waitFor();
  // On a small screen the list is in a closed drawer: there, but not visible.
  await page.locator(`#people [data-person="${user}"]`).waitFor({ state: 'attached' });
  const server = () => page.locator('#link').getAttribute('data-server');
  const say = async (text) => {
    await page.getByLabel('Message', { exact: true }).fill(text);
    await page.getByRole('button', { name: 'Send', exact: true }).click();
  };
  /** Waits until the confirmed message stands in the conversation. */
  const reads = (text) => page.locator('#messages li:not(.pending) .text', { hasText: text }).waitFor();
  const token = () => page.evaluate(() => sessionStorage.getItem('gateway-chat-token'));
  return { page, context, defects, server, say, reads, token };
}

/** Keeps a picture: in the documentation when that is asked for, else among the things not committed. */
export async function picture(page, name) {
  const update = process.env.UPDATE_SCREENSHOT === '1' && name === 'screenshot';
  const folder = join(HERE, update ? '../docs' : 'artifacts');
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), animations: 'disabled' });
}

/** Asks again until `probe` answers something true; the limit is for a test that would otherwise hang. */
export async function until(what, probe, limitMs = 15_000) {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const answer = await probe();
    if (answer) return answer;
    if (performance.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => { setImmediate(resolve); });
  }
}
