// Socket.IO on three servers that know of each other through Redis only: every adapter, with every client.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { createAdapter, createShardedAdapter } from '@socket.io/redis-adapter';
import { Emitter } from '@socket.io/redis-emitter';
import { createAdapter as createStreamsAdapter } from '@socket.io/redis-streams-adapter';
import Redis5 from 'ioredis';
import Redis6 from 'ioredis6';
import { createClient as createClient6 } from 'redis';
import { createClient as createClient5 } from 'redis5';
import { Server as SocketServer } from 'socket.io';
import { io as connect } from 'socket.io-client';
import { Server } from './server.js';

const CLIENTS = {
  'ioredis 5': async (port) => new Redis5(port),
  'ioredis 6': async (port) => new Redis6(port),
  'ioredis 6 in RESP2': async (port) => new Redis6(port, { protocol: 2 }),
  'node-redis 5': async (port) => createClient5({ socket: { port, host: '127.0.0.1' } }).connect(),
  'node-redis 5 in RESP3': async (port) => createClient5({ RESP: 3, socket: { port, host: '127.0.0.1' } }).connect(),
  'node-redis 6': async (port) => createClient6({ socket: { port, host: '127.0.0.1' } }).connect(),
};

// A server that ends waits so long for its last look at the stream.
const BLOCK_MS = 500;

const ADAPTERS = {
  'the adapter': (pub, sub) => createAdapter(pub, sub),
  'the adapter with channels for answers': (pub, sub) =>
    createAdapter(pub, sub, { publishOnSpecificResponseChannel: true }),
  'the sharded adapter': (pub, sub) => createShardedAdapter(pub, sub),
  'the sharded adapter with a channel for every room': (pub, sub) =>
    createShardedAdapter(pub, sub, { subscriptionMode: 'dynamic-private' }),
  'the streams adapter': (pub) => createStreamsAdapter(pub, { blockTimeInMs: BLOCK_MS }),
  'the streams adapter with shard channels': (pub) =>
    createStreamsAdapter(pub, { streamName: 'events', useShardedPubSub: true, blockTimeInMs: BLOCK_MS }),
};

/** Repeats a question until its answer is the one that is waited for. */
async function until(question) {
  while (!(await question())) {
    await new Promise(setImmediate);
  }
}

/** Ends a client when everything it was asked for is answered. */
function close(client) {
  return client.close ? client.close() : client.quit();
}

/** A Socket.IO server with clients of its own for Redis, as it would run in a process of its own. */
class Node {
  static async start(port, makeClient, makeAdapter, options = {}) {
    const node = new Node();
    node.clients = [await makeClient(port), await makeClient(port)];
    node.clients.forEach((client) => client.on('error', (error) => assert.fail(error)));
    node.http = createServer();
    node.io = new SocketServer(node.http, { adapter: makeAdapter(...node.clients), ...options });
    node.io.of('/room-service');
    node.io.on('connection', (socket) => {
      socket.on('join', (room, done) => Promise.resolve(socket.join(room)).then(() => done()));
    });
    node.http.listen(0, '127.0.0.1');
    await once(node.http, 'listening');
    return node;
  }

  async connect(namespace = '/', options = {}) {
    const { port } = this.http.address();
    const socket = connect(`http://127.0.0.1:${port}${namespace}`, {
      transports: ['websocket'],
      forceNew: true,
      reconnection: false,
      ...options,
    });
    await once(socket, 'connect');
    return socket;
  }

  async stop() {
    await this.io.close();
    await Promise.all(this.clients.map(close));
  }
}

/** Servers that have heard of each other in every namespace. */
async function cluster(port, makeClient, makeAdapter, options) {
  const nodes = await Promise.all([0, 1, 2].map(() => Node.start(port, makeClient, makeAdapter, options)));
  for (const { io } of nodes) {
    for (const namespace of ['/', '/room-service']) {
      await until(async () => (await io.of(namespace).adapter.serverCount()) === nodes.length);
    }
  }
  return nodes;
}

/**
 * Waits until so many servers wait for news of a stream: it is read from "now" on, so "now" must have begun, and a
 * server that has ended may not be in the middle of a last look.
 */
async function readers(port, count) {
  const redis = new Redis5(port);
  await until(async () => Number(/blocked_clients:(\d+)/.exec(await redis.info('clients'))[1]) === count);
  redis.disconnect();
}

/** Ends servers that read a stream, if they do, and the server on which they met. */
async function end(nodes, server) {
  await Promise.all(nodes.map((node) => node.stop()));
  await readers(server.port, 0);
  await server.stop();
}

const heard = (sockets, event) => Promise.all(sockets.map(async (socket) => (await once(socket, event))[0]));
const ids = (sockets) => sockets.map(({ id }) => id).sort();

function everything(makeClient, makeAdapter, inStreams) {
  let server;
  let nodes;
  let sockets;

  before(async () => {
    server = await Server.start();
    const cleaner = new Redis5(server.port);
    await cleaner.flushall();
    cleaner.disconnect();
    nodes = await cluster(server.port, makeClient, makeAdapter);
    if (inStreams) {
      await readers(server.port, nodes.length);
    }
    sockets = await Promise.all(nodes.map((node) => node.connect()));
  });

  after(async () => {
    sockets.forEach((socket) => socket.disconnect());
    await end(nodes, server);
  });

  test('everybody hears a broadcast, bytes included', async () => {
    const all = heard(sockets, 'news');
    nodes[0].io.emit('news', { text: 'rain', bytes: Buffer.from([0, 255, 13, 10]) });
    for (const { text, bytes } of await all) {
      assert.equal(text, 'rain');
      assert.deepEqual([...bytes], [0, 255, 13, 10]);
    }
  });

  test('only a room hears what is said in it', async () => {
    await sockets[1].emitWithAck('join', 'tea');
    const order = [];
    sockets.forEach((socket, n) => socket.on('said', (what) => order.push([n, what])));
    if (!inStreams) {
      // The channel of a room is subscribed to when its first member comes, and nobody waits for it.
      await until(async () => (await nodes[0].io.in('tea').fetchSockets()).length === 1);
    }
    const last = heard(sockets, 'end');
    nodes[0].io.to('tea').emit('said', 'in tea');
    nodes[2].io.to('nobody').emit('said', 'to nobody');
    nodes[0].io.except('tea').emit('said', 'elsewhere');
    nodes[0].io.local.emit('said', 'here');
    nodes[0].io.emit('end');
    await last;
    await until(() => order.length >= 4);
    sockets.forEach((socket) => socket.off('said'));
    assert.deepEqual(order.filter(([, what]) => what === 'in tea'), [[1, 'in tea']]);
    assert.deepEqual(order.filter(([, what]) => what === 'elsewhere').sort(), [[0, 'elsewhere'], [2, 'elsewhere']]);
    assert.deepEqual(order.filter(([, what]) => what === 'here'), [[0, 'here']]);
    assert.equal(order.length, 4);
  });

  test('a broadcast whose hearers all answer', async () => {
    sockets.forEach((socket, n) => socket.once('ask', (question, done) => done(`${question} ${n}`)));
    const answers = await nodes[1].io.timeout(20_000).emitWithAck('ask', 'who');
    assert.deepEqual(answers.sort(), ['who 0', 'who 1', 'who 2']);
  });

  test('every socket of every server can be found', async () => {
    const found = await nodes[2].io.fetchSockets();
    assert.deepEqual(ids(found), ids(sockets));
    await nodes[0].io.socketsJoin('everybody');
    await until(async () => (await nodes[1].io.in('everybody').fetchSockets()).length === 3);
    await nodes[1].io.in('everybody').socketsLeave('everybody');
    await until(async () => (await nodes[0].io.in('everybody').fetchSockets()).length === 0);
  });

  test('a socket elsewhere is moved, told and sent away by its id', async () => {
    const guest = await nodes[2].connect();
    const remote = (await nodes[0].io.in(guest.id).fetchSockets())[0];
    assert.equal(remote.id, guest.id);
    const told = once(guest, 'told');
    remote.emit('told', 'you');
    assert.deepEqual(await told, ['you']);
    const gone = once(guest, 'disconnect');
    remote.disconnect(true);
    await gone;
    await until(async () => (await nodes[0].io.fetchSockets()).length === 3);
  });

  test('servers talk to each other, with answers', async () => {
    const hello = Promise.all([1, 2].map((n) => once(nodes[n].io, 'hello')));
    nodes[0].io.serverSideEmit('hello', 'world', 7);
    for (const words of await hello) {
      assert.deepEqual(words, ['world', 7]);
    }
    nodes.forEach(({ io }, n) => io.once('load', (unit, done) => done(`${n} ${unit}`)));
    assert.deepEqual((await nodes[1].io.serverSideEmitWithAck('load', 'percent')).sort(), ['0 percent', '2 percent']);
    nodes[1].io.removeAllListeners('load');
  });

  test('rooms of all servers', async () => {
    const { adapter } = nodes[0].io.of('/');
    if (typeof adapter.allRooms === 'function') {
      const rooms = await adapter.allRooms();
      assert.ok(sockets.every(({ id }) => rooms.has(id)));
    }
  });

  test('namespaces are apart', async () => {
    const inside = await Promise.all(nodes.map((node) => node.connect('/room-service')));
    const strays = [];
    sockets.forEach((socket) => socket.on('inside', (what) => strays.push(what)));
    const all = heard(inside, 'inside');
    nodes[0].io.of('/room-service').emit('inside', 'tea is served');
    assert.deepEqual(await all, ['tea is served', 'tea is served', 'tea is served']);
    assert.deepEqual(ids(await nodes[1].io.of('/room-service').fetchSockets()), ids(inside));
    const last = heard(sockets, 'end');
    nodes[0].io.emit('end');
    await last;
    assert.deepEqual(strays, []);
    inside.forEach((socket) => socket.disconnect());
  });

  test('hundreds of messages from everybody to everybody keep their order', async () => {
    const EACH = 200;
    const got = sockets.map(() => nodes.map(() => []));
    const full = sockets.map((socket, n) => new Promise((resolve) => {
      let left = EACH * nodes.length;
      socket.on('number', (from, number) => {
        got[n][from].push(number);
        left -= 1;
        if (left === 0) {
          resolve();
        }
      });
    }));
    for (let number = 0; number < EACH; number += 1) {
      nodes.forEach(({ io }, from) => io.emit('number', from, number));
    }
    await Promise.all(full);
    const expected = Array.from({ length: EACH }, (_, number) => number);
    got.flat().forEach((numbers) => assert.deepEqual(numbers, expected));
    sockets.forEach((socket) => socket.off('number'));
  });

  test('all sockets of all servers are sent away', async () => {
    const gone = sockets.map((socket) => once(socket, 'disconnect'));
    nodes[1].io.disconnectSockets();
    await Promise.all(gone);
    await until(async () => (await nodes[0].io.fetchSockets()).length === 0);
  });
}

// Every adapter with every client is too much for a check of every day: each meets each other kind once.
const PAIRS = [
  ['the adapter', 'ioredis 5'],
  ['the adapter', 'ioredis 6'],
  ['the adapter', 'node-redis 6'],
  ['the adapter with channels for answers', 'node-redis 5'],
  ['the adapter with channels for answers', 'ioredis 6 in RESP2'],
  ['the sharded adapter', 'ioredis 5'],
  ['the sharded adapter', 'ioredis 6'],
  ['the sharded adapter', 'node-redis 6'],
  ['the sharded adapter with a channel for every room', 'node-redis 5 in RESP3'],
  ['the sharded adapter with a channel for every room', 'ioredis 6 in RESP2'],
  ['the streams adapter', 'ioredis 5'],
  ['the streams adapter', 'node-redis 6'],
  ['the streams adapter with shard channels', 'ioredis 6'],
  ['the streams adapter with shard channels', 'node-redis 5'],
];

for (const [adapter, client] of PAIRS) {
  describe(`Socket.IO: ${adapter}, ${client}`, () => {
    everything(CLIENTS[client], ADAPTERS[adapter], adapter.startsWith('the streams'));
  });
}

for (const client of ['ioredis 5', 'node-redis 6']) {
  test(`Socket.IO: who was away for a moment misses nothing, ${client}`, async () => {
    const server = await Server.start();
    const makeAdapter = (pub) => createStreamsAdapter(pub, { streamName: `recovery ${client}`, blockTimeInMs: BLOCK_MS });
    const nodes = await cluster(server.port, CLIENTS[client], makeAdapter, { connectionStateRecovery: {} });
    await readers(server.port, nodes.length);

    const socket = await nodes[0].connect('/', { reconnection: false });
    await socket.emitWithAck('join', 'tea');
    const first = once(socket, 'message');
    nodes[1].io.emit('message', 'first');
    await first;

    // The connection breaks, and the client comes back at another server.
    const { id } = socket;
    const serverSaw = once(nodes[0].io.of('/').sockets.get(id), 'disconnect');
    socket.io.engine.close();
    await serverSaw;
    nodes[1].io.to('tea').emit('message', 'second');
    nodes[2].io.to('another room').emit('message', 'not for you');
    nodes[1].io.emit('message', 'third');

    const seen = [];
    const third = new Promise((resolve) => {
      socket.on('message', (what) => {
        seen.push(what);
        if (what === 'third') {
          resolve();
        }
      });
    });
    socket.io.uri = `http://127.0.0.1:${nodes[2].http.address().port}`;
    socket.io.engine = undefined;
    socket.connect();
    await once(socket, 'connect');
    await third;
    assert.equal(socket.recovered, true);
    assert.equal(socket.id, id);
    assert.deepEqual(seen, ['second', 'third']);
    assert.ok(nodes[2].io.of('/').adapter.socketRooms(id).has('tea'));

    socket.disconnect();
    await end(nodes, server);
  });
}

for (const client of ['ioredis 6', 'node-redis 6']) {
  test(`Socket.IO: a program without sockets speaks to them, ${client}`, async () => {
    const server = await Server.start();
    const nodes = await cluster(server.port, CLIENTS[client], ADAPTERS['the adapter']);
    const sockets = await Promise.all(nodes.map((node) => node.connect()));
    const redis = await CLIENTS[client](server.port);
    const emitter = new Emitter(redis);

    const all = heard(sockets, 'news');
    emitter.emit('news', Buffer.from('rain'));
    assert.deepEqual((await all).map(String), ['rain', 'rain', 'rain']);

    emitter.socketsJoin('tea');
    await until(async () => (await nodes[0].io.in('tea').fetchSockets()).length === 3);
    const inRoom = heard(sockets, 'said');
    emitter.to('tea').volatile.emit('said', 'in tea');
    assert.deepEqual(await inRoom, ['in tea', 'in tea', 'in tea']);

    const hello = Promise.all(nodes.map(({ io }) => once(io.of('/room-service'), 'hello')));
    emitter.of('/room-service').serverSideEmit('hello', 'world');
    assert.deepEqual(await hello, [['world'], ['world'], ['world']]);

    const gone = Promise.all(sockets.map((socket) => once(socket, 'disconnect')));
    emitter.in('tea').disconnectSockets(true);
    await gone;
    await close(redis);
    await end(nodes, server);
  });
}
