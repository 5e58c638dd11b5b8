// redis-py, from an environment of its own.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Server } from './server.js';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const PYTHON = path.resolve(HERE, '../../target/client-venv/bin/python');

test('redis-py', { skip: existsSync(PYTHON) ? false : 'cargo xtask setup makes its environment' }, async () => {
  const server = await Server.start();
  const child = spawn(PYTHON, [path.join(HERE, 'redis_py.py'), String(server.port)], { stdio: 'inherit' });
  const [code] = await once(child, 'exit');
  await server.stop();
  assert.equal(code, 0);
});
