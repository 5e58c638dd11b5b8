//! `SAVE`, `BGSAVE`, `BGREWRITEAOF`, `LASTSAVE`: what there is to say about files while there are none. Where there are
//! no keys, nothing is left to be kept, and that succeeds; otherwise an error says that the data are in memory only.

use crate::prelude::*;
use crate::spec::acl;
use larder_core::DbIndex;

pub(crate) static BGREWRITEAOF: Command = Command {
    name: "bgrewriteaof",
    summary: "Would write the journal anew.",
    group: Group::Server,
    flags: ADMIN | NOSCRIPT | NO_ASYNC_LOADING,
    reach: Reach::Stripes,
    examples: &["BGREWRITEAOF", "BGREWRITEAOF x"],
    partial: Some("there is no journal yet: an error if there are keys"),
    run: run_bgrewriteaof,
    ..Command::DEFAULT
};

pub(crate) static BGSAVE: Command = Command {
    name: "bgsave",
    summary: "Would take a snapshot in the background.",
    group: Group::Server,
    arity: -1,
    flags: ADMIN | NOSCRIPT | NO_ASYNC_LOADING,
    args: &[Arg::word("schedule", "SCHEDULE").optional().since("3.2.2")],
    reach: Reach::Stripes,
    examples: &["BGSAVE later", "BGSAVE SCHEDULE later"],
    partial: Some("there are no snapshots yet: an error if there are keys"),
    run: run_bgsave,
    ..Command::DEFAULT
};

pub(crate) static LASTSAVE: Command = Command {
    name: "lastsave",
    summary: "Returns the Unix time of the last snapshot; of the start while there is none.",
    group: Group::Server,
    flags: LOADING | STALE | FAST,
    acl: acl::ADMIN | acl::DANGEROUS,
    tips: &["nondeterministic_output"],
    examples: &["LASTSAVE"],
    run: |cx, _, out| {
        let last = cx.instance.stats.saved().seconds;
        out.int(last.unwrap_or_else(|| cx.instance.started_seconds()) as i64);
        Ok(Done)
    },
    ..Command::DEFAULT
};

pub(crate) static SAVE: Command = Command {
    name: "save",
    summary: "Would take a snapshot.",
    group: Group::Server,
    complexity: "O(N) where N is the total number of keys in all databases",
    flags: ADMIN | NOSCRIPT | NO_ASYNC_LOADING | NO_MULTI,
    reach: Reach::Stripes,
    examples: &["SAVE", "SAVE now"],
    partial: Some("there are no snapshots yet: an error if there are keys"),
    run: run_save,
    ..Command::DEFAULT
};

fn run_bgrewriteaof(cx: &mut Cx<'_>, _: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    if !is_empty(cx)? {
        return Err(Error::NO_JOURNAL);
    }
    out.status("Background append only file rewriting started");
    Ok(Done)
}

fn run_bgsave(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    match args.from(1) {
        [] => {}
        [when] if is(when, "SCHEDULE") => {}
        _ => return Err(Error::SYNTAX),
    }
    save_nothing(cx)?;
    out.status("Background saving started");
    Ok(Done)
}

fn run_save(cx: &mut Cx<'_>, _: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    save_nothing(cx)?;
    out.ok();
    Ok(Done)
}

fn save_nothing(cx: &mut Cx<'_>) -> Result<()> {
    if !is_empty(cx)? {
        return Err(Error::NO_SNAPSHOTS);
    }
    let changes = cx.view.counts()?.changes;
    cx.instance.stats.note_saved(changes, cx.instance.engine().clock().wall_us() / 1_000_000);
    Ok(())
}

fn is_empty(cx: &mut Cx<'_>) -> Result<bool> {
    for db in DbIndex::all() {
        if cx.view.len(db)? != 0 {
            return Ok(false);
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use crate::testing::{Guest, House};

    fn changes(guest: &mut Guest) -> u64 {
        let info = guest.says("INFO persistence");
        let at = info.find("rdb_changes_since_last_save:").expect("there") + 28;
        info[at..].split("\\r").next().and_then(|digits| digits.parse().ok()).expect("a number")
    }

    #[test]
    fn changes_are_counted_until_there_is_nothing_to_keep() {
        let house = House::new();
        let mut guest = house.guest();
        assert_eq!(changes(&mut guest), 0);
        for (line, count) in [
            ("SET a 1", 1),
            ("INCR a", 1),
            ("GET a", 0),
            ("DEL nothing", 0),
            ("SETNX a 2", 0),
            ("MSET b 1 c 2", 2),
            ("SADD s x", 1),
            ("SADD s x", 0),
            ("SREM s y", 0),
            ("PEXPIRE b 100000", 1),
            ("RPUSH l x", 1),
            ("CONFIG RESETSTAT", 0),
            ("DEL a b", 2),
        ] {
            let before = changes(&mut guest);
            guest.says(line);
            assert_eq!(changes(&mut guest) - before, count, "{line}");
        }
        for line in ["SAVE", "BGSAVE", "BGSAVE SCHEDULE", "SHUTDOWN SAVE"] {
            assert!(guest.says(line).starts_with("-ERR there are no snapshots yet"), "{line}");
        }
        assert!(guest.says("BGREWRITEAOF").starts_with("-ERR there is no journal yet"));
        let before = changes(&mut guest);
        assert_eq!(guest.says("FLUSHALL"), "OK");
        assert_eq!(changes(&mut guest) - before, 3);
        assert_eq!(guest.says("SAVE"), "OK");
        assert_eq!(changes(&mut guest), 0);
        assert_eq!(guest.says("BGSAVE SCHEDULE"), "Background saving started");
        assert_eq!(guest.says("BGREWRITEAOF"), "Background append only file rewriting started");
        assert!(guest.says("INFO persistence").contains("rdb_saves:2"));
        assert!(guest.says("REPLICAOF 127.0.0.1 6379").starts_with("-ERR there is no replication yet"));
    }
}
