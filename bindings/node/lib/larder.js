// An engine as a program sees it: `open()`, what is called most, every command as a method, and what else is opened on
// it.
//
// What is called most comes from the binary as it is, without a function of JavaScript around it. Everything else is
// made from the list of commands.

'use strict';

const { EventEmitter } = require('node:events');
const { COMMANDS, SETTINGS } = require('./commands.js');
const { checkOptions, refusal } = require('./errors.js');
const { Line } = require('./line.js');
const { openNative } = require('./native.js');
const { Subscription } = require('./subscription.js');
const { flat } = require('./words.js');

/** Functions of the binary that are methods as they are. */
const DIRECT = ['get', 'getBuffer', 'getInto', 'set', 'incr', 'mget', 'mgetBuffer', 'del', 'publish', 'spublish'];

const camel = (name) => name.replaceAll(/-(.)/g, (_, letter) => letter.toUpperCase());
/** Names that options have here, and there. */
const OPTIONS = new Map([
  ...['clock', 'maintenance', 'hardened', 'seed'].map((name) => [name, name]),
  ...SETTINGS.map((name) => [name, name]),
  ...SETTINGS.map((name) => [camel(name), name]),
]);
const SERVE_OPTIONS = ['port', 'host', 'path', 'threads', 'password'];

/** The options of an engine as the binary reads them: a list of names and texts. */
function settled(options) {
  const list = [];
  const seen = new Set();
  for (const [given, value] of Object.entries(options)) {
    if (value === undefined) {
      continue;
    }
    const name = OPTIONS.get(given);
    if (seen.has(name)) {
      throw refusal(`the option ${name} is given twice`);
    }
    seen.add(name);
    if (!['string', 'number', 'boolean', 'bigint'].includes(typeof value)) {
      throw refusal(`the option ${given} is a text, a number or a boolean`);
    }
    list.push(name, typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value));
  }
  return list;
}

/** Gives a class a method for each command. */
function addCommands(prototype) {
  for (const [method, name, waits] of COMMANDS) {
    prototype[method] = waits
      ? function command(...words) {
        return this.callAsync(name, ...words);
      }
      : function command(...words) {
        return this.call(name, ...words);
      };
  }
}

/** A promise for the reply of a command. */
function promised(line, words, buffers) {
  return new Promise((resolve, reject) => {
    line.run(flat(words), buffers, (error, value) => (error ? reject(error) : resolve(value)));
  });
}

/** Engines that stay open though nobody holds them: those with a name, and those that are served. */
const kept = new Set();

class Larder {
  #native;
  #lines = [];
  #name;

  constructor(native, name) {
    this.#native = native;
    this.#name = name;
    for (const method of DIRECT) {
      this[method] = native[method];
    }
  }

  get name() {
    return this.#name;
  }

  get handle() {
    return this.#native.handle();
  }

  get closed() {
    return this.#native.isClosed();
  }

  call(...words) {
    return this.#native.call(...flat(words));
  }

  callBuffer(...words) {
    return this.#native.callBuffer(...flat(words));
  }

  callAsync(...words) {
    return this.#alone(words, false);
  }

  callAsyncBuffer(...words) {
    return this.#alone(words, true);
  }

  /** Each command that may wait has a line of its own while it does, so that one does not wait for another. */
  #alone(words, buffers) {
    let line;
    try {
      line = this.#lines.pop() ?? new Line(this.#native.connect(3), this.#native);
    } catch (error) {
      return Promise.reject(error);
    }
    const ended = () => {
      const hasState = line.native.hasState();
      if (hasState || line.isEnded || this.closed || this.#lines.length >= 8) {
        line.end();
      } else {
        this.#lines.push(line);
      }
      if (hasState) {
        throw refusal(`${words[0]} is about the calls that follow, and a call here stands alone: open a connection for it with connect()`);
      }
    };
    return promised(line, words, buffers).finally(ended);
  }

  connect() {
    return new Connection(new Line(this.#native.connect(3), this.#native));
  }

  /** For clients: a line that speaks as a server speaks to them. */
  line() {
    return new Line(this.#native.connect(2), this.#native);
  }

  subscribe(channels, options) {
    return new Subscription(this.#native, 'channel', [channels].flat(), options);
  }

  psubscribe(patterns, options) {
    return new Subscription(this.#native, 'pattern', [patterns].flat(), options);
  }

  ssubscribe(channels, options) {
    return new Subscription(this.#native, 'shard', [channels].flat(), options);
  }

  serve(options = {}) {
    checkOptions(options, SERVE_OPTIONS, 'the options of serve()');
    const { port, path, host = '127.0.0.1', threads = 1, password } = options;
    if ((port === undefined) === (path === undefined)) {
      throw refusal('serve() needs either a port from 0 (the system chooses) to 65535, or a path');
    }
    if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port < 65_536)) {
      throw refusal('a port is a whole number from 0 (the system chooses) to 65535');
    }
    if (!Number.isInteger(threads) || threads < 1 || threads > 128) {
      throw refusal('threads is a whole number from 1 to 128');
    }
    if (password !== undefined) {
      this.call('CONFIG', 'SET', 'requirepass', password);
    }
    const bracketed = host.includes(':') ? `[${host}]` : host;
    kept.add(this.#native);
    const serving = this.#native.serve(path === undefined ? `${bracketed}:${port}` : `unix:${path}`, threads);
    const secret = password === undefined ? '' : `:${encodeURIComponent(password)}@`;
    return {
      host: path === undefined ? host : null,
      port: serving.port,
      path: path ?? null,
      url: path === undefined ? `redis://${secret}${bracketed}:${serving.port}` : `unix://${path}`,
      close: () => serving.stop(),
    };
  }

  tick() {
    return this.#native.tick();
  }

  advanceClock(ms) {
    this.#native.advanceClock(ms);
  }

  close() {
    kept.delete(this.#native);
    this.#native.close();
    this.#lines.splice(0).forEach((line) => line.end());
  }

  /** Ends the engine for everybody who has it open. */
  destroy() {
    this.#native.end();
    this.close();
  }
}

class Connection extends EventEmitter {
  #line;

  constructor(line) {
    super();
    this.#line = line;
    this.on('newListener', (event) => event === 'push' && line.listen((push) => this.emit('push', push), () => false));
    this.on('removeListener', () => this.listenerCount('push') === 0 && line.stopListening());
  }

  get closed() {
    return this.#line.isEnded;
  }

  call(...words) {
    return this.#line.native.callAtOnce(...flat(words));
  }

  callBuffer(...words) {
    return this.#line.native.callAtOnceBuffer(...flat(words));
  }

  callAsync(...words) {
    return promised(this.#line, words, false);
  }

  callAsyncBuffer(...words) {
    return promised(this.#line, words, true);
  }

  close() {
    this.#line.end();
  }
}

// Its own methods stand before those that commands of the same name would have.
for (const { prototype } of [Larder, Connection]) {
  const own = Object.getOwnPropertyDescriptors(prototype);
  addCommands(prototype);
  Object.defineProperties(prototype, own);
}

for (const closes of Symbol.dispose ? [Larder, Connection] : []) {
  closes.prototype[Symbol.dispose] = closes.prototype.close;
}

/** Opens an engine: one of this thread's own, or, by name or handle, one that other threads of the process share. */
function open(options = {}) {
  if (typeof options === 'string') {
    throw refusal("the options of open() are an object: open({ name: 'app' })");
  }
  checkOptions(options, ['name', 'handle', ...OPTIONS.keys()], 'the options of open()');
  const { name = null, handle, ...rest } = options;
  if (handle !== undefined && (typeof handle !== 'string' || Object.keys(options).length > 1)) {
    throw refusal('a handle is a text, and no other option goes with it: the engine has its name and its options');
  }
  if (name !== null && (typeof name !== 'string' || name === '')) {
    throw refusal('the name of an engine is a text');
  }
  const native = openNative(name, settled(rest), handle);
  if (name !== null) {
    kept.add(native);
  }
  return new Larder(native, name);
}

module.exports = { Connection, Larder, open };
