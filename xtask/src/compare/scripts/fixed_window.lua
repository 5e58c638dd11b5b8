-- A window that begins with its first request, as most limiters have it.
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return {count, redis.call('PTTL', KEYS[1]), count <= tonumber(ARGV[1]) and 1 or 0}
