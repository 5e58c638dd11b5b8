// Builds the binary from the sources, and puts it beside index.js: `node build.js`, or `node build.js --debug`, which
// takes less time and is what the tests use.

'use strict';

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { triple } = require('./lib/platform.js');

const ROOT = path.resolve(__dirname, '../..');
const LIBRARY = process.platform === 'darwin' ? 'liblarder_node.dylib' : 'liblarder_node.so';

function build(debug) {
  const flags = ['build', '--quiet', '-p', 'larder-node', ...(debug ? [] : ['--release'])];
  execFileSync('cargo', flags, { cwd: ROOT, stdio: 'inherit' });
  const target = path.resolve(ROOT, process.env.CARGO_TARGET_DIR ?? 'target');
  const built = path.join(target, debug ? 'debug' : 'release', LIBRARY);
  const place = path.join(__dirname, `larder.${triple()}.node`);
  // A new file in the place of the old one: what has loaded that goes on with it.
  fs.copyFileSync(built, `${place}.new`);
  fs.renameSync(`${place}.new`, place);
  return place;
}

if (require.main === module) {
  build(process.argv.includes('--debug'));
}

module.exports = { build };
