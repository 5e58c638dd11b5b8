// Python's clients and what is built on them, from an environment of their own. Each program in python/ is
// started with a server for itself; against REDIS_URL they share one, so they take turns.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Server } from './server.js';

const HERE = path.join(path.dirname(fileURLToPath(import.meta.url)), 'python');
const PYTHON = path.resolve(HERE, '../../../target/client-venv/bin/python');
const PROGRAMS = readdirSync(HERE).filter((name) => /^test_.*\.py$/.test(name));

/** What a program has printed belongs to its failure, so it is shown only then. */
async function run(program, port) {
  const child = spawn(PYTHON, ['-B', program], {
    cwd: HERE,
    env: { ...process.env, REDIS_PORT: String(port) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      printed += text;
    });
  }
  const [code] = await once(child, 'close');
  return { code, printed };
}

const skip = existsSync(PYTHON) ? false : 'cargo xtask setup makes its environment';

describe('Python', { skip, concurrency: process.env.REDIS_URL ? 1 : 2 }, () => {
  for (const program of PROGRAMS) {
    test(program, async () => {
      const server = await Server.start();
      const { code, printed } = await run(program, server.port);
      await server.stop();
      assert.equal(code, 0, printed);
      assert.match(printed, /Ran [1-9]\d* tests?/, 'a program without tests says nothing');
    });
  }
});
