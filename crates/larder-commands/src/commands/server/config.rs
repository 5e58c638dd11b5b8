//! `CONFIG`: looks at settings and changes them.

use crate::help::help;
use crate::prelude::*;
use crate::session::Afterwards;
use crate::settings::{SETTINGS, SettingError};
use larder_core::glob;

pub(crate) static CONFIG: Command = Command {
    name: "config",
    summary: "Looks at settings and changes them.",
    since: "2.0.0",
    group: Group::Server,
    complexity: "That of the subcommand",
    arity: -2,
    sub: &[&GET, &HELP, &RESETSTAT, &REWRITE, &SET],
    ..Command::DEFAULT
};

static GET: Command = Command {
    name: "get",
    summary: "Returns settings by names or glob patterns.",
    since: "2.0.0",
    group: Group::Server,
    complexity: "O(N) in the number of settings",
    arity: -3,
    flags: ADMIN | NOSCRIPT | LOADING | STALE,
    args: &[Arg::block("parameter", &[Arg::string("parameter")]).multiple()],
    examples: &[
        "CONFIG GET maxmemory",
        "CONFIG GET MAXMEMORY",
        "CONFIG GET timeout time?ut nosuch",
        "CONFIG GET nosuch",
        "CONFIG GET",
    ],
    run: run_get,
    ..Command::DEFAULT
};

static HELP: Command = Command {
    name: "help",
    summary: "Names the subcommands.",
    since: "5.0.0",
    group: Group::Server,
    arity: 2,
    flags: LOADING | STALE,
    run: |_, _, out| help(out, &CONFIG),
    ..Command::DEFAULT
};

static RESETSTAT: Command = Command {
    name: "resetstat",
    summary: "Forgets what was counted: what INFO reports as statistics.",
    since: "2.0.0",
    group: Group::Server,
    arity: 2,
    flags: ADMIN | NOSCRIPT | LOADING | STALE,
    reach: Reach::Stripes,
    examples: &["CONFIG RESETSTAT", "CONFIG RESETSTAT x"],
    run: run_resetstat,
    ..Command::DEFAULT
};

static REWRITE: Command = Command {
    name: "rewrite",
    summary: "Writes the settings back into the file that the server was started with.",
    since: "2.8.0",
    group: Group::Server,
    arity: 2,
    flags: ADMIN | NOSCRIPT | LOADING | STALE,
    examples: &["CONFIG REWRITE"],
    run: run_rewrite,
    ..Command::DEFAULT
};

static SET: Command = Command {
    name: "set",
    summary: "Changes settings at once: all of those given, or none.",
    since: "2.0.0",
    group: Group::Server,
    complexity: "O(N) in the number of settings given",
    arity: -4,
    flags: ADMIN | NOSCRIPT | LOADING | STALE,
    args: &[Arg::block("parameter_value", &[Arg::string("parameter"), Arg::string("value")]).multiple()],
    tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
    examples: &[
        "CONFIG SET timeout 100 slowlog-max-len 64",
        "CONFIG GET timeout",
        "CONFIG SET timeout 0 nosuch 1",
        "CONFIG SET nosuch 1",
        "CONFIG SET timeout x",
        "CONFIG SET timeout 1 timeout 2",
        "CONFIG SET databases 3",
        "CONFIG SET timeout 1 hz",
        "CONFIG SET maxmemory-samples 0",
        "CONFIG SET timeout 0 slowlog-max-len 128",
        "CONFIG SET maxmemory 1gb maxmemory-policy allkeys-lru",
        "CONFIG GET maxmemory",
        "CONFIG SET maxmemory 0 maxmemory-policy noeviction",
    ],
    run: run_set,
    ..Command::DEFAULT
};

fn run_get(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let mut found: Vec<(String, String)> = Vec::new();
    for pattern in args.from(2) {
        let exact = glob::is_literal(pattern);
        for setting in SETTINGS {
            let matches = if exact {
                is(pattern, setting.name)
            } else {
                glob::matches_ignore_case(pattern, setting.name.as_bytes())
            };
            if matches && !found.iter().any(|(name, _)| name.eq_ignore_ascii_case(setting.name)) {
                // A name is given back as it was written.
                let name = if exact { String::from_utf8_lossy(pattern).into() } else { setting.name.into() };
                found.push((name, cx.instance.settings().text(setting.name)));
            }
        }
    }
    out.map(found.len());
    for (name, value) in &found {
        out.bulk(name.as_bytes());
        out.bulk(value.as_bytes());
    }
    Ok(Done)
}

fn run_set(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let words = args.from(2);
    if !words.len().is_multiple_of(2) {
        return Err(Error::SYNTAX);
    }
    let texts: Vec<_> = words.iter().map(|word| String::from_utf8_lossy(word)).collect();
    let changes: Vec<(&str, &str)> = texts.chunks_exact(2).map(|pair| (&*pair[0], &*pair[1])).collect();
    let changed = cx.instance.store_settings(&changes).map_err(|error| refused(&error))?;
    if cx.caller == Caller::Client {
        cx.instance.apply(&changed);
    } else {
        // Applying may take the locks that a transaction holds.
        cx.session.afterwards.push(Afterwards::Apply(changed));
    }
    out.ok();
    Ok(Done)
}

fn refused(error: &SettingError) -> Error {
    let failed = |name: &str, reason: &str| {
        Error::general(format_args!("CONFIG SET failed (possibly related to argument '{name}') - {reason}"))
    };
    match error {
        SettingError::Unknown { name, .. } => {
            Error::general(format_args!("Unknown option or number of arguments for CONFIG SET - '{name}'"))
        }
        SettingError::Immutable { name } => failed(name, "can't set immutable config"),
        SettingError::Twice { name } => failed(name, "duplicate parameter"),
        SettingError::Invalid { name, reason } => failed(name, reason),
    }
}

fn run_resetstat(cx: &mut Cx<'_>, _: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    // What this connection still counts for itself is of the time before.
    cx.instance.flush_tally(cx.session);
    cx.instance.stats.reset();
    cx.instance.table().reset_stats();
    cx.view.reset_counts()?;
    out.ok();
    Ok(Done)
}

fn run_rewrite(cx: &mut Cx<'_>, _: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let (settings, users) = (cx.instance.settings(), cx.instance.users_for_settings());
    cx.instance.host().rewrite_config(settings, &users).map_err(Error::general)?;
    out.ok();
    Ok(Done)
}

#[cfg(test)]
mod tests {
    use crate::testing::House;

    #[test]
    fn all_settings_change_or_none() {
        let house = House::new();
        let mut guest = house.guest();
        assert_eq!(guest.says("CONFIG SET maxmemory 1mb maxmemory-policy allkeys-lru"), "OK");
        assert_eq!(house.instance.engine().memory_max_bytes(), Some(1 << 20));
        assert!(
            guest
                .says("CONFIG SET maxmemory 2mb maxmemory-policy nosuch")
                .starts_with("-ERR CONFIG SET failed")
        );
        assert_eq!(house.instance.engine().memory_max_bytes(), Some(1 << 20));
        assert_eq!(guest.says("CONFIG GET maxmemory"), "{\"maxmemory\": \"1048576\"}");
        assert_eq!(guest.says("CONFIG GET ZSET-max-l*ies"), "{\"zset-max-listpack-entries\": \"128\"}");
    }

    #[test]
    fn a_transaction_that_holds_keys_may_change_settings() {
        let house = House::new();
        let mut guest = house.guest();
        for line in
            ["MULTI", "SET a 1", "CONFIG SET maxmemory 1mb maxmemory-policy allkeys-lru", "CONFIG RESETSTAT"]
        {
            guest.says(line);
        }
        assert_eq!(guest.says("EXEC"), "[OK OK OK]");
        assert_eq!(house.instance.engine().memory_max_bytes(), Some(1 << 20));
    }

    #[test]
    fn counts_are_forgotten() {
        let house = House::new();
        let mut guest = house.guest();
        guest.says("GET a");
        guest.says("NOSUCH");
        assert!(guest.says("INFO stats").contains("keyspace_misses:1"));
        guest.says("CONFIG RESETSTAT");
        let text = guest.says("INFO stats errorstats");
        assert!(text.contains("keyspace_misses:0") && text.contains("total_error_replies:0"), "{text}");
        assert!(!text.contains("errorstat_"), "{text}");
    }
}
