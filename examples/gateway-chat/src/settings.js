// Everything that can be set, read from the environment once. A value that makes no sense stops the program
// with its name, because a gateway on a guessed port or with a guessed secret is worse than none.

import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';

/** Only this machine: what is shown here has demo passwords. */
export const HOST = '127.0.0.1';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

function number(env, name, otherwise, { min, max }) {
  const text = env[name];
  if (text === undefined || text === '') return otherwise;
  const value = Number(text);
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new Error(`${name} must be a whole number from ${min} to ${max}, not '${text}'`);
  }
  return value;
}

const port = (env, name, otherwise) => number(env, name, otherwise, { min: 0, max: 65535 });
const duration = (env, name, otherwise) => number(env, name, otherwise, { min: 1, max: 86_400_000 });

/** The settings of the whole application; a port of 0 lets the system choose one. */
export function settings(env = process.env) {
  const heartbeatMs = duration(env, 'HEARTBEAT_MS', 3_000);
  const presenceTtlMs = duration(env, 'PRESENCE_TTL_MS', 10_000);
  if (presenceTtlMs < 2 * heartbeatMs) {
    throw new Error('PRESENCE_TTL_MS must be at least twice HEARTBEAT_MS, or people vanish between two heartbeats');
  }
  return {
    redisUrl: env.REDIS_URL || null,
    larderBin: env.LARDER_BIN || null,
    redisServer: env.REDIS_SERVER || null,
    cachePort: port(env, 'CACHE_PORT', 0),
    gatewayPort: port(env, 'GATEWAY_PORT', 4000),
    chatServers: [
      { name: 'oak', port: port(env, 'OAK_PORT', 4001) },
      { name: 'elm', port: port(env, 'ELM_PORT', 4002) },
    ],
    database: env.DATABASE || `${ROOT}data/gateway-chat.sqlite`,
    // Made anew at each start unless it is given: nobody can forge a token with a secret read in the repository.
    jwtSecret: env.JWT_SECRET || randomBytes(32).toString('base64url'),
    sessionTtlMs: duration(env, 'SESSION_TTL_MS', 8 * 3_600_000),
    cacheTtlMs: duration(env, 'CACHE_TTL_MS', 60_000),
    nearTtlMs: duration(env, 'NEAR_TTL_MS', 5_000),
    rateLimit: number(env, 'RATE_LIMIT', 10, { min: 1, max: 1_000_000 }),
    rateWindowMs: duration(env, 'RATE_WINDOW_MS', 60_000),
    historyLen: number(env, 'HISTORY_LEN', 200, { min: 1, max: 10_000 }),
    heartbeatMs,
    presenceTtlMs,
  };
}

/** The name and port that the starter gave to one chat server, and the origins its pages come from. */
export function chatSettings(env = process.env) {
  if (!env.CHAT_NAME) throw new Error('CHAT_NAME is missing: each chat server needs a name of its own');
  return {
    name: env.CHAT_NAME,
    port: port(env, 'CHAT_PORT', 0),
    origins: (env.PAGE_ORIGINS || `http://${HOST}:4000,http://localhost:4000`).split(','),
  };
}
