//! Files that git keeps although it is told to ignore them: what a build leaves behind, added before the rule was
//! there. They weigh on every clone for ever.

use super::Finding;

pub(super) fn check(paths: &[String]) -> Vec<Finding> {
    let finding = |path: &String| Finding {
        path: path.clone(),
        line: 0,
        text: "it is ignored and yet in the project: git rm --cached".into(),
    };
    paths.iter().map(finding).collect()
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn each_such_file_is_named() {
        let found = check(&["examples/c/storm".to_string(), "a.log".to_string()]);
        assert_eq!(
            found.iter().map(|finding| finding.path.as_str()).collect::<Vec<_>>(),
            ["examples/c/storm", "a.log"]
        );
        assert!(check(&[]).is_empty());
    }
}
