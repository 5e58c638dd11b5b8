// A roll of who is here: entries with a deadline, kept alive by heartbeats. When the process that made them
// is killed nobody takes its entries away, and nobody has to: they stop counting when their deadline passes.
//
// A sorted set holds the deadlines and a hash what is known about each entry. Deadlines are in the time of the
// cache, so that machines whose clocks differ agree. Reading only skips what has expired; it is removed one
// TTL later, because an owner that was merely slow may write it anew in the very moment it is being removed.

import { transaction } from './cache-client.js';

export class Roll {
  #cache;
  #deadlines;
  #records;
  #ttlMs;

  constructor(cache, name, ttlMs) {
    this.#cache = cache;
    this.#deadlines = `roll:${name}:deadlines`;
    this.#records = `roll:${name}:records`;
    this.#ttlMs = ttlMs;
  }

  async #now() {
    const [seconds, micros] = await this.#cache.time();
    return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
  }

  /** Enters or renews a Map of id → record. */
  async keep(entries) {
    if (entries.size === 0) return;
    const deadline = (await this.#now()) + this.#ttlMs;
    const ids = [...entries.keys()];
    await transaction(this.#cache, [
      ['zadd', this.#deadlines, ...ids.flatMap((id) => [deadline, id])],
      ['hset', this.#records, ...ids.flatMap((id) => [id, JSON.stringify(entries.get(id))])],
      // With the last heartbeat gone the roll itself goes.
      ['pexpire', this.#deadlines, 4 * this.#ttlMs],
      ['pexpire', this.#records, 4 * this.#ttlMs],
    ]);
  }

  async leave(ids) {
    if (ids.length === 0) return;
    await transaction(this.#cache, [['zrem', this.#deadlines, ...ids], ['hdel', this.#records, ...ids]]);
  }

  /** The records of all whose deadline has not passed, each with its `id`, in the order of the ids. */
  async list() {
    const now = await this.#now();
    const forgotten = await this.#cache.zrangebyscore(this.#deadlines, '-inf', now - this.#ttlMs);
    await this.leave(forgotten);
    const ids = await this.#cache.zrangebyscore(this.#deadlines, `(${now}`, '+inf');
    if (ids.length === 0) return [];
    ids.sort();
    const records = await this.#cache.hmget(this.#records, ...ids);
    return ids.flatMap((id, index) => (records[index] ? [{ id, ...JSON.parse(records[index]) }] : []));
  }
}
