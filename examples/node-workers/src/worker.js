// One thread: a web server of its own, and everything it keeps in the engine that it shares with the others.

import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { parentPort, threadId, workerData } from 'node:worker_threads';
import { Cache } from './cache.js';
import { Chat } from './chat.js';
import { open } from './larder.js';
import { Sessions } from './sessions.js';

const db = open({ name: workerData.name });
const sessions = new Sessions(db);
const cache = new Cache(db);
const chat = new Chat(db);
const page = await readFile(new URL('../public/index.html', import.meta.url));

function json(response, status, value) {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

async function body(request) {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) {
    text += chunk;
    if (text.length > 10_000) {
      throw Object.assign(new Error('too long'), { status: 413 });
    }
  }
  try {
    return JSON.parse(text);
  } catch {
    throw Object.assign(new Error('JSON is wanted'), { status: 400 });
  }
}

/** A slow question, as to a database, whose answer is worth keeping. */
async function slowSquare(n) {
  db.incr('asked');
  await new Promise((resolve) => setTimeout(resolve, 20));
  return n * n;
}

const ROUTES = {
  'GET /': (request, response) => response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(page),

  'POST /login': async (request, response) => {
    const { user } = await body(request);
    if (typeof user !== 'string' || user.trim() === '') {
      return json(response, 400, { error: 'a name is wanted' });
    }
    response.setHeader('set-cookie', `session=${sessions.begin(user.trim())}; HttpOnly; SameSite=Strict; Path=/`);
    return json(response, 200, { user: user.trim() });
  },

  'GET /me': (request, response) => {
    const session = sessions.of(request);
    return session === null
      ? json(response, 401, { error: 'nobody is logged in' })
      : json(response, 200, { ...session, thread: threadId });
  },

  'POST /logout': (request, response) => {
    sessions.end(request);
    return json(response, 200, {});
  },

  'GET /square': async (request, response, url) => {
    const n = Number(url.searchParams.get('n'));
    if (!Number.isSafeInteger(n)) {
      return json(response, 400, { error: 'a whole number is wanted: /square?n=12' });
    }
    const [square, from] = await cache.get(`square:${n}`, 10_000, () => slowSquare(n));
    return json(response, 200, { square: Number(square), from, thread: threadId });
  },

  'POST /say': async (request, response) => {
    const session = sessions.of(request);
    if (session === null) {
      return json(response, 401, { error: 'nobody is logged in' });
    }
    const { text } = await body(request);
    return json(response, 200, { heard: chat.say(session.user, String(text), threadId) });
  },

  'GET /chat': (request, response) => chat.listen(request, response),
};

const server = createServer(async (request, response) => {
  const url = new URL(request.url, 'http://localhost');
  try {
    const route = ROUTES[`${request.method} ${url.pathname}`];
    await (route ? route(request, response, url) : json(response, 404, { error: 'there is no such page' }));
  } catch (error) {
    json(response, error.status ?? 500, { error: error.message });
  }
});

server.listen(workerData.port, '127.0.0.1');
await once(server, 'listening');
parentPort.postMessage(`http://127.0.0.1:${server.address().port}`);
