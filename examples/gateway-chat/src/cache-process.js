// The cache as a child process: which program, on which port, and when it answers. That it answers is learned
// by asking it (PING), not from what it prints.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { listen } from './service.js';
import { HOST } from './settings.js';

export const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url));
const STOP_MS_MAX = 5_000;

/** A port that was free a moment ago. */
async function freePort() {
  const server = createServer();
  const port = await listen(server, HOST, 0);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The program, its arguments, and how long it may take until it answers. */
export function cacheCommand({ larderBin, redisServer }, port) {
  if (redisServer) {
    const words = ['--port', port, '--bind', HOST, '--save', '', '--appendonly', 'no'];
    return { program: redisServer, words: words.map(String), readyMsMax: 10_000 };
  }
  if (larderBin) return { program: larderBin, words: ['serve', '--port', String(port)], readyMsMax: 10_000 };
  const words = ['run', '--release', '--bin', 'larder', '--', 'serve', '--port', String(port)];
  // The first time, this compiles.
  return { program: 'cargo', words, readyMsMax: 20 * 60_000 };
}

async function answers(url) {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: null, connectTimeout: 1_000, commandTimeout: 1_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    return (await client.ping()) === 'PONG';
  } catch {
    return false;
  } finally {
    client.disconnect();
  }
}

/** Starts the cache; `{ url, child, ready }`, where `ready` waits until it answers. */
export async function startCache(set, log) {
  const port = set.cachePort || (await freePort());
  const { program, words, readyMsMax } = cacheCommand(set, port);
  log.info(`starting ${program} ${words.join(' ')}`);
  // In a process group of its own: Ctrl-C in a terminal must not end it before those who still use it.
  const child = spawn(program, words, { cwd: REPOSITORY, detached: true, stdio: ['ignore', 'ignore', 'inherit'] });
  let ended = null;
  child.once('error', (error) => { ended = `${program} cannot be started: ${error.message}`; });
  child.once('exit', (code, signal) => { ended ??= `${program} ended with ${signal ?? `code ${code}`}`; });

  const url = `redis://${HOST}:${port}`;
  const ready = async () => {
    const deadline = Date.now() + readyMsMax;
    while (!(await answers(url))) {
      if (ended) throw new Error(ended);
      if (Date.now() > deadline) throw new Error(`${program} did not answer on ${url} within ${readyMsMax} ms`);
      await pause(30);
    }
    // Something answers: if ours has ended, it is a stranger.
    if (ended) throw new Error(`${ended}, and another program answers on port ${port}`);
    log.info(`the cache answers on ${url}`);
  };
  return { url, child, ready };
}

/**
 * SIGTERM, and SIGKILL to one that does not heed it; returns when it has ended. The child was started detached, so
 * this reaches its whole group: a cargo that is still compiling has children too.
 */
export async function stopChild(child) {
  // One that could not be started at all has no process id.
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  const send = (signal) => {
    try {
      process.kill(-child.pid, signal);
    } catch (error) {
      if (error.code !== 'ESRCH') throw error;
    }
  };
  send('SIGTERM');
  const last = setTimeout(send, STOP_MS_MAX, 'SIGKILL');
  await exit;
  clearTimeout(last);
}
