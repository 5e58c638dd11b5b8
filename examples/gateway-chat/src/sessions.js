// Who is signed in. A token is a signed claim, and the session behind it is a key in the cache with a TTL:
// the signature proves who it was issued to, the key that it has not been revoked. Gateway and chat servers
// share this file, so both refuse a revoked token at once.

import { randomUUID } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { transaction } from './cache-client.js';
import { NearCache } from './near-cache.js';
import { notice } from './notices.js';

const ISSUER = 'gateway-chat';
const KIND = 'session';

/** The token is no good, whatever the reason: those who present one need not know which. */
export class NotSignedIn extends Error {
  constructor() {
    super('you are not signed in, or your session has ended');
  }
}

export class Sessions {
  #cache;
  #near;
  #secret;
  #ttlMs;

  constructor({ cache, notices, secret, ttlMs, nearTtlMs }) {
    this.#cache = cache;
    this.#near = new NearCache({ notices, kind: KIND, ttlMs: nearTtlMs });
    this.#secret = secret;
    this.#ttlMs = ttlMs;
  }

  /** Starts a session for `{ id, name, colour }`; answers the token and its session. */
  async start(person, device) {
    const session = {
      id: randomUUID(), person, device, startedAt: Date.now(), endsAt: Date.now() + this.#ttlMs,
    };
    await transaction(this.#cache, [
      ['set', `${KIND}:${session.id}`, JSON.stringify(session), 'PX', this.#ttlMs],
      ['zadd', `sessions:${person.id}`, session.endsAt, session.id],
      ['pexpire', `sessions:${person.id}`, this.#ttlMs],
    ]);
    const claims = { exp: Math.ceil(session.endsAt / 1000) };
    const token = jwt.sign(claims, this.#secret, {
      algorithm: 'HS256', issuer: ISSUER, subject: person.id, jwtid: session.id,
    });
    return { token, session };
  }

  /** The session of a token, or throws `NotSignedIn`. */
  async of(token) {
    let claims;
    try {
      claims = jwt.verify(token, this.#secret, { algorithms: ['HS256'], issuer: ISSUER });
    } catch {
      throw new NotSignedIn();
    }
    const session = await this.find(claims.jti);
    if (!session || session.person.id !== claims.sub) throw new NotSignedIn();
    return session;
  }

  /** The session with this id while it lasts, else null. */
  async find(id) {
    const { value } = await this.#near.get(id, async () => {
      const kept = await this.#cache.get(`${KIND}:${id}`);
      return { value: kept && JSON.parse(kept), from: 'cache' };
    });
    return value && value.endsAt > Date.now() ? value : null;
  }

  /** The sessions of one person, oldest first. */
  async list(personId) {
    const index = `sessions:${personId}`;
    const [, ids] = await transaction(this.#cache, [
      ['zremrangebyscore', index, '-inf', Date.now()],
      ['zrange', index, 0, -1],
    ]);
    if (ids.length === 0) return [];
    const kept = await this.#cache.mget(ids.map((id) => `${KIND}:${id}`));
    return kept.filter(Boolean).map((text) => JSON.parse(text));
  }

  /** Ends a session everywhere; by the time this returns, this process refuses it. */
  async revoke(session) {
    await transaction(this.#cache, [
      ['del', `${KIND}:${session.id}`],
      ['zrem', `sessions:${session.person.id}`, session.id],
      notice(KIND, session.id),
    ]);
    this.#near.drop(session.id);
  }
}

/** Calls `listener(sessionId)` when a session is revoked anywhere. */
export const onRevoked = (notices, listener) => notices.onChange(KIND, listener);
