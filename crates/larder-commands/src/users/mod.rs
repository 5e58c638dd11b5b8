//! Users: who may do what. A session carries its user, so that a check finds the rules without looking anything up; a
//! change of the rules is seen by every session of the user from its next command on.
//!
//! Whoever may do everything is known as that ([`User::is_free`]), and costs one look at a flag.

mod check;
mod log;
mod rules;
#[cfg(test)]
mod tests;

pub(crate) use check::Denied;
pub(crate) use log::{AccessLog, Context, Reason, Refusal};
pub(crate) use rules::{BadRule, Rules, Selector, digest, join_selectors};

use crate::client::Client;
use crate::instance::Instance;
use crate::session::space_index;
use crate::table::Table;
use larder_core::Space;
use parking_lot::RwLock;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The user of those who have not logged in.
pub(crate) const DEFAULT_USER: &[u8] = b"default";

/// A user.
#[derive(Debug)]
pub(crate) struct User {
    pub(crate) name: Box<[u8]>,
    rules: RwLock<Rules>,
    /// It may do everything: nothing needs to be checked.
    free: AtomicBool,
}

impl User {
    fn new(name: &[u8], rules: Rules) -> User {
        User { name: name.into(), free: AtomicBool::new(rules.is_free()), rules: RwLock::new(rules) }
    }

    /// Whether it may do everything.
    #[inline]
    pub(crate) fn is_free(&self) -> bool {
        self.free.load(Ordering::Relaxed)
    }

    /// Its rules.
    pub(crate) fn rules(&self) -> Rules {
        self.rules.read().clone()
    }

    fn set_rules(&self, rules: Rules) -> Rules {
        let mut place = self.rules.write();
        self.free.store(rules.is_free(), Ordering::Relaxed);
        std::mem::replace(&mut place, rules)
    }

    /// Whether those who have not logged in may act as this user.
    pub(crate) fn needs_no_password(&self) -> bool {
        let rules = self.rules.read();
        rules.is_on && rules.any_password
    }
}

/// Every user, by name.
#[derive(Debug)]
pub(crate) struct Users {
    all: RwLock<BTreeMap<Box<[u8]>, Arc<User>>>,
    default: Arc<User>,
    /// What the program around an embedded instance acts as: no rule binds it.
    pub(crate) host: Arc<User>,
}

impl Users {
    pub(crate) fn new(table: &Table) -> Users {
        let free = |name| Arc::new(User::new(name, Rules::everything(table)));
        let default = free(DEFAULT_USER);
        let all = BTreeMap::from([(default.name.clone(), default.clone())]);
        Users { all: RwLock::new(all), default, host: free(DEFAULT_USER) }
    }

    /// The user of those who have not logged in.
    pub(crate) fn default(&self) -> &Arc<User> {
        &self.default
    }

    /// The user of this name.
    pub(crate) fn find(&self, name: &[u8]) -> Option<Arc<User>> {
        self.all.read().get(name).cloned()
    }

    /// Every user, by name.
    pub(crate) fn list(&self) -> Vec<Arc<User>> {
        self.all.read().values().cloned().collect()
    }

    /// Every user as a line that would make it.
    pub(crate) fn describe(&self) -> Vec<Vec<u8>> {
        let line = |user: &Arc<User>| [b"user ", &*user.name, b" ", &user.rules.read().describe()].concat();
        self.all.read().values().map(line).collect()
    }
}

/// Whether a name may be given to a user.
pub(crate) fn is_valid_name(name: &[u8]) -> bool {
    !name.iter().any(|byte| byte.is_ascii_whitespace() || *byte == 0)
}

/// What is wrong with the rules of a user.
#[derive(Debug)]
pub(crate) enum BadRules {
    /// A parenthesis is never closed.
    Unmatched(Vec<u8>),
    /// A rule makes no sense.
    Rule(Vec<u8>, BadRule),
}

impl Instance {
    /// Whether a new user may use all channels.
    fn new_users_have_channels(&self) -> bool {
        self.settings().text("acl-pubsub-default") == "allchannels"
    }

    fn changed(&self, mut rules: Rules, words: &[&[u8]]) -> Result<Rules, BadRules> {
        let all_channels = self.new_users_have_channels();
        for rule in join_selectors(words).map_err(BadRules::Unmatched)? {
            let changed = rules.change(self.table(), all_channels, &rule);
            changed.map_err(|bad| BadRules::Rule(rule, bad))?;
        }
        Ok(rules)
    }

    /// Makes a user, or changes it by rules: all of them or none. Whoever listens to what it may not any more is
    /// closed.
    pub(crate) fn set_user(&self, name: &[u8], words: &[&[u8]]) -> Result<(), BadRules> {
        let nothing = || Rules::nothing(self.new_users_have_channels());
        let before = self.users.find(name).map_or_else(nothing, |user| user.rules());
        let rules = self.changed(before, words)?;
        self.put_user(name, rules);
        Ok(())
    }

    fn put_user(&self, name: &[u8], rules: Rules) {
        let mut all = self.users.all.write();
        let Some(user) = all.get(name).cloned() else {
            all.insert(name.into(), Arc::new(User::new(name, rules)));
            return;
        };
        drop(all);
        user.set_rules(rules);
        self.close_listeners(&user);
    }

    /// Removes a user and closes its connections. Says whether there was one.
    pub(crate) fn remove_user(&self, name: &[u8]) -> bool {
        let removed = self.users.all.write().remove(name);
        if let Some(user) = &removed {
            self.close_all_of(user);
        }
        removed.is_some()
    }

    fn clients_of(&self, user: &User) -> impl Iterator<Item = Arc<Client>> {
        let name = String::from_utf8_lossy(&user.name).into_owned();
        self.clients().list().into_iter().filter(move |client| client.names.read().user == name)
    }

    fn close_all_of(&self, user: &User) {
        // Whoever closes itself by this hears so first: its session sees that its user is gone.
        user.set_rules(Rules::nothing(false));
        self.clients_of(user).for_each(|client| client.kill());
    }

    /// Closes those who are subscribed to what their user may not use any more.
    fn close_listeners(&self, user: &User) {
        let rules = user.rules();
        if rules.selectors.iter().any(|selector| selector.all_channels) {
            return;
        }
        let allowed = |space: Space, name: &[u8]| {
            rules.selectors.iter().any(|selector| selector.allows_channel(name, space == Space::Pattern))
        };
        for client in self.clients_of(user) {
            let denied = [Space::Channel, Space::Pattern, Space::Shard].into_iter().any(|space| {
                client.subscriptions[space_index(space)].load(Ordering::Relaxed) != 0
                    && self
                        .engine()
                        .topics()
                        .names_of(space, client.subscriber)
                        .iter()
                        .any(|name| !allowed(space, name))
            });
            if denied {
                client.kill();
            }
        }
    }

    /// The default user's password as `requirepass` has it; none means that any will do.
    pub(crate) fn set_default_password(&self, password: Option<&str>) {
        let user = self.users.default();
        let mut rules = user.rules();
        rules.any_password = password.is_none();
        rules.passwords = password.map(|password| digest(password.as_bytes())).into_iter().collect();
        user.set_rules(rules);
    }

    /// Whether those who have not logged in may act as the default user.
    pub fn is_open(&self) -> bool {
        self.users.default().needs_no_password()
    }

    /// Makes the users that are to be there at the start: of the settings, or of the file that they name.
    pub fn load_first_users(&self) -> Result<(), String> {
        let (path, declared) = (self.settings().text("aclfile"), self.settings().declared_users());
        match (path.is_empty(), declared.is_empty()) {
            (true, true) => Ok(()),
            (true, false) => self.load_users("the settings", &declared),
            (false, true) => self.load_user_file(&path),
            (false, false) => Err("there are users among the settings and an aclfile: one of the two".into()),
        }
    }

    /// Takes over the users of a file.
    pub(crate) fn load_user_file(&self, path: &str) -> Result<(), String> {
        let text = self.host().read_users(path)?;
        self.load_users(path, &text)
    }

    /// The users as lines for a file of settings; none where they have a file of their own, or where there is nothing
    /// to tell.
    pub(crate) fn users_for_settings(&self) -> Vec<String> {
        if !self.settings().text("aclfile").is_empty() {
            return Vec::new();
        }
        let users = self.users.list();
        let plain = matches!(&users[..], [only] if {
            let mut rules = only.rules();
            // `requirepass` tells the password.
            (rules.any_password, rules.passwords) = (true, Vec::new());
            rules == Rules::everything(self.table())
        });
        if plain {
            return Vec::new();
        }
        self.users.describe().iter().map(|line| String::from_utf8_lossy(line).into_owned()).collect()
    }

    /// Takes over users from lines that [`Users::describe`] wrote, or somebody by hand, in the place of those that are
    /// there: all or none. `source` names the file in errors, all of which are told at once.
    pub(crate) fn load_users(&self, source: &str, text: &str) -> Result<(), String> {
        let (users, mut errors) = self.read_users(source, text);
        if !errors.is_empty() {
            errors.push_str(
                "WARNING: ACL errors detected, no change to the previously active ACL rules was performed",
            );
            return Err(errors);
        }
        let gone: Vec<_> =
            self.users.list().into_iter().filter(|old| !users.contains_key(&old.name)).collect();
        for (name, rules) in users {
            self.put_user(&name, rules);
        }
        for user in gone {
            if *user.name == *DEFAULT_USER {
                self.put_user(DEFAULT_USER, Rules::everything(self.table()));
            } else {
                self.remove_user(&user.name);
            }
        }
        Ok(())
    }

    /// Reads users, and notes what is wrong with which line.
    fn read_users(&self, source: &str, text: &str) -> (BTreeMap<Box<[u8]>, Rules>, String) {
        let mut users = BTreeMap::new();
        let mut errors = String::new();
        for (number, line) in text.lines().enumerate().map(|(at, line)| (at + 1, line.trim())) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let wrong = match self.read_user(line) {
                Ok((name, _)) if users.contains_key(&name) => {
                    format!("WARNING: found duplicate user '{}'", String::from_utf8_lossy(&name))
                }
                Ok((name, rules)) => {
                    users.insert(name, rules);
                    continue;
                }
                Err(wrong) => wrong,
            };
            // Writing to a string cannot fail.
            let _ = write!(errors, "{source}:{number}: {wrong}. ");
        }
        (users, errors)
    }

    fn read_user(&self, line: &str) -> Result<(Box<[u8]>, Rules), String> {
        let words: Vec<&[u8]> = line.split_ascii_whitespace().map(str::as_bytes).collect();
        let [keyword, name, rules @ ..] = &words[..] else {
            return Err("a line is the word user, a name and rules".into());
        };
        if !crate::args::is(keyword, "user") {
            return Err("line should start with user keyword".into());
        }
        let nothing = Rules::nothing(self.new_users_have_channels());
        let rules = self.changed(nothing, rules).map_err(|bad| match bad {
            BadRules::Unmatched(word) => {
                format!("Unmatched parenthesis in selector starting at '{}'", String::from_utf8_lossy(&word))
            }
            BadRules::Rule(_, bad) => bad.to_string(),
        })?;
        Ok(((*name).into(), rules))
    }
}
