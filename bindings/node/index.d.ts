/// <reference types="node" />
// Types of the package. The methods for commands are in commands.d.ts, which is generated from the command table.

import { EventEmitter } from 'node:events';
import { Readable } from 'node:stream';
import type { ClientCommands, Commands, ConnectionCommands, Settings } from './commands';

export type { ClientCommands, Commands, ConnectionCommands, Settings };

/**
 * A key, a value or a word of a command. Strings become UTF-8; half a surrogate pair becomes U+FFFD. Bytes are taken as
 * they are.
 */
export type Argument = string | number | bigint | Uint8Array | DataView | ArrayBuffer;
/** A number, or its text. */
export type Numeric = number | bigint | string;
/** Words: arrays and sets stand for what is in them, objects and maps for names and values in turn. */
export type Words = Argument | readonly Words[] | ReadonlySet<Argument> | ReadonlyMap<Argument, Argument>
  | { readonly [name: string]: Argument };
/**
 * A reply: strings (U+FFFD for what is no UTF-8; Buffers where asked for), numbers (BigInt beyond 2^53), null, booleans,
 * arrays, and objects for maps. Any, because only you know what you asked for.
 */
export type Reply = any;
export type Callback<T = Reply> = (error: Error | null, reply?: T) => void;

/** Options of {@link open}. What is not known is an error. */
export interface OpenOptions extends Settings {
  /** Whoever opens this name in the process shares the engine, from whatever thread. Without one it is your own. */
  name?: string;
  /** The {@link Larder.handle} of an engine that is open, on whatever thread. No other option goes with it. */
  handle?: string;
  /** `manual` stands still until {@link Larder.advanceClock} moves it: for tests of what time does. */
  clock?: 'system' | 'manual';
  /** `manual` removes what is due in {@link Larder.tick} instead of on a thread. */
  maintenance?: 'thread' | 'manual';
  /** Hashes keys with SipHash-1-3: slower, and made against an attacker who can measure. */
  hardened?: boolean;
  /** Makes hashing and random choices repeat from run to run. For tests only. */
  seed?: number | bigint | string;
}

/**
 * Opens an engine: one of your own, or, by name, one that all threads of the process share. Options given for a name that
 * is open must be those it has.
 */
export function open(options?: OpenOptions): Larder;

/** The words of SET after key and value, such as `'EX', 60, 'NX'`. */
export type SetWord = 'NX' | 'XX' | 'EX' | 'PX' | 'EXAT' | 'PXAT' | 'KEEPTTL' | 'IFEQ' | 'IFNE' | 'IFDEQ' | 'IFDNE';

/**
 * An engine, as this thread has it open. Everything that takes nanoseconds is done at once; what waits gives a promise,
 * and no thread waits for it. Errors the engine answers with are {@link ReplyError}s.
 */
export interface Larder extends Commands {
  /** The string of a key. */
  get(key: Argument): string | null;
  /** The same as a Buffer of its own. */
  getBuffer(key: Argument): Buffer | null;
  /**
   * Copies the string of a key into a buffer, as much as there is room for. Gives its length in bytes; -1 where there is
   * none. Cheaper than a new Buffer.
   */
  getInto(key: Argument, buffer: Uint8Array | DataView | ArrayBuffer): number;
  /** Sets a key, for so many milliseconds or until it is removed. */
  set(key: Argument, value: Argument, ttlMs?: number): true;
  /** Sets a key on conditions; false if they did not hold. */
  set(key: Argument, value: Argument, word: SetWord, ...words: (SetWord | Argument)[]): boolean;
  /** Sets a key and gives what was there before. */
  set(key: Argument, value: Argument, ...words: (SetWord | 'GET' | Argument)[]): boolean | string | null;
  /** Adds to a number, 1 if nothing is said, and gives the sum. */
  incr(key: Argument, by?: number): number;
  /** The strings of several keys, all of one moment; null for what is missing or no string. */
  mget(...keys: Argument[]): (string | null)[];
  mget(keys: Argument[]): (string | null)[];
  mgetBuffer(...keys: Argument[]): (Buffer | null)[];
  mgetBuffer(keys: Argument[]): (Buffer | null)[];
  /** Removes keys, and says how many there were. */
  del(...keys: Argument[]): number;
  del(keys: Argument[]): number;
  /** Publishes, and says how many subscriptions the message reached. */
  publish(channel: Argument, message: Argument): number;
  /** Publishes to a shard channel. */
  spublish(channel: Argument, message: Argument): number;

  /** Runs any command and gives its reply. A command that would wait is an error. Each call stands alone. */
  call(...words: Words[]): Reply;
  /** The same with Buffers for strings. */
  callBuffer(...words: Words[]): Reply;
  /** The same for commands that may wait. */
  callAsync(...words: Words[]): Promise<Reply>;
  callAsyncBuffer(...words: Words[]): Promise<Reply>;

  /** A connection: for what lasts from call to call, such as MULTI, SELECT or WATCH. */
  connect(): Connection;
  /** Subscribes to channels. */
  subscribe(channels: Argument | Argument[], options: SubscribeOptions & { buffers: true }): Subscription<Buffer>;
  subscribe(channels: Argument | Argument[], options?: SubscribeOptions): Subscription<string>;
  /** Subscribes to patterns such as `room:*`. */
  psubscribe(patterns: Argument | Argument[], options: SubscribeOptions & { buffers: true }): Subscription<Buffer>;
  psubscribe(patterns: Argument | Argument[], options?: SubscribeOptions): Subscription<string>;
  /** Subscribes to shard channels. */
  ssubscribe(channels: Argument | Argument[], options: SubscribeOptions & { buffers: true }): Subscription<Buffer>;
  ssubscribe(channels: Argument | Argument[], options?: SubscribeOptions): Subscription<string>;
  /** Opens the engine to clients of Redis, until `close()` of what this gives, or of this. */
  serve(options: ServeOptions): Serving;

  /** Removes what is due from an engine with manual maintenance, and says how many keys that were. */
  tick(): number;
  /** Moves the clock of an engine that was opened with `clock: 'manual'`. */
  advanceClock(ms: number): void;
  /** The name it was opened by; null for one of your own. */
  readonly name: string | null;
  /**
   * A text for other threads: whoever opens it (`open({ handle })`) shares this engine, with or without a name. It does
   * not keep the engine open.
   */
  readonly handle: string;
  readonly closed: boolean;
  /**
   * Closes it here: what was opened through it ends, what waits fails, and whatever is called later is an error. The data
   * goes with the last who has the engine open. A thread that ends closes what it has open; an engine without a name is
   * closed when nobody holds it any more.
   */
  close(): void;
  /** Ends the engine for everybody who has it open, on whatever thread. */
  destroy(): void;
}
export const Larder: { prototype: Larder };

/** What a client of a server has, without a socket. Commands take their turns: one that waits holds up those after it. */
export interface Connection extends EventEmitter, Commands, ConnectionCommands {
  call(...words: Words[]): Reply;
  callBuffer(...words: Words[]): Reply;
  callAsync(...words: Words[]): Promise<Reply>;
  callAsyncBuffer(...words: Words[]): Promise<Reply>;
  readonly closed: boolean;
  close(): void;
  /** What comes out of turn: messages of SUBSCRIBE, invalidations of CLIENT TRACKING. */
  on(event: 'push', listener: (push: Reply[]) => void): this;
}
export const Connection: { prototype: Connection };

export interface SubscribeOptions {
  /**
   * What happens when the queue is full: the subscription ends with an error (`disconnect`, Redis' way), the new message
   * is lost, or the oldest is.
   */
  overflow?: 'disconnect' | 'drop-newest' | 'drop-oldest';
  /** Messages the queue holds. */
  queueLength?: number;
  /** Bytes the queue holds. */
  queueBytes?: number;
  /** Payloads as Buffers. */
  buffers?: boolean;
}

export interface Message<Payload = string> {
  channel: string;
  payload: Payload;
  /** The pattern through which it came. */
  pattern: string | null;
  /** One more than that of the message before on the same channel (or pattern): a gap tells of lost ones. */
  seq: number;
}

/**
 * Messages, as events (`message`, `end`, `error`) or in `for await`; use one or the other. While somebody listens the
 * thread lives on.
 */
export interface Subscription<Payload = string> extends EventEmitter, AsyncIterableIterator<Message<Payload>> {
  add(...names: (Argument | Argument[])[]): this;
  remove(...names: (Argument | Argument[])[]): this;
  /** Messages that were lost because the queue was full. */
  readonly lost: number;
  readonly closed: boolean;
  close(): void;
  on(event: 'message', listener: (message: Message<Payload>) => void): this;
  on(event: 'error', listener: (error: LarderError) => void): this;
  on(event: 'end', listener: () => void): this;
  [Symbol.asyncIterator](): this;
}
export const Subscription: { prototype: Subscription };

export interface ServeOptions {
  /** A port; 0 lets the system choose. Either this or a path. */
  port?: number;
  /** The address to listen on: 127.0.0.1 if nothing is said. */
  host?: string;
  /** A Unix socket. */
  path?: string;
  /** Threads that serve: 1 if nothing is said. */
  threads?: number;
  /** What clients have to log in with. */
  password?: string;
}

export interface Serving {
  host: string | null;
  port: number | null;
  path: string | null;
  /** What clients connect to. */
  url: string;
  close(): void;
}

/** Options of {@link createClient}. Those of ioredis that mean nothing without a network are taken and do nothing. */
export interface ClientOptions {
  /**
   * The engine, by name: `default` if nothing is said. It stays open on this thread when its clients leave, as a server
   * would; `open({ name }).destroy()` ends it.
   */
  name?: string;
  /** The engine, if you have it open. */
  larder?: Larder;
  /** The database. */
  db?: number;
  keyPrefix?: string;
  connectionName?: string;
  /** Does nothing until {@link Client.connect}, or the first command. */
  lazyConnect?: boolean;
  [inert: string]: unknown;
}

/** A client in the shape of ioredis, in process and without a server. */
export function createClient(options?: ClientOptions): Client;

export interface Client extends EventEmitter, ClientCommands {
  status: 'wait' | 'connecting' | 'connect' | 'ready' | 'end';
  options: ClientOptions;
  isCluster: false;
  connect(callback?: Callback<void>): Promise<void>;
  disconnect(): void;
  quit(callback?: Callback<'OK'>): Promise<'OK'>;
  duplicate(override?: Partial<ClientOptions>): Client;
  call(command: string, ...words: (Words | Callback)[]): Promise<Reply>;
  callBuffer(command: string, ...words: (Words | Callback)[]): Promise<Reply>;
  pipeline(commands?: unknown[][]): Pipeline;
  multi(options: { pipeline: false }): Promise<'OK'>;
  multi(commands?: unknown[][]): Pipeline;
  exec(callback?: Callback<[Error | null, Reply][] | null>): Promise<[Error | null, Reply][] | null>;
  defineCommand(name: string, definition: { lua: string; numberOfKeys?: number; readOnly?: boolean }): void;
  scanStream(options?: ScanStreamOptions): Readable;
  hscanStream(key: Argument, options?: ScanStreamOptions): Readable;
  sscanStream(key: Argument, options?: ScanStreamOptions): Readable;
  zscanStream(key: Argument, options?: ScanStreamOptions): Readable;
  /** Commands that were defined by their scripts. */
  [command: string]: any;
}
export const Client: { prototype: Client };

export interface ScanStreamOptions {
  match?: string;
  count?: number;
  type?: string;
}

/** Commands that are sent together. Methods give the pipeline itself. */
export interface Pipeline {
  readonly length: number;
  exec(callback?: Callback<[Error | null, Reply][] | null>): Promise<[Error | null, Reply][] | null>;
  [command: string]: any;
}

/** What goes wrong. `code` begins with `LARDER_`. */
export class LarderError extends Error {
  readonly code: string;
}

/** What the engine answers with. `code` is the first word of the answer, such as `WRONGTYPE`. */
export class ReplyError extends LarderError {}

/** The version of the binary. */
export const version: string;
