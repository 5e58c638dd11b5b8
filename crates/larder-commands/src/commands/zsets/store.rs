//! What `STORE` forms do with their result: it replaces whatever the key held, and an empty one removes the key.

use crate::prelude::*;
use larder_core::value::Collection;
use larder_core::value::zset::Zset;

/// Stores a result and answers how many members it has.
pub(crate) fn store(
    cx: &mut Cx<'_>,
    destination: &[u8],
    result: Zset,
    event: &'static str,
    out: &mut dyn Reply,
) -> Result<Outcome> {
    let key = cx.key(destination);
    let len = result.len();
    if len > 0 {
        cx.view.put_object(&key, result.into_object(), Expiry::Never)?;
        cx.view.report(&key, event, Class::ZSET)?;
    } else if cx.view.remove(&key)? {
        cx.view.report(&key, "del", Class::GENERIC)?;
    }
    out.count(len);
    Ok(Done)
}
