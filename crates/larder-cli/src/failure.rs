//! Why the client gives up, and with which exit status. One place decides what is said about it.

use std::io;
use std::process::ExitCode;

use crate::transport;

/// A reason to stop.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command line cannot be understood.
    Usage(String),
    /// Nobody answers at the address.
    Connect(String),
    /// The connection was good and broke.
    Transport(transport::Error),
    /// The server refused something this client needs in order to go on.
    Refused(Vec<u8>),
    /// What the user supplied cannot be used.
    Input(String),
    /// The output cannot be written; most often its reader has left, which is nobody's error.
    Output(io::Error),
}

impl Failure {
    /// What to print, if anything.
    pub(crate) fn text(&self) -> Option<String> {
        Some(match self {
            Self::Usage(text) => format!("larder: {text}\nTry 'larder --help'."),
            Self::Connect(text) | Self::Input(text) => text.clone(),
            Self::Transport(error) => format!("Error: {error}"),
            Self::Refused(text) => format!("Error: {}", String::from_utf8_lossy(text)),
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => return None,
            Self::Output(error) => format!("larder: cannot write the output: {error}"),
        })
    }

    /// 2 where nothing was tried, 1 otherwise.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Usage(_) => ExitCode::from(2),
            _ => ExitCode::FAILURE,
        }
    }
}

impl From<transport::Error> for Failure {
    fn from(error: transport::Error) -> Self {
        Self::Transport(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}
