//! This host next to the real `prometheus-node-exporter`: the same names, the same labels, the same steady values.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{Ipv4Addr, SocketAddr},
    process::Command,
};

use collect::{
    exposition::parse_text,
    host::{HostCollector, HostOptions},
};
use model::{Labels, METRIC_NAME, Time};
use testkit::{Peer, free_port, http_get};

/// Beginnings of the names that are compared.
const COMPARED: [&str; 20] = [
    "node_cpu_",
    "node_memory_",
    "node_filesystem_",
    "node_disk_",
    "node_network_receive_",
    "node_network_transmit_",
    "node_load",
    "node_intr_",
    "node_context_",
    "node_forks_",
    "node_boot_",
    "node_procs_",
    "node_pressure_",
    "node_netstat_",
    "node_sockstat_",
    "node_filefd_",
    "node_uname_",
    "node_vmstat_",
    "node_time_seconds",
    "node_nf_conntrack_entries",
];

/// What it gives and we do not, with the reason.
const LEFT_OUT: [&str; 1] = [
    // Comes from the files of udev, and names serial numbers.
    "node_disk_info",
];

/// Beginnings of the names whose values do not change from one second to the next.
const STEADY: [&str; 12] = [
    "node_memory_MemTotal_bytes",
    "node_memory_SwapTotal_bytes",
    "node_memory_HugePages_",
    "node_memory_Hugepagesize_bytes",
    "node_memory_VmallocTotal_bytes",
    "node_boot_time_seconds",
    "node_filesystem_size_bytes",
    "node_filesystem_readonly",
    "node_filesystem_device_error",
    "node_filefd_maximum",
    "node_uname_info",
    "node_nf_conntrack_entries_limit",
];

fn kept(labels: &Labels, among: &[&str]) -> bool {
    let name = labels.metric_name().unwrap_or_default();
    among.iter().any(|start| name.starts_with(start)) && !LEFT_OUT.contains(&name)
}

#[test]
fn this_host_is_told_as_node_exporter_tells_it() -> anyhow::Result<()> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
    let folder = tempfile::tempdir()?;
    let mut command = Command::new("prometheus-node-exporter");
    command.arg(format!("--web.listen-address={address}"));
    // Debian leaves out more than node_exporter itself does.
    command.arg(format!(
        "--collector.filesystem.mount-points-exclude={}",
        collect::host::MOUNT_POINTS_EXCLUDE
    ));
    command.arg("--collector.netdev.device-exclude=^$");
    let peer = Peer::start(command, address, "/metrics", folder.path().join("exporter.log"))?;

    let mut collector = HostCollector::new(HostOptions::new(Labels::empty()));
    drop(collector.collect(Time::from_secs(1_700_000_000)));
    let series = collector.collect(Time::from_secs(1_700_000_005));
    let (status, body) = http_get(peer.address, "/metrics")?;
    assert_eq!(status, 200);
    let ours: BTreeMap<Labels, f64> =
        series.into_iter().map(|series| (series.labels, series.samples[0].value)).collect();
    let theirs: BTreeMap<Labels, f64> = parse_text(body.as_bytes())?
        .samples
        .into_iter()
        .map(|sample| (sample.labels, sample.value))
        .collect();

    let names = |all: &BTreeMap<Labels, f64>| -> BTreeSet<Labels> {
        all.keys().filter(|labels| kept(labels, &COMPARED)).cloned().collect()
    };
    let (own, other) = (names(&ours), names(&theirs));
    let missing: Vec<_> = other.difference(&own).collect();
    let more: Vec<_> = own.difference(&other).collect();
    assert!(missing.is_empty() && more.is_empty(), "missing {missing:#?}\nmore {more:#?}");
    assert!(own.len() > 150, "only {} series", own.len());

    let mut steady = 0;
    for (labels, value) in ours.iter().filter(|(labels, _)| kept(labels, &STEADY)) {
        assert_eq!(theirs.get(labels), Some(value), "{labels}");
        steady += 1;
    }
    assert!(steady > 10, "only {steady} steady series");
    assert_eq!(collector.notes(), Vec::<String>::new());
    assert!(ours.keys().all(|labels| labels.get(METRIC_NAME).is_some()));
    Ok(())
}
