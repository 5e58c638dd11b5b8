// A server for one test file: Larder, or whatever REDIS_URL names.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/** The `larder` program: LARDER_BIN, or the newest build there is. */
function program() {
  const target = process.env.CARGO_TARGET_DIR ?? path.join(ROOT, 'target');
  const candidates = [process.env.LARDER_BIN, path.join(target, 'release/larder'), path.join(target, 'debug/larder')];
  const found = candidates.find((candidate) => candidate && existsSync(candidate));
  if (!found) {
    throw new Error('no larder program: cargo build --release -p larder-cli, or set LARDER_BIN');
  }
  return found;
}

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Waits until a server says that it can be reached. Its own word counts: somebody else may have taken the port. */
async function ready(child) {
  let text = '';
  for await (const part of child.stdout) {
    text += part;
    if (/Ready to accept connections|^ {2}connect /m.test(text)) {
      break; // ends the stream; servers do not mind
    }
  }
  if (child.exitCode !== null) {
    throw new Error(`the server ended with status ${child.exitCode}`);
  }
}

/** Every server that was started: a test that fails does not come to where it stops its own. */
const children = new Set();
process.once('exit', () => children.forEach((child) => child.kill()));

export class Server {
  /** Flags and a port make it a server of its own; `which` says whose, the environment if nothing does. */
  static async start(flags = [], port = undefined, which = process.env.REDIS_URL ? 'redis' : 'larder') {
    const server = new Server();
    if (process.env.REDIS_URL && flags.length === 0) {
      const url = new URL(process.env.REDIS_URL);
      server.port = Number(url.port || 6379);
      return server;
    }
    server.port = port ?? (await freePort());
    const words = ['--port', String(server.port), ...flags];
    const stdio = ['ignore', 'pipe', 'ignore'];
    server.child = which === 'redis'
      ? spawn('redis-server', ['--save', '', '--bind', '127.0.0.1', ...words], { stdio })
      : spawn(program(), ['serve', '--loglevel', 'nothing', ...words], { stdio });
    children.add(server.child);
    await ready(server.child);
    return server;
  }

  async stop() {
    if (this.child && this.child.exitCode === null) {
      this.child.kill('SIGTERM');
      await once(this.child, 'exit');
    }
    return this.child?.exitCode ?? 0;
  }

  get isOurs() {
    return !process.env.REDIS_URL;
  }
}
