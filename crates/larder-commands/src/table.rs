//! The command table of an instance: finds a descriptor by name, in either case, and counts what each command costs.

use crate::keys;
use crate::registry::COMMANDS;
use crate::spec::{Command, flags};
use crate::stats::Histogram;
use std::sync::atomic::{AtomicU64, Ordering};

/// Names longer than this are no commands.
const NAME_LEN_MAX: usize = 24;
/// Four places for every command: most look-ups see one.
const PLACES: usize = 2_048;

/// A command of the table, or a subcommand.
#[derive(Debug)]
pub struct Entry {
    /// The descriptor.
    pub command: &'static Command,
    /// The container, for a subcommand.
    pub container: Option<&'static Command>,
    /// `get`, or `config|get`.
    pub full_name: Box<str>,
    /// Its place in the table.
    pub index: u16,
    /// The position of its only key, if that is always there.
    pub(crate) single_key: Option<u8>,
    subs: Vec<u16>,
    /// What it cost so far.
    pub stats: CommandStats,
}

/// What a command cost since the start, or since the last reset.
#[derive(Debug, Default)]
pub struct CommandStats {
    /// Calls that ran.
    pub calls: AtomicU64,
    /// Their time in microseconds.
    pub usec: AtomicU64,
    /// Calls refused before they ran.
    pub rejected: AtomicU64,
    /// Calls that ended in an error.
    pub failed: AtomicU64,
    /// How long calls took; of fast commands only some are timed, and each stands for all of those between.
    pub histogram: Histogram,
}

impl CommandStats {
    /// Counts a call that has waited and come to its end.
    pub(crate) fn count_waited(&self, usec: u64) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.usec.fetch_add(usec, Ordering::Relaxed);
        self.histogram.add(usec, 1);
    }

    fn reset(&self) {
        for count in [&self.calls, &self.usec, &self.rejected, &self.failed] {
            count.store(0, Ordering::Relaxed);
        }
        self.histogram.reset();
    }
}

/// The table.
#[derive(Debug)]
pub struct Table {
    entries: Vec<Entry>,
    /// Open addressing.
    places: Box<[Place]>,
    top: usize,
}

/// A place of the hash table of names.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    /// Index + 1 of an entry, 0 for a free place.
    entry: u16,
    /// Of a name of up to eight letters, how many; 0 of other names, which are compared byte by byte.
    letters: u16,
    /// These letters, all of them lower-case.
    word: u64,
}

/// Set in lower-case letters, and not in upper-case ones.
const LOWER: u64 = 0x2020_2020_2020_2020;

/// Up to eight bytes as a number: loads that may overlap instead of a loop over bytes.
#[inline]
fn word(bytes: &[u8]) -> u64 {
    let four = |bytes: &[u8]| bytes.first_chunk().map_or(0, |four| u64::from(u32::from_le_bytes(*four)));
    match bytes.len() {
        8.. => bytes.first_chunk().map_or(0, |eight| u64::from_le_bytes(*eight)),
        len @ 4.. => four(bytes) | four(&bytes[len - 4..]) << 32,
        0 => 0,
        len => u64::from(bytes[0]) | u64::from(bytes[len / 2]) << 8 | u64::from(bytes[len - 1]) << 16,
    }
}

/// Where the search for a name begins, the same for both cases of its letters.
#[inline]
fn place(name: &[u8]) -> usize {
    let mut mixed = name.len() as u64;
    for eight in name.chunks(8) {
        mixed = mix(mixed, word(eight) | LOWER);
    }
    (mixed >> 40) as usize % PLACES
}

/// What this does to bytes that are no letters only has to be the same each time.
#[inline]
fn mix(mixed: u64, word: u64) -> u64 {
    (mixed ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29)
}

impl Table {
    pub(crate) fn new() -> Table {
        let all = COMMANDS.len() + COMMANDS.iter().map(|command| command.sub.len()).sum::<usize>();
        let places = vec![Place::default(); PLACES].into();
        let mut table = Table { entries: Vec::with_capacity(all), places, top: COMMANDS.len() };
        for command in COMMANDS {
            table.add(command, None);
        }
        for at in 0..table.top {
            for sub in table.entries[at].command.sub {
                let index = table.add(sub, Some(table.entries[at].command));
                table.entries[at].subs.push(index);
            }
        }
        for at in 0..table.top {
            let name = table.entries[at].command.name.as_bytes();
            let mut free = place(name);
            while table.places[free].entry != 0 {
                free = (free + 1) % PLACES;
            }
            let is_short = name.len() <= 8 && name.iter().all(u8::is_ascii_lowercase);
            table.places[free] = Place {
                entry: table.entries[at].index + 1,
                letters: if is_short { name.len() as u16 } else { 0 },
                word: if is_short { word(name) | LOWER } else { 0 },
            };
        }
        table
    }

    fn add(&mut self, command: &'static Command, container: Option<&'static Command>) -> u16 {
        let index = self.entries.len() as u16;
        let full_name = match container {
            Some(container) => format!("{}|{}", container.name, command.name).into(),
            None => command.name.into(),
        };
        self.entries.push(Entry {
            command,
            container,
            full_name,
            index,
            single_key: keys::single(command).filter(|_| !command.is(flags::LOCKS_LATER)),
            subs: Vec::new(),
            stats: CommandStats::default(),
        });
        index
    }

    /// The command of this name, in either case.
    #[inline]
    pub fn find(&self, name: &[u8]) -> Option<&Entry> {
        if name.len() > 8 {
            return self.find_long(name);
        }
        // Names of up to eight letters are compared as numbers.
        let (letters, spelled) = (name.len() as u16, word(name) | LOWER);
        let mut at = (mix(u64::from(letters), spelled) >> 40) as usize % PLACES;
        loop {
            let place = &self.places[at];
            // A byte that a bit makes a lower-case letter was one, or the same letter in upper case.
            if place.letters == letters && place.word == spelled {
                return self.entries.get(usize::from(place.entry.checked_sub(1)?));
            }
            if place.letters == 0 {
                // Nothing, or a name that is not of letters alone.
                let entry = &self.entries[usize::from(place.entry.checked_sub(1)?)];
                if entry.command.name.as_bytes().eq_ignore_ascii_case(name) {
                    return Some(entry);
                }
            }
            at = (at + 1) % PLACES;
        }
    }

    fn find_long(&self, name: &[u8]) -> Option<&Entry> {
        if name.len() > NAME_LEN_MAX {
            return None;
        }
        let mut at = place(name);
        loop {
            let place = &self.places[at];
            let entry = &self.entries[usize::from(place.entry.checked_sub(1)?)];
            if place.letters == 0 && entry.command.name.as_bytes().eq_ignore_ascii_case(name) {
                return Some(entry);
            }
            at = (at + 1) % PLACES;
        }
    }

    /// The subcommand of this name.
    pub fn find_sub(&self, container: &Entry, name: &[u8]) -> Option<&Entry> {
        let mut subs = container.subs.iter().map(|index| &self.entries[usize::from(*index)]);
        subs.find(|sub| sub.command.name.as_bytes().eq_ignore_ascii_case(name))
    }

    /// The command that a line means: the subcommand where there is one.
    pub fn resolve(&self, words: &[&[u8]]) -> Option<&Entry> {
        let entry = self.find(words.first()?)?;
        if entry.subs.is_empty() {
            return Some(entry);
        }
        match words.get(1) {
            Some(name) => self.find_sub(entry, name),
            None => Some(entry),
        }
    }

    /// The entry at an index.
    pub fn get(&self, index: u16) -> Option<&Entry> {
        self.entries.get(usize::from(index))
    }

    /// Every command, without subcommands.
    pub fn top(&self) -> &[Entry] {
        &self.entries[..self.top]
    }

    /// Every command, and every subcommand.
    pub fn all(&self) -> &[Entry] {
        &self.entries
    }

    /// The subcommands of a container.
    pub fn subs(&self, container: &Entry) -> impl Iterator<Item = &Entry> {
        container.subs.iter().map(|index| &self.entries[usize::from(*index)])
    }

    /// Forgets what commands cost.
    pub fn reset_stats(&self) {
        self.entries.iter().for_each(|entry| entry.stats.reset());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_found_in_any_case() {
        let table = Table::new();
        for command in COMMANDS {
            assert!(command.name.len() <= NAME_LEN_MAX, "{}", command.name);
            assert_eq!(command.name, command.name.to_ascii_lowercase());
            for name in [command.name.to_string(), command.name.to_ascii_uppercase()] {
                assert_eq!(table.find(name.as_bytes()).map(|entry| entry.command.name), Some(command.name));
            }
        }
        for name in ["", "gett", "ge", "a very long name that is no command at all"] {
            assert!(table.find(name.as_bytes()).is_none());
        }
    }
}
