//! Puts what C programs need below a prefix: header, libraries, and the file by which `pkg-config` finds them.

use crate::workspace::Workspace;
use crate::{Result, process};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

/// What a static link needs beside the library.
const SYSTEM_LIBRARIES: &str = "-lpthread -ldl -lm -lgcc_s";

pub(crate) fn run(workspace: &Workspace, prefix: &Path) -> Result<()> {
    process::run(&mut workspace.command("cargo", &["build", "--release", "--quiet", "-p", "larder-ffi"]))?;
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
    fs::copy(workspace.path("include/larder.h"), prefix.join("include/larder.h"))?;
    fs::copy(built("liblarder_c.a"), lib.join("liblarder.a"))?;
    // The name a program is linked with, the name it looks for when it starts, and the file itself.
    let file = format!("liblarder.so.{version}");
    let names = [format!("liblarder.so.{major}"), "liblarder.so".into()];
    for name in names.iter().chain([&file]) {
        match fs::remove_file(lib.join(name)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    fs::copy(built("liblarder_c.so"), lib.join(&file))?;
    for name in names {
        symlink(&file, lib.join(name))?;
    }
    fs::write(lib.join("pkgconfig/larder.pc"), description(&prefix, &version))?;
    println!("installed larder {version} for C below {}", prefix.display());
    Ok(())
}

fn version(workspace: &Workspace) -> Result<String> {
    let manifest = workspace.read("Cargo.toml")?;
    let line = manifest.lines().find_map(|line| line.strip_prefix("version = "));
    Ok(line.ok_or("the workspace has no version")?.trim_matches('"').into())
}

fn description(prefix: &Path, version: &str) -> String {
    format!(
        "prefix={}\nincludedir=${{prefix}}/include\nlibdir=${{prefix}}/lib\n\nName: larder\n\
         Description: A Redis that lives inside your process\nVersion: {version}\n\
         Cflags: -I${{includedir}}\nLibs: -L${{libdir}} -llarder\nLibs.private: {SYSTEM_LIBRARIES}\n",
        prefix.display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_description_names_version_and_places() {
        let text = description(Path::new("/opt/larder"), &version(&Workspace::here()).unwrap());
        assert!(text.starts_with("prefix=/opt/larder\n") && text.contains("\nLibs: -L${libdir} -llarder\n"));
        assert!(text.contains(&format!("\nVersion: {}\n", env!("CARGO_PKG_VERSION"))));
    }
}
