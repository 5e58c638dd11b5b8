// Puts together the packages that are published: `larder`, without a binary, and one for this machine's platform with
// the binary alone, which `larder` names as an optional dependency, so that npm takes the one that fits and no other.
//
//   node pack.js [--debug] [folder]
//
// Each platform's package is made on that platform; `larder` names all there are.

'use strict';

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { build } = require('./build.js');
const { PREBUILT, triple } = require('./lib/platform.js');

const own = require('./package.json');

/** Runs `npm pack` on a folder, and gives the file that it wrote. */
function pack(from, into) {
  const words = ['pack', '--json', '--ignore-scripts', '--pack-destination', into];
  const [{ filename }] = Object.values(JSON.parse(execFileSync('npm', words, { cwd: from, encoding: 'utf8' })));
  return path.join(into, path.basename(filename));
}

/** The package as it is published: for users, not for those who work on it. */
function published() {
  const { devDependencies, scripts, ...rest } = own;
  const binaries = PREBUILT.map((platform) => [`larder-${platform}`, own.version]);
  return { ...rest, optionalDependencies: Object.fromEntries(binaries) };
}

function packAll({ debug, into }) {
  const binary = build(debug);
  fs.mkdirSync(into, { recursive: true });
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'larder-pack-'));
  try {
    const [main, platform] = ['larder', triple()].map((name) => path.join(folder, name));
    fs.mkdirSync(main);
    for (const file of own.files) {
      fs.cpSync(path.join(__dirname, file), path.join(main, file), { recursive: true });
    }
    fs.writeFileSync(path.join(main, 'package.json'), `${JSON.stringify(published(), null, 2)}\n`);
    fs.cpSync(path.join(__dirname, 'npm', triple()), platform, { recursive: true });
    fs.copyFileSync(binary, path.join(platform, path.basename(binary)));
    if (debug) {
      // What debuggers read is most of it, and nobody debugs a package.
      execFileSync('strip', ['--strip-debug', path.join(platform, path.basename(binary))]);
    }
    return [pack(main, into), pack(platform, into)];
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

if (require.main === module) {
  const words = process.argv.slice(2);
  const into = path.resolve(words.find((word) => !word.startsWith('--')) ?? 'dist');
  console.log(packAll({ debug: words.includes('--debug'), into }).join('\n'));
}

module.exports = { packAll };
