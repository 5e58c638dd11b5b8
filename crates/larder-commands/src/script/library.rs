//! Libraries of functions.

use super::flags::named;
use super::machine::{Kind, Machine, Reach, Registered, give_back};
use super::{Program, run};
use crate::error::{Error, Result};
use crate::instance::Instance;
use larder_lua::raw::{Args, Kept, Stack};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Loading a library may take so long.
const LOAD_MS_MAX: u64 = 500;

/// A function.
#[derive(Debug)]
pub(super) struct Function {
    pub(super) program: Arc<Program>,
    pub(super) description: Option<String>,
}

/// A library.
#[derive(Debug)]
pub(super) struct Library {
    pub(super) name: String,
    pub(super) text: Box<[u8]>,
    pub(super) functions: Vec<Function>,
}

/// All libraries.
#[derive(Clone, Debug, Default)]
pub(super) struct Libraries {
    pub(super) all: BTreeMap<String, Arc<Library>>,
    /// The program of each function, and the library it is from. Case makes no difference to these names.
    pub(super) by_function: HashMap<String, (Arc<Program>, Arc<Library>)>,
}

impl Libraries {
    /// The function of this name, in either case.
    pub(super) fn function(&self, name: &str) -> Option<&(Arc<Program>, Arc<Library>)> {
        self.by_function.get(&name.to_ascii_lowercase())
    }

    /// Adds a library, in place of the one of its name where `replace` says so.
    pub(super) fn add(&mut self, library: Library, replace: bool) -> Result<()> {
        if !replace && self.all.contains_key(&library.name) {
            return Err(Error::general(format_args!("Library '{}' already exists", library.name)));
        }
        for function in &library.functions {
            let name = &function.program.name;
            if self.function(name).is_some_and(|(_, other)| other.name != library.name) {
                return Err(Error::general(format_args!("Function {name} already exists")));
            }
        }
        self.remove(&library.name);
        self.insert(Arc::new(library));
        Ok(())
    }

    fn insert(&mut self, library: Arc<Library>) {
        for function in &library.functions {
            let entry = (function.program.clone(), library.clone());
            self.by_function.insert(function.program.name.to_ascii_lowercase(), entry);
        }
        self.all.insert(library.name.clone(), library);
    }

    /// These libraries and others, which take the place of those of their names where `replace` says so.
    pub(super) fn joined(&self, others: &Libraries, replace: bool) -> Result<Libraries> {
        let mut joined = self.clone();
        for name in others.all.keys() {
            if joined.remove(name) && !replace {
                return Err(Error::general(format_args!("Library {name} already exists")));
            }
        }
        if let Some(name) = others.by_function.keys().find(|name| joined.by_function.contains_key(*name)) {
            return Err(Error::general(format_args!("Function {name} already exists")));
        }
        others.all.values().for_each(|library| joined.insert(library.clone()));
        Ok(joined)
    }

    /// Removes a library. Says whether it was there.
    pub(super) fn remove(&mut self, name: &str) -> bool {
        let Some(library) = self.all.remove(name) else { return false };
        for function in &library.functions {
            self.by_function.remove(&function.program.name.to_ascii_lowercase());
        }
        true
    }
}

/// Reads the first line of a library: its name, and the text that follows.
fn read_first_line(text: &[u8]) -> Result<(String, &[u8])> {
    if !text.starts_with(b"#!") {
        return Err(Error::general("Missing library metadata"));
    }
    let end = text.iter().position(|byte| *byte == b'\n');
    let end = end.ok_or_else(|| Error::general("Invalid library metadata"))?;
    let line = String::from_utf8_lossy(&text[..end]).into_owned();
    let mut words = line.split_ascii_whitespace();
    let engine = words.next().map_or("", |word| &word["#!".len()..]);
    let mut name = None;
    for word in words {
        let Some(given) = word.strip_prefix("name=") else {
            return Err(Error::general(format_args!("Invalid metadata value given: {word}")));
        };
        let unquoted = given.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        if name.replace(unquoted.unwrap_or(given)).is_some() {
            return Err(Error::general("Invalid metadata value, name argument was given multiple times"));
        }
    }
    let name = name.ok_or_else(|| Error::general("Library name was not given"))?;
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        return Err(Error::general(
            "Library names can only contain letters, numbers, or underscores(_) and must be at least one character \
             long",
        ));
    }
    if !engine.eq_ignore_ascii_case("lua") {
        return Err(Error::general(format_args!("Engine '{engine}' not found")));
    }
    Ok((name.into(), &text[end..]))
}

impl Instance {
    /// Makes a library of its text: compiles it and has it register its functions.
    pub(super) fn read_library(&self, text: &[u8]) -> Result<Library> {
        let (name, body) = read_first_line(text)?;
        let mut machine = self.machine(Kind::Functions)?;
        let registered = self.load(&mut machine, body);
        let registered = match registered {
            Ok(registered) => registered,
            Err(problem) => {
                give_back(machine);
                return Err(Error::general(problem));
            }
        };
        let functions: Vec<Function> = registered
            .into_iter()
            .map(|registered| {
                let flags = registered.flags.iter().filter_map(|flag| named(flag.as_bytes()));
                let flags = flags.fold(0, |all, flag| all | flag);
                let program = Arc::new(Program::new(registered.name, flags, true, text));
                machine.keep(&program, registered.callback);
                Function { program, description: registered.description }
            })
            .collect();
        give_back(machine);
        if functions.is_empty() {
            return Err(Error::general("No functions registered"));
        }
        Ok(Library { name, text: text.into(), functions })
    }

    /// Runs the text of a library in a machine.
    fn load(&self, machine: &mut Machine, body: &[u8]) -> std::result::Result<Vec<Registered>, String> {
        let compiled = machine.compile(body, "@user_function");
        let compiled = compiled.map_err(|problem| format!("Error compiling function: {problem}"))?;
        let watch = machine.watch.clone();
        let program = Arc::new(Program::new(String::new(), 0, true, body));
        let watched = watch.begin(&program, &[], self.engine().clock().now_us(), [u64::MAX, 0]);
        watch.stop_after(LOAD_MS_MAX);
        let mut log = |_: Reach, args: &Args<'_>, stack: &mut Stack<'_>| run::log(self, args, stack);
        let registered = machine.load_library(&compiled, &mut log);
        drop(watched);
        registered.map_err(|blame| format!("Error registering functions: {}", blame.text))
    }

    /// The function of a program in a machine that has not met its library yet: all of them are kept.
    pub(super) fn load_function(
        &self,
        machine: &mut Machine,
        library: &Library,
        program: &Program,
    ) -> std::result::Result<Kept, String> {
        let (_, body) = read_first_line(&library.text).map_err(|error| error.text().to_string())?;
        let mut found = None;
        for registered in self.load(machine, body)? {
            let Some(function) = library.functions.iter().find(|known| known.program.name == registered.name)
            else {
                continue;
            };
            if function.program.id == program.id {
                found = Some(registered.callback);
            } else {
                machine.keep(&function.program, registered.callback);
            }
        }
        found.ok_or_else(|| format!("Function {} is not registered by its library", program.name))
    }
}
