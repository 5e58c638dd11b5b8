//! File names that say nothing. A function belongs in the file of the noun it serves; a file called after the
//! absence of a noun collects what nobody will look for there.

use super::Finding;

const EMPTY_NAMES: &[&str] = &["common", "helper", "helpers", "misc", "util", "utils"];
const EMPTY_ENDINGS: &[&str] = &["_common", "_helpers", "_misc", "_more", "_p2", "_utils", "_v2"];

pub(super) fn check(paths: &[String]) -> Vec<Finding> {
    paths.iter().filter_map(|path| empty_part(path).map(|part| finding(path, part))).collect()
}

/// The first part of the path, folders included, that is named after nothing.
fn empty_part(path: &str) -> Option<&str> {
    path.split('/').find(|part| {
        let stem = part.split('.').next().unwrap_or(part);
        EMPTY_NAMES.contains(&stem) || EMPTY_ENDINGS.iter().any(|ending| stem.ends_with(ending))
    })
}

fn finding(path: &str, part: &str) -> Finding {
    Finding {
        path: path.into(),
        line: 0,
        text: format!("`{part}` says nothing: name it after the noun it serves"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_folders_are_named_after_something() {
        for bad in ["crates/a/src/utils.rs", "helpers/mod.rs", "src/list_v2.rs", "web/misc.test.js"] {
            assert_eq!(check(&[bad.to_string()]).len(), 1, "{bad}");
        }
        for good in ["crates/a/src/deadline.rs", "docs/commonplace.md", ".config/nextest.toml", "README.md"] {
            assert!(check(&[good.to_string()]).is_empty(), "{good}");
        }
    }
}
