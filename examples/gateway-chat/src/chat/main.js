// One chat server as a process of its own: Socket.IO, with the cache between it and the other ones.

import { createServer } from 'node:http';
import { createAdapter } from '@socket.io/redis-adapter';
import { Server } from 'socket.io';
import { connect, duplicate } from '../cache-client.js';
import { Store } from '../database.js';
import { Notices } from '../notices.js';
import { Roll } from '../roll.js';
import { Rooms } from '../rooms.js';
import { listen, serve } from '../service.js';
import { NotSignedIn, onRevoked, Sessions } from '../sessions.js';
import { chatSettings, HOST, settings } from '../settings.js';
import { converse } from './conversation.js';
import { History } from './history.js';
import { Presence } from './presence.js';

/** Lets in who has a token whose session stands, and throws out whose session ends. */
function guard(io, { sessions, notices, log }) {
  io.use(async (socket, next) => {
    try {
      socket.data.session = await sessions.of(socket.handshake.auth?.token);
      next();
    } catch (error) {
      const known = error instanceof NotSignedIn;
      if (!known) log.error('a session cannot be looked up', error);
      const refusal = new Error(known ? error.message : 'sessions cannot be looked up now');
      refusal.data = { code: known ? 'not-signed-in' : 'unavailable' };
      next(refusal);
    }
  });
  const throwOut = (sessionId) => {
    const sockets = io.local.in(`session:${sessionId}`);
    sockets.emit('session-ended');
    sockets.disconnectSockets(true);
  };
  const check = async (socket) => {
    const { id } = socket.data.session;
    if (!(await sessions.find(id))) throwOut(id);
  };
  onRevoked(notices, throwOut);
  return check;
}

function gathering(io, parts, { name, log }) {
  const { roll, heartbeatMs, check, servers, url } = parts;
  const presence = new Presence({
    roll,
    log,
    show: (list) => io.local.emit('presence', list),
    tell: () => io.serverSideEmit('presence-changed'),
  });
  io.on('presence-changed', () => presence.refresh());
  const checkAll = () => Promise.all([...io.sockets.sockets.values()].map(check));
  const beat = async () => {
    try {
      await servers.keep(new Map([[name, { url }]]));
      await presence.heartbeat();
      // Sessions end by themselves too.
      await checkAll();
    } catch (error) {
      log.error('a heartbeat failed', error);
    }
  };
  const timer = setInterval(beat, heartbeatMs);
  return { presence, beat, checkAll, stop: () => clearInterval(timer) };
}

function welcome(io, parts) {
  const { check, log } = parts;
  io.on('connection', async (socket) => {
    try {
      // In this room before the session is looked at again: a revocation in between finds the socket here.
      await socket.join(`session:${socket.data.session.id}`);
      converse(socket, { io, ...parts });
      socket.emit('welcome', { server: parts.server });
      await check(socket);
    } catch (error) {
      log.error('a connection could not be welcomed', error);
      socket.disconnect(true);
    }
  });
}

async function start(log, chat) {
  const set = settings();
  if (!set.redisUrl) throw new Error('REDIS_URL is missing: which cache?');
  const cache = connect(set.redisUrl, { name: chat.name, temper: 'brisk', log });
  const publisher = connect(set.redisUrl, { name: `${chat.name}-relay`, temper: 'patient', log });
  const subscriber = duplicate(publisher, `${chat.name}-subscriber`, log);
  const notices = new Notices(cache, { name: `${chat.name}-notices`, log });
  await notices.ready();
  const store = Store.open(set.database);
  const rooms = new Rooms({ cache, notices, store, ttlMs: set.cacheTtlMs, nearTtlMs: set.nearTtlMs, log });
  const sessions = new Sessions({
    cache, notices, secret: set.jwtSecret, ttlMs: set.sessionTtlMs, nearTtlMs: set.nearTtlMs,
  });

  const http = createServer((req, res) => res.writeHead(404).end());
  const io = new Server(http, {
    adapter: createAdapter(publisher, subscriber),
    cors: { origin: chat.origins },
    serveClient: false,
    maxHttpBufferSize: 64 * 1024,
  });
  const check = guard(io, { sessions, notices, log });
  const port = await listen(http, HOST, chat.port);
  const url = `http://${HOST}:${port}`;
  const servers = new Roll(cache, 'servers', set.presenceTtlMs);
  const crowd = gathering(io, {
    roll: new Roll(cache, 'people', set.presenceTtlMs), heartbeatMs: set.heartbeatMs, check, servers, url,
  }, { name: chat.name, log });
  const history = new History({ cache, lenMax: set.historyLen });
  welcome(io, { check, server: chat.name, rooms, history, presence: crowd.presence, log });
  // Revocations may have been missed while the notices were away.
  notices.on('healthy', () => crowd.checkAll().catch((error) => log.error('sessions cannot be checked', error)));
  await crowd.beat();
  log.info(`listening on ${url}`);

  return {
    facts: { name: chat.name, url, port },
    async stop() {
      crowd.stop();
      await servers.leave([chat.name]);
      await crowd.presence.leaveAll();
      await io.close();
      notices.close();
      for (const client of [subscriber, publisher, cache]) client.disconnect();
      store.close();
    },
  };
}

serve(process.env.CHAT_NAME || 'chat', (log) => start(log, chatSettings()));
