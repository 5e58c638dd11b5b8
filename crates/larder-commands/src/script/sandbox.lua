-- The world in which scripts run: what Redis gives them, and nothing else.
--
-- Scripts share a machine, so nothing that outlives a script may be changed by one. Lua 5.1 knows no read-only tables;
-- here a shared table is shown through a stand-in, an empty table that reads from it and refuses to be written to.
-- The few functions that look past metatables know of stand-ins.

local native, for_functions = ...

local assert, collectgarbage, error, gcinfo, getmetatable, ipairs, loadstring, next, pairs, pcall, rawequal, rawget,
    rawset, select, setmetatable, tonumber, tostring, type, unpack, xpcall =
    assert, collectgarbage, error, gcinfo, getmetatable, ipairs, loadstring, next, pairs, pcall, rawequal, rawget,
    rawset, select, setmetatable, tonumber, tostring, type, unpack, xpcall
local coroutine, math, os, string, table = coroutine, math, os, string, table
local byte, concat = string.byte, table.concat
local seen, text_of, token, where = native.seen, native.text, native.token, native.where

local READONLY = "Attempt to modify a readonly table"

-- Stand-in → the table behind it.
local behind = {}
local stand_ins = {}

local function refuse()
    error(READONLY, 2)
end

local function shown(real)
    local stand_in = {}
    behind[stand_in] = real
    stand_ins[#stand_ins + 1] = stand_in
    return setmetatable(stand_in, { __index = real, __newindex = refuse, __metatable = false })
end

local function missing(_, name)
    error("Script attempted to access nonexistent global variable '" .. tostring(name) .. "'", 2)
end

local function misused(position, name, wanted, given)
    local text = "bad argument #%d to '%s' (%s expected, got %s)"
    error(text:format(position, name, wanted, given == nil and "no value" or type(given)), 3)
end

local G = {
    _VERSION = _VERSION,
    assert = assert,
    error = error,
    gcinfo = gcinfo,
    getmetatable = getmetatable,
    ipairs = ipairs,
    rawequal = rawequal,
    select = select,
    tonumber = tonumber,
    tostring = tostring,
    type = type,
}

-- Lua counts the values in 32 bits, and a compiler may believe that they never overflow: then the machine would crash.
function G.unpack(list, first, last)
    -- Arguments take room that results may need.
    if first == nil and last == nil then return unpack(list) end
    local from = tonumber(first) or 1
    local to = tonumber(last) or type(list) == "table" and #list or 0
    if to - from >= 2147483647 then error("too many results to unpack", 2) end
    return unpack(list, first, last)
end

function G.next(t, key)
    if type(t) ~= "table" then misused(1, "next", "table", t) end
    return next(behind[t] or t, key)
end

function G.pairs(t)
    if type(t) ~= "table" then misused(1, "pairs", "table", t) end
    if behind[t] then return G.next, t, nil end
    return next, t, nil
end

function G.rawget(t, key)
    if type(t) ~= "table" then misused(1, "rawget", "table", t) end
    return rawget(behind[t] or t, key)
end

function G.rawset(t, key, value)
    if type(t) ~= "table" then misused(1, "rawset", "table", t) end
    if behind[t] then error(READONLY, 0) end
    return rawset(t, key, value)
end

function G.setmetatable(t, metatable)
    if type(t) ~= "table" then misused(1, "setmetatable", "table", t) end
    if behind[t] then error(READONLY, 0) end
    return setmetatable(t, metatable)
end

-- What an error of a command is: a table to handlers, and its text to those who catch it.
local function caught(ok, problem, ...)
    if ok then return ok, problem, ... end
    if type(problem) == "userdata" then return false, (text_of(problem)) end
    if type(problem) == "table" then
        local text = rawget(problem, "err")
        if type(text) == "string" then return false, text end
    end
    return false, problem
end

function G.pcall(...)
    return caught(pcall(...))
end

function G.xpcall(f, handler)
    return xpcall(f, function(problem)
        return handler(type(problem) == "userdata" and seen(problem) or problem)
    end)
end

-- Compiled code could break the machine: only text is taken.
function G.loadstring(text, name)
    if type(text) == "number" then text = tostring(text) end
    if type(text) ~= "string" then misused(1, "loadstring", "string", text) end
    if byte(text, 1) == 27 then return nil, "only text can be loaded" end
    return loadstring(text, name)
end

function G.load(reader, name)
    if type(reader) ~= "function" then misused(1, "load", "function", reader) end
    local pieces = {}
    for piece in reader do
        if type(piece) ~= "string" then return nil, "reader function must return a string" end
        if piece == "" then break end
        pieces[#pieces + 1] = piece
    end
    return G.loadstring(concat(pieces), name or "=(load)")
end

function G.collectgarbage(what, ...)
    -- The collector's pace is not a script's to change.
    if what == nil or what == "collect" or what == "count" or what == "step" then
        return collectgarbage(what, ...)
    end
    return 0
end

local function copied(from)
    local copy = {}
    for name, value in next, from do copy[name] = value end
    return copy
end

local coroutines = copied(coroutine)
local function resumed(ok, problem, ...)
    if not ok and type(problem) == "userdata" then problem = seen(problem) end
    return ok, problem, ...
end
function coroutines.resume(...)
    return resumed(coroutine.resume(...))
end
G.coroutine = shown(coroutines)

local numbers = copied(math)
numbers.random, numbers.randomseed = native.random, native.randomseed
G.math = shown(numbers)

G.os = shown({ clock = os.clock })
G.string = shown(string)
G.table = shown(table)
for _, name in ipairs({ "bit", "cjson", "cmsgpack", "struct" }) do
    G[name] = shown(native.libraries[name])
end

-- A string's methods are found through its metatable, which is shown like everything that is shared.
getmetatable("").__metatable = shown({ __index = G.string })

-- The api ---------------------------------------------------------------------------------------------------------

-- What reaches out of the machine: it runs commands, and with a token before them that scripts do not have it does
-- other things.
local reach_out = native.reach_out
local PCALL, LOG, SETRESP, ACL_CHECK = 1, 2, 3, 4

local function fail(text)
    error({ err = text }, 0)
end

local api = {
    LOG_DEBUG = 0,
    LOG_VERBOSE = 1,
    LOG_NOTICE = 2,
    LOG_WARNING = 3,
    REPL_NONE = 0,
    REPL_AOF = 1,
    REPL_SLAVE = 2,
    REPL_REPLICA = 2,
    REPL_ALL = 3,
    REDIS_VERSION = native.version,
    REDIS_VERSION_NUM = native.version_number,
}

api.call, api.sha1hex = reach_out, native.sha1hex

function api.pcall(...)
    return (reach_out(token, PCALL, ...))
end

function api.acl_check_cmd(...)
    return (reach_out(token, ACL_CHECK, ...))
end

function api.setresp(...)
    if select("#", ...) ~= 1 then fail("ERR redis.setresp() requires one argument.") end
    local version = ...
    if version ~= 2 and version ~= 3 then fail("ERR RESP version must be 2 or 3.") end
    reach_out(token, SETRESP, version)
end

function api.log(...)
    if select("#", ...) < 2 then fail("ERR redis.log() requires two arguments or more.") end
    local level = tonumber((...))
    if not level then fail("ERR First argument must be a number (log level).") end
    if level < 0 or level > 3 then fail("ERR Invalid debug level.") end
    local words = { select(2, ...) }
    for n = 1, select("#", ...) - 1 do
        local kind = type(words[n])
        words[n] = (kind == "string" or kind == "number") and tostring(words[n]) or ""
    end
    reach_out(token, LOG, level, concat(words, " "))
end

local function one_text(...)
    return select("#", ...) == 1 and type((...)) == "string"
end

function api.error_reply(...)
    if not one_text(...) then return { err = "ERR wrong number or type of arguments" } end
    local text = (...):gsub("^%-", "")
    if not text:find(" ", 1, true) then text = "ERR " .. text end
    return { err = text }
end

function api.status_reply(...)
    if not one_text(...) then return { err = "ERR wrong number or type of arguments" } end
    return { ok = (...) }
end

function api.set_repl(...)
    if select("#", ...) ~= 1 then fail("ERR redis.set_repl() requires two arguments.") end
    local flags = tonumber((...))
    if not flags or flags < 0 or flags > 3 then
        fail("ERR Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.")
    end
end

-- Functions have what scripts have, but for what only old scripts need.
if not for_functions then
    function api.replicate_commands() return true end
    function api.breakpoint() return false end
    function api.debug() end
end

-- Libraries -------------------------------------------------------------------------------------------------------

-- While a library is loaded it can register functions, and not yet call commands.
local registered

local function register(spec)
    local name, callback, flags, description = spec.function_name, spec.callback, spec.flags, spec.description
    for key in next, spec do
        if key ~= "function_name" and key ~= "callback" and key ~= "flags" and key ~= "description" then
            fail("ERR unknown argument given to redis.register_function")
        end
    end
    if name == nil then fail("ERR redis.register_function must get a function name argument") end
    if type(name) ~= "string" then
        fail("ERR function_name argument given to redis.register_function must be a string")
    end
    if description ~= nil and type(description) ~= "string" then
        fail("ERR description argument given to redis.register_function must be a string")
    end
    if callback == nil then fail("ERR redis.register_function must get a callback argument") end
    if type(callback) ~= "function" then
        fail("ERR callback argument given to redis.register_function must be a function")
    end
    if flags ~= nil and type(flags) ~= "table" then
        fail("ERR flags argument to redis.register_function must be a table representing function flags")
    end
    for _, flag in ipairs(flags or {}) do
        if type(flag) ~= "string" or not native.known_flags[flag] then fail("ERR unknown flag given") end
    end
    if #name == 0 or name:find("[^%w_]") then
        fail("ERR Library names can only contain letters, numbers, or underscores(_) and must be at least one "
            .. "character long")
    end
    for _, other in ipairs(registered) do
        if other.name == name then fail("ERR Function already exists in the library") end
    end
    registered[#registered + 1] = { name = name, callback = callback, flags = flags or {}, description = description }
end

local loading_api = {}
for name, value in next, api do
    if type(value) ~= "function" then loading_api[name] = value end
end
loading_api.log = api.log

function loading_api.register_function(...)
    local count, first, second = select("#", ...), ...
    if count < 1 or count > 2 then fail("ERR wrong number of arguments to redis.register_function") end
    if count == 1 then
        if type(first) ~= "table" then
            fail("ERR calling redis.register_function with a single argument is only applicable to Lua table "
                .. "(representing named arguments).")
        end
        register(copied(first))
        return
    end
    if type(first) ~= "string" then fail("ERR first argument to redis.register_function must be a string") end
    if type(second) ~= "function" then
        fail("ERR second argument to redis.register_function must be a function")
    end
    register({ function_name = first, callback = second })
end
setmetatable(loading_api, { __index = missing })

local api_stand_in = {}
local api_metatable = { __index = api, __newindex = refuse, __metatable = false }
behind[api_stand_in] = api
stand_ins[#stand_ins + 1] = api_stand_in
setmetatable(api_stand_in, api_metatable)
G.redis, G.server = api_stand_in, api_stand_in

local globals = shown(setmetatable(G, { __index = missing }))
G._G = globals

-- Running ---------------------------------------------------------------------------------------------------------

-- What is said of an error that nobody caught: text, source, line, and whether it was counted where it arose.
local function blame(problem)
    local text, counted
    if type(problem) == "table" then
        text, counted = rawget(problem, "err"), rawget(problem, "ignore_error_stats_update")
        if type(text) ~= "string" then text = "ERR unknown error" end
    elseif type(problem) == "userdata" then
        text, counted = text_of(problem)
        if counted == nil then text = "ERR " .. tostring(text) end
    else
        text = "ERR " .. tostring(problem)
    end
    local source, line = where()
    return { text = text, source = source, line = line, counted = counted == true }
end

-- Whether what is shared is as it was: functions of the table library write past metatables.
local function is_clean()
    for n = 1, #stand_ins do
        if next(stand_ins[n]) ~= nil then return false end
    end
    return true
end

-- Whether a value is a list at most: most replies are, and need not be asked for each field that says otherwise.
local function is_list(value)
    if type(value) ~= "table" then return true end
    return getmetatable(value) == nil and value.err == nil and value.ok == nil and value.double == nil
        and value.map == nil and value.set == nil and value.big_number == nil and value.verbatim_string == nil
end

local function finish(check, ok, result)
    return ok, result, is_list(result), not check or is_clean()
end

-- Makes tables of keys and arguments, which come one by one, or as tables where they are too many.
local function sorted_out(count, ...)
    local all = select("#", ...)
    if count > all then return ... end
    if count == all then return { ... }, {} end
    if count == 0 then return {}, { ... } end
    if count == 1 then return { (...) }, { select(2, ...) } end
    local keys = { ... }
    for n = count + 1, all do keys[n] = nil end
    return keys, { select(count + 1, ...) }
end

local function run_script(body, check, count, ...)
    G.KEYS, G.ARGV = sorted_out(count, ...)
    return finish(check, xpcall(body, blame))
end

local function run_function(callback, check, count, ...)
    local keys, args = sorted_out(count, ...)
    return finish(check, xpcall(function() return callback(keys, args) end, blame))
end

local function load_library(body)
    registered, api_metatable.__index = {}, loading_api
    local ok, result = xpcall(body, blame)
    local found = registered
    registered, api_metatable.__index = nil, api
    if ok then result = found end
    return finish(true, ok, result)
end

return globals, for_functions and run_function or run_script, load_library
