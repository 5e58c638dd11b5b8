//! `--latency` and `--latency-history`: how long a PING takes, in milliseconds.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use super::accepted;
use crate::args::Options;
use crate::display::Format;
use crate::execute::{self, Printer};
use crate::failure::Failure;
use crate::session::Session;

/// Between two samples.
const PAUSE: Duration = Duration::from_millis(10);

/// The samples so far.
#[derive(Debug, Default)]
struct Samples {
    count: u64,
    sum_ms: u64,
    min_ms: u64,
    max_ms: u64,
}

impl Samples {
    fn add(&mut self, ms: u64) {
        self.min_ms = if self.count == 0 { ms } else { self.min_ms.min(ms) };
        self.max_ms = self.max_ms.max(ms);
        self.sum_ms += ms;
        self.count += 1;
    }

    fn average_ms(&self) -> f64 {
        self.sum_ms as f64 / self.count.max(1) as f64
    }

    fn line(&self, format: Format) -> String {
        let Self { min_ms, max_ms, count, .. } = self;
        let average = self.average_ms();
        match format {
            Format::Text => format!("min: {min_ms}, max: {max_ms}, avg: {average:.2} ({count} samples)"),
            Format::Csv => format!("{min_ms},{max_ms},{average:.2},{count}\n"),
            Format::Json | Format::QuotedJson => {
                format!("{{\"min\":{min_ms},\"max\":{max_ms},\"avg\":{average:.2},\"count\":{count}}}\n")
            }
            Format::Raw => format!("{min_ms} {max_ms} {average:.2} {count}\n"),
        }
    }
}

/// For people, a line that is kept up to date; for programs, one line after a second or `-i`.
pub(crate) fn run(session: &mut Session, options: &Options) -> Result<ExitCode, Failure> {
    let format = Printer::new(options).format;
    let period = if options.interval.is_zero() { Duration::from_secs(1) } else { options.interval };
    let end = (format != Format::Text).then_some(period);
    sample(session, format, end)?;
    Ok(ExitCode::SUCCESS)
}

/// A line for each period of 15 seconds or `-i`.
pub(crate) fn history(session: &mut Session, options: &Options) -> Result<ExitCode, Failure> {
    let format = Printer::new(options).format;
    let period = if options.interval.is_zero() { Duration::from_secs(15) } else { options.interval };
    loop {
        let elapsed = sample(session, format, Some(period))?;
        if format == Format::Text {
            execute::write(format!(" -- {:.2} seconds range\n", elapsed.as_secs_f64()).as_bytes())?;
        }
    }
}

/// Takes samples for so long, or until the connection or the user ends it.
fn sample(session: &mut Session, format: Format, period: Option<Duration>) -> Result<Duration, Failure> {
    let begin = Instant::now();
    let mut samples = Samples::default();
    loop {
        let start = Instant::now();
        accepted(session.call(&[b"PING".to_vec()])?)?;
        samples.add(start.elapsed().as_millis() as u64);
        if format == Format::Text {
            execute::write(format!("\x1b[0G\x1b[2K{}", samples.line(format)).as_bytes())?;
        }
        if period.is_some_and(|period| begin.elapsed() >= period) {
            if format != Format::Text {
                execute::write(samples.line(format).as_bytes())?;
            }
            return Ok(begin.elapsed());
        }
        execute::pause(PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use super::Samples;
    use crate::display::Format;

    #[test]
    fn samples_and_their_line() {
        let mut samples = Samples::default();
        for ms in [2, 1, 4] {
            samples.add(ms);
        }
        assert_eq!(samples.line(Format::Raw), "1 4 2.33 3\n");
        assert_eq!(samples.line(Format::Csv), "1,4,2.33,3\n");
        assert_eq!(samples.line(Format::Text), "min: 1, max: 4, avg: 2.33 (3 samples)");
        assert_eq!(Samples::default().line(Format::Raw), "0 0 0.00 0\n");
    }
}
