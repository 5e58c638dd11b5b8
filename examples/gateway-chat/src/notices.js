// "This changed": what processes tell each other so that none of them answers from a copy that is no longer
// true. A notice may be missed while the connection is away, so the copies are only trusted while it stands:
// listeners are told `lost` (forget everything, keep nothing) and `healthy` (copies are safe again).

import { EventEmitter } from 'node:events';
import { duplicate } from './cache-client.js';

const CHANNEL = 'gateway-chat:notices';

/** The command that tells everybody; it is sent inside the transaction that makes the change. */
export const notice = (kind, id) => ['publish', CHANNEL, JSON.stringify({ kind, id })];

/** Emits `lost`, `healthy`, and for each notice its kind with the id of what changed. */
export class Notices extends EventEmitter {
  #client;
  #log;
  healthy = false;

  constructor(cache, { name, log }) {
    super();
    this.#log = log;
    // Subscribed by hand each time, to know when the subscription stands again.
    this.#client = duplicate(cache, name, log, { autoResubscribe: false });
    this.#client.on('ready', () => this.#subscribe());
    this.#client.on('close', () => this.#set(false));
    this.#client.on('message', (_, text) => this.#received(text));
  }

  async #subscribe() {
    try {
      await this.#client.subscribe(CHANNEL);
      this.#set(true);
    } catch (error) {
      this.#log.error('notices of changes cannot be subscribed to', error);
      this.#client.disconnect(true);
    }
  }

  #set(healthy) {
    if (this.healthy === healthy) return;
    this.healthy = healthy;
    this.emit(healthy ? 'healthy' : 'lost');
  }

  #received(text) {
    let kind;
    let id;
    try {
      ({ kind, id } = JSON.parse(text));
    } catch {
      this.#log.error(`a notice that is not JSON was ignored: ${text.slice(0, 80)}`);
      return;
    }
    if (typeof kind === 'string' && typeof id === 'string') this.emit(`changed:${kind}`, id);
  }

  /** Calls `listener(id)` for each notice of this kind. */
  onChange(kind, listener) {
    this.on(`changed:${kind}`, listener);
  }

  async ready() {
    if (!this.healthy) await new Promise((resolve) => this.once('healthy', resolve));
  }

  close() {
    this.#client.disconnect();
  }
}
