//! From a line of words to a reply: find, check, lock, run, count. One path for the server, for embedded calls, for
//! transactions and for those who waited.

use crate::args::Args;
use crate::client::{Item, client_flags};
use crate::cx::{Caller, Cx, Outcome, Wait};
use crate::error::{Error, Result};
use crate::instance::Instance;
use crate::keys;
use crate::late::Late;
use crate::reply::{OnlyPushes, Protocol, Reply, Value};
use crate::session::{Afterwards, Answers, Pace, Session, TALLIES, Tally};
use crate::settings::{Kind, find};
use crate::spec::{Command, Group, Reach, access, flags};
use crate::stats;
use crate::table::Entry;
use crate::tracking::{Mode, authored};
use crate::users::Context;
use crate::wait::Blocked;
use larder_core::limits::{LONG_HOLD_US, STRING_LEN_MAX, UNLOCKED_LEN_MIN};
use larder_core::{GiveUp, Key, KeyHash, Message, Space, View};
use smallvec::SmallVec;
use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// What the connection does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Flow {
    /// The reply is written: the next command.
    Next,
    /// The command waits; its reply will come through the mailbox. No other command of this client runs before.
    Blocked(Blocked),
    /// The reply is written, and it is the last.
    Close,
    /// `CLIENT PAUSE` holds the command up: nothing was done or written. The same command is to be given again when the
    /// client is woken or when so many milliseconds have passed, and no other of this client before.
    Paused(u64),
    /// The command would take long, or wait long for a lock: nothing was done or written. The same command is to be
    /// given again, and no other of this client before, by a thread that has nobody else to serve. Only a session
    /// [in haste](Session::pace) is answered so.
    Elsewhere,
}

/// What was found in a line before its turn came: the command, and the hash of its only key.
#[derive(Clone, Copy, Debug)]
pub struct Prepared {
    /// The command's place in the table; [`u16::MAX`] where nothing is known.
    index: u16,
    key: KeyHash,
}

/// What a command will look for, so that it can be fetched ahead.
#[derive(Clone, Copy, Debug)]
pub struct Ahead<'w> {
    /// Its only key.
    pub key: Key<'w>,
    /// The position of the word that it looks for in the key's value; 0 if there is none.
    pub element: usize,
}

impl Default for Prepared {
    #[inline]
    fn default() -> Prepared {
        Prepared { index: u16::MAX, key: KeyHash::default() }
    }
}

/// One fast command of so many is timed: a look at the clock costs as much as the command.
const TIMED_OF: u32 = 16;
/// Longer words take time to copy.
const SHORT_LEN_MAX: usize = 4 * 1024;

/// Whether a command takes so little time that it is not worth a look at the clock each time.
#[inline]
fn is_brief(command: &Command, words: &[&[u8]]) -> bool {
    command.is(flags::FAST)
        || command.is(flags::FAST_IF_SHORT) && words.iter().all(|word| word.len() <= SHORT_LEN_MAX)
}

impl Instance {
    /// Finds the command of a line by its first two words, and its key if it has exactly one and that is the second
    /// word: for the commands of a batch, before the first of them is executed. What is found need not be found again.
    #[inline]
    pub fn prepare<'w>(
        &self,
        session: &Session,
        name: &[u8],
        word: &'w [u8],
    ) -> (Prepared, Option<Ahead<'w>>) {
        match self.table().find(name) {
            Some(entry) if entry.single_key == Some(1) => {
                let key = self.engine().key(session.db(), word);
                let prepared = Prepared { index: entry.index, key: key.key_hash() };
                (prepared, Some(Ahead { key, element: usize::from(entry.command.element) }))
            }
            _ => (Prepared::default(), None),
        }
    }

    /// Whether a command may take long because it runs a script that has not proven to be quick. Whoever serves several
    /// clients on one thread then executes it on another thread, and goes on with the others meanwhile.
    #[inline]
    pub fn may_linger(&self, session: &Session, words: &[&[u8]]) -> bool {
        // Names of commands that run scripts begin like this.
        let named = |word: &[u8]| matches!(word.first(), Some(b'e' | b'E' | b'f' | b'F'));
        words.first().is_some_and(|word| named(word)) && self.lingers(session, words)
    }

    /// Whether a command takes long words as they are, without copying them: then they may be as long as they like.
    pub fn keeps_bulks(&self, session: &Session, words: &[&[u8]]) -> bool {
        const KEEPS: [&str; 8] = ["set", "mset", "setex", "psetex", "setnx", "getset", "msetnx", "msetex"];
        let command = words.first().and_then(|name| self.table().find(name));
        session.transaction.is_none() && command.is_some_and(|entry| KEEPS.contains(&entry.command.name))
    }

    fn lingers(&self, session: &Session, words: &[&[u8]]) -> bool {
        let Some(entry) = self.table().find(words[0]) else { return false };
        if !session.authenticated || self.pause.is_closed() && self.paused_ms(session, words).is_some() {
            return false;
        }
        let name = entry.command.name;
        match &session.transaction {
            None => entry.command.group == Group::Scripting && self.runs_long(name, words),
            Some(transaction) => {
                let long_script = |(index, words): &(u16, Vec<Box<[u8]>>)| {
                    let Some(queued) = self.table().get(*index) else { return false };
                    let words: SmallVec<[&[u8]; 8]> = words.iter().map(|word| &**word).collect();
                    queued.command.group == Group::Scripting && self.runs_long(queued.command.name, &words)
                };
                name == "exec" && (transaction.is_long() || transaction.queued.iter().any(long_script))
            }
        }
    }

    /// Executes one command. `words` is not empty.
    pub fn execute(&self, session: &mut Session, words: &[&[u8]], out: &mut dyn Reply) -> Flow {
        self.execute_prepared(session, words, Prepared::default(), out)
    }

    /// The same for words that lie in memory which is not the caller's to give away. Long ones that the command would
    /// copy into the keyspace are copied first, before anything is locked.
    pub fn execute_borrowed(&self, session: &mut Session, words: &[&[u8]], out: &mut dyn Reply) -> Flow {
        let is_long = |word: &&[u8]| (UNLOCKED_LEN_MIN..=STRING_LEN_MAX).contains(&word.len());
        if !words.iter().any(is_long) || !self.keeps_bulks(session, words) {
            return self.execute(session, words, out);
        }
        let own = |word: &&[u8]| is_long(word).then(|| Arc::new(word.to_vec()));
        let bulks: Vec<Option<Arc<Vec<u8>>>> = words.iter().map(own).collect();
        let words: Vec<&[u8]> =
            words.iter().zip(&bulks).map(|(word, bulk)| bulk.as_ref().map_or(*word, |bytes| bytes)).collect();
        session.bulks = bulks.iter().flatten().cloned().collect();
        let flow = self.execute(session, &words, out);
        session.bulks.clear();
        bulks.into_iter().flatten().for_each(|bytes| self.engine().discard(bytes));
        flow
    }

    /// Executes one command of which is known what [`Instance::prepare`] found in this very line.
    pub fn execute_prepared(
        &self,
        session: &mut Session,
        words: &[&[u8]],
        prepared: Prepared,
        out: &mut dyn Reply,
    ) -> Flow {
        if session.commands == 0 {
            // The first of a batch: what is used from now on was used at this second.
            session.client.active_ms.store(self.engine().clock().coarse_ms(), Ordering::Relaxed);
        }
        if self.pause.is_closed()
            && let Some(ms) = self.paused_ms(session, words)
        {
            return Flow::Paused(ms);
        }
        session.commands += 1;
        // Whoever finds too much in memory makes room, and hears what had to go before its own answer.
        let is_full = self.engine().is_over_limit() && self.engine().make_room().is_err();
        if session.client.has_mail() {
            deliver(session, out);
        }
        if session.answers != Answers::On && is_reset(words) {
            // It is answered: it puts back whether a client is answered, too.
            session.answers = Answers::On;
        }
        if session.answers == Answers::On {
            return self.execute_answered(session, words, prepared, is_full, out);
        }
        self.execute_unanswered(session, words, is_full, out)
    }

    /// Executes a command whose reply nobody may want to see.
    #[cold]
    fn execute_unanswered(
        &self,
        session: &mut Session,
        words: &[&[u8]],
        is_full: bool,
        out: &mut dyn Reply,
    ) -> Flow {
        if session.answers == Answers::SkipNext {
            session.answers = Answers::Skip;
        }
        let pushes = &mut OnlyPushes::new(out);
        let flow = self.execute_answered(session, words, Prepared::default(), is_full, pushes);
        match session.answers {
            Answers::Skip => session.answers = Answers::On,
            // `CLIENT REPLY ON` is answered again.
            Answers::On => out.ok(),
            Answers::Off | Answers::SkipNext => {}
        }
        flow
    }

    #[expect(clippy::inline_always, reason = "the way of nearly every command is one function")]
    #[inline(always)]
    fn execute_answered(
        &self,
        session: &mut Session,
        words: &[&[u8]],
        prepared: Prepared,
        is_full: bool,
        out: &mut dyn Reply,
    ) -> Flow {
        match self.admit(session, words, prepared, is_full) {
            Ok(Some(entry)) => self.run(session, entry, words, prepared, out),
            Ok(None) => {
                out.status("QUEUED");
                Flow::Next
            }
            Err(error) => self.answer_refused(session, &error, out),
        }
    }

    #[cold]
    fn answer_refused(&self, session: &Session, error: &Error, out: &mut dyn Reply) -> Flow {
        self.stats.count_error(error);
        out.error(error);
        if session.closing { Flow::Close } else { Flow::Next }
    }

    /// Refuses a command before it runs. EXEC is the end of its transaction even so.
    #[cold]
    fn refuse(&self, session: &mut Session, entry: &Entry, error: Error) -> Result<Option<&Entry>> {
        entry.stats.rejected.fetch_add(1, Ordering::Relaxed);
        if matches!(entry.command.reach, Reach::Queued) {
            self.drop_transaction(session);
            return Err(error.ends_transaction());
        }
        Err(fail_transaction(session, error))
    }

    /// Finds the command and checks whether this session may run it now; `None` if it was put into a transaction.
    #[expect(clippy::inline_always, reason = "the way of nearly every command is one function")]
    #[inline(always)]
    fn admit(
        &self,
        session: &mut Session,
        words: &[&[u8]],
        prepared: Prepared,
        is_full: bool,
    ) -> Result<Option<&Entry>> {
        let known = self.table().get(prepared.index);
        let entry = known.or_else(|| self.table().resolve(words));
        // Of every command that it sends, others see the last, whatever becomes of it.
        let index = entry.map_or(u16::MAX, |entry| entry.index);
        session.client.last_command.store(index, Ordering::Relaxed);
        let Some(entry) = entry else {
            return Err(fail_transaction(session, self.unknown(words)));
        };
        let command = entry.command;
        let refuse = |session: &mut Session, error| self.refuse(session, entry, error);
        if !command.takes(words.len()) {
            return refuse(session, Error::arity(&entry.full_name));
        }
        if !session.authenticated && !command.is(flags::NO_AUTH) {
            return refuse(session, Error::NO_AUTH);
        }
        if let Err(denied) = session.user.may(entry, words) {
            let context =
                if session.transaction.is_some() { Context::Transaction } else { Context::TopLevel };
            self.note_denied(session, entry, words, denied, context);
            let error = denied.error(&session.user, entry);
            return refuse(session, error);
        }
        if self.cluster.is_enabled()
            && entry.single_key.is_none()
            && let Err(error) = self.check_slots(session, entry, words)
        {
            if matches!(command.reach, Reach::Queued) {
                self.drop_transaction(session);
            }
            entry.stats.rejected.fetch_add(1, Ordering::Relaxed);
            return Err(fail_transaction(session, error));
        }
        // A transaction has to have all of its commands at one time, so it waits for no script, whatever that holds.
        if (self.scripts.is_busy() || session.transaction.is_some() && self.scripts.has_slow())
            && !command.is(flags::ALLOW_BUSY)
        {
            return refuse(session, self.scripts.busy_error());
        }
        if is_full && self.needs_memory(session, command) {
            return refuse(session, Error::OUT_OF_MEMORY);
        }
        if self.lacks_replicas.load(Ordering::Relaxed) && self.runs_any(session, command, flags::WRITE) {
            return refuse(session, Error::NO_REPLICAS);
        }
        if session.is_subscribed()
            && session.protocol() == Protocol::Resp2
            && !command.is(flags::WHILE_SUBSCRIBED)
        {
            let error = Error::general(format_args!(
                "Can't execute '{}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed \
                 in this context",
                entry.full_name
            ));
            return refuse(session, error);
        }
        if session.client.has(client_flags::MONITOR)
            && self.runs_any(session, command, flags::READONLY | flags::WRITE | flags::MAY_REPLICATE)
        {
            return refuse(session, Error::general("Replica can't interact with the keyspace"));
        }
        if session.transaction.is_some() && !command.is(flags::NO_QUEUE) {
            if command.is(flags::NO_MULTI) {
                return refuse(session, Error::general("Command not allowed inside a transaction"));
            }
            if let Some(transaction) = session.transaction.as_mut() {
                transaction.push(entry.index, words);
            }
            session.show_transaction();
            return Ok(None);
        }
        Ok(Some(entry))
    }

    /// Whether a command may take memory: by itself, or because it is EXEC and one of its commands may. What is to be
    /// queued counts as well, since a transaction that begins without memory would end the same way.
    #[cold]
    fn needs_memory(&self, session: &Session, command: &Command) -> bool {
        let takes =
            |index: &u16| self.table().get(*index).is_some_and(|entry| entry.command.is(flags::DENYOOM));
        command.is(flags::DENYOOM)
            || session.transaction.as_ref().is_some_and(|transaction| match command.reach {
                Reach::Queued => transaction.queued.iter().any(|(index, _)| takes(index)),
                _ => !command.is(flags::NO_QUEUE),
            })
    }

    /// Whether a command has one of some flags: itself, or because it is EXEC and one of its commands has.
    #[cold]
    fn runs_any(&self, session: &Session, command: &Command, flags: u32) -> bool {
        let queued = || session.transaction.iter().flat_map(|transaction| &transaction.queued);
        command.is(flags)
            || matches!(command.reach, Reach::Queued)
                && queued()
                    .any(|(index, _)| self.table().get(*index).is_some_and(|entry| entry.command.is(flags)))
    }

    fn unknown(&self, words: &[&[u8]]) -> Error {
        let name = String::from_utf8_lossy(&words[0][..words[0].len().min(128)]).into_owned();
        if let (Some(container), Some(sub)) = (self.table().find(words[0]), words.get(1)) {
            let sub = String::from_utf8_lossy(&sub[..sub.len().min(128)]);
            let upper = container.command.name.to_ascii_uppercase();
            return Error::general(format_args!("unknown subcommand '{sub}'. Try {upper} HELP."));
        }
        let mut args = String::new();
        for word in &words[1..] {
            if args.len() >= 128 {
                break;
            }
            let room = 128 - args.len();
            let _ = write!(args, "'{}' ", String::from_utf8_lossy(&word[..word.len().min(room)]));
        }
        Error::general(format_args!("unknown command '{name}', with args beginning with: {args}"))
    }

    #[expect(clippy::inline_always, reason = "the way of nearly every command is one function")]
    #[inline(always)]
    fn run(
        &self,
        session: &mut Session,
        entry: &Entry,
        words: &[&[u8]],
        prepared: Prepared,
        out: &mut dyn Reply,
    ) -> Flow {
        let flow = {
            // Made where it stays: it is a dozen words long, and most commands are short.
            let mut cx = if let Some(at) = entry.single_key
                && let Some(bytes) = words.get(usize::from(at))
            {
                let key = match prepared.index {
                    u16::MAX => self.engine().key(session.db(), bytes),
                    _ => self.engine().key_again(session.db(), bytes, prepared.key),
                };
                // Who has others to serve waits for a moment only, and then waits elsewhere.
                let give_up = || Self::is_in_haste(session) || self.scripts.has_slow();
                match self.engine().view_one_unless(&key, &give_up) {
                    Some(view) => {
                        Cx { view, instance: self, session, entry, caller: Caller::Client, first: Some(key) }
                    }
                    None => return self.without_locks(session, entry, out),
                }
            } else {
                match self.lock(session, entry, words) {
                    Some((view, first)) => {
                        Cx { view, instance: self, session, entry, caller: Caller::Client, first }
                    }
                    None => return self.without_locks(session, entry, out),
                }
            };
            cx.count_uses();
            let outcome = self.call_here(&mut cx, words, out);
            if cx.session.pace == Pace::Leaving {
                cx.session.pace = Pace::Hurried;
                cx.session.commands -= 1;
                return Flow::Elsewhere;
            }
            let flow = match outcome {
                None if cx.session.closing => Flow::Close,
                None => Flow::Next,
                Some(wait) => match self.begin_wait(&mut cx, words, &wait) {
                    Ok(blocked) => Flow::Blocked(blocked),
                    Err(error) => {
                        out.error(&error);
                        Flow::Next
                    }
                },
            };
            if self.tracking.is_active() {
                end_authored(cx);
            }
            flow
            // Here it unlocks, tells listeners, serves those who wait: all of it before the reply leaves.
        };
        // As it was executed: SELECT with the database it chose. EXEC shows itself, scripts before what they call.
        if self.clients().monitored.load(Ordering::Relaxed)
            && !entry.command.is(flags::SKIP_MONITOR | flags::ADMIN)
            && !matches!(entry.command.reach, Reach::Queued)
        {
            self.show_to_monitors(session, entry, words, false);
        }
        if !session.afterwards.is_empty() {
            self.finish(session);
        }
        flow
    }

    /// What a command needs is held by others, for long.
    #[cold]
    fn without_locks(&self, session: &mut Session, entry: &Entry, out: &mut dyn Reply) -> Flow {
        if Self::is_in_haste(session) && !self.scripts.has_slow() {
            session.commands -= 1;
            return Flow::Elsewhere;
        }
        self.refuse_as_busy(session, entry, out)
    }

    /// Does what had to wait for locks to go.
    #[cold]
    fn finish(&self, session: &mut Session) {
        for action in std::mem::take(&mut session.afterwards) {
            match action {
                Afterwards::Unblock(client, with_error) => {
                    self.unblock(&client, with_error);
                }
                Afterwards::Flushed => self.tracking.flushed(),
                Afterwards::CatchUp => self.catch_up(),
                Afterwards::Apply(settings) => self.apply(&settings),
            }
        }
    }

    /// Runs a command within what is locked, writes its error if it fails, and counts it. Gives what it waits for, if
    /// it may wait and does; where it may not, nothing came and that is written.
    pub(crate) fn call(&self, cx: &mut Cx<'_>, words: &[&[u8]], out: &mut dyn Reply) -> Option<Wait> {
        self.call_here(cx, words, out)
    }

    /// The same within the code that calls it: for the one place through which nearly every command goes.
    #[expect(clippy::inline_always, reason = "the way of nearly every command is one function")]
    #[inline(always)]
    fn call_here(&self, cx: &mut Cx<'_>, words: &[&[u8]], out: &mut dyn Reply) -> Option<Wait> {
        let entry = cx.entry;
        cx.session.ticks = cx.session.ticks.wrapping_add(1);
        let all = (0..5_000).contains(&self.slowlog.threshold_us.load(Ordering::Relaxed))
            || self.latency.threshold_ms.load(Ordering::Relaxed) != 0;
        // The first call is always timed, so that a command that was called is in every report.
        let all = all || !entry.stats.histogram.has_begun();
        let weight = if all || !is_brief(entry.command, words) { 1 } else { TIMED_OF };
        let began_us = (weight == 1 || cx.session.ticks.is_multiple_of(TIMED_OF))
            .then(|| self.engine().clock().now_us());
        let result = (entry.command.run)(cx, Args(words), out);
        if matches!(result, Ok(Outcome::Elsewhere)) {
            // It is counted where it is done.
            cx.session.pace = Pace::Leaving;
            return None;
        }
        if matches!(result, Ok(Outcome::Wait(_))) && cx.may_wait() {
            // It is counted, and logged if it is slow, when it is served.
            let now_us = || self.engine().clock().now_us();
            cx.session.spent_us = began_us.map_or(0, |began_us| now_us().saturating_sub(began_us));
            return result.ok().and_then(Outcome::wait);
        }
        if let Some(began_us) = began_us {
            let usec = self.engine().clock().now_us().saturating_sub(began_us);
            self.note_time(cx.session, entry, words, usec);
            if usec >= LONG_HOLD_US {
                cx.view.note_hold(usec);
            }
            entry.stats.histogram.add(usec, u64::from(weight));
            self.tally(cx.session, entry, usec * u64::from(weight));
        } else {
            self.tally(cx.session, entry, 0);
        }
        if cx.session.tracker.is_some() {
            if entry.command.is(flags::WRITE) {
                note_writes(cx, entry, words);
            }
            self.note_reads(cx, entry, words);
        }
        match result {
            Ok(Outcome::Done | Outcome::Elsewhere) => None,
            Ok(Outcome::Wait(wait)) => {
                wait.empty.write(out);
                None
            }
            Err(error) => {
                entry.stats.failed.fetch_add(1, Ordering::Relaxed);
                self.stats.count_error(&error);
                out.error(&error);
                None
            }
        }
    }

    /// Notes which keys a client has read that keeps copies, while they are locked. A script that has read anything has
    /// read the keys that it declares.
    #[cold]
    pub(crate) fn note_reads(&self, cx: &mut Cx<'_>, entry: &Entry, words: &[&[u8]]) {
        let is_script = entry.command.group == Group::Scripting;
        let reads = if is_script {
            std::mem::take(&mut cx.session.script_reads) != 0
        } else {
            entry.command.is(flags::READONLY)
        };
        let Some(tracker) = cx.session.tracker.clone().filter(|_| reads) else { return };
        cx.session.script_reads += u32::from(!is_script && cx.caller == Caller::Script);
        let noted = match tracker.mode {
            Mode::Default => true,
            Mode::OptIn => cx.session.caching,
            Mode::OptOut => !cx.session.caching,
            Mode::Broadcast => false,
        };
        let mut found = Vec::new();
        if !noted || keys::positions(entry.command, words, &mut found).is_err() {
            return;
        }
        for (at, _) in found.iter().filter(|(_, does)| does & access::NOT_KEY == 0) {
            let is_new = self.tracking.note(cx.session.client.id, words[*at]);
            if is_new && (is_script || cx.caller != Caller::Client) {
                cx.session.fresh.push(words[*at].into());
            }
        }
    }

    #[inline]
    fn tally(&self, session: &mut Session, entry: &Entry, usec: u64) {
        let tally = &mut session.tallies[usize::from(entry.index) % TALLIES];
        if tally.index != entry.index {
            let before = std::mem::replace(tally, Tally { index: entry.index, ..Tally::default() });
            self.add_up(before);
        }
        if !tally.count(usec) {
            entry.stats.calls.fetch_add(1, Ordering::Relaxed);
            entry.stats.usec.fetch_add(usec, Ordering::Relaxed);
        }
    }

    fn add_up(&self, tally: Tally) {
        if tally.calls != 0
            && let Some(entry) = self.table().get(tally.index)
        {
            entry.stats.calls.fetch_add(u64::from(tally.calls), Ordering::Relaxed);
            // Of most batches no command was timed.
            if tally.usec != 0 {
                entry.stats.usec.fetch_add(u64::from(tally.usec), Ordering::Relaxed);
            }
        }
    }

    /// Adds what a session counted for itself to everybody's counts: at the end of a batch.
    pub fn flush_tally(&self, session: &mut Session) {
        for tally in &mut session.tallies {
            self.add_up(std::mem::take(tally));
        }
        let commands = std::mem::take(&mut session.commands);
        if commands != 0 {
            self.stats.commands.fetch_add(u64::from(commands), Ordering::Relaxed);
        }
    }

    /// The end of a batch of commands: counts are added up, subscribers woken.
    pub fn end_batch(&self, session: &mut Session) {
        self.flush_tally(session);
        session.wakes.wake_all();
        session.note_straying();
    }

    #[cold]
    fn note_slow(&self, session: &Session, words: &[&[u8]], usec: u64) {
        let wall_us = self.engine().clock().wall_us();
        self.slowlog.add(stats::shortened(&redacted(words)), usec, wall_us, &session.client);
    }

    /// Counts a command that waited and was served.
    pub(crate) fn count_served(&self, session: &Session, entry: &Entry, words: &[&[u8]], usec: u64) {
        entry.stats.count_waited(usec);
        self.note_time(session, entry, words, usec);
        self.latency.record("command-unblocking", usec / 1_000, self.engine().clock().wall_us());
    }

    fn note_time(&self, session: &Session, entry: &Entry, words: &[&[u8]], usec: u64) {
        if self.slowlog.wants(usec) && !entry.command.is(flags::SKIP_SLOWLOG) {
            self.note_slow(session, words, usec);
        }
        if self.latency.threshold_ms.load(Ordering::Relaxed) != 0 {
            let event = if entry.command.is(flags::FAST) { "fast-command" } else { "command" };
            self.latency.record(event, usec / 1_000, self.engine().clock().wall_us());
        }
    }

    #[inline]
    fn is_in_haste(session: &Session) -> bool {
        session.pace == Pace::Hurried && session.answers == Answers::On
    }

    /// Locks what a command reaches that has not one key alone; `None` if the session is in haste and others hold some
    /// of it for long, or if a script that runs for too long holds some of it.
    fn lock<'e>(
        &'e self,
        session: &Session,
        entry: &Entry,
        words: &'e [&'e [u8]],
    ) -> Option<(View<'e>, Option<Key<'e>>)> {
        let engine = self.engine();
        // Who has others to serve waits for a moment only, and then waits elsewhere.
        let in_haste = Self::is_in_haste(session);
        let give_up = || in_haste || self.scripts.has_slow();
        let may_wait_inside = Self::may_wait_inside(entry.command, words);
        if may_wait_inside && (self.scripts.has_slow() || in_haste && self.scripts.any_lasts()) {
            return None;
        }
        Some(match entry.command.reach_of(words) {
            Reach::Stripes => (engine.view_none(None), None),
            Reach::Everything | Reach::Dynamic(_) => (engine.view_all_unless(&give_up)?, None),
            Reach::Queued => (self.lock_queued(session, &give_up)?, None),
            Reach::Keys if entry.command.is(flags::LOCKS_LATER) || entry.command.is_keyless() => {
                (engine.view_none(None), None)
            }
            Reach::Keys => {
                let mut found = Vec::with_capacity(words.len());
                // A line whose keys cannot be found is locked without them; its command says what is wrong with it.
                if keys::positions(entry.command, words, &mut found).is_err() {
                    found.clear();
                }
                let found = found.iter().filter(|(_, access)| access & access::NOT_KEY == 0);
                let keys: SmallVec<[Key<'_>; 16]> =
                    found.map(|(at, _)| engine.key(session.db(), words[*at])).collect();
                if keys.len() > 1 {
                    // Their cache misses overlap.
                    engine.prefetch(&keys);
                }
                (engine.view_unless(&keys, &give_up)?, keys.first().copied())
            }
        })
    }

    /// Whether a command may wait for stripes in the midst of its work, where it cannot give up: it goes through
    /// databases, or looks after the whole store. Scripts lock for themselves.
    fn may_wait_inside(command: &Command, words: &[&[u8]]) -> bool {
        match command.group {
            Group::Scripting => false,
            Group::Server | Group::Cluster => !command.is(flags::ALLOW_BUSY),
            _ => matches!(command.reach_of(words), Reach::Stripes),
        }
    }

    /// Locks what a transaction's commands reach together, and the keys it watches.
    fn lock_queued(&self, session: &Session, give_up: GiveUp<'_>) -> Option<View<'_>> {
        let engine = self.engine();
        let Some(transaction) = &session.transaction else { return Some(engine.view_none(None)) };
        let watched = session.watched.iter().map(|key| engine.key(key.db, &key.bytes));
        let mut keys: Vec<Key<'_>> = watched.collect();
        for (index, words) in &transaction.queued {
            let Some(entry) = self.table().get(*index) else { continue };
            let words: SmallVec<[&[u8]; 8]> = words.iter().map(|word| &**word).collect();
            if Self::may_wait_inside(entry.command, &words) && self.scripts.has_slow() {
                return None;
            }
            if !matches!(entry.command.reach_of(&words), Reach::Keys) {
                return engine.view_all_unless(give_up);
            }
            let mut found = Vec::new();
            if keys::positions(entry.command, &words, &mut found).is_ok() {
                keys.extend(found.iter().map(|(at, _)| engine.key(session.db(), words[*at])));
            }
        }
        engine.view_unless(&keys, give_up)
    }

    #[cold]
    fn refuse_as_busy(&self, session: &mut Session, entry: &Entry, out: &mut dyn Reply) -> Flow {
        let Err(error) = self.refuse(session, entry, self.scripts.busy_error()) else { return Flow::Next };
        self.stats.count_error(&error);
        out.error(&error);
        Flow::Next
    }

    /// Shows a command to monitors: of a client, or of a client's script.
    #[cold]
    pub(crate) fn show_to_monitors(&self, session: &Session, entry: &Entry, words: &[&[u8]], script: bool) {
        if script && entry.command.is(flags::SKIP_MONITOR | flags::ADMIN) {
            return;
        }
        let wall_us = self.engine().clock().wall_us();
        let addr = if session.client.origin.unix { "unix:" } else { "" };
        let who = if script { "lua" } else { &*session.client.origin.addr };
        let addr = if script { "" } else { addr };
        let mut line = format!(
            "{}.{:06} [{} {addr}{who}]",
            wall_us / 1_000_000,
            wall_us % 1_000_000,
            session.db().get(),
        );
        for word in redacted(words) {
            line.push_str(" \"");
            for byte in word {
                push_escaped(&mut line, *byte);
            }
            line.push('"');
        }
        for monitor in self.clients().monitors.read().iter() {
            monitor.send(Item::Value(Value::Status(line.clone())));
        }
    }

    /// Puts a session back to where a new connection starts, its authentication aside.
    pub(crate) fn reset(&self, session: &mut Session) {
        session.transaction = None;
        self.unwatch(session);
        for space in [Space::Channel, Space::Pattern, Space::Shard] {
            let names = std::mem::take(&mut session.topics[crate::session::space_index(space)]);
            self.engine().topics().unsubscribe_all(space, &names, session.client.subscriber);
        }
        session.show_subscriptions();
        session.show_transaction();
        self.clients().set_monitor(&session.client, false);
        session.client.set_flag(client_flags::NO_EVICT | client_flags::NO_TOUCH, false);
        session.answers = Answers::On;
        self.tracking.stop(&session.client);
        session.tracker = None;
        session.caching = false;
    }

    /// Ends a transaction that is not to be executed.
    #[cold]
    fn drop_transaction(&self, session: &mut Session) {
        session.transaction = None;
        self.unwatch(session);
        session.show_transaction();
    }

    /// Forgets what a session watches.
    pub(crate) fn unwatch(&self, session: &mut Session) {
        if let Some(mark) = session.mark.take() {
            for watched in std::mem::take(&mut session.watched) {
                let key = self.engine().key(watched.db, &watched.bytes);
                match self.engine().view_one_unless(&key, &|| true) {
                    // A view of the key's own stripe holds the key.
                    Some(mut view) => {
                        let _ = view.unwatch(&key, &mark);
                    }
                    None => self.put_off(Late::Unwatch(watched, mark.clone())),
                }
            }
            session.show_watched();
        }
        session.watched.clear();
    }
}

/// What a transaction or a script writes is not fresh any more to the client that has read it there before.
fn note_writes(cx: &mut Cx<'_>, entry: &Entry, words: &[&[u8]]) {
    let mut found = Vec::new();
    if !cx.session.fresh.is_empty() && keys::positions(entry.command, words, &mut found).is_ok() {
        cx.session.fresh.retain(|key| found.iter().all(|(at, _)| **key != *words[*at]));
    }
}

/// Ends a command while some clients keep copies of what they read: they are told what this one has changed.
#[cold]
fn end_authored(cx: Cx<'_>) {
    let (client, fresh) = (cx.session.client.id, std::mem::take(&mut cx.session.fresh));
    if is_end_of_caching(cx.session, cx.entry) {
        cx.session.caching = false;
    }
    authored(client, fresh, || drop(cx));
}

/// `CLIENT CACHING` is about the next command, or about the next transaction: whether it ends with this one.
fn is_end_of_caching(session: &Session, entry: &Entry) -> bool {
    let of_client = entry.container.is_some_and(|container| container.name == "client");
    session.transaction.is_none() && !of_client
}

fn is_reset(words: &[&[u8]]) -> bool {
    matches!(words, [name] if crate::args::is(name, "RESET"))
}

fn fail_transaction(session: &mut Session, error: Error) -> Error {
    if let Some(transaction) = session.transaction.as_mut() {
        transaction.failed = true;
    }
    error
}

/// The words without passwords.
fn redacted<'w>(words: &[&'w [u8]]) -> SmallVec<[&'w [u8]; 8]> {
    use crate::args::is;
    const HIDDEN: &[u8] = b"(redacted)";
    let mut shown: SmallVec<[&[u8]; 8]> = words.into();
    if is(words[0], "AUTH") {
        shown.iter_mut().skip(1).for_each(|word| *word = HIDDEN);
    } else if is(words[0], "HELLO") {
        if let Some(auth) = words.iter().position(|word| is(word, "AUTH")) {
            shown.iter_mut().skip(auth + 1).take(2).for_each(|word| *word = HIDDEN);
        }
    } else if is(words[0], "CONFIG") {
        for at in 2..words.len().saturating_sub(1) {
            let setting = std::str::from_utf8(words[at]).ok().and_then(|name| find(name).ok());
            if setting.is_some_and(|setting| matches!(setting.kind, Kind::Secret)) {
                shown[at + 1] = HIDDEN;
            }
        }
    } else if is(words[0], "ACL") && words.get(1).is_some_and(|word| is(word, "SETUSER")) {
        shown.iter_mut().skip(2).for_each(|word| *word = HIDDEN);
    } else if is(words[0], "MIGRATE") {
        let secrets = |word: &str, count| {
            let at = words.iter().position(|given| is(given, word)).map_or(words.len(), |at| at + 1);
            at..words.len().min(at + count)
        };
        for range in [secrets("AUTH", 1), secrets("AUTH2", 2)] {
            shown[range].fill(HIDDEN);
        }
    }
    shown
}

/// One byte of a quoted word, as MONITOR shows it.
fn push_escaped(line: &mut String, byte: u8) {
    match byte {
        b'\\' => line.push_str("\\\\"),
        b'"' => line.push_str("\\\""),
        b'\n' => line.push_str("\\n"),
        b'\r' => line.push_str("\\r"),
        b'\t' => line.push_str("\\t"),
        7 => line.push_str("\\a"),
        8 => line.push_str("\\b"),
        b' '..=b'~' => line.push(byte as char),
        byte => {
            let _ = write!(line, "\\x{byte:02x}");
        }
    }
}

/// Writes everything in the mailbox of a session to its reply.
pub fn deliver(session: &Session, out: &mut dyn Reply) {
    for item in session.client.take_mail() {
        match item {
            Item::Message(message) => out.message(&message),
            Item::Reply(value) | Item::Value(value) => value.write(out),
        }
    }
}

/// Writes a message of a topic.
pub fn write_message(message: &Message, out: &mut dyn Reply) {
    if let Some(pattern) = &message.pattern {
        out.push(4);
        out.bulk(b"pmessage");
        out.bulk(pattern);
    } else {
        out.push(3);
        out.bulk(if message.space == Space::Shard { b"smessage" } else { b"message" });
    }
    out.bulk(&message.channel);
    out.bulk(&message.payload);
}

#[cfg(test)]
mod tests {
    use crate::testing::House;
    use larder_core::limits::UNLOCKED_LEN_MIN;
    use larder_core::value::string::Str;
    use std::sync::Arc;

    #[test]
    fn long_words_of_a_caller_become_values_that_are_shared() {
        let house = House::new();
        let mut guest = house.guest();
        let (long, short) = (vec![b'x'; UNLOCKED_LEN_MIN], b"short".as_slice());
        assert_eq!(guest.says_words(&[b"MSET", b"a", &long, b"b", short, b"c", &long]), "OK");
        // Nobody but the keyspace has them; whoever keeps one shares it.
        let db = house.instance.engine().db();
        for key in ["a", "c"] {
            let held = db.strings().with_held(key, |held| match held {
                Str::Shared(bytes) => (bytes.len(), Arc::strong_count(bytes)),
                other => panic!("{other:?}"),
            });
            assert_eq!(held, Ok(Some((UNLOCKED_LEN_MIN, 1))));
        }
        assert_eq!(db.strings().get("b"), Ok(Some(short.to_vec())));
        assert_eq!(guest.says_words(&[b"APPEND", b"a", &long]), format!("({})", 2 * UNLOCKED_LEN_MIN));
        assert_eq!(db.strings().get("c"), Ok(Some(long)));
    }

    #[test]
    fn a_limit_below_what_anything_takes_leaves_room_for_nothing() {
        let house = House::new();
        let mut guest = house.guest();
        for policy in ["noeviction", "allkeys-lru", "allkeys-s3fifo"] {
            house.instance.configure(&[("maxmemory", "1"), ("maxmemory-policy", policy)]).expect("valid");
            assert_eq!(guest.says("SET a b"), "-OOM command not allowed when used memory > 'maxmemory'.");
        }
        assert_eq!(guest.says("DEL a"), "(0)");
        house.instance.configure(&[("maxmemory", "1mb")]).expect("valid");
        assert_eq!(guest.says("SET a b"), "OK");
    }

    #[test]
    fn what_needs_memory_is_refused_or_makes_room_for_itself() {
        let house = House::new();
        let mut guest = house.guest();
        let value = "x".repeat(10_000);
        let write = |guest: &mut crate::testing::Guest, n: u32| guest.says(&format!("SET key:{n} {value}"));
        house.instance.configure(&[("maxmemory", "5mb")]).expect("a valid setting");
        let refused = (0..1_000).find(|n| write(&mut guest, *n) != "OK").expect("there is a limit");
        assert!((400..550).contains(&refused), "{refused}");
        assert_eq!(write(&mut guest, refused), "-OOM command not allowed when used memory > 'maxmemory'.");
        assert_eq!(guest.says("GET key:0").len(), 10_002);
        guest.says("MULTI");
        assert_eq!(guest.says("GET key:0"), "-OOM command not allowed when used memory > 'maxmemory'.");
        assert!(guest.says("EXEC").starts_with("-EXECABORT Transaction discarded because of previous"));
        house.instance.configure(&[("maxmemory", "0")]).expect("a valid setting");
        guest.says("MULTI");
        assert_eq!(guest.says("INCR n"), "QUEUED");
        house.instance.configure(&[("maxmemory", "5mb")]).expect("a valid setting");
        assert_eq!(
            guest.says("EXEC"),
            "-EXECABORT Transaction discarded because of: OOM command not allowed when used memory > 'maxmemory'."
        );
        assert_eq!(guest.says("EXEC"), "-ERR EXEC without MULTI");
        assert_eq!(guest.says("PEXPIRE key:0 100"), "(1)");
        house.instance.configure(&[("maxmemory-policy", "volatile-ttl")]).expect("a valid setting");
        assert_eq!(write(&mut guest, refused), "OK");
        assert_eq!(guest.says("EXISTS key:0 key:1"), "(1)");
        for policy in ["allkeys-s3fifo", "allkeys-lru", "allkeys-lfu", "allkeys-random"] {
            house.instance.configure(&[("maxmemory-policy", policy)]).expect("a valid setting");
            assert!((0..2_000).all(|n| write(&mut guest, n) == "OK"), "{policy}");
            let used = house.instance.engine().used_bytes();
            assert!((4_700_000..5_400_000).contains(&used), "{policy}: {used}");
        }
    }
}
