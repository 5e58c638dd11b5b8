//! Settings from where people write them: flags, then the environment, then a file, then the default.
//!
//! Everything is checked before anything starts, and what is wrong is named with its source and with the setting that
//! was probably meant.

use larder_commands::settings::{SETTINGS, SettingError, Settings, find, nearest};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{fmt, fs, io};

/// Why there is no configuration.
#[derive(Debug)]
pub enum ConfigError {
    /// A setting is unknown or its value makes no sense.
    Setting {
        /// Where it was written: a flag, a variable, a line of a file.
        source: String,
        /// What is wrong.
        error: SettingError,
    },
    /// The file cannot be read.
    File {
        /// Its path.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A line or a flag cannot be understood.
    Malformed {
        /// Where it was written.
        source: String,
        /// What is wrong.
        reason: String,
    },
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ConfigError::Setting { source, error } => write!(f, "{source}: {error}"),
            ConfigError::File { path, error } => write!(f, "cannot read {}: {error}", path.display()),
            ConfigError::Malformed { source, reason } => write!(f, "{source}: {reason}"),
        }
    }
}

impl std::error::Error for ConfigError {}

/// What `larder serve` was asked to do.
#[derive(Debug)]
pub enum Request {
    /// Serve with these settings, from this file if there was one.
    Serve(Box<Settings>, Option<PathBuf>),
    /// Show the help.
    Help,
    /// Show the version.
    Version,
}

/// Names that people use beside those of `redis.conf`.
const SHORT_NAMES: &[(&str, &str)] =
    &[("host", "bind"), ("password", "requirepass"), ("threads", "io-threads")];

/// Variables of ours that are not settings.
const OTHER_VARIABLES: &[&str] =
    &["LARDER_BIN", "LARDER_URL", "LARDER_USER", "LARDER_HISTORY", "LARDER_CONFIG"];

/// Variables that deployments made for Redis have.
const REDIS_VARIABLES: &[(&str, &str)] =
    &[("REDIS_HOST", "bind"), ("REDIS_PORT", "port"), ("REDIS_PASSWORD", "requirepass")];

/// Directives of Redis that mean nothing here and do no harm: a `redis.conf` that has them is still of use.
const IGNORED: &[&str] = &["locale-collate", "oom-score-adj-values"];

/// Reads flags and everything else. `environment` and `read_file` are given, so that tests need neither.
pub fn read(
    flags: &[String],
    environment: &BTreeMap<String, String>,
    read_file: &dyn Fn(&Path) -> io::Result<String>,
) -> Result<Request, ConfigError> {
    let settings = Settings::default();
    let mut given = Flags::default();
    if let Some(request) = given.read(flags)? {
        return Ok(request);
    }
    let path = given.file.clone().or_else(|| environment.get("LARDER_CONFIG").map(PathBuf::from));
    if let Some(path) = &path {
        apply_file(&settings, path, read_file, 0)?;
    }
    apply_environment(&settings, environment)?;
    for (source, name, value) in &given.settings {
        apply(&settings, source, name, value)?;
    }
    Ok(Request::Serve(Box::new(settings), path))
}

#[derive(Default)]
struct Flags {
    file: Option<PathBuf>,
    settings: Vec<(String, String, String)>,
}

impl Flags {
    fn read(&mut self, flags: &[String]) -> Result<Option<Request>, ConfigError> {
        let mut words = flags.iter().peekable();
        while let Some(word) = words.next() {
            let malformed = |reason: String| ConfigError::Malformed { source: word.clone(), reason };
            match word.as_str() {
                "--help" | "-h" => return Ok(Some(Request::Help)),
                "--version" | "-v" => return Ok(Some(Request::Version)),
                _ => {}
            }
            let Some(name) = word.strip_prefix("--").or_else(|| short_flag(word)) else {
                if word.starts_with('-') {
                    return Err(malformed("there is no such flag; settings are written --name value".into()));
                }
                if self.file.replace(PathBuf::from(word)).is_some() {
                    return Err(malformed("only one file of settings can be given".into()));
                }
                continue;
            };
            let (name, mut value) = match name.split_once('=') {
                Some((name, value)) => (name, vec![value.to_string()]),
                None => (name, Vec::new()),
            };
            if value.is_empty() {
                while let Some(next) = words.next_if(|next| !is_flag(next)) {
                    value.push(next.clone());
                    if !takes_several(name) {
                        break;
                    }
                }
            }
            if name == "config" {
                self.file = Some(PathBuf::from(value.join(" ")));
                continue;
            }
            if value.is_empty() {
                known(word, name)?;
                return Err(malformed("a value is missing".into()));
            }
            self.settings.push((word.clone(), name.into(), value.join(" ")));
        }
        Ok(None)
    }
}

fn short_flag(word: &str) -> Option<&'static str> {
    match word {
        "-p" => Some("port"),
        "-a" => Some("requirepass"),
        "-s" => Some("unixsocket"),
        _ => None,
    }
}

/// Negative numbers are values.
fn is_flag(word: &str) -> bool {
    word.starts_with('-') && word[1..].parse::<f64>().is_err() && word != "-::1" && word != "-"
}

fn takes_several(name: &str) -> bool {
    matches!(name, "bind" | "host" | "save" | "client-output-buffer-limit")
}

fn long_name(name: &str) -> &str {
    SHORT_NAMES.iter().find(|(short, _)| short.eq_ignore_ascii_case(name)).map_or(name, |(_, long)| long)
}

fn known(source: &str, name: &str) -> Result<(), ConfigError> {
    let name = long_name(name);
    if find(name).is_ok() {
        return Ok(());
    }
    let names =
        SETTINGS.iter().map(|setting| setting.name).chain(SHORT_NAMES.iter().map(|(short, _)| *short));
    let error = SettingError::Unknown { name: name.into(), nearest: nearest(name, names) };
    Err(ConfigError::Setting { source: source.into(), error })
}

fn apply(settings: &Settings, source: &str, name: &str, value: &str) -> Result<(), ConfigError> {
    known(source, name)?;
    let name = long_name(name);
    settings.preset(name, value).map_err(|error| ConfigError::Setting { source: source.into(), error })
}

fn apply_environment(settings: &Settings, environment: &BTreeMap<String, String>) -> Result<(), ConfigError> {
    for (variable, name) in REDIS_VARIABLES {
        if let Some(value) = environment.get(*variable).filter(|value| !value.is_empty()) {
            apply(settings, variable, name, value)?;
        }
    }
    for (variable, value) in environment {
        let Some(name) = variable.strip_prefix("LARDER_") else { continue };
        if OTHER_VARIABLES.contains(&variable.as_str()) {
            continue;
        }
        apply(settings, variable, &name.to_ascii_lowercase().replace('_', "-"), value)?;
    }
    Ok(())
}

fn apply_file(
    settings: &Settings,
    path: &Path,
    read_file: &dyn Fn(&Path) -> io::Result<String>,
    depth: usize,
) -> Result<(), ConfigError> {
    const DEPTH_MAX: usize = 8;
    let text = read_file(path).map_err(|error| ConfigError::File { path: path.into(), error })?;
    let mut limits = String::new();
    for (number, line) in text.lines().enumerate() {
        let source = format!("{}, line {}", path.display(), number + 1);
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let malformed =
            |reason: &str| ConfigError::Malformed { source: source.clone(), reason: reason.into() };
        let words =
            larder_resp::split_arguments(line.as_bytes()).ok_or_else(|| malformed("unbalanced quotes"))?;
        let words: Result<Vec<String>, _> = words.into_iter().map(String::from_utf8).collect();
        let words = words.map_err(|_| malformed("not UTF-8"))?;
        let [name, values @ ..] = &words[..] else { continue };
        let name = name.to_ascii_lowercase();
        if name == "user" {
            settings.declare_user(&values.join(" "));
        } else if name == "include" {
            if depth >= DEPTH_MAX {
                return Err(malformed("too many files include each other"));
            }
            for other in values {
                apply_file(
                    settings,
                    &path.parent().unwrap_or(Path::new("")).join(other),
                    read_file,
                    depth + 1,
                )?;
            }
        } else if name == "client-output-buffer-limit" {
            // One class to a line.
            limits = format!("{limits} {}", values.join(" "));
            apply(settings, &source, &name, &limits)?;
        } else if !IGNORED.contains(&name.as_str()) {
            apply(settings, &source, &name, &values.join(" "))?;
        }
    }
    Ok(())
}

/// The text of a file with the settings as they are now: remarks and order stay, what differs from the default and was
/// not there comes at the end, and what is written twice is written once. `users` take the place of the users there.
pub fn rewritten(text: &str, settings: &Settings, users: &[String]) -> String {
    const ADDED: &str = "# Written by CONFIG REWRITE";
    let mut written: Vec<&str> = Vec::new();
    let (mut out, mut marked) = (String::new(), false);
    for line in text.lines() {
        let name = line.split_ascii_whitespace().next().unwrap_or_default();
        match find(long_name(name)) {
            Ok(setting) if !written.contains(&setting.name) => {
                written.push(setting.name);
                out.push_str(&lines(setting.name, &settings.text(setting.name)));
            }
            Ok(_) => {}
            Err(_) if name.eq_ignore_ascii_case("user") => {}
            Err(_) => {
                marked |= line.trim() == ADDED;
                out.push_str(line);
                out.push('\n');
            }
        }
    }
    let changed = SETTINGS.iter().map(|setting| (setting, settings.text(setting.name)));
    let mut changed = changed
        .filter(|(setting, value)| *value != setting.default && !written.contains(&setting.name))
        .peekable();
    if !marked && changed.peek().is_some() {
        let _ = writeln!(out, "{ADDED}");
    }
    changed.for_each(|(setting, value)| out.push_str(&lines(setting.name, &value)));
    users.iter().for_each(|user| {
        let _ = writeln!(out, "{user}");
    });
    out
}

/// A setting as a file has it.
fn lines(name: &str, value: &str) -> String {
    let words: Vec<&str> = value.split_ascii_whitespace().collect();
    match name {
        "client-output-buffer-limit" => {
            let classes: Vec<String> = words.chunks(4).map(|class| class.join(" ")).collect();
            format!("{name} {}\n", classes.join(&format!("\n{name} ")))
        }
        "bind" => format!("{name} {value}\n"),
        _ if value.is_empty() || value.bytes().any(|b| !b.is_ascii_graphic() || b"\"'\\#".contains(&b)) => {
            let mut quoted = String::new();
            for byte in value.bytes() {
                match byte {
                    b'"' | b'\\' => quoted.extend(['\\', byte as char]),
                    b' '..=b'~' => quoted.push(byte as char),
                    byte => {
                        let _ = write!(quoted, "\\x{byte:02x}");
                    }
                }
            }
            format!("{name} \"{quoted}\"\n")
        }
        _ => format!("{name} {value}\n"),
    }
}

/// Reads the settings of this process.
pub fn of_process(flags: &[String]) -> Result<Request, ConfigError> {
    read(flags, &std::env::vars().collect(), &|path| fs::read_to_string(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_with(flags: &[&str], environment: &[(&str, &str)], file: &str) -> Result<Settings, String> {
        let flags: Vec<String> = flags.iter().map(ToString::to_string).collect();
        let environment =
            environment.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        let file = file.to_string();
        match read(&flags, &environment, &move |_| Ok(file.clone())) {
            Ok(Request::Serve(settings, _)) => Ok(*settings),
            Ok(other) => Err(format!("{other:?}")),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn flags_win_over_the_environment_and_that_over_the_file() {
        let file = "port 1\nmaxmemory 1mb\n# a remark\ntimeout 5\nrdbcompression yes\n";
        let environment =
            [("LARDER_PORT", "2"), ("LARDER_TIMEOUT", "7"), ("REDIS_PASSWORD", "secret"), ("HOME", "/")];
        let settings = read_with(&["my.conf", "--port", "3"], &environment, file).unwrap();
        let texts: Vec<String> =
            ["port", "timeout", "maxmemory", "requirepass"].iter().map(|name| settings.text(name)).collect();
        assert_eq!(texts, ["3", "7", "1048576", "secret"]);
    }

    #[test]
    fn a_rewritten_file_means_what_the_settings_are() {
        let file = "# mine\nport 1\nport 2\npassword \"a \\\"b\\\"\"\n\nlocale-collate x\n";
        let settings = read_with(&["my.conf", "--maxmemory", "1mb"], &[], file).unwrap();
        let once = rewritten(file, &settings, &[]);
        assert_eq!(
            once,
            "# mine\nport 2\nrequirepass \"a \\\"b\\\"\"\n\nlocale-collate x\n# Written by CONFIG \
             REWRITE\nmaxmemory 1048576\n"
        );
        let again = read_with(&["my.conf"], &[], &once).unwrap();
        for setting in SETTINGS {
            assert_eq!(again.text(setting.name), settings.text(setting.name), "{}", setting.name);
        }
        settings.preset("client-output-buffer-limit", "pubsub 1 2 3").unwrap();
        settings.preset("requirepass", "").unwrap();
        let twice = rewritten(&once, &settings, &[]);
        let last = read_with(&["my.conf"], &[], &twice).unwrap();
        for name in ["client-output-buffer-limit", "requirepass", "maxmemory"] {
            assert_eq!(last.text(name), settings.text(name), "{name}");
        }
        assert_eq!(rewritten(&twice, &settings, &[]), twice);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let wrong = |flags: &[&str], environment: &[(&str, &str)], file: &str| {
            read_with(flags, environment, file).map(|_| ()).unwrap_err()
        };
        assert_eq!(
            wrong(&["--prot", "1"], &[], ""),
            "--prot: there is no setting 'prot'; did you mean 'port'?"
        );
        assert_eq!(
            wrong(&["--port", "x"], &[], ""),
            "--port: 'port': argument couldn't be parsed into an integer"
        );
        assert_eq!(wrong(&["--port"], &[], ""), "--port: a value is missing");
        assert_eq!(
            wrong(&[], &[("LARDER_PASSWRD", "x")], ""),
            "LARDER_PASSWRD: there is no setting 'passwrd'; did you mean 'password'?"
        );
        assert_eq!(
            wrong(&["a.conf"], &[], "\nmaxmemry 1\n"),
            "a.conf, line 2: there is no setting 'maxmemry'; did you mean 'maxmemory'?"
        );
        assert_eq!(wrong(&["a.conf"], &[], "bind \"a\n"), "a.conf, line 1: unbalanced quotes");
        assert!(wrong(&["-x"], &[], "").starts_with("-x: there is no such flag"));
    }

    #[test]
    fn values_may_have_several_words_or_a_minus() {
        let settings = read_with(
            &["--bind", "127.0.0.1", "-::1", "--slowlog-log-slower-than", "-1", "--maxmemory=2mb"],
            &[],
            "",
        );
        let settings = settings.unwrap();
        assert_eq!(settings.text("bind"), "127.0.0.1 -::1");
        assert_eq!(settings.int("slowlog-log-slower-than"), -1);
        assert_eq!(settings.int("maxmemory"), 2 << 20);
    }
}
