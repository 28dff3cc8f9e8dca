//! This host next to the real `prometheus-node-exporter`: the same names, the same labels, the same steady values.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    process::Command,
    sync::Arc,
};

use collect::{
    exposition::parse_text,
    host::{HostCollector, HostOptions, MOUNT_POINTS_EXCLUDE},
    net,
    scrape::{ScrapeJob, Scraper, TargetGroup, discover},
};
use model::{Labels, METRIC_NAME, Time};
use testkit::{Peer, TurnedClock, free_port, http_get};

/// Beginnings of the names that are compared.
const COMPARED: [&str; 21] = [
    "node_cpu_seconds_",
    "node_cpu_guest_",
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

/// What it gives and we do not: it comes from the files of udev, and names serial numbers and the like.
const LEFT_OUT: [&str; 4] = [
    "node_disk_info",
    "node_disk_device_mapper_info",
    "node_disk_filesystem_info",
    "node_disk_ata_",
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
    among.iter().any(|start| name.starts_with(start))
        && !LEFT_OUT.iter().any(|start| name.starts_with(start))
}

/// Starts one that leaves out what `node_exporter` itself leaves out; Debian's leaves out more.
fn exporter(folder: &Path) -> anyhow::Result<Peer> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
    let mut command = Command::new("prometheus-node-exporter");
    command.arg(format!("--web.listen-address={address}"));
    command.arg(format!("--collector.filesystem.mount-points-exclude={MOUNT_POINTS_EXCLUDE}"));
    command.arg("--collector.netdev.device-exclude=^$");
    Peer::start(command, address, "/metrics", folder.join("exporter.log"))
}

#[tokio::test]
async fn a_real_exporter_is_scraped() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let peer = exporter(folder.path())?;
    let mut job = ScrapeJob::new("node");
    let targets = vec![peer.address.to_string()];
    job.groups = vec![TargetGroup { targets, labels: Labels::empty() }];
    let found = discover::targets(&Arc::new(job), folder.path(), &|_| Err("no YAML here".into()));
    let mut scraper = Scraper::new(found.targets[0].clone(), net::client()?);
    let clock = TurnedClock::at(Time::from_secs(1_700_000_000));
    let scraped = scraper.scrape(&clock).await;
    assert_eq!(scraped.report.error, None);
    assert_eq!(scraped.report.note, None);
    assert!(scraped.report.samples > 300, "{:?}", scraped.report);
    assert!(scraped.metadata.iter().any(|metadata| metadata.metric == "node_cpu_seconds_total"));
    Ok(())
}

#[test]
fn this_host_is_told_as_node_exporter_tells_it() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let peer = exporter(folder.path())?;

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
