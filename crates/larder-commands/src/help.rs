//! `HELP` of commands that have subcommands, from their descriptors.

use crate::cx::Outcome;
use crate::error::Result;
use crate::reply::Reply;
use crate::spec::{Arg, ArgKind, Command};

/// Writes one line of use and one of explanation for each subcommand.
pub(crate) fn help(out: &mut dyn Reply, container: &Command) -> Result<Outcome> {
    let subs = container.sub.iter().filter(|sub| sub.name != "help");
    let pairs = subs.map(|sub| {
        let (name, args) = (sub.name.to_ascii_uppercase(), syntax(sub.args));
        (if args.is_empty() { name } else { format!("{name} {args}") }, sub.summary)
    });
    write(out, container.name, pairs);
    Ok(Outcome::Done)
}

/// Writes how a command with subcommands is used, these with what they do, and `HELP` as the last of them: the shape in
/// which clients and people know it.
pub(crate) fn write<'a>(out: &mut dyn Reply, name: &str, subs: impl Iterator<Item = (String, &'a str)>) {
    let name = name.to_ascii_uppercase();
    let mut lines = vec![format!("{name} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:")];
    for (usage, summary) in subs.chain([("HELP".into(), "Prints this help.")]) {
        lines.extend([usage, format!("    {summary}")]);
    }
    out.array(lines.len());
    lines.iter().for_each(|line| out.status(line));
}

/// Arguments as documentation writes them: `key [EX seconds | PX milliseconds]`.
pub fn syntax(args: &[Arg]) -> String {
    args.iter().map(one).collect::<Vec<_>>().join(" ")
}

fn one(arg: &Arg) -> String {
    let inner = match arg.kind {
        ArgKind::PureToken => String::new(),
        ArgKind::OneOf => arg.args.iter().map(one).collect::<Vec<_>>().join(" | "),
        ArgKind::Block => syntax(arg.args),
        _ => arg.name.to_string(),
    };
    let mut text = match (arg.token, inner.is_empty()) {
        (Some(token), true) => token.to_string(),
        (Some(token), false) => format!("{token} {inner}"),
        (None, _) => inner,
    };
    if arg.kind == ArgKind::OneOf && !arg.optional && arg.args.len() > 1 {
        text = format!("<{text}>");
    }
    if arg.multiple {
        let again = if arg.multiple_token {
            text.clone()
        } else {
            text.rsplit(' ').next().unwrap_or(&text).to_string()
        };
        text = match arg.kind {
            ArgKind::Block | ArgKind::OneOf => format!("{text} [{text} ...]"),
            _ => format!("{text} [{again} ...]"),
        };
    }
    if arg.optional { format!("[{text}]") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::House;

    #[test]
    fn every_help_has_the_same_shape() {
        let house = House::new();
        house.instance.settings().preset("enable-debug-command", "yes").expect("valid");
        let mut guest = house.guest();
        let all = house.instance.table().all().iter().filter(|entry| !entry.command.sub.is_empty());
        let names: Vec<String> = all.map(|entry| entry.command.name.to_ascii_uppercase()).collect();
        assert!(names.len() > 10, "{names:?}");
        for name in names.iter().map(String::as_str).filter(|name| *name != "CLUSTER").chain(["DEBUG"]) {
            let said = guest.says(&format!("{name} HELP"));
            let first = format!("[{name} <subcommand> [<arg> [value] [opt] ...]. Subcommands are: ");
            assert!(said.starts_with(&first), "{said}");
            assert!(said.ends_with(" HELP     Prints this help.]"), "{said}");
            assert_eq!(said.matches("Prints this help.").count(), 1, "{said}");
        }
    }

    #[test]
    fn arguments_read_as_in_the_documentation() {
        static ARGS: &[Arg] = &[
            Arg::key("key"),
            Arg::one_of("expiration", &[Arg::int("seconds").token("EX"), Arg::word("keepttl", "KEEPTTL")])
                .optional(),
            Arg::block("data", &[Arg::double("score"), Arg::string("member")]).multiple(),
            Arg::int("count").token("COUNT").optional(),
        ];
        assert_eq!(syntax(ARGS), "key [EX seconds | KEEPTTL] score member [score member ...] [COUNT count]");
    }
}
