//! `ZRANK`, `ZREVRANK`: where a member stands.

use crate::prelude::*;
use larder_core::value::zset::Zset;

const BASE: Command = Command {
    since: "2.0.0",
    group: Group::SortedSets,
    complexity: "O(log(N)) in the members of the set",
    arity: -3,
    flags: READONLY | FAST,
    keys: &[KeySpec::at(1, RO | ACCESS)],
    args: &[
        Arg::key("key"),
        Arg::string("member"),
        Arg::word("withscore", "WITHSCORE").optional().since("7.2.0"),
    ],
    history: &[("7.2.0", "`WITHSCORE`.")],
    ..Command::DEFAULT
};

pub(crate) static ZRANK: Command = Command {
    name: "zrank",
    element: 2,
    summary: "Says how many members stand before a member, lowest score first; with its score if you like.",
    examples: &[
        "ZADD board 10 ada 20 bob 20 cat",
        "ZRANK board cat",
        "ZRANK board dan",
        "ZRANK none ada",
        "SET s x",
        "ZRANK s ada",
    ],
    run: |cx, args, out| run(cx, args, out, false),
    ..BASE
};

pub(crate) static ZREVRANK: Command = Command {
    name: "zrevrank",
    element: 2,
    summary: "Says how many members stand before a member, highest score first; with its score if you like.",
    examples: &[
        "ZADD board 10 ada 20 bob 20 cat",
        "ZREVRANK board cat",
        "ZREVRANK board ada",
        "ZREVRANK board dan",
        "ZREVRANK none ada",
    ],
    run: |cx, args, out| run(cx, args, out, true),
    ..BASE
};

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply, reverse: bool) -> Result<Outcome> {
    let with_score = match *args.from(3) {
        [] => false,
        [word] if is(word, "WITHSCORE") => true,
        [_] => return Err(Error::SYNTAX),
        _ => return Err(Error::arity(cx.entry.command.name)),
    };
    let key = cx.key(args.at(1));
    let found = cx.view.collection::<Zset>(&key)?.and_then(|zset| zset.rank(args.at(2), reverse));
    match found {
        Some((rank, score)) if with_score => {
            out.array(2);
            out.count(rank);
            out.double(score);
        }
        Some((rank, _)) => out.count(rank),
        None if with_score => out.null_array(),
        None => out.null(),
    }
    Ok(Done)
}

#[cfg(test)]
mod tests {
    use crate::testing::House;

    #[test]
    fn the_score_comes_with_the_rank_where_it_is_asked_for() {
        let mut guest = House::new().guest();
        guest.says("ZADD z 1 a 2 b 2.5 c");
        for (line, answer) in [
            ("ZRANK z c WITHSCORE", "[(2) ,2.5]"),
            ("ZREVRANK z a withscore", "[(2) ,1]"),
            ("ZRANK z d WITHSCORE", "nil[]"),
            ("ZRANK none d WITHSCORE", "nil[]"),
            ("ZRANK z a WITHSCORES", "-ERR syntax error"),
            ("ZRANK z a WITHSCORE x", "-ERR wrong number of arguments for 'zrank' command"),
        ] {
            assert_eq!(guest.says(line), answer, "{line}");
        }
    }
}
