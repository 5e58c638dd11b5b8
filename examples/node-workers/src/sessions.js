// Sessions: a hash with a deadline, found by a number that nobody guesses. Whichever thread a request reaches knows who
// it is from, in the time of a function call.

import { randomUUID } from 'node:crypto';

const LIFE_SECONDS = 3_600;

export class Sessions {
  #db;

  constructor(db) {
    this.#db = db;
  }

  /** Begins a session and gives its number. */
  begin(user) {
    const id = randomUUID();
    this.#db.hset(`session:${id}`, { user, visits: 0 });
    this.#db.expire(`session:${id}`, LIFE_SECONDS);
    return id;
  }

  /** The session of a request, counted as one more visit; null where there is none. */
  of(request) {
    const key = this.#key(request);
    if (key === null || !this.#db.expire(key, LIFE_SECONDS)) {
      return null;
    }
    const visits = this.#db.hincrby(key, 'visits', 1);
    return { user: this.#db.hget(key, 'user'), visits };
  }

  end(request) {
    const key = this.#key(request);
    return key !== null && this.#db.del(key) > 0;
  }

  #key(request) {
    const id = /(?:^|;\s*)session=([\w-]+)/.exec(request.headers.cookie ?? '')?.[1];
    return id === undefined ? null : `session:${id}`;
  }
}
