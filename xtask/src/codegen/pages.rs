//! Pages of the documentation that the program itself writes, from the tables it runs on.

use super::Generated;
use crate::workspace::Workspace;
use crate::{Result, process};

const PAGES: &[&str] = &["commands.md", "compatibility.md", "examples.json", "settings.md"];

pub(super) fn generate(workspace: &Workspace) -> Result<Vec<Generated>> {
    let page = |page: &&str| {
        let flags = ["run", "-q", "-p", "larder-cli", "--", "docs", page.split('.').next().unwrap_or(page)];
        let text = process::output(&mut workspace.command("cargo", &flags))?;
        Ok(Generated { path: format!("docs/{page}"), text })
    };
    PAGES.iter().map(page).collect()
}
