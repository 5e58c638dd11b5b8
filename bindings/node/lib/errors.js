// Errors. What a program tells apart, it does by `code`; the words are for people.
//
// LARDER_CLOSED     the engine, the connection or the subscription was closed
// LARDER_ARGUMENT   what was given makes no sense; these are TypeErrors
// LARDER_WAITS      a command that waits was called where nothing may wait
// LARDER_TOO_SLOW   a subscription ended because its queue was full
// LARDER_SYSTEM     the system refused something, such as a port
// LARDER_DEFECT     a defect of the library
//
// An error that the engine answers with is a ReplyError, and its code is the first word of the answer: WRONGTYPE, ERR.

'use strict';

class LarderError extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }

  get name() {
    return 'LarderError';
  }
}

class ReplyError extends LarderError {
  constructor(message) {
    super(message.split(' ', 1)[0], message);
  }

  get name() {
    return 'ReplyError';
  }
}

/** An argument that makes no sense. */
function refusal(message) {
  return Object.assign(new TypeError(message), { code: 'LARDER_ARGUMENT' });
}

/** The error for a code of the library, and for a reply that is one if there is none. */
function makeError(code, message) {
  switch (code) {
    case '':
      return new ReplyError(message);
    case 'LARDER_ARGUMENT':
      return refusal(message);
    default:
      return new LarderError(code, message);
  }
}

/** Options that nobody knows are mistakes: the nearest name that is known is named. */
function checkOptions(given, known, what) {
  if (given === null || typeof given !== 'object' || Array.isArray(given)) {
    throw refusal(`${what} are an object`);
  }
  for (const name of Object.keys(given)) {
    if (!known.includes(name)) {
      const near = nearest(name, known);
      throw refusal(`there is no option ${name} in ${what}${near ? `; is it ${near}?` : ''}`);
    }
  }
}

function nearest(name, known) {
  const plain = (text) => text.toLowerCase().replaceAll(/[-_]/g, '');
  const ranked = known
    .map((other) => [distance(plain(name), plain(other)), other])
    .sort(([a], [b]) => a - b);
  return ranked.length > 0 && ranked[0][0] <= Math.max(1, name.length / 3) ? ranked[0][1] : undefined;
}

/** How many letters have to be changed, added, taken away, or exchanged with their neighbours (Damerau, Levenshtein). */
function distance(a, b) {
  let before = [];
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const exchanged = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? before[j - 2] + 1 : Infinity;
      next.push(Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1), exchanged));
    }
    [before, row] = [row, next];
  }
  return row[b.length];
}

module.exports = { LarderError, ReplyError, checkOptions, makeError, refusal };
