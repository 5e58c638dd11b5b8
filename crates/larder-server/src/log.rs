//! The log: one line for an event, on standard error or in a file, never anything a client sent.

use parking_lot::Mutex;
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// How important a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    Debug,
    Verbose,
    Notice,
    Warning,
    Nothing,
}

impl Level {
    pub(crate) fn named(name: &str) -> Level {
        match name {
            "debug" => Level::Debug,
            "verbose" => Level::Verbose,
            "warning" => Level::Warning,
            "nothing" => Level::Nothing,
            _ => Level::Notice,
        }
    }
}

/// Where lines go.
#[derive(Debug)]
pub(crate) struct Log {
    /// A [`Level`].
    level: AtomicU8,
    file: Option<Mutex<File>>,
}

impl Log {
    /// Opens the log; an empty path is standard error.
    pub(crate) fn open(path: &str, level: Level) -> io::Result<Log> {
        let file = match path {
            "" => None,
            path => Some(Mutex::new(OpenOptions::new().create(true).append(true).open(path)?)),
        };
        Ok(Log { level: AtomicU8::new(level as u8), file })
    }

    /// Changes how much is logged.
    pub(crate) fn set_level(&self, level: Level) {
        self.level.store(level as u8, Ordering::Relaxed);
    }

    /// Writes a line.
    pub(crate) fn line(&self, level: Level, text: impl fmt::Display) {
        if (level as u8) < self.level.load(Ordering::Relaxed) {
            return;
        }
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let line = format!("{} {text}\n", stamp(since.as_secs(), since.subsec_millis()));
        // A log that cannot be written is no reason to stop serving.
        let _ = match &self.file {
            Some(file) => file.lock().write_all(line.as_bytes()),
            None => io::stderr().write_all(line.as_bytes()),
        };
    }
}

/// Unix time as `2026-11-23T21:20:05.123Z`.
fn stamp(seconds: u64, millis: u32) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil(days as i64);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{millis:03}Z",
        rest / 3_600,
        rest / 60 % 60,
        rest % 60
    )
}

/// The date of a day counted from 1970, by the usual arithmetic of years that begin in March.
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_right() {
        assert_eq!(stamp(0, 0), "1970-01-01T00:00:00.000Z");
        assert_eq!(stamp(951_826_153, 7), "2000-02-29T12:09:13.007Z");
        assert_eq!(stamp(1_795_470_005, 123), "2026-11-23T21:40:05.123Z");
    }
}
