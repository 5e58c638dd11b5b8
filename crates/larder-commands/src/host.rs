//! What surrounds an instance: the process and the machine. Commands ask here for what only an operating system knows
//! (resident memory, processor time, files), since this crate does no I/O of its own. A server brings a host; an
//! embedded instance does well without one.

use crate::settings::Settings;
use std::fmt;
use std::time::Duration;

/// Processor time used so far, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CpuTimes {
    /// In the process's own code.
    pub user_us: u64,
    /// In the kernel on its behalf.
    pub system_us: u64,
    /// The same of children that have ended.
    pub children_user_us: u64,
    /// The same of children that have ended.
    pub children_system_us: u64,
}

/// How important a line of the log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    /// For those who look for a fault.
    Debug,
    /// More than usual.
    Verbose,
    /// What one wants to know.
    Notice,
    /// What one has to know.
    Warning,
}

impl LogLevel {
    /// The level of a number from 0 to 3, as scripts give it.
    pub fn of(number: i64) -> LogLevel {
        match number {
            ..=0 => LogLevel::Debug,
            1 => LogLevel::Verbose,
            2 => LogLevel::Notice,
            _ => LogLevel::Warning,
        }
    }
}

/// How a server shall end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shutdown {
    /// Take a snapshot first; `None` as the settings say.
    pub save: Option<bool>,
    /// Do not wait for replicas.
    pub now: bool,
    /// End even if something goes wrong on the way.
    pub force: bool,
}

/// The process and the machine around an instance. Everything has a default that says "unknown" or "not here".
pub trait Host: Send + Sync {
    /// Memory of the process that is in RAM; 0 if unknown.
    fn rss_bytes(&self) -> u64 {
        0
    }

    /// RAM of the machine; 0 if unknown.
    fn machine_bytes(&self) -> u64 {
        0
    }

    /// Processor time of the process.
    fn cpu(&self) -> CpuTimes {
        CpuTimes::default()
    }

    /// Processor time of the thread that started the process.
    fn cpu_of_main_thread(&self) -> CpuTimes {
        CpuTimes::default()
    }

    /// The number of the process; 0 if unknown.
    fn process_id(&self) -> u32 {
        0
    }

    /// The TCP port that is listened on; 0 for none.
    fn tcp_port(&self) -> u16 {
        0
    }

    /// The operating system: name, release, machine.
    fn os(&self) -> String {
        std::env::consts::OS.into()
    }

    /// The path of the program.
    fn executable(&self) -> String {
        String::new()
    }

    /// The file that the settings came from, if there was one.
    fn config_file(&self) -> Option<String> {
        None
    }

    /// Told when settings have changed.
    fn configured(&self, settings: &Settings) {
        let _ = settings;
    }

    /// Writes the settings back into that file. The error is a sentence for the client. `users` are lines
    /// that would make the users, where they are not in a file of their own.
    fn rewrite_config(&self, settings: &Settings, users: &[String]) -> Result<(), String> {
        let _ = (settings, users);
        Err("The server is running without a config file".into())
    }

    /// Reads the file of the users. The error is a sentence for the client.
    fn read_users(&self, path: &str) -> Result<String, String> {
        let _ = path;
        Err("this instance has no files".into())
    }

    /// Writes the file of the users, whole or not at all. The error is a sentence for the client.
    fn write_users(&self, path: &str, text: &[u8]) -> Result<(), String> {
        let _ = (path, text);
        Err("this instance has no files".into())
    }

    /// Ends the server. The error is a sentence for the client.
    fn shut_down(&self, how: Shutdown) -> Result<(), String> {
        let _ = how;
        Err("this instance lives inside another program, which has to end it".into())
    }

    /// Takes a line that a script wants to have logged.
    fn log(&self, level: LogLevel, text: &str) {
        let _ = (level, text);
    }

    /// Holds the calling thread up: what `DEBUG SLEEP` is for.
    fn sleep(&self, time: Duration) {
        let _ = time;
    }
}

/// No host.
#[derive(Debug)]
pub(crate) struct NoHost;

impl Host for NoHost {}

impl fmt::Debug for dyn Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").field("process_id", &self.process_id()).finish_non_exhaustive()
    }
}
