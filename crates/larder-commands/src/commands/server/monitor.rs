//! `MONITOR`: shows this connection every command that anybody runs.

use crate::prelude::*;

pub(crate) static MONITOR: Command = Command {
    name: "monitor",
    summary: "Shows every command that is run, on this connection, as it happens.",
    group: Group::Server,
    flags: ADMIN | NOSCRIPT | LOADING | STALE,
    examples: &["MONITOR x", "MULTI", "MONITOR", "EXEC", "PING"],
    run,
    ..Command::DEFAULT
};

fn run(cx: &mut Cx<'_>, _: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    if cx.caller == Caller::Transaction {
        return Err(Error::general("MONITOR isn't allowed for DENY BLOCKING client"));
    }
    let client = cx.session.client.clone();
    cx.instance.clients().set_monitor(&client, true);
    out.ok();
    Ok(Done)
}

#[cfg(test)]
mod tests {
    use crate::testing::House;

    #[test]
    fn a_transaction_is_shown_when_it_runs() {
        let house = House::new();
        let (mut watcher, mut other) = (house.guest(), house.guest());
        watcher.says("MONITOR");
        for line in ["MULTI", "SET a 1", "CONFIG GET hz", "EXEC", "EXEC"] {
            other.says(line);
        }
        let told = watcher.hears();
        let shown: Vec<&str> =
            told.split("] ").skip(1).map(|part| part.split('"').nth(1).unwrap_or("")).collect();
        assert_eq!(shown, ["MULTI", "SET", "EXEC", "EXEC"], "{told}");
    }

    #[test]
    fn who_watches_touches_no_key() {
        let house = House::new();
        let mut watcher = house.guest();
        let refused = "-ERR Replica can't interact with the keyspace";
        watcher.says("MONITOR");
        for line in ["GET a", "SET a 1", "PUBLISH a b"] {
            assert_eq!(watcher.says(line), refused, "{line}");
        }
        house.guest().says("CLIENT PAUSE 1000");
        assert_eq!(watcher.says("PING"), "PONG", "nothing holds it up");
        watcher.hears();
        assert_eq!(watcher.says("RESET"), "RESET");
        house.advance_ms(1_000);
        assert_eq!(watcher.says("GET a"), "nil");
    }

    #[test]
    fn commands_are_shown_until_the_end() {
        let house = House::new();
        let (mut watcher, mut other) = (house.guest(), house.guest());
        assert_eq!(watcher.says("MONITOR"), "OK");
        other.says("SELECT 2");
        other.says_words(&[b"SET", b"a\n\"", b"\xff"]);
        other.says("CONFIG GET timeout");
        other.says("AUTH secret");
        assert_eq!(
            watcher.hears(),
            "1577836800.000000 [2 127.0.0.1:1] \"SELECT\" \"2\" \
             1577836800.000000 [2 127.0.0.1:1] \"SET\" \"a\\n\\\"\" \"\\xff\" \
             1577836800.000000 [2 127.0.0.1:1] \"AUTH\" \"(redacted)\""
        );
        watcher.says("RESET");
        watcher.hears();
        other.says("PING");
        assert_eq!(watcher.hears(), "");
    }
}
