//! `ACL SETUSER`: makes a user, or changes its rules.

use crate::prelude::*;
use crate::users::{BadRules, is_valid_name};

pub(super) static SETUSER: Command = Command {
    name: "setuser",
    summary: "Makes a user, or changes it by rules.",
    since: "6.0.0",
    group: Group::Server,
    complexity: "O(N) in the number of rules",
    arity: -3,
    flags: ADMIN | NOSCRIPT | LOADING | STALE,
    args: &[Arg::string("username"), Arg::string("rule").multiple().optional()],
    history: &[
        ("6.2.0", "Has rules for channels."),
        ("7.0.0", "Has selectors in parentheses, and rules for keys that are only read or only written."),
    ],
    examples: &[
        "ACL SETUSER ann reset on >secret ~app:* %R~shared:* &news:* +@read -keys",
        "ACL GETUSER ann",
        "ACL SETUSER ann resetkeys (~tmp:* +set)",
        "ACL GETUSER ann",
        "ACL LIST",
        "ACL SETUSER bob +nosuch",
        "ACL SETUSER bob ~* ~a",
        "ACL SETUSER bob &* &a",
        "ACL SETUSER bob !12",
        "ACL SETUSER bob <never",
        "ACL SETUSER bob %X~a",
        "ACL SETUSER bob +config|get|port",
        "ACL SETUSER bob (+get",
        "ACL SETUSER bob (+get on)",
        "ACL SETUSER bob nonsense",
        "ACL GETUSER bob",
        "AUTH ann secret",
    ],
    run,
    ..Command::DEFAULT
};

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let name = args.at(2);
    if !is_valid_name(name) {
        return Err(Error::general("Usernames can't contain spaces or null characters"));
    }
    cx.instance.set_user(name, args.from(3)).map_err(|bad| match bad {
        BadRules::Unmatched(word) => Error::general(format_args!(
            "Unmatched parenthesis in acl selector starting at '{}'.",
            String::from_utf8_lossy(&word)
        )),
        BadRules::Rule(rule, bad) => Error::general(format_args!(
            "Error in ACL SETUSER modifier '{}': {bad}",
            String::from_utf8_lossy(&rule)
        )),
    })?;
    out.ok();
    Ok(Done)
}

#[cfg(test)]
mod tests {
    use crate::testing::House;

    fn commands_of(rules: &str) -> String {
        let house = House::new();
        let mut guest = house.guest();
        assert_eq!(guest.says(format!("ACL SETUSER u {rules}").trim_end()), "OK", "{rules}");
        let told = guest.says("ACL LIST");
        let line = told.split("\" \"").find(|line| line.contains("user u ")).expect("it is listed");
        line.split_once("resetchannels ").expect("it has no channels").1.trim_end_matches("\"]").to_string()
    }

    #[test]
    fn words_about_commands_are_kept_as_they_were_given() {
        for (rules, kept) in [
            ("", "-@all"),
            ("+@all", "+@all"),
            ("+get -set", "-@all +get -set"),
            ("+@set -@geo", "-@all +@set -@geo"),
            ("+@all -get +get", "+@all +get"),
            ("+@all -@hash +hget", "+@all -@hash +hget"),
            ("+@hash -hget +@hash", "-@all -hget +@hash"),
            ("+@all -client +client|id", "+@all -client +client|id"),
            ("+client|id +client", "-@all +client"),
            ("+@all +client|id", "+@all +client|id"),
            ("+select|0 +SELECT|1 +select|0", "-@all +select|1 +select|0"),
            ("+select|0 +select", "-@all +select"),
            ("+@all +select|0", "+@all +select|0"),
            ("+CONFIG|Get", "-@all +config|get"),
            ("+@Read", "-@all +@read"),
            ("+get +@all -@all", "-@all"),
        ] {
            assert_eq!(commands_of(rules), kept, "{rules}");
        }
    }

    #[test]
    fn an_error_changes_nothing() {
        let house = House::new();
        let mut guest = house.guest();
        guest.says("ACL SETUSER u on +get ~a");
        let before = guest.says("ACL LIST");
        assert!(guest.says("ACL SETUSER u +set ~b nonsense").starts_with("-ERR Error in ACL SETUSER"));
        assert_eq!(guest.says("ACL LIST"), before);
    }
}
