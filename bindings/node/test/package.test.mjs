// The packages as they are published: installed in an empty folder, without a compiler and without a network, they work;
// where they cannot, they say why.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';

const require = createRequire(import.meta.url);
const { packAll } = require('../pack.js');
const { triple } = require('../lib/platform.js');

const folder = mkdtempSync(path.join(tmpdir(), 'larder-install-'));
const BINARY = path.join(folder, 'node_modules', `larder-${triple()}`);

function node(...words) {
  return spawnSync(process.execPath, words, { cwd: folder, encoding: 'utf8', timeout: 60_000 });
}

before(() => {
  const tarballs = packAll({ debug: true, into: path.join(folder, 'packages') });
  writeFileSync(path.join(folder, 'package.json'), '{ "private": true }');
  // Nothing that would compile or download is within reach.
  const environment = { ...process.env, PATH: path.dirname(process.execPath), CC: 'false', CXX: 'false', CARGO: 'false' };
  const npm = execFileSync('which', ['npm'], { encoding: 'utf8' }).trim();
  execFileSync(process.execPath, [realpath(npm), 'install', '--offline', '--no-audit', '--no-fund', ...tarballs], {
    cwd: folder, env: { ...environment, npm_config_cache: path.join(folder, 'cache') }, encoding: 'utf8', stdio: 'pipe',
  });
});

function realpath(file) {
  return execFileSync('realpath', [file], { encoding: 'utf8' }).trim();
}

after(() => rmSync(folder, { recursive: true }));

test('both kinds of modules work as they are installed', () => {
  const run = 'const db = open(); db.set("a", "b"); console.log(db.get("a"), new Set([open, createClient]).size);';
  writeFileSync(path.join(folder, 'a.mjs'), `import { createClient, open } from 'larder'; ${run}`);
  writeFileSync(path.join(folder, 'a.cjs'), `const { createClient, open } = require('larder'); ${run}`);
  for (const file of ['a.mjs', 'a.cjs']) {
    const { stdout, stderr } = node(file);
    assert.deepEqual([stdout, stderr], ['b 2\n', '']);
  }
});

test('types are found where they are installed', () => {
  writeFileSync(path.join(folder, 'a.ts'), `
    import { open } from 'larder';
    const value: string | null = open({ name: 'a' }).hget('hash', 'field');
    console.log(value);
  `);
  cpSync(new URL('../node_modules/@types', import.meta.url), path.join(folder, 'node_modules/@types'), { recursive: true });
  cpSync(new URL('../node_modules/undici-types', import.meta.url), path.join(folder, 'node_modules/undici-types'), { recursive: true });
  const tsc = require.resolve('typescript/bin/tsc');
  const flags = ['--strict', '--noEmit', '--skipLibCheck', 'false', '--module', 'nodenext', '--target', 'es2022', 'a.ts'];
  const { stdout, status } = node(tsc, ...flags);
  assert.deepEqual([stdout, status], ['', 0]);
});

test('a second copy under another path is told of', () => {
  const copy = path.join(folder, 'other/node_modules');
  cpSync(path.join(folder, 'node_modules/larder'), path.join(copy, 'larder'), { recursive: true });
  cpSync(BINARY, path.join(copy, path.basename(BINARY)), { recursive: true });
  const run = `
    const [a, b] = [require('larder'), require('./other/node_modules/larder')];
    a.open({ name: 'app' }).set('a', 1);
    console.log(b.open({ name: 'app' }).get('a'));
  `;
  const { stdout, stderr } = node('-e', run);
  assert.equal(stdout, 'null\n');
  assert.match(stderr, /LARDER_COPIES.*loaded larder more than once, from .*other.* and .*engines of its own/s);
  // In a thread too, whose loader knows nothing of the main thread's.
  const threads = `
    require('larder');
    new (require('node:worker_threads').Worker)("require('./other/node_modules/larder')", { eval: true });
  `;
  assert.match(node('-e', threads).stderr, /LARDER_COPIES/);
});

test('that no binary fits is told, with what to do', () => {
  renameSync(BINARY, `${BINARY}-away`);
  try {
    const { stderr, status } = node('-e', "require('larder')");
    assert.equal(status, 1);
    assert.match(stderr, /larder has no binary for this machine \(linux-x64-gnu, Node v/);
    assert.match(stderr, new RegExp(`larder-${triple()}: Cannot find module`));
    assert.match(stderr, /optional dependencies/);
    assert.match(stderr, /LARDER_NO_BINARY/);
    const elsewhere = "Object.defineProperty(process, 'platform', { value: 'sunos' }); require('larder')";
    assert.match(node('-e', elsewhere).stderr, /sunos-x64, Node .*binaries for linux-x64-gnu only/s);
  } finally {
    renameSync(`${BINARY}-away`, BINARY);
  }
});

test('all that is published has one version', () => {
  const { version } = require('../package.json');
  const cargo = execFileSync('cargo', ['pkgid', '-p', 'larder-node'], { encoding: 'utf8', cwd: new URL('..', import.meta.url) });
  assert.equal(cargo.trim().split(/[@#]/).at(-1), version);
  assert.equal(require(`../npm/${triple()}/package.json`).version, version);
  assert.equal(require('..').version, version);
});
