// What a call costs, beside what else a program could keep its values in: nanoseconds per call, medians of rounds that
// take turns, so that what else the machine does meanwhile falls on all of them alike.
//
//   npm run bench [-- rounds]

'use strict';

const { execFileSync } = require('node:child_process');
const path = require('node:path');
const { LRUCache } = require('lru-cache');
const { open } = require('./index.js');

/** An addon that does as little as one can: what the border to native code costs. */
function floor() {
  const place = path.resolve(__dirname, '../../target/floor.node');
  const shared = process.platform === 'darwin' ? ['-undefined', 'dynamic_lookup', '-bundle'] : ['-shared'];
  execFileSync('cc', ['-O2', '-fPIC', ...shared, '-o', place, path.join(__dirname, 'floor.c')]);
  return require(place);
}

const raw = floor();

const ROUNDS = Number(process.argv[2] ?? 9);
const CALLS = 200_000;
const VALUE = 'v'.repeat(32);
const BUFFER = Buffer.alloc(64);

/** Keys in an order that no cache of the machine foresees. */
function keysOf(count) {
  const keys = Array.from({ length: count }, (_, at) => `key:${String(at).padStart(12, '0')}`);
  let seed = 1;
  for (let at = count - 1; at > 0; at -= 1) {
    seed = (seed * 48_271) % 2_147_483_647;
    const other = seed % (at + 1);
    [keys[at], keys[other]] = [keys[other], keys[at]];
  }
  return keys;
}

/** Runs a call for each key in turn, and gives nanoseconds per call. */
function timed(keys, call) {
  const began = process.hrtime.bigint();
  for (let at = 0; at < CALLS; at += 1) {
    call(keys[at % keys.length]);
  }
  return Number(process.hrtime.bigint() - began) / CALLS;
}

function contestants(keys) {
  const map = new Map(keys.map((key) => [key, VALUE]));
  const lru = new LRUCache({ max: keys.length * 2, ttl: 3_600_000 });
  const db = open();
  raw.reset(keys.length);
  keys.forEach((key) => {
    lru.set(key, VALUE);
    raw.set(key, VALUE);
    db.set(key, VALUE);
  });
  const hundred = Array.from({ length: 100 }, (_, at) => keys[(at * 7_919) % keys.length]);
  const { get, set, getInto, getBuffer, mget, incr } = db;
  const all = [
    ['call', 'raw addon, does nothing', (key) => raw.nothing(key)],
    ['call', 'raw addon, in and out', (key) => raw.echo(key)],
    ['get', 'Map', (key) => map.get(key)],
    ['get', 'lru-cache with TTL', (key) => lru.get(key)],
    ['get', 'raw addon', (key) => raw.get(key)],
    ['get', 'larder', (key) => get(key)],
    ['get', 'larder getInto', (key) => getInto(key, BUFFER)],
    ['get', 'larder getBuffer', (key) => getBuffer(key)],
    ['get', "larder call('GET')", (key) => db.call('GET', key)],
    ['set', 'Map', (key) => map.set(key, VALUE)],
    ['set', 'lru-cache with TTL', (key) => lru.set(key, VALUE)],
    ['set', 'raw addon', (key) => raw.set(key, VALUE)],
    ['set', 'larder', (key) => set(key, VALUE)],
    ['set', 'larder with TTL', (key) => set(key, VALUE, 3_600_000)],
    ['incr', 'larder', () => incr('counter')],
    ['hset', 'larder', (key) => db.hset('hash', 'field', key)],
    ['publish', 'larder, nobody listens', () => db.publish('channel', VALUE)],
  ];
  // A call for a hundred keys, told for one.
  const shared = (call) => () => call() / 100;
  const many = [
    ['mget of 100, a key', 'Map', shared(() => timedOf(() => hundred.map((key) => map.get(key))))],
    ['mget of 100, a key', 'larder', shared(() => timedOf(() => mget(hundred)))],
  ];
  return { close: () => db.destroy(), runs: [...all.map(([what, who, call]) => [what, who, () => timed(keys, call)]), ...many] };
}

function timedOf(call) {
  const [times, began] = [CALLS / 100, process.hrtime.bigint()];
  for (let at = 0; at < times; at += 1) {
    call();
  }
  return Number(process.hrtime.bigint() - began) / times;
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

for (const count of [1_000, 1_000_000]) {
  const { runs, close } = contestants(keysOf(count));
  const found = runs.map(() => []);
  for (let round = 0; round < ROUNDS; round += 1) {
    runs.forEach(([, , run], at) => found[at].push(run()));
  }
  console.log(`\n${count.toLocaleString('en')} keys of 16 bytes, values of 32; ns per call: median (least to most of ${ROUNDS} rounds)`);
  runs.forEach(([what, who], at) => {
    const [middle, least, most] = [median(found[at]), Math.min(...found[at]), Math.max(...found[at])].map(Math.round);
    console.log(`  ${what.padEnd(20)} ${who.padEnd(24)} ${String(middle).padStart(6)}  (${least} to ${most})`);
  });
  close();
  globalThis.gc?.();
}
