//! Streams: a log of entries, each a few fields with values, and groups of consumers that share it.
//!
//! The [`Log`] and the [`Group`]s know nothing of each other but ids: what is pending may be deleted meanwhile. A
//! stream without entries is still a stream, since it remembers its last id and its groups.

mod group;
mod id;
mod log;
mod node;

pub use group::{Consumer, ConsumerId, Group, Pending};
pub use id::StreamId;
pub use log::{Entries, EntriesBack, Keep, Log, Trim};
pub use node::{Entry, Fields};

use super::{Collection, Kind, Object};
use crate::keyspace::KeyHasher;
use std::collections::BTreeMap;

/// Why an entry is not appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Its id is not above the last one.
    NotAbove,
    /// It is larger than [`STREAM_ENTRY_LEN_MAX`](crate::limits::STREAM_ENTRY_LEN_MAX).
    TooLarge,
}

/// What becomes of groups' references to entries that go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum References {
    /// They stay.
    #[default]
    Keep,
    /// They go, too.
    Delete,
    /// Only entries go that every group has read and acknowledged.
    Acknowledged,
}

/// What became of an entry that was to be deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deleted {
    /// There was none.
    Missing,
    /// It is deleted.
    Yes,
    /// Some group still needs it.
    Needed,
}

/// A stream.
#[derive(Clone, Debug, Default)]
pub struct Stream {
    body: Box<Body>,
}

#[derive(Debug, Default)]
struct Body {
    log: Log,
    groups: BTreeMap<Box<[u8]>, Group>,
    /// Bytes of all groups.
    group_bytes: usize,
}

impl Clone for Body {
    /// A copied group has no spare room, so bytes are counted again.
    fn clone(&self) -> Body {
        let groups = self.groups.clone();
        let group_bytes = groups.iter().map(|(name, group)| entry_bytes(name, group)).sum();
        Body { log: self.log.clone(), groups, group_bytes }
    }
}

/// Bytes of a group beside what it has on the heap.
fn entry_bytes(name: &[u8], group: &Group) -> usize {
    (size_of::<Box<[u8]>>() + size_of::<Group>()) * 3 / 2 + name.len() + group.used_bytes()
}

impl Stream {
    /// An empty one.
    pub fn new() -> Stream {
        Stream::default()
    }

    /// The name of the form.
    pub fn encoding(&self) -> &'static str {
        "stream"
    }

    /// Bytes on the heap. O(1).
    pub fn used_bytes(&self) -> usize {
        size_of::<Body>() + self.body.log.used_bytes() + self.body.group_bytes
    }

    /// The entries.
    pub fn log(&self) -> &Log {
        &self.body.log
    }

    /// The entries, to be changed.
    pub fn log_mut(&mut self) -> &mut Log {
        &mut self.body.log
    }

    /// The groups, by their names.
    pub fn groups(&self) -> impl ExactSizeIterator<Item = (&[u8], &Group)> {
        self.body.groups.iter().map(|(name, group)| (&**name, group))
    }

    /// The group of a name.
    pub fn group(&self, name: &[u8]) -> Option<&Group> {
        self.body.groups.get(name)
    }

    /// Adds a group. Says whether there was none of this name.
    pub fn add_group(&mut self, name: &[u8], group: Group) -> bool {
        if self.body.groups.contains_key(name) {
            return false;
        }
        self.body.group_bytes += entry_bytes(name, &group);
        self.body.groups.insert(name.into(), group);
        true
    }

    /// Removes a group. Says whether there was one.
    pub fn remove_group(&mut self, name: &[u8]) -> bool {
        let Some(group) = self.body.groups.remove(name) else { return false };
        self.body.group_bytes -= entry_bytes(name, &group);
        true
    }

    /// Changes a group, with the log at hand.
    pub fn edit_group<R>(&mut self, name: &[u8], edit: impl FnOnce(&Log, &mut Group) -> R) -> Option<R> {
        let Body { log, groups, group_bytes } = &mut *self.body;
        let group = groups.get_mut(name)?;
        let before = group.used_bytes();
        let result = edit(log, group);
        *group_bytes = *group_bytes - before + group.used_bytes();
        Some(result)
    }

    /// Takes an entry out of what is pending in every group.
    fn forget(&mut self, id: StreamId) {
        let Body { groups, group_bytes, .. } = &mut *self.body;
        for group in groups.values_mut() {
            let before = group.used_bytes();
            group.acknowledge(id);
            *group_bytes = *group_bytes - before + group.used_bytes();
        }
    }

    fn is_needed(&self, id: StreamId) -> bool {
        self.body.groups.values().any(|group| group.needs(id))
    }

    /// Deletes an entry.
    pub fn delete(&mut self, id: StreamId, references: References) -> Deleted {
        if references == References::Delete {
            self.forget(id);
        }
        if references == References::Acknowledged && self.is_needed(id) {
            return if self.body.log.get(id).is_some() { Deleted::Needed } else { Deleted::Missing };
        }
        if self.body.log.delete(id) { Deleted::Yes } else { Deleted::Missing }
    }

    /// Removes the oldest entries: how many.
    pub fn trim(&mut self, trim: &Trim, references: References) -> u64 {
        match references {
            References::Keep => self.body.log.trim(trim, None),
            References::Delete if self.body.groups.is_empty() => self.body.log.trim(trim, None),
            References::Delete => {
                let mut gone = Vec::new();
                let trimmed = self.body.log.trim(trim, Some(&mut |id| gone.push(id)));
                gone.into_iter().for_each(|id| self.forget(id));
                trimmed
            }
            References::Acknowledged => self.trim_acknowledged(trim),
        }
    }

    /// Removes those of the oldest entries that no group needs; roughly, up to the first node with one that is needed.
    fn trim_acknowledged(&mut self, trim: &Trim) -> u64 {
        let mut goes = Vec::new();
        for run in self.body.log.trimmable(trim) {
            if trim.roughly && run.iter().any(|id| self.is_needed(*id)) {
                break;
            }
            for id in run {
                if trim.is_reached((self.body.log.len() - goes.len()) as u64) {
                    break;
                }
                if !self.is_needed(id) {
                    goes.push(id);
                }
            }
        }
        let max_deleted = self.body.log.max_deleted_id();
        goes.iter().for_each(|id| {
            self.body.log.delete(*id);
        });
        // Only those that went from between others leave holes.
        let first = self.body.log.first_id();
        if self.body.log.is_empty() || goes.last().is_none_or(|id| *id < first) {
            self.body.log.set_max_deleted_id(max_deleted);
        }
        goes.len() as u64
    }
}

impl Collection for Stream {
    const KIND: Kind = Kind::Stream;

    fn empty(_: &KeyHasher) -> Stream {
        Stream::new()
    }

    /// Never: it outlives its entries.
    fn is_empty(&self) -> bool {
        false
    }

    fn into_object(self) -> Object {
        Object::Stream(self)
    }

    fn of(object: &Object) -> Option<&Stream> {
        match object {
            Object::Stream(stream) => Some(stream),
            _ => None,
        }
    }

    fn of_mut(object: &mut Object) -> Option<&mut Stream> {
        match object {
            Object::Stream(stream) => Some(stream),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
