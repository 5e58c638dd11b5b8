//! Nodes: what there is of the cluster, which is this node.
//!
//! A client is told the address by which it came, unless the settings say otherwise: some clients leave out nodes
//! without one, and a node alone has nobody else to learn its own address from.

use super::CLUSTER_COMMAND;
use crate::prelude::*;
use crate::session::Session;
use std::fmt::Write;
use std::sync::atomic::Ordering::Relaxed;

pub(super) static COUNT_FAILURE_REPORTS: Command = Command {
    name: "count-failure-reports",
    summary: "Counts reports that a node has failed: nobody reports any.",
    since: "3.0.0",
    complexity: "O(1)",
    arity: 3,
    flags: ADMIN | STALE,
    args: &[Arg::string("node-id")],
    tips: &["nondeterministic_output"],
    run: run_count_failure_reports,
    ..CLUSTER_COMMAND
};

pub(super) static INFO: Command = Command {
    name: "info",
    summary: "Describes the state of the cluster.",
    since: "3.0.0",
    arity: 2,
    flags: STALE,
    tips: &["nondeterministic_output"],
    examples: &["CLUSTER INFO"],
    run: run_info,
    ..CLUSTER_COMMAND
};

pub(super) static LINKS: Command = Command {
    name: "links",
    summary: "Lists the links to other nodes, of which there are none.",
    since: "7.0.0",
    complexity: "O(1)",
    arity: 2,
    flags: STALE,
    tips: &["nondeterministic_output"],
    examples: &["CLUSTER LINKS"],
    run: |cx, _, out| {
        cx.instance.cluster.needed()?;
        out.array(0);
        Ok(Done)
    },
    ..CLUSTER_COMMAND
};

pub(super) static MYID: Command = Command {
    name: "myid",
    summary: "Names this node.",
    since: "3.0.0",
    arity: 2,
    flags: STALE,
    examples: &["CLUSTER MYID"],
    run: |cx, _, out| {
        cx.instance.cluster.needed()?;
        out.bulk(cx.instance.cluster.node_id.as_bytes());
        Ok(Done)
    },
    ..CLUSTER_COMMAND
};

pub(super) static MYSHARDID: Command = Command {
    name: "myshardid",
    summary: "Names the shard of this node.",
    since: "7.2.0",
    arity: 2,
    flags: STALE,
    tips: &["nondeterministic_output"],
    examples: &["CLUSTER MYSHARDID"],
    run: |cx, _, out| {
        cx.instance.cluster.needed()?;
        out.bulk(cx.instance.cluster.shard_id.as_bytes());
        Ok(Done)
    },
    ..CLUSTER_COMMAND
};

pub(super) static NODES: Command = Command {
    name: "nodes",
    summary: "Lists the nodes, each in a line.",
    since: "3.0.0",
    complexity: "O(1)",
    arity: 2,
    flags: STALE,
    tips: &["nondeterministic_output"],
    examples: &["CLUSTER NODES"],
    run: run_nodes,
    ..CLUSTER_COMMAND
};

pub(super) static REPLICAS: Command = Command {
    name: "replicas",
    summary: "Lists the replicas of a node, of which there are none.",
    since: "5.0.0",
    arity: 3,
    flags: ADMIN | STALE,
    args: &[Arg::string("node-id")],
    tips: &["nondeterministic_output"],
    run: run_replicas,
    ..CLUSTER_COMMAND
};

pub(super) static SHARDS: Command = Command {
    name: "shards",
    summary: "Lists shards with their slots and nodes.",
    since: "7.0.0",
    complexity: "O(1)",
    arity: 2,
    flags: STALE,
    tips: &["nondeterministic_output"],
    examples: &["CLUSTER SHARDS"],
    run: run_shards,
    ..CLUSTER_COMMAND
};

pub(super) static SLAVES: Command = Command {
    name: "slaves",
    summary: "Lists the replicas of a node, of which there are none.",
    since: "3.0.0",
    arity: 3,
    flags: ADMIN | STALE,
    args: &[Arg::string("node-id")],
    tips: &["nondeterministic_output"],
    deprecated: Some(("5.0.0", "`CLUSTER REPLICAS`")),
    run: run_replicas,
    ..CLUSTER_COMMAND
};

pub(super) static SLOTS: Command = Command {
    name: "slots",
    summary: "Lists ranges of slots with their nodes.",
    since: "3.0.0",
    complexity: "O(1)",
    arity: 2,
    flags: STALE,
    tips: &["nondeterministic_output"],
    deprecated: Some(("7.0.0", "`CLUSTER SHARDS`")),
    examples: &["CLUSTER SLOTS"],
    run: run_slots,
    ..CLUSTER_COMMAND
};

/// Where this node is to be found.
struct Place {
    ip: String,
    port: u64,
    hostname: String,
    /// What clients are to connect to; `None` for the address that they know.
    endpoint: Option<String>,
}

impl Place {
    fn of(cx: &Cx<'_>) -> Place {
        let settings = cx.instance.settings();
        let (own_ip, own_port) = reached_at(cx.session);
        let announced = Some(settings.text("cluster-announce-ip")).filter(|ip| !ip.is_empty());
        let (ip, hostname) = (announced.unwrap_or(own_ip), settings.text("cluster-announce-hostname"));
        let port = match settings.int("cluster-announce-port") {
            0 => own_port.unwrap_or_else(|| u64::from(cx.instance.host().tcp_port())),
            port => port as u64,
        };
        let endpoint = match settings.text("cluster-preferred-endpoint-type").as_str() {
            "hostname" if hostname.is_empty() => Some("?".into()),
            "hostname" => Some(hostname.clone()),
            "unknown-endpoint" => None,
            _ => Some(ip.clone()),
        };
        Place { ip, port, hostname, endpoint }
    }
}

/// Our side of a client's connection: its address, and its port if it came over a network.
fn reached_at(session: &Session) -> (String, Option<u64>) {
    let origin = &session.client.origin;
    let found = origin.laddr.rsplit_once(':').filter(|_| !origin.unix);
    found.map_or(("127.0.0.1".into(), None), |(ip, port)| {
        (ip.trim_start_matches('[').trim_end_matches(']').into(), port.parse().ok())
    })
}

fn run_info(cx: &mut Cx<'_>, _: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    cx.instance.cluster.needed()?;
    let epoch = cx.instance.cluster.epoch.load(Relaxed).to_string();
    let mut text = String::new();
    for (name, value) in [
        ("state", "ok"),
        ("slots_assigned", "16384"),
        ("slots_ok", "16384"),
        ("slots_pfail", "0"),
        ("slots_fail", "0"),
        ("known_nodes", "1"),
        ("size", "1"),
        ("current_epoch", &epoch),
        ("my_epoch", &epoch),
        ("stats_messages_sent", "0"),
        ("stats_messages_received", "0"),
    ] {
        // Writing to a string cannot fail.
        let _ = write!(text, "cluster_{name}:{value}\r\n");
    }
    text.push_str("total_cluster_links_buffer_limit_exceeded:0\r\n");
    out.verbatim("txt", text.as_bytes());
    Ok(Done)
}

fn run_nodes(cx: &mut Cx<'_>, _: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    /// Nodes talk to each other on a port that is so much higher, by convention.
    const BUS: u64 = 10_000;
    cx.instance.cluster.needed()?;
    let (cluster, place) = (&cx.instance.cluster, Place::of(cx));
    let host = if place.hostname.is_empty() { String::new() } else { format!(",{}", place.hostname) };
    let line = format!(
        "{} {}:{}@{}{host} myself,master - 0 0 {} connected 0-16383\n",
        cluster.node_id,
        place.ip,
        place.port,
        place.port + BUS,
        cluster.epoch.load(Relaxed),
    );
    out.verbatim("txt", line.as_bytes());
    Ok(Done)
}

fn run_slots(cx: &mut Cx<'_>, _: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    cx.instance.cluster.needed()?;
    let place = Place::of(cx);
    out.array(1);
    out.array(3);
    out.int(0);
    out.int(16_383);
    out.array(4);
    match &place.endpoint {
        Some(endpoint) => out.bulk(endpoint.as_bytes()),
        None => out.null(),
    }
    out.int(place.port as i64);
    out.bulk(cx.instance.cluster.node_id.as_bytes());
    let named = [("ip", &place.ip), ("hostname", &place.hostname)];
    let others: Vec<_> = named
        .into_iter()
        .filter(|(_, value)| !value.is_empty() && place.endpoint.as_ref() != Some(value))
        .collect();
    out.map(others.len());
    for (name, value) in others {
        out.bulk(name.as_bytes());
        out.bulk(value.as_bytes());
    }
    Ok(Done)
}

fn run_shards(cx: &mut Cx<'_>, _: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    cx.instance.cluster.needed()?;
    let place = Place::of(cx);
    out.array(1);
    out.map(2);
    out.bulk(b"slots");
    out.array(2);
    out.int(0);
    out.int(16_383);
    out.bulk(b"nodes");
    out.array(1);
    out.map(if place.hostname.is_empty() { 7 } else { 8 });
    out.bulk(b"id");
    out.bulk(cx.instance.cluster.node_id.as_bytes());
    out.bulk(b"port");
    out.int(place.port as i64);
    let endpoint = place.endpoint.as_deref().unwrap_or_default();
    let hostname = Some(("hostname", &*place.hostname)).filter(|(_, name)| !name.is_empty());
    let texts = [Some(("ip", &*place.ip)), Some(("endpoint", endpoint)), hostname, Some(("role", "master"))];
    for (name, value) in texts.into_iter().flatten() {
        out.bulk(name.as_bytes());
        out.bulk(value.as_bytes());
    }
    out.bulk(b"replication-offset");
    out.int(0);
    out.bulk(b"health");
    out.bulk(b"online");
    Ok(Done)
}

/// Refuses a node that is not this one.
fn known(cx: &Cx<'_>, node: &[u8]) -> Result<()> {
    if node.eq_ignore_ascii_case(cx.instance.cluster.node_id.as_bytes()) {
        return Ok(());
    }
    Err(Error::general(format_args!("Unknown node {}", String::from_utf8_lossy(node))))
}

fn run_count_failure_reports(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    cx.instance.cluster.needed()?;
    known(cx, args.at(2))?;
    out.int(0);
    Ok(Done)
}

fn run_replicas(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    cx.instance.cluster.needed()?;
    known(cx, args.at(2))?;
    out.array(0);
    Ok(Done)
}

#[cfg(test)]
mod tests {
    use crate::testing::House;

    #[test]
    fn clients_are_told_where_they_are_unless_settings_say_otherwise() {
        let house = House::with(&[("cluster-enabled", "yes")]);
        let mut guest = house.guest();
        let id = house.instance.cluster.node_id.clone();
        assert_eq!(guest.says("CLUSTER MYID"), format!("\"{id}\""));
        let slots = |endpoint: &str, others: &str| format!("[[(0) (16383) [{endpoint} \"{id}\" {others}]]]");
        assert_eq!(guest.says("CLUSTER SLOTS"), slots("\"127.0.0.1\" (2)", "{}"));
        let line = format!("{id} 127.0.0.1:2@10002 myself,master - 0 0 0 connected 0-16383");
        assert!(guest.says("CLUSTER NODES").contains(&line));
        guest.says("CONFIG SET cluster-announce-ip 10.1.1.1 cluster-announce-port 99");
        guest.says("CONFIG SET cluster-announce-hostname host.example");
        assert_eq!(
            guest.says("CLUSTER SLOTS"),
            slots("\"10.1.1.1\" (99)", "{\"hostname\": \"host.example\"}")
        );
        assert!(guest.says("CLUSTER NODES").contains(" 10.1.1.1:99@10099,host.example myself,master "));
        guest.says("CONFIG SET cluster-preferred-endpoint-type hostname");
        assert_eq!(guest.says("CLUSTER SLOTS"), slots("\"host.example\" (99)", "{\"ip\": \"10.1.1.1\"}"));
        guest.says("CONFIG SET cluster-preferred-endpoint-type unknown-endpoint");
        let both = "{\"ip\": \"10.1.1.1\", \"hostname\": \"host.example\"}";
        assert_eq!(guest.says("CLUSTER SLOTS"), slots("nil (99)", both));
        assert!(
            guest.says("CLUSTER SHARDS").contains("\"hostname\": \"host.example\", \"role\": \"master\"")
        );
        assert!(
            guest.says("CONFIG SET cluster-announce-hostname a_b").contains("Hostnames may only contain")
        );
    }

    #[test]
    fn an_ipv6_address_stands_without_brackets() {
        let house = House::with(&[("cluster-enabled", "yes")]);
        let origin = crate::Origin { laddr: "[::1]:7".into(), ..crate::Origin::default() };
        let mut guest = house.guest_from(origin);
        assert!(guest.says("CLUSTER SLOTS").starts_with("[[(0) (16383) [\"::1\" (7) "));
        let mut local = house.guest_from(crate::Origin { unix: true, ..crate::Origin::default() });
        assert!(local.says("CLUSTER SLOTS").starts_with("[[(0) (16383) [\"127.0.0.1\" (0) "));
    }

    #[test]
    fn nothing_of_it_is_there_without_cluster_mode() {
        let house = House::new();
        let mut guest = house.guest();
        for entry in house.instance.table().all() {
            let command = entry.command;
            if command.group == crate::spec::Group::Cluster && &*entry.full_name != "cluster" {
                let words: Vec<&str> = entry.full_name.split('|').chain(["1"; 4]).collect();
                let takes =
                    (1..=words.len()).find(|count| command.takes(*count)).expect("some number is right");
                let answer = guest.says(&words[..takes].join(" "));
                assert_eq!(answer, "-ERR This instance has cluster support disabled", "{}", entry.full_name);
            }
        }
    }
}
