//! Keeping a stream short: the options of XADD and XTRIM.

use super::ids;
use crate::prelude::*;
use larder_core::Edit;
use larder_core::value::stream::{Keep, References, Stream, Trim};

/// Nodes that go at most where nothing else is said, so that no trim takes long.
const NODES_MAX: i64 = 100;

pub(crate) const ARGS: [Arg; 4] = [
    Arg::one_of("strategy", &[Arg::word("maxlen", "MAXLEN"), Arg::word("minid", "MINID").since("6.2.0")]),
    Arg::one_of("operator", &[Arg::word("equal", "="), Arg::word("approximately", "~")]).optional(),
    Arg::string("threshold"),
    Arg::int("count").token("LIMIT").optional().since("6.2.0"),
];

/// What becomes of references to entries that go.
pub(crate) const CONDITION: Arg = Arg::one_of(
    "condition",
    &[Arg::word("keepref", "KEEPREF"), Arg::word("delref", "DELREF"), Arg::word("acked", "ACKED")],
);

/// Reads `KEEPREF`, `DELREF` or `ACKED`.
pub(crate) fn references(word: &[u8]) -> Option<References> {
    match () {
        () if is(word, "KEEPREF") => Some(References::Keep),
        () if is(word, "DELREF") => Some(References::Delete),
        () if is(word, "ACKED") => Some(References::Acknowledged),
        () => None,
    }
}

/// The options as far as they were read.
#[derive(Debug, Default)]
pub(crate) struct Trimming {
    keep: Option<Keep>,
    roughly: bool,
    limit: Option<i64>,
    references: Option<References>,
}

fn limit_without_tilde() -> Error {
    Error::general("syntax error, LIMIT cannot be used without the special ~ option")
}

impl Trimming {
    /// Reads an option if it is one of these.
    pub(crate) fn read(&mut self, option: &[u8], options: &mut Options<'_>) -> Result<bool> {
        let more = !options.rest().is_empty();
        match () {
            () if is(option, "MAXLEN") && more => {
                let threshold = self.threshold(options)?;
                let len = parse_int(threshold).ok_or(Error::NOT_INTEGER)?;
                let len =
                    u64::try_from(len).map_err(|_| Error::general("The MAXLEN argument must be >= 0."))?;
                self.keep = Some(Keep::Newest(len));
            }
            () if is(option, "MINID") && more => {
                let threshold = self.threshold(options)?;
                self.keep = Some(Keep::From(ids::strict(threshold, 0)?));
            }
            () if is(option, "LIMIT") && more => {
                let limit = options.int()?;
                if limit < 0 {
                    return Err(Error::general("The LIMIT argument must be >= 0."));
                }
                self.limit = Some(limit);
            }
            () => match references(option) {
                Some(references) if self.references.is_none() => self.references = Some(references),
                // A second one is no option: XADD takes it for an id.
                _ => return Ok(false),
            },
        }
        Ok(true)
    }

    /// The word after `=` or `~`, neither of which need be there.
    fn threshold<'a>(&mut self, options: &mut Options<'a>) -> Result<&'a [u8]> {
        if self.keep.is_some() {
            return Err(Error::general(
                "syntax error, MAXLEN and MINID options at the same time are not compatible",
            ));
        }
        self.roughly = false;
        if let [sign @ (b"~" | b"="), _, ..] = options.rest() {
            self.roughly = *sign == b"~";
            options.next();
        }
        options.value()
    }

    /// The same where trimming is optional: a limit wants something to limit all the same, even one of 0.
    pub(crate) fn finish_optional(self, cx: &Cx<'_>) -> Result<Option<(Trim, References)>> {
        let has_limit = self.limit.is_some();
        match self.finish(cx)? {
            None if has_limit => Err(limit_without_tilde()),
            trim => Ok(trim),
        }
    }

    /// What they mean together; `None` where there is nothing to trim.
    pub(crate) fn finish(self, cx: &Cx<'_>) -> Result<Option<(Trim, References)>> {
        let references = self.references.unwrap_or_default();
        let Some(keep) = self.keep else {
            if self.limit.is_some_and(|limit| limit != 0) {
                return Err(Error::general(
                    "syntax error, LIMIT cannot be used without specifying a trimming strategy",
                ));
            }
            return Ok(None);
        };
        if self.limit.is_some() && !self.roughly {
            return Err(limit_without_tilde());
        }
        let usual = || match cx.instance.engine().value_limits().stream_node_max_entries as i64 {
            entries @ 1.. => entries.saturating_mul(NODES_MAX).min(1_000_000),
            _ => 10_000,
        };
        let limit = if self.roughly { self.limit.unwrap_or_else(usual) } else { 0 };
        let limit = u64::try_from(limit).ok().filter(|limit| *limit != 0);
        Ok(Some((Trim { keep, roughly: self.roughly, limit }, references)))
    }
}

/// Trims a stream and reports it: how many entries went.
pub(crate) fn trim(edit: &mut Edit<'_, Stream>, (trim, references): &(Trim, References)) -> u64 {
    let trimmed = edit.trim(trim, *references);
    if trimmed > 0 {
        edit.report("xtrim");
    }
    trimmed
}
