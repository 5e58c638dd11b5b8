//! `HELP` of commands that have subcommands, from their descriptors.

use crate::cx::Outcome;
use crate::error::Result;
use crate::reply::Reply;
use crate::spec::{Arg, ArgKind, Command};

/// Writes one line of use and one of explanation for each subcommand.
pub(crate) fn help(out: &mut dyn Reply, container: &Command) -> Result<Outcome> {
    let name = container.name.to_ascii_uppercase();
    let mut lines = vec![format!("{name} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:")];
    for sub in container.sub {
        let mut line = sub.name.to_ascii_uppercase();
        let args = syntax(sub.args);
        if !args.is_empty() {
            line = format!("{line} {args}");
        }
        lines.push(line);
        lines.push(format!("    {}", sub.summary));
    }
    out.array(lines.len());
    lines.iter().for_each(|line| out.status(line));
    Ok(Outcome::Done)
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
