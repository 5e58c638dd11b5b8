//! Sections about what commands cost and which errors they ended in.

use super::Section;
use crate::prelude::*;
use std::sync::atomic::Ordering::Relaxed;

pub(super) fn calls(cx: &mut Cx<'_>, section: &mut Section) -> Result<()> {
    // What this connection has not added to everybody's counts yet.
    cx.instance.flush_tally(cx.session);
    for entry in cx.instance.table().all() {
        let stats = &entry.stats;
        let (calls, usec) = (stats.calls.load(Relaxed), stats.usec.load(Relaxed));
        let (rejected, failed) = (stats.rejected.load(Relaxed), stats.failed.load(Relaxed));
        if calls == 0 && rejected == 0 && failed == 0 {
            continue;
        }
        let each = if calls == 0 { 0.0 } else { usec as f64 / calls as f64 };
        section.line(
            &format!("cmdstat_{}", entry.full_name),
            format_args!(
                "calls={calls},usec={usec},usec_per_call={each:.2},rejected_calls={rejected},failed_calls={failed}"
            ),
        );
    }
    Ok(())
}

pub(super) fn errors(cx: &mut Cx<'_>, section: &mut Section) -> Result<()> {
    for (code, count) in cx.instance.stats.errors() {
        section.line(&format!("errorstat_{code}"), format_args!("count={count}"));
    }
    Ok(())
}

pub(super) fn latencies(cx: &mut Cx<'_>, section: &mut Section) -> Result<()> {
    let settings = cx.instance.settings();
    if !settings.bool("latency-tracking") {
        return Ok(());
    }
    let text = settings.text("latency-tracking-info-percentiles");
    let percents: Vec<f64> = text.split_ascii_whitespace().filter_map(|word| word.parse().ok()).collect();
    for entry in cx.instance.table().all() {
        let histogram = &entry.stats.histogram;
        if percents.is_empty() || histogram.total() == 0 {
            continue;
        }
        let quantiles: Vec<String> =
            percents.iter().map(|p| format!("p{p}={:.3}", histogram.percentile_us(*p) as f64)).collect();
        section.line(&format!("latency_percentiles_usec_{}", entry.full_name), quantiles.join(","));
    }
    Ok(())
}
