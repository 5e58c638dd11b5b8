//! `EX`, `PX`, `EXAT`, `PXAT`, `KEEPTTL`, `PERSIST`: how strings are given a time to live as they are written or read.

use crate::prelude::*;

/// Options that only some commands know.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ExpiryOption {
    keep_ttl: bool,
    persist: bool,
}

impl ExpiryOption {
    /// `KEEPTTL` beside the times.
    pub(crate) const KEEP_TTL: ExpiryOption = ExpiryOption { keep_ttl: true, persist: false };
    /// `PERSIST` beside the times.
    pub(crate) const PERSIST: ExpiryOption = ExpiryOption { keep_ttl: false, persist: true };
}

/// What was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Time<'a> {
    /// Nothing.
    #[default]
    None,
    /// The deadline stays.
    Keep,
    /// The deadline goes.
    Persist,
    /// From now: the number as it was written, read when all options are known, and its unit in milliseconds.
    After(&'a [u8], i64),
    /// Unix time, in the same way.
    At(&'a [u8], i64),
}

impl<'a> Time<'a> {
    /// Reads one option; at most one may be given, though that one again and again: the last counts.
    pub(crate) fn read(
        &mut self,
        option: &[u8],
        options: &mut Options<'a>,
        known: ExpiryOption,
    ) -> Result<()> {
        let new = match () {
            () if is(option, "EX") => Time::After(options.value()?, 1_000),
            () if is(option, "PX") => Time::After(options.value()?, 1),
            () if is(option, "EXAT") => Time::At(options.value()?, 1_000),
            () if is(option, "PXAT") => Time::At(options.value()?, 1),
            () if known.keep_ttl && is(option, "KEEPTTL") => Time::Keep,
            () if known.persist && is(option, "PERSIST") => Time::Persist,
            () => return Err(Error::SYNTAX),
        };
        let goes = match (*self, new) {
            (Time::None, _) => true,
            (Time::After(_, old), Time::After(_, new)) | (Time::At(_, old), Time::At(_, new)) => old == new,
            (old, new) => old == new,
        };
        *self = new;
        if goes { Ok(()) } else { Err(Error::SYNTAX) }
    }

    /// Whether a deadline was given.
    pub(crate) fn is_given(self) -> bool {
        matches!(self, Time::After(..) | Time::At(..))
    }

    /// What it means now.
    pub(crate) fn expiry(self, cx: &mut Cx<'_>, command: &str) -> Result<Expiry> {
        let invalid = || Error::expire_time(command);
        match self {
            Time::None | Time::Persist => Ok(Expiry::Never),
            Time::Keep => Ok(Expiry::Keep),
            Time::After(word, unit) => {
                let n = parse_int(word).ok_or(Error::NOT_INTEGER)?;
                let ms = n.checked_mul(unit).filter(|_| n > 0).ok_or_else(invalid)?;
                let now = cx.view.now_ms() as i64;
                let at = now.checked_add(ms).ok_or_else(invalid)?;
                Ok(Expiry::At(Deadline::at_ms(at as u64)))
            }
            Time::At(word, unit) => {
                let n = parse_int(word).ok_or(Error::NOT_INTEGER)?;
                let unix_ms = n.checked_mul(unit).filter(|_| n > 0).ok_or_else(invalid)?;
                Ok(Expiry::At(cx.deadline_at_unix_ms(unix_ms)))
            }
        }
    }
}
