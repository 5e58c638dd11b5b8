// Commands that are put together and run together; with MULTI and EXEC around them they are a transaction.

'use strict';

const { COMMANDS } = require('./commands.js');
const { understood } = require('./translation.js');

class Pipeline {
  #client;
  #isTransaction;
  #commands = [];

  constructor(client, isTransaction, commands = []) {
    this.#client = client;
    this.#isTransaction = isTransaction;
    for (const name of client.definedCommands) {
      const script = client.scriptOf(name);
      for (const [method, buffers] of [[name, false], [`${name}Buffer`, true]]) {
        this[method] = (...words) => this.#add('EVALSHA', words, { buffers, script });
      }
    }
    for (const [name, ...words] of commands) {
      this[name](...words);
    }
  }

  get length() {
    return this.#commands.length;
  }

  #add(name, words, { buffers = false, script = undefined } = {}) {
    const callback = typeof words.at(-1) === 'function' ? words.pop() : undefined;
    const all = script === undefined ? words : [script.sha, ...script.words(words.flat())];
    this.#commands.push({ name, words: all, buffers, callback, script });
    return this;
  }

  /** Adds a command; how the methods below and `call` come here. */
  add(name, words, buffers) {
    return this.#add(name, words, { buffers });
  }

  call(name, ...words) {
    return this.#add(String(name).toUpperCase(), words);
  }

  callBuffer(name, ...words) {
    return this.#add(String(name).toUpperCase(), words, { buffers: true });
  }

  /** Runs the commands; gives a pair of error and reply for each, or null where a watched key was changed. */
  exec(callback) {
    const running = this.#isTransaction ? this.#transact() : this.#run();
    if (callback !== undefined) {
      running.then((replies) => process.nextTick(callback, null, replies), (error) => process.nextTick(callback, error));
    }
    return running;
  }

  /** Scripts must be known before they are called by their names, since nothing here can be sent twice. */
  #load() {
    const scripts = new Set(this.#commands.map(({ script }) => script).filter((script) => script !== undefined));
    return [...scripts].map((script) => this.#client.run('SCRIPT', ['LOAD', script.lua]));
  }

  #send() {
    return this.#commands.map(({ name, words, buffers }) => this.#client.run(name, words, { buffers }));
  }

  async #run() {
    const loading = this.#load();
    const settled = await Promise.allSettled([...loading, ...this.#send()]);
    const replies = settled.slice(loading.length).map(({ status, value, reason }) =>
      (status === 'fulfilled' ? [null, value] : [reason, undefined]));
    this.#tell(replies);
    return replies;
  }

  async #transact() {
    const first = [...this.#load(), this.#client.run('MULTI', [])];
    const queued = this.#send();
    const last = this.#client.run('EXEC', []);
    const settled = await Promise.allSettled([...first, ...queued, last]);
    const failed = settled.filter(({ status }) => status === 'rejected').map(({ reason }) => reason);
    const { status, value, reason } = settled.at(-1);
    if (status === 'rejected') {
      throw Object.assign(reason, { previousErrors: failed.filter((error) => error !== reason) });
    }
    const replies = value && value.map((reply, at) =>
      (reply instanceof Error ? [reply, undefined] : [null, understood(this.#commands[at].name, reply)]));
    this.#tell(replies ?? []);
    return replies;
  }

  #tell(replies) {
    replies.forEach(([error, value], at) => this.#commands[at].callback?.(error, value));
  }
}

for (const [method, name] of COMMANDS) {
  for (const [called, buffers] of [[method, false], [`${method}Buffer`, true]]) {
    if (Pipeline.prototype[called] === undefined) {
      Pipeline.prototype[called] = function command(...words) {
        return this.add(name, words, buffers);
      };
    }
  }
}

module.exports = { Pipeline };
