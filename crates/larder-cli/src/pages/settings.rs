//! Every setting.

use super::cell;
use larder_commands::settings::SETTINGS;
use std::fmt::Write;

pub(super) fn page() -> String {
    let mut page = String::from(
        "# Settings\n\n\
         Written by `larder docs settings`. A setting is a flag (`--maxmemory 1gb`), a variable\n\
         (`LARDER_MAXMEMORY=1gb`) or a line of a file (`maxmemory 1gb`), and the first of these that is given\n\
         counts. `CONFIG SET` changes those marked so while the server runs. `--host`, `--password` and `--threads`\n\
         stand for `bind`, `requirepass` and `io-threads`; `REDIS_HOST`, `REDIS_PORT` and `REDIS_PASSWORD` are\n\
         understood too.\n\n\
         | setting | default | while running | what it does |\n|---|---|---|---|\n",
    );
    for setting in SETTINGS.iter().filter(|setting| !setting.inert) {
        let default =
            if setting.default.is_empty() { String::new() } else { format!("`{}`", cell(setting.default)) };
        let running = if setting.mutable { "yes" } else { "" };
        let _ = writeln!(page, "| `{}` | {default} | {running} | {} |", setting.name, cell(setting.summary));
    }
    let inert: Vec<String> = SETTINGS
        .iter()
        .filter(|setting| setting.inert)
        .map(|setting| format!("`{}`", setting.name))
        .collect();
    let _ = write!(
        page,
        "\nThese are taken from files and by `CONFIG SET` for the sake of what was made for Redis, and do nothing: \
         {}.\n",
        inert.join(", ")
    );
    page
}
