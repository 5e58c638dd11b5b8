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
use larder_lua::raw::{
    self, Args, Compiled, Failed, Kept, Kind as Type, Lent, Lua, Outcome, Reader, Slot, Stack,
};
use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::rc::Rc;
use std::sync::{Arc, LazyLock, Weak};

/// Between two looks of the watch. A look costs as much as some ten instructions, and an instruction may be one that
/// copies megabytes.
const INSTRUCTIONS_PER_LOOK: u32 = 1_000;
/// A machine keeps room of so many bytes for the next script, beside a few times of what it uses.
const ROOM_KEPT: usize = 1 << 20;
/// So many compiled programs are kept before those that nobody knows any more are dropped.
const COMPILED_KEPT: usize = 1_000;

/// The world in which scripts run, compiled once for all machines.
static SANDBOX: LazyLock<Result<Compiled, String>> =
    LazyLock::new(|| Compiled::new(include_bytes!("sandbox.lua"), "=sandbox"));

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
    pub(super) callback: Kept,
}

/// What scripts reach through `redis.call` and its like.
pub(super) type ReachOut<'a> =
    &'a mut dyn for<'l> FnMut(Reach, &Args<'l>, &mut Stack<'l>) -> Result<usize, Failed>;

/// Where that is while a script runs.
type Out = Rc<Lent<Reach>>;

/// Where scripts find their keys and arguments, and by which names.
struct Globals {
    table: Kept,
    names: [Kept; 2],
}

pub(super) struct Machine {
    pub(super) lua: Lua,
    out: Out,
    globals: Globals,
    /// Makes of an error what is known of it.
    blame: Kept,
    /// Puts back what is shared.
    clean_up: Kept,
    load: Kept,
    /// What scripts change of the libraries is put back before the next one.
    settings: larder_lua::Settings,
    memory_max: usize,
    /// What it held when it was collected the last time.
    held_at_least: usize,
    pub(super) kind: Kind,
    pub(super) watch: Arc<Watch>,
    /// Programs by their numbers, and the functions that came of them.
    compiled: HashMap<u64, (Weak<Program>, Kept), BuildHasherDefault<AsItIs>>,
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
pub(super) fn give_back(mut machine: Box<Machine>) {
    let (used, held) = (machine.lua.used_memory(), machine.lua.held_memory());
    // What is left of a large script shall not count against the next one, and what it has freed is for others. Where
    // little could be given back the last time, that is not tried again at once.
    let has_room = held > 4 * used + ROOM_KEPT && held / 2 > machine.held_at_least;
    if !machine.spoiled && (used > machine.memory_max / 4 || has_room) {
        machine.lua.collect();
        machine.held_at_least = machine.lua.held_memory();
    }
    machine.watch.note_memory(machine.lua.held_memory());
    if !machine.spoiled {
        IDLE.with_borrow_mut(|idle| idle.push(machine));
    }
}

impl Globals {
    /// Puts the keys and arguments of a call in place of those of the last one.
    fn set(&self, stack: &mut Stack<'_>, lists: [&[&[u8]]; 2]) -> Result<(), Failed> {
        let below = stack.top();
        let table = stack.push_kept(&self.table)?;
        for (name, words) in self.names.iter().zip(lists) {
            stack.push_kept(name)?;
            stack.push_list(words)?;
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
    ) -> Result<Machine, String> {
        let lua = Lua::new();
        let out = Out::default();
        let sandbox = SANDBOX.as_ref().map_err(String::clone).and_then(|code| lua.load_compiled(code))?;
        let mut settings = None;
        let give = |stack: &mut Stack<'_>| {
            settings = Some(push_natives(stack, engine.random(), &out, &watch)?);
            stack.push_boolean(kind == Kind::Functions)
        };
        let [shown, table, blame, clean_up, load] = lua.call(&sandbox, give).map_err(Failed::text)?;
        let settings = settings.ok_or("the sandbox was given nothing")?;
        lua.set_globals(&shown).map_err(Failed::text)?;
        drop(sandbox);
        lua.collect();
        let name = |name: &str| {
            lua.with(|stack| {
                stack.push_text(name.as_bytes())?;
                lua.keep(stack.top())
            })
        };
        let names = [name("KEYS").map_err(Failed::text)?, name("ARGV").map_err(Failed::text)?];
        let globals = Globals { table, names };
        let looking = watch.clone();
        lua.watch_over(INSTRUCTIONS_PER_LOOK, move |work| looking.look(work));
        Ok(Machine {
            lua,
            out,
            globals,
            blame,
            clean_up,
            load,
            settings,
            memory_max: 0,
            held_at_least: 0,
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
    pub(super) fn compile(&self, text: &[u8], source: &str) -> Result<Kept, String> {
        self.lua.load(text, source)
    }

    /// The function of a program; `make` makes it where this machine does not have it yet.
    pub(super) fn function(
        &mut self,
        program: &Arc<Program>,
        make: impl FnOnce(&mut Machine) -> Result<Kept, String>,
    ) -> Result<Kept, String> {
        if let Some((_, function)) = self.compiled.get(&program.id) {
            return Ok(function.clone());
        }
        let function = make(self)?;
        self.keep(program, function.clone());
        Ok(function)
    }

    /// Keeps the function of a program.
    pub(super) fn keep(&mut self, program: &Arc<Program>, function: Kept) {
        if self.compiled.len() >= COMPILED_KEPT {
            self.compiled.retain(|_, (program, _)| program.strong_count() > 0);
        }
        self.compiled.insert(program.id, (Arc::downgrade(program), function));
    }

    /// Runs a function with keys and arguments, and shows `look` how that ended. `check` looks whether it leaves
    /// anything behind in what is shared. An error says that it could not even begin.
    pub(super) fn run<R>(
        &mut self,
        function: &Kept,
        [keys, args]: [&[&[u8]]; 2],
        check: bool,
        reach_out: ReachOut<'_>,
        look: impl FnOnce(&mut Reader<'_>, Ended) -> R,
    ) -> Result<R, Failed> {
        self.settings.reset();
        let push = |stack: &mut Stack<'_>| match self.kind {
            Kind::Functions => {
                stack.push_list(keys)?;
                stack.push_list(args).map(drop)
            }
            Kind::Scripts => self.globals.set(stack, [keys, args]),
        };
        let mut spoiled = true;
        let read = |reader: &mut Reader<'_>, outcome: Outcome| {
            let (well, ended) = ended(reader, outcome);
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
        body: &Kept,
        reach_out: ReachOut<'_>,
    ) -> Result<Vec<Registered>, Blame> {
        let lua = &self.lua;
        let read = |reader: &mut Reader<'_>, outcome: Outcome| match outcome {
            Outcome::Returned(found) => loaded(lua, reader, found),
            Outcome::Failed(problem) => Ok(Err(plain(reader.description(problem)))),
        };
        let push = |stack: &mut Stack<'_>| stack.push_kept(body).map(drop);
        let load = || raw::run(lua, None, &self.load, self.memory_max, push, read);
        let ended = self.out.lend(reach_out, load).and_then(|ended| ended);
        // Errors of the machine itself (no memory, errors within errors) pass by the handler.
        self.spoiled |= self.watch.is_killed() || matches!(&ended, Ok(Err((_, false))) | Err(_));
        match ended {
            Ok(ended) => ended.map_err(|(blame, _)| blame),
            Err(failed) => Err(plain(failed.text()).0),
        }
    }
}

/// An error that was not seen by the handler.
fn plain(text: String) -> (Blame, bool) {
    (Blame { text: format!("ERR {text}"), at: None, counted: false }, false)
}

/// What came of loading a library: what it registered, or what is to blame, and whether the handler has seen that.
fn loaded(
    lua: &Lua,
    reader: &mut Reader<'_>,
    found: Slot,
) -> Result<Result<Vec<Registered>, (Blame, bool)>, Failed> {
    if reader.kind(found) != Type::Table {
        return Ok(Err(plain(reader.description(found))));
    }
    if let Some(text) = reader.field(found, "text", text_at)? {
        return Ok(Err((Blame { text, at: None, counted: false }, true)));
    }
    let mut registered = Vec::new();
    let Some(specs) = reader.list(found)? else { return Ok(Ok(registered)) };
    reader.items(specs, |reader, _, spec| {
        registered.push(Registered {
            name: reader.field(spec, "name", text_at)?.ok_or("a function has no name")?,
            description: reader.field(spec, "description", text_at)?,
            flags: reader.field(spec, "flags", flags_at)??,
            callback: reader.field(spec, "callback", |reader, at| lua.keep_shown(reader, at))??,
        });
        Ok(())
    })?;
    Ok(Ok(registered))
}

/// The text in a slot.
fn text_at(reader: &mut Reader<'_>, at: Slot) -> Option<String> {
    reader.text(at).map(|text| String::from_utf8_lossy(text).into_owned())
}

/// A list of texts, up to the first that is none.
fn flags_at(reader: &mut Reader<'_>, at: Slot) -> Result<Vec<String>, Failed> {
    let mut flags = Vec::new();
    while let Some(flag) = reader.item(at, flags.len() + 1, text_at)? {
        flags.push(flag);
    }
    Ok(flags)
}

/// How a run ended, and whether the machine is still good for others.
fn ended(reader: &mut Reader<'_>, outcome: Outcome) -> (bool, Ended) {
    let problem = match outcome {
        Outcome::Returned(value) => return (true, Ended::Returned(value)),
        Outcome::Failed(problem) => problem,
    };
    if let Ok(Some(blame)) = blame(reader, problem) {
        return (true, Ended::Failed(blame));
    }
    // Errors of the machine itself (no memory, errors within errors) pass by the handler.
    (false, Ended::Failed(plain(reader.description(problem)).0))
}

/// What the handler of errors says of one; nothing if it was passed by.
fn blame(reader: &mut Reader<'_>, problem: Slot) -> Result<Option<Blame>, Failed> {
    if reader.kind(problem) != Type::Table {
        return Ok(None);
    }
    let source = reader.field(problem, "source", text_at)?;
    let line = reader.field(problem, "line", |reader, at| reader.number(at))?;
    Ok(Some(Blame {
        text: reader.field(problem, "text", text_at)?.unwrap_or_else(|| "ERR unknown error".into()),
        at: source.zip(line.map(|line| line as i64)),
        counted: reader.field(problem, "counted", |reader, at| reader.truth(at))?,
    }))
}

/// Leaves a table on the stack of what the sandbox is made of and Lua does not have.
fn push_natives(
    stack: &mut Stack<'_>,
    seed: u64,
    out: &Out,
    watch: &Arc<Watch>,
) -> Result<larder_lua::Settings, Failed> {
    let native = stack.push_table(0, 32)?;
    let stopped = watch.clone();
    stack.set_function(native, "why_stopped", move |_, stack| {
        match stopped.why_stopped() {
            Some(reason) => stack.push_text(reason.as_bytes())?,
            None => stack.push_nil()?,
        }
        Ok(1)
    })?;
    for (name, what) in REACHES {
        let out = out.clone();
        stack.set_function(native, name, move |args, stack| out.call(what, args, stack))?;
    }
    let looking = watch.clone();
    larder_lua::add_patterns(stack, native, move |work| looking.look(work))?;
    larder_lua::add_bounds(stack, native)?;
    larder_lua::add_random(stack, native, seed as i64)?;
    larder_lua::add_to_number(stack, native)?;
    stack.set_function(native, "where", |_, stack| where_it_arose(stack))?;
    stack.set_function(native, "sha1hex", sha1hex)?;
    let version = crate::commands::connection::hello::REDIS_VERSION;
    stack.push_text(version.as_bytes())?;
    stack.set_field(native, "version")?;
    stack.push_number(version_number(version) as f64)?;
    stack.set_field(native, "version_number")?;
    let flags = stack.push_table(0, 8)?;
    for (_, name) in super::flags::NAMES {
        stack.push_boolean(true)?;
        stack.set_field(flags, name)?;
    }
    stack.set_field(native, "known_flags")?;
    let libraries = stack.push_table(0, 4)?;
    let settings = larder_lua::add_libraries(stack, libraries)?;
    stack.set_field(native, "libraries")?;
    Ok(settings)
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

/// Leaves the innermost place in the text of a script on the stack, seen from an error handler: its source, or `nil`,
/// and the line.
fn where_it_arose(stack: &mut Stack<'_>) -> Result<usize, Failed> {
    let frames = (1..50).map_while(|level| stack.frame(level));
    let mut places = frames.filter(|frame| !PASSED_BY.contains(&&*frame.source));
    let place = places.next();
    match &place {
        Some(frame) => stack.push_text(frame.source.as_bytes())?,
        None => stack.push_nil()?,
    }
    stack.push_number(place.map_or(0, |frame| frame.line) as f64)?;
    Ok(2)
}
