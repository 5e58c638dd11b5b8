// The API gateway as a process of its own.

import { createServer } from 'node:http';
import { Emitter } from '@socket.io/redis-emitter';
import { connect } from '../cache-client.js';
import { Store } from '../database.js';
import { Notices } from '../notices.js';
import { Roll } from '../roll.js';
import { Rooms } from '../rooms.js';
import { listen, serve } from '../service.js';
import { Sessions } from '../sessions.js';
import { HOST, settings } from '../settings.js';
import { ApiKeys } from './api-keys.js';
import { application } from './app.js';
import { RateLimiter } from './rate-limit.js';

serve('gateway', async (log) => {
  const set = settings();
  if (!set.redisUrl) throw new Error('REDIS_URL is missing: which cache?');
  const store = Store.create(set.database, set);
  const cache = connect(set.redisUrl, { name: 'gateway', temper: 'brisk', log });
  const relay = connect(set.redisUrl, { name: 'gateway-relay', temper: 'patient', log });
  const notices = new Notices(cache, { name: 'gateway-notices', log });
  await notices.ready();
  const through = { cache, notices, store, ttlMs: set.cacheTtlMs, nearTtlMs: set.nearTtlMs, log };
  const app = application({
    log,
    store,
    cache,
    emitter: new Emitter(relay),
    sessions: new Sessions({
      cache, notices, secret: set.jwtSecret, ttlMs: set.sessionTtlMs, nearTtlMs: set.nearTtlMs,
    }),
    keys: new ApiKeys({ ...through, limit: set.rateLimit }),
    rooms: new Rooms(through),
    limiter: new RateLimiter({ cache, windowMs: set.rateWindowMs }),
    servers: new Roll(cache, 'servers', set.presenceTtlMs),
    people: new Roll(cache, 'people', set.presenceTtlMs),
  });
  const server = createServer(app);
  const port = await listen(server, HOST, set.gatewayPort);
  log.info(`listening on http://${HOST}:${port}`);
  return {
    facts: { url: `http://${HOST}:${port}`, port },
    async stop() {
      await new Promise((resolve) => {
        server.close(resolve);
        server.closeIdleConnections();
      });
      notices.close();
      relay.disconnect();
      cache.disconnect();
      store.close();
    },
  };
});
