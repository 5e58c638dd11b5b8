// A chat: what is said on one thread is heard on all of them. Each browser has a subscription of its own; one that reads
// too slowly loses the oldest messages, and holds nobody up.

const HISTORY = 20;

export class Chat {
  #db;

  constructor(db) {
    this.#db = db;
  }

  /** Says something to everybody, and says how many hear it. */
  say(user, text, thread) {
    const message = JSON.stringify({ user, text, thread });
    this.#db.lpush('chat:history', message);
    this.#db.ltrim('chat:history', 0, HISTORY - 1);
    return this.#db.publish('chat', message);
  }

  /** Sends what was said and what will be, for as long as somebody listens. */
  async listen(request, response) {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    const subscription = this.#db.subscribe('chat', { overflow: 'drop-oldest', queueLength: 1_000 });
    request.on('close', () => subscription.close());
    for (const message of this.#db.lrange('chat:history', 0, -1).reverse()) {
      response.write(`data: ${message}\n\n`);
    }
    response.write('event: ready\ndata:\n\n');
    for await (const { payload } of subscription) {
      if (!response.write(`data: ${payload}\n\n`)) {
        await new Promise((resolve) => {
          response.once('drain', resolve);
          response.once('close', resolve);
        });
      }
    }
    response.end();
  }
}
