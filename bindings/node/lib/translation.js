// Between what clients of ioredis write and read, and what the engine does: words with prefixes before their keys, and
// the few replies that are given in another form.

'use strict';

const { COMMANDS } = require('./commands.js');
const { flat } = require('./words.js');

const KEYS = new Map(COMMANDS.map(([, name, , , keys]) => [name, keys]));

/** A word as ioredis would send it: nothing is an empty text, anything else the text that it has. */
function sent(word) {
  switch (typeof word) {
    case 'string':
    case 'number':
    case 'bigint':
      return word;
    case 'object':
      if (word === null) {
        return '';
      }
      return ArrayBuffer.isView(word) || word instanceof ArrayBuffer ? word : String(word);
    default:
      return word === undefined ? '' : String(word);
  }
}

/** The options of SET in the form of node-redis: `{ expiration: { type: 'EX', value: 60 }, condition: 'NX' }`. */
function ofSet(options) {
  const words = [];
  const { expiration, condition } = options;
  if (expiration !== undefined) {
    const { type, value } = typeof expiration === 'string' ? { type: expiration } : expiration;
    words.push(type, ...(value === undefined ? [] : [value]));
  }
  for (const name of ['EX', 'PX', 'EXAT', 'PXAT']) {
    if (options[name] !== undefined) {
      words.push(name, options[name]);
    }
  }
  if (condition !== undefined) {
    words.push(condition);
  }
  for (const name of ['NX', 'XX', 'KEEPTTL', 'GET']) {
    if (options[name] === true) {
      words.push(name);
    }
  }
  return words;
}

/** Where the keys of a line are: places counted from 0, the command's own. */
function keysOf(line) {
  const places = [];
  for (const spec of KEYS.get(line[0]) ?? []) {
    if (spec === null) {
      continue;
    }
    let first = spec.begin.index;
    if (first === undefined) {
      const from = spec.begin.from;
      const at = line.findIndex((word, at) => at >= Math.max(from, 1) && String(word).toUpperCase() === spec.begin.keyword);
      if (at < 0) {
        continue;
      }
      first = at + 1;
    }
    if (spec.range !== undefined) {
      const { last, step, limit } = spec.range;
      let end = last < 0 ? line.length + last : first + last;
      if (limit > 1) {
        end = first + Math.floor((line.length - first) / limit) - 1;
      }
      for (let at = first; at <= end; at += step) {
        places.push(at);
      }
    } else {
      const { at, first: begin, step } = spec.numkeys;
      const count = Number(line[first + at]);
      for (let number = 0; number < count; number += 1) {
        places.push(first + begin + number * step);
      }
    }
  }
  return places.filter((at) => at < line.length);
}

function prefixed(prefix, word) {
  return ArrayBuffer.isView(word) ? Buffer.concat([Buffer.from(prefix), word]) : `${prefix}${word}`;
}

/** The line of a command, from words as people write them. */
function translated(command, words, keyPrefix) {
  let given = words;
  if (command === 'SET' && Object.prototype.toString.call(words[2]) === '[object Object]') {
    given = [words[0], words[1], ...ofSet(words[2])];
  }
  const line = [command, ...flat(given).map(sent)];
  if (keyPrefix) {
    for (const at of keysOf(line)) {
      line[at] = prefixed(keyPrefix, line[at]);
    }
  }
  return line;
}

/** A reply as ioredis gives it. */
function understood(command, value) {
  if (command !== 'HGETALL' || !Array.isArray(value)) {
    return value;
  }
  const object = {};
  for (let at = 0; at < value.length; at += 2) {
    // One called __proto__ is a field like any other.
    Object.defineProperty(object, String(value[at]), {
      value: value[at + 1], configurable: true, enumerable: true, writable: true,
    });
  }
  return object;
}

module.exports = { keysOf, translated, understood };
