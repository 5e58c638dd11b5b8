//! What a key can hold: pure data, without clocks, locks or replies.

#![allow(clippy::float_cmp, reason = "scores order a set: two are equal or they are not")]

pub mod combine;
pub(crate) mod copying;
mod field_table;
mod fields;
pub mod geo;
pub mod hash;
pub mod list;
mod list_block;
mod member_table;
mod mortal;
mod packed;
pub mod score;
mod score_list;
mod score_tree;
pub mod set;
pub mod stream;
pub mod string;
pub mod zset;

use crate::keyspace::{Class, KeyHasher};
use crate::sync::Arc;
use hash::Hash;
use list::List;
use set::Set;
use stream::Stream;
use zset::Zset;

/// The type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// Bytes or a number.
    String,
    /// A sequence.
    List,
    /// Distinct members.
    Set,
    /// Distinct members, each with a score.
    Zset,
    /// Fields with values.
    Hash,
    /// An append-only log.
    Stream,
}

impl Kind {
    /// The change class of this type's own events.
    pub fn class(self) -> Class {
        match self {
            Kind::String => Class::STRING,
            Kind::List => Class::LIST,
            Kind::Set => Class::SET,
            Kind::Zset => Class::ZSET,
            Kind::Hash => Class::HASH,
            Kind::Stream => Class::STREAM,
        }
    }
}

/// A value that is not a short string or a number.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Object {
    /// A string that is long, or that was edited in place: shared, so that a reader can keep it beyond the lock.
    Bytes(Arc<Vec<u8>>),
    /// A sequence.
    List(List),
    /// Members with scores.
    Zset(Zset),
    /// Fields with values.
    Hash(Hash),
    /// Members.
    Set(Set),
    /// A log of entries.
    Stream(Stream),
}

impl Object {
    /// Fetches what finding these members or fields will touch into the cache.
    pub(crate) fn prefetch(&self, elements: &[&[u8]]) {
        match self {
            Object::Hash(hash) => hash.prefetch(elements),
            Object::Set(set) => set.prefetch(elements),
            Object::Zset(zset) => zset.prefetch(elements),
            Object::Bytes(_) | Object::List(_) | Object::Stream(_) => {}
        }
    }

    /// The type.
    pub fn kind(&self) -> Kind {
        match self {
            Object::Bytes(_) => Kind::String,
            Object::List(_) => Kind::List,
            Object::Zset(_) => Kind::Zset,
            Object::Hash(_) => Kind::Hash,
            Object::Set(_) => Kind::Set,
            Object::Stream(_) => Kind::Stream,
        }
    }

    /// How it is kept, by the names Redis has for its own ways.
    pub fn encoding(&self) -> &'static str {
        match self {
            Object::Bytes(_) => "raw",
            Object::List(list) => list.encoding(),
            Object::Hash(hash) => hash.encoding(),
            Object::Set(set) => set.encoding(),
            Object::Zset(zset) => zset.encoding(),
            Object::Stream(stream) => stream.encoding(),
        }
    }

    /// When parts of it die: see [`Collection::dues`].
    #[inline]
    pub(crate) fn dues(&self) -> Dues {
        match self {
            Object::Hash(hash) => hash.dues(),
            _ => Dues::default(),
        }
    }

    /// How many members, fields, elements or entries it has; 1 for a string. O(1).
    pub fn parts(&self) -> usize {
        match self {
            Object::Bytes(_) => 1,
            Object::List(list) => list.len(),
            Object::Zset(zset) => zset.len(),
            Object::Hash(hash) => hash.len(),
            Object::Set(set) => set.len(),
            Object::Stream(stream) => stream.log().len(),
        }
    }

    /// About how many allocations freeing it would free, a large one counted as one for each KiB. O(1).
    pub(crate) fn allocations(&self) -> usize {
        match self {
            // Others still have it.
            Object::Bytes(bytes) if Arc::strong_count(bytes) > 1 => 0,
            Object::Bytes(bytes) => bytes.capacity() / 1_024,
            // These lie in blocks.
            Object::List(_) | Object::Stream(_) => self.used_bytes() / 1_024,
            Object::Zset(_) | Object::Hash(_) | Object::Set(_) => self.parts(),
        }
    }

    /// Bytes of the heap this value owns, the object itself included.
    pub fn used_bytes(&self) -> usize {
        size_of::<Object>()
            + match self {
                Object::Bytes(bytes) => bytes.capacity() + size_of::<Vec<u8>>() + 2 * size_of::<usize>(),
                Object::List(list) => list.used_bytes(),
                Object::Zset(zset) => zset.used_bytes(),
                Object::Hash(hash) => hash.used_bytes(),
                Object::Set(set) => set.used_bytes(),
                Object::Stream(stream) => stream.used_bytes(),
            }
    }
}

/// When parts of a value die, as of the moment at which it is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dues {
    /// The nearest deadline of any part, in engine milliseconds, even where it has passed.
    pub next_ms: Option<u64>,
    /// Parts that are gone and were not removed yet.
    pub overdue: usize,
}

/// A value type with members: it exists as long as it has some, unless there is more to it than them.
pub trait Collection: Sized {
    /// Its type.
    const KIND: Kind;
    /// One without members.
    fn empty(hasher: &KeyHasher) -> Self;
    /// Whether it has no members and so ends to exist.
    fn is_empty(&self) -> bool;
    /// When parts of it die.
    #[inline]
    fn dues(&self) -> Dues {
        Dues::default()
    }
    /// Called at the end of an edit: what only deadlines need goes with the last of them.
    #[inline]
    fn settle(&mut self) {}
    /// As an object.
    fn into_object(self) -> Object;
    /// The collection in an object, if it is of this type.
    fn of(object: &Object) -> Option<&Self>;
    /// The collection in an object, to be changed.
    fn of_mut(object: &mut Object) -> Option<&mut Self>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DbIndex, Edit, Engine, Missing, Options};

    /// Adds members to a key and removes them again; the engine's account of bytes must come back to where it was.
    fn fill_and_empty<C: Collection>(
        add: impl Fn(&mut Edit<'_, C>, &[u8]),
        remove: impl Fn(&mut Edit<'_, C>, &[u8]),
    ) {
        let engine = Engine::with_options(Options { seed: Some(1), ..Options::default() });
        let key = engine.key(DbIndex::default(), b"key");
        let members: Vec<String> = (0..5_000).map(|n| format!("member:{n}")).collect();
        let mut most = 0;
        for member in &members {
            let mut view = engine.view_one(&key, None);
            view.edit(&key, Missing::Create, |edit| add(edit, member.as_bytes()))
                .expect("it is of this type");
            drop(view);
            most = most.max(engine.records_bytes());
        }
        assert!(most > 50_000, "{most}");
        for member in &members {
            let mut view = engine.view_one(&key, None);
            assert!(view.exists(&key).expect("it is in the view"));
            view.edit(&key, Missing::Skip, |edit| remove(edit, member.as_bytes()))
                .expect("it is of this type");
        }
        assert!(!engine.view_one(&key, None).exists(&key).expect("it is in the view"));
        assert_eq!(engine.records_bytes(), 0);
    }

    #[test]
    fn a_sorted_set_accounts_for_its_bytes() {
        fill_and_empty::<Zset>(
            |edit, member| {
                edit.collection.insert(&edit.tools, member, member.len() as f64);
            },
            |edit, member| {
                edit.remove(member);
            },
        );
    }

    #[test]
    fn a_hash_accounts_for_its_bytes() {
        fill_and_empty::<Hash>(
            |edit, member| {
                edit.collection.set(&edit.tools, member, member);
            },
            |edit, member| {
                edit.remove(member);
            },
        );
    }

    #[test]
    fn a_set_accounts_for_its_bytes() {
        fill_and_empty::<Set>(
            |edit, member| {
                edit.collection.insert(&edit.tools, member);
            },
            |edit, member| {
                edit.remove(member);
            },
        );
    }

    #[test]
    fn a_list_accounts_for_its_bytes() {
        fill_and_empty::<List>(
            |edit, member| edit.collection.push_front(&edit.tools.limits, member),
            |edit, _| {
                edit.pop_back();
            },
        );
    }

    #[test]
    fn a_stream_accounts_for_its_bytes_and_outlives_its_entries() {
        use stream::{Group, Keep, Pending, References, Stream, StreamId, Trim};
        let engine = Engine::with_options(Options { seed: Some(1), ..Options::default() });
        let key = engine.key(DbIndex::default(), b"key");
        let mut view = engine.view_one(&key, None);
        for n in 1..=5_000 {
            view.edit(&key, Missing::Create, |edit: &mut Edit<'_, Stream>| {
                let (limits, id) = (edit.tools.limits, StreamId::new(n, 0));
                edit.log_mut().append(&limits, id, &[b"field", b"value"]).expect("it is above the last");
                edit.add_group(b"group", Group::new(StreamId::MIN, Some(0)));
                edit.edit_group(b"group", |_, group| {
                    let (consumer, _) = group.find_or_create(format!("consumer:{}", n % 10).as_bytes(), 0);
                    group.assign(id, Pending { consumer, delivered_ms: 0, deliveries: 1 });
                });
            })
            .expect("it is of this type");
        }
        drop(view);
        assert!(engine.records_bytes() > 400_000, "{}", engine.records_bytes());
        let copied = engine.key(DbIndex::default(), b"copied");
        let mut view = engine.view(&[key, copied]);
        view.copy(&key, &copied).expect("both are in the view");
        assert!(view.remove(&key).expect("it is in the view"));
        view.rename(&copied, &key).expect("both are in the view");
        drop(view);
        let mut view = engine.view_one(&key, None);
        view.edit(&key, Missing::Skip, |edit: &mut Edit<'_, Stream>| {
            let all = Trim { keep: Keep::Newest(0), roughly: false, limit: None };
            assert_eq!(edit.trim(&all, References::Delete), 5_000);
            assert!(edit.remove_group(b"group"));
        })
        .expect("it is of this type");
        drop(view);
        assert!(engine.records_bytes() < 1_000, "{}", engine.records_bytes());
        assert!(engine.view_one(&key, None).remove(&key).expect("it is in the view"));
        assert_eq!(engine.records_bytes(), 0);
    }
}
