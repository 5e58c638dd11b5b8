//! Sections about the data: what it takes, what became of it, what there is of it.

use super::{Section, human};
use crate::prelude::*;
use crate::users::Reason;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// So many stripes share the locks of a keyspace.
const STRIPES: usize = larder_core::limits::STRIPES;

pub(super) fn memory(cx: &mut Cx<'_>, section: &mut Section) -> Result<()> {
    let topics = cx.instance.engine().topics().used_bytes() as u64;
    let used = cx.view.used_bytes()? + topics;
    let peak = cx.instance.stats.peak_bytes.fetch_max(used, Relaxed).max(used);
    let host = cx.instance.host();
    let rss = host.rss_bytes();
    let (limit, policy) =
        (cx.instance.engine().memory_max_bytes().unwrap_or(0), cx.instance.engine().policy());
    let percent = |part: u64, whole: u64| {
        format!("{:.2}%", if whole == 0 { 0.0 } else { part as f64 * 100.0 / whole as f64 })
    };
    let clients: usize = cx.instance.clients().list().iter().map(|client| client.used_bytes()).sum();
    section.bytes("used_memory", used);
    section.bytes("used_memory_rss", rss);
    section.bytes("used_memory_peak", peak);
    section.line("used_memory_peak_perc", percent(used, peak));
    section.numbers(&[
        ("used_memory_overhead", topics),
        ("used_memory_startup", 0),
        ("used_memory_dataset", used - topics),
    ]);
    section.line("used_memory_dataset_perc", percent(used - topics, used));
    section.numbers(&[("allocator_allocated", used), ("allocator_active", rss), ("allocator_resident", rss)]);
    section.bytes("total_system_memory", host.machine_bytes());
    let scripts = &cx.instance.scripts;
    let machines = scripts.machine_bytes() as u64;
    let ((cached, text_bytes), (libraries, functions)) = (scripts.count(), scripts.function_counts());
    section.bytes("used_memory_lua", machines);
    section.numbers(&[("used_memory_vm_eval", machines), ("used_memory_scripts_eval", text_bytes as u64)]);
    section.numbers(&[
        ("number_of_cached_scripts", cached as u64),
        ("number_of_functions", functions as u64),
        ("number_of_libraries", libraries as u64),
    ]);
    section.numbers(&[("used_memory_vm_functions", 0)]);
    section.bytes("used_memory_vm_total", machines);
    section.numbers(&[("used_memory_functions", 0)]);
    section.bytes("used_memory_scripts", text_bytes as u64);
    section.line("maxmemory", limit);
    section.line("maxmemory_human", human(limit));
    section.line("maxmemory_policy", policy);
    let ratio = if used == 0 { 0.0 } else { rss as f64 / used as f64 };
    section.line("allocator_frag_ratio", format_args!("{ratio:.2}"));
    section.line("allocator_frag_bytes", rss.saturating_sub(used));
    for of_process in ["allocator_rss", "rss_overhead"] {
        section.line(&format!("{of_process}_ratio"), "1.00");
        section.line(&format!("{of_process}_bytes"), 0);
    }
    section.line("mem_fragmentation_ratio", format_args!("{ratio:.2}"));
    section.line("mem_fragmentation_bytes", rss as i64 - used as i64);
    section.numbers(&[
        ("mem_not_counted_for_evict", 0),
        ("mem_replication_backlog", 0),
        ("mem_total_replication_buffers", 0),
        ("mem_clients_slaves", 0),
        ("mem_clients_normal", clients as u64),
        ("mem_cluster_links", 0),
        ("mem_aof_buffer", 0),
    ]);
    section.line("mem_allocator", "unknown");
    section.numbers(&[
        ("active_defrag_running", 0),
        ("lazyfree_pending_objects", cx.instance.engine().reclaim_pending() as u64),
        ("lazyfreed_objects", cx.instance.stats.lazyfreed_objects.load(Relaxed)),
    ]);
    Ok(())
}

pub(super) fn persistence(cx: &mut Cx<'_>, section: &mut Section) -> Result<()> {
    let changes = cx.view.counts()?.changes;
    let saved = cx.instance.stats.saved();
    section.numbers(&[
        ("loading", 0),
        ("async_loading", 0),
        ("current_cow_peak", 0),
        ("current_cow_size", 0),
        ("current_cow_size_age", 0),
    ]);
    section.line("current_fork_perc", "0.00");
    section.numbers(&[
        ("current_save_keys_processed", 0),
        ("current_save_keys_total", 0),
        ("rdb_changes_since_last_save", changes.saturating_sub(saved.changes)),
        ("rdb_bgsave_in_progress", 0),
        ("rdb_last_save_time", saved.seconds.unwrap_or_else(|| cx.instance.started_seconds())),
    ]);
    section.line("rdb_last_bgsave_status", "ok");
    section.line("rdb_last_bgsave_time_sec", -1);
    section.line("rdb_current_bgsave_time_sec", -1);
    section.numbers(&[
        ("rdb_saves", saved.saves),
        ("rdb_last_cow_size", 0),
        ("rdb_last_load_keys_expired", 0),
        ("rdb_last_load_keys_loaded", 0),
        ("aof_enabled", 0),
        ("aof_rewrite_in_progress", 0),
        ("aof_rewrite_scheduled", 0),
    ]);
    section.line("aof_last_rewrite_time_sec", -1);
    section.line("aof_current_rewrite_time_sec", -1);
    section.line("aof_last_bgrewrite_status", "ok");
    section.numbers(&[("aof_rewrites", 0), ("aof_rewrites_consecutive_failures", 0)]);
    section.line("aof_last_write_status", "ok");
    section.numbers(&[
        ("aof_last_cow_size", 0),
        ("module_fork_in_progress", 0),
        ("module_fork_last_cow_size", 0),
    ]);
    Ok(())
}

pub(super) fn stats(cx: &mut Cx<'_>, section: &mut Section) -> Result<()> {
    cx.instance.flush_tally(cx.session);
    let counts = cx.view.counts()?;
    let (stats, engine) = (&cx.instance.stats, cx.instance.engine());
    let topics = engine.topics().counts();
    section.numbers(&[
        ("total_connections_received", stats.connections.load(Relaxed)),
        ("total_commands_processed", stats.commands.load(Relaxed)),
        ("instantaneous_ops_per_sec", stats.commands_per_second(engine.now_ms())),
        ("total_net_input_bytes", stats.input_bytes.load(Relaxed)),
        ("total_net_output_bytes", stats.output_bytes.load(Relaxed)),
        ("total_net_repl_input_bytes", 0),
        ("total_net_repl_output_bytes", 0),
    ]);
    let [_, keys, items, prefixes] = cx.instance.tracking.counts();
    let (input, output) = stats.kilobytes_per_second(engine.now_ms());
    section.line("instantaneous_input_kbps", format_args!("{input:.2}"));
    section.line("instantaneous_output_kbps", format_args!("{output:.2}"));
    section.line("instantaneous_input_repl_kbps", "0.00");
    section.line("instantaneous_output_repl_kbps", "0.00");
    section.numbers(&[
        ("rejected_connections", stats.rejected_connections.load(Relaxed)),
        ("sync_full", 0),
        ("sync_partial_ok", 0),
        ("sync_partial_err", 0),
        ("expired_subkeys", counts.expired_fields),
        ("expired_keys", counts.expired),
    ]);
    section.line("expired_stale_perc", "0.00");
    section.numbers(&[
        ("expired_time_cap_reached_count", 0),
        ("expire_cycle_cpu_milliseconds", 0),
        ("evicted_keys", counts.evicted),
        ("evicted_clients", stats.evicted_clients.load(Relaxed)),
        ("client_output_buffer_limit_disconnections", stats.output_limit_disconnections.load(Relaxed)),
        ("total_eviction_exceeded_time", 0),
        ("current_eviction_exceeded_time", 0),
        ("keyspace_hits", counts.hits),
        ("keyspace_misses", counts.misses),
        ("pubsub_channels", topics.channels as u64),
        ("pubsub_patterns", topics.patterns as u64),
        ("pubsubshard_channels", topics.shard_channels as u64),
        ("latest_fork_usec", 0),
        ("total_forks", 0),
        ("migrate_cached_sockets", 0),
        ("slave_expires_tracked_keys", 0),
        ("active_defrag_hits", 0),
        ("active_defrag_misses", 0),
        ("active_defrag_key_hits", 0),
        ("active_defrag_key_misses", 0),
        ("total_active_defrag_time", 0),
        ("current_active_defrag_time", 0),
        ("tracking_total_keys", keys as u64),
        ("tracking_total_items", items as u64),
        ("tracking_total_prefixes", prefixes as u64),
        ("unexpected_error_replies", 0),
        ("total_error_replies", stats.error_replies.load(Relaxed)),
        ("dump_payload_sanitizations", 0),
        ("total_reads_processed", stats.reads.load(Relaxed)),
        ("total_writes_processed", stats.writes.load(Relaxed)),
        ("io_threaded_reads_processed", 0),
        ("io_threaded_writes_processed", 0),
        ("reply_buffer_shrinks", 0),
        ("reply_buffer_expands", 0),
    ]);
    for (name, reason) in [
        ("auth", Reason::Login),
        ("cmd", Reason::Command),
        ("key", Reason::Key),
        ("channel", Reason::Channel),
    ] {
        let refused = &cx.instance.access_log.refused[reason as usize];
        section.line(&format!("acl_access_denied_{name}"), refused.load(Relaxed));
    }
    Ok(())
}

pub(super) fn replication(cx: &mut Cx<'_>, section: &mut Section) -> Result<()> {
    section.line("role", "master");
    section.line("connected_slaves", 0);
    if cx.instance.lacks_replicas.load(Relaxed) {
        section.line("min_slaves_good_slaves", 0);
    }
    section.line("master_failover_state", "no-failover");
    section.line("master_replid", cx.instance.replication_id());
    section.line("master_replid2", "0".repeat(40));
    section.line("master_repl_offset", 0);
    section.line("second_repl_offset", -1);
    section.numbers(&[
        ("repl_backlog_active", 0),
        ("repl_backlog_size", 1_048_576),
        ("repl_backlog_first_byte_offset", 0),
        ("repl_backlog_histlen", 0),
    ]);
    Ok(())
}

/// What is Larder's own: above all how late keys died.
pub(super) fn larder(cx: &mut Cx<'_>, section: &mut Section) -> Result<()> {
    let engine = cx.instance.engine();
    let lateness = engine.lateness();
    let topics = engine.topics();
    section.line("larder_version", env!("CARGO_PKG_VERSION"));
    section.line("stripes", STRIPES);
    section.line("topics_used_bytes", topics.used_bytes());
    for (name, per_mille) in [("p50", 500), ("p99", 990), ("p999", 999)] {
        section.line(&format!("expiry_lateness_ms_{name}"), lateness.quantile_ms(per_mille));
    }
    section.line("expiry_lateness_ms_max", lateness.max_ms());
    let counts = lateness.counts();
    let last = counts.iter().rposition(|count| *count != 0).map_or(0, |at| at + 1);
    let buckets: Vec<String> =
        counts.iter().take(last).enumerate().map(|(n, count)| format!("lt{}={count}", 1_u64 << n)).collect();
    section.line("expiry_lateness_ms", buckets.join(","));
    Ok(())
}

/// How long stripes were held and waited for, and which of them.
pub(super) fn locks(cx: &mut Cx<'_>, section: &mut Section) -> Result<()> {
    /// So many of the stripes that were waited for most are named.
    const NAMED: usize = 8;
    let locks = cx.instance.engine().locks();
    section.line("lock_holds_timed_one_of", larder_core::limits::HOLDS_PER_SAMPLE);
    for (name, durations) in
        [("holds", &locks.holds), ("long_holds", &locks.long_holds), ("waits", &locks.waits)]
    {
        let usec = |ns: u64| ns as f64 / 1_000.0;
        let quantile = |of| usec(durations.quantile_ns(of));
        section.line(
            &format!("lock_{name}_usec"),
            format_args!(
                "count={},p50={:.3},p99={:.3},p99.99={:.3},max={:.3}",
                durations.total(),
                quantile(5_000),
                quantile(9_900),
                quantile(9_999),
                usec(durations.max_ns())
            ),
        );
    }
    let count = |count: &AtomicU64| count.load(Relaxed);
    section.line(
        "lock_sliced",
        format_args!(
            "count={},again={},whole={}",
            count(&locks.sliced),
            count(&locks.sliced_again),
            count(&locks.sliced_whole)
        ),
    );
    let most: Vec<String> =
        locks.contended(NAMED).iter().map(|(stripe, count)| format!("{stripe}={count}")).collect();
    section.line("lock_waits_by_stripe", most.join(","));
    Ok(())
}

pub(super) fn keyspace(cx: &mut Cx<'_>, section: &mut Section) -> Result<()> {
    for db in DbIndex::all() {
        let count = cx.view.count(db)?;
        if count.keys == 0 {
            continue;
        }
        let ttl = if count.expires == 0 { 0 } else { average_ttl_ms(cx, db)? };
        section.line(
            &format!("db{}", db.get()),
            format_args!(
                "keys={},expires={},avg_ttl={ttl},subexpiry={}",
                count.keys, count.expires, count.with_field_deadlines
            ),
        );
    }
    Ok(())
}

/// The average time that some of the keys with a deadline have left.
fn average_ttl_ms(cx: &mut Cx<'_>, db: DbIndex) -> Result<u64> {
    const SAMPLE: usize = 64;
    let now = cx.view.now_ms();
    let (mut sum, mut sampled) = (0, 0);
    cx.view.scan(db, larder_core::ScanCursor::START, SAMPLE, |entry| {
        if let Some(deadline) = entry.deadline() {
            sum += deadline.ms().saturating_sub(now);
            sampled += 1;
        }
    })?;
    Ok(sum.checked_div(sampled).unwrap_or(0))
}
