//! `ACL LOG`: what was refused of late.

use crate::prelude::*;
use crate::users::Refusal;

pub(super) static LOG: Command = Command {
    name: "log",
    summary: "Returns what was refused of late, the newest first, or forgets it.",
    since: "6.0.0",
    group: Group::Server,
    complexity: "O(N) in the number of entries",
    arity: -2,
    flags: ADMIN | NOSCRIPT | LOADING | STALE,
    args: &[Arg::one_of("operation", &[Arg::int("count"), Arg::word("reset", "RESET")]).optional()],
    history: &[("7.2.0", "Has entry-id, timestamp-created and timestamp-last-updated.")],
    examples: &["ACL LOG RESET", "ACL LOG", "ACL LOG 5", "ACL LOG x", "ACL LOG 1 2"],
    run,
    ..Command::DEFAULT
};

/// How many are told if nobody says how many.
const COUNT: i64 = 10;

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let count = match args.from(2) {
        [] => COUNT,
        [word] if is(word, "RESET") => {
            cx.instance.access_log.clear();
            out.ok();
            return Ok(Done);
        }
        [_] => args.int(2)?,
        _ => return Err(Error::unknown_arguments(args.at(1), "ACL")),
    };
    let newest = cx.instance.access_log.newest(usize::try_from(count).unwrap_or(0));
    let now_ms = cx.instance.engine().clock().wall_us() / 1_000;
    out.array(newest.len());
    newest.iter().for_each(|refusal| write_refusal(refusal, now_ms, out));
    Ok(Done)
}

fn write_refusal(refusal: &Refusal, now_ms: u64, out: &mut dyn Reply) {
    let age_ms = now_ms.saturating_sub(refusal.updated_ms);
    out.map(10);
    out.bulk(b"count");
    out.int(refusal.count as i64);
    for (field, value) in [
        ("reason", refusal.reason.name().as_bytes()),
        ("context", refusal.context.name().as_bytes()),
        ("object", &refusal.object),
        ("username", &refusal.user),
    ] {
        out.bulk(field.as_bytes());
        out.bulk(value);
    }
    out.bulk(b"age-seconds");
    out.double(age_ms as f64 / 1_000.0);
    out.bulk(b"client-info");
    out.bulk(refusal.client.trim_end().as_bytes());
    for (field, number) in [
        ("entry-id", refusal.id),
        ("timestamp-created", refusal.created_ms),
        ("timestamp-last-updated", refusal.updated_ms),
    ] {
        out.bulk(field.as_bytes());
        out.int(number as i64);
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::House;

    #[test]
    fn what_repeats_itself_is_one_entry() {
        let house = House::new();
        let (mut admin, mut guest) = (house.guest(), house.guest());
        admin.says("ACL SETUSER u on nopass +get +multi +exec ~a");
        guest.says("AUTH u x");
        for line in ["SET a 1", "SET a 1", "GET b", "MULTI", "SET a 1", "EXEC", "AUTH u x"] {
            guest.says(line);
        }
        admin.says("AUTH u2 x");
        let log = admin.says("ACL LOG");
        for (count, reason, context, object) in
            [(2, "command", "toplevel", "set"), (1, "key", "toplevel", "b"), (1, "command", "multi", "set")]
        {
            let entry = format!(
                "\"count\": ({count}), \"reason\": \"{reason}\", \"context\": \"{context}\", \"object\": \"{object}\""
            );
            assert!(log.contains(&entry), "{entry} in {log}");
        }
        assert!(log.contains("\"reason\": \"auth\"") && log.contains("\"username\": \"u2\""), "{log}");
        assert_eq!(admin.says("ACL LOG RESET"), "OK");
        assert_eq!(admin.says("ACL LOG"), "[]");
    }
}
