-- The times of the last requests in a sorted set, as in the sliding logs that limiters keep.
local limit, window_us = tonumber(ARGV[1]), tonumber(ARGV[2]) * 1000
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
redis.call('ZREMRANGEBYSCORE', KEYS[1], 0, now - window_us)
local count = redis.call('ZCARD', KEYS[1])
if count < limit then
    redis.call('ZADD', KEYS[1], now, now)
    redis.call('PEXPIRE', KEYS[1], ARGV[2])
    return {1, limit - count - 1}
end
return {0, 0}
