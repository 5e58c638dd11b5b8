// The database of record: people, rooms and API keys in SQLite. It is what the cache is a cache of, so it
// counts its reads; `/api/stats` shows how few of them there are.

import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { createHash, randomBytes, randomUUID, scryptSync, timingSafeEqual } from 'node:crypto';
import Database from 'better-sqlite3';

/** A key that works out of the box, for a first `curl`; the page makes keys of its own. */
export const DEMO_KEY = 'lk_demo_larder';
const DEMO_PASSWORD = 'larder';

const PEOPLE = [
  ['ada', 'Ada', '#2f7d5b'], ['ben', 'Ben', '#b4552d'], ['cleo', 'Cleo', '#5a58b5'], ['dan', 'Dan', '#8a6a12'],
];
const ROOMS = [
  ['kitchen', 'Kitchen', 'What is on the stove today'],
  ['pantry', 'Pantry', 'What is kept, and until when'],
  ['garden', 'Garden', 'What grows while we talk'],
];

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS people (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, colour TEXT NOT NULL, salt BLOB NOT NULL, password BLOB NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS rooms (id TEXT PRIMARY KEY, name TEXT NOT NULL, topic TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS api_keys (
    id TEXT PRIMARY KEY, hash TEXT NOT NULL UNIQUE, name TEXT NOT NULL, owner TEXT NOT NULL REFERENCES people,
    max_per_window INTEGER NOT NULL, created_at INTEGER NOT NULL, revoked_at INTEGER
  ) STRICT;`;

const passwordHash = (password, salt) => scryptSync(password, salt, 32);

/** API keys are long and random, so a fast hash keeps them as safe as a slow one would. */
export const keyHash = (key) => createHash('sha256').update(key).digest('base64url');

export class Store {
  #db;
  #statements = new Map();
  reads = 0;

  /** Opens the file, and makes it with its demo people when it is new. */
  static create(file, { rateLimit }) {
    mkdirSync(dirname(file), { recursive: true });
    const store = new Store(new Database(file));
    store.#db.pragma('journal_mode = WAL');
    store.#db.exec(SCHEMA);
    store.#db.transaction(() => store.#seed(rateLimit))();
    return store;
  }

  /** Opens a file that another process made, to read only. */
  static open(file) {
    return new Store(new Database(file, { readonly: true, fileMustExist: true }));
  }

  constructor(db) {
    this.#db = db;
  }

  #prepare(sql) {
    let statement = this.#statements.get(sql);
    if (!statement) this.#statements.set(sql, (statement = this.#db.prepare(sql)));
    return statement;
  }

  #row(sql, ...values) {
    this.reads += 1;
    return this.#prepare(sql).get(...values) ?? null;
  }

  #seed(rateLimit) {
    if (this.#prepare('SELECT 1 FROM people LIMIT 1').get()) return;
    for (const [id, name, colour] of PEOPLE) {
      const salt = randomBytes(16);
      this.#prepare('INSERT INTO people VALUES (?, ?, ?, ?, ?)')
        .run(id, name, colour, salt, passwordHash(DEMO_PASSWORD, salt));
    }
    for (const room of ROOMS) this.#prepare('INSERT INTO rooms VALUES (?, ?, ?)').run(...room);
    this.addKey(DEMO_KEY, { name: 'demo', owner: 'ada', limit: rateLimit });
  }

  /** The person with this name and password, or null. */
  authenticate(id, password) {
    const row = this.#row('SELECT * FROM people WHERE id = ?', id);
    // The hash is computed for an unknown name too: how long the answer takes tells nothing.
    const hash = passwordHash(password, row?.salt ?? Buffer.alloc(16));
    if (!row || !timingSafeEqual(hash, row.password)) return null;
    return { id: row.id, name: row.name, colour: row.colour };
  }

  roomIds() {
    this.reads += 1;
    return this.#prepare('SELECT id FROM rooms ORDER BY rowid').all().map((row) => row.id);
  }

  room(id) {
    return this.#row('SELECT id, name, topic FROM rooms WHERE id = ?', id);
  }

  setTopic(id, topic) {
    return this.#prepare('UPDATE rooms SET topic = ? WHERE id = ?').run(topic, id).changes > 0;
  }

  addKey(key, { name, owner, limit }) {
    const id = randomUUID();
    this.#prepare('INSERT INTO api_keys VALUES (?, ?, ?, ?, ?, ?, NULL)')
      .run(id, keyHash(key), name, owner, limit, Date.now());
    return { id, name, limit };
  }

  /** The key with this hash unless it is revoked, or null. */
  keyByHash(hash) {
    return this.#row(
      `SELECT id, name, owner, max_per_window AS "limit" FROM api_keys WHERE hash = ? AND revoked_at IS NULL`, hash,
    );
  }

  keysOf(owner) {
    this.reads += 1;
    return this.#prepare(
      `SELECT id, name, max_per_window AS "limit" FROM api_keys
       WHERE owner = ? AND revoked_at IS NULL ORDER BY created_at`,
    ).all(owner);
  }

  /** Revokes a key of this owner and answers its hash, or null when there is none. Repeating it is harmless. */
  revokeKey(id, owner) {
    const row = this.#prepare(
      `UPDATE api_keys SET revoked_at = coalesce(revoked_at, ?) WHERE id = ? AND owner = ? RETURNING hash`,
    ).get(Date.now(), id, owner);
    return row?.hash ?? null;
  }

  close() {
    this.#db.close();
  }
}
