//! Puts what C and C++ programs need below a prefix: headers, libraries, and the file by which `pkg-config` finds them.
//!
//! The shared library is linked here, from the static one, and not by `rustc`: it has a list of exports of its own for
//! one, in which symbols have no versions, and linkers take only one such list. Beside the static one lies what the
//! packages beneath have built in C, which `rustc` leaves to whoever links it.

use crate::workspace::Workspace;
use crate::{Result, process};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

const HEADERS: &[&str] = &["larder.h", "larder.hpp"];

/// What a static link needs beside the library.
const SYSTEM_LIBRARIES: &[&str] = &["-lpthread", "-ldl", "-lm", "-lgcc_s"];

pub(crate) fn run(workspace: &Workspace, prefix: &Path) -> Result<()> {
    let build = ["build", "--release", "--quiet", "-p", "larder-ffi", "--message-format", "json"];
    let messages = process::output(&mut workspace.command("cargo", &build))?;
    let version = version(workspace)?;
    let major = version.split('.').next().unwrap_or_default();
    let built = |name: &str| {
        let target = std::env::var("CARGO_TARGET_DIR").unwrap_or_else(|_| "target".into());
        workspace.path(target).join("release").join(name)
    };
    for folder in ["include", "lib/pkgconfig"] {
        fs::create_dir_all(prefix.join(folder))?;
    }
    let prefix = prefix.canonicalize()?;
    let lib = prefix.join("lib");
    for header in HEADERS {
        fs::copy(workspace.path("include").join(header), prefix.join("include").join(header))?;
    }
    fs::copy(built("liblarder_c.a"), lib.join("liblarder.a"))?;
    let mut private = Vec::new();
    for library in libraries(&messages) {
        let name = library.file_stem().unwrap_or_default().to_string_lossy().replacen("lib", "larder_", 1);
        fs::copy(&library, lib.join(format!("lib{name}.a")))?;
        private.push(format!("-l{name}"));
    }
    private.extend(SYSTEM_LIBRARIES.iter().map(ToString::to_string));
    // The name a program is linked with, the name it looks for when it starts, and the file itself.
    let file = format!("liblarder.so.{version}");
    let soname = format!("liblarder.so.{major}");
    let names = [soname.clone(), "liblarder.so".into()];
    for name in names.iter().chain([&file]) {
        match fs::remove_file(lib.join(name)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    link(workspace, &lib, &soname, &file, &private)?;
    for name in names {
        symlink(&file, lib.join(name))?;
    }
    fs::write(lib.join("pkgconfig/larder.pc"), description(&prefix, &version, &private))?;
    println!("installed larder {version} for C below {}", prefix.display());
    Ok(())
}

/// The static libraries that build scripts have told cargo of, and which `rustc` has not taken in.
fn libraries(messages: &str) -> Vec<PathBuf> {
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut found = Vec::new();
    for message in messages.filter(|message| message["reason"] == "build-script-executed") {
        let texts = |field: &str| -> Vec<String> {
            let all = message[field].as_array().into_iter().flatten();
            all.filter_map(|text| Some(text.as_str()?.to_owned())).collect()
        };
        for library in texts("linked_libs") {
            let Some(name) = library.strip_prefix("static:-bundle=") else { continue };
            let folders = texts("linked_paths").into_iter();
            found.extend(
                folders.map(|folder| {
                    Path::new(folder.trim_start_matches("native=")).join(format!("lib{name}.a"))
                }),
            );
        }
    }
    found
}

/// Links the shared library: with the symbols of `larder.map` and their versions and no others, and never unloaded, as
/// `build.rs` says of the one that cargo links.
fn link(workspace: &Workspace, lib: &Path, soname: &str, file: &str, private: &[String]) -> Result<()> {
    let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".into());
    let map = workspace.path("crates/larder-ffi/larder.map");
    let mut command = workspace.command(&compiler, &["-shared", "-o"]);
    command.arg(lib.join(file)).arg("-L").arg(lib);
    command.arg("-Wl,--whole-archive").arg(lib.join("liblarder.a")).arg("-Wl,--no-whole-archive");
    command.arg(format!("-Wl,--version-script={}", map.display())).arg(format!("-Wl,-soname,{soname}"));
    command.args(["-Wl,--gc-sections", "-Wl,-z,nodelete,-z,relro,-z,now", "-Wl,--no-undefined", "-Wl,-O1"]);
    process::run(command.args(private))
}

fn version(workspace: &Workspace) -> Result<String> {
    let manifest = workspace.read("Cargo.toml")?;
    let line = manifest.lines().find_map(|line| line.strip_prefix("version = "));
    Ok(line.ok_or("the workspace has no version")?.trim_matches('"').into())
}

fn description(prefix: &Path, version: &str, private: &[String]) -> String {
    format!(
        "prefix={}\nincludedir=${{prefix}}/include\nlibdir=${{prefix}}/lib\n\nName: larder\n\
         Description: A Redis that lives inside your process\nVersion: {version}\n\
         Cflags: -I${{includedir}}\nLibs: -L${{libdir}} -llarder\nLibs.private: {}\n",
        prefix.display(),
        private.join(" ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_description_names_version_and_places() {
        let text =
            description(Path::new("/opt/larder"), &version(&Workspace::here()).unwrap(), &["-lm".into()]);
        assert!(text.starts_with("prefix=/opt/larder\n") && text.contains("\nLibs: -L${libdir} -llarder\n"));
        assert!(text.contains(&format!("\nVersion: {}\n", env!("CARGO_PKG_VERSION"))));
    }

    #[test]
    fn the_libraries_that_are_left_to_the_linker_are_found() {
        let messages = "\
            {\"reason\":\"compiler-artifact\",\"linked_libs\":[\"static:-bundle=no\"],\"linked_paths\":[\"/no\"]}\n\
            {\"reason\":\"build-script-executed\",\"linked_libs\":[],\"linked_paths\":[]}\nno JSON\n\
            {\"reason\":\"build-script-executed\",\"linked_libs\":[\"static:-bundle=lua5.1\",\"dylib=m\"],\
             \"linked_paths\":[\"native=/out/lib\"]}\n";
        assert_eq!(libraries(messages), [PathBuf::from("/out/lib/liblua5.1.a")]);
    }
}
