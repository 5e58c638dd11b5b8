// Copies inside the process, for what is asked on every request. Short-lived, bounded, dropped at once by a
// notice, and not kept at all while notices cannot arrive. Concurrent questions for the same id share one
// answer (single-flight), and an answer that was under way when its notice came is given but not kept: it may
// have been read before the change.

const ENTRIES_MAX = 10_000;

export class NearCache {
  #entries = new Map();
  #flights = new Map();
  #notices;
  #ttlMs;
  #now;

  constructor({ notices, kind, ttlMs, now = () => performance.now() }) {
    this.#notices = notices;
    this.#ttlMs = ttlMs;
    this.#now = now;
    notices.onChange(kind, (id) => this.drop(id));
    notices.on('lost', () => this.clear());
  }

  /** What `fetch` answers, `{ value, from, keep }`, or the copy of it; `keep: false` makes no copy. */
  async get(id, fetch) {
    const copy = this.#entries.get(id);
    if (copy && copy.until > this.#now()) return { value: copy.value, from: 'near' };
    const flight = this.#flights.get(id) ?? this.#depart(id, fetch);
    return flight.answer;
  }

  #depart(id, fetch) {
    const flight = {};
    this.#flights.set(id, flight);
    flight.answer = this.#fly(flight, id, fetch);
    return flight;
  }

  async #fly(flight, id, fetch) {
    try {
      const { value, from, keep = true } = await fetch(id);
      if (keep && this.#flights.get(id) === flight) this.#store(id, value);
      return { value, from };
    } finally {
      if (this.#flights.get(id) === flight) this.#flights.delete(id);
    }
  }

  #store(id, value) {
    if (!this.#notices.healthy) return;
    this.#entries.delete(id);
    // A Map keeps the order of insertion: its first entry is the oldest copy.
    if (this.#entries.size >= ENTRIES_MAX) this.#entries.delete(this.#entries.keys().next().value);
    this.#entries.set(id, { value, until: this.#now() + this.#ttlMs });
  }

  drop(id) {
    this.#entries.delete(id);
    this.#flights.delete(id);
  }

  clear() {
    this.#entries.clear();
    this.#flights.clear();
  }
}
