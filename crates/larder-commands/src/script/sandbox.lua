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
local byte, concat, find, insert, rep, resume, sub =
    string.byte, table.concat, string.find, table.insert, string.rep, coroutine.resume, string.sub
local function find_plain(text, what) return find(text, what, 1, true) end
local where, why_stopped = native.where, native.why_stopped

local READONLY = "Attempt to modify a readonly table"

-- Stand-in → the table behind it.
local behind = {}
local stand_ins = {}

local function refuse()
    error(READONLY, 2)
end

local function shown(real, metatable)
    local stand_in = {}
    behind[stand_in] = real
    stand_ins[#stand_ins + 1] = stand_in
    return setmetatable(stand_in, { __index = real, __newindex = refuse, __metatable = metatable or false })
end

local function missing(_, name)
    error("Script attempted to access nonexistent global variable '" .. tostring(name) .. "'", 2)
end

local function misused(position, name, wanted, given)
    local text = "bad argument #%d to '%s' (%s expected, got %s)"
    error(text:format(position, name, wanted, type(given)), 3)
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
    tonumber = native.tonumber,
    tostring = tostring,
    type = type,
}

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
    if metatable ~= nil and type(metatable) ~= "table" then
        error("bad argument #2 to 'setmetatable' (nil or table expected)", 2)
    end
    if getmetatable(t) ~= nil and not pcall(setmetatable, t, metatable) then
        error("cannot change a protected metatable", 2)
    end
    return setmetatable(t, metatable)
end

-- So many values lie on a function's stack at most: its arguments take room that results may need.
local STACK_MAX = 8000

-- Lua's own function does not see that a range is endless where its length is no number that fits.
function G.unpack(t, ...)
    if type(t) ~= "table" then misused(1, "unpack", "table", t) end
    local count, first, last = select("#", ...), ...
    local from, to = tonumber(first == nil and 1 or first), tonumber(last == nil and #t or last)
    if not from then misused(2, "unpack", "number", first) end
    if not to then misused(3, "unpack", "number", last) end
    if not (from >= -0x80000000 and to < 0x7fffffff and to - from + 2 + count <= STACK_MAX) then
        if from > to then return end
        error("too many results to unpack", 2)
    end
    if count == 0 then return unpack(t) end
    return unpack(t, ...)
end

-- What was caught, unless the script has to stop: then it goes on nowhere.
local function uncaught(ok, ...)
    if ok then return ok, ... end
    local reason = why_stopped()
    if reason then error(reason, 0) end
    return ok, ...
end

-- What an error of a command is: a table to handlers, and its text to those who catch it.
local function caught(ok, ...)
    if ok then return ok, ... end
    local problem = ...
    if type(problem) == "table" then
        local text = rawget(problem, "err")
        if type(text) == "string" then return false, text end
    end
    return false, problem
end

function G.pcall(...)
    if select("#", ...) == 0 then error("bad argument #1 to 'pcall' (value expected)", 2) end
    return caught(uncaught(pcall(...)))
end

function G.xpcall(f, ...)
    if select("#", ...) == 0 then error("bad argument #2 to 'xpcall' (value expected)", 2) end
    local handler = ...
    return uncaught(xpcall(f, function(problem)
        -- A script that has to stop could not be stopped again while it handles that.
        if why_stopped() then return problem end
        return handler(problem)
    end))
end

-- Compiled code could break the machine: only text is taken.
function G.loadstring(text, name)
    if type(text) == "number" then text = tostring(text) end
    if type(text) ~= "string" then misused(1, "loadstring", "string", text) end
    if byte(text, 1) == 27 then return nil, "only text can be loaded" end
    if native.has_too_many_jumps(text) then return nil, "control structure too long" end
    -- A name ends at its first zero; the machine keeps the one that it is given while it compiles, and no other.
    if type(name) == "string" and find_plain(name, "\0") then name = sub(name, 1, find_plain(name, "\0") - 1) end
    return loadstring(text, name)
end

function G.load(reader, name)
    if type(reader) ~= "function" then misused(1, "load", "function", reader) end
    local pieces = {}
    while true do
        local ok, piece = uncaught(pcall(reader))
        if not ok then return nil, piece end
        if piece == nil then break end
        if type(piece) == "number" then piece = tostring(piece) end
        if type(piece) ~= "string" then return nil, "reader function must return a string" end
        if piece == "" then break end
        pieces[#pieces + 1] = piece
    end
    return G.loadstring(concat(pieces), name or "=(load)")
end

local COLLECTING = { collect = true, count = true, restart = true, setpause = true, setstepmul = true, step = true,
    stop = true }

function G.collectgarbage(what, ...)
    if what ~= nil and not COLLECTING[what] then
        local text = "bad argument #1 to 'collectgarbage' (invalid option '%s')"
        error(text:format(tostring(what)), 2)
    end
    -- The collector's pace is not a script's to change.
    if what == nil or what == "collect" or what == "count" or what == "step" then
        if what ~= "count" then native.will_collect() end
        return collectgarbage(what, ...)
    end
    return 0
end

local function copied(from)
    local copy = {}
    for name, value in next, from do copy[name] = value end
    return copy
end

-- Lua's own libraries are changed as they are: nobody else has them.
function coroutine.resume(...)
    if type((...)) ~= "thread" then error("bad argument #1 to 'resume' (coroutine expected)", 2) end
    return uncaught(resume(...))
end
G.coroutine = shown(coroutine)

math.random, math.randomseed = native.random, native.randomseed
G.math = shown(math)

-- Patterns --------------------------------------------------------------------------------------------------------

local strings = string
strings.find, strings.match = native.find, native.match

function strings.gmatch(text, pattern)
    local from = 1
    text, pattern = native.gmatch_arguments(text, pattern)
    local function stepped(next_from, ...)
        from = next_from or #text + 2
        return ...
    end
    return function() return stepped(native.next_match(text, pattern, from)) end
end
strings.gfind = strings.gmatch

-- Nothing, often, takes no memory and so would take for ever.
function strings.rep(text, count)
    if type(text) ~= "string" and type(text) ~= "number" then misused(1, "rep", "string", text) end
    if not tonumber(count) then misused(2, "rep", "number", count) end
    if text == "" then return "" end
    return rep(text, count)
end

-- A function is called here, where its errors pass as they are.
local function replaced(pieces, by, text, at, first, last, ...)
    if not first then return end
    local value = by(...)
    local kind = type(value)
    if not value then
        value = sub(text, first, last)
    elseif kind ~= "string" and kind ~= "number" then
        error("invalid replacement value (a " .. kind .. ")", 3)
    end
    pieces[#pieces + 1] = sub(text, at, first - 1)
    pieces[#pieces + 1] = value
    return first, last
end

function strings.gsub(text, pattern, by, most)
    if type(by) == "table" and getmetatable(by) ~= nil then
        local fields = by
        by = function(key) return fields[key] end
    end
    if type(by) ~= "function" then return native.gsub(text, pattern, by, most) end
    local pieces, count, at, from = {}, 0, 1, 1
    text, pattern, most = native.gsub_arguments(text, pattern, most)
    local anchored = byte(pattern, 1) == 94
    while count < most and from <= #text + 1 do
        local first, last = replaced(pieces, by, text, at, native.captures(text, pattern, from))
        if not first then break end
        count, at = count + 1, last + 1
        from = last < first and first + 1 or at
        if anchored then break end
    end
    pieces[#pieces + 1] = sub(text, at)
    return concat(pieces), count
end

if not for_functions then G.os = shown({ clock = os.clock }) end
G.string = shown(strings)

-- Lua's own function moves whatever is behind a position, however far before the beginning that is.
function table.insert(t, ...)
    if type(t) ~= "table" then misused(1, "insert", "table", t) end
    if behind[t] then error(READONLY, 0) end
    local count = select("#", ...)
    if count == 2 then
        local position = tonumber((...))
        if not position then misused(2, "insert", "number", (...)) end
        if not (position > -0x10000) then error("bad argument #2 to 'insert' (position out of bounds)", 2) end
    elseif count ~= 1 then
        error("wrong number of arguments to 'insert'", 2)
    end
    return insert(t, ...)
end
G.table = shown(table)
for _, name in ipairs({ "bit", "cjson", "cmsgpack", "struct" }) do
    G[name] = shown(native.libraries[name])
end

-- A string's methods are found through its metatable, which is shown like everything that is shared.
getmetatable("").__index = strings
getmetatable("").__metatable = shown({ __index = G.string })

-- The api ---------------------------------------------------------------------------------------------------------

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

api.sha1hex = native.sha1hex
for _, name in ipairs({ "call", "pcall", "log", "setresp", "set_repl", "acl_check_cmd" }) do
    api[name] = native[name]
end

local function one_text(...)
    return select("#", ...) == 1 and type((...)) == "string"
end

function api.error_reply(...)
    if not one_text(...) then return { err = "ERR wrong number or type of arguments" } end
    local text = (...):match("^%-?([^%z]*)"):match("^[\r\n]*(.-)[\r\n]*$")
    if not text:find(" ", 1, true) then text = "ERR " .. text end
    return { err = text }
end

function api.status_reply(...)
    if not one_text(...) then return { err = "ERR wrong number or type of arguments" } end
    return { ok = (...) }
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
    if type(value) ~= "function" and not find_plain(name, "REPL_") then loading_api[name] = value end
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

local globals_metatable = {
    __index = setmetatable(G, { __index = missing }),
    __newindex = refuse,
    __metatable = shown({ __index = missing }),
}
local globals = setmetatable({}, globals_metatable)
behind[globals] = G
stand_ins[#stand_ins + 1] = globals
G._G = globals

-- A library that is loaded finds the api and nothing else; its functions find everything once they run.
local loading_globals = setmetatable({ redis = api_stand_in, server = api_stand_in }, { __index = missing })

-- Running ---------------------------------------------------------------------------------------------------------

-- What is said of an error that nobody caught: text, source, line, and whether it was counted where it arose.
local function blame(problem)
    local text, counted
    if type(problem) == "table" then
        text, counted = rawget(problem, "err"), rawget(problem, "ignore_error_stats_update")
        if type(text) == "number" then text = tostring(text) end
        if type(text) ~= "string" then text = "ERR unknown error" end
    else
        text = "ERR " .. tostring(problem)
    end
    local source, line = where()
    return { text = text, source = source, line = line, counted = counted == true }
end

-- Puts back what is shared: functions of the table library write past metatables.
local function clean_up()
    for n = 1, #stand_ins do
        local stand_in = stand_ins[n]
        for key in next, stand_in do stand_in[key] = nil end
    end
end

local function load_library(body)
    registered, api_metatable.__index, globals_metatable.__index = {}, loading_api, loading_globals
    local ok, result = xpcall(body, blame)
    if ok then result = registered end
    registered, api_metatable.__index, globals_metatable.__index = nil, api, G
    clean_up()
    return result
end

-- Nothing here asks for a global any more: what scripts cannot reach shall not stay.
local first_globals = getfenv(1)
for name in next, first_globals do first_globals[name] = nil end

return globals, G, blame, clean_up, load_library
