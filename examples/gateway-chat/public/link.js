// The connection to one of the chat servers, whichever lives. Socket.IO's own reconnection goes back to the
// same address; this one asks the gateway for the servers there are and tries the others first.

import { io } from '/socket.io-client.js';

const CONNECT_MS_MAX = 3_000;
const PAUSE_MS_MAX = 4_000;

export class Link extends EventTarget {
  #gateway;
  #socket = null;
  #wanted = false;
  #lost = null;
  server = null;

  constructor(gateway) {
    super();
    this.#gateway = gateway;
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  start() {
    this.#wanted = true;
    this.#lost = null;
    return this.#search();
  }

  stop() {
    this.#wanted = false;
    this.server = null;
    this.#socket?.disconnect();
    this.#socket = null;
  }

  /** Goes through the servers until one takes us; between rounds it waits a little longer each time. */
  async #search() {
    for (let round = 0; this.#wanted; round += 1) {
      this.#tell('searching', { lost: this.#lost });
      for (const server of await this.#candidates()) {
        if (!this.#wanted || (await this.#connect(server))) return;
      }
      const pauseMs = Math.min(200 * 2 ** round, PAUSE_MS_MAX) * (0.75 + Math.random() / 2);
      await new Promise((resolve) => { setTimeout(resolve, pauseMs); });
    }
  }

  async #candidates() {
    try {
      const servers = await this.#gateway.servers();
      const late = (server) => Number(server.name === this.#lost);
      return servers.sort((a, b) => late(a) - late(b));
    } catch {
      return [];
    }
  }

  #connect({ name, url }) {
    return new Promise((resolve) => {
      const socket = io(url, {
        auth: { token: this.#gateway.token },
        transports: ['websocket'],
        reconnection: false,
        forceNew: true,
        timeout: CONNECT_MS_MAX,
      });
      socket.on('connect_error', (error) => {
        if (error.data?.code === 'not-signed-in') this.#over();
        socket.disconnect();
        resolve(false);
      });
      socket.on('connect', () => {
        if (!this.#wanted) {
          socket.disconnect();
          return resolve(false);
        }
        this.#adopt(socket, name);
        resolve(true);
      });
    });
  }

  #adopt(socket, name) {
    this.#socket = socket;
    this.server = name;
    for (const event of ['message', 'presence', 'typing', 'notification', 'room']) {
      socket.on(event, (detail) => this.#tell(event, detail));
    }
    socket.on('session-ended', () => this.#over());
    socket.on('disconnect', () => {
      if (this.#socket !== socket || !this.#wanted) return;
      this.#lost = name;
      this.server = null;
      this.#socket = null;
      this.#search();
    });
    this.#tell('online', { server: name });
  }

  #over() {
    if (!this.#wanted) return;
    this.stop();
    this.#tell('over');
  }

  /** Sends and waits for the acknowledgement; throws when none came. */
  async ask(event, body) {
    if (!this.#socket) throw new Error('not connected');
    return this.#socket.timeout(5_000).emitWithAck(event, body);
  }

  /** Sends what may get lost. */
  hint(event, body) {
    this.#socket?.volatile.emit(event, body);
  }
}
