//! `EXISTS`: counts those of the keys that exist.

use crate::prelude::*;

pub(crate) static EXISTS: Command = Command {
    name: "exists",
    summary: "Counts how many of the keys exist; a key named twice counts twice.",
    since: "1.0.0",
    group: Group::Keys,
    complexity: "O(N) in the number of keys",
    arity: -2,
    flags: READONLY | FAST,
    keys: &[KeySpec::range(1, -1, 1, RO)],
    args: &[Arg::key("key").multiple()],
    tips: &["request_policy:multi_shard", "response_policy:agg_sum"],
    examples: &["EXISTS nothing", "SET a 1", "EXISTS a b a", "EXISTS"],
    history: &[("3.0.3", "Accepts multiple `key` arguments.")],
    run,
    ..Command::DEFAULT
};

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let mut found = 0;
    for bytes in args.from(1) {
        let key = cx.key(bytes);
        found += i64::from(cx.view.look(&key)?.is_some());
    }
    out.int(found);
    Ok(Done)
}

#[cfg(test)]
mod tests {
    use crate::testing::House;

    #[test]
    fn a_look_counts_and_a_miss_is_an_event() {
        let house = House::new();
        let (mut guest, mut listener) = (house.guest(), house.guest());
        house.instance.configure(&[("notify-keyspace-events", "Em")]).expect("a valid setting");
        listener.says("PSUBSCRIBE __keyevent*");
        guest.says("SET a 1");
        for line in ["EXISTS a b", "TTL a", "PTTL b", "TYPE a", "GET b", "OBJECT ENCODING a"] {
            guest.says(line);
        }
        let counts = house.instance.engine().counts();
        assert_eq!((counts.hits, counts.misses), (3, 3));
        assert_eq!(listener.hears().matches("__:keymiss\" \"b\"").count(), 3);
    }
}
