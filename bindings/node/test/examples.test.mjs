// Every example of every command, through this door: it answers as `docs/examples.json` says, as every other door does.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { open } from 'larder';

const EXAMPLES = JSON.parse(readFileSync(new URL('../../../docs/examples.json', import.meta.url), 'utf8'));

const bytes = (told) => (typeof told === 'string' ? Buffer.from(told) : Buffer.from(told.hex, 'hex'));

/** A whole number as it comes: a BigInt where a number would not be exact. */
function whole(digits) {
  return Number.isSafeInteger(Number(digits)) ? Number(digits) : BigInt(digits);
}

/** What a reply of the file is in JavaScript, where strings are asked for as Buffers. */
function expected(reply) {
  const [[kind, told]] = Object.entries(reply);
  switch (kind) {
    case 'null':
      return null;
    case 'integer':
      return whole(told);
    case 'double':
      return Number(told.replace('inf', 'Infinity'));
    case 'bytes':
    case 'text':
    case 'big':
      return bytes(told);
    case 'array':
    case 'set':
    case 'push':
      return told.map(expected);
    case 'map': {
      const flat = told.map(expected);
      const pairs = flat.map((key, at) => [String(key), flat[at + 1]]).filter((_, at) => at % 2 === 0);
      return Object.fromEntries(pairs);
    }
    case 'error':
      return { error: String(bytes(told)) };
    default:
      return told;
  }
}

/** A reply with errors as the file tells them. */
function shown(value) {
  if (value instanceof Error) {
    return { error: value.message };
  }
  return Array.isArray(value) ? value.map(shown) : value;
}

test('every example answers as it does everywhere', async () => {
  const wrong = [];
  let lines = 0;
  for (const { command, lines: example } of EXAMPLES) {
    const db = open({ clock: 'manual', seed: 7 });
    const connection = db.connect();
    for (const { words, reply } of example) {
      const found = await connection.callAsyncBuffer(...words.map(bytes)).catch((error) => error);
      lines += 1;
      if (reply === undefined) {
        continue;
      }
      try {
        assert.deepEqual(shown(found), expected(reply));
      } catch {
        wrong.push(`${command}: ${words.map((word) => bytes(word)).join(' ')} gives ${JSON.stringify(shown(found))}`);
      }
    }
    db.close();
  }
  assert.deepEqual(wrong, []);
  assert.ok(lines > 1_500, `${lines} lines`);
});
