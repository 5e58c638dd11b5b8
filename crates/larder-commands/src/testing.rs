//! For tests: an instance on a clock moved by hand, and clients that talk to it in plain lines.

use crate::client::{Origin, Wake};
use crate::dispatch::{Flow, deliver};
use crate::instance::Instance;
use crate::reply::{Protocol, Value, ValueReply};
use crate::session::{Pace, Session};
use crate::settings::Settings;
use larder_core::{Engine, ManualClock, Options};
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

struct Silent;

impl Wake for Silent {
    fn wake(&self) {}
}

/// An instance for one test.
pub(crate) struct House {
    pub(crate) instance: Arc<Instance>,
    pub(crate) clock: Arc<ManualClock>,
}

impl House {
    pub(crate) fn new() -> House {
        House::with(&[])
    }

    /// With settings that hold from the start.
    pub(crate) fn with(settings: &[(&str, &str)]) -> House {
        let all = Settings::default();
        settings.iter().for_each(|(name, value)| all.preset(name, value).expect("a valid setting"));
        let clock = Arc::new(ManualClock::new());
        let engine =
            Engine::with_options(Options { clock: clock.clone(), seed: Some(7), ..Options::default() });
        House { instance: Instance::with_settings(engine, all), clock }
    }

    pub(crate) fn guest(&self) -> Guest {
        self.guest_from(Origin {
            addr: "127.0.0.1:1".into(),
            laddr: "127.0.0.1:2".into(),
            unix: false,
            fd: 8,
        })
    }

    pub(crate) fn guest_from(&self, origin: Origin) -> Guest {
        Guest {
            instance: self.instance.clone(),
            session: Some(self.instance.connect(origin, Box::new(Silent))),
        }
    }

    pub(crate) fn advance_ms(&self, ms: u64) {
        self.clock.advance(Duration::from_millis(ms));
    }
}

/// A client for one test.
pub(crate) struct Guest {
    instance: Arc<Instance>,
    session: Option<Session>,
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.session.take().into_iter().for_each(|session| self.instance.disconnect(session));
    }
}

impl Guest {
    /// Says a line, whose words are separated by single spaces (`""` is an empty word), and gives what is answered,
    /// written as the tests read best: `OK`, `(3)`, `"bulk"`, `[…]`, `{…}`, `nil`, `-ERR …`. A command that waits is
    /// answered `(waits)`, one that is held up `(paused 1000)`.
    pub(crate) fn says(&mut self, line: &str) -> String {
        let words: Vec<&[u8]> =
            line.split(' ').map(|word| if word == "\"\"" { &b""[..] } else { word.as_bytes() }).collect();
        self.says_words(&words)
    }

    pub(crate) fn says_words(&mut self, words: &[&[u8]]) -> String {
        let session = self.session.as_mut().expect("connected");
        let mut out = ValueReply::new(session.protocol());
        let flow = self.instance.execute_borrowed(session, words, &mut out);
        self.instance.end_batch(session);
        match flow {
            Flow::Blocked(_) => "(waits)".into(),
            Flow::Paused(ms) => format!("(paused {ms})"),
            Flow::Elsewhere => "(elsewhere)".into(),
            Flow::Next | Flow::Close => shown_all(&out.into_values()),
        }
    }

    /// Whether it is in haste; says whether it was.
    pub(crate) fn set_pace(&mut self, pace: Pace) -> Option<Pace> {
        self.session.as_mut().map(|session| std::mem::replace(&mut session.pace, pace))
    }

    /// What has come through the mailbox.
    #[allow(dead_code)]
    pub(crate) fn hears(&mut self) -> String {
        let session = self.session.as_ref().expect("connected");
        let mut out = ValueReply::new(session.protocol());
        deliver(session, &mut out);
        shown_all(&out.into_values())
    }

    #[allow(dead_code)]
    pub(crate) fn speaks(mut self, protocol: Protocol) -> Guest {
        self.session.as_mut().expect("connected").set_protocol(protocol);
        self
    }
}

fn shown_all(values: &[Value]) -> String {
    values.iter().map(shown).collect::<Vec<_>>().join(" ")
}

fn shown(value: &Value) -> String {
    let list = |items: &[Value]| items.iter().map(shown).collect::<Vec<_>>().join(" ");
    match value {
        Value::Null => "nil".into(),
        Value::NullArray => "nil[]".into(),
        Value::Status(text) => text.clone(),
        Value::Error(error) => format!("-{error}"),
        Value::Int(n) => format!("({n})"),
        Value::Bulk(bytes) => format!("\"{}\"", bytes.escape_ascii()),
        Value::Array(items) => format!("[{}]", list(items)),
        Value::Set(items) => format!("~[{}]", list(items)),
        Value::Push(items) => format!(">[{}]", list(items)),
        Value::Map(pairs) => {
            let mut text = String::from("{");
            for (key, value) in pairs {
                let _ = write!(
                    text,
                    "{}{}: {}",
                    if text.len() > 1 { ", " } else { "" },
                    shown(key),
                    shown(value)
                );
            }
            text + "}"
        }
        Value::Double(n) => format!(",{n}"),
        Value::Boolean(yes) => format!("#{yes}"),
        Value::BigNumber(digits) => format!("({digits}"),
        Value::Verbatim(format, text) => format!("={format}:{}", text.escape_ascii()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transaction_sees_what_others_changed() {
        let house = House::new();
        let (mut a, mut b) = (house.guest(), house.guest());
        assert_eq!(a.says("WATCH k"), "OK");
        assert_eq!(b.says("SET k 1"), "OK");
        assert_eq!(a.says("MULTI"), "OK");
        assert_eq!(a.says("SET k 2"), "QUEUED");
        assert_eq!(a.says("EXEC"), "nil[]");
        assert_eq!(a.says("GET k"), "\"1\"");
        assert_eq!(a.says("MULTI"), "OK");
        assert_eq!(a.says("SET k 3"), "QUEUED");
        assert_eq!(a.says("NOSUCH"), "-ERR unknown command 'NOSUCH', with args beginning with: ");
        assert_eq!(a.says("EXEC"), "-EXECABORT Transaction discarded because of previous errors.");
    }

    #[test]
    fn a_key_that_dies_fails_the_watch_and_one_that_was_dead_does_not() {
        let house = House::new();
        let mut a = house.guest();
        a.says("SET k 1 PX 10");
        a.says("WATCH k");
        house.advance_ms(10);
        a.says("MULTI");
        assert_eq!(a.says("EXEC"), "nil[]");
        a.says("WATCH k");
        a.says("MULTI");
        assert_eq!(a.says("EXEC"), "[]");
    }
}
