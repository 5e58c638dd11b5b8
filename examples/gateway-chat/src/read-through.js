// Cache-aside reads: the process's own copy, else the cache, else the database, which is asked once however
// many ask at the same time. What is not there is remembered too, for a shorter time, so that guessing at
// names does not reach the database.
//
// A change is written to the database first and through to the cache after it, and a loader only fills a hole
// (`SET … NX`). So a loader that read the row before the change can never put the old value over the new one.

import { transaction } from './cache-client.js';
import { NearCache } from './near-cache.js';
import { notice } from './notices.js';

export class ReadThrough {
  #cache;
  #kind;
  #load;
  #ttlMs;
  #absentTtlMs;
  #near;
  #log;

  /** `load(id)` reads the database and answers null for what is not there. */
  constructor({ cache, notices, kind, load, ttlMs, nearTtlMs, log }) {
    this.#cache = cache;
    this.#kind = kind;
    this.#load = load;
    this.#ttlMs = ttlMs;
    this.#absentTtlMs = Math.ceil(ttlMs / 6);
    this.#near = new NearCache({ notices, kind, ttlMs: nearTtlMs });
    this.#log = log;
  }

  #key(id) {
    return `${this.#kind}:${id}`;
  }

  #ttl(value) {
    return value === null ? this.#absentTtlMs : this.#ttlMs;
  }

  /** `{ value, from }`, where `from` is near, cache or database. */
  get(id) {
    return this.#near.get(id, () => this.#fetch(id));
  }

  async #fetch(id) {
    try {
      const kept = await this.#cache.get(this.#key(id));
      if (kept !== null) return { value: JSON.parse(kept), from: 'cache' };
    } catch (error) {
      this.#log.error(`${this.#key(id)} is read from the database, the cache failed`, error);
      return { value: await this.#load(id), from: 'database', keep: false };
    }
    const value = await this.#load(id);
    return (await this.#fill(id, value)) ?? { value, from: 'database' };
  }

  /** Fills the hole in the cache; if somebody was faster, theirs is the newer value. */
  async #fill(id, value) {
    try {
      const filled = await this.#cache.set(this.#key(id), JSON.stringify(value), 'PX', this.#ttl(value), 'NX');
      if (filled) return null;
      const newer = await this.#cache.get(this.#key(id));
      return newer === null ? null : { value: JSON.parse(newer), from: 'cache' };
    } catch (error) {
      this.#log.error(`${this.#key(id)} was read but not cached`, error);
      return { value, from: 'database', keep: false };
    }
  }

  /** After the database was written: puts the new value (null: it is gone) in the cache and tells everybody. */
  async changed(id, value) {
    this.#near.drop(id);
    await transaction(this.#cache, [
      ['set', this.#key(id), JSON.stringify(value), 'PX', this.#ttl(value)],
      notice(this.#kind, id),
    ]);
    this.#near.drop(id);
  }
}
