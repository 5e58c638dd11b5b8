//! Running a program, and what `redis.call` does.

use super::flags::{ALLOW_OOM, NO_WRITES, UNDECLARED};
use super::machine::{self, Ended, Kind, Machine, Raised, Reach as What};
use super::reply::{LuaReply, error_table, write};
use super::watch::{Running, Watch};
use super::{Habit, Program};
use crate::cx::{Caller, Cx};
use crate::error::{Error, Result};
use crate::host::LogLevel;
use crate::instance::Instance;
use crate::keys;
use crate::reply::{Protocol, Reply};
use crate::spec::{Reach, access, flags};
use crate::table::Entry;
use crate::users::Context;
use larder_core::value::score::ScoreText;
use larder_core::value::string::IntText;
use larder_core::{DbIndex, Key};
use mlua::{Lua, MultiValue, Value};
use smallvec::SmallVec;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// What is to be run, and with what.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) program: &'a Arc<Program>,
    pub(crate) keys: &'a [&'a [u8]],
    pub(crate) args: &'a [&'a [u8]],
    /// It was called by a command that promises not to write.
    pub(crate) read_only: bool,
    /// The command line.
    pub(crate) words: &'a [&'a [u8]],
}

/// Whole numbers below this are written as such; others as the floating-point numbers that they are.
const WHOLE_MAX: u64 = 1 << 62;

/// A command is as much work as so many instructions, roughly.
const INSTRUCTIONS_PER_COMMAND: u64 = 100;

/// Runs a program and writes what it returns. `make` makes the function of a program that this thread's machine has
/// not met yet.
pub(super) fn run(
    cx: &mut Cx<'_>,
    call: &Call<'_>,
    make: impl FnOnce(&mut Machine) -> std::result::Result<mlua::Function, String>,
    out: &mut dyn Reply,
) -> Result<()> {
    let program = call.program;
    let out_of_memory = admit(cx, call)?;
    let kind = if program.is_function { Kind::Functions } else { Kind::Scripts };
    let mut machine = cx.instance.machine(kind)?;
    let result = match machine.function(program, make) {
        Ok(function) => run_in(&mut machine, &function, cx, call, out_of_memory, out),
        Err(problem) => Err(Error::general(problem)),
    };
    machine::give_back(machine);
    result
}

/// Checks whether a program may run at all. Says whether memory is short, in which case its commands are refused that
/// need some.
fn admit(cx: &Cx<'_>, call: &Call<'_>) -> Result<bool> {
    let (program, engine) = (call.program, cx.instance.engine());
    let declared = !program.is(UNDECLARED);
    if call.read_only && declared && !program.is(NO_WRITES) {
        return Err(Error::general("Can not execute a script with write flag using *_ro command."));
    }
    // A client's script has nothing locked yet; a transaction has made room before it locked everything.
    let short = engine.is_over_limit() && (cx.caller != Caller::Client || engine.make_room().is_err());
    if short && declared && !program.is(ALLOW_OOM) && !program.is(NO_WRITES) {
        return Err(Error::new(
            "OOM allow-oom flag is not set on the script, can not run it when used memory > 'maxmemory'",
        ));
    }
    Ok(short && !program.is(ALLOW_OOM))
}

fn run_in(
    machine: &mut Machine,
    function: &mlua::Function,
    cx: &mut Cx<'_>,
    call: &Call<'_>,
    out_of_memory: bool,
    out: &mut dyn Reply,
) -> Result<()> {
    let (instance, program, watch) = (cx.instance, call.program, machine.watch.clone());
    let (caller, entry, db) = (cx.caller, cx.entry, cx.db());
    let mut habit = program.habit();
    loop {
        if caller == Caller::Client {
            lock(cx, call, habit)?;
        }
        let since_us = instance.engine().clock().now_us();
        let command = if program.is_function { call.words } else { &[] };
        let running = Running {
            program: program.clone(),
            command: command.iter().map(|word| Box::from(*word)).collect(),
            since_us,
        };
        let scripts = &instance.scripts;
        let limits = [&scripts.threshold_ms, &scripts.instructions_max].map(|n| n.load(Ordering::Relaxed));
        let watched = watch.begin(running, limits[0], limits[1]);
        if cx.view.holds_all() {
            watch.holds_all();
        }
        cx.caller = Caller::Script;
        let lua = machine.lua.clone();
        let mut run = Run::new(cx, call, &watch, out_of_memory);
        let mut reach_out = |(what, words): (What, MultiValue)| run.reach_out(&lua, what, &words);
        let check = program.reaches_tables;
        let ended = machine.run(function, call.keys, call.args, check, &mut reach_out);
        drop(watched);
        let Run { protocol, strayed, begin_again, commands, .. } = run;
        cx.session.select(db);
        (cx.caller, cx.entry, cx.first) = (caller, entry, None);
        if begin_again {
            habit = Habit::Strays;
            continue;
        }
        cx.session.straying.now |= strayed || habit == Habit::Strays;
        program.note(strayed, watch.instructions() + commands * INSTRUCTIONS_PER_COMMAND, || {
            instance.engine().clock().now_us().saturating_sub(since_us)
        });
        let (error, counted) = match ended {
            Ended::Returned(value, list) => match write(&value, list, &machine.names, protocol, out) {
                Ok(()) => return Ok(()),
                Err(failed) => failed,
            },
            Ended::Failed(blame) => {
                let place =
                    blame.at.map(|(source, line)| format!(", on {source}:{line}.")).unwrap_or_default();
                (Error::new(format!("{} script: {}{place}", blame.text, program.name)), blame.counted)
            }
        };
        if !counted {
            return Err(error);
        }
        // The command that failed was counted; this is the same error.
        entry.stats.failed.fetch_add(1, Ordering::Relaxed);
        out.error(&error);
        return Ok(());
    }
}

/// Locks what a program needs, as far as its habits tell.
fn lock<'e>(cx: &mut Cx<'e>, call: &Call<'_>, habit: Habit) -> Result<()> {
    let instance: &'e Instance = cx.instance;
    let engine = instance.engine();
    // What was locked for the last attempt goes first.
    cx.view = engine.view_none(None);
    let give_up = || instance.scripts.has_slow();
    let view = match habit {
        Habit::Unknown => engine.view_all_unless(&give_up),
        Habit::Strays => engine.view_roaming_unless(&give_up),
        Habit::Confined => {
            let keys: SmallVec<[Key<'_>; 8]> = call.keys.iter().map(|key| cx.key(key)).collect();
            engine.view_unless(&keys, &give_up)
        }
    };
    cx.view = view.ok_or_else(|| instance.scripts.busy_error())?;
    cx.count_uses();
    Ok(())
}

fn uncounted(error: Error) -> mlua::Error {
    Raised { error, counted: false }.into()
}

/// `redis.log`: hands a line to the host's log, with its level.
pub(super) fn log(instance: &Instance, lua: &Lua, words: &MultiValue) -> mlua::Result<Value> {
    let (Some(level), true) = (words.front(), words.len() > 1) else {
        return Err(uncounted(Error::general("redis.log() requires two arguments or more.")));
    };
    let Some(level) = lua.coerce_number(level.clone())? else {
        return Err(uncounted(Error::general("First argument must be a number (log level).")));
    };
    let level = level as i64;
    if !(0..=3).contains(&level) {
        return Err(uncounted(Error::general("Invalid debug level.")));
    }
    let mut line = String::new();
    for (at, word) in words.iter().skip(1).enumerate() {
        // What has no text leaves its place empty.
        if matches!(word, Value::String(_) | Value::Number(_) | Value::Integer(_)) {
            if at > 0 {
                line.push(' ');
            }
            let text = lua.coerce_string(word.clone())?;
            line += &text.map(|text| text.to_string_lossy()).unwrap_or_default();
        }
    }
    instance.host().log(LogLevel::of(level), &line);
    Ok(Value::Nil)
}

/// `redis.set_repl`: there is nobody to whom writes are not sent.
fn set_repl(lua: &Lua, words: &MultiValue) -> mlua::Result<Value> {
    let [flags] = words.as_slices().0 else {
        return Err(uncounted(Error::general("redis.set_repl() requires two arguments.")));
    };
    // What is no number counts as none.
    let flags = lua.coerce_number(flags.clone())?.unwrap_or(0.0) as i64;
    if !(0..=3).contains(&flags) {
        let text = "Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.";
        return Err(uncounted(Error::general(text)));
    }
    Ok(Value::Nil)
}

/// A program at work.
#[expect(clippy::struct_excessive_bools, reason = "each says something else about one run")]
struct Run<'a, 'e> {
    cx: &'a mut Cx<'e>,
    call: &'a Call<'a>,
    watch: &'a Watch,
    /// The database it began in.
    db: DbIndex,
    protocol: Protocol,
    out_of_memory: bool,
    wrote: bool,
    /// It has used a key that was not declared.
    strayed: bool,
    /// It has to begin again, with everything locked.
    begin_again: bool,
    /// The words of the command at hand, and where each of them ends.
    bytes: Vec<u8>,
    ends: SmallVec<[usize; 16]>,
    found: Vec<(usize, u32)>,
    /// How many commands it has called.
    commands: u64,
}

impl<'a, 'e> Run<'a, 'e> {
    fn new(cx: &'a mut Cx<'e>, call: &'a Call<'a>, watch: &'a Watch, out_of_memory: bool) -> Run<'a, 'e> {
        Run {
            db: cx.db(),
            cx,
            call,
            watch,
            protocol: Protocol::Resp2,
            out_of_memory,
            wrote: false,
            strayed: false,
            begin_again: false,
            bytes: Vec::new(),
            ends: SmallVec::new(),
            found: Vec::new(),
            commands: 0,
        }
    }

    /// What scripts call as `redis.call` and by other names.
    fn reach_out(&mut self, lua: &Lua, what: What, words: &MultiValue) -> mlua::Result<Value> {
        match what {
            What::Call => {
                self.take_words(words).map_err(uncounted)?;
                self.command(lua, true)
            }
            What::Pcall => match self.take_words(words) {
                Ok(()) => self.command(lua, false),
                Err(error) => error_table(lua, &error, false).map(Value::Table),
            },
            What::Setresp => self.set_protocol(lua, words),
            What::Log => log(self.cx.instance, lua, words),
            What::SetRepl => set_repl(lua, words),
            What::AclCheck => {
                self.take_words(words).map_err(uncounted)?;
                self.acl_check().map(Value::Boolean).map_err(uncounted)
            }
        }
    }

    /// `redis.setresp`.
    fn set_protocol(&mut self, lua: &Lua, words: &MultiValue) -> mlua::Result<Value> {
        let [version] = words.as_slices().0 else {
            return Err(uncounted(Error::general("redis.setresp() requires one argument.")));
        };
        let version = lua.coerce_number(version.clone())?.unwrap_or(0.0);
        self.protocol = match version as i64 {
            2 => Protocol::Resp2,
            3 => Protocol::Resp3,
            _ => return Err(uncounted(Error::general("RESP version must be 2 or 3."))),
        };
        Ok(Value::Nil)
    }

    /// Takes the words of a command line over.
    fn take_words(&mut self, words: &MultiValue) -> Result<()> {
        self.bytes.clear();
        self.ends.clear();
        if words.is_empty() {
            return Err(Error::general("Please specify at least one argument for this redis lib call"));
        }
        for word in words {
            match word {
                Value::String(text) => self.bytes.extend_from_slice(&text.as_bytes()),
                Value::Integer(n) if n.unsigned_abs() < WHOLE_MAX => {
                    self.bytes.extend_from_slice(IntText::new().write(*n));
                }
                Value::Integer(n) => self.bytes.extend_from_slice(ScoreText::new().write(*n as f64)),
                Value::Number(n) if n.is_nan() => {
                    self.bytes.extend_from_slice(if n.is_sign_negative() { b"-nan" } else { b"nan" });
                }
                // Both zeros are the whole number 0.
                Value::Number(n) => self.bytes.extend_from_slice(ScoreText::new().write(n + 0.0)),
                _ => {
                    let text = "Lua redis lib command arguments must be strings or integers";
                    return Err(Error::general(text));
                }
            }
            self.ends.push(self.bytes.len());
        }
        Ok(())
    }

    fn word(&self, at: usize) -> &[u8] {
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        self.ends.get(at).and_then(|end| self.bytes.get(start..*end)).unwrap_or_default()
    }

    /// Whether the user may run a command.
    fn acl_check(&self) -> Result<bool> {
        let words: SmallVec<[&[u8]; 16]> = (0..self.ends.len()).map(|at| self.word(at)).collect();
        let known = self.cx.instance.table().resolve(&words);
        let entry = known.ok_or_else(|| Error::general("Invalid command passed to redis.acl_check_cmd()"))?;
        Ok(self.cx.session.user.may(entry, &words).is_ok())
    }

    /// Runs the command at hand. Its error is raised, or else given as a value.
    fn command(&mut self, lua: &Lua, raise: bool) -> mlua::Result<Value> {
        self.commands += 1;
        // Given back before the end: the words stay where they are while the command uses them.
        let (bytes, ends) = (std::mem::take(&mut self.bytes), std::mem::take(&mut self.ends));
        let mut start = 0;
        let words: SmallVec<[&[u8]; 16]> =
            ends.iter().map(|end| &bytes[std::mem::replace(&mut start, *end)..*end]).collect();
        let instance = self.cx.instance;
        let mut reply = LuaReply::new(lua, self.protocol);
        match self.admit(instance, &words) {
            Ok(entry) => {
                self.cx.entry = entry;
                self.cx.first = None;
                if instance.clients().monitored.load(Ordering::Relaxed) {
                    instance.show_to_monitors(self.cx.session, entry, &words, true);
                }
                // Nothing waits in a script: who finds nothing says so.
                let _ = instance.call(self.cx, &words, &mut reply);
            }
            Err(error) => {
                instance.stats.count_error(&error);
                reply.error(&error);
            }
        }
        drop(words);
        (self.bytes, self.ends) = (bytes, ends);
        match reply.failed.take() {
            Some(error) if raise => Err(Raised { error, counted: true }.into()),
            Some(error) => error_table(lua, &error, true).map(Value::Table),
            None => reply.into_value(),
        }
    }

    /// Finds the command and checks whether a script may run it now; locks what it needs.
    fn admit<'i>(&mut self, instance: &'i Instance, words: &[&[u8]]) -> Result<&'i Entry> {
        let Some(entry) = instance.table().resolve(words) else {
            return Err(Error::general("Unknown Redis command called from script"));
        };
        let command = entry.command;
        if !command.takes(words.len()) || (!command.sub.is_empty() && words.len() == 1) {
            return Err(Error::general("Wrong number of args calling Redis command from script"));
        }
        // Commands that may wait are allowed as since Redis 7.2: here they do not wait.
        let barred = command.is(flags::NOSCRIPT) && !command.is(flags::BLOCKING);
        if barred && !instance.scripts_unbridled.load(Ordering::Relaxed) {
            return Err(Error::general("This Redis command is not allowed from script"));
        }
        let refused = |error| {
            entry.stats.rejected.fetch_add(1, Ordering::Relaxed);
            Err(error)
        };
        if let Err(denied) = self.cx.session.user.may(entry, words) {
            instance.note_denied(self.cx.session, entry, words, denied, Context::Script);
            return refused(denied.error_in_script());
        }
        let writes = command.is(flags::WRITE);
        let has_effects = command.is(flags::WRITE | flags::MAY_REPLICATE);
        if has_effects && (self.call.read_only || self.call.program.is(NO_WRITES)) {
            return refused(Error::general("Write commands are not allowed from read-only scripts."));
        }
        if writes && instance.lacks_replicas.load(Ordering::Relaxed) {
            return refused(Error::NO_REPLICAS);
        }
        if self.out_of_memory && !self.wrote && command.is(flags::DENYOOM) {
            return refused(Error::OUT_OF_MEMORY);
        }
        self.reach(entry, words)?;
        if writes && !self.wrote {
            self.wrote = true;
            self.watch.wrote();
            if self.watch.is_killed() {
                return Err(Error::general("Script killed by user with SCRIPT KILL."));
            }
        }
        Ok(entry)
    }

    /// Makes sure that everything is locked that a command reaches.
    fn reach(&mut self, entry: &Entry, words: &[&[u8]]) -> Result<()> {
        if let Some(at) = entry.single_key {
            return match words.get(usize::from(at)) {
                Some(key) => self.touch(key),
                None => Ok(()),
            };
        }
        if !matches!(entry.command.reach_of(words), Reach::Keys) {
            return self.stray();
        }
        let mut found = std::mem::take(&mut self.found);
        found.clear();
        // A line whose keys cannot be found is refused by the command itself.
        let _ = keys::positions(entry.command, words, &mut found);
        let keys = found.iter().filter(|(_, does)| does & access::NOT_KEY == 0);
        let touched = keys.map(|(at, _)| words[*at]).try_for_each(|key| self.touch(key));
        self.found = found;
        touched
    }

    fn touch(&mut self, key: &[u8]) -> Result<()> {
        if self.cx.view.holds_all() {
            // Everything is locked: what is left to find out is whether that was needed.
            if !self.strayed && (self.cx.db() != self.db || !self.call.keys.contains(&key)) {
                self.strayed = true;
            }
            return Ok(());
        }
        let key = self.cx.key(key);
        if self.cx.view.reach(&key) {
            return Ok(());
        }
        self.strayed = true;
        if self.cx.view.roam() && self.cx.view.reach(&key) { Ok(()) } else { self.begin_again() }
    }

    /// The program wants more than one may lock in the end: everything is locked, now or from its beginning.
    #[cold]
    fn stray(&mut self) -> Result<()> {
        self.strayed = true;
        if self.cx.view.widen() {
            self.watch.holds_all();
            return Ok(());
        }
        self.begin_again()
    }

    /// Another script is just doing the same, and each may hold what the other one wants.
    #[cold]
    fn begin_again(&mut self) -> Result<()> {
        self.call.program.note(true, 0, || 0);
        self.begin_again = !self.wrote;
        Err(Error::general(
            "the script used a key that it had not declared while another script did so, too; from now on it runs \
             alone and this will not happen again",
        ))
    }
}
