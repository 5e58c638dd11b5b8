// Words of a command as people write them in JavaScript: arrays and objects stand for what is in them.

'use strict';

function isPlain(value) {
  return typeof value === 'object' && value !== null && !ArrayBuffer.isView(value) && !(value instanceof ArrayBuffer);
}

/** `['k', { a: 1 }, ['x', 'y']]` is `['k', 'a', 1, 'x', 'y']`. */
function flat(words) {
  if (!words.some(isPlain)) {
    return words;
  }
  const out = [];
  for (const word of words) {
    push(out, word);
  }
  return out;
}

function push(out, word) {
  if (!isPlain(word)) {
    out.push(word);
  } else if (Array.isArray(word) || word instanceof Set) {
    for (const part of word) {
      push(out, part);
    }
  } else {
    for (const [name, value] of word instanceof Map ? word : Object.entries(word)) {
      out.push(name);
      push(out, value);
    }
  }
}

module.exports = { flat };
