//! What is written here arrives at a real Prometheus and a real `VictoriaMetrics`, whoever of us is killed in between.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    process::Command,
};

use anyhow::{Result, ensure};
use testkit::Peer;

use crate::{
    program::{QUIET, Server, now_millis, series, until},
    web,
};

/// Series that are written.
const SERIES: i64 = 50;
/// Samples of each in one batch.
const BATCH: i64 = 20;
/// Between two samples of a series, in milliseconds.
const STEP: i64 = 1000;

fn prometheus(dir: &Path, address: SocketAddr) -> Result<Peer> {
    let config = dir.join("prometheus.yml");
    std::fs::write(&config, "scrape_configs: []\n")?;
    let mut command = Command::new("prometheus");
    command
        .current_dir(dir)
        .arg(format!("--config.file={}", config.display()))
        .arg(format!("--storage.tsdb.path={}", dir.join("tsdb").display()))
        .arg("--web.enable-remote-write-receiver")
        .arg(format!("--web.listen-address={address}"));
    Peer::start(command, address, "/-/ready", dir.join("prometheus.log"))
}

fn victoria_metrics(dir: &Path, address: SocketAddr) -> Result<Peer> {
    let mut command = Command::new("victoria-metrics");
    command
        .arg(format!("-storageDataPath={}", dir.join("victoria").display()))
        .arg(format!("-httpListenAddr={address}"))
        // What has just come is found at once.
        .args(["-search.latencyOffset=0s", "-search.disableCache"]);
    Peer::start(command, address, "/health", dir.join("victoria.log"))
}

fn loopback() -> Result<SocketAddr> {
    Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, testkit::free_port()?)))
}

/// The past that is written, batch after batch.
struct Past {
    start: i64,
    batches: i64,
}

impl Past {
    fn write(&mut self, server: &Server) -> Result<()> {
        let from = self.start + self.batches * BATCH * STEP;
        let batch: Vec<_> = (0..SERIES)
            .map(|id| {
                let sample = |at: i64| (from + at * STEP, (self.batches * BATCH + at) as f64);
                let samples: Vec<_> = (0..BATCH).map(sample).collect();
                series(&[("__name__", "sent_on"), ("id", &id.to_string())], &samples)
            })
            .collect();
        let (status, text) = server.write(&batch)?;
        ensure!(status == 204, "{status} {text}");
        self.batches += 1;
        Ok(())
    }

    /// Waits until a peer has every sample, at its time and with its value.
    fn arrives(&self, what: &str, address: SocketAddr, name: &str) -> Result<()> {
        let each = self.batches * BATCH;
        let count = format!("sum(count_over_time({name}[2h]))");
        until(&format!("{what} has all samples"), || {
            let found = web::value(address, &count)?;
            Ok(found.filter(|found| (found - (each * SERIES) as f64).abs() < 0.5))
        })?;
        // Numbers that rise by one: their sum is known.
        let sum = web::value(address, &format!("sum(sum_over_time({name}[2h]))"))?;
        assert_eq!(sum, Some((SERIES * each * (each - 1) / 2) as f64), "{what}");
        Ok(())
    }
}

#[test]
fn whoever_is_killed_nothing_is_missing() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let (near, far) = (loopback()?, loopback()?);
    let mut prometheus_peer = prometheus(dir.path(), near)?;
    let mut victoria_peer = victoria_metrics(dir.path(), far)?;
    let mut server = Server::start(&format!(
        "{QUIET}\
         global: {{external_labels: {{site: north}}}}\n\
         forward:\n\
         - {{url: 'http://{near}/api/v1/write', name: prometheus, samples_per_request: 300}}\n\
         - {{url: 'http://{far}/api/v1/write', name: victoria, protocol: 2.0}}\n"
    ))?;
    let mut past = Past { start: now_millis() - 3_600_000, batches: 0 };
    for _ in 0..3 {
        past.write(&server)?;
    }
    past.arrives("prometheus", near, "sent_on{site=\"north\"}")?;
    past.arrives("victoria-metrics", far, "sent_on{site=\"north\"}")?;
    // Receivers go away, and we go on; VictoriaMetrics may lose what it has not written when it is killed.
    prometheus_peer.kill()?;
    victoria_peer.terminate()?;
    for _ in 0..3 {
        past.write(&server)?;
    }
    until("somebody notices", || {
        let failed = r#"plimsoll_forward_requests_failed_total{receiver="prometheus"}"#;
        Ok((server.metric(failed)? > 0.0).then_some(()))
    })?;
    server.kill_and_restart()?;
    past.write(&server)?;
    server.kill_and_restart()?;
    prometheus_peer = prometheus(dir.path(), near)?;
    victoria_peer = victoria_metrics(dir.path(), far)?;
    past.write(&server)?;
    past.arrives("prometheus", near, "sent_on")?;
    past.arrives("victoria-metrics", far, "sent_on")?;
    // And we go away while they stay, in the middle of it all.
    for round in 0..6 {
        past.write(&server)?;
        if round % 2 == 0 {
            server.kill_and_restart()?;
        }
    }
    server.restart()?;
    past.arrives("prometheus", near, "sent_on")?;
    past.arrives("victoria-metrics", far, "sent_on")?;
    let pending = r#"plimsoll_forward_samples_pending{receiver="victoria"}"#;
    until("nothing waits", || Ok((server.metric(pending)? < 0.5).then_some(())))?;
    drop((prometheus_peer, victoria_peer));
    Ok(())
}
