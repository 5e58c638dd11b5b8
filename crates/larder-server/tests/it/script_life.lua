-- Scripts as limiters, locks and queues send them, written in their manner. Lines that begin with `-->` are calls: keys,
-- a bar, arguments. All scripts of this file work on one database, one after the other.
-- rate-limit-redis: the count and the rest of a window.
--> rlr:1 | 0 60000
--> rlr:1 | 0 60000
--> rlr:1 | 1 60000
--> rlr:2 | 1 60000
local left = redis.call('PTTL', KEYS[1])
if left <= 0 then
  redis.call('SET', KEYS[1], 1, 'PX', tonumber(ARGV[2]))
  return { 1, tonumber(ARGV[2]) }
end
local hits = redis.call('INCR', KEYS[1])
if ARGV[1] == '1' then redis.call('PEXPIRE', KEYS[1], tonumber(ARGV[2])) end
return { hits, redis.call('PTTL', KEYS[1]) > 0 and 1 or 0 }
----
-- rate-limit-redis: what a key that is not there says.
--> rlr:none |
--> rlr:1 |
return { redis.call('GET', KEYS[1]), redis.call('PTTL', KEYS[1]) < 0 and redis.call('PTTL', KEYS[1]) or 0 }
----
-- @fastify/rate-limit: a window that grows, up to the largest whole number.
--> frl:1 | 1000 2 true 1.5
--> frl:1 | 1000 2 true 1.5
--> frl:1 | 1000 2 true 1.5
--> frl:1 | 9007199254740991 2 true 3
local window, most, exponential = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3] == 'true'
local count = redis.call('INCR', KEYS[1])
if exponential and count > most then
  local grown = math.min(window * 2 ^ (count - most - 1) * tonumber(ARGV[4]), 9007199254740991 / 4096)
  redis.call('PEXPIRE', KEYS[1], math.floor(grown))
elseif count == 1 then
  redis.call('PEXPIRE', KEYS[1], window)
end
return { count, redis.call('PTTL', KEYS[1]) > 0 and 1 or 0, tonumber(redis.call('GET', KEYS[1])) }
----
-- rate-limiter-flexible: one line, and arithmetic on strings.
--> rlf:1 | 1 10
--> rlf:1 | 5 10
redis.call('set', KEYS[1], 0, 'EX', ARGV[2], 'NX') local consumed = redis.call('incrby', KEYS[1], ARGV[1]) local ttl = redis.call('pttl', KEYS[1]) if ttl == -1 then redis.call('expire', KEYS[1], ARGV[2]) ttl = 1000 * ARGV[2] end return {consumed, ttl > 1000 * ARGV[2] - 5000 and ttl <= 1000 * ARGV[2]}
----
-- redlock: take.
--> lock:a lock:b | mine 30000
--> lock:b lock:c | other 30000
for _, key in ipairs(KEYS) do
  if redis.call('exists', key) == 1 then return 0 end
end
for _, key in ipairs(KEYS) do redis.call('set', key, ARGV[1], 'PX', ARGV[2]) end
return #KEYS
----
-- redlock: extend.
--> lock:a lock:b | mine 40000
--> lock:a lock:b | other 40000
for i, key in ipairs(KEYS) do
  if redis.call('get', key) ~= ARGV[1] then return 0 end
end
for i, key in ipairs(KEYS) do redis.call('set', key, ARGV[1], 'PX', ARGV[2]) end
return #KEYS
----
-- redlock: release, with errors caught.
--> lock:a lock:b lock:none | mine
local count = 0
for i, key in ipairs(KEYS) do
  if redis.pcall('get', key) == ARGV[1] then
    redis.pcall('del', key)
    count = count + 1
  end
end
return count
----
-- Kong: several windows in one call.
--> kong:s kong:m | 2 1 60
--> kong:s kong:m | 2 1 60
local counts = {}
for i = 1, #KEYS do
  local is_new = redis.call('exists', KEYS[i]) == 0
  counts[i] = redis.call('incrby', KEYS[i], ARGV[1])
  if is_new then redis.call('expireat', KEYS[i], 4102444800 + ARGV[i + 1]) end
end
return counts
----
-- Traefik: a token bucket in a hash, whose figures are written as Lua writes them.
--> bucket:1 | 100 10.5 5 1 1000.25
--> bucket:1 | 100 10.5 5 1 1000.5
--> bucket:1 | 100 10.5 5 9 1000.75
local bucket = {}
local stored = redis.call('hgetall', KEYS[1])
for i = 1, table.maxn(stored), 2 do bucket[stored[i]] = stored[i + 1] end
local limit, burst, ttl, cost, now = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local last, tokens = tonumber(bucket.last) or now, tonumber(bucket.tokens) or burst
tokens = math.min(burst, tokens + (now - last) * limit)
local ok = tokens >= cost
if ok then tokens = tokens - cost end
redis.call('hset', KEYS[1], 'last', tostring(now), 'tokens', tostring(tokens))
redis.call('expire', KEYS[1], ttl)
return { ok and 'true' or 'false', tostring((cost - tokens) / limit), tostring(tokens) }
----
-- Spring Cloud Gateway: fractions of tokens, and a deadline that is one.
--> gw:tokens gw:time | 3 7 1700000000 1
--> gw:tokens gw:time | 3 7 1700000001 5
redis.replicate_commands()
local rate, capacity, now, requested = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
if now == nil then now = redis.call('TIME')[1] end
local ttl = math.floor(capacity / rate * 2)
local last_tokens = tonumber(redis.call('get', KEYS[1]))
if last_tokens == nil then last_tokens = capacity end
local last = tonumber(redis.call('get', KEYS[2]))
if last == nil then last = 0 end
local filled = math.min(capacity, last_tokens + math.max(0, now - last) * rate / 2)
local allowed = filled >= requested
local new_tokens = filled
local allowed_num = 0
if allowed then new_tokens = filled - requested allowed_num = 1 end
if ttl > 0 then
  redis.call('setex', KEYS[1], ttl, new_tokens + 0.5)
  redis.call('setex', KEYS[2], ttl, now)
end
return { allowed_num, new_tokens + 0.5, redis.call('get', KEYS[1]) }
----
-- Tyk: a sliding log of a sorted set.
--> tyk:1 | 1700000000000000 1700000060000000 a
--> tyk:1 | 1700000000000000 1700000061000000 b
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[1])
local before = redis.call('ZRANGE', KEYS[1], 0, -1)
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[3])
redis.call('EXPIRE', KEYS[1], 60)
return { before, redis.call('ZCARD', KEYS[1]), redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES') }
----
-- redis_rate: GCRA, with the server's time and a deadline that is rounded up.
--> gcra:1 | 3 10 60 1
--> gcra:1 | 3 10 60 1
--> gcra:1 | 3 10 60 3
redis.replicate_commands()
local burst, rate, period, cost = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local interval = period / rate
local increment = interval * cost
local tolerance = interval * burst
local now = redis.call('TIME')
now = (now[1] - 1483228800) + (now[2] / 1000000)
local tat = redis.call('GET', KEYS[1])
if not tat then tat = now else tat = tonumber(tat) end
tat = math.max(tat, now)
local new_tat = tat + increment
local allow_at = new_tat - tolerance
local remaining = (now - allow_at) / interval
if remaining < 0 then return { 0, 0, 'retry' } end
local reset_after = new_tat - now
if reset_after > 0 then redis.call('SET', KEYS[1], new_tat, 'EX', math.ceil(reset_after)) end
return { cost, math.floor(remaining + 0.5), tostring(-1) }
----
-- @upstash/ratelimit: a fixed window, and one that slides.
--> up:now up:before | 10 1700000012345 10000 1
--> up:now up:before | 10 1700000012999 10000 4
local tokens, now, window, by = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local current = redis.call('GET', KEYS[1])
if current == false then current = 0 end
local previous = redis.call('GET', KEYS[2])
if previous == false then previous = 0 end
local part = (now % window) / window
previous = math.floor((1 - part) * previous)
if previous + current >= tokens then return -1 end
local value = redis.call('INCRBY', KEYS[1], by)
if value == by then redis.call('PEXPIRE', KEYS[1], window * 2 + 1000) end
return tokens - (value + previous)
----
-- Laravel: a job is pushed, and taken with its attempts counted.
--> q:jobs q:jobs:notify | {"id":"a","attempts":0,"data":{}}
redis.call('rpush', KEYS[1], ARGV[1])
redis.call('rpush', KEYS[2], 1)
return redis.call('llen', KEYS[1])
----
--> q:jobs q:jobs:reserved q:jobs:notify | 1700000090
--> q:jobs q:jobs:reserved q:jobs:notify | 1700000090
local job = redis.call('lpop', KEYS[1])
local reserved = false
if job ~= false then
  reserved = cjson.decode(job)
  reserved['attempts'] = reserved['attempts'] + 1
  reserved = cjson.encode(reserved)
  redis.call('zadd', KEYS[2], ARGV[1], reserved)
  redis.call('lpop', KEYS[3])
end
return { job, reserved }
----
--> q:jobs:reserved q:jobs q:jobs:notify | 1700000099 100
local val = redis.call('zrangebyscore', KEYS[1], '-inf', ARGV[1], 'limit', 0, ARGV[2])
if next(val) ~= nil then
  redis.call('zremrangebyrank', KEYS[1], 0, #val - 1)
  for i = 1, #val, 100 do
    redis.call('rpush', KEYS[2], unpack(val, i, math.min(i + 99, #val)))
    for j = i, math.min(i + 99, #val) do redis.call('rpush', KEYS[3], 1) end
  end
end
return val
----
-- Laravel: a funnel over slots.
--> slot1 slot2 slot3 | funnel: 60 id1
--> slot1 slot2 slot3 | funnel: 60 id2
for index, value in pairs(redis.call('mget', unpack(KEYS))) do
  if not value then
    redis.call('set', KEYS[index], ARGV[3], 'EX', ARGV[2])
    return ARGV[1] .. index
  end
end
----
-- Sidekiq: what is due by its score.
--> schedule | 15
local jobs = redis.call('zrange', KEYS[1], '-inf', ARGV[1], 'byscore', 'limit', 0, 1)
if jobs[1] then
  redis.call('zrem', KEYS[1], jobs[1])
  return jobs[1]
end
----
-- BullMQ: keys made of a prefix, packed arguments, events, and scores beyond 2^52.
--> bull:q:wait bull:q:meta bull:q:id bull:q:events bull:q:delayed | bull:q: mail {"to":"x"} 1700000000123 5000
--> bull:q:wait bull:q:meta bull:q:id bull:q:events bull:q:delayed | bull:q: mail {"to":"y"} 1700000000124 0
local prefix, name, data, timestamp, delay = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local args = cmsgpack.unpack(cmsgpack.pack({ prefix, '', name, timestamp, cjson.null, false }))
local opts = cmsgpack.unpack(cmsgpack.pack({ delay = delay, attempts = 3 }))
local id = redis.call('INCR', KEYS[3])
local job = args[1] .. id
redis.call('HMSET', job, 'name', args[3], 'data', data, 'opts', cjson.encode({ delay = opts.delay }), 'timestamp', timestamp,
  'delay', opts.delay, 'priority', 0)
if delay > 0 then
  local score = (timestamp + delay) * 0x1000 + bit.band(id, 0xfff)
  redis.call('ZADD', KEYS[5], score, id)
  redis.call('XADD', KEYS[4], 'MAXLEN', '~', 10000, '1-' .. id, 'event', 'delayed', 'jobId', id, 'delay', timestamp + delay)
else
  redis.call('LPUSH', KEYS[1], id)
  redis.call('XADD', KEYS[4], 'MAXLEN', '~', 10000, '1-' .. id, 'event', 'waiting', 'jobId', id)
end
return { id .. '', redis.call('HGETALL', job), redis.call('ZRANGE', KEYS[5], 0, -1, 'WITHSCORES'),
  redis.call('ZRANGEBYSCORE', KEYS[5], 0, (timestamp + 5001 + 1) * 0x1000 - 1, 'LIMIT', 0, 1000), redis.call('XLEN', KEYS[4]) }
