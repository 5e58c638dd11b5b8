//! `include/larder.h`, from the functions of `larder-ffi` and what is said about them there.

use super::Generated;
use crate::Result;
use crate::workspace::Workspace;
use cbindgen::{Builder, Config, DocumentationStyle, Language, Style};

const PATH: &str = "include/larder.h";

/// What a C programmer reads first.
const ABOUT: &str = "\
/* Larder for C: a Redis that lives inside your process.
 *
 *   larder_handle engine;
 *   if (larder_open(NULL, 0, &engine) == LARDER_OK) {
 *     larder_set(engine, (const uint8_t *)\"key\", 3, (const uint8_t *)\"value\", 5, 60000, LARDER_ALWAYS);
 *     larder_close(engine);
 *   }
 *
 * Every function may be called from any thread. Every function that can fail answers a status: 0 and above is an
 * outcome, below is an error, and larder_error_text has words about it. Keys and values are bytes by pointer and
 * length: zeros and any other bytes are allowed, and a length of 0 goes with any pointer. What a function is given it
 * reads before it returns; what it gives belongs to the caller until the function that its comment names frees it.
 * In the child of a fork every function answers LARDER_ERR_FORKED.
 *
 * Written by `cargo xtask codegen`. */";

pub(super) fn generate(workspace: &Workspace) -> Result<Vec<Generated>> {
    let config = Config {
        language: Language::C,
        cpp_compat: true,
        include_guard: Some("LARDER_H".into()),
        no_includes: true,
        sys_includes: vec!["stddef.h".into(), "stdint.h".into()],
        header: Some(ABOUT.into()),
        style: Style::Both,
        usize_is_size_t: true,
        documentation_style: DocumentationStyle::C99,
        line_length: 120,
        export: cbindgen::ExportConfig {
            // They come in as plain numbers, so that one that is none of them is an error and nothing worse.
            include: ["larder_condition", "larder_space", "larder_overflow"].map(Into::into).into(),
            ..Default::default()
        },
        ..Config::default()
    };
    let bindings = Builder::new()
        .with_config(config)
        .with_src(workspace.path("crates/larder-ffi/src/lib.rs"))
        .generate()?;
    let mut text = Vec::new();
    bindings.write(&mut text);
    // What Rust calls safety, C calls what is expected of the caller.
    let text = String::from_utf8(text)?.replace("// # Safety\n", "// The caller promises:\n");
    Ok(vec![Generated { path: PATH.into(), text }])
}
