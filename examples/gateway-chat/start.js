// `npm start`: the cache (unless REDIS_URL names one that runs), the gateway and both chat servers.

import { Family } from './src/family.js';
import { logger } from './src/log.js';
import { settings } from './src/settings.js';

const log = logger('start');
let family;
let ending = null;

/** Stops everything once, whoever asks, also in the middle of starting. */
function end(why, code) {
  ending ??= (async () => {
    log.info(`stopping: ${why}`);
    await family?.stop();
    log.info('everything is stopped');
    process.exit(code);
  })();
  return ending;
}

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => end(signal, 0));
process.on('disconnect', () => end('its starter is gone', 0));

try {
  family = new Family(settings(), log, (why) => end(why, 1));
  const addresses = await family.start();
  if (!ending) {
    log.info(`open ${addresses.gateway.url} in two browsers, as ada and as ben, password larder; Ctrl-C stops`);
    process.send?.({ ready: { ...addresses, pid: process.pid } });
  }
} catch (error) {
  if (!ending) log.error('cannot start', error);
  await end('the start failed', 1);
}
