//! What `INFO`, `CONFIG REWRITE` and `SHUTDOWN` need of the process and the machine. Figures come from `/proc`,
//! read when they are asked for; where there is none they are unknown.

use crate::config;
use crate::log::{Level, Log};
use larder_commands::settings::Settings;
use larder_commands::{CpuTimes, Host, LogLevel, Shutdown};
use parking_lot::Mutex;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use std::{fs, io};
use tokio::sync::watch;

/// The process as the host of its instance.
#[derive(Debug)]
pub(crate) struct Process {
    port: u16,
    stop: watch::Sender<bool>,
    log: Arc<Log>,
    machine_bytes: u64,
    config_file: Mutex<Option<PathBuf>>,
}

/// Memory is counted in pages of this size on the machines we know; `/proc` does not say otherwise.
const PAGE_BYTES: u64 = 4_096;
/// `/proc` counts time in hundredths of a second.
const TICK_US: u64 = 10_000;

impl Process {
    pub(crate) fn new(port: u16, stop: watch::Sender<bool>, log: Arc<Log>) -> Process {
        Process { port, stop, log, machine_bytes: machine_bytes(), config_file: Mutex::default() }
    }

    /// Says where the settings came from.
    pub(crate) fn set_config_file(&self, path: &Path) {
        // `CONFIG REWRITE` must find it wherever it is called.
        *self.config_file.lock() = Some(fs::canonicalize(path).unwrap_or_else(|_| path.into()));
    }
}

impl Host for Process {
    fn log(&self, level: LogLevel, text: &str) {
        let level = match level {
            LogLevel::Debug => Level::Debug,
            LogLevel::Verbose => Level::Verbose,
            LogLevel::Notice => Level::Notice,
            LogLevel::Warning => Level::Warning,
        };
        self.log.line(level, text.replace(['\r', '\n'], " "));
    }

    fn rss_bytes(&self) -> u64 {
        let told = fs::read_to_string("/proc/self/statm").unwrap_or_default();
        told.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) * PAGE_BYTES
    }

    fn machine_bytes(&self) -> u64 {
        self.machine_bytes
    }

    fn cpu(&self) -> CpuTimes {
        times(&fs::read_to_string("/proc/self/stat").unwrap_or_default())
    }

    fn cpu_of_main_thread(&self) -> CpuTimes {
        let process = std::process::id();
        times(&fs::read_to_string(format!("/proc/self/task/{process}/stat")).unwrap_or_default())
    }

    fn process_id(&self) -> u32 {
        std::process::id()
    }

    fn tcp_port(&self) -> u16 {
        self.port
    }

    fn os(&self) -> String {
        let told = |name: &str| fs::read_to_string(format!("/proc/sys/kernel/{name}")).unwrap_or_default();
        format!("{} {} {}", told("ostype").trim(), told("osrelease").trim(), std::env::consts::ARCH)
    }

    fn executable(&self) -> String {
        std::env::current_exe().map(|path| path.display().to_string()).unwrap_or_default()
    }

    fn config_file(&self) -> Option<String> {
        self.config_file.lock().as_ref().map(|path| path.display().to_string())
    }

    fn configured(&self, settings: &Settings) {
        self.log.set_level(Level::named(&settings.text("loglevel")));
    }

    fn rewrite_config(&self, settings: &Settings, users: &[String]) -> Result<(), String> {
        let Some(path) = self.config_file.lock().clone() else {
            return Err("The server is running without a config file".into());
        };
        let rewrite = || {
            let text = config::rewritten(&fs::read_to_string(&path)?, settings, users);
            replace(&path, text.as_bytes())
        };
        rewrite().map_err(|error| format!("Rewriting config file: {error}"))
    }

    fn read_users(&self, path: &str) -> Result<String, String> {
        fs::read_to_string(path).map_err(|error| format!("cannot read the users in {path}: {error}"))
    }

    fn write_users(&self, path: &str, text: &[u8]) -> Result<(), String> {
        replace(Path::new(path), text).map_err(|error| format!("{path}: {error}"))
    }

    fn shut_down(&self, _: Shutdown) -> Result<(), String> {
        // There is nothing to save and there are no replicas to wait for.
        self.stop.send(true).map_err(|_| "the server is stopping already".to_string())
    }

    #[expect(clippy::disallowed_methods, reason = "to hold this thread up is what DEBUG SLEEP asks for")]
    fn sleep(&self, time: Duration) {
        std::thread::sleep(time);
    }
}

fn machine_bytes() -> u64 {
    let told = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let total = told.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    total.and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0) * 1_024
}

/// Puts the new text beside the file, and then in its place: a reader sees the old one or the new one.
fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    let beside = path.with_extension(format!("rewrite-{}", std::process::id()));
    let write = || {
        // There may be a password in it: nobody else may read it while its permissions are not those of the old one.
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
        file.write_all(text)?;
        if let Ok(old) = fs::metadata(path) {
            file.set_permissions(old.permissions())?;
        }
        file.sync_all()?;
        fs::rename(&beside, path)
    };
    write().inspect_err(|_| {
        // Best effort: the error that is reported is the first one.
        let _ = fs::remove_file(&beside);
    })
}

/// The times in a line of `/proc/<pid>/stat`. The name in it may contain spaces and brackets; what follows the last
/// bracket does not.
fn times(stat: &str) -> CpuTimes {
    let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks: Vec<u64> =
        fields.split_ascii_whitespace().skip(11).take(4).filter_map(|n| n.parse().ok()).collect();
    match ticks[..] {
        [user, system, children_user, children_system] => CpuTimes {
            user_us: user * TICK_US,
            system_us: system * TICK_US,
            children_user_us: children_user * TICK_US,
            children_system_us: children_system * TICK_US,
        },
        _ => CpuTimes::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_found_behind_any_name() {
        let line = "7 (a ) b) S 1 7 7 0 -1 4194560 1 0 0 0 12 34 5 6 20 0 1 0 100 1 1";
        let expected = CpuTimes {
            user_us: 120_000,
            system_us: 340_000,
            children_user_us: 50_000,
            children_system_us: 60_000,
        };
        assert_eq!(times(line), expected);
        assert_eq!(times("nonsense"), CpuTimes::default());
    }
}
