//! Sections about the process and those who are connected to it.

use super::Section;
use crate::client::client_flags;
use crate::commands::connection::hello::REDIS_VERSION;
use crate::host::CpuTimes;
use crate::prelude::*;
use std::sync::atomic::Ordering::Relaxed;

pub(super) fn server(cx: &mut Cx<'_>, section: &mut Section) -> Result<()> {
    let instance = cx.instance;
    let (host, settings, clock) = (instance.host(), instance.settings(), instance.engine().clock());
    let uptime = instance.uptime_ms() / 1_000;
    section.line("redis_version", REDIS_VERSION);
    section.line("larder_version", env!("CARGO_PKG_VERSION"));
    section.line("redis_git_sha1", "00000000");
    section.line("redis_git_dirty", 0);
    section.line("redis_build_id", "0");
    section.line("redis_mode", cx.instance.cluster.mode());
    section.line("os", host.os());
    section.line("arch_bits", usize::BITS);
    section.line("monotonic_clock", "POSIX clock_gettime");
    section.line("multiplexing_api", "epoll");
    section.line("process_id", host.process_id());
    section.line("process_supervised", "no");
    section.line("run_id", instance.run_id());
    section.line("tcp_port", host.tcp_port());
    section.line("server_time_usec", clock.wall_us());
    section.line("uptime_in_seconds", uptime);
    section.line("uptime_in_days", uptime / 86_400);
    section.line("hz", settings.int("hz"));
    section.line("configured_hz", settings.int("hz"));
    section.line("lru_clock", clock.wall_us() / 1_000_000 % (1 << 24));
    section.line("executable", host.executable());
    section.line("config_file", host.config_file().unwrap_or_default());
    section.line("io_threads_active", 0);
    Ok(())
}

pub(super) fn clients(cx: &mut Cx<'_>, section: &mut Section) -> Result<()> {
    let clients = cx.instance.clients().list();
    let flagged = |flag| clients.iter().filter(|client| client.has(flag)).count();
    let query = clients.iter().map(|client| client.query_bytes.load(Relaxed)).max().unwrap_or(0);
    let unread = clients.iter().map(|client| client.reply_bytes.load(Relaxed) + client.mail_bytes());
    section.line("connected_clients", clients.len());
    section.line("cluster_connections", 0);
    section.line("maxclients", cx.instance.settings().int("maxclients"));
    section.line("client_recent_max_input_buffer", query);
    section.line("client_recent_max_output_buffer", unread.max().unwrap_or(0));
    section.line("blocked_clients", flagged(client_flags::BLOCKED | client_flags::PAUSED));
    section.line("tracking_clients", cx.instance.tracking.counts()[0]);
    section.line("pubsub_clients", flagged(client_flags::PUBSUB));
    section.line("watching_clients", clients.iter().filter(|c| c.watching.load(Relaxed) != 0).count());
    section.line("clients_in_timeout_table", 0);
    Ok(())
}

pub(super) fn cpu(cx: &mut Cx<'_>, section: &mut Section) -> Result<()> {
    let host = cx.instance.host();
    let CpuTimes { user_us, system_us, children_user_us, children_system_us } = host.cpu();
    let main = host.cpu_of_main_thread();
    for (name, us) in [
        ("used_cpu_sys", system_us),
        ("used_cpu_user", user_us),
        ("used_cpu_sys_children", children_system_us),
        ("used_cpu_user_children", children_user_us),
        ("used_cpu_sys_main_thread", main.system_us),
        ("used_cpu_user_main_thread", main.user_us),
    ] {
        section.line(name, format_args!("{}.{:06}", us / 1_000_000, us % 1_000_000));
    }
    Ok(())
}
