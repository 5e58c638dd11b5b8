//! Scripts and functions in Lua.
//!
//! A program (a script, or a function of a library) runs in a machine of the calling thread, within the locks of the
//! keys it needs. Which these are nobody knows beforehand: clients may declare keys, and scripts may use others. So a
//! program first runs with everything locked, and then locks each key when it reaches for it, and keeps it locked to
//! its end; one such program runs at a time, so that no two wait for each other. One that has often stayed within its
//! declared keys runs from then on with only these locked, in parallel with others.

mod flags;
mod library;
mod machine;
mod reply;
mod run;
pub(crate) mod verbs;
mod watch;

use crate::error::{Error, Result};
use crate::instance::Instance;
use larder_lua::raw::Kept;
use library::Libraries;
use machine::{Kind, Machine};
use parking_lot::{Mutex, RwLock};
use sha1_smol::Sha1;
use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::fmt::Write;
use std::hash::{BuildHasherDefault, Hash, Hasher};
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;
use watch::{Busy, Watch};

/// Scripts that came by `EVAL` and were never loaded on purpose: the oldest beyond so many are forgotten.
const EVALUATED_KEPT: usize = 500;

/// A run that takes so long keeps others waiting who share its thread, if it was the script that took the time and not
/// another program of this machine: so much work it must have done, in instructions.
const LINGERING_US: u64 = 20_000;
const LINGERING_WORK: u64 = 100_000;
/// After so many runs in a row that were quick, a program is taken to be quick again.
const QUICK_RUNS: u8 = 100;

/// How a program uses keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Habit {
    /// It has not run to its end yet.
    Unknown,
    /// It used only keys that its callers declared, and has not run often.
    Unproven,
    /// It has kept to these keys often.
    Confined,
    /// It has used others.
    Strays,
}

/// After so many runs with declared keys only, a program is taken to keep to these. A queue's script, say, uses others
/// only once there is a job.
const PROVEN_RUNS: u8 = 16;
/// Stands for a program that strays, where otherwise runs are counted.
const STRAYS: u8 = u8::MAX;

/// A script, or a function.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) id: u64,
    /// The digest of a script, or the name of a function.
    pub(crate) name: String,
    pub(crate) flags: u8,
    /// It is a function of a library.
    pub(crate) is_function: bool,
    /// Its text may reach the functions that write past metatables: see `sandbox.lua`.
    reaches_tables: bool,
    /// So many times it has run with declared keys only, up to `PROVEN_RUNS`; or `STRAYS`.
    confined_runs: AtomicU8,
    /// How many quick runs it has to show before others share a thread with it again: it has run for longer than they
    /// should wait.
    lingers: AtomicU8,
}

impl Program {
    /// `text` is what it was compiled from.
    fn new(name: String, flags: u8, is_function: bool, text: &[u8]) -> Program {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        // The library by its name, all globals at once, or text that is made up as the script runs.
        let ways = [&b"table"[..], b"_G", b"load"];
        let reaches_tables = ways.iter().any(|way| text.windows(way.len()).any(|word| word == *way));
        let (confined_runs, lingers) = (AtomicU8::new(0), AtomicU8::new(0));
        Program { id, name, flags, is_function, reaches_tables, confined_runs, lingers }
    }

    pub(crate) fn habit(&self) -> Habit {
        match self.confined_runs.load(Ordering::Relaxed) {
            0 => Habit::Unknown,
            PROVEN_RUNS => Habit::Confined,
            STRAYS => Habit::Strays,
            _ => Habit::Unproven,
        }
    }

    /// Notes how a run went: whether it used other keys than it had declared, how much it has worked, and how long that
    /// took. Who has strayed once stays a stray.
    fn note(&self, strayed: bool, work: u64, took_us: impl FnOnce() -> u64) {
        let runs = self.confined_runs.load(Ordering::Relaxed);
        if strayed && runs != STRAYS || runs < PROVEN_RUNS {
            self.confined_runs.fetch_max(if strayed { STRAYS } else { runs + 1 }, Ordering::Relaxed);
        }
        let lingers = self.lingers.load(Ordering::Relaxed);
        if work >= LINGERING_WORK && took_us() >= LINGERING_US {
            self.lingers.store(QUICK_RUNS, Ordering::Relaxed);
        } else if lingers > 0 {
            self.lingers.store(lingers - 1, Ordering::Relaxed);
        }
    }

    /// Notes that it takes long, after all.
    fn note_lingering(&self) {
        self.lingers.store(QUICK_RUNS, Ordering::Relaxed);
    }

    /// Whether a run of it may take long: it is new, or has taken long of late.
    fn may_linger(&self) -> bool {
        self.habit() == Habit::Unknown || self.lingers.load(Ordering::Relaxed) > 0
    }

    pub(crate) fn is(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

/// A script with its text.
#[derive(Debug)]
pub(crate) struct Script {
    pub(crate) program: Arc<Program>,
    pub(crate) text: Box<[u8]>,
    digest: [u8; 20],
    hash: u64,
}

/// Takes what is hashed already as it is.
#[derive(Clone, Copy, Debug, Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        // Of a digest, each part is as good as a hash.
        self.0 = bytes.first_chunk().map_or(0, |first| u64::from_ne_bytes(*first));
    }
    fn write_u64(&mut self, n: u64) {
        // Numbers that count up differ in their lowest bits only, and tables look at the highest, too.
        self.0 = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

/// The digest of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct DigestKey([u8; 20]);

impl Hash for DigestKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write(&self.0);
    }
}

#[derive(Debug, Default)]
struct Cache {
    by_digest: HashMap<DigestKey, Arc<Script>, BuildHasherDefault<AsItIs>>,
    /// By a hash of the text, so that a known script costs no digest.
    by_hash: HashMap<u64, Arc<Script>>,
    /// Those that were only evaluated, the oldest first.
    evaluated: VecDeque<[u8; 20]>,
    bytes: usize,
}

impl Cache {
    fn remove(&mut self, digest: &[u8; 20]) {
        if let Some(script) = self.by_digest.remove(&DigestKey(*digest)) {
            self.by_hash.remove(&script.hash);
            self.bytes -= script.text.len();
        }
    }
}

/// So many scripts each thread finds without asking.
const KNOWN: usize = 16;

/// A script, and the time in which it is known.
type Known = Option<(u64, Arc<Script>)>;

thread_local! {
    /// What this thread found last by its digest.
    static LAST_FOUND: RefCell<[Known; KNOWN]> = const { RefCell::new([const { None }; KNOWN]) };
}

/// A number for a time in which nothing is forgotten; no instance uses one again.
fn new_time() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// Everything about scripts that an instance has.
#[derive(Debug)]
pub(crate) struct Scripts {
    cache: RwLock<Cache>,
    /// Until a script is forgotten: then another time begins.
    time: AtomicU64,
    libraries: RwLock<Libraries>,
    watches: Mutex<Vec<Weak<Watch>>>,
    busy: Arc<Busy>,
    /// Machines of another epoch have compiled what is gone.
    epoch: AtomicU64,
    /// Copies of settings.
    memory_max: AtomicU64,
    threshold_ms: AtomicU64,
    instructions_max: AtomicU64,
    /// Lives as long as the instance.
    alive: Arc<()>,
}

impl Default for Scripts {
    fn default() -> Scripts {
        Scripts {
            cache: RwLock::default(),
            time: AtomicU64::new(new_time()),
            libraries: RwLock::default(),
            watches: Mutex::default(),
            busy: Arc::default(),
            epoch: AtomicU64::new(0),
            memory_max: AtomicU64::new(0),
            threshold_ms: AtomicU64::new(5_000),
            instructions_max: AtomicU64::new(0),
            alive: Arc::new(()),
        }
    }
}

/// The SHA-1 digest in hexadecimal digits.
pub(crate) fn sha1_hex(text: &[u8]) -> String {
    hex(&Sha1::from(text).digest().bytes())
}

fn hex(digest: &[u8; 20]) -> String {
    let mut digits = String::with_capacity(40);
    for byte in digest {
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}

/// What each character is as a hexadecimal digit; 255 for those that are none.
const DIGITS: [u8; 256] = {
    let mut digits = [255; 256];
    let mut n = 0;
    while n < 16 {
        digits[b"0123456789abcdef"[n] as usize] = n as u8;
        digits[b"0123456789ABCDEF"[n] as usize] = n as u8;
        n += 1;
    }
    digits
};

fn unhex(digits: &[u8]) -> Option<[u8; 20]> {
    let digits: &[u8; 40] = digits.try_into().ok()?;
    let (mut digest, mut all) = ([0; 20], 0);
    for (byte, [high, low]) in digest.iter_mut().zip(digits.as_chunks::<2>().0) {
        let (high, low) = (DIGITS[usize::from(*high)], DIGITS[usize::from(*low)]);
        all |= high | low;
        *byte = high << 4 | low;
    }
    (all < 16).then_some(digest)
}

impl Scripts {
    /// The script of a digest.
    pub(crate) fn find(&self, digest: &[u8]) -> Option<Arc<Script>> {
        self.look_at(digest, Arc::clone)
    }

    /// Shows the script of a digest to `look`, which asks for no other.
    fn look_at<R>(&self, digest: &[u8], look: impl FnOnce(&Arc<Script>) -> R) -> Option<R> {
        let begin: &[u8; 8] = digest.first_chunk()?;
        let place = u64::from_ne_bytes(*begin).wrapping_mul(0x9e37_79b9_7f4a_7c15) as usize >> 60;
        // Read before the script is found: if it is forgotten meanwhile, it is not known in the time that begins then.
        let time = self.time.load(Ordering::Acquire);
        LAST_FOUND.with_borrow_mut(|last| {
            let known = &mut last[place % KNOWN];
            if !matches!(known, Some((then, script)) if *then == time && script.program.name.as_bytes() == digest) {
                let found = self.cache.read().by_digest.get(&DigestKey(unhex(digest)?))?.clone();
                *known = Some((time, found));
            }
            known.as_ref().map(|(_, script)| look(script))
        })
    }

    /// Has every thread ask again for what it has found.
    fn begin_new_time(&self) {
        self.time.store(new_time(), Ordering::Release);
    }

    /// How many scripts are known, and the bytes of their texts.
    pub(crate) fn count(&self) -> (usize, usize) {
        let cache = self.cache.read();
        (cache.by_digest.len(), cache.bytes)
    }

    /// How many libraries there are, and functions.
    pub(crate) fn function_counts(&self) -> (usize, usize) {
        let libraries = self.libraries.read();
        (libraries.all.len(), libraries.by_function.len())
    }

    /// Takes over what settings say.
    pub(crate) fn set_limits(&self, memory_max: u64, threshold_ms: u64, instructions_max: u64) {
        self.memory_max.store(memory_max, Ordering::Relaxed);
        self.threshold_ms.store(threshold_ms, Ordering::Relaxed);
        self.instructions_max.store(instructions_max, Ordering::Relaxed);
    }

    /// Bytes that machines take.
    pub(crate) fn machine_bytes(&self) -> usize {
        self.watches.lock().iter().filter_map(Weak::upgrade).map(|watch| watch.memory()).sum()
    }

    /// Forgets all scripts.
    pub(crate) fn flush(&self) {
        *self.cache.write() = Cache::default();
        self.begin_new_time();
        self.epoch.fetch_add(1, Ordering::Relaxed);
    }

    /// What runs for longer than it should.
    pub(crate) fn slow(&self) -> Vec<(Arc<Watch>, watch::Running)> {
        let watches = self.watches.lock();
        watches
            .iter()
            .filter_map(Weak::upgrade)
            .filter_map(|watch| Some((watch.clone(), watch.slow()?)))
            .collect()
    }

    /// Whether a slow script keeps everybody waiting.
    #[inline]
    pub(crate) fn is_busy(&self) -> bool {
        self.busy.holding_all.load(Ordering::Relaxed) != 0
    }

    /// Whether some script is slow, so that waiting for a lock may be in vain.
    pub(crate) fn has_slow(&self) -> bool {
        self.busy.slow.load(Ordering::Relaxed) != 0
    }

    /// What a command is told that would have to wait for a slow script.
    pub(crate) fn busy_error(&self) -> Error {
        let of_function = self.slow().iter().any(|(_, running)| running.program.is_function);
        let kill = if of_function { "FUNCTION KILL" } else { "SCRIPT KILL" };
        Error::new(format!(
            "BUSY Redis is busy running a script. You can only call {kill} or SHUTDOWN NOSAVE."
        ))
    }

    /// Stops whatever is slow or becomes so, written or not, or lets it run again.
    pub(crate) fn stop(&self, stop: bool) {
        self.busy.stopping.store(stop, Ordering::Relaxed);
    }

    /// What runs and may yet end in time, with its beginnings.
    pub(crate) fn quick(&self) -> Vec<(Arc<Watch>, u64)> {
        let watches = self.watches.lock();
        let running = |watch: Arc<Watch>| watch.quick_since_us().map(|since_us| (watch, since_us));
        watches.iter().filter_map(Weak::upgrade).filter_map(running).collect()
    }

    /// Whether some script has been running for longer than a moment.
    pub(crate) fn any_lasts(&self) -> bool {
        let watches = self.watches.lock();
        watches.iter().filter_map(Weak::upgrade).any(|watch| watch.lasts())
    }

    /// Waits until what runs now has ended or is slow, by `nap`s of a millisecond.
    pub(crate) fn settle(&self, nap: impl Fn(Duration)) {
        let mut quick = self.quick();
        // A clock that stands still makes nothing slow.
        for _ in 0..=self.threshold_ms.load(Ordering::Relaxed) {
            quick.retain(|(watch, since_us)| watch.quick_since_us() == Some(*since_us));
            if quick.is_empty() || self.has_slow() {
                return;
            }
            nap(Duration::from_millis(1));
        }
    }

    /// Stops slow scripts, or slow functions.
    pub(crate) fn kill(&self, functions: bool) -> Result<()> {
        let slow = self.slow();
        if slow.is_empty() {
            return Err(Error::new("NOTBUSY No scripts in execution right now."));
        }
        let mut matching =
            slow.iter().filter(|(_, running)| running.program.is_function == functions).peekable();
        if matching.peek().is_none() {
            return Err(self.busy_error());
        }
        if matching.filter(|(watch, _)| watch.kill()).count() == 0 {
            return Err(Error::new(
                "UNKILLABLE Sorry the script already executed write commands against the dataset. You can either \
                 wait the script termination or kill the server in a hard way using the SHUTDOWN NOSAVE command.",
            ));
        }
        Ok(())
    }
}

impl Instance {
    /// Whether a command line runs a program that may take long: one that never ran to its end, or that has taken long
    /// before. Who serves several clients on one thread had better run it on another one.
    pub(crate) fn runs_long(&self, name: &str, words: &[&[u8]]) -> bool {
        let Some(word) = words.get(1) else { return false };
        let scripts = &self.scripts;
        match name {
            "eval" | "eval_ro" => self.known_script(word).is_none_or(|script| script.program.may_linger()),
            "evalsha" | "evalsha_ro" => {
                scripts.look_at(word, |script| script.program.may_linger()).unwrap_or(false)
            }
            "fcall" | "fcall_ro" => std::str::from_utf8(word).is_ok_and(|name| {
                let libraries = scripts.libraries.read();
                libraries.function(name).is_some_and(|(program, _)| program.may_linger())
            }),
            _ => false,
        }
    }

    /// Whether a command line runs a program that promises not to write.
    pub(crate) fn only_reads(&self, name: &str, words: &[&[u8]]) -> bool {
        let Some(word) = words.get(1) else { return false };
        match name {
            "eval" => flags::of_script(word).is_ok_and(|(flags, _)| flags & flags::NO_WRITES != 0),
            "evalsha" => self.scripts.find(word).is_some_and(|script| script.program.is(flags::NO_WRITES)),
            "fcall" => std::str::from_utf8(word).is_ok_and(|name| {
                let libraries = self.scripts.libraries.read();
                libraries.function(name).is_some_and(|(program, _)| program.is(flags::NO_WRITES))
            }),
            _ => false,
        }
    }

    fn known_script(&self, text: &[u8]) -> Option<Arc<Script>> {
        let hash = self.engine().hash(text);
        let cache = self.scripts.cache.read();
        cache.by_hash.get(&hash).filter(|script| *script.text == *text).cloned()
    }

    /// The script of this text, compiled if it is new. `loaded` keeps it until all are flushed.
    pub(crate) fn script(&self, text: &[u8], loaded: bool) -> Result<Arc<Script>> {
        let scripts = &self.scripts;
        if let Some(script) = self.known_script(text) {
            if loaded {
                scripts.cache.write().evaluated.retain(|digest| *digest != script.digest);
            }
            return Ok(script);
        }
        let (digest, hash): ([u8; 20], _) = (Sha1::from(text).digest().bytes(), self.engine().hash(text));
        let (flags, _) = flags::of_script(text)?;
        let program = Arc::new(Program::new(hex(&digest), flags, false, text));
        let script = Arc::new(Script { program, text: text.into(), digest, hash });
        let mut machine = self.machine(Kind::Scripts)?;
        let compiled = machine.function(&script.program, |machine| compile_script(machine, text));
        machine::give_back(machine);
        compiled.map_err(Error::general)?;
        let mut cache = scripts.cache.write();
        if let Some(script) = cache.by_digest.get(&DigestKey(digest)) {
            return Ok(script.clone());
        }
        cache.bytes += text.len();
        cache.by_digest.insert(DigestKey(digest), script.clone());
        cache.by_hash.insert(hash, script.clone());
        if !loaded {
            cache.evaluated.push_back(digest);
            if cache.evaluated.len() > EVALUATED_KEPT
                && let Some(oldest) = cache.evaluated.pop_front()
            {
                cache.remove(&oldest);
                scripts.begin_new_time();
            }
        }
        Ok(script)
    }

    /// A machine of this thread.
    fn machine(&self, kind: Kind) -> Result<Box<Machine>> {
        let scripts = &self.scripts;
        let (owner, epoch) = (Arc::as_ptr(&scripts.alive).addr(), scripts.epoch.load(Ordering::Relaxed));
        let memory_max = scripts.memory_max.load(Ordering::Relaxed) as usize;
        let mine = |machine: &Machine| machine.owner == owner && machine.kind == kind;
        while let Some(mut machine) = machine::take_idle(mine) {
            if machine.epoch == epoch {
                machine.limit_memory(memory_max);
                return Ok(machine);
            }
        }
        let watch = Arc::new(Watch::new(self.engine().shared_clock(), scripts.busy.clone()));
        let mut watches = scripts.watches.lock();
        watches.retain(|watch| watch.strong_count() > 0);
        watches.push(Arc::downgrade(&watch));
        drop(watches);
        let alive = Arc::downgrade(&scripts.alive);
        let machine = Machine::new(kind, self.engine(), watch, owner, alive, epoch);
        let mut machine = machine.map_err(Error::general)?;
        machine.limit_memory(memory_max);
        Ok(Box::new(machine))
    }
}

fn compile_script(machine: &mut Machine, text: &[u8]) -> std::result::Result<Kept, String> {
    let body = flags::of_script(text).map_or(text, |(_, body)| body);
    let compiled = machine.compile(body, "@user_script");
    compiled.map_err(|problem| format!("Error compiling script (new function): {problem}"))
}
