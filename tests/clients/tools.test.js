// redis-cli and redis-benchmark, where they are installed.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { Server } from './server.js';

const missing = spawnSync('redis-benchmark', ['--version']).error ? 'redis-tools is not installed' : false;

describe('the tools of Redis', { skip: missing }, () => {
  let server;
  before(async () => {
    server = await Server.start();
  });
  after(() => server.stop());

  function run(program, ...words) {
    const { status, stdout, stderr } = spawnSync(program, ['-p', String(server.port), ...words], { encoding: 'utf8' });
    return { status, stdout, stderr };
  }

  for (const flags of [[], ['-P', '16'], ['-3'], ['-3', '-P', '16']]) {
    test(`redis-benchmark ${flags.join(' ')}`, () => {
      const { status, stdout, stderr } = run('redis-benchmark', '-n', '5000', '--csv', ...flags);
      assert.equal(status, 0, stderr);
      assert.doesNotMatch(stdout + stderr, /ERR|error/i);
      assert.ok(stdout.trim().split('\n').length >= 20, stdout);
    });
  }

  for (const flags of [[], ['-3']]) {
    test(`redis-cli ${flags.join(' ')}`, () => {
      assert.equal(run('redis-cli', ...flags, 'PING').stdout, 'PONG\n');
      assert.equal(run('redis-cli', ...flags, 'SET', 'a', '1').stdout, 'OK\n');
      assert.match(run('redis-cli', ...flags, 'INFO', 'server').stdout, /larder_version|redis_version/);
      assert.match(run('redis-cli', ...flags, '--bigkeys').stdout, /Sampled/);
      assert.match(run('redis-cli', ...flags, '--scan').stdout, /^a$/m);
    });
  }
});
