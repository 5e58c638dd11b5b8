//! `DEBUG`: for tests of clients and servers, where the setting `enable-debug-command` allows it.

use crate::prelude::*;
use crate::spec::Run;
use larder_core::glob;
use std::time::Duration;

pub(crate) static DEBUG: Command = Command {
    name: "debug",
    summary: "Does things that tests need.",
    group: Group::Server,
    complexity: "That of the subcommand",
    arity: -2,
    flags: ADMIN | NOSCRIPT | LOADING | STALE,
    reach: Reach::Dynamic(reach),
    internal: true,
    examples: &[
        "DEBUG STRINGMATCH-LEN 100",
        "DEBUG OBJECT nosuch",
        "DEBUG SLEEP",
        "DEBUG SLEEP 0",
        "DEBUG NOSUCH",
        "DEBUG CHANGE-REPL-ID",
        "DEBUG SET-ACTIVE-EXPIRE 1",
        "DEBUG ERROR ERR_is_this",
        "DEBUG PROTOCOL string",
        "DEBUG PROTOCOL double",
        "DEBUG PROTOCOL null",
        "DEBUG PROTOCOL array",
        "DEBUG PROTOCOL set",
        "DEBUG PROTOCOL map",
        "DEBUG PROTOCOL true",
        "DEBUG PROTOCOL bignum",
        "DEBUG PROTOCOL verbatim",
    ],
    partial: Some(
        "CHANGE-REPL-ID, ERROR, OBJECT, PROTOCOL, SET-ACTIVE-EXPIRE (which changes nothing), SLEEP, STRINGMATCH-LEN",
    ),
    run,
    ..Command::DEFAULT
};

const WRONG_TYPE_NAME: &str = "Wrong protocol type name. Please use one of the following: \
    string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false";

/// What it does, by subcommand: how many words follow, what is done, what help says.
const SUBCOMMANDS: [(&str, usize, Run, &str); 8] = [
    ("CHANGE-REPL-ID", 0, |_, _, out| done(out), ": does nothing while there is no replication."),
    ("ERROR", 1, error, " <text>: answers with this error."),
    ("HELP", 0, help, ": names the subcommands."),
    ("OBJECT", 1, object, " <key>: shows what the store knows of a value."),
    ("PROTOCOL", 1, protocol, " <type>: answers with a value of a type of the protocol."),
    (
        "SET-ACTIVE-EXPIRE",
        1,
        |_, _, out| done(out),
        " <0|1>: accepted; keys die at their deadlines in any case.",
    ),
    ("SLEEP", 1, sleep, " <seconds>: holds up the thread that serves this connection."),
    ("STRINGMATCH-LEN", 2, stringmatch, " <length> <pattern>: matches a pattern against so many `x`."),
];

fn reach(words: &[&[u8]]) -> Reach {
    // The key of OBJECT is no key for the rest of the world, so only a view of everything is sure to hold it.
    if words.get(1).is_some_and(|word| is(word, "OBJECT")) { Reach::Everything } else { Reach::Stripes }
}

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let origin = &cx.session.client.origin;
    let is_local = origin.unix || origin.addr.starts_with("127.") || origin.addr.starts_with("[::1]");
    let allowed = match cx.instance.settings().text("enable-debug-command").as_str() {
        "yes" => true,
        "local" => is_local,
        _ => false,
    };
    if !allowed {
        return Err(Error::general(
            "DEBUG command not allowed. If the enable-debug-command option is set to \"local\", you can run it from a \
             local connection, otherwise you need to set this option in the configuration file, and then restart the \
             server.",
        ));
    }
    let known = SUBCOMMANDS.iter().find(|(name, words, ..)| is(args.at(1), name) && args.len() == words + 2);
    match known {
        Some((_, _, run, _)) => run(cx, args, out),
        None => Err(Error::unknown_arguments(args.at(1), "DEBUG")),
    }
}

fn done(out: &mut dyn Reply) -> Result<Outcome> {
    out.ok();
    Ok(Done)
}

fn help(_: &mut Cx<'_>, _: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    out.array(SUBCOMMANDS.len());
    for (name, _, _, words) in SUBCOMMANDS {
        out.status(&format!("{name}{words}"));
    }
    Ok(Done)
}

fn error(_: &mut Cx<'_>, args: Args<'_>, _: &mut dyn Reply) -> Result<Outcome> {
    Err(Error::new(String::from_utf8_lossy(args.at(2)).into_owned()))
}

fn object(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let engine = cx.instance.engine();
    let key = cx.key(args.at(2));
    let entry = cx.view.peek(&key)?.ok_or(Error::NO_SUCH_KEY)?;
    let idle = engine.idle_seconds_of(entry.access());
    out.status(&format!(
        "Value at:0x0 refcount:1 encoding:{} serializedlength:{} lru:{} lru_seconds_idle:{idle}",
        entry.encoding(),
        entry.used_bytes(),
        entry.access(),
    ));
    Ok(Done)
}

fn sleep(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    /// Nobody means to wait for longer than a day.
    const SECONDS_MAX: f64 = 86_400.0;
    // What is no number is no time, as in Redis.
    let seconds = args.float(2).unwrap_or(0.0).clamp(0.0, SECONDS_MAX);
    cx.instance.host().sleep(Duration::from_secs_f64(seconds));
    done(out)
}

fn stringmatch(_: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    const LEN_MAX: i64 = 16 << 20;
    let len = args.int(2)?;
    if !(0..=LEN_MAX).contains(&len) {
        return Err(Error::OUT_OF_RANGE);
    }
    let matches = glob::matches(args.at(3), &vec![b'x'; len as usize]);
    out.int(i64::from(matches));
    Ok(Done)
}

fn protocol(_: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    const DIGITS: &str = "1234567999999999999999999999999999999";
    let kind = String::from_utf8_lossy(args.at(2)).to_ascii_lowercase();
    match kind.as_str() {
        "string" => out.bulk(b"Hello World"),
        "integer" => out.int(12_345),
        "double" => out.double(3_141.0 / 1_000.0),
        "bignum" => out.big_number(DIGITS),
        "null" => out.null(),
        "array" => {
            out.array(3);
            (0..3).for_each(|n| out.int(n));
        }
        "set" => {
            out.set(3);
            (0..3).for_each(|n| out.int(n));
        }
        "map" => {
            out.map(3);
            for n in 0..3 {
                out.int(n);
                out.boolean(n == 1);
            }
        }
        // Attributes may be left out by whoever does not send any.
        "attrib" => out.bulk(b"Some real reply following the attribute"),
        "push" if out.protocol() == Protocol::Resp2 => {
            return Err(Error::general("RESP2 is not supported by this command"));
        }
        "push" => {
            out.push(2);
            out.bulk(b"server-cpu-usage");
            out.int(42);
            out.bulk(b"Some real reply following the push reply");
        }
        "verbatim" => out.verbatim("txt", b"This is a verbatim\nstring"),
        "true" => out.boolean(true),
        "false" => out.boolean(false),
        _ => return Err(Error::general(WRONG_TYPE_NAME)),
    }
    Ok(Done)
}

#[cfg(test)]
mod tests {
    use crate::testing::House;

    #[test]
    fn only_where_it_is_allowed() {
        let house = House::new();
        let mut guest = house.guest();
        assert!(guest.says("DEBUG SLEEP 0").starts_with("-ERR DEBUG command not allowed."));
    }
}
