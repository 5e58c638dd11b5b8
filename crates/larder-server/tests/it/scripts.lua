error()
----
error(12)
----
error('boo')
----
error({err='My custom'})
----
return {err='ERR my'}
----
return {err='my'}
----
return redis.error_reply('my')
----
return redis.error_reply('MY err')
----
return redis.error_reply('-MYerr')
----
return redis.error_reply()
----
return redis.status_reply('fine')
----
return redis.status_reply(1, 2)
----
return {KEYS[1], KEYS[2], ARGV[1], #KEYS, #ARGV}
----
KEYS[1] = 'z' return KEYS[1]
----
KEYS = {}
----
return {1, 2, nil, 4}
----
return {1.9, -1.9, 'x', true, false, {ok='OK'}, {err='E x'}}
----
return 1e300
----
return -1e300
----
return 0/0
----
return 3.99
----
return function() end
----
return nil
----
return true
----
return false
----
return {true, false}
----
redis.setresp(3) return true
----
redis.setresp(3) return false
----
redis.setresp(3) return {true, false}
----
redis.setresp(3) return redis.call('HGETALL', 'h')
----
redis.setresp(3) return redis.call('ZSCORE', 'z', 'a')
----
redis.setresp(3) return redis.call('ZRANGE', 'z', 0, -1, 'WITHSCORES')
----
redis.setresp(3) return redis.call('HGETALL', 'none')
----
redis.setresp(3) return type(redis.call('GET', 'none'))
----
redis.setresp(3) return redis.call('SMEMBERS', 'none')
----
redis.setresp(3) return type(redis.call('HGETALL', 'h').map)
----
redis.setresp(3) return tostring(redis.call('ZSCORE', 'z', 'a').double)
----
redis.setresp(3) return redis.call('CONFIG', 'GET', 'port')
----
return type(redis.call('GET', 'none'))
----
return redis.call('ZSCORE', 'z', 'a')
----
return redis.call('HGETALL', 'h')
----
return redis.call('LRANGE', 'l', 0, -1)
----
return {double=1.5}
----
return {double='x'}
----
return {map={a=1}}
----
return {set={a=true}}
----
return {big_number='12'}
----
return {verbatim_string={string='x', format='txt'}}
----
return {ok='fine', err='E worse'}
----
return redis.call('INCR', 's')
----
local a
local b = redis.call('INCR', 's')
----
return redis.pcall('INCR', 's')
----
return {pcall(redis.call, 'INCR', 's')}
----
return {pcall(redis.call, 'NOSUCH')}
----
return {pcall(error, {err='x'})}
----
return {pcall(error, 'x')}
----
return {xpcall(function() redis.call('NOSUCH') end, function(x) return type(x) end)}
----
return {xpcall(function() redis.call('NOSUCH') end, function(x) return x.err end)}
----
return select(2, pcall(function() error('boo') end))
----
return redis.call()
----
return redis.call({})
----
return redis.call(true)
----
return redis.call('NOSUCH')
----
return redis.call('GET')
----
return redis.call('OBJECT')
----
return redis.call('OBJECT', 'NOSUCH')
----
return redis.call('SUBSCRIBE', 'x')
----
return redis.call('MULTI')
----
return redis.call('EVAL', 'return 1', 0)
----
return redis.call('SELECT', 'x')
----
return redis.call('ECHO', 1.5) .. redis.call('ECHO', 1e15) .. redis.call('ECHO', 1e20) .. redis.call('ECHO', 12345678901234)
----
return redis.call('PING', 'x')
----
return redis.call('XYZ', 'x')
----
return redis.sha1hex('')
----
return redis.sha1hex('hello')
----
return redis.sha1hex()
----
return redis.replicate_commands()
----
return redis.set_repl(redis.REPL_ALL)
----
return redis.breakpoint()
----
return redis.debug('x')
----
return redis.acl_check_cmd('SET', 'x', 'y')
----
local x = redis.setresp(4)
----
local x = redis.setresp()
----
local x = redis.log(1)
----
local x = redis.log(9, 'x')
----
local x = redis.log('x', 'x')
----
local x = redis.set_repl(9)
----
return {redis.LOG_DEBUG, redis.LOG_VERBOSE, redis.LOG_NOTICE, redis.LOG_WARNING, redis.REPL_ALL, redis.REPL_AOF, redis.REPL_SLAVE, redis.REPL_REPLICA, redis.REPL_NONE, _VERSION}
----
math.randomseed(5) return {tostring(math.random()), math.random(10), math.random(10, 20)}
----
return math.random(0)
----
return math.random(3, 1)
----
return math.random(1, 2, 3)
----
x = 10
----
return x
----
_G.x = 10
----
rawset(_G, 'x', 1)
----
string.format = 1
----
setmetatable(_G, {})
----
getmetatable('').__index = 1
----
return tostring(redis.nosuch)
----
retur 1
----
return 'a
----
return {loadstring('return 7')()}
----
return {table.maxn({1, 2, 3}), unpack({4, 5}), string.gsub('abc', 'b', 'x')}
----
return {type(table.getn), type(string.gfind), type(math.mod), type(unpack), type(gcinfo)}
----
return tostring(1e15) .. tostring(0.1) .. tostring(100) .. tostring(1/3)
----
return '10' + 5
----
return 'x' .. 1 .. 2.5
----
return '3' * '4'
----
return tostring(tonumber(false))
----
return tostring(nil) .. tostring(cjson.null)
----
return cjson.null
----
local co = coroutine.wrap(function() coroutine.yield(redis.call('PING')) end) return co()
----
for i = 1, 10 do redis.call('RPUSH', 'counted', i) end return redis.call('LRANGE', 'counted', 0, -1)
----
return redis.call('SORT', 'l', 'ALPHA', 'DESC')
----
return redis.call('TIME')[3] == nil
----
return #redis.call('TIME')
----
return cjson.encode({})
----
return cjson.encode({1, 2, nil, 4})
----
return cjson.encode({[1]=1, [100]=2})
----
return cjson.encode({[5]=1})
----
return cjson.encode({1, a=2})
----
return cjson.encode({[true]=2})
----
return cjson.encode(function() end)
----
return cjson.encode('\0\1\127\n/"\\\255')
----
return cjson.encode(1/0)
----
return cjson.encode(1e15)
----
return cjson.encode(123456789012345678)
----
return cjson.encode({[1.5]=1})
----
return cjson.encode(nil)
----
return cjson.encode()
----
local t = {} t[1] = t return cjson.encode(t)
----
return cjson.decode()
----
return cjson.decode('')
----
return cjson.decode('x')
----
return cjson.decode('[1,2')
----
return cjson.decode('[1 2]')
----
return cjson.decode('{1:2}')
----
return cjson.decode('{"a" 2}')
----
return cjson.decode('{"a":2 3}')
----
return cjson.decode('[1]x')
----
return cjson.decode('"\\x"')
----
return cjson.decode('"abc')
----
return cjson.decode('"\\u12"')
----
return cjson.decode('"\\ud83d\\ude00"')
----
return cjson.decode('"\\ud83d"')
----
return cjson.decode(string.rep('[', 1001))
----
return tostring(cjson.decode('0x1F')) .. tostring(cjson.decode('-inf')) .. tostring(cjson.decode('01'))
----
return cjson.decode('-')
----
return cjson.decode('[,1]')
----
return cjson.decode('{,}')
----
return cjson.decode('{"a":}')
----
return cjson.decode('a\0')
----
return cjson.decode('["a\0b"]')
----
return cjson.decode('[1, 2.5, "x", true, false, null, {"a": []}]')
----
local set = {cjson.encode_sparse_array(true, 3, 5)} cjson.encode_sparse_array(false, 2, 10) return set
----
return cjson.encode_max_depth(0)
----
return cjson.encode_number_precision(20)
----
return cjson.encode_invalid_numbers('x')
----
return {cjson._NAME, cjson._VERSION, cmsgpack._NAME, cmsgpack._VERSION}
----
return cmsgpack.pack()
----
return cmsgpack.pack(1, -1, 127, 128, 255, 256, 65535, 65536, 2^31, 2^32, 2^53, -32, -33, -128, -129, -32768, -32769, -2^31, -2^32)
----
return cmsgpack.pack(1.5, 0.1, 1/0, 9.3e18, true, false, nil, 'x', string.rep('x', 32), string.rep('x', 300))
----
return cmsgpack.pack({}, {1, 2}, {a=1}, {1, nil, 3}, {[1.5]=2}, cjson.null)
----
local t = {} t[1] = t return #cmsgpack.pack(t)
----
return {cmsgpack.unpack(cmsgpack.pack(1, 'x', {1, 2, {3}}))}
----
return {cmsgpack.unpack_one(cmsgpack.pack(1, 2))}
----
return {cmsgpack.unpack_one(cmsgpack.pack(1, 2), 1)}
----
return {cmsgpack.unpack_one(cmsgpack.pack(1, 2), 5)}
----
return {cmsgpack.unpack_one(cmsgpack.pack(1, 2), -1)}
----
return {cmsgpack.unpack_limit(cmsgpack.pack(1, 2, 3), 2)}
----
return {cmsgpack.unpack_limit(cmsgpack.pack(1, 2, 3), -2)}
----
return {cmsgpack.unpack_limit(cmsgpack.pack(1, 2, 3), 0, 1)}
----
return cmsgpack.unpack('\193')
----
return cmsgpack.unpack('\220')
----
return cmsgpack.unpack()
----
return struct.pack('bBhHlLTfd', 1, 2, 3, 4, 5, 6, 7, 8.5, 9.25)
----
return struct.pack('>i3!4iI8s', 1, 2, 3, 'abc')
----
return {struct.unpack('bi!4i', string.rep('x', 20))}
----
return {struct.unpack('>I8', string.rep('x', 8))}
----
return {struct.unpack('i16', string.rep('\255', 16))}
----
return {struct.unpack('c3 s', 'abcde\0')}
----
return {struct.unpack('bc0', '\3abcdef')}
----
return struct.size('s')
----
return struct.size('c0')
----
return struct.size('lLTdfxbBhH')
----
return struct.size('!i8bi8')
----
return struct.pack('i33', 1)
----
return struct.pack('i99999999999', 1)
----
return struct.pack('z', 1)
----
return struct.pack('!3i', 1)
----
return struct.unpack('i', 'ab')
----
return struct.unpack('i', 'abcd', 0)
----
return struct.unpack('s', 'abc')
----
return struct.unpack('c0', 'abc')
----
return struct.pack('c5', 'abc')
----
return struct.pack('i', 'x')
----
return struct.pack('i', 1/0)
----
return {bit.tobit(2^40 + 3.5), bit.bnot(5), bit.band(255, 15, 3), bit.bor(1, 2, 4), bit.bxor(5, 1), bit.bswap(0x12345678)}
----
return {bit.lshift(1, 31), bit.rshift(-1, 28), bit.arshift(-16, 2), bit.rol(0x12345678, 12), bit.ror(0x12345678, 12), bit.lshift(1, 33)}
----
return {bit.tohex(255), bit.tohex(255, 4), bit.tohex(255, -4), bit.tohex(65535, -2147483648)}
----
return bit.band()
----
return bit.band('x')
----
return bit.lshift(1)
----
#!lua
return 1
----
#!lua flags=no-writes
return redis.call("SET", KEYS[1], 1)
----
#!lua flags=bad
return 1
----
#!lua flags=no-writes,allow-oom
return 1
----
#!lua flags=no-writes, allow-oom
return 1
----
#!lua x=bad
return 1
----
#!lua name=bad
return 1
----
#!py
return 1
----
#!lua
----
#!lua

retur 1
----
return {unpack({1, 2, 3}, -2, 2147483647)}
----
local t = {} for n = 1, 7999 do t[n] = n end return select('#', unpack(t))
----
local t = {} for n = 1, 8000 do t[n] = n end return select('#', unpack(t))
----
local t = {} for n = 1, 7998 do t[n] = n end return {select('#', unpack(t, 1)), unpack(t, 7997)}
----
local t = {} for n = 1, 7999 do t[n] = n end return select('#', unpack(t, 1))
----
return {select('#', unpack({}, 1, 7997)), (unpack({'x'}, nil, nil))}
----
return select('#', unpack({}, 1, 7998))
----
return {pcall(unpack, {1, 2, 3}, 0, 2147483647)}
----
return {pcall(unpack, {1, 2, 3}, -2147483648)}
----
return {unpack({1, 2, 3}, -1, -2)}
----
return {unpack({1, 2, 3}, '2', 4)}
----
local co = coroutine.create(function() return redis.call('INCR', 'co') + redis.call('INCR', 'co') end)
local ok, sum = coroutine.resume(co)
return {tostring(ok), sum, redis.call('DEL', 'co')}
----
local co = coroutine.wrap(function()
    for n = 1, 3 do coroutine.yield(redis.call('RPUSH', 'co', cjson.encode({n = n, list = {n, n}}))) end
end)
local found = {co(), co(), co(), redis.call('LRANGE', 'co', 0, -1)}
redis.call('DEL', 'co')
return found
----
local ok, problem = pcall(coroutine.wrap(function() return redis.call('LPUSH', 's', 'x') end))
return {tostring(ok), type(problem)}
----
local kept = {}
for n = 1, 300 do
    kept[n] = cjson.decode(cjson.encode({name = 'n' .. n, parts = {n, n + 0.5, cjson.null, {deep = {true, false}}}}))
    kept[n].packed = cmsgpack.pack(kept[n].parts, 'x' .. n)
    redis.call('HSET', 'kept', n, kept[n].packed)
end
local sum = 0
for n = 1, 300 do
    local parts, name = cmsgpack.unpack(redis.call('HGET', 'kept', n))
    sum = sum + parts[1] + parts[2] * 2 + #name + (parts[4].deep[1] and 1 or 0)
end
redis.call('DEL', 'kept')
return sum
----
return {cmsgpack.unpack_limit(cmsgpack.pack(1, 'two', {3}), 2, 0)}
----
local offset, first = cmsgpack.unpack_one(cmsgpack.pack({a = 1}, 2), 0)
return {offset, first.a, (cmsgpack.unpack_one(cmsgpack.pack({a = 1}, 2), offset))}
----
return {pcall(cjson.encode), pcall(cjson.encode, 1, 2), pcall(cjson.decode), pcall(cjson.decode, {}), pcall(cjson.decode, 17)}
----
return {pcall(cmsgpack.pack), pcall(cmsgpack.unpack), pcall(cmsgpack.unpack, {}), pcall(cmsgpack.unpack_one, 'x', 'y')}
----
return {pcall(redis.sha1hex), redis.sha1hex(1), redis.sha1hex(1.5), redis.sha1hex({})}
--
return {redis.sha1hex(1e-5), redis.sha1hex(-2^53), redis.sha1hex(-0.0), redis.sha1hex(1e15), redis.sha1hex(1/0)}
----
return {cjson.encode(1e15), cjson.encode(-0), cjson.encode(0.1), cjson.encode({[1] = 1, [2.5] = 2}), cjson.encode({[-1] = 1})}
----
local t = setmetatable({a = 1}, {__index = function(_, key) return key:upper() .. '!' end})
return {string.gsub('abca', '%w', t)}
----
local t = setmetatable({}, {__index = function(_, key) error('no ' .. key) end})
return {pcall(string.gsub, 'abc', 'b', t)}
----
return {pcall(string.gsub, 'abc', '(b)()', {b = {}}), string.gsub('abc', '()', {2, false, 'x'})}
----
local found = {}
for at, word in ('one  two'):gmatch('()(%a*)') do found[#found + 1] = at .. word end
return found
----
return {pcall(string.gmatch), pcall(string.gmatch, 'a', {}), pcall(string.gmatch('a', '[a'))}
----
local next_word = ('a b'):gmatch('%a')
return {next_word(), next_word(), tostring(next_word()), tostring(next_word())}
----
return {struct.unpack('bc0bc0s', struct.pack('bc0bc0s', 3, 'abc', 2, 'de', 'end'))}
----
local a, b = load(function() error('within') end) return {type(a), type(b) ~= 'nil'}
----
local a, b = load(function() error({err='E within'}) end) return {type(a), type(b)}
----
local a, b = load(function() return {} end) return {type(a), type(b) ~= 'nil'}
----
local n = 0 return {load(function() n = n + 1 return ({'return', ' ', 7})[n] end)()}
----
local a = collectgarbage('bogus') return a
----
local a = collectgarbage(1) return a
----
return {collectgarbage('stop'), collectgarbage('restart'), collectgarbage('collect'), type(collectgarbage('count'))}
