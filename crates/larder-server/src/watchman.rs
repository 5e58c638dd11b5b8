//! The watchman: once a second he looks for connections that have to end. Nothing here is on any command's path, and
//! an idle connection costs no timer of its own.

use crate::log::{Level, Log};
use larder_commands::{Client, Instance, OutputLimit, client_flags};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::watch::Receiver;

/// Somebody who has to log in has so long for it.
const LOGIN_MS: u64 = 10_000;
/// A command that has begun to arrive must be whole after this time.
const UNFINISHED_MS: u64 = 60_000;
/// Somebody whose replies wait must read some of them within this time.
const STALLED_MS: u64 = 60_000;

pub(crate) async fn watch(instance: Arc<Instance>, log: Arc<Log>, mut stop: Receiver<bool>) {
    let mut rounds = tokio::time::interval(Duration::from_secs(1));
    rounds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = rounds.tick() => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
        let now = instance.engine().now_ms();
        let idle_max_ms = instance.settings().int("timeout") as u64 * 1_000;
        let login = !instance.is_open();
        let replies = instance.settings().replies_limit();
        let mut bytes = 0;
        for client in instance.clients().list() {
            bytes += client.used_bytes();
            if let Some(reason) = reason_to_end(&client, now, idle_max_ms, login, replies) {
                log.line(Level::Verbose, format_args!("closing client {}: {reason}", client.id));
                client.kill();
            }
        }
        relieve(&instance, &log, bytes);
        // A look now and then keeps the rate honest.
        instance.stats.commands_per_second(now);
        instance.note_memory();
        instance.catch_up();
    }
}

fn reason_to_end(
    client: &Client,
    now: u64,
    idle_max_ms: u64,
    login: bool,
    replies: OutputLimit,
) -> Option<&'static str> {
    let since = |moment: u64| now.saturating_sub(moment);
    let unfinished = client.unfinished_since_ms.load(Ordering::Relaxed);
    if login && !client.has(client_flags::AUTHENTICATED) && since(client.since_ms) > LOGIN_MS {
        return Some("it has not logged in");
    }
    if unfinished != 0 && !client.has(client_flags::BLOCKED) && since(unfinished) > UNFINISHED_MS {
        return Some("its command never became whole");
    }
    if client.reply_bytes.load(Ordering::Relaxed) > 0
        && since(client.progress_ms.load(Ordering::Relaxed)) > STALLED_MS
    {
        return Some("it does not read its replies");
    }
    if client.is_over_soft_limit(now, replies) {
        client.set_flag(client_flags::TOO_SLOW, true);
        return Some("it does not read what it listens to");
    }
    let is_idle = since(client.active_ms.load(Ordering::Relaxed)) > idle_max_ms;
    let may_be_idle = client_flags::BLOCKED | client_flags::PUBSUB | client_flags::MONITOR;
    (idle_max_ms > 0 && is_idle && !client.has(may_be_idle)).then_some("it was idle for too long")
}

/// Closes the clients that take most, while all clients together take more than they may.
fn relieve(instance: &Instance, log: &Log, mut bytes: usize) {
    /// Below this the buffers of all clients are nobody's concern.
    const FREE: usize = 256 * 1024 * 1024;
    let budget = instance.settings().clients_memory_max().map_or_else(
        || {
            FREE.max(instance.engine().memory_max_bytes().unwrap_or(0) as usize / 10)
                .max(instance.host().machine_bytes() as usize / 10)
        },
        |budget| budget as usize,
    );
    if bytes <= budget {
        return;
    }
    let mut clients = instance.clients().list();
    clients.sort_by_key(|client| std::cmp::Reverse(client.used_bytes()));
    for client in clients.iter().filter(|client| !client.has(client_flags::NO_EVICT)) {
        if bytes <= budget {
            return;
        }
        bytes = bytes.saturating_sub(client.used_bytes());
        log.line(
            Level::Warning,
            format_args!("closing client {}: all clients together take too much", client.id),
        );
        client.kill();
        instance.stats.evicted_clients.fetch_add(1, Ordering::Relaxed);
    }
}
