//! `--stat`: a line of figures about the server, again and again.

use std::process::ExitCode;
use std::time::Duration;

use larder_resp::Value;

use super::accepted;
use crate::args::Options;
use crate::execute;
use crate::failure::Failure;
use crate::session::Session;

/// Lines between two headers.
const LINES: usize = 20;

pub(crate) fn run(session: &mut Session, options: &Options) -> Result<ExitCode, Failure> {
    let interval = if options.interval.is_zero() { Duration::from_secs(1) } else { options.interval };
    let mut requests = None;
    for line in 0.. {
        if line % LINES == 0 {
            execute::write(
                b"------- data ------ --------------------- load -------------------- - child -\n\
                  keys       mem      clients blocked requests            connections          \n",
            )?;
        }
        let info = accepted(session.call(&[b"INFO".to_vec()])?)?;
        let figures = Figures::of(&info);
        execute::write(figures.row(requests).as_bytes())?;
        requests = Some(figures.requests);
        execute::pause(interval);
    }
    Ok(ExitCode::SUCCESS)
}

/// What one line shows.
#[derive(Debug, Default, PartialEq, Eq)]
struct Figures {
    keys: u64,
    used_bytes: u64,
    clients: u64,
    blocked: u64,
    requests: u64,
    connections: u64,
    child: &'static str,
}

impl Figures {
    fn of(info: &Value) -> Self {
        let text = String::from_utf8_lossy(info.bytes().unwrap_or_default());
        let mut figures = Self::default();
        for (name, value) in text.lines().filter_map(|line| line.trim_end().split_once(':')) {
            let number = value.parse().unwrap_or(0);
            match name {
                "used_memory" => figures.used_bytes = number,
                "connected_clients" => figures.clients = number,
                "blocked_clients" => figures.blocked = number,
                "total_commands_processed" => figures.requests = number,
                "total_connections_received" => figures.connections = number,
                "rdb_bgsave_in_progress" if number > 0 => figures.child = "SAVE",
                "aof_rewrite_in_progress" if number > 0 => figures.child = "AOF",
                "loading" if number > 0 => figures.child = "LOAD",
                db if db.strip_prefix("db").is_some_and(|db| db.parse::<u32>().is_ok()) => {
                    let keys = value.split(',').find_map(|part| part.strip_prefix("keys="));
                    figures.keys += keys.and_then(|keys| keys.parse::<u64>().ok()).unwrap_or(0);
                }
                _ => {}
            }
        }
        figures
    }

    fn row(&self, requests_before: Option<u64>) -> String {
        let more = requests_before.map_or(0, |before| self.requests.saturating_sub(before));
        format!(
            "{:<11}{:<9}{:<8}{:<8}{:<20}{:<12}{}\n",
            self.keys,
            human(self.used_bytes),
            self.clients,
            self.blocked,
            format!("{} (+{more})", self.requests),
            self.connections,
            self.child,
        )
    }
}

/// Bytes with a unit: `854.72K`.
fn human(bytes: u64) -> String {
    let mut size = bytes as f64;
    for unit in ["B", "K", "M", "G"] {
        if size < 1024.0 {
            return if unit == "B" { format!("{bytes}B") } else { format!("{size:.2}{unit}") };
        }
        size /= 1024.0;
    }
    format!("{size:.2}T")
}

#[cfg(test)]
mod tests {
    use super::{Figures, human};
    use larder_resp::Value;

    #[test]
    fn a_row_is_read_from_info() {
        let info = "# Memory\r\nused_memory:1212416\r\nconnected_clients:1\r\nblocked_clients:2\r\n\
                    total_commands_processed:20\r\ntotal_connections_received:5\r\n\
                    db0:keys=2,expires=0,avg_ttl=0\r\ndb11:keys=3,expires=0,avg_ttl=0\r\ndbsize:nonsense\r\n";
        let figures = Figures::of(&Value::Bulk(info.into()));
        assert_eq!(
            figures.row(Some(19)),
            "5          1.16M    1       2       20 (+1)             5           \n"
        );
        assert_eq!(Figures::of(&Value::Null), Figures::default());
    }

    #[test]
    fn sizes_have_units() {
        for (bytes, text) in
            [(0, "0B"), (1023, "1023B"), (1024, "1.00K"), (875_233, "854.72K"), (u64::MAX, "16777216.00T")]
        {
            assert_eq!(human(bytes), text);
        }
    }
}
