//! Keyspace notifications: changes of keys as messages, as `notify-keyspace-events` asks for.

use crate::error::Error;
use larder_core::{Change, ChangeListener, Class, Engine, Space, Wakes};
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};

const KEYSPACE: u8 = 1;
const KEYEVENT: u8 = 1 << 1;

/// The letters of the setting, in the order in which it is reported.
const CLASSES: [(u8, Class); 11] = [
    (b'g', Class::GENERIC),
    (b'$', Class::STRING),
    (b'l', Class::LIST),
    (b's', Class::SET),
    (b'h', Class::HASH),
    (b'z', Class::ZSET),
    (b'x', Class::EXPIRED),
    (b'e', Class::EVICTED),
    (b't', Class::STREAM),
    (b'm', Class::KEY_MISS),
    (b'n', Class::NEW),
];
/// Modules' events: accepted, since Redis accepts them, and never sent.
const MODULE: u8 = b'd';

/// Which changes become messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Notifications {
    spaces: u8,
    classes: u32,
    module: bool,
}

impl Notifications {
    /// Reads the letters of the setting.
    pub(crate) fn parse(letters: &str) -> Result<Notifications, Error> {
        let mut notifications = Notifications::default();
        for letter in letters.bytes() {
            match letter {
                b'K' => notifications.spaces |= KEYSPACE,
                b'E' => notifications.spaces |= KEYEVENT,
                b'A' => {
                    let all = CLASSES.iter().filter(|(letter, _)| !matches!(letter, b'm' | b'n'));
                    notifications.classes |= all.fold(0, |bits, (_, class)| bits | class.bits());
                    notifications.module = true;
                }
                MODULE => notifications.module = true,
                letter => match CLASSES.iter().find(|(known, _)| *known == letter) {
                    Some((_, class)) => notifications.classes |= class.bits(),
                    None => {
                        return Err(Error::general("Invalid event class character. Use 'Ag$lshzxeKEtmdn'."));
                    }
                },
            }
        }
        Ok(notifications)
    }

    /// The letters, as Redis writes them.
    pub(crate) fn letters(self) -> String {
        let mut letters = String::new();
        let all = CLASSES.iter().filter(|(letter, _)| !matches!(letter, b'm' | b'n'));
        if self.module && all.clone().all(|(_, class)| self.classes & class.bits() != 0) {
            letters.push('A');
        } else {
            letters.extend(
                all.filter(|(_, class)| self.classes & class.bits() != 0).map(|(letter, _)| *letter as char),
            );
            if self.module {
                letters.push(MODULE as char);
            }
        }
        if self.spaces & KEYSPACE != 0 {
            letters.push('K');
        }
        if self.spaces & KEYEVENT != 0 {
            letters.push('E');
        }
        for (letter, class) in [(b'm', Class::KEY_MISS), (b'n', Class::NEW)] {
            if self.classes & class.bits() != 0 {
                letters.push(letter as char);
            }
        }
        letters
    }
}

/// Turns changes into messages.
pub(crate) struct Notifier {
    engine: Engine,
    spaces: AtomicU8,
    classes: AtomicU32,
}

impl Notifier {
    pub(crate) fn new(engine: Engine) -> Notifier {
        Notifier { engine, spaces: AtomicU8::new(0), classes: AtomicU32::new(0) }
    }

    /// What to ask the engine for from now on.
    pub(crate) fn set(&self, notifications: Notifications) -> Class {
        self.spaces.store(notifications.spaces, Ordering::Relaxed);
        self.classes.store(notifications.classes, Ordering::Relaxed);
        let wanted = if notifications.spaces == 0 { 0 } else { notifications.classes };
        let classes = CLASSES.iter().filter(|(_, class)| class.bits() & wanted != 0);
        classes.fold(Class::NONE, |all, (_, class)| all.with(*class))
    }
}

impl ChangeListener for Notifier {
    fn changed(&self, changes: &[Change]) {
        let spaces = self.spaces.load(Ordering::Relaxed);
        let classes = self.classes.load(Ordering::Relaxed);
        let mut wakes = Wakes::default();
        let mut channel = Vec::new();
        for change in changes.iter().filter(|change| change.class.bits() & classes != 0) {
            let db = change.key.db.get();
            if spaces & KEYSPACE != 0 {
                channel.clear();
                channel.extend(format!("__keyspace@{db}__:").bytes());
                channel.extend(&change.key.bytes);
                self.engine.topics().publish_into(
                    Space::Channel,
                    &channel,
                    change.event.as_bytes(),
                    &mut wakes,
                );
            }
            if spaces & KEYEVENT != 0 {
                let channel = format!("__keyevent@{db}__:{}", change.event);
                self.engine.topics().publish_into(
                    Space::Channel,
                    channel.as_bytes(),
                    &change.key.bytes,
                    &mut wakes,
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_read_and_write_as_in_redis() {
        for (letters, shown) in [
            ("", ""),
            ("KEA", "AKE"),
            ("Ex", "xE"),
            ("Kg$lshzxetd", "AK"),
            ("mnKEA", "AKEmn"),
            ("Elg", "glE"),
        ] {
            assert_eq!(Notifications::parse(letters).map(Notifications::letters), Ok(shown.to_string()));
        }
        assert!(Notifications::parse("KEq").is_err());
    }
}
