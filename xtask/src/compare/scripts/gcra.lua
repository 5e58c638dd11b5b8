-- The generic cell rate algorithm: one theoretical arrival time for each key.
local burst, rate, period = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local interval = period / rate
local tolerance = interval * burst
local time = redis.call('TIME')
local now = (time[1] - 1700000000) + time[2] / 1000000
local arrival = tonumber(redis.call('GET', KEYS[1]) or now)
arrival = math.max(arrival, now)
local next_arrival = arrival + interval
local allowed_at = next_arrival - tolerance
if now < allowed_at then
    return {0, 0, tostring(allowed_at - now), tostring(arrival - now)}
end
redis.call('SET', KEYS[1], next_arrival, 'EX', math.ceil(next_arrival - now))
return {1, math.floor((now - allowed_at) / interval), '-1', tostring(next_arrival - now)}
