//! `INFO`: the figures of the server, in sections of `name:value` lines that monitoring reads.

use crate::prelude::*;
use std::fmt::Write as _;
mod commands;
mod data;
mod process;

use crate::spec::acl;

pub(crate) static INFO: Command = Command {
    name: "info",
    summary: "Reports figures of the server, by sections.",
    group: Group::Server,
    arity: -1,
    flags: LOADING | STALE,
    acl: acl::DANGEROUS,
    reach: Reach::Stripes,
    args: &[Arg::string("section").multiple().optional()],
    tips: &["nondeterministic_output", "request_policy:all_shards", "response_policy:special"],
    examples: &["INFO nosuch", "INFO cluster", "INFO cluster nosuch", "INFO modules"],
    run,
    ..Command::DEFAULT
};

/// Writes one section's lines.
type Write = fn(&mut Cx<'_>, &mut Section) -> Result<()>;

/// When a section is shown that nobody named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    Always,
    OnAll,
}

/// The sections in their order: name, heading, when, what.
const SECTIONS: [(&str, &str, Shown, Write); 15] = [
    ("server", "Server", Shown::Always, process::server),
    ("clients", "Clients", Shown::Always, process::clients),
    ("memory", "Memory", Shown::Always, data::memory),
    ("persistence", "Persistence", Shown::Always, data::persistence),
    ("stats", "Stats", Shown::Always, data::stats),
    ("replication", "Replication", Shown::Always, data::replication),
    ("cpu", "CPU", Shown::Always, process::cpu),
    ("modules", "Modules", Shown::Always, |_, _| Ok(())),
    ("commandstats", "Commandstats", Shown::OnAll, commands::calls),
    ("errorstats", "Errorstats", Shown::Always, commands::errors),
    ("latencystats", "Latencystats", Shown::OnAll, commands::latencies),
    ("cluster", "Cluster", Shown::Always, |cx, section| {
        section.line("cluster_enabled", u8::from(cx.instance.cluster.is_enabled()));
        Ok(())
    }),
    ("larder", "Larder", Shown::Always, data::larder),
    ("locks", "Locks", Shown::OnAll, data::locks),
    ("keyspace", "Keyspace", Shown::Always, data::keyspace),
];

/// The lines of a section.
struct Section(String);

impl Section {
    fn line(&mut self, name: &str, value: impl std::fmt::Display) {
        // Writing to a string cannot fail.
        let _ = write!(self.0, "{name}:{value}\r\n");
    }

    /// Several lines, each with a number.
    fn numbers(&mut self, lines: &[(&str, u64)]) {
        lines.iter().for_each(|(name, value)| self.line(name, value));
    }

    /// A number of bytes, and again in a unit for people.
    fn bytes(&mut self, name: &str, bytes: u64) {
        self.line(name, bytes);
        self.line(&format!("{name}_human"), human(bytes));
    }
}

/// Bytes in the largest unit that leaves a whole part.
fn human(bytes: u64) -> String {
    let (mut value, mut unit) = (bytes as f64, "B");
    for larger in ["K", "M", "G", "T", "P"] {
        if value < 1_024.0 {
            break;
        }
        (value, unit) = (value / 1_024.0, larger);
    }
    if unit == "B" { format!("{bytes}B") } else { format!("{value:.2}{unit}") }
}

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let named = args.from(1);
    let asked = |word: &str| named.iter().any(|name| is(name, word));
    let (all, default) = (asked("all") || asked("everything"), named.is_empty() || asked("default"));
    let mut text = String::new();
    for (name, heading, shown, write) in SECTIONS {
        let wanted = asked(name) || all || default && shown == Shown::Always;
        // Redis leaves its modules out of `all`.
        let left_out = name == "modules" && !asked(name) && !default && !asked("everything");
        if !wanted || left_out {
            continue;
        }
        if !text.is_empty() {
            text.push_str("\r\n");
        }
        let mut section = Section(format!("# {heading}\r\n"));
        write(cx, &mut section)?;
        text.push_str(&section.0);
    }
    out.verbatim("txt", text.as_bytes());
    Ok(Done)
}

#[cfg(test)]
mod tests {
    use super::human;
    use crate::testing::House;

    #[test]
    fn locks_are_told_where_they_are_asked_for() {
        let house = House::new();
        let mut guest = house.guest();
        for _ in 0..512 {
            guest.says("SET key value");
        }
        let info = guest.says("INFO locks");
        for line in ["lock_holds_usec:count=2,p50=", "lock_waits_usec:count=0,", "lock_waits_by_stripe:\\r"] {
            assert!(info.contains(line), "{line} in {info}");
        }
        assert!(!guest.says("INFO").contains("lock_holds"));
        guest.says("CONFIG RESETSTAT");
        assert!(guest.says("INFO locks").contains("lock_holds_usec:count=0,p50=0.000,"));
    }

    #[test]
    fn sizes_for_people() {
        let sizes = [(0, "0B"), (1_023, "1023B"), (1_024, "1.00K"), (1_536, "1.50K"), (5 << 30, "5.00G")];
        for (bytes, text) in sizes {
            assert_eq!(human(bytes), text);
        }
    }

    #[test]
    fn sections_come_when_asked_for() {
        let house = House::new();
        let mut guest = house.guest();
        let default = guest.says("INFO");
        for line in
            ["redis_version:7.2.", "maxmemory_policy:noeviction", "loading:0", "role:master", "run_id:"]
        {
            assert!(default.contains(line), "{line}");
        }
        assert!(!default.contains("# Commandstats") && guest.says("INFO all").contains("# Commandstats"));
        let two = guest.says("INFO CPU keyspace");
        assert_eq!(two.matches("# ").count(), 2);
        assert_eq!(guest.says("INFO nosuch"), "=txt:");
    }

    #[test]
    fn a_transaction_that_holds_keys_may_ask() {
        let house = House::new();
        let mut guest = house.guest();
        for line in ["MULTI", "SET a 1 EX 100", "INFO keyspace", "INFO memory stats larder"] {
            guest.says(line);
        }
        let answers = guest.says("EXEC");
        assert!(answers.contains("db0:keys=1,expires=1,avg_ttl="), "{answers}");
    }
}
