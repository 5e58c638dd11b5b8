//! What the commands about scripts and functions do.

use super::library::{Libraries, Library};
use super::run::{Call, run};
use super::{Script, compile_script, flags};
use crate::cx::Caller;
use crate::prelude::*;
use crate::session::Pace;
use larder_core::glob::matches;
use std::sync::Arc;
use std::sync::atomic::Ordering;

type Words<'a> = &'a [&'a [u8]];

/// Splits what follows the number of keys into keys and arguments. What is no number at all has a text of its own.
fn keys_and_args<'a>(args: Args<'a>, no_number: &Error) -> Result<(Words<'a>, Words<'a>)> {
    let count = parse_int(args.at(2)).ok_or_else(|| no_number.clone())?;
    let rest = args.from(3);
    if count > rest.len() as i64 {
        return Err(Error::general("Number of keys can't be greater than number of args"));
    }
    let count = usize::try_from(count).map_err(|_| Error::general("Number of keys can't be negative"))?;
    Ok(rest.split_at(count))
}

fn no_script() -> Error {
    Error::new("NOSCRIPT No matching script. Please use EVAL.")
}

/// Shows the call before what the script calls, and also if there is no such script: clients that try EVALSHA first are
/// watched doing so.
fn show_to_monitors(cx: &Cx<'_>, args: Args<'_>) {
    if cx.instance.clients().monitored.load(Ordering::Relaxed) {
        cx.instance.show_to_monitors(cx.session, cx.entry, args.0, false);
    }
}

/// `EVAL` and `EVAL_RO`.
pub(crate) fn eval(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    show_to_monitors(cx, args);
    let (keys, rest) = keys_and_args(args, &Error::NOT_INTEGER)?;
    let script = cx.instance.script(args.at(1), false)?;
    call_script(cx, args, &script, keys, rest, out)
}

/// `EVALSHA` and `EVALSHA_RO`.
pub(crate) fn evalsha(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    show_to_monitors(cx, args);
    if args.at(1).len() != 40 {
        return Err(no_script());
    }
    let (keys, rest) = keys_and_args(args, &Error::NOT_INTEGER)?;
    let script = cx.instance.scripts.find(args.at(1)).ok_or_else(no_script)?;
    call_script(cx, args, &script, keys, rest, out)
}

fn call_script(
    cx: &mut Cx<'_>,
    args: Args<'_>,
    script: &Script,
    keys: &[&[u8]],
    rest: &[&[u8]],
    out: &mut dyn Reply,
) -> Result<Outcome> {
    let read_only = cx.entry.command.is(READONLY);
    let call = Call { program: &script.program, keys, args: rest, read_only, words: args.0 };
    run(cx, &call, |machine| compile_script(machine, &script.text), out)
}

/// `FCALL` and `FCALL_RO`.
pub(crate) fn fcall(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    show_to_monitors(cx, args);
    let instance = cx.instance;
    let name = std::str::from_utf8(args.at(1)).unwrap_or_default();
    let found = instance.scripts.libraries.read().function(name).cloned();
    let (program, library) = found.ok_or_else(|| Error::general("Function not found"))?;
    let (keys, rest) = keys_and_args(args, &Error::general("Bad number of keys provided"))?;
    let read_only = cx.entry.command.is(READONLY);
    let call = Call { program: &program, keys, args: rest, read_only, words: args.0 };
    run(cx, &call, |machine| instance.load_function(machine, &library, &program), out)
}

/// `SCRIPT LOAD`.
pub(crate) fn script_load(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let script = cx.instance.script(args.at(2), true)?;
    out.bulk(script.program.name.as_bytes());
    Ok(Done)
}

/// `SCRIPT EXISTS`.
pub(crate) fn script_exists(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let digests = args.from(2);
    out.array(digests.len());
    for digest in digests {
        out.int(i64::from(cx.instance.scripts.find(digest).is_some()));
    }
    Ok(Done)
}

/// `SCRIPT SHOW`.
pub(crate) fn script_show(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let script = cx.instance.scripts.find(args.at(2));
    let script = script.ok_or_else(|| Error::new("NOSCRIPT No matching script."))?;
    out.bulk(&script.text);
    Ok(Done)
}

/// Reads the mode of a flush, which makes no difference: nobody waits for either.
fn flush_mode(args: Args<'_>, error: &'static str) -> Result<()> {
    match args.0.get(2) {
        Some(mode) if !is(mode, "SYNC") && !is(mode, "ASYNC") => Err(Error::general(error)),
        _ => Ok(()),
    }
}

/// `SCRIPT FLUSH`.
pub(crate) fn script_flush(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    if args.len() > 3 {
        return Err(Error::general("SCRIPT FLUSH only support SYNC|ASYNC option"));
    }
    flush_mode(args, "SCRIPT FLUSH only support SYNC|ASYNC option")?;
    cx.instance.scripts.flush();
    out.ok();
    Ok(Done)
}

/// Gives scripts that run until they are slow to end by themselves: with Redis who asks about them is not looked at
/// before either. Says whether this has to be done elsewhere, since it takes time.
fn settle(cx: &mut Cx<'_>) -> bool {
    let scripts = &cx.instance.scripts;
    if cx.caller != Caller::Client || scripts.has_slow() || scripts.quick().is_empty() {
        return false;
    }
    if cx.haste().forbids_waiting() {
        return true;
    }
    if cx.session.pace == Pace::Any {
        scripts.settle(|time| cx.instance.host().sleep(time));
    }
    false
}

/// `SCRIPT KILL` and `FUNCTION KILL`.
pub(crate) fn kill(cx: &mut Cx<'_>, _: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    if settle(cx) {
        return Ok(Outcome::Elsewhere);
    }
    let functions = cx.entry.container.is_some_and(|container| container.name == "function");
    cx.instance.scripts.kill(functions)?;
    out.ok();
    Ok(Done)
}

/// `SCRIPT DEBUG`.
pub(crate) fn script_debug(_: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    match args.at(2) {
        mode if is(mode, "NO") => out.ok(),
        mode if is(mode, "YES") || is(mode, "SYNC") => {
            return Err(Error::general(
                "SCRIPT DEBUG is not offered: scripts cannot be stepped through here",
            ));
        }
        _ => return Err(Error::general("Use SCRIPT DEBUG YES/SYNC/NO")),
    }
    Ok(Done)
}

/// `FUNCTION LOAD`.
pub(crate) fn function_load(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let [options @ .., text] = args.from(2) else { return Err(Error::SYNTAX) };
    if let Some(option) = options.iter().find(|option| !is(option, "REPLACE")) {
        let option = String::from_utf8_lossy(option);
        return Err(Error::general(format_args!("Unknown option given: {option}")));
    }
    let replace = !options.is_empty();
    let library = cx.instance.read_library(text)?;
    let name = library.name.clone();
    cx.instance.scripts.libraries.write().add(library, replace)?;
    out.bulk(name.as_bytes());
    Ok(Done)
}

/// `FUNCTION DELETE`.
pub(crate) fn function_delete(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let name = std::str::from_utf8(args.at(2)).unwrap_or_default();
    if !cx.instance.scripts.libraries.write().remove(name) {
        return Err(Error::general("Library not found"));
    }
    out.ok();
    Ok(Done)
}

/// `FUNCTION FLUSH`.
pub(crate) fn function_flush(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    if args.len() > 3 {
        return Err(Error::unknown_arguments(args.at(1), "FUNCTION"));
    }
    flush_mode(args, "FUNCTION FLUSH only supports SYNC|ASYNC option")?;
    *cx.instance.scripts.libraries.write() = Libraries::default();
    out.ok();
    Ok(Done)
}

/// `FUNCTION DUMP`.
pub(crate) fn function_dump(cx: &mut Cx<'_>, _: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let libraries = cx.instance.scripts.libraries.read();
    let payload = larder_rdb::dump_functions(libraries.all.values().map(|library| &*library.text));
    out.bulk(&payload);
    Ok(Done)
}

/// `FUNCTION RESTORE`.
pub(crate) fn function_restore(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let (flush, replace) = match *args.from(3) {
        [] => (false, false),
        [policy] if is(policy, "APPEND") => (false, false),
        [policy] if is(policy, "REPLACE") => (false, true),
        [policy] if is(policy, "FLUSH") => (true, false),
        [_] => {
            return Err(Error::general(
                "Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.",
            ));
        }
        _ => return Err(Error::unknown_arguments(args.at(1), "FUNCTION")),
    };
    let texts = larder_rdb::restore_functions(args.at(2)).map_err(|error| match error {
        larder_rdb::Error::Damaged => Error::general("Failed loading library payload"),
        other => other.into(),
    })?;
    // All of them load before any of them counts.
    let mut restored = Libraries::default();
    for text in texts {
        restored.add(cx.instance.read_library(&text)?, false)?;
    }
    let mut libraries = cx.instance.scripts.libraries.write();
    *libraries = if flush { restored } else { libraries.joined(&restored, replace)? };
    drop(libraries);
    out.ok();
    Ok(Done)
}

/// `FUNCTION LIST`.
pub(crate) fn function_list(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let (mut with_code, mut pattern) = (false, None);
    let mut options = args.options(2);
    while let Some(option) = options.next() {
        match () {
            () if is(option, "WITHCODE") && !with_code => with_code = true,
            () if is(option, "LIBRARYNAME") && pattern.is_none() => {
                let given = options.next();
                pattern = Some(given.ok_or_else(|| Error::general("library name argument was not given"))?);
            }
            () => {
                let option = String::from_utf8_lossy(option);
                return Err(Error::general(format_args!("Unknown argument {option}")));
            }
        }
    }
    let libraries = cx.instance.scripts.libraries.read();
    let wanted =
        |library: &&Arc<Library>| pattern.is_none_or(|pattern| matches(pattern, library.name.as_bytes()));
    let libraries: Vec<_> = libraries.all.values().filter(wanted).cloned().collect();
    out.array(libraries.len());
    for library in libraries {
        write_library(&library, with_code, out);
    }
    Ok(Done)
}

fn write_library(library: &Library, with_code: bool, out: &mut dyn Reply) {
    out.map(3 + usize::from(with_code));
    out.bulk(b"library_name");
    out.bulk(library.name.as_bytes());
    out.bulk(b"engine");
    out.bulk(b"LUA");
    out.bulk(b"functions");
    out.array(library.functions.len());
    for function in &library.functions {
        out.map(3);
        out.bulk(b"name");
        out.bulk(function.program.name.as_bytes());
        out.bulk(b"description");
        out.bulk_or_null(function.description.as_ref().map(String::as_bytes));
        out.bulk(b"flags");
        let carried: Vec<_> = flags::NAMES.iter().filter(|(flag, _)| function.program.is(*flag)).collect();
        out.set(carried.len());
        carried.iter().for_each(|(_, name)| out.status(name));
    }
    if with_code {
        out.bulk(b"library_code");
        out.bulk(&library.text);
    }
}

/// `FUNCTION STATS`.
pub(crate) fn function_stats(cx: &mut Cx<'_>, _: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    if settle(cx) {
        return Ok(Outcome::Elsewhere);
    }
    let slow = cx.instance.scripts.slow();
    let running = slow.iter().map(|(_, running)| running).find(|running| running.program.is_function);
    out.map(2);
    out.bulk(b"running_script");
    match running {
        None => out.null(),
        Some(running) => {
            out.map(3);
            out.bulk(b"name");
            out.bulk(running.program.name.as_bytes());
            out.bulk(b"command");
            out.array(running.command.len());
            running.command.iter().for_each(|word| out.bulk(word));
            out.bulk(b"duration_ms");
            let now_us = cx.instance.engine().clock().now_us();
            out.int((now_us.saturating_sub(running.since_us) / 1_000) as i64);
        }
    }
    out.bulk(b"engines");
    out.map(1);
    out.bulk(b"LUA");
    out.map(2);
    let libraries = cx.instance.scripts.libraries.read();
    out.bulk(b"libraries_count");
    out.count(libraries.all.len());
    out.bulk(b"functions_count");
    out.count(libraries.by_function.len());
    Ok(Done)
}
