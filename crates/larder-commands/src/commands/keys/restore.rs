//! `RESTORE`, and `RESTORE-ASKING`, which is the same in the middle of moving keys between servers: a key from the
//! bytes of `DUMP`. The value is built aside, before anything is locked, and takes the key's place only when all of it
//! is sound.

use super::dump::present;
use crate::prelude::*;
use crate::spec::acl;
use larder_core::Deadline;
use larder_core::View;
use larder_rdb::{Present, Value};

const ARGS: &[Arg] = &[
    Arg::key("key"),
    Arg::int("ttl"),
    Arg::string("serialized-value"),
    Arg::word("replace", "REPLACE").optional().since("3.0.0"),
    Arg::word("absttl", "ABSTTL").optional().since("5.0.0"),
    Arg::int("seconds").token("IDLETIME").optional().since("5.0.0"),
    Arg::int("frequency").token("FREQ").optional().since("5.0.0"),
];

const BASE: Command = Command {
    summary: "Makes a key from the bytes of DUMP.",
    complexity: "O(N) in the size of the value; O(N log N) for sorted sets",
    arity: -4,
    flags: WRITE | DENYOOM | LOCKS_LATER,
    keys: &[KeySpec::at(1, OW | UPDATE)],
    args: ARGS,
    history: &[
        ("3.0.0", "Added the `REPLACE` modifier."),
        ("5.0.0", "Added the `ABSTTL` modifier."),
        ("5.0.0", "Added the `IDLETIME` and `FREQ` options."),
    ],
    run,
    ..Command::DEFAULT
};

pub(crate) static RESTORE: Command = Command {
    name: "restore",
    since: "2.6.0",
    group: Group::Keys,
    acl: acl::DANGEROUS,
    examples: &[
        r#"RESTORE k 0 "\x00\x05hello\x0a\x00cr\xdfve4 \x0a""#,
        "GET k",
        r#"RESTORE k 0 "\x00\xc1\xc7\xcf\x0a\x00g\xed\xa26\xb4\xdb&\xd0""#,
        r#"RESTORE k 0 "\x00\xc1\xc7\xcf\x0a\x00g\xed\xa26\xb4\xdb&\xd0" REPLACE"#,
        "GET k",
        "TTL k",
        concat!(
            r#"RESTORE l 100000 "\x12\x01\x02\x0c\x0c\x00\x00\x00\x02\x00\x81a\x02\x01\x01\xff\x0a\x00"#,
            r#"\x94\x96+#\xac\x17\xaa\x85""#,
        ),
        "LRANGE l 0 -1",
        concat!(
            r#"RESTORE h 33177117420123 "\x10\x0d\x0d\x00\x00\x00\x02\x00\x81f\x02\x81v\x02\xff\x0a\x00"#,
            r#" \xf1=D#T\x08\x9d" ABSTTL"#,
        ),
        "PEXPIRETIME h",
        "HGETALL h",
        r#"RESTORE h 1 "\x00\x05hello\x0a\x00cr\xdfve4 \x0a" ABSTTL REPLACE"#,
        "EXISTS h",
        r#"RESTORE i 0 "\x00\x05hello\x0a\x00cr\xdfve4 \x0a" IDLETIME 1000 IDLETIME 2000"#,
        "RESTORE n 0 bytes",
        "RESTORE n 0 \"\"",
        r#"RESTORE n 0 "\x00\x05hello\x0b\x00cr\xdfve4 \x0a""#,
        "RESTORE n -1 bytes",
        "RESTORE n x bytes",
        "RESTORE k x bytes",
        "RESTORE k x bytes ABSTTL FREQ x",
        "RESTORE n 0 bytes IDLETIME -1",
        "RESTORE n 0 bytes FREQ 256",
        "RESTORE n 0 bytes FREQ 1 IDLETIME 1",
        "RESTORE n 0 bytes IDLETIME 1 FREQ 1",
        "RESTORE n 0 bytes IDLETIME",
        "RESTORE n 0 bytes AGAIN",
    ],
    ..BASE
};

pub(crate) static RESTORE_ASKING: Command = Command {
    name: "restore-asking",
    since: "3.0.0",
    group: Group::Server,
    flags: BASE.flags | ASKING,
    acl: acl::DANGEROUS | acl::KEYSPACE,
    internal: true,
    examples: &[
        r#"RESTORE-ASKING k 0 "\x00\x05hello\x0a\x00cr\xdfve4 \x0a""#,
        r#"RESTORE-ASKING k 0 "\x00\x05hello\x0a\x00cr\xdfve4 \x0a""#,
        "GET k",
    ],
    ..BASE
};

/// What a line says beside key and value.
#[derive(Default)]
struct How {
    replace: bool,
    absolute: bool,
    idle_seconds: Option<u32>,
    frequency: Option<u8>,
}

impl How {
    fn read(args: Args<'_>) -> Result<How> {
        let mut how = How::default();
        let mut options = args.options(4);
        while let Some(option) = options.next() {
            match () {
                () if is(option, "REPLACE") => how.replace = true,
                () if is(option, "ABSTTL") => how.absolute = true,
                () if is(option, "IDLETIME") && how.frequency.is_none() => {
                    let seconds = u64::try_from(options.int()?)
                        .map_err(|_| Error::general("Invalid IDLETIME value, must be >= 0"))?;
                    how.idle_seconds = Some(u32::try_from(seconds).unwrap_or(u32::MAX));
                }
                () if is(option, "FREQ") && how.idle_seconds.is_none() => {
                    let frequency = u8::try_from(options.int()?)
                        .map_err(|_| Error::general("Invalid FREQ value, must be >= 0 and <= 255"))?;
                    how.frequency = Some(frequency);
                }
                () => return Err(Error::SYNTAX),
            }
        }
        Ok(how)
    }
}

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let how = How::read(args)?;
    let key = cx.key(args.at(1));
    let present = present(cx);
    let read = read(cx, args, &how, present);
    lock(cx, &key)?;
    if !how.replace && cx.view.exists(&key)? {
        unlock(cx);
        return Err(Error::new("BUSYKEY Target key name already exists."));
    }
    let (value, deadline) = read?;
    // Removed rather than overwritten: what comes is a new key, which has not been used yet.
    let existed = cx.view.remove(&key)?;
    let has_come = deadline.is_some_and(|deadline| deadline.ms() <= present.engine_ms as u64);
    if has_come || matches!(value, Value::Gone) {
        if existed {
            cx.view.report(&key, "del", Class::GENERIC)?;
        }
    } else {
        put(&mut cx.view, &key, value, deadline.map_or(Expiry::Never, Expiry::At))?;
        if let Some(seconds) = how.idle_seconds {
            cx.view.set_idle(&key, seconds)?;
        }
        if let Some(frequency) = how.frequency {
            cx.view.set_frequency(&key, frequency)?;
        }
        cx.view.report(&key, "restore", Class::GENERIC)?;
    }
    out.ok();
    Ok(Done)
}

/// What is to be put, and when it dies.
fn read<'a>(
    cx: &Cx<'_>,
    args: Args<'a>,
    how: &How,
    present: Present,
) -> Result<(Value<'a>, Option<Deadline>)> {
    let ttl = args.int(2)?;
    if ttl < 0 {
        return Err(Error::general("Invalid TTL value, must be >= 0"));
    }
    let deadline = match ttl {
        0 => None,
        ttl if how.absolute => Some(cx.deadline_at_unix_ms(ttl)),
        ttl => Some(cx.deadline_at_unix_ms(present.unix_ms.saturating_add(ttl))),
    };
    Ok((larder_rdb::restore(args.at(3), &cx.view.tools(), present)?, deadline))
}

/// Locks the key, which a transaction or a script has done already.
fn lock(cx: &mut Cx<'_>, key: &Key<'_>) -> Result<()> {
    if cx.caller == Caller::Client {
        let scripts = &cx.instance.scripts;
        let view = cx.instance.engine().view_one_unless(key, &|| scripts.has_slow());
        cx.view = view.ok_or_else(|| scripts.busy_error())?;
        cx.count_uses();
    }
    Ok(())
}

/// What was read in vain is freed while nobody waits for it.
fn unlock(cx: &mut Cx<'_>) {
    if cx.caller == Caller::Client {
        cx.view = cx.instance.engine().view_none(None);
    }
}

/// Puts a value that was read under a key.
pub(crate) fn put(view: &mut View<'_>, key: &Key<'_>, value: Value<'_>, expiry: Expiry) -> Result<()> {
    match value {
        Value::Text(text) => drop(view.set(key, &text, expiry)?),
        Value::Object(object) => drop(view.put_object(key, object, expiry)?),
        Value::Gone => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::testing::{Guest, House};
    use larder_rdb::seal;

    fn restores(guest: &mut Guest, options: &[&[u8]], body: &[u8]) -> String {
        let payload = seal(body.to_vec(), 10);
        let mut words: Vec<&[u8]> = vec![b"RESTORE", b"k", options[0], &payload];
        words.extend(&options[1..]);
        guest.says_words(&words)
    }

    #[test]
    fn a_damaged_value_changes_nothing() {
        let house = House::new();
        let mut guest = house.guest();
        guest.says("SET k before EX 100");
        let mut other = house.guest();
        other.says("WATCH k");
        // A member twice.
        let reply = restores(&mut guest, &[b"0", b"REPLACE"], b"\x02\x02\x01a\x01a");
        assert_eq!(reply, "-ERR Bad data format");
        assert_eq!(guest.says("GET k"), "\"before\"");
        assert_eq!(guest.says("TTL k"), "(100)");
        other.says("MULTI");
        assert_eq!(other.says("EXEC"), "[]");
    }

    #[test]
    fn groups_of_old_streams_have_read_what_their_ids_tell() {
        let house = House::new();
        let mut guest = house.guest();
        // No node, no entry, last id 5-0; a group g at 0-0 with nothing pending and no consumer.
        let body = b"\x0f\x00\x00\x05\x00\x01\x01g\x00\x00\x00\x00";
        assert_eq!(restores(&mut guest, &[b"0"], body), "OK");
        let groups = guest.says("XINFO GROUPS k");
        assert!(
            groups.contains("\"entries-read\" (0)") || groups.contains("\"entries-read\": (0)"),
            "{groups}"
        );
    }

    #[test]
    fn it_restores_where_its_key_is_locked_already() {
        let house = House::new();
        let mut guest = house.guest();
        let payload = seal(b"\x00\x01a".to_vec(), 10);
        guest.says("SET taken 1");
        guest.says("MULTI");
        for (key, option) in [("k", "ABSTTL"), ("taken", "ABSTTL"), ("taken", "REPLACE")] {
            guest.says_words(&[b"RESTORE", key.as_bytes(), b"0", &payload, option.as_bytes()]);
        }
        assert_eq!(guest.says("EXEC"), "[OK -BUSYKEY Target key name already exists. OK]");
        assert_eq!(guest.says("MGET k taken"), "[\"a\" \"a\"]");
        if cfg!(feature = "scripts") {
            let script = b"return redis.call('restore', KEYS[1], 0, ARGV[1])";
            assert_eq!(guest.says_words(&[b"EVAL", script, b"1", b"s", &payload]), "OK");
            assert_eq!(guest.says("GET s"), "\"a\"");
        }
    }

    #[test]
    fn a_restored_key_serves_those_who_wait_and_tells_those_who_listen() {
        let house = House::new();
        let (mut waiter, mut listener, mut guest) = (house.guest(), house.guest(), house.guest());
        guest.says("CONFIG SET notify-keyspace-events KEA");
        listener.says("SUBSCRIBE __keyspace@0__:k");
        assert_eq!(waiter.says("BLPOP k 0"), "(waits)");
        assert_eq!(restores(&mut guest, &[b"0"], b"\x01\x02\x01a\x01b"), "OK");
        assert_eq!(waiter.hears(), "[\"k\" \"a\"]");
        assert_eq!(restores(&mut guest, &[b"1", b"ABSTTL", b"REPLACE"], b"\x00\x01a"), "OK");
        assert_eq!(restores(&mut guest, &[b"1", b"ABSTTL", b"REPLACE"], b"\x00\x01a"), "OK");
        let told = listener.hears();
        let events: Vec<&str> =
            ["restore", "lpop", "del"].into_iter().filter(|event| told.contains(event)).collect();
        assert_eq!(events, ["restore", "lpop", "del"], "{told}");
        assert_eq!(told.matches("del").count(), 1, "{told}");
    }

    #[test]
    fn access_is_what_the_policy_keeps() {
        let house = House::new();
        let mut guest = house.guest();
        assert_eq!(restores(&mut guest, &[b"0", b"IDLETIME", b"5"], b"\x00\x01a"), "OK");
        assert_eq!(guest.says("OBJECT IDLETIME k"), "(5)");
        assert_eq!(restores(&mut guest, &[b"0", b"FREQ", b"77", b"REPLACE"], b"\x00\x01a"), "OK");
        assert_eq!(guest.says("OBJECT IDLETIME k"), "(0)");
        house.instance.configure(&[("maxmemory-policy", "allkeys-lfu")]).expect("a valid setting");
        assert_eq!(restores(&mut guest, &[b"0", b"FREQ", b"77", b"REPLACE"], b"\x00\x01a"), "OK");
        assert_eq!(guest.says("OBJECT FREQ k"), "(77)");
        assert_eq!(restores(&mut guest, &[b"0", b"IDLETIME", b"9", b"REPLACE"], b"\x00\x01a"), "OK");
        assert_eq!(guest.says("OBJECT FREQ k"), "(5)");
    }

    #[test]
    fn fields_die_at_their_own_deadlines() {
        let house = House::new();
        let mut guest = house.guest();
        guest.says("HSET h a 1 b 2 c 3");
        guest.says("HPEXPIRE h 1000 FIELDS 1 a");
        guest.says("HPEXPIRE h 5000 FIELDS 1 b");
        assert_eq!(guest.says("COPY h kept"), "(1)");
        let session = guest.says_words(&[b"DUMP", b"h"]);
        assert!(session.starts_with("\"\\x18"), "{session}");
        // The clock stands at 2020-01-01: a dies after a second, b after five, c never.
        let first = 1_577_836_801_000_u64.to_le_bytes();
        let body =
            [b"\x18", &first[..], b"\x03\x01\x01a\xc0\x01\x4f\xa1\x01b\xc0\x02\x00\x01c\xc0\x03"].concat();
        assert_eq!(restores(&mut guest, &[b"0"], &body), "OK");
        assert_eq!(guest.says("HPTTL k FIELDS 3 a b c"), "[(1000) (5000) (-1)]");
        house.advance_ms(1_000);
        assert_eq!(guest.says("HMGET k a b c"), "[nil \"2\" \"3\"]");
        assert_eq!(guest.says("HLEN k"), "(2)");
        assert_eq!(restores(&mut guest, &[b"0", b"REPLACE"], &body), "OK");
        assert_eq!(guest.says("HLEN k"), "(2)");
        // Nothing is left of what has died as a whole.
        let body = [b"\x18", &first[..], b"\x01\x01\x01a\xc0\x01"].concat();
        assert_eq!(restores(&mut guest, &[b"0", b"REPLACE"], &body), "OK");
        assert_eq!(guest.says("EXISTS k"), "(0)");
    }

    #[test]
    fn a_key_dies_after_its_ttl_or_at_a_moment_of_unix_time() {
        let house = House::new();
        let mut guest = house.guest();
        assert_eq!(restores(&mut guest, &[b"1500"], b"\x00\x01a"), "OK");
        assert_eq!(guest.says("PTTL k"), "(1500)");
        // The clock stands at 2020-01-01.
        assert_eq!(restores(&mut guest, &[b"1577836802000", b"ABSTTL", b"REPLACE"], b"\x00\x01a"), "OK");
        assert_eq!(guest.says("PTTL k"), "(2000)");
        house.advance_ms(2_000);
        assert_eq!(guest.says("GET k"), "nil");
    }

    #[test]
    fn a_deadline_beyond_all_deadlines_is_the_last_one() {
        let house = House::new();
        let mut guest = house.guest();
        let beyond = i64::MAX.to_string();
        for options in [&[beyond.as_bytes()][..], &[beyond.as_bytes(), b"ABSTTL"]] {
            let options = [options, &[&b"REPLACE"[..]]].concat();
            assert_eq!(restores(&mut guest, &options, b"\x00\x01a"), "OK");
            assert_eq!(guest.says("PEXPIRETIME k"), format!("({beyond})"));
            assert_eq!(guest.says("EXISTS k"), "(1)");
        }
    }
}
