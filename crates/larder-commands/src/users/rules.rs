//! The rules of a user: what it may run, which keys it may touch and how, which channels it may use, and with which
//! passwords it logs in. Rules are words; each changes a little, in the order in which they are given.
//!
//! A user has one set of permissions, or several ([`Selector`]): a command line is allowed if one of them allows all
//! of it. Which commands are allowed is kept as a bit for each entry of the command table, so that a check is one look;
//! the words it came from are kept beside it, because they also say what later versions' commands will be.

use crate::spec::acl;
use crate::table::{Entry, Table};
use larder_core::glob;
use std::collections::BTreeMap;
use std::fmt::{self, Write};

/// What is wrong with a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BadRule {
    Syntax,
    UnknownCommand,
    AfterAllKeys,
    AfterAllChannels,
    NoSuchPassword,
    BadDigest,
    SubcommandArgument,
}

impl fmt::Display for BadRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            BadRule::Syntax => "Syntax error",
            BadRule::UnknownCommand => "Unknown command or category name in ACL",
            BadRule::AfterAllKeys => {
                "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not have any \
                 effect. Try 'resetkeys' to start with an empty list of patterns"
            }
            BadRule::AfterAllChannels => {
                "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and does not have any \
                 effect. Try 'resetchannels' to start with an empty list of channels"
            }
            BadRule::NoSuchPassword => "The password you are trying to remove from the user does not exist",
            BadRule::BadDigest => {
                "The password hash must be exactly 64 characters and contain only lowercase hexadecimal characters"
            }
            BadRule::SubcommandArgument => "Allowing first-arg of a subcommand is not supported",
        })
    }
}

/// Keys that may be touched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyPattern {
    pub(crate) pattern: Box<[u8]>,
    pub(crate) reads: bool,
    pub(crate) writes: bool,
}

/// Commands that may be run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Commands {
    /// All there are, but for what the words take away.
    all: bool,
    /// A bit for each entry of the table.
    bits: Vec<u64>,
    /// Entries that are allowed only with one of these first arguments.
    first_arguments: BTreeMap<u16, Vec<Box<[u8]>>>,
    /// What made it so, after `+@all` or `-@all`.
    words: Vec<Word>,
}

/// One word about commands.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Word {
    allows: bool,
    /// `get`, `config|get`, `select|0` or `@read`.
    name: String,
}

impl Word {
    /// Whether a later word about `name` leaves nothing of this one.
    fn is_covered_by(&self, name: &str) -> bool {
        self.name == name || self.name.strip_prefix(name).is_some_and(|rest| rest.starts_with('|'))
    }
}

/// The bit of a category.
fn category(name: &str) -> Option<u32> {
    acl::NAMES.iter().find(|(_, known)| *known == name).map(|(bit, _)| *bit)
}

impl Commands {
    fn set(&mut self, entry: &Entry, allowed: bool) {
        let (word, bit) = (usize::from(entry.index) / 64, entry.index % 64);
        if self.bits.len() <= word {
            self.bits.resize(word + 1, 0);
        }
        if allowed {
            self.bits[word] |= 1 << bit;
        } else {
            self.bits[word] &= !(1 << bit);
        }
        self.first_arguments.remove(&entry.index);
    }

    fn has(&self, entry: &Entry) -> bool {
        let bits = self.bits.get(usize::from(entry.index) / 64);
        bits.is_some_and(|bits| bits >> (entry.index % 64) & 1 != 0)
    }

    /// Whether a line may be run, as far as its command is concerned.
    pub(crate) fn allow(&self, entry: &Entry, words: &[&[u8]]) -> bool {
        self.has(entry)
            || self.first_arguments.get(&entry.index).is_some_and(|allowed| {
                words.get(1).is_some_and(|given| allowed.iter().any(|word| word.eq_ignore_ascii_case(given)))
            })
    }

    fn set_all(&mut self, table: &Table, allowed: bool) {
        *self = Commands { all: allowed, ..Commands::default() };
        table.all().iter().for_each(|entry| self.set(entry, allowed));
    }

    /// `+name` or `-name`.
    fn change(&mut self, table: &Table, allows: bool, name: &str) -> Result<(), BadRule> {
        if let Some(name) = self.apply(table, allows, name)? {
            self.note(allows, name);
        }
        Ok(())
    }

    /// Sets the bits, and gives the name as it is to be noted; `None` where nothing is to be noted.
    fn apply(&mut self, table: &Table, allows: bool, name: &str) -> Result<Option<String>, BadRule> {
        if let Some(category) = name.strip_prefix('@') {
            return self.apply_category(table, allows, &category.to_ascii_lowercase());
        }
        let (first, rest) = name.split_once('|').map_or((name, None), |(first, rest)| (first, Some(rest)));
        let entry = table.find(first.as_bytes()).ok_or(BadRule::UnknownCommand)?;
        let Some(rest) = rest else {
            self.set(entry, allows);
            table.subs(entry).for_each(|sub| self.set(sub, allows));
            return Ok(Some(entry.full_name.to_string()));
        };
        let (sub, deeper) = rest.split_once('|').map_or((rest, false), |(sub, _)| (sub, true));
        match table.find_sub(entry, sub.as_bytes()) {
            Some(_) if deeper && allows => Err(BadRule::SubcommandArgument),
            Some(sub) if !deeper => {
                self.set(sub, allows);
                Ok(Some(sub.full_name.to_string()))
            }
            None if allows && !deeper && entry.command.sub.is_empty() => {
                Ok(Some(self.allow_first_argument(entry, rest)))
            }
            _ => Err(BadRule::UnknownCommand),
        }
    }

    fn allow_first_argument(&mut self, entry: &Entry, argument: &str) -> String {
        // Whoever may run the command at all needs no leave for an argument.
        if !self.has(entry) {
            let allowed = self.first_arguments.entry(entry.index).or_default();
            if !allowed.iter().any(|word| word.eq_ignore_ascii_case(argument.as_bytes())) {
                allowed.push(argument.as_bytes().into());
            }
        }
        format!("{}|{}", entry.full_name, argument.to_ascii_lowercase())
    }

    fn apply_category(&mut self, table: &Table, allows: bool, name: &str) -> Result<Option<String>, BadRule> {
        if name == "all" {
            self.set_all(table, allows);
            return Ok(None);
        }
        let category = category(name).ok_or(BadRule::UnknownCommand)?;
        for entry in table.all().iter().filter(|entry| entry.command.categories() & category != 0) {
            self.set(entry, allows);
        }
        Ok(Some(format!("@{name}")))
    }

    /// Notes a word that was applied, in the place of those that say less about the same. One that makes no difference
    /// is noted too, as Redis 7.2 does: what was asked for can be read back.
    fn note(&mut self, allows: bool, name: String) {
        self.words.retain(|word| !word.is_covered_by(&name));
        self.words.push(Word { allows, name });
    }

    fn describe(&self, text: &mut String) {
        text.push_str(if self.all { "+@all" } else { "-@all" });
        for word in &self.words {
            let sign = if word.allows { '+' } else { '-' };
            // Writing to a string cannot fail.
            let _ = write!(text, " {sign}{}", word.name);
        }
    }
}

/// One set of permissions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Selector {
    pub(crate) all_keys: bool,
    pub(crate) all_channels: bool,
    pub(crate) keys: Vec<KeyPattern>,
    pub(crate) channels: Vec<Box<[u8]>>,
    pub(crate) commands: Commands,
}

fn has_gap(text: &[u8]) -> bool {
    text.iter().any(|byte| byte.is_ascii_whitespace() || *byte == 0)
}

impl Selector {
    fn new(all_channels: bool) -> Selector {
        Selector { all_channels, ..Selector::default() }
    }

    /// Whether it allows everything, whatever there is.
    fn is_free(&self) -> bool {
        self.all_keys && self.all_channels && self.commands.all && self.commands.words.is_empty()
    }

    fn change(&mut self, table: &Table, rule: &[u8]) -> Result<(), BadRule> {
        let word = |known: &str| crate::args::is(rule, known);
        match rule {
            _ if word("allkeys") || rule == b"~*" => {
                self.all_keys = true;
                self.keys.clear();
            }
            _ if word("resetkeys") => {
                self.all_keys = false;
                self.keys.clear();
            }
            _ if word("allchannels") || rule == b"&*" => {
                self.all_channels = true;
                self.channels.clear();
            }
            _ if word("resetchannels") => {
                self.all_channels = false;
                self.channels.clear();
            }
            _ if word("allcommands") => self.commands.set_all(table, true),
            _ if word("nocommands") => self.commands.set_all(table, false),
            [b'~', pattern @ ..] => self.add_keys(pattern, true, true)?,
            [b'%', rest @ ..] => {
                let letters = rest.iter().position(|byte| *byte == b'~').unwrap_or(rest.len());
                let (letters, pattern) = rest.split_at(letters);
                let has = |letter: u8| letters.iter().any(|given| given.eq_ignore_ascii_case(&letter));
                if letters.is_empty() || !letters.iter().all(|letter| b"RWrw".contains(letter)) {
                    return Err(BadRule::Syntax);
                }
                self.add_keys(pattern.strip_prefix(b"~").unwrap_or(pattern), has(b'R'), has(b'W'))?;
            }
            [b'&', pattern @ ..] => self.add_channels(pattern)?,
            [sign @ (b'+' | b'-'), name @ ..] => {
                let name = std::str::from_utf8(name).map_err(|_| BadRule::UnknownCommand)?;
                self.commands.change(table, *sign == b'+', name)?;
            }
            _ => return Err(BadRule::Syntax),
        }
        Ok(())
    }

    fn add_keys(&mut self, pattern: &[u8], reads: bool, writes: bool) -> Result<(), BadRule> {
        if self.all_keys {
            return Err(BadRule::AfterAllKeys);
        }
        if has_gap(pattern) {
            return Err(BadRule::Syntax);
        }
        match self.keys.iter_mut().find(|known| *known.pattern == *pattern) {
            Some(known) => {
                known.reads |= reads;
                known.writes |= writes;
            }
            None => self.keys.push(KeyPattern { pattern: pattern.into(), reads, writes }),
        }
        Ok(())
    }

    fn add_channels(&mut self, pattern: &[u8]) -> Result<(), BadRule> {
        if self.all_channels {
            return Err(BadRule::AfterAllChannels);
        }
        if has_gap(pattern) {
            return Err(BadRule::Syntax);
        }
        if !self.channels.iter().any(|known| **known == *pattern) {
            self.channels.push(pattern.into());
        }
        Ok(())
    }

    /// Whether a key may be touched in this way.
    pub(crate) fn allows_key(&self, key: &[u8], reads: bool, writes: bool) -> bool {
        self.all_keys
            || self.keys.iter().any(|known| {
                (known.reads || !reads) && (known.writes || !writes) && glob::matches(&known.pattern, key)
            })
    }

    /// Whether a channel may be used; a pattern of channels only if it is one of the rules.
    pub(crate) fn allows_channel(&self, name: &[u8], is_pattern: bool) -> bool {
        self.all_channels
            || self
                .channels
                .iter()
                .any(|known| if is_pattern { **known == *name } else { glob::matches(known, name) })
    }

    /// The keys as rules.
    pub(crate) fn describe_keys(&self) -> Vec<u8> {
        if self.all_keys {
            return b"~*".to_vec();
        }
        let rule = |known: &KeyPattern| {
            let sign: &[u8] = match (known.reads, known.writes) {
                (true, false) => b"%R~",
                (false, true) => b"%W~",
                _ => b"~",
            };
            [sign, &known.pattern].concat()
        };
        self.keys.iter().map(rule).collect::<Vec<_>>().join(&b' ')
    }

    /// The channels as rules.
    pub(crate) fn describe_channels(&self) -> Vec<u8> {
        if self.all_channels {
            return b"&*".to_vec();
        }
        let rules = self.channels.iter().map(|known| [b"&", &**known].concat());
        rules.collect::<Vec<_>>().join(&b' ')
    }

    /// The commands as rules.
    pub(crate) fn describe_commands(&self) -> String {
        let mut text = String::new();
        self.commands.describe(&mut text);
        text
    }

    /// All of it as rules that would make it from nothing.
    fn describe(&self) -> Vec<u8> {
        let mut parts = vec![self.describe_keys()];
        if !self.all_channels {
            parts.push(b"resetchannels".to_vec());
        }
        parts.extend([self.describe_channels(), self.describe_commands().into_bytes()]);
        parts.retain(|part| !part.is_empty());
        parts.join(&b' ')
    }
}

/// Everything about a user but its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rules {
    pub(crate) is_on: bool,
    /// Any password will do.
    pub(crate) any_password: bool,
    /// Whether what it restores is to be looked through first. It always is; the rules only say so.
    pub(crate) sanitize: bool,
    /// SHA-256 digests in hexadecimal digits.
    pub(crate) passwords: Vec<String>,
    /// The first is the user's own; further ones were given in parentheses.
    pub(crate) selectors: Vec<Selector>,
}

impl Rules {
    /// A user that may do nothing; the channels are a matter of the setting `acl-pubsub-default`.
    pub(crate) fn nothing(all_channels: bool) -> Rules {
        Rules {
            is_on: false,
            any_password: false,
            sanitize: true,
            passwords: Vec::new(),
            selectors: vec![Selector::new(all_channels)],
        }
    }

    /// A user that may do everything, without a password.
    pub(crate) fn everything(table: &Table) -> Rules {
        let mut rules = Rules { is_on: true, any_password: true, ..Rules::nothing(true) };
        rules.selectors[0].all_keys = true;
        rules.selectors[0].commands.set_all(table, true);
        rules
    }

    /// Whether it may do everything, so that nothing needs to be checked.
    pub(crate) fn is_free(&self) -> bool {
        self.selectors.iter().any(Selector::is_free)
    }

    /// Takes one rule over.
    pub(crate) fn change(&mut self, table: &Table, all_channels: bool, rule: &[u8]) -> Result<(), BadRule> {
        let word = |known: &str| crate::args::is(rule, known);
        match rule {
            _ if word("on") => self.is_on = true,
            _ if word("off") => self.is_on = false,
            _ if word("nopass") => {
                self.any_password = true;
                self.passwords.clear();
            }
            _ if word("resetpass") => {
                self.any_password = false;
                self.passwords.clear();
            }
            _ if word("skip-sanitize-payload") => self.sanitize = false,
            _ if word("sanitize-payload") => self.sanitize = true,
            _ if word("reset") => *self = Rules::nothing(all_channels),
            _ if word("clearselectors") => self.selectors.truncate(1),
            [b'>', password @ ..] => self.add_password(digest(password)),
            [b'#', digest @ ..] => self.add_password(read_digest(digest)?),
            [b'<', password @ ..] => self.remove_password(&digest(password))?,
            [b'!', digest @ ..] => self.remove_password(&read_digest(digest)?)?,
            [b'(', inner @ .., b')'] => {
                let mut selector = Selector::new(all_channels);
                for rule in inner.split(|byte| *byte == b' ').filter(|rule| !rule.is_empty()) {
                    selector.change(table, rule)?;
                }
                self.selectors.push(selector);
            }
            _ => self.selectors[0].change(table, rule)?,
        }
        Ok(())
    }

    fn add_password(&mut self, digest: String) {
        if !self.passwords.contains(&digest) {
            self.passwords.push(digest);
        }
        self.any_password = false;
    }

    fn remove_password(&mut self, digest: &str) -> Result<(), BadRule> {
        let at = self.passwords.iter().position(|known| known == digest).ok_or(BadRule::NoSuchPassword)?;
        self.passwords.remove(at);
        Ok(())
    }

    /// The words that stand for its state.
    pub(crate) fn flags(&self) -> Vec<&'static str> {
        let mut flags = vec![if self.is_on { "on" } else { "off" }];
        if self.any_password {
            flags.push("nopass");
        }
        flags.push(if self.sanitize { "sanitize-payload" } else { "skip-sanitize-payload" });
        flags
    }

    /// All of it as rules that would make it from nothing.
    pub(crate) fn describe(&self) -> Vec<u8> {
        let mut parts: Vec<Vec<u8>> = self.flags().into_iter().map(Into::into).collect();
        parts.extend(self.passwords.iter().map(|digest| format!("#{digest}").into_bytes()));
        for (number, selector) in self.selectors.iter().enumerate() {
            let rules = selector.describe();
            parts.push(if number == 0 { rules } else { [b"(", &*rules, b")"].concat() });
        }
        parts.join(&b' ')
    }
}

/// The digest that stands for a password.
pub(crate) fn digest(password: &[u8]) -> String {
    hmac_sha256::Hash::hash(password).iter().fold(String::new(), |mut digits, byte| {
        // Writing to a string cannot fail.
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

fn read_digest(digits: &[u8]) -> Result<String, BadRule> {
    let right = digits.len() == 64 && digits.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
    if !right {
        return Err(BadRule::BadDigest);
    }
    Ok(String::from_utf8_lossy(digits).into_owned())
}

/// Puts the words of selectors, which may contain spaces, together: `(~a`, `+get)` is one rule. The error is the word
/// that opens what nothing closes.
pub(crate) fn join_selectors(words: &[&[u8]]) -> Result<Vec<Vec<u8>>, Vec<u8>> {
    let mut rules: Vec<Vec<u8>> = Vec::new();
    let mut open: Option<Vec<u8>> = None;
    for word in words {
        let rule = match open.take() {
            Some(begun) => [&*begun, b" ", word].concat(),
            None => word.to_vec(),
        };
        if rule.first() == Some(&b'(') && rule.last() != Some(&b')') {
            open = Some(rule);
        } else {
            rules.push(rule);
        }
    }
    match open {
        Some(begun) => {
            let first = begun.split(|byte| *byte == b' ').next().unwrap_or_default();
            Err(first.to_vec())
        }
        None => Ok(rules),
    }
}
