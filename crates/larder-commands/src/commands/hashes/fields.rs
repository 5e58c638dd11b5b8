//! `FIELDS numfields field …`: which fields of a hash a command is about, and how such commands answer for each.

use crate::prelude::*;

/// The fields, after their number.
pub(super) const FIELDS: Arg =
    Arg::block("fields", &[Arg::int("numfields"), Arg::string("field").multiple()]).token("FIELDS");

/// There is no such field, or no such key.
pub(super) const NO_FIELD: i64 = -2;
/// The field has no deadline.
pub(super) const NO_DEADLINE: i64 = -1;

/// What is said where the word itself is not there.
pub(super) fn missing() -> Error {
    Error::general("Mandatory argument FIELDS is missing or not at the right position")
}

/// Reads the fields where they must stand: from `at` to the end of the line. `wrong_number` is said of a number that is
/// none, or below one.
pub(super) fn read<'a>(args: Args<'a>, at: usize, wrong_number: &str) -> Result<&'a [&'a [u8]]> {
    if !args.from(at).first().is_some_and(|word| is(word, "FIELDS")) {
        return Err(missing());
    }
    let count = args.from(at + 1).first().and_then(|word| parse_int(word)).filter(|count| *count > 0);
    let count = count.ok_or_else(|| Error::general(wrong_number))?;
    let fields = args.from(at + 2);
    if usize::try_from(count) != Ok(fields.len()) {
        return Err(Error::general("The `numfields` parameter must match the number of arguments"));
    }
    Ok(fields)
}

/// What commands of Redis 7.4 say of a wrong number.
pub(super) const WRONG_NUMBER: &str = "Parameter `numFields` should be greater than 0";

/// Answers for each field, or that there is none of them.
pub(super) fn answer(out: &mut dyn Reply, fields: &[&[u8]], answers: Option<Vec<i64>>) {
    out.array(fields.len());
    match answers {
        Some(answers) => answers.into_iter().for_each(|answer| out.int(answer)),
        None => fields.iter().for_each(|_| out.int(NO_FIELD)),
    }
}
