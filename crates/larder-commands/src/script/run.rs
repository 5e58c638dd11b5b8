//! Running a program, and what `redis.call` does.

use super::flags::{ALLOW_CROSS_SLOT_KEYS, ALLOW_OOM, NO_WRITES, UNDECLARED};
use super::machine::{self, Blame, Ended, Kind, Machine, Reach as What};
use super::reply::{LuaReply, NumberText, error_table, write};
use super::watch::Watch;
use super::{Habit, LINGERING_US, Program};
use crate::cluster::{slot_of, stay_in_slot};
use crate::cx::{Caller, Cx, Outcome};
use crate::error::{self, Error};
use crate::host::LogLevel;
use crate::instance::Instance;
use crate::keys;
use crate::reply::{Protocol, Reply};
use crate::session::Afterwards;
use crate::spec::{Reach, access, flags};
use crate::table::Entry;
use crate::users::Context;
use larder_core::{DbIndex, Key, View};
use larder_lua::raw::{Args, Failed, Kept, Reader, Stack, Word};
use smallvec::SmallVec;
use std::cell::Cell;
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

/// A command is as much work as so many instructions, roughly.
const INSTRUCTIONS_PER_COMMAND: u64 = 100;

/// Runs a program and writes what it returns. `make` makes the function of a program that this thread's machine has
/// not met yet.
pub(super) fn run(
    cx: &mut Cx<'_>,
    call: &Call<'_>,
    make: impl FnOnce(&mut Machine) -> Result<Kept, String>,
    out: &mut dyn Reply,
) -> error::Result<Outcome> {
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
fn admit(cx: &Cx<'_>, call: &Call<'_>) -> error::Result<bool> {
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
    function: &Kept,
    cx: &mut Cx<'_>,
    call: &Call<'_>,
    out_of_memory: bool,
    out: &mut dyn Reply,
) -> error::Result<Outcome> {
    let (instance, program, watch) = (cx.instance, call.program, machine.watch.clone());
    let (caller, entry, db) = (cx.caller, cx.entry, cx.db());
    let in_haste = cx.haste().forbids_waiting();
    let mut habit = program.habit();
    loop {
        if caller == Caller::Client {
            match lock(cx, call, habit, in_haste) {
                Some(view) => cx.view = view,
                None if in_haste && !instance.scripts.has_slow() => return Ok(Outcome::Elsewhere),
                None => return Err(instance.scripts.busy_error()),
            }
            cx.count_uses();
        }
        let since_us = instance.engine().clock().now_us();
        let scripts = &instance.scripts;
        let limits = [&scripts.threshold_ms, &scripts.instructions_max].map(|n| n.load(Ordering::Relaxed));
        let watched = watch.begin(program, call.words, since_us, limits);
        if cx.view.holds_all() {
            watch.holds_all();
        }
        if in_haste {
            // It was taken to be quick, and keeps others waiting who share this thread.
            watch.leave_after(LINGERING_US);
        }
        cx.caller = Caller::Script;
        let said = Said::default();
        let look = |reader: &mut Reader<'_>, ended| match ended {
            _ if said.begin_again.get() => Ok(()),
            Ended::Returned(value) => write(reader, value, said.protocol.get(), out),
            Ended::Failed(Blame { text, at, counted }) => {
                let place = at.map(|(source, line)| format!(", on {source}:{line}.")).unwrap_or_default();
                Err((Error::new(format!("{text} script: {}{place}", program.name)), counted))
            }
        };
        let learning = matches!(program.habit(), Habit::Unknown | Habit::Unproven);
        let mut run = Run::new(cx, call, &watch, &said, [learning, out_of_memory]);
        let mut reach_out =
            |what: What, args: &Args<'_>, stack: &mut Stack<'_>| run.reach_out(what, args, stack);
        let check = program.reaches_tables;
        let ended = machine.run(function, [call.keys, call.args], check, &mut reach_out, look);
        let Run { strayed, commands, scratch, .. } = run;
        if watch.is_slow() {
            cx.session.afterwards.push(Afterwards::CatchUp);
        }
        drop(watched);
        if scratch.is_small() {
            SCRATCH.set(scratch);
        }
        cx.session.select(db);
        (cx.caller, cx.entry, cx.first) = (caller, entry, None);
        if said.begin_again.get() {
            // What was locked for this attempt goes first.
            cx.view = instance.engine().view_none(None);
            habit = Habit::Strays;
            continue;
        }
        if watch.has_left() {
            program.note_lingering();
            return Ok(Outcome::Elsewhere);
        }
        cx.session.straying.now |= strayed || habit == Habit::Strays;
        program.note(strayed, watch.instructions() + commands * INSTRUCTIONS_PER_COMMAND, || {
            instance.engine().clock().now_us().saturating_sub(since_us)
        });
        let written = ended.unwrap_or_else(|failed| Err((Error::general(text_of(failed)), false)));
        let Err((error, counted)) = written else { return Ok(Outcome::Done) };
        if !counted {
            return Err(error);
        }
        // The command that failed was counted; this is the same error.
        entry.stats.failed.fetch_add(1, Ordering::Relaxed);
        out.error(&error);
        return Ok(Outcome::Done);
    }
}

/// Locks what a program needs, as far as its habits tell; `None` if others hold some of it, who are slow, or while
/// whoever asks is in haste.
fn lock<'e>(cx: &Cx<'e>, call: &Call<'_>, habit: Habit, in_haste: bool) -> Option<View<'e>> {
    let instance: &'e Instance = cx.instance;
    let engine = instance.engine();
    let give_up = || in_haste || instance.scripts.has_slow();
    match habit {
        Habit::Unknown => engine.view_all_unless(&give_up),
        Habit::Unproven | Habit::Strays => engine.view_roaming_unless(&give_up),
        Habit::Confined if let [key] = call.keys => engine.view_one_unless(&cx.key(key), &give_up),
        Habit::Confined => {
            let keys: SmallVec<[Key<'_>; 8]> = call.keys.iter().map(|key| cx.key(key)).collect();
            engine.view_unless(&keys, &give_up)
        }
    }
}

/// What went wrong, as a text.
fn text_of(failed: Failed) -> String {
    match failed {
        Failed::Text(text) => text,
        Failed::Raised => "the script could not be run".into(),
    }
}

/// Raises an error that the statistics do not know of.
fn raise(stack: &mut Stack<'_>, error: &Error) -> Result<usize, Failed> {
    error_table(stack, error, false)?;
    Err(Failed::Raised)
}

/// `redis.log`: hands a line to the host's log, with its level.
pub(super) fn log(instance: &Instance, args: &Args<'_>, stack: &mut Stack<'_>) -> Result<usize, Failed> {
    if args.len() < 2 {
        return raise(stack, &Error::general("redis.log() requires two arguments or more."));
    }
    let Some(level) = args.coerced(0) else {
        return raise(stack, &Error::general("First argument must be a number (log level)."));
    };
    let level = level as i64;
    if !(0..=3).contains(&level) {
        return raise(stack, &Error::general("Invalid debug level."));
    }
    let mut line = Vec::new();
    for at in 1..args.len() {
        // What has no text leaves its place empty.
        if let Some(text) = NumberText::default().text(args, at) {
            if at > 1 {
                line.push(b' ');
            }
            line.extend_from_slice(text);
        }
    }
    instance.host().log(LogLevel::of(level), &String::from_utf8_lossy(&line));
    Ok(0)
}

/// `redis.set_repl`: there is nobody to whom writes are not sent.
fn set_repl(args: &Args<'_>, stack: &mut Stack<'_>) -> Result<usize, Failed> {
    if args.len() != 1 {
        return raise(stack, &Error::general("redis.set_repl() requires two arguments."));
    }
    // What is no number counts as none.
    let flags = args.coerced(0).unwrap_or(0.0) as i64;
    if !(0..=3).contains(&flags) {
        let text = "Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.";
        return raise(stack, &Error::general(text));
    }
    Ok(0)
}

/// The words of a command line; so large that they are put together where they stay.
type Words<'w> = SmallVec<[&'w [u8]; 16]>;

/// Reads a command line: strings where they lie, and the texts of numbers, which are written to `numbers`.
fn read_words<'w>(args: &Args<'w>, numbers: &'w mut Vec<u8>, words: &mut Words<'w>) -> error::Result<()> {
    numbers.clear();
    if args.is_empty() {
        return Err(Error::general("Please specify at least one argument for this redis lib call"));
    }
    let mut places = SmallVec::<[(usize, usize); 8]>::new();
    for at in 0..args.len() {
        match args.word(at) {
            Some(Word::Text(text)) => words.push(text),
            Some(Word::Number(n)) => {
                numbers.extend_from_slice(NumberText::default().write(n));
                places.push((at, numbers.len()));
                words.push(&[]);
            }
            None => {
                return Err(Error::general("Lua redis lib command arguments must be strings or integers"));
            }
        }
    }
    let mut start = 0;
    for (at, end) in places {
        words[at] = &numbers[std::mem::replace(&mut start, end)..end];
    }
    Ok(())
}

/// What a running program has said that matters to its end.
#[derive(Debug, Default)]
struct Said {
    /// What its replies are made in.
    protocol: Cell<Protocol>,
    /// It has to begin again, with everything locked.
    begin_again: Cell<bool>,
}

/// What commands of scripts are put together in, kept from one script to the next.
#[derive(Debug, Default)]
struct Scratch {
    /// The texts of numbers among the words of the command at hand.
    numbers: Vec<u8>,
    /// Which of them are keys.
    found: Vec<(usize, u32)>,
}

impl Scratch {
    /// Whether it is worth keeping.
    fn is_small(&self) -> bool {
        self.numbers.capacity() <= SCRATCH_KEPT && self.found.capacity() <= SCRATCH_KEPT
    }
}

/// No more room than this is kept: bytes, or keys.
const SCRATCH_KEPT: usize = 1_024;

thread_local! {
    static SCRATCH: Cell<Scratch> = const { Cell::new(Scratch { numbers: Vec::new(), found: Vec::new() }) };
}

/// A program at work.
#[expect(clippy::struct_excessive_bools, reason = "each says something else about one run")]
struct Run<'a, 'e> {
    cx: &'a mut Cx<'e>,
    call: &'a Call<'a>,
    watch: &'a Watch,
    said: &'a Said,
    /// The database it began in.
    db: DbIndex,
    out_of_memory: bool,
    wrote: bool,
    /// Whether it keeps to its declared keys is still to be found out.
    learning: bool,
    /// It has used a key that was not declared.
    strayed: bool,
    scratch: Scratch,
    /// How many commands it has called.
    commands: u64,
    /// The slot of its keys, in cluster mode.
    slot: Option<u16>,
}

impl<'a, 'e> Run<'a, 'e> {
    fn new(
        cx: &'a mut Cx<'e>,
        call: &'a Call<'a>,
        watch: &'a Watch,
        said: &'a Said,
        [learning, out_of_memory]: [bool; 2],
    ) -> Run<'a, 'e> {
        Run {
            db: cx.db(),
            slot: call.keys.first().filter(|_| cx.instance.cluster.is_enabled()).map(|key| slot_of(key)),
            cx,
            call,
            watch,
            said,
            out_of_memory,
            wrote: false,
            learning,
            strayed: false,
            scratch: SCRATCH.take(),
            commands: 0,
        }
    }

    /// What scripts call as `redis.call` and by other names.
    fn reach_out(&mut self, what: What, args: &Args<'_>, stack: &mut Stack<'_>) -> Result<usize, Failed> {
        match what {
            What::Log => return log(self.cx.instance, args, stack),
            What::SetRepl => return set_repl(args, stack),
            What::Setresp => return self.set_protocol(args, stack),
            What::Call | What::Pcall | What::AclCheck => {}
        }
        let mut numbers = std::mem::take(&mut self.scratch.numbers);
        let mut words = Words::new();
        let done = match read_words(args, &mut numbers, &mut words) {
            Ok(()) if what == What::AclCheck => match self.acl_check(&words) {
                Ok(may) => stack.push_boolean(may).map(|()| 1),
                Err(error) => raise(stack, &error),
            },
            Ok(()) => self.command(&words, stack, what == What::Call),
            Err(error) if what == What::Pcall => error_table(stack, &error, false).map(|()| 1),
            Err(error) => raise(stack, &error),
        };
        drop(words);
        self.scratch.numbers = numbers;
        done
    }

    /// `redis.setresp`.
    fn set_protocol(&mut self, args: &Args<'_>, stack: &mut Stack<'_>) -> Result<usize, Failed> {
        if args.len() != 1 {
            return raise(stack, &Error::general("redis.setresp() requires one argument."));
        }
        self.said.protocol.set(match args.coerced(0).unwrap_or(0.0) as i64 {
            2 => Protocol::Resp2,
            3 => Protocol::Resp3,
            _ => return raise(stack, &Error::general("RESP version must be 2 or 3.")),
        });
        Ok(0)
    }

    /// Whether the user may run a command.
    fn acl_check(&self, words: &[&[u8]]) -> error::Result<bool> {
        let known = self.cx.instance.table().resolve(words);
        let entry = known.ok_or_else(|| Error::general("Invalid command passed to redis.acl_check_cmd()"))?;
        Ok(self.cx.session.user.may(entry, words).is_ok())
    }

    /// Runs a command and leaves its reply on the stack. Its error is raised, or else left as a value.
    fn command(&mut self, words: &[&[u8]], stack: &mut Stack<'_>, raise: bool) -> Result<usize, Failed> {
        self.commands += 1;
        let instance = self.cx.instance;
        let mut reply = LuaReply::new(stack, self.said.protocol.get());
        match self.admit(instance, words) {
            Ok(entry) => {
                self.cx.entry = entry;
                self.cx.first = None;
                if instance.clients().monitored.load(Ordering::Relaxed) {
                    instance.show_to_monitors(self.cx.session, entry, words, true);
                }
                // Nothing waits in a script: who finds nothing says so.
                let _ = instance.call(self.cx, words, &mut reply);
            }
            Err(error) => {
                instance.stats.count_error(&error);
                reply.error(&error);
            }
        }
        let failed = reply.failed.take();
        reply.finish()?;
        if let Some(error) = failed {
            error_table(stack, &error, true)?;
            if raise {
                return Err(Failed::Raised);
            }
        }
        Ok(1)
    }

    /// Finds the command and checks whether a script may run it now; locks what it needs.
    fn admit<'i>(&mut self, instance: &'i Instance, words: &[&[u8]]) -> error::Result<&'i Entry> {
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
        if has_effects {
            self.watch.acts();
        }
        if writes && instance.lacks_replicas.load(Ordering::Relaxed) {
            return refused(Error::NO_REPLICAS);
        }
        if self.out_of_memory && !self.wrote && command.is(flags::DENYOOM) {
            return refused(Error::OUT_OF_MEMORY);
        }
        if instance.cluster.is_enabled() {
            let may_cross = self.call.program.is(UNDECLARED | ALLOW_CROSS_SLOT_KEYS);
            if let Err(error) = stay_in_slot(&mut self.slot, may_cross, entry, words) {
                return refused(error);
            }
        }
        self.reach(entry, words)?;
        if writes && !self.wrote {
            self.wrote = true;
            self.watch.wrote();
            if self.watch.is_killed() {
                return Err(Error::general("Script killed by user with SCRIPT KILL..."));
            }
        }
        Ok(entry)
    }

    /// Makes sure that everything is locked that a command reaches.
    fn reach(&mut self, entry: &Entry, words: &[&[u8]]) -> error::Result<()> {
        if let Some(at) = entry.single_key {
            return match words.get(usize::from(at)) {
                Some(key) => self.touch(key),
                None => Ok(()),
            };
        }
        if !matches!(entry.command.reach_of(words), Reach::Keys) {
            return self.stray();
        }
        let mut found = std::mem::take(&mut self.scratch.found);
        found.clear();
        // A line whose keys cannot be found is refused by the command itself.
        let _ = keys::positions(entry.command, words, &mut found);
        let keys = found.iter().filter(|(_, does)| does & access::NOT_KEY == 0);
        let touched = keys.map(|(at, _)| words[*at]).try_for_each(|key| self.touch(key));
        self.scratch.found = found;
        touched
    }

    fn touch(&mut self, key: &[u8]) -> error::Result<()> {
        if self.learning && !self.strayed {
            self.strayed = self.cx.db() != self.db || !self.call.keys.contains(&key);
        }
        let key = self.cx.key(key);
        if self.cx.view.reach(&key, self.wrote) {
            return Ok(());
        }
        self.strayed |= !self.learning;
        if self.cx.view.roam(self.wrote) && self.cx.view.reach(&key, self.wrote) {
            return Ok(());
        }
        self.begin_again()
    }

    /// The program wants more than one may lock in the end: everything is locked, now or from its beginning.
    #[cold]
    fn stray(&mut self) -> error::Result<()> {
        self.strayed = true;
        if self.cx.view.widen(self.wrote) {
            self.watch.holds_all();
            return Ok(());
        }
        self.begin_again()
    }

    /// Another script is just doing the same, and each holds what the other one wants. One of them has to let go,
    /// which is no loss where it has not written yet. Where both have, this one ends with an error; it takes a script
    /// that has long kept to its declared keys, and that happens once.
    #[cold]
    fn begin_again(&mut self) -> error::Result<()> {
        if self.strayed {
            self.call.program.note(true, 0, || 0);
        }
        self.said.begin_again.set(!self.wrote);
        Err(Error::general(
            "the script used a key that it had not declared while another script did so, too; from now on it runs \
             alone and this will not happen again",
        ))
    }
}
