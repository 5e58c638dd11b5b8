//! `MODULE`: native code is not loaded into this server, and never will be.

use crate::help::help;
use crate::prelude::*;

pub(crate) static MODULE: Command = Command {
    name: "module",
    summary: "Would manage modules; there are none.",
    since: "4.0.0",
    group: Group::Server,
    complexity: "That of the subcommand",
    arity: -2,
    sub: &[&HELP, &LIST, &LOAD, &LOADEX, &UNLOAD],
    ..Command::DEFAULT
};

static HELP: Command = Command {
    name: "help",
    summary: "Names the subcommands.",
    since: "5.0.0",
    group: Group::Server,
    arity: 2,
    flags: LOADING | STALE,
    run: |_, _, out| help(out, &MODULE),
    ..Command::DEFAULT
};

static LIST: Command = Command {
    name: "list",
    summary: "Names the modules that are loaded: none.",
    since: "4.0.0",
    group: Group::Server,
    complexity: "O(N) where N is the number of loaded modules.",
    arity: 2,
    flags: ADMIN | NOSCRIPT,
    tips: &["nondeterministic_output_order"],
    examples: &["MODULE LIST"],
    run: |_, _, out| {
        out.array(0);
        Ok(Done)
    },
    ..Command::DEFAULT
};

static LOAD: Command = Command {
    name: "load",
    summary: "Would load a module.",
    since: "4.0.0",
    group: Group::Server,
    arity: -3,
    flags: ADMIN | NOSCRIPT | NO_ASYNC_LOADING,
    args: &[Arg::string("path"), Arg::string("arg").multiple().optional()],
    examples: &["MODULE LOAD x"],
    partial: Some("modules are not loaded"),
    run: refuse,
    ..Command::DEFAULT
};

static LOADEX: Command = Command {
    name: "loadex",
    summary: "Would load a module, with settings.",
    since: "7.0.0",
    group: Group::Server,
    arity: -3,
    flags: ADMIN | NOSCRIPT | NO_ASYNC_LOADING,
    args: &[
        Arg::string("path"),
        Arg::block("configs", &[Arg::string("name"), Arg::string("value")])
            .token("CONFIG")
            .multiple_token()
            .optional(),
        Arg::block("args", &[Arg::string("arg")]).token("ARGS").multiple().optional(),
    ],
    examples: &["MODULE LOADEX x"],
    partial: Some("modules are not loaded"),
    run: refuse,
    ..Command::DEFAULT
};

static UNLOAD: Command = Command {
    name: "unload",
    summary: "Would unload a module.",
    since: "4.0.0",
    group: Group::Server,
    arity: 3,
    flags: ADMIN | NOSCRIPT | NO_ASYNC_LOADING,
    args: &[Arg::string("name")],
    examples: &["MODULE UNLOAD x"],
    partial: Some("modules are not loaded"),
    run: refuse,
    ..Command::DEFAULT
};

fn refuse(_: &mut Cx<'_>, _: Args<'_>, _: &mut dyn Reply) -> Result<Outcome> {
    Err(Error::general(
        "MODULE command not allowed. If the enable-module-command option is set to \"local\", you can run it \
         from a local connection, otherwise you need to set this option in the configuration file, and then \
         restart the server.",
    ))
}
