// A client in the shape of ioredis, in process and without a server: for programs and packages that were written for
// ioredis, which need not know.
//
// What such packages see is its shape: promises and callbacks, `Buffer` variants, pipelines, scripts as commands, events
// and a status, and RESP2's replies. Below it is a line to an engine that is shared by name, so that clients that were
// made apart, on whatever thread, meet in one keyspace as they would on one server.

'use strict';

const { EventEmitter } = require('node:events');
const { Readable } = require('node:stream');
const { COMMANDS } = require('./commands.js');
const { checkOptions, refusal } = require('./errors.js');
const { open } = require('./larder.js');
const { Pipeline } = require('./pipeline.js');
const { Script } = require('./script.js');
const { translated, understood } = require('./translation.js');

const OPTIONS = ['name', 'larder', 'db', 'keyPrefix', 'connectionName', 'lazyConnect'];
/** Options of ioredis that are about a network or about losing it. */
const INERT = [
  'autoPipeliningIgnoredCommands', 'autoResendUnfulfilledCommands', 'autoResubscribe', 'blockingTimeout', 'commandTimeout',
  'connectTimeout', 'disconnectTimeout', 'enableAutoPipelining', 'enableOfflineQueue', 'enableReadyCheck', 'family',
  'keepAlive', 'maxLoadingRetryTime', 'maxRetriesPerRequest', 'monitor', 'noDelay', 'offlineQueue', 'protocol',
  'readOnly', 'reconnectOnError', 'retryStrategy', 'scripts', 'showFriendlyErrorStack', 'skipVersionCheck',
  'skipWaitingForReady', 'socketTimeout', 'stringNumbers', 'tls', 'disableClientInfo', 'clientInfoTag',
];
/** Options that name a server. */
const OF_SERVERS = ['host', 'port', 'path', 'url', 'username', 'password', 'sentinels'];
const SUBSCRIBES = new Set([
  'SUBSCRIBE', 'PSUBSCRIBE', 'SSUBSCRIBE', 'UNSUBSCRIBE', 'PUNSUBSCRIBE', 'SUNSUBSCRIBE',
]);

const closed = () => new Error('Connection is closed.');

/** Engines that clients of this thread use by name: they stay open, as a server would stay, when the clients leave. */
const engines = new Map();

function engine(name) {
  if (engines.get(name)?.closed !== false) {
    engines.set(name, open({ name }));
  }
  return engines.get(name);
}

/** A callback at the end of the words, if there is one, taken from there. */
function takeCallback(words) {
  return typeof words.at(-1) === 'function' ? words.pop() : undefined;
}

/** Calls back, if there is a callback; a rejection that was told that way is not told again. */
function told(promise, callback) {
  if (callback !== undefined) {
    promise.then((value) => process.nextTick(callback, null, value), (error) => process.nextTick(callback, error));
  }
  return promise;
}

class Client extends EventEmitter {
  #line = null;
  #scripts = new Map();
  #leaves = false;

  constructor(options = {}) {
    super();
    if (typeof options !== 'object') {
      throw refusal('createClient() makes a client without a server: it takes an object of options and no address');
    }
    const ofServer = Object.keys(options).find((name) => OF_SERVERS.includes(name) && options[name] !== undefined);
    if (ofServer !== undefined) {
      throw refusal(`createClient() makes a client without a server: there is no ${ofServer} to connect to`);
    }
    checkOptions(options, [...OPTIONS, ...INERT, ...OF_SERVERS], 'the options of createClient()');
    this.options = { db: 0, keyPrefix: '', maxRetriesPerRequest: null, enableReadyCheck: false, ...options };
    this.isCluster = false;
    this.condition = { select: this.options.db, subscriber: false };
    this.status = 'wait';
    for (const [name, definition] of Object.entries(options.scripts ?? {})) {
      this.defineCommand(name, definition);
    }
    if (!this.options.lazyConnect) {
      this.#open();
    }
  }

  get keyPrefix() {
    return this.options.keyPrefix ?? '';
  }

  #setStatus(status) {
    this.status = status;
    this.emit(status);
  }

  /** Opens a line; that it is open is told afterwards, when whoever asked for it listens. */
  #open() {
    this.#leaves = false;
    const larder = this.options.larder ?? engine(this.options.name ?? 'default');
    this.#line = larder.line();
    this.status = 'connecting';
    if (this.options.db) {
      this.#now('SELECT', this.options.db);
    }
    if (this.options.connectionName) {
      this.#now('CLIENT', 'SETNAME', this.options.connectionName);
    }
    const line = this.#line;
    process.nextTick(() => {
      for (const status of ['connect', 'ready']) {
        if (this.#line === line && ['connecting', 'connect'].includes(this.status)) {
          this.#setStatus(status);
        }
      }
    });
  }

  #now(...words) {
    let failed = null;
    this.#line.run(words, false, (error) => {
      failed = error;
    });
    if (failed !== null) {
      throw failed;
    }
  }

  connect(callback) {
    let connecting;
    if (this.#line !== null) {
      connecting = Promise.reject(new Error('Redis is already connecting/connected'));
    } else {
      this.#open();
      connecting = new Promise((resolve, reject) => {
        this.once('ready', resolve);
        this.once('close', () => reject(closed()));
      });
    }
    return told(connecting, callback);
  }

  duplicate(override = {}) {
    return new Client({ ...this.options, ...override });
  }

  /** Ends the line. What waits fails now, what listens is told afterwards. */
  disconnect() {
    if (this.#line === null) {
      if (this.status === 'wait') {
        this.#leave();
      }
      return;
    }
    const line = this.#line;
    this.#line = null;
    line.end('Connection is closed.');
    this.#leave();
  }

  end() {
    this.disconnect();
  }

  #leave() {
    if (this.#leaves) {
      return;
    }
    this.#leaves = true;
    this.condition = { select: this.options.db, subscriber: false };
    this.status = 'end';
    process.nextTick(() => {
      this.emit('close');
      this.emit('end');
    });
  }

  quit(callback) {
    const leaving = this.#line === null ? this.#leaveUnopened() : this.run('QUIT', []).then((reply) => {
      this.disconnect();
      return reply;
    });
    return told(leaving, callback);
  }

  async #leaveUnopened() {
    if (this.status === 'end') {
      throw closed();
    }
    this.disconnect();
    return 'OK';
  }

  /** Runs a command; the words are as people write them. */
  run(name, words, { buffers = false } = {}) {
    const command = name.toUpperCase();
    return new Promise((resolve, reject) => {
      if (this.#line === null && this.status === 'wait') {
        this.#open();
      }
      if (this.#line === null) {
        reject(closed());
        return;
      }
      const line = translated(command, words, this.keyPrefix);
      if (SUBSCRIBES.has(command)) {
        this.#listen(command, line, resolve, reject);
        return;
      }
      this.#line.run(line, buffers, (error, value) => {
        if (error !== null) {
          reject(this.#explained(error, command, words));
        } else {
          resolve(understood(command, value));
        }
      });
    });
  }

  #explained(error, name, args) {
    if (error.code === 'LARDER_CLOSED') {
      const gone = closed();
      if (this.#line !== null && this.#line.isEnded) {
        this.disconnect();
      }
      return gone;
    }
    return Object.assign(error, { command: { name: name.toLowerCase(), args } });
  }

  /** Subscribes or unsubscribes; gives how many names that leaves. */
  #listen(command, line, resolve, reject) {
    const own = this.#line;
    own.run(line, false, (error, value) => {
      if (error !== null) {
        reject(this.#explained(error, command, line.slice(1)));
        return;
      }
      const left = Array.isArray(value) ? value[2] : 0;
      this.condition.subscriber = left > 0;
      if (left > 0) {
        own.listen((message, buffers) => this.#receive(message, buffers), () => this.#wantsBuffers());
      } else {
        own.deliver();
        own.stopListening();
      }
      resolve(left);
    });
  }

  #wantsBuffers() {
    return ['messageBuffer', 'pmessageBuffer', 'smessageBuffer'].some((event) => this.listenerCount(event) > 0);
  }

  #receive([kind, ...parts], buffers) {
    const event = String(kind);
    if (!['message', 'pmessage', 'smessage'].includes(event)) {
      return;
    }
    if (buffers) {
      // A pattern is text in both forms.
      const [pattern, ...rest] = event === 'pmessage' ? [String(parts[0]), ...parts.slice(1)] : parts;
      this.emit(`${event}Buffer`, pattern, ...rest);
    }
    if (this.listenerCount(event) > 0) {
      this.emit(event, ...(buffers ? parts.map(String) : parts));
    }
  }

  call(name, ...words) {
    const callback = takeCallback(words);
    return told(this.run(String(name), words), callback);
  }

  callBuffer(name, ...words) {
    const callback = takeCallback(words);
    return told(this.run(String(name), words, { buffers: true }), callback);
  }

  /** `sendCommand({ name, args })`, as ioredis has it, or with an array of words, as node-redis has it. */
  sendCommand(command) {
    if (Array.isArray(command)) {
      const [name, ...words] = command;
      return this.run(String(name), words);
    }
    const sent = this.run(command.name, command.args ?? []);
    if (typeof command.resolve === 'function') {
      sent.then(command.resolve, command.reject);
    }
    return command.promise ?? sent;
  }

  /** `send_command(name, [words], callback)`. */
  send_command(name, words = [], callback = undefined) {
    if (typeof words === 'function') {
      return told(this.run(name, []), words);
    }
    return told(this.run(name, [].concat(words)), callback);
  }

  pipeline(commands) {
    return new Pipeline(this, false, commands);
  }

  multi(commands) {
    if (commands !== undefined && !Array.isArray(commands) && commands.pipeline === false) {
      return this.run('MULTI', []);
    }
    return new Pipeline(this, true, Array.isArray(commands) ? commands : undefined);
  }

  /** Ends a transaction that was begun with `multi({ pipeline: false })`. */
  exec(callback) {
    return told(this.run('EXEC', []).then(pairs), callback);
  }

  /** Makes a script a command of its own, here and in pipelines. */
  defineCommand(name, definition) {
    const script = new Script(name, definition);
    this.#scripts.set(name, script);
    for (const [method, buffers] of [[name, false], [`${name}Buffer`, true]]) {
      this[method] = (...words) => {
        const callback = takeCallback(words);
        return told(script.run(this, words.flat(), buffers), callback);
      };
    }
  }

  /** The script behind a command that was defined by one. */
  scriptOf(name) {
    return this.#scripts.get(name);
  }

  get definedCommands() {
    return [...this.#scripts.keys()];
  }

  scanStream(options) {
    return new ScanStream(this, 'SCAN', undefined, options);
  }

  hscanStream(key, options) {
    return new ScanStream(this, 'HSCAN', key, options);
  }

  sscanStream(key, options) {
    return new ScanStream(this, 'SSCAN', key, options);
  }

  zscanStream(key, options) {
    return new ScanStream(this, 'ZSCAN', key, options);
  }

  /** What connect-redis asks a client of node-redis for. */
  async *scanIterator({ MATCH: match, COUNT: count, TYPE: type } = {}) {
    for await (const keys of this.scanStream({ match, count, type })) {
      yield keys;
    }
  }

  mGet(keys) {
    return this.mget(keys);
  }
}

/** Replies of EXEC as pairs of an error and a value. */
function pairs(replies) {
  return replies && replies.map((reply) => (reply instanceof Error ? [reply, undefined] : [null, reply]));
}

/** Goes through a collection, an array of what was found at a time. */
class ScanStream extends Readable {
  #next;

  constructor(client, command, key, { match, count, type, ...stream } = {}) {
    super({ objectMode: true, ...stream });
    const options = Object.entries({ MATCH: match, COUNT: count, TYPE: type });
    const words = options.filter(([, value]) => value !== undefined).flat();
    this.#next = (cursor) => client.run(command, [...(key === undefined ? [] : [key]), cursor, ...words]);
    this.cursor = '0';
  }

  _read() {
    this.#next(this.cursor).then(([cursor, found]) => {
      this.cursor = cursor;
      this.push(found);
      if (cursor === '0') {
        this.push(null);
      }
    }, (error) => this.destroy(error));
  }

  close() {
    this.push(null);
  }
}

for (const [method, name] of COMMANDS) {
  for (const [called, buffers] of [[method, false], [`${method}Buffer`, true]]) {
    if (Client.prototype[called] === undefined) {
      Client.prototype[called] = function command(...words) {
        const callback = takeCallback(words);
        return told(this.run(name, words, { buffers }), callback);
      };
    }
  }
}

function createClient(options) {
  return new Client(options);
}

module.exports = { Client, createClient };
