// Finds the binary and loads it: LARDER_NODE_ADDON if that is set, one built in this folder, or that of the package for
// this platform, in this order.
//
// Node loads a file once into a process, so all threads that load this one share its engines. Another copy of the
// package, under another path, is another file with engines of its own; nobody would guess that from a key that is not
// there, so it is said.

'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { PREBUILT, triple } = require('./platform.js');

const NAME = `larder.${triple()}.node`;

function candidates() {
  const own = path.join(__dirname, '..', NAME);
  const all = [];
  if (process.env.LARDER_NODE_ADDON) {
    all.push(path.resolve(process.env.LARDER_NODE_ADDON));
  }
  if (fs.existsSync(own)) {
    all.push(own);
  }
  all.push(`larder-${triple()}`);
  return all;
}

function missing(failures) {
  const built = PREBUILT.includes(triple());
  const reasons = failures.map(([name, error]) => `  ${name}: ${error.message.split('\n', 1)[0]}`);
  const advice = built
    ? `The package larder-${triple()} should have come along. It does not if npm left out optional dependencies\n` +
      '(--omit=optional, --no-optional), or if a lock file was written on another kind of machine: remove node_modules\n' +
      'and package-lock.json, and install again.'
    : `There are binaries for ${PREBUILT.join(', ')} only. Elsewhere build one from the sources, with Rust: npm run build.`;
  const text = `larder has no binary for this machine (${triple()}, Node ${process.version}). Tried:\n` +
    `${reasons.join('\n')}\n${advice}`;
  return Object.assign(new Error(text), { code: 'LARDER_NO_BINARY' });
}

function load() {
  const failures = [];
  for (const name of candidates()) {
    try {
      const file = require.resolve(name);
      const addon = require(file);
      warnOfCopies(fs.realpathSync(file));
      return addon;
    } catch (error) {
      failures.push([name, error]);
    }
  }
  throw missing(failures);
}

/** Other copies that this process has loaded. Only Linux says which files these are. */
function otherCopies(file) {
  let maps;
  try {
    maps = fs.readFileSync('/proc/self/maps', 'utf8');
  } catch {
    return [];
  }
  const paths = maps.split('\n').map((line) => line.slice(line.indexOf('/')));
  const others = paths.filter((other) => other !== file && path.basename(other) === NAME);
  return [...new Set(others)];
}

function warnOfCopies(file) {
  const others = otherCopies(file);
  if (others.length > 0) {
    process.emitWarning(
      `this process has loaded larder more than once, from ${[file, ...others].join(' and ')}. Each copy has engines of ` +
        'its own: what one keeps under a name the other does not find. npm ls larder shows where they come from.',
      { code: 'LARDER_COPIES' },
    );
  }
}

module.exports = load();
