//! Finding groups, and time as their members see it.

use crate::prelude::*;
use larder_core::Edit;
use larder_core::value::stream::{ConsumerId, Group, Stream};
use std::borrow::Cow;

/// A word as it stands in errors, which end at a zero byte as texts do in C.
pub(crate) fn shown(word: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(word.split(|byte| *byte == 0).next().unwrap_or_default())
}

/// There is no such group.
pub(crate) fn no_group(key: &[u8], group: &[u8], why: &str) -> Error {
    let (key, group) = (shown(key), shown(group));
    Error::new(format!("NOGROUP No such key '{key}' or consumer group '{group}'{why}"))
}

/// The same in the words of commands that found the key.
pub(crate) fn no_group_of_key(key: &[u8], group: &[u8]) -> Error {
    let (key, group) = (shown(key), shown(group));
    Error::new(format!("NOGROUP No such consumer group '{group}' for key name '{key}'"))
}

/// Checks that there is a group.
pub(crate) fn must_exist(cx: &mut Cx<'_>, key: &[u8], group: &[u8], why: &str) -> Result<()> {
    let found =
        cx.view.collection::<Stream>(&cx.key(key))?.is_some_and(|stream| stream.group(group).is_some());
    if found { Ok(()) } else { Err(no_group(key, group, why)) }
}

/// The consumer of a name, who comes into being by being asked for. Reports it then.
pub(crate) fn consumer(
    edit: &mut Edit<'_, Stream>,
    group: &[u8],
    consumer: &[u8],
    now_ms: i64,
) -> Option<ConsumerId> {
    let (id, created) = edit.edit_group(group, |_, group| {
        let found = group.find_or_create(consumer, now_ms);
        if let Some(consumer) = group.consumer_mut(found.0) {
            consumer.seen_ms = now_ms;
        }
        found
    })?;
    if created {
        edit.report("xgroup-createconsumer");
    }
    Some(id)
}

/// Notes that a consumer got something.
pub(crate) fn was_active(group: &mut Group, consumer: ConsumerId, now_ms: i64) {
    if let Some(consumer) = group.consumer_mut(consumer) {
        consumer.active_ms = Some(now_ms);
    }
}

/// Now: what is pending is dated in engine milliseconds, so that a step of the wall clock makes nothing idle.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Now {
    /// In engine milliseconds.
    pub(crate) ms: i64,
    /// As unix time.
    pub(crate) unix_ms: i64,
}

impl Now {
    pub(crate) fn of(cx: &mut Cx<'_>) -> Now {
        let ms = cx.view.now_ms();
        Now { ms: ms as i64, unix_ms: cx.unix_ms_of(Deadline::at_ms(ms)) }
    }

    /// An engine time as unix time.
    pub(crate) fn as_unix(self, ms: i64) -> i64 {
        ms.wrapping_add(self.unix_ms.wrapping_sub(self.ms))
    }

    /// A unix time as engine time; one in the future, or before time began, is now.
    pub(crate) fn at_unix(self, unix_ms: i64) -> i64 {
        if (0..=self.unix_ms).contains(&unix_ms) { self.ms - (self.unix_ms - unix_ms) } else { self.ms }
    }

    /// For how long something has been idle since then.
    pub(crate) fn since(self, ms: i64) -> i64 {
        self.ms.saturating_sub(ms).max(0)
    }
}
