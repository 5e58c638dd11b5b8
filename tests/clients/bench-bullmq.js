// How many small BullMQ jobs a second, on Larder and on redis-server in turn. By hand, on a quiet machine:
//   node bench-bullmq.js [jobs, 10000] [workers, 8] [rounds, 5]
// The time of the processor is that of the server alone, from /proc: what BullMQ itself costs is the same for both.

import { readdirSync, readFileSync } from 'node:fs';
import { Queue, Worker } from 'bullmq';
import { Server } from './server.js';

const [JOBS = 10_000, WORKERS = 8, ROUNDS = 5] = process.argv.slice(2).map(Number);

/** Milliseconds that the threads of a process have run. */
function busyMs(pid) {
  const threads = readdirSync(`/proc/${pid}/task`);
  const ns = threads.map((id) => Number(readFileSync(`/proc/${pid}/task/${id}/schedstat`, 'utf8').split(' ')[0]));
  return ns.reduce((sum, each) => sum + each, 0) / 1e6;
}

async function round(which) {
  // A flag makes it a server of its own; this one says what is so anyway.
  const server = await Server.start(['--databases', '16'], undefined, which);
  const connection = { port: server.port, host: '127.0.0.1', maxRetriesPerRequest: null };
  const queue = new Queue('bench', { connection });
  const before = busyMs(server.child.pid);
  const addStarted = performance.now();
  for (let first = 0; first < JOBS; first += 1_000) {
    const count = Math.min(1_000, JOBS - first);
    await queue.addBulk(
      Array.from({ length: count }, (_, n) => ({ name: 'small', data: { n: first + n }, opts: { removeOnComplete: true } })),
    );
  }
  const workStarted = performance.now();
  let left = JOBS;
  let workers;
  await new Promise((resolve, reject) => {
    workers = Array.from({ length: WORKERS }, () => {
      const worker = new Worker('bench', async (job) => job.data.n, { connection });
      worker.on('error', reject);
      worker.on('completed', () => {
        left -= 1;
        if (left === 0) {
          resolve();
        }
      });
      return worker;
    });
  });
  const ended = performance.now();
  const busy = busyMs(server.child.pid) - before;
  await Promise.all(workers.map((worker) => worker.close()));
  await queue.close();
  await server.stop();
  return {
    'jobs added a second': JOBS / ((workStarted - addStarted) / 1e3),
    'jobs done a second': JOBS / ((ended - workStarted) / 1e3),
    'processor of the server, µs a job': (busy * 1e3) / JOBS,
  };
}

const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
const results = { larder: [], redis: [] };
for (let n = 0; n < ROUNDS; n += 1) {
  for (const which of n % 2 ? ['redis', 'larder'] : ['larder', 'redis']) {
    results[which].push(await round(which));
    console.log(which, Object.values(results[which].at(-1)).map(Math.round).join(' '));
  }
}
for (const figure of Object.keys(results.larder[0])) {
  const of = (which) => results[which].map((result) => result[figure]);
  const row = (which) => `${which}: median ${Math.round(median(of(which)))}, ${Math.round(Math.min(...of(which)))} to ${Math.round(Math.max(...of(which)))}`;
  console.log(`${figure}\n  ${row('larder')}\n  ${row('redis')}\n  ratio ${(median(of('larder')) / median(of('redis'))).toFixed(2)}`);
}
