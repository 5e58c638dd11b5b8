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

#[cfg(test)]
mod tests {
    use crate::testing::House;

    /// The events of all commands on sorted sets, those included that change nothing and must be silent.
    #[test]
    fn every_change_is_reported_once() {
        let house = House::new();
        house.instance.configure(&[("notify-keyspace-events", "EA")]).expect("a valid setting");
        let (mut guest, mut listener) = (house.guest(), house.guest());
        listener.says("PSUBSCRIBE __keyevent*");
        for (line, expected) in [
            ("ZADD z 1 a 2 b 3 c 4 d 5 e 6 f 7 g", "zadd z"),
            ("ZADD z 1 a", ""),
            ("ZADD z XX 1 none", ""),
            ("ZADD z INCR 1 a", "zincr z"),
            ("ZINCRBY z 0 a", ""),
            ("ZINCRBY z -1 a", "zincr z"),
            ("ZREM z none", ""),
            ("ZREM z a none", "zrem z"),
            ("ZPOPMIN z 0", ""),
            ("ZPOPMIN z", "zpopmin z"),
            ("ZMPOP 1 z MAX COUNT 1", "zpopmax z"),
            ("BZPOPMAX z 0", "zpopmax z"),
            ("ZREMRANGEBYRANK z 9 9", ""),
            ("ZREMRANGEBYRANK z 0 0", "zremrangebyrank z"),
            ("ZREMRANGEBYSCORE z 4 4", "zremrangebyscore z"),
            ("ZUNIONSTORE u 1 z", "zunionstore u"),
            ("ZINTERSTORE u 1 z", "zinterstore u"),
            ("ZDIFFSTORE u 1 z", "zdiffstore u"),
            ("ZRANGESTORE u z 0 -1", "zrangestore u"),
            ("ZREMRANGEBYLEX z - +", "zremrangebylex z, del z"),
            ("ZUNIONSTORE u 1 z", "del u"),
            ("ZUNIONSTORE u 1 z", ""),
            ("ZRANGESTORE u z 0 -1", ""),
        ] {
            guest.says(line);
            let heard = listener.hears();
            let mut words = heard.split('"').skip(1).step_by(2).skip(2);
            let mut events = Vec::new();
            while let (Some(channel), Some(key)) = (words.next(), words.next()) {
                events.push(format!("{} {key}", channel.trim_start_matches("__keyevent@0__:")));
                words.next();
                words.next();
            }
            assert_eq!(events.join(", "), expected, "{line}: {heard}");
        }
    }
}
