// API keys of machines. The database keeps their hashes; the cache answers for the database, and each process
// has copies that a revocation drops at once.

import { randomBytes } from 'node:crypto';
import { keyHash } from '../database.js';
import { ReadThrough } from '../read-through.js';

export class ApiKeys {
  #store;
  #keys;
  #limit;

  constructor({ store, limit, ...through }) {
    this.#store = store;
    this.#limit = limit;
    this.#keys = new ReadThrough({ ...through, kind: 'api-key', load: (hash) => store.keyByHash(hash) });
  }

  /** `{ value, from }` of the key that was presented; the value is null when it is not, or no longer, valid. */
  find(key) {
    return this.#keys.get(keyHash(key));
  }

  /** A new key, shown this once. */
  async create(owner, name) {
    const key = `lk_${randomBytes(24).toString('base64url')}`;
    return { key, ...this.#store.addKey(key, { name, owner, limit: this.#limit }) };
  }

  list(owner) {
    return this.#store.keysOf(owner);
  }

  /** Whether there was such a key. If the cache fails this throws, and asking again finishes the work. */
  async revoke(id, owner) {
    const hash = this.#store.revokeKey(id, owner);
    if (hash) await this.#keys.changed(hash, null);
    return hash !== null;
  }
}
