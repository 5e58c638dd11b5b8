// Connections to the cache. Two tempers: a *brisk* one gives up soon, so that a request is answered with an
// error (or from the database) instead of hanging; a *patient* one keeps what it was given until the cache is
// back, which is what the Socket.IO adapter needs, since nobody looks at the outcome of its publishing.

import { Redis } from 'ioredis';

const TEMPERS = {
  brisk: { maxRetriesPerRequest: 1, commandTimeout: 3_000 },
  patient: { maxRetriesPerRequest: null },
};

export function connect(url, { name, temper, log, ...options }) {
  const client = new Redis(url, {
    connectionName: name,
    retryStrategy: (attempt) => Math.min(25 * 2 ** Math.min(attempt, 10), 1_000),
    ...TEMPERS[temper],
    ...options,
  });
  return watch(client, name, log);
}

/** A second connection like this one, watched too: a subscriber cannot send other commands in RESP2. */
export function duplicate(client, name, log, options) {
  return watch(client.duplicate({ connectionName: name, ...options }), name, log);
}

/** Reports an outage once and its end once, however many attempts lie between them. */
function watch(client, name, log) {
  let away = false;
  client.on('error', (error) => {
    if (!away) log.error(`${name}: the cache cannot be reached`, error);
    away = true;
  });
  client.on('ready', () => {
    if (away) log.info(`${name}: the cache is back`);
    away = false;
  });
  return client;
}

/** Runs the commands as one transaction; each outcome of its own, or the first error of any of them. */
export async function transaction(client, commands) {
  const outcomes = await client.multi(commands).exec();
  return outcomes.map(([error, value]) => {
    if (error) throw error;
    return value;
  });
}
