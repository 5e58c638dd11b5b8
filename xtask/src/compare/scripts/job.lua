-- The life of a job in a queue: added, taken, finished. Its own key is made up here, as queues do, and so is declared
-- by nobody.
local wait, active, counter, meta = KEYS[1] .. ':wait', KEYS[1] .. ':active', KEYS[1] .. ':id', KEYS[1] .. ':meta'
local id = redis.call('INCR', counter)
local packed = cmsgpack.pack({KEYS[1], ARGV[1], {attempts = 3, backoff = {type = 'exponential', delay = 1000}}, 1.5})
local options = cmsgpack.unpack(packed)
local job = KEYS[1] .. ':' .. id
redis.call('HSET', job, 'name', options[2], 'data', ARGV[2], 'opts', cjson.encode(options[3]), 'priority', options[4])
redis.call('LPUSH', wait, id)
local taken = redis.call('RPOPLPUSH', wait, active)
local fields = redis.call('HGETALL', KEYS[1] .. ':' .. taken)
local found = {}
for n = 1, #fields, 2 do found[fields[n]] = fields[n + 1] end
local data = cjson.decode(found.data)
data.done = cjson.decode(found.opts).attempts
redis.call('HINCRBY', meta, 'finished', 1)
redis.call('LREM', active, 1, taken)
redis.call('DEL', KEYS[1] .. ':' .. taken)
return cjson.encode(data)
