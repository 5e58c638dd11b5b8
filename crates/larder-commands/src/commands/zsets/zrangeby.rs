//! The older forms of `ZRANGE`, which name order and direction in the command: `ZREVRANGE`, `ZRANGEBYSCORE`,
//! `ZREVRANGEBYSCORE`, `ZRANGEBYLEX`, `ZREVRANGEBYLEX`.

use super::range::{Form, Order};
use super::zrange::reply;
use crate::prelude::*;

const BASE: Command = Command {
    group: Group::SortedSets,
    complexity: "O(log(N)+M): N members in the set, M returned",
    arity: -4,
    flags: READONLY,
    keys: &[KeySpec::at(1, RO | ACCESS)],
    ..Command::DEFAULT
};

const LIMIT: Arg =
    Arg::block("offset_count", &[Arg::int("offset"), Arg::int("count")]).token("LIMIT").optional();
const WITH_SCORES: Arg = Arg::word("withscores", "WITHSCORES").optional();

pub(crate) static ZREVRANGE: Command = Command {
    name: "zrevrange",
    summary: "Returns members by rank, highest score first. ZRANGE with REV does the same.",
    since: "1.2.0",
    args: &[Arg::key("key"), Arg::int("start"), Arg::int("stop"), WITH_SCORES],
    deprecated: Some(("6.2.0", "`ZRANGE` with the `REV` argument")),
    examples: &[
        "ZADD board 10 ada 20 bob 30 cat",
        "ZREVRANGE board 0 1",
        "ZREVRANGE board -1 -1 WITHSCORES",
        "ZREVRANGE board 5 9",
        "ZREVRANGE board 0 x",
        "ZREVRANGE board 0 1 BYSCORE",
        "ZREVRANGE board 0 1 LIMIT 0 1",
    ],
    run: |cx, args, out| reply(cx, args, out, form(Order::Rank, true)),
    ..BASE
};

pub(crate) static ZRANGEBYSCORE: Command = Command {
    name: "zrangebyscore",
    summary: "Returns members by score, lowest first. ZRANGE with BYSCORE does the same.",
    since: "1.0.5",
    args: &[Arg::key("key"), Arg::double("min"), Arg::double("max"), WITH_SCORES.since("2.0.0"), LIMIT],
    deprecated: Some(("6.2.0", "`ZRANGE` with the `BYSCORE` argument")),
    examples: &[
        "ZADD board 10 ada 20 bob 30 cat",
        "ZRANGEBYSCORE board -inf +inf",
        "ZRANGEBYSCORE board (10 30 WITHSCORES LIMIT 1 5",
        "ZRANGEBYSCORE board 30 10",
        "ZRANGEBYSCORE board 0 99 LIMIT 0",
        "ZRANGEBYSCORE board 0 99 LIMIT x 1",
        "ZRANGEBYSCORE board ( 99x",
        "SET s x",
        "ZRANGEBYSCORE s 0 1",
    ],
    history: &[("2.0.0", "`WITHSCORES`.")],
    run: |cx, args, out| reply(cx, args, out, form(Order::Score, false)),
    ..BASE
};

pub(crate) static ZREVRANGEBYSCORE: Command = Command {
    name: "zrevrangebyscore",
    summary: "Returns members by score, highest first. ZRANGE with BYSCORE and REV does the same.",
    since: "2.2.0",
    args: &[Arg::key("key"), Arg::double("max"), Arg::double("min"), WITH_SCORES, LIMIT],
    deprecated: Some(("6.2.0", "`ZRANGE` with the `REV` and `BYSCORE` arguments")),
    examples: &[
        "ZADD board 10 ada 20 bob 30 cat",
        "ZREVRANGEBYSCORE board +inf -inf",
        "ZREVRANGEBYSCORE board 30 (10 WITHSCORES LIMIT 1 5",
        "ZREVRANGEBYSCORE board 10 30",
        "ZREVRANGEBYSCORE board 10 x",
    ],
    history: &[("2.1.6", "`min` and `max` may be exclusive.")],
    run: |cx, args, out| reply(cx, args, out, form(Order::Score, true)),
    ..BASE
};

pub(crate) static ZRANGEBYLEX: Command = Command {
    name: "zrangebylex",
    summary: "Returns members in the order of their bytes. ZRANGE with BYLEX does the same.",
    since: "2.8.9",
    args: &[Arg::key("key"), Arg::string("min"), Arg::string("max"), LIMIT],
    deprecated: Some(("6.2.0", "`ZRANGE` with the `BYLEX` argument")),
    examples: &[
        "ZADD words 0 apple 0 banana 0 cherry",
        "ZRANGEBYLEX words - +",
        "ZRANGEBYLEX words [b (cherry",
        "ZRANGEBYLEX words - + LIMIT 1 1",
        "ZRANGEBYLEX words + -",
        "ZRANGEBYLEX words b c",
        "ZRANGEBYLEX words - + WITHSCORES",
    ],
    run: |cx, args, out| reply(cx, args, out, form(Order::Lex, false)),
    ..BASE
};

pub(crate) static ZREVRANGEBYLEX: Command = Command {
    name: "zrevrangebylex",
    summary: "Returns members against the order of their bytes. ZRANGE with BYLEX and REV does the same.",
    since: "2.8.9",
    args: &[Arg::key("key"), Arg::string("max"), Arg::string("min"), LIMIT],
    deprecated: Some(("6.2.0", "`ZRANGE` with the `REV` and `BYLEX` arguments")),
    examples: &[
        "ZADD words 0 apple 0 banana 0 cherry",
        "ZREVRANGEBYLEX words + -",
        "ZREVRANGEBYLEX words (cherry [b",
        "ZREVRANGEBYLEX words + - LIMIT 0 2",
        "ZREVRANGEBYLEX words + -x",
    ],
    run: |cx, args, out| reply(cx, args, out, form(Order::Lex, true)),
    ..BASE
};

fn form(order: Order, reverse: bool) -> Form {
    Form { order: Some(order), reverse: Some(reverse), replies: true }
}
