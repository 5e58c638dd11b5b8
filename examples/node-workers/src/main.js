// Starts the threads, and shows where they are. The main thread has the engine open too, so that what is in it outlives
// a thread that ends; that thread is started anew.

import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { open } from './larder.js';

const ENGINE = 'node-workers';

/** Starts so many threads, on ports from one on; 0 lets the system choose for each. */
export async function start({ threads = availableParallelism(), port = 0, name = ENGINE } = {}) {
  const engine = open({ name, maxmemory: '256mb' });
  const running = new Map();
  let stopping = false;

  function begin(index) {
    return new Promise((resolve, reject) => {
      const worker = new Worker(new URL('worker.js', import.meta.url), {
        workerData: { name, number: index + 1, port: port === 0 ? 0 : port + index },
      });
      running.set(index, worker);
      worker.once('message', resolve);
      worker.once('error', reject);
      worker.once('exit', () => stopping || begin(index));
    });
  }

  const urls = await Promise.all(Array.from({ length: threads }, (_, index) => begin(index)));
  return {
    urls,
    engine,
    async stop() {
      stopping = true;
      await Promise.all([...running.values()].map((worker) => worker.terminate()));
      engine.destroy();
    },
  };
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const { urls } = await start({ port: Number(process.env.PORT ?? 4100) });
  console.log(`One engine, ${urls.length} threads; open the page at any of them:\n${urls.map((url) => `  ${url}`).join('\n')}`);
}
