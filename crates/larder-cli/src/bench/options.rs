//! The command line of `larder bench`: one table, read by the parser, the help and the search for the nearest name.
//! Short names are those of `redis-benchmark` where it has them.

use super::drive::End;
use super::operation::{Mix, NAMED, Operation};
use crate::args::{self, Address, Login};
use crate::failure::Failure;
use larder_load::{Distribution, Sizes};
use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::os::unix::ffi::OsStringExt as _;
use std::str::FromStr;
use std::time::Duration;

/// Everything the command line says.
#[derive(Clone, Debug)]
pub(super) struct Options {
    pub(super) address: Address,
    pub(super) login: Login,
    pub(super) connections: usize,
    pub(super) threads: usize,
    pub(super) pipeline: usize,
    pub(super) end: End,
    /// Requests a second, of all connections; none for a closed loop.
    pub(super) rate: Option<f64>,
    pub(super) keys: u64,
    pub(super) distribution: Distribution,
    pub(super) key_prefix: Vec<u8>,
    pub(super) sizes: Sizes,
    pub(super) mix: Mix,
    pub(super) fill: bool,
    pub(super) warm_up: Duration,
    pub(super) subscribers: usize,
    pub(super) seed: u64,
    pub(super) json: bool,
    pub(super) quiet: bool,
}

/// What the command line asks for.
#[derive(Debug)]
pub(super) enum Request {
    Run(Box<Options>),
    Help,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Id {
    Host,
    Port,
    Unix,
    User,
    Password,
    Db,
    Embedded,
    Connections,
    Threads,
    Pipeline,
    Duration,
    Operations,
    Rate,
    WarmUp,
    Mix,
    Keys,
    Distribution,
    KeyPrefix,
    ValueSize,
    Fill,
    Subscribers,
    Seed,
    Json,
    Quiet,
    Help,
}

/// A heading, or names, what the value is called (empty for a flag), and what it does.
enum Row {
    Heading(&'static str),
    Option(Id, Option<char>, &'static [&'static str], &'static str, &'static str),
}

use Row::{Heading, Option as Opt};

const TABLE: &[Row] = &[
    Heading("Where"),
    Opt(Id::Host, Some('h'), &["host"], "host", "where the server is [127.0.0.1]; LARDER_HOST, REDIS_HOST"),
    Opt(Id::Port, Some('p'), &["port"], "port", "its port [6379]; LARDER_PORT, REDIS_PORT"),
    Opt(Id::Unix, Some('s'), &["unix", "socket"], "path", "its Unix socket, instead of host and port"),
    Opt(Id::User, None, &["user"], "name", "log in as this user"),
    Opt(Id::Password, Some('a'), &["pass"], "password", "log in; better LARDER_PASSWORD"),
    Opt(Id::Db, None, &["db"], "number", "the database [0]"),
    Opt(Id::Embedded, None, &["embedded"], "", "no server: an engine in this process, called by --threads"),
    Heading("How much"),
    Opt(Id::Connections, Some('c'), &["connections", "clients"], "number", "connections, in all [50]"),
    Opt(Id::Threads, None, &["threads"], "number", "threads they are shared out to [1]"),
    Opt(Id::Pipeline, Some('P'), &["pipeline"], "number", "requests on their way on each connection [1]"),
    Opt(Id::Duration, None, &["duration"], "seconds", "how long to measure [5]"),
    Opt(Id::Operations, Some('n'), &["operations", "requests"], "number", "stop after so many, instead"),
    Opt(
        Id::Rate,
        None,
        &["rate"],
        "per second",
        "open loop: requests are due at this rate, in all; latencies begin when they are due, also where the \
         connections are busy",
    ),
    Opt(Id::WarmUp, None, &["warm-up"], "seconds", "the same load before it is measured [0]"),
    Heading("What"),
    Opt(
        Id::Mix,
        Some('t'),
        &["mix"],
        "name:weight,...",
        "operations and how often they come [get:80,set:20]",
    ),
    Opt(Id::Keys, Some('r'), &["keys"], "number", "how many keys there are [100000]"),
    Opt(
        Id::Distribution,
        None,
        &["distribution"],
        "how",
        "which are asked for: uniform, sequential, zipf:EXPONENT, scans:EXPONENT (a third of it goes over all keys) or \
         shifting:EXPONENT (what is popular changes) [uniform]",
    ),
    Opt(Id::KeyPrefix, None, &["key-prefix"], "text", "what keys begin with; 12 digits follow [key:]"),
    Opt(Id::ValueSize, Some('d'), &["value-size"], "bytes|min-max", "how large values are [64]"),
    Opt(Id::Fill, None, &["fill"], "", "write every key first, as a string"),
    Opt(
        Id::Subscribers,
        None,
        &["subscribers"],
        "number",
        "connections besides, that listen to channel bench [0]",
    ),
    Opt(Id::Seed, None, &["seed"], "number", "what random choices follow from [1]"),
    Heading("Output"),
    Opt(Id::Json, None, &["json"], "", "one JSON object instead of a table; times in microseconds"),
    Opt(Id::Quiet, Some('q'), &["quiet"], "", "no progress bar, also on a terminal"),
    Opt(Id::Help, None, &["help"], "", "this text"),
];

const DESCRIPTION: &str = "\
Puts a server, or an engine in this process, under load and says how many requests a second it answered and how
long they took. The load is written to the database it is pointed at: do not point it at one whose data you need.

Usage: larder bench [options] [command [argument ...]]

A command, if one is given, is what is measured. In its arguments, and in those of commands in --mix,
  {key}     is a key, chosen by --distribution
  {value}   is a value of --value-size bytes
  {random}  is a number below --keys, each as likely
  {count}   is the number of the request
where numbers have 12 digits.
";

const EXAMPLES: &str = "
Examples
  larder bench                                         50 connections, four reads to a write, for 5 seconds
  larder bench --fill --mix get -P 16 --keys 1000000 --distribution zipf:0.99
  larder bench --rate 20000 --duration 60              how long requests take at 20,000 a second
  larder bench -n 100000 ZADD board {random} player:{key}
  larder bench --mix 'get:90,HSET user:{key} name {value}:10' --json
  larder bench --mix publish -c 1 -P 16 --subscribers 100
  larder bench --embedded --threads 2 --fill           the same without a network

The table shows how long p50, p90, p99 and p99.9 of the replies took at most, to within 1 %, and the slowest one
exactly. `hits` is the share of replies that were something. In a closed loop (without --rate) each connection asks
again when it has all its answers, so a slow server is asked less: for latencies, prefer --rate.

Progress is shown on a terminal only. Ctrl-C ends the measurement and shows what there is.
The exit status is 2 when an option cannot be understood, 1 when replies were errors or the server could not be
reached, else 0.
";

/// The text of `--help`.
pub(super) fn usage() -> String {
    let mut text = DESCRIPTION.to_owned();
    for row in TABLE {
        match row {
            Heading(heading) => {
                let _ = writeln!(text, "\n{heading}");
            }
            Opt(_, short, names, value, what) => {
                let short = short.map_or("    ".to_owned(), |short| format!("-{short}, "));
                let value = if value.is_empty() { String::new() } else { format!(" <{value}>") };
                let option = format!("--{}{value}", names[0]);
                for (at, line) in wrapped(what, 76).iter().enumerate() {
                    let left = if at == 0 { format!("{short}{option}") } else { String::new() };
                    let _ = writeln!(text, "  {left:<32} {line}");
                }
            }
        }
    }
    text.push_str("\nOperations of --mix\n");
    for (name, line, what) in NAMED {
        let line = if line.len() > 40 { format!("{}...", &line[..23]) } else { (*line).to_owned() };
        let _ = writeln!(text, "  {name:<9} {line:<42} {what}");
    }
    text + EXAMPLES
}

/// The text in lines of at most so many bytes.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.len() - 1;
        if !lines[last].is_empty() && lines[last].len() + 1 + word.len() > width {
            lines.push(word.to_owned());
        } else {
            if !lines[last].is_empty() {
                lines[last].push(' ');
            }
            lines[last].push_str(word);
        }
    }
    lines
}

/// What has been read so far.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
#[derive(Debug, Default)]
struct Draft {
    host: Option<String>,
    port: Option<u16>,
    unix: Option<OsString>,
    user: Option<String>,
    password: Option<String>,
    db: u32,
    embedded: bool,
    connections: Option<usize>,
    threads: Option<usize>,
    pipeline: Option<usize>,
    duration: Option<Duration>,
    operations: Option<u64>,
    rate: Option<f64>,
    warm_up: Duration,
    mix: Option<String>,
    keys: Option<u64>,
    distribution: Option<Distribution>,
    key_prefix: Option<Vec<u8>>,
    sizes: Option<Sizes>,
    fill: bool,
    subscribers: usize,
    seed: Option<u64>,
    json: bool,
    quiet: bool,
    command: Vec<Vec<u8>>,
}

/// Reads the words behind `larder bench`. `environment` answers the value of a variable, unless empty.
pub(super) fn parse(
    words: &[OsString],
    environment: impl Fn(&str) -> Option<String>,
) -> Result<Request, Failure> {
    let mut draft = Draft::default();
    let last_is_h = words.last().is_some_and(|word| word == "-h");
    let mut parser = lexopt::Parser::from_args(words);
    let wrong = |error: lexopt::Error| Failure::Usage(error.to_string());
    while let Some(word) = parser.next().map_err(wrong)? {
        let found = match word {
            lexopt::Arg::Value(word) => {
                let rest = parser.raw_args().map_err(wrong)?;
                draft.command = std::iter::once(word).chain(rest).map(OsString::into_vec).collect();
                break;
            }
            lexopt::Arg::Short(short) => rows().find(|row| row.1 == Some(short)).ok_or(format!("'-{short}'")),
            lexopt::Arg::Long(long) => {
                let found = rows().find(|row| row.2.contains(&long));
                found.ok_or_else(|| long.to_owned())
            }
        };
        let (id, _, names, value) = found.map_err(|name| {
            let names = rows().flat_map(|row| row.2.iter().copied());
            Failure::Usage(if name.starts_with('\'') {
                format!("unknown option {name}")
            } else {
                args::unknown_option(&name, names)
            })
        })?;
        if id == Id::Help {
            return Ok(Request::Help);
        }
        let value = match value {
            "" => OsString::new(),
            name => match parser.value() {
                Ok(value) => value,
                // For people who expect `-h` to be help.
                Err(_) if id == Id::Host && last_is_h => return Ok(Request::Help),
                Err(_) => return Err(Failure::Usage(format!("--{} needs a value: <{name}>", names[0]))),
            },
        };
        draft.take(id, &value).map_err(|text| Failure::Usage(format!("--{}: {text}", names[0])))?;
    }
    Ok(Request::Run(Box::new(draft.finish(environment)?)))
}

type Found = (Id, Option<char>, &'static [&'static str], &'static str);

fn rows() -> impl Iterator<Item = Found> {
    TABLE.iter().filter_map(|row| match row {
        Heading(_) => None,
        Opt(id, short, names, value, _) => Some((*id, *short, *names, *value)),
    })
}

impl Draft {
    fn take(&mut self, id: Id, value: &OsStr) -> Result<(), String> {
        let text = || value.to_str().map(str::to_owned).ok_or_else(|| "the value is not UTF-8".to_owned());
        match id {
            Id::Host => self.host = Some(text()?),
            Id::Port => self.port = Some(number(&text()?, 1..=65_535)? as u16),
            Id::Unix => self.unix = Some(value.to_owned()),
            Id::User => self.user = Some(text()?),
            Id::Password => self.password = Some(text()?),
            Id::Db => self.db = number(&text()?, 0..=u64::from(u32::MAX))? as u32,
            Id::Embedded => self.embedded = true,
            Id::Connections => self.connections = Some(number(&text()?, 1..=10_000)? as usize),
            Id::Threads => self.threads = Some(number(&text()?, 1..=256)? as usize),
            Id::Pipeline => self.pipeline = Some(number(&text()?, 1..=10_000)? as usize),
            Id::Duration => self.duration = Some(seconds(&text()?)?).filter(|time| !time.is_zero()),
            Id::Operations => self.operations = Some(number(&text()?, 1..=u64::MAX)?),
            Id::Rate => self.rate = Some(rate(&text()?)?),
            Id::WarmUp => self.warm_up = seconds(&text()?)?,
            Id::Mix => self.mix = Some(text()?),
            Id::Keys => self.keys = Some(number(&text()?, 1..=999_999_999_999)?),
            Id::Distribution => self.distribution = Some(Distribution::from_str(&text()?)?),
            Id::KeyPrefix => self.key_prefix = Some(value.to_owned().into_vec()),
            Id::ValueSize => self.sizes = Some(Sizes::from_str(&text()?)?),
            Id::Fill => self.fill = true,
            Id::Subscribers => self.subscribers = number(&text()?, 1..=10_000)? as usize,
            Id::Seed => self.seed = Some(number(&text()?, 0..=u64::MAX)?),
            Id::Json => self.json = true,
            Id::Quiet | Id::Help => self.quiet = true,
        }
        Ok(())
    }

    fn finish(self, environment: impl Fn(&str) -> Option<String>) -> Result<Options, Failure> {
        let usage = |text: &str| Failure::Usage(text.to_owned());
        if self.embedded {
            if self.host.is_some() || self.port.is_some() || self.unix.is_some() {
                return Err(usage("--embedded has no address: it is an engine in this process"));
            }
            if self.connections.is_some() || self.subscribers > 0 {
                return Err(usage("--embedded has no connections: --threads says how many call the engine"));
            }
        }
        if self.duration.is_some() && self.operations.is_some() {
            return Err(usage("--duration and --operations exclude each other"));
        }
        if self.mix.is_some() && !self.command.is_empty() {
            let word = String::from_utf8_lossy(&self.command[0]).into_owned();
            return Err(Failure::Usage(format!("'{word}': a command and --mix exclude each other")));
        }
        let threads = self.threads.unwrap_or(1);
        let connections = self.connections.unwrap_or(50.max(threads));
        if threads > connections {
            return Err(Failure::Usage(format!("--threads: {threads} threads need as many connections")));
        }
        let address = match self.unix {
            _ if self.embedded => Address::Embedded,
            Some(path) => Address::Socket(path.into()),
            None => args::tcp_address(self.host, self.port, &environment)?,
        };
        let password =
            self.password.or_else(|| args::environment_password(environment).filter(|_| !self.embedded));
        let key_prefix = self.key_prefix.unwrap_or_else(|| b"key:".to_vec());
        let mix = if self.command.is_empty() {
            Mix::parse(self.mix.as_deref().unwrap_or("get:80,set:20"), &key_prefix)
        } else {
            Operation::of(&self.command, &key_prefix).map(Mix::only)
        };
        Ok(Options {
            address,
            login: Login { user: self.user, password, db: self.db, proto: None },
            connections,
            threads,
            pipeline: self.pipeline.unwrap_or(1),
            end: match self.operations {
                Some(count) => End::Operations(count),
                None => End::After(self.duration.unwrap_or(Duration::from_secs(5))),
            },
            rate: self.rate,
            keys: self.keys.unwrap_or(100_000),
            distribution: self.distribution.unwrap_or(Distribution::Uniform),
            key_prefix,
            sizes: self.sizes.unwrap_or(Sizes { min: 64, max: 64 }),
            mix: mix.map_err(Failure::Usage)?,
            fill: self.fill,
            warm_up: self.warm_up,
            subscribers: self.subscribers,
            seed: self.seed.unwrap_or(1),
            json: self.json,
            quiet: self.quiet,
        })
    }
}

fn number(text: &str, range: std::ops::RangeInclusive<u64>) -> Result<u64, String> {
    let found = text.parse().ok().filter(|number| range.contains(number));
    found.ok_or_else(|| match *range.end() {
        u64::MAX => format!("'{text}' is not a number from {}", range.start()),
        end => format!("'{text}' is not a number from {} to {end}", range.start()),
    })
}

fn seconds(text: &str) -> Result<Duration, String> {
    let time = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    time.ok_or_else(|| format!("'{text}' is not a time in seconds"))
}

fn rate(text: &str) -> Result<f64, String> {
    let rate = text.parse().ok().filter(|rate: &f64| (0.001..=1e9).contains(rate));
    rate.ok_or_else(|| format!("'{text}' is not a number of requests a second"))
}

#[cfg(test)]
mod tests {
    use super::{Options, Request, parse, usage};
    use crate::args::Address;
    use crate::bench::drive::End;
    use std::time::Duration;

    fn parsed(line: &str) -> Result<Options, String> {
        let words: Vec<_> = line.split_whitespace().map(Into::into).collect();
        let variable = |name: &str| (name == "REDIS_PORT").then(|| "7000".to_owned());
        match parse(&words, variable) {
            Ok(Request::Run(options)) => Ok(*options),
            Ok(Request::Help) => Err("help".to_owned()),
            Err(failure) => Err(failure.text().unwrap_or_default()),
        }
    }

    #[test]
    fn what_is_left_out_has_defaults() {
        let options = parsed("").expect("options");
        assert_eq!(options.address, Address::Tcp { host: "127.0.0.1".into(), port: 7_000 });
        assert_eq!((options.connections, options.pipeline, options.threads), (50, 1, 1));
        assert_eq!(options.end, End::After(Duration::from_secs(5)));
        assert_eq!(options.mix.operations.len(), 2);
    }

    #[test]
    fn options_end_where_the_command_begins() {
        let options = parsed("-n 10 -P 4 -c 2 SET {key} -n").expect("options");
        assert_eq!((options.end, options.pipeline, options.connections), (End::Operations(10), 4, 2));
        assert_eq!(options.mix.operations[0].name, "set");
    }

    #[test]
    fn mistakes_are_named() {
        for (line, part) in [
            ("--pipelin 4", "unknown option '--pipelin'; did you mean '--pipeline'?"),
            ("-z", "unknown option '-z'"),
            ("--rate fast", "--rate: 'fast' is not a number of requests a second"),
            ("--rate 0", "--rate: '0'"),
            ("--connections 0", "--connections: '0' is not a number from 1 to 10000"),
            ("--keys", "--keys needs a value: <number>"),
            ("--duration -1", "--duration: '-1' is not a time in seconds"),
            ("--duration 1 -n 5", "exclude each other"),
            ("--mix get SET a b", "'SET': a command and --mix exclude each other"),
            ("--mix gte", "'gte' is no operation"),
            ("--distribution gauss", "--distribution: 'gauss' is no distribution"),
            ("--value-size 5-1", "--value-size: '5-1' is not a size"),
            ("--embedded --port 1", "--embedded has no address"),
            ("--embedded -c 5", "--embedded has no connections"),
            ("--threads 4 -c 2", "4 threads need as many connections"),
            ("SUBSCRIBE a", "subscribe cannot be measured"),
            ("--fill=yes", "unexpected argument for option '--fill'"),
        ] {
            let error = parsed(line).expect_err(line);
            assert!(error.contains(part), "{line}: {error}");
        }
    }

    #[test]
    fn help_tells_every_option_and_operation_and_fits_the_screen() {
        assert_eq!(parsed("-h").expect_err("help"), "help");
        assert_eq!(parsed("-P 1 --help").expect_err("help"), "help");
        let text = usage();
        for word in ["--warm-up <seconds>", "zpopmin", "{random}", "--json", "-P, --pipeline"] {
            assert!(text.contains(word), "{word}");
        }
        let longest = text.lines().map(str::len).max();
        assert!(longest <= Some(120), "{longest:?}");
    }
}
