//! The rules about Rust files. Time, locks and `unsafe` are kept where they are so that a virtual clock, a
//! model checker and a reviewer each find everything in one place.

use super::Finding;
use crate::source::{Source, line_of, word_positions};

/// Code is held to 110 columns by `rustfmt`; prose and what `rustfmt` does not touch (macros) may take ten
/// more.
const COLUMNS_MAX: usize = 120;

/// A function longer than this is named, not refused: clippy's `too_many_lines` refuses one with as many lines
/// of code.
const FUNCTION_LINES_MAX: usize = 100;

/// Where `unsafe` may stand: the engine's raw memory, the borders to Lua, C and Node, and what the program does before
/// its `main`.
const UNSAFE_HOMES: &[&str] = &[
    "crates/larder-core/src/raw/",
    "crates/larder-lua/src/raw/",
    "crates/larder-ffi/",
    "bindings/",
    "crates/larder-cli/src/before_main.rs",
];

const CORE: &str = "crates/larder-core/src/";
const COMMANDS: &str = "crates/larder-commands/src/";

pub(super) fn check(path: &str, source: &Source) -> Vec<Finding> {
    let rules = [
        opens_with_its_reason,
        nothing_left_over,
        columns,
        no_stray_unsafe,
        time_has_a_home,
        locks_have_a_home,
    ];
    rules.iter().flat_map(|rule| rule(path, source)).collect()
}

fn at(path: &str, line: usize, text: impl Into<String>) -> Finding {
    Finding { path: path.into(), line, text: text.into() }
}

fn opens_with_its_reason(path: &str, source: &Source) -> Vec<Finding> {
    if source.text.trim_start().starts_with("//!") {
        return Vec::new();
    }
    vec![at(path, 1, "a module opens with `//!`: what it is and why it is so")]
}

fn nothing_left_over(path: &str, source: &Source) -> Vec<Finding> {
    let mut findings = leftover_words(path, &source.comments);
    for name in ["todo", "unimplemented", "dbg"] {
        let calls =
            word_positions(&source.code, name).filter(|at| source.code[at + name.len()..].starts_with('!'));
        findings.extend(calls.map(|found| {
            at(
                path,
                line_of(&source.code, found),
                format!("`{name}!` is for the desk, not for the repository"),
            )
        }));
    }
    findings
}

/// Marks that put work off, in any text.
pub(super) fn leftover_words(path: &str, text: &str) -> Vec<Finding> {
    // In halves, so that this file does not find itself.
    let marks = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];
    let found =
        marks.iter().flat_map(|mark| word_positions(text, mark).map(move |position| (position, mark)));
    found
        .map(|(position, mark)| at(path, line_of(text, position), format!("{mark}: do it or drop it")))
        .collect()
}

fn columns(path: &str, source: &Source) -> Vec<Finding> {
    let long = |line: &str| line.chars().count() > COLUMNS_MAX;
    let lines = source.text.lines().enumerate().filter(|(_, line)| long(line));
    lines.map(|(index, _)| at(path, index + 1, format!("longer than {COLUMNS_MAX} columns"))).collect()
}

fn no_stray_unsafe(path: &str, source: &Source) -> Vec<Finding> {
    if UNSAFE_HOMES.iter().any(|home| path.starts_with(home)) {
        return Vec::new();
    }
    let found = word_positions(&source.code, "unsafe").map(|found| line_of(&source.code, found));
    found.map(|line| at(path, line, format!("`unsafe` belongs in {}", UNSAFE_HOMES.join(", ")))).collect()
}

/// The engine reads time through its `Clock` only, else a test that moves the clock would miss a reader.
fn time_has_a_home(path: &str, source: &Source) -> Vec<Finding> {
    if !(path.starts_with(CORE) || path.starts_with(COMMANDS)) || path == format!("{CORE}clock.rs") {
        return Vec::new();
    }
    let readers = ["Instant::now", "SystemTime::now"];
    let found = readers
        .iter()
        .flat_map(|reader| word_positions(&source.code, reader).map(move |found| (found, reader)));
    found
        .map(|(found, name)| {
            at(path, line_of(&source.code, found), format!("`{name}`: ask the engine's clock"))
        })
        .collect()
}

/// The engine's locks come from `sync.rs`, where a model checker's can take their place; its own is `raw/lock.rs`.
fn locks_have_a_home(path: &str, source: &Source) -> Vec<Finding> {
    let homes = ["sync.rs", "raw/lock.rs"].map(|home| format!("{CORE}{home}"));
    if !path.starts_with(CORE) || homes.iter().any(|home| home == path) {
        return Vec::new();
    }
    let parking_lot = word_positions(&source.code, "parking_lot");
    let std = word_positions(&source.code, "std::sync")
        .filter(|at| source.code[at + "std::sync".len()..].strip_prefix("::").is_some_and(names_a_lock));
    let found = parking_lot.chain(std).map(|found| line_of(&source.code, found));
    found.map(|line| at(path, line, "locks come from `crate::sync`")).collect()
}

/// Whether what follows `std::sync::`, a name or a list in braces, has a lock in it.
fn names_a_lock(rest: &str) -> bool {
    let end = if rest.starts_with('{') { rest.find('}') } else { rest.find(|c: char| !c.is_alphanumeric()) };
    let named = &rest[..end.unwrap_or(rest.len())];
    ["Mutex", "RwLock", "Condvar"].iter().any(|lock| word_positions(named, lock).next().is_some())
}

/// The functions that are longer than one can see at once.
pub(super) fn long_functions(path: &str, source: &Source) -> Vec<Finding> {
    let code = &source.code;
    let functions = word_positions(code, "fn")
        .filter_map(|start| body_end(&code[start..]).map(|end| (start, start + end)));
    functions
        .map(|(start, end)| (line_of(code, start), 1 + code[start..end].matches('\n').count()))
        .filter(|(_, lines)| *lines > FUNCTION_LINES_MAX)
        .map(|(line, lines)| at(path, line, format!("a function of {lines} lines")))
        .collect()
}

/// Where the body ends of the function whose `fn` opens the text; none for function types and signatures
/// without body.
fn body_end(text: &str) -> Option<usize> {
    let name = text.strip_prefix("fn")?.trim_start();
    if !name.starts_with(|c: char| c.is_alphabetic() || c == '_') {
        return None;
    }
    let (mut brackets, mut braces) = (0_usize, 0_usize);
    for (at, c) in text.char_indices() {
        match c {
            '(' | '[' => brackets += 1,
            ')' | ']' => brackets = brackets.checked_sub(1)?,
            ';' if brackets == 0 && braces == 0 => return None,
            '{' => braces += 1,
            '}' => {
                braces = braces.checked_sub(1)?;
                if braces == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(rule: fn(&str, &Source) -> Vec<Finding>, path: &str, text: &str) -> Vec<usize> {
        rule(path, &Source::new(text)).into_iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn a_module_without_its_reason_is_found() {
        assert_eq!(lines(opens_with_its_reason, "a.rs", "use std::fmt;\n//! late"), [1]);
        assert_eq!(lines(opens_with_its_reason, "a.rs", "// not for readers\n"), [1]);
        assert!(lines(opens_with_its_reason, "a.rs", "//! Why.\n#![allow(x)]").is_empty());
    }

    #[test]
    fn what_was_left_over_is_found() {
        let marks = format!("// {}: later\nlet todo = 1;\ndbg!(todo);\n// TODOS\n", concat!("TO", "DO"));
        assert_eq!(lines(nothing_left_over, "a.rs", &marks), [1, 3]);
        assert_eq!(
            lines(nothing_left_over, "a.rs", "fn f() { unimplemented!() }\nfn g() {\n todo!() }"),
            [3, 1]
        );
        assert!(lines(nothing_left_over, "a.rs", "let s = \"dbg!()\"; // dbg!(x) would print").is_empty());
        assert_eq!(leftover_words("a.md", &format!("# A\n\n{} write", concat!("FIX", "ME"))).len(), 1);
    }

    #[test]
    fn long_lines_are_found_by_characters() {
        let long = format!("//! a\n// {}\n// {}\n", "é".repeat(117), "x".repeat(118));
        assert_eq!(lines(columns, "a.rs", &long), [3]);
    }

    #[test]
    fn unsafe_away_from_home_is_found() {
        let text = "#![forbid(unsafe_code)]\n// unsafe in prose\nfn f() { unsafe { g() } }";
        assert_eq!(lines(no_stray_unsafe, "crates/larder-resp/src/a.rs", text), [3]);
        assert!(lines(no_stray_unsafe, "crates/larder-core/src/raw/a.rs", text).is_empty());
        assert_eq!(lines(no_stray_unsafe, "crates/larder-core/src/rawness.rs", text), [3]);
    }

    #[test]
    fn a_reader_of_the_system_clock_is_found() {
        let text = "use std::time::Instant;\nlet a = Instant::now();\nlet b = std::time::SystemTime::now();";
        assert_eq!(lines(time_has_a_home, "crates/larder-core/src/timer.rs", text), [2, 3]);
        assert_eq!(lines(time_has_a_home, "crates/larder-commands/src/clock.rs", text), [2, 3]);
        assert!(lines(time_has_a_home, "crates/larder-core/src/clock.rs", text).is_empty());
        assert!(lines(time_has_a_home, "crates/larder-server/src/a.rs", text).is_empty());
    }

    #[test]
    fn a_lock_from_elsewhere_is_found() {
        let text = "use std::sync::{Arc, Mutex};\nuse std::sync::Weak;\nfn f(l: &parking_lot::RwLock<u8>) {}\n\
                    use std::sync::RwLock;\nuse std::sync::{Arc, MutexGuardian};\nuse crate::sync::Mutex;\n";
        assert_eq!(lines(locks_have_a_home, "crates/larder-core/src/topics/mod.rs", text), [3, 1, 4]);
        assert!(lines(locks_have_a_home, "crates/larder-core/src/sync.rs", text).is_empty());
    }

    #[test]
    fn a_long_function_is_named() {
        let body = "    work([0; 3]);\n".repeat(FUNCTION_LINES_MAX - 1);
        let long = format!(
            "type F = fn(u8) -> u8;\ntrait T {{ fn t(&self, a: [u8; 2]); }}\nfn f() {{\n    // }}\n{body}}}\n"
        );
        assert_eq!(lines(long_functions, "a.rs", &long), [3]);
        assert!(lines(long_functions, "a.rs", &long.replacen("    work([0; 3]);\n", "", 2)).is_empty());
    }
}
