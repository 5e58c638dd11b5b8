// The rooms, read through the cache by the gateway and by each chat server alike.

import { ReadThrough } from './read-through.js';

export class Rooms {
  #store;
  #ids;
  #each;

  constructor({ store, ...through }) {
    this.#store = store;
    this.#ids = new ReadThrough({ ...through, kind: 'rooms', load: () => store.roomIds() });
    this.#each = new ReadThrough({ ...through, kind: 'room', load: (id) => store.room(id) });
  }

  /** `{ value, from }` of one room; the value is null when there is no such room. */
  find(id) {
    return this.#each.get(id);
  }

  async list() {
    const ids = await this.#ids.get('all');
    const rooms = await Promise.all(ids.value.map((id) => this.find(id)));
    return rooms.map(({ value }) => value).filter(Boolean);
  }

  /** Writes the topic to the database and through to the cache; the room as it is now, or null. */
  async setTopic(id, topic) {
    if (!this.#store.setTopic(id, topic)) return null;
    const room = this.#store.room(id);
    await this.#each.changed(id, room);
    return room;
  }
}
