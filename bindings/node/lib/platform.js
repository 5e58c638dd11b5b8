// Which binary this machine needs, in the words that napi-rs uses for its packages.

'use strict';

function look() {
  const { platform, arch } = process;
  if (platform !== 'linux') {
    return `${platform}-${arch}`;
  }
  // A report names the C library that the program was linked with, if it is glibc.
  const { report } = process;
  const { excludeNetwork } = report;
  // What is there is left as it was; the addresses of the network take long to find out, and are of no use here.
  report.excludeNetwork = true;
  const text = report.getReport();
  report.excludeNetwork = excludeNetwork;
  const { glibcVersionRuntime } = (typeof text === 'string' ? JSON.parse(text) : text).header;
  return `linux-${arch}-${glibcVersionRuntime ? 'gnu' : 'musl'}`;
}

let found;

/** Such as `linux-x64-gnu`. */
function triple() {
  found ??= look();
  return found;
}

/** Packages with a binary that there are. */
const PREBUILT = ['linux-x64-gnu'];

module.exports = { PREBUILT, triple };
