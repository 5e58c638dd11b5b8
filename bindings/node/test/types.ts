// The types, as a program uses them. Compiled with every check there is, and never run: what must not compile is marked,
// and is an error if it does.

import { createClient, open, type Larder, type Message, ReplyError, type Subscription } from '../index';

const db: Larder = open({ name: 'app', maxmemory: '100mb', maxmemoryPolicy: 'allkeys-lru', clock: 'manual' });
// @ts-expect-error: no such option
open({ maxmemry: '100mb' });
// @ts-expect-error: no such clock
open({ clock: 'sundial' });

const value: string | null = db.get('key');
const bytes: Buffer | null = db.getBuffer(Buffer.from('key'));
const written: true = db.set('key', 'value', 1_000);
const first: boolean = db.set('key', 'value', 'NX');
const sum: number = db.incr('hits', 2);
const many: (string | null)[] = db.mget('a', 'b').concat(db.mget(['c']));
const length: number = db.getInto('key', new Uint8Array(16));
// @ts-expect-error: a value is no object
db.set('key', { a: 1 });

const added: number = db.hset('hash', { a: 1, b: 'two' });
const hash: Record<string, string> = db.hgetall('hash');
const score: number | null = db.zscore('board', 'ada');
const popped: Promise<[string, string] | null> = db.blpop('jobs', 0);
const members: string[] = db.smembers('set');
// @ts-expect-error: a hash has fields
const wrong: string = db.hgetall('hash');
// @ts-expect-error: MULTI needs a connection
db.multi();

const connection = db.connect();
connection.multi();
connection.exec();
connection.on('push', (push) => push.length);

async function listen(): Promise<void> {
  const texts: Subscription<string> = db.subscribe(['a', 'b'], { overflow: 'drop-oldest', queueLength: 10 });
  for await (const message of texts) {
    const payload: string = message.payload;
    if (payload === 'stop') break;
  }
  const buffers = db.psubscribe('room:*', { buffers: true });
  buffers.on('message', (message: Message<Buffer>) => message.payload.readUInt8(0));
  // @ts-expect-error: that is no policy
  db.subscribe('a', { overflow: 'block' });
}

async function asClient(): Promise<void> {
  const client = createClient({ keyPrefix: 'app:', maxRetriesPerRequest: null });
  const text: string | null = await client.get('key');
  const replies: [Error | null, any][] | null = await client.multi().set('a', 1).incr('a').exec();
  client.defineCommand('twice', { lua: 'return 2', numberOfKeys: 0 });
  await client.twice();
  client.on('message', (channel: string, message: string) => channel + message);
  const fields: Record<string, string> = await client.hgetall('hash');
  console.log(text, replies, fields);
}

try {
  db.lpush('key', 1);
} catch (error) {
  if (error instanceof ReplyError && error.code === 'WRONGTYPE') {
    console.log(value, bytes, written, first, sum, many, length, added, hash, score, popped, members, wrong);
  }
}
const serving = db.serve({ port: 0 });
console.log(serving.url, listen, asClient);
