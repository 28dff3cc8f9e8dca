//! A real Prometheus sends to us, and its rule checker reads what we write.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    process::Command,
};

use anyhow::{Context as _, Result};
use testkit::Peer;

use super::scraping::node_exporter;
use crate::{
    program::{QUIET, Server, run, until},
    web,
};

#[test]
fn a_real_prometheus_sends_us_what_it_scrapes() -> Result<()> {
    let server = Server::start(QUIET)?;
    let dir = tempfile::tempdir()?;
    let exporter = node_exporter(dir.path().join("exporter.log"))?;
    let config = format!(
        "global: {{scrape_interval: 1s}}\n\
         scrape_configs: [{{job_name: node, static_configs: [{{targets: ['{}']}}]}}]\n\
         remote_write: [{{url: 'http://{}/api/v1/write', queue_config: {{batch_send_deadline: 1s}}}}]\n",
        exporter.address, server.address
    );
    let file = dir.path().join("prometheus.yml");
    fs::write(&file, config)?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, testkit::free_port()?));
    let mut command = Command::new("prometheus");
    command
        .current_dir(dir.path())
        .arg(format!("--config.file={}", file.display()))
        .arg(format!("--storage.tsdb.path={}", dir.path().join("tsdb").display()))
        .arg(format!("--web.listen-address={address}"));
    let prometheus = Peer::start(command, address, "/-/ready", dir.path().join("prometheus.log"))?;
    for metric in ["node_cpu_seconds_total", "node_filesystem_size_bytes", "up"] {
        let count = format!("count({metric})");
        let theirs = until("Prometheus has scraped", || web::value(prometheus.address, &count))?;
        until(&format!("we hold as many series of {metric}: {theirs}"), || {
            let ours = web::value(server.address, &count)?;
            Ok(ours.filter(|ours| (ours - theirs).abs() < 0.5))
        })?;
    }
    // The same question at the same past moment has the same answer in both.
    let at = until("both have a common past", || {
        web::value(server.address, "min(timestamp(node_cpu_seconds_total))")
    })?;
    let asked = format!("/api/v1/query?query=sum(node_cpu_seconds_total)&time={at}");
    let result = |address| -> Result<String> {
        let answer = web::json(address, &asked)?;
        Ok(answer["data"]["result"][0]["value"][1].as_str().context("no value")?.to_owned())
    };
    let (ours, theirs): (f64, f64) =
        (result(server.address)?.parse()?, result(prometheus.address)?.parse()?);
    assert!((ours - theirs).abs() < 1e-6 * theirs.abs(), "{ours} {theirs}");
    assert!(server.metric(r#"plimsoll_collect_samples_total{way="remote_write"}"#)? > 100.0);
    Ok(())
}

#[test]
fn promtool_accepts_the_rules_that_we_export() -> Result<()> {
    let dir = tempfile::tempdir()?;
    fs::write(
        dir.path().join("own.yaml"),
        "groups:\n- name: own\n  rules:\n  - record: job:up:sum\n    expr: sum by (job) (up)\n",
    )?;
    fs::write(dir.path().join("plimsoll.yaml"), "rule_files: [own.yaml]\n")?;
    let exported = run(dir.path(), &["rules", "export"])?;
    assert_eq!(exported.code, Some(0), "{}", exported.err);
    assert!(exported.out.contains("job:up:sum"), "{}", exported.out);
    assert!(exported.out.contains("ResourceAboveLine"), "{}", exported.out);
    let file = dir.path().join("exported.yaml");
    fs::write(&file, &exported.out)?;
    let checked = Command::new("promtool")
        .args(["check", "rules"])
        .arg(&file)
        .output()
        .context("cannot start promtool: `make test` as root installs it")?;
    let said = String::from_utf8_lossy(&checked.stderr).into_owned();
    assert!(checked.status.success(), "{said}\n{}", exported.out);
    Ok(())
}
