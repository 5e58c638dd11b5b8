// The routes of the gateway. People come with a token (`Authorization: Bearer …`), machines with a key
// (`X-API-Key: …`). Express 5 hands what an async handler throws to the last handler below.

import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import express from 'express';
import { ROOT } from '../settings.js';
import { reason } from '../log.js';
import { NotSignedIn } from '../sessions.js';
import { limited } from './rate-limit.js';

const SIGN_INS_MAX = 30;
const TEXT_LEN_MAX = 500;
const LEVELS = ['info', 'warning'];

const CLIENT = dirname(createRequire(import.meta.url).resolve('socket.io-client/dist/socket.io.js'));
const POLICY = "default-src 'self'; connect-src 'self' http://127.0.0.1:* ws://127.0.0.1:*; img-src 'self' data:; "
  + "frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

class BadRequest extends Error {}

/** The field of the body as trimmed text of a sensible length, or a 400 that names it. */
function text(body, field, lenMax = TEXT_LEN_MAX) {
  const value = body?.[field];
  if (typeof value !== 'string' || value.trim() === '' || value.length > lenMax) {
    throw new BadRequest(`'${field}' must be text of 1 to ${lenMax} characters`);
  }
  return value.trim();
}

function signedIn(sessions) {
  return async (req, res, next) => {
    const [scheme, token] = (req.get('authorization') ?? '').split(' ');
    if (scheme !== 'Bearer' || !token) throw new NotSignedIn();
    req.session = await sessions.of(token);
    next();
  };
}

function withKey(keys) {
  return async (req, res, next) => {
    const { value, from } = await keys.find(req.get('x-api-key') ?? '');
    res.set('X-Cache', from);
    if (!value) return res.status(401).json({ error: 'this API key is not valid' });
    req.apiKey = value;
    next();
  };
}

function sessionRoutes(app, { store, sessions, limiter, log }, person) {
  const fewSignIns = limited(limiter, (req) => ({ id: `sign-in:${req.ip}`, limit: SIGN_INS_MAX }));
  app.post('/api/sessions', fewSignIns, async (req, res) => {
    const found = store.authenticate(text(req.body, 'user', 64), text(req.body, 'password', 256));
    if (!found) return res.status(401).json({ error: 'name or password is wrong' });
    const { token, session } = await sessions.start(found, (req.get('user-agent') ?? '').slice(0, 200));
    log.info(`${found.id} signed in`);
    res.status(201).json({ token, session });
  });
  app.get('/api/me', person, (req, res) => res.json(req.session));
  app.get('/api/sessions', person, async (req, res) => {
    res.json(await sessions.list(req.session.person.id));
  });
  app.delete('/api/sessions/:id', person, async (req, res) => {
    const session = await sessions.find(req.params.id);
    if (session?.person.id !== req.session.person.id) return res.status(404).json({ error: 'no such session' });
    await sessions.revoke(session);
    log.info(`a session of ${session.person.id} was revoked`);
    res.status(204).end();
  });
}

function keyRoutes(app, { keys, log }, person) {
  app.get('/api/keys', person, (req, res) => res.json(keys.list(req.session.person.id)));
  app.post('/api/keys', person, async (req, res) => {
    res.status(201).json(await keys.create(req.session.person.id, text(req.body, 'name', 64)));
  });
  app.delete('/api/keys/:id', person, async (req, res) => {
    if (!(await keys.revoke(req.params.id, req.session.person.id))) {
      return res.status(404).json({ error: 'no such key' });
    }
    log.info(`an API key of ${req.session.person.id} was revoked`);
    res.status(204).end();
  });
}

function roomRoutes(app, { rooms, emitter }, person) {
  app.get('/api/rooms', person, async (req, res) => res.json(await rooms.list()));
  app.get('/api/rooms/:id', person, async (req, res) => {
    const { value, from } = await rooms.find(req.params.id);
    res.set('X-Cache', from);
    if (!value) return res.status(404).json({ error: 'no such room' });
    res.json(value);
  });
  app.put('/api/rooms/:id/topic', person, async (req, res) => {
    const room = await rooms.setTopic(req.params.id, text(req.body, 'topic', 120));
    if (!room) return res.status(404).json({ error: 'no such room' });
    emitter.emit('room', room);
    res.json(room);
  });
}

function notifyRoute(app, { keys, limiter, emitter, log }) {
  const perKey = limited(limiter, (req) => ({ id: `key:${req.apiKey.id}`, limit: req.apiKey.limit }));
  app.post('/notify', withKey(keys), perKey, (req, res) => {
    const level = req.body?.level ?? 'info';
    if (!LEVELS.includes(level)) throw new BadRequest(`'level' must be one of ${LEVELS.join(', ')}`);
    const notification = {
      id: randomUUID(), text: text(req.body, 'text'), level, from: req.apiKey.name, at: Date.now(),
    };
    emitter.emit('notification', notification);
    log.info(`notification from ${req.apiKey.name}: ${notification.text}`);
    res.status(202).json(notification);
  });
}

function operationRoutes(app, { servers, people, cache, store }, person) {
  app.get('/api/servers', person, async (req, res) => {
    const [up, present] = await Promise.all([servers.list(), people.list()]);
    const crowd = (name) => present.filter(({ server }) => server === name).length;
    // The emptiest first: that is where a page connects.
    const listed = up.map(({ id, url }) => ({ name: id, url, people: crowd(id) }));
    res.json(listed.sort((a, b) => a.people - b.people || a.name.localeCompare(b.name)));
  });
  app.get('/api/stats', person, (req, res) => res.json({ databaseReads: store.reads }));
  app.get('/health', async (req, res) => {
    try {
      await cache.ping();
      res.json({ cache: 'up', chatServers: (await servers.list()).map(({ id }) => id) });
    } catch (error) {
      res.status(503).json({ cache: 'down', error: reason(error) });
    }
  });
}

/** Turns what was thrown into an answer: what is the caller's fault is told, the rest is logged. */
function failures(log) {
  return (error, req, res, next) => {
    if (res.headersSent) return next(error);
    if (error instanceof NotSignedIn) return res.status(401).json({ error: error.message });
    if (error instanceof BadRequest) return res.status(400).json({ error: error.message });
    if (error.status >= 400 && error.status < 500) return res.status(error.status).json({ error: error.message });
    log.error(`${req.method} ${req.path} failed`, error);
    res.status(503).json({ error: 'the gateway cannot do this now, try again' });
  };
}

export function application(parts) {
  const app = express();
  app.disable('x-powered-by');
  app.use((req, res, next) => {
    res.set({ 'Content-Security-Policy': POLICY, 'X-Content-Type-Options': 'nosniff', 'Referrer-Policy': 'no-referrer' });
    next();
  });
  app.use(express.json({ limit: '16kb' }));
  const person = signedIn(parts.sessions);
  sessionRoutes(app, parts, person);
  keyRoutes(app, parts, person);
  roomRoutes(app, parts, person);
  notifyRoute(app, parts);
  operationRoutes(app, parts, person);
  app.use('/api', (req, res) => res.status(404).json({ error: 'no such route' }));
  app.get('/socket.io-client.js', (req, res) => res.sendFile('socket.io.esm.min.js', { root: CLIENT }));
  app.use(express.static(`${ROOT}public`));
  app.use(failures(parts.log));
  return app;
}
