while true do end
----
while true do pcall(function() while true do end end) end
----
while true do xpcall(function() while true do end end, function() while true do end end) end
----
-- Each coroutine counts its own instructions, and catches what stops those within.
local function f() while true do pcall(coroutine.wrap(f)) end end f()
----
local function f() while true do coroutine.resume(coroutine.create(f)) end end f()
----
local function f() while true do pcall(coroutine.wrap(function() xpcall(f, f) end)) end end f()
----
while true do pcall(string.gsub, ('x'):rep(1e4), 'x', function() pcall(error) while true do end end) end
----
table.sort({3, 2, 1, 5, 6, 7}, function() while true do pcall(error) end end)
----
while true do pcall(load, function() return ' ' end) end
----
load(function() while true do pcall(error) end end)
----
local less = setmetatable({}, {__lt = function() while true do pcall(error) end end}) return less < less
----
-- Sets of patterns are long.
return string.find(('b'):rep(2e6), '[' .. ('a'):rep(2e6) .. ']')
----
return string.find(('b'):rep(2e6), '%f[' .. ('a'):rep(2e6) .. ']')
----
return string.find(('b'):rep(2e6), '[' .. ('a'):rep(2e6) .. ']-c')
----
return string.gsub(('b'):rep(2e6), '[' .. ('a'):rep(2e6) .. ']*', 'x')
----
for _ in (('b'):rep(1e6)):gmatch('[' .. ('a'):rep(1e6) .. ']') do end
----
local s = ('a'):rep(1e5) while true do s:find(('.-'):rep(20) .. 'b') end
----
-- A single instruction works through much.
while true do string.rep('x', 1e7) end
----
local s = ('"'):rep(1.2e6) while true do cjson.encode(s) end
----
local t = {1} for n = 1, 9 do t = {t, t, t, t} end while true do pcall(cjson.encode, t) end
----
local t = {1} for n = 1, 9 do t = {t, t, t, t} end while true do pcall(cmsgpack.pack, t) end
----
local s = '[' .. ('1,'):rep(6e5) .. '1]' while true do pcall(cjson.decode, s) end
----
local s = ('i'):rep(1e6) while true do struct.size(s) end
----
local s = ('1'):rep(4e6) while true do local n = s + 0 end
----
local s = ('1'):rep(1.2e6) while true do cjson.decode(s) end
----
local t, s = {}, ('x'):rep(1e6) for n = 1, 1e6 do t[n] = s end while true do pcall(table.concat, t) end
----
local t = {} for n = 1, 1e5 do t[n] = ('x'):rep(100) .. n end while true do collectgarbage() end
----
local t = {} for n = 1, 5e4 do t[n] = 'a' .. n .. '=' .. n end local s = table.concat(t, ' ') while true do loadstring(s) end
----
while true do redis.log(redis.LOG_DEBUG, ('x'):rep(1e5)) end
----
while true do redis.pcall('ECHO', ('x'):rep(1e6)) end
----
while true do pcall(redis.call) end
