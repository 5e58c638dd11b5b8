//! Commands and settings for programs rather than for people: what bindings to other languages are generated from.
//!
//! One object: `commands`, each with its name, its group, its arguments, where its keys are and its examples, and
//! `settings`.

use larder::Larder;
use larder_commands::settings::SETTINGS;
use larder_commands::spec::{Arg, ArgKind, Begin, Command, Find, KeySpec, flags};
use larder_commands::syntax;
use serde_json::{Value, json};

pub(super) fn page() -> String {
    let larder = Larder::new();
    let table = larder.instance().table();
    let commands: Vec<Value> = table
        .all()
        .iter()
        .filter(|entry| entry.container.is_none())
        .map(|entry| described(entry.command))
        .collect();
    let settings: Vec<Value> = SETTINGS
        .iter()
        .filter(|setting| !setting.inert)
        .map(|setting| {
            json!({
                "name": setting.name,
                "summary": setting.summary,
                "default": setting.default,
                "mutable": setting.mutable,
            })
        })
        .collect();
    format!("{:#}\n", json!({ "commands": commands, "settings": settings }))
}

fn described(command: &Command) -> Value {
    json!({
        "name": command.name,
        "group": command.group.name(),
        "summary": command.summary,
        "complexity": command.complexity,
        "since": command.since,
        "arity": command.arity,
        "blocking": command.is(flags::BLOCKING),
        "syntax": syntax(command.args),
        "arguments": command.args.iter().map(argument).collect::<Vec<_>>(),
        "keys": command.keys.iter().map(key_spec).collect::<Vec<_>>(),
        "examples": command.examples,
        "subcommands": command.sub.iter().map(|sub| described(sub)).collect::<Vec<_>>(),
    })
}

fn argument(arg: &Arg) -> Value {
    json!({
        "name": arg.name,
        "type": arg.kind.name(),
        "token": arg.token,
        "optional": arg.optional,
        "multiple": arg.multiple,
        // Whether one word is this argument: neither a choice, nor several parts, nor behind a token.
        "plain": arg.token.is_none()
            && !matches!(arg.kind, ArgKind::OneOf | ArgKind::Block | ArgKind::PureToken),
    })
}

/// Where keys are, in the terms of `COMMAND INFO`; null where only the command itself knows.
fn key_spec(spec: &KeySpec) -> Value {
    let begin = match spec.begin {
        Begin::Index(at) => json!({ "index": at }),
        Begin::Keyword(word, from) => json!({ "keyword": word, "from": from }),
        Begin::Unknown => return Value::Null,
    };
    match spec.find {
        Find::Range { last, step, limit } => {
            json!({ "begin": begin, "range": { "last": last, "step": step, "limit": limit } })
        }
        Find::Numkeys { at, first, step } => {
            json!({ "begin": begin, "numkeys": { "at": at, "first": first, "step": step } })
        }
        Find::Unknown => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_generators_read_is_there() {
        let page: Value = serde_json::from_str(&page()).expect("JSON");
        let of = |list: &str, name: &str| {
            let found = page[list].as_array().and_then(|all| all.iter().find(|one| one["name"] == name));
            found.cloned().expect("it is there")
        };
        let mset = of("commands", "mset");
        assert_eq!(mset["keys"][0]["range"]["step"], 2);
        assert_eq!(of("commands", "blpop")["blocking"], true);
        assert!(of("commands", "config")["subcommands"].as_array().is_some_and(|subs| subs.len() > 2));
        assert_eq!(of("settings", "port")["mutable"], false);
    }
}
