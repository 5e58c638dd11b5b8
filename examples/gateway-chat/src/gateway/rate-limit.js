// So many requests in a window, counted in the cache and therefore together for all gateways. One transaction:
// count, give a new counter its deadline (`NX`: an old one keeps the one it has), and ask for it. A counter
// can never be left without a deadline, not even by a crash between two commands.

import { transaction } from '../cache-client.js';

export class RateLimiter {
  #cache;
  #windowMs;

  constructor({ cache, windowMs }) {
    this.#cache = cache;
    this.#windowMs = windowMs;
  }

  /** Counts one request of `id`; `{ allowed, limit, remaining, resetMs }`. */
  async take(id, limit) {
    const key = `limit:${id}`;
    const [count, , resetMs] = await transaction(this.#cache, [
      ['incr', key],
      ['pexpire', key, this.#windowMs, 'NX'],
      ['pttl', key],
    ]);
    return { allowed: count <= limit, limit, remaining: Math.max(0, limit - count), resetMs: Math.max(0, resetMs) };
  }
}

/** Express middleware: `identify(req)` answers `{ id, limit }`. Says in headers how much is left. */
export function limited(limiter, identify) {
  return async (req, res, next) => {
    const { id, limit } = identify(req);
    const { allowed, remaining, resetMs } = await limiter.take(id, limit);
    const resetSeconds = Math.ceil(resetMs / 1000);
    res.set({ 'RateLimit-Limit': limit, 'RateLimit-Remaining': remaining, 'RateLimit-Reset': resetSeconds });
    if (allowed) return next();
    res.set('Retry-After', Math.max(1, resetSeconds));
    res.status(429).json({ error: `too many requests: ${limit} in a window, try again in ${resetSeconds} s` });
  };
}
