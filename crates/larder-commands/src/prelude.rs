//! What nearly every command file needs, in one line.

pub(crate) use crate::args::{Args, Options, is};
pub(crate) use crate::cx::{Caller, Cx, Empty, Outcome, Outcome::Done, Wait, Way};
pub(crate) use crate::error::{Error, Result};
pub(crate) use crate::reply::{Protocol, Reply};
pub(crate) use crate::spec::access::*;
pub(crate) use crate::spec::flags::*;
pub(crate) use crate::spec::{Arg, Command, Group, KeySpec, Reach};
pub(crate) use larder_core::value::string::parse_int;
pub(crate) use larder_core::{Class, DbIndex, Deadline, Expiry, Key};
