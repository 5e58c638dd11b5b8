//! Every command, in one table. Written by `cargo xtask codegen` from the files under `commands/`: to add a
//! command, add its file and run that.

use crate::commands;
use crate::spec::Command;

/// The commands, sorted by the names of their statics.
pub(crate) static COMMANDS: &[&Command] = &[
    &commands::lists::lmove::BLMOVE,
    &commands::lists::lmpop::BLMPOP,
    &commands::lists::bpop::BLPOP,
    &commands::lists::bpop::BRPOP,
    &commands::lists::lmove::BRPOPLPUSH,
    &commands::keys::del::DEL,
    &commands::transactions::discard::DISCARD,
    &commands::transactions::exec::EXEC,
    &commands::strings::get::GET,
    &commands::lists::lindex::LINDEX,
    &commands::lists::linsert::LINSERT,
    &commands::lists::llen::LLEN,
    &commands::lists::lmove::LMOVE,
    &commands::lists::lmpop::LMPOP,
    &commands::lists::pop::LPOP,
    &commands::lists::lpos::LPOS,
    &commands::lists::push::LPUSH,
    &commands::lists::push::LPUSHX,
    &commands::lists::lrange::LRANGE,
    &commands::lists::lrem::LREM,
    &commands::lists::lset::LSET,
    &commands::lists::ltrim::LTRIM,
    &commands::transactions::multi::MULTI,
    &commands::connection::ping::PING,
    &commands::lists::pop::RPOP,
    &commands::lists::lmove::RPOPLPUSH,
    &commands::lists::push::RPUSH,
    &commands::lists::push::RPUSHX,
    &commands::connection::select::SELECT,
    &commands::strings::set::SET,
    &commands::transactions::unwatch::UNWATCH,
    &commands::transactions::watch::WATCH,
];
