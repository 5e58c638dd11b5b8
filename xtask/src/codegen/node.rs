//! What the Node package knows of commands: the list its methods are made from (`lib/commands.js`), their types for
//! TypeScript (`commands.d.ts`), and their examples (`test/examples.json`), with which a test holds the types against
//! what is really answered.
//!
//! All of it comes from the program's own tables, but for what each command gives: descriptors do not say that, so it
//! stands here, in TypeScript's words. `Reply` is anything.

use super::Generated;
use crate::workspace::Workspace;
use crate::{Result, process};
use serde_json::{Value, json};
use std::fmt::Write;

const FOLDER: &str = "bindings/node";

/// What commands give where maps are objects and scores are numbers.
const GIVES: &[(&str, &str)] = &[
    (
        "number",
        "append bitcount bitop bitpos copy dbsize decr decrby del delex exists expire expireat expiretime geoadd \
         geosearchstore getbit hdel hexists hincrby hlen hset hsetex hsetnx hstrlen incr incrby lastsave linsert llen \
         lpush lpushx lrem move msetnx persist pexpire pexpireat pexpiretime pfadd pfcount pttl publish rpush rpushx \
         sadd scard sdiffstore setbit setnx setrange sintercard sinterstore sismember smove spublish srem strlen \
         sunionstore touch ttl unlink xack xdel xlen xtrim zcard zcount zdiffstore zinterstore zintercard zlexcount \
         zrangestore zrem zremrangebylex zremrangebyrank zremrangebyscore zunionstore zincrby renamenx msetex \
         wait",
    ),
    (
        "string",
        "echo hincrbyfloat incrbyfloat info lolwut ping type getrange substr rename ltrim lset psetex setex \
         mset hmset flushall flushdb swapdb restore pfmerge asking auth bgrewriteaof bgsave discard multi quit \
         readonly readwrite replicaof reset save select slaveof unwatch watch xsetid",
    ),
    (
        "string | null",
        "geodist get getdel getex getset hget lindex rpoplpush lmove randomkey brpoplpush blmove xadd digest dump",
    ),
    ("number | null", "zscore zadd"),
    (
        "number[]",
        "smismember httl hpttl hexpire hpexpire hexpireat hpexpireat hpersist hexpiretime hpexpiretime xackdel xdelex",
    ),
    ("string[]", "hkeys hvals keys lrange smembers sdiff sinter sunion zrangebylex zrevrangebylex"),
    ("(string | null)[]", "mget hmget geohash hgetdel hgetex"),
    ("(number | null)[]", "zmscore"),
    ("Record<string, string>", "hgetall"),
    ("([number, number] | null)[]", "geopos"),
    ("[string, string] | null", "blpop brpop"),
    ("[string, string, number] | null", "bzpopmin bzpopmax"),
    ("string | string[] | null", "lpop rpop spop srandmember"),
    ("[string, string[]]", "scan sscan hscan zscan"),
    ("[string, number][] | string[]", "zrange zrevrange zrangebyscore zrevrangebyscore zdiff zinter zunion"),
    ("[string, number][] | [string, number] | []", "zpopmin zpopmax"),
    ("number | null | [number, number]", "zrank zrevrank"),
    ("number | null | number[]", "lpos"),
    ("[string, string[]][] | null", "xrange xrevrange"),
    ("Record<string, [string, string[]][]> | null", "xread"),
    ("Record<string, [string, string[] | null][]> | null", "xreadgroup"),
    ("[string, string]", "time"),
    ("[number, number]", "increx waitaof"),
    ("[number, number, number, number, number]", "cl.throttle"),
    ("(number | bigint | null)[]", "bitfield bitfield_ro"),
    ("[string, string[]] | null", "lmpop blmpop"),
    ("[string, [string, number][]] | null", "zmpop bzmpop"),
    ("string | null | string[] | [string, string][]", "hrandfield"),
    ("string | null | string[] | [string, number][]", "zrandmember"),
    ("[string, string[]][] | string[]", "xclaim"),
    ("[string, [string, string[]][] | string[], string[]]", "xautoclaim"),
    ("(string | null)[] | number", "sort"),
    ("(string | null)[]", "sort_ro"),
    ("Reply[] | null", "exec"),
    ("Reply[]", "geosearch role xpending"),
    ("Record<string, Reply> | Reply[]", "hello"),
];

/// About the connection that they come through, and what comes later on it.
const OF_CONNECTIONS: &str = "asking auth discard exec hello monitor multi psubscribe punsubscribe quit readonly \
     readwrite reset select ssubscribe subscribe sunsubscribe unsubscribe unwatch watch";

/// Not for programs.
const INTERNAL: &str = "pfdebug pfselftest psync replconf restore-asking sync";

/// Of the package's own making, in `index.d.ts`.
const BY_HAND: &str = "del get incr mget publish set spublish";

pub(super) fn generate(workspace: &Workspace) -> Result<Vec<Generated>> {
    if !workspace.path(FOLDER).is_dir() {
        return Ok(Vec::new());
    }
    let flags = ["run", "-q", "-p", "larder-cli", "--", "docs", "json"];
    let page: Value = serde_json::from_str(&process::output(&mut workspace.command("cargo", &flags))?)?;
    let commands = page["commands"].as_array().ok_or("no commands")?;
    let settings = page["settings"].as_array().ok_or("no settings")?;
    Ok(vec![
        Generated { path: format!("{FOLDER}/lib/commands.js"), text: list(commands, settings)? },
        Generated { path: format!("{FOLDER}/commands.d.ts"), text: types(commands, settings)? },
        Generated { path: format!("{FOLDER}/test/examples.json"), text: examples(commands)? },
    ])
}

fn text<'v>(command: &'v Value, field: &str) -> &'v str {
    command[field].as_str().unwrap_or_default()
}

fn names(list: &str, name: &str) -> bool {
    list.split_ascii_whitespace().any(|listed| listed == name)
}

/// What a command gives, in TypeScript.
fn gives(name: &str) -> &'static str {
    GIVES.iter().find(|(_, list)| names(list, name)).map_or("Reply", |(gives, _)| gives)
}

/// The same without types for scores: they are strings there, and maps are lists but for what clients make of HGETALL.
fn gives_client(name: &str) -> String {
    match name {
        "zscore" | "set" => "string | null".into(),
        "zincrby" => "string".into(),
        "zmscore" => "(string | null)[]".into(),
        "bzpopmin" | "bzpopmax" => "[string, string, string] | null".into(),
        "zadd" => "number | string | null".into(),
        "geopos" => "([string, string] | null)[]".into(),
        "zrange" | "zrevrange" | "zrangebyscore" | "zrevrangebyscore" | "zdiff" | "zinter" | "zunion"
        | "zpopmin" | "zpopmax" => "string[]".into(),
        "xread" | "xreadgroup" => "[string, [string, string[] | null][]][] | null".into(),
        "zmpop" | "bzmpop" => "[string, [string, string][]] | null".into(),
        "hrandfield" | "zrandmember" => "string | null | string[]".into(),
        "increx" => "[number | string, number | string]".into(),
        "zrank" | "zrevrank" => "number | null | [number, string]".into(),
        "hello" => "Reply".into(),
        name => gives(name).into(),
    }
}

fn js_name(name: &str) -> String {
    let mut text = String::new();
    let mut rises = false;
    for c in name.chars() {
        match c {
            '-' | '_' | '.' | ' ' => rises = true,
            c if rises => {
                text.extend(c.to_uppercase());
                rises = false;
            }
            c => text.push(c),
        }
    }
    if ["default", "delete", "function", "in", "new", "var", "with"].contains(&text.as_str()) {
        text.push_str("Name");
    }
    text
}

/// The name of a method: that of the command, but for `.` and `-`, which no name has.
fn method(name: &str) -> String {
    name.replace(['.', '-'], "_")
}

fn list(commands: &[Value], settings: &[Value]) -> Result<String> {
    let mut text = String::from(
        "// Every command, for the methods of the package. Written by `cargo xtask codegen` from the command table.\n\
         //\n// A line: the method, the command, whether it may wait, whether it is about the connection, where its \
         keys are.\n\n'use strict';\n\nexports.COMMANDS = [\n",
    );
    for command in commands {
        let name = self::text(command, "name");
        if names(INTERNAL, name) {
            continue;
        }
        let line = json!([
            method(name),
            name.to_ascii_uppercase(),
            command["blocking"],
            names(OF_CONNECTIONS, name),
            command["keys"]
        ]);
        writeln!(text, "  {line},")?;
    }
    text.push_str("];\n\n// Settings that an engine may be opened with.\nexports.SETTINGS = [\n");
    for setting in settings.iter().filter(|setting| setting["mutable"] == true) {
        writeln!(text, "  '{}',", self::text(setting, "name"))?;
    }
    text.push_str("];\n");
    Ok(text)
}

/// The parameters of a method.
fn parameters(command: &Value) -> String {
    let mut parts = Vec::new();
    let args = command["arguments"].as_array().map(Vec::as_slice).unwrap_or_default();
    let is = |arg: &Value, what: &str| arg[what] == true;
    let leading =
        args.iter().take_while(|arg| is(arg, "plain") && !is(arg, "optional") && !is(arg, "multiple"));
    let count = leading.count();
    for arg in &args[..count] {
        let kind = match text(arg, "type") {
            "integer" | "double" | "unix-time" => "Numeric",
            _ => "Argument",
        };
        parts.push(format!("{}: {kind}", js_name(text(arg, "name"))));
    }
    if command["subcommands"].as_array().is_some_and(|subs| !subs.is_empty()) {
        parts.push("subcommand: string".into());
        parts.push("...words: Words[]".into());
    } else if let [only] = &args[count..]
        && is(only, "plain")
        && is(only, "multiple")
    {
        parts.push(format!("...{}: Words[]", js_name(text(only, "name"))));
    } else if count < args.len() || (args.is_empty() && command["arity"].as_i64().unwrap_or(1) < 0) {
        parts.push("...words: Words[]".into());
    }
    parts.join(", ")
}

fn types(commands: &[Value], settings: &[Value]) -> Result<String> {
    let mut text = String::from(
        "// The commands as methods. Written by `cargo xtask codegen` from the command table.\n\n\
         import type { Argument, Callback, Numeric, Reply, Words } from './index';\n\n",
    );
    let of_connections = |name: &str| names(OF_CONNECTIONS, name) || names(BY_HAND, name);
    for (interface, about, is_about_connections) in [
        ("Commands", "Commands that stand alone.", false),
        ("ConnectionCommands", "Commands about the connection they come through.", true),
    ] {
        writeln!(text, "/** {about} */\nexport interface {interface} {{")?;
        for command in commands {
            let name = self::text(command, "name");
            if names(INTERNAL, name) || of_connections(name) != is_about_connections {
                continue;
            }
            let given = gives(name);
            let given = if command["blocking"] == true { format!("Promise<{given}>") } else { given.into() };
            comment(&mut text, command)?;
            writeln!(text, "  {}({}): {given};", method(name), parameters(command))?;
        }
        text.push_str("}\n\n");
    }
    client_types(&mut text, commands)?;
    text.push_str(
        "/** Settings of the data that an engine may be opened with, as in redis.conf or in camelCase. */\n",
    );
    text.push_str("export interface Settings {\n");
    for setting in settings.iter().filter(|setting| setting["mutable"] == true) {
        let name = self::text(setting, "name");
        writeln!(text, "  /** {} */", self::text(setting, "summary"))?;
        writeln!(text, "  {}?: string | number | boolean;", js_name(name))?;
        if name.contains('-') {
            writeln!(text, "  '{name}'?: string | number | boolean;")?;
        }
    }
    text.push_str("}\n");
    Ok(text)
}

/// The methods of a client and of its pipelines: a promise, with a callback if one is given.
fn client_types(text: &mut String, commands: &[Value]) -> Result<()> {
    text.push_str(
        "/** What a client and a pipeline offer, each in its way. */\nexport interface ClientCommands {\n",
    );
    for command in commands {
        let name = self::text(command, "name");
        if names(INTERNAL, name) || ["multi", "exec", "quit", "monitor", "call"].contains(&name) {
            continue;
        }
        let (gives, method) = (gives_client(name), method(name));
        writeln!(text, "  {method}(...words: (Words | Callback)[]): Promise<{gives}>;")?;
        writeln!(text, "  {method}Buffer(...words: (Words | Callback)[]): Promise<Reply>;")?;
    }
    text.push_str("}\n\n");
    Ok(())
}

fn comment(text: &mut String, command: &Value) -> Result<()> {
    let (name, syntax) = (self::text(command, "name").to_ascii_uppercase(), self::text(command, "syntax"));
    writeln!(text, "  /**\n   * {}", self::text(command, "summary"))?;
    writeln!(
        text,
        "   *\n   * `{}` {}.\n   */",
        format!("{name} {syntax}").trim(),
        self::text(command, "complexity")
    )?;
    Ok(())
}

/// The examples of commands whose replies have a type.
fn examples(commands: &[Value]) -> Result<String> {
    let of = |command: &&Value| {
        let name = text(command, "name");
        gives(name) != "Reply" && !command["examples"].as_array().is_none_or(Vec::is_empty)
    };
    let mut lines = String::from("[\n");
    let chosen: Vec<&Value> = commands.iter().filter(of).collect();
    for (at, command) in chosen.iter().enumerate() {
        let name = text(command, "name");
        let line = json!({ "name": name, "gives": gives(name), "examples": command["examples"] });
        let comma = if at + 1 < chosen.len() { "," } else { "" };
        writeln!(lines, "  {line}{comma}")?;
    }
    lines.push_str("]\n");
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn argument(name: &str, kind: &str, plain: bool, optional: bool, multiple: bool) -> Value {
        json!({ "name": name, "type": kind, "plain": plain, "optional": optional, "multiple": multiple })
    }

    #[test]
    fn parameters_are_as_exact_as_the_arguments_are_plain() {
        let of = |arguments: Vec<Value>| parameters(&json!({ "arguments": arguments, "arity": 2 }));
        let key = argument("key", "key", true, false, false);
        let seconds = argument("ttl-seconds", "integer", true, false, false);
        assert_eq!(of(vec![key.clone(), seconds]), "key: Argument, ttlSeconds: Numeric");
        let more = argument("key", "key", true, false, true);
        assert_eq!(of(vec![more]), "...key: Words[]");
        let choice = argument("condition", "oneof", false, true, false);
        assert_eq!(of(vec![key, choice]), "key: Argument, ...words: Words[]");
        assert_eq!(of(Vec::new()), "");
    }

    #[test]
    fn names_fit_javascript() {
        assert_eq!(js_name("maxmemory-policy"), "maxmemoryPolicy");
        assert_eq!(js_name("function"), "functionName");
        assert_eq!(method("cl.throttle"), "cl_throttle");
        assert_eq!(gives("zscore"), "number | null");
        assert_eq!(gives("object"), "Reply");
    }
}
