//! Every command, in one table. Written by `cargo xtask codegen` from the files under `commands/`: to add a
//! command, add its file and run that.

use crate::commands;
use crate::spec::Command;

/// The commands, sorted by the names of their statics.
pub(crate) static COMMANDS: &[&Command] = &[
    &commands::keys::del::DEL,
    &commands::transactions::discard::DISCARD,
    &commands::transactions::exec::EXEC,
    &commands::strings::get::GET,
    &commands::transactions::multi::MULTI,
    &commands::connection::ping::PING,
    &commands::connection::select::SELECT,
    &commands::strings::set::SET,
    &commands::transactions::unwatch::UNWATCH,
    &commands::transactions::watch::WATCH,
];
