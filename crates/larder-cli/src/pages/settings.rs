//! Every setting.

use super::cell;
use larder_commands::settings::SETTINGS;
use std::fmt::Write;

pub(super) fn page() -> String {
    let mut page = String::from(
        "# Settings\n\n\
         Written by `larder docs settings`. A setting is a flag (`--maxmemory 1gb`), a variable (`LARDER_MAXMEMORY=1gb`) or\n\
         a line of a file (`maxmemory 1gb`), and the first of these that is given counts. `CONFIG SET` changes those marked\n\
         so while the server runs. `--host`, `--password` and `--threads` stand for `bind`, `requirepass` and\n\
         `io-threads`; `REDIS_HOST`, `REDIS_PORT` and `REDIS_PASSWORD` are understood too.\n\n\
         | setting | default | while running | what it does |\n|---|---|---|---|\n",
    );
    for setting in SETTINGS {
        let default =
            if setting.default.is_empty() { String::new() } else { format!("`{}`", cell(setting.default)) };
        let running = if setting.mutable { "yes" } else { "" };
        let _ = writeln!(page, "| `{}` | {default} | {running} | {} |", setting.name, cell(setting.summary));
    }
    page
}
