//! A real `node_exporter` is scraped, beside targets that do everything wrong.

use std::{
    io::Write as _,
    net::{Ipv4Addr, SocketAddr},
    process::Command,
    time::Duration,
};

use anyhow::{Context as _, Result};
use serde_json::Value;
use testkit::Peer;

use crate::{
    program::{Server, until},
    web::{self, Stub},
};

/// A real `node_exporter` on a free port.
pub(crate) fn node_exporter(log: std::path::PathBuf) -> Result<Peer> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, testkit::free_port()?));
    let mut command = Command::new("prometheus-node-exporter");
    command.arg(format!("--web.listen-address={address}"));
    Peer::start(command, address, "/metrics", log)
}

fn target(server: &Server, job: &str) -> Result<Value> {
    let targets = server.json("/api/plimsoll/v1/targets")?;
    let rows = targets["targets"].as_array().context("no targets")?;
    rows.iter().find(|row| row["job"] == job).cloned().with_context(|| format!("no job {job}"))
}

fn wait_for_health(server: &Server, job: &str, health: &str) -> Result<Value> {
    until(&format!("{job} is {health}"), || {
        Ok(Some(target(server, job)?).filter(|row| row["health"] == health))
    })
}

#[test]
fn a_real_exporter_is_scraped_and_its_end_is_noticed() -> Result<()> {
    let logs = tempfile::tempdir()?;
    let mut exporter = node_exporter(logs.path().join("exporter.log"))?;
    let instance = exporter.address.to_string();
    let server = Server::start(&format!(
        "global: {{scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}}\n\
         host: {{enabled: false}}\n\
         scrape_configs:\n- job_name: node\n  static_configs: [{{targets: ['{instance}']}}]\n"
    ))?;
    let up = format!(r#"up{{job="node",instance="{instance}"}}"#);
    until("the exporter is up", || Ok(web::value(server.address, &up)?.filter(|up| *up > 0.5)))?;
    let cpu = format!(r#"node_cpu_seconds_total{{instance="{instance}"}}"#);
    assert!(!web::query(server.address, &cpu)?.is_empty());
    let report = target(&server, "node")?;
    assert_eq!(report["health"], "up");
    assert!(report["samples"].as_u64() > Some(100), "{report}");
    until("its resources appear", || {
        let resources = server.json("/api/plimsoll/v1/resources")?;
        let rows = resources["resources"].as_array().cloned().unwrap_or_default();
        let of_it = rows.iter().filter(|row| row["labels"]["instance"] == instance.as_str());
        let names: Vec<_> = of_it.filter_map(|row| row["name"].as_str()).collect();
        Ok(["memory", "disk", "cpu"].iter().all(|name| names.contains(name)).then_some(()))
    })?;
    exporter.kill()?;
    let report = wait_for_health(&server, "node", "down")?;
    assert!(report["error"].as_str().is_some_and(|error| !error.is_empty()), "{report}");
    until("its series end", || Ok(web::query(server.address, &cpu)?.is_empty().then_some(())))?;
    assert_eq!(web::value(server.address, &up)?, Some(0.0));
    until("the change is recorded", || {
        let changes = server.json("/api/plimsoll/v1/changes")?;
        let told = changes["changes"].as_array().cloned().unwrap_or_default();
        Ok(told
            .iter()
            .any(|change| {
                change["kind"] == "target" && change["subject"].to_string().contains(&instance)
            })
            .then_some(()))
    })?;
    Ok(())
}

/// A head without a length, so that the body ends when the connection does.
const HEAD: &[u8] =
    b"HTTP/1.1 200 OK\r\ncontent-type: text/plain; version=0.0.4\r\nconnection: close\r\n\r\n";

#[test]
fn targets_that_do_everything_wrong_harm_no_other() -> Result<()> {
    let good = Stub::start(|stream| {
        stream.write_all(HEAD)?;
        stream.write_all(b"good_value 7\n")
    })?;
    let garbage = Stub::start(|stream| {
        stream.write_all(HEAD)?;
        stream.write_all(b"good_value 1\n{{{ \xff\xfe not a metric\n")
    })?;
    let enormous = Stub::start(|stream| {
        stream.write_all(HEAD)?;
        let line =
            b"enormous{filler=\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"} 1\n".repeat(1024);
        loop {
            stream.write_all(&line)?;
        }
    })?;
    let hanging = Stub::start(|stream| {
        stream.write_all(HEAD)?;
        // Says nothing more and waits until the other side has had enough.
        stream.set_read_timeout(Some(Duration::from_mins(1)))?;
        std::io::copy(stream, &mut std::io::sink()).map(drop)
    })?;
    let closed = testkit::free_port()?;
    let mut settings = String::from(
        "policy: none\nhost: {enabled: false}\n\
         global: {scrape_interval: 1s, scrape_timeout: 500ms}\nscrape_configs:\n",
    );
    let targets = [
        ("good", good.address.to_string()),
        ("garbage", garbage.address.to_string()),
        ("enormous", enormous.address.to_string()),
        ("hanging", hanging.address.to_string()),
        ("closed", format!("127.0.0.1:{closed}")),
    ];
    for (job, address) in &targets {
        let scraped = format!(
            "- {{job_name: {job}, body_size_limit: 1MiB, static_configs: [{{targets: ['{address}']}}]}}\n"
        );
        settings.push_str(&scraped);
    }
    let server = Server::start(&settings)?;
    wait_for_health(&server, "good", "up")?;
    for job in ["garbage", "enormous", "hanging", "closed"] {
        let report = wait_for_health(&server, job, "down")?;
        let error = report["error"].as_str().unwrap_or_default();
        assert!(error.len() > 5, "{job}: {report}");
        assert_eq!(web::value(server.address, &format!("up{{job=\"{job}\"}}"))?, Some(0.0));
    }
    assert_eq!(web::query(server.address, "good_value")?.len(), 1);
    assert_eq!(web::value(server.address, r#"good_value{job="good"}"#)?, Some(7.0));
    assert_eq!(target(&server, "good")?["health"], "up");
    assert!(server.metric(r#"plimsoll_collect_scrapes_total{outcome="down"}"#)? > 3.5);
    Ok(())
}
