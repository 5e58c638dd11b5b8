//! `UNLINK`: removes keys. Larder frees values outside of its locks in any case, so it is DEL by another name.

use super::del;
use crate::prelude::*;
use larder_core::value::Object;
use std::sync::atomic::Ordering;

pub(crate) static UNLINK: Command = Command {
    name: "unlink",
    summary: "Removes keys; the same as DEL here, where large values never hold others up.",
    since: "4.0.0",
    group: Group::Keys,
    complexity: "O(1) for each key; values are freed when nobody waits for it",
    arity: -2,
    flags: WRITE | FAST,
    keys: &[KeySpec::range(1, -1, 1, RM | DELETE)],
    args: &[Arg::key("key").multiple()],
    tips: &["request_policy:multi_shard", "response_policy:agg_sum"],
    examples: &["SET a 1", "SET b 2", "UNLINK a b c", "EXISTS a b"],
    run,
    ..Command::DEFAULT
};

/// A value of more parts than this is large: INFO counts it as freed by somebody else, as Redis does.
const PARTS_MAX: usize = 64;

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    for bytes in args.from(1) {
        let key = cx.key(bytes);
        let large = cx.view.peek(&key)?.and_then(|entry| entry.object().map(Object::parts)) > Some(PARTS_MAX);
        if large {
            cx.instance.stats.lazyfreed_objects.fetch_add(1, Ordering::Relaxed);
        }
    }
    del::run(cx, args, out)
}

#[cfg(test)]
mod tests {
    use crate::testing::House;

    #[test]
    fn large_values_are_counted_and_whatever_is_flushed_in_the_background() {
        let house = House::new();
        let mut guest = house.guest();
        let freed = |guest: &mut crate::testing::Guest, count: u32| {
            guest.says("INFO memory").contains(&format!("lazyfreed_objects:{count}\\r"))
        };
        guest.says("RPUSH small 1 2 3");
        guest.says("SET text 1");
        (0..65).for_each(|n| drop(guest.says(&format!("XADD large 0-{} f v", n + 1))));
        assert_eq!(guest.says("UNLINK large small text nosuch"), "(3)");
        assert!(freed(&mut guest, 1));
        guest.says("MSET a 1 b 2");
        guest.says("FLUSHALL");
        assert!(freed(&mut guest, 1));
        guest.says("MSET a 1 b 2");
        guest.says("FLUSHALL ASYNC");
        assert!(freed(&mut guest, 3));
        guest.says("CONFIG RESETSTAT");
        assert!(freed(&mut guest, 0));
    }
}
