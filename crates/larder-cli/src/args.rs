//! The command line: one table of options, read by the parser, the usage text and the search for the nearest name.
//!
//! What the command line leaves out comes from the environment (`LARDER_HOST`, then `REDIS_HOST`, …), then from
//! defaults. As in `redis-cli`, options end at the first word of the command: `larder SET -n 1` sets `-n`.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;
use std::time::Duration;

pub(crate) use larder_resp::Proto;

use crate::display::Format;
use crate::failure::Failure;
use crate::line;
use crate::url;

/// Where the engine listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Address {
    Tcp {
        host: String,
        port: u16,
    },
    Socket(PathBuf),
    /// An engine in this process.
    Embedded,
}

impl Address {
    pub(crate) const HOST: &str = "127.0.0.1";
    pub(crate) const PORT: u16 = 6379;
}

/// What is said to the server before anything else.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Login {
    pub(crate) user: Option<String>,
    pub(crate) password: Option<String>,
    pub(crate) db: u32,
    /// `None` says nothing, which means RESP2.
    pub(crate) proto: Option<Proto>,
}

/// What the client is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mode {
    /// The given command, or a prompt where none is given.
    Command,
    Eval(PathBuf),
    Pipe {
        patience: Option<Duration>,
    },
    Stat,
    Scan,
    BigKeys(Measure),
    Latency,
    LatencyHistory,
}

/// How large a key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Measure {
    /// Members, or bytes of a string.
    Length,
    /// Bytes of memory, estimated from so many members; `None` leaves the number to the server.
    Memory(Option<u64>),
}

/// Which argument of the command comes from the standard input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StdinArg {
    None,
    Last,
    /// The one that has this text.
    Tag(Vec<u8>),
}

/// Everything the command line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) address: Address,
    pub(crate) login: Login,
    /// `None` depends on who reads: text for people, raw for programs.
    pub(crate) format: Option<Format>,
    pub(crate) bulk_delimiter: Vec<u8>,
    pub(crate) reply_delimiter: Vec<u8>,
    /// `None` shows them to people only.
    pub(crate) show_pushes: Option<bool>,
    /// `None` repeats for ever.
    pub(crate) repeat: Option<u64>,
    pub(crate) interval: Duration,
    pub(crate) stdin_arg: StdinArg,
    pub(crate) fail_on_error: bool,
    pub(crate) warn_of_password: bool,
    pub(crate) mode: Mode,
    pub(crate) pattern: Option<Vec<u8>>,
    pub(crate) command: Vec<Vec<u8>>,
}

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Request {
    Run(Box<Options>),
    Help,
    Version,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Id {
    Host,
    Port,
    Socket,
    Embedded,
    Password,
    User,
    Url,
    Db,
    Resp2,
    Resp3,
    Raw,
    NoRaw,
    Csv,
    Json,
    QuotedJson,
    BulkDelimiter,
    ReplyDelimiter,
    ShowPushes,
    Repeat,
    Interval,
    StdinLast,
    StdinTag,
    FailOnError,
    QuotedInput,
    Eval,
    Pipe,
    PipeTimeout,
    Stat,
    Scan,
    Pattern,
    QuotedPattern,
    BigKeys,
    MemKeys,
    MemKeysSamples,
    Latency,
    LatencyHistory,
    NoAuthWarning,
    Help,
    Version,
}

/// One line of the table: names, what the value is called (empty for a flag), and what it does.
struct Row(Id, Option<char>, &'static str, &'static str, &'static str);

const TABLE: &[Row] = &[
    Row(Id::Host, Some('h'), "host", "host", "where the server is [127.0.0.1]; LARDER_HOST, REDIS_HOST"),
    Row(Id::Port, Some('p'), "port", "port", "its port [6379]; LARDER_PORT, REDIS_PORT"),
    Row(Id::Socket, Some('s'), "socket", "path", "its Unix socket, instead of host and port"),
    Row(Id::Embedded, None, "embedded", "", "no server: an engine in this process, gone when it ends"),
    Row(Id::Url, Some('u'), "url", "url", "redis://[user:password@]host:port/db or unix:///path"),
    Row(
        Id::Password,
        Some('a'),
        "pass",
        "password",
        "log in; better LARDER_PASSWORD, REDISCLI_AUTH, REDIS_PASSWORD",
    ),
    Row(Id::User, None, "user", "name", "log in as this user"),
    Row(Id::NoAuthWarning, None, "no-auth-warning", "", "do not warn of a password on the command line"),
    Row(Id::Db, Some('n'), "db", "number", "the database [0]"),
    Row(Id::Resp2, Some('2'), "resp2", "", "speak RESP2 (as without this)"),
    Row(Id::Resp3, Some('3'), "resp3", "", "speak RESP3: maps, sets and doubles show as such"),
    Row(Id::Repeat, Some('r'), "repeat", "times", "run the command so often; -1 for ever"),
    Row(
        Id::Interval,
        Some('i'),
        "interval",
        "seconds",
        "wait between repetitions, or between steps of a tool",
    ),
    Row(Id::StdinLast, Some('x'), "stdin", "", "the standard input is the last argument"),
    Row(
        Id::StdinTag,
        Some('X'),
        "stdin-tag",
        "tag",
        "the standard input replaces the argument with this text",
    ),
    Row(Id::QuotedInput, None, "quoted-input", "", "arguments may be \"quoted strings\" with escapes"),
    Row(Id::FailOnError, Some('e'), "fail", "", "end with status 1 when the reply is an error"),
    Row(Id::Raw, None, "raw", "", "replies as bare bytes (as when a program reads them)"),
    Row(Id::NoRaw, None, "no-raw", "", "replies as text for people (as on a terminal)"),
    Row(Id::Csv, None, "csv", "", "replies as comma-separated values"),
    Row(Id::Json, None, "json", "", "replies as JSON; speaks RESP3 unless -2 is given"),
    Row(Id::QuotedJson, None, "quoted-json", "", "the same in ASCII, one escape for each byte beyond it"),
    Row(Id::BulkDelimiter, Some('d'), "delimiter", "text", "between values of a raw reply [\\n]"),
    Row(Id::ReplyDelimiter, Some('D'), "reply-delimiter", "text", "after each raw reply [\\n]"),
    Row(
        Id::ShowPushes,
        None,
        "show-pushes",
        "yes|no",
        "show messages that are no replies [yes on a terminal]",
    ),
    Row(Id::Eval, None, "eval", "file", "run a script: --eval file key … , argument …"),
    Row(Id::Pipe, None, "pipe", "", "send the commands on the standard input, count replies and errors"),
    Row(
        Id::PipeTimeout,
        None,
        "pipe-timeout",
        "seconds",
        "how long to wait for replies at its end [30]; 0 for ever",
    ),
    Row(Id::Scan, None, "scan", "", "list all keys"),
    Row(Id::Pattern, None, "pattern", "glob", "only keys like this, for --scan, --bigkeys and --memkeys"),
    Row(Id::QuotedPattern, None, "quoted-pattern", "glob", "the same as a \"quoted string\""),
    Row(Id::BigKeys, None, "bigkeys", "", "look for the largest keys of each type"),
    Row(Id::MemKeys, None, "memkeys", "", "look for the keys that take most memory"),
    Row(Id::MemKeysSamples, None, "memkeys-samples", "number", "the same, estimated from so many members"),
    Row(Id::Stat, None, "stat", "", "a line of figures about the server each second"),
    Row(Id::Latency, None, "latency", "", "measure how long PING takes, in milliseconds"),
    Row(Id::LatencyHistory, None, "latency-history", "", "the same, with a new line every 15 seconds or -i"),
    Row(Id::Help, None, "help", "", "this text"),
    Row(Id::Version, None, "version", "", "the version"),
];

/// Options of `redis-cli` that have no counterpart here, so that a script's author learns why.
const ELSEWHERE: &[(&str, &str)] = &[
    ("tls", "this client does not speak TLS; use a Unix socket or a tunnel"),
    ("cacert", "this client does not speak TLS"),
    ("cert", "this client does not speak TLS"),
    ("key", "this client does not speak TLS"),
    ("insecure", "this client does not speak TLS"),
    ("sni", "this client does not speak TLS"),
    ("cluster", "Larder has no cluster protocol"),
    ("askpass", "set LARDER_PASSWORD instead"),
    ("rdb", "not offered"),
    ("functions-rdb", "not offered"),
    ("replica", "not offered"),
    ("ldb", "not offered"),
    ("lru-test", "not offered"),
    ("hotkeys", "not offered; --bigkeys and --memkeys are"),
    ("latency-dist", "not offered; --latency and --latency-history are"),
    ("intrinsic-latency", "not offered; --latency is"),
];

/// The text of `--help`.
pub(crate) fn usage() -> String {
    let mut text = String::from(
        "Usage: larder [cli] [options] [command [argument ...]]\n       larder serve [options]\n       \
         larder bench [options] [command [argument ...]]\n\n\
         Without a command, a prompt. `larder serve --help` tells about the server, `larder bench --help` about\n\
         putting one under load.\n\n",
    );
    for Row(_, short, long, value, what) in TABLE {
        let short = short.map_or("    ".to_owned(), |short| format!("-{short}, "));
        let value = if value.is_empty() { String::new() } else { format!(" <{value}>") };
        let _ = writeln!(text, "  {short}{:<28} {what}", format!("--{long}{value}"));
    }
    text.push_str("\nThe exit status is 2 when an option cannot be understood, and 1 after other errors.\n");
    text
}

/// Reads the words behind the program's name. `environment` answers the value of a variable, unless empty.
pub(crate) fn parse(
    words: Vec<OsString>,
    environment: impl Fn(&str) -> Option<String>,
) -> Result<Request, Failure> {
    let mut draft = Draft::new();
    let last_is_h = words.last().is_some_and(|word| word == "-h");
    let mut parser = lexopt::Parser::from_args(words);
    loop {
        let row = match parser.next().map_err(usage_error)? {
            None => break,
            Some(lexopt::Arg::Short(short)) => short_row(short)?,
            Some(lexopt::Arg::Long(long)) => long_row(long)?,
            Some(lexopt::Arg::Value(word)) => {
                let rest = parser.raw_args().map_err(usage_error)?;
                draft.command = std::iter::once(word).chain(rest).map(OsString::into_vec).collect();
                break;
            }
        };
        let Row(id, _, long, value, _) = row;
        let value = if value.is_empty() {
            None
        } else {
            match parser.value() {
                Ok(value) => Some(value.into_vec()),
                // For people who expect `-h` to be help.
                Err(_) if *id == Id::Host && last_is_h => return Ok(Request::Help),
                Err(_) => return Err(Failure::Usage(format!("--{long} needs a value: <{value}>"))),
            }
        };
        match id {
            Id::Help => return Ok(Request::Help),
            Id::Version => return Ok(Request::Version),
            id => draft.take(*id, long, value.unwrap_or_default())?,
        }
    }
    draft.finish(environment).map(|options| Request::Run(Box::new(options)))
}

fn usage_error(error: lexopt::Error) -> Failure {
    Failure::Usage(error.to_string())
}

fn short_row(short: char) -> Result<&'static Row, Failure> {
    if short == 'c' {
        return Err(Failure::Usage("-c: Larder has no cluster protocol".to_owned()));
    }
    let row = TABLE.iter().find(|Row(_, name, ..)| *name == Some(short));
    row.ok_or_else(|| Failure::Usage(format!("unknown option '-{short}'")))
}

fn long_row(long: &str) -> Result<&'static Row, Failure> {
    if let Some(row) = TABLE.iter().find(|Row(_, _, name, ..)| *name == long) {
        return Ok(row);
    }
    if let Some((name, why)) = ELSEWHERE.iter().find(|(name, _)| *name == long) {
        return Err(Failure::Usage(format!("--{name}: {why}")));
    }
    Err(Failure::Usage(unknown_option(long, TABLE.iter().map(|Row(_, _, name, ..)| *name))))
}

/// What is said of an option that is none of these.
pub(crate) fn unknown_option<'n>(long: &str, names: impl Iterator<Item = &'n str>) -> String {
    match names.map(|name| (distance(long, name), name)).min() {
        // Further away, a name is no help.
        Some((distance, name)) if distance <= long.len() / 3 + 1 => {
            format!("unknown option '--{long}'; did you mean '--{name}'?")
        }
        _ => format!("unknown option '--{long}'"),
    }
}

/// Insertions, deletions and replacements that make `b` of `a` (Levenshtein).
pub(crate) fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, byte) in a.bytes().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, other) in b.bytes().enumerate() {
            let replaced = diagonal + usize::from(byte != other);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

/// What has been read so far.
struct Draft {
    host: Option<String>,
    port: Option<u16>,
    socket: Option<PathBuf>,
    embedded: bool,
    login: Login,
    db: Option<u32>,
    no_auth_warning: bool,
    quoted_input: bool,
    pipe_patience: Option<Duration>,
    options: Options,
    command: Vec<Vec<u8>>,
}

impl Draft {
    fn new() -> Self {
        let options = Options {
            address: Address::Tcp { host: Address::HOST.to_owned(), port: Address::PORT },
            login: Login::default(),
            format: None,
            bulk_delimiter: b"\n".to_vec(),
            reply_delimiter: b"\n".to_vec(),
            show_pushes: None,
            repeat: Some(1),
            interval: Duration::ZERO,
            stdin_arg: StdinArg::None,
            fail_on_error: false,
            warn_of_password: false,
            mode: Mode::Command,
            pattern: None,
            command: Vec::new(),
        };
        Self {
            host: None,
            port: None,
            socket: None,
            embedded: false,
            login: Login::default(),
            db: None,
            no_auth_warning: false,
            quoted_input: false,
            pipe_patience: Some(Duration::from_secs(30)),
            options,
            command: Vec::new(),
        }
    }

    fn take(&mut self, id: Id, long: &str, value: Vec<u8>) -> Result<(), Failure> {
        match id {
            Id::Host => self.host = Some(text(long, value)?),
            Id::Port => self.port = Some(number(long, value)?),
            Id::Embedded => self.embedded = true,
            Id::Socket => self.socket = Some(OsString::from_vec(value).into()),
            Id::Url => self.take_url(&text(long, value)?)?,
            Id::User => self.login.user = Some(text(long, value)?),
            Id::Password => {
                self.login.password = Some(text(long, value)?);
                self.options.warn_of_password = true;
            }
            Id::Db => self.db = Some(number(long, value)?),
            Id::Resp2 | Id::Resp3 => {
                let proto = if id == Id::Resp2 { Proto::Resp2 } else { Proto::Resp3 };
                if self.login.proto.is_some_and(|other| other != proto) {
                    return Err(Failure::Usage("-2 and -3 exclude each other".to_owned()));
                }
                self.login.proto = Some(proto);
            }
            Id::NoAuthWarning => self.no_auth_warning = true,
            Id::Raw => self.options.format = Some(Format::Raw),
            Id::NoRaw => self.options.format = Some(Format::Text),
            Id::Csv => self.options.format = Some(Format::Csv),
            Id::Json => self.options.format = Some(Format::Json),
            Id::QuotedJson => self.options.format = Some(Format::QuotedJson),
            Id::BulkDelimiter => self.options.bulk_delimiter = value,
            Id::ReplyDelimiter => self.options.reply_delimiter = value,
            _ => return self.take_manner(id, long, value),
        }
        Ok(())
    }

    /// Options about what to do, after those about with whom and in which form.
    fn take_manner(&mut self, id: Id, long: &str, value: Vec<u8>) -> Result<(), Failure> {
        let options = &mut self.options;
        match id {
            Id::ShowPushes => {
                options.show_pushes = Some(match text(long, value)?.to_ascii_lowercase().as_str() {
                    "yes" | "y" => true,
                    "no" | "n" => false,
                    other => return Err(Failure::Usage(format!("--{long}: '{other}' is not yes or no"))),
                });
            }
            Id::Repeat => options.repeat = u64::try_from(number::<i64>(long, value)?).ok(),
            Id::Interval => options.interval = seconds(long, value)?,
            Id::StdinLast => options.stdin_arg = StdinArg::Last,
            Id::StdinTag => options.stdin_arg = StdinArg::Tag(value),
            Id::FailOnError => options.fail_on_error = true,
            Id::QuotedInput => self.quoted_input = true,
            Id::Pattern => options.pattern = Some(value),
            Id::QuotedPattern => options.pattern = Some(unquote(value)?),
            Id::Eval => options.mode = Mode::Eval(OsString::from_vec(value).into()),
            Id::Pipe => options.mode = Mode::Pipe { patience: None },
            Id::PipeTimeout => {
                self.pipe_patience = Some(seconds(long, value)?).filter(|patience| !patience.is_zero());
            }
            Id::Stat => options.mode = Mode::Stat,
            Id::Scan => options.mode = Mode::Scan,
            Id::BigKeys => options.mode = Mode::BigKeys(Measure::Length),
            Id::MemKeys => options.mode = Mode::BigKeys(Measure::Memory(None)),
            Id::MemKeysSamples => options.mode = Mode::BigKeys(Measure::Memory(Some(number(long, value)?))),
            Id::Latency => options.mode = Mode::Latency,
            _ => options.mode = Mode::LatencyHistory,
        }
        Ok(())
    }

    fn take_url(&mut self, text: &str) -> Result<(), Failure> {
        let url = url::parse(text).map_err(|error| Failure::Usage(format!("--url: {error}")))?;
        match url.address {
            Some(Address::Tcp { host, port }) => {
                self.host = Some(host);
                self.port = Some(port);
                self.socket = None;
            }
            Some(Address::Socket(path)) => self.socket = Some(path),
            Some(Address::Embedded) | None => {}
        }
        self.options.warn_of_password |= url.password.is_some();
        self.login.user = url.user.or(self.login.user.take());
        self.login.password = url.password.or(self.login.password.take());
        self.login.proto = url.proto.or(self.login.proto);
        self.db = url.db.or(self.db);
        Ok(())
    }

    fn finish(self, environment: impl Fn(&str) -> Option<String>) -> Result<Options, Failure> {
        let Self { mut options, mut login, .. } = self;
        options.address = if self.embedded {
            if self.host.is_some() || self.port.is_some() || self.socket.is_some() {
                return Err(Failure::Usage(
                    "--embedded has no address: it is an engine in this process".to_owned(),
                ));
            }
            Address::Embedded
        } else if let Some(path) = self.socket {
            Address::Socket(path)
        } else {
            tcp_address(self.host, self.port, &environment)?
        };
        if login.password.is_none() && !self.embedded {
            login.password = environment_password(environment);
        }
        if login.proto.is_none() && matches!(options.format, Some(Format::Json | Format::QuotedJson)) {
            login.proto = Some(Proto::Resp3);
        }
        login.db = self.db.unwrap_or(0);
        options.login = login;
        options.warn_of_password &= !self.no_auth_warning;
        if let Mode::Pipe { patience } = &mut options.mode {
            *patience = self.pipe_patience;
        }
        options.command = self.command;
        if self.quoted_input {
            options.command = options.command.into_iter().map(unquote).collect::<Result<_, _>>()?;
        }
        if options.command.is_empty() && options.stdin_arg != StdinArg::None {
            return Err(Failure::Usage("-x and -X need a command".to_owned()));
        }
        if !options.command.is_empty() && !matches!(options.mode, Mode::Command | Mode::Eval(_)) {
            let word = String::from_utf8_lossy(&options.command[0]).into_owned();
            return Err(Failure::Usage(format!("'{word}': this mode takes no command")));
        }
        Ok(options)
    }
}

/// The address that a host and a port, or else the environment, name.
pub(crate) fn tcp_address(
    host: Option<String>,
    port: Option<u16>,
    environment: impl Fn(&str) -> Option<String>,
) -> Result<Address, Failure> {
    let first = |names: &[&str]| names.iter().find_map(|name| Some((environment(name)?, name.to_string())));
    let host = host.or_else(|| Some(first(&["LARDER_HOST", "REDIS_HOST"])?.0));
    let port = match (port, first(&["LARDER_PORT", "REDIS_PORT"])) {
        (Some(port), _) => port,
        (None, Some((value, name))) => port_of_environment(&name, &value)?,
        (None, None) => Address::PORT,
    };
    Ok(Address::Tcp { host: host.unwrap_or_else(|| Address::HOST.to_owned()), port })
}

/// The password that the environment names.
pub(crate) fn environment_password(environment: impl Fn(&str) -> Option<String>) -> Option<String> {
    ["LARDER_PASSWORD", "REDISCLI_AUTH", "REDIS_PASSWORD"].into_iter().find_map(environment)
}

/// A port; container platforms also set `…_PORT` to `tcp://address:port` for a service that has our name.
fn port_of_environment(name: &str, value: &str) -> Result<u16, Failure> {
    let digits = value.strip_prefix("tcp://").and_then(|rest| Some(rest.rsplit_once(':')?.1));
    digits.unwrap_or(value).parse().map_err(|_| Failure::Usage(format!("{name}={value} is not a port")))
}

fn text(long: &str, value: Vec<u8>) -> Result<String, Failure> {
    String::from_utf8(value).map_err(|_| Failure::Usage(format!("--{long}: the value is not UTF-8")))
}

fn number<N: std::str::FromStr>(long: &str, value: Vec<u8>) -> Result<N, Failure> {
    let text = text(long, value)?;
    text.parse().map_err(|_| Failure::Usage(format!("--{long}: '{text}' is not a valid number")))
}

fn seconds(long: &str, value: Vec<u8>) -> Result<Duration, Failure> {
    let wrong = |seconds| Failure::Usage(format!("--{long}: {seconds} is not a time in seconds"));
    let seconds: f64 = number(long, value)?;
    Duration::try_from_secs_f64(seconds).map_err(|_| wrong(seconds))
}

/// A whole argument in quotes, or one that needs none.
fn unquote(argument: Vec<u8>) -> Result<Vec<u8>, Failure> {
    if !matches!(argument.first(), Some(b'"' | b'\'')) {
        return Ok(argument);
    }
    match line::split(&argument).as_deref() {
        Some([whole]) => Ok(whole.clone()),
        _ => Err(Failure::Usage("Invalid quoted string".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::{Address, Measure, Mode, Options, Proto, Request, StdinArg, TABLE, parse, usage};
    use crate::display::Format;
    use std::time::Duration;

    fn with_environment(line: &str, environment: &[(&str, &str)]) -> Result<Request, String> {
        let words = line.split_whitespace().map(Into::into).collect();
        let value = |name: &str| {
            let found = environment.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        parse(words, value).map_err(|failure| failure.text().unwrap_or_default())
    }

    fn options(line: &str) -> Options {
        match with_environment(line, &[]) {
            Ok(Request::Run(options)) => *options,
            other => panic!("{line}: {other:?}"),
        }
    }

    fn tcp(host: &str, port: u16) -> Address {
        Address::Tcp { host: host.to_owned(), port }
    }

    #[test]
    fn options_end_where_the_command_begins() {
        let options = options("-h ::1 -p7000 -n 3 -3 --csv -r 5 -i 0.5 -x SET -n --raw");
        assert_eq!(options.address, tcp("::1", 7000));
        assert_eq!((options.login.db, options.login.proto), (3, Some(Proto::Resp3)));
        assert_eq!(options.format, Some(Format::Csv));
        assert_eq!((options.repeat, options.interval), (Some(5), Duration::from_millis(500)));
        assert_eq!(options.stdin_arg, StdinArg::Last);
        assert_eq!(options.command, [b"SET".to_vec(), b"-n".to_vec(), b"--raw".to_vec()]);
    }

    #[test]
    fn passwords_and_urls() {
        let plain = options("--user joe --pass -secret PING");
        assert_eq!(plain.login.user.as_deref(), Some("joe"));
        assert_eq!(plain.login.password.as_deref(), Some("-secret"));
        assert!(plain.warn_of_password);
        assert!(!options("--no-auth-warning -a x PING").warn_of_password);
        assert!(!options("PING").warn_of_password);
        let url = options("-u redis://joe:pw@h:1/2 PING");
        assert_eq!((url.address, url.login.db, url.warn_of_password), (tcp("h", 1), 2, true));
        assert_eq!(options("-h h -u unix:///s").address, Address::Socket("/s".into()));
        assert_eq!(options("-u redis:///4 -h h").address, tcp("h", 6379));
    }

    #[test]
    fn modes_and_their_options() {
        assert_eq!(options("--pipe").mode, Mode::Pipe { patience: Some(Duration::from_secs(30)) });
        assert_eq!(options("--pipe-timeout 0 --pipe").mode, Mode::Pipe { patience: None });
        assert_eq!(options("--bigkeys").mode, Mode::BigKeys(Measure::Length));
        assert_eq!(options("--memkeys-samples 5").mode, Mode::BigKeys(Measure::Memory(Some(5))));
        assert_eq!(options("--scan --pattern a*").pattern.as_deref(), Some(b"a*".as_slice()));
        assert_eq!(options("--quoted-pattern \"a\\x00\"").pattern.as_deref(), Some(b"a\0".as_slice()));
        assert_eq!(options("--eval f k , a").command.len(), 3);
        assert_eq!(options("-r -1 PING").repeat, None);
    }

    #[test]
    fn json_speaks_resp3_unless_told_otherwise() {
        assert_eq!(options("--json PING").login.proto, Some(Proto::Resp3));
        assert_eq!(options("--json -2 PING").login.proto, Some(Proto::Resp2));
        assert_eq!(options("--raw PING").login.proto, None);
    }

    #[test]
    fn the_environment_fills_what_is_left_out() {
        let run = |line: &str, environment: &[(&str, &str)]| match with_environment(line, environment) {
            Ok(Request::Run(options)) => (options.address, options.login.password.unwrap_or_default()),
            other => panic!("{line}: {other:?}"),
        };
        let redis =
            [("REDIS_HOST", "r"), ("REDIS_PORT", "1"), ("REDISCLI_AUTH", "a"), ("REDIS_PASSWORD", "b")];
        assert_eq!(run("PING", &redis), (tcp("r", 1), "a".to_owned()));
        let both = [
            ("LARDER_HOST", "l"),
            ("LARDER_PORT", "2"),
            ("LARDER_PASSWORD", "c"),
            redis[0],
            redis[1],
            redis[2],
        ];
        assert_eq!(run("PING", &both), (tcp("l", 2), "c".to_owned()));
        assert_eq!(run("-h x -p 3 -a y PING", &both), (tcp("x", 3), "y".to_owned()));
        assert_eq!(run("PING", &[("REDIS_PORT", "tcp://10.0.0.1:6380")]).0, tcp("127.0.0.1", 6380));
        let error = with_environment("PING", &[("LARDER_PORT", "x")]).expect_err("no port");
        assert!(error.contains("LARDER_PORT=x is not a port"), "{error}");
        assert!(with_environment("-p 1 PING", &[("LARDER_PORT", "1")]).is_ok());
    }

    #[test]
    fn what_is_refused_says_why() {
        for (line, word) in [
            ("--ra PING", "did you mean '--raw'?"),
            ("--passwrd x", "unknown option '--passwrd'; did you mean '--pass"),
            ("--latencyhistory", "'--latency-history'"),
            ("--zzzzzzzz", "unknown option '--zzzzzzzz'\n"),
            ("-Z", "unknown option '-Z'"),
            ("-p", "--port needs a value"),
            ("-p abc PING", "--port: 'abc' is not"),
            ("-p 70000 PING", "--port"),
            ("-n -1 PING", "--db"),
            ("-r x PING", "--repeat"),
            ("-i -1 PING", "--interval"),
            ("--raw=1 PING", "--raw"),
            ("-2 -3 PING", "exclude"),
            ("-x", "-x"),
            ("--scan GET", "'GET'"),
            ("-u http://h PING", "http://"),
            ("--tls PING", "TLS"),
            ("--cluster info", "cluster"),
            ("-c PING", "cluster"),
            ("--quoted-input GET \"a", "quoted"),
        ] {
            let error = with_environment(line, &[]).expect_err(line);
            assert!(error.contains(word), "{line}: {error}");
        }
    }

    #[test]
    fn help_names_each_option_once() {
        assert_eq!(with_environment("-h", &[]), Ok(Request::Help));
        assert_eq!(with_environment("--raw --help", &[]), Ok(Request::Help));
        assert_eq!(with_environment("--version", &[]), Ok(Request::Version));
        let text = usage();
        for super::Row(_, short, long, ..) in TABLE {
            assert_eq!(TABLE.iter().filter(|row| row.2 == *long).count(), 1, "--{long}");
            assert!(short.is_none() || TABLE.iter().filter(|row| row.1 == *short).count() == 1, "-{short:?}");
            assert!(text.contains(&format!("--{long}")), "--{long}");
        }
    }
}
