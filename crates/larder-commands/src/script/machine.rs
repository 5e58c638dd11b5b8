//! A Lua machine: PUC Lua 5.1 with what Redis gives to scripts, a memory limit, and somebody who watches it.
//!
//! A machine belongs to a thread and is kept for the next script that runs there, with the programs it has compiled.
//! Scripts can leave nothing behind for others: see `sandbox.lua`. A machine that was tampered with, whose script was
//! killed or that ran out of memory is thrown away.

use super::reply::error_table;
use super::watch::Watch;
use super::{AsItIs, Program};
use crate::error::Error;
use larder_core::Engine;
use larder_lua::raw::{self, Args, Failed, Kind as Type, Lent, Outcome, Reader, Slot, Stack};
use mlua::{ChunkMode, Function, HookTriggers, IntoLua, Lua, LuaOptions, StdLib, Table, Value, VmState};
use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::rc::Rc;
use std::sync::{Arc, Weak};

/// Between two looks of the watch. A look costs as much as some ten instructions, and an instruction may be one that
/// copies megabytes.
const INSTRUCTIONS_PER_LOOK: u32 = 1_000;
/// So many compiled programs are kept before those that nobody knows any more are dropped.
const COMPILED_KEPT: usize = 1_000;

/// What a machine is for: scripts and functions see different worlds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Scripts,
    Functions,
}

/// What scripts reach out for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    Call,
    Pcall,
    Log,
    Setresp,
    SetRepl,
    AclCheck,
}

/// How scripts call that.
const REACHES: [(&str, Reach); 6] = [
    ("call", Reach::Call),
    ("pcall", Reach::Pcall),
    ("log", Reach::Log),
    ("setresp", Reach::Setresp),
    ("set_repl", Reach::SetRepl),
    ("acl_check_cmd", Reach::AclCheck),
];

/// How a run ended.
pub(super) enum Ended {
    /// With what the script returned, which lies there on the machine's stack.
    Returned(Slot),
    /// With an error that nobody caught.
    Failed(Blame),
}

/// What is known of an error.
#[derive(Debug)]
pub(super) struct Blame {
    pub(super) text: String,
    /// Where it arose: source and line.
    pub(super) at: Option<(String, i64)>,
    /// A command failed, and was counted as failed.
    pub(super) counted: bool,
}

/// What a library registered, before anybody looked at it closely.
#[derive(Debug)]
pub(super) struct Registered {
    pub(super) name: String,
    pub(super) description: Option<String>,
    pub(super) flags: Vec<String>,
    pub(super) callback: Function,
}

/// The collector begins again when memory has grown to so many per cent, and then works so much faster than is
/// allocated. What lives is small: were it to begin later, what is allocated until then would not fit the processor's
/// caches.
const GC_PAUSE: i32 = 200;
const GC_PACE: i32 = 400;

/// What scripts reach through `redis.call` and its like.
pub(super) type ReachOut<'a> =
    &'a mut dyn for<'l> FnMut(Reach, &Args<'l>, &mut Stack<'l>) -> Result<usize, Failed>;

/// Where that is while a script runs.
type Out = Rc<Lent<Reach>>;

/// An argument that limits the machine's memory when it is handed over: as the last one, so that the others are handed
/// over without a look at the limit for each of them. The function sees nil.
struct Limit(usize);

impl IntoLua for Limit {
    fn into_lua(self, lua: &Lua) -> mlua::Result<Value> {
        // Only machines without an allocator of their own refuse, and this has one.
        let _ = lua.set_memory_limit(self.0);
        Ok(Value::Nil)
    }
}

/// Where scripts find their keys and arguments, and by which names.
struct Globals {
    table: Table,
    names: [mlua::String; 2],
}

pub(super) struct Machine {
    pub(super) lua: Lua,
    out: Out,
    globals: Globals,
    /// Makes of an error what is known of it.
    blame: Function,
    /// Puts back what is shared.
    clean_up: Function,
    load: Function,
    /// What scripts change of the libraries is put back before the next one.
    settings: larder_lua::Settings,
    memory_max: usize,
    pub(super) kind: Kind,
    pub(super) watch: Arc<Watch>,
    /// Programs by their numbers, and the functions that came of them.
    compiled: HashMap<u64, (Weak<Program>, Function), BuildHasherDefault<AsItIs>>,
    /// The instance it works for, by address; only compared while `alive` says that it is there.
    pub(super) owner: usize,
    pub(super) alive: Weak<()>,
    pub(super) epoch: u64,
    spoiled: bool,
}

thread_local! {
    /// Machines of this thread that nobody uses at the moment.
    #[expect(clippy::vec_box, reason = "they go in and out with every script, and are large")]
    static IDLE: RefCell<Vec<Box<Machine>>> = const { RefCell::new(Vec::new()) };
}

/// Takes an idle machine of this thread for which `fits` says yes. Those of instances that are gone go, too.
pub(super) fn take_idle(fits: impl Fn(&Machine) -> bool) -> Option<Box<Machine>> {
    IDLE.with_borrow_mut(|idle| {
        idle.retain(|machine| machine.alive.strong_count() > 0);
        let at = idle.iter().position(|machine| fits(machine))?;
        Some(idle.swap_remove(at))
    })
}

/// Keeps a machine for the next script of this thread, unless it is spoiled.
pub(super) fn give_back(machine: Box<Machine>) {
    if !machine.spoiled && machine.lua.used_memory() > machine.memory_max / 4 {
        // What is left of a large script shall not count against the next one. A machine that cannot collect has no
        // use any more, and says so when it is used.
        let _ = machine.lua.gc_collect();
    }
    machine.watch.note_memory(machine.lua.used_memory());
    if !machine.spoiled {
        IDLE.with_borrow_mut(|idle| idle.push(machine));
    }
}

impl Globals {
    /// Puts the keys and arguments of a call in place of those of the last one.
    fn set(&self, stack: &mut Stack<'_>, lists: [&[&[u8]]; 2]) -> Result<(), Failed> {
        let below = stack.top();
        let table = stack.push_kept_table(&self.table)?;
        for (name, words) in self.names.iter().zip(lists) {
            stack.push_kept_text(name)?;
            list(stack, words)?;
            stack.set_pair(table)?;
        }
        stack.truncate(below);
        Ok(())
    }
}

impl Machine {
    pub(super) fn new(
        kind: Kind,
        engine: &Engine,
        watch: Arc<Watch>,
        owner: usize,
        alive: Weak<()>,
        epoch: u64,
    ) -> mlua::Result<Machine> {
        let libraries = StdLib::TABLE | StdLib::STRING | StdLib::MATH | StdLib::OS;
        let lua = Lua::new_with(libraries, LuaOptions::new())?;
        let settings = larder_lua::install(&lua)?;
        let out = Out::default();
        let native = natives(&lua, engine.random(), &out, &watch)?;
        let sandbox = lua
            .load(include_str!("sandbox.lua"))
            .set_name("=sandbox")
            .set_mode(ChunkMode::Text)
            .into_function()?;
        let (shown, table, blame, clean_up, load): (Table, Table, Function, Function, Function) =
            sandbox.call((native, kind == Kind::Functions))?;
        lua.set_globals(shown)?;
        let globals = Globals { table, names: [lua.create_string("KEYS")?, lua.create_string("ARGV")?] };
        watch_over(&lua, &watch)?;
        make_room_for_references(&lua)?;
        // Scripts leave little that lives: once the collector has begun, it costs less to collect all of it.
        lua.gc_inc(GC_PAUSE, GC_PACE, 0);
        Ok(Machine {
            lua,
            out,
            globals,
            blame,
            clean_up,
            load,
            settings,
            memory_max: 0,
            kind,
            watch,
            compiled: HashMap::default(),
            owner,
            alive,
            epoch,
            spoiled: false,
        })
    }

    /// Bounds the memory of this machine.
    pub(super) fn limit_memory(&mut self, bytes: usize) {
        self.memory_max = bytes;
    }

    /// Compiles a program's text, or says what is wrong with it.
    pub(super) fn compile(&self, text: &[u8], source: &str) -> Result<Function, String> {
        let chunk = self.lua.load(text).set_name(source).set_mode(ChunkMode::Text);
        chunk.into_function().map_err(|error| message_of(&error))
    }

    /// The function of a program; `make` makes it where this machine does not have it yet.
    pub(super) fn function(
        &mut self,
        program: &Arc<Program>,
        make: impl FnOnce(&mut Machine) -> Result<Function, String>,
    ) -> Result<Function, String> {
        if let Some((_, function)) = self.compiled.get(&program.id) {
            return Ok(function.clone());
        }
        let function = make(self)?;
        self.keep(program, function.clone());
        Ok(function)
    }

    /// Keeps the function of a program.
    pub(super) fn keep(&mut self, program: &Arc<Program>, function: Function) {
        if self.compiled.len() >= COMPILED_KEPT {
            self.compiled.retain(|_, (program, _)| program.strong_count() > 0);
        }
        self.compiled.insert(program.id, (Arc::downgrade(program), function));
    }

    /// Runs a function with keys and arguments, and shows `look` how that ended. `check` looks whether it leaves
    /// anything behind in what is shared. An error says that it could not even begin.
    pub(super) fn run<R>(
        &mut self,
        function: &Function,
        [keys, args]: [&[&[u8]]; 2],
        check: bool,
        reach_out: ReachOut<'_>,
        look: impl FnOnce(&mut Reader<'_>, Ended) -> R,
    ) -> Result<R, Failed> {
        self.settings.reset();
        let push = |stack: &mut Stack<'_>| match self.kind {
            Kind::Functions => {
                list(stack, keys)?;
                list(stack, args)
            }
            Kind::Scripts => self.globals.set(stack, [keys, args]),
        };
        let mut spoiled = true;
        let read = |reader: &mut Reader<'_>, outcome: Outcome| {
            let (well, ended) = ended(&self.lua, reader, outcome);
            spoiled = !well;
            look(reader, ended)
        };
        let (lua, memory_max) = (&self.lua, self.memory_max);
        let begin = || raw::run(lua, Some(&self.blame), function, memory_max, push, read);
        let ran = self.out.lend(reach_out, begin);
        if check {
            let well = |_: &mut Reader<'_>, outcome: Outcome| matches!(outcome, Outcome::Returned(_));
            spoiled |= !raw::run(lua, None, &self.clean_up, 0, |_| Ok(()), well).unwrap_or(false);
        }
        self.spoiled |= spoiled || self.watch.is_killed();
        ran
    }

    /// Runs the text of a library, and gives the functions that it registers.
    pub(super) fn load_library(
        &mut self,
        body: &Function,
        reach_out: ReachOut<'_>,
    ) -> Result<Vec<Registered>, Blame> {
        let load = || self.load.call::<(bool, Value)>((body, Limit(self.memory_max)));
        let ended = self.out.lend(reach_out, || with_limit(&self.lua, 0, load));
        self.spoiled |= self.watch.is_killed();
        let plain = |error: mlua::Error| Blame { text: message_of(&error), at: None, counted: false };
        match ended {
            Ok((true, Value::Table(found))) => found
                .sequence_values::<Table>()
                .map(|spec| registered(&spec?))
                .collect::<Result<_, _>>()
                .map_err(plain),
            Ok((true, _)) => Ok(Vec::new()),
            Ok((false, problem)) => Err(self.blame_of_library(&problem)),
            Err(error) => {
                self.spoiled = true;
                Err(Blame { text: format!("ERR {}", message_of(&error)), at: None, counted: false })
            }
        }
    }

    fn blame_of_library(&mut self, problem: &Value) -> Blame {
        let text = problem.as_table().and_then(|table| table.raw_get::<mlua::String>("text").ok());
        let text = text.map(|text| text.to_string_lossy());
        // Errors of the machine itself (no memory, errors within errors) pass by the handler.
        self.spoiled |= text.is_none();
        let text = text.unwrap_or_else(|| {
            format!("ERR {}", problem.to_string().unwrap_or_else(|error| message_of(&error)))
        });
        Blame { text, at: None, counted: false }
    }
}

/// How a run ended, and whether the machine is still good for others.
fn ended(lua: &Lua, reader: &mut Reader<'_>, outcome: Outcome) -> (bool, Ended) {
    let problem = match outcome {
        Outcome::Returned(value) => return (true, Ended::Returned(value)),
        Outcome::Failed(problem) => problem,
    };
    if let Ok(Some(blame)) = blame(reader, problem) {
        return (true, Ended::Failed(blame));
    }
    // Errors of the machine itself (no memory, errors within errors) pass by the handler.
    let text = reader.value(lua, problem).and_then(|problem| problem.to_string());
    let text = text.unwrap_or_else(|error| message_of(&error));
    (false, Ended::Failed(Blame { text: format!("ERR {text}"), at: None, counted: false }))
}

/// What the handler of errors says of one; nothing if it was passed by.
fn blame(reader: &mut Reader<'_>, problem: Slot) -> Result<Option<Blame>, Failed> {
    if reader.kind(problem) != Type::Table {
        return Ok(None);
    }
    let text =
        |reader: &mut Reader<'_>, at| reader.text(at).map(|text| String::from_utf8_lossy(text).into_owned());
    let source = reader.field(problem, "source", text)?;
    let line = reader.field(problem, "line", |reader, at| reader.number(at))?;
    Ok(Some(Blame {
        text: reader.field(problem, "text", text)?.unwrap_or_else(|| "ERR unknown error".into()),
        at: source.zip(line.map(|line| line as i64)),
        counted: reader.field(problem, "counted", |reader, at| reader.truth(at))?,
    }))
}

/// So many values can Rust hold at a time: somewhat less than a Lua stack is let grow to.
const REFERENCES_MAX: usize = 7_900;

/// Makes room for all values that Rust may hold at a time. It would be made when it is needed, too, but on a stack of
/// its own: where no memory is left then, the machine would end the whole program.
fn make_room_for_references(lua: &Lua) -> mlua::Result<()> {
    // Each is made anew: clones of one share its place.
    let values = (0..REFERENCES_MAX).map(|_| lua.create_string("")).collect::<mlua::Result<Vec<_>>>();
    values.map(drop)
}

fn registered(spec: &Table) -> mlua::Result<Registered> {
    let description: Option<mlua::String> = spec.raw_get("description")?;
    Ok(Registered {
        name: spec.raw_get("name")?,
        description: description.map(|text| text.to_string_lossy()),
        flags: spec.raw_get::<Table>("flags")?.sequence_values().collect::<mlua::Result<_>>()?,
        callback: spec.raw_get("callback")?,
    })
}

/// Does something within a memory limit, or without one where that is 0. The machine must not run out of memory where
/// Rust works with it, but could if the limit of scripts held there, too; looking out for that costs more than what
/// most commands do.
fn with_limit<R>(lua: &Lua, bytes: usize, f: impl FnOnce() -> R) -> R {
    // Only machines without an allocator of their own refuse, and this has one.
    let before = lua.set_memory_limit(bytes).unwrap_or(0);
    let result = f();
    let _ = lua.set_memory_limit(before);
    result
}

/// Pushes a list of words.
fn list(stack: &mut Stack<'_>, words: &[&[u8]]) -> Result<(), Failed> {
    let table = stack.push_table(words.len(), 0)?;
    for (at, word) in words.iter().enumerate() {
        stack.push_text(word)?;
        stack.set_item(table, at + 1)?;
    }
    Ok(())
}

/// What the sandbox is made of and Lua does not have.
fn natives(lua: &Lua, seed: u64, out: &Out, watch: &Arc<Watch>) -> mlua::Result<Table> {
    let native = lua.create_table()?;
    let watch = watch.clone();
    let stopped = watch.clone();
    native.raw_set("is_stopped", lua.create_function(move |_, ()| Ok(stopped.is_killed()))?)?;
    let look = move |work: u64| watch.look(work).map_err(mlua::Error::runtime);
    for (name, what) in REACHES {
        let out = out.clone();
        native.raw_set(name, raw::function(lua, move |args, stack| out.call(what, args, stack))?)?;
    }
    for (name, function) in larder_lua::patterns(lua, look)? {
        native.raw_set(name, function)?;
    }
    let (random, randomseed) = larder_lua::random(lua, seed as i64)?;
    native.raw_set("random", random)?;
    native.raw_set("randomseed", randomseed)?;
    native.raw_set("text", lua.create_function(text_of)?)?;
    native.raw_set("where", lua.create_function(|lua, ()| Ok(where_it_arose(lua)))?)?;
    native.raw_set("sha1hex", raw::function(lua, sha1hex)?)?;
    native.raw_set("version", crate::commands::connection::hello::REDIS_VERSION)?;
    native.raw_set("version_number", version_number(crate::commands::connection::hello::REDIS_VERSION))?;
    let flags = lua.create_table()?;
    for (_, name) in super::flags::NAMES {
        flags.raw_set(name, true)?;
    }
    native.raw_set("known_flags", flags)?;
    let libraries = lua.create_table()?;
    for name in ["bit", "cjson", "cmsgpack", "struct"] {
        libraries.raw_set(name, lua.globals().raw_get::<Value>(name)?)?;
    }
    native.raw_set("libraries", libraries)?;
    Ok(native)
}

/// The text of an error.
fn text_of(lua: &Lua, problem: Value) -> mlua::Result<Value> {
    let Value::Error(error) = problem else { return Ok(problem) };
    Ok(Value::String(lua.create_string(message_of(&error))?))
}

fn sha1hex(args: &Args<'_>, stack: &mut Stack<'_>) -> Result<usize, Failed> {
    if args.len() != 1 {
        error_table(stack, &Error::general("wrong number of arguments"), false)?;
        return Err(Failed::Raised);
    }
    let mut number = Vec::new();
    // Numbers have the text here that Lua gives them, not that of a command's argument; what has none counts as empty.
    let text = match args.number(0) {
        Some(n) => {
            larder_lua::write_number(&mut number, n);
            &number
        }
        None => args.text(0).unwrap_or_default(),
    };
    let digits = super::sha1_hex(text);
    stack.push_text(digits.as_bytes())?;
    Ok(1)
}

/// `7.2.4` as 0x00070204.
fn version_number(version: &str) -> i64 {
    version.split('.').filter_map(|part| part.parse::<i64>().ok()).fold(0, |number, part| number << 8 | part)
}

/// Sources that are no script's: the sandbox, functions that are not in Lua, and those that have made room for others.
const PASSED_BY: [&str; 3] = ["=sandbox", "=[C]", "=(tail call)"];

/// The innermost place in the text of a script, seen from an error handler.
fn where_it_arose(lua: &Lua) -> (Option<String>, i64) {
    for level in 1..50 {
        let place = lua.inspect_stack(level, |frame| {
            let source = frame.source().source.map(std::borrow::Cow::into_owned);
            (source, frame.current_line().unwrap_or(0) as i64)
        });
        match place {
            Some((Some(source), _)) if PASSED_BY.contains(&&*source) => {}
            Some((Some(source), line)) => return (Some(source), line),
            Some(_) => {}
            None => break,
        }
    }
    (None, 0)
}

/// The text of an error as Lua would have it.
pub(super) fn message_of(error: &mlua::Error) -> String {
    match error {
        mlua::Error::CallbackError { cause, .. } | mlua::Error::WithContext { cause, .. } => {
            message_of(cause)
        }
        mlua::Error::RuntimeError(text) => text.clone(),
        mlua::Error::SyntaxError { message, .. } => message.clone(),
        mlua::Error::MemoryError(_) => "not enough memory".into(),
        mlua::Error::ExternalError(inner) => inner.to_string(),
        other => other.to_string(),
    }
}

/// Lets the watch look at the machine every now and then, and stop what runs there.
fn watch_over(lua: &Lua, watch: &Arc<Watch>) -> mlua::Result<()> {
    let watch = watch.clone();
    let often = HookTriggers::new().every_nth_instruction(INSTRUCTIONS_PER_LOOK);
    lua.set_global_hook(often, move |lua, _| match watch.look(u64::from(INSTRUCTIONS_PER_LOOK)) {
        Ok(()) => Ok(VmState::Continue),
        Err(reason) => {
            // A script that catches the error meets it again at its next instruction.
            let always = HookTriggers::new().every_nth_instruction(1);
            lua.set_global_hook(always, move |_, _| Err(mlua::Error::runtime(reason)))?;
            Err(mlua::Error::runtime(reason))
        }
    })
}
