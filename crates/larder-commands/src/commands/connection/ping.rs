//! `PING`: asks for a sign of life.

use crate::prelude::*;

pub(crate) static PING: Command = Command {
    name: "ping",
    summary: "Answers, with your message if you give one.",
    since: "1.0.0",
    group: Group::Connection,
    complexity: "O(1)",
    arity: -1,
    flags: FAST | WHILE_SUBSCRIBED,
    args: &[Arg::string("message").optional()],
    tips: &["request_policy:all_shards", "response_policy:all_succeeded"],
    examples: &["PING", "PING hello", "PING a b"],
    run,
    ..Command::DEFAULT
};

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    if args.len() > 2 {
        return Err(Error::arity("ping"));
    }
    let message = args.from(1).first().copied();
    if cx.session.is_subscribed() && out.protocol() == Protocol::Resp2 {
        out.array(2);
        out.bulk(b"pong");
        out.bulk(message.unwrap_or_default());
    } else {
        match message {
            Some(message) => out.bulk(message),
            None => out.status("PONG"),
        }
    }
    Ok(Done)
}
