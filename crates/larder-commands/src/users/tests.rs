//! Users against what they may do: commands, keys and how they touch them, channels, and everything that asks.

use crate::testing::House;

const NO_KEY: &str = "-NOPERM No permissions to access a key";
const NO_CHANNEL: &str = "-NOPERM No permissions to access a channel";

fn no_command(name: &str) -> String {
    format!("-NOPERM User u has no permissions to run the '{name}' command")
}

/// A user of these rules, logged in, and somebody who can do everything.
macro_rules! user {
    ($house:ident, $admin:ident, $guest:ident, $rules:expr) => {
        let $house = House::new();
        let (mut $admin, mut $guest) = ($house.guest(), $house.guest());
        assert_eq!($admin.says(&format!("ACL SETUSER u on >p {}", $rules)), "OK");
        assert_eq!($guest.says("AUTH u p"), "OK");
    };
}

#[test]
fn who_may_log_in() {
    let house = House::new();
    let (mut admin, mut guest) = (house.guest(), house.guest());
    let wrong = "-WRONGPASS invalid username-password pair or user is disabled.";
    assert_eq!(guest.says("AUTH u p"), wrong);
    admin.says("ACL SETUSER u >p");
    assert_eq!(guest.says("AUTH u p"), wrong, "new users are off");
    admin.says("ACL SETUSER u on >q");
    for (password, answer) in [("p", "OK"), ("q", "OK"), ("r", wrong)] {
        assert_eq!(guest.says(&format!("AUTH u {password}")), answer);
    }
    admin.says("ACL SETUSER u <p");
    assert_eq!(guest.says("AUTH u p"), wrong);
    admin.says("ACL SETUSER u nopass");
    assert_eq!(guest.says("AUTH u anything"), "OK");
    admin.says("ACL SETUSER u resetpass");
    assert_eq!(guest.says("AUTH u anything"), wrong);
    admin.says("ACL SETUSER default off");
    assert_eq!(house.guest().says("PING"), "-NOAUTH Authentication required.");
    assert_eq!(admin.says("PING"), "PONG", "who is there already stays");
}

#[test]
fn commands_keys_and_channels() {
    user!(house, admin, guest, "+@all -incr ~k* %R~r* %W~w* &c*");
    for (line, answer) in [
        ("INCR k", &*no_command("incr")),
        ("GET x", NO_KEY),
        ("SET k 1", "OK"),
        ("GET r", "nil"),
        ("SET r 1", NO_KEY),
        ("DEL w", "(0)"),
        ("GET w", NO_KEY),
        ("COPY r w", "(0)"),
        ("COPY w r", NO_KEY),
        ("EXISTS r w", "(0)"),
        ("EXISTS r x", NO_KEY),
        ("PUBLISH c1 m", "(0)"),
        ("PUBLISH d m", NO_CHANNEL),
        ("SPUBLISH d m", NO_CHANNEL),
        ("SUBSCRIBE d", NO_CHANNEL),
        ("PSUBSCRIBE c?", NO_CHANNEL),
        ("SORT k BY x*", "-ERR BY option of SORT denied due to insufficient ACL permissions."),
        ("SORT r GET x*", "-ERR GET option of SORT denied due to insufficient ACL permissions."),
        ("SORT r BY nosort", "[]"),
        ("NOSUCH", "-ERR unknown command 'NOSUCH', with args beginning with: "),
        ("GET", "-ERR wrong number of arguments for 'get' command"),
    ] {
        assert_eq!(guest.says(line), answer, "{line}");
    }
    admin.says("ACL SETUSER u -config|set -@scripting");
    assert_eq!(guest.says("CONFIG SET hz 10"), no_command("config|set"));
    assert_eq!(guest.says("EVAL x 0"), no_command("eval"));
    assert!(!guest.says("CONFIG GET hz").starts_with('-'), "the rest of a container is left");
    admin.says("ACL SETUSER u -select +select|2");
    assert_eq!(guest.says("SELECT 1"), no_command("select"));
    assert_eq!(guest.says("SELECT 2"), "OK");
    drop(house);
}

#[test]
fn selectors_do_not_add_up() {
    user!(house, admin, guest, "(%R~read* +@all) (%W~write* +@all)");
    assert_eq!(guest.says("LPUSH write 1"), "(1)");
    assert_eq!(guest.says("GET read"), "nil");
    assert_eq!(guest.says("COPY read write"), NO_KEY);
    admin.says("ACL SETUSER u clearselectors");
    assert_eq!(guest.says("GET read"), no_command("get"));
    drop(house);
}

#[test]
fn transactions_are_checked_twice() {
    user!(house, admin, guest, "+@all ~k");
    guest.says("MULTI");
    assert_eq!(guest.says("GET x"), NO_KEY);
    assert_eq!(guest.says("EXEC"), "-EXECABORT Transaction discarded because of previous errors.");
    guest.says("MULTI");
    assert_eq!(guest.says("GET k"), "QUEUED");
    assert_eq!(guest.says("SET k 1"), "QUEUED");
    admin.says("ACL SETUSER u -get");
    let replies = guest.says("EXEC");
    assert!(
        replies.starts_with("[-NOPERM ACLs rules changed between") && replies.ends_with("OK]"),
        "{replies}"
    );
    drop(house);
}

#[test]
fn who_listens_to_what_it_may_not_any_more_is_closed() {
    for (topics, rules, stays) in [
        ("SUBSCRIBE c1", "resetchannels &c*", true),
        ("SUBSCRIBE c1", "resetchannels &d", false),
        ("SSUBSCRIBE c1", "resetchannels", false),
        ("PSUBSCRIBE c*", "resetchannels &c* &d", true),
        ("PSUBSCRIBE c*", "resetchannels &c1", false),
        ("PSUBSCRIBE c*", "allchannels", true),
    ] {
        user!(house, admin, guest, "+@all &c*");
        guest.says(topics);
        admin.says(&format!("ACL SETUSER u {rules}"));
        assert_eq!(admin.says("CLIENT LIST").contains("user=u "), stays, "{topics}, {rules}");
        drop((house, guest));
    }
}

#[test]
fn a_file_is_taken_over_whole_or_not_at_all() {
    let house = House::new();
    let (mut admin, mut guest) = (house.guest(), house.guest());
    admin.says("ACL SETUSER old on nopass +@all");
    guest.says("AUTH old x");
    let instance = &house.instance;
    let wrong = instance.load_users("f", "user a on\n# remark\nuser b nonsense\nuser a off\nbob\n");
    let wrong = wrong.expect_err("three lines make no sense");
    for place in ["f:3: Syntax error. ", "f:4: ", "f:5: ", "no change to the previously active"] {
        assert!(wrong.contains(place), "{place} in {wrong}");
    }
    assert_eq!(admin.says("ACL USERS"), "[\"default\" \"old\"]");
    let lines =
        "user new on nopass sanitize-payload ~* resetchannels -@all +get (~a resetchannels -@all +set)";
    instance.load_users("f", &lines.replace("sanitize-payload ", "")).expect("it makes sense");
    assert_eq!(admin.says("ACL USERS"), "[\"default\" \"new\"]");
    assert!(!admin.says("CLIENT LIST").contains("user=old "), "its user is gone");
    assert!(admin.says("ACL LIST").contains(lines));
}

#[test]
fn whether_payloads_are_looked_through_is_said_of_every_user() {
    let house = House::new();
    let mut admin = house.guest();
    for (rules, flag) in [
        ("on", "sanitize-payload"),
        ("skip-sanitize-payload", "skip-sanitize-payload"),
        ("sanitize-payload", "sanitize-payload"),
        ("reset", "sanitize-payload"),
    ] {
        admin.says(&format!("ACL SETUSER u {rules}"));
        let described = admin.says("ACL GETUSER u");
        assert!(described.contains(&format!(" \"{flag}\"]")), "{rules}: {described}");
    }
    assert_eq!(
        admin.says("ACL LIST"),
        "[\"user default on nopass sanitize-payload ~* &* +@all\" \
         \"user u off sanitize-payload resetchannels -@all\"]"
    );
}
