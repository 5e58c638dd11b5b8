// A subscription: messages from a queue of its own in the engine, as events or as what `for await` takes.
//
// Messages are taken from the queue only when somebody wants them, so the queue's bound and its overflow policy are what
// they say: a loop that is slow leaves messages there, not in the memory of JavaScript.

'use strict';

const { EventEmitter } = require('node:events');
const { LarderError, checkOptions, refusal } = require('./errors.js');
const { stopWaiting, wait } = require('./native.js');

const OPTIONS = ['overflow', 'queueLength', 'queueBytes', 'buffers'];
const OVERFLOW = ['disconnect', 'drop-newest', 'drop-oldest'];
/** Messages that are delivered before something else has its turn. */
const BATCH = 256;

/** How many of something, from 1 on; 0 for what is not said. */
function bound(options, name) {
  const value = options[name] ?? 0;
  if (!Number.isSafeInteger(value) || value < 0 || (value === 0 && options[name] !== undefined)) {
    throw refusal(`${name} is a whole number from 1 on`);
  }
  return value;
}

class Subscription extends EventEmitter {
  #native;
  #owner;
  #space;
  #buffers;
  #taken = [];
  #wanting = null;
  #ended = null;

  constructor(native, space, names, options = {}) {
    super();
    checkOptions(options, OPTIONS, 'the options of a subscription');
    const overflow = options.overflow ?? 'disconnect';
    if (!OVERFLOW.includes(overflow)) {
      throw refusal(`overflow is one of ${OVERFLOW.join(', ')}`);
    }
    // What it was opened on stays open as long as this may still be used.
    this.#owner = native;
    this.#space = space;
    this.#buffers = options.buffers === true;
    this.#native = native.subscription(bound(options, 'queueLength'), bound(options, 'queueBytes'), overflow);
    this.add(...names);
    // Whoever listens wants messages; whoever listens no more wants none.
    this.on('newListener', (event) => event === 'message' && queueMicrotask(() => this.#listen()));
    this.on('removeListener', (event) => event === 'message' && this.#rest());
  }

  /** Subscribes to more names. */
  add(...names) {
    for (const name of names.flat()) {
      this.#native.add(this.#space, name);
    }
    return this;
  }

  /** Unsubscribes from names. What is queued still comes. */
  remove(...names) {
    for (const name of names.flat()) {
      this.#native.remove(this.#space, name);
    }
    return this;
  }

  /** Messages that were lost because the queue was full. */
  get lost() {
    return this.#native.lost();
  }

  get closed() {
    return this.#ended !== null || this.#owner.isClosed();
  }

  #listen() {
    if (this.#ended === null) {
      wait(this.#native.number, this);
      this.rang();
    }
  }

  #rest() {
    if (this.#wanting === null && (this.#ended !== null || this.listenerCount('message') === 0)) {
      stopWaiting(this.#native.number);
    }
  }

  #pull() {
    if (this.#ended !== null) {
      return [];
    }
    const flat = this.#native.take(this.#buffers, BATCH);
    if (typeof flat === 'string') {
      this.#ended = flat;
      return [];
    }
    const messages = [];
    for (let at = 0; at < flat.length; at += 4) {
      messages.push({ channel: flat[at], payload: flat[at + 1], pattern: flat[at + 2], seq: flat[at + 3] });
    }
    return messages;
  }

  rang() {
    if (this.#wanting !== null) {
      this.#satisfy();
      this.#rest();
    } else if (this.listenerCount('message') > 0) {
      for (const message of this.#pull()) {
        this.emit('message', message);
      }
    }
    if (this.#ended !== null) {
      this.#finish();
    }
  }

  #failure() {
    return this.#ended === 'too slow'
      ? new LarderError('LARDER_TOO_SLOW', 'the subscription ended because its queue was full')
      : null;
  }

  #finish() {
    this.#native.end();
    this.#rest();
    const failure = this.#failure();
    if (this.#wanting !== null) {
      this.#satisfy();
    } else if (failure !== null && this.listenerCount('message') > 0) {
      this.emit('error', failure);
    }
    this.emit('end');
    this.removeAllListeners();
  }

  /** Gives the next message to whoever waits for one, if there is one or there will be none. */
  #satisfy() {
    const { resolve, reject } = this.#wanting;
    if (this.#taken.length === 0) {
      this.#taken = this.#pull().reverse();
    }
    const failure = this.#failure();
    if (this.#taken.length > 0) {
      this.#wanting = null;
      resolve({ done: false, value: this.#taken.pop() });
    } else if (failure !== null) {
      // Told once; afterwards there is only nothing.
      this.#wanting = null;
      this.#ended = 'closed';
      reject(failure);
    } else if (this.#ended !== null) {
      this.#wanting = null;
      resolve({ done: true, value: undefined });
    }
  }

  /** The next message; `done` when there will be none. */
  next() {
    if (this.#wanting !== null) {
      return Promise.reject(refusal('somebody waits for the next message already'));
    }
    return new Promise((resolve, reject) => {
      this.#wanting = { resolve, reject };
      this.#satisfy();
      if (this.#wanting !== null) {
        wait(this.#native.number, this);
      } else {
        this.#rest();
      }
    });
  }

  return() {
    this.close();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator]() {
    return this;
  }

  /** Ends it. What is queued is gone. */
  close() {
    if (this.#ended === null) {
      this.#ended = 'closed';
      this.#taken = [];
      this.#finish();
    }
  }
}

if (Symbol.dispose) {
  Subscription.prototype[Symbol.dispose] = Subscription.prototype.close;
}

module.exports = { Subscription };
