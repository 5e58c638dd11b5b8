//! `--scan`: all keys, one a line.

use std::process::ExitCode;

use super::Walk;
use crate::args::Options;
use crate::display::{self, Format};
use crate::execute::{self, Printer};
use crate::failure::Failure;
use crate::session::Session;

pub(crate) fn run(session: &mut Session, options: &Options) -> Result<ExitCode, Failure> {
    let as_text = Printer::new(options).format == Format::Text;
    let mut walk = Walk::new(options.pattern.as_deref());
    while let Some(keys) = walk.next(session)? {
        let mut out = Vec::new();
        for key in keys {
            if as_text {
                display::quoted(&key, &mut out);
            } else {
                out.extend_from_slice(&key);
            }
            out.push(b'\n');
        }
        execute::write(&out)?;
        execute::pause(options.interval);
    }
    Ok(ExitCode::SUCCESS)
}
