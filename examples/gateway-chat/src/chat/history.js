// The last messages of a room: a list, cut at each push. The number of a message is drawn before it is pushed,
// so two servers may push in the other order; readers sort by number, and numbers are what a page that
// reconnects asks from.

import { transaction } from '../cache-client.js';

export class History {
  #cache;
  #lenMax;

  constructor({ cache, lenMax }) {
    this.#cache = cache;
    this.#lenMax = lenMax;
  }

  /** Keeps the message and answers it with its number. */
  async add(room, message) {
    const seq = await this.#cache.incr(`history:${room}:seq`);
    const numbered = { ...message, seq };
    await transaction(this.#cache, [
      ['lpush', `history:${room}`, JSON.stringify(numbered)],
      ['ltrim', `history:${room}`, 0, this.#lenMax - 1],
    ]);
    return numbered;
  }

  /** The messages with a number greater than `after`, oldest first. */
  async since(room, after = 0) {
    const kept = await this.#cache.lrange(`history:${room}`, 0, -1);
    const messages = kept.map((text) => JSON.parse(text)).filter(({ seq }) => seq > after);
    return messages.sort((a, b) => a.seq - b.seq);
  }
}
