// A line to the engine: commands of one connection, one after the other. A command that waits holds up those after it,
// and nothing else: no thread waits for it. Its time is kept here; that it is over is told by its bell.

'use strict';

const { makeError } = require('./errors.js');
const { stopWaiting, wait } = require('./native.js');

/** Node's timers take no longer times. */
const TIMER_MS_MAX = 2 ** 31 - 1;
/** Messages that are delivered before something else has its turn. */
const BATCH = 256;

class Line {
  #native;
  #owner;
  #current = null;
  #queue = [];
  #onMessages = null;
  #asBuffers = () => false;

  /** `owner` is what it was opened on: that stays open as long as this may still be used. */
  constructor(native, owner) {
    this.#native = native;
    this.#owner = owner;
  }

  get owner() {
    return this.#owner;
  }

  get native() {
    return this.#native;
  }

  get isEnded() {
    return this.#native.isEnded();
  }

  /** Runs a command now, or as soon as the one before it is over: `done(error, value)`. */
  run(words, buffers, done) {
    if (this.#current !== null || this.#queue.length > 0) {
      this.#queue.push([words, buffers, done]);
    } else {
      this.#start(words, buffers, done);
    }
  }

  #start(words, buffers, done) {
    let value;
    try {
      value = buffers ? this.#native.callBuffer(...words) : this.#native.call(...words);
    } catch (error) {
      done(error);
      return;
    }
    if (value !== undefined) {
      done(null, value);
      return;
    }
    this.#current = { buffers, done, timer: undefined, until: undefined };
    wait(this.#native.number, this);
    this.#arm();
  }

  #arm() {
    const ms = this.#native.waitMs();
    this.#current.until = ms < 0 ? Infinity : Date.now() + ms;
    this.#setTimer();
  }

  #setTimer() {
    const current = this.#current;
    if (current.until !== Infinity) {
      const left = Math.max(0, current.until - Date.now());
      current.timer = setTimeout(() => this.#poll(Date.now() >= current.until), Math.min(left, TIMER_MS_MAX));
    }
  }

  rang() {
    if (this.#current !== null) {
      this.#poll(false);
    }
    this.deliver();
  }

  #poll(timeIsUp) {
    const current = this.#current;
    if (current === null) {
      return;
    }
    let value;
    let failed = null;
    try {
      value = this.#native.poll(timeIsUp, current.buffers);
    } catch (error) {
      failed = error;
    }
    if (failed === null && value === undefined) {
      clearTimeout(current.timer);
      if (timeIsUp) {
        this.#arm();
      } else {
        this.#setTimer();
      }
      return;
    }
    this.#finish(failed, value);
  }

  #finish(error, value) {
    const { done, timer } = this.#current;
    clearTimeout(timer);
    this.#current = null;
    this.#rest();
    done(error, value);
    while (this.#current === null && this.#queue.length > 0) {
      const [words, buffers, next] = this.#queue.shift();
      this.#start(words, buffers, next);
    }
  }

  #rest() {
    if (this.#current === null && this.#onMessages === null) {
      stopWaiting(this.#native.number);
    }
  }

  /** Hands messages over as they come: `onMessages(message, isBuffers)`. The thread lives on for them. */
  listen(onMessages, asBuffers) {
    this.#onMessages = onMessages;
    this.#asBuffers = asBuffers;
    wait(this.#native.number, this);
    queueMicrotask(() => this.deliver());
  }

  stopListening() {
    this.#onMessages = null;
    this.#rest();
  }

  deliver() {
    if (this.#onMessages === null) {
      return;
    }
    const buffers = this.#asBuffers();
    for (const message of this.#native.messages(buffers, BATCH)) {
      this.#onMessages?.(message, buffers);
    }
  }

  /** Ends it: what waits fails, and so does everything that is called later. */
  end(text = 'the connection is closed') {
    this.#native.end();
    this.#onMessages = null;
    const failed = makeError('LARDER_CLOSED', text);
    const left = this.#queue.splice(0);
    if (this.#current !== null) {
      this.#finish(failed);
    }
    this.#rest();
    for (const [, , done] of left) {
      done(failed);
    }
  }
}

module.exports = { Line };
