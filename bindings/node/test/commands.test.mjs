// The types of replies are true: the examples of each command answer with what its type says.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { open, ReplyError } from 'larder';

const EXAMPLES = JSON.parse(readFileSync(new URL('examples.json', import.meta.url), 'utf8'));

/** Words of a line; texts in quotes are one word. */
function words(line) {
  const found = line.match(/"(?:[^"\\]|\\.)*"|'[^']*'|[^\s"']+/g) ?? [];
  return found.map((word) => {
    if (word.startsWith('"')) {
      const bytes = word.slice(1, -1).replaceAll(/\\(x[0-9a-f]{2}|.)/gi, (_, escaped) => {
        const letters = { n: '\n', r: '\r', t: '\t', a: '\x07', b: '\b' };
        return escaped.length === 3 ? String.fromCharCode(parseInt(escaped.slice(1), 16)) : letters[escaped] ?? escaped;
      });
      return Buffer.from(bytes, 'latin1');
    }
    return word.startsWith("'") ? word.slice(1, -1) : word;
  });
}

/** Whether a value has a type, in the few words of TypeScript that the table uses. */
function checker(type) {
  let rest = type;
  const take = (token) => {
    rest = rest.trimStart();
    if (!rest.startsWith(token)) {
      return false;
    }
    rest = rest.slice(token.length);
    return true;
  };
  const expect = (token) => assert.ok(take(token), `${token} in ${type}`);
  const PLAIN = {
    string: (value) => typeof value === 'string',
    number: (value) => typeof value === 'number',
    bigint: (value) => typeof value === 'bigint',
    null: (value) => value === null,
    Reply: () => true,
  };
  function one() {
    let found;
    const name = Object.keys(PLAIN).find(take);
    if (name) {
      found = PLAIN[name];
    } else if (take('Record<string,')) {
      const value = union();
      expect('>');
      found = (object) => typeof object === 'object' && object !== null && !Array.isArray(object)
        && Object.values(object).every(value);
    } else if (take('(')) {
      found = union();
      expect(')');
    } else {
      expect('[');
      const parts = [];
      while (!take(']')) {
        parts.push(union());
        take(',');
      }
      found = (value) => Array.isArray(value) && value.length === parts.length && parts.every((part, at) => part(value[at]));
    }
    while (take('[]')) {
      const element = found;
      found = (value) => Array.isArray(value) && value.every(element);
    }
    return found;
  }
  function union() {
    const all = [one()];
    while (take('|')) {
      all.push(one());
    }
    return (value) => all.some((part) => part(value));
  }
  const check = union();
  assert.equal(rest, '', type);
  return check;
}

test('types can be told apart', () => {
  assert.ok(checker('[string, number][] | null')([['a', 1]]));
  assert.ok(!checker('[string, number][] | null')([['a', '1']]));
  assert.ok(!checker('Record<string, string>')([]));
  assert.ok(!checker('(string | null)[]')([1]));
});

test('each command answers with what its type says', async () => {
  let seen = 0;
  const wrong = [];
  for (const { name, gives, examples } of EXAMPLES) {
    const check = checker(gives);
    const connection = open({ clock: 'manual', maintenance: 'manual', seed: 1 }).connect();
    let matched = 0;
    for (const line of examples) {
      const [command, ...args] = words(line);
      const method = command.toString().toLowerCase().replaceAll(/[.-]/g, '_');
      let reply;
      try {
        // What would wait is not waited for: it has an example that does not.
        reply = connection.call(command, ...args);
      } catch (error) {
        assert.ok(error instanceof ReplyError || error.code === 'LARDER_WAITS', `${line}: ${error.stack}`);
        continue;
      }
      if (method === name) {
        if (reply !== 'QUEUED' && !check(reply)) {
          wrong.push(`${line} gives ${JSON.stringify(reply)}, which is no ${gives}`);
        }
        matched += 1;
      }
    }
    seen += matched > 0 ? 1 : 0;
    connection.close();
  }
  assert.deepEqual(wrong, []);
  assert.ok(seen > 120, `${seen} commands have examples that answer`);
});

test('each command has its method', () => {
  const db = open();
  assert.equal(db.append('key', 'a'), 1);
  assert.equal(db.cl_throttle('user', 5, 10, 60)[0], 0);
  assert.equal(db.object('REFCOUNT', 'key'), 1);
  assert.ok(Array.isArray(db.command('LIST')));
  for (const name of db.command('LIST')) {
    const method = name.replaceAll(/[.-]/g, '_');
    const internal = ['pfdebug', 'pfselftest', 'psync', 'replconf', 'restore_asking', 'sync'];
    if (!name.includes('|') && !internal.includes(method)) {
      assert.equal(typeof db[method], 'function', name);
    }
  }
});
