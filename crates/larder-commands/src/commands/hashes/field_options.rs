//! The options of `HGETEX` and `HSETEX`: a time for the fields, a condition, and the fields themselves, in any order.

use super::{fields, hexpire};
use crate::commands::keys::expire::Unit;
use crate::prelude::*;

/// What becomes of the fields' deadlines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Time {
    /// It follows from the command: a value that is read keeps its deadline, one that is written loses it.
    Unsaid,
    /// They stay.
    Keep,
    /// They go.
    Persist,
    /// They are set to this.
    At(Deadline),
}

/// Under which fields are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    /// None.
    Always,
    /// None of them is there.
    IfNone,
    /// All of them are there.
    IfAll,
}

/// What a line asks for.
#[derive(Clone, Copy, Debug)]
pub(super) struct FieldOptions<'a> {
    pub(super) time: Time,
    pub(super) condition: Condition,
    /// Fields, or fields and values.
    pub(super) fields: &'a [&'a [u8]],
}

/// Which command reads its options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// HGETEX.
    Read,
    /// HSETEX.
    Write,
}

impl Kind {
    fn name(self) -> &'static str {
        if self == Kind::Read { "hgetex" } else { "hsetex" }
    }

    /// Words for each field.
    fn words(self) -> usize {
        if self == Kind::Read { 1 } else { 2 }
    }

    fn two_times(self) -> Error {
        let last = if self == Kind::Read { "PERSIST" } else { "KEEPTTL" };
        Error::general(format_args!("Only one of EX, PX, EXAT, PXAT or {last} arguments can be specified"))
    }
}

/// The unit of an option that names a time.
fn unit(option: &[u8]) -> Option<Unit> {
    match () {
        () if is(option, "EX") => Some(Unit::SECONDS_FROM_NOW),
        () if is(option, "PX") => Some(Unit::MS_FROM_NOW),
        () if is(option, "EXAT") => Some(Unit::SECONDS_OF_UNIX_TIME),
        () if is(option, "PXAT") => Some(Unit::MS_OF_UNIX_TIME),
        () => None,
    }
}

impl<'a> FieldOptions<'a> {
    pub(super) fn read(cx: &mut Cx<'_>, args: Args<'a>, kind: Kind) -> Result<FieldOptions<'a>> {
        let (mut time, mut condition, mut found) = (Time::Unsaid, Condition::Always, None);
        let mut options = args.options(2);
        while let Some(option) = options.next() {
            let new = if let Some(unit) = unit(option) {
                let n = options.int()?;
                Time::At(hexpire::deadline(cx, n, unit, kind.name())?)
            } else if kind == Kind::Read && is(option, "PERSIST") {
                Time::Persist
            } else if kind == Kind::Write && is(option, "KEEPTTL") {
                Time::Keep
            } else if kind == Kind::Write && (is(option, "FNX") || is(option, "FXX")) {
                if condition != Condition::Always {
                    return Err(Error::general("Only one of FXX or FNX arguments can be specified"));
                }
                condition = if is(option, "FNX") { Condition::IfNone } else { Condition::IfAll };
                continue;
            } else if found.is_none() && is(option, "FIELDS") {
                found = Some(take_fields(&mut options, kind)?);
                continue;
            } else {
                return Err(Error::general("unknown argument"));
            };
            if time != Time::Unsaid {
                return Err(kind.two_times());
            }
            time = new;
        }
        Ok(FieldOptions { time, condition, fields: found.ok_or_else(fields::missing)? })
    }
}

fn take_fields<'a>(options: &mut Options<'a>, kind: Kind) -> Result<&'a [&'a [u8]]> {
    let count = parse_int(options.value()?).and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0);
    let count = count.ok_or_else(|| Error::general("invalid number of fields"))?;
    let words = count.checked_mul(kind.words()).and_then(|words| options.take_words(words));
    words.ok_or_else(|| Error::arity(kind.name()))
}
