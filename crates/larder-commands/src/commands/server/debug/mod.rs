//! `DEBUG`: for tests of clients and servers, where the setting `enable-debug-command` allows it.

mod digest;
mod reload;

use crate::host::LogLevel;
use crate::prelude::*;
use crate::settings::parse_bytes;
use crate::spec::Run;
use larder_core::glob;
use std::ops::RangeInclusive;
use std::sync::atomic::Ordering;
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
        "DEBUG DIGEST",
        "SET s text",
        "SET n 12",
        "RPUSH l a b a",
        "SADD m 1 2 x",
        "ZADD z 1 a 0.1 b inf c 1e30 d -1e-9 e",
        "HSET h f 1 g x",
        "XADD x 1-1 f v g 7",
        "DEBUG DIGEST-VALUE s n l m z h x nosuch",
        "DEBUG DIGEST",
        "EXPIRE s 1000",
        "DEBUG DIGEST-VALUE s",
        "SELECT 3",
        "SET s text",
        "DEBUG DIGEST",
        "DEBUG POPULATE 3",
        "DEBUG POPULATE 2 p 10",
        "MGET key:0 key:2 key:3 p:1",
        "DEBUG POPULATE x",
        "DEBUG QUICKLIST-PACKED-THRESHOLD 100b",
        "DEBUG QUICKLIST-PACKED-THRESHOLD 0",
        "DEBUG QUICKLIST-PACKED-THRESHOLD x",
        "DEBUG RELOAD NOSUCH",
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
        "CHANGE-REPL-ID, DIGEST, DIGEST-VALUE, ERROR, LOG, OBJECT, POPULATE, PROTOCOL, RELOAD, SLEEP, \
         QUICKLIST-PACKED-THRESHOLD (which changes nothing), SET-ACTIVE-EXPIRE, SET-DISABLE-DENY-SCRIPTS, \
         STRINGMATCH-LEN",
    ),
    run,
    ..Command::DEFAULT
};

const WRONG_TYPE_NAME: &str = "Wrong protocol type name. Please use one of the following: \
    string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false";

/// One subcommand.
struct Sub {
    name: &'static str,
    /// How many words may follow.
    words: RangeInclusive<usize>,
    run: Run,
    /// What HELP says after the name: its words, then what it does.
    help: &'static str,
}

const fn sub(name: &'static str, words: RangeInclusive<usize>, run: Run, help: &'static str) -> Sub {
    Sub { name, words, run, help }
}

static SUBCOMMANDS: [Sub; 15] = [
    sub("CHANGE-REPL-ID", 0..=0, |_, _, out| done(out), ": does nothing while there is no replication."),
    sub(
        "DIGEST",
        0..=0,
        digest::of_everything,
        ": a digest of all data, the same as Redis' for the same data.",
    ),
    sub(
        "DIGEST-VALUE",
        1..=usize::MAX,
        digest::of_values,
        " <key>...: the digests of values, whatever their keys.",
    ),
    sub("ERROR", 1..=1, error, " <text>: answers with this error."),
    sub("HELP", 0..=0, help, ": names the subcommands."),
    sub("LOG", 1..=1, log, " <text>: writes a line to the log."),
    sub("OBJECT", 1..=2, object, " <key>: shows what the store knows of a value."),
    sub(
        "POPULATE",
        1..=3,
        populate,
        " <count> [prefix] [size]: creates strings named prefix:0, prefix:1 and so on.",
    ),
    sub("PROTOCOL", 1..=1, protocol, " <type>: answers with a value of a type of the protocol."),
    sub(
        "QUICKLIST-PACKED-THRESHOLD",
        1..=1,
        packed_threshold,
        " <size>: accepted; a list has no other form for large elements.",
    ),
    sub("RELOAD", 0..=3, reload::reload, " [NOSAVE] [MERGE] [NOFLUSH]: dumps and restores every value."),
    sub(
        "SET-ACTIVE-EXPIRE",
        1..=1,
        active_expire,
        " <0|1>: whether keys are removed at their deadlines, or stay in memory, unseen.",
    ),
    sub("SLEEP", 1..=1, sleep, " <seconds>: holds up every command of every client."),
    sub(
        "SET-DISABLE-DENY-SCRIPTS",
        1..=1,
        deny_scripts,
        " <0|1>: lets scripts call what scripts may not call.",
    ),
    sub("STRINGMATCH-LEN", 2..=2, stringmatch, " <length> <pattern>: matches a pattern against so many `x`."),
];

/// What these name are no keys for the rest of the world, so only a view of everything is sure to hold them.
const REACH_EVERYTHING: [&str; 5] = ["DIGEST", "DIGEST-VALUE", "OBJECT", "POPULATE", "RELOAD"];

fn reach(words: &[&[u8]]) -> Reach {
    let everything = words.get(1).is_some_and(|word| REACH_EVERYTHING.iter().any(|name| is(word, name)));
    if everything { Reach::Everything } else { Reach::Stripes }
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
    let rest = args.from(2).len();
    match SUBCOMMANDS.iter().find(|sub| is(args.at(1), sub.name) && sub.words.contains(&rest)) {
        Some(sub) => (sub.run)(cx, args, out),
        None => Err(Error::unknown_arguments(args.at(1), "DEBUG")),
    }
}

fn done(out: &mut dyn Reply) -> Result<Outcome> {
    out.ok();
    Ok(Done)
}

fn help(_: &mut Cx<'_>, _: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let subs = SUBCOMMANDS.iter().filter(|sub| sub.name != "HELP");
    let pairs = subs.map(|sub| {
        let (args, summary) = sub.help.split_once(": ").unwrap_or(("", sub.help));
        (format!("{}{args}", sub.name), summary)
    });
    crate::help::write(out, DEBUG.name, pairs);
    Ok(Done)
}

fn error(_: &mut Cx<'_>, args: Args<'_>, _: &mut dyn Reply) -> Result<Outcome> {
    Err(Error::new(String::from_utf8_lossy(args.at(2)).into_owned()))
}

fn log(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let text = format!("DEBUG LOG: {}", String::from_utf8_lossy(args.at(2)));
    cx.instance.host().log(LogLevel::Warning, &text);
    done(out)
}

fn populate(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    /// More keys than any machine holds, and longer values than a request may carry.
    const COUNT_MAX: i64 = 1 << 32;
    const SIZE_MAX: i64 = 512 << 20;
    let count = args.int(2)?;
    let prefix = args.0.get(3).copied().unwrap_or(b"key");
    let size = if args.len() > 4 { Some(args.int(4)?) } else { None };
    if !(0..=COUNT_MAX).contains(&count) || size.is_some_and(|size| !(0..=SIZE_MAX).contains(&size)) {
        return Err(Error::OUT_OF_RANGE);
    }
    for n in 0..count {
        let name = [prefix, format!(":{n}").as_bytes()].concat();
        let key = cx.key(&name);
        if cx.view.exists(&key)? {
            continue;
        }
        let mut value = format!("value:{n}").into_bytes();
        if let Some(size) = size {
            value.resize(size as usize, 0);
        }
        cx.view.set(&key, &value, Expiry::Never)?;
    }
    done(out)
}

fn packed_threshold(_: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let size = std::str::from_utf8(args.at(2)).ok().and_then(parse_bytes);
    if !size.is_some_and(|size| (0..1 << 32).contains(&size)) {
        return Err(Error::general("argument must be a memory value bigger than 1 and smaller than 4gb"));
    }
    done(out)
}

fn active_expire(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    // What is no number is 0, as in Redis.
    cx.instance.engine().set_active_expiry(args.int(2).unwrap_or(0) != 0);
    done(out)
}

fn deny_scripts(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    cx.instance.scripts_unbridled.store(args.int(2)? != 0, Ordering::Relaxed);
    done(out)
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
    let (instance, time) = (cx.instance, Duration::from_secs_f64(seconds));
    instance.asleep(time.as_millis() as u64, || instance.host().sleep(time));
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
        "attrib" => {
            if out.attribute(1) {
                out.bulk(b"key-popularity");
                out.array(2);
                out.bulk(b"key:123");
                out.int(90);
            }
            out.bulk(b"Some real reply following the attribute");
        }
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
    use crate::host::Host;
    use crate::testing::{Guest, House};
    use larder_core::ManualClock;
    use parking_lot::Mutex;
    use std::sync::Arc;
    use std::time::Duration;

    /// A host under whom somebody else speaks during a sleep.
    struct Sleeper {
        other: Mutex<Guest>,
        said: Mutex<String>,
        clock: Arc<ManualClock>,
    }

    impl Host for Sleeper {
        fn sleep(&self, time: Duration) {
            self.clock.advance(time / 2);
            let mut other = self.other.lock();
            let said: Vec<String> =
                ["PING", "GET", "CLIENT UNPAUSE"].iter().map(|line| other.says(line)).collect();
            *self.said.lock() = said.join(", ");
        }
    }

    #[test]
    fn while_it_sleeps_nobody_is_served() {
        let house = House::with(&[("enable-debug-command", "yes")]);
        let sleeper = Arc::new(Sleeper {
            other: Mutex::new(house.guest()),
            said: Mutex::default(),
            clock: house.clock.clone(),
        });
        house.instance.set_host(sleeper.clone());
        let mut guest = house.guest();
        assert_eq!(guest.says("DEBUG SLEEP 2"), "OK");
        assert_eq!(*sleeper.said.lock(), "(paused 1000), (paused 1000), (paused 1000)");
        assert_eq!(house.guest().says("PING"), "PONG");
        guest.says("CLIENT PAUSE 3000 WRITE");
        assert_eq!(guest.says("DEBUG SLEEP 0.002"), "OK");
        assert_eq!(*sleeper.said.lock(), "(paused 2999), (paused 2999), (paused 2999)");
        assert_eq!(house.guest().says("SET k 1"), "(paused 2999)", "the pause is not over");
        assert_eq!(house.guest().says("PING"), "PONG");
        // The host and its instance hold each other.
        house.instance.set_host(Arc::new(Quiet));
    }

    struct Quiet;

    impl Host for Quiet {}

    #[test]
    fn only_where_it_is_allowed() {
        let house = House::new();
        let mut guest = house.guest();
        assert!(guest.says("DEBUG SLEEP 0").starts_with("-ERR DEBUG command not allowed."));
    }
}
