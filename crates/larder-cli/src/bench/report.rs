//! What a run found, for people and for programs.

use super::drive::End;
use super::options::Options;
use super::tally::{Figures, Tally};
use crate::args::Address;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// A finished run.
#[derive(Debug)]
pub(super) struct Report<'a> {
    pub(super) options: &'a Options,
    pub(super) tally: Tally,
    /// Messages that subscribers got.
    pub(super) delivered: u64,
}

const SHARES: [(&str, f64); 4] = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999)];

/// Microseconds.
fn us(ns: u64) -> f64 {
    ns as f64 / 1_000.0
}

/// A time with a unit, three digits that count.
fn time(ns: u64) -> String {
    let digits = |number: f64| match number {
        number if number >= 100.0 => format!("{number:.0}"),
        number if number >= 10.0 => format!("{number:.1}"),
        number => format!("{number:.2}"),
    };
    match ns as f64 {
        ns if ns < 1e3 => format!("{ns} ns"),
        ns if ns < 1e6 => format!("{} us", digits(ns / 1e3)),
        ns if ns < 1e9 => format!("{} ms", digits(ns / 1e6)),
        ns => format!("{} s", digits(ns / 1e9)),
    }
}

/// A number with its thousands apart.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

impl Report<'_> {
    fn per_second(&self, count: u64) -> f64 {
        count as f64 / self.tally.elapsed.as_secs_f64().max(1e-9)
    }

    /// What was asked of whom.
    fn heading(&self) -> String {
        let options = self.options;
        let mut text = match options.address {
            Address::Embedded => format!("in this process, {} threads", options.threads),
            _ => format!(
                "{}, {} connections, pipeline {}",
                super::place(&options.address),
                options.connections,
                options.pipeline
            ),
        };
        match options.rate {
            Some(rate) => _ = write!(text, ", open loop at {} a second", thousands(rate as u64)),
            None => text.push_str(", closed loop"),
        }
        let sizes = options.sizes;
        let bytes = if sizes.min == sizes.max {
            sizes.min.to_string()
        } else {
            format!("{} to {}", sizes.min, sizes.max)
        };
        let keys = thousands(options.keys);
        let _ = write!(text, "; {keys} keys ({}), values of {bytes} bytes", options.distribution);
        text
    }

    fn row(&self, name: &str, figures: &Figures) -> String {
        let count = figures.ns.count();
        let hits = 1.0 - figures.nulls as f64 / count.max(1) as f64;
        let mut row = format!(
            "{name:<10} {:>13} {:>13} {:>7.2}% {:>9}",
            thousands(count),
            thousands(self.per_second(count) as u64),
            hits * 100.0,
            thousands(figures.errors)
        );
        for (_, share) in SHARES {
            let _ = write!(row, " {:>9}", time(figures.ns.quantile(share)));
        }
        let _ = write!(row, " {:>9}", time(figures.ns.max()));
        row
    }

    /// The table.
    pub(super) fn text(&self) -> String {
        let mut text = format!("{}\n\n", self.heading());
        let _ = write!(
            text,
            "{:<10} {:>13} {:>13} {:>8} {:>9}",
            "operation", "replies", "per second", "hits", "errors"
        );
        SHARES.iter().for_each(|(name, _)| _ = write!(text, " {name:>9}"));
        let _ = writeln!(text, " {:>9}", "max");
        let operations = &self.options.mix.operations;
        for (operation, figures) in operations.iter().zip(&self.tally.operations) {
            let _ = writeln!(text, "{}", self.row(&operation.name, figures));
        }
        if operations.len() > 1 {
            let _ = writeln!(text, "{}", self.row("all", &self.tally.all()));
        }
        let _ = writeln!(text, "\n{:.2} seconds", self.tally.elapsed.as_secs_f64());
        if self.options.subscribers > 0 {
            let _ = writeln!(
                text,
                "{} messages delivered to {} subscribers, {} a second",
                thousands(self.delivered),
                self.options.subscribers,
                thousands(self.per_second(self.delivered) as u64)
            );
        }
        for note in self.notes() {
            let _ = writeln!(text, "note: {note}");
        }
        text
    }

    /// What a reader should know before believing the figures.
    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        let all = self.tally.all();
        if let Some(error) = &self.tally.first_error {
            notes.push(format!("{} replies were errors, the first: {error}", thousands(all.errors)));
        }
        let reads = self.options.mix.operations.iter().zip(&self.tally.operations);
        let missed = reads.filter(|(operation, _)| operation.name == "get");
        if missed.into_iter().any(|(_, get)| get.nulls * 2 > get.ns.count()) && !self.options.fill {
            notes.push("most reads found nothing; --fill writes every key first".to_owned());
        }
        if let (Some(rate), End::After(_)) = (self.options.rate, self.options.end) {
            let reached = self.per_second(self.tally.count());
            if reached < rate * 0.98 {
                let (asked, reached) = (thousands(rate as u64), thousands(reached as u64));
                notes.push(format!(
                    "{asked} a second were due and {reached} were answered: latencies grow without end"
                ));
            }
        }
        notes
    }

    /// One object.
    pub(super) fn json(&self) -> Value {
        let options = self.options;
        let figures = |name: &str, figures: &Figures| {
            let ns = &figures.ns;
            let mut latency = json!({ "mean": ns.mean() / 1e3, "min": us(ns.min()), "max": us(ns.max()) });
            SHARES.iter().for_each(|(name, share)| latency[*name] = us(ns.quantile(*share)).into());
            json!({
                "name": name,
                "replies": ns.count(),
                "per_second": self.per_second(ns.count()),
                "nulls": figures.nulls,
                "errors": figures.errors,
                "latency_us": latency,
            })
        };
        let operations = options.mix.operations.iter().zip(&self.tally.operations);
        let operations: Vec<Value> =
            operations.map(|(operation, own)| figures(&operation.name, own)).collect();
        json!({
            "address": super::place(&options.address),
            "connections": if options.address == Address::Embedded { 0 } else { options.connections },
            "threads": options.threads,
            "pipeline": options.pipeline,
            "rate": options.rate,
            "keys": options.keys,
            "distribution": options.distribution.to_string(),
            "value_bytes": [options.sizes.min, options.sizes.max],
            "seconds": self.tally.elapsed.as_secs_f64(),
            "all": figures("all", &self.tally.all()),
            "operations": operations,
            "subscribers": options.subscribers,
            "delivered": self.delivered,
            "first_error": self.tally.first_error,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{thousands, time};

    #[test]
    fn numbers_are_for_people() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(thousands(number), text);
        }
        for (ns, text) in [
            (0, "0 ns"),
            (999, "999 ns"),
            (1_500, "1.50 us"),
            (25_400_000, "25.4 ms"),
            (3_000_000_000, "3.00 s"),
        ] {
            assert_eq!(time(ns), text);
        }
    }
}
