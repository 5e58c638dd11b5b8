// What one GET costs a program in JavaScript: nanoseconds, on a million keys of 16 bytes with values of 32, chosen at
// random. `cargo xtask compare doors` runs it beside the same in Rust and C and over sockets.

'use strict';

const { open } = require('./index.js');

const KEYS = 1_000_000;
const CALLS = 2_000_000;

const db = open();
const keys = Array.from({ length: KEYS }, (_, n) => `key:${String(n).padStart(12, '0')}`);
keys.forEach((key) => db.set(key, 'v'.repeat(32)));

let at = 0;
let found = 0;
const began = process.hrtime.bigint();
for (let n = 0; n < CALLS; n += 1) {
  at = (at * 48_261 + 11) % KEYS;
  found += db.get(keys[at]).length === 32 ? 1 : 0;
}
const took = Number(process.hrtime.bigint() - began);
db.close();
if (found !== CALLS) {
  throw new Error(`${found} of ${CALLS} values`);
}
console.log((took / CALLS).toFixed(1));
