//! `DEBUG RELOAD`: takes every value through the form in which it leaves for another server, and back. There are no
//! snapshots yet; what a test wants to know is whether the data survive.

use crate::commands::keys::dump::present;
use crate::commands::keys::restore::put;
use crate::prelude::*;

pub(super) fn reload(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    if !args.from(2).iter().all(|word| ["NOSAVE", "MERGE", "NOFLUSH"].iter().any(|known| is(word, known))) {
        return Err(Error::general("DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options."));
    }
    let present = present(cx);
    for db in DbIndex::all() {
        let mut names = Vec::new();
        cx.view.for_each(db, |entry| names.push(entry.key().to_vec()))?;
        for name in names {
            let key = cx.key_in(db, &name);
            let Some(entry) = cx.view.peek(&key)? else { continue };
            let expiry = entry.deadline().map_or(Expiry::Never, Expiry::At);
            let payload = larder_rdb::dump(&entry, present)?;
            let value = larder_rdb::restore(&payload, &cx.view.tools(), present)?;
            cx.view.remove(&key)?;
            put(&mut cx.view, &key, value, expiry)?;
        }
    }
    out.ok();
    Ok(Done)
}

#[cfg(test)]
mod tests {
    use crate::testing::House;

    #[test]
    fn data_survive() {
        let house = House::new();
        house.instance.settings().preset("enable-debug-command", "yes").expect("it is a setting");
        let mut guest = house.guest();
        for line in [
            "SET s text EX 100",
            "SET n 12",
            "RPUSH l a b a",
            "SADD m 1 x",
            "ZADD z 1.5 a inf b",
            "HSET h f 1",
            "XADD x 1-1 f v",
            "SELECT 3",
            "SET s other",
        ] {
            guest.says(line);
        }
        let before = guest.says("DEBUG DIGEST");
        assert_eq!(guest.says("DEBUG RELOAD"), "OK");
        assert_eq!(guest.says("DEBUG DIGEST"), before);
        guest.says("SELECT 0");
        assert_eq!(guest.says("TTL s"), "(100)");
        assert!(guest.says("DEBUG RELOAD NOSUCH").starts_with("-ERR DEBUG RELOAD only supports"));
    }
}
