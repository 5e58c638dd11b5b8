//! Copying a large value a slice at a time.

use super::hash::Hash;
use super::list::List;
use super::set::Set;
use super::zset::Zset;
use super::{Collection, Object};
use crate::keyspace::{Slice, Tools};

/// A copy in the making.
#[derive(Debug, Default)]
pub(crate) struct Copying {
    made: Option<Object>,
    cursor: u64,
}

impl Copying {
    /// Goes on with what a slice allows; the value is to be that of the slices before. Says whether that was all. Long
    /// strings are shared, and what is packed is copied at once, and so are streams, whose entries lie in blocks.
    pub(crate) fn go_on(&mut self, of: &Object, tools: &Tools<'_>, slice: &mut Slice) -> bool {
        let copy = self.made.get_or_insert_with(|| match of {
            Object::List(list) if list.encoding() == "quicklist" => List::new().into_object(),
            Object::Zset(zset) if zset.encoding() == "skiplist" => Zset::new().into_object(),
            Object::Set(set) if set.encoding() == "hashtable" => Set::new().into_object(),
            Object::Hash(hash) if hash.encoding() == "hashtable" => Hash::new().into_object(),
            other => other.clone(),
        });
        match (of, copy) {
            (Object::List(list), Object::List(copy)) => {
                for element in list.range(copy.len()..list.len()) {
                    if slice.left() == 0 {
                        return false;
                    }
                    copy.push_back(&tools.limits, element);
                    slice.add(element.len());
                }
            }
            (Object::Zset(zset), Object::Zset(copy)) => {
                for (member, score) in zset.range(copy.len()..zset.len()) {
                    if slice.left() == 0 {
                        return false;
                    }
                    copy.insert(tools, member, score);
                    slice.add(member.len());
                }
            }
            (Object::Set(set), Object::Set(copy)) if copy.len() < set.len() => {
                self.cursor = slice.walk(self.cursor, |slice, cursor| {
                    set.scan(cursor, Slice::STEP, |member| {
                        copy.insert(tools, member.as_bytes(&mut super::string::IntText::new()));
                        slice.add(member.len());
                    })
                });
            }
            (Object::Hash(hash), Object::Hash(copy)) if copy.len() < hash.len() => {
                self.cursor = slice.walk(self.cursor, |slice, cursor| {
                    hash.scan(cursor, Slice::STEP, |field, value| {
                        copy.set(tools, field, value.as_bytes(&mut super::string::IntText::new()));
                        if let Some(deadline) = hash.deadline(field) {
                            copy.set_deadline(tools, field, Some(deadline));
                        }
                        slice.add(field.len() + value.len());
                    })
                });
            }
            _ => {}
        }
        self.cursor == 0
    }

    /// The whole, if there was anything to copy.
    pub(crate) fn into_object(self) -> Option<Object> {
        self.made
    }
}
