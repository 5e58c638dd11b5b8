//! Links between documents: a relative link leads to a file that exists. Links into the web are not followed; a
//! check that depends on other people's servers is no check.

use super::Finding;
use std::path::{Component, Path, PathBuf};

/// The broken links of one Markdown file. `exists` is asked with paths relative to the root of the checkout.
pub(super) fn check(path: &str, text: &str, exists: impl Fn(&Path) -> bool) -> Vec<Finding> {
    let folder = Path::new(path).parent().unwrap_or(Path::new(""));
    let mut findings = Vec::new();
    let mut in_code = false;
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        if in_code {
            continue;
        }
        for target in targets(line).filter(|target| is_local(target)) {
            let file = target.split(['#', '?']).next().unwrap_or(target);
            if !resolved(folder, file).is_some_and(|file| exists(&file)) {
                let text = format!("the link leads nowhere: {target}");
                findings.push(Finding { path: path.into(), line: index + 1, text });
            }
        }
    }
    findings
}

/// What the inline links and the link definitions of a line point to.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    let definition =
        line.trim_start().strip_prefix('[').and_then(|rest| rest.split_once("]: ")).map(|(_, to)| to);
    let inline =
        line.match_indices("](").filter(|(at, _)| !in_backticks(line, *at)).filter_map(|(at, opening)| {
            let rest = &line[at + opening.len()..];
            rest.find(')').map(|end| &rest[..end])
        });
    let first_word = |target: &str| target.split_whitespace().next().map_or(0, str::len);
    inline.chain(definition).map(move |target| &target.trim_start()[..first_word(target)])
}

fn in_backticks(line: &str, at: usize) -> bool {
    line[..at].matches('`').count() % 2 == 1
}

fn is_local(target: &str) -> bool {
    !target.is_empty()
        && !target.starts_with('#')
        && !target.contains("://")
        && !target.starts_with("mailto:")
}

/// The path relative to the root, unless it leaves the checkout.
fn resolved(folder: &Path, target: &str) -> Option<PathBuf> {
    let mut path = PathBuf::new();
    for part in folder.join(target).components() {
        match part {
            Component::Normal(name) => path.push(name),
            Component::CurDir => {}
            Component::ParentDir if path.pop() => {}
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(text: &str) -> Vec<String> {
        let exists = |file: &Path| [Path::new("docs/a.md"), Path::new("README.md")].contains(&file);
        check("docs/index.md", text, exists).into_iter().map(|finding| finding.text).collect()
    }

    #[test]
    fn a_link_to_no_file_is_found() {
        assert_eq!(broken("[a](a.md) and [b](b.md)"), ["the link leads nowhere: b.md"]);
        assert_eq!(broken("[up](../README.md) [out](../../README.md)").len(), 1);
        assert_eq!(broken("[root](/README.md)").len(), 1);
        assert_eq!(broken("[c]: c.md \"title\"\n[a]: a.md"), ["the link leads nowhere: c.md"]);
        assert_eq!(broken("![picture](p.png \"title\")"), ["the link leads nowhere: p.png"]);
    }

    #[test]
    fn other_links_are_left_alone() {
        let text = "[w](https://example.org/x) [m](mailto:a@example.org) [h](#here) [a](a.md#part)\n\
                    `vec[0](b.md)` and\n```\n[b](b.md)\n```\n[ ](a.md)";
        assert_eq!(broken(text), Vec::<String>::new());
    }
}
