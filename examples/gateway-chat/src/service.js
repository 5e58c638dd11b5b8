// The life of one process: it starts, says that it is ready, and stops in order, whether by a signal, by its
// starter's word, or because its starter is gone.

import { logger } from './log.js';

const STOP_MS_MAX = 5_000;

/** `start(log)` answers `{ facts, stop }`; the facts are told to the starter. */
export async function serve(name, start) {
  const log = logger(name);
  let stopping = false;
  const fail = (what, error) => {
    log.error(what, error);
    process.exit(1);
  };
  process.on('uncaughtException', (error) => fail('stopped by a defect', new Error(error?.stack ?? error)));

  const starting = Promise.resolve().then(() => start(log));
  const stop = async (why) => {
    if (stopping) return;
    stopping = true;
    log.info(`stopping: ${why}`);
    setTimeout(() => fail(`did not stop within ${STOP_MS_MAX} ms`), STOP_MS_MAX).unref();
    try {
      await (await starting).stop();
      process.exit(0);
    } catch (error) {
      fail('did not stop cleanly', error);
    }
  };
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => stop(signal));
  process.on('disconnect', () => stop('its starter is gone'));

  try {
    const { facts } = await starting;
    process.send?.({ ready: facts });
  } catch (error) {
    fail('cannot start', error);
  }
}

/** Listens on the port (0: any) of the loopback interface and answers the port it got. */
export function listen(server, host, port) {
  return new Promise((resolve, reject) => {
    const refused = (error) => {
      reject(error.code === 'EADDRINUSE' ? new Error(`port ${port} of ${host} is taken`) : error);
    };
    server.once('error', refused);
    server.listen(port, host, () => {
      server.off('error', refused);
      resolve(server.address().port);
    });
  });
}
