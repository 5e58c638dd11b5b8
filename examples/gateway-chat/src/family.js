// The processes of the application: started in order, watched, stopped in the opposite order. The death of one
// chat server is survived, as the others and the pages know what to do; without gateway or cache nothing works,
// so the rest is stopped and the exit code says so.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { startCache, stopChild } from './cache-process.js';
import { HOST, ROOT } from './settings.js';

const GATEWAY = `${ROOT}src/gateway/main.js`;
const CHAT = `${ROOT}src/chat/main.js`;

/** Starts one of our own programs; `ready` waits for its word and answers its facts. */
function startService(file, environment) {
  const child = fork(file, { env: { ...process.env, ...environment }, detached: true });
  const ready = async () => {
    const [first] = await Promise.race([once(child, 'message'), once(child, 'exit').then(() => [null])]);
    if (!first?.ready) throw new Error(`${file.slice(ROOT.length)} could not be started, see above`);
    return first.ready;
  };
  return { child, ready };
}

export class Family {
  #set;
  #log;
  #members = [];
  #stopping = false;
  #onFatal;

  /** `onFatal(why)` is called when what is left cannot work. */
  constructor(set, log, onFatal) {
    this.#set = set;
    this.#log = log;
    this.#onFatal = onFatal;
  }

  /** `{ cache, gateway, servers }` with the addresses and process ids of all. */
  async start() {
    const set = this.#set;
    const cache = set.redisUrl ? { url: set.redisUrl, pid: null } : await this.#startCache();
    const shared = { REDIS_URL: cache.url, DATABASE: set.database, JWT_SECRET: set.jwtSecret };
    const gateway = await this.#startMember('the gateway', startService(GATEWAY, shared));
    const origins = [HOST, 'localhost'].map((host) => `http://${host}:${gateway.port}`).join(',');
    const servers = [];
    for (const { name, port } of set.chatServers) {
      const environment = { ...shared, CHAT_NAME: name, CHAT_PORT: String(port), PAGE_ORIGINS: origins };
      servers.push(await this.#startMember(name, startService(CHAT, environment), { spare: true }));
    }
    return { cache, gateway, servers };
  }

  async #startCache() {
    const started = await startCache(this.#set, this.#log);
    await this.#startMember('the cache', started);
    return { url: started.url, pid: started.child.pid };
  }

  /** Belongs to the family from its first moment, so that a stop in the middle of the start finds it. */
  async #startMember(name, { child, ready }, { spare = false } = {}) {
    const member = { name, spare, child, alive: true };
    this.#members.push(member);
    child.once('exit', (code, signal) => this.#ended(member, signal ?? `code ${code}`));
    const facts = await ready();
    if (this.#stopping) throw new Error('stopped while starting');
    return { ...facts, pid: child.pid };
  }

  #ended(entry, how) {
    entry.alive = false;
    if (this.#stopping) return;
    this.#log.error(`${entry.name} ended (${how})`);
    if (!entry.spare) this.#onFatal(`${entry.name} is gone`);
    else if (this.#members.every(({ spare, alive }) => !spare || !alive)) this.#onFatal('no chat server is left');
  }

  /** The last started first: nobody loses what it still uses. */
  async stop() {
    this.#stopping = true;
    for (const member of [...this.#members].reverse()) await stopChild(member.child);
  }
}
