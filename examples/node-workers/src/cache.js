// A cache of what is slow to find. Many threads may want the same at once: the first asks, and the others wait for its
// answer instead of asking too.

const LOAD_MS_MAX = 5_000;

export class Cache {
  #db;

  constructor(db) {
    this.#db = db;
  }

  /** A value and where it came from: the cache, the loader, or another's loader. */
  async get(key, ttlMs, load) {
    const kept = this.#db.get(key);
    if (kept !== null) {
      return [kept, 'cache'];
    }
    // Whoever sets the lock loads. It dies by itself if its thread does.
    if (!this.#db.set(`${key}:lock`, 1, 'NX', 'PX', LOAD_MS_MAX)) {
      return this.#await(key, ttlMs, load);
    }
    try {
      // Somebody may have been done between the look and the lock.
      const value = this.#db.get(key) ?? String(await load());
      this.#db.set(key, value, ttlMs);
      return [value, 'loader'];
    } finally {
      this.#db.del(`${key}:lock`);
      this.#db.publish(`loaded:${key}`, '');
    }
  }

  async #await(key, ttlMs, load) {
    const loaded = this.#db.subscribe(`loaded:${key}`);
    try {
      // It may have come before we listened.
      if (this.#db.get(key) === null && this.#db.exists(`${key}:lock`)) {
        await loaded.next();
      }
    } finally {
      loaded.close();
    }
    const value = this.#db.get(key);
    return value === null ? this.get(key, ttlMs, load) : [value, 'another'];
  }
}
